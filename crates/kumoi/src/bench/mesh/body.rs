//! Two invented municipalities with a node each: one asks, the other has people with an assessment.

use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base::date::{Date, FOREVER, LooseDate, day_in_japan};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use definition::model::{Format, Item, ItemKind, Register, Subject};
use jiff::{SignedDuration, Timestamp};
use mesh::directory::{Certificate, Directory, DirectoryKey, Member, MessageKey};
use mesh::key::SigningKey;
use mesh::linkage::{Authority, index};
use mesh::net::{Door, Identity, OfficeKey, pin_text};
use mesh::statute::{ItemSet, Question};
use store::exchange::{linkage_subject, linkages_keep};
use store::organisation::Credentials;
use store::register::{RowWrite, Table, open_many};
use store::seal::{SealKey, seal_all, verify};
use store::value::record_open;
use store::{ItemValue, RowMeta};
use tokio::process::{Child, Command};

use super::super::place::{City, Folder, Place};
use super::super::process::Family;
use crate::node::{MemberFile, NodeFile, Serves};

/// Who asks, and who is asked.
const ASKS: &str = "kita";
pub(super) const ASKED: &str = "minami";
/// Connections of the load to the node.
const DOORS: usize = 4;
/// How long a node may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is asked: the set of most items that one municipality may have from another.
pub(super) struct Lawful {
    pub(super) affair: String,
    pub(super) set: ItemSet,
}

/// The inquiry that every system here can answer at its fullest.
pub(super) fn lawful() -> &'static Lawful {
    static LAWFUL: OnceLock<Lawful> = OnceLock::new();
    LAWFUL.get_or_init(|| {
        let statute = crate::node::statute().unwrap_or_default();
        let (sets, affairs) = (statute.item_sets(), statute.affairs());
        let (inquirer, provider, day) =
            ("municipality", "municipality", day_in_japan(Timestamp::now()));
        let mut all: Vec<(&ItemSet, &str)> = Vec::new();
        for set in sets {
            let may = |affair: &str| {
                let item_set = &set.id;
                let asked = Question { affair, item_set, inquirer, provider, day };
                statute.decide(&asked).is_ok()
            };
            all.extend(affairs.iter().find(|it| may(&it.id)).map(|it| (set, it.id.as_str())));
        }
        let most = all.into_iter().max_by_key(|(set, _)| set.items.len());
        let none = ItemSet {
            id: String::new(),
            name: String::new(),
            business: String::new(),
            items: Vec::new(),
        };
        let (set, affair) = most.map_or((none, ""), |(set, affair)| (set.clone(), affair));
        Lawful { affair: affair.to_owned(), set }
    })
}

/// Both, running.
pub(super) struct Pair {
    pub(super) doors: Arc<Vec<Door>>,
    pub(super) codes: Arc<Vec<String>>,
    nodes: [Child; 2],
    cities: [City; 2],
    /// Nothing more is to be sealed.
    sealed: Arc<AtomicBool>,
    _place: Place,
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.sealed.store(true, Ordering::Relaxed);
    }
}

/// What is made for a member.
struct Made {
    file: MemberFile,
    listed: Member,
    office: Identity,
    admin: String,
}

