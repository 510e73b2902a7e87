//! A line that waits: what is wrong with it, whose it may be, its fields to be put right, and a
//! reason to leave it out.

use std::sync::Arc;

use axum::Form;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use definition::model::{FieldKind, Intake as IntakeDefinition, Procedure, System};
use maud::{Markup, html};
use office::OfficeError;
use office::intake::{self, Candidate, Opened, Settling};
use office::plan::Finding;
use serde_json::{Map, Value as Json, json};
use store::intake::stage;

use super::{findings_of, name, number};
use crate::component::form::{
    ButtonKind, Field, FieldError, PostForm, button_with, error_summary, field_id, post_form, text,
};
use crate::component::language::{Language, quoted};
use crate::component::notice::{Notice, Tone, notice};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::desk::Desk;
use crate::counter::form_input::{Posted, read};
use crate::counter::form_view::FormView;
use crate::counter::refusal::Refusal;
use crate::counter::words::People;

/// What stands on the page: a form, what is wrong with it, and the reason of who leaves it out.
struct Shown<'a> {
    /// Somebody tried to settle it just now.
    tried: bool,
    form: &'a Json,
    findings: &'a [Finding],
    reason: &'a str,
}

/// A line.
pub async fn page(desk: Desk, Path((_, id, line)): Path<(String, String, String)>) -> Response {
    let shown = async {
        let opened = intake::line(&desk.place.office, &desk.actor, place(&id, &line)?).await?;
        let findings = findings_of(&opened.row);
        let shown = Shown { tried: false, form: &opened.row.form, findings: &findings, reason: "" };
        view(&desk, &opened, &shown).await
    };
    match shown.await {
        Ok(response) => response,
        Err(refusal) => desk.refuse(refusal),
    }
}

fn place(id: &str, line: &str) -> Result<(i64, i64), Refusal> {
    Ok((number(id)?, number(line)?))
}

/// The definition with which the file was read.
async fn version(desk: &Desk, opened: &Opened) -> Result<Arc<System>, Refusal> {
    let client = desk.place.office.database.client().await?;
    let entered = &opened.intake.entered;
    Ok(desk.place.office.version(&**client, &entered.system, &entered.package).await?)
}

/// The procedure with the fields that the file and the question beside it fill.
fn filled(procedure: &Procedure, own: &IntakeDefinition) -> Procedure {
    let mut procedure = procedure.clone();
    for group in &mut procedure.form {
        let of_list = own.lists.iter().find(|list| list.group == group.name);
        group.fields.retain(|field| match of_list {
            Some(list) => list.columns.iter().any(|(name, _)| *name == field.name),
            None => {
                own.columns.iter().any(|(name, _)| *name == field.name)
                    || own.asks.contains(&field.name)
            }
        });
    }
    procedure.form.retain(|group| !group.fields.is_empty());
    procedure
}

async fn view(desk: &Desk, opened: &Opened, shown: &Shown<'_>) -> Result<Response, Refusal> {
    let (own, line) = (&opened.intake, opened.row.line);
    let title = match desk.language {
        Language::Japanese => format!("{}　{}　{line}行目", name(desk, own), own.id),
        Language::English => format!("{} {}, line {line}", name(desk, own), own.id),
    };
    let system = version(desk, opened).await?;
    let known = intake::intake_of(&system, &own.entered.intake)?;
    let procedure = filled(office::procedure_of(&system, &known.procedure)?, known);
    let can_settle = opened.row.stage == stage::WAITING && !own.entered.trial;
    let back = desk.href(&format!("/intakes/{}", own.id));
    let wrong = wrong(desk, (shown.findings, &procedure));
    let content = html! {
        @if !can_settle { (settled(desk, opened).await?) }
        @if shown.tried { (error_summary(desk.language, &errors(&wrong))) }
        @else if !wrong.is_empty() { (waits(desk, &wrong)) }
        @if can_settle { (settling(desk, opened, (&system, &procedure, known), shown)) }
        p { a href=(back) { (desk.say("この取込へ", "To this intake")) } }
    };
    Ok(desk.page(&title, Vec::new(), content))
}

