-- The outer side of publishing: what vendors leave for the executor, and what it answers. The only
-- database of the cloud that the internet zone reaches; a vendor's login sees its own rows only.

do $$
begin
    if not exists (select from pg_roles where rolname = 'kumoi_vendor') then
        create role kumoi_vendor nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'kumoi_entrance') then
        create role kumoi_entrance nologin;
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
    -- Admitted by the platform, the way back of a vendor whose keys are lost: no vendor writes this.
    admitted boolean not null default false,
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
        ('受付', '判定不能', '不適合', '公開待ち', '公開', '取下げ', '取りやめ')),
    -- How often the executor has begun, and before when it does not begin again.
    attempts integer not null default 0,
    next_at timestamptz not null default now(),
    system text,
    name text,
    version text,
    hash text,
    report jsonb,
    judged_at timestamptz,
    -- 部品, and what the catalogue ties it to: who builds it in, or what it builds in.
    part boolean not null default false,
    ties jsonb not null default '[]',
    -- Bodies that have a contract for it which is not over.
    in_use integer not null default 0,
    withdrawal_asked_at timestamptz,
    withdrawal_asked_by text,
    withdrawal_reason text,
    withdrawn_at timestamptz,
    -- 取りやめ: the vendor waits no longer for a judgement that the platform could not make.
    check (state in ('受付', '判定不能', '取りやめ')
        or (judged_at is not null and report is not null)),
    -- The file is kept as long as it is needed; its digest stays.
    check (octet_length(content) > 0 or state in ('不適合', '公開', '取下げ', '取りやめ')),
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
-- At what time is the server's word: what a key spoke for before counts, afterwards nothing does.
create function market.revoked() returns trigger language plpgsql as
$$
begin
    new.revoked_at := now();
    return new;
end
$$;
create trigger revoked before update of revoked_at on market.key
    for each row execute function market.revoked();

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

-- A vendor waits for what it has sent in before it sends more: files are large. What the platform
-- could not judge stands in nobody's way; the vendor may take it back when there is too much of it.
create function market.wait() returns trigger language plpgsql as
$$
declare
    waiting bigint;
    stuck bigint;
begin
    perform pg_advisory_xact_lock(hashtextextended('market.submission/' || new.vendor, 0));
    select count(*) filter (where s.state <> '判定不能'), count(*) filter (where s.state = '判定不能')
    into waiting, stuck from market.submission s
    where s.vendor = new.vendor and s.state in ('受付', '判定不能', '公開待ち');
    if waiting >= 10 then
        raise exception 'too many submissions wait' using errcode = 'KM001';
    elsif stuck >= 20 then
        raise exception 'too many submissions could not be judged' using errcode = 'KM002';
    end if;
    return new;
end
$$;
create trigger waiting before insert on market.submission
    for each row execute function market.wait();

-- 取りやめ: what could not be judged is taken back by its own vendor; its file goes. Whether it was.
create function market.drop_stuck(asked bigint) returns boolean
    language sql volatile security definer set search_path = pg_catalog as
    $$ with dropped as (
        update market.submission set state = '取りやめ', content = ''
        where id = asked and vendor = market.own() and state = '判定不能' returning 1)
       select exists (select from dropped) $$;
revoke all on function market.drop_stuck(bigint) from public;
grant execute on function market.drop_stuck(bigint) to kumoi_vendor;

-- 登録の申請: who asks to become a vendor. The entrance of the internet zone leaves it through one
-- function and reads nothing but how one stands whose word it is told; the platform decides.

-- 法人番号: twelve digits behind a check digit (nine minus the remainder of the weighted sum by nine).
create function market.is_corporate_number(given text) returns boolean language sql immutable as
    $$ select case when given ~ '^[0-9]{13}$' then left(given, 1)::integer = 9 - (
        select sum(substr(given, 14 - place, 1)::integer * (2 - place % 2)) % 9
        from generate_series(1, 12) place) else false end $$;

