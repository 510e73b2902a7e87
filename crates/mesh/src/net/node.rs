//! A node: hosts members, listens, and tells the own offices' requests from other members'.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::body::Whole;
use super::link::Links;
use super::tls::{Peers, fingerprint, server};
use super::{Identity, Ledger, Service, inbound, outbound};
use crate::MeshError;
use crate::directory::{Directory, directory_open};
use crate::key::SigningKey;

/// Requests that one connection may have open.
const STREAMS: u32 = 1024;
/// Bytes of heads and trailers of one message.
const HEADS: u32 = 16 * 1024;
/// How often a silent connection is asked whether it lives, and how long it may think.
const PING: Duration = Duration::from_secs(20);
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A member as its node hosts it.
pub struct Hosted {
    /// Identifier.
    pub id: String,
    /// The name of the key that signs (`kasumi/1`).
    pub key_id: String,
    /// The key that signs.
    pub key: SigningKey,
    /// What it shows in TLS.
    pub identity: Identity,
    /// Where its exchanges are written.
    pub ledger: Ledger,
    /// What it offers, by name.
    pub services: HashMap<String, Arc<dyn Service>>,
    /// SHA-256 of the certificates of its own office.
    pub offices: Vec<[u8; 32]>,
}

impl std::fmt::Debug for Hosted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hosted({})", self.id)
    }
}

/// The directory as a node knows it.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) directory: Directory,
    /// The note as it was signed.
    pub(super) note: String,
    /// Members by the certificate that they may show.
    by_certificate: HashMap<[u8; 32], (String, Timestamp)>,
}

impl Known {
    fn new(directory: Directory, note: &str) -> Known {
        let mut by_certificate = HashMap::new();
        for member in &directory.members {
            for one in &member.certificates {
                let print = STANDARD.decode(&one.sha256).ok().and_then(|it| it.try_into().ok());
                if let Some(print) = print {
                    by_certificate.insert(print, (member.id.clone(), one.expires));
                }
            }
        }
        Known { directory, note: note.to_owned(), by_certificate }
    }

    /// Whose certificate it is now; of nobody once the directory has run out.
    fn member(&self, fingerprint: &[u8; 32], at: Timestamp) -> Option<&str> {
        let (member, expires) = self.by_certificate.get(fingerprint)?;
        (at < *expires && at < self.directory.expires).then_some(member)
    }
}

/// Who stands at the other end of a connection.
#[derive(Debug)]
pub(super) enum Peer {
    /// The office of a member that this node hosts.
    Office(String),
    /// Another member.
    Member(String),
}

/// A node.
pub struct Node {
    pub(super) members: HashMap<String, Hosted>,
    pub(super) links: Links,
    verifier: String,
    known: RwLock<Arc<Known>>,
    offices: HashMap<[u8; 32], String>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.members.keys()).finish()
    }
}

impl Node {
    /// A node that hosts these members and believes directories of this signer.
    pub fn new(members: Vec<Hosted>, verifier: &str) -> Arc<Node> {
        let mut offices = HashMap::new();
        for member in &members {
            offices.extend(member.offices.iter().map(|print| (*print, member.id.clone())));
        }
        let members = members.into_iter().map(|member| (member.id.clone(), member)).collect();
        let (links, known) = (Links::default(), RwLock::default());
        Arc::new(Node { members, links, verifier: verifier.to_owned(), known, offices })
    }

    /// Takes up a directory that is signed, in force and newer than the one known; whether it was
    /// new.
    ///
    /// # Errors
    /// [`MeshError::Directory`]; what was known stays.
    pub fn directory_take(&self, note: &str) -> Result<bool, MeshError> {
        let directory = directory_open(note, &self.verifier)?;
        let now = Timestamp::now();
        if directory.expires <= now {
            return Err(MeshError::Directory("期限が切れています"));
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let held = &known.directory;
        if (directory.version, directory.issued) < (held.version, held.issued) {
            return Err(MeshError::Directory("手元のものより古い版です"));
        }
        let is_new = directory != *held;
        if is_new {
            *known = Arc::new(Known::new(directory, note));
            self.links.forget();
        }
        Ok(is_new)
    }

    pub(super) fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who shows this certificate: asked at every request, so that who was struck off is out.
    fn peer(&self, fingerprint: &[u8; 32]) -> Option<Peer> {
        if let Some(member) = self.offices.get(fingerprint) {
            return Some(Peer::Office(member.clone()));
        }
        let known = self.known();
        known.member(fingerprint, Timestamp::now()).map(|member| Peer::Member(member.to_owned()))
    }

    /// Serves on a listener until the value is dropped.
    ///
    /// # Errors
    /// [`MeshError`] when the certificates cannot be shown.
    pub fn serve(self: &Arc<Node>, listener: TcpListener) -> Result<Running, MeshError> {
        let own = self.members.values().map(|it| (it.id.clone(), &it.identity)).collect();
        let config = server(own, Arc::new(Pins(Arc::clone(self))))?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let address = listener.local_addr()?;
        let node = Arc::clone(self);
        let task = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, from)) => {
                        tokio::spawn(connection(Arc::clone(&node), acceptor.clone(), stream, from));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection was not accepted");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
            }
        });
        Ok(Running { address, task })
    }
}

/// A node that listens; it ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What TLS asks of a node.
pub(super) struct Pins(pub(super) Arc<Node>);

impl Peers for Pins {
    fn is_known(&self, fingerprint: &[u8; 32]) -> bool {
        self.0.peer(fingerprint).is_some()
    }

    fn is_of(&self, member: &str, fingerprint: &[u8; 32]) -> bool {
        self.0.known().member(fingerprint, Timestamp::now()) == Some(member)
    }
}

async fn connection(node: Arc<Node>, acceptor: TlsAcceptor, stream: TcpStream, from: SocketAddr) {
    let _ = stream.set_nodelay(true);
    let stream = match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::info!(%from, %error, "refused in the handshake");
            return;
        }
        Err(_) => return,
    };
    let shown = stream.get_ref().1.peer_certificates().and_then(|all| all.first());
    let Some(print) = shown.map(|certificate| fingerprint(certificate)) else { return };
    let serve = service_fn(move |request: Request<Incoming>| {
        let node = Arc::clone(&node);
        async move { Ok::<_, Infallible>(request_answer(&node, &print, request).await) }
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADS)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), serve).await {
        tracing::debug!(%from, %error, "a connection ended");
    }
}

async fn request_answer(
    node: &Arc<Node>,
    fingerprint: &[u8; 32],
    request: Request<Incoming>,
) -> Response<Whole> {
    match node.peer(fingerprint) {
        Some(Peer::Office(member)) => outbound::ask(node, &member, request).await,
        Some(Peer::Member(member)) => inbound::answer(node, &member, request).await,
        None => inbound::problem(403, "この証明書は、名簿でもう有効ではありません"),
    }
}
