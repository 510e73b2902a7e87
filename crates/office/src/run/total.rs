//! What the rows of a run come to: sums of amounts, counts of words. Pure.

use std::collections::BTreeMap;

use definition::model::{ItemKind, Register, System};
use serde::{Deserialize, Serialize};
use store::bulk::BulkValue;

use super::revision::Difference;

/// What a run tells of its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// What they come to.
    pub totals: Totals,
    /// Of a revision: how they differ from the law as it is.
    pub difference: Difference,
}

/// What rows come to, by item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals(pub BTreeMap<String, Total>);

/// What one item comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// Rows with a value that is neither nothing nor zero.
    pub rows: i64,
    /// Sum of the numbers.
    pub sum: i64,
    /// Rows by what the item says, where it is a word.
    pub words: BTreeMap<String, i64>,
}

impl Totals {
    /// Of these items; `values` hands the values of the item at a place.
    pub(super) fn of(
        items: &[String],
        (register, system): (&Register, &System),
        mut values: impl FnMut(usize, &mut dyn FnMut(&BulkValue<'_>)),
    ) -> Totals {
        let mut totals = Totals::default();
        for name in items {
            let Some(at) = register.items.iter().position(|item| item.name == *name) else {
                continue;
            };
            let codes = register.items[at].codes(system);
            let mut total = Total::default();
            values(at, &mut |value| match value {
                BulkValue::Integer(number) => {
                    total.rows += i64::from(*number != 0);
                    total.sum = total.sum.saturating_add(*number);
                }
                BulkValue::Flag(flag) => total.rows += i64::from(*flag),
                BulkValue::Text(text) => {
                    total.rows += 1;
                    let word = codes.and_then(|codes| codes.name_of(text)).unwrap_or(text);
                    match total.words.get_mut(word) {
                        Some(count) => *count += 1,
                        None => {
                            total.words.insert(word.to_owned(), 1);
                        }
                    }
                }
                _ => total.rows += 1,
            });
            if !matches!(register.items[at].kind, ItemKind::Code(_) | ItemKind::FullWidth(_)) {
                total.words.clear();
            }
            totals.0.insert(name.clone(), total);
        }
        totals
    }

    /// Adds those of further rows.
    pub fn add(&mut self, other: Totals) {
        for (name, other) in other.0 {
            let own = self.0.entry(name).or_default();
            own.rows += other.rows;
            own.sum = own.sum.saturating_add(other.sum);
            for (word, count) in other.words {
                *own.words.entry(word).or_default() += count;
            }
        }
    }
}
