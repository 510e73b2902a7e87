//! The folder `var`: its version, its lock, and the credentials of each zone.
//!
//! `postgres` and `secrets` belong to the cluster, `credentials/<zone>` to the zone's user,
//! `bin` holds the program where the zones can reach it. A folder that is not ours is never
//! emptied.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use store::cluster::{stop_leftover, system};

use super::{Zone, say};

/// The version of the layout that this program writes.
const VERSION: u32 = 1;

/// One step from an older layout to the next: the version it starts from, and what to do.
type Upgrade = (u32, fn(&Path) -> Result<()>);

/// The known steps. A version without a step is refused.
const UPGRADES: &[Upgrade] = &[];

/// The folder `var`, locked for this process as long as the value lives.
#[derive(Debug)]
pub struct Layout {
    var: PathBuf,
    _lock: File,
}

impl Layout {
    /// Opens `requested`, or `./var`: makes it if it is missing, upgrades or refuses an older
    /// one, and refuses a folder in use. As root, a `./var` that the zones' users cannot reach
    /// (a checkout under `/root`) moves to `/var/lib/kumoi`, with a message.
    pub fn open(requested: Option<&Path>) -> Result<Layout> {
        let var = std::path::absolute(requested.unwrap_or(Path::new("var")))?;
        let closed = (system::user_id() == 0).then(|| closed_parent(&var)).flatten();
        let var = match closed {
            None => var,
            Some(_) if requested.is_none() => elsewhere(&var),
            Some(parent) => bail!(
                "ゾーンの利用者がフォルダ {0} を通れません。「chmod o+x {0}」を実行するか、\
                 /srv など誰でも通れる場所を指定してください",
                parent.display()
            ),
        };
        Layout::open_with(var, UPGRADES)
    }

    fn open_with(var: PathBuf, upgrades: &[Upgrade]) -> Result<Layout> {
        let shown = var.display().to_string();
        make_folder(&var, 0o755).with_context(|| format!("フォルダ {shown} を作れません"))?;
        let lock = take_lock(&var)?;
        let layout = Layout { var, _lock: lock };
        layout.bring_up_to_date(upgrades)?;
        Ok(layout)
    }

    /// The folder itself, absolute.
    pub fn var(&self) -> &Path {
        &self.var
    }

    /// The cluster's folder.
    pub fn postgres(&self) -> PathBuf {
        self.var.join("postgres")
    }

    /// The credentials of `zone`: 0700, as root owned by the zone's user. Made if missing.
    pub fn credentials(&self, zone: Zone) -> Result<PathBuf> {
        make_folder(&self.var.join("credentials"), 0o711)?;
        let path = self.var.join("credentials").join(zone.name());
        make_folder(&path, 0o700)?;
        own(&path, zone)?;
        Ok(path)
    }

    /// Writes a credential that only `zone` (and root) can read, whole or not at all.
    pub fn credential_write(&self, zone: Zone, name: &str, content: &[u8]) -> Result<PathBuf> {
        let path = self.credentials(zone)?.join(name);
        let unfinished = path.with_extension("unfinished");
        let _ = fs::remove_file(&unfinished);
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o400).open(&unfinished)?;
        file.write_all(content)?;
        own(&unfinished, zone)?;
        fs::rename(&unfinished, &path)?;
        Ok(path)
    }

    /// Empties the folder for a fresh beginning; stops a database server left in it first.
    pub async fn clear(&self) -> Result<()> {
        stop_leftover(&self.postgres()).await?;
        for entry in fs::read_dir(&self.var)? {
            let path = entry?.path();
            if path.ends_with("lock") || path.ends_with("VERSION") {
                continue;
            }
            let is_folder = fs::symlink_metadata(&path)?.is_dir();
            let removed =
                if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.with_context(|| format!("{} を消せません", path.display()))?;
        }
        Ok(())
    }

    /// This program, at a path that the zones' users can reach.
    pub(super) fn program(&self) -> Result<PathBuf> {
        let own = std::env::current_exe().context("このプログラムの場所が分かりません")?;
        let open = fs::metadata(&own)?.mode() & 0o005 == 0o005;
        if system::user_id() != 0 || (open && closed_parent(&own).is_none()) {
            return Ok(own);
        }
        let folder = self.var.join("bin");
        make_folder(&folder, 0o755)?;
        let (copy, unfinished) = (folder.join("kumoi"), folder.join("kumoi.unfinished"));
        fs::copy(&own, &unfinished)?;
        fs::set_permissions(&unfinished, Permissions::from_mode(0o755))?;
        fs::rename(&unfinished, &copy)?;
        Ok(copy)
    }

    fn bring_up_to_date(&self, upgrades: &[Upgrade]) -> Result<()> {
        let path = self.var.join("VERSION");
        let shown = self.var.display();
        let Ok(text) = fs::read_to_string(&path) else {
            let strangers = fs::read_dir(&self.var)?.flatten().any(|it| it.file_name() != "lock");
            if strangers {
                bail!(
                    "{shown} は空でなく、雲居のフォルダの印（VERSION）もありません。\
                     中身を確かめ、ほかのフォルダを指定してください"
                );
            }
            return write_version(&path, VERSION);
        };
        let mut version: u32 = text.trim().parse().with_context(|| {
            format!("{} に版の番号がありません。控えから戻してください", path.display())
        })?;
        if version > VERSION {
            bail!(
                "{shown} は新しい雲居（版 {version}）で作られました。このプログラムは版 {VERSION} \
                 までです。新しいプログラムを使うか、ほかのフォルダを指定してください"
            );
        }
        while version < VERSION {
            let Some((_, step)) = upgrades.iter().find(|(from, _)| *from == version) else {
                bail!(
                    "{shown} は古い版 {version} で、版 {VERSION} へ移す手順がありません。\
                     ほかのフォルダを指定して作り直してください"
                );
            };
            step(&self.var).with_context(|| format!("{shown} を版 {version} から移せません"))?;
            version += 1;
            write_version(&path, version)?;
        }
        Ok(())
    }
}

