//! Kleene's logic with null and unknown, and comparison.
//! Unknown goes before null: whether the answer is null still depends on it.

use std::cmp::Ordering;

use super::{Evaluated, Evaluator, absorb};
use crate::error::{Failure, Fault, Span};
use crate::syntax::Comparison;
use crate::value::Value;

/// `a and b`.
pub(super) fn both(a: Value, b: Value) -> Value {
    join(a, b, false)
}

/// `a or b`.
pub(super) fn either(a: Value, b: Value) -> Value {
    join(a, b, true)
}

/// `decisive` on either side decides; then unknown, then null, then the other truth value.
fn join(a: Value, b: Value, decisive: bool) -> Value {
    match (a, b) {
        (Value::Boolean(x), _) | (_, Value::Boolean(x)) if x == decisive => {
            Value::Boolean(decisive)
        }
        (Value::Unknown(a), Value::Unknown(b)) => Value::Unknown(a.merge(&b)),
        (open @ Value::Unknown(_), _) | (_, open @ Value::Unknown(_)) => open,
        (Value::Null, _) | (_, Value::Null) => Value::Null,
        _ => Value::Boolean(!decisive),
    }
}

/// `not(a)`.
pub(super) fn negation(a: Value) -> Value {
    match a {
        Value::Boolean(truth) => Value::Boolean(!truth),
        other => other,
    }
}

impl Evaluator<'_, '_> {
    pub(super) fn compare(
        &mut self,
        comparison: Comparison,
        left: &Value,
        right: &Value,
        span: Span,
    ) -> Evaluated {
        match comparison {
            Comparison::Equal => return self.equal(left, right, span),
            Comparison::NotEqual => return self.equal(left, right, span).map(negation),
            _ => {}
        }
        if let Some(absorbed) = absorb([left, right]) {
            return Ok(absorbed);
        }
        let order = order(left, right, span)?;
        Ok(Value::Boolean(match comparison {
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            _ => order.is_ge(),
        }))
    }

    /// Equality: null equals only null; unknown leaves it open.
    pub(super) fn equal(&mut self, a: &Value, b: &Value, span: Span) -> Evaluated {
        self.charge(1, span)?;
        match (a, b) {
            (Value::Unknown(a), Value::Unknown(b)) => Ok(Value::Unknown(a.clone().merge(b))),
            (Value::Unknown(open), Value::Null) | (Value::Null, Value::Unknown(open))
                if open.carried().is_some() =>
            {
                Ok(Value::Boolean(false))
            }
            (Value::Unknown(open), _) | (_, Value::Unknown(open)) => {
                Ok(Value::Unknown(open.asked()))
            }
            (Value::List(a), Value::List(b)) => {
                if a.len() != b.len() {
                    return Ok(Value::Boolean(false));
                }
                self.equal_all(a.iter().zip(b.iter()), span)
            }
            (Value::Record(a), Value::Record(b)) => {
                if a.len() != b.len() {
                    return Ok(Value::Boolean(false));
                }
                let null = Value::Null;
                let pairs = a.iter().map(|(name, value)| (value, b.get(name).unwrap_or(&null)));
                self.equal_all(pairs, span)
            }
            (a, b) => Ok(Value::Boolean(a == b)),
        }
    }

    fn equal_all<'v>(
        &mut self,
        pairs: impl Iterator<Item = (&'v Value, &'v Value)>,
        span: Span,
    ) -> Evaluated {
        let mut whole = Value::Boolean(true);
        for (a, b) in pairs {
            whole = both(whole, self.equal(a, b, span)?);
            if whole == Value::Boolean(false) {
                break;
            }
        }
        Ok(whole)
    }

    /// Whether two answers are the same; two open ones are if they ask the same.
    pub(super) fn same(&mut self, a: &Value, b: &Value, span: Span) -> Result<bool, Box<Failure>> {
        if let (Value::Unknown(a), Value::Unknown(b)) = (a, b) {
            return Ok(a == b);
        }
        Ok(self.equal(a, b, span)? == Value::Boolean(true))
    }
}

/// The order of two known values of one ordered type.
pub(super) fn order(a: &Value, b: &Value, span: Span) -> Result<Ordering, Box<Failure>> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Ok(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Ok(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Ok(a.cmp(b)),
        (a, b) => Err(Fault::WrongType { expected: a.kind().to_owned(), found: b.kind() }.at(span)),
    }
}
