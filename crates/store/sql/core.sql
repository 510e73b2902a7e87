-- The house's own tables in an organisation's database. Owner: kumoi_owner (cannot sign in).
-- Journal and audit are append-only for every role that can sign in.

create schema core;

create table core.organisation (
    only_one boolean primary key default true check (only_one),
    id text not null,
    code text not null,
    name text not null,
    name_en text not null,
    kind text not null,
    sample boolean not null,
    settings jsonb not null default '{}'
);

create table core.system (
    id text primary key,
    name text not null,
    version text not null,
    hash text not null,
    files jsonb not null,
    installed_at timestamptz not null default now()
);

create table core.series (
    name text primary key,
    next bigint not null check (next > 0)
);

create table core.ordinance_value (
    name text not null,
    valid_from date not null,
    value bigint not null,
    source text not null,
    primary key (name, valid_from)
);

create table core.decision_rule (
    id integer generated always as identity primary key,
    procedure text not null,
    approver_role text not null,
    manner text not null check (manner in ('決裁', '専決', '代決')),
    post_review boolean not null default false,
    review_step boolean not null default false,
    valid_from date not null,
    valid_to date not null default '9999-12-31'
);

create table core.cases (
    id bigint generated always as identity primary key,
    system text not null,
    procedure text not null,
    package text not null,
    stage text not null,
    origin text not null,
    origin_event bigint,
    title text not null,
    subjects text[] not null,
    versions integer[] not null,
    form jsonb not null,
    identity jsonb not null,
    acknowledged boolean not null default false,
    filed_on date,
    effective_on date,
    due_on date not null,
    entered_by text not null,
    entered_at timestamptz not null default now(),
    approved_by text,
    approved_as text,
    approved_at timestamptz,
    post_review_due boolean not null default false,
    event_id bigint,
    revision integer not null default 1
);
create index on core.cases (due_on, id) where stage not in ('登録済', '取下げ', '却下', '自動処理済');
create index on core.cases using gin (subjects);
create unique index on core.cases (origin_event, system, procedure) where origin_event is not null;

create table core.case_act (
    id bigint generated always as identity primary key,
    case_id bigint not null references core.cases,
    at timestamptz not null default now(),
    act text not null,
    actor text not null,
    note text
);
create index on core.case_act (case_id);

create table core.journal (
    event_id bigint generated always as identity primary key,
    recorded_at timestamptz not null,
    system text not null,
    procedure text not null,
    event text,
    reason text not null,
    case_id bigint,
    subjects text[] not null,
    effective_on date not null,
    filed_on date,
    actor text not null,
    approver text,
    run_id bigint,
    content jsonb not null,
    digest bytea not null
);
create index on core.journal using gin (subjects);
create index on core.journal using gin ((content -> 'touched') jsonb_path_ops);
create unique index on core.journal (((content ->> 'cancels')::bigint))
    where content ? 'cancels';

create table core.audit (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor text not null,
    role text not null,
    zone text not null,
    purpose text not null,
    action text not null,
    subjects text[] not null,
    detail jsonb not null,
    request text not null
);
create index on core.audit using gin (subjects);
create index on core.audit (at);

create table core.job (
    id bigint generated always as identity primary key,
    kind text not null,
    unique_key text not null,
    content jsonb not null,
    run_at timestamptz not null default now(),
    attempts integer not null default 0,
    locked_until timestamptz,
    last_error text,
    done_at timestamptz,
    unique (kind, unique_key)
);
create index on core.job (run_at) where done_at is null;

create table core.document (
    number text primary key,
    case_id bigint references core.cases,
    system text not null,
    procedure text not null,
    notice text not null,
    package text not null,
    title text not null,
    subjects text[] not null,
    content jsonb not null,
    digest bytea,
    pages integer,
    fee_yen bigint not null,
    issued_at timestamptz not null default now(),
    issued_by text not null,
    voided_at timestamptz,
    voided_by text,
    void_reason text
);
create index on core.document using gin (subjects);
create index on core.document (issued_at);

create table core.glyph (
    id bigint generated always as identity primary key,
    code text not null,
    source text not null,
    place text not null,
    case_id bigint,
    reported_at timestamptz not null default now(),
    reported_by text not null,
    settled_at timestamptz,
    settled_by text,
    settled_as text,
    unique (code, place)
);

grant usage on schema core to kumoi_office;
grant select, insert, update, delete on
    core.series, core.ordinance_value, core.decision_rule, core.cases, core.case_act, core.job,
    core.document, core.glyph to kumoi_office;
revoke delete on core.cases, core.case_act, core.document from kumoi_office;
revoke update on core.case_act from kumoi_office;
grant select on core.organisation, core.system to kumoi_office;
grant update (settings) on core.organisation to kumoi_office;
grant select, insert on core.journal, core.audit to kumoi_office;

-- 同定: where an unprintable character stands, why it was settled so; case_id is the correction.
alter table core.glyph
    drop constraint glyph_code_place_key,
    add column system text not null default '',
    add column register text not null default '',
    add column subject text not null default '',
    add column item text not null default '',
    add column reason text,
    add unique (code, place, system, register, subject, item);

-- 転送: municipalities to be told of a registration, the letter, and who sent it when.
create table core.forward (
    id bigint generated always as identity primary key,
    event_id bigint not null references core.journal,
    system text not null,
    procedure text not null,
    subject text not null,
    item text not null,
    place text not null,
    code text,
    name text,
    document text references core.document,
    sent_at timestamptz,
    sent_by text,
    note text,
    unique (event_id, subject, item, place)
);
create index on core.forward (id) where sent_at is null;
grant select, insert, update on core.forward to kumoi_office;

-- What a program sent under an Idempotency-Key, and what it was answered.
create table core.idempotency (
    actor text not null,
    key text not null,
    digest bytea not null,
    case_id bigint references core.cases,
    begun_at timestamptz not null default now(),
    primary key (actor, key)
);
create index on core.idempotency (begun_at);
grant select, insert, update, delete on core.idempotency to kumoi_office;
