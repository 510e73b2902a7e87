//! Cases: queue, preview, entry as 仮登録, one case, and the acts on it. The rules of who may act
//! and when stand in the office; a case of a concealed person shows its content only to who is
//! cleared.

use base::said;
use std::sync::Arc;

use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use definition::System;
use definition::model::ProcedureKind;
use office::access::role;
use office::case::{
    CaseInput, Preview, case_approve, case_enter, case_post_review, case_preview, case_preview_in,
    case_return, case_reviewed, case_revise, case_withdraw, purpose, stage,
};
use office::plan::Finding;
use office::procedure_of;
use serde::Deserialize;
use serde_json::{Value, json};
use store::case::{Case, case_acts, case_queue, case_read};
use store::register::{Table, rows};

use super::extract::{Body, Caller, Sent};
use super::failure::Failure;
use super::idempotent::once;
use super::{schema, view};
use crate::counter::desk::Desk;

const ENTERED: &[ProcedureKind] = &[ProcedureKind::Notification, ProcedureKind::Official];

/// What is entered for a case or a certificate.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    system: String,
    procedure: String,
    form: Value,
    #[serde(default = "empty")]
    identity: Value,
    #[serde(default)]
    acknowledged: bool,
}

fn empty() -> Value {
    json!({})
}

/// The office's input, when the procedure is of a kind for this route and the form has its shape.
pub fn input_of(
    desk: &Desk,
    entered: Input,
    kinds: &[ProcedureKind],
) -> Result<CaseInput, Failure> {
    let found = Arc::clone(desk.place.office.system(&entered.system)?);
    input_in(&found, entered, kinds)
}

/// The same under a version of the system: the one that a case began with.
fn input_in(found: &System, entered: Input, kinds: &[ProcedureKind]) -> Result<CaseInput, Failure> {
    let Input { system, procedure, form, identity, acknowledged } = entered;
    let model = procedure_of(found, &procedure)?;
    if !kinds.contains(&model.kind) {
        let message = match model.kind {
            ProcedureKind::Certificate => said!(
                "証明は POST /certificates で発行してください",
                "Issue certificates by POST /certificates"
            ),
            ProcedureKind::Reaction => said!(
                "この手続は自動処理です。入力できません",
                "This procedure is automatic and cannot be entered"
            ),
            _ => said!(
                "この手続は証明ではありません。POST /cases で入力してください",
                "This procedure is no certificate. Enter it by POST /cases"
            ),
        };
        return Err(Failure::field("procedure", message));
    }
    let findings = schema::check_form(found, model, &form);
    if !findings.is_empty() {
        return Err(Failure::fields(findings));
    }
    Ok(CaseInput { system, procedure, form, identity, acknowledged })
}

/// Open cases, the most urgent first.
pub async fn queue(Caller(desk): Caller) -> Result<Json<Value>, Failure> {
    let client = desk.place.office.database.client().await?;
    let cases = case_queue(&**client, stage::DONE, 200).await?;
    let subjects = cases.iter().flat_map(|case| case.entered.subjects.clone()).collect();
    let detail = json!({ "cases": cases.len() });
    desk.actor.audit(&**client, "case.queue", "事案の一覧", subjects, detail).await?;
    let cases: Vec<Value> = cases.iter().map(view::case_brief).collect();
    Ok(Json(json!({ "cases": cases })))
}

/// What would be done; nothing is stored.
pub async fn preview(
    Caller(desk): Caller,
    Body(entered): Body<Input>,
) -> Result<Json<Value>, Failure> {
    let kinds = [ENTERED, &[ProcedureKind::Certificate]].concat();
    let input = input_of(&desk, entered, &kinds)?;
    let office = &desk.place.office;
    let found = case_preview(office, &desk.actor, &input).await.map_err(Failure::of_case)?;
    let client = office.database.client().await?;
    let detail = json!({ "procedure": input.procedure, "findings": found.plan.findings.len() });
    let subjects = found.subjects.clone();
    let purpose = purpose(&found.title);
    desk.actor.audit(&**client, "case.preview", purpose, subjects, detail).await?;
    let mut out = view::plan(&found.changes, &findings_of(&found));
    out["title"] = json!(found.title);
    out["subjects"] = json!(found.subjects);
    out["filed_on"] = view::day(found.plan.filed_on);
    out["effective_on"] = view::day(found.plan.effective_on);
    Ok(Json(out))
}

