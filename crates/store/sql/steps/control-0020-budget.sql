-- No contract without a budget and a reason, whoever drafts it for a body.

create function control.contract_budgeted() returns trigger language plpgsql as
$$
begin
    if control.is_buyer() and (new.reason !~ '\S' or new.budget !~ '\S') then
        raise exception 'a contract needs its reason and its budget';
    end if;
    return null;
end
$$;
create trigger budgeted after insert on control.contract
    for each row execute function control.contract_budgeted();

-- 予算額: yen a year, where who drafts it says so.
alter table control.contract add column budget_yen bigint check (budget_yen > 0);
grant insert (budget_yen) on control.contract to kumoi_buyer;

-- 入札の結果: who offered how much, and what came of it. Entered with the draft, never changed.
create table control.bid (
    contract bigint not null references control.contract,
    number integer not null check (number between 1 and 100),
    bidder text not null check (bidder ~ '\S' and length(bidder) <= 200),
    yen bigint check (yen >= 0),
    result text not null check (result in ('落札', '不落', '失格', '辞退')),
    check (result <> '落札' or yen is not null),
    primary key (contract, number)
);
create unique index bid_won on control.bid (contract) where result = '落札';

alter table control.bid enable row level security;
create policy own on control.bid for select to kumoi_buyer using (control.is_own(contract));
create policy draft on control.bid for insert to kumoi_buyer
    with check (exists (select from control.contract c
        where c.id = contract and c.organisation = control.own() and c.state = '起案'
            and c.method = '競争入札'));
grant select, insert on control.bid to kumoi_buyer;

-- A tender without a winner is not decided; that of a joint plan lies with its lead.
create function control.contract_tendered() returns trigger language plpgsql as
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
        raise exception 'a tender without a winner is not decided';
    end if;
    return new;
end
$$;
create trigger tendered before update on control.contract
    for each row execute function control.contract_tendered();
