-- 消去: an organisation that has left. What stays is who asked, who approved, what was taken along,
-- and the signed record of what was gone afterwards.

create table control.deletion (
    id bigint generated always as identity primary key,
    organisation text not null unique references control.organisation,
    requested_by text not null check (requested_by <> ''),
    approved_by text not null check (approved_by <> '' and approved_by <> requested_by),
    state text not null default '凍結' check (state in ('凍結', '書出し済', '照合済', '完了')),
    export text check (length(export) = 64),
    begun_at timestamptz not null default now(),
    ended_at timestamptz,
    check (state = '凍結' or export is not null),
    check ((state = '完了') = (ended_at is not null))
);

create table control.deletion_record (
    id bigint generated always as identity primary key,
    deletion bigint not null references control.deletion,
    at timestamptz not null default now(),
    note text not null
);
