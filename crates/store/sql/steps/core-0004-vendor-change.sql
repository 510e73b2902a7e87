-- 事業者の変更: which package gave way to which, the schema in which the rows of the one that was left
-- wait, the annex by its digest, and how it ended.

create table core.vendor_change (
    id bigint generated always as identity primary key,
    system text not null references core.system,
    from_hash text not null,
    to_hash text not null,
    aside text not null,
    event_id bigint not null references core.journal,
    annex text not null,
    annex_sha256 text not null,
    changed_at timestamptz not null default now(),
    changed_by text not null,
    -- The last day of the system that was left, where its contract had ended: it comes back with it.
    service_ended_on date,
    ended_at timestamptz,
    ended_by text,
    ended_as text check (ended_as in ('戻した', '終えた')),
    check (num_nonnulls(ended_at, ended_by, ended_as) in (0, 3)),
    foreign key (system, from_hash) references core.system_version (system, hash),
    foreign key (system, to_hash) references core.system_version (system, hash)
);
create unique index vendor_change_open on core.vendor_change (system) where ended_at is null;
grant select on core.vendor_change to kumoi_office;

-- A process that has not heard of the change yet writes by the package that was left: what it enters
-- or registers is refused as a whole. Whoever comes during a change waits for its end.
create function core.package_is_in_force() returns trigger language plpgsql as $$
declare
    written text;
    gone text;
begin
    perform pg_advisory_xact_lock_shared(hashtext('core.vendor_change'), hashtext(new.system));
    if tg_table_name = 'cases' then
        written := new.package;
    else
        written := new.content ->> 'package';
    end if;
    select case when v.ended_as = '戻した' then v.to_hash else v.from_hash end into gone
        from core.vendor_change v where v.system = new.system order by v.id desc limit 1;
    if written = gone and not exists (
        select from core.system s where s.id = new.system and s.hash = written)
    then
        raise exception '事業者が替わりました。画面を開き直してください'
            using errcode = 'object_not_in_prerequisite_state';
    end if;
    return new;
end $$;
create trigger package_is_in_force before insert on core.cases
    for each row execute function core.package_is_in_force();
create trigger package_is_in_force before insert on core.journal
    for each row execute function core.package_is_in_force();
