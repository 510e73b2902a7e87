-- 一括処理: what is done for many at once, who asked for it and who approved it, how far it has
-- come, and for whom it could not be decided. A run goes on behind the last subject it wrote.
create table core.run (
    id bigint generated always as identity primary key,
    system text not null,
    run text not null,
    package text not null,
    asked jsonb not null,
    trial boolean not null,
    stage text not null check (stage in ('決裁待ち', '実行待ち', '実行中', '停止', '終了', '取下げ')),
    entered_by text not null,
    entered_at timestamptz not null default now(),
    approved_by text,
    approved_as text,
    approved_at timestamptz,
    check (approved_by is null or approved_by <> entered_by),
    check (trial or stage in ('決裁待ち', '取下げ') or approved_by is not null),
    begun_at timestamptz,
    ended_at timestamptz,
    last_key text,
    seen bigint not null default 0,
    chosen bigint not null default 0,
    written bigint not null default 0,
    waiting bigint not null default 0,
    totals jsonb not null default '{}',
    error text
);
create index on core.run (id) where stage in ('実行待ち', '実行中');

create table core.run_waiting (
    run_id bigint not null references core.run,
    subject text not null,
    reasons jsonb not null,
    primary key (run_id, subject)
);

grant select, insert, update on core.run, core.run_waiting to kumoi_office;
