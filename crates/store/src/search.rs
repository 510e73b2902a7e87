//! Finding rows: by number, by folded kana or kanji prefix, by date with uncertain parts, by
//! address, or exactly by a secret through its index.
//!
//! Every way in which a criterion can hold is one range of one index, and a question is the union
//! of limited scans over such ranges: however many rows begin with a letter, only as many are read
//! as are shown. Never matches in the middle of a text, and never reads a whole table.

#[cfg(test)]
mod tests;
mod ways;

use base::date::LooseDate;
use definition::model::{ItemKind, Register, Search};

use self::ways::{Bound, Way};
use crate::register::{Fold, Table, quote};
use crate::value::Row;
use crate::vault::Vault;
use crate::{GenericClient, StoreError};

/// The most scans that one question is made of; criteria beyond them are filters of each scan.
const MOST_SCANS: usize = 12;

/// One thing that is asked for; all of them must hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Criterion {
    /// The key itself.
    Key(String),
    /// Prefix of any item searched in this way.
    Prefix(Search, String),
    /// A date that a date item may mean. A date of which nothing is known asks for the rows whose
    /// date is itself uncertain.
    Date(LooseDate),
    /// An item has exactly this text. Alone it needs an item that is searched.
    Exact(String, String),
    /// A secret item, by exact match only.
    Secret(String, String),
}

/// The folded key of an address: kana and kanji folded, hyphens and digits unified.
pub fn fold_address(text: &str) -> String {
    base::kanji::fold(&base::kana::fold(text))
}

/// The key under which a text is searched in this way; `None` where a value is its own key. The
/// kana in a written name are folded too: nobody knows by ear whether さくら, サクラ or ヶ is written.
pub(crate) fn fold(search: Search, text: &str) -> Option<String> {
    folding(search).map(|fold| fold(text))
}

/// What makes such keys.
pub(crate) fn folding(search: Search) -> Option<Fold> {
    match search {
        Search::Kana => Some(base::kana::fold),
        Search::Name | Search::Address => Some(fold_address),
        Search::Date | Search::Exact => None,
    }
}

/// Rows that meet all criteria, at most `limit`: in order of the folded key that begins with the
/// first prefix asked for, those of an item before those of the next item of the register (氏名
/// before 旧氏), else of the first date, else of the key of the register. Where the
/// limit falls among rows of one and the same folded key, any of these may be the last ones.
///
/// # Errors
/// [`StoreError::Database`]; [`StoreError::Vault`] when a secret is sought without keys.
pub async fn search(
    client: &impl GenericClient,
    table: Table<'_>,
    criteria: &[Criterion],
    limit: i64,
    vault: Option<&Vault>,
) -> Result<Vec<Row>, StoreError> {
    let Some((sql, bound)) = question(client, table, criteria, limit, vault).await? else {
        return Ok(Vec::new());
    };
    let found = client.query_typed(&sql, &bound.parameters()).await?;
    found.iter().map(|sql| table.row(sql)).collect()
}

/// The statement and its parameters; `None` when nothing can meet the criteria.
async fn question(
    client: &impl GenericClient,
    table: Table<'_>,
    criteria: &[Criterion],
    limit: i64,
    vault: Option<&Vault>,
) -> Result<Option<(String, Bound)>, StoreError> {
    let mut bound = Bound::default();
    let mut all = Vec::with_capacity(criteria.len());
    for criterion in criteria {
        let ways = match criterion {
            Criterion::Date(wanted) => {
                let texts = uncertain_texts(client, table, wanted).await?;
                bound.date(table, wanted, &texts)
            }
            other => bound.ways(table, other, vault)?,
        };
        if ways.is_empty() {
            return Ok(None);
        }
        all.push(ways);
    }
    if all.is_empty() {
        return Ok(None);
    }
    let sql = statement(table, &scans(all, leading(criteria)), limit);
    Ok(Some((sql, bound)))
}

