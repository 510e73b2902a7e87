//! The facts of a procedure from its parsed form and the rows that were found. Pure: examples are
//! decided by the same code without a database.

use std::sync::Arc;

use base::date::Date;
use base::said;
use definition::model::{Procedure, Register, Relation, Selection, System, Use};
use rules::value::{Record, Value};
use serde_json::Value as Json;
use store::register::Table;
use store::{ItemValue, Row};

use super::reference;
use crate::OfficeError;
use crate::facts::{Facts, parameters, row as row_facts, rows as rows_facts, value_of};
use crate::form::Parsed;
use crate::form::condition::{self, Form};
use crate::plan::{Finding, Undoable};
use crate::start::refusal;

/// Everything a plan needs, and the rows it was made from.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// Facts.
    pub facts: Facts,
    /// Findings of the form and of the selection.
    pub findings: Vec<Finding>,
    /// Normalised form.
    pub stored: Json,
    /// Subjects in the order chosen.
    pub subjects: Vec<Row>,
    /// Their keys.
    pub keys: Vec<String>,
    /// Rows of other systems, in the order of the system's `uses`.
    pub used: Vec<UsedRow>,
}

/// The rows that were found for a procedure.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Subjects in the order chosen.
    pub subjects: Vec<Row>,
    /// Rows related to the first subject, in the order of the register's relations.
    pub relations: Vec<Vec<Row>>,
    /// Rows of other systems, in the order of the system's `uses`.
    pub used: Vec<UsedRow>,
    /// Rows that fields name by their keys, in the order of the form.
    pub referred: Vec<Option<Row>>,
    /// Recorded events that the form names.
    pub events: Vec<Undoable>,
    /// Values that the organisation set by ordinance.
    pub ordinance: Vec<(String, i64)>,
}

/// A row of another system, as far as its items are declared.
#[derive(Clone, Debug)]
pub enum UsedRow {
    /// That system is not installed here: its facts are unknown.
    NotInstalled,
    /// There is no such row, or nothing selects one.
    Absent,
    /// The row that was found.
    Values {
        /// In the order of the declared items.
        values: Vec<Option<ItemValue>>,
        /// Its person's whereabouts must not be shown (支援措置).
        concealed: bool,
    },
}

/// Puts the facts together.
///
/// # Errors
/// [`OfficeError::Definition`] when the definition names a register that is not there.
pub(crate) fn assemble(
    (system, procedure): (&System, &Procedure),
    parsed: Parsed,
    found: Found,
    today: Date,
) -> Result<Gathered, OfficeError> {
    let Parsed { mut facts, subjects: mut chosen, mut stored, mut findings, mut absent } = parsed;
    let table = Table::new(system, &procedure.register)?;
    let keys: Vec<String> = chosen.iter().map(|(key, _)| key.clone()).collect();
    check_selection((procedure, today), table, &keys, &found.subjects, &mut findings);
    let filed = filed_on(&facts, today);
    facts.set("本日", today);
    findings.extend(found.events.iter().flat_map(|event| event.findings.iter().cloned()));
    facts.events = found.events;
    if procedure.selection != Selection::New {
        facts.set("対象者", subject_facts(table, &found.subjects, &chosen));
        relations(system, table.register, &found.relations, &mut facts)?;
    }
    facts.set =
        found.ordinance.iter().map(|(name, value)| (name.clone(), (*value).into())).collect();
    for (name, value) in parameters(system, &found.ordinance, filed) {
        facts.set(&name, value);
    }
    for (used, row) in system.uses.iter().zip(&found.used) {
        let value = used_value(used, row);
        facts.set(&used.name, value);
    }
    let place = (system, procedure);
    reference::lend(place, (&mut facts, &chosen), &found.referred, &mut findings)?;
    // A condition may hang on a field whose own condition comes later in the form.
    for _ in 0..=procedure.fields().count() {
        let (facts_of_form, subjects) = (&mut facts.record, &mut chosen);
        let (stored, findings, absent) = (&mut stored, &mut findings, &mut absent);
        let mut form = Form { facts: facts_of_form, subjects, stored, findings, absent };
        if !condition::apply(procedure, &mut form) {
            break;
        }
        if procedure.selection != Selection::New {
            facts.set("対象者", subject_facts(table, &found.subjects, &chosen));
        }
    }
    let stored = Json::Object(stored);
    Ok(Gathered { facts, findings, stored, subjects: found.subjects, keys, used: found.used })
}

