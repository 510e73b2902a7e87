//! The office's way to its own node: mutual TLS with a certificate that only this node knows. The
//! office holds no key of the member.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::Request;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Identity;
use super::body::{head as text_of, read, whole};
use super::link::Links;
use super::outbound::MEMBERS;
use super::tls::{Peers, client};
use crate::MeshError;
use crate::message::{ROOT, name, percent, percent_read};

/// What an office needs to reach its node: a file that only it can read.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficeKey {
    /// The member.
    pub member: String,
    /// Host and port of its node.
    pub address: String,
    /// SHA-256 of the certificate that the node shows, base64.
    pub node: String,
    /// The office's own certificate, DER in base64.
    pub certificate: String,
    /// Its key, PKCS #8 in base64.
    pub key: String,
}

/// A member that can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Identifier.
    pub id: String,
    /// 団体の名称.
    pub name: String,
    /// Kind of authority, as in the statutory table.
    pub kind: String,
}

/// Everybody who can be asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contacts {
    /// The members.
    pub members: Vec<Contact>,
    /// The directory as it was signed.
    pub directory: String,
}

/// What an office asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ask<'a> {
    /// The member that is asked.
    pub to: &'a str,
    /// Its service.
    pub service: &'a str,
    /// 事務.
    pub affair: Option<&'a str>,
    /// 特定個人情報.
    pub item_set: Option<&'a str>,
    /// The subject's code.
    pub code: Option<&'a str>,
    /// 宛名番号 of the subject here, for the own record.
    pub subject: Option<&'a str>,
    /// 事案.
    pub case: Option<&'a str>,
    /// Who asks.
    pub officer: &'a str,
    /// The body, if there is one.
    pub body: Option<&'a Value>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Given {
    /// HTTP status: 200 an answer, 202 held, 403 refused, 404 nothing, 502 no answer.
    pub status: u16,
    /// The number of the request, under which it stands in the evidence.
    pub request: String,
    /// 根拠.
    pub basis: Option<String>,
    /// The answer, or the problem.
    pub body: Value,
}

impl Given {
    /// Why there is no answer.
    pub fn detail(&self) -> &str {
        self.body["detail"].as_str().unwrap_or_default()
    }
}

/// An office's way to its node.
pub struct Door {
    member: String,
    address: String,
    identity: Identity,
    node: Arc<Pin>,
    links: Links,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Door({})", self.member)
    }
}

/// The one certificate that is believed.
struct Pin([u8; 32]);

impl Peers for Pin {
    fn is_known(&self, fingerprint: &[u8; 32]) -> bool {
        *fingerprint == self.0
    }

    fn is_of(&self, _: &str, fingerprint: &[u8; 32]) -> bool {
        *fingerprint == self.0
    }
}

impl Door {
    /// The door that a key opens; nothing is opened yet.
    ///
    /// # Errors
    /// [`MeshError::Key`] when the file is not such a key.
    pub fn new(key: &OfficeKey) -> Result<Door, MeshError> {
        let bytes = |text: &str| STANDARD.decode(text).map_err(|_| MeshError::Key("窓口の鍵"));
        let pin: [u8; 32] =
            bytes(&key.node)?.try_into().map_err(|_| MeshError::Key("ノードの証明書"))?;
        let identity = Identity { certificate: bytes(&key.certificate)?, key: bytes(&key.key)? };
        Ok(Door {
            member: key.member.clone(),
            address: key.address.clone(),
            identity,
            node: Arc::new(Pin(pin)),
            links: Links::default(),
        })
    }

    /// Who can be asked, and the signed directory that says so.
    ///
    /// # Errors
    /// As [`Door::ask`].
    pub async fn members(&self) -> Result<Contacts, MeshError> {
        let ask = Ask { to: &self.member, service: MEMBERS, ..Ask::default() };
        let given = self.ask(&ask).await?;
        serde_json::from_value(given.body).map_err(|_| MeshError::Message("名簿".to_owned()))
    }

    /// The member whose office this is.
    pub fn member(&self) -> &str {
        &self.member
    }

    /// Asks another member.
    ///
    /// # Errors
    /// [`MeshError::Unreachable`] when the own node does not answer.
    pub async fn ask(&self, ask: &Ask<'_>) -> Result<Given, MeshError> {
        let unreachable = |error: hyper::Error| {
            MeshError::Unreachable("自団体のノード".to_owned(), error.to_string())
        };
        let config = || client(&self.identity, &self.member, Arc::clone(&self.node) as _);
        let pair = ("", self.member.as_str());
        let mut link = self.links.open(pair, &self.address, config).await?;
        link.ready().await.map_err(unreachable)?;
        let uri = format!(
            "https://{}{ROOT}/{}/{}",
            super::server_name(&self.member),
            ask.to,
            ask.service
        );
        let mut request = Request::post(uri).header(name::OFFICER, percent(ask.officer));
        let heads = [
            (name::AFFAIR, ask.affair),
            (name::ITEM_SET, ask.item_set),
            (name::SUBJECT, ask.code),
            (name::OWN_SUBJECT, ask.subject),
            (name::CASE, ask.case),
            ("content-type", ask.body.map(|_| "application/json")),
        ];
        for (name, value) in heads.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            request = request.header(name, value);
        }
        let body = ask.body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let request = request.body(whole(body, None));
        let request = request.map_err(|error| MeshError::Message(error.to_string()))?;
        let answer = link.send_request(request).await.map_err(unreachable)?;
        let (parts, body) = answer.into_parts();
        let (body, _) = read(body).await?;
        let own = |name: &str| text_of(&parts.headers, name);
        Ok(Given {
            status: parts.status.as_u16(),
            request: own(name::REQUEST).unwrap_or_default().to_owned(),
            basis: own(name::BASIS).and_then(percent_read),
            body: serde_json::from_slice(&body).unwrap_or_default(),
        })
    }
}

/// SHA-256 in base64, as pins are written.
pub fn pin_text(certificate: &[u8]) -> String {
    STANDARD.encode(digest(&SHA256, certificate))
}