create table market.application (
    id bigint generated always as identity primary key,
    applied_at timestamptz not null default now(),
    corporate_number text not null check (market.is_corporate_number(corporate_number)),
    name text not null check (length(name) between 1 and 100),
    name_en text not null check (length(name_en) between 1 and 100),
    contact text not null check (length(contact) between 1 and 100),
    mail text not null check (mail ~ '^[^@[:space:]]+@[^@[:space:]]+$' and length(mail) <= 200),
    -- SHA-256 of the word that the applicant asks with; the word itself is kept nowhere.
    secret bytea not null check (octet_length(secret) = 32),
    -- Where it came from: against floods, and forgotten when it is decided.
    source text check (length(source) <= 100),
    -- 承認: admitted, and about to be opened. 登録: the vendor can sign in.
    state text not null default '受付' check (state in ('受付', '承認', '却下', '登録')),
    decided_at timestamptz,
    decided_by text check (decided_by <> ''),
    reason text check (reason <> ''),
    opened_at timestamptz,
    check ((state = '受付') = (decided_at is null)),
    check (num_nonnulls(decided_at, decided_by) in (0, 2)),
    check ((state = '却下') = (reason is not null)),
    check ((state = '登録') = (opened_at is not null)),
    check (state = '受付' or source is null)
);
create unique index application_once on market.application (corporate_number)
    where state <> '却下';

-- What was applied for stays as it was; each step is taken once.
create function market.application_guard() returns trigger language plpgsql as
$$
begin
    if (old.state, new.state) not in (('受付', '承認'), ('受付', '却下'), ('承認', '登録'))
        or row(new.id, new.applied_at, new.corporate_number, new.name, new.name_en, new.contact,
            new.mail, new.secret)
        is distinct from row(old.id, old.applied_at, old.corporate_number, old.name, old.name_en,
            old.contact, old.mail, old.secret)
        or old.state = '承認' and row(new.decided_at, new.decided_by)
            is distinct from row(old.decided_at, old.decided_by) then
        raise exception 'no application goes from % to % so', old.state, new.state;
    end if;
    if new.state = '承認' then
        perform pg_notify('kumoi_admitted', '');
    end if;
    return new;
end
$$;
create trigger guarded before update on market.application
    for each row execute function market.application_guard();

create function market.apply(number text, called text, called_en text, person text, address text,
    word bytea, place text) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog as
$$
declare
    made bigint;
begin
    perform pg_advisory_xact_lock(hashtextextended('market.application', 0));
    if exists (select from market.application a
            where a.corporate_number = number and a.state <> '却下') then
        raise exception 'there is an application for this number' using errcode = 'KM003';
    end if;
    if 200 <= (select count(*) from market.application a where a.state = '受付')
        or 10 <= (select count(*) from market.application a
            where a.source = place and a.applied_at > now() - interval '1 day') then
        raise exception 'too many applications' using errcode = 'KM004';
    end if;
    insert into market.application
        (corporate_number, name, name_en, contact, mail, secret, source)
    values (number, called, called_en, person, address, word, place) returning id into made;
    return made;
end
$$;

create function market.application_of(asked bigint, word bytea)
    returns table (state text, reason text, corporate_number text)
    language sql stable security definer set search_path = pg_catalog as
    $$ select a.state, a.reason, a.corporate_number from market.application a
       where a.id = asked and a.secret = word $$;

revoke all on function market.apply(text, text, text, text, text, bytea, text),
    market.application_of(bigint, bytea) from public;
grant usage on schema market to kumoi_entrance;
grant execute on function market.apply(text, text, text, text, text, bytea, text),
    market.application_of(bigint, bytea) to kumoi_entrance;

