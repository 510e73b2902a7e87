//! 利用枠 for the operators: what bodies ask for, granting it with a value or refusing it with a
//! reason, who is nearly full, and the ceilings of connections against what the cluster takes.

use std::collections::HashMap;

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::Response;
use cloud::quota::NEARLY;
use maud::{Markup, html};
use office::access::role;
use store::StoreError;
use store::control::quota::{
    Quota, QuotaAct, quota_acts, quota_connections, quota_decide, quota_list,
};

use super::{Operator, see};
use crate::component::day::moment_text;
use crate::component::form::{ButtonKind, Width, button, error_summary, hidden, text, textarea};
use crate::component::page::{disclosure, section};
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;
use crate::lgwan::group::{Given, sending};
use crate::lgwan::quota::{TEXT, act_word, called, last_acts, share, value};

/// How many acts are shown.
const SHOWN: usize = 50;

/// The page.
pub async fn all(operator: Operator, Query(asked): Query<HashMap<String, String>>) -> Response {
    let chosen = asked.into_iter().filter(|(name, _)| name == "request").collect();
    operator.answer(listed(&operator, &Given::of(chosen)).await)
}

async fn listed(operator: &Operator, given: &Given) -> Result<Response, Refusal> {
    let client = operator.cloud().await?;
    let (quotas, acts) = (quota_list(&*client).await?, quota_acts(&*client).await?);
    let (ceilings, most, grantable) = quota_connections(&*client).await?;
    let open: Vec<&QuotaAct> =
        last_acts(&acts).into_iter().filter(|act| act.act == "決裁").collect();
    let content = html! {
        (error_summary(operator.language, &given.errors()))
        @if open.is_empty() {
            p { (operator.say("決定を待つ申込みはありません。", "No request waits.")) }
        }
        @let chosen = open.iter().find(|one| given.value("request") == one.request.to_string());
        @for last in open.iter().rev() {
            @let is_chosen = chosen.or(open.last()).is_some_and(|one| one.request == last.request);
            (request(operator, (&quotas, &acts), last, is_chosen.then_some(given)))
        }
        (nearly(operator, &quotas))
        (section(operator.say("接続の上限の合計", "Ceilings of connections"), html! {
            p { (operator.say("団体のログインの上限の合計 ", "Of all bodies' logins: ")) (ceilings) "　"
                (operator.say("クラスターの受ける接続 ", "the cluster takes: ")) (most) "　"
                (operator.say("承認できる合計 ", "can be granted: ")) (grantable) }
            p { (operator.say("上限は取り置きではありません。合計が受ける接続を超えていても、一つの団体が使えるのは\
                自分の上限までです。合計が超えるような増枠は、データベースが断ります。",
                "A ceiling is not set aside: each body is held to its own. A raise beyond what can \
                be granted is refused by the database.")) }
        }))
        (course(operator, (&quotas, &acts)))
    };
    let title = operator.say("利用枠", "Quotas");
    Ok(given.status(operator.page(title, Vec::new(), content)))
}

fn name<'q>(quotas: &'q [Quota], id: &'q str) -> &'q str {
    quotas.iter().find(|one| one.organisation == id).map_or(id, |one| &one.name)
}

/// A request with what is in force and used, and the two ways to answer it: one request at a time.
fn request(
    operator: &Operator,
    (quotas, acts): (&[Quota], &[QuotaAct]),
    last: &QuotaAct,
    given: Option<&Given>,
) -> Markup {
    let say = |ja, en| operator.say(ja, en);
    let kind = last.kind;
    let own = |one: &&Quota| one.organisation == last.organisation && one.kind == kind;
    let quota = quotas.iter().find(own);
    let amount = |value: Option<i64>| value.map_or_else(|| "―".to_owned(), |it| kind.amount(it));
    let drafted = acts.iter().find(|act| act.request == last.request);
    let number = last.request.to_string();
    let empty = Given::default();
    let is_chosen = given.is_some();
    // What was entered belongs to the request that it was entered for.
    let given = given.filter(|given| given.value("request") == number).unwrap_or(&empty);
    let asked = (last.value / kind.scale()).to_string();
    let granting = given.field(operator, "value", say("承認する枠", "Value to grant"));
    let granting = match given.value("value") {
        "" => granting.value(&asked),
        _ => granting,
    };
    let heading =
        format!("{}: {}", name(quotas, &last.organisation), called(operator.language, kind));
    let at = |step: &str| format!("/quotas/{number}/{step}");
    section(
        &heading,
        html! {
            p { (say("いまの枠 ", "In force: ")) (amount(quota.and_then(|it| it.value))) "　"
                (say("使用 ", "used: ")) (amount(quota.and_then(|it| it.used).map(|it| it.0))) "　"
                (say("申込み ", "asked for: ")) strong { (kind.amount(last.value)) } }
            @if let Some(drafted) = drafted {
                p { (say("理由: ", "Reason: ")) span lang="ja" { (drafted.reason) } "　"
                    (say("起案 ", "drafted by ")) span lang="ja" { (drafted.actor) } "　"
                    (say("決裁 ", "decided by ")) span lang="ja" { (last.actor) } "　"
                    (moment_text(operator.language, last.at)) }
            }
            @if operator.actor.has(role::OPERATOR) && !is_chosen {
                p { a href=(operator.href(&format!("/quotas?request={number}"))) {
                    (say("この申込みに答える", "Answer this request")) } }
            }
            @if operator.actor.has(role::OPERATOR) && is_chosen {
                (sending(operator, &at("grant"), html! {
                    (hidden("request", &number))
                    (text(&granting.width(Width::Short).hint(kind.unit())))
                    (button(ButtonKind::Primary, say("承認する", "Grant")))
                }))
                (disclosure(say("却下する", "Refuse"), sending(operator, &at("refuse"), html! {
                    (hidden("request", &number))
                    (textarea(&given.field(operator, "reason", say("却下の理由", "Why")), 2))
                    (button(ButtonKind::Secondary, say("却下する", "Refuse")))
                })))
            }
        },
    )
}

