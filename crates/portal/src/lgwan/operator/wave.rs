//! 移行の波: which body moves which system when, as the plan that is in force says it and as a
//! draft would; what comes late; what happens if a vendor withdraws or can do more or less. A plan
//! is worked out at each look from its texts and the books; another operator brings it into force.

use std::collections::HashMap;

use axum::Form;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use base::money::Yen;
use cloud::CloudError;
use cloud::plane::execute::books_look;
use cloud::plane::tree::Tree;
use cloud::plane::wave::{
    By, Change, Month, Plan, Waves, differences, differences_lines, moves_left, moves_read,
    plan_all, plan_csv, plan_groups, waves_read,
};
use maud::{Markup, html};
use office::access::role;
use serde::Deserialize;
use store::control::wave::{
    LONGEST, WavePlan, WaveSlot, wave_decide, wave_keep, wave_list, wave_read,
};
use store::{GenericClient, StoreError};

use super::{Operator, nation, refusal, see, word};
use crate::attached;
use crate::component::day::moment_text;
use crate::component::form::{
    ButtonKind, Choice, Field, FieldError, PostForm, Width, button, button_with, error_summary,
    get_form, hidden, post_form, select, text, textarea,
};
use crate::component::language::pick;
use crate::component::notice::{Notice, Tone};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// The largest form: well above what can be kept, so that whoever sends too much is told at the
/// field and keeps what was written.
pub const LARGEST: usize = 32 << 20;
/// How many late moves and differences are named on a page; the CSV has all.
const NAMED: usize = 200;

/// What the form begins with where no plan is in force: a sample.
const FRAME: &str = include_str!("../../../../../data/sample/wave.yaml");
const MOVES: &str = include_str!("../../../../../data/sample/wave.csv");

/// The states, as recorded, and in English.
const STATES: [(&str, &str); 5] = [
    ("案", "Draft"),
    ("採用", "In force"),
    ("交代", "Was in force"),
    ("却下", "Rejected"),
    ("取下げ", "Withdrawn"),
];

/// A plan as it is worked out.
struct Worked {
    waves: Waves,
    plan: Plan,
    done: usize,
}

