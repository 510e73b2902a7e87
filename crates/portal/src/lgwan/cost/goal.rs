//! 三割削減の目標: the figures that the body states about itself, each with its source, and what they come
//! to. What nobody stated is an open question; nothing is guessed, and no figure is ever changed.

use std::collections::HashMap;

use axum::Form;
use axum::response::Response;
use base::money::Yen;
use cloud::cost::goal::{Goal, INPUTS, Input, goal};
use maud::{Markup, html};
use store::StoreError;
use store::control::cost::{Stated, goal_state, goal_stated};

use super::{Buyer, Known, known, month_words};
use crate::component::day::moment_text;
use crate::component::form::{
    ButtonKind, Choice, Width, button, error_summary, hidden, radios, text, textarea,
};
use crate::component::notice::{Tone, badge};
use crate::component::page::{disclosure, section};
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;
use crate::lgwan::group::{Given, may, see, sending};

/// The figure that the books can tell.
const NOW: &str = INPUTS[1];
/// The most letters of a source, and the largest figure.
const TEXT: usize = 500;
const MOST: i64 = 1_000_000_000_000_000;

/// Each figure in the reader's language.
fn called<'n>(buyer: &Buyer, name: &'n str) -> &'n str {
    const ENGLISH: [&str; 5] = [
        "Running cost of FY2018",
        "Running cost now",
        "Added to the baseline: prices",
        "Added to the baseline: rate of consumption tax",
        "Added to the baseline: changed work and law",
    ];
    let english = INPUTS.iter().position(|it| *it == name).map_or(name, |at| ENGLISH[at]);
    buyer.say(name, english)
}

/// The last word on each figure.
fn last<'s>(stated: &'s [Stated], name: &str) -> Option<&'s Stated> {
    stated.iter().rev().find(|it| it.name == name)
}

/// Whether the forecast is of a whole year: who began later pays less than a year in the first.
fn is_whole(known: &Known) -> bool {
    known.first.is_some_and(|first| first.month() == 4)
}

/// What is known: what was stated, and what the books tell where nobody stated it.
fn inputs(known: &Known, stated: &[Stated]) -> Vec<Input> {
    let one = |name: &str| {
        let said = last(stated, name).and_then(|it| Some((it.yen?, it.source.clone())));
        let told = || match (&known.forecast, name == NOW) {
            (Ok(year), true) if is_whole(known) => {
                let source = format!(
                    "{}年度の見込み。利用量による按分、消費税を除く。{}",
                    known.year, year.trace
                );
                Some((year.forecast, source))
            }
            _ => None,
        };
        let (yen, source) = said.or_else(told)?;
        Some(Input { name: name.to_owned(), yen, source })
    };
    INPUTS.into_iter().filter_map(one).collect()
}

fn reached(buyer: &Buyer, reached: bool) -> Markup {
    let (yes, no) = (
        buyer.say("目標に達しています", "The goal is reached"),
        buyer.say("目標に達していません", "The goal is not reached"),
    );
    if reached { badge(Tone::Success, yes) } else { badge(Tone::Warning, no) }
}

/// Whether the goal is reached, or what is not known; with every assumption and step.
fn outcome(buyer: &Buyer, held: &Result<Goal, Vec<String>>) -> Markup {
    html! {
        @match held {
            Ok(goal) => {
                p {
                    (reached(buyer, goal.reached)) "　"
                    (buyer.say("目標の額 ", "Allowed ")) (Yen(goal.allowed).grouped())
                    (buyer.say("円、現在 ", " yen, now ")) (Yen(goal.now).grouped())
                    (buyer.say("円", " yen"))
                }
                ul lang="ja" { @for line in &goal.trace { li { (line) } } }
            }
            Err(open) => {
                p { (buyer.say("次のことが分からないため、まだ目標に照らせません。",
                    "It cannot be held against the goal before this is known:")) }
                ul lang="ja" { @for question in open { li { (question) } } }
            }
        }
    }
}

/// The part of the page of cost.
pub(super) fn brief(buyer: &Buyer, known: &Known, stated: &[Stated]) -> Markup {
    html! {
        (outcome(buyer, &goal(&inputs(known, stated), buyer.actor.today())))
        p { a href=(buyer.href("/cost/goal")) {
            (buyer.say("目標に照らす数を見る・入れる", "See and enter the figures")) } }
    }
}

/// The page of its own.
pub async fn all(buyer: Buyer) -> Response {
    buyer.answer(listed(&buyer, &Given::default()).await)
}

