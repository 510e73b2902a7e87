//! 団体の木: prefectures with how far their municipalities are, one prefecture, a search by name or
//! code, and one body with what is on the books for it.

use std::collections::BTreeMap;

use axum::extract::{Path, Query};
use axum::response::Response;
use cloud::plane::part::Part;
use cloud::plane::tree::{Body, BodyKind, Tree};
use cloud::provider::local;
use maud::{Markup, html};
use serde::Deserialize;
use store::control::plane::{BodyState, body_list, part_list};

use super::overview::{KINDS, Sum, by_body};
use super::{Operator, environment, nation};
use crate::component::form::{ButtonKind, Field, Width, button, get_form, text};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// How many bodies a search shows at most.
const FOUND: usize = 100;

/// What is looked for.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
}

/// The tree, or what was found in it.
pub async fn all(operator: Operator, Query(asked): Query<Asked>) -> Response {
    let made = async {
        let tree = nation()?;
        let states = body_list(&*operator.cloud().await?).await?;
        let states = by_body(&states);
        let wanted = asked.q.trim();
        let content = html! {
            (search(&operator, wanted))
            @if wanted.is_empty() { (whole(&operator, tree, &states)) }
            @else {
                @let found: Vec<&Body> = tree.bodies.values()
                    .filter(|body| body.name.contains(wanted) || body.id.starts_with(wanted))
                    .collect();
                (bodies(&operator, (&found[..found.len().min(FOUND)], &states),
                    operator.say("見つかった団体", "Found")))
                @if found.len() > FOUND {
                    p { (operator.say("ほかにもあります。言葉を足してください： ", "There are more: "))
                        (found.len() - FOUND) }
                }
            }
        };
        Ok(operator.page(operator.say("団体の木", "Bodies"), Vec::new(), content))
    };
    operator.answer(made.await)
}

fn search(operator: &Operator, wanted: &str) -> Markup {
    let label = operator.say("団体の検索", "Search for bodies");
    let name = operator.say("団体の名か団体コード", "Name or code of a body");
    get_form(
        label,
        &operator.href("/tree"),
        html! {
            (text(&Field::new(operator.language, "q", name).value(wanted).width(Width::Medium)))
            (button(ButtonKind::Primary, operator.say("探す", "Search")))
        },
    )
}

/// Prefectures with everything in them, then the bodies of no prefecture.
fn whole(operator: &Operator, tree: &Tree, states: &BTreeMap<&str, &BodyState>) -> Markup {
    let lines: Vec<(&Body, String, [String; 8])> = tree
        .of(BodyKind::Prefecture)
        .filter_map(|body| {
            let number = body.prefecture.as_deref()?;
            let own = tree.bodies.values().filter(|it| it.prefecture.as_deref() == Some(number));
            let href = operator.href(&format!("/tree/{number}"));
            Some((body, href, Sum::of(own, states).cells()))
        })
        .collect();
    let rows = lines
        .iter()
        .map(|(body, href, cells)| Row {
            href: Some(href),
            cells: std::iter::once(Cell::Japanese(&body.name))
                .chain(cells.iter().map(|text| Cell::Text(text)))
                .collect(),
        })
        .collect();
    let others: Vec<&Body> =
        tree.bodies.values().filter(|body| body.prefecture.is_none()).collect();
    html! {
        (table(&Table {
            caption: operator.say("都道府県（区域の団体を含む）", "Prefectures with their bodies"),
            columns: Sum::columns(operator, operator.say("都道府県", "Prefecture")),
            rows,
            empty: "",
            stacked: true,
        }))
        (bodies(operator, (&others, states), operator.say("国と準公共の団体", "State and quasi-public")))
    }
}

/// Bodies, one a row.
fn bodies(
    operator: &Operator,
    (list, states): (&[&Body], &BTreeMap<&str, &BodyState>),
    caption: &str,
) -> Markup {
    let lines: Vec<(&Body, [String; 6])> = list
        .iter()
        .map(|body| (*body, line(operator, body, states.get(body.id.as_str()).copied())))
        .collect();
    let rows = lines
        .iter()
        .map(|(body, [href, kind, state, made, systems, health])| Row {
            href: Some(href),
            cells: vec![
                Cell::Japanese(&body.name),
                Cell::Text(&body.id),
                Cell::Text(kind),
                Cell::Text(state),
                Cell::Text(made),
                Cell::Text(systems),
                Cell::Text(health),
            ],
        })
        .collect();
    table(&Table {
        caption,
        columns: vec![
            Column::text(operator.say("団体", "Body")),
            Column::text(operator.say("団体コード", "Code")),
            Column::text(operator.say("種類", "Kind")),
            Column::text(operator.say("状態", "State")),
            Column::number(operator.say("環境", "Environments")),
            Column::number(operator.say("業務システム", "Systems")),
            Column::text(operator.say("異状", "Trouble")),
        ],
        rows,
        empty: operator.say("その名の団体はありません。", "There is no such body."),
        stacked: true,
    })
}