/// The field that is wrong, and why.
type Wrong = (&'static str, String);

/// Works a plan out from its texts and the books, with one more change where it is asked for.
async fn worked(
    client: &impl GenericClient,
    (frame, moves): (&str, &str),
    more: Option<(Change, Month)>,
) -> Result<Worked, CloudError> {
    let tree = nation().map_err(|_| CloudError::Plane("団体の表を読めません".to_owned()))?;
    let mut waves = waves_read("枠（YAML）", frame)?;
    let all = moves_read(("移行（CSV）", moves), &waves.frame, tree)?;
    let (left, done) = moves_left(all, &books_look(client).await?);
    waves.changes.extend(more);
    let (plan, _) = plan_all((&left, &waves.frame), &waves.changes)?;
    Ok(Worked { waves, plan, done })
}

/// Every plan, and the form for a new one.
pub async fn all(operator: Operator) -> Response {
    let made = async {
        let client = operator.cloud().await?;
        let plans = wave_list(&*client).await?;
        let in_force = plans.iter().find(|it| it.state == "採用").map(|it| it.id);
        let texts = match in_force {
            Some(id) => wave_read(&*client, id).await.map(|(_, frame, moves)| (frame, moves))?,
            None => (FRAME.to_owned(), MOVES.to_owned()),
        };
        let content = html! {
            (list(&operator, &plans))
            @if operator.actor.has(role::OPERATOR) {
                (section(operator.say("計画を作る", "Make a plan"),
                    form(&operator, (&texts.0, &texts.1, ""), None)))
            }
        };
        let none = operator.say(
            "効力のある計画はまだありません。案を作り、ほかの運用担当が採用します。",
            "No plan is in force yet: make a draft, which another operator adopts.",
        );
        let notice = in_force.is_none().then(|| Notice::new(Tone::Information, none));
        let title = operator.say("移行の波", "Waves of migration");
        Ok(operator.page(title, notice.into_iter().collect(), content))
    };
    operator.answer(made.await)
}

fn list(operator: &Operator, plans: &[WavePlan]) -> Markup {
    let lines: Vec<[String; 3]> = plans
        .iter()
        .map(|it| {
            let decided = it.decided.as_ref();
            let decided = decided.map_or_else(String::new, |(by, at)| {
                format!("{by}　{}　{}", moment_text(operator.language, *at), it.reason)
            });
            let made = format!("{}　{}", it.made.0, moment_text(operator.language, it.made.1));
            [operator.href(&format!("/waves/{}", it.id)), made, decided]
        })
        .collect();
    let numbers: Vec<String> = plans.iter().map(|it| it.id.to_string()).collect();
    let rows = plans
        .iter()
        .zip(&lines)
        .zip(&numbers)
        .map(|((it, [href, made, decided]), number)| Row {
            href: Some(href),
            cells: vec![
                Cell::Text(number),
                Cell::Text(word(operator, &STATES, &it.state)),
                Cell::Japanese(&it.note),
                Cell::Japanese(made),
                Cell::Japanese(decided),
            ],
        })
        .collect();
    table(&Table {
        caption: operator.say("移行の計画", "Plans"),
        columns: vec![
            Column::text(operator.say("番号", "Number")),
            Column::text(operator.say("状態", "State")),
            Column::text(operator.say("添えた言葉", "Note")),
            Column::text(operator.say("作成", "Made")),
            Column::text(operator.say("決定", "Decided")),
        ],
        rows,
        empty: operator.say("計画はまだありません。", "No plan yet."),
        stacked: true,
    })
}

fn form(
    operator: &Operator,
    (frame, moves, note): (&str, &str, &str),
    failure: Option<(&str, &str)>,
) -> Markup {
    let errors: Vec<FieldError<'_>> =
        failure.map(|(field, message)| FieldError { field, message }).into_iter().collect();
    let wrong = |name: &str| failure.filter(|(field, _)| *field == name).map(|(_, words)| words);
    let action = operator.href("/waves");
    let form = PostForm { action: &action, csrf: &operator.csrf, enter: None, multipart: false };
    let field = |name, label| Field::new(operator.language, name, label);
    let frames = operator.say("期間・繁忙期・順序・事業者・変化（YAML）", "Frame (YAML)");
    let csv = operator.say("移行の一覧（CSV: 団体,システム,事業者,作業量,期限）", "Moves (CSV)");
    html! {
        (error_summary(operator.language, &errors))
        (post_form(&form, html! {
            (textarea(&field("frame", frames).required(true).value(frame)
                .error(wrong("frame")), 12))
            (textarea(&field("moves", csv).required(true).value(moves)
                .error(wrong("moves")), 8))
            (text(&field("note", operator.say("添える言葉", "Note")).value(note)
                .error(wrong("note"))))
            (button_with(ButtonKind::Secondary,
                operator.say("残さずに見る", "Look, keep nothing"), "do", "look"))
            (button_with(ButtonKind::Primary, operator.say("案を残す", "Keep a draft"), "do", "keep"))
        }))
    }
}

/// Looks at what was written, or keeps it as a draft.
pub async fn make(operator: Operator, Form(entered): Form<HashMap<String, String>>) -> Response {
    let made = async {
        operator.check(entered.get("csrf").map(String::as_str))?;
        let text = |name: &str| entered.get(name).map(String::as_str).unwrap_or_default();
        let (frame, moves, note) = (text("frame"), text("moves"), text("note").trim());
        let mut client = operator.cloud().await?;
        let title = operator.say("移行の波", "Waves of migration");
        let shown = |failure: Option<(&str, &str)>, above: Markup| {
            let content = html! { (above) (form(&operator, (frame, moves, note), failure)) };
            operator.page(title, Vec::new(), content)
        };
        let refused = |field: &str, why: &str| {
            let mut response = shown(Some((field, why)), html! {});
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        };
        if let Some((field, why)) = too_long(&operator, frame, moves) {
            return refused(field, &why);
        }
        match worked(&*client, (frame, moves), None).await {
            Err(CloudError::Plane(why)) => {
                // The reason names the text that it is about, and quotes it.
                let field = if why.contains("移行（CSV）") { "moves" } else { "frame" };
                refused(field, &why)
            }
            Err(error) => Err(refusal(error)),
            Ok(worked) if text("do") == "keep" => {
                let (person, slots) = (operator.actor.id.as_str(), slots(&worked.plan));
                match wave_keep(&mut client, (person, note), (frame, moves), &slots).await {
                    Ok(id) => Ok(see(&operator, &format!("/waves/{id}"))),
                    // Who is not admitted, say: what was written stays on the page.
                    Err(StoreError::Conflict(said)) => {
                        refused("note", pick(operator.language, &said.ja, &said.en))
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Ok(worked) => Ok(shown(None, plan_view(&operator, nation()?, &worked, By::Month))),
        }
    };
    operator.answer(made.await)
}

/// The field that is longer than what can be kept, and why.
fn too_long(operator: &Operator, frame: &str, moves: &str) -> Option<(&'static str, String)> {
    let (most_frame, most_moves) = LONGEST;
    [("frame", frame, most_frame), ("moves", moves, most_moves)].into_iter().find_map(
        |(field, text, most)| {
            let length = text.chars().count();
            let words = operator.say(
                "文字です。分けるか、要らない行を除いてください。残せるのは次の文字数まで： ",
                " characters. Split it or leave lines out; the most that can be kept is ",
            );
            (length > most).then(|| (field, format!("{length}{words}{most}")))
        },
    )
}

fn slots(plan: &Plan) -> Vec<WaveSlot> {
    let slot = |it: &cloud::plane::wave::Slot| WaveSlot {
        body: it.body.clone(),
        system: it.system.clone(),
        vendor: it.vendor.clone(),
        month: it.month.map(|month| month.to_string()),
    };
    plan.slots.iter().map(slot).collect()
}

/// How a plan is looked at, and what if.
#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    by: String,
    #[serde(default)]
    vendor: String,
    #[serde(default)]
    capacity: String,
    #[serde(default)]
    from: String,
}

/// One plan.
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
    (asked, failure): (&Asked, Option<&str>),
) -> Result<Response, Refusal> {
    let tree = nation()?;
    let client = operator.cloud().await?;
    let (head, frame, moves) = wave_read(&*client, id).await?;
    let texts = (frame.as_str(), moves.as_str());
    let plan = worked(&*client, texts, None).await.map_err(refusal)?;
    let what_if = match asked.vendor.as_str() {
        "" => None,
        vendor => Some(match change(vendor, asked) {
            Ok(change) => {
                let found = worked(&*client, texts, Some(change)).await;
                found.map_err(|it| ("vendor", it.to_string()))
            }
            Err(why) => Err(why),
        }),
    };
    let by = match asked.by.as_str() {
        "vendor" => By::Vendor,
        "prefecture" => By::Prefecture,
        _ => By::Month,
    };
    let content = html! {
        (decision(operator, &head, failure))
        (plan_view(operator, tree, &plan, by))
        (layouts(operator, id))
        (section(operator.say("もし事業者が変わったら", "What if a vendor changes"),
            what_if_view(operator, (tree, &plan), (id, asked), what_if.as_ref())))
    };
    let title = format!("{} {id}", operator.say("移行の計画", "Plan of waves"));
    let state = word(operator, &STATES, &head.state);
    let said = format!("{state}　{}　{}", head.made.0, head.note);
    let late = format!("{}{}", operator.say("期限に遅れる移行： ", "Late: "), plan.plan.late.len());
    let mut notices = vec![Notice::new(Tone::Information, &said)];
    if !plan.plan.late.is_empty() {
        notices.push(Notice::new(Tone::Danger, &late));
    }
    let is_wrong = failure.is_some() || what_if.as_ref().is_some_and(Result::is_err);
    let mut response = operator.page(&title, notices, content);
    if is_wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// The change that is asked about: an empty capacity is a vendor that withdraws.
fn change(vendor: &str, asked: &Asked) -> Result<(Change, Month), Wrong> {
    let from: Month =
        asked.from.trim().parse().map_err(|it: CloudError| ("from", it.to_string()))?;
    let change = match asked.capacity.trim() {
        "" => Change::Withdrawn(vendor.to_owned()),
        text => {
            let wrong = |_| ("capacity", "月の作業量は0以上の整数です".to_owned());
            let number = text.parse().map_err(wrong)?;
            Change::Capacity(vendor.to_owned(), number)
        }
    };
    Ok((change, from))
}

fn decision(operator: &Operator, head: &WavePlan, failure: Option<&str>) -> Markup {
    if !operator.actor.has(role::OPERATOR) || head.state != "案" {
        return html! {};
    }
    let say = |ja, en| operator.say(ja, en);
    let own = format!("{}@{}", operator.actor.id, operator.body.organisation.id);
    let step = |name: &str, inner: Markup| {
        let action = operator.href(&format!("/waves/{}/{name}", head.id));
        let form =
            PostForm { action: &action, csrf: &operator.csrf, enter: None, multipart: false };
        post_form(&form, html! { (hidden("hash", &head.hash)) (inner) })
    };
    let content = if head.made.0 == own {
        html! {
            p { (say("採用は、作った人とは別の運用担当がします。", "Another operator adopts it.")) }
            (step("withdraw", button(ButtonKind::Secondary, say("取り下げる", "Withdraw"))))
        }
    } else {
        let label = say("却下する理由", "Why it is rejected");
        let field = Field::new(operator.language, "reason", label).required(true).error(failure);
        html! {
            p { (say("採用すると、いま効力のある計画に代わります。",
                "It takes the place of the plan in force.")) }
            (step("adopt", button(ButtonKind::Primary, say("この計画を採用する", "Adopt this plan"))))
            (step("reject", html! { (textarea(&field, 3))
                (button(ButtonKind::Secondary, say("却下する", "Reject"))) }))
        }
    };
    section(say("判断", "Decision"), content)
}

/// A plan by month, vendor or prefecture, and what comes late.
fn plan_view(operator: &Operator, tree: &Tree, worked: &Worked, by: By) -> Markup {
    let say = |ja, en| operator.say(ja, en);
    let number = |it: usize| Yen(i64::try_from(it).unwrap_or(i64::MAX)).grouped();
    let groups = plan_groups(&worked.plan, by, tree);
    let counts: Vec<[String; 2]> =
        groups.iter().map(|it| [number(it.moves), number(it.late)]).collect();
    let rows = groups
        .iter()
        .zip(&counts)
        .map(|(it, [moves, late])| Row {
            href: None,
            cells: vec![
                Cell::Japanese(&it.name),
                Cell::Text(moves),
                Cell::Text(late),
                Cell::Text(&it.words),
            ],
        })
        .collect();
    html! {
        p { (say("移行 ", "Moves: ")) (number(worked.plan.slots.len())) "　"
            (say("うち遅れ ", "late: ")) (number(worked.plan.late.len())) "　"
            (say("台帳では済み ", "done already: ")) (number(worked.done)) }
        (table(&Table {
            caption: say("計画", "Plan"),
            columns: vec![
                Column::text(say("区分", "Group")),
                Column::number(say("移行", "Moves")),
                Column::number(say("うち遅れ", "Late")),
                Column::text(say("内訳", "In it")),
            ],
            rows,
            empty: say("移すものはありません。", "Nothing is to move."),
            stacked: true,
        }))
        (late(operator, tree, &worked.plan))
    }
}

fn late(operator: &Operator, tree: &Tree, plan: &Plan) -> Markup {
    let say = |ja, en| operator.say(ja, en);
    let lines: Vec<[String; 5]> = plan
        .late
        .iter()
        .take(NAMED)
        .map(|it| {
            let none = || say("月なし", "none").to_owned();
            let month = it.month.map_or_else(none, |month| month.to_string());
            let body = format!("【{}】{}", say("遅れ", "late"), tree.name(&it.body));
            [body, it.system.clone(), it.deadline.to_string(), month, it.cause.words()]
        })
        .collect();
    if lines.is_empty() {
        return html! {};
    }
    let rows = lines
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Japanese(it)).collect() })
        .collect();
    html! {
        (table(&Table {
            caption: say("期限に遅れる移行", "What comes late"),
            columns: vec![
                Column::text(say("団体", "Body")),
                Column::text(say("システム", "System")),
                Column::text(say("期限", "Deadline")),
                Column::text(say("計画の月", "Planned")),
                Column::text(say("理由", "Why")),
            ],
            rows,
            empty: "",
            stacked: true,
        }))
        @if plan.late.len() > NAMED {
            p { (say("ほかは CSV にあります： ", "The others are in the CSV: ")) (plan.late.len() - NAMED) }
        }
    }
}

