//! 情報連携: asking other authorities about a person, what came of it, and the record of everything
//! that was asked and answered, each with its proof.
//!
//! An answer is shown once and never kept: what is kept is who asked whom for what, by which
//! article, and both signatures.

use axum::Form;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use mesh::MeshError;
use mesh::evidence;
use mesh::inquiry::{Inquiry, inquire};
use mesh::net::{Contact, Given};
use mesh::statute::Statute;
use office::OfficeError;
use office::access::role;
use office::register::titles;
use serde::Deserialize;
use serde_json::json;
use store::exchange::{Exchange, KeptExchange, Outcome, Side, exchange_find, exchange_latest};

use super::Gate;
use super::desk::Desk;
use super::refusal::Refusal;
use crate::component::day::moment_text;
use crate::component::form::{
    ButtonKind, Choice, Field, FieldError, PostForm, button, button_link, error_summary, post_form,
    select, text,
};
use crate::component::notice::{Notice, Tone, badge};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};

mod answer;

/// Exchanges of one page.
const PAGE: i64 = 200;
/// The kind of a municipality in the statutory table.
const OWN_KIND: &str = "municipality";

/// Whether the menu leads here.
pub fn is_for(desk: &Desk) -> bool {
    desk.place.gate.is_some()
}

fn gate(desk: &Desk) -> Result<&Gate, Refusal> {
    desk.place.gate.as_ref().ok_or(Refusal::NotFound)
}

/// Says what went wrong on the way, at the form.
fn said_of(error: MeshError) -> Result<String, Refusal> {
    match error {
        MeshError::Office(error) => Err(error.into()),
        MeshError::Store(error) => Err(error.into()),
        other => Ok(other.to_string()),
    }
}

/// Everything asked and answered, newest first.
pub async fn page(desk: Desk) -> Response {
    let listed = async {
        gate(&desk)?;
        let client = desk.place.office.database.client().await.map_err(OfficeError::from)?;
        let all = exchange_latest(&*client, None, PAGE).await?;
        let all: Vec<KeptExchange> =
            all.into_iter().filter(|one| one.exchange.affair.is_some()).collect();
        let subjects = all.iter().filter_map(|one| one.exchange.subject.clone()).collect();
        let detail = json!({ "shown": all.len() });
        desk.actor
            .audit(&**client, "exchange.list", "情報連携の記録の閲覧", subjects, detail)
            .await?;
        let members = contacts(&desk).await;
        Ok::<_, Refusal>(list(&desk, &all, &members))
    };
    match listed.await {
        Ok(content) => desk.page(desk.say("情報連携", "Exchanges"), Vec::new(), content),
        Err(refusal) => desk.refuse(refusal),
    }
}

/// Who the node knows; nobody while it does not answer: then members stand by their identifiers.
async fn contacts(desk: &Desk) -> Vec<Contact> {
    let Some(gate) = &desk.place.gate else { return Vec::new() };
    gate.door.members().await.map(|all| all.members).unwrap_or_default()
}

/// The name of a member.
fn name_of<'m>(members: &'m [Contact], id: &'m str) -> &'m str {
    members.iter().find(|one| one.id == id).map_or(id, |one| one.name.as_str())
}

fn list(desk: &Desk, all: &[KeptExchange], members: &[Contact]) -> Markup {
    let hrefs: Vec<String> =
        all.iter().map(|one| desk.href(&format!("/inquiries/{}", one.exchange.request))).collect();
    let times: Vec<String> =
        all.iter().map(|one| moment_text(desk.language, one.exchange.at)).collect();
    let rows = all.iter().zip(&hrefs).zip(&times).map(|((one, href), time)| {
        let (affair, set) = names(desk, &one.exchange);
        Row {
            href: Some(href),
            cells: vec![
                Cell::Text(time),
                Cell::Text(side(desk, one.exchange.side)),
                Cell::Japanese(name_of(members, &one.exchange.counterpart)),
                Cell::Component(html! { span lang="ja" { (affair) } }),
                Cell::Component(html! { span lang="ja" { (set) } }),
                Cell::Component(outcome(desk, one.exchange.outcome)),
                Cell::Text(one.exchange.subject.as_deref().unwrap_or("―")),
            ],
        }
    });
    let caption = desk.say("照会と提供（新しいものが上）", "Asked and answered, newest first");
    html! {
        p { (desk.say(
            "ほかの機関に照会したことと、ほかの機関に提供したことの記録です。本文は残しません。\
             どの一件も、署名と記録の封印で確かめられます。照会は、人のページから始めます。",
            "What was asked of others and answered to them. Contents are not kept; each exchange \
             can be verified. An inquiry begins at the page of a person.")) }
        (table(&Table {
            caption,
            columns: vec![
                Column::text(desk.say("日時", "When")),
                Column::text(desk.say("向き", "Side")),
                Column::text(desk.say("相手", "Other")),
                Column::text(desk.say("事務", "Affair")),
                Column::text(desk.say("情報", "Information")),
                Column::text(desk.say("結果", "Outcome")),
                Column::text(desk.say("宛名番号", "Addressee number")),
            ],
            rows: rows.collect(),
            empty: desk.say("まだありません。", "None yet."),
            stacked: false,
        }))
    }
}

