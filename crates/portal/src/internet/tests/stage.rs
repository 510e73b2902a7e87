//! The stage of the walk: a PostgreSQL cluster of its own, one invented organisation with a small
//! register, the sample authenticator and the internet zone on loopback ports, and a browser.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::date::{Date, FOREVER, LooseDate};
use definition::{Package, System};
use jiff::Timestamp;
use office::front::{LinkItems, TickReport, Trust, tick};
use store::cluster::{Cluster, ClusterOptions};
use store::organisation::{Credentials, Installer, Organisation, ZoneCredentials};
use store::register::{RowWrite, Table, open_many};
use store::testing::{Place, sample_organisation};
use store::value::record_open;
use store::{Database, ItemValue, RowMeta};
use tokio::net::TcpListener;

use crate::authenticator::{self, AuthenticatorConfig, Card};
use crate::internet::{self, InternetState};

/// Everything together.
pub struct Stage {
    /// The cluster; to be stopped at the end.
    pub cluster: Cluster,
    /// Signs in anywhere.
    pub installer: Installer,
    /// Logins of the zones.
    pub zones: ZoneCredentials,
    /// The office's pools.
    pub front: Database,
    pub office: Database,
    pub system: Arc<System>,
    pub items: LinkItems,
    /// Address of the internet zone.
    pub site: String,
    /// What the zone holds.
    pub state: InternetState,
    _place: Place,
}

const SYSTEM: &str = "id: people
code: \"901\"
name: 見本台帳
name_en: Sample register
statute: 見本
version: 0.1.0
bodies: [municipality]
";

const REGISTER: &str = "id: person
name: 人
name_en: Person
subject: person
key: 番号
title: 名前
concealed_by: 保護
items:
  - { name: 番号, name_en: Number, romaji: bango, type: X, length: 15, required: true, group: 基本 }
  - { name: 名前, name_en: Name, romaji: namae, type: Ｎ, length: 100, search: name }
  - { name: 誕生日, name_en: Born, romaji: tanjobi, type: DATE, uncertain: true, search: date }
  - { name: 性, name_en: Sex, romaji: sei, type: code, codes: 性 }
  - { name: 所, name_en: Address, romaji: tokoro, type: Ｎ, length: 100, search: address, conceal: true }
  - { name: 棟, name_en: Building, romaji: mune, type: Ｎ, length: 100, conceal: true }
  - { name: 世帯, name_en: Household, romaji: setai, type: X, length: 15 }
  - { name: 符号, name_en: Number, romaji: fugo, type: X, length: 12, secret: true }
  - { name: 備え, name_en: Remarks, romaji: sonae, type: Ｎ, length: 100 }
  - { name: 保護, name_en: Protected, romaji: hogo, type: flag, internal: true }
relations:
  - { name: 同居, name_en: Members, register: person, by: 世帯, many: true }
";

const SEX: &str = "name: 性
source: 見本
entries:
  \"1\": { name: 男, name_en: Male }
  \"2\": { name: 女, name_en: Female }
  \"0\": { name: 不明, name_en: Unknown }
";