fn layouts(operator: &Operator, id: i64) -> Markup {
    let href = |rest: &str| operator.href(&format!("/waves/{id}{rest}"));
    html! {
        p {
            a href=(href("")) { (operator.say("月ごと", "By month")) } "　"
            a href=(href("?by=vendor")) { (operator.say("事業者ごと", "By vendor")) } "　"
            a href=(href("?by=prefecture")) { (operator.say("都道府県ごと", "By prefecture")) } "　"
            a href=(href("/csv")) { (operator.say("CSV で保存", "Save as CSV")) }
        }
    }
}

/// The form and, where it was asked, what would be otherwise. Nothing is kept.
fn what_if_view(
    operator: &Operator,
    (tree, plan): (&Tree, &Worked),
    (id, asked): (i64, &Asked),
    found: Option<&Result<Worked, Wrong>>,
) -> Markup {
    let say = |ja, en| operator.say(ja, en);
    let vendors: Vec<Choice<'_>> =
        plan.waves.frame.vendors.keys().map(|name| Choice::new(name, name)).collect();
    let field = |name, label| Field::new(operator.language, name, label);
    let failure = found.and_then(|it| it.as_ref().err());
    let errors: Vec<FieldError<'_>> =
        failure.map(|(field, message)| FieldError { field: *field, message }).into_iter().collect();
    let wrong = |name: &str| {
        failure.filter(|(field, _)| *field == name).map(|(_, message)| message.as_str())
    };
    let first = plan.waves.frame.first.to_string();
    let from = if asked.from.is_empty() { &first } else { &asked.from };
    let capacity = say("月の作業量（空なら撤退）", "Work a month (empty: it withdraws)");
    let action = operator.href(&format!("/waves/{id}"));
    html! {
        (error_summary(operator.language, &errors))
        (get_form(say("もし事業者が変わったら", "What if"), &action, html! {
            (select(&field("vendor", say("事業者", "Vendor")).value(&asked.vendor)
                .error(wrong("vendor")), &vendors))
            (text(&field("capacity", capacity).value(&asked.capacity).error(wrong("capacity"))
                .width(Width::Medium)))
            (text(&field("from", say("いつから（2027-01 の形）", "From (as 2027-01)")).value(from)
                .error(wrong("from")).width(Width::Medium)))
            (button(ButtonKind::Primary, say("残さずに見る", "Look, keep nothing")))
        }))
        @if let Some(Ok(after)) = found {
            (difference(operator, tree, (plan, after), asked))
        }
    }
}

