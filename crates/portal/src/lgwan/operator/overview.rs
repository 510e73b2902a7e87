//! The nation at a glance: how many bodies are how far, what waits for somebody, what is stuck and
//! for how long. Every number is counted from the books and the journal as they are now.

use std::collections::BTreeMap;

use axum::response::Response;
use base::money::Yen;
use cloud::plane::tree::{Body, BodyKind, Tree};
use maud::{Markup, html};
use store::control::plane::{BodyState, OpenStep, body_list, check_last, head_list, stuck_list};

use super::{
    ACTS, Operator, STEP_STATES, STUCK_SECONDS, ago, blueprint, environment, nation, word,
};
use crate::component::notice::{Notice, Tile, Tone, tiles};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// How many stuck steps are shown at most.
const SHOWN: i64 = 50;
/// How many blueprints are shown.
const LATEST: usize = 5;

/// The kinds of bodies with their English names.
pub(super) const KINDS: [(BodyKind, &str); 5] = [
    (BodyKind::Ministry, "Ministries"),
    (BodyKind::Prefecture, "Prefectures"),
    (BodyKind::Municipality, "Municipalities"),
    (BodyKind::Union, "Unions"),
    (BodyKind::QuasiPublic, "Quasi-public bodies"),
];

/// Several bodies added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub bodies: i64,
    /// With an environment that conforms.
    pub made: i64,
    /// With environments that are half made only.
    pub partial: i64,
    /// With enrolled environments only.
    pub enrolled: i64,
    pub systems: i64,
    pub unsettled: i64,
    pub held: i64,
    pub budget_yen: i64,
    pub environments: i64,
}

impl Sum {
    /// Of some bodies, by what is known of them.
    pub fn of<'b>(
        bodies: impl Iterator<Item = &'b Body>,
        states: &BTreeMap<&str, &BodyState>,
    ) -> Sum {
        bodies.fold(Sum::default(), |mut sum, body| {
            sum.bodies += 1;
            if let Some(state) = states.get(body.id.as_str()) {
                sum.made += i64::from(state.made > 0);
                sum.enrolled += i64::from(state.made == 0 && state.enrolled > 0);
                let none = state.made == 0 && state.enrolled == 0;
                sum.partial += i64::from(none && state.partial > 0);
                sum.systems += state.systems;
                sum.unsettled += state.unsettled;
                sum.held += state.held;
                sum.budget_yen = sum.budget_yen.saturating_add(state.budget_yen);
                sum.environments += state.made;
            }
            sum
        })
    }

    /// With nothing on the books.
    pub fn none(self) -> i64 {
        self.bodies - self.made - self.enrolled - self.partial
    }

    /// The numbers of its row.
    pub fn cells(self) -> [String; 8] {
        let Sum { bodies, made, partial, enrolled, systems, unsettled, held, .. } = self;
        [bodies, made, partial, enrolled, self.none(), systems, unsettled, held]
            .map(|it| Yen(it).grouped())
    }

    /// The columns of such rows, after their first one.
    pub fn columns<'a>(operator: &'a Operator, first: &'a str) -> Vec<Column<'a>> {
        let say = |ja, en| operator.say(ja, en);
        vec![
            Column::text(first),
            Column::number(say("団体", "Bodies")),
            Column::number(say("適合環境あり", "Conforming environment")),
            Column::number(say("作りかけ", "Half made")),
            Column::number(say("既存を登録", "Enrolled as it stands")),
            Column::number(say("なし", "None")),
            Column::number(say("業務システム", "Systems")),
            Column::number(say("未確定の環境", "Unsettled")),
            Column::number(say("保留の環境", "Held")),
        ]
    }
}

/// What is known of bodies, by their identifiers.
pub(super) fn by_body(states: &[BodyState]) -> BTreeMap<&str, &BodyState> {
    states.iter().map(|state| (state.body.as_str(), state)).collect()
}

/// The page.
pub async fn overview(operator: Operator) -> Response {
    operator.answer(made(&operator).await)
}

async fn made(operator: &Operator) -> Result<Response, Refusal> {
    let tree = nation()?;
    let client = operator.cloud().await?;
    let states = body_list(&*client).await?;
    let (stuck, count) = stuck_list(&*client, STUCK_SECONDS, SHOWN).await?;
    let heads = head_list(&*client).await?;
    let found = check_last(&*client, 0).await?.map_or(0, |check| check.findings);
    let number = |state: &str| heads.iter().filter(|head| head.state == state).count();
    let (drafts, running) = (number("案"), number("適用中"));
    let latest = &heads[..heads.len().min(LATEST)];
    let content = html! {
        (counts(operator, (drafts, running, count)))
        @if found > 0 {
            p { a href=(operator.href("/health")) {
                (operator.say("あとからの照合の所見： ", "Findings of the check afterwards: "))
                (found)
            } }
        }
        (nation_table(operator, tree, &states))
        (section(operator.say("止まっている手順", "Steps that are stuck"),
            stuck_table(operator, tree, (&stuck, count))))
        (section(operator.say("近ごろの青写真", "Latest blueprints"),
            blueprint::list(operator, latest)))
    };
    let said = operator.say(
        "15分たっても済んでいない手順があります。下の一覧の理由を除いて、適用を続けてください。",
        "Some steps are not done after 15 minutes. Remove the reasons below, then go on.",
    );
    let notice = (count > 0).then(|| Notice::new(Tone::Danger, said));
    Ok(operator.page(operator.say("全体", "Overview"), notice.into_iter().collect(), content))
}

