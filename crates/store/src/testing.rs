//! What tests of the store share: a place for a server of one's own, and an organisation on it.
//! Only tests see it.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use definition::System;

use crate::cluster::{Cluster, ClusterOptions, system};
use crate::organisation::{Credentials, Installer, Organisation};

/// A folder that is removed, with the server in it, at the end of the test.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new() -> Place {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("kumoi-store-{}-{number}", std::process::id());
        let above = std::env::var_os("KUMOI_TEST_FOLDER");
        Place(above.map_or_else(std::env::temp_dir, PathBuf::from).join(name))
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }

    /// The folder of the server.
    pub(crate) fn folder(&self) -> PathBuf {
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

/// A server with one sample organisation.
pub(crate) struct Body {
    id: &'static str,
    installer: Installer,
    /// The office's credentials.
    pub(crate) office: Credentials,
    place: Place,
}

impl Body {
    /// With these systems installed.
    pub(crate) async fn new(id: &'static str, systems: &[Arc<System>]) -> Body {
        let place = Place::new();
        let options = ClusterOptions::for_tests(place.folder());
        let cluster = Cluster::start(&options).await.unwrap();
        let installer = Installer::new(cluster.installer("postgres"));
        let templates = installer.prepare(systems).await.unwrap();
        let organisation = Organisation {
            id: id.to_owned(),
            code: "999999".to_owned(),
            name: "見本市".to_owned(),
            name_en: "Sample City".to_owned(),
            kind: "municipality".to_owned(),
            sample: true,
        };
        let zones = installer.organisation_create(&organisation, &templates).await.unwrap();
        Body { id, installer, office: zones.office, place }
    }

    /// A folder that goes with the organisation.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Runs statements as the owner of the tables, who may change what it likes.
    pub(crate) async fn behind(&self, sql: &str) {
        let client = self.installer.connect(self.id).await.unwrap();
        client.batch_execute(&format!("set role kumoi_owner; {sql}")).await.unwrap();
    }
}
