-- 契約: how an offer comes to be contracted (起案, 決裁, 締結), what it costs and what is metered.
-- The LGWAN login of a municipality sees every offer and its own contracts, and nobody else's.

do $$
begin
    if not exists (select from pg_roles where rolname = 'kumoi_buyer') then
        create role kumoi_buyer nologin;
    end if;
end
$$;

alter table control.offer
    add column price jsonb,
    -- Whose offer it is; the name beside it may change.
    add column vendor_id text not null default '',
    -- 業務ID of a standardised business; null for what stands beside them.
    add column code text,
    -- A newer package of the same vendor took its place in the catalogue.
    add column replaced_at timestamptz,
    drop constraint offer_system_hash_key,
    add unique (vendor_id, system, hash);

update control.offer set vendor_id = vendor;

alter table control.contract
    drop constraint contract_state_check,
    drop constraint contract_organisation_offer_key,
    alter column signed_at drop not null,
    alter column signed_at drop default,
    add column method text not null default '随意契約'
        check (method in ('競争入札', '随意契約')),
    add column reason text not null default '',
    add column budget text not null default '',
    add column drafted_by text not null default '',
    add column drafted_at timestamptz not null default now(),
    add column decided_by text,
    add column decided_at timestamptz,
    add column signed_by text,
    -- 事業者の変更: the contract in force that this one takes the place of.
    add column replaces bigint references control.contract,
    -- 終了: the last day in service, asked for by one person and decided by another.
    add column ends_on date,
    add column end_reason text,
    add column end_asked_by text,
    add column end_asked_at timestamptz,
    add column end_decided_by text,
    add column end_decided_at timestamptz,
    add column ended_at timestamptz;

-- What was contracted before was contracted by the sample organisations' own start.
update control.contract
set drafted_by = '見本', drafted_at = signed_at, reason = '見本の団体の初めの契約',
    decided_by = '見本の決裁', decided_at = signed_at, signed_by = '見本';

alter table control.contract
    add check (state in ('起案', '決裁済', '締結', '移行待ち', '提供中', '終了', '取下げ')),
    add check (state <> '移行待ち' or replaces is not null),
    add check (num_nonnulls(ends_on, end_reason, end_asked_by, end_asked_at) in (0, 4)),
    add check (end_reason <> ''),
    add check (num_nonnulls(end_decided_by, end_decided_at) in (0, 2)),
    add check (end_decided_by is null or ends_on is not null),
    add check (end_decided_by <> end_asked_by),
    add check (decided_by <> drafted_by),
    add check (state in ('起案', '取下げ') or (decided_by is not null and decided_at is not null)),
    add check (state in ('起案', '決裁済', '取下げ')
        or (signed_by is not null and signed_at is not null));

-- What was withdrawn or has ended may be drafted anew, as a contract of its own.
create unique index contract_of_offer on control.contract (organisation, offer)
    where state not in ('取下げ', '終了');

create table control.contract_act (
    id bigint generated always as identity primary key,
    contract bigint not null references control.contract,
    at timestamptz not null default now(),
    actor text not null,
    act text not null,
    note text not null
);
create index contract_act_of on control.contract_act (contract);

create table control.metered (
    contract bigint not null references control.contract,
    day date not null,
    residents integer not null,
    primary key (contract, day)
);

-- The organisation whose login this is.
create function control.own() returns text language sql stable as
    $$ select regexp_replace(session_user::text, '_lgwan$', '') $$;

-- Whether a contract is the own one.
create function control.is_own(asked bigint) returns boolean language sql stable as
    $$ select exists (
        select from control.contract where id = asked and organisation = control.own()) $$;

alter table control.organisation enable row level security;
create policy own on control.organisation for select to kumoi_buyer using (id = control.own());

alter table control.contract enable row level security;
create policy own on control.contract for select to kumoi_buyer
    using (organisation = control.own());
create policy draft on control.contract for insert to kumoi_buyer
    with check (organisation = control.own() and state = '起案');
