//! 青写真 as an operator reads and decides it: what it changes by kind, every statement of a policy
//! that comes or goes, every step, the hash of all that, and who did what. The hash is worked out
//! again from what is shown before anything is shown.

use std::collections::HashMap;

use axum::Form;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use base::money::Yen;
use base::said;
use base::said::Said;
use cloud::plane::blueprint::{Blueprint, Step};
use cloud::plane::execute::blueprint_look;
use cloud::plane::summary::{self, Line, Statements};
use cloud::plane::tree::Tree;
use maud::{Markup, html};
use office::access::role;
use serde::Deserialize;
use store::control::plane::{
    Act, Head, act_list, blueprint_approve, blueprint_reject, blueprint_request,
    blueprint_request_cut, blueprint_withdraw, head_list, request_list,
};

use super::{ACTS, Operator, environment, nation, refusal, see, warning, word};
use crate::component::day::{moment, moment_text};
use crate::component::form::{
    ButtonKind, Field, FieldError, PostForm, button, error_summary, hidden, post_form, textarea,
};
use crate::component::language::pick;
use crate::component::notice::{Notice, Tone};
use crate::component::page::{disclosure, section};
use crate::component::record::{Group, Item, Record, Value, record};
use crate::component::table::{Cell, Column, Pages, Row, Table, pagination, table};
use crate::counter::refusal::Refusal;

/// Who makes what the command line makes, as the database signs it.
const COMMAND: &str = "基盤の運用（コマンド）";
/// How many steps stand on a page.
const STEPS: usize = 100;

/// The states, as recorded, and in English.
const STATES: [(&str, &str); 7] = [
    ("案", "Draft"),
    ("承認済", "Approved"),
    ("適用中", "Being applied"),
    ("完了", "Done"),
    ("取止め", "Given up"),
    ("取下げ", "Withdrawn"),
    ("却下", "Rejected"),
];

/// What is recorded as done, and in English.
const DONE: [(&str, &str); 13] = [
    ("作成", "Made"),
    ("一人目の承認", "Approved by the first of two"),
    ("承認", "Approved"),
    ("緊急の承認", "Approved in an emergency"),
    ("却下", "Rejected"),
    ("取下げ", "Withdrawn"),
    ("適用の求め", "Application asked for"),
    ("適用開始", "Application begun"),
    ("適用の結果", "Outcome"),
    ("取止めの求め", "Giving up asked for"),
    ("残りの取止め", "Rest given up"),
    ("取止め", "Ended, not all of it done"),
    ("完了", "Done"),
];

/// Every blueprint.
pub async fn all(operator: Operator) -> Response {
    let made = async {
        let heads = head_list(&*operator.cloud().await?).await?;
        let title = operator.say("青写真", "Blueprints");
        Ok(operator.page(title, Vec::new(), list(&operator, &heads)))
    };
    operator.answer(made.await)
}

/// Blueprints, one a row.
pub(super) fn list(operator: &Operator, heads: &[Head]) -> Markup {
    let lines: Vec<[String; 3]> = heads
        .iter()
        .map(|head| {
            let href = operator.href(&format!("/blueprints/{}", head.id));
            [href, head.id.to_string(), moment_text(operator.language, head.made_at)]
        })
        .collect();
    let rows = lines
        .iter()
        .zip(heads)
        .map(|([href, number, at], head)| Row {
            href: Some(href),
            cells: vec![
                Cell::Text(number),
                Cell::Text(word(operator, &STATES, &head.state)),
                Cell::Japanese(&head.note),
                Cell::Japanese(&head.made_by),
                Cell::Text(at),
                Cell::Japanese(head.approved_by.as_deref().unwrap_or_default()),
            ],
        })
        .collect();
    table(&Table {
        caption: operator.say("青写真の一覧", "Blueprints"),
        columns: vec![
            Column::text(operator.say("番号", "Number")),
            Column::text(operator.say("状態", "State")),
            Column::text(operator.say("添えた言葉", "Note")),
            Column::text(operator.say("作成した人", "Made by")),
            Column::text(operator.say("作成の時", "Made at")),
            Column::text(operator.say("承認した人", "Approved by")),
        ],
        rows,
        empty: operator.say("青写真はまだありません。", "No blueprint yet."),
        stacked: true,
    })
}

