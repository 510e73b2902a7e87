//! Who made and approved what was applied, and who was admitted when: for reading them again
//! afterwards. Judges nothing.

use jiff::Timestamp;
use tokio_postgres::Row;

use crate::{GenericClient, StoreError};

/// A blueprint that was begun, with who stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Number.
    pub id: i64,
    /// Who made it, and when.
    pub made: (String, Timestamp),
    /// The first operator of one that a command made.
    pub checked: Option<(String, Timestamp)>,
    /// Who approved it.
    pub approved: Option<(String, Timestamp)>,
    /// Why nobody of the operators could.
    pub emergency: Option<String>,
}

/// 運用担当 as they are admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// As blueprints name the person.
    pub name: String,
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// Every blueprint that was begun, in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn signed_list(client: &impl GenericClient) -> Result<Vec<Signed>, StoreError> {
    let sql = "select id, made_by, made_at, checked_by, coalesce(checked_at, made_at), approved_by,
                 coalesce(approved_at, made_at), emergency
               from control.blueprint where generation is not null order by id";
    let signed = |row: &Row| -> Result<Signed, StoreError> {
        let (checked_at, approved_at): (Timestamp, Timestamp) = (row.try_get(4)?, row.try_get(6)?);
        Ok(Signed {
            id: row.try_get(0)?,
            made: (row.try_get(1)?, row.try_get(2)?),
            checked: row.try_get::<_, Option<String>>(3)?.map(|name| (name, checked_at)),
            approved: row.try_get::<_, Option<String>>(5)?.map(|name| (name, approved_at)),
            emergency: row.try_get(7)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(signed).collect()
}

/// Everybody who is or was admitted.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn admitted_list(client: &impl GenericClient) -> Result<Vec<Admitted>, StoreError> {
    let sql = "select id || '@' || organisation, admitted_at, ended_at from control.operator
               order by 1";
    let admitted = |row: &Row| -> Result<Admitted, StoreError> {
        let (name, from, until) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        Ok(Admitted { name, from, until })
    };
    client.query(sql, &[]).await?.iter().map(admitted).collect()
}
