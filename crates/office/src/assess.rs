//! Calculations (算定) on facts, and how an amount came about, in words: for the clerk's page, the
//! record of the event and the auditor. Pure; what is kept can be read without the law at hand.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base::date::{Date, FOREVER, OPEN_FROM};
use base::era::japanese;
use definition::model::{Calculated, Certainty, System};
use rules::law::{Answer, Explained, FactKind, Given, GivenKind, Law, Plan};
use rules::value::{Record, Value};
use rules::{Unit, law};
use serde::{Deserialize, Serialize};

use crate::OfficeError;

/// A calculation that was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessed {
    /// The name of its results in the procedure.
    pub name: String,
    /// The calculation.
    pub calculation: String,
    /// Its name.
    pub title: String,
    /// Its name in English.
    pub title_en: String,
    /// The day whose law was applied.
    pub day: Option<Date>,
    /// Elements of lists as people know them: list, place from 1, what is shown.
    pub elements: Vec<(String, usize, String)>,
    /// What it gave.
    pub results: Vec<Amount>,
    /// Every rule at work, in order.
    pub steps: Vec<Worked>,
    /// The parameters used.
    pub parameters: Vec<Figure>,
    /// Facts that are missing: fact and reason.
    pub questions: Vec<(String, String)>,
}

/// A result in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// The rule.
    pub name: String,
    /// The list and the place of the element in it, from 1.
    pub element: Option<(String, usize)>,
    /// The value with its unit.
    pub value: String,
}

/// One rule at work, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worked {
    /// What it gave.
    pub gave: Amount,
    /// Article.
    pub article: String,
    /// What it took: name and value.
    pub took: Vec<(String, String)>,
}

/// A parameter of the law that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// Name.
    pub name: String,
    /// The value with its unit.
    pub value: String,
    /// Since when it is in force.
    pub since: Option<Date>,
    /// Until when.
    pub until: Option<Date>,
    /// Article or announcement; empty for a value of the body's own ordinance.
    pub source: String,
    /// How sure it is: V, K or P; empty for a value of the body's own.
    pub checked: String,
}

/// Carries out a calculation; `set` are the body's own values. The record of its results is given
/// beside the words.
///
/// # Errors
/// [`OfficeError::Definition`] when the law of that day does not hold together.
pub fn assess(
    own: &Calculated,
    name: &str,
    facts: &Record,
    set: &BTreeMap<String, Value>,
) -> Result<(Value, Assessed), OfficeError> {
    let calculation = own.law.calculation();
    let mut assessed = Assessed {
        name: name.to_owned(),
        calculation: calculation.id.clone(),
        title: calculation.name.clone(),
        title_en: calculation.name_en.clone(),
        ..Assessed::default()
    };
    let day = match facts.get(&calculation.day) {
        Some(Value::Date(day)) => **day,
        _ => return Ok(without_day(&own.law, assessed)),
    };
    let plan = own.law.plan(day, set).map_err(|errors| broken(&errors))?;
    let answer = plan.explain(facts);
    assessed.day = Some(day);
    assessed.elements = elements(&plan, facts);
    words(&plan, &answer, &mut assessed);
    Ok((answer.results.into(), assessed))
}

fn broken(errors: &[law::LawError]) -> OfficeError {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    OfficeError::Definition(lines.join(" "))
}

/// Without the day there is no law to apply: every result is unknown.
fn without_day(law: &Law, mut assessed: Assessed) -> (Value, Assessed) {
    let calculation = law.calculation();
    let reason = "どの日の法令によるかが決まりません";
    let mut results = Record::new();
    for result in &calculation.results {
        results.insert(result.rule.as_str(), Value::unknown(calculation.day.as_str(), reason));
    }
    assessed.questions.push((calculation.day.clone(), reason.to_owned()));
    (results.into(), assessed)
}

