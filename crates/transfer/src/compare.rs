//! The proof: every row of every register of two databases, current and past, in both directions.
//!
//! Both sides are read side by side in the order of their keys, secrets opened with each side's own
//! keys. Differences are named by key, 履歴番号 and item; no value is kept.

use std::cmp::Ordering;

use serde::Serialize;
use store::bulk::record::{Record, Snapshot, Stored, snapshot};
use store::register::Table;
use store::vault::Vault;

use crate::layout::Layout;
use crate::{Side, TransferError};

/// How many differences are listed; all are counted.
const LISTED: usize = 1000;

/// What was compared and what differs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Every table.
    pub tables: Vec<Compared>,
    /// How many rows differ, are missing or are too many.
    pub different: u64,
    /// The first of them.
    pub differences: Vec<Difference>,
}

/// One table of both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Register.
    pub register: String,
    /// Past rows (履歴).
    pub past: bool,
    /// Rows on the side that was left.
    pub rows_from: u64,
    /// Rows on the other side.
    pub rows_to: u64,
}

/// One row that is not the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Register.
    pub register: String,
    /// Past rows (履歴).
    pub past: bool,
    /// Its key (宛名番号 and the like; never a secret).
    pub key: String,
    /// 履歴番号.
    pub version_no: i32,
    /// What differs: names of items, or where the row is missing.
    pub items: Vec<String>,
}

impl Comparison {
    /// Whether both sides are the same.
    pub fn is_identical(&self) -> bool {
        self.different == 0
    }

    /// All rows of the side that was left.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows_from).sum()
    }
}

/// Compares the registers of a system in two databases, each at one moment.
///
/// # Errors
/// [`TransferError::Store`].
pub async fn compare(
    from: Side<'_>,
    to: Side<'_>,
    layout: &Layout<'_>,
) -> Result<Comparison, TransferError> {
    let left = (snapshot(from.client).await?, from.vault);
    let right = (snapshot(to.client).await?, to.vault);
    let mut out = Comparison::default();
    for register in &layout.registers {
        for past in [false, true] {
            let table = register.table(layout.system);
            table_compare(&left, &right, (table, past), &mut out).await?;
        }
    }
    Ok(out)
}

type Moment<'c> = (Snapshot<'c>, &'c Vault);

async fn table_compare(
    (left, left_vault): &Moment<'_>,
    (right, right_vault): &Moment<'_>,
    (table, past): (Table<'_>, bool),
    out: &mut Comparison,
) -> Result<(), TransferError> {
    let mut left = left.records(table, past, Some(left_vault)).await?;
    let mut right = right.records(table, past, Some(right_vault)).await?;
    let (mut one, mut other) = (left.next().await?, right.next().await?);
    let (mut rows_from, mut rows_to) = (0, 0);
    loop {
        let order = match (&one, &other) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => {
                let order = one.place(table).partial_cmp(&other.place(table));
                order.unwrap_or(Ordering::Equal)
            }
        };
        let found = match (order, &one, &other) {
            (Ordering::Equal, Some(one), Some(other)) => Some((one, items_of(table, one, other))),
            (Ordering::Less, Some(one), _) => Some((one, vec!["移行先にない行".to_owned()])),
            (_, _, Some(other)) => Some((other, vec!["移行元にない行".to_owned()])),
            _ => None,
        };
        if let Some((record, items)) = found.filter(|(_, items)| !items.is_empty()) {
            out.note(table, past, record, items);
        }
        if order != Ordering::Greater {
            rows_from += 1;
            one = left.next().await?;
        }
        if order != Ordering::Less {
            rows_to += 1;
            other = right.next().await?;
        }
    }
    out.tables.push(Compared { register: table.register.id.clone(), past, rows_from, rows_to });
    Ok(())
}

/// The names of what differs in two rows of one place.
fn items_of(table: Table<'_>, one: &Record, other: &Record) -> Vec<String> {
    if one == other {
        return Vec::new();
    }
    let pairs = one.values.iter().zip(&other.values);
    let mut names: Vec<String> = table
        .register
        .items
        .iter()
        .zip(pairs)
        .filter(|(_, (one, other))| one != other)
        .map(|(item, _)| item.name.clone())
        .collect();
    if one.meta != other.meta {
        names.push("異動日・処理日時・異動番号・異動事由".to_owned());
    }
    names
}

impl Comparison {
    fn note(&mut self, table: Table<'_>, past: bool, record: &Record, items: Vec<String>) {
        self.different += 1;
        if self.differences.len() >= LISTED {
            return;
        }
        let (key, version_no) = record.place(table);
        let key = match key {
            Some(Stored::Text(text)) => text.clone(),
            Some(Stored::Integer(number)) => number.to_string(),
            _ => String::new(),
        };
        let register = table.register.id.clone();
        self.differences.push(Difference { register, past, key, version_no, items });
    }
}
