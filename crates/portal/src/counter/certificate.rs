//! Issued documents: the list, one document, its PDF, 書損. Printing runs in the worker process.

use axum::Form;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use office::OfficeError;
use office::access::role;
use office::case::CaseInput;
use office::certificate::{
    Job, RenderError, Rendered, certificate_issue, certificate_page, certificate_void,
};
use print::{PrintError, Printer, Template};
use serde::Deserialize;
use store::document::{Document, document_latest, document_read};

use super::desk::Desk;
use super::refusal::Refusal;
use super::words::People;
use crate::component::day::moment;
use crate::component::form::{ButtonKind, Field, PostForm, button, button_link, post_form, text};
use crate::component::language::{Language, quoted};
use crate::component::notice::{Tone, badge};
use crate::component::page::{disclosure, section};
use crate::component::table::{Cell, Column, Row, Table, table};

/// Renders one page through the print worker.
pub async fn render(printer: &Printer, job: Job) -> Result<Rendered, RenderError> {
    let template = Template { entry: job.entry, files: job.files };
    match printer.render(&template, &job.data).await {
        Ok(document) => Ok(Rendered { pdf: document.pdf, pages: document.pages }),
        Err(PrintError::MissingGlyphs(missing)) => Err(RenderError::Glyphs(
            missing.into_iter().map(|glyph| (glyph.path, glyph.text, glyph.code)).collect(),
        )),
        Err(error) => Err(RenderError::Failed(error.to_string())),
    }
}

/// Issues a certificate; its number is returned.
pub async fn issue(desk: &Desk, input: &CaseInput) -> Result<String, OfficeError> {
    let printer = desk.printer.clone();
    let office = &desk.place.office;
    let job = async move |job: Job| render(&printer, job).await;
    let (number, _) = certificate_issue(office, &desk.actor, input, job).await?;
    Ok(number)
}