/// The criterion in whose order the rows come: the first prefix, else the first date.
fn leading(criteria: &[Criterion]) -> usize {
    let first = |is: fn(&Criterion) -> bool| criteria.iter().position(is);
    first(|one| matches!(one, Criterion::Prefix(..)))
        .or_else(|| first(|one| matches!(one, Criterion::Date(_))))
        .unwrap_or_default()
}

/// The recorded texts of uncertain dates (不詳表記) that may mean the wanted day, of every item.
async fn uncertain_texts(
    client: &impl GenericClient,
    table: Table<'_>,
    wanted: &LooseDate,
) -> Result<Vec<(String, Vec<String>)>, StoreError> {
    let mut out = Vec::new();
    for romaji in uncertain_dates(table.register) {
        let column = quote(&format!("{romaji}_fusho"));
        let sql =
            format!("select distinct {column} from {} where {column} is not null", table.current());
        let mut texts: Vec<String> = Vec::new();
        for row in client.query_typed(&sql, &[]).await? {
            let text: String = row.try_get(0)?;
            if LooseDate::parse_recorded(&text).is_ok_and(|date| means(&date, wanted)) {
                texts.push(text);
            }
        }
        out.push((romaji.to_owned(), texts));
    }
    Ok(out)
}

fn means(date: &LooseDate, wanted: &LooseDate) -> bool {
    let in_doubt = *wanted == LooseDate::UNKNOWN;
    date.matches(wanted) && !(in_doubt && date.certain().is_some())
}

fn uncertain_dates(register: &Register) -> impl Iterator<Item = &str> {
    let uncertain = ItemKind::Date { uncertain: true };
    let searched = register.items.iter().filter(|item| item.search == Some(Search::Date));
    searched.filter(move |item| item.kind == uncertain).map(|item| item.romaji.as_str())
}

/// The union of limited scans, each row once, in order.
fn statement(table: Table<'_>, scans: &[Scan], limit: i64) -> String {
    let key = quote(table.register.key_column());
    let scans: Vec<String> = scans
        .iter()
        .map(|scan| {
            let order = scan.order.as_ref().unwrap_or(&key);
            let conditions = scan.conditions.join(" and ");
            format!(
                "(select *, {} as \"_rank\", {order} as \"_hit\" from {} where {conditions}
                  order by {order} limit {limit})",
                scan.rank,
                table.current(),
            )
        })
        .collect();
    let once = match scans.as_slice() {
        [one] => one.clone(),
        many => format!(
            "(select distinct on ({key}) * from ({}) as found order by {key}, \"_rank\", \"_hit\")",
            many.join(" union all ")
        ),
    };
    format!(
        "select {} from {once} as once order by \"_rank\", \"_hit\", {key} limit {limit}",
        table.read_columns()
    )
}

/// One limited scan.
struct Scan {
    /// The column whose order the rows come in; the key of the register when there is none.
    order: Option<String>,
    rank: usize,
    conditions: Vec<String>,
}

/// Every combination of the ways of the criteria, the leading one first; where that would be more
/// than [`MOST_SCANS`], the ways of a further criterion become one condition of every scan.
fn scans(mut all: Vec<Vec<Way>>, leading: usize) -> Vec<Scan> {
    let scan =
        |way: Way| Scan { order: way.order, rank: way.rank, conditions: vec![way.condition] };
    let mut scans: Vec<Scan> = all.swap_remove(leading).into_iter().map(scan).collect();
    for ways in all {
        let conditions: Vec<String> = ways.into_iter().map(|way| way.condition).collect();
        let conditions = match scans.len() * conditions.len() > MOST_SCANS {
            true => vec![format!("({})", conditions.join(" or "))],
            false => conditions,
        };
        let with = |scan: &Scan, more: &String| Scan {
            order: scan.order.clone(),
            rank: scan.rank,
            conditions: scan.conditions.iter().chain([more]).cloned().collect(),
        };
        let pairs = scans.iter().flat_map(|scan| conditions.iter().map(|it| with(scan, it)));
        scans = pairs.collect();
    }
    scans
}
