//! What the office knows as JSON of the schemas in `schema`. Nothing is added to what the office
//! lets this person see; days are ISO 8601, moments are RFC 3339 in UTC.

use base::date::{Date, FOREVER};
use definition::System;
use definition::model::ProcedureKind;
use office::case::ChangeView;
use office::plan::Finding;
use office::register::{HistoryView, Page, Related, Shown, Summary};
use office::start::Start;
use serde_json::{Value, json};
use store::audit::Audit;
use store::case::{Case, CaseAct};
use store::document::Document;
use store::journal::Entry;

/// A day, or null.
pub fn day(day: Option<Date>) -> Value {
    day.map_or(Value::Null, |day| json!(day.to_string()))
}

fn shown(value: &Shown) -> Value {
    json!({
        "name": value.name, "name_en": value.name_en, "text": value.text,
        "masked": value.masked, "hidden": value.hidden, "uncertain": value.uncertain,
    })
}

fn all(values: &[Shown]) -> Value {
    values.iter().map(shown).collect()
}

/// A row found.
pub fn summary(row: &Summary) -> Value {
    json!({
        "key": row.key, "title": row.title, "values": all(&row.values),
        "concealed": row.concealed, "closed": row.closed,
    })
}

/// A row with everything around it.
pub fn page(page: &Page) -> Value {
    let row = &page.row;
    let groups: Vec<Value> =
        row.groups.iter().map(|(name, list)| json!({"name": name, "values": all(list)})).collect();
    let derived: Vec<Value> = row
        .derived
        .iter()
        .map(|(name, text, article)| json!({"name": name, "text": text, "article": article}))
        .collect();
    let relations: Vec<Value> = page
        .relations
        .iter()
        .map(|(name, name_en, list)| {
            let rows: Vec<Value> = list.iter().map(related).collect();
            json!({"name": name, "name_en": name_en, "rows": rows})
        })
        .collect();
    json!({
        "key": row.key, "title": row.title, "groups": groups, "derived": derived,
        "concealed": row.concealed, "cleared": row.cleared, "closed_on": day(row.closed_on),
        "version_no": row.version_no, "valid_from": row.valid_from.to_string(),
        "recorded_from": row.recorded_from.to_string(),
        "startable": page.starts.iter().filter_map(startable).collect::<Value>(),
        "relations": relations,
        "history": page.history.iter().map(history).collect::<Value>(),
        "cases": page.cases.iter().map(case_brief).collect::<Value>(),
        "documents": page.documents.iter().map(document).collect::<Value>(),
    })
}

/// A procedure that can be started on a row now.
fn startable(start: &Start) -> Option<Value> {
    start.refusal.is_none().then(|| {
        json!({
            "procedure": start.procedure, "name": start.name, "name_en": start.name_en,
            "kind": kind_word(start.kind),
        })
    })
}

fn kind_word(kind: ProcedureKind) -> &'static str {
    match kind {
        ProcedureKind::Notification => "notification",
        ProcedureKind::Official => "official",
        ProcedureKind::Certificate => "certificate",
        ProcedureKind::Reaction => "reaction",
    }
}

fn related(row: &Related) -> Value {
    json!({
        "register": row.register, "key": row.key, "title": row.title,
        "values": all(&row.values), "concealed": row.concealed, "closed": row.closed,
    })
}

fn history(version: &HistoryView) -> Value {
    let changes: Vec<Value> = version
        .changes
        .iter()
        .map(|(name, old, new)| json!({"name": name, "old": old, "new": new}))
        .collect();
    let until = (version.valid_to < FOREVER).then_some(version.valid_to);
    json!({
        "version_no": version.version_no, "reason": version.reason,
        "valid_from": version.valid_from.to_string(), "valid_to": day(until),
        "recorded_from": version.recorded_from.to_string(),
        "recorded_to": version.recorded_to.map(|at| at.to_string()),
        "changes": changes, "event_id": version.event_id, "filed_on": day(version.filed_on),
        "actor": version.actor,
    })
}

