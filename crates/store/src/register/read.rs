//! Reading rows: now, any past state by both times, by a shared item, locked for a change.
//!
//! What a page of a row needs is sent with its types: one way to the server and back, not two.

use std::collections::BTreeSet;

use base::date::Date;
use definition::model::Item;
use jiff::Timestamp;
use tokio_postgres::types::ToSql;

use super::{Table, quote};
use crate::value::{Row, record_open};
use crate::vault::Vault;
use crate::{GenericClient, StoreError};

/// One current row by its key.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn row(
    client: &impl GenericClient,
    table: Table<'_>,
    key: &str,
) -> Result<Option<Row>, StoreError> {
    Ok(rows(client, table, &[key.to_owned()]).await?.pop())
}

/// Current rows by their keys, in the order of the keys.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rows(
    client: &impl GenericClient,
    table: Table<'_>,
    keys: &[String],
) -> Result<Vec<Row>, StoreError> {
    select(client, table, keys, "").await
}

/// Current rows by their keys, locked until the transaction ends.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rows_locked(
    client: &impl GenericClient,
    table: Table<'_>,
    keys: &[String],
) -> Result<Vec<Row>, StoreError> {
    select(client, table, keys, " for update").await
}

async fn select(
    client: &impl GenericClient,
    table: Table<'_>,
    keys: &[String],
    lock: &str,
) -> Result<Vec<Row>, StoreError> {
    let key = quote(table.register.key_column());
    let sql = format!(
        "select {} from {} where {key} = any($1) order by {key}{lock}",
        table.read_columns(),
        table.current(),
    );
    let found = client.query(&sql, &[&keys]).await?;
    let mut rows: Vec<Row> = found.iter().map(|sql| table.row(sql)).collect::<Result<_, _>>()?;
    let place = |row: &Row| keys.iter().position(|key| key == table.key_of(row));
    rows.sort_by_key(|row| place(row));
    Ok(rows)
}

/// How many rows of a table are not closed.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn open_count(client: &impl GenericClient, table: Table<'_>) -> Result<i64, StoreError> {
    let sql = format!("select count(*) from {} where closed_on is null", table.current());
    Ok(client.query_one(&sql, &[]).await?.try_get(0)?)
}

/// Current rows whose item has this value; closed rows last.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rows_by(
    client: &impl GenericClient,
    table: Table<'_>,
    item: &Item,
    value: &str,
) -> Result<Vec<Row>, StoreError> {
    let sql = format!(
        "select {} from {} where {} = $1 order by closed_on nulls first, {}",
        table.read_columns(),
        table.current(),
        quote(&item.romaji),
        quote(table.register.key_column()),
    );
    let found = client.query(&sql, &[&value]).await?;
    found.iter().map(|sql| table.row(sql)).collect()
}

/// Everything ever recorded of a row, in order of recording.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rows_history(
    client: &impl GenericClient,
    table: Table<'_>,
    key: &str,
) -> Result<Vec<Row>, StoreError> {
    let column = quote(table.register.key_column());
    let columns = table.read_columns();
    let sql = format!(
        "select {columns} from {} where {column} = $1
         union all select {columns} from {} where {column} = $1
         order by recorded_from, valid_from, version_no",
        table.history(),
        table.current(),
    );
    let found = client.query(&sql, &[&key]).await?;
    found.iter().map(|sql| table.row(sql)).collect()
}

/// A row as it was on `day`: what ends later had not ended.
fn then(table: Table<'_>, sql: &tokio_postgres::Row, day: Date) -> Result<Row, StoreError> {
    let mut row = table.row(sql)?;
    row.meta.closed_on = row.meta.closed_on.filter(|closed| *closed <= day);
    Ok(row)
}

/// The row as it held on `day` (異動日), as it was believed at `recorded` (処理日時).
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rows_as_of(
    client: &impl GenericClient,
    table: Table<'_>,
    keys: &[String],
    day: Date,
    recorded: Timestamp,
) -> Result<Vec<Row>, StoreError> {
    let column = quote(table.register.key_column());
    let columns = table.read_columns();
    let condition = format!(
        "where {column} = any($1) and valid_from <= $2 and $2 < valid_to
           and recorded_from <= $3 and $3 < recorded_to"
    );
    let sql = format!(
        "select {columns} from {} {condition} union all select {columns} from {} {condition}",
        table.current(),
        table.history(),
    );
    let parameters: [&(dyn ToSql + Sync); 3] = [&keys, &day, &recorded];
    client.query(&sql, &parameters).await?.iter().map(|sql| then(table, sql, day)).collect()
}

