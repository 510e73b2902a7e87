//! Rows in PostgreSQL's binary COPY format, made without a connection and without an allocation
//! for a row. Search keys are folded and secrets sealed on the way; a plain secret never leaves.

use base::date::{Date, LooseDate};
use bytes::Bytes;
use definition::model::{Item, ItemKind};
use jiff::Timestamp;

use crate::StoreError;
use crate::register::{Fold, Table, folding};
use crate::value::{RowMeta, record_open};
use crate::vault::Vault;

/// Signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// The field count that ends the data.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
/// The length that says «null».
const NULL: [u8; 4] = (-1_i32).to_be_bytes();
/// Columns after those of the items.
const META: i16 = 8;
/// Days and seconds from 1970-01-01 to 2000-01-01, PostgreSQL's own beginning.
pub(super) const EPOCH_DAYS: i32 = 10_957;
const EPOCH_SECONDS: i64 = EPOCH_DAYS as i64 * 86_400;

/// A value of an item on its way into a table; absent values are `None` around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BulkValue<'v> {
    /// Text and codes; also the plain text of a secret item.
    Text(&'v str),
    /// Whole number.
    Integer(i64),
    /// Date, possibly uncertain (不詳日).
    Date(LooseDate),
    /// A date as it is stored: the day to count with and the text (不詳表記).
    Stored(Option<Date>, Option<&'v str>),
    /// Flag.
    Flag(bool),
    /// A plain number of one of the series that [`CopyRows::number`] is given: which, and how far
    /// behind its first one.
    Series(usize, u32),
}

/// What is kept beside the items; the number of the journal entry comes with the copy.
#[derive(Clone, Copy, Debug)]
pub struct BulkMeta<'v> {
    /// 履歴番号.
    pub version_no: i32,
    /// 異動日 from which the values hold.
    pub valid_from: Date,
    /// Day before which they hold.
    pub valid_to: Date,
    /// 処理日時; still believed.
    pub recorded_from: Timestamp,
    /// 異動事由.
    pub reason: &'v str,
    /// Day of closing (消除), if it is closed.
    pub closed_on: Option<Date>,
}

/// Rows of one table as COPY takes them.
#[derive(Debug, Default)]
pub struct CopyRows {
    bytes: Vec<u8>,
    count: usize,
    /// Where the rows hold the number of their journal entry, if that comes with the copy.
    events: Vec<usize>,
    /// Where numbers belong, of which series, and how far each is behind the first.
    numbers: Vec<(usize, usize, u32)>,
}

impl CopyRows {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Puts numbers in their places; `firsts` are the first ones of the series.
    pub fn number(&mut self, firsts: &[i64]) {
        use std::io::Write;
        let room = self.bytes.len() + self.numbers.len() * 16;
        let old = std::mem::replace(&mut self.bytes, Vec::with_capacity(room));
        let mut events = self.events.iter_mut().peekable();
        let (mut from, mut text) = (0, Vec::new());
        for (at, series, behind) in std::mem::take(&mut self.numbers) {
            while let Some(event) = events.next_if(|event| **event < at) {
                *event += self.bytes.len() - from;
            }
            self.bytes.extend_from_slice(&old[from..at]);
            from = at;
            text.clear();
            // A Vec takes everything.
            let _ = write!(text, "{:08}", firsts[series] + i64::from(behind));
            field(&mut self.bytes, &text);
        }
        let moved = self.bytes.len() - from;
        events.for_each(|event| *event += moved);
        self.bytes.extend_from_slice(&old[from..]);
    }

    /// What the rows say, without the numbers of their journal entries: the same for the same rows.
    pub(super) fn content(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes the bytes made so far, to be sent as they are: rows that name their own entries.
    pub(super) fn take_bytes(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.bytes))
    }

    /// How many bytes wait.
    pub(super) fn waiting(&self) -> usize {
        self.bytes.len()
    }

    /// The rest of the bytes with the mark of the end.
    pub(super) fn end(&mut self) -> Bytes {
        if self.count == 0 {
            self.bytes.extend(HEADER);
        }
        self.bytes.extend(TRAILER);
        self.take_bytes()
    }

    /// The whole data with the number of the journal entry in every row.
    pub(super) fn into_bytes(mut self, event_id: i64) -> Bytes {
        for at in self.events {
            self.bytes[at..at + 8].copy_from_slice(&event_id.to_be_bytes());
        }
        self.bytes.extend(TRAILER);
        Bytes::from(self.bytes)
    }
}

/// How an item's columns are written.
#[derive(Clone, Copy)]
enum Form {
    Secret,
    Integer,
    Flag,
    Day,
    LooseDay,
    Clock,
    Text,
    Searched(Fold),
}

struct Column {
    form: Form,
    /// Where a secret is bound to.
    place: String,
    /// The text before, and the fields made of it: neighbours often say the same.
    last: String,
    made: Vec<u8>,
}