/// A case as the queue knows it.
pub fn case_brief(case: &Case) -> Value {
    let entered = &case.entered;
    json!({
        "id": case.id, "revision": case.revision, "stage": entered.stage,
        "system": entered.system, "procedure": entered.procedure, "title": entered.title,
        "origin": entered.origin, "subjects": entered.subjects,
        "filed_on": day(entered.filed_on), "effective_on": day(entered.effective_on),
        "due_on": entered.due_on.to_string(), "entered_by": entered.entered_by,
        "entered_at": case.entered_at.to_string(), "approved_by": case.approved_by,
        "approved_as": case.approved_as, "post_review_due": case.post_review_due,
        "event_id": case.event_id,
    })
}

/// Where a case stands.
pub fn case_state(case: &Case) -> Value {
    json!({
        "id": case.id, "revision": case.revision, "stage": case.entered.stage,
        "post_review_due": case.post_review_due, "event_id": case.event_id,
    })
}

/// An act on a case.
pub fn act(act: &CaseAct) -> Value {
    json!({"at": act.at.to_string(), "act": act.act, "actor": act.actor, "note": act.note})
}

/// What a case would change, and what must be put right or acknowledged.
pub fn plan(changes: &[ChangeView], findings: &[Finding]) -> Value {
    let changes: Vec<Value> = changes
        .iter()
        .map(|change| {
            let items: Vec<Value> = change
                .items
                .iter()
                .map(|(name, name_en, old, new)| {
                    json!({"name": name, "name_en": name_en, "old": old, "new": new})
                })
                .collect();
            json!({
                "register": change.register, "verb": change.verb, "title": change.title,
                "items": items,
            })
        })
        .collect();
    let findings: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let at = finding.at.as_deref().unwrap_or_default().replace('.', "/");
            json!({
                "pointer": format!("/{at}"), "message": finding.message,
                "message_en": finding.message_en, "warning": finding.warning,
            })
        })
        .collect();
    json!({"changes": changes, "findings": findings})
}

/// An issued document, without what is printed on it.
pub fn document(found: &Document) -> Value {
    let document = &found.document;
    json!({
        "number": document.number, "system": document.system, "procedure": document.procedure,
        "title": document.title, "subjects": document.subjects, "fee_yen": document.fee_yen,
        "issued_by": document.issued_by, "issued_at": found.issued_at.to_string(),
        "voided_at": found.voided_at.map(|at| at.to_string()), "void_reason": found.void_reason,
    })
}

/// An entry of the journal, without its content.
pub fn entry(found: &Entry) -> Value {
    let entry = &found.entry;
    json!({
        "event_id": found.event_id, "recorded_at": entry.recorded_at.to_string(),
        "system": entry.system, "procedure": entry.procedure, "event": entry.event,
        "reason": entry.reason, "case_id": entry.case_id, "subject_count": entry.subjects.len(),
        "effective_on": entry.effective_on.to_string(), "filed_on": day(entry.filed_on),
        "actor": entry.actor, "approver": entry.approver, "run_id": entry.run_id,
    })
}

/// A row of the audit, without its particulars.
pub fn audit(found: &Audit) -> Value {
    let audit = &found.audit;
    json!({
        "id": found.id, "at": found.at.to_string(), "actor": audit.actor, "role": audit.role,
        "zone": audit.zone, "purpose": audit.purpose, "action": audit.action,
        "subject_count": audit.subjects.len(), "request": audit.request,
    })
}

/// An installed system.
pub fn system(system: &System) -> Value {
    let registers: Vec<Value> = system
        .registers
        .iter()
        .map(|one| json!({"id": one.id, "name": one.name, "name_en": one.name_en, "key": one.key}))
        .collect();
    let procedures: Vec<Value> = system
        .procedures
        .iter()
        .map(|one| {
            json!({
                "id": one.id, "name": one.name, "name_en": one.name_en,
                "kind": kind_word(one.kind),
                "register": one.register, "statute": one.statute,
                "schema": super::schema::form_reference(system, one),
            })
        })
        .collect();
    json!({
        "id": system.id, "name": system.name, "name_en": system.name_en,
        "version": system.version, "hash": system.hash, "registers": registers,
        "procedures": procedures,
    })
}
