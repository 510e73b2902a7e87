//! 稼働と障害: whether everything answers now, how often it did month by month against the standard's
//! level, what went wrong, and who answers for which layer. Nothing is entered here.

use std::collections::BTreeMap;

use axum::response::Response;
use base::date::Date;
use cloud::cost::parameter::Parameter;
use cloud::service_level::{Availability, Layer, availability, layers, level_on};
use jiff::{Span, Timestamp};
use maud::{Markup, html};
use store::control::watch::{Incident, incident_list, watched_list};

use super::{Buyer, assistant};
use crate::component::day::moment_text;
use crate::component::language::Language;
use crate::component::notice::{Notice, Tone};
use crate::component::page::{disclosure, section};
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// Months that are shown, and days of incidents that have ended.
const MONTHS: i64 = 12;
const DAYS: i64 = 90;
/// How old the last answer may be to say something of now: a few rounds of the watch.
const FRESH_SECONDS: i64 = 300;

/// The whole page.
pub async fn all(buyer: Buyer) -> Response {
    buyer.answer(shown(&buyer).await)
}

async fn shown(buyer: &Buyer) -> Result<Response, Refusal> {
    let today = buyer.actor.today();
    let from = today.first_of_month().saturating_sub(Span::new().months(MONTHS - 1));
    let client = buyer.cloud().await?;
    let watched = watched_list(&*client, from).await?;
    let by_month = availability(&watched);
    let now = Timestamp::now();
    let last = watched.iter().map(|one| one.last_at).max();
    let since = now - Span::new().hours(24 * DAYS);
    let incidents = incident_list(&*client, since).await?;
    let assistants = assistant::in_force(buyer, &client).await?;
    let answers = layers();
    let open: Vec<&Incident> = incidents.iter().filter(|one| one.ended_at.is_none()).collect();
    let ended: Vec<&Incident> = incidents.iter().filter(|one| one.ended_at.is_some()).collect();
    let level = level_on(today).ok();
    let lines: Vec<(String, String)> =
        open.iter().map(|one| (one.title.clone(), latest(buyer, one, &answers))).collect();
    let mut notices: Vec<Notice<'_>> = lines
        .iter()
        .map(|(title, body)| Notice { body, ..Notice::new(Tone::Danger, title) })
        .collect();
    let quiet = quiet(buyer, last);
    if notices.is_empty() {
        let is_fresh = last.is_some_and(|at| now.duration_since(at).as_secs() <= FRESH_SECONDS);
        let tone = if is_fresh { Tone::Success } else { Tone::Warning };
        let body = if is_fresh { "" } else { &quiet };
        let said = buyer.say("いま分かっている障害はありません。", "No incident is known now.");
        notices.push(Notice { body, ..Notice::new(tone, said) });
    }
    let content = html! {
        (assistants)
        @if !open.is_empty() {
            (section(buyer.say("続いている障害", "Going on"), list(buyer, &open, &answers)))
        }
        (section(buyer.say("月ごとの稼働率", "Availability by month"),
            measured(buyer, &by_month, level.as_ref())))
        (section(buyer.say("この90日に終わった障害", "Ended in the last 90 days"),
            list(buyer, &ended, &answers)))
        (section(buyer.say("責任の分かれ目", "Who answers for what"), responsibility(buyer, &answers)))
    };
    Ok(buyer.page(buyer.say("稼働と障害", "Status"), notices, content))
}

/// What is said where nobody looked lately: that nothing is known is no good news.
fn quiet(buyer: &Buyer, last: Option<Timestamp>) -> String {
    match last.map(|at| moment_text(buyer.language, at)) {
        None => buyer
            .say(
                "見張りはまだ確かめていません。いまの状態は分かりません。",
                "Nothing was asked yet: the state of now is unknown.",
            )
            .to_owned(),
        Some(at) => format!(
            "{} {at}",
            buyer.say(
                "見張りが止まっています。いまの状態は分かりません。最後に確かめたのは",
                "The watch has stopped: the state of now is unknown. Last asked at",
            )
        ),
    }
}

fn responsible<'a>(layer: &'a str, answers: &'a [Layer]) -> &'a str {
    answers.iter().find(|one| one.layer == layer).map_or(layer, |one| &one.responsible)
}

/// The last that was said, and who is at it.
fn latest(buyer: &Buyer, one: &Incident, answers: &[Layer]) -> String {
    let since = moment_text(buyer.language, one.began_at);
    let who = responsible(&one.layer, answers);
    let said = one.notes.last().map_or("", |(_, _, words)| words);
    match buyer.language {
        Language::Japanese => format!("{since}から。対応するのは{who}。{said}"),
        Language::English => format!("Since {since}. Handled by: {who}. {said}"),
    }
}

