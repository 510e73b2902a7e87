//! 異動: the journal. One entry for every change of a register, in the same transaction.

use base::date::Date;
use base::said;
use jiff::Timestamp;
use serde_json::Value;

use crate::seal::digest::{holds_fraction, journal_digest};
use crate::{GenericClient, StoreError};

/// An entry to be written.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// 処理日時.
    pub recorded_at: Timestamp,
    /// System.
    pub system: String,
    /// Procedure.
    pub procedure: String,
    /// Event published, if any.
    pub event: Option<String>,
    /// 異動事由.
    pub reason: String,
    /// Case.
    pub case_id: Option<i64>,
    /// Keys of the subjects.
    pub subjects: Vec<String>,
    /// 異動日.
    pub effective_on: Date,
    /// 届出日.
    pub filed_on: Option<Date>,
    /// Who entered it.
    pub actor: String,
    /// Who approved it.
    pub approver: Option<String>,
    /// Bulk run.
    pub run_id: Option<i64>,
    /// Items of the event by subject; never a secret.
    pub content: Value,
}

impl NewEntry {
    /// Whom the event is about, which may be fewer than the rows that were written with it; nobody
    /// where no event was recorded.
    pub fn event_subjects(&self) -> Vec<String> {
        let subjects = self.content["subjects"].as_object();
        subjects.map(|all| all.keys().cloned().collect()).unwrap_or_default()
    }
}

/// A recorded entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number.
    pub event_id: i64,
    /// What was written.
    pub entry: NewEntry,
}

/// The columns that [`read`] takes, in its order.
pub(crate) const COLUMNS: &str = "event_id, recorded_at, system, procedure, event, reason,
     case_id, subjects, effective_on, filed_on, actor, approver, run_id, content";

/// Appends an entry with its canonical digest; its number is returned. Moments are kept to the
/// microsecond.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn journal_append(
    client: &impl GenericClient,
    entry: &NewEntry,
) -> Result<i64, StoreError> {
    let entry = as_kept(client, entry).await?;
    let digest = journal_digest(&entry).to_vec();
    let row = client
        .query_one(
            "insert into core.journal (recorded_at, system, procedure, event, reason, case_id,
               subjects, effective_on, filed_on, actor, approver, run_id, content, digest)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             returning event_id",
            &[
                &entry.recorded_at,
                &entry.system,
                &entry.procedure,
                &entry.event,
                &entry.reason,
                &entry.case_id,
                &entry.subjects,
                &entry.effective_on,
                &entry.filed_on,
                &entry.actor,
                &entry.approver,
                &entry.run_id,
                &entry.content,
                &digest,
            ],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// The entry as it will be read again: the digest is taken of what the database keeps.
async fn as_kept(client: &impl GenericClient, entry: &NewEntry) -> Result<NewEntry, StoreError> {
    let mut kept = entry.clone();
    let micros = Timestamp::from_microsecond(entry.recorded_at.as_microsecond());
    kept.recorded_at = micros.unwrap_or(entry.recorded_at);
    if holds_fraction(&entry.content) {
        // jsonb writes fractions and exponents its own way.
        kept.content = client.query_one("select $1::jsonb", &[&entry.content]).await?.try_get(0)?;
    }
    Ok(kept)
}

/// The number of the last entry; `None` when there is none.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn journal_last(client: &impl GenericClient) -> Result<Option<i64>, StoreError> {
    Ok(client.query_one("select max(event_id) from core.journal", &[]).await?.try_get(0)?)
}

/// One entry.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn journal_entry(
    client: &impl GenericClient,
    event_id: i64,
) -> Result<Entry, StoreError> {
    let sql = format!("select {COLUMNS} from core.journal where event_id = $1");
    let row = client.query_opt(&sql, &[&event_id]).await?;
    let row =
        row.ok_or_else(|| StoreError::NotFound(said!("異動 {event_id}", "Event {event_id}")))?;
    read(&row)
}

/// Entries by their numbers.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn journal_entries(
    client: &impl GenericClient,
    numbers: &[i64],
) -> Result<Vec<Entry>, StoreError> {
    let sql = format!("select {COLUMNS} from core.journal where event_id = any($1)");
    client.query(&sql, &[&numbers]).await?.iter().map(read).collect()
}

/// The latest entries, newest first; of one subject when given.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn journal_latest(
    client: &impl GenericClient,
    subject: Option<&str>,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from core.journal
         where $1::text is null or subjects @> array[$1::text]
         order by event_id desc limit $2"
    );
    client.query(&sql, &[&subject, &limit]).await?.iter().map(read).collect()
}

/// An entry from the columns of [`COLUMNS`].
pub(crate) fn read(row: &tokio_postgres::Row) -> Result<Entry, StoreError> {
    Ok(Entry {
        event_id: row.try_get(0)?,
        entry: NewEntry {
            recorded_at: row.try_get(1)?,
            system: row.try_get(2)?,
            procedure: row.try_get(3)?,
            event: row.try_get(4)?,
            reason: row.try_get(5)?,
            case_id: row.try_get(6)?,
            subjects: row.try_get(7)?,
            effective_on: row.try_get(8)?,
            filed_on: row.try_get(9)?,
            actor: row.try_get(10)?,
            approver: row.try_get(11)?,
            run_id: row.try_get(12)?,
            content: row.try_get(13)?,
        },
    })
}
