//! A plan over many subjects at once, in columns: what is known and regular is worked out a column
//! at a time; a subject with an unknown fact or a fault goes to [`Plan::run`], which says what a
//! rule means. So the counter and the yearly run cannot disagree.
//!
//! Subjects pass in blocks that stay in the cache. A rule of a list runs over the elements of all
//! subjects of a block; a loop within it over the pairs. Nothing here reads or writes anything.

mod batch;
mod block;
mod call;
mod day;
mod formulas;
mod kernel;
mod list;
mod support;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::law::{Answer, Plan};
use crate::types::Type;
use crate::value::{Decimal, Record, Value};

pub use batch::{Batch, Column, Dictionary, ListColumn};
use block::Block;
pub use day::{from_days, unpack};
pub use formulas::{Formulas, Handed, Names, Taken};

/// Subjects that pass at a time.
const BLOCK: usize = 2048;

/// A plan that can run over columns.
#[derive(Clone, Debug)]
pub struct Program {
    plan: Arc<Plan>,
    dictionary: Dictionary,
    constants: BTreeMap<Arc<str>, Column>,
}

/// The results of a batch.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// By rule; of a rule of a list one value an element, in the order of the batch.
    pub columns: BTreeMap<String, Column>,
    /// Subjects for which the columns say nothing, in order: ask [`Program::answer`].
    pub irregular: Vec<usize>,
}

impl Results {
    fn clear(&mut self) {
        self.columns.values_mut().for_each(Column::clear);
        self.irregular.clear();
    }
}

impl Program {
    /// Prepares a plan. Texts of the batches come from `dictionary`.
    ///
    /// # Errors
    /// What cannot run over columns, by rule and name.
    pub fn new(plan: Arc<Plan>, mut dictionary: Dictionary) -> Result<Program, Vec<String>> {
        let refused = support::refused(&plan);
        if !refused.is_empty() {
            return Err(refused);
        }
        support::texts(&plan, &mut dictionary);
        let mut constants = BTreeMap::new();
        for (name, parameter) in &plan.parameters {
            constants.insert(name.clone(), batch::constant(&parameter.value, &parameter.ty));
        }
        Ok(Program { plan, dictionary, constants })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Texts and their numbers, those of the rules among them.
    pub fn dictionary(&mut self) -> &mut Dictionary {
        &mut self.dictionary
    }

    /// Texts and their numbers, to be read.
    pub fn texts(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Works the whole batch out.
    pub fn run(&self, batch: &Batch) -> Results {
        let mut results = self.results();
        for result in &self.plan.results {
            let list = result.list.as_ref().and_then(|list| batch.lists.get(list));
            let rows = list.map_or(batch.rows, ListColumn::elements);
            if let Some(column) = results.columns.get_mut(&result.rule) {
                column.values.reserve_exact(rows);
            }
        }
        self.blocks(batch, (0, batch.rows), |range| {
            Block::new(self, batch, range).run(&mut results)
        });
        results
    }

    /// Works some subjects out, a block at a time: `take` gets the first subject of the block and
    /// its results, whose room serves the next one.
    pub fn each(
        &self,
        batch: &Batch,
        subjects: (usize, usize),
        mut take: impl FnMut(usize, &Results),
    ) {
        let mut results = self.results();
        self.blocks(batch, subjects, |range| {
            results.clear();
            Block::new(self, batch, range).run(&mut results);
            take(range.0, &results);
        });
    }

    fn blocks(
        &self,
        batch: &Batch,
        (first, end): (usize, usize),
        mut work: impl FnMut((usize, usize)),
    ) {
        let mut from = first;
        while from < end.min(batch.rows) {
            let to = (from + BLOCK).min(end).min(batch.rows);
            work((from, to));
            from = to;
        }
    }

    fn results(&self) -> Results {
        let named = self.plan.results.iter().map(|own| (own.rule.clone(), Column::default()));
        Results { columns: named.collect(), irregular: Vec::new() }
    }

    /// The number of a text; of one that stands nowhere, a number that no text has.
    fn text(&self, text: &str) -> i64 {
        self.dictionary.find(text).unwrap_or(-1)
    }

    /// The answer for one subject of the batch by the tree, with its open questions.
    pub fn answer(&self, batch: &Batch, row: usize) -> Answer {
        self.plan.run(&self.facts(batch, row))
    }

    /// The facts of one subject as they are at a counter.
    pub fn facts(&self, batch: &Batch, row: usize) -> Record {
        batch.record(&self.plan.calculation, &self.dictionary, row)
    }

    /// The values of a result column as values.
    pub fn value(&self, column: &Column, row: usize, ty: &Type) -> Value {
        if column.is_unknown(row) {
            return Value::unknown("", "");
        }
        if column.is_null(row) {
            return Value::Null;
        }
        let number = column.values[row];
        match ty {
            Type::Number { scale } => Decimal::new(number, *scale).map_or(Value::Null, Value::from),
            Type::Boolean => Value::from(number != 0),
            Type::Date => day::unpack(number).map_or(Value::Null, Value::from),
            _ => self.dictionary.text(number).map_or(Value::Null, Value::from),
        }
    }
}