fn list(buyer: &Buyer, incidents: &[&Incident], answers: &[Layer]) -> Markup {
    let words: Vec<[String; 5]> = incidents
        .iter()
        .map(|one| {
            let moment = |at| moment_text(buyer.language, at);
            let until = one.ended_at.map_or_else(String::new, moment);
            let who = format!("{}（{}）", responsible(&one.layer, answers), one.layer);
            [one.title.clone(), one.service.clone(), moment(one.began_at), until, who]
        })
        .collect();
    let rows = words
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Text(it)).collect() })
        .collect();
    html! {
        (table(&Table {
            caption: buyer.say("障害", "Incidents"),
            columns: vec![
                Column::text(buyer.say("何が", "What")),
                Column::text(buyer.say("影響を受けたもの", "Affected")),
                Column::text(buyer.say("始まり", "From")),
                Column::text(buyer.say("終わり", "Until")),
                Column::text(buyer.say("対応する者", "Handled by")),
            ],
            rows,
            empty: buyer.say("ありません。", "None."),
            stacked: true,
        }))
        @for one in incidents {
            (disclosure(&format!("{}（{}）", one.title, buyer.say("経過", "History")), html! {
                @for (at, who, said) in &one.notes {
                    p lang="ja" { (moment_text(buyer.language, *at)) "　" (who) "　" (said) }
                }
            }))
        }
    }
}

/// 9995 as 99.95 %.
fn percent(rate: Option<i64>) -> String {
    rate.map_or("―".to_owned(), |it| format!("{}.{:02}％", it / 100, it % 100))
}

fn measured(
    buyer: &Buyer,
    by_month: &BTreeMap<(Date, String), Availability>,
    level: Option<&Parameter>,
) -> Markup {
    let words: Vec<[String; 6]> = by_month
        .iter()
        .rev()
        .map(|((month, service), one)| {
            let month = match buyer.language {
                Language::Japanese => month.strftime("%Y年%-m月").to_string(),
                Language::English => month.strftime("%Y-%m").to_string(),
            };
            let reached = match level.and_then(|level| one.reaches(level)) {
                Some(true) => buyer.say("届いている", "reached"),
                Some(false) => buyer.say("届いていない", "missed"),
                None => "―",
            };
            [
                month,
                service.clone(),
                percent(one.rate()),
                reached.to_owned(),
                format!("{} / {}", one.failures, one.checks),
                one.slowest_ms.to_string(),
            ]
        })
        .collect();
    let rows = words
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Text(it)).collect() })
        .collect();
    html! {
        @if let Some(level) = level {
            p lang="ja" { "標準の水準: " (level.words()) }
        }
        p { (buyer.say("一分に一度、それぞれの初めの画面を開いて確かめた結果です。見張りの動いていない時間は\
            数えません。", "Each first page is opened once a minute. Time without the watch is not \
            counted.")) }
        (table(&Table {
            caption: buyer.say("答えた割合", "Share of answers"),
            columns: vec![
                Column::text(buyer.say("月", "Month")),
                Column::text(buyer.say("確かめたもの", "Asked")),
                Column::number(buyer.say("稼働率", "Availability")),
                Column::text(buyer.say("標準の水準に", "The level is")),
                Column::number(buyer.say("応答なし / 回数", "Failures / checks")),
                Column::number(buyer.say("最も遅い応答（ミリ秒）", "Slowest (ms)")),
            ],
            rows,
            empty: buyer.say("まだ確かめていません。", "Nothing was asked yet."),
            stacked: true,
        }))
    }
}

fn responsibility(buyer: &Buyer, answers: &[Layer]) -> Markup {
    let rows = answers
        .iter()
        .map(|one| Row {
            href: None,
            cells: [&one.layer, &one.responsible, &one.covers, &one.source]
                .map(|text| Cell::Text(text))
                .into(),
        })
        .collect();
    table(&Table {
        caption: buyer.say("何を誰が受け持つか", "Layers and who answers for them"),
        columns: vec![
            Column::text(buyer.say("層", "Layer")),
            Column::text(buyer.say("受け持つ者", "Responsible")),
            Column::text(buyer.say("範囲", "Covers")),
            Column::text(buyer.say("もと", "Source")),
        ],
        rows,
        empty: "",
        stacked: true,
    })
}
