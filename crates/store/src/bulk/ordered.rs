//! Rows of registers as they stand, open ones only, in the order of an item: what a bulk run goes
//! through. Several tables are read at one moment, each over a connection of its own, so that
//! rows that belong together meet without a look-up.

use std::pin::Pin;

use base::date::Date;
use bytes::Bytes;
use definition::model::{Item, ItemKind};
use futures_util::TryStreamExt;
use tokio_postgres::CopyOutStream;

use super::encode::EPOCH_DAYS;
use crate::StoreError;
use crate::connect::{Client, Transaction};
use crate::register::{Table, quote};

/// Signature, flags and the length of the extension.
const HEADER: usize = 19;

/// What is read of a table.
#[derive(Debug)]
pub struct Reading<'a> {
    /// The register.
    pub table: Table<'a>,
    /// The items, after the one that orders them.
    pub items: Vec<&'a Item>,
    /// The item by which rows come in order; rows without a value are left out.
    pub by: &'a Item,
    /// Items that must have a value.
    pub same: Vec<(&'a Item, Fixed)>,
    /// Only rows behind this value.
    pub after: Option<&'a str>,
}

/// A value that rows are chosen by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fixed {
    /// A date.
    Day(Date),
    /// A whole number.
    Integer(i64),
}

/// One moment of a database, seen over several connections.
#[derive(Debug)]
pub struct Moment<'c>(Vec<Transaction<'c>>);

/// Begins to read at one moment over these connections.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn moment(clients: &mut [Client]) -> Result<Moment<'_>, StoreError> {
    let mut open: Vec<Transaction<'_>> = Vec::with_capacity(clients.len());
    let mut name: Option<String> = None;
    for client in clients {
        let begin = client.build_transaction().read_only(true);
        let begin = begin.isolation_level(tokio_postgres::IsolationLevel::RepeatableRead);
        let transaction = begin.start().await?;
        match &name {
            None => {
                let row = transaction.query_one("select pg_export_snapshot()", &[]).await?;
                name = Some(row.try_get(0)?);
            }
            Some(name) => {
                let name = literal(name);
                transaction.batch_execute(&format!("set transaction snapshot {name}")).await?;
            }
        }
        open.push(transaction);
    }
    Ok(Moment(open))
}

impl Moment<'_> {
    /// Begins to read a table over the connection at `place`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn rows(&self, place: usize, reading: &Reading<'_>) -> Result<Rows, StoreError> {
        let transaction = self.0.get(place).ok_or(StoreError::Pool("接続が足りません".into()))?;
        let stream = transaction.copy_out(&reading.sql()).await?;
        Ok(Rows { stream: Box::pin(stream), begun: false })
    }
}

impl Reading<'_> {
    fn sql(&self) -> String {
        let by = quote(&self.by.romaji);
        let mut columns = vec![by.clone()];
        for item in &self.items {
            columns.push(quote(&item.romaji));
            if item.kind == (ItemKind::Date { uncertain: true }) {
                columns.push(quote(&format!("{}_fusho", item.romaji)));
            }
        }
        let mut only = vec!["closed_on is null".to_owned(), format!("{by} is not null")];
        for (item, value) in &self.same {
            let value = match value {
                Fixed::Day(day) => format!("date {}", literal(&day.to_string())),
                Fixed::Integer(number) => number.to_string(),
            };
            only.push(format!("{} = {value}", quote(&item.romaji)));
        }
        if let Some(after) = self.after {
            only.push(format!("{by} > {}", literal(after)));
        }
        format!(
            "copy (select {} from {} where {} order by {by}) to stdout binary",
            columns.join(", "),
            self.table.current(),
            only.join(" and ")
        )
    }
}

/// A text as SQL writes it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Rows as they arrive.
pub struct Rows {
    stream: Pin<Box<CopyOutStream>>,
    begun: bool,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rows(…)")
    }
}

impl Rows {
    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn next(&mut self) -> Result<Option<RawRow>, StoreError> {
        // The server sends each row by itself, the first one behind the header.
        let Some(mut bytes) = self.stream.try_next().await? else { return Ok(None) };
        if !self.begun {
            self.begun = true;
            bytes = bytes.slice(HEADER.min(bytes.len())..);
        }
        let is_row = bytes.first_chunk::<2>().is_some_and(|count| i16::from_be_bytes(*count) > 0);
        Ok(is_row.then_some(RawRow(bytes)))
    }
}

/// A row in the server's own form.
#[derive(Clone, Debug)]
pub struct RawRow(Bytes);

impl RawRow {
    /// Its fields in order; `None` is null. The first is the item that orders the rows.
    pub fn fields(&self) -> RawFields<'_> {
        RawFields(self.0.get(2..).unwrap_or_default())
    }

    /// The text that orders the rows.
    pub fn key(&self) -> &[u8] {
        self.fields().next().flatten().unwrap_or_default()
    }
}

/// The fields of a row.
#[derive(Debug)]
pub struct RawFields<'r>(&'r [u8]);

impl<'r> Iterator for RawFields<'r> {
    type Item = Option<&'r [u8]>;

    fn next(&mut self) -> Option<Option<&'r [u8]>> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            self.0 = rest;
            return Some(None);
        };
        let (field, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(Some(field))
    }
}

/// A whole number of a field.
pub fn integer_of(field: &[u8]) -> Option<i64> {
    field.first_chunk::<8>().map(|bytes| i64::from_be_bytes(*bytes))
}

/// The day of a field, as days since 1970-01-01.
pub fn days_of(field: &[u8]) -> Option<i32> {
    field.first_chunk::<4>().map(|bytes| i32::from_be_bytes(*bytes).saturating_add(EPOCH_DAYS))
}
