//! What an operator must not overlook in a blueprint: everything that it removes by name, what is
//! an entry of the books only, what came of the last application. Adds nothing to what the steps
//! say.

use std::collections::BTreeSet;

use cloud::plane::blueprint::{Blueprint, Step};
use cloud::plane::part::Act;
use cloud::plane::tree::Tree;
use cloud::provider::local;
use maud::{Markup, html};
use store::control::plane::{self as rows, Head};

use super::{Operator, environment};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};

/// How many removals are named on the page; the others are among the steps.
const NAMED: usize = 500;

/// How many parts a blueprint removes, said first of all; `None` where it removes nothing.
pub(super) fn danger(operator: &Operator, blueprint: &Blueprint) -> Option<String> {
    let count = removals(blueprint).count();
    let said = operator.say(
        "廃止される部分があります。下の「廃止されるもの」をすべて読んでから決めてください： ",
        "This removes parts. Read all of “What is removed” below before you decide: ",
    );
    (count > 0).then(|| format!("{said}{count}"))
}

fn removals(blueprint: &Blueprint) -> impl Iterator<Item = &Step> {
    blueprint.steps.iter().filter(|step| step.act == Act::Remove)
}

/// Every removal by name.
pub(super) fn removed(operator: &Operator, tree: &Tree, blueprint: &Blueprint) -> Markup {
    let all: Vec<[String; 2]> = removals(blueprint)
        .map(|step| [environment(operator, tree, &step.lane), step.part.words()])
        .collect();
    if all.is_empty() {
        return html! {};
    }
    let shown = &all[..all.len().min(NAMED)];
    let rows = shown
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Japanese(it)).collect() })
        .collect();
    let content = html! {
        (table(&Table {
            caption: operator.say("廃止される部分", "Parts that are removed"),
            columns: vec![
                Column::text(operator.say("環境", "Environment")),
                Column::text(operator.say("部分", "Part")),
            ],
            rows,
            empty: "",
            stacked: true,
        }))
        @if all.len() > NAMED {
            p { (operator.say("ほかは下の「手順」にあります： ", "The others are among the steps: "))
                (all.len() - NAMED) }
        }
    };
    section(operator.say("廃止されるもの", "What is removed"), content)
}

/// What is only noted in the books at a provider that has no such thing.
pub(super) fn noted(operator: &Operator, blueprint: &Blueprint) -> Markup {
    let own = blueprint.steps.iter().filter(|step| step.lane.ends_with(".local"));
    let words: BTreeSet<&str> = own.filter_map(|step| local::only_noted(&step.part)).collect();
    if words.is_empty() {
        return html! {};
    }
    let content = html! { @for one in &words { p lang="ja" { (one) } } };
    let title = operator.say("この基盤（local）では台帳だけのもの", "On the books only, at local");
    section(title, content)
}

/// What the executor answered last, while something is left to do.
pub(super) fn outcome(operator: &Operator, head: &Head, acts: &[rows::Act]) -> Option<String> {
    let is_open = ["承認済", "適用中"].contains(&head.state.as_str());
    let last = acts.iter().rev().find(|it| it.act == "適用の結果").filter(|_| is_open)?;
    Some(format!("{}{}", operator.say("適用の結果： ", "Outcome: "), last.note))
}
