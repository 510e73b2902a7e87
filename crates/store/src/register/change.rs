//! Changing rows: the believed course is read under lock, a pure function says what it becomes,
//! and only the difference is written. What was believed before stays readable.

use base::date::{Date, FOREVER};
use base::said;
use definition::model::Item;
use jiff::Timestamp;

use super::{Table, quote, write};
use crate::timeline::{self, Segment};
use crate::value::{ItemValue, Row, RowMeta, record_open};
use crate::vault::Vault;
use crate::{GenericClient, StoreError};

/// What is done to one row.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// New values from a day on.
    Amend {
        /// 異動日.
        day: Date,
        /// Item position and value.
        patch: Vec<(usize, Option<ItemValue>)>,
    },
    /// Right values for the whole time the wrong ones were believed.
    Correct {
        /// Item position and value.
        patch: Vec<(usize, Option<ItemValue>)>,
    },
    /// The row ends.
    Close {
        /// 異動日.
        day: Date,
        /// Last values.
        patch: Vec<(usize, Option<ItemValue>)>,
    },
}

/// The journal entry and the moment under which a change is written.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// Journal entry.
    pub event_id: i64,
    /// 処理日時.
    pub at: Timestamp,
    /// 異動事由.
    pub reason: String,
}

struct Course {
    rows: Vec<Row>,
    secrets: Vec<Vec<Option<String>>>,
    next_version: i32,
}

/// Applies a change to one row inside the caller's transaction.
///
/// A secret that the patch names only as masked stays as it is.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such row.
pub async fn apply(
    client: &impl GenericClient,
    table: Table<'_>,
    key: &str,
    change: &Change,
    stamp: &Stamp,
    vault: Option<&Vault>,
) -> Result<(), StoreError> {
    let course = read_course(client, table, key, vault).await?;
    let before: Vec<Segment> = course.segments(table);
    let after = match change {
        Change::Amend { day, patch } => timeline::amend(&before, *day, &known(patch)),
        Change::Correct { patch } => timeline::correct(&before, &known(patch)),
        Change::Close { day, patch } => timeline::close(&before, *day, &known(patch)),
    };
    write_difference(client, table, key, &course, &after, stamp, vault).await
}

/// A masked value says nothing of what the secret is, so it changes nothing.
fn known(patch: &timeline::Patch) -> Vec<(usize, Option<ItemValue>)> {
    patch.iter().filter(|(_, value)| *value != Some(ItemValue::Masked)).cloned().collect()
}

/// 取消: the row is believed again as it was before the moment `since`. A row that was opened then
/// leaves the current table; its past stays in the history.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such row.
pub async fn undo(
    client: &impl GenericClient,
    table: Table<'_>,
    (key, since): (&str, Timestamp),
    stamp: &Stamp,
    vault: Option<&Vault>,
) -> Result<(), StoreError> {
    let course = read_course(client, table, key, vault).await?;
    let after = read_before(client, table, (key, since), vault).await?;
    write_difference(client, table, key, &course, &after, stamp, vault).await
}

impl Course {
    fn segments(&self, table: Table<'_>) -> Vec<Segment> {
        self.rows
            .iter()
            .zip(&self.secrets)
            .map(|(row, secrets)| plain(table, row, secrets))
            .collect()
    }
}

/// A row with its secrets opened, as a segment.
fn plain(table: Table<'_>, row: &Row, secrets: &[Option<String>]) -> Segment {
    let mut values = row.values.clone();
    let secret_items = table.register.items.iter().enumerate().filter(|(_, i)| i.secret);
    for ((at, _), secret) in secret_items.zip(secrets) {
        values[at] = secret.clone().map(ItemValue::Text);
    }
    Segment { from: row.meta.valid_from, values, closed_on: row.meta.closed_on }
}

fn columns(table: Table<'_>) -> String {
    let sealed: Vec<String> = secret_items(table)
        .map(|item| format!(", {}", quote(&format!("{}_sealed", item.romaji))))
        .collect();
    format!("{}{}", table.read_columns(), sealed.concat())
}

fn secret_items<'s>(table: Table<'s>) -> impl Iterator<Item = &'s Item> {
    table.register.items.iter().filter(|item| item.secret)
}

fn read_secrets(
    table: Table<'_>,
    sql: &tokio_postgres::Row,
    vault: Option<&Vault>,
) -> Result<Vec<Option<String>>, StoreError> {
    let count = secret_items(table).count();
    let first = sql.len() - count;
    let mut out = Vec::with_capacity(count);
    for (offset, item) in secret_items(table).enumerate() {
        let sealed: Option<Vec<u8>> = sql.try_get(first + offset)?;
        out.push(match (sealed, vault) {
            (Some(bytes), Some(vault)) => Some(vault.open_sealed(&table.place(item), &bytes)?),
            (Some(_), None) => return Err(StoreError::Vault("鍵なしでは書けません")),
            (None, _) => None,
        });
    }
    Ok(out)
}

