//! 利用枠: how much of the platform the body may use, how much it uses, and asking for another
//! value by two of its people. Nothing is granted here.

use std::collections::HashMap;

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use base::money::Yen;
use cloud::quota::{FULL, NEARLY};
use maud::{Markup, html};
use store::control::quota::{
    Quota, QuotaAct, QuotaKind, QuotaStep, quota_acts, quota_ask, quota_days, quota_step, quotas_of,
};
use store::{GenericClient, StoreError};

use super::Buyer;
use super::group::{Given, may, see, sending};
use crate::component::bar::bar;
use crate::component::day::{day_text, moment_text};
use crate::component::form::{
    ButtonKind, Choice, Width, button, error_summary, radios, text, textarea,
};
use crate::component::language::{Language, pick};
use crate::component::notice::{Notice, Tone, badge};
use crate::component::page::{disclosure, section};
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;
use crate::member::{Member, Zone};

/// The most letters of a reason.
pub(super) const TEXT: usize = 2000;
/// How many days of the series are shown.
const DAYS: i64 = 31;

/// What each is called, and what it holds.
pub(super) fn called(language: Language, kind: QuotaKind) -> &'static str {
    match kind {
        QuotaKind::Capacity => pick(language, "容量", "Storage"),
        QuotaKind::Connections => pick(language, "接続", "Connections"),
        QuotaKind::Systems => pick(language, "業務システム", "Systems"),
    }
}

/// How each is reckoned, in the words of a clerk.
fn reckoned(buyer: &Buyer, kind: QuotaKind) -> &'static str {
    match kind {
        QuotaKind::Capacity => buyer.say(
            "台帳・職員・住民向けの三つのデータベースの大きさ。一時間ごとに測ります。超えても窓口は止まりません。",
            "The body's three databases, measured hourly. Over it, no counter stops.",
        ),
        QuotaKind::Connections => buyer.say(
            "区画（窓口・LGWAN・住民向け）ごとに、同時に使えるデータベースの口の数。使用は、今日、測った時でいちばん多かった数です。",
            "Database connections of each zone at a time; used is today's highest.",
        ),
        QuotaKind::Systems => buyer.say(
            "締結したものと提供中の契約の数。版や事業者を替える契約は数えません。",
            "Contracts signed or in service; one that takes another's place is not counted.",
        ),
    }
}

/// An act in the reader's language.
pub(super) fn act_word(language: Language, act: &str) -> &str {
    match (language, act) {
        (Language::English, "起案") => "Drafted",
        (Language::English, "決裁") => "Decided",
        (Language::English, "取下げ") => "Withdrawn",
        (Language::English, "承認") => "Granted",
        (Language::English, "却下") => "Refused",
        _ => act,
    }
}

/// What is read of a value: digits in any width, with or without
/// the unit. In base units, or what is wrong.
pub(super) fn value<Z: Zone>(
    member: &Member<Z>,
    kind: QuotaKind,
    entered: &str,
) -> Result<i64, String> {
    let (least, most) = kind.bounds();
    let plain = base::text::to_half_width(entered).to_uppercase();
    let plain = plain.trim().trim_end_matches(kind.unit()).trim_end().to_owned();
    let is_number = plain.bytes().all(|sign| sign.is_ascii_digit() || b", ".contains(&sign));
    let known = Yen::parse(&plain).ok().filter(|_| is_number);
    let known = known.and_then(|it| it.0.checked_mul(kind.scale()));
    let (least_said, most_said) = (kind.amount(least), kind.amount(most));
    match known {
        Some(value) if (least..=most).contains(&value) => Ok(value),
        Some(_) => Err(match member.language {
            Language::Japanese => format!("{least_said}から{most_said}までで入れてください"),
            Language::English => format!("Enter {least_said} to {most_said}"),
        }),
        None => {
            let example = kind.amount(kind.bounds().0.max(50 * kind.scale()));
            Err(match member.language {
                Language::Japanese => format!("整数で入れてください（例：{example}）"),
                Language::English => format!("Enter a whole number, for example {example}"),
            })
        }
    }
}

/// The page.
pub async fn all(buyer: Buyer) -> Response {
    buyer.answer(listed(&buyer, &Given::default()).await)
}

async fn own(buyer: &Buyer, client: &impl GenericClient) -> Result<Vec<Quota>, Refusal> {
    Ok(quotas_of(client, &buyer.body.organisation.id).await?)
}

