//! One subject: the steps of a plan one after the other, with or without the trace.

use std::sync::Arc;

use super::{FactKind, Input, PLACE, Plan, Rule, Step};
use crate::evaluate::evaluate_within;
use crate::expression::gather_questions;
use crate::tree::Node;
use crate::value::{OpenQuestion, Record, Unknown, Value};

/// The answer for one subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Results by name; those of a list as the list of its elements' values.
    pub results: Record,
    /// Facts that are missing and on which a result depends, in order, each once.
    pub open_questions: Vec<OpenQuestion>,
    /// Every rule at work, in order; empty unless the trace was asked for.
    pub steps: Vec<Explained>,
}

/// One rule at work: what it took and what it gave (算定の過程).
#[derive(Clone, Debug)]
pub struct Explained {
    /// The rule.
    pub rule: Arc<Rule>,
    /// The element's place in its list, from 0.
    pub element: Option<usize>,
    /// What it took.
    pub inputs: Vec<Given>,
    /// The row of its decision table that answered, from 1.
    pub row: Option<usize>,
    /// What it gave.
    pub value: Value,
}

impl PartialEq for Explained {
    fn eq(&self, other: &Explained) -> bool {
        (&self.rule.file, self.element, &self.inputs, self.row, &self.value)
            == (&other.rule.file, other.element, &other.inputs, other.row, &other.value)
    }
}

/// A value that a rule took.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// Name.
    pub name: Arc<str>,
    /// The list, where it was taken of every element.
    pub list: Option<Arc<str>>,
    /// Where it comes from.
    pub kind: GivenKind,
    /// The value.
    pub value: Value,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenKind {
    /// A fact.
    Fact,
    /// A parameter of the law.
    Parameter,
    /// Another rule.
    Rule,
}

impl Plan {
    /// The answer for the subject with these facts. A fact that is not there is unknown.
    pub fn run(&self, facts: &Record) -> Answer {
        self.work(facts, None)
    }

    /// The answer with its trace.
    pub fn explain(&self, facts: &Record) -> Answer {
        self.work(facts, Some(Vec::with_capacity(self.steps.len())))
    }

    fn work(&self, facts: &Record, trace: Option<Vec<Explained>>) -> Answer {
        let mut work = Work { plan: self, facts: self.facts(facts), trace };
        for step in &self.steps {
            work.step(step);
        }
        let mut results = Record::new();
        for result in &self.results {
            let value = match &result.list {
                Some(list) => field_of_all(work.facts.get(list), &result.rule),
                None => work.facts.get(&result.rule).cloned().unwrap_or(Value::Null),
            };
            results.insert(result.rule.as_str(), value);
        }
        let open_questions = gather_questions(results.iter().map(|(_, value)| value));
        Answer { results, open_questions, steps: work.trace.unwrap_or_default() }
    }

    /// The facts of the calculation with the parameters that have no value; elements get their
    /// place, and what is missing in one is named with its place.
    fn facts(&self, given: &Record) -> Record {
        let mut facts = Record::new();
        for fact in &self.calculation.facts {
            let Some(value) = given.get(&fact.name) else { continue };
            let value = match (&fact.kind, value) {
                (FactKind::List { fields, .. }, Value::List(items)) => {
                    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                    let items = items.iter().enumerate();
                    let items = items.map(|(at, item)| element(&fact.name, at, item, &names));
                    Value::from(items.collect::<Vec<Value>>())
                }
                (_, value) => certain(value, &fact.name),
            };
            facts.insert(fact.name.as_str(), value);
        }
        // The others stand in the formulas.
        for (name, parameter) in &self.parameters {
            if let Value::Unknown(_) = parameter.value {
                facts.insert(name.clone(), parameter.value.clone());
            }
        }
        facts
    }
}

/// An element with its place; what is not known of it is asked for with the place.
fn element(list: &str, at: usize, item: &Value, fields: &[&str]) -> Value {
    let Value::Record(given) = item else { return item.clone() };
    let mut record = Record::new();
    for field in fields {
        let named = || format!("{list}（{}番目）の{field}", at + 1);
        let value = match given.get(field) {
            Some(Value::Unknown(unknown)) => {
                let reason = unknown.questions().first().map(|question| question.reason.clone());
                Value::unknown(named(), reason.unwrap_or_default())
            }
            Some(value) => certain(value, &named()),
            None => Value::unknown(named(), crate::evaluate::NOT_GIVEN),
        };
        record.insert(*field, value);
    }
    record.insert(PLACE, i64::try_from(at + 1).unwrap_or(i64::MAX));
    record.into()
}

