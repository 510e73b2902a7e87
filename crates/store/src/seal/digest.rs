//! The canonical form of a row of the journal, the audit or the exchanges, its digest, and the
//! salted commitment that becomes its leaf. Pure; the bytes may never change for a version once
//! it has sealed rows.
//!
//! Fields follow each other in a fixed order: a text is its length (u32, big endian) and its UTF-8;
//! an optional field is 0, or 1 and the field; a list is its count (u32) and its items; a number is
//! i64 big endian; a moment is microseconds since 1970 (UTC); a day is the text `YYYY-MM-DD`; JSON
//! is the text without spaces whose keys are sorted by their bytes.

use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use serde_json::Value;

use super::Kind;
use crate::audit::NewAudit;
use crate::exchange::Exchange;
use crate::journal::NewEntry;

/// SHA-256.
pub type Digest = [u8; 32];
/// Makes a leaf that cannot be guessed.
pub type Salt = [u8; 16];

/// The digest of an entry of the journal, without its number.
pub fn journal_digest(entry: &NewEntry) -> Digest {
    let mut out = Canonical::new("kumoi journal v1");
    out.moment(entry.recorded_at);
    out.text(&entry.system);
    out.text(&entry.procedure);
    out.optional(entry.event.as_deref(), Canonical::text);
    out.text(&entry.reason);
    out.optional(entry.case_id, Canonical::number);
    out.texts(&entry.subjects);
    out.text(&entry.effective_on.to_string());
    out.optional(entry.filed_on.map(|day| day.to_string()).as_deref(), Canonical::text);
    out.text(&entry.actor);
    out.optional(entry.approver.as_deref(), Canonical::text);
    out.optional(entry.run_id, Canonical::number);
    out.json(&entry.content);
    sha256(&[&out.0])
}

/// The digest of a row of the audit, without its number.
pub fn audit_digest(at: Timestamp, audit: &NewAudit) -> Digest {
    let mut out = Canonical::new("kumoi audit v1");
    out.moment(at);
    out.text(&audit.actor);
    out.text(&audit.role);
    out.text(&audit.zone);
    out.text(&audit.purpose);
    out.text(&audit.action);
    out.texts(&audit.subjects);
    out.json(&audit.detail);
    out.text(&audit.request);
    sha256(&[&out.0])
}

/// The digest of an exchange, without its number.
pub fn exchange_digest(exchange: &Exchange) -> Digest {
    let mut out = Canonical::new("kumoi exchange v1");
    out.moment(exchange.at);
    out.text(exchange.side.word());
    out.text(&exchange.request);
    out.text(&exchange.counterpart);
    out.text(&exchange.service);
    for field in [
        &exchange.affair,
        &exchange.item_set,
        &exchange.basis,
        &exchange.subject,
        &exchange.case_reference,
        &exchange.officer,
    ] {
        out.optional(field.as_deref(), Canonical::text);
    }
    out.text(exchange.outcome.word());
    out.optional(exchange.reason.as_deref(), Canonical::text);
    out.text(&exchange.request_base);
    out.bytes(&exchange.request_signature);
    out.optional(exchange.answer_base.as_deref(), Canonical::text);
    out.optional(exchange.answer_signature.as_deref(), Canonical::bytes);
    sha256(&[&out.0])
}

/// What the log holds of a row: nothing can be learnt from it without the salt.
pub fn commitment(kind: Kind, entry_id: i64, salt: &Salt, digest: &Digest) -> Digest {
    let mut head = Canonical::new("kumoi leaf v1");
    head.text(kind.id());
    head.number(entry_id);
    sha256(&[&head.0, salt, digest])
}

/// JSON without spaces, keys sorted by their bytes: jsonb does not keep the order of keys.
pub fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write_json(&mut out, value);
    out
}