async fn listed(buyer: &Buyer, given: &Given) -> Result<Response, Refusal> {
    let client = buyer.cloud().await?;
    let quotas = own(buyer, &*client).await?;
    let acts = quota_acts(&*client).await?;
    let days = quota_days(&*client, QuotaKind::Capacity, DAYS).await?;
    let content = html! {
        (error_summary(buyer.language, &given.errors()))
        p { (buyer.say("この団体が基盤を使える量です。はじめは人口の規模ごとの既定で、足りなければ増やす申込みができます。\
            一人が起案し、別の人が決裁すると、国の運用担当が決めます。",
            "How much of the platform this body may use: a default by size at first. One of you \
            drafts a request, another decides it, and the national operator grants or refuses.")) }
        (standing(buyer, &quotas))
        (waiting(buyer, &acts))
        @if may(buyer) { (asking(buyer, &quotas, given)) }
        (course(buyer, &acts))
        @if !days.is_empty() {
            (disclosure(buyer.say("容量の日ごとの記録", "Storage day by day"), series(buyer, &days)))
        }
    };
    let said = warning(buyer, &quotas);
    let notices = said.iter().map(|said| Notice::new(Tone::Warning, said)).collect();
    let title = buyer.say("利用枠", "Quotas");
    Ok(given.status(buyer.page(title, notices, content)))
}

/// What is nearly full, or full.
fn warning(buyer: &Buyer, quotas: &[Quota]) -> Vec<String> {
    let nearly = |one: &&Quota| one.percent().is_some_and(|percent| percent >= NEARLY);
    let said = |one: &Quota| {
        let (name, percent) = (called(buyer.language, one.kind), one.percent().unwrap_or(0));
        let held = match (one.kind, percent >= FULL) {
            (QuotaKind::Capacity, true) => buyer.say(
                "窓口の仕事は続けられますが、新しい契約の締結と研修環境の開設ができません。",
                "Work goes on, but no new contract is signed and no training copy opened.",
            ),
            (QuotaKind::Systems, true) => {
                buyer.say("新しい契約の締結ができません。", "No new contract is signed.")
            }
            _ => buyer.say(
                "足りなくなる前に、増やす申込みをしてください。",
                "Ask for more before it runs out.",
            ),
        };
        match buyer.language {
            Language::Japanese => format!("{name}は利用枠の {percent}％ を使っています。{held}"),
            Language::English => format!("{name}: {percent} % of the quota is used. {held}"),
        }
    };
    quotas.iter().filter(nearly).map(said).collect()
}

fn standing(buyer: &Buyer, quotas: &[Quota]) -> Markup {
    let lines: Vec<(String, String, String, &Quota)> = quotas
        .iter()
        .map(|one| {
            let amount = |value| one.kind.amount(value);
            let unknown = || buyer.say("未定", "Not set").to_owned();
            let used = match one.used {
                Some((used, _)) => amount(used),
                None => buyer.say("まだ測っていません", "Not measured yet").to_owned(),
            };
            let from = one.given.as_ref().map_or_else(String::new, |(origin, since)| {
                let since = day_text(buyer.language, *since);
                match (origin.as_str(), &one.size) {
                    ("既定", Some(size)) => {
                        format!("{}（{size}）　{since}～", buyer.say("既定", "default"))
                    }
                    _ => format!("{}　{since}～", buyer.say("申込みの承認", "granted")),
                }
            });
            (one.value.map_or_else(unknown, amount), used, from, one)
        })
        .collect();
    let rows = lines
        .iter()
        .map(|(value, used, from, one)| Row {
            href: None,
            cells: vec![
                Cell::Text(called(buyer.language, one.kind)),
                Cell::Japanese(value),
                Cell::Japanese(used),
                Cell::Component(share(one)),
                Cell::Japanese(from),
                Cell::Text(reckoned(buyer, one.kind)),
            ],
        })
        .collect();
    table(&Table {
        caption: buyer.say("いまの利用枠", "Quotas in force"),
        columns: vec![
            Column::text(buyer.say("種類", "Kind")),
            Column::number(buyer.say("枠", "Quota")),
            Column::number(buyer.say("使用", "Used")),
            Column::text(buyer.say("割合", "Share")),
            Column::text(buyer.say("もと", "From")),
            Column::text(buyer.say("数え方", "How it is reckoned")),
        ],
        rows,
        empty: buyer.say("まだありません。", "None yet."),
        stacked: true,
    })
}