fn write_version(path: &Path, version: u32) -> Result<()> {
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, format!("{version}\n"))?;
    Ok(fs::rename(&unfinished, path)?)
}

/// Locks the folder for this process, or says who has it.
fn take_lock(var: &Path) -> Result<File> {
    let path = var.join("lock");
    let shown = path.display();
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .with_context(|| {
            format!("{shown} を開けません。作ったときと同じ利用者で実行してください")
        })?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            bail!(
                "別の「kumoi up」（プロセス {}）がフォルダ {} を使っています。\
                 それを止めるか、ほかのフォルダを指定してください",
                holder.trim(),
                var.display()
            );
        }
        Err(TryLockError::Error(error)) => bail!("{shown} を錠にできません: {error}"),
    }
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())?;
    Ok(file)
}

/// Makes a folder and what is missing above it; the mode holds whatever the umask says.
fn make_folder(path: &Path, mode: u32) -> std::io::Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|it| !it.exists()).collect();
    fs::create_dir_all(path)?;
    for folder in missing {
        let mode = if folder == path { mode } else { 0o755 };
        fs::set_permissions(folder, Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// As root, hands `path` to the zone's user.
fn own(path: &Path, zone: Zone) -> std::io::Result<()> {
    match system::user_id() {
        0 => chown(path, Some(zone.user_id()), Some(zone.user_id())),
        _ => Ok(()),
    }
}

/// The first parent of `path` that other users cannot pass through.
fn closed_parent(path: &Path) -> Option<PathBuf> {
    let closed = |it: &&Path| fs::metadata(it).is_ok_and(|found| found.mode() & 0o001 == 0);
    path.ancestors().skip(1).find(closed).map(Path::to_owned)
}

/// A place for `var` that every user can reach, named after where it was to be.
fn elsewhere(var: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    var.hash(&mut hasher);
    let place = PathBuf::from(format!("/var/lib/kumoi/{:016x}", hasher.finish()));
    say(&format!(
        "{} はほかの利用者が通れない場所にあるため、データは {} に置きます",
        var.display(),
        place.display()
    ));
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("kumoi-layout-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[track_caller]
    fn check_refusal(result: Result<Layout>, expect: &[&str]) {
        let text = result.err().map_or_else(|| "opened".to_owned(), |error| format!("{error:#}"));
        for part in expect {
            assert!(text.contains(part), "{part} is missing in: {text}");
        }
    }

    #[tokio::test]
    async fn a_new_folder_is_marked_locked_and_cleared() {
        let var = place("new");
        let layout = Layout::open(Some(&var)).unwrap();
        assert_eq!(fs::read_to_string(var.join("VERSION")).unwrap(), "1\n");
        let id = std::process::id().to_string();
        check_refusal(Layout::open(Some(&var)), &["別の「kumoi up」", &id]);
        fs::create_dir(var.join("exports")).unwrap();
        layout.clear().await.unwrap();
        assert!(!var.join("exports").exists() && var.join("VERSION").exists());
        drop(layout);
        Layout::open(Some(&var)).unwrap();
        fs::remove_dir_all(var).unwrap();
    }

    #[test]
    fn a_foreign_or_newer_or_unknown_folder_is_refused() {
        let var = place("foreign");
        fs::create_dir(&var).unwrap();
        fs::write(var.join("letters.txt"), "mine").unwrap();
        check_refusal(Layout::open(Some(&var)), &["VERSION", "ほかのフォルダ"]);
        fs::write(var.join("VERSION"), "2\n").unwrap();
        check_refusal(Layout::open(Some(&var)), &["版 2", "新しい"]);
        fs::write(var.join("VERSION"), "0\n").unwrap();
        check_refusal(Layout::open(Some(&var)), &["版 0", "手順がありません"]);
        fs::write(var.join("VERSION"), "one\n").unwrap();
        check_refusal(Layout::open(Some(&var)), &["番号"]);
        fs::remove_dir_all(var).unwrap();
    }

    #[test]
    fn an_older_folder_is_upgraded_step_by_step() {
        let var = place("older");
        fs::create_dir(&var).unwrap();
        fs::write(var.join("VERSION"), "0\n").unwrap();
        let step: Upgrade = (0, |var| Ok(fs::write(var.join("upgraded"), "")?));
        Layout::open_with(var.clone(), &[step]).unwrap();
        assert!(var.join("upgraded").exists());
        assert_eq!(fs::read_to_string(var.join("VERSION")).unwrap(), "1\n");
        fs::remove_dir_all(var).unwrap();
    }

    #[test]
    fn credentials_are_the_zones_alone() {
        let var = place("credentials");
        let layout = Layout::open(Some(&var)).unwrap();
        for content in ["one", "two"] {
            let path = layout.credential_write(Zone::Lgwan, "role", content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
            let folder = fs::metadata(path.parent().unwrap()).unwrap();
            assert_eq!(folder.mode() & 0o777, 0o700);
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o400);
            if system::user_id() == 0 {
                assert_eq!(folder.uid(), Zone::Lgwan.user_id());
            }
        }
        fs::remove_dir_all(var).unwrap();
    }
}
