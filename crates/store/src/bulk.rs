//! Loading many rows: binary COPY into the register's tables, journalled once a chunk.
//!
//! Rows are made without a connection ([`Encoder`]), so that one thread makes them while the
//! database takes those before. Only the number of the journal entry is filled in at the end.

mod encode;
pub mod ordered;
pub mod plain;
pub mod record;

use std::pin::pin;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use futures_util::SinkExt;

use crate::StoreError;
use crate::register::Table;

pub use encode::{BulkMeta, BulkValue, CopyRows, Encoder};

/// Bytes handed to the connection at a time.
const PIECE: usize = 256 * 1024;

/// SHA-256 over what all these rows say, hexadecimal.
pub fn digest<'r>(rows: impl IntoIterator<Item = &'r CopyRows>) -> String {
    let mut digest = Context::new(&SHA256);
    rows.into_iter().for_each(|rows| digest.update(rows.content()));
    digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Copies rows into the current table (or the history, for rows that hold no more), as written by
/// the journal entry `event_id`; how many there were.
///
/// # Errors
/// [`StoreError::Database`]; nothing of the chunk stays when the caller rolls back.
pub async fn copy_rows(
    client: &tokio_postgres::Transaction<'_>,
    table: Table<'_>,
    rows: CopyRows,
    past: bool,
    event_id: i64,
) -> Result<u64, StoreError> {
    if rows.is_empty() {
        return Ok(0);
    }
    let target = if past { table.history() } else { table.current() };
    let sql = format!("copy {target} ({}) from stdin binary", table.written_columns());
    let mut sink = pin!(client.copy_in::<_, Bytes>(&sql).await?);
    let mut bytes = rows.into_bytes(event_id);
    while !bytes.is_empty() {
        let piece = bytes.split_to(PIECE.min(bytes.len()));
        sink.send(piece).await?;
    }
    Ok(sink.finish().await?)
}
