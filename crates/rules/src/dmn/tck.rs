//! The compatibility kit of DMN: a model, its test cases, and what comes of each. A case passes,
//! is refused for a reason that is known when the model is compiled, or is wrong.

mod cases;

use std::collections::HashMap;
use std::sync::Arc;

use cases::{Case, Expected, Given};

use super::check::{Checker, Entry, Package};
use super::read::ElementKind;
use super::scalar::Kind;
use super::value::{equal, number};
pub use crate::dmn::check::Refusal;
use crate::evaluate::evaluate;
use crate::value::{Record, Value};

/// What came of one expected result.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// As expected.
    Passed,
    /// Not supported, and said so when the model was compiled.
    Refused(Refusal),
    /// Another answer than expected.
    Wrong {
        /// As written in the test.
        expected: String,
        /// As found.
        found: String,
    },
}

/// One expected result of one case.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The case.
    pub case: String,
    /// The decision that is asked.
    pub result: String,
    /// What came of it.
    pub verdict: Verdict,
}

/// Runs the cases of a test file over a model, `models[0]`, and the models it imports.
///
/// # Errors
/// Says in Japanese why the model or the test file cannot be read.
pub fn run(models: &[&str], tests: &str) -> Result<Vec<Outcome>, String> {
    let package = Package::read(models)?;
    let cases = cases::read(tests)?;
    let mut runner =
        Runner { checker: Checker::new(&package), package: &package, entries: HashMap::new() };
    Ok(cases.iter().flat_map(|case| runner.case(case)).collect())
}

/// The file names of the model that a test file names.
#[must_use]
pub fn model_name(tests: &str) -> Option<String> {
    cases::model_name(tests)
}

/// The namespaces that a model imports, and its own.
///
/// # Errors
/// Says in Japanese why the text is not a model.
pub fn namespaces(model: &str) -> Result<(String, Vec<String>), String> {
    let model = super::read::read_model(model)?;
    let imports = model.imports.into_iter().map(|(_, namespace)| namespace);
    Ok((model.namespace, imports.collect()))
}

struct Runner<'p> {
    checker: Checker<'p>,
    package: &'p Package,
    entries: HashMap<(String, String), Result<Arc<Entry>, Refusal>>,
}

impl Runner<'_> {
    fn case(&mut self, case: &Case) -> Vec<Outcome> {
        let outcome = |expected: &Expected| Outcome {
            case: case.id.clone(),
            result: expected.name.clone(),
            verdict: match self.ask(case, expected) {
                Ok(found) if matches(&expected.value, &found) => Verdict::Passed,
                Ok(found) => {
                    Verdict::Wrong { expected: shown(&expected.value), found: shown(&found) }
                }
                Err(refusal) => Verdict::Refused(refusal),
            },
        };
        case.results.iter().map(outcome).collect()
    }

    fn ask(&mut self, case: &Case, expected: &Expected) -> Result<Value, Refusal> {
        if let Some(reason) = &expected.unreadable {
            return Err(Refusal { place: expected.name.clone(), reason: reason.clone() });
        }
        let entry = self.entry(case, &expected.name)?;
        let mut facts = Record::new();
        for (name, key, ty) in &entry.inputs {
            let given = case.inputs.iter().find(|(given, _)| given == name);
            let value = match given {
                Some((_, given)) => {
                    given.value(ty).map_err(|reason| Refusal { place: name.clone(), reason })?
                }
                None => Value::Null,
            };
            facts.insert(key.clone(), value);
        }
        let mut last = Value::Null;
        for (key, node) in &entry.steps {
            last = evaluate(node, &facts, None).map_err(|failure| Refusal {
                place: expected.name.clone(),
                reason: failure.fault.to_string(),
            })?;
            facts.insert(key.clone(), last.clone());
        }
        Ok(last)
    }

    fn entry(&mut self, case: &Case, name: &str) -> Result<Arc<Entry>, Refusal> {
        let invoked = case.invocable.clone().unwrap_or_default();
        let key = (invoked.clone(), name.to_owned());
        if let Some(entry) = self.entries.get(&key) {
            return entry.clone();
        }
        let entry = self.compile(&invoked, name).map(Arc::new);
        self.entries.insert(key, entry.clone());
        entry
    }

    fn compile(&mut self, invoked: &str, name: &str) -> Result<Entry, Refusal> {
        let missing = |name: &str| Refusal {
            place: name.to_owned(),
            reason: "この名前の決定がモデルにありません。".to_owned(),
        };
        if invoked.is_empty() {
            let is_decision = |kind: &ElementKind| matches!(kind, ElementKind::Decision(_));
            let element = self.package.named(name, is_decision).ok_or_else(|| missing(name))?;
            return self.checker.entry(&element.id);
        }
        let element = self.package.named(invoked, |_| true).ok_or_else(|| missing(invoked))?;
        match &element.kind {
            ElementKind::Service { .. } => self.checker.service_entry(&element.id, name),
            ElementKind::Function(_) => self.checker.function_entry(&element.id),
            _ => self.checker.entry(&element.id),
        }
    }
}

/// Whether a value is the expected one; numbers may differ beyond eight places.
fn matches(expected: &Given, found: &Value) -> bool {
    match (expected, found) {
        (Given::Null, found) => *found == Value::Null,
        (Given::One(expected), found) => match (number(expected), number(found)) {
            (Some(a), Some(b)) => near(a, b),
            _ => equal(expected, found) && exactly(expected, found),
        },
        (Given::List(expected), Value::List(found)) => {
            expected.len() == found.len()
                && expected.iter().zip(found.iter()).all(|(a, b)| matches(a, b))
        }
        (Given::Fields(expected), Value::Record(found)) => {
            expected.len() == found.len()
                && expected
                    .iter()
                    .all(|(name, value)| found.get(name).is_some_and(|found| matches(value, found)))
        }
        _ => false,
    }
}

fn near(a: super::number::Number, b: super::number::Number) -> bool {
    let tolerance = super::number::Number::parse("0.00000001");
    let distance = a.subtract(b).map(super::number::Number::abs);
    distance.zip(tolerance).is_some_and(|(distance, tolerance)| distance < tolerance)
}

/// Times and moments must agree in their fractions and offsets, too.
fn exactly(a: &Value, b: &Value) -> bool {
    let (Value::Scalar(x), Value::Scalar(y)) = (a, b) else { return true };
    match (&x.0, &y.0) {
        (Kind::Time(_), _) | (Kind::Moment(_), _) => x == y,
        _ => true,
    }
}

fn shown(value: &impl std::fmt::Display) -> String {
    let text = value.to_string();
    if text.chars().count() > 200 { text.chars().take(200).chain(['…']).collect() } else { text }
}
