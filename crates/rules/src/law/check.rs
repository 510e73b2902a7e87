//! Checks a law in every period: errors, gaps, and what nobody uses.

use std::collections::{BTreeMap, BTreeSet};

use base::date::Date;

use super::compile::{plan, turning_days};
use super::{Calculation, Checked, FactKind, Input, Law, LawError, PLACE, Parameter, Rule};
use crate::functions;
use crate::types::Type;
use crate::value::Value;

/// Names that stand for two things, periods that overlap, and a law day that is no date.
pub(super) fn names(
    calculation: &Calculation,
    rules: &[Rule],
    parameters: &BTreeMap<String, Parameter>,
) -> Vec<LawError> {
    let mut errors = head(calculation, rules);
    let taken = taken(calculation, parameters);
    for (at, rule) in rules.iter().enumerate() {
        if let Some(what) = taken.get(rule.name.as_str()) {
            let message = format!("「{}」は{what}の名前でもあります。", rule.name);
            let help = "規則のファイルを別の名前にしてください。";
            errors.push(LawError::of_rule(rule, message, help));
        }
        for other in &rules[..at] {
            if other.name == rule.name {
                errors.extend(twice(other, rule));
            }
        }
    }
    errors
}

fn head(calculation: &Calculation, rules: &[Rule]) -> Vec<LawError> {
    let mut errors = Vec::new();
    let mut fail = |message: String, help: &str| {
        let file = format!("calculations/{}.yaml", calculation.id);
        let help = Some(help.to_owned());
        errors.push(LawError { file, line: 1, column: 1, message, help, warning: false });
    };
    let is_day = |fact: &&super::Fact| {
        fact.name == calculation.day
            && matches!(&fact.kind, FactKind::One(kind) if kind.ty == Type::Date)
    };
    if !calculation.facts.iter().any(|fact| is_day(&fact)) {
        fail(
            format!("day「{}」は日付の事実ではありません。", calculation.day),
            "facts にある type: date の名前を書いてください。",
        );
    }
    for result in &calculation.results {
        if !rules.iter().any(|rule| rule.name == result.rule && rule.list == result.list) {
            let list = result.list.as_ref().map(|list| format!("{list}.")).unwrap_or_default();
            fail(
                format!("結果「{list}{}」を求める規則がありません。", result.rule),
                "rules/ にこの名前の .feel を加えるか、results を直してください。",
            );
        }
    }
    errors
}

fn taken<'c>(
    calculation: &'c Calculation,
    parameters: &'c BTreeMap<String, Parameter>,
) -> BTreeMap<&'c str, &'static str> {
    let mut taken: BTreeMap<&str, &str> =
        parameters.keys().map(|name| (name.as_str(), "法令の値")).collect();
    taken.extend(functions::names().map(|name| (name, "関数")));
    taken.insert(PLACE, "要素の順番");
    for fact in &calculation.facts {
        taken.insert(&fact.name, "事実");
        if let FactKind::List { each, fields, .. } = &fact.kind {
            taken.insert(each, "要素");
            taken.extend(fields.iter().map(|field| (field.name.as_str(), "事実")));
        }
    }
    taken
}

fn twice(first: &Rule, second: &Rule) -> Option<LawError> {
    if first.list != second.list {
        let message = format!("「{}」の対象が、ほかの期間の規則と違います。", second.name);
        let help = format!("{}と同じ「// 算定:」にしてください。", first.file);
        return Some(LawError::of_rule(second, message, &help));
    }
    if first.from > second.to || second.from > first.to {
        return None;
    }
    let message = format!("「{}」の施行の期間が {} と重なります。", second.name, first.file);
    let help = "どちらかの期間を、重ならないように直してください。";
    Some(LawError::of_rule(second, message, help))
}

