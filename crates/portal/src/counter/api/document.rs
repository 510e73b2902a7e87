//! Issued documents: issue, list, one, its PDF, 書損. Only what the list of the counter shows leaves
//! here as JSON; what is printed leaves as a PDF only, from the print worker.

use axum::Json;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use definition::model::ProcedureKind;
use office::certificate::{Job, certificate_page, certificate_void};
use serde::Deserialize;
use serde_json::{Value, json};
use store::document::{document_latest, document_read};

use super::case::{Input, input_of};
use super::extract::{Asked, Body, Caller};
use super::failure::Failure;
use super::office::Latest;
use super::view;
use crate::counter::certificate::{issue as print_and_issue, render};

/// Issues a certificate; its number is answered.
pub async fn issue(Caller(desk): Caller, Body(entered): Body<Input>) -> Result<Response, Failure> {
    let input = input_of(&desk, entered, &[ProcedureKind::Certificate])?;
    let number = print_and_issue(&desk, &input).await.map_err(Failure::of_case)?;
    let to = desk.href(&format!("/api/documents/{number}"));
    let body = Json(json!({ "number": number }));
    Ok((StatusCode::CREATED, [(header::LOCATION, to)], body).into_response())
}

/// The latest documents.
pub async fn list(
    Caller(desk): Caller,
    Asked(asked): Asked<Latest>,
) -> Result<Json<Value>, Failure> {
    let client = desk.place.office.database.client().await?;
    let found = document_latest(&**client, asked.subject(), asked.limit()?).await?;
    let subjects = found.iter().flat_map(|one| one.document.subjects.clone()).collect();
    let detail = json!({ "documents": found.len() });
    let purpose = "発行した証明の一覧";
    desk.actor.audit(&**client, "document.list", purpose, subjects, detail).await?;
    let documents: Vec<Value> = found.iter().map(view::document).collect();
    Ok(Json(json!({ "documents": documents })))
}

/// One document.
pub async fn read(
    Caller(desk): Caller,
    Path((_, number)): Path<(String, String)>,
) -> Result<Json<Value>, Failure> {
    let client = desk.place.office.database.client().await?;
    let found = document_read(&**client, &number).await?;
    let (subjects, title) = (found.document.subjects.clone(), &found.document.title);
    let detail = json!({ "number": number });
    desk.actor.audit(&**client, "document.read", title, subjects, detail).await?;
    Ok(Json(view::document(&found)))
}

/// The PDF; a voided document carries its mark.
pub async fn pdf(
    Caller(desk): Caller,
    Path((_, number)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let printer = desk.printer.clone();
    let job = async move |job: Job| render(&printer, job).await;
    let rendered = certificate_page(&desk.place.office, &desk.actor, &number, job).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{number}.pdf\"")),
    ];
    Ok((headers, rendered.pdf).into_response())
}

/// Why a document is voided.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoidInput {
    reason: String,
}

/// 書損.
pub async fn void(
    Caller(desk): Caller,
    Path((_, number)): Path<(String, String)>,
    Body(entered): Body<VoidInput>,
) -> Result<Json<Value>, Failure> {
    let office = &desk.place.office;
    certificate_void(office, &desk.actor, &number, &entered.reason).await?;
    let client = office.database.client().await?;
    Ok(Json(view::document(&document_read(&**client, &number).await?)))
}