impl Pair {
    /// Makes both, fills the second with `people`, and starts the nodes.
    pub(super) async fn start(folder: &Folder, people: u32) -> Result<Pair> {
        let place = Place::open(folder).await?;
        let authority = Authority::new(&[7; 32]);
        let cities = [place.city(ASKS, 1).await?, place.city(ASKED, 1).await?];
        let codes = fill(&cities[1], &authority, people).await?;
        let made = [
            made(&place, &cities[0], &authority).await?,
            made(&place, &cities[1], &authority).await?,
        ];
        let key = DirectoryKey::from_seed(&[5; 32])?;
        let issued = Timestamp::now();
        let expires = issued.checked_add(SignedDuration::from_hours(24))?;
        let members = made.iter().map(|one| one.listed.clone()).collect();
        let note = key.sign(&Directory { version: 1, issued, expires, members })?;
        let path = folder.path().join("directory");
        std::fs::write(&path, note)?;
        let start = |one: &Made| -> Result<Child> {
            let members = vec![one.file.clone()];
            let own = NodeFile { verifier: key.verifier(), directory: path.clone(), members };
            node(folder.path(), &own, (&one.listed.address, &one.admin))
        };
        let nodes = [start(&made[0])?, start(&made[1])?];
        let office = OfficeKey {
            member: ASKS.to_owned(),
            address: made[0].listed.address.clone(),
            node: made[0].listed.certificates[0].sha256.clone(),
            certificate: STANDARD.encode(&made[0].office.certificate),
            key: STANDARD.encode(&made[0].office.key),
        };
        let doors: Vec<Door> = (0..DOORS).map(|_| Door::new(&office)).collect::<Result<_, _>>()?;
        let begin = Instant::now();
        while doors[0].members().await.is_err() {
            if begin.elapsed() > PATIENCE {
                bail!("the node does not answer");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let sealed = Arc::new(AtomicBool::new(false));
        cities.iter().try_for_each(|city| sealing(city, &sealed))?;
        let (doors, codes) = (Arc::new(doors), Arc::new(codes));
        Ok(Pair { doors, codes, nodes, cities, sealed, _place: place })
    }

    /// Memory of the nodes in MiB.
    pub(super) fn memory(&self) -> Result<(f64, f64)> {
        let of = |child: &Child| -> Result<f64> {
            let id = child.id().context("the node has ended")?;
            Family::of(i32::try_from(id)?)?.memory()
        };
        Ok((of(&self.nodes[0])?, of(&self.nodes[1])?))
    }

    /// Every exchange of both stands in their logs, whole.
    pub(super) async fn verify(&self) -> Result<()> {
        let mut sizes = Vec::new();
        for city in &self.cities {
            let key = SealKey::from_credentials(&city.kept.office)?;
            seal_all(&city.office.database, &key).await?;
            let report = verify(&city.office.database, &key.verifier()?).await?;
            if !report.is_intact() {
                bail!("the log does not hold: {report}");
            }
            sizes.push(report.size);
        }
        println!("mesh evidence: {} and {} leaves, verified", sizes[0], sizes[1]);
        Ok(())
    }
}

/// Seals what was exchanged, as the office zone does: on a thread of its own, so that the load does
/// not wait for it.
fn sealing(city: &City, stop: &Arc<AtomicBool>) -> Result<()> {
    let key = SealKey::from_credentials(&city.kept.office)?;
    let (database, stop) = (city.office.database.aside(1)?, Arc::clone(stop));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            while !stop.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if let Err(error) = seal_all(&database, &key).await {
                    eprintln!("kumoi: {error}");
                }
            }
        });
    });
    Ok(())
}

/// Starts a node of its own process.
fn node(folder: &Path, own: &NodeFile, (address, admin): (&str, &str)) -> Result<Child> {
    let path = folder.join(format!("{}.node", own.members[0].id));
    std::fs::write(&path, serde_json::to_vec(own)?)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("serve").arg("--member").arg(path).args(["--mesh", address, "--address", admin]);
    Ok(command.stdin(Stdio::null()).kill_on_drop(true).spawn()?)
}

fn address() -> Result<String> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

