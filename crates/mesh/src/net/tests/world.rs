//! Two municipalities, 北 (asks) and 南 (is asked), each on a node of its own.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use base::date::{Date, FOREVER, LooseDate};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use definition::model::{Item, ItemKind};
use definition::{Package, System};
use jiff::{Timestamp, ToSpan};
use store::cluster::{Cluster, ClusterOptions};
use store::exchange::{KeptExchange, exchange_latest, linkages_keep};
use store::organisation::{Installer, Organisation, ZoneCredentials};
use store::register::{RowWrite, Table, open_many};
use store::seal::SealKey;
use store::testing::{Place, sample_organisation};
use store::value::record_open;
use store::{Database, ItemValue, RowMeta};
use tokio::net::TcpListener;

use crate::directory::{Certificate, Directory, DirectoryKey, Member, MessageKey};
use crate::key::SigningKey;
use crate::linkage::{Authority, index};
use crate::net::{
    Door, Hosted, Identity, Ledger, Node, OfficeKey, RegisterService, Running, Service,
    fingerprint, pin_text,
};
use crate::statute::Statute;

/// The key of the index of linkages.
const INDEX: &[u8] = b"index";

/// A municipality with its node.
pub struct Body {
    pub zones: ZoneCredentials,
    pub database: Database,
    pub door: Door,
    pub node: Arc<Node>,
    pub running: Running,
    pub member: Member,
    pub identity: Vec<u8>,
    pub key: Vec<u8>,
}

/// Both.
pub struct World {
    pub north: Body,
    pub south: Body,
    pub authority: Authority,
    pub directory: DirectoryKey,
    pub system: Arc<System>,
    _cluster: Cluster,
    _place: Place,
}

/// The national table as it is kept in the repository.
pub fn statute() -> Statute {
    let read = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mesh").join(name);
        std::fs::read_to_string(path).unwrap()
    };
    Statute::read(&read("affairs.csv"), &read("item-sets.csv"), &read("statutory.csv")).unwrap()
}

fn system() -> Arc<System> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../systems/resident-record");
    let mut package = Package::default();
    let mut open = vec![folder.clone()];
    while let Some(current) = open.pop() {
        for entry in std::fs::read_dir(&current).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
            package.files.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
    Arc::new(definition::load(&package).unwrap().0)
}

impl World {
    pub async fn new() -> World {
        let place = Place::new();
        let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
        let installer = Installer::new(cluster.installer("postgres"));
        let system = system();
        let authority = Authority::new(&[9; 32]);
        let directory = DirectoryKey::from_seed(&[5; 32]).unwrap();
        let statute = Arc::new(statute());
        let tools = (&installer, &authority, &directory);
        let north = body("kita", tools, (&statute, &system)).await;
        let south = body("minami", tools, (&statute, &system)).await;
        let world =
            World { north, south, authority, directory, system, _cluster: cluster, _place: place };
        let note = world.note(1, &[&world.north.member, &world.south.member]);
        assert!(world.north.node.directory_take(&note).unwrap());
        assert!(world.south.node.directory_take(&note).unwrap());
        world
    }

    /// A directory of these members, for an hour.
    pub fn note(&self, version: u64, members: &[&Member]) -> String {
        let now = Timestamp::now();
        let directory = Directory {
            version,
            issued: now,
            expires: now.checked_add(1.hour()).unwrap(),
            members: members.iter().map(|&one| one.clone()).collect(),
        };
        self.directory.sign(&directory).unwrap()
    }

