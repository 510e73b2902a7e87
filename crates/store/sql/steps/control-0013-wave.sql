-- 移行の波: plans of which body moves which system when, as the texts that they are worked out from
-- again at each look. One is in force; it comes into force by another operator than who made it.
-- What was planned and decided stays as it was.

create table control.wave_plan (
    id bigint generated always as identity primary key,
    -- What holds for all (YAML), and the moves (CSV).
    frame text not null check (frame <> '' and length(frame) <= 1000000),
    moves text not null check (moves <> '' and length(moves) <= 8000000),
    note text not null default '',
    hash text not null,
    state text not null default '案' check (state in ('案', '採用', '交代', '却下', '取下げ')),
    made_by text not null check (made_by <> ''),
    made_at timestamptz not null default now(),
    decided_by text check (decided_by <> ''),
    decided_at timestamptz,
    reason text not null default '',
    check ((state = '案') = (decided_by is null)),
    check ((decided_by is null) = (decided_at is null)),
    check (state not in ('採用', '交代') or decided_by <> made_by),
    check (state <> '却下' or reason <> '')
);
create unique index wave_in_force on control.wave_plan ((true)) where state = '採用';

create function control.wave_sign() returns trigger language plpgsql as
$$
declare
    actor text := control.plane_actor();
begin
    if actor is null or actor not like '%@%' then
        raise exception '移行の計画は、登録された運用担当が画面で作ります' using errcode = '42501';
    end if;
    new.hash := encode(sha256(convert_to(new.frame || chr(30) || new.moves, 'UTF8')), 'hex');
    new.state := '案';
    new.made_by := actor;
    new.made_at := now();
    new.decided_by := null;
    new.decided_at := null;
    new.reason := '';
    return new;
end
$$;
create trigger sign before insert on control.wave_plan
    for each row execute function control.wave_sign();

create function control.wave_keep() returns trigger language plpgsql as
$$
begin
    raise exception '移行の計画は書き換えられません' using errcode = '42501';
end
$$;
create trigger keep before update of frame, moves, note, hash, made_by, made_at or delete
    on control.wave_plan for each row execute function control.wave_keep();
create trigger keep_decided before update on control.wave_plan
    for each row when (old.state not in ('案', '採用')) execute function control.wave_keep();

-- The one way to decide: 採用 by another than who made it, which ends the one in force; 却下 with a
-- reason; 取下げ by who made it.
create function control.wave_decide(asked bigint, seen text, wanted text, why text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    actor text := control.plane_actor();
    known control.wave_plan;
begin
    select * into known from control.wave_plan where id = asked for update;
    if actor is null or actor not like '%@%' then
        raise exception '運用担当として登録されていない人は決められません' using errcode = '42501';
    elsif known.state is distinct from '案' or known.hash <> seen then
        raise exception '承認を待つ案ではないか、見た内容と違います' using errcode = '42501';
    elsif (wanted = '採用' and actor = known.made_by)
            or (wanted = '取下げ' and actor <> known.made_by)
            or wanted not in ('採用', '却下', '取下げ') then
        raise exception '作った人は採用できず、ほかの人は取り下げられません' using errcode = '42501';
    end if;
    if wanted = '採用' then
        update control.wave_plan set state = '交代' where state = '採用';
    end if;
    update control.wave_plan
    set state = wanted, decided_by = actor, decided_at = now(), reason = why where id = asked;
end
$$;
revoke execute on function control.wave_decide from public;

grant select on control.wave_plan to kumoi_operator;
grant insert (frame, moves, note) on control.wave_plan to kumoi_operator;
grant execute on function control.wave_decide to kumoi_operator;
