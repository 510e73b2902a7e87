//! What was measured of an organisation's moves between clusters, and how many clouds it is on, as
//! its own login sees it.

use jiff::Timestamp;
use tokio_postgres::Row;

use crate::{GenericClient, StoreError};

/// A switch of an organisation from one cluster to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// When the way began.
    pub begun_at: Timestamp,
    /// How long nothing could be written, milliseconds.
    pub read_only_ms: i64,
    /// Rows compared.
    pub rows: i64,
    /// Rows that differed.
    pub different: i64,
}

/// The moves of this login's organisation that were switched, in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn moved_list(client: &impl GenericClient) -> Result<Vec<Moved>, StoreError> {
    let sql = "select begun_at, read_only_ms, rows, different from control.relocation
               where read_only_ms is not null and rows is not null and different is not null
               order by id";
    let moved = |row: &Row| {
        Ok(Moved {
            begun_at: row.try_get(0)?,
            read_only_ms: row.try_get(1)?,
            rows: row.try_get(2)?,
            different: row.try_get(3)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(moved).collect()
}

/// How many clouds have accounts of this login's organisation.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn cloud_count(client: &impl GenericClient) -> Result<i64, StoreError> {
    let sql = "select count(distinct provider) from control.cost_owner";
    Ok(client.query_one(sql, &[]).await?.try_get(0)?)
}
