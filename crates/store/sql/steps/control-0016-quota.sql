-- 利用枠: how much of the platform a body may use. In force is what an operator granted last, else the
-- default of its size. Every word of it is an act that nobody changes; what is used is measured.
-- What is over never stops a counter: it stops a new contract and a training copy only.

-- The defaults of `data/cloud/quotas.csv`, put here by the executor. In base units: 容量 in bytes.
create table control.quota_default (
    kind text not null check (kind in ('容量', '接続', '業務システム')),
    residents_from integer not null check (residents_from >= 0),
    from_day date not null,
    size text not null check (size <> ''),
    value bigint not null check (value > 0),
    primary key (kind, residents_from, from_day)
);
create trigger never before update or delete or truncate on control.quota_default
    for each statement execute function control.never();

-- What was measured on a day: 容量 as it was last, 接続 the most of one login at a time.
create table control.quota_used (
    organisation text not null references control.organisation,
    kind text not null check (kind in ('容量', '接続')),
    day date not null,
    used bigint not null check (used >= 0),
    at timestamptz not null default now(),
    primary key (organisation, kind, day)
);

-- 申込み: asked for by one person of a body, decided by another, granted or refused by an operator.
-- The last act of a request says how it stands; the number of its first one is its own.
create table control.quota_act (
    id bigint generated always as identity primary key,
    request bigint not null references control.quota_act,
    at timestamptz not null default now(),
    organisation text not null references control.organisation,
    kind text not null check (kind in ('容量', '接続', '業務システム')),
    act text not null check (act in ('起案', '決裁', '取下げ', '承認', '却下')),
    value bigint not null check (value > 0),
    reason text not null default '' check (length(reason) <= 2000),
    actor text not null check (actor <> ''),
    check (act not in ('起案', '却下') or reason <> ''),
    check ((act = '起案') = (request = id))
);
create index quota_act_of on control.quota_act (request, id);
create index quota_act_granted on control.quota_act (organisation, kind, id) where act = '承認';
create trigger never before update or delete or truncate on control.quota_act
    for each statement execute function control.never();

create index contract_of_body on control.contract (organisation);

-- What is in force for each body, and what it uses. A body's login sees its own. 業務システム counts what
-- is signed or in service; what only takes the place of another counts once.
create view control.quota with (security_barrier) as
    select o.id as organisation, o.name, k.kind, d.size, d.value as default_value,
        coalesce(g.value, d.value) as value,
        case when g.value is not null then '承認' when d.value is not null then '既定' end as origin,
        coalesce((g.at at time zone 'Asia/Tokyo')::date, d.from_day) as since,
        case when k.kind = '業務システム' then s.used else u.used end as used,
        case when k.kind = '業務システム' then now() else u.at end as at
    from control.organisation o
    left join lateral (select t.residents from control.contract c
        cross join lateral (select m.day, m.residents from control.metered m
            where m.contract = c.id order by m.day desc limit 1) t
        where c.organisation = o.id order by t.day desc, c.id limit 1) r on true
    cross join (values ('容量', 1), ('接続', 2), ('業務システム', 3)) k (kind, place)
    left join lateral (select f.size, f.value, f.from_day from control.quota_default f
        where f.kind = k.kind and f.residents_from <= coalesce(r.residents, 0)
            and f.from_day <= (now() at time zone 'Asia/Tokyo')::date
        order by f.residents_from desc, f.from_day desc limit 1) d on true
    left join lateral (select a.value, a.at from control.quota_act a
        where a.organisation = o.id and a.kind = k.kind and a.act = '承認'
        order by a.id desc limit 1) g on true
    left join lateral (select m.used, m.at from control.quota_used m
        where m.organisation = o.id and m.kind = k.kind order by m.day desc limit 1) u on true
    left join lateral (select count(*) as used from control.contract c
        where c.organisation = o.id and (c.state = '提供中'
            or (c.state in ('締結', '移行待ち') and c.replaces is null))) s on true
    where o.kind = 'municipality' and (not control.is_buyer() or o.id = control.own())
        and not exists (select from control.deletion l
            where l.organisation = o.id and l.state in ('消去中', '照合済', '完了'))
    order by o.code, k.place;

