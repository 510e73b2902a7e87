//! The directory: who is a member, where it is reached, with which keys and certificates. A signed
//! note (C2SP signed-note) with a version and an end; nodes keep the last one they verified and
//! work on with it while the directory is down.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use signed_note::{Note, Signature, StandardVerifier, VerifierList};

use crate::MeshError;
use crate::key::PublicKey;

/// The name under which directories are signed.
pub const ORIGIN: &str = "kumoi/directory";

/// Every member at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// Grows with every change.
    pub version: u64,
    /// From when it counts.
    pub issued: Timestamp,
    /// Until when it counts.
    pub expires: Timestamp,
    /// The members by name.
    pub members: Vec<Member>,
}

/// A member of the mesh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Identifier in paths and heads.
    pub id: String,
    /// 団体の名称.
    pub name: String,
    /// Kind of authority, as in the statutory table.
    pub kind: String,
    /// Address of its node: host and port.
    pub address: String,
    /// SHA-256 of the certificates that it may show, each with its end.
    pub certificates: Vec<Certificate>,
    /// Keys that sign its messages.
    pub keys: Vec<MessageKey>,
    /// The key of its log (C2SP signed-note verifier).
    pub log: String,
}

/// A certificate that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// SHA-256 of its DER, base64.
    pub sha256: String,
    /// When it ends.
    pub expires: Timestamp,
}

/// A key that signs messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageKey {
    /// The member's name, a slash, a number.
    pub id: String,
    /// [`PublicKey::text`].
    pub key: String,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

impl Directory {
    /// A member by its name.
    pub fn member(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    /// The member that may show this certificate at that moment.
    pub fn by_certificate(&self, sha256: &[u8], at: Timestamp) -> Option<&Member> {
        let shown = STANDARD.encode(sha256);
        let holds = |one: &Certificate| one.sha256 == shown && at < one.expires;
        self.members.iter().find(|member| member.certificates.iter().any(holds))
    }

    /// The text that is signed: JSON, one line.
    fn text(&self) -> Result<String, MeshError> {
        let text = serde_json::to_string(self).map_err(|_| MeshError::Directory("形"))?;
        Ok(format!("{text}\n"))
    }
}

impl Member {
    /// A key by its name, when it is in force at that moment.
    pub fn key(&self, id: &str, at: Timestamp) -> Option<PublicKey> {
        let found = self.keys.iter().find(|key| key.id == id && key.from <= at && at < key.to)?;
        PublicKey::parse(&found.key)
    }
}

/// Signs directories (Ed25519).
pub struct DirectoryKey {
    pair: aws_lc_rs::signature::Ed25519KeyPair,
    public: Vec<u8>,
}

impl std::fmt::Debug for DirectoryKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DirectoryKey(…)")
    }
}

impl DirectoryKey {
    /// The key from its seed.
    ///
    /// # Errors
    /// [`MeshError::Key`].
    pub fn from_seed(seed: &[u8; 32]) -> Result<DirectoryKey, MeshError> {
        use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        let pair = pair.map_err(|_| MeshError::Key("名簿の鍵"))?;
        let public = [&[1_u8][..], pair.public_key().as_ref()].concat();
        Ok(DirectoryKey { pair, public })
    }

    /// The public key in C2SP's printable form.
    pub fn verifier(&self) -> String {
        let id = signed_note::key_id(ORIGIN, &self.public);
        format!("{ORIGIN}+{id:08x}+{}", STANDARD.encode(&self.public))
    }

    /// The directory as a signed note.
    ///
    /// # Errors
    /// [`MeshError::Directory`].
    pub fn sign(&self, directory: &Directory) -> Result<String, MeshError> {
        let failed = |_| MeshError::Directory("署名");
        let text = directory.text()?;
        let signature = self.pair.sign(text.as_bytes()).as_ref().to_vec();
        let id = signed_note::key_id(ORIGIN, &self.public);
        let signature = Signature::new(ORIGIN.to_owned(), id, signature).map_err(failed)?;
        let note = Note::new(text.as_bytes(), &[signature]).map_err(failed)?;
        Ok(String::from_utf8_lossy(&note.to_bytes()).into_owned())
    }
}

/// Reads a signed directory. Whether it is still in force, and newer than what is known, is the
/// caller's to ask: evidence is verified with the directory of its time.
///
/// # Errors
/// [`MeshError::Directory`] when the signature or the form is wrong.
pub fn directory_open(note: &str, verifier: &str) -> Result<Directory, MeshError> {
    let wrong = |_| MeshError::Directory("署名が正しくありません");
    let verifier = StandardVerifier::new(verifier).map_err(|_| MeshError::Directory("検証鍵"))?;
    let list = VerifierList::new(vec![Box::new(verifier)]);
    let note = Note::from_bytes(note.as_bytes()).map_err(wrong)?;
    let verified =
        note.verify(&list).map_err(|_| MeshError::Directory("署名が正しくありません"))?;
    if verified.0.is_empty() {
        return Err(MeshError::Directory("署名が正しくありません"));
    }
    serde_json::from_slice(note.text()).map_err(|_| MeshError::Directory("形が正しくありません"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_directory_is_read_and_an_altered_one_refused() {
        let key = DirectoryKey::from_seed(&[3; 32]).unwrap();
        let directory = Directory { version: 4, ..Directory::default() };
        let note = key.sign(&directory).unwrap();
        assert_eq!(directory_open(&note, &key.verifier()).unwrap(), directory);
        let altered = note.replace("\"version\":4", "\"version\":5");
        assert!(directory_open(&altered, &key.verifier()).is_err());
        let other = DirectoryKey::from_seed(&[4; 32]).unwrap();
        assert!(directory_open(&note, &other.verifier()).is_err());
    }
}
