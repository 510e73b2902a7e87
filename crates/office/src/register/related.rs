//! Rows around a row: its register's relations, and what other systems keep of the same person.

use definition::System;
use definition::model::{Item, Register, Subject};
use store::register::{Table, rows_by};
use store::{ItemValue, Row};

use super::{Related, concealed, shown, title_of};
use crate::access::role;
use crate::{Actor, Office, OfficeError};

type Relations = Vec<(String, String, Vec<Related>)>;

/// Relations with their names, and the keys of the people among them.
pub(super) async fn relations(
    office: &Office,
    client: &store::Client,
    (system, table): (&System, Table<'_>),
    row: &Row,
    actor: &Actor,
) -> Result<(Relations, Vec<String>), OfficeError> {
    let mut out = Vec::new();
    let mut subjects = Vec::new();
    for relation in &table.register.relations {
        let other = Table::new(system, &relation.register)?;
        let at = table.register.items.iter().position(|item| item.name == relation.by);
        let key = at.and_then(|at| row.values[at].as_ref()).and_then(ItemValue::as_text);
        let (Some(key), Some(item)) = (key, other.register.item(&relation.by)) else { continue };
        let found = rows_by(&***client, other, item, key).await?;
        if other.register.subject == Subject::Person {
            subjects.extend(found.iter().map(|row| other.key_of(row).to_owned()));
        }
        let related = found.iter().map(|row| related(other, row, actor)).collect();
        out.push((relation.name.clone(), relation.name_en.clone(), related));
    }
    for system in office.systems.iter() {
        for register in &system.registers {
            let Some(item) = kept_of(table.register, register) else { continue };
            let other = Table { system, register };
            let found = rows_by(&***client, other, item, table.key_of(row)).await?;
            if !found.is_empty() {
                let related = found.iter().map(|row| related(other, row, actor)).collect();
                out.push((register.name.clone(), register.name_en.clone(), related));
            }
        }
    }
    subjects.sort();
    subjects.dedup();
    Ok((out, subjects))
}

/// The item by which a register of things names a person of `person`: the same name and number
/// scheme as the person's key.
fn kept_of<'r>(person: &Register, things: &'r Register) -> Option<&'r Item> {
    let key = person.item(&person.key).filter(|_| person.subject == Subject::Person)?;
    let item = things.item(&key.name).filter(|_| things.subject == Subject::Thing)?;
    (item.format.is_some() && item.format == key.format && !item.secret).then_some(item)
}

fn related(other: Table<'_>, row: &Row, actor: &Actor) -> Related {
    let hidden = concealed(other, row);
    let cleared = !hidden || actor.has(role::PROTECTION);
    let (key, title) = (other.key_of(row), title_of(other, row));
    let items = other.register.items.iter().zip(&row.values);
    Related {
        system: other.system.id.clone(),
        register: other.register.id.clone(),
        title: match other.register.subject {
            Subject::Thing if title != key => format!("{key}　{title}"),
            _ => title,
        },
        key: key.to_owned(),
        values: items
            .filter(|(item, _)| !item.internal && !item.secret)
            .map(|(item, value)| shown(other.system, item, value.as_ref(), cleared))
            .collect(),
        concealed: hidden,
        closed: row.meta.closed_on.is_some(),
    }
}