-- 段階的な配信: a new version goes to the bodies that have the older one in stages. The vendor asks and
-- may stop or resume; the platform writes what becomes of it, body by body.
create table market.rollout (
    id bigint generated always as identity primary key,
    vendor text not null default market.own() references market.vendor,
    submission bigint not null references market.submission,
    -- Whose version it is: written by the database.
    system text not null,
    asked_at timestamptz not null default now(),
    asked_by text not null,
    stages jsonb not null check (jsonb_typeof(stages) = 'array'
        and jsonb_array_length(stages) between 1 and 10),
    wish text not null default '開始' check (wish in ('開始', '再開', '取りやめ')),
    state text not null default '申出' check (state in
        ('申出', '配信中', '中断', '完了', '取りやめ', '不可')),
    reason text not null default '',
    changed_at timestamptz not null default now(),
    check (state not in ('中断', '不可') or reason <> '')
);
-- One at a time for a system of a vendor.
create unique index rollout_open on market.rollout (vendor, system)
    where state in ('申出', '配信中', '中断');

create table market.rollout_body (
    rollout bigint not null references market.rollout,
    organisation text not null,
    name text not null,
    stage integer not null check (stage > 0),
    state text not null default '待ち' check (state in
        ('待ち', '更新中', '更新済', '失敗', '対象外')),
    -- The contract in service when it was planned, and the one that takes its place.
    old_contract bigint not null,
    contract bigint,
    at timestamptz not null default now(),
    note text not null default '',
    primary key (rollout, organisation)
);

create function market.rollout_begin() returns trigger language plpgsql as
$$
begin
    select s.system into new.system from market.submission s
    where s.id = new.submission and s.vendor = new.vendor and s.state = '公開';
    if new.system is null then
        raise exception 'this is not on offer' using errcode = 'KM005';
    end if;
    return new;
end
$$;
create trigger begun before insert on market.rollout
    for each row execute function market.rollout_begin();

create function market.rollout_tell() returns trigger language plpgsql as
$$
begin
    perform pg_notify('kumoi_rollout', '');
    return null;
end
$$;
create trigger told after insert or update of wish on market.rollout
    for each row execute function market.rollout_tell();

-- A body's turn comes on its stage's day, after every earlier stage, and while nothing is wrong.
create function market.rollout_turn() returns trigger language plpgsql as
$$
declare
    whole market.rollout;
begin
    if new.state <> old.state and (old.state, new.state) not in (values
            ('待ち', '更新中'), ('待ち', '対象外'), ('更新中', '更新済'), ('更新中', '失敗'),
            ('失敗', '待ち')) then
        raise exception 'no body goes from % to %', old.state, new.state;
    end if;
    if new.state = '更新中' and old.state = '待ち' then
        select * into whole from market.rollout r where r.id = new.rollout;
        if whole.state <> '配信中'
            or (whole.stages -> (new.stage - 1) ->> 'from')::date
                > (now() at time zone 'Asia/Tokyo')::date
            or exists (select from market.rollout_body b where b.rollout = new.rollout
                and (b.state = '失敗' or b.stage < new.stage and b.state in ('待ち', '更新中'))) then
            raise exception 'its turn has not come';
        end if;
    end if;
    new.at := now();
    return new;
end
$$;
create trigger turn before update on market.rollout_body
    for each row execute function market.rollout_turn();

alter table market.rollout enable row level security;
create policy own on market.rollout for select to kumoi_vendor using (vendor = market.own());
create policy ask on market.rollout for insert to kumoi_vendor
    with check (vendor = market.own() and state = '申出' and wish = '開始');
create policy wish on market.rollout for update to kumoi_vendor
    using (vendor = market.own() and state in ('申出', '配信中', '中断'))
    with check (vendor = market.own() and wish <> '開始');
alter table market.rollout_body enable row level security;
create policy own on market.rollout_body for select to kumoi_vendor
    using (exists (select from market.rollout r
        where r.id = rollout and r.vendor = market.own()));
grant select on market.rollout, market.rollout_body to kumoi_vendor;
grant insert (submission, asked_by, stages), update (wish) on market.rollout to kumoi_vendor;

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
