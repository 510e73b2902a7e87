//! Verifying a log from what was written out of it: the rows with their leaves, the signed
//! checkpoint and the public key. Needs no database and no key of the house.

use jiff::Timestamp;
use serde_json::Value;
use signed_note::Note;
use tlog_tiles::{Checkpoint, record_hash};

use super::digest::{Digest, audit_digest, commitment, exchange_digest, journal_digest};
use super::tree::Edge;
use super::{Kind, Verifier};
use crate::audit::NewAudit;
use crate::exchange::{Exchange, Outcome, Side};
use crate::journal::NewEntry;

/// A log that is put together again, row by row.
#[derive(Debug, Default)]
pub struct OfflineLog {
    leaves: Vec<Option<Digest>>,
    /// Rows that are not what was sealed.
    pub altered: u64,
    /// Rows that were never sealed.
    pub unsealed: u64,
}

impl OfflineLog {
    /// Takes a row as it was written out, of the journal or the audit.
    pub fn row(&mut self, kind: Kind, line: &Value) {
        let Some(leaf) = line["leaf"].as_u64().and_then(|leaf| usize::try_from(leaf).ok()) else {
            self.unsealed += 1;
            return;
        };
        let sealed = bytes::<32>(&line["commitment"]);
        let Some(sealed) = sealed.filter(|sealed| made(kind, line).as_ref() == Some(sealed)) else {
            self.altered += 1;
            return;
        };
        if self.leaves.len() <= leaf {
            self.leaves.resize(leaf + 1, None);
        }
        self.leaves[leaf] = Some(sealed);
    }

    /// Whether the rows are exactly those that a signed checkpoint covers, none more, none less,
    /// none twice; the size it covers.
    pub fn check(&self, verifier: &Verifier, note: &str) -> Result<u64, String> {
        let checkpoint = verifier.open(note).map_err(|error| error.to_string())?;
        let size = usize::try_from(checkpoint.size()).unwrap_or(usize::MAX);
        let mut edge = Edge::default();
        for at in 0..size {
            let Some(Some(leaf)) = self.leaves.get(at) else {
                return Err(format!("記録の葉 {at} の行がないか、書き換えられています"));
            };
            edge.push(record_hash(leaf), &mut Vec::new());
        }
        match edge.root() {
            Ok(root) if root == *checkpoint.hash() => Ok(checkpoint.size()),
            _ => Err("記録の根が、署名されたチェックポイントと違います".to_owned()),
        }
    }
}

/// The size of a signed checkpoint; its signature is not checked.
pub fn size_of(note: &str) -> Option<u64> {
    let note = Note::from_bytes(note.as_bytes()).ok()?;
    Some(Checkpoint::from_bytes(note.text()).ok()?.size())
}

/// The commitment that the row itself makes.
fn made(kind: Kind, line: &Value) -> Option<Digest> {
    let salt = bytes::<16>(&line["salt"])?;
    let (id, digest) = match kind {
        Kind::Journal => (line["event_id"].as_i64()?, journal_digest(&entry(line)?)),
        Kind::Audit => {
            let at: Timestamp = line["at"].as_str()?.parse().ok()?;
            (line["id"].as_i64()?, audit_digest(at, &audit(line)?))
        }
        Kind::Exchange => (line["id"].as_i64()?, exchange_digest(&exchange(line)?)),
    };
    Some(commitment(kind, id, &salt, &digest))
}

fn entry(line: &Value) -> Option<NewEntry> {
    Some(NewEntry {
        recorded_at: line["recorded_at"].as_str()?.parse().ok()?,
        system: text(line, "system")?,
        procedure: text(line, "procedure")?,
        event: text(line, "event"),
        reason: text(line, "reason")?,
        case_id: line["case_id"].as_i64(),
        subjects: texts(line)?,
        effective_on: line["effective_on"].as_str()?.parse().ok()?,
        filed_on: line["filed_on"].as_str().map(str::parse).transpose().ok()?,
        actor: text(line, "actor")?,
        approver: text(line, "approver"),
        run_id: line["run_id"].as_i64(),
        content: line["content"].clone(),
    })
}

fn audit(line: &Value) -> Option<NewAudit> {
    Some(NewAudit {
        actor: text(line, "actor")?,
        role: text(line, "role")?,
        zone: text(line, "zone")?,
        purpose: text(line, "purpose")?,
        action: text(line, "action")?,
        subjects: texts(line)?,
        detail: line["detail"].clone(),
        request: text(line, "request")?,
    })
}

fn exchange(line: &Value) -> Option<Exchange> {
    Some(Exchange {
        at: line["at"].as_str()?.parse().ok()?,
        side: Side::parse(line["side"].as_str()?)?,
        request: text(line, "request")?,
        counterpart: text(line, "counterpart")?,
        service: text(line, "service")?,
        affair: text(line, "affair"),
        item_set: text(line, "item_set"),
        basis: text(line, "basis"),
        subject: text(line, "subject"),
        case_reference: text(line, "case_reference"),
        officer: text(line, "officer"),
        outcome: Outcome::parse(line["outcome"].as_str()?)?,
        reason: text(line, "reason"),
        request_base: text(line, "request_base")?,
        request_signature: escaped(&line["request_signature"])?,
        answer_base: text(line, "answer_base"),
        answer_signature: escaped(&line["answer_signature"]),
    })
}

/// Bytes as PostgreSQL writes them into JSON: a backslash, an x, two hexadecimal digits a byte.
fn escaped(value: &Value) -> Option<Vec<u8>> {
    let digits = value.as_str()?.strip_prefix("\\x").filter(|digits| digits.is_ascii())?;
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn text(line: &Value, name: &str) -> Option<String> {
    line[name].as_str().map(str::to_owned)
}

fn texts(line: &Value) -> Option<Vec<String>> {
    let all = line["subjects"].as_array()?;
    all.iter().map(|one| one.as_str().map(str::to_owned)).collect()
}

/// Two hexadecimal digits a byte.
fn bytes<const N: usize>(value: &Value) -> Option<[u8; N]> {
    let text = value.as_str().filter(|text| text.len() == 2 * N && text.is_ascii())?;
    let mut out = [0; N];
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(out)
}
