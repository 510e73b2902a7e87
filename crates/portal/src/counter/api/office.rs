//! The records of the office for its administrator, what is installed, and the OpenAPI text. The
//! administrator handles no cases: journal and audit say how many people, never who, unless asked
//! about one number.

use axum::Json;
use base::said;
use serde::Deserialize;
use serde_json::{Value, json};
use store::audit::audit_latest;
use store::journal::journal_latest;

use super::extract::{Asked, Caller};
use super::failure::Failure;
use super::view;
use crate::counter::openapi::document;

/// The latest of something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latest {
    subject: Option<String>,
    limit: Option<i64>,
}

impl Latest {
    /// One subject only.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref().map(str::trim).filter(|subject| !subject.is_empty())
    }

    /// How many: 1 to 200, 50 when not said.
    pub fn limit(&self) -> Result<i64, Failure> {
        let limit = self.limit.unwrap_or(50);
        if (1..=200).contains(&limit) {
            return Ok(limit);
        }
        Err(Failure::field(
            "limit",
            said!("件数は1から200までにしてください", "The limit must be from 1 to 200"),
        ))
    }
}

/// The latest entries of the journal.
pub async fn journal(
    Caller(desk): Caller,
    Asked(asked): Asked<Latest>,
) -> Result<Json<Value>, Failure> {
    let client = desk.place.office.database.client().await?;
    let found = journal_latest(&**client, asked.subject(), asked.limit()?).await?;
    let subjects = asked.subject().map(str::to_owned).into_iter().collect();
    let detail = json!({ "journal": found.len() });
    desk.actor.audit(&**client, "journal.list", "異動の記録の閲覧", subjects, detail).await?;
    let entries: Vec<Value> = found.iter().map(view::entry).collect();
    Ok(Json(json!({ "entries": entries })))
}

/// The latest rows of the audit.
pub async fn audit(
    Caller(desk): Caller,
    Asked(asked): Asked<Latest>,
) -> Result<Json<Value>, Failure> {
    let client = desk.place.office.database.client().await?;
    let found = audit_latest(&**client, asked.subject(), asked.limit()?).await?;
    let subjects = asked.subject().map(str::to_owned).into_iter().collect();
    let detail = json!({ "audit": found.len() });
    desk.actor.audit(&**client, "audit.list", "監査の記録の閲覧", subjects, detail).await?;
    let rows: Vec<Value> = found.iter().map(view::audit).collect();
    Ok(Json(json!({ "rows": rows })))
}

/// What is installed; no personal data.
pub async fn systems(Caller(desk): Caller) -> Json<Value> {
    let systems: Vec<Value> =
        desk.place.office.systems.iter().map(|system| view::system(system)).collect();
    Json(json!({ "systems": systems }))
}

/// The OpenAPI text; no personal data.
pub async fn openapi(Caller(desk): Caller) -> Json<Value> {
    let office = &desk.place.office;
    Json(document(&office.organisation, &office.systems))
}
