//! 契約 as the executor carries them out: signed for sample organisations, brought into service,
//! changed for another vendor's, ended on their day, and metered. Only the installer works here.

use base::date::Date;
use base::said;
use tokio_postgres::{Client, Row};

use super::contract::{Contract, act_add, contracts_of};
use crate::{GenericClient, StoreError};

/// Who the executor is in the course of a contract.
const ACTOR: &str = "基盤";

/// A contract of an organisation for the same business.
struct Held {
    id: i64,
    offer: i64,
    vendor: String,
    state: String,
}

async fn held(
    client: &Client,
    organisation: &str,
    offer: i64,
) -> Result<(Vec<Held>, bool), StoreError> {
    let sql = "select c.id, c.offer, o.vendor_id, c.state
               from control.contract c join control.offer o on o.id = c.offer
               where c.organisation = $1 and control.is_same_business(c.offer, $2) order by c.id";
    let rows = client.query(sql, &[&organisation, &offer]).await?;
    let one = |row: &Row| {
        let (id, offer) = (row.try_get(0)?, row.try_get(1)?);
        Ok(Held { id, offer, vendor: row.try_get(2)?, state: row.try_get(3)? })
    };
    let mut all = rows.iter().map(one).collect::<Result<Vec<Held>, StoreError>>()?;
    let was_any = !all.is_empty();
    all.retain(|one| one.state != "取下げ" && one.state != "終了");
    Ok((all, was_any))
}

/// Signs a contract for a sample organisation, decided by its start; signing again changes nothing.
/// A newer package takes the place of the same vendor's older one.
///
/// # Errors
/// [`StoreError::Conflict`] when the organisation has ended its contract for this business or has
/// one of another vendor: that stays as it decided.
pub async fn contract_sign(
    client: &Client,
    organisation: &str,
    offer: i64,
) -> Result<i64, StoreError> {
    let sql = "select vendor_id from control.offer where id = $1";
    let vendor: String = client.query_one(sql, &[&offer]).await?.try_get(0)?;
    let (held, was_any) = held(client, organisation, offer).await?;
    let signed = |one: &Held| one.state == "締結" || one.state == "提供中";
    let free = held.iter().all(|one| one.vendor == vendor && signed(one));
    let current = held.iter().find(|one| one.offer == offer && signed(one));
    let served = held.iter().find(|one| one.vendor == vendor && one.state == "提供中");
    if !free || (held.is_empty() && was_any) {
        let other = said!(
            "この業務の契約は、団体が終えたか替えました",
            "The organisation has ended or changed its contract for this business"
        );
        return current.or(served).map(|one| one.id).ok_or(StoreError::Conflict(other));
    }
    for one in held.iter().filter(|one| one.state == "締結" && one.offer != offer) {
        let sql = "update control.contract set state = '取下げ' where id = $1";
        client.execute(sql, &[&one.id]).await?;
    }
    if let Some(current) = current {
        return Ok(current.id);
    }
    let row = client
        .query_one(
            "insert into control.contract
               (organisation, offer, state, reason, drafted_by, decided_by, decided_at,
                signed_by, signed_at, replaces)
             values ($1, $2, '締結', '見本の団体の初めの契約', '見本', '見本の決裁', now(),
                     '見本', now(), $3)
             returning id",
            &[&organisation, &offer, &served.map(|one| one.id)],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Marks a contract as in service and says so in its course, and ends the one that it takes the
/// place of; all in one statement. One that is in service already stays as it is.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contract_in_service(client: &impl GenericClient, id: i64) -> Result<(), StoreError> {
    let sql = "
        with opened as (
            update control.contract set state = '提供中', opened_at = coalesce(opened_at, now())
            where id = $1 and state in ('締結', '移行待ち') returning id, offer, replaces),
        ended as (
            update control.contract c set state = '終了' from opened
            where c.id = opened.replaces and c.state = '提供中' returning c.id)
        insert into control.contract_act (contract, actor, act, note)
        select opened.id, '基盤', '提供開始', o.version
        from opened join control.offer o on o.id = opened.offer
        union all
        select ended.id, '基盤', '終了', '契約 ' || $1::bigint || ' に替わりました' from ended";
    client.execute(sql, &[&id]).await?;
    Ok(())
}

/// 移行待ち: a contract that takes the place of another vendor's waits until the registers have gone
/// over, and says so in its course.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contract_waits(client: &Client, id: i64) -> Result<(), StoreError> {
    let sql = "
        with waiting as (
            update control.contract set state = '移行待ち'
            where id = $1 and state = '締結' and replaces is not null returning id, replaces)
        insert into control.contract_act (contract, actor, act, note)
        select id, '基盤', '移行待ち', '契約 ' || replaces || ' の記録を移すのを待ちます'
        from waiting";
    client.execute(sql, &[&id]).await?;
    Ok(())
}