    /// A resident of the south, and the code under which the north asks for it.
    pub async fn resident(&self, subject: &str, number: &str, concealed: bool) -> String {
        let linkage = self.authority.linkage("minami", number);
        let own = &self.south.zones.office;
        let database = own.database(own.office.as_ref(), own.vault.as_deref(), 1).unwrap();
        let client = database.client().await.unwrap();
        linkages_keep(&*client, &[(index(INDEX, &linkage), subject.to_owned())]).await.unwrap();
        let table = Table::new(&self.system, "resident").unwrap();
        let value = |item: &Item| match item.name.as_str() {
            "宛名番号" => Some(ItemValue::Text(subject.to_owned())),
            "続柄" => Some(ItemValue::Text("世帯主".to_owned())),
            "支援措置中" => Some(ItemValue::Flag(concealed)),
            _ if !item.required => None,
            _ => Some(match item.kind {
                ItemKind::Date { .. } => ItemValue::Date(LooseDate::from(day())),
                _ => ItemValue::Text("1".to_owned()),
            }),
        };
        let row = RowWrite {
            values: table.register.items.iter().map(value).collect(),
            meta: RowMeta {
                version_no: 1,
                valid_from: day(),
                valid_to: FOREVER,
                recorded_from: Timestamp::UNIX_EPOCH,
                recorded_to: record_open(),
                event_id: 1,
                reason: "見本".to_owned(),
                closed_on: None,
            },
        };
        open_many(&*client, table, &[row], database.vault().ok()).await.unwrap();
        self.authority.member_key("minami").code("kita", &linkage).unwrap()
    }

    pub async fn exchanges(&self, body: &Body) -> Vec<KeptExchange> {
        let client = body.database.client().await.unwrap();
        exchange_latest(&*client, None, 10).await.unwrap()
    }
}

impl Body {
    /// The key of its log, as its office zone has it.
    pub fn seal(&self) -> SealKey {
        SealKey::from_credentials(&self.zones.office).unwrap()
    }

    /// Its register database as the office zone sees it.
    pub fn office(&self) -> Database {
        let own = &self.zones.office;
        own.database(own.office.as_ref(), own.vault.as_deref(), 2).unwrap()
    }
}

pub fn day() -> Date {
    Date::constant(2026, 4, 1)
}

async fn body(
    id: &str,
    (installer, authority, directory): (&Installer, &Authority, &DirectoryKey),
    (statute, system): (&Arc<Statute>, &Arc<System>),
) -> Body {
    let organisation = Organisation { name: id.to_owned(), ..sample_organisation(id) };
    let templates = installer.prepare(std::slice::from_ref(system)).await.unwrap();
    let zones = installer.organisation_create(&organisation, &templates).await.unwrap();
    let login = installer.mesh_login(id).await.unwrap();
    let database = zones.office.database(Some(&login), None, 4).unwrap();
    let expires = Timestamp::now().checked_add(240.hours()).unwrap();
    let (identity, office) =
        (Identity::generate(id, expires).unwrap(), Identity::generate(id, expires).unwrap());
    let key = SigningKey::generate().unwrap();
    let service = RegisterService::new(
        ("municipality", Arc::clone(statute)),
        (database.clone(), std::slice::from_ref(system)),
        (authority.member_key(id), INDEX.to_vec()),
    );
    let services: HashMap<String, Arc<dyn Service>> =
        [("inquiry".to_owned(), Arc::new(service) as Arc<dyn Service>)].into();
    let signing = SigningKey::from_pkcs8(&key).unwrap();
    let public = signing.public().text();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let door = OfficeKey {
        member: id.to_owned(),
        address: address.clone(),
        node: pin_text(&identity.certificate),
        certificate: STANDARD.encode(&office.certificate),
        key: STANDARD.encode(&office.key),
    };
    let now = Timestamp::now().checked_sub(1.minute()).unwrap();
    let member = Member {
        id: id.to_owned(),
        name: id.to_owned(),
        kind: "municipality".to_owned(),
        address,
        certificates: vec![Certificate { sha256: pin_text(&identity.certificate), expires }],
        keys: vec![MessageKey { id: format!("{id}/1"), key: public, from: now, to: expires }],
        log: SealKey::from_credentials(&zones.office).unwrap().verifier_text(),
    };
    let kept = identity.key.clone();
    let hosted = Hosted {
        id: id.to_owned(),
        key_id: format!("{id}/1"),
        key: signing,
        identity,
        ledger: Ledger::new(database.clone()),
        services,
        offices: vec![fingerprint(&office.certificate)],
    };
    let node = Node::new(vec![hosted], &directory.verifier());
    let running = node.serve(listener).unwrap();
    let door = Door::new(&door).unwrap();
    Body { zones, database, door, node, running, member, identity: kept, key }
}
