//! Making a new cluster with `initdb`: UTF-8, locale C, SCRAM for everybody.
//!
//! It works in a folder of its own that is renamed at the end, so a broken-off attempt is never
//! taken for a cluster. The password reaches `initdb` through a file that is removed at once.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::account::Account;
use super::folder::Folder;
use super::programs::Programs;
use super::secret::Secret;
use super::{ClusterError, SUPERUSER, system};

/// Makes the data folder. Existing secrets are kept. `turn` is the lock of who starts this cluster:
/// initdb holds it as well, so that one that outlives its program is waited for.
pub(super) async fn run(
    (folder, turn): (&Folder, &File),
    programs: &Programs,
    account: &Account,
    durable: bool,
) -> Result<(), ClusterError> {
    let work = folder.unfinished();
    let failed = |source| ClusterError::io("データのフォルダの用意", &work, source);
    match fs::remove_dir_all(&work) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    DirBuilder::new().mode(0o700).create(&work).map_err(failed)?;
    account.give(&work)?;
    let secret = Secret::load_or_make(&folder.secret("superuser"))?;
    let password = folder.path().join("password.unfinished");
    secret.write(&password).map_err(failed)?;
    let outcome = match account.give(&password) {
        Ok(()) => match turn.try_clone() {
            Ok(turn) => {
                let command = initdb(&work, programs, account, &password, durable);
                ended(command, turn).await
            }
            Err(source) => Err(failed(source)),
        },
        Err(error) => Err(error),
    };
    fs::remove_file(&password).map_err(failed)?;
    outcome.map_err(|error| explain(folder, error))?;
    fs::rename(&work, folder.data()).map_err(failed)
}

fn initdb(
    work: &Path,
    programs: &Programs,
    account: &Account,
    password: &Path,
    durable: bool,
) -> Command {
    let mut command = account.command(&programs.initdb());
    command.arg("-D").arg(work).arg("--pwfile").arg(password).args([
        "--encoding=UTF8",
        "--locale=C",
        "--auth-local=scram-sha-256",
        "--auth-host=scram-sha-256",
        "--no-instructions",
        "--username",
        SUPERUSER,
    ]);
    if !durable {
        command.arg("--no-sync");
    }
    command
}

/// Waits for initdb, which keeps `turn` open as its input.
async fn ended(mut command: Command, turn: File) -> Result<(), ClusterError> {
    let program = PathBuf::from(command.as_std().get_program());
    let output = command
        .stdin(turn)
        .output()
        .await
        .map_err(|source| ClusterError::io("initdb の実行", &program, source))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(ClusterError::Initialise { text: text.trim().replace('\n', " / ") })
}

/// Turns initdb's words into ours where they mean a full disk.
fn explain(folder: &Folder, error: ClusterError) -> ClusterError {
    match &error {
        ClusterError::Initialise { text } if Folder::is_disk_full(text) => {
            let free_mib = system::free_mib(folder.path()).unwrap_or(0);
            folder.judge_space(free_mib.min(511)).err().unwrap_or(error)
        }
        _ => error,
    }
}
