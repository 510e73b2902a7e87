-- Identities of the organisation's staff: a database of its own, so that zones share sign-in only.

create schema staff;

create table staff.account (
    id text primary key,
    name text not null,
    password text not null,
    totp_sealed bytea not null,
    totp_last_step bigint not null default 0,
    failures integer not null default 0,
    locked_until timestamptz,
    password_expires_on date not null,
    issued_until timestamptz,
    valid_from date not null,
    valid_to date not null default '9999-12-31'
);

create table staff.role_grant (
    account text not null references staff.account,
    role text not null,
    valid_from date not null,
    valid_to date not null default '9999-12-31',
    primary key (account, role, valid_from)
);

create table staff.session (
    token bytea primary key,
    account text not null references staff.account,
    csrf text not null,
    zone text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    last_used_at timestamptz not null default now()
);

-- Tries to sign in by source address and by name, counted in windows; no table of people.
create table staff.attempt (
    source text primary key,
    started_at timestamptz not null default now(),
    tries integer not null
);

grant usage on schema staff to kumoi_staff;
grant select, insert, update, delete on all tables in schema staff to kumoi_staff;