/// Every period from the first day on which every result has a rule in force.
pub(super) fn all(law: &Law) -> Checked {
    let mut errors: Vec<LawError> = Vec::new();
    let mut results: BTreeMap<String, Type> = BTreeMap::new();
    let mut used = BTreeSet::new();
    let nothing = BTreeMap::new();
    let wanted = law.calculation.results.len();
    let days = turning_days(law).into_iter().skip_while(|day| in_force(law, *day) < wanted);
    for day in days.filter(|day| in_force(law, *day) > 0) {
        match plan(law, day, &nothing) {
            Ok(plan) => {
                errors.extend(plan.warnings.iter().cloned());
                for result in &plan.results {
                    errors.extend(joined(&mut results, result, &law.calculation));
                }
                for step in &plan.steps {
                    used.insert(step.rule.file.clone());
                    errors.extend(missing(&plan, step, day));
                }
            }
            Err(found) => {
                // What cannot be read is not said to be unused as well.
                used.extend(law.rules().map(|rule| rule.file.clone()));
                errors.extend(found);
            }
        }
    }
    if !law.rules().any(|rule| used.contains(&rule.file)) {
        errors.extend(never(law));
    }
    errors.extend(law.rules().filter(|rule| !used.contains(&rule.file)).map(unused));
    errors.sort_by(|a, b| {
        (&a.file, a.line, a.column, &a.message).cmp(&(&b.file, b.line, b.column, &b.message))
    });
    errors.dedup_by(|a, b| {
        (&a.file, a.line, a.column, &a.help) == (&b.file, b.line, b.column, &b.help)
    });
    Checked { errors, results: Type::record(results) }
}

/// A result keeps its type through the times; a number may gain places.
fn joined(
    results: &mut BTreeMap<String, Type>,
    result: &super::PlanResult,
    calculation: &Calculation,
) -> Option<LawError> {
    let ty = match result.list {
        Some(_) => Type::list(result.ty.clone()),
        None => result.ty.clone(),
    };
    let before = results.get(&result.rule).cloned().unwrap_or(Type::Null);
    let Some(whole) = before.join(&ty) else {
        return Some(LawError {
            file: format!("calculations/{}.yaml", calculation.id),
            line: 1,
            column: 1,
            message: format!("結果「{}」が、期間によって{before}と{ty}です。", result.rule),
            help: Some("どの期間の規則も同じ型の値を求めるようにしてください。".to_owned()),
            warning: false,
        });
    };
    results.insert(result.rule.clone(), whole);
    None
}

/// How many results have a rule in force. Before the first day on which all have one, there is no
/// law yet; after the last day of all of them, there is none any more.
fn in_force(law: &Law, day: Date) -> usize {
    let results = law.calculation.results.iter();
    let holds = |name: &str| {
        law.rules().any(|rule| rule.name == name && rule.from <= day && day <= rule.to)
    };
    results.filter(|result| holds(&result.rule)).count()
}

/// Parameters that a rule uses but that have no value on the day.
fn missing(plan: &super::Plan, step: &super::Step, day: Date) -> Vec<LawError> {
    let names = step.inputs.iter().filter_map(|input| match input {
        Input::Name(name) => plan.parameters.get(name).map(|parameter| (name, parameter)),
        Input::Field(_) | Input::Each { .. } => None,
    });
    let open = names.filter(|(_, parameter)| matches!(parameter.value, Value::Unknown(_)));
    open.map(|(name, _)| {
        let message = format!("法令の値「{name}」は、この規則が効力を持つ{day}に値がありません。");
        let help = "parameters/ にその日からの値を出典とともに加えるか、規則の施行の期間を直してください。";
        LawError::of_rule(&step.rule, message, help)
    })
    .collect()
}

fn never(law: &Law) -> Option<LawError> {
    let rule = law.rules().next()?;
    let message = "どの日にも、結果を求める規則がそろいません。".to_owned();
    Some(LawError::of_rule(rule, message, "施行の期間を確かめてください。"))
}

fn unused(rule: &Rule) -> LawError {
    let message = format!("規則「{}」は、どの結果にも使われていません。", rule.name);
    let help = "消すか、結果を求める規則で使うか、results に加えてください。";
    LawError { warning: true, ..LawError::of_rule(rule, message, help) }
}
