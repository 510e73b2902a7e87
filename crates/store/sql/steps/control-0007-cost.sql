-- 費用: imported bills as daily sums, rates of exchange, whose account is whose, what was allocated,
-- 保管金 in double entry, subsidies. Raw rows stay in columnar files outside the database.
-- A municipality's LGWAN login sees what was allocated to it and its own deposits, nobody else's.

create table control.cost_import (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor text not null,
    files text[] not null,
    rows bigint not null,
    raw_bytes bigint not null,
    zoneless bigint not null,
    literal_nulls bigint not null,
    replaces bigint unique references control.cost_import,
    folder text not null unique
);

-- What an import covers: who bills which account for which period.
create table control.cost_scope (
    import bigint not null references control.cost_import,
    provider text not null,
    billing_account text not null,
    period_from timestamptz not null,
    period_to timestamptz not null check (period_to > period_from),
    currency text not null,
    rows bigint not null,
    billed numeric(38, 20) not null,
    current boolean not null default true,
    primary key (import, provider, billing_account, period_from, currency)
);
create unique index cost_scope_current
    on control.cost_scope (provider, billing_account, currency, period_from) where current;

create table control.cost_daily (
    import bigint not null references control.cost_import,
    day date not null,
    period_from timestamptz not null,
    provider text not null,
    provider_name text not null,
    service_provider_name text not null,
    billing_account text not null,
    account text not null,
    service text not null,
    service_category text not null,
    region text not null,
    charge text not null,
    environment text not null,
    currency text not null,
    rows bigint not null,
    billed numeric(38, 20) not null,
    effective numeric(38, 20) not null,
    list numeric(38, 20) not null,
    contracted numeric(38, 20) not null
);
create index cost_daily_of on control.cost_daily (import);

-- A bill that was imported by mistake, taken out of the books again.
create table control.cost_withdrawal (
    import bigint primary key references control.cost_import,
    at timestamptz not null default now(),
    actor text not null,
    reason text not null check (reason <> '')
);

-- 為替: yen a unit in millionths, in force from a day until the next; nothing before the first.
create table control.cost_rate (
    currency text not null check (currency ~ '^[A-Z]{3}$' and currency <> 'JPY'),
    from_day date not null,
    micro_yen bigint not null check (micro_yen > 0),
    source text not null check (source <> ''),
    certainty text not null check (certainty in ('V', 'R', 'U')),
    primary key (currency, from_day)
);

-- Whose an account or an environment is; without an organisation it is shared by all.
create table control.cost_owner (
    provider text not null,
    account text not null,
    environment text not null,
    organisation text references control.organisation,
    system text not null,
    primary key (provider, account, environment),
    check (account <> '' or environment <> '')
);

-- Figures of organisations that costs are allocated by: population, workload, what was paid before.
create table control.cost_measure (
    organisation text not null references control.organisation,
    measure text not null,
    month date not null check (extract(day from month) = 1),
    value bigint not null check (value >= 0),
    source text not null check (source <> ''),
    primary key (organisation, measure, month)
);

-- 按分: an allocation of a month and its shares, kept as they were said.
create table control.cost_run (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor text not null,
    month date not null,
    total_yen bigint not null,
    unassigned_yen bigint not null,
    basis jsonb not null
);
create table control.cost_share (
    run bigint not null references control.cost_run,
    method text not null,
    organisation text not null references control.organisation,
    system text not null,
    yen bigint not null,
    residents bigint,
    -- By what is the organisation's own; the working has the sums of all.
    trace text not null,
    working text not null,
    primary key (run, method, organisation, system)
);

-- 予算 of an organisation or, with none, of the whole.
create table control.cost_budget (
    organisation text references control.organisation,
    fiscal_year integer not null,
    yen bigint not null check (yen > 0),
    source text not null check (source <> ''),
    unique nulls not distinct (organisation, fiscal_year)
);

-- 保管金: entries are added and never changed; a wrong one is reversed by another.
create table control.deposit_entry (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    day date not null,
    organisation text not null references control.organisation,
    kind text not null check (kind in ('請求', '減額', '受入', '払渡', '払戻', '取消')),
    provider text not null,
    note text not null,
    actor text not null,
    reverses bigint unique references control.deposit_entry,
    check ((kind = '取消') = (reverses is not null))
);
create table control.deposit_line (
    entry bigint not null references control.deposit_entry,
    account text not null check (account in ('未収利用料', '保管金', '未払利用料')),
    debit_yen bigint not null default 0 check (debit_yen >= 0),
    credit_yen bigint not null default 0 check (credit_yen >= 0),
    primary key (entry, account),
    check ((debit_yen = 0) <> (credit_yen = 0))
);
create index deposit_entry_of on control.deposit_entry (organisation, day);

