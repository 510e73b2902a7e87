//! Encryption of secret items (個人番号, 住民票コード) and the index by which they are found.
//!
//! Keys lie outside the database, one file an organisation, readable by its zone only. A sealed
//! value is `key id ‖ nonce ‖ AES-256-GCM ciphertext`, bound to its register and item; the index is
//! HMAC-SHA-256 under the organisation's own key, so equal numbers meet only inside it.

use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac, rand};

use crate::StoreError;

const KEY_ID: u8 = 1;
const KEY_LENGTH: usize = 32;

/// The keys of one organisation.
pub struct Vault {
    seal: LessSafeKey,
    index: hmac::Key,
    linkage: [u8; KEY_LENGTH],
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        KEY_LENGTH
    }
}

fn derive(master: &[u8], label: &[u8]) -> Result<[u8; KEY_LENGTH], StoreError> {
    let mut out = [0; KEY_LENGTH];
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"kumoi vault")
        .extract(master)
        .expand(&[label], Length)
        .and_then(|okm| okm.fill(&mut out))
        .map_err(|_| StoreError::Vault("鍵の導出"))?;
    Ok(out)
}

impl Vault {
    /// Keys derived from an organisation's master key.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when the key has the wrong length.
    pub fn from_master(master: &[u8]) -> Result<Vault, StoreError> {
        if master.len() != KEY_LENGTH {
            return Err(StoreError::Vault("鍵の長さ"));
        }
        let seal = UnboundKey::new(&AES_256_GCM, &derive(master, b"seal")?)
            .map_err(|_| StoreError::Vault("鍵"))?;
        let index = hmac::Key::new(hmac::HMAC_SHA256, &derive(master, b"index")?);
        Ok(Vault { seal: LessSafeKey::new(seal), index, linkage: derive(master, b"linkage")? })
    }

    /// Reads the master key of a file.
    ///
    /// # Errors
    /// When the file is missing, unreadable or not a key.
    pub fn open(path: &Path) -> Result<Vault, StoreError> {
        Vault::from_master(&std::fs::read(path)?)
    }

    /// A new random master key.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new_master() -> Result<[u8; KEY_LENGTH], StoreError> {
        let mut key = [0; KEY_LENGTH];
        rand::fill(&mut key).map_err(|_| StoreError::Vault("乱数"))?;
        Ok(key)
    }

    /// The key of the index under which people are found by codes of the mesh: the only one that
    /// the organisation's node is given, too.
    pub fn linkage_key(&self) -> &[u8] {
        &self.linkage
    }

    /// Seals a text for one item of one register (`place` = `schema.table.column`).
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn seal(&self, place: &str, text: &str) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| StoreError::Vault("乱数"))?;
        let mut body = text.as_bytes().to_vec();
        let aad = Aad::from(place.as_bytes());
        self.seal
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut body)
            .map_err(|_| StoreError::Vault("封緘"))?;
        Ok([&[KEY_ID][..], &nonce, &body].concat())
    }

    /// Opens a sealed text.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when sealed for another place or organisation, or altered.
    pub fn open_sealed(&self, place: &str, sealed: &[u8]) -> Result<String, StoreError> {
        let (head, body) =
            sealed.split_at_checked(1 + NONCE_LEN).ok_or(StoreError::Vault("長さ"))?;
        if head[0] != KEY_ID {
            return Err(StoreError::Vault("鍵の番号"));
        }
        let nonce =
            Nonce::try_assume_unique_for_key(&head[1..]).map_err(|_| StoreError::Vault("長さ"))?;
        let mut body = body.to_vec();
        let plain = self
            .seal
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut body)
            .map_err(|_| StoreError::Vault("別の鍵または改変"))?;
        String::from_utf8(plain.to_vec()).map_err(|_| StoreError::Vault("文字"))
    }

    /// The index of a text under which it is found.
    pub fn index(&self, place: &str, text: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.index);
        context.update(place.as_bytes());
        context.update(&[0]);
        context.update(text.as_bytes());
        context.sign().as_ref().to_vec()
    }
}
