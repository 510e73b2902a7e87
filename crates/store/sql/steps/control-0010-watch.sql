-- 稼働の見張りと障害: what was asked of each organisation's zones and how often they answered; what went
-- wrong, since when, in whose responsibility, and what was said about it.
-- A municipality's LGWAN login sees its own, and what concerns all.

create table control.watched (
    organisation text not null references control.organisation,
    service text not null,
    day date not null,
    checks integer not null check (checks > 0),
    failures integer not null check (failures between 0 and checks),
    slowest_ms integer not null check (slowest_ms >= 0),
    -- When it was asked last: what is older than a few minutes says nothing of now.
    last_at timestamptz not null,
    primary key (organisation, service, day)
);

create table control.incident (
    id bigint generated always as identity primary key,
    organisation text references control.organisation,
    service text not null,
    layer text not null check (layer in ('団体', '業務システム', '運用管理', 'クラウド', '国')),
    title text not null check (title <> ''),
    began_at timestamptz not null default now(),
    ended_at timestamptz check (ended_at >= began_at),
    found_by text not null check (found_by in ('見張り', '人'))
);
create index incident_of on control.incident (organisation, began_at);
-- What the watch found is open once only.
create unique index incident_found on control.incident (organisation, service)
    where ended_at is null and found_by = '見張り';

create table control.incident_note (
    id bigint generated always as identity primary key,
    incident bigint not null references control.incident,
    at timestamptz not null default now(),
    actor text not null check (actor <> ''),
    words text not null check (words <> '')
);
create index incident_note_of on control.incident_note (incident);
create trigger never before update or delete or truncate on control.incident_note
    for each statement execute function control.never();

-- What has ended stays as it was.
create function control.incident_keep() returns trigger language plpgsql as
$$
begin
    raise exception 'incident % has ended', old.id using errcode = '42501';
end
$$;
create trigger ended before update or delete on control.incident
    for each row when (old.ended_at is not null) execute function control.incident_keep();

alter table control.watched enable row level security;
create policy own on control.watched for select to kumoi_buyer
    using (organisation = control.own());
alter table control.incident enable row level security;
create policy own on control.incident for select to kumoi_buyer
    using (organisation is null or organisation = control.own());
alter table control.incident_note enable row level security;
create policy own on control.incident_note for select to kumoi_buyer
    using (exists (select from control.incident i where i.id = incident
        and (i.organisation is null or i.organisation = control.own())));

grant select on control.watched, control.incident, control.incident_note to kumoi_buyer;

-- The national operator sees of every body whether it answers and what went wrong, and of the body
-- no more than its name.
create policy operator on control.watched for select to kumoi_operator using (true);
create policy operator on control.incident for select to kumoi_operator using (true);
create policy operator on control.incident_note for select to kumoi_operator using (true);
create view control.watched_body as
    select id, name from control.organisation where kind <> 'operator';
grant select on control.watched, control.incident, control.incident_note, control.watched_body
    to kumoi_operator;

-- What was measured of its own moves, for the report of the trial (検証).
alter table control.relocation enable row level security;
create policy own on control.relocation for select to kumoi_buyer
    using (organisation = control.own());
grant select (id, organisation, read_only_ms, rows, different, begun_at)
    on control.relocation to kumoi_buyer;

-- And which clouds its accounts are in.
alter table control.cost_owner enable row level security;
create policy own on control.cost_owner for select to kumoi_buyer
    using (organisation = control.own());
grant select (provider, organisation) on control.cost_owner to kumoi_buyer;
