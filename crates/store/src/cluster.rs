//! A private PostgreSQL server (15 or later) in a folder of ours: made, started, adopted, stopped.
//!
//! The server listens on a Unix socket only and admits nobody without a SCRAM password. Its
//! programs come from the operating system. It never listens on a network address, never writes
//! statements or values into its log, and never runs as root. It outlives a killed supervisor on
//! purpose: the next start finds it by its `postmaster.pid` and takes it over.

mod account;
mod error;
mod folder;
mod initialise;
mod postmaster;
mod programs;
mod roles;
mod secret;
mod settings;
mod socket;
pub mod system;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_postgres::Config;

use self::account::Account;
pub use self::error::ClusterError;
use self::folder::Folder;
use self::postmaster::Server;
use self::programs::Programs;
use self::secret::Secret;

/// The role that makes databases and roles; its password never leaves the supervisor.
pub const INSTALLER: &str = "kumoi_installer";
/// The bootstrap role; used only to make the installer.
const SUPERUSER: &str = "kumoi_superuser";
/// The port names the socket file; no TCP port is opened.
const PORT: u16 = 5432;

/// How to run the cluster. Start from [`ClusterOptions::new`].
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// The cluster's own folder, for example `./var/postgres`. Secrets go to `secrets` beside it.
    pub folder: PathBuf,
    /// `false` switches fsync off: for tests only, a crash of the machine loses the data.
    pub durable: bool,
    /// Where `initdb` and `postgres` lie; `None` searches the system.
    pub programs: Option<PathBuf>,
    /// Memory for shared buffers, in MiB.
    pub shared_buffers_mib: u32,
    /// The most connections at a time.
    pub max_connections: u32,
}

impl ClusterOptions {
    /// A durable cluster in `folder` with the usual sizes.
    pub fn new(folder: impl Into<PathBuf>) -> ClusterOptions {
        ClusterOptions {
            folder: folder.into(),
            durable: true,
            programs: None,
            shared_buffers_mib: shared_buffers(memory_mib()),
            max_connections: 600,
        }
    }

    /// A cluster for tests in `folder`: no fsync, less memory.
    pub fn for_tests(folder: impl Into<PathBuf>) -> ClusterOptions {
        ClusterOptions { durable: false, shared_buffers_mib: 128, ..ClusterOptions::new(folder) }
    }
}

/// A quarter of the machine's memory, within 256 MiB and 16 GiB: the pages of the registers in use
/// stay in memory whatever the system does with its own cache.
fn shared_buffers(memory_mib: Option<u32>) -> u32 {
    memory_mib.map_or(256, |memory| (memory / 4).clamp(256, 16 * 1024))
}

/// The machine's memory, or what a container may have of it; `None` where the system does not tell.
fn memory_mib() -> Option<u32> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    // `max`, no number, where there is no limit.
    let limit = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let limit = limit.and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or(u64::MAX);
    u32::try_from((kib / 1024).min(limit >> 20)).ok()
}

/// A running server. Dropping it leaves the server running; [`Cluster::stop`] ends it.
#[derive(Debug)]
pub struct Cluster {
    options: ClusterOptions,
    folder: Folder,
    socket: PathBuf,
    installer: Secret,
    server: Server,
    adopted: bool,
    /// Held as long as this process uses the cluster: see [`stop_unused`].
    _used: File,
}

impl Cluster {
    /// Makes the cluster if the folder is new, starts the server or takes over a running one,
    /// and returns when it answers. Simultaneous starts of one folder wait for each other.
    pub async fn start(options: &ClusterOptions) -> Result<Cluster, ClusterError> {
        let folder = Folder::at(&options.folder)?;
        folder.prepare()?;
        let turn = take_turn(&folder).await?;
        let used = use_file(&folder)?;
        used.lock_shared().map_err(|source| ClusterError::io(IN_USE, folder.path(), source))?;
        let account = Account::find(&folder)?;
        account.check_reach(&folder.data())?;
        let programs = Programs::find(options.programs.as_deref(), &folder)?;
        folder.check_space()?;
        let socket = socket::folder_for(&folder, &account)?;
        if !folder.is_made() {
            initialise::run((&folder, &turn), &programs, &account, options.durable).await?;
        }
        let superuser = Secret::load(&folder.secret("superuser"))?;
        let installer = Secret::load_or_make(&folder.secret("installer"))?;
        settings::write(&folder, &account, options, &programs, &socket)?;
        let probe = roles::config(&socket, INSTALLER, &installer, "postgres");
        let (server, signed_in, adopted) = match postmaster::adopt(&folder, &probe).await? {
            Some((server, signed_in)) => (server, signed_in, true),
            None => {
                socket::clear(&socket)?;
                let started = postmaster::start(&folder, &programs, &account, &probe).await?;
                (started.0, started.1, false)
            }
        };
        if !signed_in {
            let boot = roles::config(&socket, SUPERUSER, &superuser, "postgres");
            roles::ensure_installer(&boot, &installer).await?;
        }
        tracing::info!(folder = %folder.path().display(), adopted, "PostgreSQL is ready");
        let options = options.clone();
        Ok(Cluster { options, folder, socket, installer, server, adopted, _used: used })
    }

