//! 転送: the work list of letters to other municipalities. It shows protected people, so only the
//! role for them gets here.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::{Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::said;
use maud::{Markup, html};
use office::OfficeError;
use office::certificate::Job;
use office::forward::{list, sent, write};
use office::plan::Finding;
use office::register::titles;
use serde::Deserialize;
use store::forward::Forward;

use super::certificate::render;
use super::desk::{Desk, label};
use super::refusal::Refusal;
use super::words::People;
use crate::component::day::moment;
use crate::component::form::{
    ButtonKind, Choice, Field, FieldError, PostForm, button, error_summary, post_form, select, text,
};
use crate::component::language::{Language, quoted};
use crate::component::notice::{Notice, Tone};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};

/// Which letters are asked for, and how many were written just now.
#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    sent: bool,
    wrote: Option<usize>,
}

/// The work list.
pub async fn page(desk: Desk, Query(asked): Query<Asked>) -> Response {
    let wrote = asked.wrote.map(|count| wrote(&desk, count));
    let notices = wrote.iter().map(|(tone, words)| Notice::new(*tone, words)).collect();
    match listed(&desk, asked.sent, &Refused::default()).await {
        Ok(content) => desk.page(title(&desk), notices, content),
        Err(refusal) => desk.refuse(refusal),
    }
}

fn title(desk: &Desk) -> &str {
    desk.say("転送", "Forwarding")
}

/// What became of writing the letters.
fn wrote(desk: &Desk, count: usize) -> (Tone, String) {
    match (count, desk.language) {
        (0, Language::Japanese) => (
            Tone::Information,
            "作る文書はありません。宛先が特定できないものは、手作業で送って送付を記録してください"
                .to_owned(),
        ),
        (0, Language::English) => (
            Tone::Information,
            "There is no letter to write. Send by hand those whose addressee is not known, and \
             record them as sent"
                .to_owned(),
        ),
        (_, Language::Japanese) => (
            Tone::Success,
            format!("文書を{count}通作りました。番号を押して開き、印刷してください"),
        ),
        (_, Language::English) => (
            Tone::Success,
            format!("Letters written: {count}. Open each by its number and print it"),
        ),
    }
}

/// What was entered and why it was not accepted; empty at first.
#[derive(Default)]
struct Refused<'a> {
    findings: &'a [Finding],
    id: &'a str,
    note: &'a str,
}

async fn listed(desk: &Desk, sent: bool, refused: &Refused<'_>) -> Result<Markup, Refusal> {
    let found = list(&desk.place.office, &desk.actor, sent).await?;
    let (people, names) = (People::read(desk).await?, names(desk, &found).await?);
    let lines: Vec<Line<'_>> = found.iter().map(|one| line(desk, one, &names)).collect();
    Ok(view(desk, &lines, (sent, &people), refused))
}

/// The names of the persons concerned, by their number.
async fn names(desk: &Desk, found: &[Forward]) -> Result<BTreeMap<String, String>, Refusal> {
    let office = &desk.place.office;
    let mut groups: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for one in found {
        let place = (one.new.system.as_str(), one.new.procedure.as_str());
        groups.entry(place).or_default().push(one.new.subject.clone());
    }
    let mut out = BTreeMap::new();
    for ((system, procedure), keys) in groups {
        let Ok((_, procedure)) = office.procedure(system, procedure) else { continue };
        out.extend(titles(office, (system, &procedure.register), &keys).await?);
    }
    Ok(out)
}

/// One letter in words.
struct Line<'a> {
    forward: &'a Forward,
    to: String,
    subject: String,
    because: String,
    letter: Option<String>,
}

fn line<'a>(desk: &Desk, forward: &'a Forward, names: &BTreeMap<String, String>) -> Line<'a> {
    let new = &forward.new;
    let unknown = desk.say(
        "特定できません（手作業で送り、国外などで送らないときは理由を記録してください）",
        "Not known (send by hand, or record why not)",
    );
    let to = match &new.municipality {
        Some((code, name)) => match desk.language {
            Language::Japanese => format!("{name}（{code}）"),
            Language::English => format!("“{name}” ({code})"),
        },
        None => unknown.to_owned(),
    };
    let system = desk.place.office.procedure(&new.system, &new.procedure).ok();
    let register = system.and_then(|(system, one)| system.register(&one.register));
    let item = register.and_then(|register| register.item(&new.item));
    let item = label(item.map_or(&new.item, |one| desk.say(&one.name, &one.name_en)));
    Line {
        forward,
        to,
        subject: names.get(&new.subject).cloned().unwrap_or_default(),
        because: match desk.language {
            Language::Japanese => format!("{item}: {}", new.place),
            Language::English => format!("{item}: “{}”", new.place),
        },
        letter: forward.document.as_ref().map(|n| desk.href(&format!("/documents/{n}"))),
    }
}