/// The share as a bar and in percent.
pub(super) fn share(quota: &Quota) -> Markup {
    let Some(percent) = quota.percent() else { return html! { "―" } };
    html! { div { (percent) "％" (bar(percent, FULL)) } }
}

/// The last act of each request, the newest request first.
pub(super) fn last_acts(acts: &[QuotaAct]) -> Vec<&QuotaAct> {
    let mut last: Vec<&QuotaAct> = Vec::new();
    for act in acts.iter().rev() {
        if last.iter().all(|one| one.request != act.request) {
            last.push(act);
        }
    }
    last
}

/// Requests that are not decided yet, with what can be done about each.
fn waiting(buyer: &Buyer, acts: &[QuotaAct]) -> Markup {
    let open: Vec<&QuotaAct> = last_acts(acts)
        .into_iter()
        .filter(|act| ["起案", "決裁"].contains(&act.act.as_str()))
        .collect();
    let at = |act: &QuotaAct, step: &str| format!("/quotas/{}/{step}", act.request);
    html! {
        @for act in open {
            (section(&format!("{} {}: {} → {}", buyer.say("申込み", "Request"), act.request,
                called(buyer.language, act.kind), act.kind.amount(act.value)), html! {
                @if act.act == "決裁" {
                    p { (badge(Tone::Information, buyer.say("国の運用担当の決定を待っています",
                        "Waits for the national operator"))) }
                } @else if !may(buyer) || act.actor == buyer.actor.id {
                    p { (buyer.say("決裁は、起案した人とは別の人がします。", "Somebody else decides.")) }
                } @else {
                    (sending(buyer, &at(act, "decide"),
                        button(ButtonKind::Primary, buyer.say("申込みを決裁する", "Decide"))))
                }
                @if may(buyer) {
                    (sending(buyer, &at(act, "withdraw"),
                        button(ButtonKind::Secondary, buyer.say("取り下げる", "Withdraw"))))
                }
            }))
        }
    }
}

fn asking(buyer: &Buyer, quotas: &[Quota], given: &Given) -> Markup {
    let language = buyer.language;
    let labels: Vec<(QuotaKind, String)> = QuotaKind::ALL
        .into_iter()
        .map(|kind| {
            let now = quotas.iter().find(|one| one.kind == kind).and_then(|one| one.value);
            let now = now.map_or_else(|| "―".to_owned(), |value| kind.amount(value));
            let name = called(language, kind);
            let label = match language {
                Language::Japanese => format!("{name}（いま {now}）"),
                Language::English => format!("{name} (now {now})"),
            };
            (kind, label)
        })
        .collect();
    let choices: Vec<Choice<'_>> =
        labels.iter().map(|(kind, label)| Choice::new(kind.word(), label)).collect();
    let hint = buyer.say(
        "容量は GB、接続は本、業務システムは件。例：50。減らす申込みもできます",
        "GB, connections or systems, for example 50; less can be asked for too",
    );
    let reason = buyer.say("なぜ要るか", "Why it is needed");
    section(
        buyer.say("枠を変える申込み", "Ask for another value"),
        sending(
            buyer,
            "/quotas",
            html! {
                (radios(&given.field(buyer, "kind", buyer.say("種類", "Kind")), &choices))
                (text(&given.field(buyer, "value", buyer.say("新しい枠", "New value"))
                    .width(Width::Short).hint(hint)))
                (textarea(&given.field(buyer, "reason", reason), 3))
                (button(ButtonKind::Primary, buyer.say("起案する", "Draft")))
            },
        ),
    )
}

/// Every act, the newest first.
fn course(buyer: &Buyer, acts: &[QuotaAct]) -> Markup {
    let lines: Vec<[String; 3]> = acts
        .iter()
        .rev()
        .map(|act| {
            let what = called(buyer.language, act.kind);
            [
                moment_text(buyer.language, act.at),
                format!("{}　{what}　{}", act.request, act.kind.amount(act.value)),
                act.actor.clone(),
            ]
        })
        .collect();
    let rows = acts
        .iter()
        .rev()
        .zip(&lines)
        .map(|(act, [at, what, actor])| Row {
            href: None,
            cells: vec![
                Cell::Text(at),
                Cell::Text(act_word(buyer.language, &act.act)),
                Cell::Japanese(what),
                Cell::Japanese(actor),
                Cell::Japanese(&act.reason),
            ],
        })
        .collect();
    table(&Table {
        caption: buyer.say("申込みの経過", "Course of requests"),
        columns: vec![
            Column::text(buyer.say("いつ", "When")),
            Column::text(buyer.say("したこと", "What")),
            Column::text(buyer.say("申込み", "Request")),
            Column::text(buyer.say("だれが", "By whom")),
            Column::text(buyer.say("理由", "Reason")),
        ],
        rows,
        empty: buyer.say("申込みはまだありません。", "No request yet."),
        stacked: true,
    })
}

