//! 一括処理: what can be done for everybody at once, trials and their figures, the decision of
//! somebody else, how far a run has come, who waits and why, and one subject with the whole trace.

use axum::Form;
use axum::extract::{Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use definition::model::{Run as RunDefinition, System};
use maud::{Markup, html};
use office::access::role;
use office::assess::value_words;
use office::plan::{Finding, Step};
use office::run::revision::{changes, propose};
use office::run::{self, Report, Totals, Waiting};
use office::{OfficeError, facts};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use store::run::{Run, stage};

use super::assessed::assessed_views;
use super::desk::Desk;
use super::refusal::Refusal;
use super::revisions::{Proposed, changed, difference, proposing};
use super::words::People;
use crate::component::day::moment;
use crate::component::form::{
    ButtonKind, Choice, Field, FieldError, PostForm, button, error_summary, post_form, select, text,
};
use crate::component::language::Language;
use crate::component::notice::{Notice, Tone, badge, notice};
use crate::component::page::{disclosure, section};
use crate::component::table::{Cell, Column, Row, Table, table};

/// Runs that are listed.
const LATEST: i64 = 50;
/// More findings than these are folded: they follow from what is asked below.
const FEW: usize = 3;
/// Waiting subjects on a page.
const ON_PAGE: i64 = 100;

fn title(desk: &Desk) -> &str {
    desk.say("一括処理", "Bulk runs")
}

/// What can be started, and what was.
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
    let runs = run::list(&desk.place.office, LATEST).await?;
    let people = People::read(desk).await?;
    let systems = &desk.place.office.systems;
    let all = systems.iter().flat_map(|system| system.runs.iter().map(move |run| (&**system, run)));
    let forms: Vec<Markup> = all.map(|place| start_form(desk, place, refused)).collect();
    Ok(html! {
        @if forms.is_empty() {
            p { (desk.say("一括処理のある業務システムはありません。", "No system has bulk runs.")) }
        }
        @for form in &forms { (form) }
        (section(desk.say("これまでの一括処理", "Runs so far"), run_table(desk, &runs, &people)))
    })
}

fn start_form(
    desk: &Desk,
    (system, run): (&System, &RunDefinition),
    refused: &Refused<'_>,
) -> Markup {
    let heading = match desk.language {
        Language::Japanese => format!("{}（{}）", run.name, system.name),
        Language::English => format!("{} ({})", run.name_en, system.name_en),
    };
    let action = desk.href(&format!("/start-run/{}/{}", system.id, run.id));
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let is_own = refused.place == Some((&system.id, &run.id));
    let errors: Vec<FieldError<'_>> = match is_own {
        true => refused.findings.iter().map(|one| field_error(desk, one)).collect(),
        false => Vec::new(),
    };
    let guidance = desk.say(
        run.guidance.as_deref().unwrap_or_default(),
        run.guidance_en.as_deref().unwrap_or_default(),
    );
    let choices = [
        Choice::new("trial", desk.say("試算する（何も書き込まない）", "Trial: nothing is written")),
        Choice::new("run", desk.say("決裁に出す（決裁の後に書き込む）", "Submit for decision")),
    ];
    let how = Field::new(desk.language, "how", desk.say("行うこと", "What to do")).required(true);
    let fields = html! {
        (ask_fields(desk, run, refused.given.filter(|_| is_own), &errors))
        (select(&how.value("trial"), &choices))
        (button(ButtonKind::Primary, desk.say("始める", "Start")))
    };
    section(
        &heading,
        html! {
            p { (guidance) }
            p { (desk.say("根拠: ", "By: ")) span lang="ja" { (run.statute) } }
            (error_summary(desk.language, &errors))
            @if desk.actor.has(role::COUNTER) || desk.actor.has(role::CHIEF) {
                (post_form(&form, fields))
                p { a href=(desk.href(&format!("/revisions/{}/{}", system.id, run.id))) {
                    (desk.say("値を変えて試算する（見直し）", "Reckon with other values")) } }
            }
        },
    )
}

