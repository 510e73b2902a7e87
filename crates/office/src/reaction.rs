//! Work that follows: reactions of systems to events, and timers.
//!
//! Every reaction is idempotent by (event, system, procedure): its case carries the event, and a
//! second one is refused by the store. What rules cannot decide becomes a case for a person.

use definition::model::{FieldKind, Procedure, System};
use serde_json::{Map, Value as Json, json};
use store::case::{Case, NewCase, case_act, case_open, case_read, case_update};
use store::job::{Job, job_claim, job_done, job_failed, timer_done};
use store::journal::{Entry, journal_entry};
use store::register::{Table, rows, rows_by};
use store::undo::{event_cancelled_by, event_lock};
use store::{ItemValue, Row, StoreError};

use crate::case::{register_finally, stage};
use crate::{Actor, Office, OfficeError, procedure_of};

/// Does the work that is due; how many jobs were claimed is returned.
///
/// # Errors
/// [`OfficeError::Store`] when the queue cannot be read; a job's own failure stays with the job.
pub async fn work(office: &Office, at: jiff::Timestamp) -> Result<usize, OfficeError> {
    let client = office.database.client().await?;
    let jobs = job_claim(&*client, 20).await?;
    drop(client);
    let count = jobs.len();
    for job in jobs {
        let outcome = match job.kind.as_str() {
            "reaction" => react(office, at, &job).await,
            "timer" => timer(office, at, &job).await,
            crate::intake::JOB => crate::intake::job(office, at, &job.content).await,
            crate::run::JOB => crate::run::job(office, at, &job.content).await,
            other => Err(OfficeError::Definition(format!("仕事の種類「{other}」を知りません"))),
        };
        let client = office.database.client().await?;
        match outcome {
            Ok(()) => job_done(&*client, job.id).await?,
            Err(error) => {
                tracing::warn!(job = job.id, %error, "job failed");
                job_failed(&*client, job.id, &error.to_string()).await?;
            }
        }
    }
    Ok(count)
}

async fn react(office: &Office, at: jiff::Timestamp, job: &Job) -> Result<(), OfficeError> {
    let number = job.content.get("event").and_then(Json::as_i64).unwrap_or_default();
    let client = office.database.client().await?;
    let event = journal_entry(&*client, number).await?;
    drop(client);
    for system in office.systems.iter() {
        for procedure in &system.procedures {
            let hears = procedure.on.iter().any(|trigger| {
                trigger.system == event.entry.system
                    && Some(&trigger.event) == event.entry.event.as_ref()
            });
            if hears {
                react_once(office, at, (system, procedure), &event).await?;
            }
        }
    }
    Ok(())
}

/// Own open rows to which the event says the same: the form filled with it, and the rows.
struct Share {
    form: Map<String, Json>,
    rows: Vec<Row>,
}

