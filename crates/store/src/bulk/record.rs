//! Whole registers out of one database and into another: every row, current and past, with both
//! its times, its numbers and its secrets opened, and nothing derived (no search keys).
//!
//! Reading is one snapshot and a stream; writing is one transaction of binary COPY. Nothing here
//! writes a file, and no value of a row is ever logged.

use std::pin::Pin;

use base::date::Date;
use bytes::Bytes;
use definition::model::{Item, ItemKind};
use futures_util::{SinkExt, TryStreamExt};
use tokio_postgres::{Client, CopyInSink, IsolationLevel, RowStream, Transaction};

use super::{BulkValue, CopyRows, Encoder, PIECE};
use crate::StoreError;
use crate::journal::{NewEntry, journal_append};
use crate::listing::Listing;
use crate::register::{META, Table, quote};
use crate::series::series_advance;
use crate::value::RowMeta;
use crate::vault::Vault;

/// A value exactly as it is stored.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub enum Stored {
    /// Text and codes; the plain text of a secret.
    Text(String),
    /// Whole number.
    Integer(i64),
    /// Flag.
    Flag(bool),
    /// The day to count with and, of an uncertain date, its text (不詳表記).
    Day(Option<Date>, Option<String>),
}

/// A row with nothing left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Values in the order of the register's items.
    pub values: Vec<Option<Stored>>,
    /// Both times, order and origin.
    pub meta: RowMeta,
}

impl Record {
    /// The key and 履歴番号: the order in which records are read.
    pub fn place(&self, table: Table<'_>) -> (Option<&Stored>, i32) {
        (self.values[table.register.key_index()].as_ref(), self.meta.version_no)
    }
}

/// One moment of a database, for reading only.
pub struct Snapshot<'c>(Transaction<'c>);

/// Begins to read; what others change meanwhile is not seen.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn snapshot(client: &mut Client) -> Result<Snapshot<'_>, StoreError> {
    let begin = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
    Ok(Snapshot(begin.read_only(true).start().await?))
}

impl Snapshot<'_> {
    /// The rows of a table, by key, then 履歴番号. `vault` opens the secrets.
    ///
    /// # Errors
    /// [`StoreError::Database`]; [`StoreError::Vault`] when secrets are there and no key is.
    pub async fn records<'t>(
        &self,
        table: Table<'t>,
        past: bool,
        vault: Option<&'t Vault>,
    ) -> Result<Records<'t>, StoreError> {
        let name = if past { table.history() } else { table.current() };
        let columns: Vec<String> = table.register.items.iter().flat_map(plain_columns).collect();
        let key = quote(table.register.key_column());
        let sql =
            format!("select {}, {META} from {name} order by {key}, version_no", columns.join(", "));
        let none: [&str; 0] = [];
        let rows = self.0.query_raw(sql.as_str(), none).await?;
        Ok(Records { rows: Box::pin(rows), table, vault })
    }

    /// The rows of a listing as JSON, one text a row, in its order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn listed(&self, listing: &Listing) -> Result<Lines, StoreError> {
        let none: [&str; 0] = [];
        Ok(Lines(Box::pin(self.0.query_raw(listing.sql, none).await?)))
    }

    /// The rows of a listing of the control database that are an organisation's.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn listed_of(
        &self,
        listing: &Listing,
        organisation: &str,
    ) -> Result<Lines, StoreError> {
        Ok(Lines(Box::pin(self.0.query_raw(listing.sql, [organisation]).await?)))
    }

    /// The number series and their next numbers.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn series(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let rows = self.0.query("select name, next from core.series order by name", &[]).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    /// The last number of the journal; zero when nothing was ever recorded.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn journal_last(&self) -> Result<i64, StoreError> {
        let sql = "select coalesce(max(event_id), 0) from core.journal";
        Ok(self.0.query_one(sql, &[]).await?.try_get(0)?)
    }

    /// The last number of the audit; zero when there is none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn audit_last(&self) -> Result<i64, StoreError> {
        let sql = "select coalesce(max(id), 0) from core.audit";
        Ok(self.0.query_one(sql, &[]).await?.try_get(0)?)
    }

    /// The hash of the installed version of a system.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn installed(&self, system: &str) -> Result<Option<String>, StoreError> {
        installed(&self.0, system).await
    }
}