fn findings_of(preview: &Preview) -> Vec<Finding> {
    preview.plan.findings.iter().cloned().map(super::failure::placed).collect()
}

/// Enters a case as 仮登録, once for an `Idempotency-Key`.
pub async fn enter(
    Caller(desk): Caller,
    headers: HeaderMap,
    sent: Sent<Input>,
) -> Result<Response, Failure> {
    let Sent { body, digest } = sent;
    let work = async {
        let input = input_of(&desk, body, ENTERED)?;
        case_enter(&desk.place.office, &desk.actor, &input).await.map_err(Failure::of_case)
    };
    let id = once(&desk, (&headers, &digest), work).await?;
    let to = desk.href(&format!("/api/cases/{id}"));
    let state = state_of(&desk, id).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, to)], state).into_response())
}

type Place = Path<(String, String)>;

fn number(text: &str) -> Result<i64, Failure> {
    text.parse().map_err(|_| Failure::nothing())
}

/// One case with its course and, while it waits, what it would change.
pub async fn read(Caller(desk): Caller, Path((_, id)): Place) -> Result<Json<Value>, Failure> {
    let id = number(&id)?;
    let client = desk.place.office.database.client().await?;
    let case = case_read(&**client, id, false).await?;
    let acts = case_acts(&**client, id).await?;
    let cleared = cleared(&desk, &case).await?;
    let (subjects, purpose) = (case.entered.subjects.clone(), purpose(&case.entered.title));
    let detail = json!({ "case": id, "cleared": cleared });
    desk.actor.audit(&**client, "case.view", purpose, subjects, detail).await?;
    drop(client);
    let mut out = view::case_brief(&case);
    out["withheld"] = json!(!cleared);
    out["form"] = if cleared { case.entered.form.clone() } else { Value::Null };
    out["identity"] = if cleared { case.entered.identity.clone() } else { Value::Null };
    out["acts"] = acts.iter().map(view::act).collect();
    out["plan"] = match cleared {
        true => plan_of(&desk, &case).await?,
        false => Value::Null,
    };
    Ok(Json(out))
}

/// What a waiting case would change now.
async fn plan_of(desk: &Desk, case: &Case) -> Result<Value, Failure> {
    if ![stage::ENTERED, stage::REVIEWED].contains(&case.entered.stage.as_str()) {
        return Ok(Value::Null);
    }
    let input = CaseInput {
        system: case.entered.system.clone(),
        procedure: case.entered.procedure.clone(),
        form: case.entered.form.clone(),
        identity: case.entered.identity.clone(),
        acknowledged: case.entered.acknowledged,
    };
    let began = began_with(desk, case).await?;
    let found = case_preview_in(&desk.place.office, &desk.actor, &began, &input).await?;
    Ok(view::plan(&found.changes, &findings_of(&found)))
}

/// The version of the system that a case began with.
async fn began_with(desk: &Desk, case: &Case) -> Result<Arc<System>, Failure> {
    let office = &desk.place.office;
    let client = office.database.client().await?;
    Ok(office.version(&**client, &case.entered.system, &case.entered.package).await?)
}

