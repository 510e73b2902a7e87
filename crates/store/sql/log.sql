
-- The organisation's tamper-evident log (改ざん検知用の記録): salted leaves, the hashes of full
-- tiles and the signed checkpoints. Append-only for every role that can sign in; salts never leave
-- the database except in a proof that is asked for.

create table core.log_leaf (
    leaf_index bigint primary key check (leaf_index >= 0),
    kind text not null check (kind in ('journal', 'audit')),
    entry_id bigint not null,
    salt bytea not null check (length(salt) = 16),
    commitment bytea not null check (length(commitment) = 32),
    unique (kind, entry_id)
);

-- Hash number n at height 8 * tile_level; hashes in between are made from these.
create table core.log_node (
    tile_level smallint not null check (tile_level between 1 and 7),
    n bigint not null check (n >= 0),
    hash bytea not null check (length(hash) = 32),
    primary key (tile_level, n)
);

create table core.log_checkpoint (
    size bigint primary key check (size > 0),
    root bytea not null check (length(root) = 32),
    note text not null,
    sealed_at timestamptz not null default now()
);

-- Marks bound the search for rows that are not sealed yet; the last line counts. Every row up to
-- *_floor is sealed and none can appear there any more; *_seen becomes the floor once all holders
-- (transactions that may still bring a lower number) have ended.
create table core.log_mark (
    id bigint generated always as identity primary key,
    journal_floor bigint not null,
    audit_floor bigint not null,
    journal_seen bigint not null,
    audit_seen bigint not null,
    holders text[] not null
);

grant select, insert on core.log_leaf, core.log_node, core.log_checkpoint, core.log_mark
    to kumoi_office;
