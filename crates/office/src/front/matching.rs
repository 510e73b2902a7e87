//! Matching the card's four items with the register: exactly, after folding variants of characters
//! and ways of writing an address. Nothing here decides in doubt.

use base::date::LooseDate;
use definition::model::{Item, Search};
use store::front::Claims;
use store::register::Table;
use store::search::{Criterion, fold_address, search};
use store::{ItemValue, Row, StoreError};

use super::{Desk, LinkItems};

/// Rows looked at; more than these share a date of birth only in a very large register.
const LIMIT: i64 = 1000;

/// Which of the four items agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// 氏名.
    pub name: bool,
    /// 住所.
    pub address: bool,
    /// 生年月日.
    pub birth: bool,
    /// 性別.
    pub sex: bool,
}

impl Agreement {
    /// All four agree.
    pub fn full(self) -> bool {
        self.name && self.address && self.birth && self.sex
    }

    /// Worth a clerk's look: the date of birth and the name or the address.
    fn near(self) -> bool {
        self.birth && (self.name || self.address)
    }
}

/// A record that might be the resident's.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its key.
    pub key: String,
    /// What agrees.
    pub agreement: Agreement,
}

/// Open rows that agree fully or nearly, the best first.
pub(super) async fn candidates(
    desk: &Desk<'_>,
    claims: &Claims,
) -> Result<Vec<Candidate>, StoreError> {
    let Some(criterion) = criterion(desk, claims) else { return Ok(Vec::new()) };
    let rows = search(desk.office(), desk.table, &[criterion], LIMIT, None).await?;
    let mut out: Vec<Candidate> = rows
        .iter()
        .filter(|row| row.meta.closed_on.is_none())
        .map(|row| Candidate {
            key: desk.table.key_of(row).to_owned(),
            agreement: agreement(desk.table, desk.items, row, claims),
        })
        .filter(|candidate| candidate.agreement.near())
        .collect();
    out.sort_by_key(|candidate| {
        let found = candidate.agreement;
        (!found.full(), !found.name, !found.address)
    });
    Ok(out)
}

/// The date of birth finds the rows; a register that does not search by it is asked by name.
fn criterion(desk: &Desk<'_>, claims: &Claims) -> Option<Criterion> {
    let register = desk.table.register;
    let searched = |name: &str| register.item(name).and_then(|item| item.search);
    if searched(&desk.items.birth) == Some(Search::Date) {
        return LooseDate::parse_recorded(&claims.birthdate).ok().map(Criterion::Date);
    }
    (searched(&desk.items.name) == Some(Search::Name))
        .then(|| Criterion::Prefix(Search::Name, claims.name.clone()))
}

/// Compares a row with the card.
fn agreement(table: Table<'_>, items: &LinkItems, row: &Row, claims: &Claims) -> Agreement {
    let text = |name: &str| value(table, row, name).and_then(ItemValue::as_text).unwrap_or("");
    let recorded: String = items.address.iter().map(|name| text(name)).collect();
    let sex = items.sex_values.get(&claims.gender).unwrap_or(&claims.gender);
    let birth = match value(table, row, &items.birth) {
        Some(ItemValue::Date(date)) => date.certain().map(|day| day.to_string()),
        _ => None,
    };
    Agreement {
        name: same(&base::kanji::fold(text(&items.name)), &base::kanji::fold(&claims.name)),
        address: same(&fold_address(&recorded), &fold_address(&claims.address)),
        birth: birth.is_some_and(|day| day == claims.birthdate),
        sex: same(text(&items.sex), sex),
    }
}

/// Equal and not both absent.
fn same(a: &str, b: &str) -> bool {
    !a.is_empty() && a == b
}

/// The value of an item of a row.
pub(super) fn value<'r>(table: Table<'_>, row: &'r Row, name: &str) -> Option<&'r ItemValue> {
    let at = table.register.items.iter().position(|item: &Item| item.name == name)?;
    row.values.get(at)?.as_ref()
}