-- Bounds against nonsense: 容量 1 GB to 100 TB, 接続 from what a zone's own pools need to 200,
-- 業務システム 1 to 500.
create function control.quota_bound(kind text, out low bigint, out high bigint)
    language sql immutable as
    $$ select b.low, b.high from (values ('容量', 1000000000, 100000000000000),
        ('接続', 20, 200), ('業務システム', 1, 500)) b (kind, low, high)
       where b.kind = $1 $$;

-- The ceilings of all bodies' logins together, four logins each, and the most that a raise may
-- bring them to: what the cluster takes, less what the platform needs itself.
create view control.quota_connections with (security_barrier) as
    select (coalesce(sum(q.value), 0) * 4)::bigint as ceilings,
        current_setting('max_connections')::bigint as most,
        current_setting('max_connections')::bigint - 40 as grantable
    from control.quota q where q.kind = '接続';

-- Refuses a value that cannot be (KM014): the rule, and its figures.
create function control.quota_check(body text, wanted_kind text, wanted bigint, granting boolean)
    returns void language plpgsql set search_path = pg_catalog as
$$
declare
    bound record;
    known record;
    room record;
begin
    select * into bound from control.quota_bound(wanted_kind);
    select q.value, q.used into known from control.quota q
    where q.organisation = body and q.kind = wanted_kind;
    if wanted < bound.low or wanted > bound.high then
        raise exception 'bound % %', bound.low, bound.high using errcode = 'KM014';
    elsif wanted < coalesce(known.used, 0) then
        raise exception 'used % %', known.used, known.used using errcode = 'KM014';
    elsif not granting and wanted = known.value then
        raise exception 'same % %', wanted, wanted using errcode = 'KM014';
    end if;
    if granting and wanted_kind = '接続' and wanted > coalesce(known.value, 0) then
        select * into room from control.quota_connections;
        room.ceilings := room.ceilings + (wanted - coalesce(known.value, 0)) * 4;
        if room.ceilings > room.grantable then
            raise exception 'cluster % %', room.ceilings, room.grantable using errcode = 'KM014';
        end if;
    end if;
end
$$;

-- The whole life of a request: 起案 → 決裁 by another → 承認 or 却下 by an operator; 取下げ before that.
-- A body's login acts for its body, an operator's as the admitted person; nobody else acts.
create function control.quota_guard() returns trigger language plpgsql security definer
    set search_path = pg_catalog as
$$
declare
    buyer constant boolean := control.is_buyer();
    last control.quota_act;
begin
    new.at := now();
    if not buyer then
        new.actor := control.plane_actor();
        if new.actor is null or new.actor not like '%@%' then
            raise exception 'only an admitted operator decides here' using errcode = '42501';
        end if;
    end if;
    if buyer <> (new.act in ('起案', '決裁', '取下げ')) then
        raise exception '% is not for this login', new.act using errcode = '42501';
    end if;
    new.organisation := case when buyer then control.own()
        else (select a.organisation from control.quota_act a where a.id = new.request) end;
    perform pg_advisory_xact_lock(hashtextextended('quota ' || new.organisation, 0));
    if new.kind = '接続' or new.act = '承認' then
        -- The room of a cluster is given away one at a time.
        perform pg_advisory_xact_lock(hashtextextended('quota of all', 0));
    end if;
    if new.act = '起案' then
        new.request := new.id;
        if exists (select from (select distinct on (a.request) a.act from control.quota_act a
                where a.organisation = new.organisation and a.kind = new.kind
                order by a.request, a.id desc) open where open.act in ('起案', '決裁')) then
            raise exception 'open 0 0' using errcode = 'KM014';
        end if;
        perform control.quota_check(new.organisation, new.kind, new.value, false);
        return new;
    end if;
    select a.* into last from control.quota_act a
    where a.request = new.request and a.organisation = new.organisation
    order by a.id desc limit 1;
    if last.id is null or (last.act, new.act) not in (values ('起案', '決裁'), ('起案', '取下げ'),
            ('決裁', '取下げ'), ('決裁', '承認'), ('決裁', '却下')) then
        raise exception 'no request goes from % to %', last.act, new.act;
    elsif new.act = '決裁' and new.actor = last.actor then
        raise exception 'who drafted it does not decide it';
    end if;
    new.kind := last.kind;
    if new.act <> '承認' or new.value is null then
        new.value := last.value;
    end if;
    if new.act = '承認' then
        perform control.quota_check(new.organisation, new.kind, new.value, true);
    end if;
    return new;
