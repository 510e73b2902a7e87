//! How an amount came about: what was worked out, from which facts, by which rule and article, with
//! which figures of the law. Said to whoever enters, decides or answers for it.

use base::date::Date;
use maud::{Markup, html};
use office::assess::{Amount, Assessed, Figure, Worked};

use super::desk::Desk;
use crate::component::day::day_text;
use crate::component::language::Language;
use crate::component::notice::{Notice, Tone, notice};
use crate::component::page::{disclosure, section};
use crate::component::table::{Cell, Column, Row, Table, table};

/// Every calculation of a case; nothing when there is none.
pub fn assessed_views(desk: &Desk, all: &[Assessed]) -> Markup {
    html! { @for one in all { (assessed_view(desk, one)) } }
}

fn assessed_view(desk: &Desk, one: &Assessed) -> Markup {
    let title = desk.say(&one.title, &one.title_en);
    let heading = match desk.language {
        Language::Japanese => format!("算定: {title}"),
        Language::English => format!("Calculation: {title}"),
    };
    section(
        &heading,
        html! {
            @if let Some(day) = one.day { p { (law_of(desk, day)) } }
            @for (fact, reason) in &one.questions { (question(desk, fact, reason)) }
            (results(desk, one))
            (disclosure(desk.say("算定の過程", "How it was worked out"), html! {
                (all_steps(desk, &one.steps))
                (figures(desk, &one.parameters))
            }))
        },
    )
}

fn law_of(desk: &Desk, day: Date) -> String {
    let day = day_text(desk.language, day.into());
    match desk.language {
        Language::Japanese => format!("{day}に効力のある法令によります。"),
        Language::English => format!("By the law in force on {day}."),
    }
}

/// A fact that must be found out first.
fn question(desk: &Desk, fact: &str, reason: &str) -> Markup {
    let heading = match desk.language {
        Language::Japanese => format!("「{fact}」が分からないため、決まりません"),
        Language::English => format!("“{fact}” is not known, so this cannot be told"),
    };
    notice(desk.language, &Notice { body: reason, ..Notice::new(Tone::Warning, &heading) })
}

/// The results of the subject as a list, those of elements as a table.
fn results(desk: &Desk, one: &Assessed) -> Markup {
    let own = one.results.iter().filter(|amount| amount.element.is_none());
    html! {
        dl.items.subjects {
            @for amount in own {
                div.item {
                    dt lang="ja" { (amount.name) }
                    dd lang="ja" { strong { (amount.value) } }
                }
            }
        }
        @for list in lists(&one.results) { (elements(desk, one, list)) }
    }
}

/// The lists that results belong to, each once.
fn lists(results: &[Amount]) -> Vec<&str> {
    let mut lists: Vec<&str> = Vec::new();
    for (list, _) in results.iter().filter_map(|amount| amount.element.as_ref()) {
        if !lists.contains(&list.as_str()) {
            lists.push(list);
        }
    }
    lists
}

/// One row an element, one column a rule.
fn elements(desk: &Desk, one: &Assessed, list: &str) -> Markup {
    let mut names: Vec<&str> = Vec::new();
    let mut rows: Vec<(String, Vec<&str>)> = Vec::new();
    for amount in &one.results {
        let Some((of, place)) = &amount.element else { continue };
        if of != list {
            continue;
        }
        if !names.contains(&amount.name.as_str()) {
            names.push(&amount.name);
        }
        if rows.len() < *place {
            rows.resize_with(*place, Default::default);
        }
        let known = one.elements.iter().find(|(own, at, _)| own == list && at == place);
        rows[*place - 1].0 = match known {
            Some((.., shown)) => format!("{list}{place}（{shown}）"),
            None => format!("{list}{place}"),
        };
        rows[*place - 1].1.push(&amount.value);
    }
    let headers = [desk.say("対象", "Of")].into_iter().chain(names);
    let rows = rows.iter().map(|(name, values)| Row {
        href: None,
        cells: [name.as_str()]
            .into_iter()
            .chain(values.iter().copied())
            .map(Cell::Japanese)
            .collect(),
    });
    table(&Table {
        caption: desk.say("一人（一件）ごとの結果", "Each one's results"),
        columns: headers.map(Column::text).collect(),
        rows: rows.collect(),
        empty: "",
        stacked: false,
    })
}