create policy act on control.contract for update to kumoi_buyer
    using (organisation = control.own()
        and state in ('起案', '決裁済', '締結', '移行待ち', '提供中'))
    with check (organisation = control.own()
        and state in ('決裁済', '締結', '提供中', '取下げ'));

alter table control.contract_act enable row level security;
create policy own on control.contract_act for select to kumoi_buyer using (control.is_own(contract));
-- What the platform did is said by the platform only.
create policy act on control.contract_act for insert to kumoi_buyer
    with check (control.is_own(contract) and actor not in ('', '基盤', 'kumoi')
        and act in ('起案', '決裁', '締結', '取下げ', '適合確認', '再試行', '終了の申出',
            '終了の決裁', '終了の取消'));

alter table control.metered enable row level security;
create policy own on control.metered for select to kumoi_buyer using (control.is_own(contract));

grant usage on schema control to kumoi_buyer;
grant select on control.offer, control.organisation, control.contract, control.contract_act,
    control.metered to kumoi_buyer;
grant insert (organisation, offer, state, method, reason, budget, drafted_by, replaces)
    on control.contract to kumoi_buyer;
grant update (state, decided_by, signed_by, ends_on, end_reason, end_asked_by, end_decided_by)
    on control.contract to kumoi_buyer;
grant insert (contract, actor, act, note) on control.contract_act to kumoi_buyer;

-- The organisation's 消去, as far as it has come; null before one was begun.
create function control.own_deletion() returns text language plpgsql stable security definer
    set search_path = pg_catalog as
$$
begin
    return (select state from control.deletion where organisation = control.own());
end
$$;
revoke all on function control.own_deletion() from public;
grant execute on function control.own_deletion() to kumoi_buyer;

-- Whether this is a body's own login; everything else that signs in here is the platform's.
create function control.is_buyer() returns boolean language sql stable as
    $$ select session_user::text like '%\_lgwan' $$;

-- Two offers are for one business: of the same standard, or one system.
create function control.is_same_business(one bigint, other bigint) returns boolean
    language sql stable as
    $$ select exists (
        select from control.offer a, control.offer b
        where a.id = one and b.id = other and (a.code = b.code or a.system = b.system)) $$;

-- A contract comes to be: one a business, unless it takes the place of the one in force.
create function control.contract_begin() returns trigger language plpgsql as
$$
begin
    perform pg_advisory_xact_lock(hashtextextended('contract ' || new.organisation, 0));
    if exists (select from control.contract c
            where c.organisation = new.organisation and c.state not in ('取下げ', '終了')
                and c.id is distinct from new.replaces
                and control.is_same_business(c.offer, new.offer)) then
        raise exception 'there is another contract for this business';
    end if;
    if new.replaces is not null and not exists (select from control.contract c
            where c.id = new.replaces and c.organisation = new.organisation
                and c.state = '提供中' and control.is_same_business(c.offer, new.offer)) then
        raise exception 'nothing in force is replaced';
    end if;
    -- Cases, journal and other systems name a system: what has another name takes no place.
    if new.replaces is not null and not exists (
            select from control.contract c, control.offer a, control.offer b
            where c.id = new.replaces and a.id = c.offer and b.id = new.offer
                and a.system = b.system) then
        raise exception 'another system takes no place';
    end if;
    if control.is_buyer() and not control.is_on_offer(new.offer, false) then
        raise exception 'this is not on offer';
    end if;
    return new;
end
$$;
create trigger begun before insert on control.contract
    for each row execute function control.contract_begin();

-- 移行中: the records of a contract that waits are going over, or have gone over and not come back.
create function control.is_moving(asked bigint) returns boolean language sql stable as
    $$ select coalesce((
        select a.act = '移行中' from control.contract_act a
        where a.contract = asked and a.actor = '基盤' and a.act in ('移行中', '移行待ち')
        order by a.id desc limit 1), false) $$;

