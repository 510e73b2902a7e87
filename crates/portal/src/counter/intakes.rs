//! 取込: which files a system takes, trials, how far a file has come, and the lines that wait.

mod line;

use axum::Form;
use axum::extract::{Multipart, Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use definition::model::{FieldKind, Intake as IntakeDefinition, Procedure, System};
use maud::{Markup, html};
use office::OfficeError;
use office::access::role;
use office::intake::{self, FILE_BYTES, SentFile};
use office::plan::Finding;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use store::intake::{Intake, IntakeRow, stage};

use super::desk::Desk;
use super::form_view::default_of;
use super::refusal::Refusal;
use super::runs::{asked_words, count, item};
use super::words::People;
use crate::attached;
use crate::component::day::moment;
use crate::component::form::{
    ButtonKind, Choice, Field, FieldError, PostForm, button, date, error_summary, file, post_form,
    select, text,
};
use crate::component::language::{Language, quoted};
use crate::component::notice::{Notice, Tone, badge, notice};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};

pub use line::{page as line, submit as settle};

/// The largest form: a file and what is asked beside it.
pub const LARGEST: usize = FILE_BYTES + 64 * 1024;
/// Intakes that are listed.
const LATEST: i64 = 50;
/// Waiting lines on a page.
const ON_PAGE: i64 = 100;

fn title(desk: &Desk) -> &str {
    desk.say("取込", "Intakes")
}

/// What can be taken in, and what was.
pub async fn page(desk: Desk) -> Response {
    match listed(&desk, &Refused::default()).await {
        Ok(content) => desk.page(title(&desk), Vec::new(), content),
        Err(refusal) => desk.refuse(refusal),
    }
}

/// What was entered and why it was not accepted.
#[derive(Default)]
struct Refused<'a> {
    place: Option<(&'a str, &'a str)>,
    findings: &'a [Finding],
    given: Option<&'a Map<String, Json>>,
}

async fn listed(desk: &Desk, refused: &Refused<'_>) -> Result<Markup, Refusal> {
    let latest = intake::list(&desk.place.office, LATEST).await?;
    let people = People::read(desk).await?;
    let mut forms = Vec::new();
    for system in desk.place.office.systems.iter() {
        for own in &system.intakes {
            let procedure = office::procedure_of(system, &own.procedure)?;
            forms.push(start_form(desk, (system, own, procedure), refused));
        }
    }
    Ok(html! {
        @if forms.is_empty() {
            p { (desk.say("取込のある業務システムはありません。", "No system takes files.")) }
        }
        @for form in &forms { (form) }
        (section(desk.say("これまでの取込", "So far"), latest_table(desk, &latest, &people)))
    })
}

