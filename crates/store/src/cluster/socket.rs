//! The folder of the server's socket. A socket's path holds at most 107 bytes, so a deep
//! cluster folder gets a short one under `/run`, `$XDG_RUNTIME_DIR` or `/tmp`.
//!
//! A short folder that somebody else owns is never used.

use std::fs::{self, DirBuilder};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::folder::Folder;
use super::{ClusterError, PORT, system};

/// The longest path of a socket on Linux, without its closing NUL.
const LONGEST: usize = 107;

/// The socket's folder, made and handed to the server's user.
pub(super) fn folder_for(folder: &Folder, account: &Account) -> Result<PathBuf, ClusterError> {
    let run = folder.run();
    let path = if fits(&run) { run } else { short(folder.path(), &places(account)) };
    let failed = |source| ClusterError::io("ソケットのフォルダの用意", &path, source);
    match DirBuilder::new().mode(0o755).create(&path) {
        Ok(()) => account.give(&path)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    let found = fs::symlink_metadata(&path).map_err(failed)?;
    if !found.is_dir() || found.uid() != account.uid {
        let expected = format!("利用者番号 {} ", account.uid);
        return Err(ClusterError::NotOurs { path, owner: found.uid(), expected });
    }
    if found.mode() & 0o777 != 0o755 {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    }
    Ok(path)
}

/// Removes what a dead server left: a reused process id in its lock would stop the next one.
pub(super) fn clear(socket: &Path) -> Result<(), ClusterError> {
    for name in [file_name(), format!("{}.lock", file_name())] {
        let path = socket.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(ClusterError::io("古いソケットの片付け", &path, error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn file_name() -> String {
    format!(".s.PGSQL.{PORT}")
}

/// Whether the path is short enough and free of signs that mean something in the setting.
fn fits(path: &Path) -> bool {
    let plain = |text: &str| !text.contains([',', '"', '\'', '\\']) && !text.contains('\n');
    path.join(file_name()).as_os_str().as_bytes().len() <= LONGEST
        && path.to_str().is_some_and(plain)
}

/// Where a short folder may lie, best first.
fn places(account: &Account) -> Vec<PathBuf> {
    let own = match system::user_id() {
        0 => Some(PathBuf::from("/run")),
        _ => std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from),
    };
    let usable = |path: &PathBuf| path.is_dir() && account.check_reach(&path.join("x")).is_ok();
    own.into_iter().filter(usable).chain([PathBuf::from("/tmp")]).collect()
}

/// A short folder named after the long one.
fn short(long: &Path, places: &[PathBuf]) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    long.hash(&mut hasher);
    let name = format!("kumoi-{:016x}", hasher.finish());
    let mut paths = places.iter().map(|place| place.join(&name));
    paths.find(|path| fits(path)).unwrap_or_else(|| Path::new("/tmp").join(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_and_plain_paths_fit() {
        assert!(fits(Path::new("/srv/kumoi/var/postgres/run")));
        assert!(fits(Path::new(&format!("/{}", "x".repeat(92)))));
        assert!(!fits(Path::new(&format!("/{}", "x".repeat(93)))));
        assert!(!fits(Path::new("/srv/a,b")));
        assert!(!fits(Path::new("/srv/it's")));
    }

    #[test]
    fn a_short_folder_is_named_after_the_long_one() {
        let long = PathBuf::from(format!("/{}", "x".repeat(200)));
        let one = short(&long, &["/tmp".into()]);
        assert!(fits(&one));
        assert_eq!(one, short(&long, &["/tmp".into()]));
        assert_ne!(one, short(&long.join("other"), &["/tmp".into()]));
        assert!(short(&long, &[long.clone(), "/tmp".into()]).starts_with("/tmp"));
    }
}