async fn listed(buyer: &Buyer, given: &Given) -> Result<Response, Refusal> {
    let client = buyer.cloud().await?;
    let known = known(buyer, &client).await?;
    let stated = goal_stated(&*client).await?;
    let inputs = inputs(&known, &stated);
    let content = html! {
        (error_summary(buyer.language, &given.errors()))
        p { (buyer.say("平成30年度の運用経費から三割減らす国の目標に、この団体の費用を照らします。",
            "Holds this body's cost against the national goal: 30 % less than in FY2018.")) }
        (section(buyer.say("結果", "Result"),
            outcome(buyer, &goal(&inputs, buyer.actor.today()))))
        (figures(buyer, &known, (&inputs, &stated)))
        p { (buyer.say("「現在の運用経費」は、入れなければ、四月からの今年度の見込み（消費税を除く）を使います。クラウドの\
            ほかの経費（回線、運用の委託など）も比べるときは、合わせた額を入れてください。どの数も、消費税を\
            含むか除くかをそろえてください。", "Unless you enter it, the running cost now is this year's \
            forecast without tax, where it begins in April. Enter it to count what is paid beside \
            the cloud too. Keep all figures with tax, or all without.")) }
        @if may(buyer) { (asking(buyer, &stated, given)) }
        @if !stated.is_empty() {
            (disclosure(buyer.say("だれがいつ入れたか", "Who entered what, and when"),
                course(buyer, &stated)))
        }
        p { a href=(buyer.href("/cost")) { (buyer.say("費用に戻る", "Back to cost")) } }
    };
    let title = buyer.say("三割削減の目標", "The goal: 30 % less");
    Ok(given.status(buyer.page(title, Vec::new(), content)))
}

/// Why a figure is not known: what was said when it was taken back, or what the books lack.
fn why_unknown(buyer: &Buyer, known: &Known, name: &str, stated: &[Stated]) -> String {
    let said = last(stated, name).map(|it| it.source.clone());
    let part = match (&known.forecast, known.first) {
        (Ok(_), Some(first)) if name == NOW && !is_whole(known) => Some(first),
        _ => None,
    };
    match (said, part) {
        (said, Some(first)) => {
            let month = month_words(buyer, first);
            let said = said.map(|it| format!("{it}。")).unwrap_or_default();
            format!("{said}今年度の見込みは{month}からの分なので、一年の額として使いません")
        }
        (said, None) => said.unwrap_or_default(),
    }
}

fn figures(buyer: &Buyer, known: &Known, (inputs, stated): (&[Input], &[Stated])) -> Markup {
    let unknown = buyer.say("分かりません", "Not known");
    let words: Vec<[String; 3]> = INPUTS
        .iter()
        .map(|name| {
            let label = called(buyer, name).to_owned();
            match inputs.iter().find(|it| it.name == *name) {
                Some(it) => [label, Yen(it.yen).grouped(), it.source.clone()],
                None => [label, unknown.to_owned(), why_unknown(buyer, known, name, stated)],
            }
        })
        .collect();
    let rows = words
        .iter()
        .map(|[name, yen, source]| Row {
            href: None,
            cells: vec![Cell::Text(name), Cell::Text(yen), Cell::Japanese(source)],
        })
        .collect();
    table(&Table {
        caption: buyer.say("照らす数", "The figures"),
        columns: vec![
            Column::text(buyer.say("数", "Figure")),
            Column::number(buyer.say("一年の額（円）", "Yen a year")),
            Column::text(buyer.say("出典", "Source")),
        ],
        rows,
        empty: "",
        stacked: true,
    })
}

fn asking(buyer: &Buyer, stated: &[Stated], given: &Given) -> Markup {
    let choices: Vec<Choice<'_>> =
        INPUTS.iter().map(|name| Choice::new(name, called(buyer, name))).collect();
    let hint = buyer.say(
        "円の整数。減るときは -500000 のように。変動がなければ 0。空にすると「分からない」に戻します",
        "Whole yen; -500000 where it is less, 0 where nothing changed. Empty: not known any more",
    );
    let source = buyer.say("出典", "Source");
    let source_hint = buyer.say(
        "決算書の頁、算定の方法など。空にするときは、その理由",
        "Page of the accounts, how it was reckoned; or why it is not known any more",
    );
    let saw = stated.last().map_or(0, |it| it.id).to_string();
    section(
        buyer.say("数を入れる", "Enter a figure"),
        sending(
            buyer,
            "/cost/goal",
            html! {
                (hidden("saw", &saw))
                (radios(&given.field(buyer, "name", buyer.say("どの数か", "Which")), &choices))
                (text(&given.field(buyer, "yen", buyer.say("一年の額（円）", "Yen a year"))
                    .required(false).width(Width::Medium).hint(hint)))
                (textarea(&given.field(buyer, "source", source).hint(source_hint), 2))
                (button(ButtonKind::Primary, buyer.say("記録する", "Record")))
            },
        ),
    )
}

fn course(buyer: &Buyer, stated: &[Stated]) -> Markup {
    let words: Vec<[String; 3]> = stated
        .iter()
        .rev()
        .map(|it| {
            let none = || buyer.say("分からないに戻した", "Not known any more").to_owned();
            let yen = it.yen.map_or_else(none, |yen| Yen(yen).grouped());
            [moment_text(buyer.language, it.at), yen, it.actor.clone()]
        })
        .collect();
    let rows = stated
        .iter()
        .rev()
        .zip(&words)
        .map(|(it, [at, yen, actor])| Row {
            href: None,
            cells: vec![
                Cell::Text(at),
                Cell::Text(called(buyer, &it.name)),
                Cell::Text(yen),
                Cell::Japanese(&it.source),
                Cell::Japanese(actor),
            ],
        })
        .collect();
    table(&Table {
        caption: buyer.say("入れた順（新しいものから）", "What was entered, the newest first"),
        columns: vec![
            Column::text(buyer.say("いつ", "When")),
            Column::text(buyer.say("数", "Figure")),
            Column::number(buyer.say("額（円）", "Yen")),
            Column::text(buyer.say("出典", "Source")),
            Column::text(buyer.say("だれが", "By whom")),
        ],
        rows,
        empty: "",
        stacked: true,
    })
}

