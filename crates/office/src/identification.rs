//! 同定: a person says which character it is that could not be printed.
//!
//! The source stays as it came. What was chosen reaches a register only through the ordinary case
//! of a procedure that corrects the item, decided by a second person; «no match» changes nothing
//! and needs its reason only.

mod candidates;
mod kanji;

use base::said;
use definition::System;
use definition::model::{
    FieldKind, Item, Procedure, ProcedureKind, Register, Search, Selection, Verb,
};
use serde_json::{Map, Value as Json, json};
use store::glyph::{Glyph, Settlement, glyph_list, glyph_read, glyph_settle};
use store::register::{Table, row};
use store::{GenericClient, ItemValue};

use crate::access::role;
use crate::case::{CaseInput, case_enter, stage};
use crate::{Actor, Office, OfficeError};

pub use candidates::{Candidate, Nearness};
pub use kanji::{Kanji, Reading};

/// Who may look.
const WORKS: &[&str] = &[role::COUNTER, role::PROTECTION, role::CHIEF, role::MANAGER];
const PURPOSE: &str = "文字の同定";

/// How far a character is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// 同定待ち.
    Waiting,
    /// 修正の決裁待ち: chosen, and the case that corrects the register is open.
    Correcting,
    /// 同定済: the register is corrected.
    Corrected,
    /// 該当なし: kept as it is.
    Kept,
}

/// A character with what may be shown of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The character.
    pub glyph: Glyph,
    /// How far it is.
    pub standing: Standing,
    /// Name of the register.
    pub register: String,
    /// The item hides the whereabouts of a protected person from this viewer.
    pub hidden: bool,
}

/// Everything needed to settle one character.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The character.
    pub entry: Entry,
    /// The item as it stands now; `None` when hidden or gone.
    pub text: Option<String>,
    /// How it is read, as a person said or as the record suggests.
    pub reading: Option<Reading>,
    /// Candidates, the nearest first.
    pub candidates: Vec<Candidate>,
    /// The procedure that would correct the item.
    pub correction: Option<String>,
}

/// What a person knows of a character by which candidates are found; empty where nothing is known.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// How it is read, in kana; when empty, the kana beside the item in the record say it.
    pub reading: String,
    /// Its strokes.
    pub strokes: Option<u32>,
    /// Another character that it is like.
    pub like: String,
}

/// What a person decides.
#[derive(Clone, Debug)]
pub enum Choice {
    /// It is this character, or the one of this MJ文字図形名.
    Character(String),
    /// None fits: it is kept as it came.
    Keep,
}

fn standing(glyph: &Glyph) -> Standing {
    match &glyph.case {
        _ if glyph.settled_at.is_some() => Standing::Kept,
        Some((_, now)) if now == stage::REGISTERED => Standing::Corrected,
        Some((_, now)) if !stage::DONE.contains(&now.as_str()) => Standing::Correcting,
        _ => Standing::Waiting,
    }
}

/// Where a character stands: register, position of the item, text now, whether it is hidden.
struct Found<'a> {
    table: Option<Table<'a>>,
    text: Option<String>,
    kana: Option<String>,
    hidden: bool,
}

async fn find<'a>(
    office: &'a Office,
    client: &impl GenericClient,
    actor: &Actor,
    glyph: &Glyph,
) -> Result<Found<'a>, OfficeError> {
    let nowhere = Found { table: None, text: None, kana: None, hidden: false };
    let place = &glyph.met.place;
    let Ok(system) = office.system(&place.system) else { return Ok(nowhere) };
    let Ok(table) = Table::new(system, &place.register) else { return Ok(nowhere) };
    let here = Found { table: Some(table), ..nowhere };
    let at = table.register.items.iter().position(|item| item.name == place.item);
    let Some(at) = at.filter(|at| !table.register.items[*at].secret) else { return Ok(here) };
    let Some(row) = row(client, table, &place.subject).await? else { return Ok(here) };
    let protected = crate::register::concealed(table, &row) && !actor.has(role::PROTECTION);
    let hidden = protected && table.register.items[at].conceal;
    let text = |at: usize| match &row.values[at] {
        Some(ItemValue::Text(text)) if !hidden => Some(text.clone()),
        _ => None,
    };
    let kana = kana_of(table.register, at).and_then(text);
    Ok(Found { text: text(at), kana, hidden, ..here })
}

/// The item with the kana of another: it is called as that one and is searched by kana.
fn kana_of(register: &Register, at: usize) -> Option<usize> {
    let name = &register.items[at].name;
    let is_kana = |item: &Item| item.search == Some(Search::Kana) && !item.secret && !item.conceal;
    register.items.iter().position(|item| is_kana(item) && item.name.starts_with(name.as_str()))
}

