//! The server's main process: finding a live one, starting one, waiting for its answer or its end.
//!
//! A process counts as ours only if it is a PostgreSQL server that works in our data folder; a
//! foreign process that happens to have a recorded id is never signalled.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Child;
use tokio::time::{sleep, timeout};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, NoTls};

use super::account::Account;
use super::folder::Folder;
use super::programs::Programs;
use super::{ClusterError, system};

/// How long a server may stay silent; one that says it is recovering gets [`RECOVERY`].
const SILENCE: Duration = Duration::from_secs(60);
/// How long the recovery after a crash may take.
const RECOVERY: Duration = Duration::from_secs(600);
/// The log is set aside at a start when it is longer than this, in bytes.
const LOG_LIMIT: u64 = 10_000_000;

/// A running server: our child, or one that an earlier supervisor left.
#[derive(Debug)]
pub(super) enum Server {
    /// Started by us.
    Child(i32, Child),
    /// Found running.
    Adopted(i32),
}

impl Server {
    pub(super) fn pid(&self) -> i32 {
        match self {
            Server::Child(pid, _) | Server::Adopted(pid) => *pid,
        }
    }

    /// Returns when the server has ended.
    pub(super) async fn ended(&mut self) {
        match self {
            Server::Child(_, child) => {
                let _ = child.wait().await;
            }
            Server::Adopted(pid) => {
                while system::is_alive(*pid) {
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    /// Fast shutdown; after `patience` the immediate one.
    pub(super) async fn stop(&mut self, patience: Duration) -> Result<(), ClusterError> {
        let pid = self.pid();
        for (signal, patience) in [(libc::SIGINT, patience), (libc::SIGQUIT, patience / 3)] {
            if system::send_signal(pid, signal).is_err() && !system::is_alive(pid) {
                return Ok(());
            }
            if timeout(patience, self.ended()).await.is_ok() {
                return Ok(());
            }
        }
        Err(ClusterError::StillRunning { pid })
    }

    fn has_ended(&mut self) -> bool {
        match self {
            Server::Child(_, child) => matches!(child.try_wait(), Ok(Some(_)) | Err(_)),
            Server::Adopted(pid) => !system::is_alive(*pid),
        }
    }
}

/// The process id of a live server on this folder's data, by its `postmaster.pid`.
pub(super) fn live(folder: &Folder) -> Result<Option<i32>, ClusterError> {
    let path = folder.data().join("postmaster.pid");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ClusterError::io("稼働中のサーバーの確認", &path, source)),
    };
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
    Ok(pid.filter(|&pid| is_server_of(pid, &folder.data())))
}

/// Whether `pid` is a PostgreSQL server that works in `data`.
fn is_server_of(pid: i32, data: &Path) -> bool {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let place = fs::read_link(format!("/proc/{pid}/cwd")).ok();
    let data = fs::canonicalize(data).ok();
    system::is_alive(pid)
        && matches!(name.trim(), "postgres" | "postmaster")
        && place.is_some()
        && place == data
}

/// Takes over a live server once it answers, and says whether it let us in; `None` if there is
/// none, or if it was just stopping.
pub(super) async fn adopt(
    folder: &Folder,
    probe: &Config,
) -> Result<Option<(Server, bool)>, ClusterError> {
    if let Some(pid) = live(folder)? {
        let mut server = Server::Adopted(pid);
        match answer(folder, &mut server, probe).await {
            Ok(signed_in) => return Ok(Some((server, signed_in))),
            Err(ClusterError::Start { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    // What a dead server left: its recorded id may belong to anybody now.
    let stale = folder.data().join("postmaster.pid");
    match fs::remove_file(&stale) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ClusterError::io("古い postmaster.pid の片付け", &stale, error))
        }
        _ => Ok(None),
    }
}

/// Starts the server; returns when it answers, and whether it let us in.
pub(super) async fn start(
    folder: &Folder,
    programs: &Programs,
    account: &Account,
    probe: &Config,
) -> Result<(Server, bool), ClusterError> {
    let program = programs.postgres();
    let failed = |source| ClusterError::io("PostgreSQL の起動", &program, source);
    let log = open_log(&folder.log())
        .map_err(|source| ClusterError::io("記録のファイルの用意", &folder.log(), source))?;
    let mut command = account.command(&program);
    command.arg("-D").arg(folder.data());
    command.stdout(Stdio::from(log.try_clone().map_err(failed)?)).stderr(Stdio::from(log));
    let child = command.spawn().map_err(failed)?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok());
    let pid = pid.ok_or_else(|| failed(io::Error::from(io::ErrorKind::NotFound)))?;
    let mut server = Server::Child(pid, child);
    match answer(folder, &mut server, probe).await {
        Ok(signed_in) => Ok((server, signed_in)),
        Err(error) => {
            server.stop(Duration::from_secs(5)).await?;
            Err(error)
        }
    }
}

fn open_log(path: &Path) -> io::Result<File> {
    if fs::metadata(path).is_ok_and(|found| found.len() > LOG_LIMIT) {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    File::options().create(true).append(true).open(path)
}

/// Waits until the server answers. A refused password is an answer.
/// Returns whether the password was accepted.
async fn answer(
    folder: &Folder,
    server: &mut Server,
    probe: &Config,
) -> Result<bool, ClusterError> {
    let begin = Instant::now();
    let mut patience = SILENCE;
    loop {
        match probe.connect(NoTls).await {
            Ok(_) => return Ok(true),
            Err(error) => match error.code() {
                Some(&SqlState::CANNOT_CONNECT_NOW) => patience = RECOVERY,
                Some(_) => return Ok(false),
                None => {}
            },
        }
        if server.has_ended() {
            let text = folder.log_tail();
            if Folder::is_disk_full(&text) {
                folder.judge_space(0)?;
            }
            return Err(ClusterError::Start { log: folder.log(), text });
        }
        if begin.elapsed() > patience {
            return Err(ClusterError::Silent { seconds: patience.as_secs(), log: folder.log() });
        }
        sleep(Duration::from_millis(5)).await;
    }
}
