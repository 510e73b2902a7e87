//! The key with which a member signs messages (ECDSA P-256 with SHA-256, RFC 9421 section 3.3.4),
//! and its public half. Who holds a private key is the caller's business; it is never printed.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::MeshError;

/// Bytes of a signature: r and s, 32 each.
pub const SIGNATURE: usize = 64;
/// Bytes of a public key: an uncompressed point (SEC 1).
const POINT: usize = 65;

/// A member's private key.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.public().text())
    }
}

impl SigningKey {
    /// A new key as PKCS #8.
    ///
    /// # Errors
    /// [`MeshError::Key`] when the system has no randomness.
    pub fn generate() -> Result<Vec<u8>, MeshError> {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        Ok(made.map_err(|_| MeshError::Key("乱数"))?.as_ref().to_vec())
    }

    /// The key in a PKCS #8 document.
    ///
    /// # Errors
    /// [`MeshError::Key`] when it is not a P-256 key.
    pub fn from_pkcs8(document: &[u8]) -> Result<SigningKey, MeshError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document);
        let pair = pair.map_err(|_| MeshError::Key("署名の鍵の形"))?;
        Ok(SigningKey { pair, random: SystemRandom::new() })
    }

    /// Signs.
    ///
    /// # Errors
    /// [`MeshError::Key`] when the system has no randomness.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE], MeshError> {
        let failed = |_| MeshError::Key("署名");
        let signature = self.pair.sign(&self.random, message).map_err(failed)?;
        signature.as_ref().try_into().map_err(|_| MeshError::Key("署名の長さ"))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        let mut point = [0; POINT];
        point.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(point)
    }
}

/// A member's public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; POINT]);

impl PublicKey {
    /// Reads the form of [`PublicKey::text`].
    pub fn parse(text: &str) -> Option<PublicKey> {
        let point: [u8; POINT] = STANDARD.decode(text).ok()?.try_into().ok()?;
        (point[0] == 4).then_some(PublicKey(point))
    }

    /// The uncompressed point in base64.
    pub fn text(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Whether the signature is this key's over the message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.0).verify(message, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_message_and_key_only() {
        let key = SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap();
        let other = SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap();
        let signature = key.sign(b"message").unwrap();
        let public = PublicKey::parse(&key.public().text()).unwrap();
        assert!(public.verify(b"message", &signature));
        assert!(!public.verify(b"Message", &signature));
        assert!(!other.public().verify(b"message", &signature));
        assert!(!public.verify(b"message", &signature[..63]));
        assert_eq!(PublicKey::parse("AAAA"), None);
    }
}