fn entry(glyph: Glyph, found: &Found<'_>) -> Entry {
    let register = found.table.map(|table| table.register.name.clone()).unwrap_or_default();
    Entry { standing: standing(&glyph), register, hidden: found.hidden, glyph }
}

/// Characters that wait or are being corrected, or those that are settled.
///
/// # Errors
/// [`OfficeError::Forbidden`].
pub async fn list(
    office: &Office,
    actor: &Actor,
    settled: bool,
) -> Result<Vec<Entry>, OfficeError> {
    actor.require(WORKS)?;
    let client = office.database.client().await?;
    let mut out = Vec::new();
    for glyph in glyph_list(&**client, stage::REGISTERED, settled).await? {
        let found = find(office, &**client, actor, &glyph).await?;
        out.push(entry(glyph, &found));
    }
    let mut subjects: Vec<String> =
        out.iter().map(|one| one.glyph.met.place.subject.clone()).collect();
    subjects.retain(|subject| !subject.is_empty());
    subjects.sort();
    subjects.dedup();
    let detail = json!({"characters": out.len(), "settled": settled});
    actor.audit(&**client, "glyph.list", PURPOSE, subjects, detail).await?;
    Ok(out)
}

/// One character with its candidates, found by what a person knows of it.
///
/// # Errors
/// [`OfficeError::NotFound`], [`OfficeError::Forbidden`].
pub async fn sheet(
    office: &Office,
    actor: &Actor,
    (id, hints): (i64, &Hints),
) -> Result<Sheet, OfficeError> {
    actor.require(WORKS)?;
    let client = office.database.client().await?;
    let glyph = glyph_read(&**client, id, false).await?;
    let found = find(office, &**client, actor, &glyph).await?;
    let subject = glyph.met.place.subject.clone();
    let subjects = if subject.is_empty() { Vec::new() } else { vec![subject] };
    let detail = json!({"character": id, "code": glyph.met.code});
    actor.audit(&**client, "glyph.view", PURPOSE, subjects, detail).await?;
    let correction = found.table.and_then(|table| correction(table, &glyph.met.place.item));
    let source = &glyph.met.source;
    let reading = match (hints.reading.trim(), &found.text, &found.kana) {
        ("", Some(text), Some(kana)) => Reading::of(text, source, kana),
        ("", ..) => None,
        (said, ..) => Some(Reading::Is(said.to_owned())),
    };
    Ok(Sheet {
        text: found.text.clone(),
        candidates: candidates::candidates(source, hints, reading.as_ref()),
        reading,
        correction: correction.map(|(procedure, _)| procedure.name.clone()),
        entry: entry(glyph, &found),
    })
}

/// The procedure that corrects this item of one row, and its field for the right value.
fn correction<'a>(table: Table<'a>, item: &str) -> Option<(&'a Procedure, &'a str)> {
    let (system, register): (&System, &Register) = (table.system, table.register);
    system.procedures.iter().find_map(|procedure| {
        let one = procedure.kind == ProcedureKind::Official
            && procedure.register == register.id
            && procedure.selection == Selection::One;
        let corrects = procedure.effects.iter().any(|effect| match &effect.verb {
            Verb::Correct { register: of, set, .. } => {
                *of == register.id && set.iter().any(|one| one.item == item)
            }
            _ => false,
        });
        let mut fields = procedure.fields().map(|(_, field)| field);
        let field = fields.find(|field| field.item.as_deref() == Some(item))?;
        (one && corrects).then_some((procedure, field.name.as_str()))
    })
}

/// The form of a correction: the right value, the day, the reason where a reason must be given.
fn form(
    (procedure, right): (&Procedure, &str),
    (subject, text): (&str, &str),
    (today, reason): (base::date::Date, &str),
) -> Json {
    let mut form = Map::new();
    form.insert("対象者".to_owned(), json!([{ "key": subject }]));
    let free = procedure.fields().filter(|(group, _)| group.repeat.is_none() && !group.per_subject);
    for (_, field) in free.filter(|(_, field)| field.required && field.item.is_none()) {
        let value = match field.kind {
            FieldKind::Date { .. } => today.to_string(),
            FieldKind::Text(_) => reason.to_owned(),
            _ => continue,
        };
        form.insert(field.name.clone(), Json::from(value));
    }
    form.insert(right.to_owned(), Json::from(text));
    Json::Object(form)
}