fn series(buyer: &Buyer, days: &[(base::date::Date, i64)]) -> Markup {
    let lines: Vec<[String; 2]> = days
        .iter()
        .map(|(day, used)| [day_text(buyer.language, *day), QuotaKind::Capacity.amount(*used)])
        .collect();
    let rows = lines
        .iter()
        .map(|[day, used]| Row { href: None, cells: vec![Cell::Text(day), Cell::Text(used)] })
        .collect();
    table(&Table {
        caption: buyer.say("容量", "Storage"),
        columns: vec![
            Column::text(buyer.say("日", "Day")),
            Column::number(buyer.say("使用", "Used")),
        ],
        rows,
        empty: "",
        stacked: false,
    })
}

/// Takes in a request.
pub async fn ask(buyer: Buyer, Form(entered): Form<HashMap<String, String>>) -> Response {
    let made = async {
        buyer.check(entered.get("csrf").map(String::as_str))?;
        let mut given = Given::of(entered);
        let kind = QuotaKind::of(given.value("kind"));
        if kind.is_none() {
            given.fault("kind", buyer.say("どの枠かを選んでください", "Choose what"));
        }
        let wanted = kind.map(|kind| (kind, value(&buyer, kind, given.value("value"))));
        if let Some((_, Err(why))) = &wanted {
            given.fault("value", why);
        }
        let missing = buyer.say("なぜ要るかを入れてください", "Enter why it is needed");
        given.needs("reason", (missing, TEXT));
        let (Some((kind, Ok(value))), true) = (wanted, given.faults.is_empty()) else {
            return listed(&buyer, &given).await;
        };
        let client = buyer.cloud().await?;
        let said = (buyer.actor.id.as_str(), given.value("reason"));
        match quota_ask(&*client, (kind, value), said).await {
            Err(StoreError::Conflict(said)) => {
                given.fault("value", buyer.say(&said.ja, &said.en));
                drop(client);
                listed(&buyer, &given).await
            }
            asked => asked.map(|_| see(&buyer, "/quotas")).map_err(Refusal::from),
        }
    };
    buyer.answer(made.await)
}

/// Decides or withdraws a request.
pub async fn step(
    buyer: Buyer,
    Path((_, request, step)): Path<(String, i64, String)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        buyer.check(entered.get("csrf").map(String::as_str))?;
        let step = match step.as_str() {
            "decide" => QuotaStep::Decide,
            "withdraw" => QuotaStep::Withdraw,
            _ => return Err(Refusal::NotFound),
        };
        let client = buyer.cloud().await?;
        if quota_acts(&*client).await?.iter().all(|act| act.request != request) {
            return Err(Refusal::NotFound);
        }
        quota_step(&*client, (request, step), &buyer.actor.id).await?;
        Ok(see(&buyer, "/quotas"))
    };
    buyer.answer(made.await)
}

/// What a draft is told before anybody signs: that the quota leaves no room for one more.
pub(super) async fn no_room(
    buyer: &Buyer,
    client: &impl GenericClient,
) -> Result<Option<String>, Refusal> {
    let mut said = Vec::new();
    for one in own(buyer, client).await? {
        let (Some(value), Some((used, _))) = (one.value, one.used) else { continue };
        let full = match one.kind {
            QuotaKind::Systems | QuotaKind::Capacity => used >= value,
            QuotaKind::Connections => false,
        };
        if full {
            let (name, value) = (called(buyer.language, one.kind), one.kind.amount(value));
            said.push(match buyer.language {
                Language::Japanese => format!(
                    "{name}の利用枠（{value}）に空きがないため、このままでは締結できません。起案と決裁は\
                     できますが、締結の前に「利用枠」で増やす申込みをしてください。"
                ),
                Language::English => format!(
                    "The quota of {name} ({value}) is used up: it can be drafted and decided, but \
                     not signed before more is granted under Quotas."
                ),
            });
        }
    }
    Ok((!said.is_empty()).then(|| said.concat()))
}