/// What part of the steps is looked at.
#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    kind: String,
    page: Option<usize>,
}

/// One blueprint.
pub async fn one(
    operator: Operator,
    Path((_, id)): Path<(String, i64)>,
    Query(asked): Query<Asked>,
) -> Response {
    operator.answer(shown(&operator, id, (&asked, None)).await)
}

async fn shown(
    operator: &Operator,
    id: i64,
    (asked, failure): (&Asked, Option<&Said>),
) -> Result<Response, Refusal> {
    let tree = nation()?;
    let client = operator.cloud().await?;
    let (head, blueprint, _) = blueprint_look(&*client, id).await.map_err(refusal)?;
    let acts = act_list(&*client, id).await?;
    let is_asked = request_list(&*client).await?.iter().any(|one| one.blueprint == id);
    let content = html! {
        (card(operator, &head))
        (decision(operator, &head, (is_asked, failure)))
        (warning::removed(operator, tree, &blueprint))
        (section(operator.say("変わるもの", "What changes"), lines(operator, &head, &blueprint)))
        (warning::noted(operator, &blueprint))
        (policies(operator, &blueprint))
        (section(operator.say("手順", "Steps"), steps(operator, tree, (&head, &blueprint), asked)))
        (section(operator.say("経過", "Course"), course(operator, &acts)))
    };
    let title = format!("{} {id}", operator.say("青写真", "Blueprint"));
    let said = operator.say(
        "運用担当ではなく、コマンドが緊急に承認した青写真です。理由は下にあります。",
        "This blueprint was approved by the command line in an emergency. The reason is below.",
    );
    let mut notices: Vec<Notice<'_>> = Vec::new();
    notices.extend(head.emergency.as_ref().map(|_| Notice::new(Tone::Danger, said)));
    let removes = warning::danger(operator, &blueprint);
    notices.extend(removes.as_ref().map(|words| Notice::new(Tone::Danger, words)));
    let came = warning::outcome(operator, &head, &acts).filter(|_| !is_asked);
    notices.extend(came.as_ref().map(|words| Notice::new(Tone::Warning, words)));
    let mut response = operator.page(&title, notices, content);
    if failure.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

fn card(operator: &Operator, head: &Head) -> Markup {
    let say = |ja, en| operator.say(ja, en);
    let made = format!("{}　{}", head.made_by, moment_text(operator.language, head.made_at));
    let approved = match (&head.approved_by, head.approved_at) {
        (Some(by), Some(at)) => format!("{by}　{}", moment_text(operator.language, at)),
        _ => say("まだ", "Not yet").to_owned(),
    };
    let approved = match &head.checked_by {
        Some(first) => format!("{}{first}　{approved}", say("一人目 ", "First: ")),
        None => approved,
    };
    let base = head.base.to_string();
    let mut items = vec![
        Item::new(say("状態", "State"), Value::Plain(word(operator, &STATES, &head.state))),
        Item::new(say("台帳の世代", "Generation of the books"), Value::Plain(&base)),
        Item::new(say("作成", "Made"), Value::Glyphs(&made)),
        Item::new(say("承認", "Approved"), Value::Glyphs(&approved)),
        Item::wide(say("ハッシュ（SHA-256）", "Hash (SHA-256)"), Value::Plain(&head.hash)),
        Item::wide(say("添えた言葉", "Note"), Value::Glyphs(&head.note)),
    ];
    if let Some(reason) = &head.emergency {
        let said = format!("【{}】 {reason}", say("緊急の承認", "Emergency"));
        let red = html! { p.error { span.glyphs lang="ja" { (said) } } };
        items.push(Item::wide(say("緊急の理由", "Why"), Value::Component(red)));
    }
    let href = operator.href(&format!("/blueprints/{}/application", head.id));
    let begun = ["適用中", "完了", "取止め"].contains(&head.state.as_str());
    let link = html! { a href=(href) { (say("適用の進み具合", "How far it is applied")) } };
    record(&Record {
        language: operator.language,
        heading: html! { (say("青写真", "Blueprint")) " " (head.id) },
        note: "",
        groups: vec![Group { heading: "", items }],
        actions: if begun { vec![link] } else { Vec::new() },
    })
}

/// What can be done about it now, by this person.
fn decision(
    operator: &Operator,
    head: &Head,
    (is_asked, failure): (bool, Option<&Said>),
) -> Markup {
    if !operator.actor.has(role::OPERATOR) {
        return html! {};
    }
    let say = |ja, en| operator.say(ja, en);
    let own = format!("{}@{}", operator.actor.id, operator.body.organisation.id);
    let withdraw =
        || act(operator, head, ("withdraw", ButtonKind::Secondary), "取り下げる", "Withdraw");
    let content = match head.state.as_str() {
        "案" if head.made_by == own => html! {
            p { (say("承認は、作った人とは別の人がします。", "Somebody else approves.")) }
            (withdraw())
        },
        "案" if head.checked_by.as_ref() == Some(&own) => html! {
            p { (say("一人目として承認しました。もう一人の運用担当が承認すると、適用できます。",
                "You approved it first. It can be applied once another operator approves it.")) }
            (rejection(operator, head, failure))
        },
        "案" => html! {
            @if head.made_by == COMMAND {
                p { (say("コマンドで作られた案は、二人の運用担当が承認します。",
                    "What a command made takes two operators.")) }
            }
            (act(operator, head, ("approve", ButtonKind::Primary), "この内容を承認する", "Approve this"))
            (rejection(operator, head, failure))
        },
        "承認済" | "適用中" if is_asked => html! {
            p { (say("適用を求めました。基盤が行っています。進み具合を見てください。",
                "Its application was asked for and is under way. See how far it is.")) }
        },
        "承認済" => html! {
            (act(operator, head, ("apply", ButtonKind::Primary), "適用する", "Apply"))
            (withdraw())
        },
        "適用中" => html! {
            p { (say("済んでいない手順があります。理由を除いてから、続けてください。",
                "Some steps are not done. Remove the reasons, then go on.")) }
            (act(operator, head, ("apply", ButtonKind::Primary), "続きから適用する", "Go on"))
            p { (say("続けられないときは、残りを取り止めます。始めていたものは未確定として台帳に残り、\
                次の青写真が作るか廃止します。", "What cannot go on is given up. What was begun stays \
                on the books, unsettled, until the next blueprint makes or removes it.")) }
            (reasoned(operator, head, ("cut", "取り止める理由", "Why it is given up"), failure,
                operator.say("残りを取り止める", "Give the rest up")))
        },
        _ => return html! {},
    };
    section(say("判断", "Decision"), content)
}

fn act(
    operator: &Operator,
    head: &Head,
    (step, kind): (&str, ButtonKind),
    ja: &'static str,
    en: &'static str,
) -> Markup {
    let action = operator.href(&format!("/blueprints/{}/{step}", head.id));
    let form = PostForm { action: &action, csrf: &operator.csrf, enter: None, multipart: false };
    post_form(&form, html! { (hidden("hash", &head.hash)) (button(kind, operator.say(ja, en))) })
}

fn rejection(operator: &Operator, head: &Head, failure: Option<&Said>) -> Markup {
    let said = ("reject", "却下する理由", "Why it is rejected");
    reasoned(operator, head, said, failure, operator.say("却下する", "Reject"))
}

/// A form that asks for a reason: the step's name, what is asked in both languages.
fn reasoned(
    operator: &Operator,
    head: &Head,
    (step, ja, en): (&str, &'static str, &'static str),
    failure: Option<&Said>,
    does: &str,
) -> Markup {
    let failure = failure.map(|said| pick(operator.language, said.ja.as_str(), said.en.as_str()));
    let errors: Vec<FieldError<'_>> =
        failure.map(|message| FieldError { field: "reason", message }).into_iter().collect();
    let action = operator.href(&format!("/blueprints/{}/{step}", head.id));
    let form = PostForm { action: &action, csrf: &operator.csrf, enter: None, multipart: false };
    let label = operator.say(ja, en);
    html! {
        (error_summary(operator.language, &errors))
        (post_form(&form, html! {
            (hidden("hash", &head.hash))
            (textarea(&Field::new(operator.language, "reason", label).required(true)
                .error(failure), 3))
            (button(ButtonKind::Secondary, does))
        }))
    }
}

/// How many parts of each kind, with the requests that they take.
fn lines(operator: &Operator, head: &Head, blueprint: &Blueprint) -> Markup {
    let all: Vec<Line> = summary::lines(&blueprint.steps);
    let words: Vec<(String, &str, [String; 5])> = all
        .iter()
        .map(|line| {
            let (id, ja, en) = line.kind;
            let href = operator.href(&format!("/blueprints/{}?kind={id}", head.id));
            let number = |count: usize| Yen(i64::try_from(count).unwrap_or(i64::MAX)).grouped();
            let [a, b, c, d] = line.counts.map(|(_, count)| number(count));
            let calls = number(usize::try_from(line.calls).unwrap_or(usize::MAX));
            (href, operator.say(ja, en), [a, b, c, d, calls])
        })
        .collect();
    let rows = words
        .iter()
        .map(|(href, name, cells)| Row {
            href: Some(href),
            cells: std::iter::once(Cell::Text(name))
                .chain(cells.iter().map(|text| Cell::Text(text)))
                .collect(),
        })
        .collect();
    let act = |at: usize| operator.say(ACTS[at].0, ACTS[at].1);
    let calls: u64 = all.iter().map(|line| line.calls).sum();
    html! {
        p { (operator.say("環境 ", "Environments: ")) (blueprint.lanes().len()) "　"
            (operator.say("手順 ", "steps: ")) (blueprint.steps.len()) "　"
            (operator.say("外のプロバイダーへの呼出し 少なくとも ", "requests to providers, at least: "))
            (calls) }
        (table(&Table {
            caption: operator.say("種類ごとの手順", "Steps by kind"),
            columns: vec![
                Column::text(operator.say("種類", "Kind")),
                Column::number(act(0)),
                Column::number(act(1)),
                Column::number(act(2)),
                Column::number(act(3)),
                Column::number(operator.say("呼出し", "Requests")),
            ],
            rows,
            empty: operator.say("変えるものはありません。", "Nothing changes."),
            stacked: true,
        }))
    }
}

/// Every statement of a policy that comes or goes, in full.
fn policies(operator: &Operator, blueprint: &Blueprint) -> Markup {
    let all: Vec<Statements> = blueprint.steps.iter().filter_map(summary::statements).collect();
    if all.is_empty() {
        return html! {};
    }
    let texts = |label: &'static str, list: &[String]| {
        html! { @for text in list { p { strong { (label) } } pre { code { (text) } } } }
    };
    let each = html! {
        @for one in &all {
            @let act = word(operator, &ACTS, one.act.word());
            @let title = format!("{}　{act}（＋{} －{}）", one.name, one.added.len(),
                one.removed.len());
            (disclosure(&title, html! {
                (texts(operator.say("＋ 加わる文", "+ Comes"), &one.added))
                (texts(operator.say("－ なくなる文", "− Goes"), &one.removed))
                p { (operator.say("変わらない文 ", "Unchanged: ")) (one.same) }
            }))
        }
    };
    section(operator.say("守りごとの文", "Statements of policies"), each)
}