/// A field for each question of a run.
pub(super) fn ask_fields(
    desk: &Desk,
    run: &RunDefinition,
    given: Option<&Map<String, Json>>,
    errors: &[FieldError<'_>],
) -> Markup {
    let defaults = run::defaults(run, desk.actor.today());
    let error = |name: &str| errors.iter().find(|one| one.field == name).map(|one| one.message);
    let value = |name: &str| {
        let given = given.and_then(|given| given.get(name)).and_then(Json::as_str);
        let default = || defaults.get(name).map_or(String::new(), |v| value_words(v, None));
        given.map_or_else(default, str::to_owned)
    };
    html! {
        @for ask in &run.asks {
            @let (label, value) = (desk.say(&ask.name, &ask.name_en), value(&ask.name));
            @let field = Field::new(desk.language, &ask.name, label).required(true);
            (text(&field.value(&value).error(error(&ask.name))))
        }
    }
}

fn field_error<'f>(desk: &Desk, finding: &'f Finding) -> FieldError<'f> {
    FieldError {
        field: finding.at.as_deref().unwrap_or("how"),
        message: match desk.language {
            Language::Japanese => &finding.message,
            Language::English => &finding.message_en,
        },
    }
}

/// The definition of a recorded run, where it is still installed.
pub(super) fn definition<'d>(desk: &'d Desk, run: &Run) -> Option<(&'d System, &'d RunDefinition)> {
    let system = desk.place.office.system(&run.entered.system).ok()?;
    Some((system, system.run(&run.entered.run)?))
}

fn name(desk: &Desk, run: &Run) -> String {
    match definition(desk, run) {
        Some((_, own)) => desk.say(&own.name, &own.name_en).to_owned(),
        None => run.entered.run.clone(),
    }
}

fn stage_badge(desk: &Desk, run: &Run) -> Markup {
    let (tone, english) = match run.stage.as_str() {
        stage::TO_DECIDE => (Tone::Warning, "Waits for a decision"),
        stage::DUE | stage::RUNNING => (Tone::Information, "Running"),
        stage::HALTED => (Tone::Danger, "Broke off"),
        stage::DONE => (Tone::Success, "Done"),
        _ => (Tone::Information, "Withdrawn"),
    };
    badge(tone, desk.say(&run.stage, english))
}

/// Numbers in groups of three, with their unit.
pub(super) fn count(desk: &Desk, number: i64, (ja, en): (&str, &str)) -> String {
    let number = value_words(&number.into(), None);
    match desk.language {
        Language::Japanese => format!("{number}{ja}"),
        Language::English => format!("{number} {en}").trim_end().to_owned(),
    }
}

/// Yen.
pub(super) fn amount(desk: &Desk, yen: i64) -> String {
    count(desk, yen, ("円", "yen"))
}

fn run_table(desk: &Desk, runs: &[Run], people: &People) -> Markup {
    let hrefs: Vec<String> =
        runs.iter().map(|run| desk.href(&format!("/runs/{}", run.id))).collect();
    let persons = ("人", "");
    let rows = runs
        .iter()
        .zip(&hrefs)
        .map(|(run, href)| Row {
            href: Some(href),
            cells: vec![
                Cell::Component(html! {
                    (run.id) "　" (name(desk, run))
                    @if !changes(run).is_empty() { "　" (desk.say("（見直し）", "(revision)")) }
                    @else if run.entered.trial { "　" (desk.say("（試算）", "(trial)")) }
                }),
                Cell::Component(stage_badge(desk, run)),
                Cell::Component(html! { (count(desk, run.written, persons)) }),
                Cell::Component(html! { (count(desk, run.waiting, persons)) }),
                Cell::Component(moment(desk.language, run.entered_at)),
                Cell::Component(people.show(desk.language, &run.entered.entered_by)),
            ],
        })
        .collect();
    table(&Table {
        caption: desk.say("新しい順", "Newest first"),
        columns: vec![
            Column::text(desk.say("番号と名前", "Number and name")),
            Column::text(desk.say("段階", "Stage")),
            Column::number(desk.say("決まった人", "Decided")),
            Column::number(desk.say("待つ人", "Waiting")),
            Column::text(desk.say("入力した日時", "Entered")),
            Column::text(desk.say("入力した人", "By")),
        ],
        rows,
        empty: desk.say("まだありません。", "None yet."),
        stacked: true,
    })
}