/// What each element of a list is known by.
fn elements(plan: &Plan, facts: &Record) -> Vec<(String, usize, String)> {
    let mut out = Vec::new();
    for fact in &plan.calculation.facts {
        let FactKind::List { shown: Some(shown), .. } = &fact.kind else { continue };
        let Some(Value::List(items)) = facts.get(&fact.name) else { continue };
        for (at, item) in items.iter().enumerate() {
            if let Value::Record(record) = item
                && let Some(value) = record.get(shown)
            {
                out.push((fact.name.clone(), at + 1, value_words(value, None)));
            }
        }
    }
    out
}

fn words(plan: &Plan, answer: &Answer, out: &mut Assessed) {
    for result in &plan.results {
        let value = answer.results.get(&result.rule).unwrap_or(&Value::Null);
        let amount = |element, value: &Value| Amount {
            name: result.rule.clone(),
            element,
            value: value_words(value, result.unit),
        };
        match (&result.list, value) {
            (Some(list), Value::List(items)) => {
                let each = items.iter().enumerate();
                let each = each.map(|(at, value)| amount(Some((list.clone(), at + 1)), value));
                out.results.extend(each);
            }
            _ => out.results.push(amount(None, value)),
        }
    }
    out.steps = answer.steps.iter().map(|step| worked(plan, step)).collect();
    out.parameters = figures(plan, &answer.steps);
    let questions = answer.open_questions.iter();
    out.questions = questions.map(|q| (q.fact.clone(), q.reason.clone())).collect();
}

fn worked(plan: &Plan, step: &Explained) -> Worked {
    let rule = &step.rule;
    let element = step.element.map(|at| (rule.list.clone().unwrap_or_default(), at + 1));
    let value = value_words(&step.value, rule.unit);
    // A list itself is said by the fields that were taken of it.
    let is_plain = |given: &&Given| {
        plan.calculation
            .facts
            .iter()
            .all(|fact| fact.name != *given.name || matches!(fact.kind, FactKind::One(_)))
    };
    let took = step.inputs.iter().filter(is_plain);
    Worked {
        gave: Amount { name: rule.name.clone(), element, value },
        article: match step.row {
            Some(row) => format!("{}（{}）", rule.article, row_words(row)),
            None => rule.article.clone(),
        },
        took: took.map(|given| (given_name(given), given_words(plan, given))).collect(),
    }
}

/// The row of a decision table that answered.
fn row_words(row: usize) -> String {
    format!("判定表の{row}行目")
}

/// `児童の生年月日` for what was taken of every element.
fn given_name(given: &Given) -> String {
    match &given.list {
        Some(list) => format!("{list}の{}", given.name),
        None => given.name.to_string(),
    }
}

fn given_words(plan: &Plan, given: &Given) -> String {
    let unit = match given.kind {
        GivenKind::Parameter => plan.parameters.get(&given.name).and_then(|found| found.unit),
        GivenKind::Rule => plan.unit_of(&given.name),
        GivenKind::Fact => fact_unit(plan, &given.name),
    };
    value_words(&given.value, unit)
}

fn fact_unit(plan: &Plan, name: &str) -> Option<Unit> {
    plan.calculation.facts.iter().find_map(|fact| match &fact.kind {
        FactKind::One(kind) if fact.name == name => kind.unit,
        FactKind::List { fields, .. } => {
            fields.iter().find(|field| field.name == name).and_then(|field| field.kind.unit)
        }
        FactKind::One(_) => None,
    })
}

/// The figures that rules at work took, each once: parameters, and rows of decision tables.
fn figures(plan: &Plan, steps: &[Explained]) -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    let inputs = steps.iter().flat_map(|step| &step.inputs);
    for given in inputs.filter(|given| given.kind == GivenKind::Parameter) {
        let Some(found) = plan.parameters.get(&given.name) else { continue };
        if figures.iter().any(|figure| figure.name == *given.name) {
            continue;
        }
        let value = value_words(&found.value, found.unit);
        let stands = (found.source.as_str(), found.checked);
        let period = found.period.unwrap_or((OPEN_FROM, FOREVER));
        figures.push(figure(&given.name, value, period, stands));
    }
    for step in steps {
        let (Some(row), Some(table)) = (step.row, &step.rule.table) else { continue };
        let (name, value) = (&step.rule.name, row_words(row));
        if figures.iter().any(|figure| figure.name == *name && figure.value == value) {
            continue;
        }
        let stands = (table.source.as_str(), Some(table.checked));
        figures.push(figure(name, value, (step.rule.from, step.rule.to), stands));
    }
    figures
}

