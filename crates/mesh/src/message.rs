//! A message of the mesh: its heads, what its signature covers, and how that is written.
//!
//! HTTP message signatures (RFC 9421) over a fixed list of components, with the digest of the body
//! (RFC 9530) in the trailers; an answer's signature covers the signature of its request. The list
//! is part of the protocol: what covers less, or in another order, is refused. Pure.

mod base;
mod input;

use aws_lc_rs::digest::{self, SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub use base::{answer_base, request_base};
pub use input::{Input, InputError};

/// The first part of every path.
pub const ROOT: &str = "/mesh/v1";
/// The label of the signature in `Signature-Input` and `Signature`.
pub const LABEL: &str = "kumoi";
/// What the signature is for (RFC 9421 section 2.3, `tag`).
pub const TAG: &str = "kumoi-mesh-1";
/// How long a message may be under way, and how far two clocks may be apart, in seconds.
pub const TOLERANCE_S: i64 = 300;

/// The heads of a request that its signature covers. Texts are ASCII without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RequestHead {
    /// The member that asks.
    pub from: String,
    /// The member that is asked.
    pub to: String,
    /// The service asked for.
    pub service: String,
    /// Identifies the request: 32 hexadecimal digits.
    pub request: String,
    /// 事務 for which is asked.
    pub affair: Option<String>,
    /// 特定個人情報 that is asked for.
    pub item_set: Option<String>,
    /// The subject's linkage code for these two members.
    pub subject: Option<String>,
    /// 事案: the asking member's own number of the case.
    pub case: Option<String>,
    /// Type of the body.
    pub content_type: Option<String>,
}

/// The heads of an answer that its signature covers.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AnswerHead {
    /// HTTP status.
    pub status: u16,
    /// The member that answers.
    pub from: String,
    /// 根拠: the article by which it was answered.
    pub basis: Option<String>,
    /// Type of the body.
    pub content_type: Option<String>,
}

/// Names of the heads on the line.
pub mod name {
    /// The member that sends.
    pub const FROM: &str = "kumoi-from";
    /// The number of the request.
    pub const REQUEST: &str = "kumoi-request";
    /// The affair.
    pub const AFFAIR: &str = "kumoi-affair";
    /// The item set.
    pub const ITEM_SET: &str = "kumoi-item-set";
    /// The subject.
    pub const SUBJECT: &str = "kumoi-subject";
    /// The case.
    pub const CASE: &str = "kumoi-case";
    /// The basis, percent-encoded.
    pub const BASIS: &str = "kumoi-basis";
    /// Digest of the body; a trailer.
    pub const DIGEST: &str = "content-digest";
    /// What the signature covers; a trailer.
    pub const INPUT: &str = "signature-input";
    /// The signature; a trailer.
    pub const SIGNATURE: &str = "signature";
    /// The officer that asks; never leaves the own node.
    pub const OFFICER: &str = "kumoi-officer";
    /// 宛名番号 of the subject; never leaves the own node.
    pub const OWN_SUBJECT: &str = "kumoi-own-subject";
}

impl RequestHead {
    /// The path of the request.
    pub fn path(&self) -> String {
        format!("{ROOT}/{}/{}", self.to, self.service)
    }

    /// The heads that are there besides the path, in the order of the protocol.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            (name::FROM, Some(self.from.as_str())),
            (name::REQUEST, Some(self.request.as_str())),
            (name::AFFAIR, self.affair.as_deref()),
            (name::ITEM_SET, self.item_set.as_deref()),
            (name::SUBJECT, self.subject.as_deref()),
            (name::CASE, self.case.as_deref()),
            ("content-type", self.content_type.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

impl AnswerHead {
    /// The heads that are there besides the status, in the order of the protocol.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            (name::FROM, Some(self.from.as_str())),
            (name::BASIS, self.basis.as_deref()),
            ("content-type", self.content_type.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

/// The member and the service of a path; `None` when it is not one of the mesh. Exactly three
/// parts of small letters, digits, hyphens and underscores: nothing is decoded, so nothing can be
/// hidden.
pub fn path_parts(path: &str) -> Option<(&str, &str)> {
    let (to, service) = path.strip_prefix(ROOT)?.strip_prefix('/')?.split_once('/')?;
    (is_name(to) && is_name(service)).then_some((to, service))
}

/// Whether a text is a name of a member, a service, an affair or an item set.
pub fn is_name(text: &str) -> bool {
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
    };
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

/// Whether a text is the number of a request.
pub fn is_request(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|it| it.is_ascii_digit() || (b'a'..=b'f').contains(&it))
}

/// `Content-Digest` of a body (RFC 9530).
pub fn content_digest(body: &[u8]) -> String {
    content_digest_of(digest::digest(&SHA256, body).as_ref())
}

/// `Content-Digest` with a SHA-256 that was worked out on the way.
pub fn content_digest_of(sha256: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256))
}

/// A byte sequence of structured fields (RFC 9651) under the label.
pub fn signature_field(signature: &[u8]) -> String {
    format!("{LABEL}=:{}:", STANDARD.encode(signature))
}

/// The bytes of [`signature_field`].
pub fn signature_parse(field: &str) -> Option<Vec<u8>> {
    let rest = field.trim().strip_prefix(LABEL)?.strip_prefix("=:")?.strip_suffix(':')?;
    STANDARD.decode(rest).ok()
}

/// Writes what ASCII heads cannot hold: bytes outside of graphic ASCII, and `%`, as `%XX`.
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' | 0..=0x20 | 0x7f.. => out.push_str(&format!("%{byte:02X}")),
            _ => out.push(char::from(byte)),
        }
    }
    out
}

/// Reads [`percent`]; `None` when it is not whole or not UTF-8.
pub fn percent_read(text: &str) -> Option<String> {
    let (mut out, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        out.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_are_paths_of_the_mesh() {
        assert_eq!(path_parts("/mesh/v1/kasumi/inquiry"), Some(("kasumi", "inquiry")));
        for wrong in [
            "/mesh/v1/kasumi",
            "/mesh/v1//inquiry",
            "/mesh/v1/kasumi/",
            "/mesh/v1/kasumi/a/b",
            "/mesh/v1/kasumi/../x",
            "/mesh/v1/kasumi/%69nquiry",
            "/mesh/v1/Kasumi/inquiry",
            "/mesh/v1/./inquiry",
            "/mesh/v11/kasumi/inquiry",
            "//mesh/v1/kasumi/inquiry",
            "",
        ] {
            assert_eq!(path_parts(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_heads_cannot_hold_is_written_and_read() {
        for text in ["番号法第19条第8号", "100%", "a b\n", ""] {
            let written = percent(text);
            assert!(written.bytes().all(|byte| byte.is_ascii_graphic()));
            assert_eq!(percent_read(&written).as_deref(), Some(text));
        }
        assert_eq!(percent_read("%E7%95"), None);
        assert_eq!(percent_read("%4"), None);
    }

    #[test]
    fn the_digest_is_that_of_rfc_9530() {
        // The example of RFC 9530 appendix B.1.
        let body = b"{\"hello\": \"world\"}";
        let expect = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
        assert_eq!(content_digest(body), expect);
    }
}
