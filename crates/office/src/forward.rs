//! 転送: after a final registration, the municipalities that former addresses and the registered
//! domicile name are listed, letters to them are written, and who sent each when is kept.
//!
//! A letter shows what the definition lists and the place in its own municipality, never a
//! concealed item. What names no municipality surely waits for a person.

mod municipality;

use std::collections::{BTreeMap, BTreeSet};

use base::said;
use definition::System;
use definition::model::{FieldKind, Forward as Rule, Procedure};
use serde_json::{Map, Value as Json, json};
use store::document::{NewDocument, document_issue};
use store::forward::{
    Forward, NewForward, forward_add, forward_list, forward_sent, forward_unwritten,
    forward_written,
};
use store::register::{Table, rows, rows_history};
use store::{ItemValue, Row, Transaction};

use crate::access::role;
use crate::certificate::{Job, RenderError, Rendered, document_head, head, take_number};
use crate::facts::reads;
use crate::{Actor, Office, OfficeError};

pub use municipality::municipality;

/// The purpose in the audit.
pub(crate) const PURPOSE: &str = "転送";

fn text_at(table: Table<'_>, row: &Row, name: &str) -> Option<String> {
    let at = table.register.items.iter().position(|item| item.name == name)?;
    match &row.values[at] {
        Some(ItemValue::Text(text)) if !text.trim().is_empty() => Some(text.clone()),
        _ => None,
    }
}

/// Whether a place lies in the organisation itself. A place outside the table (an invented one) is
/// known by the organisation's name near its beginning.
fn own(office: &Office, place: &str, found: Option<&(String, String)>) -> bool {
    match found {
        Some((code, _)) => *code == office.organisation.code,
        None => {
            let before = place.split_once(office.organisation.name.as_str()).map(|(text, _)| text);
            before.is_some_and(|text| text.chars().count() <= 8)
        }
    }
}

/// Lists whom a registration is forwarded to, in its transaction.
pub(crate) async fn note(
    office: &Office,
    transaction: &Transaction<'_>,
    (system, procedure): (&System, &Procedure),
    (subjects, event_id): (&[Row], i64),
) -> Result<(), OfficeError> {
    let Some(rule) = &procedure.forward else { return Ok(()) };
    let table = Table::new(system, &procedure.register)?;
    for row in subjects {
        let subject = table.key_of(row).to_owned();
        let history = rows_history(&**transaction, table, &subject).await?;
        for item in &rule.to {
            let places: BTreeSet<String> =
                history.iter().filter_map(|version| text_at(table, version, item)).collect();
            for place in places {
                let municipality = municipality(&place);
                if own(office, &place, municipality.as_ref()) {
                    continue;
                }
                let new = NewForward {
                    event_id,
                    system: system.id.clone(),
                    procedure: procedure.id.clone(),
                    subject: subject.clone(),
                    item: item.clone(),
                    place,
                    municipality,
                };
                forward_add(&**transaction, &new).await?;
            }
        }
    }
    Ok(())
}

/// What waits to be forwarded, or was.
///
/// # Errors
/// [`OfficeError::Forbidden`] without the role for protected people.
pub async fn list(office: &Office, actor: &Actor, sent: bool) -> Result<Vec<Forward>, OfficeError> {
    actor.require(&[role::PROTECTION])?;
    let client = office.database.client().await?;
    let found = forward_list(&**client, sent).await?;
    let subjects: BTreeSet<String> = found.iter().map(|one| one.new.subject.clone()).collect();
    let detail = json!({"letters": found.len(), "sent": sent});
    let subjects = subjects.into_iter().collect();
    actor.audit(&**client, "forward.list", PURPOSE, subjects, detail).await?;
    Ok(found)
}

/// Writes every letter that is missing; how many were written is returned. All or none.
///
/// # Errors
/// [`OfficeError::Forbidden`]; [`OfficeError::Glyphs`] when a character cannot be printed.
pub async fn write<R, F>(office: &Office, actor: &Actor, render: R) -> Result<usize, OfficeError>
where
    R: Fn(Job) -> F,
    F: Future<Output = Result<Rendered, RenderError>>,
{
    actor.require(&[role::PROTECTION])?;
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let mut letters: BTreeMap<(i64, String), Vec<Forward>> = BTreeMap::new();
    for one in forward_unwritten(&*transaction).await? {
        let code = one.new.municipality.as_ref().map(|(code, _)| code.clone()).unwrap_or_default();
        letters.entry((one.new.event_id, code)).or_default().push(one);
    }
    let mut subjects = BTreeSet::new();
    for letter in letters.values() {
        let (document, job) = compose(office, &transaction, actor, letter).await?;
        let rendered = render(job).await.map_err(failed)?;
        let page = (rendered.pdf.as_slice(), rendered.pages);
        document_issue(&*transaction, &document, page).await?;
        let number = &document.number;
        let ids: Vec<i64> = letter.iter().map(|one| one.id).collect();
        forward_written(&*transaction, &ids, number).await?;
        subjects.extend(document.subjects);
    }
    let detail = json!({"letters": letters.len()});
    let subjects = subjects.into_iter().collect();
    actor.audit(&*transaction, "forward.write", PURPOSE, subjects, detail).await?;
    transaction.commit().await?;
    Ok(letters.len())
}

