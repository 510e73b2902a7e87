//! 段階的な配信: a vendor says in which stages a version on offer goes to the bodies that have an older
//! one, sees how far it is, resumes or stops it. Which body's turn it is, is the platform's.

use std::collections::HashMap;

use axum::Form;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::said::Said;
use cloud::rollout::{Share, Stage, stages_check};
use maud::{Markup, html};
use store::StoreError;
use store::market::{
    Rollout, RolloutBody, Submission, rollout_ask, rollout_bodies, rollout_list, rollout_read,
    rollout_wish,
};

use super::submission::{ON_OFFER, read};
use super::{Seller, publishes};
use crate::component::day::{day_text, moment_text};
use crate::component::form::{
    ButtonKind, Field, FieldError, PostForm, button, date, error_summary, number, post_form, text,
};
use crate::component::language::pick;
use crate::component::notice::{Notice, Tone};
use crate::component::page::section;
use crate::component::record::{Group, Item, Record, Value, record};
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

type Entered = HashMap<String, String>;

/// The states of a roll-out and of a body, as recorded, and in English.
const STATES: [(&str, &str); 11] = [
    ("申出", "Asked for"),
    ("配信中", "Going on"),
    ("中断", "Halted"),
    ("完了", "Done"),
    ("取りやめ", "Stopped"),
    ("不可", "Not possible"),
    ("待ち", "Waiting"),
    ("更新中", "Being upgraded"),
    ("更新済", "Upgraded"),
    ("失敗", "Failed"),
    ("対象外", "Left out"),
];

fn state<'s>(seller: &Seller, word: &'s str) -> &'s str {
    let english = STATES.iter().find(|(ja, _)| *ja == word).map_or(word, |(_, en)| en);
    seller.say(word, english)
}

/// The roll-outs of this vendor, the newest first.
pub async fn all(seller: Seller) -> Response {
    let made = async {
        let list = rollout_list(&*seller.cloud().await?).await?;
        let lines: Vec<[String; 3]> = list
            .iter()
            .map(|one| {
                let name = format!("{}　{}", one.named.name, one.named.version);
                let href = seller.href(&format!("/rollouts/{}", one.id));
                [href, name, moment_text(seller.language, one.asked_at)]
            })
            .collect();
        let rows = list.iter().zip(&lines).map(|(one, [href, name, at])| Row {
            href: Some(href),
            cells: vec![
                Cell::Japanese(name),
                Cell::Text(state(&seller, &one.state)),
                Cell::Text(at),
                Cell::Japanese(&one.asked_by),
            ],
        });
        let content = html! {
            p { (seller.say("公開した版を、前の版を使う団体へ段階的に配信します。公開した版の頁から始めます。",
                "A version on offer goes in stages to the bodies that have an older one. Begin \
                 from the page of that version.")) }
            (table(&Table {
                caption: seller.say("配信", "Roll-outs"),
                columns: vec![
                    Column::text(seller.say("業務システムと版", "System and version")),
                    Column::text(seller.say("状態", "State")),
                    Column::text(seller.say("申出の時", "Asked at")),
                    Column::text(seller.say("申し出た人", "By")),
                ],
                rows: rows.collect(),
                empty: seller.say("配信はまだありません。", "Nothing was rolled out yet."),
                stacked: true,
            }))
        };
        Ok(seller.page(seller.say("段階的な配信", "Roll-outs"), Vec::new(), content))
    };
    seller.answer(made.await)
}

/// The form for the stages of a version.
pub async fn form(seller: Seller, Path((_, id)): Path<(String, i64)>) -> Response {
    let made = async {
        let submission = on_offer(&seller, id).await?;
        Ok(form_page(&seller, &submission, &Entered::new(), &[]))
    };
    seller.answer(made.await)
}

async fn on_offer(seller: &Seller, id: i64) -> Result<Submission, Refusal> {
    let submission = read(seller, id).await?;
    match submission.state == ON_OFFER {
        true => Ok(submission),
        false => Err(Refusal::NotFound),
    }
}

