//! Rows and form fields as facts for rules, and values of rules as values of items.
//!
//! An uncertain date is a fact with its effective day; the text as written is kept beside it and
//! taken up again when the day is assigned to an item that may be uncertain.

use base::date::{Date, LooseDate};
use definition::model::{Format, Item, ItemKind, Parameter, Register, System};
use rules::value::{Record, Value};
use store::{ItemValue, Row};

/// Facts with the uncertain dates as written.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// What rules see.
    pub record: Record,
    /// Names of date fields and items with the dates as written.
    pub dates: Vec<(String, LooseDate)>,
}

impl Facts {
    /// Adds a fact.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.record.insert(name, value);
    }

    /// Adds a row under a name, or a list of rows.
    pub fn rows(&mut self, register: &Register, rows: &[Row]) -> Vec<Value> {
        rows.iter().map(|row| Value::from(self.row(register, row))).collect()
    }

    /// A row as a record; its uncertain dates are remembered.
    pub fn row(&mut self, register: &Register, row: &Row) -> Record {
        let mut record = Record::new();
        for (item, value) in register.items.iter().zip(&row.values) {
            if let Some(ItemValue::Date(date)) = value {
                self.date(&item.name, *date);
            }
            record.insert(item.name.as_str(), value_of(&item.name, value.as_ref()));
        }
        record.insert("閉鎖日", Value::from(row.meta.closed_on));
        record.insert("記載日", Value::from(row.meta.valid_from));
        record
    }

    /// Remembers a date as written. Certain days are remembered too: a form's day that puts an
    /// uncertain date right must be found before the recorded one with the same effective day.
    pub fn date(&mut self, name: &str, date: LooseDate) {
        self.dates.push((name.to_owned(), date));
    }

    /// The date as written behind a value of an expression that names its source.
    fn loose(&self, source: &str, day: Option<Date>) -> Option<LooseDate> {
        self.dates
            .iter()
            .find(|(name, date)| date.effective() == day && source.contains(name.as_str()))
            .map(|(_, date)| *date)
    }
}

/// A date as it is kept in forms and events: it reads back to the same date, uncertain or not.
pub fn date_text(date: LooseDate) -> String {
    date.storage().1.unwrap_or_else(|| date.iso())
}

/// The fact of a form's date.
pub fn date_value(name: &str, date: LooseDate) -> Value {
    match date.effective() {
        Some(day) => Value::from(day),
        None => Value::unknown(name, "日付が不詳です"),
    }
}

/// The fact of an item's value; a masked secret is known to rules only as absent.
pub fn value_of(name: &str, value: Option<&ItemValue>) -> Value {
    match value {
        None | Some(ItemValue::Masked) => Value::Null,
        Some(ItemValue::Text(text)) => Value::from(text.as_str()),
        Some(ItemValue::Integer(number)) => Value::from(*number),
        Some(ItemValue::Flag(flag)) => Value::from(*flag),
        Some(ItemValue::Date(date)) => date_value(name, *date),
    }
}

/// The value of an item from the value of an expression with this source text.
///
/// # Errors
/// What is wrong with the value for this item, in Japanese.
pub fn item_value(
    facts: &Facts,
    item: &Item,
    source: &str,
    value: &Value,
) -> Result<Option<ItemValue>, String> {
    Ok(match (&item.kind, value) {
        (ItemKind::Date { .. }, Value::Date(day)) => {
            let loose = facts.loose(source, Some(*day));
            Some(ItemValue::Date(loose.unwrap_or_else(|| LooseDate::from(*day))))
        }
        (ItemKind::Date { .. }, Value::Unknown(_)) => {
            let loose = facts.loose(source, None);
            Some(ItemValue::Date(loose.ok_or_else(|| format!("「{}」が不詳です", item.name))?))
        }
        (_, Value::Unknown(unknown)) => {
            let names: Vec<&str> = unknown.questions().iter().map(|q| q.fact.as_str()).collect();
            return Err(format!("「{}」が決まりません（不明: {}）", item.name, names.join("、")));
        }
        (_, Value::Null) => None,
        (ItemKind::Integer { .. }, Value::Number(number)) => {
            Some(ItemValue::Integer(number.to_integer().ok_or("整数ではありません")?))
        }
        (ItemKind::Flag, Value::Boolean(flag)) => Some(ItemValue::Flag(*flag)),
        (_, Value::Text(text)) if text.is_empty() => None,
        (_, Value::Text(text)) => Some(ItemValue::Text(text.to_string())),
        (_, other) => return Err(format!("「{}」に入れられない値です（{other}）", item.name)),
    })
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
            (_, None) => {
                Value::unknown(parameter.name.as_str(), format!("{day} に効力のある値がありません"))
            }
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

/// `100-0001`: seven digits with the hyphen that people write; anything else as it is.
fn postal_code(text: &str) -> String {
    match text.split_at_checked(3) {
        Some((area, rest)) if text.len() == 7 && rest.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{area}-{rest}")
        }
        _ => text.to_owned(),
    }
}
