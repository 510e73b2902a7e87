//! A row of one package as a row of another. Pure: nothing is guessed, and what does not fit is
//! handed back with its reason.

use std::collections::BTreeMap;

use definition::System;
use definition::model::{Item, ItemKind};
use store::bulk::record::{Record, Stored};

use super::{HeldKeys, Mapping, RegisterHome};
use crate::cell::item_fields;

/// What became of a row.
pub(super) struct Converted {
    /// The key, as text.
    pub(super) key: String,
    /// The row as the other package takes it; `None` when it cannot.
    pub(super) record: Option<Record>,
    /// Values without a home: all of them when the row cannot be taken.
    pub(super) homeless: Vec<Homeless>,
    /// Why the row cannot be taken: (item of the target, reason).
    pub(super) held: Vec<(String, String)>,
}

/// A value without a home.
pub(super) struct Homeless {
    pub(super) number: Option<String>,
    pub(super) item: String,
    pub(super) value: String,
    pub(super) why: String,
}

/// Converts one row. Where another row of its key cannot be taken, this one is held with it: no
/// record goes over without its present or its past.
pub(super) fn convert(
    mapping: &Mapping<'_>,
    (home, kept): (&RegisterHome<'_>, &HeldKeys),
    record: &Record,
) -> Converted {
    let source = home.source;
    let key = record.values[source.key_index()].as_ref();
    let key = key.map(|key| text_of(&source.items[source.key_index()], key)).unwrap_or_default();
    let mut values = vec![None; home.target.map_or(0, |target| target.items.len())];
    let (mut homeless, mut held) = (Vec::new(), Vec::new());
    let mut unfit: BTreeMap<usize, String> = BTreeMap::new();
    for ((item, place), value) in source.items.iter().zip(&home.items).zip(&record.values) {
        let Some(value) = value else { continue };
        let fitted = match (place, home.target) {
            (Ok(at), Some(target)) => {
                let pair = (item, &target.items[*at]);
                fit((mapping.from, mapping.to), pair, value).map(|value| (*at, value))
            }
            (Err(why), _) => Err(why.clone()),
            (Ok(_), None) => Err(String::new()),
        };
        match fitted {
            Ok((at, value)) => values[at] = Some(value),
            Err(why) => {
                if let Ok(at) = place {
                    unfit.insert(*at, why.clone());
                }
                homeless.push(of_item(item, value, why));
            }
        }
    }
    match home.target {
        None => held.push((source.name.clone(), "台帳がありません".to_owned())),
        Some(target) => {
            for (at, (item, value)) in target.items.iter().zip(&values).enumerate() {
                if item.required && value.is_none() {
                    let why = unfit.remove(&at);
                    let why = why.unwrap_or_else(|| "必須の項目に値がありません".to_owned());
                    held.push((item.name.clone(), why));
                }
            }
        }
    }
    if held.is_empty() && kept.has(&source.id, &key) {
        let why = "同じ主キーの別の行を移せません".to_owned();
        held.push((source.key.clone(), why));
    }
    if held.is_empty() {
        let record = Some(Record { values, meta: record.meta.clone() });
        return Converted { key, record, homeless, held };
    }
    // The annex holds the whole row.
    let all = source.items.iter().zip(&record.values);
    let whole = all.filter_map(|(item, value)| {
        let why = "行を移せません".to_owned();
        value.as_ref().map(|value| of_item(item, value, why))
    });
    Converted { key, record: None, homeless: whole.collect(), held }
}

fn of_item(item: &Item, value: &Stored, why: String) -> Homeless {
    let (number, name) = (item.number.clone(), item.name.clone());
    Homeless { number, item: name, value: text_of(item, value), why }
}

/// The value as the annex has it; an uncertain date with its text.
fn text_of(item: &Item, value: &Stored) -> String {
    let mut fields = Vec::new();
    item_fields(item, Some(value), &mut fields);
    let parts: Vec<String> = fields.into_iter().flatten().collect();
    parts.join(" ")
}

/// A value as the other item takes it, or why it cannot.
fn fit(
    (from, to): (&System, &System),
    (item, other): (&Item, &Item),
    value: &Stored,
) -> Result<Stored, String> {
    match (value, &other.kind) {
        (Stored::Text(code), ItemKind::Code(list)) => {
            let name = item.codes(from).and_then(|list| list.name_of(code)).unwrap_or(code);
            let entries = other.codes(to).map(|list| list.entries.as_slice()).unwrap_or_default();
            // The same meaning, whatever the code: a code alone may mean something else there.
            let same = entries.iter().find(|entry| entry.name == name);
            let why = || format!("移行先のコード一覧「{list}」に、同じ意味のコードがありません");
            same.map(|entry| Stored::Text(entry.code.clone())).ok_or_else(why)
        }
        (Stored::Text(text), ItemKind::Time) => {
            let time = base::clock::from_standard_text(text);
            let time = time.ok_or("移行先では時刻（HH:MM:SS）だけを書けます")?;
            Ok(Stored::Text(base::clock::standard_text(time)))
        }
        (Stored::Text(text), ItemKind::HalfWidth(most) | ItemKind::FullWidth(most)) => {
            match text.chars().count() <= *most as usize {
                true => Ok(value.clone()),
                false => Err(format!("移行先では {most} 文字までです")),
            }
        }
        (Stored::Integer(number), ItemKind::Integer { digits, signed }) => {
            let written = number.unsigned_abs().to_string().len();
            match written <= *digits as usize && (*signed || *number >= 0) {
                true => Ok(value.clone()),
                false => Err(format!("移行先では {digits} 桁までです")),
            }
        }
        (Stored::Day(_, Some(_)), ItemKind::Date { uncertain: false }) => {
            Err("移行先では不詳の日付を書けません".to_owned())
        }
        _ => Ok(value.clone()),
    }
}