fn form_page(
    seller: &Seller,
    submission: &Submission,
    entered: &Entered,
    wrong: &[(&'static str, Said)],
) -> Response {
    let messages: Vec<(&str, &str)> =
        wrong.iter().map(|(field, said)| (*field, seller.say(&said.ja, &said.en))).collect();
    let errors: Vec<FieldError<'_>> =
        messages.iter().map(|&(field, message)| FieldError { field, message }).collect();
    let action = seller.href(&format!("/submissions/{}/rollout", submission.id));
    let form = PostForm { action: &action, csrf: &seller.csrf, enter: None, multipart: false };
    let field = |name: &'static str, ja, en| {
        let error = messages.iter().find(|(field, _)| *field == name).map(|(_, said)| *said);
        let value = entered.get(name).map(String::as_str).unwrap_or_default();
        Field::new(seller.language, name, seller.say(ja, en)).value(value).error(error)
    };
    let hint = seller.say(
        "団体の数（例 2）か、団体の識別子（例 kasumi、akatsuki）。段階を設けないなら空のまま",
        "A number of bodies (2), or identifiers (kasumi, akatsuki); empty for no such stage",
    );
    let name = submission.named.as_ref().map(|named| format!("{}　{}", named.name, named.version));
    let content = html! {
        (error_summary(seller.language, &errors))
        p { (name.unwrap_or_default()) }
        p { (seller.say("前の版を使う団体を、段階の順に新しい版へ更新します。次の段階は、その日が来て、前の段階の更新から\
            10分たつと始まります。更新できない団体があるか、見張りが更新した団体の障害を見つけると、自動で中断します。\
            料金か契約条件が前の版と違う版は配信できません（団体が契約します）。",
            "Bodies with an older version are upgraded in the order of the stages. A stage begins \
             on its day, ten minutes after the one before. It halts by itself where a body cannot \
             be upgraded or the watch finds one silent. What changes the price or the terms is \
             left to the bodies to contract.")) }
        (post_form(&form, html! {
            (text(&field("first", "段階 1: 初めの団体", "Stage 1: the first bodies").hint(hint)))
            (date(&field("first_from", "段階 1 の開始日", "Stage 1 begins on")))
            (number(&field("percent", "段階 2: 団体の割合（前の段階を含む）",
                "Stage 2: share of the bodies, those before included"), "%"))
            (date(&field("percent_from", "段階 2 の開始日", "Stage 2 begins on")))
            (date(&field("rest_from", "残りのすべての団体の開始日", "All others from")
                .required(true)))
            (button(ButtonKind::Primary, seller.say("段階的に配信する", "Roll out")))
        }))
    };
    let title = seller.say("段階的に配信する", "Roll out in stages");
    let mut response = seller.page(title, Vec::new(), content);
    if !wrong.is_empty() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// Asks for it.
pub async fn ask(
    seller: Seller,
    Path((_, id)): Path<(String, i64)>,
    Form(entered): Form<Entered>,
) -> Response {
    let made = async {
        seller.check(entered.get("csrf").map(String::as_str))?;
        let submission = on_offer(&seller, id).await?;
        let given = |name: &str| entered.get(name).map(String::as_str).unwrap_or_default();
        let stages = match stages_check(given, seller.actor.today()) {
            Ok(stages) => serde_json::to_value(stages)
                .map_err(|error| StoreError::Refused(format!("段階を記録できません（{error}）")))?,
            Err(wrong) => return Ok(form_page(&seller, &submission, &entered, &wrong)),
        };
        match rollout_ask(&*seller.cloud().await?, id, (&stages, &seller.actor.id)).await {
            Ok(made) => Ok(seen(&seller, made)),
            Err(StoreError::Conflict(said)) => {
                Ok(form_page(&seller, &submission, &entered, &[("rest_from", said)]))
            }
            Err(error) => Err(error.into()),
        }
    };
    seller.answer(made.await)
}

fn seen(seller: &Seller, id: i64) -> Response {
    let to = seller.href(&format!("/rollouts/{id}"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// One with its bodies.
pub async fn one(seller: Seller, Path((_, id)): Path<(String, i64)>) -> Response {
    let made = async {
        let client = seller.cloud().await?;
        let rollout = rollout_read(&*client, id).await?.ok_or(Refusal::NotFound)?;
        let bodies = rollout_bodies(&*client, id).await?;
        let content = html! {
            (card(&seller, &rollout))
            (progress(&seller, &bodies))
            @if publishes(&seller) { (acts(&seller, &rollout)) }
        };
        let notices = notice(&seller, &rollout).into_iter().collect();
        Ok(seller.page(seller.say("段階的な配信", "Roll-out"), notices, content))
    };
    seller.answer(made.await)
}

fn notice<'n>(seller: &Seller, rollout: &'n Rollout) -> Option<Notice<'n>> {
    match (rollout.state.as_str(), rollout.wish.as_str()) {
        ("中断", "再開") => {
            let said = pick(
                seller.language,
                "再開を申し出ました。まもなく始まります。",
                "Asked to go on; it begins soon.",
            );
            Some(Notice::new(Tone::Information, said))
        }
        ("中断" | "不可", _) => Some(Notice::new(Tone::Warning, &rollout.reason)),
        ("取りやめ", _) if !rollout.reason.is_empty() => {
            Some(Notice::new(Tone::Information, &rollout.reason))
        }
        _ => None,
    }
}

fn card(seller: &Seller, rollout: &Rollout) -> Markup {
    let name = format!("{}　{}", rollout.named.name, rollout.named.version);
    let asked = format!("{}　{}", moment_text(seller.language, rollout.asked_at), rollout.asked_by);
    let stages: Vec<Stage> = serde_json::from_value(rollout.stages.clone()).unwrap_or_default();
    let lines: Vec<(String, String)> = stages
        .iter()
        .enumerate()
        .map(|(place, stage)| {
            let day = day_text(seller.language, stage.from);
            (format!("{} {}", seller.say("段階", "Stage"), place + 1), shared(seller, stage, &day))
        })
        .collect();
    let mut items = vec![
        Item::wide(seller.say("業務システムと版", "System and version"), Value::Glyphs(&name)),
        Item::new(seller.say("状態", "State"), Value::Plain(state(seller, &rollout.state))),
        Item::new(seller.say("申出", "Asked for"), Value::Plain(&asked)),
    ];
    items.extend(lines.iter().map(|(label, text)| Item::wide(label, Value::Plain(text))));
    record(&Record {
        language: seller.language,
        heading: html! { (seller.say("配信", "Roll-out")) " " (rollout.id) },
        note: "",
        groups: vec![Group { heading: "", items }],
        actions: Vec::new(),
    })
}

fn shared(seller: &Seller, stage: &Stage, day: &str) -> String {
    let whom = match &stage.share {
        Share::Bodies(named) => named.join("、"),
        Share::First(count) => format!("{}{count}", seller.say("初めの団体の数 ", "The first ")),
        Share::Percent(100) => seller.say("残りのすべて", "All others").to_owned(),
        Share::Percent(share) => format!("{share}%"),
    };
    format!("{whom}　{day}{}", seller.say("から", " on"))
}

fn progress(seller: &Seller, bodies: &[RolloutBody]) -> Markup {
    let lines: Vec<[String; 3]> = bodies
        .iter()
        .map(|one| {
            let name = format!("{}（{}）", one.name, one.organisation);
            [name, one.stage.to_string(), moment_text(seller.language, one.at)]
        })
        .collect();
    let rows = bodies.iter().zip(&lines).map(|(one, [name, stage, at])| Row {
        href: None,
        cells: vec![
            Cell::Japanese(name),
            Cell::Text(stage),
            Cell::Text(state(seller, &one.state)),
            Cell::Text(at),
            Cell::Japanese(&one.note),
        ],
    });
    table(&Table {
        caption: seller.say("団体", "Bodies"),
        columns: vec![
            Column::text(seller.say("団体", "Body")),
            Column::number(seller.say("段階", "Stage")),
            Column::text(seller.say("状態", "State")),
            Column::text(seller.say("時", "Since")),
            Column::text(seller.say("事由", "Why")),
        ],
        rows: rows.collect(),
        empty: seller.say("まだ決めていません。", "Not decided yet."),
        stacked: true,
    })
}

fn acts(seller: &Seller, rollout: &Rollout) -> Markup {
    let act = |below: &str, kind, words: &str| {
        let action = seller.href(&format!("/rollouts/{}/{below}", rollout.id));
        let form = PostForm { action: &action, csrf: &seller.csrf, enter: None, multipart: false };
        post_form(&form, button(kind, words))
    };
    let halted = rollout.state == "中断" && rollout.wish != "再開";
    html! {
        @if halted {
            (section(seller.say("再開する", "Go on"), html! {
                p { (seller.say("更新できなかった団体から、もう一度始めます。障害が続いていると、また中断します。",
                    "It begins again with the body that failed. While an incident goes on it halts \
                     again.")) }
                (act("resume", ButtonKind::Primary, seller.say("再開する", "Go on")))
            }))
        }
        @if halted || rollout.state == "配信中" {
            (section(seller.say("取りやめる", "Stop"), html! {
                p { (seller.say("まだの団体は更新しません。更新した団体は、新しい版のままです。",
                    "Bodies that wait are not upgraded; those upgraded keep the newer version.")) }
                (act("stop", ButtonKind::Secondary, seller.say("取りやめる", "Stop")))
            }))
        }
    }
}

/// Has it go on.
pub async fn resume(
    seller: Seller,
    Path((_, id)): Path<(String, i64)>,
    Form(entered): Form<Entered>,
) -> Response {
    let made = wished(&seller, (id, "再開"), &entered).await;
    seller.answer(made)
}

/// Stops it.
pub async fn stop(
    seller: Seller,
    Path((_, id)): Path<(String, i64)>,
    Form(entered): Form<Entered>,
) -> Response {
    let made = wished(&seller, (id, "取りやめ"), &entered).await;
    seller.answer(made)
}

async fn wished(
    seller: &Seller,
    (id, wish): (i64, &str),
    entered: &Entered,
) -> Result<Response, Refusal> {
    seller.check(entered.get("csrf").map(String::as_str))?;
    let client = seller.cloud().await?;
    rollout_read(&*client, id).await?.ok_or(Refusal::NotFound)?;
    rollout_wish(&*client, id, wish).await?;
    Ok(seen(seller, id))
}