/// The last state of a row as it was believed just before a moment; `None` when it was not there.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rows_before(
    client: &impl GenericClient,
    table: Table<'_>,
    key: &str,
    moment: Timestamp,
) -> Result<Option<Row>, StoreError> {
    let column = quote(table.register.key_column());
    let columns = table.read_columns();
    let condition = format!("where {column} = $1 and recorded_from < $2 and recorded_to >= $2");
    let sql = format!(
        "select * from (select {columns} from {} {condition}
         union all select {columns} from {} {condition}) as past
         order by valid_from desc limit 1",
        table.current(),
        table.history(),
    );
    client.query_opt(&sql, &[&key, &moment]).await?.map(|sql| table.row(&sql)).transpose()
}

/// What was written of rows so far: for each key that was ever there, its greatest 履歴番号 and the
/// last moment in which something was recorded.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rows_recorded(
    client: &impl GenericClient,
    table: Table<'_>,
    keys: &[String],
) -> Result<Vec<(String, i32, Timestamp)>, StoreError> {
    let column = quote(table.register.key_column());
    let part = |name: String| {
        format!(
            "select {column} as key, version_no, recorded_from, nullif(recorded_to, $2) as ended
             from {name} where {column} = any($1)"
        )
    };
    let sql = format!(
        "select key, max(version_no), max(greatest(recorded_from, ended))
         from ({} union all {}) as written group by key",
        part(table.current()),
        part(table.history()),
    );
    let rows = client.query(&sql, &[&keys, &record_open()]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// Rows whose item had this value on `day` (異動日), as it was believed at `recorded` (処理日時);
/// closed rows last.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rows_by_as_of(
    client: &impl GenericClient,
    table: Table<'_>,
    (item, value): (&Item, &str),
    day: Date,
    recorded: Timestamp,
) -> Result<Vec<Row>, StoreError> {
    let column = quote(&item.romaji);
    let columns = table.read_columns();
    let condition = format!(
        "where {column} = $1 and valid_from <= $2 and $2 < valid_to
           and recorded_from <= $3 and $3 < recorded_to"
    );
    let sql = format!(
        "select {columns} from {} {condition} union all select {columns} from {} {condition}
         order by closed_on nulls first, {}",
        table.current(),
        table.history(),
        quote(table.register.key_column()),
    );
    let parameters: [&(dyn ToSql + Sync); 3] = [&value, &day, &recorded];
    client.query(&sql, &parameters).await?.iter().map(|sql| then(table, sql, day)).collect()
}

/// Of these keys, those whose flag is believed to be set on `day` or on any day after it, closed
/// rows among them.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn keys_flagged(
    client: &impl GenericClient,
    table: Table<'_>,
    flag: &Item,
    keys: &[String],
    day: Date,
) -> Result<BTreeSet<String>, StoreError> {
    let key = quote(table.register.key_column());
    let (current, history, flag) = (table.current(), table.history(), quote(&flag.romaji));
    let sql = format!(
        "select {key} from {current} where {key} = any($1) and {flag} and valid_to > $2
         union select {key} from {history}
         where {key} = any($1) and {flag} and valid_to > $2 and recorded_to = $3"
    );
    let rows = client.query(&sql, &[&keys, &day, &record_open()]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The plain text of a secret item. The caller has written the audit row with its purpose.
///
/// # Errors
/// [`StoreError::Vault`] when the keys do not fit.
pub async fn reveal(
    client: &impl GenericClient,
    table: Table<'_>,
    item: &Item,
    key: &str,
    vault: &Vault,
) -> Result<Option<String>, StoreError> {
    let sql = format!(
        "select {} from {} where {} = $1",
        quote(&format!("{}_sealed", item.romaji)),
        table.current(),
        quote(table.register.key_column()),
    );
    let found = client.query_opt(&sql, &[&key]).await?;
    let sealed: Option<Vec<u8>> = found.map(|row| row.try_get(0)).transpose()?.flatten();
    sealed.map(|bytes| vault.open_sealed(&table.place(item), &bytes)).transpose()
}