fn side<'a>(desk: &Desk, side: Side) -> &'a str {
    match side {
        Side::Asked => desk.say("照会した", "Asked"),
        Side::Answered => desk.say("照会された", "Was asked"),
    }
}

fn outcome(desk: &Desk, outcome: Outcome) -> Markup {
    let (tone, english) = match outcome {
        Outcome::Answered => (Tone::Success, "Answered"),
        Outcome::Refused => (Tone::Danger, "Refused"),
        Outcome::Nothing => (Tone::Information, "Nothing"),
        Outcome::Held => (Tone::Warning, "Held"),
        Outcome::Lost => (Tone::Warning, "No answer"),
    };
    badge(tone, desk.say(outcome.word(), english))
}

/// Official names of affair and item set.
fn names(desk: &Desk, exchange: &Exchange) -> (String, String) {
    let known = desk.place.gate.as_ref().map(|gate| &gate.statute);
    let affair = exchange.affair.clone().unwrap_or_default();
    let set = exchange.item_set.clone().unwrap_or_default();
    let name = known.and_then(|it| it.affair(&affair)).map(|it| it.name.clone());
    let set_name = known.and_then(|it| it.item_set(&set)).map(|it| it.name.clone());
    (name.unwrap_or(affair), set_name.unwrap_or(set))
}

async fn found(desk: &Desk, request: &str) -> Result<KeptExchange, Refusal> {
    let client = desk.place.office.database.client().await.map_err(OfficeError::from)?;
    let kept = exchange_find(&*client, request).await?.ok_or(Refusal::NotFound)?;
    let subjects = kept.exchange.subject.iter().cloned().collect();
    let detail = json!({ "request": request });
    desk.actor.audit(&**client, "exchange.look", "情報連携の記録の閲覧", subjects, detail).await?;
    Ok(kept)
}

