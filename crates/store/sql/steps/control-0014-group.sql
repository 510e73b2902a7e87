-- 共同利用方式: bodies that procure together, each with its own contract; 運用管理補助者 of a body's own
-- environment; 都道府県, which sees how far its municipalities are; 利用実績 of offers from the books;
-- what an official settled of an analysis by hand. Who acted writes the course, never a caller.

do $$
begin
    if not exists (select from pg_roles where rolname = 'kumoi_prefecture') then
        create role kumoi_prefecture nologin;
    end if;
end
$$;

-- The body or prefecture whose login this is.
create function control.acting() returns text language sql stable as
    $$ select regexp_replace(session_user::text, '_(lgwan|prefecture)$', '') $$;

-- The two digits of the prefecture whose login this is; null for everybody else.
create function control.own_prefecture() returns text language sql stable security definer
    set search_path = pg_catalog as
    $$ select left(o.code, 2) from control.organisation o
       where o.kind = 'prefecture' and session_user::text = o.id || '_prefecture' $$;

-- Who there is: no secret, and needed to invite and to name one another.
create view control.body with (security_barrier) as
    select id, code, name, name_en, kind from control.organisation
    where kind in ('municipality', 'prefecture');

create table control.joint_group (
    id bigint generated always as identity primary key,
    name text not null check (name <> '' and length(name) <= 100),
    lead text not null default control.acting() references control.organisation,
    -- 検証の型: 単一／複数のクラウド × 基幹業務のみ／周辺業務も.
    pattern text not null check (pattern in ('A', 'B', 'C', 'D')),
    purpose text not null check (purpose <> '' and length(purpose) <= 2000),
    made_by text not null check (made_by <> ''),
    made_at timestamptz not null default now()
);

create table control.joint_member (
    joint_group bigint not null references control.joint_group,
    organisation text not null references control.organisation,
    state text not null default '招待' check (state in
        ('招待', '参加の起案', '参加', '脱退の起案', '脱退', '辞退')),
    acted_by text not null check (acted_by <> ''),
    reason text not null default '' check (length(reason) <= 2000),
    drafted_by text,
    changed_at timestamptz not null default now(),
    primary key (joint_group, organisation)
);

-- 共同調達の案: one specification and one offer for all members; each drafts its own contract from it.
create table control.joint_plan (
    id bigint generated always as identity primary key,
    joint_group bigint not null references control.joint_group,
    offer bigint not null references control.offer,
    method text not null check (method in ('競争入札', '随意契約')),
    specification text not null check (specification <> '' and length(specification) <= 8000),
    reason text not null check (reason <> '' and length(reason) <= 2000),
    state text not null default '案' check (state in ('案', '決定', '取下げ')),
    acted_by text not null check (acted_by <> ''),
    made_by text not null default '',
    made_at timestamptz not null default now(),
    decided_by text check (decided_by <> made_by),
    decided_at timestamptz,
    check (state <> '決定' or (decided_by is not null and decided_at is not null))
);
create index joint_plan_of on control.joint_plan (joint_group);

create table control.joint_draft (
    contract bigint primary key references control.contract,
    plan bigint not null references control.joint_plan,
    made_at timestamptz not null default now()
);
create index joint_draft_of on control.joint_draft (plan);

-- The course of a group, written by the triggers below only.
create table control.joint_act (
    id bigint generated always as identity primary key,
    joint_group bigint not null references control.joint_group,
    at timestamptz not null default now(),
    organisation text not null,
    actor text not null,
    act text not null,
    note text not null
);
create index joint_act_of on control.joint_act (joint_group);
create trigger never before update or delete or truncate on control.joint_act
    for each statement execute function control.never();

-- Whether this login leads a group or stands in it, be it only invited.
create function control.sees_group(asked bigint) returns boolean language sql stable
    security definer set search_path = pg_catalog as
    $$ select exists (select from control.joint_group g
            where g.id = asked and g.lead = control.acting())
        or exists (select from control.joint_member m
            where m.joint_group = asked and m.organisation = control.acting()) $$;

create function control.leads_group(asked bigint) returns boolean language sql stable
    security definer set search_path = pg_catalog as
    $$ select exists (select from control.joint_group g
        where g.id = asked and g.lead = control.acting()) $$;