fn steps(
    operator: &Operator,
    tree: &Tree,
    (head, blueprint): (&Head, &Blueprint),
    asked: &Asked,
) -> Markup {
    let all = &blueprint.steps;
    let is_wanted = |step: &&Step| asked.kind.is_empty() || summary::kind(&step.part) == asked.kind;
    let count = all.iter().filter(is_wanted).count();
    let pages = count.div_ceil(STEPS).max(1);
    let page = asked.page.unwrap_or(1).clamp(1, pages);
    let lines: Vec<[String; 3]> = all
        .iter()
        .filter(is_wanted)
        .skip((page - 1) * STEPS)
        .take(STEPS)
        .map(|step| {
            let act = word(operator, &ACTS, step.act.word()).to_owned();
            [environment(operator, tree, &step.lane), act, step.words()]
        })
        .collect();
    let rows = lines
        .iter()
        .map(|[place, act, part]| Row {
            href: None,
            cells: vec![Cell::Japanese(place), Cell::Text(act), Cell::Japanese(part)],
        })
        .collect();
    let kind = summary::KINDS.iter().find(|(id, ..)| *id == asked.kind);
    let caption = kind.map_or(operator.say("すべての手順", "All steps"), |(_, ja, en)| {
        operator.say(ja, en)
    });
    let number = |it: usize| u64::try_from(it).unwrap_or(u64::MAX);
    let shown = Pages { current: number(page), count: number(pages), rows: number(count) };
    let kept = asked.kind.as_str();
    let kept = if kind.is_some() { format!("kind={kept}&") } else { String::new() };
    let href = |page: u64| operator.href(&format!("/blueprints/{}?{kept}page={page}", head.id));
    html! {
        @if kind.is_some() {
            p { a href=(operator.href(&format!("/blueprints/{}", head.id))) {
                (operator.say("すべての種類を見る", "All kinds")) } }
        }
        (table(&Table {
            caption,
            columns: vec![
                Column::text(operator.say("環境", "Environment")),
                Column::text(operator.say("作業", "Act")),
                Column::text(operator.say("部分（前 → 後）", "Part (before → after)")),
            ],
            rows,
            empty: operator.say("手順はありません。", "No steps."),
            stacked: true,
        }))
        (pagination(operator.language, shown, &href))
    }
}

