//! 改ざん検知: seals committed rows of the journal, the audit and the exchanges, in batches, into the
//! organisation's one tamper-evident log (C2SP tlog-tiles, RFC 6962), and proves or refutes that
//! nothing changed.
//!
//! A leaf is a salted commitment, so a tile given away tells nothing about a row. Nothing here runs
//! inside the transaction of a change, nothing is ever updated or deleted, and a log whose end does
//! not fit its checkpoint is not continued. Continuing a log after a restore (extending it to the
//! last checkpoint that others hold, and appending «restored to T») is not built: until then a
//! restored database is recognised by [`verify_against`] and [`archive`], which refuse it.

pub mod archive;
pub mod digest;
mod key;
mod marks;
pub mod offline;
pub mod proof;
mod read;
#[cfg(test)]
mod tests;
mod tree;
mod verify;

use aws_lc_rs::rand;
use tlog_tiles::record_hash;
use tokio_postgres::GenericClient;

use self::digest::{Salt, commitment};
use self::marks::{Marks, Taken};
use self::read::{Leaf, RowDigest, signed};
use self::tree::{Edge, Node};
use crate::{Database, StoreError};

pub use self::archive::archive;
pub use self::key::{SealKey, Verifier, origin_of};
pub use self::proof::{ConsistencyProof, InclusionProof, consistency_proof, inclusion_proof};
pub use self::verify::{Finding, VerifyReport, verify, verify_against};
pub use tlog_tiles::{Checkpoint, Hash};

/// Rows of one batch that keep a transaction short.
pub const BATCH: usize = 10_000;
/// The advisory lock that lets one sealer work at a time («kumoilog» in ASCII).
const LOCK: i64 = 0x6b75_6d6f_696c_6f67;

/// Which table a leaf stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// 異動.
    Journal,
    /// 監査.
    Audit,
    /// 情報連携.
    Exchange,
}

impl Kind {
    /// All, in the order in which a batch takes them.
    pub const ALL: [Kind; 3] = [Kind::Journal, Kind::Audit, Kind::Exchange];

    /// The identifier in leaves and proofs.
    pub fn id(self) -> &'static str {
        match self {
            Kind::Journal => "journal",
            Kind::Audit => "audit",
            Kind::Exchange => "exchange",
        }
    }

    /// The kind with this identifier.
    pub fn parse(id: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.id() == id)
    }

    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Journal => "異動",
            Kind::Audit => "監査記録",
            Kind::Exchange => "情報連携の記録",
        }
    }

    fn place(self) -> usize {
        match self {
            Kind::Journal => 0,
            Kind::Audit => 1,
            Kind::Exchange => 2,
        }
    }

    fn table(self) -> &'static str {
        match self {
            Kind::Journal => "core.journal",
            Kind::Audit => "core.audit",
            Kind::Exchange => "core.exchange",
        }
    }

    fn id_column(self) -> &'static str {
        match self {
            Kind::Journal => "event_id",
            Kind::Audit | Kind::Exchange => "id",
        }
    }
}

/// What a batch did.
#[derive(Clone, Debug, PartialEq)]
pub struct SealReport {
    /// Rows sealed.
    pub sealed: usize,
    /// Leaves of the log now.
    pub size: u64,
    /// The signed checkpoint in force; `None` while the log is empty.
    pub note: Option<String>,
    /// The batch was full: more rows may wait.
    pub more: bool,
}

