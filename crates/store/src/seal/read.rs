//! What the log's tables hold: rows' digests, leaves, hashes, checkpoints. Reads only.

use base::said;
use std::collections::{BTreeMap, HashMap};
use std::pin::pin;

use futures_util::TryStreamExt;
use tlog_tiles::{Hash, record_hash};
use tokio_postgres::types::ToSql;
use tokio_postgres::{GenericClient, Row};

use super::Kind;
use super::digest::{Digest, Salt, audit_digest, exchange_digest, journal_digest};
use super::marks::Marks;
use super::tree::{Edge, Gathered, Place, TILE_HEIGHT, TILE_WIDTH, subtree};
use crate::{StoreError, audit, exchange, journal};

/// A row as it stands now.
#[derive(Clone, Copy, Debug)]
pub struct RowDigest {
    /// Its number.
    pub entry_id: i64,
    /// The digest of what it holds.
    pub digest: Digest,
    /// Its own column holds the same digest (always true for those without one).
    pub agrees: bool,
}

/// A leaf as it was sealed.
#[derive(Clone, Copy, Debug)]
pub struct Leaf {
    /// Its place in the log.
    pub index: u64,
    /// The table of its row.
    pub kind: Kind,
    /// The number of its row.
    pub entry_id: i64,
    /// Its salt.
    pub salt: Salt,
    /// What the log holds.
    pub commitment: Digest,
}

/// A checkpoint as it was written.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Leaves.
    pub size: u64,
    /// Root.
    pub root: Hash,
    /// Signed note.
    pub note: String,
}

type Parameters<'p> = &'p [&'p (dyn ToSql + Sync)];

fn damaged(what: &str) -> StoreError {
    StoreError::Refused(format!(
        "改ざん検知用の記録が壊れています（{what}）。封印を止め、記録の検証を行ってください"
    ))
}

fn bytes<const N: usize>(bytes: &[u8]) -> Result<[u8; N], StoreError> {
    bytes.try_into().map_err(|_| damaged("長さ"))
}

/// A number of the log as PostgreSQL holds it.
pub fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| damaged("番号"))
}

fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| damaged("番号"))
}

/// The organisation whose database this is.
pub async fn organisation(client: &impl GenericClient) -> Result<String, StoreError> {
    let row = client.query_opt("select id from core.organisation", &[]).await?;
    let row = row.ok_or_else(|| StoreError::NotFound(said!("団体", "The organisation")))?;
    Ok(row.try_get(0)?)
}

