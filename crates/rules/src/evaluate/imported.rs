//! The operations of imported models: FEEL's null, its loops, filters and decision tables.

use super::{Evaluated, Evaluator};
use crate::dmn::functions::lists;
use crate::dmn::number::Number;
use crate::dmn::operation::{Action, Function, Operation};
use crate::dmn::scalar::{Kind, Range};
use crate::dmn::temporal::names_zone;
use crate::dmn::value::{count, equal, number, order, text, truth};
use crate::error::{Failure, Fault};
use crate::table::{Aggregator, HitPolicy, Table};
use crate::tree::Node;
use crate::value::Value;

/// The most whole numbers that one span may have.
const MAX_SPAN: i64 = 1_000_000;

impl Evaluator<'_, '_> {
    pub(super) fn imported(&mut self, operation: &Operation, node: &Node) -> Evaluated {
        match operation {
            Operation::Let { values, body } => {
                let level = self.locals.len();
                for value in values {
                    let value = self.eval(value)?;
                    self.locals.push(value);
                }
                let result = self.eval(body);
                self.locals.truncate(level);
                result
            }
            Operation::Apply { function, arguments } => self.apply(*function, arguments, node),
            Operation::Entry { base, name } => Ok(match self.eval(base)? {
                Value::Record(record) => record.get(name).cloned().unwrap_or(Value::Null),
                _ => Value::Null,
            }),
            Operation::For { list, body } => {
                let Some(items) = self.items(list)? else { return Ok(Value::Null) };
                let results: Result<Vec<Value>, _> =
                    items.iter().map(|item| self.with_local(item, body)).collect();
                Ok(results?.into())
            }
            Operation::Span { ends } => self.span(ends, node),
            Operation::Quantified { some, list, body } => {
                let Some(items) = self.items(list)? else { return Ok(Value::Null) };
                let mut open = false;
                for item in items.iter() {
                    match truth(&self.with_local(item, body)?) {
                        Some(found) if found == *some => return Ok(Value::from(found)),
                        Some(_) => {}
                        None => open = true,
                    }
                }
                Ok(if open { Value::Null } else { Value::from(!some) })
            }
            Operation::Filter { list, condition } => {
                let Some(items) = self.items(list)? else { return Ok(Value::Null) };
                let mut kept = Vec::new();
                for item in items.iter() {
                    if self.with_local(item, condition)? == Value::Boolean(true) {
                        kept.push(item.clone());
                    }
                }
                Ok(kept.into())
            }
            Operation::Item { list, position } => self.item(list, position),
            Operation::Sort { list, before } => self.sorted(list, before),
            Operation::Range { ends, closed, form } => {
                let ends = [self.eval(&ends[0])?, self.eval(&ends[1])?];
                Ok(Kind::Range(Box::new(Range { ends, closed: *closed, form: *form })).value())
            }
            Operation::Pattern { pattern, action, arguments } => {
                let values = self.all(arguments)?;
                self.charge(values.iter().map(size).sum::<usize>() * 4, node.span)?;
                let texts: Option<Vec<&str>> = values.iter().map(text).collect();
                let found = texts.and_then(|texts| match (action, texts.as_slice()) {
                    (Action::Matches, [text]) => Some(pattern.matches(text).into()),
                    (Action::Replace, [text, by]) => pattern.replace(text, by).map(Value::from),
                    (Action::Split, [text]) => {
                        let parts = pattern.split(text).into_iter();
                        Some(parts.map(Value::from).collect::<Vec<_>>().into())
                    }
                    _ => None,
                });
                Ok(found.unwrap_or(Value::Null))
            }
            Operation::Table(table) => self.table(table, node),
        }
    }

    fn apply(&mut self, function: Function, arguments: &[Node], node: &Node) -> Evaluated {
        let Function { name, apply, strict } = function;
        let values = self.all(arguments)?;
        let is_strict = |place: usize| place < 32 && strict & (1 << place) != 0;
        let absent = |(place, value): (usize, &Value)| is_strict(place) && *value == Value::Null;
        if values.iter().enumerate().any(absent) {
            return Ok(Value::Null);
        }
        if matches!(name, "time" | "date and time")
            && values.iter().filter_map(text).any(names_zone)
        {
            return Err(Fault::NamedZone.at(node.span));
        }
        self.charge(values.iter().map(size).sum(), node.span)?;
        Ok(apply(&values))
    }

    fn items(&mut self, list: &Node) -> Result<Option<std::sync::Arc<Vec<Value>>>, Box<Failure>> {
        Ok(match self.eval(list)? {
            Value::List(items) => Some(items),
            _ => None,
        })
    }

    fn with_local(&mut self, item: &Value, body: &Node) -> Evaluated {
        self.locals.push(item.clone());
        let result = self.eval(body);
        self.locals.pop();
        result
    }

