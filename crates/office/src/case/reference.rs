//! Rows of the same system that fields name by their keys: they must be there and open. Pure.

use base::said;
use definition::model::{Field, Procedure, Reference, System};
use rules::value::{Record, Value};
use store::Row;
use store::register::Table;

use crate::OfficeError;
use crate::facts::{Facts, row as row_facts};
use crate::form::Parsed;
use crate::plan::Finding;

/// Every filled field that names a row, in order: what it refers to, and the key.
pub(crate) fn references<'p>(
    procedure: &'p Procedure,
    parsed: &Parsed,
) -> Vec<(&'p Reference, String)> {
    let found = places(procedure, &parsed.facts.record, &parsed.subjects);
    found.into_iter().map(|(reference, _, _, key)| (reference, key)).collect()
}

type Place<'p> = (&'p Reference, &'p Field, String, String);

/// As [`references`], with the field and its path.
fn places<'p>(
    procedure: &'p Procedure,
    facts: &Record,
    subjects: &[(String, Record)],
) -> Vec<Place<'p>> {
    let mut out = Vec::new();
    for (group, field) in procedure.fields() {
        let Some(reference) = &field.refers_to else { continue };
        let mut add = |record: &Record, path: String| {
            if let Some(Value::Text(key)) = record.get(&field.name) {
                out.push((reference, field, path, key.to_string()));
            }
        };
        if group.per_subject {
            for (index, (_, record)) in subjects.iter().enumerate() {
                add(record, format!("対象者.{index}.{}", field.name));
            }
        } else if group.repeat.is_some() {
            let Some(Value::List(list)) = facts.get(&group.name) else { continue };
            for (index, entry) in list.iter().enumerate() {
                if let Value::Record(record) = entry {
                    add(record, format!("{}.{index}.{}", group.name, field.name));
                }
            }
        } else {
            add(facts, field.name.clone());
        }
    }
    out
}

/// Says at the field when its row is missing or closed, and lends the row to the expressions.
pub(super) fn lend(
    (system, procedure): (&System, &Procedure),
    (facts, subjects): (&mut Facts, &[(String, Record)]),
    rows: &[Option<Row>],
    findings: &mut Vec<Finding>,
) -> Result<(), OfficeError> {
    let places = places(procedure, &facts.record, subjects);
    for reference in procedure.fields().filter_map(|(_, field)| field.refers_to.as_ref()) {
        if let Some(name) = &reference.name {
            facts.set(name, Value::Null);
        }
    }
    for ((reference, field, path, key), row) in places.into_iter().zip(rows) {
        let table = Table::new(system, &reference.register)?;
        let (register, register_en) = (&table.register.name, &table.register.name_en);
        let (label, label_en) = (&field.label, &field.name_en);
        let wrong = match row {
            None => Some(said!(
                "{label}「{key}」は台帳「{register}」にありません。番号を確かめてください",
                "{label_en} “{key}” is not in the register “{register_en}”. Check the number"
            )),
            Some(row) => row.meta.closed_on.map(|day| {
                let written = base::era::japanese(day);
                said!(
                    "{label}「{key}」の{register}は{written}に閉じています。番号を確かめてください",
                    "{label_en} “{key}” ({register_en}) was closed on {day}. Check the number"
                )
            }),
        };
        if let Some(said) = wrong {
            findings.push(Finding::at(&path, said));
        }
        if let (Some(name), Some(row)) = (&reference.name, row) {
            facts.set(name, row_facts(table.register, row));
        }
    }
    Ok(())
}
