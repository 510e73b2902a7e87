-- 研修環境: a training copy that a body asks for, for its own staff. Its databases are made from the
-- templates and from sample people; it has no contract, is no organisation here, is never metered.

create table control.training (
    of text primary key references control.organisation,
    organisation text not null unique,
    wish text not null check (wish in ('開く', '作り直す', '閉じる')),
    asked_by text not null check (asked_by <> ''),
    asked_at timestamptz not null default now(),
    -- When the wish was carried out; null while it waits.
    done_at timestamptz,
    -- Why it could not be, where that is the last word.
    note text not null default '',
    check (organisation = of || '_kenshu')
);

-- Every wish, and what became of it: never changed.
create table control.training_act (
    id bigint generated always as identity primary key,
    of text not null references control.training,
    at timestamptz not null default now(),
    actor text not null,
    act text not null,
    note text not null default ''
);

create function control.training_guard() returns trigger language plpgsql as
$$
begin
    if new.of <> old.of or new.organisation <> old.organisation then
        raise exception 'a training copy stays with its body';
    end if;
    if row(new.wish, new.asked_by, new.asked_at)
            is distinct from row(old.wish, old.asked_by, old.asked_at) then
        if old.wish = '閉じる' and old.done_at is not null and new.wish <> '開く' then
            raise exception 'there is none: open one first';
        end if;
        new.asked_at := clock_timestamp();
        new.done_at := null;
        new.note := '';
    end if;
    return new;
end
$$;
create trigger guarded before update on control.training
    for each row execute function control.training_guard();

create function control.training_wished() returns trigger language plpgsql as
$$
begin
    if new.done_at is null and new.note = '' then
        insert into control.training_act (of, actor, act) values (new.of, new.asked_by, new.wish);
        perform pg_notify('kumoi_signed', new.of);
    end if;
    return null;
end
$$;
create trigger wished after insert or update of wish, asked_by on control.training
    for each row execute function control.training_wished();