end
$$;
create trigger guarded before insert on control.quota_act
    for each row execute function control.quota_guard();

-- The executor is told of what was granted.
create trigger granted after insert on control.quota_act
    for each row when (new.act = '承認') execute function control.tell();

-- Refuses (KM013) what comes on top of a body whose 容量 is full, or one system more than it may
-- have.
create function control.quota_hold(body text, more integer) returns void language plpgsql
    set search_path = pg_catalog as
$$
declare
    known record;
begin
    perform pg_advisory_xact_lock(hashtextextended('quota ' || body, 0));
    for known in select q.kind, q.value, q.used from control.quota q where q.organisation = body
    loop
        if known.kind = '業務システム' and more > 0 and known.used + more > known.value then
            raise exception 'systems % %', known.used, known.value using errcode = 'KM013';
        elsif known.kind = '容量' and known.used >= known.value then
            raise exception 'capacity % %', known.used, known.value using errcode = 'KM013';
        end if;
    end loop;
end
$$;

-- 締結 of what takes no other contract's place.
create function control.quota_signed() returns trigger language plpgsql security definer
    set search_path = pg_catalog as
$$
begin
    perform control.quota_hold(new.organisation, 1);
    return new;
end
$$;
create trigger quota before update of state on control.contract for each row
    when (old.state = '決裁済' and new.state = '締結' and new.replaces is null)
    execute function control.quota_signed();

-- A training copy that is not there yet.
create function control.quota_trained() returns trigger language plpgsql security definer
    set search_path = pg_catalog as
$$
begin
    if not exists (select from control.training t where t.of = new.of and t.wish <> '閉じる') then
        perform control.quota_hold(new.of, 0);
    end if;
    return new;
end
$$;
create trigger quota before insert or update of wish on control.training
    for each row when (new.wish = '開く') execute function control.quota_trained();

-- Called by the rules above only.
revoke execute on function control.quota_check(text, text, bigint, boolean),
    control.quota_hold(text, integer) from public;

alter table control.quota_used enable row level security;
create policy own on control.quota_used for select to kumoi_buyer
    using (organisation = control.own());
create policy operator on control.quota_used for select to kumoi_operator using (true);
alter table control.quota_act enable row level security;
create policy own on control.quota_act for select to kumoi_buyer
    using (organisation = control.own());
create policy act on control.quota_act for insert to kumoi_buyer
    with check (organisation = control.own() and act in ('起案', '決裁', '取下げ'));
create policy operator on control.quota_act for select to kumoi_operator using (true);
create policy decide on control.quota_act for insert to kumoi_operator
    with check (act in ('承認', '却下'));

grant select on control.quota_default, control.quota_used, control.quota_act, control.quota
    to kumoi_buyer, kumoi_operator;
grant select on control.quota_connections to kumoi_operator;
grant insert (request, kind, act, value, reason, actor) on control.quota_act to kumoi_buyer;
grant insert (request, act, value, reason) on control.quota_act to kumoi_operator;
