//! The cryptography between the internet zone and the office. Two boxes and one session seal.
//!
//! *To the office*: an ephemeral X25519 key agrees with the office's public key; HKDF-SHA-256 over
//! the agreement and both public keys gives a key of AES-256-GCM that is used once (the shape of
//! HPKE's base mode, RFC 9180 §5, not its wire format). The office's private key is derived from
//! the vault, so only a holder of the vault opens it. *To the resident*: the view's key is
//! HKDF(issuer, subject, link secret). The secret is the office's, random, and lies in the link's
//! answer under HKDF(issuer, subject). The subject itself is written nowhere in the front database
//! (only its digest), so a copy of the database opens nothing; the zone can open a view while the
//! resident is signed in, because the session, sealed under the cookie's token, holds the subject.
//! This stands on subjects that cannot be guessed: [`SUBJECT_LENGTH`] is the least accepted.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::{digest, hkdf, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::StoreError;
use crate::vault::Vault;

/// Fewest characters of a subject: 128 random bits in base64url take 22.
pub const SUBJECT_LENGTH: usize = 22;
/// Bytes of every key, secret and token.
pub const KEY_LENGTH: usize = 32;

const PUBLIC_LENGTH: usize = 32;

/// Random bytes.
///
/// # Errors
/// [`StoreError::Vault`] when the system has none.
pub fn random() -> Result<[u8; KEY_LENGTH], StoreError> {
    let mut bytes = [0; KEY_LENGTH];
    rand::fill(&mut bytes).map_err(|_| StoreError::Vault("乱数"))?;
    Ok(bytes)
}

/// Bytes as base64url without padding.
pub fn to_text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Bytes of base64url without padding.
///
/// # Errors
/// [`StoreError::Vault`] when it is none.
pub fn from_text(text: &str) -> Result<Vec<u8>, StoreError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| StoreError::Vault("base64url"))
}

/// The name of a resident in the front database: SHA-256 over issuer and subject.
pub fn subject_handle(issuer: &str, subject: &str) -> Vec<u8> {
    let text = joined(&[b"kumoi front handle", issuer.as_bytes(), subject.as_bytes()]);
    digest::digest(&digest::SHA256, &text).as_ref().to_vec()
}

/// The office's key pair; X25519, derived from the vault.
pub struct OfficeKey {
    private: PrivateKey,
    public: Vec<u8>,
}

impl OfficeKey {
    /// Derives the pair: HMAC under the vault's index key, a pseudo-random function, with a place
    /// that no register's item can have.
    ///
    /// # Errors
    /// [`StoreError::Vault`].
    pub fn from_vault(vault: &Vault) -> Result<OfficeKey, StoreError> {
        let failed = |_| StoreError::Vault("受付の鍵");
        let seed = vault.index("front/office key", "1");
        let private = PrivateKey::from_private_key(&X25519, &seed)
            .map_err(|_| StoreError::Vault("受付の鍵"))?;
        let public = private.compute_public_key().map_err(failed)?.as_ref().to_vec();
        Ok(OfficeKey { private, public })
    }

    /// The public key, as published.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// Opens what was sealed to this key in this context.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when it was sealed to another key or context, or altered.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (ephemeral, body) =
            sealed.split_at_checked(PUBLIC_LENGTH).ok_or(StoreError::Vault("長さ"))?;
        let peer = UnparsedPublicKey::new(&X25519, ephemeral);
        let key = agreement::agree(&self.private, peer, StoreError::Vault("鍵共有"), |shared| {
            once(shared, ephemeral, &self.public)
        })?;
        open(&key, context, body)
    }
}

/// Seals for the office. `context` binds the box to its place; the same is needed to open it.
///
/// # Errors
/// [`StoreError::Vault`] when the public key is none.
pub fn seal_for_office(public: &[u8], context: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    let private = PrivateKey::generate(&X25519).map_err(|_| StoreError::Vault("乱数"))?;
    let ephemeral = private.compute_public_key().map_err(|_| StoreError::Vault("鍵"))?;
    let peer = UnparsedPublicKey::new(&X25519, public);
    let key = agreement::agree(&private, peer, StoreError::Vault("受付の公開鍵"), |shared| {
        once(shared, ephemeral.as_ref(), public)
    })?;
    Ok([ephemeral.as_ref(), &seal(&key, context, plain)?].concat())
}

/// The context of an application: its kind and whose it is.
pub fn application_context(kind: &str, handle: &[u8]) -> Vec<u8> {
    joined(&[b"kumoi front application", kind.as_bytes(), handle])
}

/// A signed-in resident's keys.
pub struct ResidentKeys<'a> {
    issuer: &'a str,
    subject: &'a str,
}

