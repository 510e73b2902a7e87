-- The cluster's control database: who is here, what they contracted. Read by the executor only.

create schema control;

create table control.organisation (
    id text primary key,
    code text not null unique,
    name text not null,
    name_en text not null,
    kind text not null,
    sample boolean not null,
    opened_at timestamptz not null default now()
);

create table control.offer (
    id bigint generated always as identity primary key,
    vendor text not null,
    system text not null,
    name text not null,
    version text not null,
    hash text not null,
    published_at timestamptz not null default now(),
    withdrawn_at timestamptz,
    unique (system, hash)
);

create table control.contract (
    id bigint generated always as identity primary key,
    organisation text not null references control.organisation,
    offer bigint not null references control.offer,
    state text not null check (state in ('締結', '提供中', '終了')),
    signed_at timestamptz not null default now(),
    opened_at timestamptz,
    unique (organisation, offer)
);

create table control.seed (
    organisation text primary key references control.organisation,
    people integer not null,
    done integer not null default 0,
    finished_at timestamptz
);
