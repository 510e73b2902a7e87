-- Every version of a system that was ever installed keeps its texts, so that it can be compiled
-- again; what could not be upgraded says why.

create table core.system_version (
    system text not null references core.system,
    hash text not null,
    name text not null,
    version text not null,
    files jsonb not null,
    installed_at timestamptz not null default now(),
    installed_by text not null default session_user,
    primary key (system, hash)
);

create table core.system_refusal (
    system text primary key references core.system,
    hash text not null,
    version text not null,
    reasons text[] not null,
    refused_at timestamptz not null default now()
);

alter table core.system drop column files;

grant select on core.system_version, core.system_refusal to kumoi_office;
