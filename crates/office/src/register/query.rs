//! Search at the counter: one box for name, kana or number, with date of birth and address beside.

use base::date::LooseDate;
use base::said;
use definition::model::Search;
use serde_json::json;
use store::register::Table;
use store::search::Criterion;

use super::{Shown, concealed, shown, title_of};
use crate::access::role;
use crate::{Actor, Office, OfficeError};

/// What is asked for; empty texts ask nothing.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Name, kana or number.
    pub text: String,
    /// Date of birth, 和暦 or 西暦, parts may be uncertain.
    pub date: String,
    /// Address.
    pub address: String,
}

/// A row found.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Key.
    pub key: String,
    /// Title.
    pub title: String,
    /// Values that are searched or shown in lists.
    pub values: Vec<Shown>,
    /// Concealed.
    pub concealed: bool,
    /// Closed.
    pub closed: bool,
}

/// The most rows shown at once.
pub const LIMIT: i64 = 50;

/// Rows that meet the query, at most [`LIMIT`] and one more to say that there are more.
///
/// A concealed row is found by its own number or name but shows no whereabouts, and is never found
/// by its address without the role for it.
///
/// # Errors
/// [`OfficeError::Invalid`] with the field that cannot be read.
pub async fn search(
    office: &Office,
    actor: &Actor,
    (system, register): (&str, &str),
    query: &Query,
    purpose: &str,
) -> Result<Vec<Summary>, OfficeError> {
    actor.require(&[role::COUNTER, role::PROTECTION, role::CHIEF, role::MANAGER])?;
    let system = office.system(system)?;
    let table = super::table_open(actor, system, register)?;
    let criteria = criteria(table, query)?;
    let client = office.database.client().await?;
    let vault = office.database.vault().ok();
    let mut found = store::search::search(&*client, table, &criteria, LIMIT + 1, vault).await?;
    let cleared = actor.has(role::PROTECTION);
    if !query.address.trim().is_empty() && !cleared {
        found.retain(|row| !concealed(table, row));
    }
    let out: Vec<Summary> = found
        .iter()
        .map(|row| {
            let hidden = concealed(table, row);
            let values = table
                .register
                .items
                .iter()
                .zip(&row.values)
                .filter(|(item, _)| !item.secret && !item.internal)
                .map(|(item, value)| shown(system, item, value.as_ref(), !hidden || cleared))
                .collect();
            Summary {
                key: table.key_of(row).to_owned(),
                title: title_of(table, row),
                values,
                concealed: hidden,
                closed: row.meta.closed_on.is_some(),
            }
        })
        .collect();
    let subjects = out.iter().map(|row| row.key.clone()).collect();
    let detail = json!({"register": table.register.id, "found": out.len()});
    actor.audit(&*client, &format!("{}.search", system.id), purpose, subjects, detail).await?;
    Ok(out)
}

fn criteria(table: Table<'_>, query: &Query) -> Result<Vec<Criterion>, OfficeError> {
    let mut out = Vec::new();
    let text = query.text.trim();
    let half = base::text::to_half_width(text).replace(['-', ' '], "");
    if !half.is_empty() && half.chars().all(|c| c.is_ascii_digit()) {
        out.push(number(table, &half));
    } else if !text.is_empty() {
        let kind = if is_kana(text) { Search::Kana } else { Search::Name };
        out.push(Criterion::Prefix(kind, text.to_owned()));
    }
    let date = query.date.trim();
    if !date.is_empty() {
        let date = LooseDate::parse(date).map_err(|e| OfficeError::invalid("date", e.said()))?;
        out.push(Criterion::Date(date));
    }
    let address = query.address.trim();
    if !address.is_empty() {
        out.push(Criterion::Prefix(Search::Address, address.to_owned()));
    }
    if out.is_empty() {
        return Err(OfficeError::invalid(
            "q",
            said!(
                "氏名、番号、生年月日、住所のどれかを入力してください",
                "Enter a name, a number, a date of birth or an address"
            ),
        ));
    }
    Ok(out)
}

/// Kana of any width, with whatever spaces, hyphens and dots people type between or for long marks.
fn is_kana(text: &str) -> bool {
    base::kana::is_katakana_name(&base::kana::fold(text))
}

/// Digits alone: the length of a secret number means that number, anything else the key.
fn number(table: Table<'_>, digits: &str) -> Criterion {
    let fits = |length: Option<u32>| length == u32::try_from(digits.len()).ok();
    let secret = table.register.items.iter().find(|item| item.secret && fits(item.length()));
    match secret {
        Some(item) => Criterion::Secret(item.name.clone(), digits.to_owned()),
        None => Criterion::Key(digits.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::is_kana;

    #[test]
    fn kana_however_it_is_typed() {
        for text in ["ｻﾄｳ ﾀﾛｳ", "さとう たろう", "サトウ　タロウ", "ル-シ－", "ジョン・スミス"]
        {
            assert!(is_kana(text), "{text}");
        }
        for text in ["佐藤サクラ", "smith", "ー", "12", ""] {
            assert!(!is_kana(text), "{text}");
        }
    }
}
