-- As before, and: a turn that was noted is taken back where no contract was made for it, and none is
-- noted in a roll-out that its vendor stops at this moment.
create or replace function market.rollout_turn() returns trigger language plpgsql as
$$
declare
    whole market.rollout;
begin
    if new.state <> old.state and (old.state, new.state) not in (values
            ('待ち', '更新中'), ('待ち', '対象外'), ('更新中', '更新済'), ('更新中', '失敗'),
            ('更新中', '待ち'), ('失敗', '待ち')) then
        raise exception 'no body goes from % to %', old.state, new.state;
    end if;
    if new.state = '更新中' and old.state = '待ち' then
        select * into whole from market.rollout r where r.id = new.rollout for share;
        if whole.state <> '配信中' or whole.wish = '取りやめ'
            or (whole.stages -> (new.stage - 1) ->> 'from')::date
                > (now() at time zone 'Asia/Tokyo')::date
            or exists (select from market.rollout_body b where b.rollout = new.rollout
                and (b.state = '失敗' or b.stage < new.stage and b.state in ('待ち', '更新中'))) then
            raise exception 'its turn has not come';
        end if;
    end if;
    new.at := now();
    return new;
end
$$;