-- An entry balances when its transaction ends, and nobody's deposit goes below nothing.
create function control.deposit_check() returns trigger language plpgsql as
$$
declare
    wrong bigint;
    whose text;
    held bigint;
begin
    -- Apart, because a record has only its own table's columns.
    if tg_table_name = 'deposit_entry' then
        wrong := new.id;
    else
        wrong := new.entry;
    end if;
    if (select count(*) < 2 or sum(debit_yen) <> sum(credit_yen)
        from control.deposit_line where entry = wrong) then
        raise exception 'deposit entry % does not balance', wrong using errcode = '23514';
    end if;
    -- What an invoice booked is taken back by its counter-invoice only.
    if exists (select from control.deposit_entry e
            join control.invoice i on i.entry = e.reverses where e.id = wrong)
        and not exists (select from control.invoice i where i.entry = wrong) then
        raise exception 'entry % is taken back with its invoice', wrong using errcode = '23514';
    end if;
    select organisation into whose from control.deposit_entry where id = wrong;
    -- One after another for each organisation, so that two payments cannot both find the money.
    perform pg_advisory_xact_lock(hashtext('deposit'), hashtext(whose));
    -- On every day: money that came later was not there to be handed on.
    select coalesce(min(running), 0) into held from (
        select sum(sum(debit_yen - credit_yen)) over (order by e.day) as running
        from control.deposit_line l join control.deposit_entry e on e.id = l.entry
        where e.organisation = whose and l.account = '保管金' group by e.day) days;
    if held < 0 then
        raise exception 'the deposit of % would be below nothing', whose using errcode = '23514';
    end if;
    return null;
end
$$;
create constraint trigger balances after insert on control.deposit_entry
    deferrable initially deferred for each row execute function control.deposit_check();
create constraint trigger balances after insert on control.deposit_line
    deferrable initially deferred for each row execute function control.deposit_check();

create function control.never() returns trigger language plpgsql as
$$
begin
    raise exception '% is never changed', tg_table_name using errcode = '42501';
end
$$;
create trigger never before update or delete or truncate on control.deposit_entry
    for each statement execute function control.never();
create trigger never before update or delete or truncate on control.deposit_line
    for each statement execute function control.never();
create trigger never before update or delete or truncate on control.cost_import
    for each statement execute function control.never();
create trigger never before update or delete or truncate on control.cost_daily
    for each statement execute function control.never();
create trigger never before update or delete or truncate on control.cost_withdrawal
    for each statement execute function control.never();
create trigger never before update or delete or truncate on control.cost_run
    for each statement execute function control.never();
create trigger never before update or delete or truncate on control.cost_share
    for each statement execute function control.never();
create trigger never before delete or truncate on control.cost_scope
    for each statement execute function control.never();

-- What a bill covered is never changed; it only goes out of force.
create function control.scope_guard() returns trigger language plpgsql as
$$
begin
    if not old.current or new.current or to_jsonb(new) - 'current' <> to_jsonb(old) - 'current' then
        raise exception 'cost_scope is never changed' using errcode = '42501';
    end if;
    return new;
end
$$;
create trigger guard before update on control.cost_scope
    for each row execute function control.scope_guard();

-- 請求書 of record (適格請求書, 消費税法 第57条の4): numbered without gaps for each issuer and year, never
-- changed; a wrong one is cancelled by one that takes all of it back.
create table control.invoice (
    registration text not null check (registration ~ '^T[0-9]{13}$'),
    year integer not null,
    number integer not null,
    at timestamptz not null default now(),
    actor text not null,
    issued date not null check (extract(year from issued) = year),
    issuer text not null check (issuer <> ''),
    sample boolean not null,
    organisation text not null references control.organisation,
    recipient text not null check (recipient <> ''),
    month date not null check (extract(day from month) = 1),
    method text not null,
    run bigint not null references control.cost_run,
    lines jsonb not null,
    taxes jsonb not null,
    total_yen bigint not null,
    -- In the books of deposits; none for an invoice of nothing.
    entry bigint unique references control.deposit_entry,
    cancels_year integer,
    cancels_number integer,
    reason text not null,
    primary key (registration, year, number),
    unique (registration, cancels_year, cancels_number),
    foreign key (registration, cancels_year, cancels_number)
        references control.invoice (registration, year, number),
    check (num_nulls(cancels_year, cancels_number) in (0, 2)),
    check ((cancels_number is null) = (reason = '')),
    check ((total_yen = 0) = (entry is null))
);
create index invoice_of on control.invoice (organisation, month);

