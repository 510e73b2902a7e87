-- あとからの照合: what the last check of books, providers, bills and approvals found, so that the
-- pages of the operators show it. Only who runs the check writes it; a later check takes its place.

create table control.plane_check (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    environments integer not null check (environments >= 0),
    findings integer not null check (findings >= 0)
);

create table control.finding (
    plane_check bigint not null references control.plane_check,
    number integer not null check (number > 0),
    -- Whose it is, where the place names a body.
    body text,
    place text not null check (place <> ''),
    what text not null check (what <> ''),
    remedy text not null,
    rule text not null check (rule <> ''),
    primary key (plane_check, number)
);

-- What was found is not made to look better.
create function control.keep_check() returns trigger language plpgsql as
$$
begin
    raise exception '照合の記録は書き換えられません' using errcode = 'KM021';
end
$$;
create trigger keep before update or delete on control.plane_check
    for each row execute function control.keep_check();
create trigger keep before update on control.finding
    for each row execute function control.keep_check();

-- The findings of the last check alone are kept.
create function control.keep_last_check() returns trigger language plpgsql as
$$
begin
    delete from control.finding where plane_check < new.id;
    return null;
end
$$;
create trigger last after insert on control.plane_check
    for each row execute function control.keep_last_check();
create function control.keep_finding() returns trigger language plpgsql as
$$
begin
    if old.plane_check = (select max(id) from control.plane_check) then
        raise exception '照合の記録は、次の照合まで消せません' using errcode = 'KM022';
    end if;
    return old;
end
$$;
create trigger keep_last before delete on control.finding
    for each row execute function control.keep_finding();

grant select on control.plane_check, control.finding to kumoi_operator;
