//! Where the zones find an organisation, as a folder of links: `<folder>/<organisation>` leads to
//! the folder of a cluster's socket. To point elsewhere is one rename; connections made after it go
//! there, and no process has to be told.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::Places;

/// The folder of the links.
#[derive(Clone, Debug)]
pub struct PlaceFolder(PathBuf);

impl PlaceFolder {
    /// Opens the folder, making it if it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: &Path) -> io::Result<PlaceFolder> {
        if !folder.is_dir() {
            fs::create_dir_all(folder)?;
            // The users of the zones pass through it, whatever the umask says.
            fs::set_permissions(folder, Permissions::from_mode(0o755))?;
        }
        Ok(PlaceFolder(folder.to_owned()))
    }

    /// The host that the credentials of an organisation name.
    pub fn host(&self, organisation: &str) -> PathBuf {
        self.0.join(organisation)
    }

    /// Where it leads now; `None` before the organisation was ever pointed anywhere.
    ///
    /// # Errors
    /// When it is there but no link.
    pub fn current(&self, organisation: &str) -> io::Result<Option<PathBuf>> {
        match fs::read_link(self.host(organisation)) {
            Ok(path) => Ok(Some(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Places for PlaceFolder {
    fn point(&self, organisation: &str, host: &str) -> io::Result<()> {
        if self.current(organisation)?.is_some_and(|now| now == Path::new(host)) {
            return Ok(());
        }
        let fresh = self.0.join(format!(".{organisation}.new"));
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        symlink(host, &fresh)?;
        fs::rename(&fresh, self.host(organisation))?;
        fs::File::open(&self.0)?.sync_all()
    }

    fn leads(&self, organisation: &str) -> io::Result<Option<PathBuf>> {
        self.current(organisation)
    }
}