/// Each finding with the id of its field; one whose field is not shown stands alone.
fn wrong<'f>(
    desk: &Desk,
    (findings, procedure): (&'f [Finding], &Procedure),
) -> Vec<(String, &'f str)> {
    let is_shown = |at: &str| {
        let mut path = at.splitn(3, '.');
        let (first, last) = (path.next().unwrap_or_default(), path.nth(1));
        procedure.fields().any(|(group, field)| match last {
            Some(last) => group.name == first && field.name == last,
            None => field.name == first,
        })
    };
    let field = |one: &Finding| match one.at.as_deref() {
        Some("reason") => "reason".to_owned(),
        Some(at) if is_shown(at) => format!("f.{at}"),
        _ => String::new(),
    };
    findings.iter().map(|one| (field(one), desk.message(one))).collect()
}

fn errors<'w>(wrong: &'w [(String, &'w str)]) -> Vec<FieldError<'w>> {
    wrong.iter().map(|(field, message)| FieldError { field, message }).collect()
}

/// Why the line waits.
fn waits(desk: &Desk, wrong: &[(String, &str)]) -> Markup {
    let heading = desk.say("この行が待っている理由", "Why this line waits");
    let reasons = html! {
        ul { @for (field, message) in wrong {
            li {
                @if field.is_empty() { (quoted(message)) }
                @else { a href={ "#" (field_id(field)) } { (quoted(message)) } }
            }
        } }
    };
    section(heading, reasons)
}

/// What became of a line that waits no more, or only a trial knows.
async fn settled(desk: &Desk, opened: &Opened) -> Result<Markup, Refusal> {
    let row = &opened.row;
    let heading = match row.stage.as_str() {
        stage::TAKEN => desk.say("この行は登録されました", "This line was taken in"),
        stage::LEFT_OUT => desk.say("この行は除外されました", "This line was left out"),
        _ => desk.say(
            "確かめるだけの取込です。ファイルを直して、もう一度送ってください",
            "Checked only: correct the file and send it again",
        ),
    };
    let people = People::read(desk).await?;
    let reason = row.reason.as_deref().unwrap_or_default();
    Ok(html! {
        (notice(desk.language, &Notice { body: reason, ..Notice::new(Tone::Information, heading) }))
        @if let (Some(by), Some(at)) = (&row.settled_by, row.settled_at) {
            p { (crate::component::day::moment(desk.language, at)) "　"
                (people.show(desk.language, by)) }
        }
    })
}

fn settling(
    desk: &Desk,
    opened: &Opened,
    (system, procedure, known): (&System, &Procedure, &IntakeDefinition),
    shown: &Shown<'_>,
) -> Markup {
    let action = desk.href(&format!("/intakes/{}/lines/{}", opened.intake.id, opened.row.line));
    let form = |enter| PostForm { action: &action, csrf: &desk.csrf, enter, multipart: false };
    let fields = FormView {
        desk,
        system,
        procedure,
        form: shown.form,
        findings: shown.findings,
        rows: &[],
        events: &[],
    };
    let label = desk.say("除外する理由", "Why it is left out");
    let message = shown.findings.iter().find(|one| one.at.as_deref() == Some("reason"));
    let reason = Field::new(desk.language, "reason", label)
        .required(true)
        .value(shown.reason)
        .error(message.map(|one| desk.message(one)));
    let is_open = |field: &str| {
        let said = shown.findings.iter().any(|one| one.at.as_deref() == Some(field));
        said || shown.form.get(field).and_then(Json::as_str).is_none_or(str::is_empty)
    };
    let choosing = known.matching.as_ref().filter(|matching| is_open(&matching.field));
    let take = desk.say("この内容で登録する", "Take in as it stands");
    let out = desk.say("除外する", "Leave out");
    let line = html! {
        @if choosing.is_some() { (candidates(desk, opened)) }
        (section(desk.say("行の内容", "The line"), html! {
            (fields.groups())
            (button_with(ButtonKind::Primary, take, "act", "take"))
        }))
    };
    let leave_out = html! {
        (text(&reason))
        (button_with(ButtonKind::Secondary, out, "act", "leave-out"))
    };
    html! {
        (post_form(&form(Some(("act", "take"))), line))
        (section(desk.say("登録しないとき", "Or leave it out"),
            post_form(&form(Some(("act", "leave-out"))), leave_out)))
    }
}

/// Those whose line it may be, each with a button that takes the line in as this person's.
fn candidates(desk: &Desk, opened: &Opened) -> Markup {
    let found = &opened.candidates;
    let rows = found.iter().map(|one: &Candidate| {
        let choose = desk.say("この人の行として登録する", "Take in as this person’s");
        let words = html! {
            @for (name, name_en, words) in &one.items {
                div { span { (desk.say(name, name_en)) } "　" span.glyphs lang="ja" { (words) } }
            }
        };
        let choice = button_with(ButtonKind::Secondary, choose, "choose", &one.key);
        let cells = vec![Cell::Text(&one.key), Cell::Component(words), Cell::Component(choice)];
        Row { href: None, cells }
    });
    let shown = table(&Table {
        caption: desk.say(
            "名前か生年月日の合う人。確かめてから選んでください",
            "Persons who agree in name or date of birth. Make sure before you choose",
        ),
        columns: vec![
            Column::text(desk.say("番号", "Number")),
            Column::text(desk.say("記録", "Record")),
            Column::text(desk.say("選ぶ", "Choose")),
        ],
        rows: rows.collect(),
        empty: desk.say(
            "合う人がいません。番号が分かれば下の欄に入れてください。",
            "Nobody agrees. Enter the number below if you know it.",
        ),
        stacked: true,
    });
    let hidden = desk.say(
        "ほかに、支援措置の担当者だけが扱える人がいます",
        "There are others whom only the protection officer may handle",
    );
    section(
        desk.say("だれの行か", "Whose line it is"),
        html! {
            @if opened.hidden { (notice(desk.language, &Notice::new(Tone::Warning, hidden))) }
            (shown)
        },
    )
}

/// Takes the line in, leaves it out, or adds and removes entries of a list.
pub async fn submit(
    desk: Desk,
    Path((_, id, line)): Path<(String, String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    match step(&desk, (&id, &line), pairs).await {
        Ok(response) => response,
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn step(
    desk: &Desk,
    (id, line): (&str, &str),
    pairs: Vec<(String, String)>,
) -> Result<Response, Refusal> {
    let sent = |name: &str| pairs.iter().find(|(own, _)| own == name).map(|(_, v)| v.clone());
    let (reason, chosen) = (sent("reason").unwrap_or_default(), sent("choose"));
    desk.check(sent("csrf").as_deref())?;
    let at = place(id, line)?;
    let (office, actor) = (&desk.place.office, &desk.actor);
    let opened = intake::line(office, actor, at).await?;
    let system = version(desk, &opened).await?;
    let known = intake::intake_of(&system, &opened.intake.entered.intake)?;
    let procedure = filled(office::procedure_of(&system, &known.procedure)?, known);
    let many = |name: &str| {
        procedure.field(name).is_some_and(|field| matches!(field.kind, FieldKind::Codes(_)))
    };
    let mut posted = read(pairs, &many);
    let adds = posted.add.is_some() || posted.remove.is_some();
    posted.apply_repeat();
    let mut fields = whole(&procedure, &posted);
    if let (Some(key), Some(matching)) = (chosen, &known.matching) {
        fields.insert(matching.field.clone(), json!(key));
    }
    let leaves_out = posted.act == "leave-out";
    let form = match leaves_out {
        true => opened.row.form.clone(),
        false => Json::Object(fields.clone()),
    };
    if adds {
        let shown = Shown { tried: false, form: &form, findings: &[], reason: &reason };
        return view(desk, &opened, &shown).await;
    }
    let settling = match leaves_out {
        true => Settling::LeaveOut(&reason),
        false => Settling::Take(&fields),
    };
    match intake::settle(office, actor, at, settling).await {
        Ok(()) => {
            let to = desk.href(&format!("/intakes/{}", at.0));
            Ok((StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response())
        }
        Err(OfficeError::Invalid(findings)) => {
            let shown = Shown { tried: true, form: &form, findings: &findings, reason: &reason };
            let mut response = view(desk, &opened, &shown).await?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(other) => Err(other.into()),
    }
}

/// What was posted, with the boxes that were left empty and the lists that were emptied.
fn whole(procedure: &Procedure, posted: &Posted) -> Map<String, Json> {
    let mut fields = posted.form.as_object().cloned().unwrap_or_default();
    for group in &procedure.form {
        if group.repeat.is_some() {
            fields.entry(group.name.clone()).or_insert_with(|| json!([]));
            continue;
        }
        for field in group.fields.iter().filter(|field| field.kind == FieldKind::Flag) {
            fields.entry(field.name.clone()).or_insert_with(|| json!(""));
        }
    }
    fields
}
