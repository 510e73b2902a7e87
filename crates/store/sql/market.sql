-- The outer side of publishing: what vendors leave for the executor, and what it answers. The only
-- database of the cloud that the internet zone reaches; a vendor's login sees its own rows only.

do $$
begin
    if not exists (select from pg_roles where rolname = 'kumoi_vendor') then
        create role kumoi_vendor nologin;
    end if;
end
$$;

create schema market;

create table market.vendor (
    id text primary key,
    name text not null,
    name_en text not null,
    sample boolean not null,
    admitted_at timestamptz not null default now()
);

-- The vendor whose login this is.
create function market.own() returns text language sql stable as
    $$ select regexp_replace(session_user::text, '_vendor$', '') $$;

-- 検証鍵: what a vendor signs its packages with; the private key never comes here.
create table market.key (
    id bigint generated always as identity primary key,
    vendor text not null default market.own() references market.vendor,
    content text not null,
    added_at timestamptz not null default now(),
    added_by text not null,
    -- What one of the vendor's keys in force signed for this one; the first key has none.
    endorsement text,
    revoked_at timestamptz,
    revoked_by text,
    unique (vendor, content),
    check ((revoked_at is null) = (revoked_by is null))
);

-- 提出: a signed package, judged once.
create table market.submission (
    id bigint generated always as identity primary key,
    vendor text not null default market.own() references market.vendor,
    received_at timestamptz not null default now(),
    sent_by text not null,
    file_name text not null,
    content bytea not null check (octet_length(content) <= 8388608),
    digest text not null,
    -- 公開待ち: found conforming, and about to be offered. 判定不能: the platform could not judge it.
    state text not null default '受付' check (state in
        ('受付', '判定不能', '不適合', '公開待ち', '公開', '取下げ')),
    -- How often the executor has begun, and before when it does not begin again.
    attempts integer not null default 0,
    next_at timestamptz not null default now(),
    system text,
    name text,
    version text,
    hash text,
    report jsonb,
    judged_at timestamptz,
    -- Bodies that have a contract for it which is not over.
    in_use integer not null default 0,
    withdrawal_asked_at timestamptz,
    withdrawal_asked_by text,
    withdrawal_reason text,
    withdrawn_at timestamptz,
    check (state in ('受付', '判定不能') or (judged_at is not null and report is not null)),
    -- The file is kept as long as it is needed; its digest stays.
    check (octet_length(content) > 0 or state in ('不適合', '公開', '取下げ')),
    check (state <> '取下げ' or (withdrawn_at is not null and withdrawal_asked_by is not null)),
    check (num_nonnulls(withdrawal_asked_at, withdrawal_asked_by, withdrawal_reason) in (0, 3)),
    check (withdrawal_reason <> '')
);
create index submission_of on market.submission (vendor);
create index submission_open on market.submission (id)
    where state in ('受付', '判定不能', '公開待ち')
        or (state = '公開' and withdrawal_asked_at is not null);

alter table market.vendor enable row level security;
create policy own on market.vendor for select to kumoi_vendor using (id = market.own());

alter table market.key enable row level security;
create policy own on market.key for select to kumoi_vendor using (vendor = market.own());
-- After the first key every other is spoken for by one in force.
create function market.has_key() returns boolean language sql stable security definer
    set search_path = pg_catalog as
    $$ select exists (select from market.key where vendor = market.own()) $$;
create policy add on market.key for insert to kumoi_vendor
    with check (vendor = market.own() and (endorsement <> '' or not market.has_key()));
-- Revoked once, and never taken back.
create policy revoke on market.key for update to kumoi_vendor
    using (vendor = market.own() and revoked_at is null)
    with check (vendor = market.own() and revoked_at is not null);

alter table market.submission enable row level security;
create policy own on market.submission for select to kumoi_vendor using (vendor = market.own());
create policy send on market.submission for insert to kumoi_vendor
    with check (vendor = market.own() and state = '受付');
create policy withdraw on market.submission for update to kumoi_vendor
    using (vendor = market.own() and state = '公開' and withdrawal_asked_at is null)
    with check (vendor = market.own() and state = '公開');

grant usage on schema market to kumoi_vendor;
grant select on market.vendor, market.key, market.submission to kumoi_vendor;
grant insert (content, endorsement, added_by), update (revoked_at, revoked_by)
    on market.key to kumoi_vendor;
grant insert (sent_by, file_name, content, digest) on market.submission to kumoi_vendor;
grant update (withdrawal_asked_at, withdrawal_asked_by, withdrawal_reason)
    on market.submission to kumoi_vendor;

-- The executor is told of what there is to do.
create function market.tell() returns trigger language plpgsql as
$$
begin
    perform pg_notify('kumoi_submitted', '');
    return null;
end
$$;
create trigger submitted after insert or update of withdrawal_asked_at on market.submission
    for each row execute function market.tell();

-- A vendor waits for what it has sent in before it sends more: files are large.
create function market.wait() returns trigger language plpgsql as
$$
declare
    waiting bigint;
begin
    perform pg_advisory_xact_lock(hashtextextended('market.submission/' || new.vendor, 0));
    select count(*) into waiting from market.submission s
    where s.vendor = new.vendor and s.state in ('受付', '判定不能', '公開待ち');
    if waiting >= 10 then
        raise exception 'too many submissions wait' using errcode = 'KM001';
    end if;
    return new;
end
$$;
create trigger waiting before insert on market.submission
    for each row execute function market.wait();

-- 運用管理補助者: what a vendor is told of a body that named it, as long as it is named. Written by the
-- executor; it holds no resident, no amount and no person.
create table market.assisted (
    assistant bigint primary key,
    vendor text not null references market.vendor,
    body text not null,
    duties text not null,
    until_day date not null,
    state jsonb not null,
    told_at timestamptz not null default now()
);
alter table market.assisted enable row level security;
create policy own on market.assisted for select to kumoi_vendor
    using (vendor = market.own() and until_day >= (now() at time zone 'Asia/Tokyo')::date);
grant select on market.assisted to kumoi_vendor;
