//! 取消 of a recorded event: what touched a row since, what the event set going, and the lock under
//! which an event is cancelled or reacted to, but never both at once.
//!
//! The journal alone says what touched what: `content.touched` names the rows of each register,
//! `content.cancels` the event that an entry takes back.

use serde_json::json;

use crate::journal::{COLUMNS, Entry, read};
use crate::{GenericClient, StoreError};

/// Locks an event until the transaction ends.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn event_lock(client: &impl GenericClient, event_id: i64) -> Result<(), StoreError> {
    client.execute("select pg_advisory_xact_lock($1)", &[&event_id]).await?;
    Ok(())
}

/// Every entry that wrote a row, in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn events_touching(
    client: &impl GenericClient,
    system: &str,
    (register, key): (&str, &str),
) -> Result<Vec<Entry>, StoreError> {
    let wanted = json!({ register: [key] });
    let sql = format!(
        "select {COLUMNS} from core.journal
         where content -> 'touched' @> $1 and system = $2 order by event_id"
    );
    client.query(&sql, &[&wanted, &system]).await?.iter().map(read).collect()
}

/// The entry that cancelled an event, if one did.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn event_cancelled_by(
    client: &impl GenericClient,
    event_id: i64,
) -> Result<Option<Entry>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from core.journal
         where content ? 'cancels' and (content ->> 'cancels')::bigint = $1"
    );
    client.query_opt(&sql, &[&event_id]).await?.as_ref().map(read).transpose()
}

/// Numbers of the cases that an event set going, at once or by its timers, in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn event_cases(
    client: &impl GenericClient,
    event_id: i64,
) -> Result<Vec<i64>, StoreError> {
    let sql = "select id from core.cases where origin_event = $1
               union select (content ->> 'case')::bigint from core.job
                 where kind = 'timer' and content ? 'case' and starts_with(unique_key, $2)
               order by 1";
    let rows = client.query(sql, &[&event_id, &timers_of(event_id)]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Withdraws the timers of an event that have not run yet; how many is returned.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn event_timers_withdraw(
    client: &impl GenericClient,
    event_id: i64,
) -> Result<u64, StoreError> {
    let sql = "delete from core.job
               where kind = 'timer' and done_at is null and starts_with(unique_key, $1)";
    Ok(client.execute(sql, &[&timers_of(event_id)]).await?)
}

/// What the keys of an event's timers begin with.
fn timers_of(event_id: i64) -> String {
    format!("{event_id}/")
}
