//! An organisation with one register that is searched in every way.

use std::sync::Arc;

use definition::{Package, System};

use crate::Database;
use crate::register::Table;
use crate::testing::body::Body;

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
    body: Body,
    system: Arc<System>,
    pub(super) office: Database,
}

/// The key of a row.
pub(super) fn key(number: usize) -> String {
    format!("{number:015}")
}

impl World {
    pub(super) async fn new() -> World {
        let mut package = Package::default();
        package.files.insert("system.yaml".to_owned(), SYSTEM.to_owned());
        package.files.insert("registers/thing.yaml".to_owned(), REGISTER.to_owned());
        let (system, _) = definition::load(&package).unwrap_or_else(|errors| panic!("{errors:?}"));
        let system = Arc::new(system);
        let body = Body::new("mihon", std::slice::from_ref(&system)).await;
        let (login, vault) = (body.office.office.as_ref(), body.office.vault.as_deref());
        let office = body.office.database(login, vault, 4).unwrap();
        World { body, system, office }
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
        self.body.behind(sql).await;
    }
}
