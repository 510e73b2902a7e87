-- 取込: files whose lines become rows, how far each has come, and the lines that wait for a person.
-- The file is sealed and goes when its last line is done; a line that waits keeps its words.
create table core.intake (
    id bigint generated always as identity primary key,
    system text not null,
    intake text not null,
    package text not null,
    file_name text not null,
    encoding text not null,
    digest text not null,
    asked jsonb not null,
    trial boolean not null,
    content bytea,
    stage text not null check (stage in ('実行待ち', '実行中', '停止', '終了')),
    entered_by text not null,
    entered_at timestamptz not null default now(),
    ended_at timestamptz,
    lines bigint not null,
    done bigint not null default 0,
    taken bigint not null default 0,
    waiting bigint not null default 0,
    left_out bigint not null default 0,
    error text,
    check (done <= lines),
    check ((content is null) = (stage = '終了'))
);
-- The same file is taken in once for the same year.
create unique index on core.intake (system, intake, digest, asked) where not trial;

create table core.intake_row (
    intake_id bigint not null references core.intake,
    line bigint not null,
    stage text not null check (stage in ('待ち', '登録', '除外')),
    form jsonb not null,
    findings jsonb not null,
    settled_by text,
    settled_at timestamptz,
    reason text,
    check ((stage = '待ち') = (settled_by is null)),
    check ((stage = '除外') = (reason is not null)),
    primary key (intake_id, line)
);
create index on core.intake_row (intake_id, line) where stage = '待ち';

grant select, insert, update on core.intake, core.intake_row to kumoi_office;