fn course(operator: &Operator, acts: &[Act]) -> Markup {
    let rows = acts
        .iter()
        .map(|act| Row {
            href: None,
            cells: vec![
                Cell::Component(moment(operator.language, act.at)),
                Cell::Text(word(operator, &DONE, &act.act)),
                Cell::Japanese(&act.actor),
                Cell::Japanese(&act.note),
            ],
        })
        .collect();
    table(&Table {
        caption: operator.say("この青写真についてしたこと", "What was done"),
        columns: vec![
            Column::text(operator.say("時", "When")),
            Column::text(operator.say("したこと", "Act")),
            Column::text(operator.say("した人", "By")),
            Column::text(operator.say("理由・結果", "Reason, outcome")),
        ],
        rows,
        empty: operator.say("まだありません。", "Nothing yet."),
        stacked: true,
    })
}

/// Approves, rejects, withdraws, or asks for the application.
pub async fn step(
    operator: Operator,
    Path((_, id, step)): Path<(String, i64, String)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        operator.check(entered.get("csrf").map(String::as_str))?;
        let text = |name: &str| entered.get(name).map(|it| it.trim()).unwrap_or_default();
        let (person, hash, reason) = (operator.actor.id.as_str(), text("hash"), text("reason"));
        let mut client = operator.cloud().await?;
        match step.as_str() {
            "approve" => {
                // What does not hash to what it says is never approved.
                blueprint_look(&*client, id).await.map_err(refusal)?;
                blueprint_approve(&mut client, id, (person, hash)).await?;
            }
            "reject" | "cut" if reason.is_empty() => {
                let said = match step.as_str() {
                    "cut" => said!("取り止める理由を入れてください", "Enter why it is given up"),
                    _ => said!("却下する理由を入れてください", "Enter why it is rejected"),
                };
                drop(client);
                return shown(&operator, id, (&Asked::default(), Some(&said))).await;
            }
            "reject" => blueprint_reject(&mut client, id, (person, hash), reason).await?,
            "withdraw" => blueprint_withdraw(&mut client, id, (person, reason)).await?,
            "apply" => blueprint_request(&mut client, id, person).await?,
            "cut" => blueprint_request_cut(&mut client, id, (person, reason)).await?,
            _ => return Err(Refusal::NotFound),
        }
        let below = if ["apply", "cut"].contains(&step.as_str()) { "/application" } else { "" };
        Ok(see(&operator, &format!("/blueprints/{id}{below}")))
    };
    operator.answer(made.await)
}
