-- 検証環境: a vendor's own sandbox organisation, made from templates and sample people, and parcels that
-- are only tried in it. It has no contract, is no organisation of the books, and is never offered
-- or metered. A vendor sees its own and may only ask; what became of it is the executor's word.

alter table market.submission
    -- 検証: judged and installed in the vendor's sandbox, and never offered.
    add column purpose text not null default '公開' check (purpose in ('公開', '検証')),
    drop constraint submission_state_check,
    drop constraint submission_check1,
    add constraint submission_state_check check (state in
        ('受付', '判定不能', '不適合', '公開待ち', '公開', '取下げ', '取りやめ', '検証')),
    -- The file is kept as long as it is needed; its digest stays.
    add constraint submission_file check (octet_length(content) > 0
        or state in ('不適合', '公開', '取下げ', '取りやめ', '検証')),
    add constraint submission_purpose check (case purpose
        when '検証' then state in ('受付', '判定不能', '不適合', '取りやめ', '検証')
        else state <> '検証' end);
grant insert (purpose) on market.submission to kumoi_vendor;

create table market.sandbox (
    of text primary key references market.vendor,
    organisation text not null unique,
    wish text not null check (wish in ('開く', '作り直す', '閉じる')),
    asked_by text not null check (asked_by <> ''),
    asked_at timestamptz not null default now(),
    -- When the wish was carried out; null while it waits.
    done_at timestamptz,
    -- Why it could not be, where that is the last word.
    note text not null default '',
    -- What it holds: systems in their versions, what of them could not be brought up, who signs in.
    holds jsonb not null default '{}',
    check (organisation = of || '_kensho')
);

-- Every wish, and what became of it: never changed.
create table market.sandbox_act (
    id bigint generated always as identity primary key,
    of text not null references market.sandbox,
    at timestamptz not null default now(),
    actor text not null,
    act text not null,
    note text not null default ''
);

create function market.never() returns trigger language plpgsql as
$$
begin
    raise exception '% is never changed', tg_table_name using errcode = '42501';
end
$$;
create trigger never before update or delete or truncate on market.sandbox_act
    for each statement execute function market.never();

create function market.sandbox_guard() returns trigger language plpgsql as
$$
begin
    if tg_op = 'UPDATE' then
        if new.of <> old.of or new.organisation <> old.organisation then
            raise exception 'a sandbox stays with its vendor';
        elsif row(new.wish, new.asked_by, new.asked_at)
                is not distinct from row(old.wish, old.asked_by, old.asked_at) then
            return new;
        elsif old.wish = '閉じる' and old.done_at is not null and new.wish <> '開く' then
            raise exception 'there is none: open one first' using errcode = 'KM015';
        end if;
    elsif new.wish <> '開く' then
        raise exception 'there is none: open one first' using errcode = 'KM015';
    end if;
    new.asked_at := clock_timestamp();
    new.done_at := null;
    new.note := '';
    return new;
end
$$;
create trigger guarded before insert or update on market.sandbox
    for each row execute function market.sandbox_guard();

create function market.sandbox_wished() returns trigger language plpgsql as
$$
begin
    if new.done_at is null and new.note = '' then
        insert into market.sandbox_act (of, actor, act) values (new.of, new.asked_by, new.wish);
        perform pg_notify('kumoi_sandbox', new.of);
    end if;
    return null;
end
$$;
create trigger wished after insert or update of wish, asked_by on market.sandbox
    for each row execute function market.sandbox_wished();

-- Asks for a wish of a vendor: `seen` is when the last one was asked that the asker knew of. The same
-- asked twice is asked for once; while one waits it can only be given up by closing.
create function market.sandbox_wish(maker text, wanted text, who text, seen timestamptz)
    returns void language plpgsql as
$$
declare
    last market.sandbox;
    waits boolean;
begin
    perform pg_advisory_xact_lock(hashtext('sandbox'), hashtext(maker));
    select * into last from market.sandbox where of = maker;
    waits := last.of is not null and last.done_at is null and last.note = '';
    if waits and last.wish = wanted and last.asked_by = who then
        return;
    elsif last.asked_at is distinct from seen or waits and wanted <> '閉じる' then
        raise exception 'something else was asked for meanwhile' using errcode = 'KM016';
    elsif last.of is null then
        insert into market.sandbox (of, organisation, wish, asked_by)
        values (maker, maker || '_kensho', wanted, who);
    else
        update market.sandbox set wish = wanted, asked_by = who, asked_at = clock_timestamp()
        where of = maker;
    end if;
end
$$;

-- The same for the vendor whose login this is.
create function market.sandbox_ask(wanted text, who text, seen timestamptz) returns void
    language plpgsql security definer set search_path = pg_catalog as
$$
begin
    perform market.sandbox_wish(market.own(), wanted, who, seen);
end
$$;
revoke all on function market.sandbox_wish(text, text, text, timestamptz),
    market.sandbox_ask(text, text, timestamptz) from public;
grant execute on function market.sandbox_ask(text, text, timestamptz) to kumoi_vendor;

-- What was found fit to be tried is installed: the sandbox is opened, or brought up to it. What was
-- asked for before and waits stays asked for. The file of an older version is needed no more.
create function market.sandbox_tried() returns trigger language plpgsql as
$$
declare
    last market.sandbox;
begin
    update market.submission set content = '' where vendor = new.vendor and state = '検証'
        and system = new.system and id < new.id and octet_length(content) > 0;
    perform pg_advisory_xact_lock(hashtext('sandbox'), hashtext(new.vendor));
    select * into last from market.sandbox where of = new.vendor;
    if last.of is null then
        insert into market.sandbox (of, organisation, wish, asked_by)
        values (new.vendor, new.vendor || '_kensho', '開く', new.sent_by);
    else
        update market.sandbox set asked_by = new.sent_by, asked_at = clock_timestamp(),
            wish = case when last.done_at is null then last.wish else '開く' end
        where of = new.vendor;
    end if;
    return null;
end
$$;
create trigger tried after update of state on market.submission
    for each row when (new.state = '検証' and old.state <> '検証')
    execute function market.sandbox_tried();

alter table market.sandbox enable row level security;
create policy own on market.sandbox for select to kumoi_vendor using (of = market.own());
alter table market.sandbox_act enable row level security;
create policy own on market.sandbox_act for select to kumoi_vendor using (of = market.own());
grant select on market.sandbox, market.sandbox_act to kumoi_vendor;
