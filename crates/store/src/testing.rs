//! What tests of every crate share that need a server of their own: a place for it and a sample
//! organisation.

#[cfg(test)]
pub(crate) mod body;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::cluster::system;
use crate::organisation::Organisation;

/// A folder that is removed, with the server in it, at the end of the test.
#[derive(Debug)]
pub struct Place(PathBuf);

impl Place {
    /// A new one, below the folder in `KUMOI_TEST_FOLDER` if that is set.
    #[expect(clippy::new_without_default, reason = "each is another folder")]
    pub fn new() -> Place {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("kumoi-test-{}-{number}", std::process::id());
        let above = std::env::var_os("KUMOI_TEST_FOLDER");
        Place(above.map_or_else(std::env::temp_dir, PathBuf::from).join(name))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of the server.
    pub fn folder(&self) -> PathBuf {
        self.0.join("postgres")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let pid = fs::read_to_string(self.folder().join("data/postmaster.pid")).ok();
        if let Some(pid) = pid.and_then(|text| text.lines().next()?.parse().ok()) {
            let _ = system::send_signal(pid, libc::SIGKILL);
        }
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An invented municipality.
pub fn sample_organisation(id: &str) -> Organisation {
    Organisation {
        id: id.to_owned(),
        code: "999999".to_owned(),
        name: "見本市".to_owned(),
        name_en: "Sample City".to_owned(),
        kind: "municipality".to_owned(),
        sample: true,
    }
}
