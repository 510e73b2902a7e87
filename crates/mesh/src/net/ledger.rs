//! The ledger: exchanges are written in groups, and whoever waits for one is told when it is on
//! the disk. One statement a group; groups grow by themselves while the one before is written.

use std::sync::Arc;

use store::exchange::{Exchange, exchanges_append};
use store::{Database, StoreError};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::MeshError;

/// Exchanges of one group.
const GROUP: usize = 512;
/// Groups that are written at the same time: the server brings them to the disk together.
const AT_ONCE: usize = 2;
/// Exchanges that wait before whoever comes has to.
const WAITING: usize = 4096;

type Entry = (Exchange, oneshot::Sender<Result<bool, StoreError>>);

/// Writes the exchanges of one member.
#[derive(Clone, Debug)]
pub struct Ledger(mpsc::Sender<Entry>);

impl Ledger {
    /// A ledger in the member's database. It ends with the last clone.
    pub fn new(database: Database) -> Ledger {
        let (entries, mut received) = mpsc::channel::<Entry>(WAITING);
        tokio::spawn(async move {
            let turns = Arc::new(Semaphore::new(AT_ONCE));
            let mut group = Vec::with_capacity(GROUP);
            loop {
                // Whoever comes while all are writing makes the next group larger.
                let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
                if received.recv_many(&mut group, GROUP).await == 0 {
                    return;
                }
                let (all, waiting): (Vec<Exchange>, Vec<_>) = group.drain(..).unzip();
                let database = database.clone();
                tokio::spawn(async move {
                    write(&database, &all, waiting).await;
                    drop(turn);
                });
            }
        });
        Ledger(entries)
    }

    /// Writes an exchange; it is on the disk when this returns. `false` when the same number of the
    /// same member was there already.
    ///
    /// # Errors
    /// [`MeshError::Store`] when it could not be written: then nothing may be released.
    pub async fn write(&self, exchange: Exchange) -> Result<bool, MeshError> {
        let gone = || MeshError::Setting("記録の係が終わりました".to_owned());
        let (told, written) = oneshot::channel();
        self.0.send((exchange, told)).await.map_err(|_| gone())?;
        Ok(written.await.map_err(|_| gone())??)
    }
}

async fn write(
    database: &Database,
    all: &[Exchange],
    waiting: Vec<oneshot::Sender<Result<bool, StoreError>>>,
) {
    let written = async { exchanges_append(&*database.client().await?, all).await };
    match written.await {
        Ok(new) => {
            for (told, new) in waiting.into_iter().zip(new) {
                let _ = told.send(Ok(new));
            }
        }
        Err(error) => {
            tracing::error!(%error, "exchanges could not be written");
            for told in waiting {
                let _ = told.send(Err(StoreError::Pool(error.to_string())));
            }
        }
    }
}