async fn installed(client: &Transaction<'_>, system: &str) -> Result<Option<String>, StoreError> {
    let row = client.query_opt("select hash from core.system where id = $1", &[&system]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// A secret is read sealed, a date with its text; search keys are derived and not read.
fn plain_columns(item: &Item) -> Vec<String> {
    let name = |end: &str| quote(&format!("{}{end}", item.romaji));
    match item.kind {
        _ if item.secret => vec![name("_sealed")],
        ItemKind::Date { uncertain: true } => vec![name(""), name("_fusho")],
        _ => vec![name("")],
    }
}

/// JSON texts as they arrive.
pub struct Lines(Pin<Box<RowStream>>);

impl Lines {
    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn next(&mut self) -> Result<Option<String>, StoreError> {
        Ok(self.0.try_next().await?.map(|row| row.try_get(0)).transpose()?)
    }
}

/// The rows of one table as they arrive.
pub struct Records<'t> {
    rows: Pin<Box<RowStream>>,
    table: Table<'t>,
    vault: Option<&'t Vault>,
}

impl Records<'_> {
    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Vault`].
    pub async fn next(&mut self) -> Result<Option<Record>, StoreError> {
        match self.rows.try_next().await? {
            Some(row) => self.record(&row).map(Some),
            None => Ok(None),
        }
    }

    fn record(&self, row: &tokio_postgres::Row) -> Result<Record, StoreError> {
        let mut at = 0;
        let mut values = Vec::with_capacity(self.table.register.items.len());
        for item in &self.table.register.items {
            values.push(self.value(item, row, at)?);
            at += if item.kind == (ItemKind::Date { uncertain: true }) && !item.secret {
                2
            } else {
                1
            };
        }
        let meta = RowMeta {
            version_no: row.try_get(at)?,
            valid_from: row.try_get(at + 1)?,
            valid_to: row.try_get(at + 2)?,
            recorded_from: row.try_get(at + 3)?,
            recorded_to: row.try_get(at + 4)?,
            event_id: row.try_get(at + 5)?,
            reason: row.try_get(at + 6)?,
            closed_on: row.try_get(at + 7)?,
        };
        Ok(Record { values, meta })
    }

    fn value(
        &self,
        item: &Item,
        row: &tokio_postgres::Row,
        at: usize,
    ) -> Result<Option<Stored>, StoreError> {
        if item.secret {
            let Some(sealed) = row.try_get::<_, Option<Vec<u8>>>(at)? else { return Ok(None) };
            let vault = self.vault.ok_or(StoreError::Vault("鍵なしでは読めません"))?;
            return Ok(Some(Stored::Text(vault.open_sealed(&self.table.place(item), &sealed)?)));
        }
        Ok(match item.kind {
            ItemKind::Integer { .. } => row.try_get::<_, Option<i64>>(at)?.map(Stored::Integer),
            ItemKind::Flag => row.try_get::<_, Option<bool>>(at)?.map(Stored::Flag),
            ItemKind::Time => {
                let time: Option<base::clock::Time> = row.try_get(at)?;
                time.map(|time| Stored::Text(base::clock::standard_text(time)))
            }
            ItemKind::Date { uncertain } => {
                let day: Option<Date> = row.try_get(at)?;
                let text = if uncertain { row.try_get(at + 1)? } else { None };
                (day.is_some() || text.is_some()).then_some(Stored::Day(day, text))
            }
            _ => row.try_get::<_, Option<String>>(at)?.map(Stored::Text),
        })
    }
}

/// One transaction in which whole registers are loaded; all of it or nothing.
pub struct Load<'c>(Snapshot<'c>);

/// Begins to load as the owner of the tables: the connection must be the installer's.
///
/// # Errors
/// [`StoreError::Database`], also when the role may not act as the owner.
pub async fn load(client: &mut Client) -> Result<Load<'_>, StoreError> {
    let transaction = client.transaction().await?;
    transaction.batch_execute("set local role kumoi_owner").await?;
    Ok(Load::of(transaction))
}

impl<'c> Load<'c> {
    /// In a transaction that acts as the owner already.
    pub(crate) fn of(transaction: Transaction<'c>) -> Load<'c> {
        Load(Snapshot(transaction))
    }

    /// The transaction itself.
    pub(crate) fn transaction(&self) -> &Transaction<'c> {
        &self.0.0
    }

    /// What there is by now, its own writes among it.
    pub fn seen(&self) -> &Snapshot<'c> {
        &self.0
    }

    /// The hash of the installed version of a system.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn installed(&self, system: &str) -> Result<Option<String>, StoreError> {
        self.0.installed(system).await
    }

    /// Whether neither the current nor the past table holds a row; both stay locked for others.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn is_empty(&self, table: Table<'_>) -> Result<bool, StoreError> {
        let (current, history) = (table.current(), table.history());
        let lock = format!("lock table {current}, {history} in share row exclusive mode");
        self.transaction().batch_execute(&lock).await?;
        let sql = format!(
            "select not exists (select from {current}) and not exists (select from {history})"
        );
        Ok(self.transaction().query_one(&sql, &[]).await?.try_get(0)?)
    }

    /// The rows of a table, to be written one after another.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn writer<'t>(
        &self,
        table: Table<'t>,
        past: bool,
        vault: &'t Vault,
    ) -> Result<RecordWriter<'t>, StoreError> {
        let name = if past { table.history() } else { table.current() };
        let sql = format!("copy {name} ({}) from stdin binary", table.written_columns());
        let sink = Box::pin(self.transaction().copy_in::<_, Bytes>(&sql).await?);
        Ok(RecordWriter { sink, encoder: Encoder::new(table, vault), rows: CopyRows::default() })
    }

    /// Whether the journal holds an entry with a number up to `last`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn journal_meets(&self, last: i64) -> Result<bool, StoreError> {
        let sql = "select exists (select from core.journal where event_id <= $1)";
        Ok(self.transaction().query_one(sql, &[&last]).await?.try_get(0)?)
    }

    /// Journals the load under a number behind `last`, so that numbers that came with the rows
    /// are never given again; the number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn journal(&self, entry: &NewEntry, last: i64) -> Result<i64, StoreError> {
        let sql = "select setval(pg_get_serial_sequence('core.journal', 'event_id'),
             greatest($1, (select coalesce(max(event_id), 0) from core.journal), 1))";
        self.transaction().query_one(sql, &[&last]).await?;
        journal_append(self.transaction(), entry).await
    }

    /// Moves a number series so that no number that came with the rows is given again.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn series_advance(&self, name: &str, next: i64) -> Result<(), StoreError> {
        series_advance(self.transaction(), name, next).await
    }

    /// Ends the load: all of it is there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.0.0.commit().await?)
    }
}

/// Writes the rows of one table; what is not finished is not there.
pub struct RecordWriter<'t> {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    encoder: Encoder<'t>,
    rows: CopyRows,
}

impl RecordWriter<'_> {
    /// Writes a row. Search keys are made and secrets sealed on the way.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Vault`].
    pub async fn write(&mut self, record: &Record) -> Result<(), StoreError> {
        let values: Vec<Option<BulkValue<'_>>> =
            record.values.iter().map(|value| value.as_ref().map(bulk)).collect();
        self.encoder.row_as_it_was(&values, &record.meta, &mut self.rows)?;
        if self.rows.waiting() >= PIECE {
            self.sink.send(self.rows.take_bytes()).await?;
        }
        Ok(())
    }

    /// Ends the table; how many rows it took.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finish(mut self) -> Result<u64, StoreError> {
        self.sink.send(self.rows.end()).await?;
        Ok(self.sink.as_mut().finish().await?)
    }
}

fn bulk(value: &Stored) -> BulkValue<'_> {
    match value {
        Stored::Text(text) => BulkValue::Text(text),
        Stored::Integer(number) => BulkValue::Integer(*number),
        Stored::Flag(flag) => BulkValue::Flag(*flag),
        Stored::Day(day, text) => BulkValue::Stored(*day, text.as_deref()),
    }
}