-- The whole life of a contract: (a body's own login, from, to). Pairs that are absent are refused,
-- and what was drafted, decided or signed is never written over. Times are the server's.
create function control.contract_guard() returns trigger language plpgsql as
$$
declare
    buyer constant boolean := control.is_buyer();
    today constant date := (now() at time zone 'Asia/Tokyo')::date;
begin
    if new.state <> old.state and (buyer, old.state, new.state) not in (values
            (true, '起案', '決裁済'), (true, '起案', '取下げ'),
            (true, '決裁済', '締結'), (true, '決裁済', '取下げ'),
            (true, '締結', '取下げ'), (true, '移行待ち', '取下げ'),
            (false, '締結', '移行待ち'), (false, '締結', '提供中'), (false, '締結', '取下げ'),
            (false, '締結', '終了'), (false, '移行待ち', '提供中'), (false, '移行待ち', '終了'),
            (false, '提供中', '終了')) then
        raise exception 'no contract goes from % to % here', old.state, new.state;
    end if;
    if row(new.organisation, new.offer, new.method, new.reason, new.budget, new.drafted_by,
            new.drafted_at, new.replaces)
        is distinct from row(old.organisation, old.offer, old.method, old.reason, old.budget,
            old.drafted_by, old.drafted_at, old.replaces) then
        raise exception 'what was drafted is not written over';
    end if;
    if old.state = '起案' and new.state = '決裁済' then
        new.decided_at := now();
    elsif row(new.decided_by, new.decided_at)
            is distinct from row(old.decided_by, old.decided_at) then
        raise exception 'what was decided is not written over';
    end if;
    if old.state = '決裁済' and new.state = '締結' then
        new.signed_at := now();
    elsif row(new.signed_by, new.signed_at) is distinct from row(old.signed_by, old.signed_at) then
        raise exception 'what was signed is not written over';
    end if;
    if buyer and new.state in ('決裁済', '締結') and not control.is_on_offer(new.offer, true) then
        raise exception 'this is not on offer';
    end if;
    -- Signed, it is taken back only where the platform said that it cannot be opened.
    if buyer and old.state = '締結' and new.state = '取下げ' and not exists (
            select from control.contract_act a where a.contract = new.id
                and a.actor = '基盤' and a.act = '提供できない' and a.at >= old.signed_at) then
        raise exception 'it is being opened';
    end if;
    if buyer and old.state = '移行待ち' and new.state = '取下げ' and control.is_moving(new.id) then
        raise exception 'its records are going over';
    end if;
    if row(new.ends_on, new.end_reason, new.end_asked_by, new.end_decided_by)
            is distinct from row(old.ends_on, old.end_reason, old.end_asked_by,
                old.end_decided_by) then
        if old.state <> '提供中' or new.state <> '提供中' then
            raise exception 'only what is in service is ended';
        elsif old.ends_on is null then
            if new.ends_on < today or new.end_decided_by is not null then
                raise exception 'an end is asked for first, for a day to come';
            end if;
            new.end_asked_at := now();
        elsif new.ends_on is null then
            -- Called off, as long as it is in service.
            if old.end_decided_by is not null and old.ends_on < today then
                raise exception 'the day is over';
            end if;
            new.end_asked_at := null;
            new.end_decided_at := null;
        elsif row(new.ends_on, new.end_reason, new.end_asked_by)
                is not distinct from row(old.ends_on, old.end_reason, old.end_asked_by)
            and old.end_decided_by is null and new.ends_on >= today then
            new.end_decided_at := now();
        else
            raise exception 'what was asked for is called off, not written over';
        end if;
    end if;
    if new.state = '終了' and old.state <> '終了' then
        new.ended_at := now();
    end if;
    return new;
end
$$;
create trigger guarded before update on control.contract
    for each row execute function control.contract_guard();

-- The executor is told of what was signed, and of what is to be tried again.
create function control.tell() returns trigger language plpgsql as
$$
begin
    perform pg_notify('kumoi_signed', new.organisation);
    return null;
end
$$;
create trigger signed after insert or update of state on control.contract
    for each row when (new.state = '締結') execute function control.tell();
create function control.tell_again() returns trigger language plpgsql as
$$
begin
    perform pg_notify('kumoi_signed', organisation) from control.contract
    where id = new.contract;
    return null;
end
$$;
create trigger again after insert on control.contract_act
    for each row when (new.act = '再試行') execute function control.tell_again();