-- Whether a body has joined.
create function control.has_joined(asked bigint, body text) returns boolean language sql stable
    security definer set search_path = pg_catalog as
    $$ select exists (select from control.joint_member m
        where m.joint_group = asked and m.organisation = body
            and m.state in ('参加', '脱退の起案')) $$;

create function control.joint_member_guard() returns trigger language plpgsql
    set search_path = pg_catalog as
$$
declare
    led constant boolean := control.leads_group(new.joint_group);
    own constant boolean := new.organisation = control.acting();
begin
    if tg_op = 'INSERT' then
        if not led or new.state <> '招待' then
            raise exception 'only the lead invites';
        end if;
        new.drafted_by := null;
    else
        if row(new.joint_group, new.organisation) is distinct from
                row(old.joint_group, old.organisation) then
            raise exception 'another membership';
        elsif not ((own and (old.state, new.state) in (values ('招待', '参加の起案'),
                    ('招待', '辞退'), ('参加の起案', '参加'), ('参加の起案', '辞退'),
                    ('参加', '脱退の起案'), ('脱退の起案', '脱退'), ('脱退の起案', '参加')))
                or (led and (old.state, new.state) in (values ('辞退', '招待'),
                    ('脱退', '招待')))) then
            raise exception 'no membership goes from % to % here', old.state, new.state;
        end if;
        if new.state in ('参加の起案', '脱退の起案') then
            new.drafted_by := new.acted_by;
        elsif (old.state, new.state) in (values ('参加の起案', '参加'), ('脱退の起案', '脱退'))
                and new.acted_by = old.drafted_by then
            raise exception 'who drafted it does not decide it';
        elsif new.state = '招待' then
            new.drafted_by := null;
        else
            new.drafted_by := old.drafted_by;
        end if;
    end if;
    new.changed_at := now();
    return new;
end
$$;
create trigger guarded before insert or update on control.joint_member
    for each row execute function control.joint_member_guard();

create function control.joint_plan_guard() returns trigger language plpgsql
    set search_path = pg_catalog as
$$
begin
    if tg_op = 'INSERT' then
        new.state := '案';
        new.made_by := new.acted_by;
        new.made_at := now();
        new.decided_by := null;
        new.decided_at := null;
        return new;
    end if;
    if (to_jsonb(new) - '{state,acted_by,decided_by,decided_at}'::text[])
            <> (to_jsonb(old) - '{state,acted_by,decided_by,decided_at}'::text[]) then
        raise exception 'what was planned is not written over';
    elsif (old.state, new.state) = ('案', '決定') then
        if new.acted_by = old.made_by then
            raise exception 'who made it does not decide it';
        elsif not control.is_on_offer(new.offer, true) then
            raise exception 'this is not on offer';
        end if;
        new.decided_by := new.acted_by;
        new.decided_at := now();
    elsif (old.state, new.state) in (values ('案', '取下げ'), ('決定', '取下げ')) then
        new.decided_by := old.decided_by;
        new.decided_at := old.decided_at;
    else
        raise exception 'no plan goes from % to %', old.state, new.state;
    end if;
    return new;
end
$$;
create trigger guarded before insert or update on control.joint_plan
    for each row execute function control.joint_plan_guard();

-- What was done, by whom, in the group's course.
create function control.joint_noted() returns trigger language plpgsql security definer
    set search_path = pg_catalog as
$$
declare
    new_row constant jsonb := to_jsonb(new);
    grouped constant bigint := coalesce((new_row ->> 'joint_group')::bigint,
        (select p.joint_group from control.joint_plan p
         where p.id = (new_row ->> 'plan')::bigint), (new_row ->> 'id')::bigint);
begin
    insert into control.joint_act (joint_group, organisation, actor, act, note)
    values (grouped, control.acting(),
        coalesce(new_row ->> 'acted_by', new_row ->> 'made_by',
            (select c.drafted_by from control.contract c
             where c.id = (new_row ->> 'contract')::bigint), ''),
        case tg_table_name
            when 'joint_group' then '発足'
            when 'joint_member' then case when tg_op = 'UPDATE'
                and (to_jsonb(old) ->> 'state', new_row ->> 'state') = ('脱退の起案', '参加')
                then '脱退の取消' else new_row ->> 'state' end
            when 'joint_plan' then '調達の' || (new_row ->> 'state')
            else '契約の起案' end,
        case tg_table_name
            when 'joint_group' then new_row ->> 'purpose'
            when 'joint_member' then (new_row ->> 'organisation') || case new_row ->> 'reason'
                when '' then '' else '　' || (new_row ->> 'reason') end
            when 'joint_plan' then (new_row ->> 'id') || '　' || (new_row ->> 'reason')
            else new_row ->> 'plan' end);
    return null;
