-- The front database: the only thing the internet zone can reach. Sealed applications wait here
-- until the office fetches them; the published views of linked residents lie here encrypted.
-- A copy of this database shows when somebody came, and nothing about who.

create schema front;

-- 申請: sealed to the office's public key, emptied when fetched.
create table front.inbox (
    id bigint generated always as identity primary key,
    kind text not null,
    subject_handle bytea not null check (octet_length(subject_handle) = 32),
    sealed bytea not null check (octet_length(sealed) <= 65536),
    received_at timestamptz not null default now(),
    fetched_at timestamptz
);
create unique index on front.inbox (subject_handle, kind) where fetched_at is null;
create index on front.inbox (id) where fetched_at is null;

-- 連携: what the internet may see is the state and the answer; the rest is the office's, sealed
-- under its vault.
create table front.link (
    subject_handle bytea primary key,
    state text not null check (state in ('照合中', '連携済', '不一致', '終了')),
    answer bytea,
    office_sealed bytea not null,
    subject_index bytea,
    published_event bigint not null default 0,
    published_audit bigint not null default 0,
    view_index bytea,
    checked_at timestamptz not null default now(),
    changed_at timestamptz not null default now()
);
create index on front.link (subject_index);
create index on front.link (checked_at) where state in ('連携済', '終了');

create table front.view (
    subject_handle bytea primary key,
    sealed bytea not null,
    published_at timestamptz not null default now()
);

create table front.session (
    token bytea primary key,
    subject_handle bytea not null,
    sealed bytea not null,
    expires_at timestamptz not null
);
create index on front.session (expires_at);

create table front.setting (
    name text primary key,
    value text not null
);

grant usage on schema front to kumoi_front, kumoi_front_office;
grant insert (kind, subject_handle, sealed) on front.inbox to kumoi_front;
grant select (subject_handle, kind, fetched_at) on front.inbox to kumoi_front;
grant select (subject_handle, state, answer, changed_at) on front.link to kumoi_front;
grant select on front.view, front.setting to kumoi_front;
grant select, insert, update, delete on front.session to kumoi_front;
grant select, update on front.inbox to kumoi_front_office;
grant select, insert, update, delete on front.link, front.view, front.setting to kumoi_front_office;
