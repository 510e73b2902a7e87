//! How far a blueprint is applied: environment by environment what is done, asked for, waiting or
//! held, with the provider's words. Shows the journal; it applies nothing.

use axum::extract::{Path, Query};
use axum::response::Response;
use cloud::plane::tree::Tree;
use maud::{Markup, html};
use serde::Deserialize;
use store::control::plane::{Lane, act_list, head_read, lane_list, request_list};

use super::{ACTS, Operator, STEP_STATES, ago, environment, nation, warning, word};
use crate::component::notice::{Notice, Tone, progress};
use crate::component::table::{Cell, Column, Pages, Row, Table, pagination, table};
use crate::counter::refusal::Refusal;

/// How many environments stand on a page.
const LANES: usize = 100;

/// Which page.
#[derive(Deserialize)]
pub struct Asked {
    page: Option<usize>,
}

/// The page.
pub async fn application(
    operator: Operator,
    Path((_, id)): Path<(String, i64)>,
    Query(asked): Query<Asked>,
) -> Response {
    let page = asked.page.unwrap_or(1);
    operator.answer(made(&operator, id, page).await)
}

async fn made(operator: &Operator, id: i64, page: usize) -> Result<Response, Refusal> {
    let tree = nation()?;
    let client = operator.cloud().await?;
    let head = head_read(&*client, id).await?;
    let lanes = lane_list(&*client, id).await?;
    let acts = act_list(&*client, id).await?;
    let is_asked = request_list(&*client).await?.iter().any(|one| one.blueprint == id);
    let held = lanes.iter().filter(|lane| is_held(lane)).count();
    let back = operator.href(&format!("/blueprints/{id}"));
    let content = html! {
        (whole(operator, &lanes, held))
        (places(operator, tree, (id, &lanes), page))
        p { a href=(back) { (operator.say("青写真に戻る", "Back to the blueprint"))
            @if head.state == "適用中" && !is_asked {
                (operator.say("（続きから適用できます）", " (it can be taken up there)")) } } }
    };
    let [_, done, cut] = counts(&lanes);
    let given_up = format!(
        "{}{done}{}{cut}",
        operator.say("残りを取り止めました。済んだ手順 ", "The rest was given up. Steps done: "),
        operator.say("、取り止めた手順 ", ", given up: ")
    );
    let mut notices = Vec::new();
    if is_asked {
        let said = operator.say(
            "適用しています。数秒後にこの頁を開き直してください。",
            "It is being applied. Open this page again in a few seconds.",
        );
        notices.push(Notice::new(Tone::Information, said));
    } else if held > 0 {
        let said = operator.say(
            "保留の環境があります。プロバイダーの言葉を読み、原因を除いてから、続きを適用してください。",
            "Some environments are held. Read the provider's words, remove the cause, then go on.",
        );
        notices.push(Notice::new(Tone::Danger, said));
    } else if head.state == "取止め" {
        notices.push(Notice::new(Tone::Warning, &given_up));
    } else if head.state == "完了" {
        notices.push(Notice::new(Tone::Success, operator.say("完了しました。", "All is done.")));
    }
    let came = warning::outcome(operator, &head, &acts).filter(|_| !is_asked);
    notices.extend(came.as_ref().map(|words| Notice::new(Tone::Warning, words)));
    let title =
        format!("{} {id}", operator.say("適用の進み具合：青写真", "Application of blueprint"));
    Ok(operator.page(&title, notices, content))
}

fn is_held(lane: &Lane) -> bool {
    lane.now.as_ref().is_some_and(|(_, _, state, ..)| state == "保留")
}

/// All steps, those that are done, those that were given up.
fn counts(lanes: &[Lane]) -> [u64; 3] {
    let sum = |of: fn(&Lane) -> i64| u64::try_from(lanes.iter().map(of).sum::<i64>()).unwrap_or(0);
    [sum(|it| it.steps), sum(|it| it.done), sum(|it| it.cut)]
}

/// All steps together.
fn whole(operator: &Operator, lanes: &[Lane], held: usize) -> Markup {
    let [all, done, cut] = counts(lanes);
    let text = format!("{done} / {all}");
    let ended = lanes.iter().filter(|lane| lane.done + lane.cut == lane.steps).count();
    html! {
        (progress(operator.say("済んだ手順", "Steps done"), done, all, &text))
        p { (operator.say("環境 ", "Environments: ")) (lanes.len()) "　"
            (operator.say("済み ", "done: ")) (ended) "　"
            (operator.say("保留 ", "held: ")) (held) "　"
            (operator.say("残る手順 ", "steps left: ")) (all.saturating_sub(done + cut)) "　"
            (operator.say("取り止めた手順 ", "steps given up: ")) (cut) }
    }
}

fn places(operator: &Operator, tree: &Tree, (id, lanes): (i64, &[Lane]), page: usize) -> Markup {
    let pages = lanes.len().div_ceil(LANES).max(1);
    let page = page.clamp(1, pages);
    let part = lanes.chunks(LANES).nth(page - 1).unwrap_or_default();
    let lines: Vec<[String; 5]> = part.iter().map(|lane| line(operator, tree, lane)).collect();
    let rows = lines
        .iter()
        .map(|[place, done, state, since, words]| Row {
            href: None,
            cells: vec![
                Cell::Japanese(place),
                Cell::Text(done),
                Cell::Text(state),
                Cell::Text(since),
                Cell::Japanese(words),
            ],
        })
        .collect();
    let number = |it: usize| u64::try_from(it).unwrap_or(u64::MAX);
    let shown = Pages { current: number(page), count: number(pages), rows: number(lanes.len()) };
    let href = |page: u64| operator.href(&format!("/blueprints/{id}/application?page={page}"));
    html! {
        (table(&Table {
            caption: operator.say("環境ごとの進み具合", "Environment by environment"),
            columns: vec![
                Column::text(operator.say("環境", "Environment")),
                Column::number(operator.say("済んだ手順", "Done")),
                Column::text(operator.say("いまの手順", "Now")),
                Column::text(operator.say("始めてから", "For")),
                Column::text(operator.say("プロバイダーの言葉", "The provider's words")),
            ],
            rows,
            empty: operator.say("手順はありません。", "No steps."),
            stacked: true,
        }))
        (pagination(operator.language, shown, &href))
    }
}

fn line(operator: &Operator, tree: &Tree, lane: &Lane) -> [String; 5] {
    let place = environment(operator, tree, &lane.environment);
    let done = format!("{} / {}", lane.done, lane.steps);
    let Some((act, part, state, attempts, since, reason)) = &lane.now else {
        let word = if lane.done == lane.steps {
            operator.say("済み", "Done")
        } else if lane.done + lane.cut == lane.steps {
            operator.say("残りは取止め", "Rest given up")
        } else {
            operator.say("待ち", "Waiting")
        };
        return [place, done, word.to_owned(), String::new(), String::new()];
    };
    let act = word(operator, &ACTS, act);
    let state = word(operator, &STEP_STATES, state);
    let now = format!("{state}：{act} {part}（{attempts}）");
    let since = since.map(|at| ago(operator.language, at, operator.actor.at));
    let words = reason.clone().unwrap_or_default();
    [place, done, now, since.unwrap_or_default(), words]
}