/// The subjects with the fields entered for each.
fn subject_facts(table: Table<'_>, rows: &[Row], chosen: &[(String, Record)]) -> Vec<Value> {
    let mut list = Vec::new();
    for row in rows {
        let mut record = row_facts(table.register, row);
        let own = chosen.iter().find(|(key, _)| key == table.key_of(row));
        if let Some((_, fields)) = own {
            record
                .extend(fields.iter().map(|(name, value)| (Arc::<str>::from(name), value.clone())));
        }
        list.push(Value::from(record));
    }
    list
}

/// 届出日, which decides the parameters in force; today when the form has none.
pub(crate) fn filed_on(facts: &Facts, today: Date) -> Date {
    match facts.record.get("届出日") {
        Some(Value::Date(day)) => **day,
        _ => today,
    }
}

/// The key of a row of another system: the form's field, else the first subject's item.
pub(crate) fn used_key(
    facts: &Facts,
    used: &Use,
    register: &Register,
    subject: Option<&Row>,
) -> Option<String> {
    match facts.record.get(&used.key) {
        Some(Value::Text(text)) => Some(text.to_string()),
        _ => subject.and_then(|row| text_of(register, row, &used.key)),
    }
}

fn check_selection(
    (procedure, today): (&Procedure, Date),
    table: Table<'_>,
    keys: &[String],
    found: &[Row],
    findings: &mut Vec<Finding>,
) {
    let reasons = found.iter().filter_map(|row| refusal(procedure, table, row, today));
    for reason in reasons {
        if !findings.contains(&reason) {
            findings.push(reason);
        }
    }
    let mut refuse = |said| findings.push(Finding::error(None, said));
    match procedure.selection {
        Selection::New => return,
        Selection::One if keys.len() != 1 => {
            refuse(said!("対象を一人選んでください", "Choose one subject"))
        }
        Selection::Related if keys.is_empty() => {
            refuse(said!("対象を一人以上選んでください", "Choose at least one subject"))
        }
        _ => {}
    }
    if found.len() != keys.len() {
        refuse(said!(
            "選ばれた対象に、台帳にないものがあります。選び直してください",
            "A subject chosen is not in the register. Choose again"
        ));
    }
    // Rows of the register itself belong together by what they share; rows that merely have many
    // of another register below them do not.
    let own = |relation: &&Relation| relation.many && relation.by != table.register.key;
    let Some(relation) = table.register.relations.iter().find(own) else { return };
    let shared = |row: &Row| text_of(table.register, row, &relation.by);
    if found.windows(2).any(|pair| shared(&pair[0]) != shared(&pair[1])) {
        let (by, name, name_en) = (&relation.by, &relation.name, &relation.name_en);
        let by_en = table.register.item(by).map_or(by, |item| &item.name_en);
        refuse(said!(
            "選ばれた人の{by}が違います。同じ{name}の人だけを選んでください",
            "The persons chosen differ in “{by_en}”. Choose only persons of the same “{name_en}”"
        ));
    }
}

pub(crate) fn text_of(register: &Register, row: &Row, item: &str) -> Option<String> {
    let at = register.items.iter().position(|i| i.name == item)?;
    row.values[at].as_ref().and_then(ItemValue::as_text).map(str::to_owned)
}

/// Rows related to the first subject as facts; closed rows do not count.
fn relations(
    system: &System,
    register: &Register,
    found: &[Vec<Row>],
    facts: &mut Facts,
) -> Result<(), OfficeError> {
    let none = Vec::new();
    for (at, relation) in register.relations.iter().enumerate() {
        let table = Table::new(system, &relation.register)?;
        let open = |row: &&Row| row.meta.closed_on.is_none();
        let rows: Vec<Row> = found.get(at).unwrap_or(&none).iter().filter(open).cloned().collect();
        let mut values = rows_facts(table.register, &rows);
        if relation.many {
            facts.set(&relation.name, values);
        } else {
            facts.set(&relation.name, values.pop().unwrap_or(Value::Null));
        }
    }
    Ok(())
}

fn used_value(used: &Use, row: &UsedRow) -> Value {
    let values = match row {
        UsedRow::Absent => return Value::Null,
        UsedRow::NotInstalled => {
            let reason = format!("業務システム「{}」が入っていません", used.system);
            return Value::unknown(used.name.as_str(), reason);
        }
        UsedRow::Values { values, .. } => values,
    };
    let mut record = Record::new();
    for (item, value) in used.items.iter().zip(values) {
        record.insert(item.name.as_str(), value_of(&item.name, value.as_ref()));
    }
    Value::from(record)
}