/// Seals up to `limit` rows (at least 4) that are committed and not sealed, in one transaction;
/// two sealers take turns. A row that is committed late is taken by a later batch.
///
/// # Errors
/// [`StoreError::Refused`] when the key is another organisation's or the log's end is damaged;
/// else [`StoreError::Database`] or [`StoreError::Pool`].
pub async fn seal_batch(
    database: &Database,
    key: &SealKey,
    limit: usize,
) -> Result<SealReport, StoreError> {
    let mut client = database.client().await?;
    let transaction = client.transaction().await?;
    let within: &tokio_postgres::Transaction<'_> = &transaction;
    // Each statement must see what committed before it, also while waiting for the turn.
    within.batch_execute("set transaction isolation level read committed").await?;
    within.execute("select pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    check_origin(within, key.origin()).await?;
    let last = read::checkpoint_last(within).await?;
    let mut edge = read::edge_of(within, last.as_ref()).await?;
    let marks = read::marks(within).await?;
    let search = search(within, &marks, limit.max(4)).await?;
    let sealed = search.rows.len();
    let more = search.taken.iter().any(|taken| taken.full);
    let next = marks.advance(&search.before, search.after, search.taken);
    if sealed > 0 || !next.bound_alike(&marks) {
        write_marks(within, &next).await?;
    }
    let note = if sealed > 0 {
        append(within, &mut edge, &search.rows).await?;
        Some(write_checkpoint(within, &edge, key).await?)
    } else {
        last.map(|last| last.note)
    };
    transaction.commit().await?;
    Ok(SealReport { sealed, size: edge.size(), note, more })
}

/// Seals batch after batch until no row waits; rows sealed are counted.
///
/// # Errors
/// As [`seal_batch`].
pub async fn seal_all(database: &Database, key: &SealKey) -> Result<u64, StoreError> {
    let mut sealed = 0;
    loop {
        let report = seal_batch(database, key, BATCH).await?;
        sealed += report.sealed as u64;
        if !report.more {
            return Ok(sealed);
        }
    }
}

/// How far the log reaches.
#[derive(Clone, Copy, Debug)]
pub struct SealStanding {
    /// Rows sealed.
    pub size: i64,
    /// Rows of the journal, the audit and the exchanges that wait for the next batch.
    pub waiting: i64,
    /// When the last checkpoint was written; `None` before the first.
    pub at: Option<jiff::Timestamp>,
}

/// How far the log reaches and what waits, without verifying anything.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn seal_standing(client: &impl GenericClient) -> Result<SealStanding, StoreError> {
    let row = client
        .query_one(
            "with mark as (select coalesce(max(journal_floor), 0) journal,
                             coalesce(max(audit_floor), 0) audit,
                             coalesce(max(exchange_floor), 0) exchange from core.log_mark),
               last as (select size, sealed_at from core.log_checkpoint order by size desc limit 1)
             select coalesce((select size from last), 0), (select sealed_at from last),
               (select count(*) from core.journal, mark where event_id > mark.journal)
               + (select count(*) from core.audit, mark where id > mark.audit)
               + (select count(*) from core.exchange, mark where id > mark.exchange)
               - (select count(*) from core.log_leaf, mark
                  where entry_id > case kind when 'journal' then mark.journal
                    when 'audit' then mark.audit else mark.exchange end)",
            &[],
        )
        .await?;
    Ok(SealStanding { size: row.try_get(0)?, at: row.try_get(1)?, waiting: row.try_get(2)? })
}

async fn check_origin(client: &impl GenericClient, origin: &str) -> Result<(), StoreError> {
    let own = origin_of(&read::organisation(client).await?);
    if own == origin {
        return Ok(());
    }
    Err(StoreError::Refused(format!("鍵は「{origin}」のものですが、記録は「{own}」のものです")))
}

/// What a search found, and who held numbers before and after it.
struct Search {
    rows: Vec<(Kind, RowDigest)>,
    taken: [Taken; 3],
    before: Vec<String>,
    after: Vec<String>,
}

async fn search(
    client: &impl GenericClient,
    marks: &Marks,
    limit: usize,
) -> Result<Search, StoreError> {
    let before = read::holders(client).await?;
    let (mut rows, mut taken) = (Vec::new(), [Taken::default(); 3]);
    for kind in Kind::ALL {
        // The journal takes at most half, the audit half of the rest: none of the tables starves.
        let left = limit - rows.len();
        let share = if kind == Kind::Exchange { left } else { left.div_ceil(2) };
        let found = read::unsealed(client, kind, marks.floor_of(kind), share).await?;
        let highest = found.last().map(|row| row.entry_id);
        let top = read::top(client, kind).await?.max(highest.unwrap_or(0));
        taken[kind.place()] = Taken { highest, full: found.len() == share, top };
        rows.extend(found.into_iter().map(|row| (kind, row)));
    }
    let after = read::holders(client).await?;
    Ok(Search { rows, taken, before, after })
}