fn start_form(
    desk: &Desk,
    (system, own, procedure): (&System, &IntakeDefinition, &Procedure),
    refused: &Refused<'_>,
) -> Markup {
    let heading = match desk.language {
        Language::Japanese => format!("{}（{}）", own.name, system.name),
        Language::English => format!("{} ({})", own.name_en, system.name_en),
    };
    let action = desk.href(&format!("/start-intake/{}/{}", system.id, own.id));
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: true };
    let is_own = refused.place == Some((&system.id, &own.id));
    let findings = if is_own { refused.findings } else { &[] };
    let errors: Vec<FieldError<'_>> = findings
        .iter()
        .map(|one| FieldError {
            field: one.at.as_deref().unwrap_or("file"),
            message: desk.message(one),
        })
        .collect();
    let error = |name: &str| errors.iter().find(|one| one.field == name).map(|one| one.message);
    let asked = |name: &str| {
        let given = refused.given.filter(|_| is_own).and_then(|given| given.get(name));
        let default = || procedure.field(name).map(|field| default_of(desk, field));
        given.and_then(Json::as_str).map(str::to_owned).or_else(default).unwrap_or_default()
    };
    let guidance = desk.text(&own.guidance, &own.guidance_en).0;
    let choices = [
        Choice::new("trial", desk.say("確かめるだけ（何も書き込まない）", "Check only")),
        Choice::new("run", desk.say("取り込む（正しい行を登録する）", "Take in")),
    ];
    let how = Field::new(desk.language, "how", desk.say("行うこと", "What to do")).required(true);
    let label = desk.say("ファイル（CSV）", "File (CSV)");
    let hint = desk.say(
        "1行目は見出し。UTF-8 か Shift_JIS。64 MiB まで",
        "Headings in line 1. UTF-8 or Shift_JIS. 64 MiB at most",
    );
    let sent = Field::new(desk.language, "file", label).required(true).hint(hint);
    let fields = html! {
        @for name in &own.asks {
            @if let Some(field) = procedure.field(name) { @let value = asked(name);
                @let label = desk.say(&field.label, &field.name_en);
                @let shown = Field::new(desk.language, name, label).required(field.required);
                @let shown = shown.value(&value).error(error(name));
                @match &field.kind {
                    FieldKind::Date { .. } => { (date(&shown)) }
                    _ => { (text(&shown)) }
                }
            }
        }
        (file(&sent.error(error("file")), ".csv,text/csv"))
        (select(&how.value("trial"), &choices))
        (button(ButtonKind::Primary, desk.say("送る", "Send")))
    };
    section(
        &heading,
        html! {
            p { (guidance) }
            p { (desk.say("根拠: ", "By: ")) span lang="ja" { (own.statute) } "　"
                a href=(action) { (desk.say("見出しだけのファイル", "A file of the headings")) } }
            (error_summary(desk.language, &errors))
            (post_form(&form, fields))
        },
    )
}

/// The headings of a file, to be filled.
pub async fn headings(
    desk: Desk,
    Path((_, system, of)): Path<(String, String, String)>,
) -> Response {
    let found = || -> Result<String, OfficeError> {
        let system = desk.place.office.system(&system)?;
        let own = intake::intake_of(system, &of)?;
        let quoted = |heading: &String| match heading.contains([',', '"']) {
            true => format!("\"{}\"", heading.replace('"', "\"\"")),
            false => heading.clone(),
        };
        let headings: Vec<String> = own.headings().iter().map(quoted).collect();
        Ok(format!("\u{FEFF}{}\r\n", headings.join(",")))
    };
    match found() {
        Ok(text) => attached::csv(&format!("{of}.csv"), text),
        Err(error) => desk.refuse(error),
    }
}

/// The definition of a recorded intake, where it is still installed.
fn definition<'d>(desk: &'d Desk, of: &Intake) -> Option<&'d IntakeDefinition> {
    desk.place.office.system(&of.entered.system).ok()?.intake(&of.entered.intake)
}

fn name(desk: &Desk, of: &Intake) -> String {
    match definition(desk, of) {
        Some(own) => desk.say(&own.name, &own.name_en).to_owned(),
        None => of.entered.intake.clone(),
    }
}

fn stage_badge(desk: &Desk, of: &Intake) -> Markup {
    let (tone, english) = match of.stage.as_str() {
        stage::DUE | stage::RUNNING => (Tone::Information, "Running"),
        stage::HALTED => (Tone::Danger, "Broke off"),
        _ => (Tone::Success, "Done"),
    };
    badge(tone, desk.say(&of.stage, english))
}

const LINES: (&str, &str) = ("行", "");

fn latest_table(desk: &Desk, latest: &[Intake], people: &People) -> Markup {
    let hrefs: Vec<String> =
        latest.iter().map(|one| desk.href(&format!("/intakes/{}", one.id))).collect();
    let rows = latest
        .iter()
        .zip(&hrefs)
        .map(|(one, href)| Row {
            href: Some(href),
            cells: vec![
                Cell::Component(html! {
                    (one.id) "　" (name(desk, one))
                    @if one.entered.trial { "　" (desk.say("（確かめるだけ）", "(check only)")) }
                }),
                Cell::Component(stage_badge(desk, one)),
                Cell::Component(quoted(&one.entered.file_name)),
                Cell::Component(html! { (count(desk, one.taken, LINES)) }),
                Cell::Component(html! { (count(desk, one.waiting, LINES)) }),
                Cell::Component(html! {
                    (moment(desk.language, one.entered_at)) "　"
                    (people.show(desk.language, &one.entered.entered_by))
                }),
            ],
        })
        .collect();
    table(&Table {
        caption: desk.say("新しい順", "Newest first"),
        columns: vec![
            Column::text(desk.say("番号と名前", "Number and name")),
            Column::text(desk.say("段階", "Stage")),
            Column::text(desk.say("ファイル", "File")),
            Column::number(desk.say("正しい行", "Right")),
            Column::number(desk.say("待つ行", "Waiting")),
            Column::text(desk.say("送った日時と人", "Sent")),
        ],
        rows,
        empty: desk.say("まだありません。", "None yet."),
        stacked: true,
    })
}

