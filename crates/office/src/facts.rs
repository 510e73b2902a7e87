//! Rows and form fields as facts for rules, and values of rules as values of items.
//!
//! An uncertain date is a fact with its effective day that carries the date as written; a secret is
//! a fact that is there and cannot be read. Both can be handed on, neither is ever guessed.

use std::collections::BTreeMap;

use base::date::{Date, LooseDate};
use base::said;
use base::said::Said;
use definition::model::{Format, Item, ItemKind, Parameter, Register, System};
use rules::value::{Carried, Day, Record, Unknown, Value};
use store::{ItemValue, Row};

use crate::plan::Undoable;

/// Why a secret is not known.
pub(crate) const SECRET: &str = "秘密の項目のため、手続からは見えません";
/// Why a date is not known.
pub(crate) const UNCERTAIN: &str = "日付が不詳です";
/// What is said after a day on which a parameter has no value.
pub(crate) const NOT_IN_FORCE: &str = "に効力のある値がありません";

/// Facts, and the recorded events that the form names.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// What rules see.
    pub record: Record,
    /// Recorded events that the form names.
    pub events: Vec<Undoable>,
    /// The organisation's own values of parameters, for calculations of any day.
    pub set: BTreeMap<String, Value>,
}

impl Facts {
    /// Adds a fact.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.record.insert(name, value);
    }
}

/// Rows as facts.
pub fn rows(register: &Register, rows: &[Row]) -> Vec<Value> {
    rows.iter().map(|own| Value::from(row(register, own))).collect()
}

/// A row as a record.
pub fn row(register: &Register, row: &Row) -> Record {
    let key = row.values[register.key_index()].as_ref().and_then(ItemValue::as_text);
    let mut record = Record::new();
    for (item, value) in register.items.iter().zip(&row.values) {
        let value = match value {
            Some(ItemValue::Masked) => {
                let place = secret_place(register, key.unwrap_or_default(), &item.name);
                secret(&item.name, &place)
            }
            value => value_of(&item.name, value.as_ref()),
        };
        record.insert(item.name.as_str(), value);
    }
    record.insert("閉鎖日", Value::from(row.meta.closed_on));
    record.insert("記載日", Value::from(row.meta.valid_from));
    record
}

/// Where a secret stands: handed on to this very place, it stays as it is.
pub fn secret_place(register: &Register, key: &str, item: &str) -> String {
    format!("{}/{key}/{item}", register.id)
}

fn secret(name: &str, place: &str) -> Value {
    let unknown = Unknown::new(name, SECRET);
    Value::Unknown(unknown.carrying(Carried::Secret(place.into())))
}

/// A date as it is kept in forms and events: it reads back to the same date, uncertain or not.
pub fn date_text(date: LooseDate) -> String {
    date.storage().1.unwrap_or_else(|| date.iso())
}

/// The fact of a date.
pub fn date_value(name: &str, date: LooseDate) -> Value {
    match Day::of(date) {
        Some(day) => Value::Date(day),
        None => {
            let unknown = Unknown::new(name, UNCERTAIN);
            Value::Unknown(unknown.carrying(Carried::Date(date)))
        }
    }
}

/// The fact of an item's value; a masked secret is there, and nothing more is known of it.
pub fn value_of(name: &str, value: Option<&ItemValue>) -> Value {
    match value {
        None => Value::Null,
        Some(ItemValue::Masked) => secret(name, ""),
        Some(ItemValue::Text(text)) => Value::from(text.as_str()),
        Some(ItemValue::Integer(number)) => Value::from(*number),
        Some(ItemValue::Flag(flag)) => Value::from(*flag),
        Some(ItemValue::Date(date)) => date_value(name, *date),
    }
}

