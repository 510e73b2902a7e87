-- 適合度分析: the work steps of a body and the offers that they were held against. What came out is
-- worked out anew from both, for a package is its content and never changes.

create table control.fit (
    id bigint generated always as identity primary key,
    organisation text not null default control.own() references control.organisation,
    made_at timestamptz not null default now(),
    made_by text not null,
    system text not null,
    file_name text not null,
    requirements jsonb not null
        check (jsonb_typeof(requirements) = 'array'
            and jsonb_array_length(requirements) between 1 and 2000),
    offers bigint[] not null check (cardinality(offers) between 1 and 50)
);
create index fit_of on control.fit (organisation, id);

alter table control.fit enable row level security;
create policy own on control.fit for select to kumoi_buyer using (organisation = control.own());
create policy add on control.fit for insert to kumoi_buyer
    with check (organisation = control.own());

grant select on control.fit to kumoi_buyer;
grant insert (made_by, system, file_name, requirements, offers) on control.fit to kumoi_buyer;
