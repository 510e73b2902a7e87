//! An example of a calculation alone: its facts as they are, its amounts and their trace.

use std::collections::BTreeMap;

use base::date::LooseDate;
use definition::System;
use rules::law::{FactKind, FactType};
use rules::types::Type;
use rules::value::{Decimal, Record, Value};
use serde_json::Value as Json;

use super::facts::wrong;
use crate::OfficeError;
use crate::assess::{assess, calculation_of};
use crate::facts::date_value;

/// The amounts with their trace.
pub(super) fn decide(system: &System, id: &str, facts: &Json) -> Result<String, OfficeError> {
    let own = calculation_of(system, id)?;
    let mut given = Record::new();
    for fact in &own.law.calculation().facts {
        let Some(json) = facts.get(&fact.name) else { continue };
        let value = match &fact.kind {
            FactKind::One(kind) => value(&fact.name, kind, json)?,
            FactKind::List { fields, .. } => {
                let elements = json.as_array().map(Vec::as_slice).unwrap_or_default();
                let mut items = Vec::new();
                for element in elements {
                    let mut record = Record::new();
                    for field in fields {
                        if let Some(json) = element.get(&field.name) {
                            record.insert(&*field.name, value(&field.name, &field.kind, json)?);
                        }
                    }
                    items.push(Value::from(record));
                }
                Value::from(items)
            }
        };
        given.insert(fact.name.as_str(), value);
    }
    let name = own.name();
    let (_, assessed) = assess(own, name, &given, &BTreeMap::new())?;
    Ok(assessed.text())
}

fn value(name: &str, kind: &FactType, json: &Json) -> Result<Value, OfficeError> {
    let text = match json {
        Json::Null => return Ok(Value::Null),
        Json::Bool(flag) => return Ok(Value::from(*flag)),
        Json::String(text) => text,
        _ => return Err(wrong(name, "一つの値を書いてください")),
    };
    Ok(match kind.ty {
        Type::Date => {
            let date = LooseDate::parse(text).map_err(|error| wrong(name, &error.to_string()))?;
            date_value(name, date)
        }
        Type::Number { .. } => {
            let digits = text.replace([',', '_'], "");
            let number = digits.parse::<Decimal>();
            Value::from(number.map_err(|_| wrong(name, "数ではありません"))?)
        }
        Type::Boolean => return Err(wrong(name, "true か false を書いてください")),
        _ => Value::from(text.as_str()),
    })
}
