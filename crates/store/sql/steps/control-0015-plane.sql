-- What was known to be wrong of the national operator's plane: a blueprint whose rest was given up
-- says so; what the watch heard is booked once; a prefecture sees the months of its municipalities
-- in the plan of waves in force.

-- 取止め: it has ended, and not everything in it was done.
do $$
declare
    known record;
begin
    for known in select conname from pg_constraint
        where conrelid = 'control.blueprint'::regclass and contype = 'c'
          and pg_get_constraintdef(oid) like '%完了%'
    loop
        execute format('alter table control.blueprint drop constraint %I', known.conname);
    end loop;
end
$$;
alter table control.blueprint
    add constraint blueprint_state check
        (state in ('案', '承認済', '適用中', '完了', '取止め', '取下げ', '却下')),
    add constraint blueprint_begun check
        ((state in ('適用中', '完了', '取止め')) = (generation is not null));
update control.blueprint b set state = '取止め'
where state = '完了' and exists (
    select from control.blueprint_step s where s.blueprint = b.id and s.state = '取止');

-- The last batch that each watcher has booked: one whose answer was lost is not booked again.
create table control.watch_batch (
    watcher text primary key check (watcher <> ''),
    number bigint not null check (number > 0),
    booked_at timestamptz not null default now()
);

-- A body that is being deleted or was is asked no more: it is not missed, and what went on there has
-- ended.
create or replace view control.watched_body as
    select o.id, o.name from control.organisation o where o.kind <> 'operator'
      and not exists (select from control.deletion d where d.organisation = o.id
        and d.state in ('消去中', '照合済', '完了'));
create function control.watch_ends(asked text) returns void language sql as
$$
    with ended as (
        update control.incident set ended_at = greatest(now(), began_at)
        where organisation = asked and ended_at is null and found_by = '見張り' returning id)
    insert into control.incident_note (incident, actor, words)
    select id, '見張り', '団体のデータを消去したため、見張りを終えました' from ended
$$;
revoke execute on function control.watch_ends from public;
create function control.deletion_quiet() returns trigger language plpgsql as
$$
begin
    perform control.watch_ends(new.organisation);
    return null;
end
$$;
create trigger quiet after update of state on control.deletion
    for each row when (new.state in ('消去中', '照合済', '完了'))
    execute function control.deletion_quiet();
select control.watch_ends(organisation) from control.deletion
where state in ('消去中', '照合済', '完了');

-- What a plan says of each move, as it was worked out when the draft was made: a prefecture sees the
-- months of its own bodies, and none of the texts. It stays as it was.
create table control.wave_slot (
    plan bigint not null references control.wave_plan,
    body text not null,
    system text not null,
    vendor text not null,
    -- As YYYY-MM; null where it finds no month.
    month text check (month ~ '^[0-9]{4}-[0-9]{2}$'),
    primary key (plan, body, system)
);
create trigger keep before update or delete on control.wave_slot
    for each row execute function control.wave_keep();

-- Slots come from who made the draft, while it is one.
create function control.is_wave_draft(asked bigint) returns boolean language sql stable as
$$
    select exists (select from control.wave_plan
        where id = asked and state = '案' and made_by = control.plane_actor())
$$;
alter table control.wave_slot enable row level security;
create policy see on control.wave_slot for select to kumoi_operator using (true);
create policy make on control.wave_slot for insert to kumoi_operator
    with check (control.is_wave_draft(plan));
grant select on control.wave_slot to kumoi_operator;
grant insert (plan, body, system, vendor, month) on control.wave_slot to kumoi_operator;

create view control.prefecture_wave with (security_barrier) as
    select s.body, s.system, s.vendor, s.month from control.wave_slot s
    join control.wave_plan p on p.id = s.plan and p.state = '採用'
    where left(s.body, 2) = control.own_prefecture() and s.body ~ '^[0-9]{6}$';
grant select on control.prefecture_wave to kumoi_prefecture;
