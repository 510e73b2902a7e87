//! Verifies the whole log against the rows it seals: every row, every hash, every checkpoint.
//!
//! Reads page by page in one read-only snapshot; holds one page and the tree's edge in memory.
//! Never repairs anything.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::pin::pin;

use futures_util::TryStreamExt;
use tlog_tiles::{Checkpoint, Hash, record_hash};
use tokio_postgres::{GenericClient, IsolationLevel};

use super::digest::commitment;
use super::read::{self, Leaf, RowDigest, Stored, signed};
use super::tree::{Edge, Node};
use super::{Kind, Verifier};
use crate::{Database, StoreError};

/// Leaves of one page.
const PAGE: u64 = 4096;
/// Findings that are named; the rest are counted.
const NAMED: usize = 1000;

/// Something that is not as it was sealed. Its text is Japanese, for the person who must act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A row differs from what was sealed.
    Changed(Kind, i64),
    /// A sealed row is gone.
    Removed(Kind, i64),
    /// A row that was never sealed stands among rows that all were.
    Inserted(Kind, i64),
    /// A leaf of the log is gone; the number is its place.
    LeafMissing(u64),
    /// A leaf stands behind the last checkpoint.
    LeafBeyond(u64),
    /// A stored hash is not what the leaves give.
    Node {
        /// Tile level.
        tile_level: u8,
        /// Number within the level.
        n: u64,
    },
    /// The leaves do not give the root of the checkpoint of this size.
    Root(u64),
    /// The checkpoint of this size is not signed by the organisation.
    Signature(u64),
    /// A checkpoint held elsewhere is not in this log: the database was reset or replaced.
    Foreign(u64),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Changed(kind, id) => {
                write!(f, "{} {id}番の内容が、封印した内容と違います（改変）", kind.name())
            }
            Finding::Removed(kind, id) => {
                write!(f, "封印した{} {id}番がありません（削除）", kind.name())
            }
            Finding::Inserted(kind, id) => {
                write!(f, "{} {id}番が、封印の済んだ範囲に後から入れられています", kind.name())
            }
            Finding::LeafMissing(index) => write!(f, "封印の{index}番の葉がありません"),
            Finding::LeafBeyond(index) => {
                write!(f, "最後のチェックポイントより後に封印の{index}番の葉があります")
            }
            Finding::Node { tile_level, n } => {
                let first = n << (8 * tile_level);
                let last = ((n + 1) << (8 * tile_level)) - 1;
                write!(f, "封印の{first}番から{last}番までをまとめた値が葉と合いません")
            }
            Finding::Root(size) => {
                write!(f, "大きさ{size}のチェックポイントが、そこまでの葉と合いません")
            }
            Finding::Signature(size) => {
                write!(f, "大きさ{size}のチェックポイントの署名または内容が正しくありません")
            }
            Finding::Foreign(size) => write!(
                f,
                "外部で保管している大きさ{size}のチェックポイントが、この記録の続きではありません\
                 （巻き戻しまたは差し替え）"
            ),
        }
    }
}

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VerifyReport {
    /// Leaves of the log.
    pub size: u64,
    /// Rows compared with their leaves.
    pub rows: u64,
    /// Checkpoints compared with the leaves.
    pub checkpoints: u64,
    /// Rows that wait for the next batch.
    pub pending: u64,
    /// What is wrong, the first thousand.
    pub findings: Vec<Finding>,
    /// What is wrong beyond those.
    pub more: u64,
}

impl VerifyReport {
    /// Nothing was changed, removed or inserted.
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, finding: Finding) {
        if self.findings.len() < NAMED {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "封印 {}件、照合した行 {}件、チェックポイント {}件、封印待ち {}件",
            self.size, self.rows, self.checkpoints, self.pending
        )?;
        if self.is_intact() {
            return writeln!(f, "改変・削除・差し込みは見つかりませんでした");
        }
        self.findings.iter().try_for_each(|finding| writeln!(f, "- {finding}"))?;
        if self.more > 0 {
            writeln!(f, "- ほか {}件", self.more)?;
        }
        writeln!(f, "データベースを止めずに複製を保全し、控えと見比べてください")
    }
}

/// Verifies the log of a database.
///
/// # Errors
/// [`StoreError::Database`] or [`StoreError::Pool`]; what is wrong with the log is no error but
/// stands in the report.
pub async fn verify(database: &Database, verifier: &Verifier) -> Result<VerifyReport, StoreError> {
    verify_against(database, verifier, &[]).await
}

/// Verifies the log of a database, also against checkpoints held elsewhere (in the archive, by a
/// witness): only they show that a log was reset as a whole.
///
/// # Errors
/// As [`verify`]; [`StoreError::Refused`] when one of the notes is not signed.
pub async fn verify_against(
    database: &Database,
    verifier: &Verifier,
    notes: &[String],
) -> Result<VerifyReport, StoreError> {
    let known: Vec<Checkpoint> =
        notes.iter().map(|note| verifier.open(note)).collect::<Result<_, _>>()?;
    let mut client = database.client().await?;
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let within: &tokio_postgres::Transaction<'_> = &transaction;
    let last = read::checkpoint_last(within).await?;
    let size = last.as_ref().map_or(0, |last| last.size);
    let mut walk = Walk {
        report: VerifyReport { size, ..VerifyReport::default() },
        edge: Edge::default(),
        broken: false,
        known: known.iter().map(|it| (it.size(), *it.hash())).collect(),
        verifier,
    };
    for start in (0..size).step_by(PAGE as usize) {
        walk.page(within, start, size.min(start + PAGE)).await?;
    }
    let mut report = walk.report;
    for checkpoint in known.iter().filter(|it| it.size() > size) {
        report.add(Finding::Foreign(checkpoint.size()));
    }
    beyond(within, size, &mut report).await?;
    let marks = read::marks(within).await?;
    for kind in Kind::ALL {
        unsealed(within, kind, marks.floor_of(kind), &mut report).await?;
    }
    Ok(report)
}