    fn span(&mut self, ends: &[Node; 2], node: &Node) -> Evaluated {
        let (low, high) = (self.eval(&ends[0])?, self.eval(&ends[1])?);
        let whole = |value: &Value| number(value).and_then(Number::to_i64);
        let (Some(low), Some(high)) = (whole(&low), whole(&high)) else { return Ok(Value::Null) };
        let length = high.abs_diff(low).saturating_add(1);
        if i64::try_from(length).map_or(true, |length| length > MAX_SPAN) {
            return Err(Fault::TooManySteps.at(node.span));
        }
        self.charge(usize::try_from(length).unwrap_or(usize::MAX), node.span)?;
        let numbers = low.min(high)..=low.max(high);
        let mut numbers: Vec<Value> = numbers.map(|number| Number::from(number).into()).collect();
        if low > high {
            numbers.reverse();
        }
        Ok(numbers.into())
    }

    fn item(&mut self, list: &Node, position: &Node) -> Evaluated {
        let Some(items) = self.items(list)? else { return Ok(Value::Null) };
        // The checker counts the element of a filter as a local, whether used or not.
        self.locals.push(Value::Null);
        let position = self.eval(position);
        self.locals.pop();
        let Some(position) = number(&position?).and_then(Number::to_i64) else {
            return Ok(Value::Null);
        };
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let place = if position > 0 { position - 1 } else { length.saturating_add(position) };
        let place = usize::try_from(place).ok().filter(|_| position != 0);
        Ok(place.and_then(|place| items.get(place)).cloned().unwrap_or(Value::Null))
    }

    /// A stable merge, so that any answers of `before` give some order.
    fn sorted(&mut self, list: &Node, before: &Node) -> Evaluated {
        let Some(items) = self.items(list)? else { return Ok(Value::Null) };
        let mut sorted: Vec<Value> = Vec::with_capacity(items.len());
        for item in items.iter() {
            let (mut low, mut high) = (0, sorted.len());
            while low < high {
                let middle = usize::midpoint(low, high);
                self.locals.push(item.clone());
                let goes = self.with_local(&sorted[middle].clone(), before);
                self.locals.pop();
                match truth(&goes?) {
                    Some(true) => high = middle,
                    Some(false) => low = middle + 1,
                    None => return Ok(Value::Null),
                }
            }
            sorted.insert(low, item.clone());
        }
        Ok(sorted.into())
    }

    fn table(&mut self, table: &Table, node: &Node) -> Evaluated {
        let level = self.locals.len();
        for input in &table.inputs {
            let value = self.eval(input)?;
            self.locals.push(value);
        }
        let hits = self.hits(table);
        let result = match hits {
            Ok(hits) if hits.is_empty() => self.missed(table),
            Ok(hits) => Ok(table.answer(hits, equal)),
            Err(failure) => Err(failure),
        };
        self.locals.truncate(level);
        let result = result?;
        self.charge(1, node.span)?;
        Ok(match (table.policy, &result) {
            (HitPolicy::Collect(Some(aggregator)), Value::List(items)) => {
                aggregated(aggregator, items)
            }
            _ => result,
        })
    }

    fn hits(&mut self, table: &Table) -> Result<Vec<Vec<Value>>, Box<Failure>> {
        let mut hits = Vec::new();
        for row in &table.rows {
            let mut hit = true;
            for test in &row.tests {
                hit = self.eval(test)? == Value::Boolean(true);
                if !hit {
                    break;
                }
            }
            if hit {
                hits.push(self.all(&row.outputs)?);
                if table.policy == HitPolicy::First {
                    break;
                }
            }
        }
        Ok(hits)
    }

    /// What stands if no row is hit: the defaults, else null.
    fn missed(&mut self, table: &Table) -> Evaluated {
        if table.outputs.iter().all(|output| output.default.is_none()) {
            return Ok(Value::Null);
        }
        let mut values = Vec::new();
        for output in &table.outputs {
            values.push(match &output.default {
                Some(default) => self.eval(default)?,
                None => Value::Null,
            });
        }
        let value = table.shaped(values);
        Ok(if table.policy.is_multiple() { vec![value].into() } else { value })
    }
}

fn aggregated(aggregator: Aggregator, items: &[Value]) -> Value {
    let best = |smallest: bool| {
        let mut best: Option<&Value> = None;
        for item in items {
            let better = best.is_none_or(|best| {
                order(item, best).is_some_and(|o| if smallest { o.is_lt() } else { o.is_gt() })
            });
            if better {
                best = Some(item);
            }
        }
        best.cloned().unwrap_or(Value::Null)
    };
    match aggregator {
        Aggregator::Sum => lists::sum(items),
        Aggregator::Count => count(items.len()),
        Aggregator::Min => best(true),
        Aggregator::Max => best(false),
    }
}

/// The work that a value may mean for a function.
fn size(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.len(),
        Value::Text(text) => 1 + text.len() / 64,
        _ => 1,
    }
}
