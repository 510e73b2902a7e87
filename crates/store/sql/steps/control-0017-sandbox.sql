-- 研修環境 on a page: a body's own login asks and sees what became of it. What may be asked for is the
-- database's rule, for a page and a command alike; a body that is being deleted keeps none.

alter table control.training
    -- What it holds: systems in their versions, what of them could not be brought up, who signs in.
    add column holds jsonb not null default '{}';

create trigger never before update or delete or truncate on control.training_act
    for each statement execute function control.never();

create or replace function control.training_guard() returns trigger language plpgsql as
$$
begin
    if tg_op = 'UPDATE' then
        if new.of <> old.of or new.organisation <> old.organisation then
            raise exception 'a training copy stays with its body';
        elsif row(new.wish, new.asked_by, new.asked_at)
                is not distinct from row(old.wish, old.asked_by, old.asked_at) then
            return new;
        elsif old.wish = '閉じる' and old.done_at is not null and new.wish <> '開く' then
            raise exception 'there is none: open one first' using errcode = 'KM015';
        end if;
    elsif new.wish <> '開く' then
        raise exception 'there is none: open one first' using errcode = 'KM015';
    end if;
    if new.wish <> '閉じる' then
        if exists (select from control.deletion d
                where d.organisation = new.of and d.state <> '取消') then
            raise exception 'the body is being deleted' using errcode = 'KM018';
        elsif not exists (select from control.contract c
                where c.organisation = new.of and c.state = '提供中') then
            raise exception 'no contract is in service' using errcode = 'KM017';
        end if;
    end if;
    new.asked_at := clock_timestamp();
    new.done_at := null;
    new.note := '';
    return new;
end
$$;
create trigger guarded_first before insert on control.training
    for each row execute function control.training_guard();

-- Asks for a wish of a body: `seen` is when the last one was asked that the asker knew of. The same
-- asked twice is asked for once; while one waits it can only be given up by closing.
create function control.training_wish(body text, wanted text, who text, seen timestamptz)
    returns void language plpgsql as
$$
declare
    last control.training;
    waits boolean;
begin
    perform pg_advisory_xact_lock(hashtext('training'), hashtext(body));
    select * into last from control.training where of = body;
    waits := last.of is not null and last.done_at is null and last.note = '';
    if waits and last.wish = wanted and last.asked_by = who then
        return;
    elsif last.asked_at is distinct from seen or waits and wanted <> '閉じる' then
        raise exception 'something else was asked for meanwhile' using errcode = 'KM016';
    elsif last.of is null then
        insert into control.training (of, organisation, wish, asked_by)
        values (body, body || '_kenshu', wanted, who);
    else
        update control.training set wish = wanted, asked_by = who, asked_at = clock_timestamp()
        where of = body;
    end if;
end
$$;

-- The same for the body whose login this is.
create function control.training_ask(wanted text, who text, seen timestamptz) returns void
    language plpgsql security definer set search_path = pg_catalog as
$$
begin
    perform control.training_wish(control.own(), wanted, who, seen);
end
$$;
revoke all on function control.training_wish(text, text, text, timestamptz),
    control.training_ask(text, text, timestamptz) from public;
grant execute on function control.training_ask(text, text, timestamptz) to kumoi_buyer;

alter table control.training enable row level security;
create policy own on control.training for select to kumoi_buyer using (of = control.own());
alter table control.training_act enable row level security;
create policy own on control.training_act for select to kumoi_buyer using (of = control.own());
grant select on control.training, control.training_act to kumoi_buyer;

-- Once a body is taken away for good its training copy goes too.
create function control.training_end() returns trigger language plpgsql as
$$
begin
    update control.training set wish = '閉じる', asked_by = '消去', asked_at = clock_timestamp()
    where of = new.organisation and not (wish = '閉じる' and done_at is not null);
    return null;
end
$$;
create trigger training_end after update of state on control.deletion
    for each row when (new.state = '消去中' and old.state <> '消去中')
    execute function control.training_end();

-- What was deleted before that left its training copy.
update control.training t set wish = '閉じる', asked_by = '消去', asked_at = clock_timestamp()
from control.deletion d
where d.organisation = t.of and d.state in ('消去中', '照合済', '完了')
    and not (t.wish = '閉じる' and t.done_at is not null);

-- One that was called off is none: the next one counts.
create or replace function control.own_deletion() returns text language plpgsql stable
    security definer set search_path = pg_catalog as
$$
begin
    return (select state from control.deletion
        where organisation = control.own() and state <> '取消');
end
$$;