/// The latest documents.
pub async fn list(desk: Desk) -> Response {
    match latest(&desk).await {
        Ok(documents) => {
            let people = match People::read(&desk).await {
                Ok(people) => people,
                Err(refusal) => return desk.refuse(refusal),
            };
            let content = document_table(&desk, &documents, &people);
            desk.page(desk.say("発行した証明", "Documents"), Vec::new(), content)
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn latest(desk: &Desk) -> Result<Vec<Document>, Refusal> {
    desk.actor.require(&[role::COUNTER, role::PROTECTION, role::CHIEF, role::MANAGER])?;
    let client = desk.place.office.database.client().await?;
    let documents = document_latest(&**client, None, 100).await?;
    let subjects = documents.iter().flat_map(|d| d.document.subjects.clone()).collect();
    let detail = serde_json::json!({"documents": documents.len()});
    desk.actor.audit(&**client, "document.list", "発行した証明の一覧", subjects, detail).await?;
    Ok(documents)
}

/// An amount in words.
pub fn yen(desk: &Desk, amount: i64) -> String {
    match desk.language {
        Language::Japanese => format!("{amount}円"),
        Language::English => format!("{amount} yen"),
    }
}

/// A table of documents.
pub fn document_table(desk: &Desk, documents: &[Document], people: &People) -> Markup {
    let hrefs: Vec<String> =
        documents.iter().map(|d| desk.href(&format!("/documents/{}", d.document.number))).collect();
    let fees: Vec<String> = documents.iter().map(|d| yen(desk, d.document.fee_yen)).collect();
    let titles: Vec<String> = documents.iter().map(|d| title_of(desk, d)).collect();
    let rows = documents
        .iter()
        .zip(&hrefs)
        .zip(fees.iter().zip(&titles))
        .map(|((d, href), (fee, title))| Row {
            href: Some(href),
            cells: vec![
                Cell::Text(&d.document.number),
                Cell::Component(quoted(title)),
                Cell::Component(moment(desk.language, d.issued_at)),
                Cell::Text(fee),
                Cell::Component(people.show(desk.language, &d.document.issued_by)),
                Cell::Component(match d.voided_at {
                    Some(_) => badge(Tone::Danger, desk.say("書損", "Void")),
                    None => badge(Tone::Success, desk.say("有効", "Valid")),
                }),
            ],
        })
        .collect();
    section(
        desk.say("証明の発行", "Documents issued"),
        table(&Table {
            caption: desk.say("発行した証明", "Documents"),
            columns: vec![
                Column::text(desk.say("発行番号", "Number")),
                Column::text(desk.say("種類", "Kind")),
                Column::text(desk.say("発行日時", "Issued")),
                Column::number(desk.say("手数料", "Fee")),
                Column::text(desk.say("職員", "By")),
                Column::text(desk.say("状態", "State")),
            ],
            rows,
            empty: desk.say("発行した証明はありません。", "No documents yet."),
            stacked: false,
        }),
    )
}

/// What the document is called in the reader's language.
fn title_of(desk: &Desk, document: &Document) -> String {
    let kept = &document.document;
    let known = desk.place.office.procedure(&kept.system, &kept.procedure).ok();
    let rest = known.as_ref().and_then(|(_, one)| kept.title.strip_prefix(&one.name));
    match (desk.language, known, rest) {
        (Language::English, Some((_, procedure)), Some("")) => procedure.name_en.clone(),
        (Language::English, Some((_, procedure)), Some(_)) => {
            format!("{}: letter to another body", procedure.name_en)
        }
        (Language::English, ..) => format!("“{}”", kept.title),
        (Language::Japanese, ..) => kept.title.clone(),
    }
}

/// One document.
pub async fn page(desk: Desk, Path((_, number)): Path<(String, String)>) -> Response {
    match show(&desk, &number).await {
        Ok(response) => response,
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn show(desk: &Desk, number: &str) -> Result<Response, Refusal> {
    desk.actor.require(&[role::COUNTER, role::PROTECTION, role::CHIEF, role::MANAGER])?;
    let client = desk.place.office.database.client().await?;
    let document = document_read(&**client, number).await?;
    let subjects = document.document.subjects.clone();
    let detail = serde_json::json!({"number": number});
    let purpose = document.document.title.clone();
    desk.actor.audit(&**client, "document.show", &purpose, subjects, detail).await?;
    drop(client);
    let people = People::read(desk).await?;
    let pdf = desk.href(&format!("/documents/{number}/pdf"));
    let void = desk.href(&format!("/documents/{number}/void"));
    let form = PostForm { action: &void, csrf: &desk.csrf, enter: None, multipart: false };
    let label = desk.say("書損にする", "Void this document");
    let content = html! {
        (document_table(desk, std::slice::from_ref(&document), &people))
        @if let Some(reason) = &document.void_reason {
            p { (desk.say("書損の理由: ", "Reason: ")) span lang="ja" { (reason) } }
        }
        @if document.voided_at.is_none() {
            p { (button_link(ButtonKind::Primary, desk.say("PDFを開いて印刷する", "Open the PDF"), &pdf)) }
        } @else {
            p { (desk.say(
                "書損になりました。交付できません。必要なら、手続から新しく発行してください。",
                "This document is void and must not be handed out. If needed, issue a new one by \
                 its procedure.",
            )) }
            p { a href=(pdf) { (desk.say("書損の印のある写しを見る", "See the marked copy")) } }
        }
        @if document.voided_at.is_none() {
            (disclosure(label, post_form(&form, html! {
                (text(&Field::new(desk.language, "reason", desk.say("書損の理由", "Reason")).required(true)))
                (button(ButtonKind::Danger, label))
            })))
        }
    };
    Ok(desk.page(&title_of(desk, &document), Vec::new(), content))
}

/// The PDF; a voided document carries its mark.
pub async fn pdf(desk: Desk, Path((_, number)): Path<(String, String)>) -> Response {
    let printer = desk.printer.clone();
    let job = async move |job: Job| render(&printer, job).await;
    match certificate_page(&desk.place.office, &desk.actor, &number, job).await {
        Ok(rendered) => {
            let headers = [
                (header::CONTENT_TYPE, "application/pdf".to_owned()),
                (header::CONTENT_DISPOSITION, format!("inline; filename=\"{number}.pdf\"")),
            ];
            (StatusCode::OK, headers, rendered.pdf).into_response()
        }
        Err(error) => desk.refuse(error),
    }
}

/// Why a document is voided.
#[derive(Deserialize)]
pub struct Entered {
    csrf: Option<String>,
    #[serde(default)]
    reason: String,
}

/// 書損.
pub async fn void(
    desk: Desk,
    Path((_, number)): Path<(String, String)>,
    Form(entered): Form<Entered>,
) -> Response {
    if let Err(refusal) = desk.check(entered.csrf.as_deref()) {
        return desk.refuse(refusal);
    }
    match certificate_void(&desk.place.office, &desk.actor, &number, &entered.reason).await {
        Ok(()) => {
            let to = desk.href(&format!("/documents/{number}"));
            (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
        }
        Err(error) => desk.refuse(error),
    }
}