    /// How the installer reaches `database`: socket, role and password.
    pub fn installer(&self, database: &str) -> Config {
        roles::config(&self.socket, INSTALLER, &self.installer, database)
    }

    /// How the bootstrap role reaches `database`: for what PostgreSQL lets nobody else do
    /// (following another cluster). Never handed to a zone.
    pub(crate) fn superuser(&self, database: &str) -> Result<Config, ClusterError> {
        let secret = Secret::load(&self.folder.secret("superuser"))?;
        Ok(roles::config(&self.socket, SUPERUSER, &secret, database))
    }

    /// The folder with the server's socket: the `host` of every connection.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The major version that made the data, 15 or later.
    pub fn version(&self) -> Result<u32, ClusterError> {
        self.folder.made_by()?.ok_or_else(|| ClusterError::NotACluster { path: self.folder.data() })
    }

    /// Whether the server was already running when [`Cluster::start`] came.
    pub fn adopted(&self) -> bool {
        self.adopted
    }

    /// The process id of the server's main process.
    pub fn pid(&self) -> i32 {
        self.server.pid()
    }

    /// The server's log file. It holds no statements and no values.
    pub fn log(&self) -> PathBuf {
        self.folder.log()
    }

    /// The options it was started with, for starting it again.
    pub fn options(&self) -> &ClusterOptions {
        &self.options
    }

    /// Returns when the server has ended, by whatever cause. Safe to cancel and call again.
    pub async fn ended(&mut self) {
        self.server.ended().await;
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Lets go of the cluster: ends the server unless another process uses it; whether it ended.
    pub async fn leave(self) -> Result<bool, ClusterError> {
        let folder = self.folder.path().to_owned();
        drop(self);
        stop_unused(&folder, Duration::ZERO).await
    }

    /// Stops the server (fast shutdown: open transactions are rolled back) and waits for its end.
    pub async fn stop(mut self) -> Result<(), ClusterError> {
        self.server.stop(STOP_TIMEOUT).await
    }
}

/// How long a fast shutdown may take before the immediate one follows.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// Stops a server left running on `folder`, if there is one. Returns whether there was.
pub async fn stop_leftover(folder: &Path) -> Result<bool, ClusterError> {
    let folder = Folder::at(folder)?;
    match postmaster::live(&folder)? {
        Some(pid) => {
            Server::Adopted(pid).stop(STOP_TIMEOUT).await?;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// Stops the server of `folder` unless a process holds the cluster: whoever starts or adopts one
/// holds it until it lets go or ends, however it ends. `patience` is for those who are about to let
/// go. Returns whether no server runs there any more.
pub async fn stop_unused(folder: &Path, patience: Duration) -> Result<bool, ClusterError> {
    let at = Folder::at(folder)?;
    let deadline = Instant::now() + patience;
    while at.path().is_dir() {
        let turn = take_turn(&at).await?;
        let used = use_file(&at)?;
        if used.try_lock().is_ok() {
            return stop_leftover(folder).await.map(|_| true);
        }
        drop((turn, used));
        if Instant::now() >= deadline {
            return Ok(false);
        }
        sleep(Duration::from_millis(50)).await;
    }
    Ok(true)
}

/// What is done with the file below.
const IN_USE: &str = "使用中の印";

/// The file that a process locks (shared) as long as it uses the cluster.
fn use_file(folder: &Folder) -> Result<File, ClusterError> {
    let path = folder.path().join("use.lock");
    let file = File::options().create(true).append(true).open(&path);
    file.map_err(|source| ClusterError::io(IN_USE, &path, source))
}

/// Waits until no other process is starting this cluster.
async fn take_turn(folder: &Folder) -> Result<File, ClusterError> {
    let path = folder.path().join("start.lock");
    let failed = |source| ClusterError::io("起動の順番待ち", &path, source);
    let file = File::options().create(true).append(true).open(&path).map_err(failed)?;
    tokio::task::spawn_blocking(move || file.lock().map(|()| file))
        .await
        .map_err(std::io::Error::other)
        .flatten()
        .map_err(failed)
}
