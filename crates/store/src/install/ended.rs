//! Systems whose contract has ended: installed, with their registers, and served no more.

use base::date::Date;
use tokio_postgres::Row;

use crate::{GenericClient, StoreError};

/// A system that is served no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSystem {
    /// System.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The last day in service.
    pub on: Date,
}

/// Marks an installed system as served no more after a day (the role must be the owner); false when
/// it was marked before, is not installed, or is there as one of the packages (by hash) that other
/// contracts are for: those go on.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn service_end(
    client: &impl GenericClient,
    (system, others): (&str, &[String]),
    on: Date,
) -> Result<bool, StoreError> {
    let sql = "insert into core.system_ended (system, ended_on)
               select id, $2 from core.system where id = $1 and hash <> all($3)
               on conflict do nothing";
    Ok(client.execute(sql, &[&system, &on, &others]).await? > 0)
}

/// Takes the mark away (the role must be the owner); false when there was none.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn service_resume(client: &impl GenericClient, system: &str) -> Result<bool, StoreError> {
    let sql = "delete from core.system_ended where system = $1";
    Ok(client.execute(sql, &[&system]).await? > 0)
}

/// The systems that are served no more, by identifier.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn ended_list(client: &impl GenericClient) -> Result<Vec<EndedSystem>, StoreError> {
    let sql = "select s.id, s.name, e.ended_on
               from core.system_ended e join core.system s on s.id = e.system order by s.id";
    let rows = client.query(sql, &[]).await?;
    let one = |row: &Row| {
        Ok(EndedSystem { id: row.try_get(0)?, name: row.try_get(1)?, on: row.try_get(2)? })
    };
    rows.iter().map(one).collect()
}
