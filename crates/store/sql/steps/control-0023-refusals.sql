-- What two people do at once, and a tender that nobody won, is refused with a word of its own.

-- 利用枠 by default: the newest table of a kind that is in force, and the size in it.
create or replace view control.quota with (security_barrier) as
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
            and f.from_day = (select max(t.from_day) from control.quota_default t
                where t.kind = k.kind and t.from_day <= (now() at time zone 'Asia/Tokyo')::date)
        order by f.residents_from desc limit 1) d on true
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

-- The room of a cluster is given away one at a time; asking for it keeps nobody waiting.
create or replace function control.quota_guard() returns trigger language plpgsql security definer
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
    if new.act = '承認' then
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
        raise exception 'late 0 0' using errcode = 'KM014';
    elsif new.act = '決裁' and new.actor = last.actor then
        raise exception 'own 0 0' using errcode = 'KM014';
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

-- 入札の結果 is entered with the draft: in its transaction, or never.
drop policy draft on control.bid;
create policy draft on control.bid for insert to kumoi_buyer
    with check (exists (select from control.contract c
        where c.id = contract and c.organisation = control.own() and c.state = '起案'
            and c.method = '競争入札' and c.drafted_at = now()));
create or replace function control.contract_tendered() returns trigger language plpgsql as
$$
begin
    if new.budget_yen is distinct from old.budget_yen then
        raise exception 'what was drafted is not written over';
    end if;
    if control.is_buyer() and old.state = '起案' and new.state = '決裁済'
            and new.method = '競争入札'
            and not exists (select from control.bid b
                where b.contract = new.id and b.result = '落札')
            and not exists (select from control.joint_draft j where j.contract = new.id) then
        raise exception 'a tender without a winner is not decided' using errcode = 'KM025';
    end if;
    return new;
end
$$;

-- Asked once, not for each move of the nation.
create or replace view control.prefecture_wave with (security_barrier) as
    select s.body, s.system, s.vendor, s.month from control.wave_slot s
    join control.wave_plan p on p.id = s.plan and p.state = '採用'
    where left(s.body, 2) = (select control.own_prefecture()) and s.body ~ '^[0-9]{6}$';

revoke execute on function control.cost_renamed(text, text) from public;
