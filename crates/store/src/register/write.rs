//! Writing rows: many new ones in one statement.

use base::said;
use tokio_postgres::types::ToSql;

use super::Table;
use crate::value::{Cell, ItemValue, RowMeta};
use crate::vault::Vault;
use crate::{GenericClient, StoreError};

/// A row to be written.
#[derive(Clone, Debug)]
pub struct RowWrite {
    /// Values in the order of the register's items; secrets in plain text.
    pub values: Vec<Option<ItemValue>>,
    /// Both times, order and origin.
    pub meta: RowMeta,
}

/// Inserts new current rows.
///
/// # Errors
/// [`StoreError::Conflict`] when a key is already there.
pub async fn open_many(
    client: &impl GenericClient,
    table: Table<'_>,
    rows: &[RowWrite],
    vault: Option<&Vault>,
) -> Result<(), StoreError> {
    for chunk in rows.chunks(100) {
        let mut cells = Vec::new();
        for row in chunk {
            cells.push(table.cells(&row.values, &row.meta, vault)?);
        }
        insert(client, &table.current(), &table.written_columns(), &cells).await.map_err(
            |error| match error {
                StoreError::Database(e) if is_duplicate(&e.0) => {
                    let (name, name_en) = (&table.register.name, &table.register.name_en);
                    StoreError::Conflict(said!(
                        "台帳「{name}」に同じ主キーの行がもうあります",
                        "The register “{name_en}” has a row with this key already"
                    ))
                }
                other => other,
            },
        )?;
    }
    Ok(())
}

fn is_duplicate(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&tokio_postgres::error::SqlState::UNIQUE_VIOLATION)
}

/// Inserts rows of cells in one statement.
pub(super) async fn insert(
    client: &impl GenericClient,
    table: &str,
    columns: &str,
    rows: &[Vec<Cell>],
) -> Result<(), StoreError> {
    let Some(width) = rows.first().map(Vec::len) else { return Ok(()) };
    let tuples: Vec<String> = (0..rows.len())
        .map(|row| {
            let marks: Vec<String> =
                (1..=width).map(|column| format!("${}", row * width + column)).collect();
            format!("({})", marks.join(", "))
        })
        .collect();
    let sql = format!("insert into {table} ({columns}) values {}", tuples.join(", "));
    let parameters: Vec<&(dyn ToSql + Sync)> =
        rows.iter().flatten().map(|cell| cell as &(dyn ToSql + Sync)).collect();
    client.execute(&sql, &parameters).await?;
    Ok(())
}
