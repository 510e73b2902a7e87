-- What is put right of contracts and mail.

-- A contract whose records are going over, or have and may come back, is not taken back by the body:
-- also where it takes nobody's place.
create function control.contract_stays() returns trigger language plpgsql as
$$
begin
    if control.is_buyer() and control.is_moving(new.id) then
        raise exception 'its records are going over' using errcode = 'KM019';
    end if;
    return new;
end
$$;
create trigger stays before update of state on control.contract
    for each row when (old.state = '締結' and new.state = '取下げ')
    execute function control.contract_stays();

-- How many codes a body had sent to an address on a day. Removing the address takes nothing away.
create table control.mail_asked (
    organisation text not null references control.organisation,
    address text not null,
    day date not null default (now() at time zone 'Asia/Tokyo')::date,
    count integer not null default 1 check (count between 1 and 3),
    primary key (organisation, address, day)
);

-- As before, and at most three codes a day to an address and ten to all new ones of a body.
create or replace function control.mail_ask(wanted text, who text) returns boolean
    language plpgsql security definer set search_path = pg_catalog as
$$
declare
    fresh text := upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 8));
    today constant date := (now() at time zone 'Asia/Tokyo')::date;
    row_id bigint;
begin
    perform pg_advisory_xact_lock(hashtext('mail'), hashtext(control.own()));
    if (select count(*) from control.mail_address a
        where a.organisation = control.own() and a.address <> wanted) >= 5 then
        return false;
    end if;
    -- A stranger's address is no more written to than this, however often it is asked.
    if exists (select from control.mail_address a where a.organisation = control.own()
            and a.address = wanted and (a.confirmed_at is not null
                or a.added_at > now() - interval '5 minutes')) then
        return true;
    end if;
    delete from control.mail_asked m where m.organisation = control.own() and m.day < today;
    if exists (select from control.mail_asked m
            where m.organisation = control.own() and m.address = lower(wanted)
                and m.day = today and m.count >= 3)
        or 10 <= (select coalesce(sum(m.count), 0) from control.mail_asked m
            where m.organisation = control.own() and m.day = today) then
        raise exception 'no more codes today' using errcode = 'KM020';
    end if;
    insert into control.mail_asked as m (organisation, address)
    values (control.own(), lower(wanted))
    on conflict (organisation, address, day) do update set count = m.count + 1;
    insert into control.mail_address as a (organisation, address, added_by, digest)
    values (control.own(), wanted, who, sha256(convert_to(fresh, 'UTF8')))
    on conflict (organisation, address) do update
        set digest = excluded.digest, tries = 0, added_at = now(), added_by = excluded.added_by
        where a.confirmed_at is null
    returning a.id into row_id;
    if row_id is not null then
        delete from control.mail m where m.address = row_id and m.notice is null;
        insert into control.mail (address, code) values (row_id, fresh);
    end if;
    return true;
end
$$;

-- As before, and what was asked for goes with the addresses.
create or replace function control.mail_forget() returns trigger language plpgsql as
$$
begin
    delete from control.mail_address where organisation = new.organisation;
    delete from control.mail_asked where organisation = new.organisation;
    return null;
end
$$;

-- As before, and no rate where so few bodies use it that it would be theirs.
create or replace view control.offer_watched with (security_barrier) as
    select k.vendor_id, k.system, w.service, count(distinct w.organisation) as bodies,
        min(w.day) as first_day, max(w.day) as last_day,
        case when count(distinct w.organisation) >= 3 then sum(w.checks)::bigint end as checks,
        case when count(distinct w.organisation) >= 3 then sum(w.failures)::bigint end as failures
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

-- Whose the accounts of a provider are stays so under the name that it goes by since: also of those
-- whose bills were issued again under another name before.
create function control.cost_renamed(former text, later text) returns void language sql as
    $$ insert into control.cost_owner (provider, account, environment, organisation, system)
       select later, account, environment, organisation, system from control.cost_owner
       where provider = former on conflict do nothing $$;
select control.cost_renamed(pair.former, pair.later) from (
    select distinct b.provider as former, a.provider as later
    from control.cost_import i
    join control.cost_scope a on a.import = i.id
    join control.cost_scope b on b.import = i.replaces and b.billing_account = a.billing_account
        and b.period_from = a.period_from and b.period_to = a.period_to
    where b.provider <> a.provider) pair;