fn write_json(out: &mut String, value: &Value) {
    let separate = |out: &mut String, first: bool| {
        if !first {
            out.push(',');
        }
    };
    match value {
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(out, at == 0);
                write_json(out, item);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (at, (key, item)) in fields.into_iter().enumerate() {
                separate(out, at == 0);
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_json(out, item);
            }
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

/// True when the value holds a number that the database may write differently (no integer).
pub(crate) fn holds_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(holds_fraction),
        Value::Object(fields) => fields.values().any(holds_fraction),
        _ => false,
    }
}

fn sha256(parts: &[&[u8]]) -> Digest {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = Digest::default();
    out.copy_from_slice(context.finish().as_ref());
    out
}

struct Canonical(Vec<u8>);

impl Canonical {
    fn new(version: &str) -> Canonical {
        let mut out = Canonical(Vec::with_capacity(256));
        out.text(version);
        out
    }

    fn count(&mut self, count: usize) {
        // PostgreSQL holds no value of 4 GiB, so the count always fits.
        self.0.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn texts(&mut self, texts: &[String]) {
        self.count(texts.len());
        texts.iter().for_each(|text| self.text(text));
    }

    fn number(&mut self, number: i64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    fn moment(&mut self, moment: Timestamp) {
        self.number(moment.as_microsecond());
    }

    fn json(&mut self, value: &Value) {
        self.text(&canonical_json(value));
    }

    fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.0.push(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check_json(value: &Value, expect: &str) {
        assert_eq!(canonical_json(value), expect);
    }

    #[test]
    fn json_has_one_form() {
        check_json(&json!({"b": 1, "a": [true, null, {"z": "字", "y": -2}]}), {
            r#"{"a":[true,null,{"y":-2,"z":"字"}],"b":1}"#
        });
        check_json(&json!({"é": 1, "z": "\"\n", "": {}}), r#"{"":{},"z":"\"\n","é":1}"#);
        check_json(&json!([]), "[]");
        check_json(&json!(u64::MAX), "18446744073709551615");
    }

    #[test]
    fn fractions_are_found() {
        assert!(!holds_fraction(&json!({"a": [1, "1.5", {"b": -3}]})));
        assert!(holds_fraction(&json!({"a": [1, {"b": 0.5}]})));
        assert!(holds_fraction(&json!(1.0)));
    }

    #[test]
    fn every_part_of_a_leaf_counts() {
        let plain = commitment(Kind::Journal, 1, &[1; 16], &[2; 32]);
        assert_ne!(plain, commitment(Kind::Audit, 1, &[1; 16], &[2; 32]));
        assert_ne!(plain, commitment(Kind::Journal, 2, &[1; 16], &[2; 32]));
        assert_ne!(plain, commitment(Kind::Journal, 1, &[0; 16], &[2; 32]));
        assert_ne!(plain, commitment(Kind::Journal, 1, &[1; 16], &[3; 32]));
    }

    /// Sealed rows depend on these bytes: a change here breaks every log there is.
    #[test]
    fn the_form_is_fixed() {
        let audit = NewAudit {
            actor: "a".to_owned(),
            role: "r".to_owned(),
            zone: "z".to_owned(),
            purpose: "p".to_owned(),
            action: "x".to_owned(),
            subjects: vec!["1".to_owned(), "23".to_owned()],
            detail: json!({"b": 1, "a": "雲"}),
            request: String::new(),
        };
        let mut hand = b"\0\0\0\x0ekumoi audit v1\0\0\0\0\0\0\0\x07".to_vec();
        for text in ["a", "r", "z", "p", "x"] {
            hand.extend_from_slice(&[0, 0, 0, 1, text.as_bytes()[0]]);
        }
        hand.extend_from_slice(b"\0\0\0\x02\0\0\0\x011\0\0\0\x0223");
        hand.extend_from_slice("\0\0\0\x11{\"a\":\"雲\",\"b\":1}\0\0\0\0".as_bytes());
        let at = Timestamp::from_nanosecond(7_999).unwrap();
        assert_eq!(audit_digest(at, &audit), sha256(&[&hand]));
    }
}
