-- 引越し: an organisation's way from one cluster to another. `main` says where it is written now; a
-- program that was killed goes on from `state`. The acts are append-only.

create table control.relocation (
    id bigint generated always as identity primary key,
    organisation text not null references control.organisation,
    source text not null,
    target text not null check (target <> source),
    main text not null default 'source' check (main in ('source', 'target')),
    state text not null default '受入'
        check (state in ('受入', '写し', '追従', '切替', '切替済', '完了')),
    read_only_ms bigint,
    rows bigint,
    different bigint,
    -- The switch that was last begun takes back one after which rows differed.
    returns boolean not null default false,
    begun_at timestamptz not null default now(),
    ended_at timestamptz,
    check ((state = '完了') = (ended_at is not null))
);
create unique index relocation_open on control.relocation (organisation) where ended_at is null;

create table control.relocation_act (
    id bigint generated always as identity primary key,
    relocation bigint not null references control.relocation,
    at timestamptz not null default now(),
    act text not null,
    note text not null
);
create index relocation_act_of on control.relocation_act (relocation);

create function control.act_only() returns trigger language plpgsql as
$$
begin
    raise exception '% is never changed', tg_table_name using errcode = '42501';
end
$$;
create trigger act_only before update or delete or truncate on control.relocation_act
    for each statement execute function control.act_only();
