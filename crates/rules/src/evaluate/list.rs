//! Lists: loops, quantifiers, filters, positions. A null list has no elements.

use std::sync::Arc;

use super::truth::{both, either};
use super::{Evaluated, Evaluator, conform};
use crate::error::{Failure, Span};
use crate::syntax::Quantifier;
use crate::tree::Node;
use crate::types::Type;
use crate::value::{Unknown, Value};

/// The elements of a list, or why they are not known.
pub(super) enum Elements {
    Known(Arc<Vec<Value>>),
    Unknown(Unknown),
}

/// The type of the elements of what `list` gives.
pub(super) fn element_type(list: &Node) -> &Type {
    match &list.ty {
        Type::List(element) => element,
        _ => &Type::Null,
    }
}

/// What to do after an element of a loop.
enum Next {
    Go,
    Stop,
}

impl Evaluator<'_, '_> {
    pub(super) fn elements(&mut self, list: &Node) -> Result<Elements, Box<Failure>> {
        Ok(match self.eval(list)? {
            Value::List(items) => Elements::Known(items),
            Value::Unknown(unknown) => Elements::Unknown(unknown),
            _ => Elements::Known(Arc::default()),
        })
    }

    /// Evaluates `body` for each element, bound as the innermost local, and hands element and
    /// result to `visit`. The answer is the reason if the list itself is unknown.
    fn visit(
        &mut self,
        list: &Node,
        body: &Node,
        mut visit: impl FnMut(&Value, Value) -> Next,
    ) -> Result<Option<Unknown>, Box<Failure>> {
        let items = match self.elements(list)? {
            Elements::Known(items) => items,
            Elements::Unknown(unknown) => return Ok(Some(unknown)),
        };
        let element = element_type(list);
        for item in items.iter() {
            let item = conform(item, element, list.span)?;
            self.locals.push(item);
            let result = self.eval(body)?;
            let item = self.locals.pop().unwrap_or(Value::Null);
            if let Next::Stop = visit(&item, result) {
                break;
            }
        }
        Ok(None)
    }

    pub(super) fn quantified(
        &mut self,
        quantifier: Quantifier,
        list: &Node,
        body: &Node,
    ) -> Evaluated {
        let decisive = Value::Boolean(quantifier == Quantifier::Some);
        let mut whole = Value::Boolean(quantifier == Quantifier::Every);
        let unknown = self.visit(list, body, |_, result| {
            let before = std::mem::replace(&mut whole, Value::Null);
            whole = match quantifier {
                Quantifier::Some => either(before, result),
                Quantifier::Every => both(before, result),
            };
            if whole == decisive { Next::Stop } else { Next::Go }
        })?;
        Ok(unknown.map_or(whole, Value::Unknown))
    }

    pub(super) fn each(&mut self, list: &Node, body: &Node) -> Evaluated {
        let mut results = Vec::new();
        let unknown = self.visit(list, body, |_, result| {
            results.push(result);
            Next::Go
        })?;
        Ok(unknown.map_or_else(|| results.into(), Value::Unknown))
    }

    /// Keeps what the condition holds for. If it is open for one, the whole list is unknown.
    pub(super) fn filter(&mut self, list: &Node, condition: &Node) -> Evaluated {
        let mut kept = Vec::new();
        let mut open: Option<Unknown> = None;
        let unknown = self.visit(list, condition, |item, result| {
            match result {
                Value::Boolean(true) => kept.push(item.clone()),
                Value::Unknown(unknown) => {
                    open = Some(match open.take() {
                        Some(open) => open.merge(&unknown),
                        None => unknown,
                    });
                }
                _ => {}
            }
            Next::Go
        })?;
        Ok(unknown.or(open).map_or_else(|| kept.into(), Value::Unknown))
    }

    /// The element at a position from 1, from the end if negative, else null.
    pub(super) fn position(&mut self, list: &Node, position: &Node) -> Evaluated {
        let elements = self.elements(list)?;
        // The checker counts the element of a filter as a local, whether used or not.
        self.locals.push(Value::Null);
        let position_value = self.eval(position)?;
        self.locals.pop();
        let index = match position_value {
            Value::Number(number) => number.to_integer().unwrap_or(0),
            other => return Ok(other),
        };
        let items = match elements {
            Elements::Known(items) => items,
            Elements::Unknown(unknown) => return Ok(Value::Unknown(unknown)),
        };
        let size = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let offset = if index > 0 { index - 1 } else { size.saturating_add(index) };
        let found = usize::try_from(offset).ok().filter(|_| index != 0);
        match found.and_then(|offset| items.get(offset)) {
            Some(item) => conform(item, element_type(list), list.span),
            None => Ok(Value::Null),
        }
    }

    pub(super) fn membership(&mut self, value: &Node, list: &Node, span: Span) -> Evaluated {
        let value = self.eval(value)?;
        let items = match self.elements(list)? {
            Elements::Known(items) => items,
            Elements::Unknown(unknown) => return Ok(Value::Unknown(unknown)),
        };
        let mut whole = Value::Boolean(false);
        for item in items.iter() {
            whole = either(whole, self.equal(&value, item, span)?);
            if whole == Value::Boolean(true) {
                break;
            }
        }
        Ok(whole)
    }

    /// Each element once, in the order of its first occurrence.
    pub(super) fn distinct(&mut self, items: &[Value], span: Span) -> Evaluated {
        let mut kept: Vec<Value> = Vec::new();
        for item in items {
            let mut seen = Value::Boolean(false);
            for other in &kept {
                seen = either(seen, self.equal(item, other, span)?);
                if seen == Value::Boolean(true) {
                    break;
                }
            }
            match seen {
                Value::Unknown(unknown) => return Ok(Value::Unknown(unknown)),
                Value::Boolean(true) => {}
                _ => kept.push(item.clone()),
            }
        }
        Ok(kept.into())
    }
}
