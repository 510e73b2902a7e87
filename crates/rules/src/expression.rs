//! A compiled expression and its answers.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::error::{EvaluationError, SourceError};
use crate::trace::{Trace, Tracer};
use crate::tree::Node;
use crate::types::{Scope, Type};
use crate::value::{OpenQuestion, Record, Value};
use crate::{check, evaluate, parser};

/// A checked expression. Cheap to clone, and may be shared between threads.
#[derive(Clone)]
pub struct Expression {
    inner: Arc<Inner>,
}

struct Inner {
    source: String,
    root: Node,
    names: BTreeSet<String>,
}

/// Parses and type-checks `source`, in which the names of `scope` may be used.
///
/// # Errors
/// The first error of spelling, or else every error of names and types.
pub fn compile(source: &str, scope: &Scope) -> Result<Expression, Vec<SourceError>> {
    let syntax = parser::parse(source).map_err(|error| vec![error])?;
    let (root, names) = check::check(source, scope, &syntax)?;
    Ok(Expression { inner: Arc::new(Inner { source: source.to_owned(), root, names }) })
}

/// Evaluates `expression` and tells how the answer came about.
pub fn evaluate_traced(expression: &Expression, facts: &Record) -> (Outcome, Trace) {
    let inner = &*expression.inner;
    let mut tracer = Tracer::new(&inner.source);
    let value = evaluate::evaluate(&inner.root, facts, Some(&mut tracer));
    let outcome = Outcome::new(&inner.source, value);
    let trace = tracer.finish().unwrap_or_else(|| Trace {
        source: inner.source.clone(),
        value: outcome.value.clone().map_err(|error| error.fault.to_string()),
        parts: Vec::new(),
        shortened: false,
    });
    (outcome, trace)
}

impl Expression {
    /// The type of the answer.
    pub fn type_of(&self) -> &Type {
        &self.inner.root.ty
    }

    /// The answer for one subject. A name that `facts` does not hold is unknown.
    pub fn evaluate(&self, facts: &Record) -> Outcome {
        Outcome::new(&self.inner.source, evaluate::evaluate(&self.inner.root, facts, None))
    }

    /// The answer, and how it came about.
    pub fn evaluate_traced(&self, facts: &Record) -> (Outcome, Trace) {
        evaluate_traced(self, facts)
    }

    /// The top-level names the expression uses.
    pub fn names(&self) -> &BTreeSet<String> {
        &self.inner.names
    }

    /// Its typed tree.
    pub(crate) fn root(&self) -> &Node {
        &self.inner.root
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.inner.source
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.inner.source).finish()
    }
}

/// The answer of an expression for one subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The value, which may be unknown, or the error of this subject.
    pub value: Result<Value, EvaluationError>,
    /// The facts that are missing and on which the value depends, in order, each once.
    pub open_questions: Vec<OpenQuestion>,
}

impl Outcome {
    fn new(source: &str, value: Result<Value, Box<crate::error::Failure>>) -> Self {
        match value {
            Ok(value) => {
                let open_questions = gather_questions([&value]);
                Self { value: Ok(value), open_questions }
            }
            Err(failure) => {
                let error = EvaluationError::at(source, *failure);
                Self { value: Err(error), open_questions: Vec::new() }
            }
        }
    }
}

/// Values looked through for open questions, within lists and records.
const MAX_GATHERED: usize = 100_000;

/// The open questions within values, in order, each once.
pub(crate) fn gather_questions<'v>(
    values: impl IntoIterator<Item = &'v Value>,
) -> Vec<OpenQuestion> {
    let mut questions = Vec::new();
    let mut left = MAX_GATHERED;
    for value in values {
        gather(value, &mut questions, &mut left);
    }
    questions.sort();
    questions.dedup();
    questions
}

fn gather(value: &Value, questions: &mut Vec<OpenQuestion>, left: &mut usize) {
    match value {
        Value::Unknown(unknown) => questions.extend_from_slice(unknown.questions()),
        Value::List(items) => {
            for item in items.iter() {
                if *left == 0 {
                    return;
                }
                *left -= 1;
                gather(item, questions, left);
            }
        }
        Value::Record(record) => {
            for (_, field) in record.iter() {
                if *left == 0 {
                    return;
                }
                *left -= 1;
                gather(field, questions, left);
            }
        }
        _ => {}
    }
}
