//! Links to other members' nodes: one HTTP/2 connection a pair of members, kept and shared; a
//! handshake costs more than a hundred messages.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::rt::Executor;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

use super::body::Whole;
use super::tls::server_name;
use crate::MeshError;

/// How long a node may take to accept.
const CONNECT: Duration = Duration::from_secs(5);
/// How often a silent link is asked whether it lives, and how long it may think.
const PING: Duration = Duration::from_secs(10);

/// A link that can be asked.
pub(super) type Link = SendRequest<Whole>;
type Slot = Arc<Mutex<Option<Link>>>;

/// The open links by (own member, other member).
#[derive(Debug, Default)]
pub(super) struct Links(StdMutex<HashMap<(String, String), Slot>>);

impl Links {
    /// A link that is open, or a new one.
    pub(super) async fn open(
        &self,
        (from, to): (&str, &str),
        address: &str,
        config: impl FnOnce() -> Result<ClientConfig, MeshError>,
    ) -> Result<Link, MeshError> {
        let slot = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry((from.to_owned(), to.to_owned())).or_default())
        };
        let mut held = slot.lock().await;
        if let Some(link) = held.as_ref().filter(|link| !link.is_closed()) {
            return Ok(link.clone());
        }
        let link = connect(to, address, config()?).await?;
        *held = Some(link.clone());
        Ok(link)
    }

    /// Forgets all links: the directory has changed, and whom they lead to is asked again.
    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A new link to a member's node.
pub(super) async fn connect(
    to: &str,
    address: &str,
    config: ClientConfig,
) -> Result<Link, MeshError> {
    let unreachable = |what: String| MeshError::Unreachable(to.to_owned(), what);
    let name = ServerName::try_from(server_name(to));
    let name = name.map_err(|_| MeshError::Setting(format!("機関の名「{to}」")))?;
    let opening = async {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    };
    let stream = tokio::time::timeout(CONNECT, opening).await;
    let stream = stream.map_err(|_| unreachable("時間切れ".to_owned()))?;
    let stream = stream.map_err(|error| unreachable(error.to_string()))?;
    let mut builder = Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).keep_alive_interval(PING).keep_alive_timeout(PING);
    let opened = builder.handshake(TokioIo::new(stream)).await;
    let (link, driver) = opened.map_err(|error| unreachable(error.to_string()))?;
    TokioExecutor::new().execute(async move {
        if let Err(error) = driver.await {
            tracing::debug!(%error, "a link ended");
        }
    });
    Ok(link)
}
