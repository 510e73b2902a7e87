//! 符号: how two members speak of a person without a number that both know.
//!
//! The identity authority makes one linkage a person and member (a keyed PRF of the individual
//! number). What travels from an inquirer to a provider is the provider's linkage under a
//! permutation that belongs to this pair: the provider undoes it with the key it shares with the
//! authority, the inquirer cannot, and no other member sees the same text for the same person.
//! In law such a code still counts as 個人番号 (番号法第2条第8項). Pure.

use aws_lc_rs::cipher::{
    AES_256, AES_256_KEY_LEN, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::MeshError;

/// Bytes of a linkage and of a code: one block.
pub const LENGTH: usize = 16;

/// What stands for a person at one member. Never leaves the authority and that member.
pub type Linkage = [u8; LENGTH];

/// The identity authority's master key.
pub struct Authority(hmac::Key);

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority(…)")
    }
}

impl Authority {
    /// The authority with this master key.
    pub fn new(master: &[u8; 32]) -> Authority {
        Authority(hmac::Key::new(hmac::HMAC_SHA256, master))
    }

    /// What stands for the person with this individual number at `member`.
    pub fn linkage(&self, member: &str, number: &str) -> Linkage {
        let tag = prf(&self.0, &["linkage v1", member, number]);
        let mut linkage = [0; LENGTH];
        linkage.copy_from_slice(&tag[..LENGTH]);
        linkage
    }

    /// The key that `member` shares with the authority.
    pub fn member_key(&self, member: &str) -> MemberKey {
        MemberKey(prf(&self.0, &["member key v1", member]))
    }
}

/// The key with which a member reads the codes that it is asked with.
#[derive(Clone)]
pub struct MemberKey([u8; 32]);

impl std::fmt::Debug for MemberKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemberKey(…)")
    }
}

impl MemberKey {
    /// The key in base64, for a file that only the member's node can read.
    pub fn text(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Reads [`MemberKey::text`].
    pub fn parse(text: &str) -> Option<MemberKey> {
        Some(MemberKey(STANDARD.decode(text).ok()?.try_into().ok()?))
    }

    /// The code under which `inquirer` speaks of a person to this member.
    ///
    /// # Errors
    /// [`MeshError::Key`] when the cipher fails.
    pub fn code(&self, inquirer: &str, linkage: &Linkage) -> Result<String, MeshError> {
        let failed = |_| MeshError::Key("符号");
        let key = EncryptingKey::ecb(self.pair(inquirer)?).map_err(failed)?;
        let mut block = *linkage;
        key.encrypt(&mut block).map_err(failed)?;
        Ok(URL_SAFE_NO_PAD.encode(block))
    }

    /// Whom `inquirer` means by a code; `None` when it is not a code at all. A made-up code gives a
    /// linkage that nobody has.
    pub fn linkage(&self, inquirer: &str, code: &str) -> Option<Linkage> {
        let mut block: Linkage = URL_SAFE_NO_PAD.decode(code).ok()?.try_into().ok()?;
        let key = DecryptingKey::ecb(self.pair(inquirer).ok()?).ok()?;
        key.decrypt(&mut block, DecryptionContext::None).ok()?;
        Some(block)
    }

    fn pair(&self, inquirer: &str) -> Result<UnboundCipherKey, MeshError> {
        let own = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let key: [u8; AES_256_KEY_LEN] = prf(&own, &["pair v1", inquirer]);
        UnboundCipherKey::new(&AES_256, &key).map_err(|_| MeshError::Key("符号"))
    }
}

/// The index under which a member finds its own person by a linkage: a stolen table tells nothing
/// without the key.
pub fn index(key: &[u8], linkage: &Linkage) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), linkage).as_ref().to_vec()
}

/// HMAC-SHA-256 over parts, each with its length before it.
fn prf(key: &hmac::Key, parts: &[&str]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_belongs_to_one_pair_and_one_person() {
        let authority = Authority::new(&[7; 32]);
        let (a, b) = (authority.member_key("a"), authority.member_key("b"));
        let at_b = authority.linkage("b", "200000000001");
        assert_ne!(at_b, authority.linkage("a", "200000000001"));
        let from_a = b.code("a", &at_b).unwrap();
        let from_c = b.code("c", &at_b).unwrap();
        assert_ne!(from_a, from_c);
        assert_eq!(from_a, b.code("a", &at_b).unwrap());
        assert_eq!(b.linkage("a", &from_a), Some(at_b));
        // Another member's code, and another member's key, mean nobody.
        assert_ne!(b.linkage("c", &from_a), Some(at_b));
        assert_ne!(a.linkage("a", &from_a), Some(at_b));
        assert_eq!(b.linkage("a", "kazu"), None);
        assert!(MemberKey::parse(&b.text()).is_some() && MemberKey::parse("AAAA").is_none());
    }
}
