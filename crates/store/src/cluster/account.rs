//! The operating-system user that the server runs as: ourselves, or `postgres` if we are root.
//!
//! Never root itself. Existing data keeps its owner.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use tokio::process::Command;

use super::folder::Folder;
use super::{ClusterError, system};

/// Who the server runs as.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// The name for messages.
    pub(super) name: String,
    /// Whether we are root and must step down to this user.
    steps_down: bool,
}

impl Account {
    /// Ourselves; as root the owner of existing data, else the user `postgres`.
    pub(super) fn find(folder: &Folder) -> Result<Account, ClusterError> {
        let me = system::user_id();
        let data = folder.data();
        let owner = fs::metadata(&data).ok().map(|found| (found.uid(), found.gid()));
        let not_ours = |owner, expected: &str| ClusterError::NotOurs {
            path: data.clone(),
            owner,
            expected: expected.to_owned(),
        };
        let named = |uid, gid| Account { uid, gid, name: uid.to_string(), steps_down: me == 0 };
        match (me, owner) {
            (0, Some((0, _))) => Err(not_ours(0, "root 以外の利用者（postgres）")),
            (0, Some((uid, gid))) => Ok(named(uid, gid)),
            (0, None) => {
                let table = fs::read_to_string("/etc/passwd").unwrap_or_default();
                let (uid, gid) = find_user(&table, "postgres").ok_or(ClusterError::NoServerUser)?;
                Ok(Account { name: "postgres".to_owned(), ..named(uid, gid) })
            }
            (_, Some((uid, _))) if uid != me => Err(not_ours(uid, &format!("利用者番号 {me} "))),
            _ => Ok(named(me, system::group_id())),
        }
    }

    /// Whether this user can pass through every parent of `path`. Looks at modes, not at ACLs.
    pub(super) fn check_reach(&self, path: &Path) -> Result<(), ClusterError> {
        for parent in path.ancestors().skip(1) {
            let Ok(found) = fs::metadata(parent) else { continue };
            if !passable(self, found.uid(), found.gid(), found.mode()) {
                let path = parent.to_owned();
                return Err(ClusterError::NotTraversable { path, user: self.name.clone() });
            }
        }
        Ok(())
    }

    /// Hands `path` to this user.
    pub(super) fn give(&self, path: &Path) -> Result<(), ClusterError> {
        if !self.steps_down {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid))
            .map_err(|source| ClusterError::io("所有者の変更", path, source))
    }

    /// A command that runs as this user, with an empty environment, outside our process group:
    /// Ctrl-C at the terminal reaches only the supervisor.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C").env("TZ", "UTC");
        command.current_dir("/").process_group(0).stdin(std::process::Stdio::null());
        if self.steps_down {
            // With a user given, root's supplementary groups are dropped as well.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }
}

/// Whether `account` may pass through a folder of this owner, group and mode.
fn passable(account: &Account, uid: u32, gid: u32, mode: u32) -> bool {
    let bit = match (account.uid, account.gid) {
        (0, _) => return true,
        (user, _) if user == uid => 0o100,
        (_, group) if group == gid => 0o010,
        _ => 0o001,
    };
    mode & bit != 0
}

/// The user and group id of `name` in the text of `/etc/passwd`.
fn find_user(table: &str, name: &str) -> Option<(u32, u32)> {
    table.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_name() {
        let table = "root:x:0:0:root:/root:/bin/bash\npostgres:x:105:112:,,,:/var/lib:/bin/bash\n";
        assert_eq!(find_user(table, "postgres"), Some((105, 112)));
        assert_eq!(find_user(table, "post"), None);
        assert_eq!(find_user("postgres:x", "postgres"), None);
    }

    #[track_caller]
    fn check_passable(uid: u32, owner: u32, mode: u32, expect: bool) {
        let account = Account { uid, gid: 100, name: String::new(), steps_down: true };
        assert_eq!(passable(&account, owner, 0, mode), expect);
    }

    #[test]
    fn a_closed_parent_is_seen() {
        check_passable(105, 0, 0o700, false);
        check_passable(105, 0, 0o711, true);
        check_passable(105, 105, 0o700, true);
        check_passable(105, 105, 0o077, false);
        check_passable(0, 5, 0o000, true);
    }
}