/// One exchange with both signed messages.
pub async fn one(desk: Desk, Path((_, request)): Path<(String, String)>) -> Response {
    match found(&desk, &request).await {
        Ok(kept) => {
            let members = contacts(&desk).await;
            let other = name_of(&members, &kept.exchange.counterpart);
            let content = record(&desk, &kept.exchange, other);
            desk.page(desk.say("情報連携の記録", "An exchange"), Vec::new(), content)
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

fn record(desk: &Desk, one: &Exchange, other: &str) -> Markup {
    let (affair, set) = names(desk, one);
    let facts = [
        (desk.say("日時", "When"), Some(moment_text(desk.language, one.at))),
        (desk.say("向き", "Side"), Some(side(desk, one.side).to_owned())),
        (desk.say("相手", "Other"), Some(other.to_owned())),
        (desk.say("事務", "Affair"), Some(affair)),
        (desk.say("情報", "Information"), Some(set)),
        (desk.say("根拠", "Basis"), one.basis.clone()),
        (desk.say("理由", "Reason"), one.reason.clone()),
        (desk.say("宛名番号", "Addressee number"), one.subject.clone()),
        (desk.say("事案の番号", "Case"), one.case_reference.clone()),
        (desk.say("照会した職員", "Officer"), one.officer.clone()),
        (desk.say("照会の番号", "Number"), Some(one.request.clone())),
    ];
    let href = desk.href(&format!("/inquiries/{}/evidence", one.request));
    let label = desk.say("証拠のファイルを受け取る", "Download the evidence");
    html! {
        p { (outcome(desk, one.outcome)) }
        dl.reasons lang="ja" {
            @for (name, value) in facts {
                @if let Some(value) = value { div { dt { (name) } dd { (value) } } }
            }
        }
        (section(desk.say("証拠", "Evidence"), html! {
            p { (desk.say(
                "照会と回答の署名、この記録の封印、その時の名簿が一つのファイルに入ります。\
                 kumoi evidence verify で、この団体の外でも、つながっていなくても確かめられます。",
                "Both signatures, the seal of this record and the directory of the time in one \
                 file, which kumoi evidence verify checks anywhere, offline.")) }
            (button_link(ButtonKind::Secondary, label, &href))
        }))
    }
}

/// The evidence as a file.
pub async fn evidence(desk: Desk, Path((_, request)): Path<(String, String)>) -> Response {
    let made = async {
        found(&desk, &request).await?;
        let gate = gate(&desk)?;
        let failed = |error: MeshError| match error {
            MeshError::Store(error) => Refusal::from(error),
            other => Refusal::Office(OfficeError::Definition(other.to_string())),
        };
        let directory = gate.door.members().await.map_err(failed)?.directory;
        let place = (gate.door.member(), request.as_str());
        evidence::export(&desk.place.office.database, place, &directory).await.map_err(failed)
    };
    match made.await {
        Ok(evidence) => {
            let text = serde_json::to_string_pretty(&evidence).unwrap_or_default();
            let name = format!("attachment; filename=\"evidence-{request}.json\"");
            let headers = [
                (header::CONTENT_TYPE, "application/json".to_owned()),
                (header::CONTENT_DISPOSITION, name),
            ];
            (headers, text).into_response()
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

/// What was entered.
#[derive(Default, Deserialize)]
pub struct Entered {
    csrf: Option<String>,
    #[serde(default)]
    affair: String,
    #[serde(default)]
    item_set: String,
    #[serde(default)]
    provider: String,
    #[serde(default)]
    case: String,
}

type Person = (String, String, String, String);

/// The form of an inquiry about a person.
pub async fn form(desk: Desk, Path(person): Path<Person>) -> Response {
    match asking(&desk, &person, (&Entered::default(), &[])).await {
        Ok(response) => response,
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn asking(
    desk: &Desk,
    (_, system, register, key): &Person,
    (entered, errors): (&Entered, &[FieldError<'_>]),
) -> Result<Response, Refusal> {
    let gate = gate(desk)?;
    desk.actor.require(&[role::COUNTER, role::PROTECTION])?;
    let office = &desk.place.office;
    let place = (system.as_str(), register.as_str());
    let purpose = "情報照会の準備";
    let row = office::register::page(office, &desk.actor, place, key, None, purpose).await?.row;
    let title = titles(office, place, std::slice::from_ref(key)).await?;
    let title = title.into_iter().next().map_or_else(String::new, |(_, title)| title);
    let members = match gate.door.members().await {
        Ok(contacts) => contacts.members,
        Err(error) => {
            let said = said_of(error)?;
            let notice = Notice::new(Tone::Danger, &said);
            let heading = desk.say("情報照会", "Inquiry");
            return Ok(desk.page(heading, vec![notice], html! {}));
        }
    };
    let action = desk.href(&format!("/start-inquiry/{system}/{register}/{}", row.key));
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let content = html! {
        p lang="ja" { strong.glyphs { (title) } "　" (row.key) }
        (error_summary(desk.language, errors))
        (post_form(&form, html! {
            (fields(desk, (&gate.statute, &members), entered, errors))
            (button(ButtonKind::Primary, desk.say("照会する", "Ask")))
        }))
        p { a href=(desk.href(&format!("/rows/{system}/{register}/{key}"))) {
            (desk.say("人のページへ戻る", "Back to the person"))
        } }
    };
    let mut response = desk.page(desk.say("情報照会", "Inquiry"), Vec::new(), content);
    if !errors.is_empty() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

fn fields(
    desk: &Desk,
    (statute, members): (&Statute, &[Contact]),
    entered: &Entered,
    errors: &[FieldError<'_>],
) -> Markup {
    let error = |name: &str| errors.iter().find(|one| one.field == name).map(|one| one.message);
    let field = |name: &'static str, label, value| {
        Field::new(desk.language, name, label).value(value).error(error(name))
    };
    let affairs = statute.affairs();
    let affairs: Vec<Choice<'_>> =
        affairs.iter().map(|one| Choice::recorded(&one.id, &one.name)).collect();
    let sets: Vec<_> =
        statute.item_sets().into_iter().filter(|one| !one.items.is_empty()).collect();
    let sets: Vec<Choice<'_>> =
        sets.iter().map(|one| Choice::recorded(&one.id, &one.name)).collect();
    let own = desk.place.office.organisation.id.as_str();
    let others = members.iter().filter(|one| one.kind == OWN_KIND && one.id != own);
    let others: Vec<Choice<'_>> = others.map(|one| Choice::recorded(&one.id, &one.name)).collect();
    let provider = field("provider", desk.say("照会先", "Asked"), &entered.provider)
        .hint(desk.say("前の住所の市区町村など", "For example where the person lived before"));
    let affair = field("affair", desk.say("事務", "Affair"), &entered.affair).hint(desk.say(
        "何のために照会するか。法令の表にない組合せは、照会先が断ります",
        "What it is for. The provider refuses what is not in the statutory table",
    ));
    html! {
        (select(&affair.required(true), &affairs))
        (select(&field("item_set", desk.say("情報", "Information"), &entered.item_set)
            .required(true), &sets))
        (select(&provider.required(true), &others))
        (text(&field("case", desk.say("事案の番号", "Case"), &entered.case)))
    }
}

/// Asks, and shows what was answered.
pub async fn ask(desk: Desk, Path(person): Path<Person>, Form(entered): Form<Entered>) -> Response {
    match asked(&desk, &person, &entered).await {
        Ok(response) => response,
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn asked(desk: &Desk, person: &Person, entered: &Entered) -> Result<Response, Refusal> {
    desk.check(entered.csrf.as_deref())?;
    let gate = gate(desk)?;
    let missing = [
        ("affair", &entered.affair, "事務を選んでください", "Choose the affair"),
        ("item_set", &entered.item_set, "情報を選んでください", "Choose the information"),
        ("provider", &entered.provider, "照会先を選んでください", "Choose who is asked"),
    ];
    let mut errors: Vec<FieldError<'_>> = missing
        .iter()
        .filter(|(_, value, ..)| value.is_empty())
        .map(|(field, _, japanese, english)| FieldError {
            field,
            message: desk.say(japanese, english),
        })
        .collect();
    let case = entered.case.trim();
    if !case.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') || case.len() > 64 {
        let message = desk.say(
            "事案の番号は、半角の英数字とハイフンで64文字までです",
            "At most 64 letters, digits and hyphens",
        );
        errors.push(FieldError { field: "case", message });
    }
    if !errors.is_empty() {
        return asking(desk, person, (entered, &errors)).await;
    }
    let (_, system, register, key) = person;
    let affair = gate.statute.affair(&entered.affair).map_or("", |one| one.name.as_str());
    let inquiry = Inquiry {
        record: (system, register),
        subject: key,
        provider: &entered.provider,
        affair: (&entered.affair, affair),
        item_set: &entered.item_set,
        case: Some(case).filter(|case| !case.is_empty()),
    };
    let given = inquire((&desk.place.office, &desk.actor, &gate.door), &inquiry).await;
    match given {
        Ok(given) => {
            let members = contacts(desk).await;
            Ok(shown(desk, person, (name_of(&members, &entered.provider), &given)))
        }
        Err(error) => {
            let said = said_of(error)?;
            let errors = [FieldError { field: "provider", message: &said }];
            asking(desk, person, (entered, &errors)).await
        }
    }
}

/// What was answered, or why not.
fn shown(
    desk: &Desk,
    (_, system, register, key): &Person,
    (provider, given): (&str, &Given),
) -> Response {
    let back = desk.href(&format!("/rows/{system}/{register}/{key}"));
    let again = desk.href(&format!("/start-inquiry/{system}/{register}/{key}"));
    let proof = desk.href(&format!("/inquiries/{}", given.request));
    let links = html! {
        p {
            a href=(proof) { (desk.say("この照会の記録と証拠", "Its record and evidence")) } "　"
            a href=(again) { (desk.say("もう一度照会する", "Ask again")) } "　"
            a href=(back) { (desk.say("人のページへ戻る", "Back to the person")) }
        }
    };
    let title = desk.say("照会の結果", "What was answered");
    let (tone, heading) = match given.status {
        200 => (Tone::Success, desk.say("回答がありました", "Answered")),
        202 => (Tone::Warning, desk.say("保留されています", "Held")),
        403 => (Tone::Danger, desk.say("断られました", "Refused")),
        404 => (Tone::Information, desk.say("該当がありません", "Nothing there")),
        _ => (Tone::Danger, desk.say("回答を得られませんでした", "No answer")),
    };
    let body = given.detail();
    let notice = Notice { tone, heading, body, link: None };
    let content = html! {
        dl.reasons {
            div { dt { (desk.say("照会先", "Asked")) } dd lang="ja" { (provider) } }
            div { dt { (desk.say("宛名番号", "Addressee number")) } dd { (key) } }
        }
        @if given.status == 200 { (answer::view(desk, given)) }
        (links)
    };
    desk.page(title, vec![notice], content)
}
