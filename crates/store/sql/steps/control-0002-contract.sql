-- 契約: how an offer comes to be contracted (起案, 決裁, 締結), what it costs and what is metered.
-- The LGWAN login of a municipality sees every offer and its own contracts, and nobody else's.

do $$
begin
    if not exists (select from pg_roles where rolname = 'kumoi_buyer') then
        create role kumoi_buyer nologin;
    end if;
end
$$;

alter table control.offer add column price jsonb;

alter table control.contract
    drop constraint contract_state_check,
    alter column signed_at drop not null,
    alter column signed_at drop default,
    add column method text not null default '随意契約'
        check (method in ('競争入札', '随意契約')),
    add column reason text not null default '',
    add column budget text not null default '',
    add column drafted_by text not null default '',
    add column drafted_at timestamptz not null default now(),
    add column decided_by text,
    add column decided_at timestamptz,
    add column signed_by text;

-- What was contracted before was contracted by the sample organisations' own start.
update control.contract
set drafted_by = '見本', drafted_at = signed_at, reason = '見本の団体の初めの契約',
    decided_by = '見本の決裁', decided_at = signed_at, signed_by = '見本';

alter table control.contract
    add check (state in ('起案', '決裁済', '締結', '提供中', '終了', '取下げ')),
    add check (decided_by <> drafted_by),
    add check (state in ('起案', '取下げ') or (decided_by is not null and decided_at is not null)),
    add check (state in ('起案', '決裁済', '取下げ')
        or (signed_by is not null and signed_at is not null));

create table control.contract_act (
    id bigint generated always as identity primary key,
    contract bigint not null references control.contract,
    at timestamptz not null default now(),
    actor text not null,
    act text not null,
    note text not null
);
create index contract_act_of on control.contract_act (contract);

create table control.metered (
    contract bigint not null references control.contract,
    day date not null,
    residents integer not null,
    primary key (contract, day)
);

-- The organisation whose login this is.
create function control.own() returns text language sql stable as
    $$ select regexp_replace(session_user::text, '_lgwan$', '') $$;

-- Whether a contract is the own one.
create function control.is_own(asked bigint) returns boolean language sql stable as
    $$ select exists (
        select from control.contract where id = asked and organisation = control.own()) $$;

alter table control.organisation enable row level security;
create policy own on control.organisation for select to kumoi_buyer using (id = control.own());

alter table control.contract enable row level security;
create policy own on control.contract for select to kumoi_buyer
    using (organisation = control.own());
create policy draft on control.contract for insert to kumoi_buyer
    with check (organisation = control.own() and state = '起案');
create policy act on control.contract for update to kumoi_buyer
    using (organisation = control.own() and state in ('起案', '決裁済', '取下げ'))
    with check (organisation = control.own() and state in ('起案', '決裁済', '締結', '取下げ'));

alter table control.contract_act enable row level security;
create policy own on control.contract_act for select to kumoi_buyer using (control.is_own(contract));
create policy act on control.contract_act for insert to kumoi_buyer
    with check (control.is_own(contract));

alter table control.metered enable row level security;
create policy own on control.metered for select to kumoi_buyer using (control.is_own(contract));

grant usage on schema control to kumoi_buyer;
grant select on control.offer, control.organisation, control.contract, control.contract_act,
    control.metered to kumoi_buyer;
grant insert (organisation, offer, state, method, reason, budget, drafted_by)
    on control.contract to kumoi_buyer;
grant update (state, method, reason, budget, drafted_by, drafted_at, decided_by, decided_at,
    signed_by, signed_at) on control.contract to kumoi_buyer;
grant insert (contract, actor, act, note) on control.contract_act to kumoi_buyer;

-- The executor is told of what was signed.
create function control.tell() returns trigger language plpgsql as
$$
begin
    perform pg_notify('kumoi_signed', new.organisation);
    return null;
end
$$;
create trigger signed after insert or update of state on control.contract
    for each row when (new.state = '締結') execute function control.tell();
