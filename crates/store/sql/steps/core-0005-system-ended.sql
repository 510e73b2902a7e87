-- 契約の終了: which installed systems are served no more, and which day was the last. Their registers
-- stay as they are.

create table core.system_ended (
    system text primary key references core.system,
    ended_on date not null,
    noted_at timestamptz not null default now()
);

grant select on core.system_ended to kumoi_office;
