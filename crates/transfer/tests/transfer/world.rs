//! One PostgreSQL a test, with as many organisations as it wants.

use std::path::PathBuf;
use std::sync::Arc;

use definition::System;
use store::cluster::{Cluster, ClusterOptions};
use store::organisation::{Installer, Templates};
use store::register::{Table, open_many};
use store::testing::{Place, sample_organisation};
use store::{Connection, Database};
use transfer::Side;

use transfer::trial::row;

pub struct World {
    pub installer: Installer,
    templates: Templates,
    place: Place,
}

/// An organisation of the world.
pub struct Body {
    pub client: Connection,
    pub office: Database,
}

impl World {
    /// With these systems in every organisation.
    pub async fn new(systems: &[Arc<System>]) -> World {
        let place = Place::new();
        let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await;
        let installer = Installer::new(cluster.expect("the cluster starts").installer("postgres"));
        let templates = installer.prepare(systems).await.expect("templates");
        World { installer, templates, place }
    }

    /// A new organisation without a row.
    pub async fn body(&self, id: &str) -> Body {
        let organisation = sample_organisation(id);
        let zones = self.installer.organisation_create(&organisation, &self.templates).await;
        let zones = zones.expect("an organisation");
        let client = self.installer.connect(id).await.expect("the installer");
        let (login, key) = (zones.office.office.as_ref(), zones.office.vault.as_deref());
        let office = zones.office.database(login, key, 2).expect("a pool");
        Body { client, office }
    }

    /// A folder that goes with the world.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }
}

impl Body {
    /// Its connection and keys.
    pub fn side(&mut self) -> Side<'_> {
        Side { client: &mut self.client, vault: self.office.vault().expect("keys") }
    }

    /// `count` rows in every register, each with a past version.
    pub async fn fill(&mut self, system: &System, count: usize) {
        self.client.batch_execute("set role kumoi_owner").await.expect("the owner");
        for register in &system.registers {
            let table = Table { system, register };
            let rows: Vec<_> = (0..count).map(|number| row(system, register, number)).collect();
            open_many(&self.client, table, &rows, self.office.vault().ok()).await.expect("rows");
            let (current, history) = (table.current(), table.history());
            let sql = format!(
                "insert into {history} select * from {current};
                 update {history} set recorded_to = recorded_from + interval '1.000001 days';
                 update {current} set version_no = 2,
                   recorded_from = recorded_from + interval '1 day';
                 insert into core.series values ('{}.next', {count} + 1) on conflict do nothing",
                system.id
            );
            self.client.batch_execute(&sql).await.expect("statements");
        }
        let sql = "insert into core.journal (recorded_at, system, procedure, reason, subjects,
               effective_on, actor, content, digest)
             select now(), 'x', 'x', 'x', '{}', now(), 'x', '{}', '' from generate_series(1, 20);
             reset role";
        self.client.batch_execute(sql).await.expect("journal");
    }

    /// One text of one row.
    pub async fn text(&self, sql: &str) -> String {
        self.client.query_one(sql, &[]).await.expect("a row").get(0)
    }

    /// All that the tables of a system hold, but for what is sealed anew each time.
    pub async fn digest(&self, system: &System) -> String {
        let mut out = String::new();
        for register in &system.registers {
            let table = Table { system, register };
            let sealed: Vec<String> = register
                .items
                .iter()
                .filter(|item| item.secret)
                .map(|item| format!("{}_sealed", item.romaji))
                .collect();
            for name in [table.current(), table.history()] {
                let sql = format!(
                    "select count(*) || ' ' || coalesce(md5(string_agg(md5(
                       (to_jsonb(t) - '{{{}}}'::text[])::text), '' order by {}, version_no)), '')
                     from {name} t",
                    sealed.join(","),
                    register.key_column(),
                );
                out.push_str(&format!("{name} {}\n", self.text(&sql).await));
            }
        }
        out
    }
}
