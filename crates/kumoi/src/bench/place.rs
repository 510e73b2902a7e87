//! A private cluster in a folder of its own and sample organisations of any size in it.
//!
//! A temporary folder is removed at the end with its server; a named one stays, and so do the
//! people in it, so that a large load is made once.

use std::fs::{self, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use cloud::Kept;
use definition::System;
use office::access::role;
use office::{Actor, Office};
use population::{SampleOrganisation, SampleTown};
use store::cluster::{Cluster, ClusterOptions};
use store::organisation::{Installer, Templates};
use store::parameter::{DecisionRule, decision_rule_add, decision_rules};
use store::relocation::Seat;

use crate::sample::{self, Sample, samples};
use crate::{seed, systems::systems_load};

/// Where the clusters lie.
pub(super) struct Folder {
    path: PathBuf,
    kept: bool,
}

impl Folder {
    /// The folder `var`, or a new temporary one.
    pub(super) fn open(var: Option<&Path>) -> Result<Folder> {
        let own = || std::env::temp_dir().join(format!("kumoi-bench-{}", std::process::id()));
        let path = std::path::absolute(var.map_or_else(own, Path::to_path_buf))?;
        fs::create_dir_all(&path)?;
        // As root the server runs as another user and must pass through.
        fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        Ok(Folder { path, kept: var.is_some() })
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed lies in the folder for temporary files.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// A running cluster with templates.
pub(super) struct Place {
    folder: PathBuf,
    cluster: Cluster,
    pub(super) installer: Installer,
    pub(super) templates: Templates,
    pub(super) systems: Arc<Vec<Arc<System>>>,
}

/// A sample organisation in it.
pub(super) struct City {
    pub(super) sample: Sample,
    pub(super) kept: Kept,
    pub(super) office: Office,
}

impl Place {
    /// Starts the cluster with fsync.
    pub(super) async fn open(folder: &Folder) -> Result<Place> {
        let systems = systems_load()?;
        let options = ClusterOptions::new(folder.path.join("postgres"));
        let cluster = Cluster::start(&options).await?;
        let installer = Installer::new(cluster.installer("postgres"));
        let templates = installer.prepare(&systems).await?;
        Ok(Place { folder: folder.path.clone(), cluster, installer, templates, systems })
    }

    /// A sample organisation `id` meant for `people`; opened before, it comes with its keys.
    pub(super) async fn city(&self, id: &str, people: u32) -> Result<City> {
        let mut sample = samples(Some("special_ward")).pop().context("no sample organisation")?;
        sample.organisation.id = id.to_owned();
        sample.source = Box::leak(Box::new(resized(sample.source, people)));
        let file = self.folder.join(format!("{id}.json"));
        let kept: Kept = match fs::read(&file) {
            Ok(text) => {
                // The folder may be of an earlier program.
                self.installer.schemas_bring_up(id, &self.templates).await?;
                serde_json::from_slice(&text)?
            }
            Err(_) => {
                let organisation = &sample.organisation;
                let made =
                    self.installer.organisation_create(organisation, &self.templates).await?;
                let (office, lgwan) = (made.office, made.lgwan);
                let kept = Kept { office, lgwan, internet: made.internet, reader: made.reader };
                write_secret(&file, &serde_json::to_vec(&kept)?)?;
                kept
            }
        };
        let credentials = &kept.office;
        let key = credentials.vault.as_deref();
        let database = credentials.database(credentials.office.as_ref(), key, 4)?;
        let organisation = sample.organisation.clone();
        let office =
            Office { organisation, database, systems: self.systems.clone(), ended: Arc::default() };
        Ok(City { sample, kept, office })
    }

    /// A city whose people are loaded and counted, with a rule under which a chief decides.
    pub(super) async fn city_with_people(&self, people: u32) -> Result<City> {
        let city = self.city_filled(&format!("bench{people}"), people).await?;
        println!("{people} people are loaded");
        Ok(city)
    }

    /// The same for an organisation `id`.
    pub(super) async fn city_filled(&self, id: &str, people: u32) -> Result<City> {
        let city = self.city(id, people).await?;
        let settled = seed::loaded(&city.sample, &city.kept, &self.systems).await?;
        if !settled {
            seed::load(&city.sample, &city.kept, &self.systems, |_| {}).await?;
        }
        let client = city.office.database.client().await?;
        if decision_rules(&**client, sample::RULES_FROM).await?.is_empty() {
            let rule = DecisionRule {
                id: 0,
                procedure: "*".to_owned(),
                approver_role: role::CHIEF.to_owned(),
                manner: "専決".to_owned(),
                post_review: false,
            };
            decision_rule_add(&**client, &rule, sample::RULES_FROM).await?;
        }
        drop(client);
        if !settled {
            // What autovacuum does two minutes later.
            let owner = self.owner(&city).await?;
            owner.batch_execute("vacuum (analyze)").await.map_err(store::StoreError::from)?;
        }
        Ok(city)
    }

    /// Brings every page of the registers and their indexes into memory, as a day of work does.
    pub(super) async fn remember(&self, city: &City) -> Result<()> {
        let owner = self.owner(city).await?;
        let schemas: Vec<String> =
            self.systems.iter().map(|system| system.id.replace('-', "_")).collect();
        // Through the indexes: what a whole table is read through is not kept.
        let sql = "
            select format('set enable_seqscan = off; set enable_bitmapscan = off;
                select count(%I) from %s where %I is not null', case when i.indisprimary
                then 'valid_from' else a.attname end, i.indrelid::regclass, a.attname)
            from pg_index i join pg_class c on c.oid = i.indrelid
            join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
            where c.relnamespace::regnamespace::text = any($1)
            order by i.indrelid, not i.indisprimary";
        for row in owner.query(sql, &[&schemas]).await.map_err(store::StoreError::from)? {
            owner.batch_execute(row.get(0)).await.map_err(store::StoreError::from)?;
        }
        Ok(())
    }

    /// A connection to the city's database as the owner of its tables.
    pub(super) async fn owner(&self, city: &City) -> Result<store::Connection> {
        let client = self.installer.connect(&city.sample.organisation.id).await?;
        client.batch_execute("set role kumoi_owner").await.map_err(store::StoreError::from)?;
        Ok(client)
    }

    /// The cluster as an organisation is moved from and to it.
    pub(super) fn seat(&self) -> Result<Seat> {
        Ok(Seat::of(&self.cluster)?)
    }

    /// The main process of the database server.
    pub(super) fn server(&self) -> i32 {
        self.cluster.pid()
    }

    /// Systems that sample people are loaded into.
    pub(super) fn systems_with_people(&self) -> impl Iterator<Item = &Arc<System>> {
        self.systems.iter().filter(|system| !system.samples.is_empty())
    }

    /// Ends the server.
    pub(super) async fn close(self) -> Result<()> {
        Ok(self.cluster.stop().await?)
    }
}

/// A member of staff.
pub(super) fn actor(id: &str, role: &str) -> Actor {
    Actor {
        id: id.to_owned(),
        name: id.to_owned(),
        roles: vec![role.to_owned()],
        zone: "office",
        request: "bench".to_owned(),
        at: jiff::Timestamp::now(),
    }
}

/// The same towns for another number of people.
fn resized(source: &SampleOrganisation, people: u32) -> SampleOrganisation {
    let town = |town: &SampleTown| SampleTown { ..*town };
    SampleOrganisation { people, towns: source.towns.iter().map(town).collect(), ..*source }
}

fn write_secret(path: &Path, text: &[u8]) -> Result<()> {
    use std::io::Write;
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    Ok(file.write_all(text)?)
}
