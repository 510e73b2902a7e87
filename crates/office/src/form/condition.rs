//! `when` and `default` of fields, kept on the server whatever a page or a client sends.
//!
//! A field that is not sent takes its default; one that is sent empty stays empty. A field whose
//! condition does not hold is empty and need not be filled; what was entered there all the same is
//! refused at the field, never dropped.

use base::said;
use definition::model::{Field, FieldKind, Procedure};
use rules::value::{Record, Value};
use serde_json::{Map, Value as Json};

use crate::facts::date_text;
use crate::plan::Finding;

/// The parts of a form that conditions and defaults change.
pub(crate) struct Form<'a> {
    /// All facts so far.
    pub facts: &'a mut Record,
    /// Fields of each subject.
    pub subjects: &'a mut [(String, Record)],
    /// Normalised form.
    pub stored: &'a mut Map<String, Json>,
    /// Mistakes.
    pub findings: &'a mut Vec<Finding>,
    /// Paths of fields that were not sent and have a default.
    pub absent: &'a mut Vec<String>,
}

/// One field of the form: where it stands.
#[derive(Clone, Copy)]
enum Spot<'a> {
    Plain,
    Repeated(&'a str, usize),
    Subject(usize),
}

impl Spot<'_> {
    fn path(self, field: &Field) -> String {
        match self {
            Spot::Plain => field.name.clone(),
            Spot::Repeated(group, index) => format!("{group}.{index}.{}", field.name),
            Spot::Subject(index) => format!("対象者.{index}.{}", field.name),
        }
    }
}

/// Fills what was not sent and empties what does not apply; true when a fact changed, so that
/// conditions on it have to be asked again.
pub(crate) fn apply(procedure: &Procedure, form: &mut Form<'_>) -> bool {
    let mut changed = false;
    for (spot, field) in spots(procedure, form) {
        changed |= form.field(spot, field, true);
    }
    changed
}

/// Fills what was not sent, as far as the facts decide it; conditions are not asked yet.
pub(crate) fn defaults(procedure: &Procedure, form: &mut Form<'_>) {
    for (spot, field) in spots(procedure, form) {
        form.field(spot, field, false);
    }
}

/// Every field of the form with its place.
fn spots<'p>(procedure: &'p Procedure, form: &Form<'_>) -> Vec<(Spot<'p>, &'p Field)> {
    let mut out = Vec::new();
    for group in &procedure.form {
        let spots: Vec<Spot<'p>> = if group.per_subject {
            (0..form.subjects.len()).map(Spot::Subject).collect()
        } else if group.repeat.is_some() {
            let count = match form.facts.get(&group.name) {
                Some(Value::List(list)) => list.len(),
                _ => 0,
            };
            (0..count).map(|index| Spot::Repeated(&group.name, index)).collect()
        } else {
            vec![Spot::Plain]
        };
        for spot in spots {
            out.extend(group.fields.iter().map(|field| (spot, field)));
        }
    }
    out
}

