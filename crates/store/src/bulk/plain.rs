//! Whole tables to files and back by plain COPY: the yardstick for every other way of loading.
//!
//! Knows no register and journals nothing; for measuring only, never for an organisation's data.

use std::path::Path;
use std::pin::pin;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter};

use crate::StoreError;

/// Bytes handed over at a time, as psql does in its order of magnitude.
const PIECE: usize = 64 * 1024;

/// Writes a table to a file in PostgreSQL's binary format.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Files`].
pub async fn table_save(
    client: &tokio_postgres::Client,
    table: &str,
    path: &Path,
) -> Result<(), StoreError> {
    let mut rows = pin!(client.copy_out(&format!("copy {table} to stdout binary")).await?);
    let mut file = BufWriter::new(File::create(path).await?);
    while let Some(piece) = rows.next().await {
        file.write_all(&piece?).await?;
    }
    file.flush().await?;
    Ok(())
}

/// Loads a file that [`table_save`] wrote into a table of the same shape; how many rows there were.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Files`].
pub async fn table_load(
    client: &tokio_postgres::Client,
    table: &str,
    path: &Path,
) -> Result<u64, StoreError> {
    let sink = client.copy_in::<_, Bytes>(&format!("copy {table} from stdin binary")).await?;
    let mut sink = pin!(sink);
    let mut file = File::open(path).await?;
    let mut piece = vec![0; PIECE];
    loop {
        let length = file.read(&mut piece).await?;
        if length == 0 {
            break;
        }
        sink.send(Bytes::copy_from_slice(&piece[..length])).await?;
    }
    Ok(sink.finish().await?)
}