async fn append(
    client: &impl GenericClient,
    edge: &mut Edge,
    rows: &[(Kind, RowDigest)],
) -> Result<(), StoreError> {
    let mut salts = vec![0_u8; rows.len() * size_of::<Salt>()];
    rand::fill(&mut salts).map_err(|_| StoreError::Vault("乱数"))?;
    let (salts, _) = salts.as_chunks::<{ size_of::<Salt>() }>();
    let (mut leaves, mut nodes) = (Vec::with_capacity(rows.len()), Vec::new());
    for ((kind, row), salt) in rows.iter().zip(salts) {
        let commitment = commitment(*kind, row.entry_id, salt, &row.digest);
        let (index, entry_id) = (edge.size(), row.entry_id);
        leaves.push(Leaf { index, kind: *kind, entry_id, salt: *salt, commitment });
        edge.push(record_hash(&commitment), &mut nodes);
    }
    write_leaves(client, &leaves).await?;
    write_nodes(client, &nodes).await
}

async fn write_leaves(client: &impl GenericClient, leaves: &[Leaf]) -> Result<(), StoreError> {
    let indexes = leaves.iter().map(|leaf| signed(leaf.index)).collect::<Result<Vec<_>, _>>()?;
    let kinds: Vec<&str> = leaves.iter().map(|leaf| leaf.kind.id()).collect();
    let ids: Vec<i64> = leaves.iter().map(|leaf| leaf.entry_id).collect();
    let salts: Vec<&[u8]> = leaves.iter().map(|leaf| leaf.salt.as_slice()).collect();
    let commitments: Vec<&[u8]> = leaves.iter().map(|leaf| leaf.commitment.as_slice()).collect();
    let sql = "insert into core.log_leaf (leaf_index, kind, entry_id, salt, commitment)
         select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::bytea[], $5::bytea[])";
    client.execute(sql, &[&indexes, &kinds, &ids, &salts, &commitments]).await?;
    Ok(())
}

async fn write_nodes(client: &impl GenericClient, nodes: &[Node]) -> Result<(), StoreError> {
    let levels: Vec<i16> = nodes.iter().map(|node| i16::from(node.tile_level)).collect();
    let numbers = nodes.iter().map(|node| signed(node.n)).collect::<Result<Vec<_>, _>>()?;
    let hashes: Vec<&[u8]> = nodes.iter().map(|node| node.hash.0.as_slice()).collect();
    let sql = "insert into core.log_node (tile_level, n, hash)
         select * from unnest($1::smallint[], $2::bigint[], $3::bytea[])";
    client.execute(sql, &[&levels, &numbers, &hashes]).await?;
    Ok(())
}

/// Signs and writes the checkpoint of the tree; the note is returned.
async fn write_checkpoint(
    client: &impl GenericClient,
    edge: &Edge,
    key: &SealKey,
) -> Result<String, StoreError> {
    let root = edge.root().map_err(|error| StoreError::Refused(format!("記録（{error}）")))?;
    let note = key.sign(edge.size(), root)?;
    let sql = "insert into core.log_checkpoint (size, root, note) values ($1, $2, $3)";
    client.execute(sql, &[&signed(edge.size())?, &root.0.as_slice(), &note]).await?;
    Ok(note)
}

async fn write_marks(client: &impl GenericClient, marks: &Marks) -> Result<(), StoreError> {
    let sql = "insert into core.log_mark (journal_floor, audit_floor, exchange_floor,
           journal_seen, audit_seen, exchange_seen, holders) values ($1, $2, $3, $4, $5, $6, $7)";
    let ([one, two, three], [four, five, six]) = (&marks.floor, &marks.seen);
    client.execute(sql, &[one, two, three, four, five, six, &marks.holders]).await?;
    Ok(())
}
