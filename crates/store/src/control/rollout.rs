//! What a roll-out does to contracts: a contract on the same terms for the newer version takes the
//! place of the one in service, opened as every other is. Only the installer works here.

use tokio_postgres::Client;

use super::contract::act_add;
use crate::StoreError;

/// Who the executor is in the course of a contract.
const ACTOR: &str = "基盤";
/// Who drafts the contracts of a roll-out.
pub const ROLLED_BY: &str = "事業者の段階的な配信";

/// The number of a vendor's offer of a package that is in force and found conforming.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn offer_in_force(
    client: &Client,
    (vendor, hash): (&str, &str),
) -> Result<Option<i64>, StoreError> {
    let sql = "select id from control.offer where vendor_id = $1 and hash = $2
                 and replaced_at is null and control.is_on_offer(id, true)";
    Ok(client.query_opt(sql, &[&vendor, &hash]).await?.map(|row| row.get(0)))
}

/// Whether two offers ask for the same price on the same terms (契約条件).
///
/// # Errors
/// [`StoreError::Database`] when one is not there.
pub async fn offer_same_terms(client: &Client, one: i64, other: i64) -> Result<bool, StoreError> {
    let sql = "select a.price is not distinct from b.price and a.code is not distinct from b.code
                 and a.documents ->> 'terms.md' is not distinct from b.documents ->> 'terms.md'
               from control.offer a, control.offer b where a.id = $1 and b.id = $2";
    Ok(client.query_one(sql, &[&one, &other]).await?.try_get(0)?)
}

/// Makes the contract that brings a body from the one in service to a newer version, to be opened;
/// the one that was made before, where there is one. `None` when the old one is in service no more
/// or its end was asked for, or the body has another contract for the business on its way.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contract_roll(
    client: &Client,
    (old, offer): (i64, i64),
    note: &str,
) -> Result<Option<i64>, StoreError> {
    let made = "select id from control.contract where replaces = $1 and offer = $2
                  and state in ('締結', '提供中')";
    if let Some(row) = client.query_opt(made, &[&old, &offer]).await? {
        return Ok(Some(row.try_get(0)?));
    }
    let sql = "insert into control.contract
                 (organisation, offer, state, method, reason, budget, drafted_by, decided_by,
                  decided_at, signed_by, signed_at, replaces)
               select organisation, $2, '締結', method, $3, budget, $5, $4,
                 now(), $4, now(), id
               from control.contract c where id = $1 and state = '提供中' and ends_on is null
                 and not exists (select from control.contract o
                   where o.organisation = c.organisation and o.id <> c.id
                     and o.state not in ('取下げ', '終了')
                     and control.is_same_business(o.offer, $2))
               returning id";
    let Some(row) = client.query_opt(sql, &[&old, &offer, &note, &ACTOR, &ROLLED_BY]).await? else {
        return Ok(None);
    };
    let id = row.try_get(0)?;
    act_add(client, (id, ACTOR), ("版の更新", note)).await?;
    Ok(Some(id))
}

/// The contract that was made for a body whose contract in service is `old`, for a vendor's package
/// by its hash; none is made.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contract_rolled(
    client: &Client,
    old: i64,
    (vendor, hash): (&str, &str),
) -> Result<Option<i64>, StoreError> {
    let sql = "select c.id from control.contract c join control.offer o on o.id = c.offer
               where c.replaces = $1 and c.drafted_by = $4 and o.vendor_id = $2 and o.hash = $3
                 and c.state in ('締結', '提供中')";
    let row = client.query_opt(sql, &[&old, &vendor, &hash, &ROLLED_BY]).await?;
    Ok(row.map(|row| row.get(0)))
}

/// Takes such a contract back where it could not be opened; the old one stays in service.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contract_roll_back(client: &Client, id: i64, why: &str) -> Result<(), StoreError> {
    let sql = "update control.contract set state = '取下げ' where id = $1 and state = '締結'";
    if client.execute(sql, &[&id]).await? > 0 {
        act_add(client, (id, ACTOR), ("取下げ", why)).await?;
    }
    Ok(())
}

/// What the watch found of a body since a contract was signed, before anything was installed for
/// it, and is not over: number and title of the incident.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn incident_since(
    client: &Client,
    organisation: &str,
    contract: i64,
) -> Result<Option<(i64, String)>, StoreError> {
    let sql = "select id, title from control.incident where organisation = $1
                 and found_by = '見張り' and ended_at is null
                 and began_at >= (select signed_at from control.contract where id = $2)
               order by id limit 1";
    let row = client.query_opt(sql, &[&organisation, &contract]).await?;
    Ok(row.map(|row| (row.get(0), row.get(1))))
}