/// When, by whom and how it was sent.
fn done(desk: &Desk, forward: &Forward, people: &People) -> Markup {
    match &forward.sent {
        Some((at, by)) => html! {
            (moment(desk.language, *at)) "　" (people.show(desk.language, by)) "　"
            span lang="ja" { (forward.note.as_deref().unwrap_or_default()) }
        },
        None => html! { (desk.say("未送付", "Not yet")) },
    }
}

fn view(
    desk: &Desk,
    lines: &[Line<'_>],
    (sent, people): (bool, &People),
    refused: &Refused<'_>,
) -> Markup {
    let rows = lines
        .iter()
        .map(|line| Row {
            href: line.letter.as_deref(),
            cells: vec![
                Cell::Text(line.forward.document.as_deref().unwrap_or("―")),
                Cell::Component(quoted(&line.to)),
                Cell::Component(html! {
                    span.glyphs lang="ja" { (line.subject) } " " (line.forward.new.subject)
                }),
                Cell::Component(html! { span.glyphs { (quoted(&line.because)) } }),
                Cell::Component(done(desk, line.forward, people)),
            ],
        })
        .collect();
    let other = desk.href(&format!("/forwarding?sent={}", !sent));
    html! {
        (error_summary(desk.language, &refused.errors(desk)))
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
            stacked: true,
        }))
        @if !sent && !lines.is_empty() { (write_form(desk)) (sent_form(desk, lines, refused)) }
        p { a href=(other) {
            @if sent { (desk.say("送っていない転送を見る", "To be sent")) }
            @else { (desk.say("送った転送を見る", "Sent")) }
        } }
    }
}

impl Refused<'_> {
    fn errors<'s>(&'s self, desk: &Desk) -> Vec<FieldError<'s>> {
        let error = |one: &'_ Finding| match one.at.as_deref() {
            Some("note") => "note",
            _ => "id",
        };
        self.findings
            .iter()
            .map(|one| FieldError { field: error(one), message: desk.message(one) })
            .collect()
    }

    fn error(&self, desk: &Desk, name: &str) -> Option<&str> {
        self.errors(desk).into_iter().find(|error| error.field == name).map(|error| error.message)
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

fn sent_form(desk: &Desk, lines: &[Line<'_>], refused: &Refused<'_>) -> Markup {
    let action = desk.href("/forwarding/sent");
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let names: Vec<(String, String)> = lines
        .iter()
        .map(|line| {
            let name = match desk.language {
                Language::Japanese => format!("{}　{}　{}", line.subject, line.because, line.to),
                Language::English => format!("“{}”, {}, {}", line.subject, line.because, line.to),
            };
            (line.forward.id.to_string(), name)
        })
        .collect();
    let choices: Vec<Choice<'_>> = names.iter().map(|(id, name)| Choice::new(id, name)).collect();
    let title = desk.say("送付を記録する", "Record as sent");
    let how = desk
        .say("送り方（書留、文書交換など）、又は送らない理由", "How it was sent, or why it is not");
    let which = Field::new(desk.language, "id", desk.say("転送", "Letter")).required(true);
    let note = Field::new(desk.language, "note", how).required(true);
    let content = post_form(
        &form,
        html! {
            (select(&which.value(refused.id).error(refused.error(desk, "id")), &choices))
            (text(&note.value(refused.note).error(refused.error(desk, "note"))))
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
        Ok(to) => (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response(),
        Err(Refusal::Office(OfficeError::Invalid(findings))) => {
            let refused = Refused { findings: &findings, id: &entered.id, note: &entered.note };
            match listed(&desk, false, &refused).await {
                Ok(content) => {
                    let mut response = desk.page(title(&desk), Vec::new(), content);
                    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
                    response
                }
                Err(refusal) => desk.refuse(refusal),
            }
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn perform(desk: &Desk, act: &str, entered: &Entered) -> Result<String, Refusal> {
    desk.check(entered.csrf.as_deref())?;
    let (office, actor) = (&desk.place.office, &desk.actor);
    match act {
        "write" => {
            let printer = desk.printer.clone();
            let job = move |job: Job| {
                let printer = printer.clone();
                async move { render(&printer, job).await }
            };
            let count = write(office, actor, job).await?;
            Ok(desk.href(&format!("/forwarding?wrote={count}")))
        }
        "sent" => {
            let id = entered.id.parse().map_err(|_| {
                let said =
                    said!("どの転送を送ったかを選んでください", "Choose which letter was sent");
                OfficeError::invalid("id", said)
            })?;
            sent(office, actor, id, &entered.note).await?;
            Ok(desk.href("/forwarding"))
        }
        _ => Err(Refusal::NotFound),
    }
}