end
$$;
create trigger noted after insert on control.joint_group
    for each row execute function control.joint_noted();
create trigger noted after insert or update on control.joint_member
    for each row execute function control.joint_noted();
create trigger noted after insert or update on control.joint_plan
    for each row execute function control.joint_noted();
create trigger noted after insert on control.joint_draft
    for each row execute function control.joint_noted();

-- How many residents each member has, for the shares of a plan: known to those who have joined.
create view control.joint_residents with (security_barrier) as
    select m.joint_group, m.organisation, r.day, r.residents
    from control.joint_member m
    cross join lateral (
        select t.day, t.residents from control.metered t
        join control.contract c on c.id = t.contract
        where c.organisation = m.organisation order by t.day desc, t.contract limit 1) r
    where m.state in ('参加', '脱退の起案')
        and (control.leads_group(m.joint_group)
            or control.has_joined(m.joint_group, control.acting()));

-- How far each member's own contract of a plan is: its state, and nothing else of it.
create view control.joint_progress with (security_barrier) as
    select p.joint_group, d.plan, c.organisation, c.state,
        case when c.organisation = control.acting() then c.id end as own_contract
    from control.joint_draft d join control.joint_plan p on p.id = d.plan
    join control.contract c on c.id = d.contract
    where control.leads_group(p.joint_group)
        or control.has_joined(p.joint_group, control.acting());

alter table control.joint_group enable row level security;
-- By its own lead, not by a look into the table: a new row is shown to who made it.
create policy see on control.joint_group for select to kumoi_buyer, kumoi_prefecture
    using (lead = control.acting() or control.sees_group(id));
create policy make on control.joint_group for insert to kumoi_buyer, kumoi_prefecture
    with check (lead = control.acting());
alter table control.joint_member enable row level security;
create policy see on control.joint_member for select to kumoi_buyer, kumoi_prefecture
    using (control.sees_group(joint_group));
create policy invite on control.joint_member for insert to kumoi_buyer, kumoi_prefecture
    with check (control.leads_group(joint_group) and exists (
        select from control.body b where b.id = organisation and b.kind = 'municipality'));
create policy act on control.joint_member for update to kumoi_buyer, kumoi_prefecture
    using (organisation = control.acting() or control.leads_group(joint_group));
alter table control.joint_plan enable row level security;
create policy see on control.joint_plan for select to kumoi_buyer, kumoi_prefecture
    using (control.sees_group(joint_group));
create policy make on control.joint_plan for insert to kumoi_buyer, kumoi_prefecture
    with check (control.leads_group(joint_group) and control.is_on_offer(offer, true));
create policy act on control.joint_plan for update to kumoi_buyer, kumoi_prefecture
    using (control.leads_group(joint_group) and state in ('案', '決定'))
    with check (control.leads_group(joint_group));
alter table control.joint_act enable row level security;
create policy see on control.joint_act for select to kumoi_buyer, kumoi_prefecture
    using (control.sees_group(joint_group));
alter table control.joint_draft enable row level security;
create policy own on control.joint_draft for select to kumoi_buyer
    using (control.is_own(contract));
create policy make on control.joint_draft for insert to kumoi_buyer
    with check (exists (select from control.contract c
        join control.joint_plan p on p.id = plan
        where c.id = contract and c.organisation = control.acting() and c.state = '起案'
            and c.offer = p.offer and c.method = p.method and p.state = '決定'
            and control.has_joined(p.joint_group, control.acting())));

grant select on control.body, control.joint_group, control.joint_member, control.joint_plan,
    control.joint_act, control.joint_residents, control.joint_progress
    to kumoi_buyer, kumoi_prefecture;
grant insert (name, pattern, purpose, made_by) on control.joint_group
    to kumoi_buyer, kumoi_prefecture;
grant insert (joint_group, organisation, acted_by, reason), update (state, acted_by, reason)
    on control.joint_member to kumoi_buyer, kumoi_prefecture;
grant insert (joint_group, offer, method, specification, reason, acted_by),
    update (state, acted_by) on control.joint_plan to kumoi_buyer, kumoi_prefecture;
grant select, insert (contract, plan) on control.joint_draft to kumoi_buyer;