/// Whether this person may see the content of a case: nobody in it is concealed, or the role.
async fn cleared(desk: &Desk, case: &Case) -> Result<bool, Failure> {
    if desk.actor.has(role::PROTECTION) {
        return Ok(true);
    }
    let office = &desk.place.office;
    let began = began_with(desk, case).await?;
    let procedure = procedure_of(&began, &case.entered.procedure)?;
    let table = Table::new(&began, &procedure.register)?;
    let client = office.database.client().await?;
    let found = rows(&**client, table, &case.entered.subjects).await?;
    Ok(!found.iter().any(|row| office::register::concealed(table, row)))
}

/// What an act carries.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActInput {
    revision: i32,
    note: Option<String>,
}

impl ActInput {
    fn note(&self) -> Option<&str> {
        self.note.as_deref().filter(|note| !note.trim().is_empty())
    }
}

/// What a revision carries.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviseInput {
    revision: i32,
    form: Value,
    #[serde(default = "empty")]
    identity: Value,
    #[serde(default)]
    acknowledged: bool,
}

async fn state_of(desk: &Desk, id: i64) -> Result<Json<Value>, Failure> {
    let client = desk.place.office.database.client().await?;
    Ok(Json(view::case_state(&case_read(&**client, id, false).await?)))
}

/// Enters a returned or waiting case again.
pub async fn revise(
    Caller(desk): Caller,
    Path((_, id)): Place,
    Body(entered): Body<ReviseInput>,
) -> Result<Json<Value>, Failure> {
    let id = number(&id)?;
    let office = &desk.place.office;
    let client = office.database.client().await?;
    let case = case_read(&**client, id, false).await?;
    drop(client);
    let began = began_with(&desk, &case).await?;
    let ReviseInput { revision, form, identity, acknowledged } = entered;
    let (system, procedure) = (case.entered.system, case.entered.procedure);
    let input = Input { system, procedure, form, identity, acknowledged };
    let input = input_in(&began, input, &[ENTERED, &[ProcedureKind::Reaction]].concat())?;
    case_revise(office, &desk.actor, (id, revision), &input).await.map_err(Failure::of_case)?;
    state_of(&desk, id).await
}

/// 決裁.
pub async fn approve(
    Caller(desk): Caller,
    Path((_, id)): Place,
    Body(entered): Body<ActInput>,
) -> Result<Json<Value>, Failure> {
    let case = (number(&id)?, entered.revision);
    let done = case_approve(&desk.place.office, &desk.actor, case, entered.note()).await;
    done.map_err(Failure::of_case)?;
    state_of(&desk, case.0).await
}

/// 審査.
pub async fn review(
    Caller(desk): Caller,
    Path((_, id)): Place,
    Body(entered): Body<ActInput>,
) -> Result<Json<Value>, Failure> {
    let case = (number(&id)?, entered.revision);
    case_reviewed(&desk.place.office, &desk.actor, case, entered.note()).await?;
    state_of(&desk, case.0).await
}

/// 差戻し.
pub async fn send_back(
    Caller(desk): Caller,
    Path((_, id)): Place,
    Body(entered): Body<ActInput>,
) -> Result<Json<Value>, Failure> {
    let case = (number(&id)?, entered.revision);
    let reason = entered.note().unwrap_or_default();
    case_return(&desk.place.office, &desk.actor, case, reason).await?;
    state_of(&desk, case.0).await
}

/// 取下げ.
pub async fn withdraw(
    Caller(desk): Caller,
    Path((_, id)): Place,
    Body(entered): Body<ActInput>,
) -> Result<Json<Value>, Failure> {
    let case = (number(&id)?, entered.revision);
    case_withdraw(&desk.place.office, &desk.actor, case, entered.note()).await?;
    state_of(&desk, case.0).await
}

/// 後閲.
pub async fn post_review(
    Caller(desk): Caller,
    Path((_, id)): Place,
    Body(entered): Body<ActInput>,
) -> Result<Json<Value>, Failure> {
    let case = (number(&id)?, entered.revision);
    case_post_review(&desk.place.office, &desk.actor, case).await?;
    state_of(&desk, case.0).await
}