/// Starts a trial, or submits a run for decision.
pub async fn start(
    desk: Desk,
    Path((_, system, of)): Path<(String, String, String)>,
    Form(given): Form<Map<String, Json>>,
) -> Response {
    let begun = async {
        desk.check(given.get("csrf").and_then(Json::as_str))?;
        let trial = given.get("how").and_then(Json::as_str) != Some("run");
        let asked = Json::Object(given.clone());
        let office = &desk.place.office;
        Ok::<_, Refusal>(run::enter(office, &desk.actor, (&system, &of), (&asked, trial)).await?)
    };
    match begun.await {
        Ok(id) => see(&desk, id),
        Err(Refusal::Office(OfficeError::Invalid(findings))) => {
            let refused =
                Refused { place: Some((&system, &of)), findings: &findings, given: Some(&given) };
            match listed(&desk, &refused).await {
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

pub(super) fn see(desk: &Desk, id: i64) -> Response {
    let to = desk.href(&format!("/runs/{id}"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// Behind whom the waiting are shown.
#[derive(Default, Deserialize)]
pub struct Behind {
    #[serde(default)]
    after: String,
}

/// One run.
pub async fn one(
    desk: Desk,
    Path((_, id)): Path<(String, String)>,
    Query(behind): Query<Behind>,
) -> Response {
    let nothing = (&Proposed::default(), &[][..]);
    match shown(&desk, &id, &behind.after, nothing).await {
        Ok((title, content)) => desk.page(&title, Vec::new(), content),
        Err(refusal) => desk.refuse(refusal),
    }
}

fn number(id: &str) -> Result<i64, Refusal> {
    id.parse().map_err(|_| Refusal::NotFound)
}

async fn shown(
    desk: &Desk,
    id: &str,
    after: &str,
    proposed: (&Proposed, &[Finding]),
) -> Result<(String, Markup), Refusal> {
    let office = &desk.place.office;
    let run = run::read(office, number(id)?).await?;
    let people = People::read(desk).await?;
    let waiting = run::waiting(office, &desk.actor, run.id, (after, ON_PAGE)).await?;
    let title = format!("{}　{}", name(desk, &run), run.id);
    let report: Report = serde_json::from_value(run.totals.clone()).unwrap_or_default();
    let content = html! {
        (state(desk, &run))
        (facts_of(desk, &run, &people))
        (changed(desk, &run))
        (difference(desk, &run, &report.difference))
        (proposing(desk, &run, proposed))
        (acts(desk, &run))
        (totals(desk, &run, &report.totals))
        @if run.waiting > 0 { (waiting_table(desk, &run, &waiting)) }
        p { a href=(desk.href("/runs")) { (desk.say("一括処理の一覧へ", "To all bulk runs")) } }
    };
    Ok((title, content))
}

/// What the reader should know first.
fn state(desk: &Desk, run: &Run) -> Markup {
    let trial = run.entered.trial;
    let (tone, heading) = match run.stage.as_str() {
        stage::TO_DECIDE => (
            Tone::Information,
            desk.say("ほかの職員の決裁を待っています", "Waits for somebody else’s decision"),
        ),
        stage::DUE | stage::RUNNING => (
            Tone::Information,
            desk.say(
                "行っています。このページを開き直すと進み具合が分かります",
                "Running: reload to see how far",
            ),
        ),
        stage::HALTED => (
            Tone::Danger,
            desk.say(
                "途中で止まりました。書き込んだ分は残っています。原因を除いて続きから行えます",
                "Broke off. What was written stays; it can be taken up where it ended",
            ),
        ),
        stage::DONE if trial => (
            Tone::Success,
            desk.say(
                "試算が終わりました。台帳には何も書き込んでいません",
                "The trial is done; nothing was written",
            ),
        ),
        stage::DONE => (Tone::Success, desk.say("終わりました", "Done")),
        _ => (Tone::Information, desk.say("取り下げました", "Withdrawn")),
    };
    let body = run.error.as_deref().unwrap_or_default();
    notice(desk.language, &Notice { body, ..Notice::new(tone, heading) })
}

fn facts_of(desk: &Desk, run: &Run, people: &People) -> Markup {
    let asked = run.entered.asked.as_object().into_iter().flatten();
    let asks = definition(desk, run).map(|(_, own)| own.asks.as_slice()).unwrap_or_default();
    let persons = ("人", "");
    html! {
        dl.items.subjects {
            @for (name, value) in asked.filter(|(_, value)| value.is_string()) {
                @let ask = asks.iter().find(|ask| ask.name == *name);
                @let shown = desk.say(name, ask.map_or(name, |ask| &ask.name_en));
                (item(shown, html! { (asked_words(value)) }))
            }
            (item(desk.say("たどった人", "Gone through"), html! { (count(desk, run.seen, persons)) }))
            (item(desk.say("対象になった人", "Meant for"), html! { (count(desk, run.chosen, persons)) }))
            (item(desk.say("決まった人", "Decided"), html! { (count(desk, run.written, persons)) }))
            (item(desk.say("待つ人", "Waiting"), html! { (count(desk, run.waiting, persons)) }))
            (item(desk.say("入力", "Entered"), html! {
                (moment(desk.language, run.entered_at)) "　"
                (people.show(desk.language, &run.entered.entered_by))
            }))
            @if let (Some(by), Some(at)) = (&run.approved_by, run.approved_at) {
                (item(desk.say("決裁", "Decided by"), html! {
                    (moment(desk.language, at)) "　" (people.show(desk.language, by))
                    @if let Some(manner) = &run.approved_as { "（" (manner) "）" }
                }))
            }
            @if let Some(at) = run.begun_at {
                (item(desk.say("始まり", "Began"), html! { (moment(desk.language, at)) }))
            }
            @if let Some(at) = run.ended_at {
                (item(desk.say("終わり", "Ended"), html! { (moment(desk.language, at)) }))
            }
        }
    }
}

pub(super) fn asked_words(value: &Json) -> String {
    let text = value.as_str().unwrap_or_default();
    match text.parse::<base::date::Date>() {
        Ok(day) => base::era::japanese(day),
        Err(_) => text.to_owned(),
    }
}

pub(super) fn item(name: &str, value: Markup) -> Markup {
    html! { div.item { dt { (name) } dd { (value) } } }
}

/// Buttons for what may be done with it now.
fn acts(desk: &Desk, run: &Run) -> Markup {
    let one = |act: &str, kind: ButtonKind, words: &str| {
        let action = desk.href(&format!("/runs/{}/{act}", run.id));
        let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
        post_form(&form, button(kind, words))
    };
    let decide = desk.say("決裁して行う", "Approve and run");
    let adopt = desk.say("決裁して条例の値にする", "Approve as the ordinance’s");
    let withdraw = desk.say("取り下げる", "Withdraw");
    html! {
        @match run.stage.as_str() {
            stage::TO_DECIDE => {
                @if run.entered.entered_by != desk.actor.id {
                    @let decide = if run.entered.trial { adopt } else { decide };
                    (one("approve", ButtonKind::Primary, decide))
                }
                (one("withdraw", ButtonKind::Secondary, withdraw))
            }
            stage::HALTED => {
                (one("resume", ButtonKind::Primary, desk.say("続きから行う", "Go on")))
                (one("withdraw", ButtonKind::Secondary, withdraw))
            }
            _ => {}
        }
    }
}

/// What the rows come to.
fn totals(desk: &Desk, run: &Run, totals: &Totals) -> Markup {
    let Some((system, own)) = definition(desk, run) else { return html! {} };
    let register = system.procedure(&own.procedure).and_then(|of| system.register(&of.register));
    let rows: Vec<(String, String, String)> = own
        .totals
        .iter()
        .filter_map(|name| Some((name, totals.0.get(name)?)))
        .flat_map(|(name, total)| {
            let item = register.and_then(|register| register.item(name));
            let name = item.map_or(name.as_str(), |item| desk.say(&item.name, &item.name_en));
            let rows = count(desk, total.rows, ("件", ""));
            let words = total.words.iter().map(move |(word, number)| {
                (format!("{name}: {word}"), count(desk, *number, ("件", "")), "―".to_owned())
            });
            let sum = count(desk, total.sum, ("円", "yen"));
            let own = (name.to_owned(), rows, sum);
            let plain = total.words.is_empty().then_some(own);
            plain.into_iter().chain(words).collect::<Vec<_>>()
        })
        .collect();
    if rows.is_empty() {
        return html! {};
    }
    let cells = |(name, count, sum): &(String, String, String)| Row {
        href: None,
        cells: vec![
            Cell::Component(html! { span lang="ja" { (name) } }),
            Cell::Component(html! { (count) }),
            Cell::Component(html! { (sum) }),
        ],
    };
    let shown = table(&Table {
        caption: desk.say("決まった行の集計（0 円の行は件数に入れない）", "What the rows come to"),
        columns: vec![
            Column::text(desk.say("項目", "Item")),
            Column::number(desk.say("件数", "Rows")),
            Column::number(desk.say("合計", "Sum")),
        ],
        rows: rows.iter().map(cells).collect(),
        empty: "",
        stacked: true,
    });
    section(desk.say("集計", "Figures"), shown)
}

fn waiting_table(desk: &Desk, run: &Run, waiting: &[Waiting]) -> Markup {
    let hrefs: Vec<String> = waiting
        .iter()
        .map(|one| desk.href(&format!("/runs/{}/subjects/{}", run.id, one.subject)))
        .collect();
    let rows = waiting
        .iter()
        .zip(&hrefs)
        .map(|(one, href)| Row {
            href: Some(href),
            cells: vec![
                Cell::Text(&one.subject),
                Cell::Component(html! {
                    ul lang="ja" { @for reason in &one.reasons { li { (reason) } } }
                }),
            ],
        })
        .collect();
    let shown = table(&Table {
        caption: desk.say(
            "決まらなかった人と理由。確かめて、窓口の手続で決めるか、資料を直してもう一度行ってください",
            "Who could not be decided, and why",
        ),
        columns: vec![
            Column::text(desk.say("対象者", "Subject")),
            Column::text(desk.say("理由", "Reasons")),
        ],
        rows,
        empty: desk.say("これより後にはいません。", "Nobody behind these."),
        stacked: true,
    });
    let next = waiting.last().filter(|_| waiting.len() as i64 == ON_PAGE);
    let next = next.map(|last| desk.href(&format!("/runs/{}?after={}", run.id, last.subject)));
    section(
        desk.say("待つ人", "Waiting"),
        html! {
            (shown)
            @if let Some(next) = next {
                p { a href=(next) { (desk.say("次の100人", "The next 100")) } }
            }
        },
    )
}

/// What is posted with an act.
#[derive(Deserialize)]
pub struct Entered {
    csrf: Option<String>,
    #[serde(default)]
    from: String,
    #[serde(default)]
    source: String,
}

/// 決裁, 取下げ, 続きから.
pub async fn act(
    desk: Desk,
    Path((_, id, act)): Path<(String, String, String)>,
    Form(entered): Form<Entered>,
) -> Response {
    let proposed = Proposed { from: entered.from, source: entered.source };
    let done = async {
        desk.check(entered.csrf.as_deref())?;
        let (office, actor, id) = (&desk.place.office, &desk.actor, number(&id)?);
        match act.as_str() {
            "approve" => run::approve(office, actor, id).await?,
            "withdraw" => run::withdraw(office, actor, id).await?,
            "resume" => run::resume(office, actor, id).await?,
            "propose" => propose(office, actor, id, (&proposed.from, &proposed.source)).await?,
            _ => return Err(Refusal::NotFound),
        }
        Ok(id)
    };
    match done.await {
        Ok(id) => see(&desk, id),
        Err(Refusal::Office(OfficeError::Invalid(findings))) => {
            match shown(&desk, &id, "", (&proposed, &findings)).await {
                Ok((title, content)) => {
                    let mut response = desk.page(&title, Vec::new(), content);
                    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
                    response
                }
                Err(refusal) => desk.refuse(refusal),
            }
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

/// One subject of a run, with the whole trace.
pub async fn subject(desk: Desk, Path((_, id, key)): Path<(String, String, String)>) -> Response {
    match explained(&desk, &id, &key).await {
        Ok((title, content)) => desk.page(&title, Vec::new(), content),
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn explained(desk: &Desk, id: &str, key: &str) -> Result<(String, Markup), Refusal> {
    let id = number(id)?;
    let found = run::run_explain(&desk.place.office, &desk.actor, (id, key)).await?;
    let title = format!("{}　{key}", name(desk, &found.run));
    let back = desk.href(&format!("/runs/{id}"));
    let findings = &found.plan.findings;
    let said = html! {
        @for finding in findings {
            (notice(desk.language, &Notice::new(Tone::Warning, desk.message(finding))))
        }
    };
    let content = html! {
        p { (desk.say("いまの資料による結果です。", "By the records as they are now.")) }
        @if findings.len() > FEW {
            (disclosure(desk.say("決まらない項目", "What cannot be told"), said))
        } @else { (said) }
        (assessed_views(desk, &found.plan.assessed))
        @for step in &found.plan.steps { (opened(desk, &found.run, step)) }
        p { a href=(back) { (desk.say("この一括処理へ", "To this run")) } }
    };
    Ok((title, content))
}

/// A row that would be written.
fn opened(desk: &Desk, run: &Run, step: &Step) -> Markup {
    let Step::Open { register, values, .. } = step else { return html! {} };
    let Ok(system) = desk.place.office.system(&run.entered.system) else { return html! {} };
    let Some(register) = system.register(register) else { return html! {} };
    let items = register.items.iter().zip(values);
    let shown: Vec<(&str, String)> = items
        .filter_map(|(item, value)| {
            let words = facts::display(system, item, value.as_ref())?;
            Some((desk.say(&item.name, &item.name_en), words))
        })
        .collect();
    let heading = desk.say(&register.name, &register.name_en);
    section(
        heading,
        html! { dl.items { @for (name, words) in &shown {
            (item(name, html! { span.glyphs lang="ja" { (words) } }))
        } } },
    )
}
