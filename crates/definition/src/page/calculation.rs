//! A calculation in words: its facts, what it gives, and each rule with its article and period.

use std::fmt::Write;

use base::date::{FOREVER, OPEN_FROM};
use rules::law::{Fact, FactKind, FactType, HitPolicy, Rule, Unit};

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
    for rule in own.law.rules() {
        table(out, rule);
    }
}

/// A decision table as it stands in its file.
fn table(out: &mut String, rule: &Rule) {
    let Some(own) = &rule.table else { return };
    let word = HitPolicy::WORDS.iter().find(|(_, policy)| *policy == own.policy);
    let (from, to) = period(rule);
    let word = word.map_or("", |(word, _)| *word);
    let _ = writeln!(out, "### 判定表「{}」（{word}、{from}〜{to}）\n", rule.name);
    let _ = writeln!(out, "出典: {}\n", cell(&own.source));
    let lines = rule.text.lines().map(str::trim).filter(|line| line.starts_with('|'));
    let mut lines = lines.filter(|line| !line.contains("--"));
    let head = lines.next().unwrap_or_default();
    let columns = head.matches('|').count().saturating_sub(1);
    let _ = writeln!(out, "{head}\n|{}", "---|".repeat(columns));
    lines.for_each(|line| {
        let _ = writeln!(out, "{line}");
    });
    out.push('\n');
}

fn period(rule: &Rule) -> (String, String) {
    let from = if rule.from == OPEN_FROM { String::new() } else { rule.from.to_string() };
    let to = if rule.to == FOREVER { String::new() } else { rule.to.to_string() };
    (from, to)
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
    let formula = match rule.table {
        Some(_) => "下の判定表".to_owned(),
        None => format!("`{}`", cell(&lines.collect::<Vec<_>>().join(" "))),
    };
    let (from, to) = period(rule);
    let _ = writeln!(
        out,
        "| {} | {} | {} | {} | {from}〜{to} | {formula} |",
        rule.name,
        rule.list.as_deref().unwrap_or("–"),
        words(rule.unit),
        cell(&rule.article),
    );
}

fn words(unit: Option<Unit>) -> String {
    unit.map(|unit| unit.to_string()).unwrap_or_default()
}