/// The yen that were typed; nothing for an empty field.
fn amount(buyer: &Buyer, given: &Given) -> Result<Option<i64>, &'static str> {
    if given.value("yen").is_empty() {
        return Ok(None);
    }
    let wrong = || buyer.say("円の整数で入れてください（例：12,345,678）", "Enter whole yen");
    let Ok(Yen(yen)) = Yen::parse(given.value("yen")) else { return Err(wrong()) };
    if !(-MOST..=MOST).contains(&yen) {
        return Err(buyer.say("大きすぎます。円で入れてください", "Too large; enter yen"));
    }
    match given.value("name") {
        name if name == INPUTS[0] && yen <= 0 => {
            Err(buyer.say("1 円以上で入れてください", "Enter 1 yen or more"))
        }
        NOW if yen < 0 => Err(buyer.say("0 円以上で入れてください", "Enter 0 yen or more")),
        _ => Ok(Some(yen)),
    }
}

/// Takes a figure in.
pub async fn state(buyer: Buyer, Form(entered): Form<HashMap<String, String>>) -> Response {
    let made = async {
        buyer.check(entered.get("csrf").map(String::as_str))?;
        let mut given = Given::of(entered);
        if !INPUTS.contains(&given.value("name")) {
            given.fault("name", buyer.say("どの数かを選んでください", "Choose which"));
        }
        let yen = amount(&buyer, &given);
        if let Err(why) = yen {
            given.fault("yen", why);
        }
        let missing = buyer.say("出典を入れてください", "Enter where it is from");
        given.needs("source", (missing, TEXT));
        let (Ok(yen), true) = (yen, given.faults.is_empty()) else {
            return listed(&buyer, &given).await;
        };
        let client = buyer.cloud().await?;
        let stated = goal_stated(&*client).await?;
        // The last word on this figure that the reader had before them.
        let page: i64 = given.value("saw").parse().unwrap_or_default();
        let saw = stated.iter().rev().find(|it| it.name == given.value("name") && it.id <= page);
        let word = (given.value("name"), yen, given.value("source"));
        let said = last(&stated, word.0).map(|it| (it.name.as_str(), it.yen, it.source.as_str()));
        if said == Some(word) {
            // Sent twice.
            return Ok(see(&buyer, "/cost/goal"));
        }
        let by = (buyer.actor.id.as_str(), saw.map(|it| it.id));
        match goal_state(&*client, word, by).await {
            Err(StoreError::Conflict(said)) => {
                drop(client);
                given.fault("name", buyer.say(&said.ja, &said.en));
                listed(&buyer, &given).await
            }
            done => done.map(|()| see(&buyer, "/cost/goal")).map_err(Refusal::from),
        }
    };
    buyer.answer(made.await)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use base::date::Date;
    use cloud::cost::forecast::Forecast;

    use super::*;

    fn known(first: &str) -> Known {
        let forecast = Forecast { actual: 10, forecast: 120, trace: "見本".to_owned() };
        Known {
            shares: Vec::new(),
            budget: None,
            year: 2026,
            of_year: BTreeMap::new(),
            first: Some(first.parse::<Date>().unwrap()),
            forecast: Ok(forecast),
            names: BTreeMap::new(),
        }
    }

    fn stated(id: i64, yen: Option<i64>) -> Stated {
        let (name, source, actor) = (NOW.to_owned(), "決算".to_owned(), "kanri".to_owned());
        Stated { id, at: jiff::Timestamp::UNIX_EPOCH, name, yen, source, actor }
    }

    #[test]
    fn the_running_cost_is_what_was_stated_or_a_whole_year() {
        let now = |first, stated: &[Stated]| {
            let found = inputs(&known(first), stated);
            assert!(found.len() < 2);
            found.first().map(|it| (it.yen, it.source.clone()))
        };
        let (yen, source) = now("2026-04-01", &[]).unwrap();
        assert_eq!(yen, 120);
        assert_eq!(source, "2026年度の見込み。利用量による按分、消費税を除く。見本");
        // Who began in July would seem to pay less than a year costs.
        assert_eq!(now("2026-07-01", &[]), None);
        let said = [stated(1, Some(7)), stated(2, Some(8))];
        assert_eq!(now("2026-07-01", &said), Some((8, "決算".to_owned())));
        assert_eq!(now("2026-07-01", &[stated(1, Some(7)), stated(2, None)]), None);
        assert_eq!(now("2026-04-01", &[stated(1, Some(7)), stated(2, None)]).unwrap().0, 120);
    }
}
