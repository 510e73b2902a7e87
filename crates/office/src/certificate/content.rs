//! What stands on a certificate: the items allowed on it, from the own register and from what other
//! systems lend, the request, the head of the organisation.

use base::said;
use definition::System;
use definition::model::{Item, ItemKind, Procedure, Register, Use};
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};
use store::register::{Table, rows_as_of};
use store::{GenericClient, ItemValue, Row};

use crate::access::role;
use crate::case::{UsedRow, used_key, used_row};
use crate::facts::{Facts, display, reads};
use crate::{Actor, Office, OfficeError};

/// What was asked for.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    /// Items that may be printed.
    pub allowed: &'a [String],
    /// The normalised form.
    pub stored: &'a Json,
}

/// What stands around the people of a page.
pub(super) struct Around {
    /// Who signs.
    pub head: Json,
    /// The related single rows (世帯).
    pub household: Json,
}

/// Items that may stand on this page: those that nobody must ask for, and those asked for.
///
/// The choices of the field that `requested` reads are the items left out unless chosen.
pub(crate) fn printable(
    system: &System,
    procedure: &Procedure,
    items: &[String],
    requested: Option<&[String]>,
) -> Vec<String> {
    let Some(requested) = requested else { return items.to_vec() };
    let on_request: Vec<&str> = procedure
        .fields()
        .filter_map(|(_, field)| match &field.kind {
            definition::model::FieldKind::Codes(list) => system.codes.get(list),
            _ => None,
        })
        .flat_map(|list| list.entries.iter().map(|entry| entry.code.as_str()))
        .collect();
    items
        .iter()
        .filter(|item| {
            !on_request.contains(&item.as_str()) || requested.iter().any(|name| name == *item)
        })
        .cloned()
        .collect()
}

/// Who signs: the organisation's settings, else an invented name for a sample organisation.
///
/// # Errors
/// [`OfficeError::Conflict`] when a real organisation has not said who its head is.
pub(crate) async fn head(
    office: &Office,
    client: &impl GenericClient,
) -> Result<Json, OfficeError> {
    let kept = store::parameter::organisation_head(client).await?;
    let name = &office.organisation.name;
    let sample = office.organisation.sample;
    let title = kept.title.or_else(|| sample.then(|| format!("{name}長")));
    let head = kept.name.or_else(|| sample.then(|| "見本　太郎".to_owned()));
    match (title, head) {
        (Some(title), Some(head)) => Ok(json!({ "name": name, "head_title": title, "head": head })),
        _ => Err(OfficeError::Conflict(said!(
            "証明書に記す長の職名と氏名が決まっていません。\
                 団体の設定（head_title、head）に入れてください",
            "Title and name of the head, who signs certificates, are not set. Set head_title and \
                 head for this organisation"
        ))),
    }
}

/// Texts of other systems' items for each subject, by item name.
///
/// # Errors
/// [`OfficeError::Forbidden`] when the other system conceals the person.
pub(super) async fn lent(
    office: &Office,
    client: &impl GenericClient,
    actor: &Actor,
    (system, procedure): (&System, &Procedure),
    subjects: &[Row],
) -> Result<Vec<Map<String, Json>>, OfficeError> {
    let table = Table::new(system, &procedure.register)?;
    let mut out = Vec::with_capacity(subjects.len());
    for subject in subjects {
        let mut texts = Map::new();
        for used in &system.uses {
            let key = used_key(&Facts::default(), used, table.register, Some(subject));
            let UsedRow::Values { values, concealed } = used_row(office, client, used, key).await?
            else {
                continue;
            };
            if concealed && !actor.has(role::PROTECTION) {
                return Err(crate::error::protected());
            }
            lend(office, used, &values, &mut texts);
        }
        out.push(texts);
    }
    Ok(out)
}

