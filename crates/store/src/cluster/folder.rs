//! The cluster's folder: what lies where in it, who owns it, how much room is left.
//!
//! `data` is the server's, `run` its socket, `server.log` its log; `<name>-superuser` and
//! `<name>-installer` in the neighbouring folder `secrets` are the supervisor's alone.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{ClusterError, system};

/// Below this much free space the cluster is not started, in MiB.
const NEED_MIB: u64 = 512;

/// The cluster's folder, by its absolute path.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Names the folder; touches nothing.
    pub(super) fn at(path: &Path) -> Result<Folder, ClusterError> {
        let absolute = std::path::absolute(path)
            .map_err(|source| ClusterError::io("フォルダの確認", path, source))?;
        // A resolved path is what the server writes into its own files.
        Ok(Folder(fs::canonicalize(&absolute).unwrap_or(absolute)))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The server's data (PGDATA).
    pub(super) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    /// Where `initdb` works before the result is moved to [`Folder::data`].
    pub(super) fn unfinished(&self) -> PathBuf {
        self.0.join("data.unfinished")
    }

    /// The usual place of the socket.
    pub(super) fn run(&self) -> PathBuf {
        self.0.join("run")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.0.join("server.log")
    }

    /// The password file of the role `name`.
    pub(super) fn secret(&self, name: &str) -> PathBuf {
        let own = self.0.file_name().map_or("postgres".into(), |own| own.to_string_lossy());
        let parent = self.0.parent().unwrap_or(&self.0);
        parent.join("secrets").join(format!("{own}-{name}"))
    }

    /// Makes the folder. As root it is one that the server's and the zones' users can pass through,
    /// also if an ordinary user made it.
    pub(super) fn prepare(&self) -> Result<(), ClusterError> {
        let failed = |source| ClusterError::io("フォルダの作成", &self.0, source);
        let missing: Vec<&Path> = self.0.ancestors().take_while(|path| !path.exists()).collect();
        fs::create_dir_all(&self.0).map_err(failed)?;
        let is_root = system::user_id() == 0;
        let mode = if is_root { 0o755 } else { 0o700 };
        for path in missing {
            fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed)?;
        }
        let found = fs::metadata(&self.0).map_err(failed)?.permissions().mode();
        if is_root && found & 0o111 != 0o111 {
            let open = Permissions::from_mode(found | 0o111);
            fs::set_permissions(&self.0, open).map_err(failed)?;
        }
        Ok(())
    }

    pub(super) fn is_made(&self) -> bool {
        self.data().join("PG_VERSION").is_file()
    }

    /// The major version that made the data; `None` if there is none yet.
    pub(super) fn made_by(&self) -> Result<Option<u32>, ClusterError> {
        let data = self.data();
        if !data.exists() {
            return Ok(None);
        }
        let foreign = || ClusterError::NotACluster { path: data.clone() };
        match fs::read_to_string(data.join("PG_VERSION")) {
            Ok(text) => text.trim().parse().map(Some).map_err(|_| foreign()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(foreign()),
            Err(source) => Err(ClusterError::io("版の確認", &data, source)),
        }
    }

    /// Refuses to start on a nearly full disk, where the server would stop in mid-work.
    pub(super) fn check_space(&self) -> Result<(), ClusterError> {
        let free_mib = system::free_mib(&self.0)
            .map_err(|source| ClusterError::io("空き容量の確認", &self.0, source))?;
        self.judge_space(free_mib)
    }

    pub(super) fn judge_space(&self, free_mib: u64) -> Result<(), ClusterError> {
        if free_mib >= NEED_MIB {
            return Ok(());
        }
        Err(ClusterError::DiskFull { path: self.0.clone(), free_mib, need_mib: NEED_MIB })
    }

    /// The last lines of the server's log, at most about 2,000 bytes.
    pub(super) fn log_tail(&self) -> String {
        let bytes = fs::read(self.log()).unwrap_or_default();
        let tail = &bytes[bytes.len().saturating_sub(2_000)..];
        let text = String::from_utf8_lossy(tail);
        let lines: Vec<&str> = text.lines().rev().take(6).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" / ")
    }

    /// Says «disk full» where the server's or initdb's text means that.
    pub(super) fn is_disk_full(text: &str) -> bool {
        text.contains("No space left on device") || text.contains("Disk quota exceeded")
    }
}
