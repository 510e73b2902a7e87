//! The key that signs an organisation's checkpoints, and the public key that verifies them
//! (C2SP signed-note, Ed25519). The private key is derived when needed and never stored or printed.

use aws_lc_rs::hkdf;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use signed_note::{Note, Signature, StandardVerifier, VerifierList};
use tlog_tiles::{Checkpoint, Hash};

use crate::StoreError;
use crate::organisation::Credentials;

/// Signature type 1 of C2SP signed-note: Ed25519.
const ED25519: u8 = 1;
const LENGTH: usize = 32;

/// The name of an organisation's log: the first line of its checkpoints.
pub fn origin_of(organisation: &str) -> String {
    format!("kumoi/{organisation}")
}

/// Signs checkpoints of one organisation's log; only its office zone can hold it.
pub struct SealKey {
    origin: String,
    pair: Ed25519KeyPair,
    public: Vec<u8>,
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealKey({})", self.origin)
    }
}

struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        LENGTH
    }
}

impl SealKey {
    /// The key derived from an organisation's master key (HKDF-SHA-256, a label of its own).
    ///
    /// # Errors
    /// [`StoreError::Vault`] when the master key has the wrong length.
    pub fn from_master(master: &[u8], organisation: &str) -> Result<SealKey, StoreError> {
        if master.len() != LENGTH {
            return Err(StoreError::Vault("鍵の長さ"));
        }
        let origin = origin_of(organisation);
        if !signed_note::is_key_name_valid(&origin) {
            return Err(StoreError::Vault("団体の識別子"));
        }
        let mut seed = [0; LENGTH];
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"kumoi log")
            .extract(master)
            .expand(&[b"checkpoint ed25519 v1", origin.as_bytes()], Length)
            .and_then(|okm| okm.fill(&mut seed))
            .map_err(|_| StoreError::Vault("鍵の導出"))?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed)
            .map_err(|_| StoreError::Vault("鍵の導出"))?;
        let public = [&[ED25519][..], pair.public_key().as_ref()].concat();
        Ok(SealKey { origin, pair, public })
    }

    /// The key of the organisation whose office zone holds these credentials.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when this zone holds no master key.
    pub fn from_credentials(credentials: &Credentials) -> Result<SealKey, StoreError> {
        let key = credentials.vault.as_deref();
        let key = key.ok_or(StoreError::Vault("この区画には鍵がありません"))?;
        let master = URL_SAFE_NO_PAD.decode(key).map_err(|_| StoreError::Vault("鍵の形"))?;
        SealKey::from_master(&master, &credentials.organisation.id)
    }

    /// The log this key signs for (`kumoi/<organisation>`).
    pub fn origin(&self) -> &str {
        &self.origin
    }

    fn key_id(&self) -> u32 {
        signed_note::key_id(&self.origin, &self.public)
    }

    /// The public key in C2SP's printable form (`name+id+base64`).
    pub fn verifier_text(&self) -> String {
        format!("{}+{:08x}+{}", self.origin, self.key_id(), STANDARD.encode(&self.public))
    }

    /// The public key.
    ///
    /// # Errors
    /// Never for a key that was made by this type.
    pub fn verifier(&self) -> Result<Verifier, StoreError> {
        Verifier::parse(&self.verifier_text())
    }

    /// A text under the organisation's signature (C2SP signed-note); it ends with a line end.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the text cannot be a note.
    pub fn sign_text(&self, text: &str) -> Result<String, StoreError> {
        let failed = |_| StoreError::Refused("記録に署名できません".to_owned());
        let signature = self.pair.sign(text.as_bytes()).as_ref().to_vec();
        let signature =
            Signature::new(self.origin.clone(), self.key_id(), signature).map_err(failed)?;
        let note = Note::new(text.as_bytes(), &[signature]).map_err(failed)?;
        Ok(String::from_utf8_lossy(&note.to_bytes()).into_owned())
    }

    /// A signed checkpoint (C2SP tlog-checkpoint).
    pub(super) fn sign(&self, size: u64, root: Hash) -> Result<String, StoreError> {
        let failed = |_| StoreError::Refused("チェックポイントに署名できません".to_owned());
        let checkpoint = Checkpoint::new(&self.origin, size, root, "")
            .map_err(|_| StoreError::Refused("チェックポイントの形".to_owned()))?;
        let text = checkpoint.to_bytes();
        let signature = self.pair.sign(&text).as_ref().to_vec();
        let signature =
            Signature::new(self.origin.clone(), self.key_id(), signature).map_err(failed)?;
        let note = Note::new(&text, &[signature]).map_err(failed)?;
        Ok(String::from_utf8_lossy(&note.to_bytes()).into_owned())
    }
}