fn figure(
    name: &str,
    value: String,
    (from, to): (Date, Date),
    (source, checked): (&str, Option<Certainty>),
) -> Figure {
    let checked = match checked {
        Some(Certainty::Checked) => "V",
        Some(Certainty::Statute) => "K",
        Some(Certainty::ToVerify) => "P",
        None => "",
    };
    Figure {
        name: name.to_owned(),
        value,
        since: (from != OPEN_FROM).then_some(from),
        until: (to != FOREVER).then_some(to),
        source: source.to_owned(),
        checked: checked.to_owned(),
    }
}

/// A value as people read it: `10,000円/月`, `令和8年4月1日`, `はい`.
pub fn value_words(value: &Value, unit: Option<Unit>) -> String {
    match value {
        Value::Null => "なし".to_owned(),
        Value::Unknown(_) => "不明".to_owned(),
        Value::Number(number) => {
            let unit = unit.map(|unit| unit.to_string()).unwrap_or_default();
            format!("{}{unit}", grouped(&number.to_string()))
        }
        Value::Boolean(true) => "はい".to_owned(),
        Value::Boolean(false) => "いいえ".to_owned(),
        Value::Date(day) => japanese(**day),
        Value::Text(text) => text.to_string(),
        Value::List(items) => {
            let words: Vec<String> = items.iter().map(|item| value_words(item, unit)).collect();
            words.join("、")
        }
        other => other.to_string(),
    }
}

/// Digits in groups of three before the point.
fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let (whole, rest) = match digits.split_once('.') {
        Some((whole, rest)) => (whole, format!(".{rest}")),
        None => (digits, String::new()),
    };
    let mut out = sign.to_owned();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + &rest
}

impl Amount {
    /// What it is of: `児童の月額（児童1）`.
    pub fn of(&self) -> String {
        match &self.element {
            Some((list, place)) => format!("{}（{list}{place}）", self.name),
            None => self.name.clone(),
        }
    }
}

impl Figure {
    /// How sure it is, in words.
    pub fn certainty(&self) -> &'static str {
        match self.checked.as_str() {
            "V" => "原典で確認",
            "K" => "法文",
            "P" => "要確認",
            _ => "この団体の条例",
        }
    }
}

impl Assessed {
    /// As text, one line a step: what examples show.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let day = self.day.map(|day| format!("、{}の法令", japanese(day))).unwrap_or_default();
        let _ = writeln!(out, "算定: {}（{}{day}）", self.title, self.name);
        for amount in &self.results {
            let _ = writeln!(out, "  {} = {}", amount.of(), amount.value);
        }
        for (fact, reason) in &self.questions {
            let _ = writeln!(out, "  未確認の事実: {fact}（{reason}）");
        }
        let _ = writeln!(out, "  過程:");
        for step in &self.steps {
            let took = step.took.iter().map(|(name, value)| format!("{name} {value}"));
            let took = took.collect::<Vec<_>>().join("、");
            let Worked { gave, article, .. } = step;
            let _ = writeln!(out, "    {} = {}　← {took}　［{article}］", gave.of(), gave.value);
        }
        let _ = writeln!(out, "  法令の値:");
        for figure in &self.parameters {
            let since =
                figure.since.map(|day| format!("{}から", japanese(day))).unwrap_or_default();
            let (source, sure) = (&figure.source, figure.certainty());
            let _ = writeln!(
                out,
                "    {} = {}　［{since}、{source}、{sure}］",
                figure.name, figure.value
            );
        }
        out
    }
}

/// The calculation of a system.
///
/// # Errors
/// [`OfficeError::Definition`] when there is none.
pub fn calculation_of<'s>(system: &'s System, id: &str) -> Result<&'s Calculated, OfficeError> {
    let missing = || OfficeError::Definition(format!("算定「{id}」がありません"));
    system.calculation(id).ok_or_else(missing)
}