fn difference(
    operator: &Operator,
    tree: &Tree,
    (before, after): (&Worked, &Worked),
    asked: &Asked,
) -> Markup {
    let say = |ja, en| operator.say(ja, en);
    // Against the plan as it is: what is asked about may come before other changes.
    let changed = differences(&before.plan, &after.plan);
    let lines = differences_lines(&changed[..changed.len().min(NAMED)], tree);
    let rows = lines
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Japanese(it)).collect() })
        .collect();
    let capacity = match asked.capacity.trim() {
        "" => String::new(),
        number => format!(", capacity: {number}"),
    };
    let line = format!("  - {{ from: {}, vendor: {}{capacity} }}", asked.from.trim(), asked.vendor);
    html! {
        p { strong { (say("変わる移行 ", "Moves that change: ")) (changed.len()) "　"
            (say("遅れ ", "late: ")) (before.plan.late.len()) " → " (after.plan.late.len()) } }
        (table(&Table {
            caption: say("変わる移行", "What changes"),
            columns: vec![
                Column::text(say("団体", "Body")),
                Column::text(say("システム", "System")),
                Column::text(say("事業者", "Vendor")),
                Column::text(say("月", "Month")),
            ],
            rows,
            empty: say("変わるものはありません。", "Nothing changes."),
            stacked: true,
        }))
        (late(operator, tree, &after.plan))
        p { (say("計画にするには、次の行を changes に加えた案を作ってください。",
            "To plan so, make a draft with this line among the changes.")) }
        pre { code { (line) } }
    }
}