/// A date of which a part is uncertain is not known: an amount never rests on a guessed day.
fn certain(value: &Value, name: &str) -> Value {
    match value {
        Value::Date(day) if day.written().certain().is_none() => {
            let written = day.written().japanese();
            Value::unknown(name, format!("日付が確かでありません（{written}）"))
        }
        value => value.clone(),
    }
}

fn field_of_all(list: Option<&Value>, name: &str) -> Value {
    match list {
        Some(Value::List(items)) => {
            let values = items.iter().map(|item| match item {
                Value::Record(record) => record.get(name).cloned().unwrap_or(Value::Null),
                other => other.clone(),
            });
            Value::from(values.collect::<Vec<Value>>())
        }
        Some(other) => other.clone(),
        None => Value::Null,
    }
}

struct Work<'p> {
    plan: &'p Plan,
    facts: Record,
    trace: Option<Vec<Explained>>,
}

impl Work<'_> {
    fn step(&mut self, step: &Step) {
        let Some(list) = &step.rule.list else {
            let (value, row) = self.value(step, None);
            self.note((step, row), None, &value);
            self.facts.insert(step.name.clone(), value);
            return;
        };
        let items = match self.facts.get(list) {
            Some(Value::List(items)) => items.clone(),
            _ => return,
        };
        let mut values = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let (value, row) = self.value(step, Some(item));
            self.note((step, row), Some((at, item)), &value);
            values.push(value);
        }
        drop(items);
        self.facts.amend_list(list, values, &step.name);
    }

    /// The step's value with the row of its table that answered; a fault of this subject is a
    /// question that only a person can answer.
    fn value(&self, step: &Step, element: Option<&Value>) -> (Value, Option<usize>) {
        if let Some((row, value)) = self.row(step, element) {
            return (value, Some(row));
        }
        let value = evaluate_within(&step.node, &self.facts, element.cloned());
        let value = value.unwrap_or_else(|failure| {
            Unknown::new(step.rule.name.as_str(), failure.fault.to_string()).into()
        });
        (value, None)
    }

    /// The row of a decision table that answers, with its answer; `None` where that cannot be told,
    /// and the chain of its rows says what is open.
    fn row(&self, step: &Step, element: Option<&Value>) -> Option<(usize, Value)> {
        let value = |node: &Node| evaluate_within(node, &self.facts, element.cloned()).ok();
        let grid = step.grid.as_ref()?;
        let row = grid.row(value)?;
        Some((row + 1, value(grid.outputs.get(row)?)?))
    }

    fn note(
        &mut self,
        (step, row): (&Step, Option<usize>),
        element: Option<(usize, &Value)>,
        value: &Value,
    ) {
        if self.trace.is_none() {
            return;
        }
        let inputs = step.inputs.iter().zip(&step.kinds).map(|(input, kind)| {
            let mut of = None;
            let (name, value) = match input {
                Input::Name(name) if *kind == GivenKind::Parameter => {
                    (name, self.plan.parameters.get(name).map(|own| own.value.clone()))
                }
                Input::Name(name) => (name, self.facts.get(name).cloned()),
                Input::Field(name) => match element {
                    Some((_, Value::Record(record))) => (name, record.get(name).cloned()),
                    _ => (name, None),
                },
                Input::Each { list, field } => {
                    of = Some(list.clone());
                    (field, Some(field_of_all(self.facts.get(list), field)))
                }
            };
            let value = value.unwrap_or(Value::Null);
            Given { name: name.clone(), list: of, kind: *kind, value }
        });
        let explained = Explained {
            rule: step.rule.clone(),
            element: element.map(|(at, _)| at),
            inputs: inputs.collect(),
            row,
            value: value.clone(),
        };
        self.trace.get_or_insert_default().push(explained);
    }
}