/// 移行中, or 移行待ち again: notes beside a contract that is signed or waits whether its records are
/// going over, or have; then it cannot be withdrawn. Said again, it changes nothing. False when the
/// contract does not wait any more.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contract_moving(
    client: &impl GenericClient,
    id: i64,
    moving: bool,
) -> Result<bool, StoreError> {
    // The row is held: whoever withdraws at this moment comes before or is refused.
    let sql = "
        with waiting as (
            select id from control.contract
            where id = $1 and state in ('締結', '移行待ち') for update)
        insert into control.contract_act (contract, actor, act, note)
        select id, '基盤', case when $2 then '移行中' else '移行待ち' end,
            case when $2 then '記録を移します' else '前の製品のままです' end
        from waiting where control.is_moving(id) <> $2";
    client.execute(sql, &[&id, &moving]).await?;
    let sql = "select 1 from control.contract where id = $1 and state in ('締結', '移行待ち')";
    Ok(client.query_opt(sql, &[&id]).await?.is_some())
}

/// Whether the records of a contract that is not in service yet are going over, or have.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contract_is_moving(client: &impl GenericClient, id: i64) -> Result<bool, StoreError> {
    Ok(client.query_one("select control.is_moving($1)", &[&id]).await?.try_get(0)?)
}

/// Whether nobody else changes the vendor of an organisation's systems, and keeps it so until the
/// session ends or lets go; the same session may ask again.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn change_alone(client: &Client, organisation: &str) -> Result<bool, StoreError> {
    let sql = "select pg_try_advisory_lock(hashtextextended('vendor change ' || $1, 0))";
    Ok(client.query_one(sql, &[&organisation]).await?.try_get(0)?)
}

/// Lets go of what [`change_alone`] took, once.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn change_let_go(client: &Client, organisation: &str) -> Result<(), StoreError> {
    let sql = "select pg_advisory_unlock(hashtextextended('vendor change ' || $1, 0))";
    client.execute(sql, &[&organisation]).await?;
    Ok(())
}

/// An organisation's contracts that may wait for a change of vendor: 移行待ち, and those that are 締結
/// and take nobody's place (another vendor begins where one has ended).
///
/// # Errors
/// [`StoreError::Database`].
pub async fn change_due(
    control: &impl GenericClient,
    organisation: &str,
) -> Result<Vec<Contract>, StoreError> {
    let mut all = contracts_of(control, organisation).await?;
    all.retain(|one| match one.draft.replaces {
        Some(_) => one.state == "移行待ち",
        None => one.state == "締結",
    });
    Ok(all)
}

/// The change of vendor was carried out: ends the one contract and puts the other in service, both
/// or neither. Said again, it changes nothing.
///
/// # Errors
/// [`StoreError::Conflict`] when the second does not wait to take the place of the first.
pub async fn contract_changed(
    control: &impl GenericClient,
    old: i64,
    new: i64,
) -> Result<(), StoreError> {
    let sql = "select 1 from control.contract
               where id = $2 and replaces = $1 and state in ('移行待ち', '提供中')";
    if control.query_opt(sql, &[&old, &new]).await?.is_none() {
        return Err(StoreError::Conflict(said!(
            "契約 {new} は、契約 {old} に替わるのを待っていません",
            "Contract {new} does not wait to take the place of {old}"
        )));
    }
    contract_in_service(control, new).await
}

/// Ends a contract whose day is over, and says so in its course, in one statement.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contract_end(client: &Client, id: i64) -> Result<(), StoreError> {
    let sql = "
        with ended as (
            update control.contract set state = '終了'
            where id = $1 and state = '提供中' and end_decided_by is not null
              and ends_on < (now() at time zone 'Asia/Tokyo')::date
            returning id, ends_on)
        insert into control.contract_act (contract, actor, act, note)
        select id, '基盤', '終了', to_char(ends_on, 'YYYY-MM-DD') || ' で終わりました' from ended";
    client.execute(sql, &[&id]).await?;
    Ok(())
}

/// Notes what the executor could not do, unless that is its last word already.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn executor_act(
    client: &Client,
    id: i64,
    act: &str,
    note: &str,
) -> Result<(), StoreError> {
    let sql = "select act, note from control.contract_act where contract = $1
               order by id desc limit 1";
    if let Some(last) = client.query_opt(sql, &[&id]).await? {
        let said: (String, String) = (last.try_get(0)?, last.try_get(1)?);
        if (said.0.as_str(), said.1.as_str()) == (act, note) {
            return Ok(());
        }
    }
    act_add(client, (id, ACTOR), (act, note)).await
}

/// How many residents an organisation had on a day, for each of its contracts in service; a day
/// that was metered stays as it was, also where the contract has changed since for another that
/// takes its place: a day of a business is metered once.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn meter(
    client: &Client,
    (organisation, day): (&str, Date),
    residents: i32,
) -> Result<u64, StoreError> {
    let sql = "insert into control.metered (contract, day, residents)
               select c.id, $2, $3 from control.contract c
               where c.organisation = $1 and c.state = '提供中' and not exists (
                 with recursive before as (
                   select c.replaces as id
                   union select p.replaces from control.contract p join before b on p.id = b.id)
                 select from control.metered m join before b on m.contract = b.id
                 where m.day = $2)
               on conflict do nothing";
    Ok(client.execute(sql, &[&organisation, &day, &residents]).await?)
}

/// What was metered from a day until before another: contract, day, residents.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn metered(
    client: &impl GenericClient,
    (from, until): (Date, Date),
) -> Result<Vec<(i64, Date, i32)>, StoreError> {
    let sql = "select contract, day, residents from control.metered
               where day >= $1 and day < $2 order by contract, day";
    let rows = client.query(sql, &[&from, &until]).await?;
    let line = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    rows.iter().map(line).collect()
}