fn line(operator: &Operator, body: &Body, state: Option<&BodyState>) -> [String; 6] {
    let say = |ja, en| operator.say(ja, en);
    let english = KINDS.iter().find(|(kind, _)| *kind == body.kind).map_or("", |(_, en)| en);
    let none = BodyState::default();
    let state = state.unwrap_or(&none);
    let word = match state {
        it if it.made > 0 => say("適合環境あり", "Conforming environment"),
        it if it.enrolled > 0 => say("既存を登録", "Enrolled as it stands"),
        it if it.partial > 0 => say("作りかけ", "Half made"),
        it if it.open > 0 => say("作業中", "On its way"),
        _ => say("なし", "None"),
    };
    let mut trouble = Vec::new();
    for (count, ja, en) in [(state.held, "保留", "held"), (state.unsettled, "未確定", "unsettled")]
    {
        if count > 0 {
            trouble.push(format!("{} {count}", say(ja, en)));
        }
    }
    [
        operator.href(&format!("/bodies/{}", body.id)),
        say(body.kind.word(), english).to_owned(),
        word.to_owned(),
        (state.made + state.partial + state.enrolled).to_string(),
        state.systems.to_string(),
        trouble.join("、"),
    ]
}

/// One prefecture with its municipalities.
pub async fn prefecture(operator: Operator, Path((_, number)): Path<(String, String)>) -> Response {
    let made = async {
        let tree = nation()?;
        let own = |body: &&Body| body.prefecture.as_ref() == Some(&number);
        let list: Vec<&Body> = tree.bodies.values().filter(own).collect();
        let head = list.iter().find(|body| body.kind == BodyKind::Prefecture);
        let title = head.ok_or(Refusal::NotFound)?.name.clone();
        let states = body_list(&*operator.cloud().await?).await?;
        let states = by_body(&states);
        let cities = list.iter().copied().filter(|body| body.kind == BodyKind::Municipality);
        let sum = Sum::of(cities, &states);
        let content = html! {
            p { (operator.say("市区町村 ", "Municipalities: ")) (sum.bodies) "　"
                (operator.say("適合環境あり ", "conforming: ")) (sum.made) "　"
                (operator.say("作りかけ ", "half made: ")) (sum.partial) "　"
                (operator.say("既存を登録 ", "enrolled: ")) (sum.enrolled) "　"
                (operator.say("なし ", "none: ")) (sum.none()) }
            (bodies(&operator, (&list, &states), operator.say("区域の団体", "Bodies")))
        };
        Ok(operator.page(&title, Vec::new(), content))
    };
    operator.answer(made.await)
}

/// One body with what is on the books for it.
pub async fn one(operator: Operator, Path((_, id)): Path<(String, String)>) -> Response {
    let made = async {
        let tree = nation()?;
        let body = tree.bodies.get(&id).ok_or(Refusal::NotFound)?;
        let parts = part_list(&*operator.cloud().await?, &id).await?;
        let mut places: BTreeMap<&str, Vec<[String; 4]>> = BTreeMap::new();
        for part in &parts {
            let known = serde_json::from_str::<Part>(&part.value).ok();
            let words = known.as_ref().map_or_else(|| part.part.clone(), Part::words);
            let is_noted = part.environment.ends_with(".local")
                && known.as_ref().is_some_and(|it| local::only_noted(it).is_some());
            let state = match &part.doubt {
                Some(why) => format!("{}（{why}）", operator.say("未確定", "Unsettled")),
                None if is_noted => operator.say("台帳だけ", "On the books only").to_owned(),
                None => operator.say("あり", "There").to_owned(),
            };
            let reference = part.reference.clone().unwrap_or_default();
            let line = [words, reference, state, part.generation.to_string()];
            places.entry(&part.environment).or_default().push(line);
        }
        let content = html! {
            p { (body.id) "　" (operator.say(body.kind.word(), "")) }
            @if places.is_empty() {
                p { (operator.say("台帳に何もありません。", "Nothing is on the books.")) }
            }
            @for (lane, lines) in &places {
                (section(&environment(&operator, tree, lane), part_table(&operator, lines)))
            }
        };
        Ok(operator.page(&body.name, Vec::new(), content))
    };
    operator.answer(made.await)
}

fn part_table(operator: &Operator, lines: &[[String; 4]]) -> Markup {
    let rows = lines
        .iter()
        .map(|[words, reference, state, generation]| Row {
            href: None,
            cells: vec![
                Cell::Japanese(words),
                Cell::Text(reference),
                Cell::Text(state),
                Cell::Text(generation),
            ],
        })
        .collect();
    table(&Table {
        caption: operator.say("台帳にある部分", "Parts on the books"),
        columns: vec![
            Column::text(operator.say("部分", "Part")),
            Column::text(operator.say("プロバイダーでの名", "The provider's name")),
            Column::text(operator.say("状態", "State")),
            Column::number(operator.say("変わった世代", "Changed in generation")),
        ],
        rows,
        empty: "",
        stacked: true,
    })
}
