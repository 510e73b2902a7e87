//! Arithmetic: i64 digits at scales fixed by the checker, i128 between, overflow a fault.

use super::{Evaluated, Evaluator, absorb};
use crate::calendar;
use crate::error::{Failure, Fault, Span};
use crate::functions::Rounding;
use crate::tree::{Arithmetic, Node};
use crate::types::Type;
use crate::value::{Decimal, Duration, Value};

/// Bytes of one text that an expression may build.
const MAX_TEXT: usize = 65_536;

pub(super) fn negate(value: Value, span: Span) -> Evaluated {
    match value {
        Value::Number(number) => fit(-i128::from(number.mantissa()), number.scale(), span),
        Value::Duration(duration) => {
            let negated = duration.checked_neg().ok_or_else(|| Fault::Overflow.at(span))?;
            Ok(negated.into())
        }
        other => Ok(other),
    }
}

/// A number from wide digits.
pub(super) fn fit(mantissa: i128, scale: u8, span: Span) -> Evaluated {
    let mantissa = i64::try_from(mantissa).ok();
    let number = mantissa.and_then(|mantissa| Decimal::new(mantissa, scale));
    number.map(Value::Number).ok_or_else(|| Fault::Overflow.at(span))
}

/// The scale of a node that is a number.
pub(super) fn scale_of(node: &Node) -> u8 {
    match node.ty {
        Type::Number { scale } => scale,
        _ => 0,
    }
}

impl Evaluator<'_, '_> {
    pub(super) fn arithmetic(
        &mut self,
        operation: Arithmetic,
        left: Value,
        right: Value,
        node: &Node,
    ) -> Evaluated {
        let span = node.span;
        if let Some(absorbed) = absorb([&left, &right]) {
            return Ok(absorbed);
        }
        match (left, right) {
            (Value::Number(a), Value::Number(b)) => {
                let (a, b) = (i128::from(a.mantissa()), i128::from(b.mantissa()));
                let digits = match operation {
                    Arithmetic::Subtract => a - b,
                    Arithmetic::Multiply => a * b,
                    _ => a + b,
                };
                fit(digits, scale_of(node), span)
            }
            (Value::Text(a), Value::Text(b)) => self.join_texts(&[&a, &b], span),
            (Value::Date(date), Value::Duration(duration)) => {
                let moved = match operation {
                    Arithmetic::Earlier => calendar::subtract(*date, duration),
                    _ => calendar::add(*date, duration),
                };
                moved.map(Value::from).map_err(|fault| fault.at(span))
            }
            (Value::Date(a), Value::Date(b)) => {
                let days = i32::try_from(calendar::days_between(*b, *a));
                let days = days.map_err(|_| Fault::Overflow.at(span))?;
                Ok(Duration::from_days(days).into())
            }
            (Value::Duration(a), Value::Duration(b)) => {
                let b = if operation == Arithmetic::SubtractDurations {
                    b.checked_neg()
                } else {
                    Some(b)
                };
                let sum = b.and_then(|b| a.checked_add(b));
                sum.map(Value::Duration).ok_or_else(|| Fault::Overflow.at(span))
            }
            (a, b) => {
                Err(Fault::WrongType { expected: a.kind().to_owned(), found: b.kind() }.at(span))
            }
        }
    }

    pub(super) fn join_texts(&mut self, parts: &[&str], span: Span) -> Evaluated {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if length > MAX_TEXT {
            return Err(Fault::TextTooLong.at(span));
        }
        self.charge(length / 64, span)?;
        Ok(parts.concat().into())
    }

    /// A product over a product as one fraction, rounded once.
    pub(super) fn quotient(
        &mut self,
        rounding: Rounding,
        factors: [&[Node]; 2],
        unit: &Node,
        node: &Node,
    ) -> Evaluated {
        let [over, under] = factors;
        let mut values = self.all(over)?;
        values.extend(self.all(under)?);
        values.push(self.eval(unit)?);
        if let Some(absorbed) = absorb(&values) {
            return Ok(absorbed);
        }
        let unit = digits(values.last());
        if unit <= 0 {
            return Err(Fault::UnitNotPositive.at(node.span));
        }
        let (over_values, rest) = values.split_at(over.len().min(values.len()));
        let under_values = &rest[..under.len().min(rest.len())];
        if under_values.iter().any(|value| digits(Some(value)) == 0) {
            return Err(Fault::DivisionByZero.at(node.span));
        }
        let places = |nodes: &[Node]| nodes.iter().map(|n| i32::from(scale_of(n))).sum::<i32>();
        let shift = places(under) + i32::from(scale_of(node)) - places(over);
        let whole = || -> Option<i128> {
            let ten = 10_i128.checked_pow(shift.unsigned_abs())?;
            let (more, less) = if shift >= 0 { (ten, 1) } else { (1, ten) };
            let over = product(over_values, more)?;
            let under = product(under_values, less)?.checked_mul(unit)?;
            round(rounding, over, under)?.checked_mul(unit)
        };
        let mantissa = whole().ok_or_else(|| Fault::Overflow.at(node.span))?;
        fit(mantissa, scale_of(node), node.span)
    }

    /// The sum of known numbers of one scale.
    pub(super) fn total(&self, values: &[Value], node: &Node) -> Evaluated {
        let mut total = 0_i128;
        for value in values {
            total += digits(Some(value));
        }
        fit(total, scale_of(node), node.span)
    }
}

fn digits(value: Option<&Value>) -> i128 {
    match value {
        Some(Value::Number(number)) => i128::from(number.mantissa()),
        _ => 0,
    }
}

fn product(values: &[Value], first: i128) -> Option<i128> {
    values.iter().try_fold(first, |product, value| product.checked_mul(digits(Some(value))))
}

/// `over` / `under` as a whole number, by magnitude.
pub(crate) fn round(rounding: Rounding, over: i128, under: i128) -> Option<i128> {
    let negative = (over < 0) != (under < 0);
    let (over, under) = (over.unsigned_abs(), under.unsigned_abs());
    let (whole, rest) = (over.checked_div(under)?, over.checked_rem(under)?);
    let up = match rounding {
        Rounding::Down => false,
        Rounding::Up => rest > 0,
        Rounding::HalfUp => rest >= under - rest,
    };
    let whole = i128::try_from(whole + u128::from(up)).ok()?;
    Some(if negative { -whole } else { whole })
}

/// A number without its sign.
pub(super) fn absolute(value: Value, span: Span) -> Result<Value, Box<Failure>> {
    match value {
        Value::Number(number) if number.mantissa() < 0 => negate(value, span),
        other => Ok(other),
    }
}
