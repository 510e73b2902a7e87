-- 情報連携: what was asked of others and answered to them, with both signed messages. Append-only.
-- A row is on the disk before its answer goes out, and becomes a leaf of the log as the audit's do.
create table core.exchange (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    side text not null check (side in ('照会', '提供')),
    request text not null,
    counterpart text not null,
    service text not null,
    affair text,
    item_set text,
    basis text,
    subject text,
    case_reference text,
    officer text,
    outcome text not null check (outcome in ('回答', '拒否', '該当なし', '保留', '不達')),
    reason text,
    request_base text not null,
    request_signature bytea not null,
    answer_base text,
    answer_signature bytea,
    unique (side, counterpart, request)
);
create index on core.exchange (subject, id) where subject is not null;

-- 符号: under which index a person of this body is found by the identity authority's linkage.
create table core.linkage (
    code_index bytea primary key,
    subject text not null unique
);

alter table core.log_leaf drop constraint log_leaf_kind_check;
alter table core.log_leaf add constraint log_leaf_kind_check
    check (kind in ('journal', 'audit', 'exchange'));
alter table core.log_mark
    add column exchange_floor bigint not null default 0,
    add column exchange_seen bigint not null default 0;

grant select on core.exchange to kumoi_office;
grant select, insert, update on core.linkage to kumoi_office;
grant usage on schema core to kumoi_mesh;
grant select, insert on core.exchange to kumoi_mesh;
grant select on core.linkage, core.organisation, core.system, core.system_version,
    core.system_ended to kumoi_mesh;