fn counts(operator: &Operator, (drafts, running, stuck): (usize, usize, i64)) -> Markup {
    let say = |ja, en| operator.say(ja, en);
    let href = operator.href("/blueprints");
    let (drafts, running) = (drafts.to_string(), running.to_string());
    let is_stuck = if stuck > 0 { Tone::Danger } else { Tone::Information };
    let stuck = stuck.to_string();
    let waiting = if drafts == "0" { Tone::Information } else { Tone::Warning };
    let tile = |label, count, tone| Tile { href: &href, label, count, tone };
    tiles(
        say("青写真", "Blueprints"),
        &[
            tile(say("承認を待つ", "Awaiting approval"), &drafts, waiting),
            tile(say("適用中", "Being applied"), &running, Tone::Information),
            tile(say("止まっている手順", "Steps stuck"), &stuck, is_stuck),
        ],
    )
}

fn nation_table(operator: &Operator, tree: &Tree, states: &[BodyState]) -> Markup {
    let states = by_body(states);
    let sum = |kind| Sum::of(tree.of(kind), &states);
    let lines: Vec<(String, [String; 8])> = KINDS
        .iter()
        .map(|(kind, english)| {
            let is_sample = tree.of(*kind).any(|body| body.sample);
            let note = if is_sample { operator.say("（見本）", " (sample)") } else { "" };
            (format!("{}{note}", operator.say(kind.word(), english)), sum(*kind).cells())
        })
        .collect();
    let rows = lines
        .iter()
        .map(|(name, cells)| Row {
            href: None,
            cells: std::iter::once(name).chain(cells).map(|text| Cell::Text(text)).collect(),
        })
        .collect();
    let all = Sum::of(tree.bodies.values(), &states);
    let (yen, count) = (Yen(all.budget_yen).grouped(), Yen(all.environments).grouped());
    html! {
        (table(&Table {
            caption: operator.say("団体と環境の状態", "Bodies and environments"),
            columns: Sum::columns(operator, operator.say("団体の種類", "Kind of body")),
            rows,
            empty: "",
            stacked: true,
        }))
        p { (operator.say("予算の上限の合計（月）： ", "Budgets together, a month: ")) (yen)
            (operator.say("円（台帳にある適合環境 ", " yen (the limits of the "))
            (count) (operator.say(" の上限の和）", " conforming environments on the books)")) }
    }
}

fn stuck_table(operator: &Operator, tree: &Tree, (stuck, count): (&[OpenStep], i64)) -> Markup {
    let lines: Vec<[String; 5]> = stuck
        .iter()
        .map(|one| {
            let act = word(operator, &ACTS, &one.act);
            [
                environment(operator, tree, &one.environment),
                operator.href(&format!("/blueprints/{}/application", one.blueprint)),
                format!("{act} {}", one.part),
                ago(operator.language, one.since, operator.actor.at),
                format!("{}（{}）", word(operator, &STEP_STATES, &one.state), one.attempts),
            ]
        })
        .collect();
    let rows = lines
        .iter()
        .zip(stuck)
        .map(|([place, href, act, since, state], one)| Row {
            href: Some(href),
            cells: vec![
                Cell::Japanese(place),
                Cell::Text(act),
                Cell::Text(since),
                Cell::Text(state),
                Cell::Japanese(one.reason.as_deref().unwrap_or_default()),
            ],
        })
        .collect();
    let shown = i64::try_from(stuck.len()).unwrap_or_default();
    html! {
        (table(&Table {
            caption: operator.say("始めてから15分たっても済んでいない手順", "Not done after 15 minutes"),
            columns: vec![
                Column::text(operator.say("環境", "Environment")),
                Column::text(operator.say("手順", "Step")),
                Column::text(operator.say("始めてから", "For")),
                Column::text(operator.say("状態（試みた回数）", "State (tries)")),
                Column::text(operator.say("プロバイダーの言葉", "The provider's words")),
            ],
            rows,
            empty: operator.say("止まっている手順はありません。", "Nothing is stuck."),
            stacked: true,
        }))
        @if count > shown {
            p { (operator.say("ほかに ", "Besides: ")) (count - shown) }
        }
    }
}
