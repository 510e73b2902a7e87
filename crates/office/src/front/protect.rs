//! 支援措置 at the front: who is concealed, whose views speak of them, and what would give it away.
//!
//! Concealed is whoever is so today or is believed to be so later: a protection that begins on a
//! day to come conceals from its registration, one that ends on a day to come until that day, and
//! from the day on which it ended nothing is concealed any more. Where it is unclear, more is
//! concealed, never less.

use std::collections::BTreeSet;

use definition::model::{Assignment, Item, Verb};
use store::StoreError;
use store::front::office::{Mark, subjects_named_with};
use store::register::{keys_flagged, rows_by, rows_history};

use super::Desk;
use super::matching::value;

fn mark<'a>(desk: &Desk<'a>) -> Option<&'a Item> {
    let register = desk.table.register;
    register.concealed_by.as_deref().and_then(|name| register.item(name))
}

/// Of these persons, those who are concealed.
pub(super) async fn concealed(
    desk: &Desk<'_>,
    keys: &[String],
) -> Result<BTreeSet<String>, StoreError> {
    match mark(desk) {
        Some(mark) if !keys.is_empty() => {
            keys_flagged(desk.office(), desk.table, mark, keys, desk.today).await
        }
        _ => Ok(BTreeSet::new()),
    }
}

/// The item by which members of a household know each other, if names of them are shown.
pub(super) fn shared<'a>(desk: &Desk<'a>) -> Option<&'a Item> {
    let register = desk.table.register;
    let wanted = desk.items.household.as_ref();
    let relation = register.relations.iter().find(|one| Some(&one.name) == wanted)?;
    register.item(&relation.by).filter(|_| relation.register == register.id)
}

/// Everybody whose view may speak of a concealed person of whom the journal has news: who is or was
/// in one household, and who is named together with the person anywhere.
pub(super) async fn beside(
    desk: &Desk<'_>,
    news: &[(String, Mark)],
) -> Result<BTreeSet<String>, StoreError> {
    let changed = news.iter().filter(|(_, mark)| mark.event > 0);
    let changed: Vec<String> = changed.map(|(key, _)| key.clone()).collect();
    let concealed: Vec<String> = concealed(desk, &changed).await?.into_iter().collect();
    if concealed.is_empty() {
        return Ok(BTreeSet::new());
    }
    let named = subjects_named_with(desk.office(), &concealed).await?;
    let mut out: BTreeSet<String> = named.into_iter().collect();
    let Some(item) = shared(desk) else { return Ok(out) };
    let mut households = BTreeSet::new();
    for key in &concealed {
        let past = rows_history(desk.office(), desk.table, key).await?;
        let numbers = past.iter().filter_map(|row| value(desk.table, row, &item.name)?.as_text());
        households.extend(numbers.map(str::to_owned));
    }
    for number in &households {
        let members = rows_by(desk.office(), desk.table, item, number).await?;
        out.extend(members.iter().map(|row| desk.table.key_of(row).to_owned()));
    }
    Ok(out)
}

/// Whether this procedure alone tells that somebody is protected: it sets the mark of it or writes
/// a register that is not open to everybody.
pub(super) fn tells(desk: &Desk<'_>, system: &str, procedure: &str) -> bool {
    let own = desk.table.system;
    let found = own.procedure(procedure).filter(|_| own.id == system);
    found.is_some_and(|procedure| procedure.effects.iter().any(|one| writes(desk, &one.verb)))
}

/// The purposes of looks that would tell it.
pub(super) fn telling_purposes(desk: &Desk<'_>) -> BTreeSet<String> {
    let own = desk.table.system;
    let telling = own.procedures.iter().filter(|one| tells(desk, &own.id, &one.id));
    let mut out: BTreeSet<String> = telling.map(|one| one.name.clone()).collect();
    out.insert(crate::forward::PURPOSE.to_owned());
    out
}

fn writes(desk: &Desk<'_>, verb: &Verb) -> bool {
    let (register, set): (&str, &[Assignment]) = match verb {
        Verb::Open { register, set, .. }
        | Verb::Amend { register, set, .. }
        | Verb::Correct { register, set, .. }
        | Verb::Close { register, set, .. } => (register, set),
        _ => return false,
    };
    let restricted = desk.table.system.register(register).is_some_and(|one| one.restricted);
    let mark = mark(desk).filter(|_| register == desk.table.register.id);
    restricted || mark.is_some_and(|mark| set.iter().any(|one| one.item == mark.name))
}
