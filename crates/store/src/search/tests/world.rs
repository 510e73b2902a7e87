//! A cluster with one organisation and one register that is searched in every way; removed, with
//! its server, at the end of the test.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use definition::{Package, System};

use crate::Database;
use crate::cluster::{Cluster, ClusterOptions, system};
use crate::organisation::{Installer, Organisation};
use crate::register::Table;

const SYSTEM: &str = "\
id: things
code: \"999\"
name: 物
name_en: Things
statute: なし
standard: { name: なし, version: \"1\" }
version: 0.1.0
bodies: [municipality]
";

const REGISTER: &str = "\
id: thing
name: 物
name_en: Thing
subject: thing
key: 番号
title: 名前
items:
  - { name: 番号, name_en: Number, romaji: bango, type: X, length: 15, required: true, search: exact, group: 物 }
  - { name: 名前, name_en: Name, romaji: namae, type: Ｎ, length: 50, required: true, search: name }
  - { name: 別名, name_en: Alias, romaji: betsumei, type: Ｎ, length: 50, search: name }
  - { name: 読み, name_en: Kana, romaji: yomi, type: Ｎ, length: 50, search: kana }
  - { name: 別の読み, name_en: Alias in kana, romaji: betsu_yomi, type: Ｎ, length: 50, search: kana }
  - { name: 日, name_en: Day, romaji: hi, type: DATE, uncertain: true, required: true, search: date }
  - { name: 所, name_en: Place, romaji: tokoro, type: Ｎ, length: 50, required: true, search: address }
  - { name: 秘密, name_en: Secret, romaji: himitsu, type: X, length: 12, secret: true }
";

/// An organisation with the register.
pub(super) struct World {
    place: PathBuf,
    installer: Installer,
    system: Arc<System>,
    pub(super) office: Database,
}

/// The key of a row.
pub(super) fn key(number: usize) -> String {
    format!("{number:015}")
}

impl World {
    pub(super) async fn new() -> World {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("kumoi-search-{}-{number}", std::process::id());
        let folder = std::env::var_os("KUMOI_TEST_FOLDER");
        let place = folder.map_or_else(std::env::temp_dir, Into::into).join(name);
        let options = ClusterOptions::for_tests(place.join("postgres"));
        let cluster = Cluster::start(&options).await.unwrap();
        let installer = Installer::new(cluster.installer("postgres"));
        let mut package = Package::default();
        package.files.insert("system.yaml".to_owned(), SYSTEM.to_owned());
        package.files.insert("registers/thing.yaml".to_owned(), REGISTER.to_owned());
        let (system, _) = definition::load(&package).unwrap_or_else(|errors| panic!("{errors:?}"));
        let system = Arc::new(system);
        let templates = installer.prepare(std::slice::from_ref(&system)).await.unwrap();
        let organisation = Organisation {
            id: "mihon".to_owned(),
            code: "999999".to_owned(),
            name: "見本市".to_owned(),
            name_en: "Sample City".to_owned(),
            kind: "municipality".to_owned(),
            sample: true,
        };
        let zones = installer.organisation_create(&organisation, &templates).await.unwrap();
        let office = &zones.office;
        let key = office.vault.as_deref();
        let database = office.database(office.office.as_ref(), key, 4).unwrap();
        World { place, installer, system, office: database }
    }

    pub(super) fn table(&self) -> Table<'_> {
        Table::new(&self.system, "thing").unwrap()
    }

    /// Many rows with keys as they would be folded, and statistics of them.
    pub(super) async fn fill(&self, count: usize) {
        let table = self.table().current();
        let sql = format!(
            "insert into {table} (bango, namae, namae_key, betsumei, betsumei_key, yomi, yomi_key,
               hi, hi_fusho, tokoro, tokoro_key, himitsu_sealed, himitsu_index, version_no,
               valid_from, valid_to, recorded_from, recorded_to, event_id, reason)
             select lpad(n::text, 15, '0'), '佐藤' || n % 997, '佐藤' || n % 997,
               case when n % 10 = 0 then '佐藤' || n % 89 end,
               case when n % 10 = 0 then '佐藤' || n % 89 end,
               'サトウ' || n % 997, 'サトオ' || n % 997, date '1930-01-01' + (n * 7 % 33000)::int,
               case when n % 200 = 0 then (1930 + n % 90) || '年頃' end,
               '見本県雲居市' || n % 499 || '番', '見本県雲居市' || n % 499 || '番',
               '\\x00', decode(md5(n::text), 'hex'), 1,
               date '2020-01-01', date '9999-12-31', now(), now() + interval '99 years', 1, ''
             from generate_series(1, {count}) as n;
             analyze {table};"
        );
        self.behind(&sql).await;
    }

    /// Runs statements as the owner of the tables.
    pub(super) async fn behind(&self, sql: &str) {
        let client = self.installer.connect("mihon").await.unwrap();
        client.batch_execute(&format!("set role kumoi_owner; {sql}")).await.unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(self.place.join("postgres/data/postmaster.pid")).ok();
        if let Some(pid) = pid.and_then(|text| text.lines().next()?.parse().ok()) {
            let _ = system::send_signal(pid, libc::SIGKILL);
        }
        let _ = std::fs::remove_dir_all(&self.place);
    }
}
