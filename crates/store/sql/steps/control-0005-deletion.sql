-- 消去: an organisation that has left. What stays is who asked, who approved, what was taken along,
-- and the signed record of what was gone afterwards. A deletion goes forward only, is taken back
-- only before anything is gone, and what was said of it is never changed.

create table control.deletion (
    id bigint generated always as identity primary key,
    organisation text not null references control.organisation,
    requested_by text not null check (requested_by <> ''),
    approved_by text not null check (approved_by <> '' and approved_by <> requested_by),
    state text not null default '凍結'
        check (state in ('凍結', '書出し済', '消去中', '照合済', '完了', '取消')),
    export text check (length(export) = 64),
    -- The last numbers of journal and audit in that export.
    journal_last bigint,
    audit_last bigint,
    begun_at timestamptz not null default now(),
    ended_at timestamptz,
    check (state in ('凍結', '取消') or num_nulls(export, journal_last, audit_last) = 0),
    check ((state in ('完了', '取消')) = (ended_at is not null))
);
create unique index deletion_one on control.deletion (organisation) where state <> '取消';

create function control.deletion_guard() returns trigger language plpgsql as
$$
declare
    ways constant text[] := array['凍結', '書出し済', '消去中', '照合済', '完了'];
begin
    if tg_op = 'DELETE' then
        raise exception 'a deletion is never forgotten' using errcode = '42501';
    end if;
    if (new.id, new.organisation, new.requested_by, new.approved_by, new.begun_at)
        is distinct from (old.id, old.organisation, old.requested_by, old.approved_by, old.begun_at)
    then
        raise exception 'who answers for a deletion is never changed' using errcode = '42501';
    end if;
    if old.ended_at is not null
        or (new.state = '取消' and old.state not in ('凍結', '書出し済'))
        or (new.state <> '取消'
            and array_position(ways, new.state) < array_position(ways, old.state))
    then
        raise exception 'a deletion does not go from % to %', old.state, new.state
            using errcode = '23514';
    end if;
    return new;
end
$$;
create trigger guard before update or delete on control.deletion
    for each row execute function control.deletion_guard();

create table control.deletion_act (
    id bigint generated always as identity primary key,
    deletion bigint not null references control.deletion,
    at timestamptz not null default now(),
    act text not null,
    note text not null
);
create trigger act_only before update or delete or truncate on control.deletion_act
    for each statement execute function control.act_only();

create table control.deletion_record (
    id bigint generated always as identity primary key,
    deletion bigint not null references control.deletion,
    at timestamptz not null default now(),
    note text not null
);
create trigger act_only before update or delete or truncate on control.deletion_record
    for each statement execute function control.act_only();
