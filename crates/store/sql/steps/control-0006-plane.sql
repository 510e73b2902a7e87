-- 統治の面: environments and their parts (台帳), blueprints with their steps (the journal of the
-- executor), alarms. Operators make and approve; only the executor carries out. What a step says
-- never changes, and nothing of the journal is ever removed.

do $$
begin
    if not exists (select from pg_roles where rolname = 'kumoi_operator') then
        create role kumoi_operator nologin;
    end if;
end
$$;

-- 運用担当: who makes and approves blueprints in the browser. The installer admits them; their
-- passwords are in the operator's own staff database.
create table control.operator (
    organisation text not null,
    id text not null check (id <> ''),
    name text not null,
    admitted_at timestamptz not null default now(),
    ended_at timestamptz,
    primary key (organisation, id)
);

-- Who acts on this connection: on an operator's login the admitted person that its zone names, null
-- where nobody is; on any other the command line, whatever name it says.
create function control.plane_actor() returns text language sql stable as
$$
    select case when session_user::text not like '%\_operator' then '基盤の運用（コマンド）' else (
        select id || '@' || organisation from control.operator
        where organisation || '_operator' = session_user::text
          and id = current_setting('kumoi.actor', true) and ended_at is null) end
$$;

-- One row: counts every blueprint that was begun.
create table control.plane (
    only_one boolean primary key default true check (only_one),
    generation bigint not null default 0
);
insert into control.plane default values;

create table control.environment (
    id text primary key,
    body text not null,
    kind text not null check (kind in ('shared', 'production', 'verification')),
    provider text not null,
    begun_at timestamptz not null default now(),
    ended_at timestamptz,
    -- Grows whenever one of its parts changed: a plan that saw fewer is stale.
    changes bigint not null default 0
);
create index environment_of on control.environment (body);

create table control.part (
    environment text not null references control.environment,
    part text not null,
    value jsonb not null,
    reference text,
    generation bigint not null,
    step text not null,
    -- False: nobody knows whether it is there as it is written, for the reason beside it.
    settled boolean not null default true,
    doubt text,
    primary key (environment, part),
    check (settled = (doubt is null))
);

create table control.blueprint (
    id bigint generated always as identity primary key,
    hash text not null,
    base bigint not null,
    note text not null default '',
    state text not null default '案'
        check (state in ('案', '承認済', '適用中', '完了', '取下げ', '却下')),
    made_by text not null check (made_by <> ''),
    made_at timestamptz not null default now(),
    -- What a command planned takes two operators: the first of them.
    checked_by text check (checked_by <> ''),
    checked_at timestamptz,
    approved_by text check (approved_by <> ''),
    approved_at timestamptz,
    -- Why nobody of the operators could approve: only the command line may say so.
    emergency text check (emergency <> ''),
    generation bigint,
    begun_at timestamptz,
    ended_at timestamptz,
    check (approved_by <> made_by),
    check (approved_by <> checked_by),
    check (approved_by is null or emergency is not null or checked_by is not null
        or made_by <> '基盤の運用（コマンド）'),
    check (emergency is null or approved_by is not null),
    check (state in ('案', '取下げ', '却下') or (approved_by is not null and approved_at is not null)),
    check ((state in ('適用中', '完了')) = (generation is not null))
);

create table control.blueprint_step (
    blueprint bigint not null references control.blueprint,
    id text not null,
    environment text not null,
    sequence integer not null,
    act text not null check (act in ('登録', '作成', '変更', '廃止')),
    part text not null,
    value jsonb not null,
    before jsonb,
    -- What control.environment.changes was when the step was planned.
    seen bigint not null,
    state text not null default '待ち'
        check (state in ('待ち', '実行中', '済み', '保留', '取止')),
    attempts integer not null default 0,
    started_at timestamptz,
    finished_at timestamptz,
    reference text,
    reason text,
    primary key (blueprint, id),
    unique (blueprint, environment, sequence)
);
create index blueprint_step_open on control.blueprint_step (environment)
    where state in ('待ち', '実行中', '保留');

create table control.alarm (
    id bigint generated always as identity primary key,
    blueprint bigint not null,
    step text not null,
    raised_at timestamptz not null default now(),
    cleared_at timestamptz,
    reason text not null,
    foreign key (blueprint, step) references control.blueprint_step
);
create unique index alarm_open on control.alarm (blueprint, step) where cleared_at is null;

create table control.plane_act (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    blueprint bigint not null references control.blueprint,
    actor text not null,
    act text not null,
    note text not null
);

-- What was planned stays as it was planned, for everybody.
create function control.keep_plan() returns trigger language plpgsql as
$$
begin
    raise exception '青写真の手順と記録は書き換えられません';
end
$$;
create trigger keep before delete on control.blueprint_step
    for each row execute function control.keep_plan();