/// The whole plan as CSV.
pub async fn csv(operator: Operator, Path((_, id)): Path<(String, i64)>) -> Response {
    let made = async {
        let client = operator.cloud().await?;
        let (_, frame, moves) = wave_read(&*client, id).await?;
        let worked = worked(&*client, (&frame, &moves), None).await.map_err(refusal)?;
        let name = format!("waves-{id}.csv");
        Ok(attached::csv(&name, plan_csv(&worked.plan, nation()?)))
    };
    operator.answer(made.await)
}

/// Adopts, rejects or withdraws a draft.
pub async fn step(
    operator: Operator,
    Path((_, id, step)): Path<(String, i64, String)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        operator.check(entered.get("csrf").map(String::as_str))?;
        let text = |name: &str| entered.get(name).map(|it| it.trim()).unwrap_or_default();
        let (hash, reason) = (text("hash"), text("reason"));
        let wanted = match step.as_str() {
            "adopt" => "採用",
            "withdraw" => "取下げ",
            "reject" if reason.is_empty() => {
                let said = operator.say("却下する理由を入れてください", "Enter why it is rejected");
                return shown(&operator, id, (&Asked::default(), Some(said))).await;
            }
            "reject" => "却下",
            _ => return Err(Refusal::NotFound),
        };
        let mut client = operator.cloud().await?;
        wave_decide(&mut client, (id, hash), &operator.actor.id, (wanted, reason)).await?;
        Ok(see(&operator, &format!("/waves/{id}")))
    };
    operator.answer(made.await)
}