/// The public keys by which checkpoints of one log are verified.
pub struct Verifier {
    origin: String,
    known: VerifierList,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Verifier({})", self.origin)
    }
}

impl Verifier {
    /// Reads public keys, one a line (`name+id+base64`), all of the same log.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when a line is no key or the names differ.
    pub fn parse(text: &str) -> Result<Verifier, StoreError> {
        let refused = |what: &str| StoreError::Refused(format!("検証鍵を読めません（{what}）"));
        let mut origin: Option<String> = None;
        let mut known: Vec<Box<dyn signed_note::Verifier>> = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let key = StandardVerifier::new(line).map_err(|_| refused(line))?;
            let name = signed_note::Verifier::name(&key).to_owned();
            if origin.as_ref().is_some_and(|origin| *origin != name) {
                return Err(refused("別の記録の鍵が混ざっています"));
            }
            origin = Some(name);
            known.push(Box::new(key));
        }
        let origin = origin.ok_or_else(|| refused("空です"))?;
        Ok(Verifier { origin, known: VerifierList::new(known) })
    }

    /// The log these keys belong to.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The text of a signed note, if its signature is right.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with the reason.
    pub fn open_text(&self, note: &str) -> Result<String, StoreError> {
        let refused = |what: &str| StoreError::Refused(format!("署名が無効です（{what}）"));
        let parsed = Note::from_bytes(note.as_bytes()).map_err(|_| refused("形"))?;
        parsed.verify(&self.known).map_err(|_| refused("署名"))?;
        Ok(String::from_utf8_lossy(parsed.text()).into_owned())
    }

    /// The checkpoint of a signed note, if its signature and its origin are right.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with the reason.
    pub fn open(&self, note: &str) -> Result<Checkpoint, StoreError> {
        let refused =
            |what: &str| StoreError::Refused(format!("チェックポイントが無効です（{what}）"));
        let parsed = Note::from_bytes(note.as_bytes()).map_err(|_| refused("形"))?;
        parsed.verify(&self.known).map_err(|_| refused("署名"))?;
        let checkpoint = Checkpoint::from_bytes(parsed.text()).map_err(|_| refused("内容"))?;
        if checkpoint.origin() != self.origin {
            return Err(refused("別の団体の記録"));
        }
        Ok(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_opens_with_its_own_key_only() {
        let key = SealKey::from_master(&[7; 32], "sakura").unwrap();
        let note = key.sign(5, Hash([9; 32])).unwrap();
        let opened = key.verifier().unwrap().open(&note).unwrap();
        assert_eq!((opened.size(), *opened.hash()), (5, Hash([9; 32])));
        assert_eq!(opened.origin(), "kumoi/sakura");

        let refuse = |verifier: &Verifier, note: &str| assert!(verifier.open(note).is_err());
        let verifier = key.verifier().unwrap();
        refuse(&verifier, &note.replace("\n5\n", "\n6\n"));
        refuse(&verifier, note.split_once("\n\n").unwrap().0);
        for (master, name) in [([8; 32], "sakura"), ([7; 32], "kaede")] {
            let other = SealKey::from_master(&master, name).unwrap();
            refuse(&other.verifier().unwrap(), &note);
            refuse(&verifier, &other.sign(5, Hash([9; 32])).unwrap());
        }
    }

    #[test]
    fn keys_are_read_by_line() {
        let one = SealKey::from_master(&[1; 32], "sakura").unwrap();
        let two = SealKey::from_master(&[2; 32], "sakura").unwrap();
        let other = SealKey::from_master(&[2; 32], "kaede").unwrap();
        let both = format!("{}\n{}\n", one.verifier_text(), two.verifier_text());
        let verifier = Verifier::parse(&both).unwrap();
        for key in [&one, &two] {
            assert!(verifier.open(&key.sign(1, Hash([0; 32])).unwrap()).is_ok());
        }
        let mixed = format!("{}\n{}", one.verifier_text(), other.verifier_text());
        for bad in ["", "x", &mixed, &one.verifier_text().replace("sakura", "kaede")] {
            assert!(Verifier::parse(bad).is_err(), "{bad}");
        }
        assert!(SealKey::from_master(&[1; 31], "sakura").is_err());
        assert!(SealKey::from_master(&[1; 32], "さ くら").is_err());
    }
}
