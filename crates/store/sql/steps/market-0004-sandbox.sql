-- A sandbox holds the ten systems that were sent in last, each in its last version: the files of the
-- others are needed no more, in whatever order they were judged. What was sent in before it was
-- closed does not open it again.
create or replace function market.sandbox_tried() returns trigger language plpgsql as
$$
declare
    last market.sandbox;
begin
    perform pg_advisory_xact_lock(hashtext('sandbox'), hashtext(new.vendor));
    update market.submission set content = '' where vendor = new.vendor and state = '検証'
        and octet_length(content) > 0
        and id not in (select k.id from (select distinct on (s.system) s.id from market.submission s
            where s.vendor = new.vendor and s.state = '検証' order by s.system, s.id desc) k
            order by k.id desc limit 10);
    select * into last from market.sandbox where of = new.vendor;
    if last.of is null then
        insert into market.sandbox (of, organisation, wish, asked_by)
        values (new.vendor, new.vendor || '_kensho', '開く', new.sent_by);
    elsif last.wish <> '閉じる' or new.received_at > last.asked_at then
        update market.sandbox set asked_by = new.sent_by, asked_at = clock_timestamp(),
            wish = case when last.done_at is null then last.wish else '開く' end
        where of = new.vendor;
    end if;
    return null;
end
$$;