/// So many rules are read at a glance; of more, those that bring nothing stand apart.
const AT_A_GLANCE: usize = 30;

/// Every rule at work, those first that bring something.
fn all_steps(desk: &Desk, all: &[Worked]) -> Markup {
    if all.len() <= AT_A_GLANCE {
        return steps(desk, all.iter());
    }
    let (nothing, something): (Vec<_>, Vec<_>) =
        all.iter().partition(|step| brings_nothing(&step.gave.value));
    let heading = match desk.language {
        Language::Japanese => format!("値が 0・なし・いいえの規則（{}）", nothing.len()),
        Language::English => format!("Rules that gave 0, nothing or no ({})", nothing.len()),
    };
    html! {
        (steps(desk, something.into_iter()))
        (disclosure(&heading, steps(desk, nothing.into_iter())))
    }
}

fn brings_nothing(value: &str) -> bool {
    matches!(value, "なし" | "いいえ")
        || value.trim_end_matches(|c: char| !c.is_ascii_digit()) == "0"
}

/// What rules gave, from what, by which article.
fn steps<'s>(desk: &Desk, steps: impl Iterator<Item = &'s Worked>) -> Markup {
    let rows = steps.map(|step| {
        let took = step.took.iter().map(|(name, value)| format!("{name}: {value}"));
        let took = took.collect::<Vec<_>>().join("、");
        Row {
            href: None,
            cells: vec![
                Cell::Component(html! { span lang="ja" { (step.gave.of()) } }),
                Cell::Japanese(&step.gave.value),
                Cell::Component(html! { span lang="ja" { (took) } }),
                Cell::Japanese(&step.article),
            ],
        }
    });
    table(&Table {
        caption: desk.say("規則ごとの値", "Rule by rule"),
        columns: vec![
            Column::text(desk.say("求めたもの", "Worked out")),
            Column::text(desk.say("値", "Value")),
            Column::text(desk.say("使ったもの", "From")),
            Column::text(desk.say("根拠", "Article")),
        ],
        rows: rows.collect(),
        empty: "",
        stacked: false,
    })
}

/// The figures of the law that were used.
fn figures(desk: &Desk, figures: &[Figure]) -> Markup {
    let period = |figure: &Figure| {
        let day = |day: Option<Date>| {
            day.map(|day| day_text(desk.language, day.into())).unwrap_or_default()
        };
        format!("{}〜{}", day(figure.since), day(figure.until))
    };
    let rows = figures.iter().map(|figure| Row {
        href: None,
        cells: vec![
            Cell::Japanese(&figure.name),
            Cell::Japanese(&figure.value),
            Cell::Component(html! { (period(figure)) }),
            Cell::Japanese(&figure.source),
            Cell::Text(certainty(desk, figure)),
        ],
    });
    table(&Table {
        caption: desk.say("使った法令の値", "Figures of the law"),
        columns: vec![
            Column::text(desk.say("名前", "Name")),
            Column::text(desk.say("値", "Value")),
            Column::text(desk.say("効力の期間", "In force")),
            Column::text(desk.say("出典", "Source")),
            Column::text(desk.say("確からしさ", "Certainty")),
        ],
        rows: rows.collect(),
        empty: desk.say("法令の値は使っていません。", "No figure of the law was used."),
        stacked: false,
    })
}

fn certainty<'d>(desk: &'d Desk, figure: &Figure) -> &'d str {
    let english = match figure.checked.as_str() {
        "V" => "checked with the source",
        "K" => "statute",
        "P" => "to be verified",
        _ => "ordinance of this body",
    };
    desk.say(figure.certainty(), english)
}
