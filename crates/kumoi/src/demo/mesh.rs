//! The mesh of the samples: keys and certificates of the members, their nodes, the directory that
//! is signed anew again and again. Two nodes for municipalities and one for the state.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use mesh::directory::{Certificate, Directory, DirectoryKey, Member, MessageKey};
use mesh::inquiry::IDENTITY;
use mesh::key::SigningKey;
use mesh::linkage::Authority;
use mesh::net::{Identity, OfficeKey, pin_text};
use serde::{Deserialize, Serialize};
use store::cluster::Cluster;
use store::organisation::{Credentials, Installer, Organisation};
use store::seal::SealKey;
use store::vault::Vault;

use super::plan::port;
use super::{Opened, UpArguments};
use crate::node::{MemberFile, NodeFile, Serves};
use crate::up::{Layout, Zone, ZonePlan};

/// Days of a certificate, and how many before its end it is made anew.
const CERTIFICATE_DAYS: i64 = 90;
const RENEW_DAYS: i64 = 30;
/// Days of a key that signs messages.
const KEY_DAYS: i64 = 5 * 365;
/// How long a directory counts, how often it is signed anew, and how often it is looked whether
/// somebody was struck from it.
const DIRECTORY: SignedDuration = SignedDuration::from_hours(24);
const SIGN: Duration = Duration::from_secs(600);
const LOOK: Duration = Duration::from_secs(2);
/// The sample identity authority.
const AUTHORITY: &str = "fugo";

/// What was made once and is never made again: keys. Base64.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Secrets {
    directory: String,
    identity: String,
    log: String,
    members: BTreeMap<String, MemberSecrets>,
    /// Members struck from the directory.
    #[serde(default)]
    struck: BTreeMap<String, Struck>,
}

/// When and why a member was struck from the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Struck {
    pub(crate) at: Timestamp,
    pub(crate) reason: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberSecrets {
    key: String,
    since: Timestamp,
    shown: Shown,
    office: Shown,
}

/// A certificate with its key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    certificate: String,
    key: String,
    expires: Timestamp,
}

/// Signs the directory as long as everything runs.
#[derive(Clone)]
pub(super) struct Mesh {
    path: PathBuf,
    secrets: PathBuf,
    key: Arc<DirectoryKey>,
    members: Arc<Vec<Member>>,
}

