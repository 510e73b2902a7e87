-- What a municipality finds of its cost on its own pages: what its shares are made of, and the
-- figures of the goal. It sees its own only.

-- The services that the shares of a system are spread over in FOCUS, in order, and what each weighs
-- in millionths of a yen; apart, those that a credit is spread over.
create table control.cost_service (
    run bigint not null references control.cost_run,
    organisation text not null references control.organisation,
    system text not null,
    credit boolean not null,
    place integer not null,
    provider text not null,
    service text not null,
    category text not null,
    weight numeric(38, 0) not null check (weight > 0),
    primary key (run, organisation, system, credit, place)
);
-- What an organisation bears by usage in each currency, in millionths, and in millionths of a yen.
create table control.cost_currency (
    run bigint not null references control.cost_run,
    organisation text not null references control.organisation,
    currency text not null check (currency <> ''),
    amount numeric(38, 0) not null,
    yen numeric(38, 0) not null,
    primary key (run, organisation, currency)
);
create trigger never before update or delete or truncate on control.cost_service
    for each statement execute function control.never();
create trigger never before update or delete or truncate on control.cost_currency
    for each statement execute function control.never();

-- 三割削減の目標: a figure as somebody of the body stated it, with its source; without yen it is not
-- known any more, and the source says why. The last word holds; none is ever changed.
create table control.cost_goal (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    organisation text not null references control.organisation,
    name text not null check (name in ('平成30年度の運用経費', '現在の運用経費',
        '基準に加える物価の変動', '基準に加える消費税率の変動', '基準に加える業務と制度の変更')),
    yen bigint check (yen between -1000000000000000 and 1000000000000000),
    source text not null check (source ~ '\S' and length(source) <= 500),
    actor text not null check (actor <> ''),
    saw bigint references control.cost_goal,
    check (name <> '平成30年度の運用経費' or yen > 0),
    check (name <> '現在の運用経費' or yen >= 0)
);
create index cost_goal_of on control.cost_goal (organisation, name, id);
create trigger never before update or delete or truncate on control.cost_goal
    for each statement execute function control.never();

-- A login speaks for its own body, now, and about what its reader saw: `saw` is the last word that
-- stood there. Of two who state the same figure at once the second is told (KM023).
create function control.goal_guard() returns trigger language plpgsql security definer
    set search_path = pg_catalog as
$$
begin
    new.at := now();
    if control.is_buyer() then
        new.organisation := control.own();
    end if;
    perform pg_advisory_xact_lock(hashtextextended('goal ' || new.organisation, 0));
    if new.saw is distinct from (select max(g.id) from control.cost_goal g
            where g.organisation = new.organisation and g.name = new.name) then
        raise exception 'somebody stated it meanwhile' using errcode = 'KM023';
    end if;
    return new;
end
$$;
create trigger guarded before insert on control.cost_goal
    for each row execute function control.goal_guard();

alter table control.cost_service enable row level security;
create policy own on control.cost_service for select to kumoi_buyer
    using (organisation = control.own());
alter table control.cost_currency enable row level security;
create policy own on control.cost_currency for select to kumoi_buyer
    using (organisation = control.own());
alter table control.cost_goal enable row level security;
create policy own on control.cost_goal for select to kumoi_buyer
    using (organisation = control.own());
create policy state on control.cost_goal for insert to kumoi_buyer
    with check (organisation = control.own());

grant select on control.cost_service, control.cost_currency, control.cost_goal to kumoi_buyer;
grant insert (name, yen, source, actor, saw) on control.cost_goal to kumoi_buyer;