fn failed(error: RenderError) -> OfficeError {
    match error {
        RenderError::Failed(message) => OfficeError::Definition(message),
        RenderError::Glyphs(missing) => OfficeError::Glyphs(
            missing.into_iter().map(|(_, text, code)| format!("{text}（{code}）")).collect(),
        ),
    }
}

/// One letter: the subjects of one registration whom one municipality knew.
async fn compose(
    office: &Office,
    transaction: &Transaction<'_>,
    actor: &Actor,
    letter: &[Forward],
) -> Result<(NewDocument, Job), OfficeError> {
    let first = &letter[0];
    let (system, procedure) = office.procedure(&first.new.system, &first.new.procedure)?;
    let rule = procedure.forward.as_ref();
    let missing = || OfficeError::Definition("転送のない手続です".to_owned());
    let rule: &Rule = rule.ok_or_else(missing)?;
    let table = Table::new(system, &procedure.register)?;
    let keys: BTreeSet<String> = letter.iter().map(|one| one.new.subject.clone()).collect();
    let keys: Vec<String> = keys.into_iter().collect();
    let known = rows(&**transaction, table, &keys).await?;
    let mut content = json!({
        "organisation": head(office, &**transaction).await?,
        "recipient": first.new.municipality.as_ref().map(|(_, name)| name),
        "subjects": known.iter().map(|row| shown(table, rule, row, letter)).collect::<Vec<_>>(),
        "form": fields(system, procedure, rule, &first.form),
    });
    let document = NewDocument {
        number: take_number(office, &**transaction, actor).await?,
        case_id: None,
        system: system.id.clone(),
        procedure: procedure.id.clone(),
        notice: rule.notice.clone(),
        package: system.hash.clone(),
        title: format!("{}の転送", procedure.name),
        subjects: keys,
        content: content.clone(),
        fee_yen: 0,
        issued_by: actor.id.clone(),
    };
    content["document"] = document_head(office, actor, &document);
    let entry = format!("{}.typ", rule.notice);
    Ok((document, Job { entry, files: system.notices.clone(), data: content }))
}

/// A subject in a letter: the listed items, and the places in the municipality that is written to.
fn shown(table: Table<'_>, rule: &Rule, row: &Row, letter: &[Forward]) -> Json {
    let mut out = Map::new();
    let items = &table.register.items;
    for (at, item) in items.iter().enumerate() {
        let listed = rule.items.contains(&item.name) && !item.conceal && !item.secret;
        if let Some(text) = reads(table.system, items, &row.values, at).filter(|_| listed) {
            out.insert(item.name.clone(), Json::from(text));
        }
    }
    let key = table.key_of(row);
    let places = letter
        .iter()
        .filter(|one| one.new.subject == key)
        .map(|one| json!({ "item": one.new.item, "text": one.new.place }));
    out.insert("places".to_owned(), places.collect());
    Json::Object(out)
}

/// The listed fields of the form in words.
fn fields(system: &System, procedure: &Procedure, rule: &Rule, form: &Json) -> Json {
    let mut out = Map::new();
    for name in &rule.fields {
        let (Some(field), Some(text)) = (procedure.field(name), form[name].as_str()) else {
            continue;
        };
        let words = match &field.kind {
            FieldKind::Code(list) => system.codes.get(list).and_then(|list| {
                list.entries.iter().find(|entry| entry.code == text).map(|e| e.name.clone())
            }),
            FieldKind::Date { .. } => text.parse().ok().map(base::era::japanese),
            _ => None,
        };
        out.insert(field.label.clone(), Json::from(words.unwrap_or_else(|| text.to_owned())));
    }
    Json::Object(out)
}

/// Records that a letter was sent, by whom and how.
///
/// # Errors
/// [`OfficeError::Invalid`] without saying how, [`OfficeError::Conflict`] when it was sent before.
pub async fn sent(office: &Office, actor: &Actor, id: i64, how: &str) -> Result<(), OfficeError> {
    actor.require(&[role::PROTECTION])?;
    if how.trim().is_empty() {
        let said = said!(
            "どのように送ったか、送らないときはその理由を入力してください（例: 書留、文書交換、国外のため不要）",
            "Enter how it was sent, or why it is not sent (for example “書留” or “国外のため不要”)"
        );
        return Err(OfficeError::invalid("note", said));
    }
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let subjects = forward_sent(&*transaction, id, &actor.id, how.trim()).await?;
    let detail = json!({"forward": id, "how": how.trim()});
    actor.audit(&*transaction, "forward.sent", PURPOSE, subjects, detail).await?;
    transaction.commit().await?;
    Ok(())
}