/// Display texts of one used row; codes read as the lending system names them.
fn lend(office: &Office, used: &Use, values: &[Option<ItemValue>], texts: &mut Map<String, Json>) {
    let Ok(other) = office.system(&used.system) else { return };
    let Some(register) = other.register(&used.register) else { return };
    let own = |item: &Item| register.item(&item.name).unwrap_or(item).clone();
    let items: Vec<Item> = used.items.iter().map(own).collect();
    for (at, item) in items.iter().enumerate().filter(|(_, item)| !item.secret) {
        if let Some(text) = reads(other, &items, values, at) {
            texts.entry(item.name.clone()).or_insert(Json::from(text));
        }
    }
}

/// The kept content of a document.
pub(super) fn content(
    (system, procedure): (&System, &Procedure),
    (subjects, lent): (&[Row], &[Map<String, Json>]),
    around: Around,
    request: Request<'_>,
) -> Json {
    let Some(register) = system.register(&procedure.register) else { return Json::Null };
    let none = Map::new();
    let person = |(at, row): (usize, &Row)| {
        let lent = lent.get(at).unwrap_or(&none);
        Json::Object(person(system, register, (row, lent), request.allowed))
    };
    let people: Vec<Json> = subjects.iter().enumerate().map(person).collect();
    let mut form = Map::new();
    for (group, field) in procedure.fields() {
        if group.repeat.is_some() || group.per_subject {
            continue;
        }
        let value = request.stored.get(&field.name).cloned().unwrap_or(Json::Null);
        form.insert(field.name.clone(), value);
    }
    form.insert("show".to_owned(), json!(request.allowed));
    let Around { head, household } = around;
    json!({ "organisation": head, "form": form, "subjects": people, "household": household })
}

/// Own items first; an item named in the procedure that the register lacks is lent.
fn person(
    system: &System,
    register: &Register,
    (row, lent): (&Row, &Map<String, Json>),
    allowed: &[String],
) -> Map<String, Json> {
    let mut out = Map::new();
    for (at, item) in register.items.iter().enumerate() {
        let shown = allowed.contains(&item.name) && !item.secret;
        let text = shown.then(|| reads(system, &register.items, &row.values, at)).flatten();
        out.insert(item.name.clone(), text.map_or(Json::Null, Json::from));
    }
    for name in allowed.iter().filter(|name| register.item(name).is_none()) {
        out.insert(name.clone(), lent.get(name).cloned().unwrap_or(Json::Null));
    }
    out
}

/// Related single rows (世帯) as display texts under their item names: as they are, and for a closed
/// row as they were the day before it was closed.
pub(super) async fn household(
    client: &impl GenericClient,
    (system, procedure): (&System, &Procedure),
    subject: Option<&Row>,
    at: Timestamp,
) -> Result<Json, OfficeError> {
    let mut out = Map::new();
    let table = Table::new(system, &procedure.register)?;
    let Some(subject) = subject else { return Ok(Json::Object(out)) };
    for relation in table.register.relations.iter().filter(|relation| !relation.many) {
        let other = Table::new(system, &relation.register)?;
        let place = table.register.items.iter().position(|item| item.name == relation.by);
        let key = place.and_then(|at| subject.values[at].as_ref()).and_then(ItemValue::as_text);
        let Some(key) = key else { continue };
        let Some(row) = related(client, other, key, (subject, at)).await? else { continue };
        for (item, value) in other.register.items.iter().zip(&row.values) {
            if item.secret || item.internal || item.kind == ItemKind::Flag {
                continue;
            }
            let text = display(system, item, value.as_ref());
            out.entry(item.name.clone()).or_insert(text.map_or(Json::Null, Json::from));
        }
    }
    Ok(Json::Object(out))
}

async fn related(
    client: &impl GenericClient,
    table: Table<'_>,
    key: &str,
    (subject, at): (&Row, Timestamp),
) -> Result<Option<Row>, OfficeError> {
    let last = subject.meta.closed_on.and_then(|day| day.yesterday().ok());
    if let Some(last) = last {
        let past = rows_as_of(client, table, &[key.to_owned()], last, at).await?.pop();
        if past.is_some() {
            return Ok(past);
        }
    }
    Ok(store::register::row(client, table, key).await?)
}