/// The believed course: the current row and the past rows still believed, in order of valid time.
async fn read_course(
    client: &impl GenericClient,
    table: Table<'_>,
    key: &str,
    vault: Option<&Vault>,
) -> Result<Course, StoreError> {
    let column = quote(table.register.key_column());
    let lock = format!("select version_no from {} where {column} = $1 for update", table.current());
    let found = client.query_opt(&lock, &[&key]).await?;
    if found.is_none() {
        let (name, name_en) = (&table.register.name, &table.register.name_en);
        return Err(StoreError::NotFound(said!("台帳「{name}」の{key}", "{name_en} {key}")));
    }
    let columns = columns(table);
    let sql = format!(
        "select {columns} from {} where {column} = $1
         union all select {columns} from {} where {column} = $1 and recorded_to = $2
         order by valid_from",
        table.current(),
        table.history(),
    );
    let mut course = Course { rows: Vec::new(), secrets: Vec::new(), next_version: 1 };
    for sql in client.query(&sql, &[&key, &record_open()]).await? {
        course.rows.push(table.row(&sql)?);
        course.secrets.push(read_secrets(table, &sql, vault)?);
    }
    let sql = format!(
        "select greatest((select max(version_no) from {} where {column} = $1),
           (select version_no from {} where {column} = $1))",
        table.history(),
        table.current(),
    );
    let greatest: i32 = client.query_one(&sql, &[&key]).await?.try_get(0)?;
    course.next_version = greatest + 1;
    Ok(course)
}

/// The course as it was believed just before a moment; empty when the row was not there.
async fn read_before(
    client: &impl GenericClient,
    table: Table<'_>,
    (key, since): (&str, Timestamp),
    vault: Option<&Vault>,
) -> Result<Vec<Segment>, StoreError> {
    let column = quote(table.register.key_column());
    let columns = columns(table);
    let condition = format!("where {column} = $1 and recorded_from < $2 and recorded_to >= $2");
    let sql = format!(
        "select {columns} from {} {condition} union all select {columns} from {} {condition}
         order by valid_from",
        table.current(),
        table.history(),
    );
    let mut out = Vec::new();
    for sql in client.query(&sql, &[&key, &since]).await? {
        let row = table.row(&sql)?;
        out.push(plain(table, &row, &read_secrets(table, &sql, vault)?));
    }
    Ok(out)
}

async fn write_difference(
    client: &impl GenericClient,
    table: Table<'_>,
    key: &str,
    course: &Course,
    after: &[Segment],
    stamp: &Stamp,
    vault: Option<&Vault>,
) -> Result<(), StoreError> {
    let before = course.segments(table);
    supersede(client, table, key, (course, &before), after, stamp).await?;
    record(client, table, (course, &before), after, stamp, vault).await
}

/// The day on which a segment ends: the next one's first.
fn end_of(segments: &[Segment], at: usize) -> Date {
    segments.get(at + 1).map_or(FOREVER, |segment| segment.from)
}

/// Whether the list holds this very segment with this very end.
fn holds(list: &[Segment], segment: &Segment, end: Date) -> bool {
    list.iter().enumerate().any(|(at, other)| other == segment && end_of(list, at) == end)
}

/// What is believed no more goes to the history with the moment in which that changed.
async fn supersede(
    client: &impl GenericClient,
    table: Table<'_>,
    key: &str,
    (course, before): (&Course, &[Segment]),
    after: &[Segment],
    stamp: &Stamp,
) -> Result<(), StoreError> {
    let column = quote(table.register.key_column());
    let (current, history) = (table.current(), table.history());
    let columns = table.written_columns();
    for (at, segment) in before.iter().enumerate() {
        if holds(after, segment, end_of(before, at)) {
            continue;
        }
        let version = course.rows[at].meta.version_no;
        let sql = if at + 1 == before.len() {
            let copied = columns.replace("recorded_to", "$3");
            format!(
                "insert into {history} ({columns}) select {copied} from {current}
                 where {column} = $1 and version_no = $2"
            )
        } else {
            format!("update {history} set recorded_to = $3 where {column} = $1 and version_no = $2")
        };
        client.execute(&sql, &[&key, &version, &stamp.at]).await?;
    }
    if before.last() != after.last() {
        client.execute(&format!("delete from {current} where {column} = $1"), &[&key]).await?;
    }
    Ok(())
}

/// What is believed from now on. A segment that only ends earlier keeps the event that made it.
async fn record(
    client: &impl GenericClient,
    table: Table<'_>,
    (course, before): (&Course, &[Segment]),
    after: &[Segment],
    stamp: &Stamp,
    vault: Option<&Vault>,
) -> Result<(), StoreError> {
    let columns = table.written_columns();
    let mut version = course.next_version;
    for (at, segment) in after.iter().enumerate() {
        let end = end_of(after, at);
        if holds(before, segment, end) {
            continue;
        }
        let made = course.rows.iter().zip(before).find(|(_, old)| *old == segment);
        let (event_id, reason) = match made {
            Some((row, _)) => (row.meta.event_id, row.meta.reason.clone()),
            None => (stamp.event_id, stamp.reason.clone()),
        };
        let meta = RowMeta {
            version_no: version,
            valid_from: segment.from,
            valid_to: end,
            recorded_from: stamp.at,
            recorded_to: record_open(),
            event_id,
            reason,
            closed_on: segment.closed_on,
        };
        version += 1;
        let cells = table.cells(&segment.values, &meta, vault)?;
        let last = at + 1 == after.len();
        let target = if last { table.current() } else { table.history() };
        write::insert(client, &target, &columns, &[cells]).await?;
    }
    Ok(())
}