/// Settles a character; the case that corrects the register is returned when there is one.
///
/// # Errors
/// [`OfficeError::Invalid`] for the choice or without a reason, [`OfficeError::Conflict`] when it
/// is settled already or stands where nothing can correct it.
pub async fn settle(
    office: &Office,
    actor: &Actor,
    (id, choice): (i64, &Choice),
    reason: &str,
) -> Result<Option<i64>, OfficeError> {
    actor.require(&[role::COUNTER, role::PROTECTION])?;
    if reason.trim().is_empty() {
        let said =
            said!("そう判断した理由を入力してください", "Enter the reason for this decision");
        return Err(OfficeError::invalid("reason", said));
    }
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let glyph = glyph_read(&*transaction, id, true).await?;
    if standing(&glyph) != Standing::Waiting {
        return Err(OfficeError::Conflict(said!(
            "この文字の同定は済んでいるか、修正の決裁を待っています",
            "This character is settled already, or its correction waits to be decided"
        )));
    }
    let found = find(office, &*transaction, actor, &glyph).await?;
    if found.hidden {
        return Err(crate::error::protected());
    }
    let chosen = match choice {
        Choice::Keep => None,
        Choice::Character(text) => Some(character(text, &glyph)?),
    };
    let case = match &chosen {
        None => None,
        Some(chosen) => {
            let input = correcting(&glyph, &found, chosen, (actor.today(), reason))?;
            Some(case_enter(office, actor, &input).await?)
        }
    };
    let settlement = Settlement { chosen: chosen.as_deref(), reason, by: &actor.id, case };
    glyph_settle(&*transaction, id, &settlement).await?;
    let place = glyph.met.place;
    let detail = json!({
        "character": id, "code": glyph.met.code, "item": place.item, "case": case,
        "kept": chosen.is_none(),
    });
    let subjects = if place.subject.is_empty() { Vec::new() } else { vec![place.subject] };
    actor.audit(&*transaction, "glyph.settle", PURPOSE, subjects, detail).await?;
    transaction.commit().await?;
    Ok(case)
}

fn character(text: &str, glyph: &Glyph) -> Result<String, OfficeError> {
    let text = text.trim();
    let found = candidates::by_mj(text).unwrap_or_else(|| text.to_owned());
    if found == glyph.met.source {
        let said = said!(
            "元の文字と同じです。別の文字を選んでください",
            "This is the source character. Choose another"
        );
        return Err(OfficeError::invalid("character", said));
    }
    if !candidates::is_one_character(&found) {
        let said = said!(
            "文字を一つだけ入力するか、縮退マップにあるMJ文字図形名（MJ026190など）を\
             入力してください。外字は使えません",
            "Enter one character, or an MJ name that the reduction map has (such as MJ026190). \
             Characters of private use are not accepted"
        );
        return Err(OfficeError::invalid("character", said));
    }
    Ok(found)
}

/// The case that puts the chosen character in the place of the source.
fn correcting(
    glyph: &Glyph,
    found: &Found<'_>,
    chosen: &str,
    (today, reason): (base::date::Date, &str),
) -> Result<CaseInput, OfficeError> {
    let place = &glyph.met.place;
    let (Some(table), Some(text)) = (found.table, &found.text) else {
        return Err(OfficeError::Conflict(said!(
            "この文字は台帳の記録の中にありません。様式か団体の設定を正してください",
            "This character stands in no record. Correct the form or the settings of the \
             organisation"
        )));
    };
    let corrects = correction(table, &place.item).ok_or_else(|| {
        let item = &place.item;
        let item_en = table.register.item(item).map_or(item, |one| &one.name_en);
        OfficeError::Conflict(said!(
            "「{item}」を正す職権の手続がこの業務にありません",
            "This system has no procedure of the office that corrects “{item_en}”"
        ))
    })?;
    let right = replaced(text, &glyph.met.source, chosen);
    if right == *text {
        return Err(OfficeError::Conflict(said!(
            "記録はもうこの文字を含みません。「該当なし」で終えてください",
            "The record no longer has this character. Settle it with “Keep, no match”"
        )));
    }
    Ok(CaseInput {
        system: place.system.clone(),
        procedure: corrects.0.id.clone(),
        form: form(corrects, (&place.subject, &right), (today, reason)),
        identity: json!({}),
        acknowledged: true,
    })
}

/// Every occurrence of the source, a base with exactly its selector, becomes the chosen one.
fn replaced(text: &str, source: &str, chosen: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (base, selector) in base::text::graphemes_with_selectors(text) {
        let mut one = String::from(base);
        one.extend(selector);
        out.push_str(if one == source { chosen } else { &one });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn only_the_very_sequence_is_replaced() {
        let text = "邉邉\u{E010F}邊";
        assert_eq!(replaced(text, "邉", "辺"), "辺邉\u{E010F}邊");
        assert_eq!(replaced(text, "邉\u{E010F}", "辺"), "邉辺邊");
        assert_eq!(replaced("\u{E000}田", "\u{E000}", "邊\u{E0108}"), "邊\u{E0108}田");
    }
}
