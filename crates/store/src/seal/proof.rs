//! Proofs that others can check without the database: that a row is in the log (C2SP tlog-proof),
//! and that a later log continues an earlier one (RFC 6962 section 2.1.2).

use base::said;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tlog_tiles::{
    Checkpoint, Hash, check_record, check_tree, prove_record, prove_tree, record_hash,
};

use super::digest::{Digest, Salt, commitment};
use super::{Kind, Verifier, read};
use crate::{Database, StoreError};

/// The first line of a proof as text.
const FORMAT: &str = "c2sp.org/tlog-proof@v1";
/// A proof has at most one hash a level of the tree.
const MOST_HASHES: usize = 64;

/// A proof that a row is in the log. It gives away the salt of this row only.
#[derive(Clone, Debug, PartialEq)]
pub struct InclusionProof {
    /// The table of the row.
    pub kind: Kind,
    /// The number of the row.
    pub entry_id: i64,
    /// The salt of its leaf.
    pub salt: Salt,
    /// The leaf's place.
    pub index: u64,
    /// The path to the root, from the leaf up.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint.
    pub note: String,
}

/// A proof that the log of the newer checkpoint begins with that of the older.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsistencyProof {
    /// The older signed checkpoint.
    pub old: String,
    /// The newer signed checkpoint.
    pub new: String,
    /// The hashes of RFC 6962 section 2.1.2.
    pub hashes: Vec<Hash>,
}

fn refused(what: &str) -> StoreError {
    StoreError::Refused(format!("証明が成り立ちません（{what}）"))
}

/// Proves that a row is in the log, against the latest checkpoint.
///
/// # Errors
/// [`StoreError::NotFound`] when the row is not sealed, [`StoreError::Refused`] when the log is
/// damaged.
pub async fn inclusion_proof(
    database: &Database,
    kind: Kind,
    entry_id: i64,
) -> Result<InclusionProof, StoreError> {
    let client = database.client().await?;
    let client: &tokio_postgres::Client = &client;
    let leaf = read::leaf_of(client, kind, entry_id).await?;
    let last = read::checkpoint_last(client).await?;
    let last =
        last.ok_or_else(|| StoreError::NotFound(said!("チェックポイント", "The checkpoint")))?;
    let hashes =
        read::computed(client, |hashes| prove_record(last.size, leaf.index, hashes)).await?;
    let (salt, index) = (leaf.salt, leaf.index);
    Ok(InclusionProof { kind, entry_id, salt, index, hashes, note: last.note })
}

/// Proves that the checkpoint of size `new` continues that of size `old`.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no checkpoint of one of the sizes,
/// [`StoreError::Refused`] when `old` is the larger or the log is damaged.
pub async fn consistency_proof(
    database: &Database,
    old: u64,
    new: u64,
) -> Result<ConsistencyProof, StoreError> {
    let client = database.client().await?;
    let client: &tokio_postgres::Client = &client;
    let before = read::checkpoint_at(client, old).await?;
    let after = read::checkpoint_at(client, new).await?;
    let hashes = read::computed(client, |hashes| prove_tree(new, old, hashes)).await?;
    Ok(ConsistencyProof { old: before.note, new: after.note, hashes })
}

impl InclusionProof {
    /// Checks the proof for a row with this digest ([`super::digest`]); the checkpoint is returned.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the signature, the path or the row does not fit.
    pub fn check(&self, verifier: &Verifier, digest: &Digest) -> Result<Checkpoint, StoreError> {
        let checkpoint = verifier.open(&self.note)?;
        let leaf = record_hash(&commitment(self.kind, self.entry_id, &self.salt, digest));
        check_record(&self.hashes, checkpoint.size(), *checkpoint.hash(), self.index, leaf)
            .map_err(|_| refused("行または経路"))?;
        Ok(checkpoint)
    }

    /// The proof as a text file (C2SP tlog-proof); the extra data is `kind id salt`.
    pub fn to_text(&self) -> String {
        let salt = STANDARD.encode(self.salt);
        let extra = format!("{} {} {salt}", self.kind.id(), self.entry_id);
        let mut out = format!("{FORMAT}\nextra {}\nindex {}\n", STANDARD.encode(extra), self.index);
        for hash in &self.hashes {
            out.push_str(&format!("{hash}\n"));
        }
        out + "\n" + &self.note
    }

    /// Reads a proof from its text.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it is not such a text.
    pub fn parse(text: &str) -> Result<InclusionProof, StoreError> {
        let wrong = || refused("証明の形");
        let (head, note) = text.split_once("\n\n").ok_or_else(wrong)?;
        let mut lines = head.lines();
        let mut line = |start: &str| lines.next().and_then(|line| line.strip_prefix(start));
        line(FORMAT).filter(|rest| rest.is_empty()).ok_or_else(wrong)?;
        let extra = line("extra ").and_then(|extra| STANDARD.decode(extra).ok());
        let extra = String::from_utf8(extra.ok_or_else(wrong)?).map_err(|_| wrong())?;
        let index = line("index ").and_then(|index| index.parse().ok()).ok_or_else(wrong)?;
        let hashes: Vec<Hash> =
            lines.map(Hash::parse_hash).collect::<Result<_, _>>().map_err(|_| wrong())?;
        let mut fields = extra.split(' ');
        let mut field = || fields.next().ok_or_else(wrong);
        let kind = Kind::parse(field()?).ok_or_else(wrong)?;
        let entry_id = field()?.parse().map_err(|_| wrong())?;
        let salt = STANDARD.decode(field()?).ok().and_then(|salt| salt.try_into().ok());
        let salt = salt.ok_or_else(wrong)?;
        if hashes.len() > MOST_HASHES {
            return Err(wrong());
        }
        Ok(InclusionProof { kind, entry_id, salt, index, hashes, note: note.to_owned() })
    }
}

impl ConsistencyProof {
    /// Checks the proof; the older and the newer checkpoint are returned.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when a signature or the proof does not fit.
    pub fn check(&self, verifier: &Verifier) -> Result<(Checkpoint, Checkpoint), StoreError> {
        let (old, new) = (verifier.open(&self.old)?, verifier.open(&self.new)?);
        check_tree(&self.hashes, new.size(), *new.hash(), old.size(), *old.hash())
            .map_err(|_| refused("続きではありません"))?;
        Ok((old, new))
    }
}
