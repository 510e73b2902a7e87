-- 公開: the packages themselves, by their hash, with the report of the gate and the vendor's
-- documents beside each offer; and the municipality's own 適合確認.

create table control.package (
    hash text primary key,
    files jsonb not null,
    kept_at timestamptz not null default now()
);

alter table control.offer
    add column name_en text not null default '',
    -- The report of the conformity gate; null until it was held.
    add column report jsonb,
    -- 手引き, 契約条件, 部品表: file name → text.
    add column documents jsonb not null default '{}',
    add column withdrawal_reason text,
    -- When its vendor has sent it in last: what was sent in later takes the place of the others,
    -- in whatever order they are judged.
    add column sent_at timestamptz not null default now(),
    -- 部品: others build it in; nobody contracts it.
    add column part boolean not null default false;

-- Which parts an offer builds in.
create table control.offer_part (
    offer bigint not null references control.offer,
    part bigint not null references control.offer,
    primary key (offer, part)
);
create index offer_part_of on control.offer_part (part);

-- What may be contracted now: on offer and, from the decision on, found conforming.
create function control.is_on_offer(asked bigint, conforming boolean) returns boolean
    language sql stable as
    $$ select exists (
        select from control.offer where id = asked and withdrawn_at is null and not part
            and case when conforming then coalesce((report ->> 'passes')::boolean, false)
                     else replaced_at is null and coalesce((report ->> 'passes')::boolean, true)
                end) $$;

-- 適合確認 (標準化法9条): what a body confirmed of what it uses, with the report as its evidence.
create table control.confirmation (
    contract bigint primary key references control.contract,
    at timestamptz not null default now(),
    actor text not null,
    evidence text not null
);
alter table control.confirmation enable row level security;
create policy own on control.confirmation for select to kumoi_buyer
    using (control.is_own(contract));
create policy confirm on control.confirmation for insert to kumoi_buyer
    with check (control.is_own(contract) and exists (
        select from control.contract c join control.offer o on o.id = c.offer
        where c.id = contract and c.state = '提供中' and (o.report ->> 'passes')::boolean));

grant select on control.package, control.confirmation to kumoi_buyer;
grant insert (contract, actor, evidence) on control.confirmation to kumoi_buyer;
