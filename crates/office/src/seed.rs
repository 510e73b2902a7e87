//! Loading the sample people of an invented organisation into the registers of a system.
//!
//! People arrive as facts; `samples.yaml` of the system says which fact fills which item. A
//! chunk of people is one transaction: rows, one journal entry with the chunk's digest, the number
//! series, and the mark of how far the load has come. It never touches a real organisation and
//! never writes a chunk twice.

mod chunk;
mod rows;

use std::sync::Arc;

use base::date::Date;
use base::said;
use definition::System;
use jiff::Timestamp;
use serde_json::json;
use store::bulk::copy_rows;
use store::journal::{NewEntry, journal_append};
use store::register::Table;
use store::series::{series_advance, series_take};
use store::{Database, StoreError};

use crate::OfficeError;
pub use chunk::{SampleChunk, SampleSubject, SampleVersion, Span};
pub use rows::ChunkRows;

/// Loads sample people into one system of one organisation.
#[derive(Clone, Debug)]
pub struct Seeder {
    database: Database,
    system: Arc<System>,
    day: Date,
    at: Timestamp,
}

impl Seeder {
    /// A loader for `database` (with the office's role and keys). `day` and `at` are the fixed day
    /// and moment under which everything is recorded, so that a load can be repeated exactly.
    pub fn new(database: Database, system: Arc<System>, day: Date, at: Timestamp) -> Seeder {
        Seeder { database, system, day, at }
    }

    /// How many chunks are loaded.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn position(&self) -> Result<u64, OfficeError> {
        let client = self.database.client().await?;
        let next = series_take(&**client, &self.mark(), 0).await?;
        Ok(u64::try_from(next - 1).unwrap_or_default())
    }

    /// The rows of a chunk; computes only, so it may run on a thread of its own.
    ///
    /// # Errors
    /// [`OfficeError::Definition`] when `samples.yaml` and the facts do not fit each other;
    /// [`OfficeError::Store`] without the keys for secrets.
    pub fn rows(&self, chunk: &SampleChunk) -> Result<ChunkRows, OfficeError> {
        rows::build(&self.system, self.at, chunk, self.database.vault()?)
    }

    /// Writes chunk `number` (from 0) in one transaction, and the `series` that its numbers were
    /// taken from: name and next number.
    ///
    /// # Errors
    /// [`OfficeError::Conflict`] when it is not this chunk's turn; [`OfficeError::Store`]. Nothing
    /// of the chunk stays.
    pub async fn chunk_write(
        &self,
        number: u64,
        rows: ChunkRows,
        series: &[(&str, i64)],
    ) -> Result<(), OfficeError> {
        let mut client = self.database.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::from)?;
        let turn = series_take(&*transaction, &self.mark(), 1).await? - 1;
        if u64::try_from(turn).ok() != Some(number) {
            return Err(OfficeError::Conflict(said!(
                "見本住民の第 {number} 群は読み込めません（次は第 {turn} 群です）。\
                 ほかの読込みが動いていないか確かめ、もう一度実行してください",
                "Chunk {number} of the sample cannot be loaded (next is chunk {turn}). Make sure \
                 that nothing else loads it, then run it again"
            )));
        }
        let event_id = journal_append(&*transaction, &self.entry(number, &rows)).await?;
        for part in rows.registers {
            let table = Table::new(&self.system, &part.register)?;
            copy_rows(&transaction, table, part.current, false, event_id).await?;
            copy_rows(&transaction, table, part.past, true, event_id).await?;
        }
        for (name, next) in series {
            series_advance(&*transaction, name, *next).await?;
        }
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(())
    }

    /// The series that counts the chunks of this system.
    fn mark(&self) -> String {
        format!("sample-load/{}", self.system.id)
    }

    fn entry(&self, number: u64, rows: &ChunkRows) -> NewEntry {
        let counts: serde_json::Map<_, _> = rows
            .registers
            .iter()
            .map(|part| {
                let counts = json!({ "current": part.current.len(), "past": part.past.len() });
                (part.register.clone(), counts)
            })
            .collect();
        NewEntry {
            recorded_at: self.at,
            system: self.system.id.clone(),
            procedure: "sample-load".to_owned(),
            event: None,
            reason: "見本住民の登録".to_owned(),
            case_id: None,
            subjects: Vec::new(),
            effective_on: self.day,
            filed_on: None,
            actor: "kumoi".to_owned(),
            approver: None,
            run_id: i64::try_from(number).ok(),
            content: json!({ "people": rows.people, "rows": counts, "digest": rows.digest }),
        }
    }
}
