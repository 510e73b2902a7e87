//! The audit: who did or saw what, of whom, for which purpose. Append-only; a read is one row with
//! all subjects shown, committed before the page goes out.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;

use crate::{GenericClient, StoreError};

/// A row to be written.
#[derive(Clone, Debug)]
pub struct NewAudit {
    /// Who.
    pub actor: String,
    /// In which role.
    pub role: String,
    /// From which zone.
    pub zone: String,
    /// For which purpose.
    pub purpose: String,
    /// What (`resident-record.search`).
    pub action: String,
    /// Keys of the subjects shown or changed.
    pub subjects: Vec<String>,
    /// Particulars; never a secret.
    pub detail: Value,
    /// The request that did it.
    pub request: String,
}

/// A recorded row.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What was written.
    pub audit: NewAudit,
}

/// Appends a row.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn audit_append(
    client: &impl GenericClient,
    audit: &NewAudit,
) -> Result<i64, StoreError> {
    let row = client
        .query_one(
            "insert into core.audit (actor, role, zone, purpose, action, subjects, detail, request)
             values ($1, $2, $3, $4, $5, $6, $7, $8) returning id",
            &[
                &audit.actor,
                &audit.role,
                &audit.zone,
                &audit.purpose,
                &audit.action,
                &audit.subjects,
                &audit.detail,
                &audit.request,
            ],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// The latest rows, newest first; of one subject when given.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn audit_latest(
    client: &impl GenericClient,
    subject: Option<&str>,
    limit: i64,
) -> Result<Vec<Audit>, StoreError> {
    let rows = client
        .query(
            "select id, at, actor, role, zone, purpose, action, subjects, detail, request
             from core.audit where $1::text is null or subjects @> array[$1::text]
             order by id desc limit $2",
            &[&subject, &limit],
        )
        .await?;
    rows.iter()
        .map(|row| Ok(Audit { id: row.try_get(0)?, at: row.try_get(1)?, audit: content(row)? }))
        .collect()
}

/// What a row says; number and time stand before it.
pub(crate) fn content(row: &Row) -> Result<NewAudit, StoreError> {
    Ok(NewAudit {
        actor: row.try_get(2)?,
        role: row.try_get(3)?,
        zone: row.try_get(4)?,
        purpose: row.try_get(5)?,
        action: row.try_get(6)?,
        subjects: row.try_get(7)?,
        detail: row.try_get(8)?,
        request: row.try_get(9)?,
    })
}
