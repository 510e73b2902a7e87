//! Connections: one pool for each database and role, opened lazily and kept small.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, QueueMode, RecyclingMethod, Runtime};
use tokio::sync::Notify;
use tokio_postgres::NoTls;

use crate::StoreError;
use crate::vault::Vault;

/// A pooled connection; it belongs to one organisation's database.
pub type Client = deadpool_postgres::Object;
/// A transaction on such a connection.
pub type Transaction<'c> = deadpool_postgres::Transaction<'c>;

/// One organisation's database as one role sees it.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
    vault: Option<Arc<Vault>>,
    name: Arc<str>,
    server: Arc<str>,
    work: Arc<Notify>,
    config: Arc<tokio_postgres::Config>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Database(…)")
    }
}

impl Database {
    /// A pool of at most `size` connections; none is opened before it is needed. Who comes gets the
    /// connection that was used last: its caches are warm, and the others fall idle.
    ///
    /// # Errors
    /// [`StoreError::Pool`] when the configuration cannot serve.
    pub fn new(
        config: tokio_postgres::Config,
        size: usize,
        vault: Option<Arc<Vault>>,
    ) -> Result<Database, StoreError> {
        let name = config.get_dbname().unwrap_or_default().into();
        let server = format!("{:?} {:?}", config.get_hosts(), config.get_ports()).into();
        let kept = Arc::new(config.clone());
        let manager = Manager::from_config(
            config,
            NoTls,
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let pool = Pool::builder(manager)
            .max_size(size)
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(Duration::from_secs(10)))
            .create_timeout(Some(Duration::from_secs(10)))
            .build()
            .map_err(|error| StoreError::Pool(error.to_string()))?;
        Ok(Database { pool, vault, name, server, work: Arc::default(), config: kept })
    }

    /// The same database over connections of its own, for long work that must not hold up others.
    ///
    /// # Errors
    /// [`StoreError::Pool`] when the configuration cannot serve.
    pub fn aside(&self, size: usize) -> Result<Database, StoreError> {
        let own = Database::new((*self.config).clone(), size, self.vault.clone())?;
        Ok(Database { work: Arc::clone(&self.work), ..own })
    }

    /// Its name on its server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same for all databases of one server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// How many connections are open, in use or idle.
    pub fn connections(&self) -> usize {
        self.pool.status().size
    }

    /// A connection.
    ///
    /// # Errors
    /// [`StoreError::Pool`] when none is free in ten seconds or the server does not answer.
    pub async fn client(&self) -> Result<Client, StoreError> {
        self.pool.get().await.map_err(|error| StoreError::Pool(error.to_string()))
    }

    /// The keys for secret items.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when this role holds none.
    pub fn vault(&self) -> Result<&Vault, StoreError> {
        self.vault.as_deref().ok_or(StoreError::Vault("この区画には鍵がありません"))
    }

    /// Closes connections that were idle for longer than `idle`, the longest unused first, until
    /// only `keep` are open.
    pub fn close_idle(&self, idle: Duration, keep: usize) {
        let mut open = self.connections();
        self.pool.retain(|_, metrics| {
            let stays = open <= keep || metrics.last_used() < idle;
            open -= usize::from(!stays);
            stays
        });
    }

    /// Tells whoever awaits it in this process that work was left and committed. A hint only: the
    /// queue in the database is the truth.
    pub fn work_left(&self) {
        self.work.notify_one();
    }

    /// Waits until work was left, at once when that happened since the last time.
    pub async fn work_awaited(&self) {
        self.work.notified().await;
    }
}