impl<'a> ResidentKeys<'a> {
    /// Of an issuer's subject.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the subject is short enough to be guessed.
    pub fn new(issuer: &'a str, subject: &'a str) -> Result<ResidentKeys<'a>, StoreError> {
        if subject.len() < SUBJECT_LENGTH {
            let words = "認証の識別子が短く、推測されるおそれがあるため受け付けられません";
            return Err(StoreError::Refused(words.to_owned()));
        }
        Ok(ResidentKeys { issuer, subject })
    }

    /// The name in the front database.
    pub fn handle(&self) -> Vec<u8> {
        subject_handle(self.issuer, self.subject)
    }

    /// Seals the link secret as the answer (office).
    ///
    /// # Errors
    /// [`StoreError::Vault`].
    pub fn answer_seal(&self, secret: &[u8]) -> Result<Vec<u8>, StoreError> {
        seal(&self.key(b"answer", b"")?, &self.handle(), secret)
    }

    /// Opens the answer.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when it is not this resident's.
    pub fn answer_open(&self, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        open(&self.key(b"answer", b"")?, &self.handle(), sealed)
    }

    /// Seals a view (office).
    ///
    /// # Errors
    /// [`StoreError::Vault`].
    pub fn view_seal(&self, secret: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        seal(&self.key(b"view", secret)?, &self.handle(), plain)
    }

    /// Opens a view.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when subject or secret do not fit.
    pub fn view_open(&self, secret: &[u8], sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        open(&self.key(b"view", secret)?, &self.handle(), sealed)
    }

    fn key(&self, label: &[u8], secret: &[u8]) -> Result<LessSafeKey, StoreError> {
        let material = joined(&[self.issuer.as_bytes(), self.subject.as_bytes(), secret]);
        derive(&material, &self.handle(), label)
    }
}

/// A session's token: known to the browser alone.
pub struct SessionToken([u8; KEY_LENGTH]);

impl SessionToken {
    /// A new one.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when the system has no randomness.
    pub fn new() -> Result<SessionToken, StoreError> {
        random().map(SessionToken)
    }

    /// From the cookie's value.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when it is none.
    pub fn parse(text: &str) -> Result<SessionToken, StoreError> {
        let bytes = from_text(text)?;
        bytes.try_into().map(SessionToken).map_err(|_| StoreError::Vault("長さ"))
    }

    /// The cookie's value.
    pub fn text(&self) -> String {
        to_text(&self.0)
    }

    /// The digest that the database holds.
    pub fn digest(&self) -> Vec<u8> {
        digest::digest(&digest::SHA256, &self.0).as_ref().to_vec()
    }

    /// A value derived for another use, such as the anti-forgery token.
    pub fn derived(&self, label: &str) -> String {
        let text = joined(&[b"kumoi session", label.as_bytes()]);
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &self.0);
        to_text(aws_lc_rs::hmac::sign(&key, &text).as_ref())
    }

    /// Seals a session's content.
    ///
    /// # Errors
    /// [`StoreError::Vault`].
    pub fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        seal(&derive(&self.0, b"kumoi session", b"content")?, b"session", plain)
    }

    /// Opens a session's content.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when it is another session's.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        open(&derive(&self.0, b"kumoi session", b"content")?, b"session", sealed)
    }
}

/// Parts with their lengths, so that no two lists of parts read alike.
fn joined(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        out.extend_from_slice(&(part.len() as u64).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}

fn once(shared: &[u8], ephemeral: &[u8], public: &[u8]) -> Result<LessSafeKey, StoreError> {
    derive(shared, &joined(&[b"kumoi front box 1", ephemeral, public]), b"box")
}

fn derive(material: &[u8], salt: &[u8], label: &[u8]) -> Result<LessSafeKey, StoreError> {
    let info = [label];
    let pseudo_random = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(material);
    let expanded =
        pseudo_random.expand(&info, &AES_256_GCM).map_err(|_| StoreError::Vault("鍵の導出"))?;
    Ok(LessSafeKey::new(UnboundKey::from(expanded)))
}

fn seal(key: &LessSafeKey, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).map_err(|_| StoreError::Vault("乱数"))?;
    let mut body = plain.to_vec();
    key.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(context),
        &mut body,
    )
    .map_err(|_| StoreError::Vault("封緘"))?;
    Ok([&nonce[..], &body].concat())
}

fn open(key: &LessSafeKey, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(StoreError::Vault("長さ"))?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| StoreError::Vault("長さ"))?;
    let mut body = body.to_vec();
    let plain = key
        .open_in_place(nonce, Aad::from(context), &mut body)
        .map_err(|_| StoreError::Vault("別の鍵または改変"))?;
    Ok(plain.to_vec())
}

#[cfg(test)]
mod tests;
