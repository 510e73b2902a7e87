//! `kumoi serve --member`: a node of the mesh. It holds the keys of the members it hosts and a
//! login of each that reads masked views and appends exchanges; no individual number, no vault.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mesh::key::SigningKey;
use mesh::linkage::{Authority, MemberKey};
use mesh::net::{
    Door, Hosted, Identity, IdentityService, Ledger, Node, OfficeKey, RegisterService, Running,
    Service,
};
use mesh::statute::Statute;
use office::version::systems_in_force;
use portal::counter::Gate;
use serde::{Deserialize, Serialize};
use store::Database;
use store::organisation::{Credentials, Login};
use store::seal::{SealKey, seal_all};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::systems::systems_load;

/// The statutory table, as it is kept with its sources in the repository.
const AFFAIRS: &str = include_str!("../../../data/mesh/affairs.csv");
const ITEM_SETS: &str = include_str!("../../../data/mesh/item-sets.csv");
const STATUTORY: &str = include_str!("../../../data/mesh/statutory.csv");

/// How often the node looks for a newer directory.
const LOOK: Duration = Duration::from_secs(2);
/// How often a member without an office of its own seals its exchanges.
const SEAL: Duration = Duration::from_secs(1);
/// Connections of a member's node to its database.
const POOL: usize = 8;

/// The file of a node: only the node can read it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeFile {
    /// Who signs directories.
    pub verifier: String,
    /// Where the newest directory lies.
    pub directory: PathBuf,
    /// The members hosted.
    pub members: Vec<MemberFile>,
}

/// A member in the file of its node. Keys are base64.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberFile {
    /// Identifier.
    pub id: String,
    /// Kind of authority.
    pub kind: String,
    /// Name of the key that signs.
    pub key_id: String,
    /// Key that signs messages, PKCS #8.
    pub key: String,
    /// Certificate, DER.
    pub certificate: String,
    /// Its key, PKCS #8.
    pub certificate_key: String,
    /// SHA-256 of the certificates of its own office.
    pub offices: Vec<String>,
    /// Where its database is.
    pub credentials: Credentials,
    /// The login to it.
    pub login: Login,
    /// What it offers.
    pub serves: Serves,
}

/// What a member offers.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Serves {
    /// Facts of its registers.
    Registers {
        /// The key it shares with the identity authority.
        member_key: String,
        /// The key of its index of linkages.
        index_key: String,
    },
    /// 符号: linkages and codes.
    Identity {
        /// The authority's master key.
        master: String,
        /// The master key of its own log.
        log: String,
    },
}

/// A node that runs; it ends when this is dropped.
pub struct Started {
    _running: Running,
    _work: JoinSet<()>,
}

/// The statutory table.
///
/// # Errors
/// When a file of the table is wrong: file and line.
pub fn statute() -> Result<Statute> {
    Ok(Statute::read(AFFAIRS, ITEM_SETS, STATUTORY)?)
}

/// Starts the node whose members stand in `file`, listening on `address`.
///
/// # Errors
/// When the file, a key or a database cannot be used.
pub async fn start(file: &Path, address: SocketAddr) -> Result<Started> {
    let shown = file.display();
    let text = std::fs::read(file).with_context(|| format!("{shown} を読めません"))?;
    let own: NodeFile =
        serde_json::from_slice(&text).with_context(|| format!("{shown} の形が違います"))?;
    let statute = Arc::new(statute()?);
    let mut work = JoinSet::new();
    let mut hosted = Vec::new();
    for member in &own.members {
        let one = host(member, &statute, &mut work).await;
        hosted.push(one.with_context(|| format!("機関「{}」", member.id))?);
    }
    let node = Node::new(hosted, &own.verifier);
    let note = std::fs::read_to_string(&own.directory)
        .with_context(|| format!("名簿 {} を読めません", own.directory.display()))?;
    node.directory_take(&note)?;
    work.spawn(watch(Arc::clone(&node), own.directory));
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("{address} を開けません"))?;
    Ok(Started { _running: node.serve(listener)?, _work: work })
}

async fn host(
    member: &MemberFile,
    statute: &Arc<Statute>,
    work: &mut JoinSet<()>,
) -> Result<Hosted> {
    let bytes = |text: &str| STANDARD.decode(text).context("鍵の形");
    let database = member.credentials.database(Some(&member.login), None, POOL)?;
    let (name, service): (&str, Arc<dyn Service>) = match &member.serves {
        Serves::Registers { member_key, index_key } => {
            let (systems, _) = systems_in_force(&database, &systems_load()?).await?;
            let member_key = MemberKey::parse(member_key).context("符号の鍵の形")?;
            let service = RegisterService::new(
                (&member.kind, Arc::clone(statute)),
                (database.clone(), &systems),
                (member_key, bytes(index_key)?),
            );
            ("inquiry", Arc::new(service))
        }
        Serves::Identity { master, log } => {
            let key = SealKey::from_master(&bytes(log)?, &member.id)?;
            work.spawn(seal(database.clone(), key));
            let Ok(master) = <[u8; 32]>::try_from(bytes(master)?) else {
                bail!("符号の鍵の長さ")
            };
            ("linkage", Arc::new(IdentityService(Authority::new(&master))))
        }
    };
    let pin = |text: &String| -> Result<[u8; 32]> {
        bytes(text)?.try_into().ok().context("窓口の証明書の要約値")
    };
    Ok(Hosted {
        id: member.id.clone(),
        key_id: member.key_id.clone(),
        key: SigningKey::from_pkcs8(&bytes(&member.key)?)?,
        identity: Identity {
            certificate: bytes(&member.certificate)?,
            key: bytes(&member.certificate_key)?,
        },
        ledger: Ledger::new(database),
        services: HashMap::from([(name.to_owned(), service)]),
        offices: member.offices.iter().map(pin).collect::<Result<_>>()?,
    })
}

/// Takes up each newer directory. One that cannot be believed is said once; what is known stays.
async fn watch(node: Arc<Node>, path: PathBuf) {
    let mut seen: Option<SystemTime> = None;
    loop {
        tokio::time::sleep(LOOK).await;
        let changed = std::fs::metadata(&path).and_then(|found| found.modified()).ok();
        if changed.is_none() || changed == seen {
            continue;
        }
        seen = changed;
        let Ok(note) = std::fs::read_to_string(&path) else { continue };
        match node.directory_take(&note) {
            Ok(true) => tracing::info!("a newer directory is in force"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the newer directory is not believed"),
        }
    }
}

async fn seal(database: Database, key: SealKey) {
    loop {
        tokio::time::sleep(SEAL).await;
        if let Err(error) = seal_all(&database, &key).await {
            tracing::warn!(%error, "sealing failed");
        }
    }
}

/// The office's ways to other authorities, from its keys to the nodes (`<organisation>.door`).
///
/// # Errors
/// When a file cannot be read.
pub fn gates_read(folder: &Path) -> Result<HashMap<String, Gate>> {
    let statute = Arc::new(statute()?);
    let mut gates = HashMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "door") {
            continue;
        }
        let shown = path.display();
        let key: OfficeKey = serde_json::from_slice(&std::fs::read(&path)?)
            .with_context(|| format!("{shown} の形が違います"))?;
        let (door, statute) = (Arc::new(Door::new(&key)?), Arc::clone(&statute));
        gates.insert(key.member.clone(), Gate { door, statute });
    }
    Ok(gates)
}
