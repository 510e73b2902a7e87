//! Loading many rows: binary COPY into the register's tables, journalled once a chunk.

pub mod plain;

use std::pin::pin;

use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};

use crate::StoreError;
use crate::register::{RowWrite, Table, columns_of};
use crate::vault::Vault;

/// Subjects in one chunk: one transaction, one journal entry with the chunk's digest.
pub const CHUNK: usize = 10_000;

fn kind_of(sql: &str) -> Type {
    match sql {
        "bigint" => Type::INT8,
        "boolean" => Type::BOOL,
        "date" => Type::DATE,
        "bytea" => Type::BYTEA,
        _ => Type::TEXT,
    }
}

/// Copies rows into the current table (or the history, for rows that hold no more).
///
/// # Errors
/// [`StoreError::Database`]; nothing of the chunk stays when the caller rolls back.
pub async fn copy_rows(
    client: &tokio_postgres::Transaction<'_>,
    table: Table<'_>,
    rows: impl IntoIterator<Item = RowWrite>,
    past: bool,
    vault: Option<&Vault>,
) -> Result<u64, StoreError> {
    let mut types: Vec<Type> =
        table.register.items.iter().flat_map(columns_of).map(|(_, kind)| kind_of(kind)).collect();
    types.extend([
        Type::INT4,
        Type::DATE,
        Type::DATE,
        Type::TIMESTAMPTZ,
        Type::TIMESTAMPTZ,
        Type::INT8,
        Type::TEXT,
        Type::DATE,
    ]);
    let target = if past { table.history() } else { table.current() };
    let sql = format!("copy {target} ({}) from stdin binary", table.written_columns());
    let sink = client.copy_in(&sql).await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    for row in rows {
        let cells = table.cells(&row.values, &row.meta, vault)?;
        let parameters: Vec<&(dyn ToSql + Sync)> =
            cells.iter().map(|cell| cell as &(dyn ToSql + Sync)).collect();
        writer.as_mut().write(&parameters).await?;
    }
    Ok(writer.finish().await?)
}
