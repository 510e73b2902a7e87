//! How an answer came about: the sub-results, each with the words it stands in.

use std::fmt;

use crate::error::Span;
use crate::value::Value;

/// The most sub-results kept; beyond them `shortened` is set.
pub(crate) const MAX_STEPS: usize = 2_000;

/// One part of an expression with its value and the parts it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The words of the expression.
    pub source: String,
    /// Its value, or the words of its error.
    pub value: Result<Value, String>,
    /// The parts it came from; constants are left out.
    pub parts: Vec<Trace>,
    /// Whether parts were left out because there were too many.
    pub shortened: bool,
}

impl Trace {
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let words = self.source.split_whitespace().collect::<Vec<_>>().join(" ");
        write!(f, "{:indent$}{words} → ", "", indent = depth * 2)?;
        match &self.value {
            Ok(value) => writeln!(f, "{value}")?,
            Err(message) => writeln!(f, "誤り: {message}")?,
        }
        for part in &self.parts {
            part.write(f, depth + 1)?;
        }
        if self.shortened {
            writeln!(f, "{:indent$}…（以下省略）", "", indent = (depth + 1) * 2)?;
        }
        Ok(())
    }
}

/// One line a part, the parts of a part indented below it.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

/// Gathers a trace while an expression is evaluated.
#[derive(Debug)]
pub(crate) struct Tracer<'a> {
    source: &'a str,
    open: Vec<Vec<Trace>>,
    shortened: Vec<bool>,
    steps: usize,
}

impl<'a> Tracer<'a> {
    pub fn new(source: &'a str) -> Self {
        Self { source, open: vec![Vec::new()], shortened: vec![false], steps: 0 }
    }

    pub fn enter(&mut self) {
        self.open.push(Vec::new());
        self.shortened.push(false);
    }

    pub fn leave(&mut self, span: Span, value: Result<Value, String>) {
        let parts = self.open.pop().unwrap_or_default();
        let shortened = self.shortened.pop().unwrap_or_default();
        let root = self.open.len() == 1;
        if self.steps >= MAX_STEPS && !root {
            if let Some(flag) = self.shortened.last_mut() {
                *flag = true;
            }
            return;
        }
        self.steps += 1;
        let source = self.source.get(span.start..span.end).unwrap_or_default().to_owned();
        if let Some(parent) = self.open.last_mut() {
            parent.push(Trace { source, value, parts, shortened });
        }
    }

    /// The trace of the whole expression, if anything was traced.
    pub fn finish(mut self) -> Option<Trace> {
        self.open.pop()?.pop()
    }
}