/// What was sent with the form.
#[derive(Default)]
struct Sent {
    given: Map<String, Json>,
    file_name: String,
    bytes: Vec<u8>,
}

/// Takes the form. The token comes before the file, so that a stranger's file is not read; `None`
/// when it did not arrive whole.
async fn sent(desk: &Desk, mut parts: Multipart) -> Result<Option<Sent>, Refusal> {
    let (mut token, mut sent) = (None, Sent::default());
    loop {
        let part = match parts.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => break,
            Err(_) => return Ok(None),
        };
        match part.name().map(str::to_owned).as_deref() {
            Some("csrf") => token = part.text().await.ok(),
            Some("file") => {
                desk.check(token.as_deref())?;
                sent.file_name = part.file_name().unwrap_or_default().to_owned();
                let Ok(bytes) = part.bytes().await else { return Ok(None) };
                sent.bytes = bytes.to_vec();
            }
            Some(name) => {
                let text = part.text().await.ok().filter(|text| !text.contains('\0'));
                sent.given.insert(name.to_owned(), Json::from(text.unwrap_or_default()));
            }
            None => {}
        }
    }
    desk.check(token.as_deref())?;
    Ok(Some(sent))
}

/// Takes a file.
pub async fn start(
    desk: Desk,
    Path((_, system, of)): Path<(String, String, String)>,
    parts: Multipart,
) -> Response {
    match begun(&desk, (&system, &of), parts).await {
        Ok(response) => response,
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn begun(desk: &Desk, place: (&str, &str), parts: Multipart) -> Result<Response, Refusal> {
    let sent = sent(desk, parts).await?;
    let given = sent.as_ref().map(|sent| &sent.given);
    let entered = match &sent {
        Some(sent) => {
            let trial = sent.given.get("how").and_then(Json::as_str) != Some("run");
            let asked = Json::Object(sent.given.clone());
            let file = SentFile { name: &sent.file_name, bytes: &sent.bytes };
            intake::enter(&desk.place.office, &desk.actor, place, (&asked, trial), file).await
        }
        None => Err(OfficeError::invalid(
            "file",
            base::said!(
                "ファイルを最後まで受け取れませんでした。64 MiB までの CSV を、もう一度送ってください",
                "The file did not arrive whole. Send a CSV of at most 64 MiB again"
            ),
        )),
    };
    match entered {
        Ok(id) => Ok(see(desk, id)),
        Err(OfficeError::Invalid(findings)) => {
            let refused = Refused { place: Some(place), findings: &findings, given };
            let mut response = desk.page(title(desk), Vec::new(), listed(desk, &refused).await?);
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(other) => Err(other.into()),
    }
}

fn see(desk: &Desk, id: i64) -> Response {
    let to = desk.href(&format!("/intakes/{id}"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// Behind which line the waiting are shown.
#[derive(Default, Deserialize)]
pub struct Behind {
    #[serde(default)]
    after: i64,
}

/// One intake.
pub async fn one(
    desk: Desk,
    Path((_, id)): Path<(String, String)>,
    Query(behind): Query<Behind>,
) -> Response {
    match shown(&desk, &id, behind.after).await {
        Ok((title, content)) => desk.page(&title, Vec::new(), content),
        Err(refusal) => desk.refuse(refusal),
    }
}

fn number(id: &str) -> Result<i64, Refusal> {
    id.parse().map_err(|_| Refusal::NotFound)
}

async fn shown(desk: &Desk, id: &str, after: i64) -> Result<(String, Markup), Refusal> {
    let office = &desk.place.office;
    let own = intake::read(office, number(id)?).await?;
    let people = People::read(desk).await?;
    let waiting = intake::waiting(office, &desk.actor, own.id, (after, ON_PAGE)).await?;
    let title = format!("{}　{}", name(desk, &own), own.id);
    let content = html! {
        (state(desk, &own))
        (facts_of(desk, &own, &people))
        @if own.stage == stage::HALTED { (resume_form(desk, &own)) }
        @if own.waiting > 0 { (waiting_table(desk, &own, &waiting)) }
        p { a href=(desk.href("/intakes")) { (desk.say("取込の一覧へ", "To all intakes")) } }
    };
    Ok((title, content))
}

/// What the reader should know first.
fn state(desk: &Desk, own: &Intake) -> Markup {
    let (tone, heading) = match own.stage.as_str() {
        stage::DUE | stage::RUNNING => (
            Tone::Information,
            desk.say(
                "読んでいます。このページを開き直すと進み具合が分かります",
                "Being read: reload to see how far",
            ),
        ),
        stage::HALTED => (
            Tone::Danger,
            desk.say(
                "途中で止まりました。取り込んだ行は残っています。原因を除いて続きから行えます",
                "Broke off. What was taken in stays; it can be taken up where it ended",
            ),
        ),
        _ if own.entered.trial && own.waiting > 0 => (
            Tone::Warning,
            desk.say(
                "確かめました。下の行は、このままでは待つことになります。台帳には何も書き込んでいません",
                "Checked: the lines below would wait. Nothing was written",
            ),
        ),
        _ if own.entered.trial => (
            Tone::Success,
            desk.say(
                "確かめました。すべての行が正しく読めます。台帳には何も書き込んでいません",
                "Checked: every line is right. Nothing was written",
            ),
        ),
        _ if own.waiting > 0 => (
            Tone::Warning,
            desk.say(
                "正しい行を登録しました。下の行は、直して登録するか、除外してください",
                "The right lines are in. Put the lines below right or leave them out",
            ),
        ),
        _ => (Tone::Success, desk.say("すべての行が済みました", "Every line is settled")),
    };
    let body = own.error.as_deref().unwrap_or_default();
    notice(desk.language, &Notice { body, ..Notice::new(tone, heading) })
}

fn facts_of(desk: &Desk, own: &Intake, people: &People) -> Markup {
    let asked = own.entered.asked.as_object().into_iter().flatten();
    let lines = |number| html! { (count(desk, number, LINES)) };
    html! {
        dl.items.subjects {
            (item(desk.say("ファイル", "File"), html! {
                (quoted(&own.entered.file_name)) "（" (own.entered.encoding) "）"
            }))
            @for (name, value) in asked { (item(name, html! { (asked_words(value)) })) }
            (item(desk.say("見出しを除く行", "Lines"), lines(own.entered.lines)))
            (item(desk.say("読んだ行", "Read"), lines(own.done)))
            @if own.entered.trial {
                (item(desk.say("正しい行", "Right"), lines(own.taken)))
            } @else {
                (item(desk.say("登録した行", "Taken in"), lines(own.taken)))
                (item(desk.say("除外した行", "Left out"), lines(own.left_out)))
            }
            (item(desk.say("待つ行", "Waiting"), lines(own.waiting)))
            (item(desk.say("送った日時と人", "Sent"), html! {
                (moment(desk.language, own.entered_at)) "　"
                (people.show(desk.language, &own.entered.entered_by))
            }))
            @if let Some(at) = own.ended_at {
                (item(desk.say("終わり", "Ended"), html! { (moment(desk.language, at)) }))
            }
        }
    }
}

fn resume_form(desk: &Desk, own: &Intake) -> Markup {
    let action = desk.href(&format!("/intakes/{}/resume", own.id));
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    post_form(&form, button(ButtonKind::Primary, desk.say("続きから行う", "Go on")))
}

/// The findings of a line, as they were kept.
fn findings_of(row: &IntakeRow) -> Vec<Finding> {
    let text = |one: &Json, name: &str| one.get(name).and_then(Json::as_str).map(str::to_owned);
    let one = |one: &Json| Finding {
        at: text(one, "at"),
        message: text(one, "message").unwrap_or_default(),
        message_en: text(one, "message_en").unwrap_or_default(),
        warning: false,
    };
    row.findings.as_array().into_iter().flatten().map(one).collect()
}

/// The heading of the file in whose column a finding stands.
fn column(own: Option<&IntakeDefinition>, at: &str) -> String {
    let Some(own) = own else { return at.to_owned() };
    let mut path = at.splitn(3, '.');
    let (first, index, field) = (path.next(), path.next(), path.next());
    let list = own.lists.iter().find(|list| Some(list.group.as_str()) == first);
    let of_list = list.and_then(|list| {
        let number: u32 = index?.parse().ok()?;
        let mut headings = list.headings(number + 1);
        headings.find(|(name, _)| Some(*name) == field).map(|(_, heading)| heading)
    });
    let single = || own.columns.iter().find(|(name, _)| name == at).map(|(_, h)| h.clone());
    of_list.or_else(single).unwrap_or_else(|| at.to_owned())
}

fn waiting_table(desk: &Desk, own: &Intake, waiting: &[IntakeRow]) -> Markup {
    let known = definition(desk, own);
    let hrefs: Vec<String> = waiting
        .iter()
        .map(|one| desk.href(&format!("/intakes/{}/lines/{}", own.id, one.line)))
        .collect();
    let reasons = |row: &IntakeRow| {
        let said = findings_of(row).into_iter().map(|one| {
            let words = desk.message(&one).to_owned();
            (one.at.map(|at| column(known, &at)), words)
        });
        let said: Vec<(Option<String>, String)> = said.collect();
        html! { ul { @for (at, words) in &said {
            li { @if let Some(at) = at { span lang="ja" { (at) } ": " } (quoted(words)) }
        } } }
    };
    let rows = waiting
        .iter()
        .zip(&hrefs)
        .map(|(one, href)| Row {
            href: Some(href),
            cells: vec![Cell::Component(html! { (one.line) }), Cell::Component(reasons(one))],
        })
        .collect();
    let shown = table(&Table {
        caption: desk.say(
            "行の番号はファイルの行（見出しが1行目）。開くと、直して登録するか除外できます",
            "Numbered as in the file, headings first. Open a line to put it right or leave it out",
        ),
        columns: vec![
            Column::text(desk.say("行", "Line")),
            Column::text(desk.say("理由", "Reasons")),
        ],
        rows,
        empty: desk.say("これより後にはありません。", "None behind these."),
        stacked: true,
    });
    let next = waiting.last().filter(|_| waiting.len() as i64 == ON_PAGE);
    let next = next.map(|last| desk.href(&format!("/intakes/{}?after={}", own.id, last.line)));
    section(
        desk.say("待つ行", "Waiting lines"),
        html! {
            (shown)
            @if let Some(next) = next {
                p { a href=(next) { (desk.say("次の100行", "The next 100")) } }
            }
        },
    )
}

/// What is posted to go on.
#[derive(Deserialize)]
pub struct Entered {
    csrf: Option<String>,
}

/// Takes up what broke off.
pub async fn resume(
    desk: Desk,
    Path((_, id)): Path<(String, String)>,
    Form(entered): Form<Entered>,
) -> Response {
    let done = async {
        desk.check(entered.csrf.as_deref())?;
        let id = number(&id)?;
        intake::resume(&desk.place.office, &desk.actor, id).await?;
        Ok::<_, Refusal>(id)
    };
    match done.await {
        Ok(id) => see(&desk, id),
        Err(refusal) => desk.refuse(refusal),
    }
}

/// Whether somebody may see the pages of intakes.
pub fn is_for(desk: &Desk) -> bool {
    let masses = [role::COUNTER, role::CHIEF, role::MANAGER];
    let takes = desk.place.office.systems.iter().any(|system| !system.intakes.is_empty());
    takes && masses.iter().any(|role| desk.actor.has(role))
}