fn system() -> System {
    let files =
        [("system.yaml", SYSTEM), ("registers/person.yaml", REGISTER), ("codes/sex.yaml", SEX)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    definition::load(&Package { files }).expect("the sample definition is right").0
}

fn items() -> LinkItems {
    LinkItems {
        name: "名前".to_owned(),
        birth: "誕生日".to_owned(),
        sex: "性".to_owned(),
        sex_values: BTreeMap::from([("3".to_owned(), "0".to_owned())]),
        address: vec!["所".to_owned(), "棟".to_owned()],
        household: Some("同居".to_owned()),
        withheld: vec!["備え".to_owned()],
    }
}

/// A person of the register.
pub struct Person {
    /// Key.
    pub key: &'static str,
    pub name: &'static str,
    pub birth: &'static str,
    pub household: &'static str,
    pub concealed: bool,
}

fn row(person: &Person) -> RowWrite {
    let text = |text: &str| Some(ItemValue::Text(text.to_owned()));
    let birth = LooseDate::parse(person.birth).expect("a date");
    let day: Date = "2020-04-01".parse().expect("a day");
    RowWrite {
        values: vec![
            text(person.key),
            text(person.name),
            Some(ItemValue::Date(birth)),
            text("1"),
            text("見本市見本町一丁目2番3号"),
            text("見本荘5"),
            text(person.household),
            text("123456789018"),
            text("かくすべき備え"),
            Some(ItemValue::Flag(person.concealed)),
        ],
        meta: RowMeta {
            version_no: 1,
            valid_from: day,
            valid_to: FOREVER,
            recorded_from: Timestamp::now(),
            recorded_to: record_open(),
            event_id: 0,
            reason: "開始".to_owned(),
            closed_on: None,
        },
    }
}

impl Stage {
    /// Builds it with these people and cards.
    pub async fn build(people: &[Person], cards: Vec<Card>) -> Stage {
        let place = Place::new();
        let options = ClusterOptions::for_tests(place.folder());
        let cluster = Cluster::start(&options).await.expect("the cluster starts");
        let installer = Installer::new(cluster.installer("postgres"));
        let system = Arc::new(system());
        let templates = installer.prepare(std::slice::from_ref(&system)).await.expect("templates");
        let organisation = sample_organisation("sample_city");
        let made = installer.organisation_create(&organisation, &templates).await;
        let zones = made.expect("the organisation is made");
        let neighbour = Organisation { id: "neighbour_city".to_owned(), ..organisation };
        let made = installer.organisation_create(&neighbour, &templates).await;
        let neighbour = made.expect("the neighbour is made").internet;
        let held = &zones.office;
        let front = held.database(held.front.as_ref(), None, 4).expect("front pool");
        let office =
            held.database(held.office.as_ref(), held.vault.as_deref(), 4).expect("office pool");
        let table = Table::new(&system, "person").expect("the register");
        let rows: Vec<RowWrite> = people.iter().map(row).collect();
        let client = office.client().await.expect("a connection");
        let vault = office.vault().expect("a vault");
        open_many(&**client, table, &rows, Some(vault)).await.expect("rows are written");
        drop(client);
        let (site, state) = serve(vec![zones.internet.clone(), neighbour], cards).await;
        let items = items();
        Stage {
            cluster,
            installer,
            zones,
            front,
            office,
            system,
            items,
            site,
            state,
            _place: place,
        }
    }

    /// One visit of the office.
    pub async fn tick(&self) -> TickReport {
        self.tick_with(Some(&self.trust().await)).await
    }

    /// What the office believes tokens by.
    pub async fn trust(&self) -> Trust {
        self.state.provider.trust("sample_city").await.expect("the issuer answers")
    }

    /// One visit of the office, with these keys of the issuer.
    pub async fn tick_with(&self, trust: Option<&Trust>) -> TickReport {
        let (both, register) = ((&self.front, &self.office), (&*self.system, "person"));
        tick(both, register, &self.items, trust).await.expect("a tick")
    }

    /// All that a copy of the front database says, in text and in hexadecimal.
    pub async fn front_dump(&self) -> String {
        let client = self.installer.connect("sample_city_front").await.expect("the front");
        client.batch_execute("set role kumoi_owner").await.expect("the owner");
        let mut out = String::new();
        for table in ["inbox", "link", "view", "session", "setting"] {
            let sql = format!("select t::text from front.{table} t");
            for row in client.query(&sql, &[]).await.expect("rows") {
                out.push_str(row.get(0));
                out.push('\n');
            }
        }
        out
    }
}

/// Serves authenticator and internet zone; the zone's address and state are returned.
async fn serve(mut held: Vec<Credentials>, cards: Vec<Card>) -> (String, InternetState) {
    let bind = || async { TcpListener::bind("127.0.0.1:0").await.expect("a port") };
    let (site_at, issuer_at) = (bind().await, bind().await);
    let address = |at: &TcpListener| format!("http://{}", at.local_addr().expect("an address"));
    let (site, issuer) = (address(&site_at), address(&issuer_at));
    let provider = authenticator::router(AuthenticatorConfig {
        issuer_url: issuer.clone(),
        relying_party: site.clone(),
        cards,
    });
    let mut real = held[0].clone();
    real.organisation.id = "real_city".to_owned();
    real.organisation.sample = false;
    held.push(real);
    let state = InternetState::new(held, issuer, site.clone()).expect("a state");
    let kept = state.clone();
    tokio::spawn(async move { axum::serve(issuer_at, provider.expect("a provider")).await });
    tokio::spawn(async move { axum::serve(site_at, internet::router(state)).await });
    (site, kept)
}
