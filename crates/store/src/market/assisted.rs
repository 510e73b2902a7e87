//! 運用管理補助者, the vendor's side: what the executor tells a vendor of the bodies that named it. A
//! naming that was taken back or whose time is over is told no more.

use base::date::Date;
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::{Client, Row};

use crate::control::assistant::Told;
use crate::{GenericClient, StoreError};

/// A body that named this login's vendor.
#[derive(Clone, Debug, PartialEq)]
pub struct Assisted {
    /// The body's name.
    pub body: String,
    /// What the vendor does for it.
    pub duties: String,
    /// Last day.
    pub until: Date,
    /// Systems and incidents, as told.
    pub state: Value,
    /// As of when.
    pub told_at: Timestamp,
}

/// Tells all that is in force, and nothing else any more.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn assisted_tell(client: &mut Client, told: &[Told]) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    let ids: Vec<i64> = told.iter().map(|one| one.assistant).collect();
    let sql = "delete from market.assisted where assistant <> all($1)";
    transaction.execute(sql, &[&ids]).await?;
    let sql = "insert into market.assisted (assistant, vendor, body, duties, until_day, state)
               select $1, v.id, $3, $4, $5, $6 from market.vendor v where v.id = $2
               on conflict (assistant) do update set body = excluded.body,
                 state = excluded.state, told_at = now()";
    for Told { assistant, vendor, body, duties, until, state } in told {
        transaction.execute(sql, &[assistant, vendor, body, duties, until, state]).await?;
    }
    Ok(transaction.commit().await?)
}

/// The bodies that named this login's vendor, by name.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn assisted_list(client: &impl GenericClient) -> Result<Vec<Assisted>, StoreError> {
    let sql = "select body, duties, until_day, state, told_at from market.assisted
               order by body, assistant";
    let one = |row: &Row| {
        Ok(Assisted {
            body: row.try_get(0)?,
            duties: row.try_get(1)?,
            until: row.try_get(2)?,
            state: row.try_get(3)?,
            told_at: row.try_get(4)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(one).collect()
}
