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

use crate::cluster::{Cluster, ClusterError};
use crate::organisation::Installer;
use crate::{Database, StoreError};

pub use digest::{Moment, TableSum, Watch, watch};
pub use gate::Still;

/// What the names of all movers' sessions begin with; each mover adds something of its own.
const MARK: &str = "kumoi_mover_";

/// The databases of an organisation.
pub fn databases_of(organisation: &str) -> [String; 3] {
    ["", "_staff", "_front"].map(|end| format!("{organisation}{end}"))
}

/// The login roles of an organisation.
pub(crate) fn roles_of(organisation: &str) -> [String; 5] {
    ["office", "lgwan", "internet", "reader", "mesh"].map(|end| format!("{organisation}_{end}"))
}

/// One cluster as the mover sees it.
#[derive(Clone)]
pub struct Seat {
    superuser: Config,
    installer: Installer,
    socket: String,
    open: Arc<Mutex<HashMap<String, Arc<Client>>>>,
    /// The name of its sessions.
    mark: Arc<str>,
}

impl Seat {
    /// The cluster's.
    ///
    /// # Errors
    /// When its own secrets cannot be read.
    pub fn of(cluster: &Cluster) -> Result<Seat, ClusterError> {
        let at = jiff::Timestamp::now().as_nanosecond();
        let mark = format!("{MARK}{}_{at}", std::process::id());
        let mut superuser = cluster.superuser("postgres")?;
        superuser.application_name(&mark);
        Ok(Seat {
            superuser,
            installer: Installer::new(cluster.installer("postgres")),
            socket: cluster.socket().display().to_string(),
            open: Arc::default(),
            mark: mark.into(),
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

impl Seat {
    /// The organisation's register database as the bootstrap role sees it: for sealing what was
    /// written last, once its own roles can only read.
    ///
    /// # Errors
    /// [`StoreError::Pool`].
    pub fn database(&self, organisation: &str) -> Result<Database, StoreError> {
        let mut config = self.superuser.clone();
        Database::new(config.dbname(organisation).clone(), 1, None)
    }

    /// The last numbers of journal and audit.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn last_written(&self, organisation: &str) -> Result<(i64, i64), StoreError> {
        let client = self.connect(organisation).await?;
        let sql = "select coalesce((select max(event_id) from core.journal), 0),
             coalesce((select max(id) from core.audit), 0)";
        let row = client.query_one(sql, &[]).await?;
        Ok((row.try_get(0)?, row.try_get(1)?))
    }

    /// How many applications of residents wait in the front database to be fetched.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn front_waiting(&self, organisation: &str) -> Result<i64, StoreError> {
        let client = self.connect(&format!("{organisation}_front")).await?;
        let sql = "select count(*) from front.inbox where fetched_at is null";
        Ok(client.query_one(sql, &[]).await?.try_get(0)?)
    }
}

/// The statement that waits for its turn at the organisation's roles and databases and keeps it
/// to the end of the transaction; the same turn as of who makes or removes them.
fn turn(organisation: &str) -> String {
    format!("select pg_advisory_xact_lock(hashtextextended({}, 0))", literal(organisation))
}

/// An identifier in double quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in single quotes.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
