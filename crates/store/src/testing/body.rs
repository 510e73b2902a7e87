//! A server with one sample organisation and its owner: for the tests of the store.

use std::path::PathBuf;
use std::sync::Arc;

use definition::System;

use super::{Place, sample_organisation};
use crate::cluster::{Cluster, ClusterOptions};
use crate::organisation::{Credentials, Installer};

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
        let organisation = sample_organisation(id);
        let zones = installer.organisation_create(&organisation, &templates).await.unwrap();
        Body { id, installer, office: zones.office, place }
    }

    /// A folder that goes with the organisation.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Runs statements as the owner of the tables, who may change what it likes.
    pub(crate) async fn behind(&self, sql: &str) {
        let client = self.installer.connect(self.id).await.unwrap();
        client.batch_execute(&format!("set role kumoi_owner; {sql}")).await.unwrap();
    }
}