impl Form<'_> {
    fn field(&mut self, spot: Spot<'_>, field: &Field, conditions: bool) -> bool {
        if field.when.is_none() && (field.default.is_none() || self.absent.is_empty()) {
            return false;
        }
        let path = spot.path(field);
        let hidden = field.when.as_ref().filter(|_| conditions).is_some_and(|when| {
            let outcome = when.evaluate(&self.scope(spot)).value;
            matches!(outcome, Ok(Value::Boolean(false) | Value::Null))
        });
        if hidden {
            return self.hide(spot, field, &path);
        }
        let waits = self.absent.iter().position(|absent| *absent == path);
        let (Some(at), Some(default)) = (waits, &field.default) else { return false };
        let Ok(value) = default.evaluate(self.facts).value else { return false };
        let Some(kept) = text_of(&value) else { return false };
        self.absent.remove(at);
        self.findings.retain(|finding| finding.at.as_deref() != Some(path.as_str()));
        self.put(spot, field, value);
        self.keep(spot, field, kept);
        true
    }

    fn hide(&mut self, spot: Spot<'_>, field: &Field, path: &str) -> bool {
        self.absent.retain(|absent| absent != path);
        let present = self.scope(spot).get(&field.name).cloned().unwrap_or(Value::Null);
        let default = field.default.as_ref().map(|default| default.evaluate(self.facts).value);
        let untouched = is_empty(&present) || default == Some(Ok(present));
        let (label, label_en) = (&field.label, &field.name_en);
        let said = said!(
            "「{label}」は、いまの入力では使わない欄です。空にするか、ほかの欄を確かめてください",
            "{label_en} does not apply to what was entered. Leave it empty, or check the \
             other fields"
        );
        let finding = Finding::at(path, said);
        let refused = self.findings.contains(&finding);
        self.findings.retain(|other| other.at.as_deref() != Some(path));
        if refused || !untouched {
            self.findings.push(finding);
        }
        let empty = match field.kind {
            FieldKind::Flag => Value::from(false),
            FieldKind::Codes(_) => Value::from(Vec::new()),
            _ => Value::Null,
        };
        let before = self.scope(spot).get(&field.name).cloned();
        if before.as_ref() == Some(&empty) {
            return false;
        }
        if untouched {
            self.keep(spot, field, Json::Null);
        }
        self.put(spot, field, empty);
        true
    }

    /// What an expression of a field sees: all facts, and the other fields of its entry.
    fn scope(&self, spot: Spot<'_>) -> Record {
        let mut out = self.facts.clone();
        let own = match spot {
            Spot::Plain => None,
            Spot::Subject(index) => self.subjects.get(index).map(|(_, record)| record),
            Spot::Repeated(group, index) => match self.facts.get(group) {
                Some(Value::List(list)) => match list.get(index) {
                    Some(Value::Record(record)) => Some(&**record),
                    _ => None,
                },
                _ => None,
            },
        };
        if let Some(own) = own {
            out.extend(own.iter().map(|(name, value)| (name, value.clone())));
        }
        out
    }

    fn put(&mut self, spot: Spot<'_>, field: &Field, value: Value) {
        match spot {
            Spot::Plain => {
                self.facts.insert(field.name.as_str(), value);
            }
            Spot::Subject(index) => {
                if let Some((_, record)) = self.subjects.get_mut(index) {
                    record.insert(field.name.as_str(), value);
                }
            }
            Spot::Repeated(group, index) => {
                let Some(Value::List(list)) = self.facts.get(group) else { return };
                let mut list = list.to_vec();
                if let Some(Value::Record(record)) = list.get(index) {
                    let mut record = Record::clone(record);
                    record.insert(field.name.as_str(), value);
                    list[index] = Value::from(record);
                }
                self.facts.insert(group, Value::from(list));
            }
        }
    }

    fn keep(&mut self, spot: Spot<'_>, field: &Field, value: Json) {
        let entry = match spot {
            Spot::Plain => Some(&mut *self.stored),
            Spot::Subject(index) => entry_of(self.stored, "対象者", index),
            Spot::Repeated(group, index) => entry_of(self.stored, group, index),
        };
        if let Some(entry) = entry {
            entry.insert(field.name.clone(), value);
        }
    }
}

fn entry_of<'j>(
    stored: &'j mut Map<String, Json>,
    list: &str,
    index: usize,
) -> Option<&'j mut Map<String, Json>> {
    stored.get_mut(list)?.get_mut(index)?.as_object_mut()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Boolean(false) => true,
        Value::List(list) => list.is_empty(),
        _ => false,
    }
}

/// A default as the form keeps it; `None` while it is not known.
fn text_of(value: &Value) -> Option<Json> {
    match value {
        Value::Null => Some(Json::Null),
        Value::Date(day) => Some(Json::from(date_text(day.written()))),
        Value::Text(text) => Some(Json::from(text.to_string())),
        Value::Number(number) => Some(Json::from(number.to_string())),
        _ => None,
    }
}
