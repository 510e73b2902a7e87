//! Comparing every row of both sides by digests: at two moments that are the same, or while one
//! side is written and the other follows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::{try_join, try_join_all};
use store::StoreError;
use store::relocation::{Moment, Seat, TableSum, databases_of, watch};

use crate::TransferError;

/// How often rows are looked at again that differed because they were being written.
const ROUNDS: u32 = 30;
/// How long a follower may take for what was written.
const PATIENCE: Duration = Duration::from_secs(60);

/// A row that differs: its table, and the digest of its key.
type Differing = BTreeSet<(String, i64)>;

/// The two sides of one database.
pub(super) type Pair = (Moment, Moment);

/// Rows of one side, and how many differ between two moments that should be the same.
pub(super) async fn at_rest(pairs: &[Pair]) -> Result<(i64, i64), StoreError> {
    let all = try_join_all(pairs.iter().map(differing)).await?;
    let rows = all.iter().map(|(rows, _)| rows).sum();
    let different: usize = all.iter().map(|(_, rows)| rows.len()).sum();
    Ok((rows, i64::try_from(different).unwrap_or(i64::MAX)))
}

/// The same while `main` is written and `other` follows: a row counts only when it differs each
/// time that it is looked at.
pub(super) async fn live(
    organisation: &str,
    main: &Seat,
    other: &Seat,
) -> Result<(i64, i64), TransferError> {
    let (mut rows, mut left) = (0, 0);
    for database in databases_of(organisation) {
        let mut known: Option<Differing> = None;
        for round in 0..ROUNDS {
            let pair = follow(&database, main, other).await?;
            let (count, found) = differing(&pair).await?;
            let still: Differing = match known {
                None => found,
                Some(before) => before.intersection(&found).cloned().collect(),
            };
            if round == 0 {
                rows += count;
            }
            let done = still.is_empty();
            known = Some(still);
            if done {
                break;
            }
        }
        left += known.map_or(0, |rows| rows.len());
    }
    Ok((rows, i64::try_from(left).unwrap_or(i64::MAX)))
}

/// A moment of `main`, and one of `other` that has at least all of it.
async fn follow(database: &str, main: &Seat, other: &Seat) -> Result<Pair, TransferError> {
    let (one, after) = try_join(watch(main, database), watch(other, database)).await?;
    let first = one.moment().await?;
    let places = [(database.to_owned(), main.written(database).await?)];
    taken(main, &places, PATIENCE).await?;
    Ok((first, after.moment().await?))
}

/// Waits until whoever follows `main` has everything up to `places`.
pub(super) async fn taken(
    main: &Seat,
    places: &[(String, String)],
    patience: Duration,
) -> Result<(), TransferError> {
    let deadline = tokio::time::Instant::now() + patience;
    while !main.taken(places).await? {
        if tokio::time::Instant::now() >= deadline {
            return Err(TransferError::Refused(
                "相手のクラスターが変更に追いつきません。書込みの少ない時に、もう一度実行してください"
                    .to_owned(),
            ));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// How many rows the first side holds, and which differ.
async fn differing((one, other): &Pair) -> Result<(i64, Differing), StoreError> {
    let (here, there) = try_join(one.sums(), other.sums()).await?;
    let rows = here.iter().map(TableSum::rows).sum();
    let there: BTreeMap<&str, &TableSum> =
        there.iter().map(|sum| (sum.table.as_str(), sum)).collect();
    let mut out = Differing::new();
    for sum in &here {
        let name = &sum.table;
        let empty = TableSum { table: name.clone(), chunks: BTreeMap::new() };
        let chunks = sum.differing(there.get(name.as_str()).copied().unwrap_or(&empty));
        if chunks.is_empty() {
            continue;
        }
        let (mine, theirs) = try_join(one.rows(name, &chunks), other.rows(name, &chunks)).await?;
        let keys: BTreeSet<&i64> = mine.keys().chain(theirs.keys()).collect();
        let differ = keys.into_iter().filter(|key| mine.get(key) != theirs.get(key));
        out.extend(differ.map(|key| (name.clone(), *key)));
    }
    Ok((rows, out))
}