async fn made(place: &Place, city: &City, authority: &Authority) -> Result<Made> {
    let id = city.sample.organisation.id.clone();
    let expires = Timestamp::now().checked_add(SignedDuration::from_hours(240))?;
    let (shown, office) = (Identity::generate(&id, expires)?, Identity::generate(&id, expires)?);
    let key = SigningKey::generate()?;
    let login = place.installer.mesh_login(&id).await?;
    let index_key = STANDARD.encode(city.office.database.vault()?.linkage_key());
    let sha256 = pin_text(&shown.certificate);
    let own = &city.kept.office;
    let file = MemberFile {
        id: id.clone(),
        kind: city.sample.organisation.kind.clone(),
        key_id: format!("{id}/1"),
        key: STANDARD.encode(&key),
        certificate: STANDARD.encode(&shown.certificate),
        certificate_key: STANDARD.encode(&shown.key),
        offices: vec![pin_text(&office.certificate)],
        credentials: Credentials { office: None, vault: None, staff_vault: None, ..own.clone() },
        login,
        serves: Serves::Registers { member_key: authority.member_key(&id).text(), index_key },
    };
    let from = Timestamp::now().checked_sub(SignedDuration::from_mins(1))?;
    let key = SigningKey::from_pkcs8(&key)?.public().text();
    let listed = Member {
        id: id.clone(),
        name: id.clone(),
        kind: file.kind.clone(),
        address: address()?,
        certificates: vec![Certificate { sha256, expires }],
        keys: vec![MessageKey { id: format!("{id}/1"), key, from, to: expires }],
        log: SealKey::from_credentials(own)?.verifier_text(),
    };
    Ok(Made { file, listed, office, admin: address()? })
}

/// People with an assessment each; the codes under which they are asked about.
async fn fill(city: &City, authority: &Authority, people: u32) -> Result<Vec<String>> {
    let database = &city.office.database;
    let client = database.client().await?;
    let vault = database.vault()?;
    let asked = &lawful().set;
    let holds = |one: &&Register| {
        one.items.iter().any(|it| it.number.as_ref().is_some_and(|it| asked.items.contains(it)))
    };
    let is_of_people =
        |one: &&Register| one.subject == Subject::Person && one.concealed_by.is_some();
    let mut registers = Vec::new();
    for system in city.office.systems.iter() {
        registers.extend(system.registers.iter().find(is_of_people).map(|one| (system, one)));
        let own = system.registers.iter().filter(|_| system.id == asked.business).find(holds);
        registers.extend(own.map(|one| (system, one)));
    }
    let subject = |number: u32| format!("{:015}", u64::from(number) + 200_000_000_000_000);
    let linkage = |number: u32| authority.linkage(ASKED, &format!("{number:012}"));
    let first = index(vault.linkage_key(), &linkage(0));
    if linkage_subject(&*client, &first).await?.is_none() {
        for (system, register) in registers {
            let rows: Vec<RowWrite> =
                (0..people).map(|number| row(&register.items, &subject(number))).collect();
            open_many(&*client, Table { system, register }, &rows, Some(vault)).await?;
        }
        let all: Vec<(Vec<u8>, String)> = (0..people)
            .map(|number| (index(vault.linkage_key(), &linkage(number)), subject(number)))
            .collect();
        linkages_keep(&*client, &all).await?;
    }
    let key = authority.member_key(ASKED);
    (0..people).map(|number| Ok(key.code(ASKS, &linkage(number))?)).collect()
}

/// A row with something in every item that is not a secret or a mark.
fn row(items: &[Item], subject: &str) -> RowWrite {
    let day = Date::constant(2026, 4, 1);
    let value = |item: &Item| match (&item.kind, &item.format) {
        _ if item.secret => None,
        (_, Some(Format::AddresseeNumber)) => Some(ItemValue::Text(subject.to_owned())),
        (ItemKind::Flag, _) => Some(ItemValue::Flag(false)),
        (ItemKind::Date { .. }, _) => Some(ItemValue::Date(LooseDate::from(day))),
        (ItemKind::Integer { .. }, _) => Some(ItemValue::Integer(1_234_500)),
        (ItemKind::Time, _) => None,
        (ItemKind::HalfWidth(length) | ItemKind::FullWidth(length), _) if *length >= 15 => {
            Some(ItemValue::Text(subject.to_owned()))
        }
        _ => Some(ItemValue::Text("1".to_owned())),
    };
    RowWrite {
        values: items.iter().map(value).collect(),
        meta: RowMeta {
            version_no: 1,
            valid_from: day,
            valid_to: FOREVER,
            recorded_from: Timestamp::UNIX_EPOCH,
            recorded_to: record_open(),
            event_id: 1,
            reason: "計測".to_owned(),
            closed_on: None,
        },
    }
}
