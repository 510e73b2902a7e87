//! 転送: municipalities to be told of a registration, with their letters. Rows are added by the
//! registration itself and never deleted.

use base::said;
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::{GenericClient, Row};

use crate::StoreError;

/// Somebody to be told.
#[derive(Clone, Debug)]
pub struct NewForward {
    /// Journal entry of the registration.
    pub event_id: i64,
    /// System.
    pub system: String,
    /// Procedure.
    pub procedure: String,
    /// Key of the subject.
    pub subject: String,
    /// The item that names the municipality.
    pub item: String,
    /// Its text.
    pub place: String,
    /// 団体コード and name of the municipality; `None` when the text names none surely.
    pub municipality: Option<(String, String)>,
}

/// Somebody to be told, with what was done.
#[derive(Clone, Debug)]
pub struct Forward {
    /// Its number.
    pub id: i64,
    /// What is to be done.
    pub new: NewForward,
    /// 発行番号 of the letter.
    pub document: Option<String>,
    /// When and by whom it was sent.
    pub sent: Option<(Timestamp, String)>,
    /// How it was sent.
    pub note: Option<String>,
    /// The form of the case, as decided.
    pub form: Value,
}

/// Adds one; the same again adds nothing.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn forward_add(client: &impl GenericClient, new: &NewForward) -> Result<(), StoreError> {
    let (code, name) = new.municipality.clone().unzip();
    client
        .execute(
            "insert into core.forward
               (event_id, system, procedure, subject, item, place, code, name)
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
            &[
                &new.event_id,
                &new.system,
                &new.procedure,
                &new.subject,
                &new.item,
                &new.place,
                &code,
                &name,
            ],
        )
        .await?;
    Ok(())
}

const COLUMNS: &str = "f.id, f.event_id, f.system, f.procedure, f.subject, f.item, f.place, \
     f.code, f.name, f.document, f.sent_at, f.sent_by, f.note, coalesce(c.form, '{}'::jsonb) \
     from core.forward f join core.journal j using (event_id) \
     left join core.cases c on c.id = j.case_id";

/// Those that wait, the oldest first, or the latest that were sent.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn forward_list(
    client: &impl GenericClient,
    sent: bool,
) -> Result<Vec<Forward>, StoreError> {
    let order = if sent { "f.sent_at desc, f.id" } else { "f.event_id, f.code, f.id" };
    let sql =
        format!("select {COLUMNS} where (f.sent_at is not null) = $1 order by {order} limit 200");
    client.query(&sql, &[&sent]).await?.iter().map(read).collect()
}

/// Those that wait for a letter to a known municipality, locked until the transaction ends.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn forward_unwritten(client: &impl GenericClient) -> Result<Vec<Forward>, StoreError> {
    let sql = format!(
        "select {COLUMNS}
         where f.document is null and f.code is not null and f.sent_at is null
         order by f.event_id, f.code, f.id limit 500 for update of f"
    );
    client.query(&sql, &[]).await?.iter().map(read).collect()
}

/// Records the letter of some.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn forward_written(
    client: &impl GenericClient,
    ids: &[i64],
    document: &str,
) -> Result<(), StoreError> {
    let sql = "update core.forward set document = $2 where id = any($1)";
    client.execute(sql, &[&ids, &document]).await?;
    Ok(())
}

/// Records that one was sent; all with the same letter go with it. Their subjects are returned.
///
/// # Errors
/// [`StoreError::Conflict`] when it was sent before, or is not there.
pub async fn forward_sent(
    client: &impl GenericClient,
    id: i64,
    by: &str,
    note: &str,
) -> Result<Vec<String>, StoreError> {
    let rows = client
        .query(
            "update core.forward f set sent_at = now(), sent_by = $2, note = $3
             from core.forward one
             where one.id = $1 and f.sent_at is null
               and (f.id = one.id or f.document = one.document)
             returning f.subject",
            &[&id, &by, &note],
        )
        .await?;
    if rows.is_empty() {
        return Err(StoreError::Conflict(said!(
            "この転送はもう済んでいるか、ありません",
            "This letter was sent already, or there is none"
        )));
    }
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

fn read(row: &Row) -> Result<Forward, StoreError> {
    let code: Option<String> = row.try_get(7)?;
    let at: Option<Timestamp> = row.try_get(10)?;
    let by: Option<String> = row.try_get(11)?;
    Ok(Forward {
        id: row.try_get(0)?,
        new: NewForward {
            event_id: row.try_get(1)?,
            system: row.try_get(2)?,
            procedure: row.try_get(3)?,
            subject: row.try_get(4)?,
            item: row.try_get(5)?,
            place: row.try_get(6)?,
            municipality: code.zip(row.try_get(8)?),
        },
        document: row.try_get(9)?,
        sent: at.zip(by),
        note: row.try_get(12)?,
        form: row.try_get(13)?,
    })
}
