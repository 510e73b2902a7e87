//! Rows around a row: its register's relations, and what other systems keep of the same person.

use definition::System;
use definition::model::{Item, Register, Subject};
use store::register::{Table, rows, rows_by, rows_by_as_of};
use store::{ItemValue, Row};

use super::{AsOf, Related, concealed, shown, title_of};
use crate::access::role;
use crate::start::starts;
use crate::{Actor, Office, OfficeError};

type Relations = Vec<(String, String, Vec<Related>)>;

/// What is looked at: in whose eyes, and as of when.
type Look<'a> = (&'a Actor, Option<AsOf>);

/// Relations with their names, and the keys of the people among them. On a past state the rows
/// stand as they stood then; whether they are concealed is always decided by today.
pub(super) async fn relations(
    office: &Office,
    client: &store::Client,
    (system, table): (&System, Table<'_>),
    row: &Row,
    look: Look<'_>,
) -> Result<(Relations, Vec<String>), OfficeError> {
    let mut out = Vec::new();
    let mut subjects = Vec::new();
    for relation in &table.register.relations {
        let other = Table::new(system, &relation.register)?;
        let at = table.register.items.iter().position(|item| item.name == relation.by);
        let key = at.and_then(|at| row.values[at].as_ref()).and_then(ItemValue::as_text);
        let (Some(key), Some(item)) = (key, other.register.item(&relation.by)) else { continue };
        let found = related_rows(client, (other, item), key, look).await?;
        if other.register.subject == Subject::Person {
            subjects.extend(found.iter().map(|row| row.key.clone()));
        }
        out.push((relation.name.clone(), relation.name_en.clone(), found));
    }
    for (register, item) in led_here(system, table.register) {
        let other = Table { system, register };
        let at = table.register.items.iter().position(|own| own.name == item.name);
        let key = at.and_then(|at| row.values[at].as_ref()).and_then(ItemValue::as_text);
        let Some(key) = key else { continue };
        let found = related_rows(client, (other, item), key, look).await?;
        if register.subject == Subject::Person {
            subjects.extend(found.iter().map(|row| row.key.clone()));
        }
        out.push((register.name.clone(), register.name_en.clone(), found));
    }
    for system in office.systems.iter() {
        for register in &system.registers {
            let other = Table { system, register };
            let found =
                match (kept_of(table.register, register), owner_of(table.register, register)) {
                    (Some(item), _) => {
                        related_rows(client, (other, item), table.key_of(row), look).await?
                    }
                    (_, Some((own, key))) => {
                        let at = table.register.items.iter().position(|item| item.name == own.name);
                        let person = at.and_then(|at| row.values[at].as_ref());
                        let Some(person) = person.and_then(ItemValue::as_text) else { continue };
                        let found = related_rows(client, (other, key), person, look).await?;
                        subjects.extend(found.iter().map(|row| row.key.clone()));
                        found
                    }
                    (None, None) => continue,
                };
            if !found.is_empty() {
                out.push((register.name.clone(), register.name_en.clone(), found));
            }
        }
    }
    subjects.sort();
    subjects.dedup();
    Ok((out, subjects))
}

/// The rows of a register whose item has this value, now or then.
async fn related_rows(
    client: &store::Client,
    (other, item): (Table<'_>, &Item),
    value: &str,
    (actor, as_of): Look<'_>,
) -> Result<Vec<Related>, OfficeError> {
    let Some((day, moment)) = as_of else {
        let found = rows_by(&**client, other, item, value).await?;
        return Ok(found.iter().map(|row| related(other, row, row, (actor, true))).collect());
    };
    let then = rows_by_as_of(&**client, other, (item, value), day, moment).await?;
    let keys: Vec<String> = then.iter().map(|row| other.key_of(row).to_owned()).collect();
    let today = rows(&**client, other, &keys).await?;
    let now = |row: &Row| today.iter().find(|now| other.key_of(now) == other.key_of(row));
    Ok(then
        .iter()
        .map(|row| related(other, row, now(row).unwrap_or(row), (actor, false)))
        .collect())
}

/// Registers of the same system whose relations lead to this one, which has none to them, and the
/// item by which they do: the way back from a household to its people.
fn led_here<'s>(system: &'s System, own: &Register) -> Vec<(&'s Register, &'s Item)> {
    let mut out = Vec::new();
    for register in &system.registers {
        let back = own.relations.iter().any(|relation| relation.register == register.id);
        let here = register.relations.iter().find(|relation| relation.register == own.id);
        if let (false, Some(relation)) = (back, here)
            && let Some(item) = register.item(&relation.by)
        {
            out.push((register, item));
        }
    }
    out
}

/// The item by which a register of things names a person of `person`: the same name and number
/// scheme as the person's key.
fn kept_of<'r>(person: &Register, things: &'r Register) -> Option<&'r Item> {
    let key = person.item(&person.key).filter(|_| person.subject == Subject::Person)?;
    let item = things.item(&key.name).filter(|_| things.subject == Subject::Thing)?;
    (item.format.is_some() && item.format == key.format && !item.secret).then_some(item)
}

/// The other way round: the item by which this register of things names a person of `person`, and
/// the person's key.
fn owner_of<'r>(things: &'r Register, person: &'r Register) -> Option<(&'r Item, &'r Item)> {
    Some((kept_of(person, things)?, person.item(&person.key)?))
}

fn related(other: Table<'_>, row: &Row, today: &Row, (actor, present): (&Actor, bool)) -> Related {
    let hidden = concealed(other, today);
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
        startable: match present {
            true => startable(other, row, actor),
            false => Vec::new(),
        },
    }
}

fn startable(other: Table<'_>, row: &Row, actor: &Actor) -> Vec<String> {
    let all = starts(other.system, other, row, actor.today());
    all.into_iter().filter(|one| one.refusal.is_none()).map(|one| one.procedure).collect()
}