/// Transactions that may hold a number of a row that is not committed.
pub async fn holders(client: &impl GenericClient) -> Result<Vec<String>, StoreError> {
    let sql = "select distinct virtualtransaction from pg_locks
         where locktype = 'relation' and mode = 'RowExclusiveLock' and granted
           and database = (select oid from pg_database where datname = current_database())
           and relation in
             ('core.journal'::regclass, 'core.audit'::regclass, 'core.exchange'::regclass)";
    client.query(sql, &[]).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The marks of the last search.
pub async fn marks(client: &impl GenericClient) -> Result<Marks, StoreError> {
    let sql = "select journal_floor, audit_floor, exchange_floor, journal_seen, audit_seen,
           exchange_seen, holders from core.log_mark order by id desc limit 1";
    let Some(row) = client.query_opt(sql, &[]).await? else { return Ok(Marks::default()) };
    Ok(Marks {
        floor: [row.try_get(0)?, row.try_get(1)?, row.try_get(2)?],
        seen: [row.try_get(3)?, row.try_get(4)?, row.try_get(5)?],
        holders: row.try_get(6)?,
    })
}

/// The highest number that is sealed; 0 if none.
pub async fn top(client: &impl GenericClient, kind: Kind) -> Result<i64, StoreError> {
    let sql = "select coalesce(max(entry_id), 0) from core.log_leaf where kind = $1";
    Ok(client.query_one(sql, &[&kind.id()]).await?.try_get(0)?)
}

/// Digests of rows that are not sealed, above the floor, in the order of their numbers.
pub async fn unsealed(
    client: &impl GenericClient,
    kind: Kind,
    floor: i64,
    limit: usize,
) -> Result<Vec<RowDigest>, StoreError> {
    let (id, table) = (kind.id_column(), kind.table());
    let condition = format!(
        "{id} > $1 and not exists (select from core.log_leaf l where l.kind = '{}'
           and l.entry_id > $1 and l.entry_id = {table}.{id}) order by {id} limit $2",
        kind.id()
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    digests(client, kind, &condition, &[&floor, &limit]).await
}

/// Digests of the rows with these numbers.
pub async fn rows(
    client: &impl GenericClient,
    kind: Kind,
    ids: &[i64],
) -> Result<HashMap<i64, RowDigest>, StoreError> {
    let condition = format!("{} = any($1)", kind.id_column());
    let found = digests(client, kind, &condition, &[&ids]).await?;
    Ok(found.into_iter().map(|row| (row.entry_id, row)).collect())
}

async fn digests(
    client: &impl GenericClient,
    kind: Kind,
    condition: &str,
    parameters: Parameters<'_>,
) -> Result<Vec<RowDigest>, StoreError> {
    let columns = match kind {
        Kind::Journal => format!("{}, digest", journal::COLUMNS),
        Kind::Audit => {
            "id, at, actor, role, zone, purpose, action, subjects, detail, request".to_owned()
        }
        Kind::Exchange => exchange::COLUMNS.to_owned(),
    };
    let sql = format!("select {columns} from {} where {condition}", kind.table());
    let mut stream = pin!(client.query_raw(&sql, parameters.iter().copied()).await?);
    let mut out = Vec::new();
    while let Some(row) = stream.try_next().await? {
        out.push(match kind {
            Kind::Journal => journal_row(&row)?,
            Kind::Audit => audit_row(&row)?,
            Kind::Exchange => exchange_row(&row)?,
        });
    }
    Ok(out)
}

fn journal_row(row: &Row) -> Result<RowDigest, StoreError> {
    let entry = journal::read(row)?;
    let digest = journal_digest(&entry.entry);
    let kept: &[u8] = row.try_get("digest")?;
    Ok(RowDigest { entry_id: entry.event_id, digest, agrees: kept == digest.as_slice() })
}

fn audit_row(row: &Row) -> Result<RowDigest, StoreError> {
    let digest = audit_digest(row.try_get(1)?, &audit::content(row)?);
    Ok(RowDigest { entry_id: row.try_get(0)?, digest, agrees: true })
}

fn exchange_row(row: &Row) -> Result<RowDigest, StoreError> {
    let kept = exchange::read(row)?;
    Ok(RowDigest { entry_id: kept.id, digest: exchange_digest(&kept.exchange), agrees: true })
}

const LEAF: &str = "select leaf_index, kind, entry_id, salt, commitment from core.log_leaf";

fn leaf(row: &Row) -> Result<Leaf, StoreError> {
    let kind: &str = row.try_get(1)?;
    Ok(Leaf {
        index: unsigned(row.try_get(0)?)?,
        kind: Kind::parse(kind).ok_or_else(|| damaged("種別"))?,
        entry_id: row.try_get(2)?,
        salt: bytes(row.try_get(3)?)?,
        commitment: bytes(row.try_get(4)?)?,
    })
}

/// The leaves from `start` to before `end`, in order; missing ones are missing.
pub async fn leaves(
    client: &impl GenericClient,
    start: u64,
    end: u64,
) -> Result<Vec<Leaf>, StoreError> {
    let sql = format!("{LEAF} where leaf_index >= $1 and leaf_index < $2 order by leaf_index");
    client.query(&sql, &[&signed(start)?, &signed(end)?]).await?.iter().map(leaf).collect()
}

/// The leaf of a row.
pub async fn leaf_of(
    client: &impl GenericClient,
    kind: Kind,
    entry_id: i64,
) -> Result<Leaf, StoreError> {
    let sql = format!("{LEAF} where kind = $1 and entry_id = $2");
    let row = client.query_opt(&sql, &[&kind.id(), &entry_id]).await?;
    let name = kind.name();
    let missing = || said!("{name}{entry_id}の封印", "The seal of “{name}” {entry_id}");
    leaf(&row.ok_or_else(|| StoreError::NotFound(missing()))?)
}

/// The hashes of a tile level from `start` on, exactly `count` of them.
///
/// # Errors
/// [`StoreError::Refused`] when one is missing.
pub async fn tile(
    client: &impl GenericClient,
    tile_level: u8,
    start: u64,
    count: usize,
) -> Result<Vec<Hash>, StoreError> {
    let (first, end) = (signed(start)?, signed(start + count as u64)?);
    let rows = if tile_level == 0 {
        let sql = "select commitment from core.log_leaf
             where leaf_index >= $1 and leaf_index < $2 order by leaf_index";
        client.query(sql, &[&first, &end]).await?
    } else {
        let sql = "select hash from core.log_node
             where tile_level = $3 and n >= $1 and n < $2 order by n";
        client.query(sql, &[&first, &end, &i16::from(tile_level)]).await?
    };
    if rows.len() != count {
        return Err(damaged("葉または節の欠け"));
    }
    let hash = |row: &Row| {
        let found: Digest = bytes(row.try_get(0)?)?;
        Ok(if tile_level == 0 { record_hash(&found) } else { Hash(found) })
    };
    rows.iter().map(hash).collect()
}

/// The right edge of the tree of this size.
pub async fn edge(client: &impl GenericClient, size: u64) -> Result<Edge, StoreError> {
    let mut tiles = Vec::new();
    for tile_level in 0.. {
        let count = size.checked_shr(u32::from(TILE_HEIGHT) * u32::from(tile_level)).unwrap_or(0);
        if count == 0 {
            break;
        }
        let first = count & !(TILE_WIDTH as u64 - 1);
        let width = usize::try_from(count - first).map_err(|_| damaged("大きさ"))?;
        tiles.push(tile(client, tile_level, first, width).await?);
    }
    Ok(Edge::restored(size, tiles))
}

/// Runs a computation over the stored tree: once to learn which hashes it needs, once with them.
pub async fn computed<T>(
    client: &impl GenericClient,
    compute: impl Fn(&Gathered) -> Result<T, tlog_tiles::Error>,
) -> Result<T, StoreError> {
    let failed = |error: tlog_tiles::Error| StoreError::Refused(format!("記録の計算（{error}）"));
    let mut gathered = Gathered::default();
    let first = compute(&gathered).map_err(failed)?;
    let missing = gathered.missing();
    if missing.is_empty() {
        return Ok(first);
    }
    for index in missing {
        let place = Place::of(index);
        let hashes = tile(client, place.tile_level, place.start, place.width).await?;
        gathered.insert(index, subtree(&hashes));
    }
    compute(&gathered).map_err(failed)
}

const CHECKPOINT: &str = "select size, root, note from core.log_checkpoint";

fn stored(row: &Row) -> Result<Stored, StoreError> {
    Ok(Stored {
        size: unsigned(row.try_get(0)?)?,
        root: Hash(bytes(row.try_get(1)?)?),
        note: row.try_get(2)?,
    })
}

/// The latest checkpoint; `None` before the first.
pub async fn checkpoint_last(client: &impl GenericClient) -> Result<Option<Stored>, StoreError> {
    let sql = format!("{CHECKPOINT} order by size desc limit 1");
    client.query_opt(&sql, &[]).await?.as_ref().map(stored).transpose()
}

/// The checkpoint of this size.
pub async fn checkpoint_at(client: &impl GenericClient, size: u64) -> Result<Stored, StoreError> {
    let sql = format!("{CHECKPOINT} where size = $1");
    let row = client.query_opt(&sql, &[&signed(size)?]).await?;
    let missing = || said!("大きさ{size}のチェックポイント", "The checkpoint of size {size}");
    stored(&row.ok_or_else(|| StoreError::NotFound(missing()))?)
}

/// The checkpoints with sizes above `start` up to `end`, by size.
pub async fn checkpoints(
    client: &impl GenericClient,
    start: u64,
    end: u64,
) -> Result<BTreeMap<u64, Stored>, StoreError> {
    let sql = format!("{CHECKPOINT} where size > $1 and size <= $2 order by size");
    let rows = client.query(&sql, &[&signed(start)?, &signed(end)?]).await?;
    rows.iter().map(|row| stored(row).map(|found| (found.size, found))).collect()
}

/// The edge of a checkpoint's tree, whose root must be the checkpoint's.
pub async fn edge_of(
    client: &impl GenericClient,
    checkpoint: Option<&Stored>,
) -> Result<Edge, StoreError> {
    let Some(checkpoint) = checkpoint else { return Ok(Edge::default()) };
    let edge = edge(client, checkpoint.size).await?;
    match edge.root() {
        Ok(root) if root == checkpoint.root => Ok(edge),
        _ => Err(damaged("最後のチェックポイントと葉の食い違い")),
    }
}