-- 運用管理補助者: a vendor that a body names for its own environment, for a time. It is told of state
-- and incidents by the executor; no login of a vendor reaches this database.
create table control.assistant (
    id bigint generated always as identity primary key,
    organisation text not null default control.own() references control.organisation,
    vendor text not null,
    vendor_name text not null default '',
    duties text not null check (duties <> '' and length(duties) <= 2000),
    from_day date not null,
    until_day date not null check (until_day >= from_day and until_day < from_day + 1830),
    state text not null default '案' check (state in ('案', '指定', '取下げ', '取消')),
    acted_by text not null check (acted_by <> ''),
    reason text not null default '' check (length(reason) <= 2000),
    named_by text not null default '',
    named_at timestamptz not null default now(),
    decided_by text check (decided_by <> named_by),
    decided_at timestamptz,
    ended_by text,
    ended_at timestamptz,
    check (state not in ('指定', '取消') or decided_by is not null),
    check ((state in ('取下げ', '取消')) = (ended_by is not null and ended_at is not null))
);
create unique index assistant_one on control.assistant (organisation, vendor)
    where state in ('案', '指定');

create function control.assistant_guard() returns trigger language plpgsql
    set search_path = pg_catalog as
$$
begin
    if tg_op = 'INSERT' then
        select o.vendor into new.vendor_name from control.offer o
        where o.vendor_id = new.vendor order by o.id desc limit 1;
        if not found then
            raise exception 'this vendor is not admitted';
        elsif new.until_day < (now() at time zone 'Asia/Tokyo')::date then
            raise exception 'its time is over';
        end if;
        new.state := '案';
        new.named_by := new.acted_by;
        new.named_at := now();
        return new;
    end if;
    if (to_jsonb(new) - '{state,acted_by,reason}'::text[])
            <> (to_jsonb(old) - '{state,acted_by,reason}'::text[]) then
        raise exception 'what was named is not written over';
    elsif (old.state, new.state) = ('案', '指定') then
        if new.acted_by = old.named_by then
            raise exception 'who named it does not decide it';
        end if;
        new.decided_by := new.acted_by;
        new.decided_at := now();
    elsif (old.state, new.state) = ('案', '取下げ')
            or ((old.state, new.state) = ('指定', '取消') and new.reason <> '') then
        new.ended_by := new.acted_by;
        new.ended_at := now();
    else
        raise exception 'no assistant goes from % to % so', old.state, new.state;
    end if;
    return new;
end
$$;
create trigger guarded before insert or update on control.assistant
    for each row execute function control.assistant_guard();

alter table control.assistant enable row level security;
create policy own on control.assistant for select to kumoi_buyer
    using (organisation = control.own());
create policy name on control.assistant for insert to kumoi_buyer
    with check (organisation = control.own());
create policy act on control.assistant for update to kumoi_buyer
    using (organisation = control.own() and state in ('案', '指定'))
    with check (organisation = control.own());
grant select, insert (vendor, duties, from_day, until_day, acted_by),
    update (state, acted_by, reason) on control.assistant to kumoi_buyer;

-- 都道府県 sees how far its own municipalities are: no resident, no amount, no reason, no name of a
-- person, and nothing of another prefecture's.
create view control.prefecture_body with (security_barrier) as
    select id, code, name, name_en from control.organisation
    where kind = 'municipality' and left(code, 2) = control.own_prefecture();
create view control.prefecture_contract with (security_barrier) as
    select c.organisation, o.system, o.name, o.name_en, o.vendor, o.version, c.state, c.signed_at,
        c.opened_at, c.ends_on
    from control.contract c join control.offer o on o.id = c.offer
    join control.prefecture_body b on b.id = c.organisation;
create view control.prefecture_environment with (security_barrier) as
    select id, body, kind, provider, begun_at, ended_at from control.environment
    where left(body, 2) = control.own_prefecture() and body ~ '^[0-9]{6}$';
create view control.prefecture_incident with (security_barrier) as
    select i.organisation, i.service, i.layer, i.title, i.began_at, i.ended_at
    from control.incident i join control.prefecture_body b on b.id = i.organisation;
create view control.prefecture_watched with (security_barrier) as
    select w.organisation, date_trunc('month', w.day)::date as month,
        sum(w.checks)::bigint as checks, sum(w.failures)::bigint as failures
    from control.watched w join control.prefecture_body b on b.id = w.organisation
    group by 1, 2;