/// One reaction: its own open rows of the event's subjects, with the event's items as form. What
/// the event says of each may differ, as names do: each that differs is a case of its own.
async fn react_once(
    office: &Office,
    at: jiff::Timestamp,
    (system, procedure): (&System, &Procedure),
    event: &Entry,
) -> Result<(), OfficeError> {
    let table = Table::new(system, &procedure.register)?;
    let item = table.register.item(&procedure.by);
    let item = item.ok_or_else(|| OfficeError::Definition(format!("項目「{}」", procedure.by)))?;
    let client = office.database.client().await?;
    let mut shares: Vec<Share> = Vec::new();
    for subject in event.entry.event_subjects() {
        let mut own = rows_by(&*client, table, item, &subject).await?;
        own.retain(|row| row.meta.closed_on.is_none());
        let form = form_of(procedure, event, &subject);
        match shares.iter_mut().find(|share| share.form == form) {
            Some(share) => share.rows.extend(own),
            None => shares.push(Share { form, rows: own }),
        }
    }
    drop(client);
    for share in shares.into_iter().filter(|share| !share.rows.is_empty()) {
        match react_share(office, at, (table, procedure, event), share).await {
            // Done before a crash, or cancelled meanwhile.
            Err(OfficeError::Conflict(_)) | Ok(()) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn react_share(
    office: &Office,
    at: jiff::Timestamp,
    (table, procedure, event): (Table<'_>, &Procedure, &Entry),
    share: Share,
) -> Result<(), OfficeError> {
    let actor = Actor::automatic(at);
    let keys: Vec<String> = share.rows.iter().map(|row| table.key_of(row).to_owned()).collect();
    let mut form = share.form;
    let chosen: Vec<Json> = keys.iter().map(|key| json!({ "key": key })).collect();
    form.insert("対象者".to_owned(), Json::Array(chosen));
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    event_lock(&transaction, event.event_id).await?;
    if event_cancelled_by(&transaction, event.event_id).await?.is_some() {
        return Ok(());
    }
    let new = NewCase {
        system: table.system.id.clone(),
        procedure: procedure.id.clone(),
        package: table.system.hash.clone(),
        stage: stage::TO_DO.to_owned(),
        origin: "事象".to_owned(),
        origin_event: Some(event.event_id),
        title: procedure.name.clone(),
        subjects: keys,
        versions: share.rows.iter().map(|row| row.meta.version_no).collect(),
        form: Json::Object(form),
        identity: json!({}),
        acknowledged: true,
        filed_on: event.entry.filed_on,
        effective_on: Some(event.entry.effective_on),
        due_on: crate::case_due(actor.today(), procedure),
        entered_by: actor.id.clone(),
    };
    let id = case_open(&transaction, &new).await?;
    let mut case = case_read(&transaction, id, true).await?;
    let savepoint = settle(office, transaction, &actor, &mut case).await?;
    savepoint.commit().await?;
    Ok(())
}

/// Registers the reaction's case at once, or leaves it to a person with what is open.
async fn settle<'c>(
    office: &Office,
    transaction: store::Transaction<'c>,
    actor: &Actor,
    case: &mut Case,
) -> Result<store::Transaction<'c>, OfficeError> {
    match register_finally(office, &transaction, actor, case).await {
        Ok((event_id, _)) => {
            case.event_id = Some(event_id);
            case.entered.stage = stage::AUTOMATIC.to_owned();
            case_update(&transaction, case).await?;
            case_act(&transaction, case.id, "自動処理", &actor.id, None).await?;
            let subjects = case.entered.subjects.clone();
            let detail = json!({"case": case.id, "event": event_id});
            actor
                .audit(&transaction, "case.automatic", &case.entered.title, subjects, detail)
                .await?;
        }
        Err(OfficeError::Invalid(findings)) => {
            let open: Vec<String> = findings.into_iter().map(|finding| finding.message).collect();
            let note = open.join("\n");
            case_act(&transaction, case.id, "要処理", &actor.id, Some(&note)).await?;
        }
        Err(other) => return Err(other),
    }
    Ok(transaction)
}

/// Form fields take the event's items of the same names; 異動日 and 届出日 come with it.
fn form_of(procedure: &Procedure, event: &Entry, subject: &str) -> Map<String, Json> {
    let items = &event.entry.content["subjects"][subject];
    let mut form = Map::new();
    for (group, field) in procedure.fields() {
        if group.repeat.is_some() || group.per_subject || field.kind == FieldKind::Subject {
            continue;
        }
        let value = match field.name.as_str() {
            "異動日" => json!(event.entry.effective_on.to_string()),
            "届出日" => json!(event.entry.filed_on.map(|day| day.to_string())),
            name => items.get(name).cloned().unwrap_or(Json::Null),
        };
        if value.is_null() && field.default.is_some() {
            continue;
        }
        form.insert(field.name.clone(), value);
    }
    form
}

/// A timer: the procedure waits in the queue as a case for its subject, unless the row is closed.
async fn timer(office: &Office, at: jiff::Timestamp, job: &Job) -> Result<(), OfficeError> {
    let text = |name: &str| job.content.get(name).and_then(Json::as_str).unwrap_or_default();
    let mut client = office.database.client().await?;
    // A procedure that a newer version has given up is done as it was when the timer was set.
    let began = office.version(&*client, text("system"), text("package")).await?;
    let system = match office.procedure(text("system"), text("procedure")) {
        Ok((installed, _)) => &**installed,
        Err(_) => &*began,
    };
    let procedure = procedure_of(system, text("procedure"))?;
    let actor = Actor::automatic(at);
    let table = Table::new(system, &procedure.register)?;
    let transaction = client.transaction().await?;
    let found = rows(&transaction, table, &[text("key").to_owned()]).await?;
    let Some(row) = found.first().filter(|row| row.meta.closed_on.is_none()) else {
        return Ok(());
    };
    let title_at = table.register.items.iter().position(|i| i.name == table.register.title);
    let name = title_at.and_then(|i| row.values[i].as_ref()).and_then(ItemValue::as_text);
    let new = NewCase {
        system: system.id.clone(),
        procedure: procedure.id.clone(),
        package: system.hash.clone(),
        stage: stage::TO_DO.to_owned(),
        origin: "期日".to_owned(),
        origin_event: None,
        title: format!("{}　{}", procedure.name, name.unwrap_or_default()),
        subjects: vec![text("key").to_owned()],
        versions: vec![row.meta.version_no],
        form: json!({"対象者": [{"key": text("key")}]}),
        identity: json!({}),
        acknowledged: false,
        filed_on: None,
        effective_on: None,
        due_on: crate::case_due(actor.today(), procedure),
        entered_by: actor.id.clone(),
    };
    let case = case_open(&transaction, &new).await?;
    // Whoever cancels the event withdraws its timers: then the case is not opened either.
    if timer_done(&transaction, job.id, case).await? {
        transaction.commit().await.map_err(StoreError::from)?;
    }
    Ok(())
}
