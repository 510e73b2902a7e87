//! Where a server was written to: what PostgreSQL counts of every database, seen from any one.
//!
//! One look tells which of many organisations had news, so nobody has to ask each of them. Counts
//! only: no row and no statement of another organisation can be seen here.

use std::collections::HashMap;

use crate::{GenericClient, StoreError};

/// What a server counts of one database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Rows written since the statistics began; up to ten seconds late while somebody is connected,
    /// complete when nobody is.
    pub writes: i64,
    /// Connections at this moment.
    pub connections: i32,
}

/// Every database of the server by name.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn activity(
    client: &impl GenericClient,
) -> Result<HashMap<String, Activity>, StoreError> {
    let sql = "select datname::text, tup_inserted + tup_updated + tup_deleted, numbackends
               from pg_stat_database where datname is not null";
    let rows = client.query(sql, &[]).await?;
    rows.iter()
        .map(|row| {
            let counted = Activity { writes: row.try_get(1)?, connections: row.try_get(2)? };
            Ok((row.try_get(0)?, counted))
        })
        .collect()
}
