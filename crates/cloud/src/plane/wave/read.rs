//! The texts that waves are planned from: what holds for all (YAML) and the moves (CSV). Every name
//! is checked against the tree and the vendors; what is wrong is said with its line and column.

use std::collections::{BTreeMap, BTreeSet};

use definition::plain_read;
use serde::Deserialize;

use super::{Change, Frame, Month, Move, Vendor};
use crate::CloudError;
use crate::plane::books::Books;
use crate::plane::table::{Faults, table_read};
use crate::plane::tree::Tree;

/// The columns of the moves.
const COLUMNS: [&str; 5] = ["団体", "システム", "事業者", "作業量", "期限"];
/// No plan looks further ahead.
const LONGEST: i32 = 600;

/// A change and the month from which it holds.
pub type Dated = (Change, Month);

/// What waves are planned within, and what changed after the first plan.
#[derive(Clone, Debug)]
pub struct Waves {
    /// What holds for all.
    pub frame: Frame,
    /// Changes, in the order of their months.
    pub changes: Vec<Dated>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    first: String,
    months: i32,
    #[serde(default)]
    closed: BTreeSet<u8>,
    #[serde(default)]
    after: Vec<AfterText>,
    vendors: BTreeMap<String, VendorText>,
    #[serde(default)]
    changes: Vec<ChangeText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AfterText {
    system: String,
    first: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VendorText {
    capacity: u32,
    offers: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeText {
    from: String,
    vendor: String,
    /// Without it the vendor withdraws.
    capacity: Option<u32>,
}

/// Reads what holds for all.
///
/// # Errors
/// [`CloudError::Plane`] with the file and the first thing that is wrong.
pub fn waves_read(file: &str, text: &str) -> Result<Waves, CloudError> {
    let wrong = |what: String| CloudError::Plane(format!("{file}: {what}"));
    let value = plain_read(file, text).map_err(|it| CloudError::Plane(it.to_string()))?;
    let text: Text = serde_json::from_value(value).map_err(|it| wrong(it.to_string()))?;
    let month = |text: &str| text.parse::<Month>().map_err(|it| wrong(it.to_string()));
    if !(1..=LONGEST).contains(&text.months) {
        return Err(wrong(format!("months は 1 から {LONGEST} までです")));
    }
    if let Some(odd) = text.closed.iter().find(|it| !(1..=12).contains(*it)) {
        return Err(wrong(format!("closed の {odd} は月ではありません")));
    }
    let mut changes = Vec::new();
    for one in text.changes {
        if !text.vendors.contains_key(&one.vendor) {
            return Err(wrong(format!(
                "changes の事業者「{}」が vendors にありません",
                one.vendor
            )));
        }
        let change = match one.capacity {
            Some(capacity) => Change::Capacity(one.vendor, capacity),
            None => Change::Withdrawn(one.vendor),
        };
        changes.push((change, month(&one.from)?));
    }
    let mut told = BTreeSet::new();
    if let Some((change, from)) =
        changes.iter().find(|(it, from)| !told.insert((it.vendor(), *from)))
    {
        let vendor = change.vendor();
        return Err(wrong(format!(
            "changes の {from} に事業者「{vendor}」が二度あります。一つにしてください"
        )));
    }
    changes.sort_by(|(a, x), (b, y)| (x, a.vendor()).cmp(&(y, b.vendor())));
    let mut after: Vec<(String, String)> =
        text.after.into_iter().map(|it| (it.system, it.first)).collect();
    after.sort();
    let vendor = |it: VendorText| Vendor { capacity: it.capacity, offers: it.offers };
    let frame = Frame {
        first: month(&text.first)?,
        months: text.months,
        closed: text.closed,
        after,
        vendors: text.vendors.into_iter().map(|(name, it)| (name, vendor(it))).collect(),
    };
    Ok(Waves { frame, changes })
}

/// Reads the moves, all or none.
///
/// # Errors
/// [`CloudError::Plane`] with every line and column that is wrong.
pub fn moves_read(
    (file, text): (&str, &str),
    frame: &Frame,
    tree: &Tree,
) -> Result<Vec<Move>, CloudError> {
    let rows = table_read((file, text), &COLUMNS)?;
    let mut faults = Faults::new(file, &COLUMNS);
    let (mut all, mut seen) = (Vec::with_capacity(rows.len()), BTreeSet::new());
    for row in &rows {
        let [body, system, vendor, size, deadline] = [0, 1, 2, 3, 4].map(|at| row.cell(at));
        if !tree.bodies.contains_key(body) {
            faults.add(row, 0, format!("団体「{body}」は木にありません"));
        }
        match frame.vendors.get(vendor) {
            None => faults.add(row, 2, format!("事業者「{vendor}」が vendors にありません")),
            Some(known) if !known.offers.contains(system) => {
                faults.add(row, 1, format!("{vendor} は {system} を提供していません"));
            }
            Some(_) => {}
        }
        let size: Option<u32> = size.parse().ok().filter(|it| *it > 0);
        if size.is_none() {
            faults.add(row, 3, "1 以上の整数で書いてください".to_owned());
        }
        let deadline = match deadline.parse::<Month>() {
            Ok(month) => Some(month),
            Err(error) => {
                faults.add(row, 4, error.to_string());
                None
            }
        };
        if !seen.insert((body.to_owned(), system.to_owned())) {
            faults.add(row, 1, format!("{body} の {system} が二度書かれています"));
        }
        if let (Some(size), Some(deadline)) = (size, deadline) {
            let (body, system) = (body.to_owned(), system.to_owned());
            all.push(Move { body, system, vendor: vendor.to_owned(), size, deadline });
        }
    }
    faults.none().map(|()| all)
}

/// The moves that the books do not hold as done, and how many they do: a system that is installed
/// in the body's production needs no place any more.
pub fn moves_left(moves: Vec<Move>, books: &Books) -> (Vec<Move>, usize) {
    let mut done: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (lane, parts) in &books.lanes {
        let mut fields = lane.split('.');
        let (Some(body), Some("production")) = (fields.next(), fields.next()) else { continue };
        let settled = parts.iter().filter(|(_, held)| held.doubt.is_none());
        let systems = settled.filter_map(|(id, _)| id.strip_prefix("system.")?.rsplit_once('.'));
        done.extend(systems.map(|(system, _)| (body, system)));
    }
    let all = moves.len();
    let is_left = |one: &Move| !done.contains(&(one.body.as_str(), one.system.as_str()));
    let left: Vec<Move> = moves.into_iter().filter(is_left).collect();
    let count = all - left.len();
    (left, count)
}
