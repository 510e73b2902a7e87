//! A calculation in words: its facts, what it gives, and each rule with its article and period.

use std::fmt::Write;

use base::date::{FOREVER, OPEN_FROM};
use rules::law::{Fact, FactKind, FactType, Rule, Unit};

use super::cell;
use crate::model::{Calculated, System};

/// All calculations.
pub(super) fn section(out: &mut String, system: &System) {
    for own in &system.calculations {
        describe(out, own);
    }
}

fn describe(out: &mut String, own: &Calculated) {
    let calculation = own.law.calculation();
    let _ = writeln!(out, "## 算定「{}」\n", calculation.name);
    let _ = writeln!(
        out,
        "識別名 `{}`、{}。「{}」の日に効力のある規則と値による。\n",
        calculation.id, calculation.statute, calculation.day
    );
    let _ = writeln!(out, "| 事実 | 型 | 単位 |\n|---|---|---|");
    for fact in &calculation.facts {
        fact_rows(out, fact);
    }
    out.push('\n');
    let results = calculation.results.iter().map(|result| match &result.list {
        Some(list) => format!("{}（{list}ごと）", result.rule),
        None => result.rule.clone(),
    });
    let _ = writeln!(out, "求めるもの: {}\n", results.collect::<Vec<_>>().join("、"));
    let _ =
        writeln!(out, "| 規則 | 求める相手 | 単位 | 根拠 | 施行 | 式 |\n|---|---|---|---|---|---|");
    for rule in own.law.rules() {
        rule_row(out, rule);
    }
    out.push('\n');
}

fn fact_rows(out: &mut String, fact: &Fact) {
    let mut row = |name: &str, kind: &FactType| {
        let _ = writeln!(out, "| {name} | {} | {} |", kind.ty, words(kind.unit));
    };
    match &fact.kind {
        FactKind::One(kind) => row(&fact.name, kind),
        FactKind::List { fields, .. } => {
            for field in fields {
                row(&format!("{}の{}", fact.name, field.name), &field.kind);
            }
        }
    }
}

fn rule_row(out: &mut String, rule: &Rule) {
    let lines = rule.text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let formula = lines.collect::<Vec<_>>().join(" ");
    let from = if rule.from == OPEN_FROM { String::new() } else { rule.from.to_string() };
    let to = if rule.to == FOREVER { String::new() } else { rule.to.to_string() };
    let _ = writeln!(
        out,
        "| {} | {} | {} | {} | {from}〜{to} | `{}` |",
        rule.name,
        rule.list.as_deref().unwrap_or("–"),
        words(rule.unit),
        cell(&rule.article),
        cell(&formula)
    );
}

fn words(unit: Option<Unit>) -> String {
    unit.map(|unit| unit.to_string()).unwrap_or_default()
}
