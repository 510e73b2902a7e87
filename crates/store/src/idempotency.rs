//! Requests that a program may send again: who sent what under which key, and the case it became.

use tokio_postgres::GenericClient;

use crate::StoreError;

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// It is new, and now reserved.
    New,
    /// The same was sent before and became this case; `None` while it is still being entered.
    Same(Option<i64>),
    /// Something else was sent under it.
    Other,
}

/// Reserves a key for a body. Keys are forgotten after a day. Between the case and its record here
/// the process may die: such a key stays without a case, so that nothing is entered twice.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn key_reserve(
    client: &impl GenericClient,
    (actor, key): (&str, &str),
    digest: &[u8],
) -> Result<Reserved, StoreError> {
    let old = "delete from core.idempotency where begun_at < now() - interval '1 day'";
    client.execute(old, &[]).await?;
    let sql = "insert into core.idempotency (actor, key, digest) values ($1, $2, $3)
               on conflict do nothing";
    if client.execute(sql, &[&actor, &key, &digest]).await? == 1 {
        return Ok(Reserved::New);
    }
    let sql = "select digest, case_id from core.idempotency where actor = $1 and key = $2";
    let Some(row) = client.query_opt(sql, &[&actor, &key]).await? else {
        return Ok(Reserved::Same(None));
    };
    let known: Vec<u8> = row.try_get(0)?;
    Ok(if known == digest { Reserved::Same(row.try_get(1)?) } else { Reserved::Other })
}

/// Records the case that a key became, or forgets a key that became none.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn key_settle(
    client: &impl GenericClient,
    (actor, key): (&str, &str),
    case: Option<i64>,
) -> Result<(), StoreError> {
    let sql = match case {
        Some(_) => "update core.idempotency set case_id = $3 where actor = $1 and key = $2",
        None => {
            "delete from core.idempotency
             where actor = $1 and key = $2 and case_id is not distinct from $3::bigint"
        }
    };
    client.execute(sql, &[&actor, &key, &case]).await?;
    Ok(())
}