grant usage on schema control to kumoi_prefecture;
grant select on control.prefecture_body, control.prefecture_contract,
    control.prefecture_environment, control.prefecture_incident, control.prefecture_watched,
    control.offer, control.offer_entry to kumoi_prefecture;

-- 利用実績の公開: whether a body lets itself be named as one that uses an offer. The last word counts.
create table control.reference_consent (
    id bigint generated always as identity primary key,
    contract bigint not null references control.contract,
    shown boolean not null,
    actor text not null check (actor <> ''),
    at timestamptz not null default now()
);
create index reference_consent_of on control.reference_consent (contract, id);
create trigger never before update or delete or truncate on control.reference_consent
    for each statement execute function control.never();
alter table control.reference_consent enable row level security;
create policy own on control.reference_consent for select to kumoi_buyer
    using (control.is_own(contract));
create policy say on control.reference_consent for insert to kumoi_buyer
    with check (control.is_own(contract));
grant select, insert (contract, shown, actor) on control.reference_consent to kumoi_buyer;

-- Which bodies use a vendor's system now: how many by size, and the names of those that agreed.
create view control.offer_use with (security_barrier) as
    select o.vendor_id, o.system, r.size, count(*) as bodies,
        coalesce(array_agg(b.name order by b.code) filter (where s.shown), '{}') as named
    from control.contract c join control.offer o on o.id = c.offer
    join control.organisation b on b.id = c.organisation
    left join lateral (select k.shown from control.reference_consent k where k.contract = c.id
        order by k.id desc limit 1) s on true
    left join lateral (select t.residents from control.metered t where t.contract = c.id
        order by t.day desc limit 1) t on true
    cross join lateral (select case when t.residents is null then 0 when t.residents < 10000 then 1
        when t.residents < 100000 then 2 when t.residents < 300000 then 3 else 4 end as size) r
    where c.state = '提供中'
    group by 1, 2, 3;

-- How the zones of bodies answered on the days on which they used a vendor's system: of all of
-- them together, so that none of them can be told from it once there are several.
create view control.offer_watched with (security_barrier) as
    select k.vendor_id, k.system, w.service, count(distinct w.organisation) as bodies,
        min(w.day) as first_day, max(w.day) as last_day,
        sum(w.checks)::bigint as checks, sum(w.failures)::bigint as failures
    from (select distinct o.vendor_id, o.system, c.organisation
        from control.contract c join control.offer o on o.id = c.offer
        where c.opened_at is not null) k
    join control.watched w on w.organisation = k.organisation
    where exists (
        select from control.contract c join control.offer o on o.id = c.offer
        where c.organisation = k.organisation and o.vendor_id = k.vendor_id
            and o.system = k.system and c.opened_at is not null
            and (c.opened_at at time zone 'Asia/Tokyo')::date <= w.day
            and (c.ended_at is null or (c.ended_at at time zone 'Asia/Tokyo')::date >= w.day))
    group by 1, 2, 3;
grant select on control.offer_use, control.offer_watched to kumoi_buyer, kumoi_prefecture;

-- 人による判断: what an official settled of an answer that the machine left unknown. The last word
-- counts; all of them stay.
create table control.fit_settled (
    id bigint generated always as identity primary key,
    fit bigint not null references control.fit,
    offer bigint not null references control.offer,
    number text not null check (number <> ''),
    verdict text not null check (verdict in ('適合', '要調整', '不適合', '不明に戻す')),
    source text not null check (source in
        ('事業者の文書', '事業者への照会', '実機での確認', 'ほかの団体への照会')),
    reason text not null check (reason <> '' and length(reason) <= 2000),
    settled_by text not null check (settled_by <> ''),
    settled_at timestamptz not null default now()
);
create index fit_settled_of on control.fit_settled (fit, id);
create trigger never before update or delete or truncate on control.fit_settled
    for each statement execute function control.never();
alter table control.fit_settled enable row level security;
create policy own on control.fit_settled for select to kumoi_buyer
    using (exists (select from control.fit f where f.id = fit));
create policy say on control.fit_settled for insert to kumoi_buyer
    with check (exists (select from control.fit f where f.id = fit and offer = any(f.offers)
        and f.requirements @> jsonb_build_array(jsonb_build_object('number', number))));
grant select, insert (fit, offer, number, verdict, source, reason, settled_by)
    on control.fit_settled to kumoi_buyer;