/// Makes the rows of one register.
pub struct Encoder<'v> {
    columns: Vec<Column>,
    fields: i16,
    vault: &'v Vault,
}

impl std::fmt::Debug for Encoder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Encoder(…)")
    }
}

impl<'v> Encoder<'v> {
    /// For the tables of one register.
    pub fn new(table: Table<'_>, vault: &'v Vault) -> Encoder<'v> {
        let column = |item: &Item| Column {
            form: form_of(item),
            place: table.place(item),
            last: String::new(),
            made: Vec::new(),
        };
        let columns: Vec<Column> = table.register.items.iter().map(column).collect();
        let fields = columns.iter().map(|column| column.form.fields()).sum::<i16>() + META;
        Encoder { columns, fields, vault }
    }

    /// Appends a row: `values` in the order of the register's items.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when a secret cannot be sealed.
    pub fn row(
        &mut self,
        values: &[Option<BulkValue<'_>>],
        meta: &BulkMeta<'_>,
        rows: &mut CopyRows,
    ) -> Result<(), StoreError> {
        self.items(values, rows)?;
        let out = &mut rows.bytes;
        field(out, &meta.version_no.to_be_bytes());
        day(out, Some(meta.valid_from));
        day(out, Some(meta.valid_to));
        moment(out, meta.recorded_from);
        moment(out, record_open());
        field(out, &[0; 8]);
        rows.events.push(out.len() - 8);
        field(out, meta.reason.as_bytes());
        day(out, meta.closed_on);
        Ok(())
    }

    /// Appends a row with both its times and the entry that wrote it, as they were elsewhere.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when a secret cannot be sealed.
    pub(super) fn row_as_it_was(
        &mut self,
        values: &[Option<BulkValue<'_>>],
        meta: &RowMeta,
        rows: &mut CopyRows,
    ) -> Result<(), StoreError> {
        self.items(values, rows)?;
        let out = &mut rows.bytes;
        field(out, &meta.version_no.to_be_bytes());
        day(out, Some(meta.valid_from));
        day(out, Some(meta.valid_to));
        moment(out, meta.recorded_from);
        moment(out, meta.recorded_to);
        field(out, &meta.event_id.to_be_bytes());
        field(out, meta.reason.as_bytes());
        day(out, meta.closed_on);
        Ok(())
    }

    fn items(
        &mut self,
        values: &[Option<BulkValue<'_>>],
        rows: &mut CopyRows,
    ) -> Result<(), StoreError> {
        let out = &mut rows.bytes;
        if rows.count == 0 {
            out.extend(HEADER);
        }
        out.extend(self.fields.to_be_bytes());
        for (column, value) in self.columns.iter_mut().zip(values) {
            if let (Some(BulkValue::Series(of, behind)), Form::Text) = (value, column.form) {
                rows.numbers.push((out.len(), *of, *behind));
                continue;
            }
            column.write(*value, self.vault, out)?;
        }
        rows.count += 1;
        Ok(())
    }
}

impl Form {
    fn fields(self) -> i16 {
        match self {
            Form::Secret | Form::LooseDay | Form::Searched(_) => 2,
            Form::Integer | Form::Flag | Form::Day | Form::Clock | Form::Text => 1,
        }
    }
}

/// As [`crate::register::columns_of`] has the columns.
fn form_of(item: &Item) -> Form {
    match (&item.kind, folding(item)) {
        _ if item.secret => Form::Secret,
        (ItemKind::Integer { .. }, _) => Form::Integer,
        (ItemKind::Flag, _) => Form::Flag,
        (ItemKind::Time, _) => Form::Clock,
        (ItemKind::Date { uncertain: false }, _) => Form::Day,
        (ItemKind::Date { uncertain: true }, _) => Form::LooseDay,
        (_, Some(fold)) => Form::Searched(fold),
        (_, None) => Form::Text,
    }
}

impl Column {
    fn write(
        &mut self,
        value: Option<BulkValue<'_>>,
        vault: &Vault,
        out: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        match (self.form, value) {
            (Form::Secret, Some(BulkValue::Text(text))) => {
                self.remember(text, |place, made| {
                    field(made, &vault.seal(place, text)?);
                    field(made, &vault.index(place, text));
                    Ok(())
                })?;
                out.extend(&self.made);
            }
            (Form::Searched(fold), Some(BulkValue::Text(text))) => {
                self.remember(text, |_, made| {
                    field(made, fold(text).as_bytes());
                    Ok(())
                })?;
                field(out, text.as_bytes());
                out.extend(&self.made);
            }
            (Form::Clock, Some(BulkValue::Text(text))) => clock(out, text),
            (Form::Text, Some(BulkValue::Text(text))) => field(out, text.as_bytes()),
            (Form::Integer, Some(BulkValue::Integer(number))) => {
                field(out, &number.to_be_bytes());
            }
            (Form::Flag, Some(BulkValue::Flag(flag))) => field(out, &[u8::from(flag)]),
            (Form::Day | Form::LooseDay, Some(BulkValue::Date(date))) => {
                let (known, uncertain) = date.storage();
                day(out, known);
                match uncertain {
                    _ if matches!(self.form, Form::Day) => {}
                    Some(text) => field(out, text.as_bytes()),
                    None => out.extend(NULL),
                }
            }
            (Form::Day, Some(BulkValue::Stored(known, _))) => day(out, known),
            (Form::LooseDay, Some(BulkValue::Stored(known, text))) => {
                day(out, known);
                match text {
                    Some(text) => field(out, text.as_bytes()),
                    None => out.extend(NULL),
                }
            }
            (form, _) => (0..form.fields()).for_each(|_| out.extend(NULL)),
        }
        Ok(())
    }

    /// Makes the fields of `text` unless they are those made last.
    fn remember(
        &mut self,
        text: &str,
        make: impl FnOnce(&str, &mut Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if self.made.is_empty() || self.last != text {
            self.made.clear();
            make(&self.place, &mut self.made)?;
            self.last.clear();
            self.last.push_str(text);
        }
        Ok(())
    }
}

fn field(out: &mut Vec<u8>, bytes: &[u8]) {
    // PostgreSQL refuses a field of more than 1 GiB in its own words.
    out.extend(i32::try_from(bytes.len()).unwrap_or(i32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn day(out: &mut Vec<u8>, day: Option<Date>) {
    let Some(day) = day else { return out.extend(NULL) };
    field(out, &(days_of(day) - EPOCH_DAYS).to_be_bytes());
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
fn days_of(day: Date) -> i32 {
    let (month, of_month) = (i32::from(day.month()), i32::from(day.day()));
    let year = i32::from(day.year()) - i32::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + of_month - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn moment(out: &mut Vec<u8>, at: Timestamp) {
    let micros = at.as_microsecond() - EPOCH_SECONDS * 1_000_000;
    field(out, &micros.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use tokio_postgres::types::{ToSql, Type};

    use super::*;

    /// The driver's own bytes of a value.
    fn bytes(value: &impl ToSql, kind: &Type) -> Vec<u8> {
        let mut out = bytes::BytesMut::new();
        value.to_sql(kind, &mut out).expect("the driver knows the type");
        out.to_vec()
    }

    #[test]
    fn days_and_moments_are_those_of_the_driver() {
        let mut date = base::date::OPEN_FROM;
        let far = jiff::Span::new().days(97);
        while date < base::date::FOREVER {
            let mut out = Vec::new();
            day(&mut out, Some(date));
            assert_eq!(out[4..], bytes(&date, &Type::DATE), "{date}");
            date = date.checked_add(far).unwrap_or(base::date::FOREVER);
        }
        for at in [record_open(), Timestamp::UNIX_EPOCH, Timestamp::from_second(-5).unwrap()] {
            let mut out = Vec::new();
            moment(&mut out, at);
            assert_eq!(out[4..], bytes(&at, &Type::TIMESTAMPTZ), "{at}");
        }
    }

    #[test]
    fn numbers_of_a_series_are_put_in_their_places() {
        let mut rows = CopyRows::default();
        for behind in [0, 12] {
            rows.bytes.push(1);
            rows.numbers.push((rows.bytes.len(), 1, behind));
            rows.bytes.push(2);
            rows.events.push(rows.bytes.len());
            rows.bytes.extend([0; 8]);
        }
        rows.number(&[0, 99_999_990]);
        let whole = rows.into_bytes(7);
        let mut wanted = Vec::new();
        for number in ["99999990", "100000002"] {
            wanted.push(1);
            field(&mut wanted, number.as_bytes());
            wanted.push(2);
            wanted.extend(7_i64.to_be_bytes());
        }
        wanted.extend(TRAILER);
        assert_eq!(whole, wanted);
    }

    #[test]
    fn every_row_gets_the_number_of_its_entry() {
        let mut rows = CopyRows::default();
        for _ in 0..2 {
            field(&mut rows.bytes, &[0; 8]);
            rows.events.push(rows.bytes.len() - 8);
        }
        let number = [&8_i32.to_be_bytes()[..], &7_i64.to_be_bytes()].concat();
        let whole = [&number[..], &number, &TRAILER].concat();
        assert_eq!(rows.into_bytes(7), whole);
    }
}

/// A time of day in microseconds since midnight.
fn clock(out: &mut Vec<u8>, text: &str) {
    match base::clock::from_standard_text(text) {
        Some(time) => {
            let minutes = i64::from(time.hour()) * 60 + i64::from(time.minute());
            let seconds = minutes * 60 + i64::from(time.second());
            field(out, &(seconds * 1_000_000).to_be_bytes());
        }
        None => out.extend(NULL),
    }
}
