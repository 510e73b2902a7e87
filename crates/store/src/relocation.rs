//! What moving an organisation between two clusters takes of PostgreSQL: receiving, following by
//! logical replication, holding still, and digests of every row. The order is `transfer`'s to say.
//!
//! Works with the bootstrap role, because PostgreSQL 15 lets nobody else follow another cluster; it
//! is never handed to a zone. No value of a row is logged, and passwords travel as verifiers only.

mod digest;
mod follow;
mod gate;
mod receive;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_postgres::{Client, Config, NoTls};

use crate::StoreError;
use crate::cluster::{Cluster, ClusterError};
use crate::organisation::Installer;

pub use digest::{Moment, TableSum, Watch, watch};

/// The databases of an organisation.
pub fn databases_of(organisation: &str) -> [String; 3] {
    ["", "_staff", "_front"].map(|end| format!("{organisation}{end}"))
}

/// The login roles of an organisation.
fn roles_of(organisation: &str) -> [String; 4] {
    ["office", "lgwan", "internet", "reader"].map(|end| format!("{organisation}_{end}"))
}

/// One cluster as the mover sees it.
#[derive(Clone)]
pub struct Seat {
    superuser: Config,
    installer: Installer,
    socket: String,
    open: Arc<Mutex<HashMap<String, Arc<Client>>>>,
}

impl Seat {
    /// The cluster's.
    ///
    /// # Errors
    /// When its own secrets cannot be read.
    pub fn of(cluster: &Cluster) -> Result<Seat, ClusterError> {
        Ok(Seat {
            superuser: cluster.superuser("postgres")?,
            installer: Installer::new(cluster.installer("postgres")),
            socket: cluster.socket().display().to_string(),
            open: Arc::default(),
        })
    }

    /// The folder of its socket: the host of its databases.
    pub fn socket(&self) -> &str {
        &self.socket
    }

    /// Its installer.
    pub fn installer(&self) -> &Installer {
        &self.installer
    }

    /// The connection of the bootstrap role that is kept to a database: to sign in takes longer
    /// than all that is done in the moment of a switch.
    async fn connect(&self, database: &str) -> Result<Arc<Client>, StoreError> {
        let known = {
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.get(database).filter(|client| !client.is_closed()).cloned()
        };
        if let Some(client) = known {
            return Ok(client);
        }
        let client = Arc::new(self.connect_anew(database).await?);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(database.to_owned(), Arc::clone(&client));
        Ok(client)
    }

    /// Lets go of the connections to the organisation's databases.
    fn let_go(&self, organisation: &str) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|database, _| !databases_of(organisation).contains(database));
    }

    /// A new connection of the bootstrap role.
    async fn connect_anew(&self, database: &str) -> Result<Client, StoreError> {
        let mut config = self.superuser.clone();
        let (client, connection) = config.dbname(database).connect(NoTls).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection of the mover ended");
            }
        });
        Ok(client)
    }

    /// Whether the organisation's register database is there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn holds(&self, organisation: &str) -> Result<bool, StoreError> {
        let client = self.connect("postgres").await?;
        let sql = "select 1 from pg_database where datname = $1";
        Ok(client.query_opt(sql, &[&organisation]).await?.is_some())
    }
}

/// An identifier in double quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in single quotes.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