-- The number is the database's: the next one, taken in turn. One invoice a body and month stands.
create function control.invoice_number() returns trigger language plpgsql as
$$
declare
    taken control.invoice;
begin
    perform pg_advisory_xact_lock(hashtext('invoice'), hashtext(new.registration));
    select coalesce(max(number), 0) + 1 into new.number from control.invoice
    where registration = new.registration and year = new.year;
    if new.cancels_number is not null then
        select * into taken from control.invoice where registration = new.registration
            and year = new.cancels_year and number = new.cancels_number;
        if taken.cancels_number is not null or taken.total_yen <> -new.total_yen
            or (taken.organisation, taken.month) <> (new.organisation, new.month) then
            raise exception 'an invoice is cancelled by all of it' using errcode = '23514';
        end if;
    elsif exists (select from control.invoice i
        where i.organisation = new.organisation and i.month = new.month
            and i.cancels_number is null
            and not exists (select from control.invoice c
                where c.registration = i.registration and c.cancels_year = i.year
                    and c.cancels_number = i.number)) then
        raise exception 'an invoice for that month stands already' using errcode = '23505';
    end if;
    return new;
end
$$;
create trigger number before insert on control.invoice
    for each row execute function control.invoice_number();
create trigger never before update or delete or truncate on control.invoice
    for each statement execute function control.never();

-- 補助金: an application and what became of it.
create table control.subsidy (
    id bigint generated always as identity primary key,
    organisation text not null references control.organisation,
    programme text not null,
    fiscal_year integer not null,
    state text not null check (state in
        ('申請', '交付決定', '不交付', '取下げ', '概算払', '実績報告', '額の確定', '精算', '返還')),
    applied_yen bigint not null check (applied_yen > 0),
    decided_yen bigint check (decided_yen between 0 and applied_yen),
    -- 概算払: paid before the amount is fixed, all payments together.
    advanced_yen bigint not null default 0
        check (advanced_yen between 0 and coalesce(decided_yen, 0)),
    actual_yen bigint check (actual_yen >= 0),
    settled_yen bigint check (settled_yen between 0 and decided_yen),
    trace text not null,
    check (state in ('申請', '不交付', '取下げ') or decided_yen is not null),
    check (state not in ('実績報告', '額の確定', '精算', '返還') or actual_yen is not null),
    check (state not in ('額の確定', '精算', '返還') or settled_yen is not null)
);
create table control.subsidy_act (
    id bigint generated always as identity primary key,
    subsidy bigint not null references control.subsidy,
    at timestamptz not null default now(),
    actor text not null,
    act text not null,
    -- What this step was about: decided, paid in advance, spent, fixed, paid, paid back.
    yen bigint,
    note text not null
);
create trigger never before update or delete or truncate on control.subsidy_act
    for each statement execute function control.never();

alter table control.cost_run enable row level security;
create policy own on control.cost_run for select to kumoi_buyer
    using (exists (select from control.cost_share s
        where s.run = id and s.organisation = control.own()));
alter table control.invoice enable row level security;
create policy own on control.invoice for select to kumoi_buyer
    using (organisation = control.own());
alter table control.cost_share enable row level security;
create policy own on control.cost_share for select to kumoi_buyer
    using (organisation = control.own());
alter table control.cost_budget enable row level security;
create policy own on control.cost_budget for select to kumoi_buyer
    using (organisation = control.own());
alter table control.deposit_entry enable row level security;
create policy own on control.deposit_entry for select to kumoi_buyer
    using (organisation = control.own());
alter table control.deposit_line enable row level security;
create policy own on control.deposit_line for select to kumoi_buyer
    using (exists (select from control.deposit_entry e
        where e.id = entry and e.organisation = control.own()));
alter table control.subsidy enable row level security;
create policy own on control.subsidy for select to kumoi_buyer
    using (organisation = control.own());

grant select on control.cost_rate, control.cost_budget, control.deposit_entry,
    control.deposit_line, control.subsidy, control.invoice to kumoi_buyer;
-- The sums of the nation are not a body's.
grant select (id, at, month) on control.cost_run to kumoi_buyer;
grant select (run, method, organisation, system, yen, residents, trace)
    on control.cost_share to kumoi_buyer;
