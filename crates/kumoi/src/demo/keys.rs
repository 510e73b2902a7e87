//! The supervisor's copies of all credentials, one file an organisation, readable by it alone.
//!
//! The keys in them open what is sealed: a file is never replaced, and it is on the disk before
//! anything is sealed with it.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Result, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use cloud::{Keeper, Kept};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::organisation::Credentials;

use super::places::Places;

/// `var/secrets/organisations`.
pub struct KeyFolder(PathBuf);

impl KeyFolder {
    /// Opens the folder below `var`, making it if it is missing.
    pub fn open(var: &Path) -> Result<KeyFolder> {
        let folder = var.join("secrets").join("organisations");
        fs::create_dir_all(&folder)?;
        fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        Ok(KeyFolder(folder))
    }

    /// Where the organisations are found.
    pub fn places(&self) -> Result<Places> {
        let var = self.0.ancestors().nth(2).unwrap_or(Path::new("."));
        Places::open(var)
    }

    /// Whether the organisation's accounts were all made.
    pub fn has_accounts(&self, id: &str) -> bool {
        self.0.join(format!("{id}.accounts")).exists()
    }

    /// Remembers that the accounts were all made.
    pub fn accounts_made(&self, id: &str) -> Result<()> {
        fs::write(self.0.join(format!("{id}.accounts")), b"")
    }

    /// Forgets that the accounts were made: they are to be made anew.
    pub fn accounts_gone(&self, id: &str) -> Result<()> {
        gone(&self.0.join(format!("{id}.accounts")))
    }

    /// Whether keys are kept for the organisation.
    pub fn is_known(&self, id: &str) -> bool {
        self.0.join(format!("{id}.json")).exists()
    }

    /// Forgets an organisation that is gone: its place, its accounts, and last its keys.
    pub fn forget(&self, id: &str) -> Result<()> {
        self.accounts_gone(id)?;
        if let Some(links) = self.places()?.links(id) {
            gone(&PathBuf::from(links.host(id)))?;
        }
        gone(&self.0.join(format!("{id}.json")))?;
        File::open(&self.0)?.sync_all()
    }

    /// What a vendor or an operator signs in with, if it was kept.
    pub fn vendor_load(&self, id: &str) -> Result<Option<Credentials>> {
        self.read(id)
    }

    /// Keeps what a vendor or an operator signs in with.
    pub fn vendor_store(&self, id: &str, own: &Credentials) -> Result<()> {
        self.write(id, own)
    }

    fn read<T: DeserializeOwned>(&self, id: &str) -> Result<Option<T>> {
        match fs::read(self.0.join(format!("{id}.json"))) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, id: &str, kept: &impl Serialize) -> Result<()> {
        let unfinished = self.0.join(format!("{id}.unfinished"));
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(&serde_json::to_vec_pretty(kept)?)?;
        file.sync_all()?;
        // A link fails where a file is: keys are never replaced.
        fs::hard_link(&unfinished, self.0.join(format!("{id}.json")))?;
        fs::remove_file(&unfinished)?;
        File::open(&self.0)?.sync_all()
    }
}

/// Removes a file; one that is gone is gone.
fn gone(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Keeper for KeyFolder {
    fn load(&self, id: &str) -> Result<Option<Kept>> {
        let mut found: Option<Kept> = self.read(id)?;
        if let Some(kept) = &mut found {
            self.places()?.lead(kept);
        }
        Ok(found)
    }

    fn store(&self, id: &str, kept: &Kept) -> Result<()> {
        self.write(id, kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::organisation::{Login, Organisation};

    fn kept(password: &str) -> Kept {
        let organisation = Organisation {
            id: "mura".to_owned(),
            code: "993018".to_owned(),
            name: "村".to_owned(),
            name_en: "Village".to_owned(),
            kind: "municipality".to_owned(),
            sample: true,
        };
        let reader = Login {
            database: "mura".to_owned(),
            user: "mura_reader".to_owned(),
            password: password.to_owned(),
        };
        let office = Credentials {
            organisation,
            host: "/run".to_owned(),
            home: None,
            office: None,
            front: None,
            staff: None,
            vault: None,
            staff_vault: None,
        };
        Kept { lgwan: office.clone(), internet: office.clone(), office, reader }
    }

    #[test]
    fn keys_are_kept_once_and_for_us_alone() {
        let var = std::env::temp_dir().join(format!("kumoi-keys-{}", std::process::id()));
        let folder = KeyFolder::open(&var).unwrap();
        assert!(folder.load("mura").unwrap().is_none());
        folder.store("mura", &kept("one")).unwrap();
        assert!(folder.store("mura", &kept("two")).is_err());
        assert_eq!(folder.load("mura").unwrap().unwrap().reader.password, "one");
        let mode = fs::metadata(folder.0.join("mura.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_dir_all(var).unwrap();
    }
}
