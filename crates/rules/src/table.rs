//! Decision tables (意思決定表) as DMN knows them: inputs, one test a cell, outputs, a hit policy.
//! The tests and outputs are typed nodes; a test sees the inputs as locals.

use crate::tree::Node;
use crate::value::Value;

/// A checked decision table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// What is asked, each bound as a local in this order.
    pub inputs: Vec<Node>,
    /// The rows, in order.
    pub rows: Vec<Row>,
    pub outputs: Vec<Output>,
    pub policy: HitPolicy,
}

/// One row: a test for each input that has one, and its outputs.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub tests: Vec<Node>,
    pub outputs: Vec<Node>,
}

/// One output column.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    /// The name of the field, where there are several outputs.
    pub name: std::sync::Arc<str>,
    /// The values in order of priority, for the policies that ask for one.
    pub priorities: Vec<Value>,
    /// What stands if no row is hit.
    pub default: Option<Node>,
}

/// What is answered when rows are hit (ヒットポリシー).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HitPolicy {
    /// At most one row may be hit.
    Unique,
    /// Rows that are hit must agree.
    Any,
    /// The row whose output stands first in the order of the outputs.
    Priority,
    /// The first row.
    First,
    /// All rows, in the order of the table.
    RuleOrder,
    /// All rows, in the order of the outputs.
    OutputOrder,
    /// All rows, or one figure of them.
    Collect(Option<Aggregator>),
}

/// One figure of all rows that are hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregator {
    Sum,
    Count,
    Min,
    Max,
}

impl HitPolicy {
    /// Whether the answer is a list.
    pub fn is_multiple(self) -> bool {
        matches!(self, HitPolicy::RuleOrder | HitPolicy::OutputOrder | HitPolicy::Collect(None))
    }
}

impl Table {
    /// The nodes within.
    pub fn children(&self) -> Vec<&Node> {
        let rows = self.rows.iter().flat_map(|row| row.tests.iter().chain(&row.outputs));
        let defaults = self.outputs.iter().filter_map(|output| output.default.as_ref());
        self.inputs.iter().chain(rows).chain(defaults).collect()
    }

    /// The answer from the outputs of the rows that were hit, in the order of the table.
    pub fn answer(&self, hits: Vec<Vec<Value>>, equal: fn(&Value, &Value) -> bool) -> Value {
        let mut hits = hits;
        match self.policy {
            HitPolicy::Unique if hits.len() > 1 => Value::Null,
            HitPolicy::Any if hits.len() > 1 => {
                let first = &hits[0];
                let agrees = |hit: &Vec<Value>| hit.iter().zip(first).all(|(a, b)| equal(a, b));
                if hits.iter().all(agrees) { self.shaped(hits.swap_remove(0)) } else { Value::Null }
            }
            HitPolicy::Unique | HitPolicy::Any | HitPolicy::First => {
                hits.into_iter().next().map_or(Value::Null, |hit| self.shaped(hit))
            }
            HitPolicy::Priority => {
                self.prioritised(hits, equal).into_iter().next().unwrap_or(Value::Null)
            }
            HitPolicy::OutputOrder => self.prioritised(hits, equal).into(),
            HitPolicy::RuleOrder | HitPolicy::Collect(_) => {
                hits.into_iter().map(|hit| self.shaped(hit)).collect::<Vec<_>>().into()
            }
        }
    }

    /// The answers by the order of their outputs, the first output deciding first.
    fn prioritised(
        &self,
        mut hits: Vec<Vec<Value>>,
        equal: fn(&Value, &Value) -> bool,
    ) -> Vec<Value> {
        let rank = |hit: &Vec<Value>| -> Vec<usize> {
            let ranks = hit.iter().zip(&self.outputs).map(|(value, output)| {
                let place = output.priorities.iter().position(|known| equal(known, value));
                place.unwrap_or(output.priorities.len())
            });
            ranks.collect()
        };
        hits.sort_by_key(rank);
        hits.into_iter().map(|hit| self.shaped(hit)).collect()
    }

    /// One output as it is, several as a record.
    pub fn shaped(&self, hit: Vec<Value>) -> Value {
        if let [_] = self.outputs.as_slice() {
            return hit.into_iter().next().unwrap_or(Value::Null);
        }
        let mut record = crate::value::Record::new();
        for (output, value) in self.outputs.iter().zip(hit) {
            record.insert(output.name.clone(), value);
        }
        record.into()
    }
}