/// Who has used 80 % or more.
fn nearly(operator: &Operator, quotas: &[Quota]) -> Markup {
    let mut full: Vec<&Quota> =
        quotas.iter().filter(|one| one.percent().is_some_and(|it| it >= NEARLY)).collect();
    full.sort_by_key(|one| std::cmp::Reverse(one.percent()));
    let lines: Vec<[String; 2]> = full
        .iter()
        .map(|one| {
            let amount =
                |value: Option<i64>| value.map_or_else(String::new, |it| one.kind.amount(it));
            [amount(one.value), amount(one.used.map(|it| it.0))]
        })
        .collect();
    let rows = full
        .iter()
        .zip(&lines)
        .map(|(one, [value, used])| Row {
            href: None,
            cells: vec![
                Cell::Japanese(&one.name),
                Cell::Text(called(operator.language, one.kind)),
                Cell::Japanese(value),
                Cell::Japanese(used),
                Cell::Component(share(one)),
            ],
        })
        .collect();
    table(&Table {
        caption: operator.say("80％以上を使っている団体", "Bodies over 80 %"),
        columns: vec![
            Column::text(operator.say("団体", "Body")),
            Column::text(operator.say("種類", "Kind")),
            Column::number(operator.say("枠", "Quota")),
            Column::number(operator.say("使用", "Used")),
            Column::text(operator.say("割合", "Share")),
        ],
        rows,
        empty: operator.say("ありません。", "None."),
        stacked: true,
    })
}

fn course(operator: &Operator, (quotas, acts): (&[Quota], &[QuotaAct])) -> Markup {
    let shown: Vec<&QuotaAct> = acts.iter().rev().take(SHOWN).collect();
    let lines: Vec<[String; 2]> = shown
        .iter()
        .map(|act| {
            let what = called(operator.language, act.kind);
            let at = moment_text(operator.language, act.at);
            [at, format!("{}　{what}　{}", act.request, act.kind.amount(act.value))]
        })
        .collect();
    let rows = shown
        .iter()
        .zip(&lines)
        .map(|(act, [at, what])| Row {
            href: None,
            cells: vec![
                Cell::Text(at),
                Cell::Japanese(name(quotas, &act.organisation)),
                Cell::Text(act_word(operator.language, &act.act)),
                Cell::Japanese(what),
                Cell::Japanese(&act.actor),
                Cell::Japanese(&act.reason),
            ],
        })
        .collect();
    table(&Table {
        caption: operator.say("経過（新しいものから）", "Course, the newest first"),
        columns: vec![
            Column::text(operator.say("いつ", "When")),
            Column::text(operator.say("団体", "Body")),
            Column::text(operator.say("したこと", "What")),
            Column::text(operator.say("申込み", "Request")),
            Column::text(operator.say("だれが", "By whom")),
            Column::text(operator.say("理由", "Reason")),
        ],
        rows,
        empty: operator.say("申込みはまだありません。", "No request yet."),
        stacked: true,
    })
}

/// Grants or refuses a request.
pub async fn step(
    operator: Operator,
    Path((_, request, step)): Path<(String, i64, String)>,
    Form(mut entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        operator.check(entered.get("csrf").map(String::as_str))?;
        let is_grant = match step.as_str() {
            "grant" => true,
            "refuse" => false,
            _ => return Err(Refusal::NotFound),
        };
        entered.insert("request".to_owned(), request.to_string());
        let mut given = Given::of(entered);
        let mut client = operator.cloud().await?;
        let acts = quota_acts(&*client).await?;
        let known = acts.iter().find(|act| act.request == request).ok_or(Refusal::NotFound)?;
        let mut granted = None;
        if is_grant {
            match value(&operator, known.kind, given.value("value")) {
                Ok(value) => granted = Some(value),
                Err(why) => given.fault("value", &why),
            }
        } else {
            let missing = operator.say("却下する理由を入れてください", "Enter why it is refused");
            given.needs("reason", (missing, TEXT));
        }
        if given.faults.is_empty() {
            let said = (operator.actor.id.as_str(), given.value("reason"));
            match quota_decide(&mut client, (request, granted), said).await {
                Err(StoreError::Conflict(said)) if is_open(&acts, request) => {
                    let field = if is_grant { "value" } else { "reason" };
                    given.fault(field, operator.say(&said.ja, &said.en));
                }
                decided => {
                    return decided.map(|()| see(&operator, "/quotas")).map_err(Refusal::from);
                }
            }
        }
        drop(client);
        listed(&operator, &given).await
    };
    operator.answer(made.await)
}

/// Whether a request waits for an operator.
fn is_open(acts: &[QuotaAct], request: i64) -> bool {
    acts.iter().rev().find(|act| act.request == request).is_some_and(|act| act.act == "決裁")
}
