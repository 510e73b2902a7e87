-- 通知: what a body is told, on screen and by mail; where it wants its mail; what is still to be sent. No
-- notice holds a secret or a person's data, and none of its words is ever changed.

-- The relay that mail is handed to, as the platform was started; no row while there is none.
create table control.mail_relay (
    one boolean primary key default true check (one),
    relay text not null check (relay <> ''),
    since timestamptz not null default now()
);

-- Said once for each key.
create table control.notice (
    id bigint generated always as identity primary key,
    organisation text not null references control.organisation,
    key text not null check (key <> ''),
    at timestamptz not null default now(),
    subject text not null check (subject <> '' and subject !~ '[[:cntrl:]]'),
    words text not null check (words <> ''),
    unique (organisation, key)
);
create trigger never before update or delete or truncate on control.notice
    for each statement execute function control.never();

-- Confirmed by a code that goes to the address and nowhere else: here is its digest only.
create table control.mail_address (
    id bigint generated always as identity primary key,
    organisation text not null references control.organisation,
    address text not null check (length(address) <= 254
        and address ~ '^[A-Za-z0-9.!#$%&''*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)+$'),
    added_at timestamptz not null default now(),
    added_by text not null check (added_by <> ''),
    digest bytea not null,
    tries integer not null default 0 check (tries between 0 and 5),
    confirmed_at timestamptz,
    unique (organisation, address)
);

create table control.mail (
    id bigint generated always as identity primary key,
    address bigint not null references control.mail_address on delete cascade,
    notice bigint references control.notice,
    -- The code of a confirmation, until it was sent.
    code text,
    state text not null default '送信待ち' check (state in ('送信待ち', '送信済', '送れない')),
    tries integer not null default 0,
    next_at timestamptz not null default now(),
    sent_at timestamptz,
    fault text not null default '',
    unique (address, notice),
    check ((state = '送信済') = (sent_at is not null)),
    check (notice is not null or code is not null or state <> '送信待ち')
);
create index mail_due on control.mail (next_at) where state = '送信待ち';

-- A notice goes to the addresses that are confirmed when it is said.
create function control.notice_mail() returns trigger language plpgsql as
$$
begin
    insert into control.mail (address, notice)
    select id, new.id from control.mail_address
    where organisation = new.organisation and confirmed_at is not null;
    return null;
end
$$;
create trigger mail after insert on control.notice
    for each row execute function control.notice_mail();

-- Who is being deleted is written to no more, and its addresses go with it.
create function control.mail_forget() returns trigger language plpgsql as
$$
begin
    delete from control.mail_address where organisation = new.organisation;
    return null;
end
$$;
create trigger mail_forget after update of state on control.deletion
    for each row when (new.state = '消去中') execute function control.mail_forget();

-- Asks for mail to an address: a new code goes there. The login never sees the code. At most five
-- addresses a body, and an address that is confirmed stays as it is.
create function control.mail_ask(wanted text, who text) returns boolean language plpgsql
    security definer set search_path = pg_catalog as
$$
declare
    fresh text := upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 8));
    row_id bigint;
begin
    perform pg_advisory_xact_lock(hashtext('mail'), hashtext(control.own()));
    if (select count(*) from control.mail_address a
        where a.organisation = control.own() and a.address <> wanted) >= 5 then
        return false;
    end if;
    -- A stranger's address is no more written to than this, however often it is asked.
    if exists (select from control.mail_address a where a.organisation = control.own()
            and a.address = wanted and a.confirmed_at is null
            and a.added_at > now() - interval '5 minutes') then
        return true;
    end if;
    insert into control.mail_address as a (organisation, address, added_by, digest)
    values (control.own(), wanted, who, sha256(convert_to(fresh, 'UTF8')))
    on conflict (organisation, address) do update
        set digest = excluded.digest, tries = 0, added_at = now(), added_by = excluded.added_by
        where a.confirmed_at is null
    returning a.id into row_id;
    if row_id is not null then
        delete from control.mail m where m.address = row_id and m.notice is null;
        insert into control.mail (address, code) values (row_id, fresh);
    end if;
    return true;
end
$$;

-- Confirms an address by its code, within a day and five tries.
create function control.mail_confirm(asked bigint, given text) returns boolean language plpgsql
    security definer set search_path = pg_catalog as
$$
declare
    done boolean;
begin
    update control.mail_address set tries = tries + 1,
        confirmed_at = case when digest = sha256(convert_to(given, 'UTF8')) then now() end
    where id = asked and organisation = control.own() and confirmed_at is null
        and tries < 5 and added_at > now() - interval '1 day'
    returning confirmed_at is not null into done;
    return coalesce(done, false);
end
$$;

create function control.mail_remove(asked bigint) returns boolean language plpgsql
    security definer set search_path = pg_catalog as
$$
begin
    delete from control.mail_address where id = asked and organisation = control.own();
    return found;
end
$$;

alter table control.notice enable row level security;
create policy own on control.notice for select to kumoi_buyer
    using (organisation = control.own());
alter table control.mail_address enable row level security;
create policy own on control.mail_address for select to kumoi_buyer
    using (organisation = control.own());
alter table control.mail enable row level security;
create policy own on control.mail for select to kumoi_buyer
    using (exists (select from control.mail_address a
        where a.id = mail.address and a.organisation = control.own()));

revoke all on function control.mail_ask(text, text), control.mail_confirm(bigint, text),
    control.mail_remove(bigint) from public;
grant execute on function control.mail_ask(text, text), control.mail_confirm(bigint, text),
    control.mail_remove(bigint) to kumoi_buyer;
grant select on control.mail_relay, control.notice to kumoi_buyer;
grant select (id, organisation, address, added_at, added_by, tries, confirmed_at)
    on control.mail_address to kumoi_buyer;
-- Never the code.
grant select (id, address, notice, state, tries, sent_at, fault) on control.mail to kumoi_buyer;