create trigger keep_says
    before update of id, environment, sequence, act, part, value, before, seen
    on control.blueprint_step
    for each row execute function control.keep_plan();
create trigger keep before update of hash, base, made_by, made_at or delete on control.blueprint
    for each row execute function control.keep_plan();
create trigger keep before update or delete on control.plane_act
    for each row execute function control.keep_plan();

-- Makers and approvers are who acts on the connection, never who somebody says. The command line
-- does not approve, but in an emergency, which stays beside the blueprint. Who types commands may be
-- an operator, too: what a command made takes two of them, and the first approval only checks.
create function control.sign_blueprint() returns trigger language plpgsql as
$$
declare
    actor text := control.plane_actor();
begin
    if actor is null then
        raise exception '運用担当として登録されていない人は、青写真を扱えません';
    elsif tg_op = 'INSERT' then
        new.made_by := actor;
        new.made_at := now();
        new.state := '案';
        new.checked_by := null;
        new.checked_at := null;
        new.approved_by := null;
        new.approved_at := null;
        new.emergency := null;
        return new;
    elsif new.state = '案' and old.state <> '案' then
        raise exception '案に戻すことはできません';
    elsif (new.approved_by, new.approved_at, new.checked_by, new.checked_at, new.emergency)
            is not distinct from (old.approved_by, old.approved_at, old.checked_by,
                old.checked_at, old.emergency)
            and (new.state <> '承認済' or old.state = '承認済') then
        return new;
    elsif old.state <> '案' or new.state <> '承認済' then
        raise exception '承認は、案について一度だけ行えます';
    elsif actor <> '基盤の運用（コマンド）' then
        new.emergency := null;
        if old.made_by = '基盤の運用（コマンド）' and old.checked_by is null then
            new.state := '案';
            new.checked_by := actor;
            new.checked_at := now();
            new.approved_by := null;
            new.approved_at := null;
            return new;
        end if;
        new.approved_by := actor;
    elsif new.emergency is null then
        raise exception 'コマンドは承認しません。運用担当が画面で承認してください';
    else
        new.approved_by := '緊急の承認（コマンド）';
    end if;
    new.checked_by := old.checked_by;
    new.checked_at := old.checked_at;
    new.approved_at := now();
    return new;
end
$$;
create trigger sign before insert or update on control.blueprint
    for each row execute function control.sign_blueprint();

create function control.sign_plane_act() returns trigger language plpgsql as
$$
declare
    actor text := control.plane_actor();
begin
    if actor is null then
        raise exception '運用担当として登録されていない人は、青写真を扱えません';
    elsif new.actor <> '基盤' or actor <> '基盤の運用（コマンド）' then
        new.actor := actor;
    end if;
    return new;
end
$$;
create trigger sign before insert on control.plane_act
    for each row execute function control.sign_plane_act();

-- The executor is told of what is to be applied or given up.
create function control.tell_plane() returns trigger language plpgsql as
$$
begin
    perform pg_notify('kumoi_plane', new.blueprint::text);
    return null;
end
$$;
create trigger asked after insert on control.plane_act
    for each row when (new.act in ('適用の求め', '取止めの求め')) execute function control.tell_plane();

grant usage on schema control to kumoi_operator;
grant select on control.operator, control.plane, control.environment, control.part, control.blueprint,
    control.blueprint_step, control.alarm, control.plane_act to kumoi_operator;
grant insert (hash, base, note) on control.blueprint to kumoi_operator;
grant insert (blueprint, id, environment, sequence, act, part, value, before, seen)
    on control.blueprint_step to kumoi_operator;
grant update (state) on control.blueprint to kumoi_operator;
grant insert (blueprint, actor, act, note) on control.plane_act to kumoi_operator;

alter table control.blueprint enable row level security;
create policy see on control.blueprint for select to kumoi_operator using (true);
create policy make on control.blueprint for insert to kumoi_operator with check (state = '案');
create policy decide on control.blueprint for update to kumoi_operator
    using (state in ('案', '承認済')) with check (state in ('案', '承認済', '取下げ', '却下'));
alter table control.plane_act enable row level security;
create policy see on control.plane_act for select to kumoi_operator using (true);
create policy act on control.plane_act for insert to kumoi_operator
    with check (act in ('作成', '一人目の承認', '承認', '却下', '取下げ', '適用の求め',
        '取止めの求め'));

-- Steps are added to the own draft, never to one that somebody else made or that was approved.
create function control.is_draft(asked bigint) returns boolean language sql stable as
$$
    select exists (select from control.blueprint
        where id = asked and state = '案' and made_by = control.plane_actor())
$$;
alter table control.blueprint_step enable row level security;
create policy see on control.blueprint_step for select to kumoi_operator using (true);
create policy make on control.blueprint_step for insert to kumoi_operator
    with check (control.is_draft(blueprint));