struct Walk<'v> {
    report: VerifyReport,
    edge: Edge,
    /// A root differed: all later ones must, and say nothing new.
    broken: bool,
    known: BTreeMap<u64, Hash>,
    verifier: &'v Verifier,
}

impl Walk<'_> {
    async fn page(
        &mut self,
        client: &impl GenericClient,
        start: u64,
        end: u64,
    ) -> Result<(), StoreError> {
        let leaves = read::leaves(client, start, end).await?;
        let checkpoints = read::checkpoints(client, start, end).await?;
        self.rows(client, &leaves).await?;
        let (mut nodes, mut next) = (Vec::new(), leaves.iter().peekable());
        for index in start..end {
            let found = next.next_if(|leaf| leaf.index == index);
            if found.is_none() {
                self.report.add(Finding::LeafMissing(index));
            }
            let hash = found.map_or_else(Hash::default, |leaf| record_hash(&leaf.commitment));
            self.edge.push(hash, &mut nodes);
            self.check_size(index + 1, checkpoints.get(&(index + 1)));
        }
        self.nodes(client, &nodes).await
    }

    /// Compares rows with their leaves.
    async fn rows(
        &mut self,
        client: &impl GenericClient,
        leaves: &[Leaf],
    ) -> Result<(), StoreError> {
        let mut found: HashMap<Kind, HashMap<i64, RowDigest>> = HashMap::new();
        for kind in Kind::ALL {
            let of_kind = leaves.iter().filter(|leaf| leaf.kind == kind);
            let ids: Vec<i64> = of_kind.map(|leaf| leaf.entry_id).collect();
            found.insert(kind, read::rows(client, kind, &ids).await?);
        }
        for leaf in leaves {
            let row = found.get(&leaf.kind).and_then(|rows| rows.get(&leaf.entry_id));
            let Some(row) = row else {
                self.report.add(Finding::Removed(leaf.kind, leaf.entry_id));
                continue;
            };
            self.report.rows += 1;
            let now = commitment(leaf.kind, leaf.entry_id, &leaf.salt, &row.digest);
            if now != leaf.commitment || !row.agrees {
                self.report.add(Finding::Changed(leaf.kind, leaf.entry_id));
            }
        }
        Ok(())
    }

    /// Compares the tree at this size with the checkpoints there, ours and those held elsewhere.
    fn check_size(&mut self, size: u64, stored: Option<&Stored>) {
        let held = self.known.get(&size).copied();
        if stored.is_none() && held.is_none() {
            return;
        }
        let root = self.edge.root().ok();
        if held.is_some() && held != root {
            self.report.add(Finding::Foreign(size));
        }
        let Some(stored) = stored else { return };
        self.report.checkpoints += 1;
        let signed = self.verifier.open(&stored.note);
        if !signed.is_ok_and(|it| it.size() == stored.size && *it.hash() == stored.root) {
            self.report.add(Finding::Signature(size));
        }
        if root != Some(stored.root) && !self.broken {
            self.broken = true;
            self.report.add(Finding::Root(size));
        }
    }

    /// Compares the hashes of full tiles with what is stored.
    async fn nodes(
        &mut self,
        client: &impl GenericClient,
        nodes: &[Node],
    ) -> Result<(), StoreError> {
        for node in nodes {
            let sql = "select hash from core.log_node where tile_level = $1 and n = $2";
            let key = (i16::from(node.tile_level), signed(node.n)?);
            let row = client.query_opt(sql, &[&key.0, &key.1]).await?;
            let kept: Option<Vec<u8>> = row.map(|row| row.try_get(0)).transpose()?;
            if kept.as_deref() != Some(&node.hash.0[..]) {
                self.report.add(Finding::Node { tile_level: node.tile_level, n: node.n });
            }
        }
        Ok(())
    }
}

async fn beyond(
    client: &impl GenericClient,
    size: u64,
    report: &mut VerifyReport,
) -> Result<(), StoreError> {
    let sql = "select min(leaf_index) from core.log_leaf where leaf_index >= $1";
    let row = client.query_one(sql, &[&signed(size)?]).await?;
    if let Some(index) = row.try_get::<_, Option<i64>>(0)? {
        report.add(Finding::LeafBeyond(u64::try_from(index).unwrap_or(size)));
    }
    Ok(())
}

/// Rows without a leaf: above the floor they wait, below it they were put in.
async fn unsealed(
    client: &impl GenericClient,
    kind: Kind,
    floor: i64,
    report: &mut VerifyReport,
) -> Result<(), StoreError> {
    let (id, table, name) = (kind.id_column(), kind.table(), kind.id());
    let sql = format!(
        "select t.{id} from {table} t where not exists
           (select from core.log_leaf l where l.kind = '{name}' and l.entry_id = t.{id})"
    );
    let none: [&(dyn tokio_postgres::types::ToSql + Sync); 0] = [];
    let mut rows = pin!(client.query_raw(&sql, none).await?);
    while let Some(row) = rows.try_next().await? {
        let id: i64 = row.try_get(0)?;
        if id <= floor {
            report.add(Finding::Inserted(kind, id));
        } else {
            report.pending += 1;
        }
    }
    Ok(())
}
