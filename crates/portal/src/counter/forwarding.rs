//! 転送: the work list of letters to other municipalities. It shows protected people, so only the
//! role for them gets here.

use axum::Form;
use axum::extract::{Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use office::certificate::Job;
use office::forward::{list, sent, write};
use serde::Deserialize;
use store::forward::Forward;

use super::certificate::render;
use super::desk::{Desk, label};
use super::refusal::Refusal;
use crate::component::form::{
    ButtonKind, Choice, Field, PostForm, button, post_form, select, text,
};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};

/// Which letters are asked for.
#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    sent: bool,
}

/// The work list.
pub async fn page(desk: Desk, Query(asked): Query<Asked>) -> Response {
    match list(&desk.place.office, &desk.actor, asked.sent).await {
        Ok(found) => {
            let title = desk.say("転送", "Forwarding");
            desk.page(title, Vec::new(), view(&desk, &found, asked.sent))
        }
        Err(error) => desk.refuse(error),
    }
}

fn texts(one: &Forward) -> [String; 4] {
    let to = match &one.new.municipality {
        Some((code, name)) => format!("{name}（{code}）"),
        None => "市区町村を特定できません。住所を見て手作業で送ってください".to_owned(),
    };
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let done = match &one.sent {
        Some((at, by)) => {
            let at = at.to_zoned(zone).strftime("%Y-%m-%d %H:%M");
            format!("{at} {by} {}", one.note.as_deref().unwrap_or_default())
        }
        None => "未送付".to_owned(),
    };
    let place = format!("{}: {}", label(&one.new.item), one.new.place);
    [to, one.new.subject.clone(), place, done]
}

fn view(desk: &Desk, found: &[Forward], sent: bool) -> Markup {
    let lines: Vec<[String; 4]> = found.iter().map(texts).collect();
    let letters: Vec<Option<String>> = found
        .iter()
        .map(|one| one.document.as_ref().map(|n| desk.href(&format!("/documents/{n}"))))
        .collect();
    let rows = found
        .iter()
        .zip(lines.iter().zip(&letters))
        .map(|(one, (line, letter))| Row {
            href: letter.as_deref(),
            cells: [one.document.as_deref().unwrap_or("―")]
                .into_iter()
                .chain(line.iter().map(String::as_str))
                .map(Cell::Text)
                .collect(),
        })
        .collect();
    let other = desk.href(&format!("/forwarding?sent={}", !sent));
    html! {
        (table(&Table {
            caption: if sent { desk.say("送った転送", "Sent") } else { desk.say("送っていない転送", "To be sent") },
            columns: vec![
                Column::text(desk.say("文書の発行番号", "Letter")),
                Column::text(desk.say("宛先", "To")),
                Column::text(desk.say("対象者", "Subject")),
                Column::text(desk.say("根拠の記録", "Because of")),
                Column::text(desk.say("送付", "Sent")),
            ],
            rows,
            empty: desk.say("ありません。", "None."),
            stacked: false,
        }))
        @if !sent && !found.is_empty() { (write_form(desk)) (sent_form(desk, found)) }
        p { a href=(other) {
            @if sent { (desk.say("送っていない転送を見る", "To be sent")) }
            @else { (desk.say("送った転送を見る", "Sent")) }
        } }
    }
}

fn write_form(desk: &Desk) -> Markup {
    let action = desk.href("/forwarding/write");
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let label = desk.say("文書をまとめて作る", "Write the letters");
    let words = desk.say(
        "宛先の分かるものについて、市区町村ごとに一通を作ります。いまの住所は載りません。",
        "One letter for each municipality; the present address is never in it.",
    );
    let content = html! {
        p { (words) }
        (post_form(&form, button(ButtonKind::Primary, label)))
    };
    section(label, content)
}

fn sent_form(desk: &Desk, found: &[Forward]) -> Markup {
    let action = desk.href("/forwarding/sent");
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let names: Vec<(String, String)> = found
        .iter()
        .map(|one| {
            let [to, subject, ..] = texts(one);
            (one.id.to_string(), format!("{to} {subject}"))
        })
        .collect();
    let choices: Vec<Choice<'_>> = names.iter().map(|(id, name)| Choice::new(id, name)).collect();
    let title = desk.say("送付を記録する", "Record as sent");
    let how = desk.say("送り方（書留、文書交換など）", "How it was sent");
    let content = post_form(
        &form,
        html! {
            (select(&Field::new(desk.language, "id", desk.say("転送", "Letter")), &choices))
            (text(&Field::new(desk.language, "note", how).required(true)))
            (button(ButtonKind::Secondary, title))
        },
    );
    section(title, content)
}

/// What an act carries.
#[derive(Deserialize)]
pub struct Entered {
    csrf: Option<String>,
    #[serde(default)]
    id: String,
    #[serde(default)]
    note: String,
}

/// Writes the letters, or records one as sent.
pub async fn act(
    desk: Desk,
    Path((_, act)): Path<(String, String)>,
    Form(entered): Form<Entered>,
) -> Response {
    match perform(&desk, &act, &entered).await {
        Ok(()) => {
            let to = desk.href("/forwarding");
            (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn perform(desk: &Desk, act: &str, entered: &Entered) -> Result<(), Refusal> {
    desk.check(entered.csrf.as_deref())?;
    let (office, actor) = (&desk.place.office, &desk.actor);
    match act {
        "write" => {
            let printer = desk.printer.clone();
            let job = move |job: Job| {
                let printer = printer.clone();
                async move { render(&printer, job).await }
            };
            write(office, actor, job).await?;
        }
        "sent" => {
            let id = entered.id.parse().map_err(|_| Refusal::NotFound)?;
            sent(office, actor, id, &entered.note).await?;
        }
        _ => return Err(Refusal::NotFound),
    }
    Ok(())
}