/// The value of an item from the value of an expression. `place` is where the item stands: its own
/// secret, handed on as it is, answers [`ItemValue::Masked`] and stays.
///
/// # Errors
/// What is wrong with the value for this item.
pub fn item_value(
    item: &Item,
    place: Option<&str>,
    value: &Value,
) -> Result<Option<ItemValue>, Said> {
    let (name, name_en) = (&item.name, &item.name_en);
    Ok(match (&item.kind, value) {
        (ItemKind::Date { .. }, Value::Date(day)) => Some(ItemValue::Date(day.written())),
        (_, Value::Unknown(unknown)) => Some(carried(item, place, unknown)?),
        (_, Value::Null) => None,
        (ItemKind::Integer { .. }, Value::Number(number)) => {
            let wrong = || said!("整数ではありません", "{name_en}: this is no whole number");
            Some(ItemValue::Integer(number.to_integer().ok_or_else(wrong)?))
        }
        (ItemKind::Flag, Value::Boolean(flag)) => Some(ItemValue::Flag(*flag)),
        (_, Value::Text(text)) if text.is_empty() => None,
        (_, Value::Text(text)) => Some(ItemValue::Text(text.to_string())),
        (_, other) => {
            return Err(said!(
                "「{name}」に入れられない値です（{other}）",
                "{name_en} cannot take this value (“{other}”)"
            ));
        }
    })
}

/// What can be handed on although it is not known.
fn carried(item: &Item, place: Option<&str>, unknown: &Unknown) -> Result<ItemValue, Said> {
    let (name, name_en) = (&item.name, &item.name_en);
    match (&item.kind, unknown.carried()) {
        (ItemKind::Date { .. }, Some(Carried::Date(date))) => Ok(ItemValue::Date(*date)),
        (_, Some(Carried::Secret(own))) if place == Some(&**own) => Ok(ItemValue::Masked),
        (_, Some(Carried::Secret(_))) => Err(said!(
            "「{name}」に、ほかの秘密の項目は写せません",
            "{name_en} cannot take another secret item"
        )),
        _ => {
            let names: Vec<&str> = unknown.questions().iter().map(|q| q.fact.as_str()).collect();
            let (ja, en) = (names.join("、"), names.join("”, “"));
            Err(said!(
                "「{name}」が決まりません（不明: {ja}）",
                "{name_en} cannot be told (not known: “{en}”)"
            ))
        }
    }
}

/// Parameters in force on a day: the ordinance's value of the organisation, else the file's.
///
/// A parameter without a value on that day is unknown, never an older one.
pub fn parameters(system: &System, ordinance: &[(String, i64)], day: Date) -> Vec<(String, Value)> {
    let value = |parameter: &Parameter| {
        let own = ordinance.iter().find(|(name, _)| *name == parameter.name);
        match (own, parameter.values.on(day)) {
            (Some((_, value)), _) if parameter.ordinance => Value::from(*value),
            (_, Some(value)) => value.value.clone(),
            (_, None) => Value::unknown(parameter.name.as_str(), format!("{day} {NOT_IN_FORCE}")),
        }
    };
    system.parameters.values().map(|p| (p.name.clone(), value(p))).collect()
}

/// How a value reads to people: dates in 和暦, codes by their names.
pub fn display(system: &System, item: &Item, value: Option<&ItemValue>) -> Option<String> {
    Some(match value? {
        ItemValue::Text(text) => {
            let name = item.codes(system).and_then(|codes| codes.name_of(text));
            match &item.format {
                Some(Format::PostalCode) => postal_code(text),
                _ => name.unwrap_or(text).to_owned(),
            }
        }
        ItemValue::Integer(number) => number.to_string(),
        ItemValue::Date(date) => date.japanese(),
        ItemValue::Flag(true) => "はい".to_owned(),
        ItemValue::Flag(false) => "いいえ".to_owned(),
        ItemValue::Masked => "＊＊＊＊".to_owned(),
    })
}

/// How the item at `at` of a row reads to people: as [`display`], but a date in 西暦 where the
/// register wants it for this row.
pub fn reads(
    system: &System,
    items: &[Item],
    values: &[Option<ItemValue>],
    at: usize,
) -> Option<String> {
    let (item, value) = (items.get(at)?, values.get(at)?.as_ref());
    let by = item.western_with.as_ref();
    let place = by.and_then(|name| items.iter().position(|one| one.name == *name));
    let is_western = place.is_some_and(|place| matches!(values.get(place), Some(Some(_))));
    match value {
        Some(ItemValue::Date(date)) if is_western => Some(date.western()),
        _ => display(system, item, value),
    }
}

/// `100-0001`: seven digits with the hyphen that people write; anything else as it is.
fn postal_code(text: &str) -> String {
    match text.split_at_checked(3) {
        Some((area, rest)) if text.len() == 7 && rest.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{area}-{rest}")
        }
        _ => text.to_owned(),
    }
}