impl Mesh {
    /// Signs again and again, and at once when somebody was struck off or taken in again.
    pub(super) async fn serve(self) {
        let mut signed: Option<(Instant, BTreeMap<String, Struck>)> = None;
        loop {
            let struck = read(&self.secrets).map(|secrets| secrets.struck);
            match (struck, &signed) {
                (Ok(struck), Some((at, known))) if *known == struck && at.elapsed() < SIGN => {}
                (Ok(struck), _) => match self.sign(&struck) {
                    Ok(()) => signed = Some((Instant::now(), struck)),
                    Err(error) => tracing::error!(%error, "the directory was not signed"),
                },
                (Err(error), _) => tracing::error!(%error, "who is struck off is not known"),
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Signs and puts the directory where the nodes look: whole or not at all.
    fn sign(&self, struck: &BTreeMap<String, Struck>) -> Result<()> {
        let issued = Timestamp::now();
        let version = u64::try_from(issued.as_second()).unwrap_or_default();
        let expires = issued.checked_add(DIRECTORY)?;
        let listed = self.members.iter().filter(|one| !struck.contains_key(&one.id));
        let members = listed.cloned().collect();
        let note = self.key.sign(&Directory { version, issued, expires, members })?;
        let unfinished = self.path.with_extension("unfinished");
        fs::write(&unfinished, note)?;
        Ok(fs::rename(&unfinished, &self.path)?)
    }
}

/// The public key of the directory of the samples below `var`.
pub(crate) fn verifier(var: &Path) -> Result<String> {
    let path = var.join("secrets").join("mesh.json");
    let text = fs::read(&path).with_context(|| format!("{} を読めません", path.display()))?;
    let secrets: Secrets = serde_json::from_slice(&text)?;
    let seed: [u8; 32] = bytes(&secrets.directory)?.try_into().ok().context("名簿の鍵の長さ")?;
    Ok(DirectoryKey::from_seed(&seed)?.verifier())
}

/// Strikes a member from the directory of the samples below `var`, or takes it in again when
/// there is no reason; whether that changed anything.
pub(crate) fn strike(var: &Path, id: &str, reason: Option<&str>) -> Result<bool> {
    let path = var.join("secrets").join("mesh.json");
    let mut secrets = read(&path)?;
    if !secrets.members.contains_key(id) {
        bail!("「{id}」は情報連携の機関ではありません");
    }
    let changed = match reason {
        Some(_) if secrets.struck.contains_key(id) => false,
        Some(reason) => {
            let struck = Struck { at: Timestamp::now(), reason: reason.to_owned() };
            secrets.struck.insert(id.to_owned(), struck).is_none()
        }
        None => secrets.struck.remove(id).is_some(),
    };
    write(&path, &secrets)?;
    Ok(changed)
}

/// Who is struck from the directory below `var`, when and why.
pub(crate) fn struck(var: &Path) -> Result<BTreeMap<String, Struck>> {
    Ok(read(&var.join("secrets").join("mesh.json"))?.struck)
}

/// Makes what is missing and writes the files of the nodes and of the offices; how the nodes are
/// to be run.
pub(super) async fn prepare(
    cluster: &Cluster,
    layout: &Layout,
    (arguments, opened): (&UpArguments, &[Opened]),
) -> Result<(Mesh, Vec<ZonePlan>)> {
    let installer = &Installer::new(cluster.installer("postgres"));
    let socket = cluster.socket();
    let path = layout.var().join("secrets").join("mesh.json");
    let mut secrets = read(&path)?;
    let seed: [u8; 32] = bytes(&secrets.directory)?.try_into().ok().context("名簿の鍵の長さ")?;
    let master: [u8; 32] = bytes(&secrets.identity)?.try_into().ok().context("符号の鍵の長さ")?;
    let key = DirectoryKey::from_seed(&seed)?;
    let directory = layout.var().join("directory");
    // Who has moved to another cluster is hosted by a node there, which these are not.
    let home = fs::canonicalize(socket)?;
    let is_home =
        |one: &&Opened| fs::canonicalize(&one.kept.office.host).is_ok_and(|host| host == home);
    let bodies: Vec<&Opened> = opened.iter().filter(is_home).collect();
    for id in bodies.iter().map(|one| one.sample.organisation.id.as_str()).chain([AUTHORITY]) {
        refresh(&mut secrets, id)?;
    }
    write(&path, &secrets)?;
    let authority = Authority::new(&master);
    let mut members = Vec::new();
    let mut nodes = vec![Vec::new(), Vec::new(), Vec::new()];
    let places: Vec<(u8, SocketAddr, SocketAddr)> =
        (0..3).map(|number| place(arguments, number)).collect::<Result<_>>()?;
    let state = state((installer, socket), &secrets).await?;
    let log = bytes(&secrets.log)?;
    let name = &state.credentials.organisation.name;
    members.push(listed(&state, (name, places[0].1), (&secrets, &log))?);
    nodes[0].push(state);
    for (at, one) in bodies.into_iter().enumerate() {
        let number = 1 + at % 2;
        let member = body(installer, one, (&secrets, &authority)).await?;
        let name = &one.sample.organisation.name;
        let log = one.kept.office.vault.as_deref().context("団体の鍵")?;
        let log = URL_SAFE_NO_PAD.decode(log)?;
        members.push(listed(&member, (name, places[number].1), (&secrets, &log))?);
        door(layout, &member, (places[number].1, &secrets))?;
        nodes[number].push(member);
    }
    let (key, members) = (Arc::new(key), Arc::new(members));
    let mesh = Mesh { path: directory, secrets: path, key, members };
    mesh.sign(&secrets.struck)?;
    let plans = plans(layout, &mesh, places.into_iter().zip(nodes))?;
    Ok((mesh, plans))
}

/// Writes the files of the nodes; how they are to be run. A node that hosts nobody is none.
fn plans(
    layout: &Layout,
    mesh: &Mesh,
    nodes: impl Iterator<Item = ((u8, SocketAddr, SocketAddr), Vec<MemberFile>)>,
) -> Result<Vec<ZonePlan>> {
    let mut plans = Vec::new();
    for ((number, tls, asked), members) in nodes {
        if members.is_empty() {
            continue;
        }
        let (verifier, directory) = (mesh.key.verifier(), mesh.path.clone());
        let file = NodeFile { verifier, directory, members };
        let zone = Zone::Node(number);
        let file =
            layout.credential_write(zone, "node.json", &serde_json::to_vec_pretty(&file)?)?;
        plans.push(ZonePlan {
            zone,
            address: asked,
            setting: "--mesh-port ".to_owned(),
            arguments: vec![
                "--member".into(),
                file.into_os_string(),
                "--mesh".into(),
                tls.to_string().into(),
                "--address".into(),
                asked.to_string().into(),
            ],
            environment: Vec::new(),
        });
    }
    Ok(plans)
}

/// Where a node listens for others, and where it is asked whether it lives.
fn place(arguments: &UpArguments, number: u8) -> Result<(u8, SocketAddr, SocketAddr)> {
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match port(arguments, Zone::Node(number)) {
        0 => {
            let one = TcpListener::bind(local(0))?;
            let two = TcpListener::bind(local(0))?;
            Ok((number, one.local_addr()?, two.local_addr()?))
        }
        first => Ok((number, local(first), local(first + 1))),
    }
}

/// The identity authority: a member of the state with a database of its own.
async fn state((installer, socket): (&Installer, &Path), secrets: &Secrets) -> Result<MemberFile> {
    let organisation = Organisation {
        id: AUTHORITY.to_owned(),
        code: AUTHORITY.to_owned(),
        name: "符号の発行機関（見本）".to_owned(),
        name_en: "Identity authority (sample)".to_owned(),
        kind: IDENTITY.to_owned(),
        sample: true,
    };
    let templates = installer.prepare(&[]).await?;
    let login = installer.member_create(&organisation, &templates).await?;
    let credentials = Credentials {
        organisation,
        host: socket.display().to_string(),
        home: None,
        office: None,
        front: None,
        staff: None,
        vault: None,
        staff_vault: None,
    };
    let serves = Serves::Identity { master: secrets.identity.clone(), log: secrets.log.clone() };
    member(IDENTITY, (credentials, login), (secrets, serves))
}

async fn body(
    installer: &Installer,
    one: &Opened,
    (secrets, authority): (&Secrets, &Authority),
) -> Result<MemberFile> {
    let organisation = &one.sample.organisation;
    let login = installer.mesh_login(&organisation.id).await?;
    let master = one.kept.office.vault.as_deref().context("団体の鍵")?;
    let vault = Vault::from_master(&URL_SAFE_NO_PAD.decode(master)?)?;
    let serves = Serves::Registers {
        member_key: authority.member_key(&organisation.id).text(),
        index_key: STANDARD.encode(vault.linkage_key()),
    };
    let credentials = Credentials {
        office: None,
        front: None,
        staff: None,
        vault: None,
        staff_vault: None,
        ..one.kept.office.clone()
    };
    let mut made = member(&organisation.kind, (credentials, login), (secrets, serves))?;
    let office = &secrets.members[&organisation.id].office;
    made.offices.push(pin_text(&bytes(&office.certificate)?));
    Ok(made)
}

fn member(
    kind: &str,
    (credentials, login): (Credentials, store::organisation::Login),
    (secrets, serves): (&Secrets, Serves),
) -> Result<MemberFile> {
    let id = credentials.organisation.id.clone();
    let own = secrets.members.get(&id).context("機関の鍵")?;
    Ok(MemberFile {
        key_id: format!("{id}/1"),
        kind: kind.to_owned(),
        key: own.key.clone(),
        certificate: own.shown.certificate.clone(),
        certificate_key: own.shown.key.clone(),
        offices: Vec::new(),
        credentials,
        login,
        serves,
        id,
    })
}

/// The member as the directory has it; `log` is the master key of its log.
fn listed(
    member: &MemberFile,
    (name, address): (&str, SocketAddr),
    (secrets, log): (&Secrets, &[u8]),
) -> Result<Member> {
    let own = secrets.members.get(&member.id).context("機関の鍵")?;
    let public = SigningKey::from_pkcs8(&bytes(&own.key)?)?.public();
    let sha256 = pin_text(&bytes(&own.shown.certificate)?);
    let to = own.since.checked_add(SignedDuration::from_hours(24 * KEY_DAYS))?;
    Ok(Member {
        id: member.id.clone(),
        name: name.to_owned(),
        kind: member.kind.clone(),
        address: address.to_string(),
        certificates: vec![Certificate { sha256, expires: own.shown.expires }],
        keys: vec![MessageKey {
            id: member.key_id.clone(),
            key: public.text(),
            from: own.since,
            to,
        }],
        log: SealKey::from_master(log, &member.id)?.verifier_text(),
    })
}

/// What the office needs to reach its node.
fn door(
    layout: &Layout,
    member: &MemberFile,
    (address, secrets): (SocketAddr, &Secrets),
) -> Result<()> {
    let own = secrets.members.get(&member.id).context("機関の鍵")?;
    let key = OfficeKey {
        member: member.id.clone(),
        address: address.to_string(),
        node: pin_text(&bytes(&own.shown.certificate)?),
        certificate: own.office.certificate.clone(),
        key: own.office.key.clone(),
    };
    let name = format!("{}.door", member.id);
    layout.credential_write(Zone::Office, &name, &serde_json::to_vec_pretty(&key)?)?;
    Ok(())
}

fn bytes(text: &str) -> Result<Vec<u8>> {
    STANDARD.decode(text).context("鍵の形")
}

fn random() -> Result<String> {
    Ok(STANDARD.encode(Vault::new_master()?))
}

/// What was kept, or new keys.
fn read(path: &Path) -> Result<Secrets> {
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text)
            .with_context(|| format!("{} の形が違います", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Secrets {
            directory: random()?,
            identity: random()?,
            log: random()?,
            members: BTreeMap::new(),
            struck: BTreeMap::new(),
        }),
        Err(error) => Err(error.into()),
    }
}

/// Makes what a member lacks, and anew what will soon run out.
fn refresh(secrets: &mut Secrets, id: &str) -> Result<()> {
    let now = Timestamp::now();
    let soon = now.checked_add(SignedDuration::from_hours(24 * RENEW_DAYS))?;
    let shown = || -> Result<Shown> {
        let expires = now.checked_add(SignedDuration::from_hours(24 * CERTIFICATE_DAYS))?;
        let made = Identity::generate(id, expires)?;
        let (certificate, key) = (STANDARD.encode(made.certificate), STANDARD.encode(made.key));
        Ok(Shown { certificate, key, expires })
    };
    match secrets.members.get_mut(id) {
        Some(own) => {
            for one in [&mut own.shown, &mut own.office] {
                if one.expires < soon {
                    *one = shown()?;
                }
            }
        }
        None => {
            let key = STANDARD.encode(SigningKey::generate()?);
            let own = MemberSecrets { key, since: now, shown: shown()?, office: shown()? };
            secrets.members.insert(id.to_owned(), own);
        }
    }
    Ok(())
}

/// Whole or not at all, for the supervisor alone.
fn write(path: &Path, secrets: &Secrets) -> Result<()> {
    let unfinished = path.with_extension("unfinished");
    let _ = fs::remove_file(&unfinished);
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(&serde_json::to_vec_pretty(secrets)?)?;
    file.sync_all()?;
    Ok(fs::rename(&unfinished, path)?)
}
