//! Values of imported models: reading them apart, equality and order.

use std::cmp::Ordering;
use std::sync::Arc;

use super::number::Number;
use super::scalar::{Kind, Range, Scalar};
use super::temporal::{CalendarDate, Moment, Time};
use crate::value::Value;

macro_rules! read {
    ($($name:ident: $kind:ident -> $ty:ty;)*) => {$(
        pub(crate) fn $name(value: &Value) -> Option<$ty> {
            match value {
                Value::Scalar(scalar) => match &scalar.0 {
                    Kind::$kind(inner) => Some(*inner),
                    _ => None,
                },
                _ => None,
            }
        }
    )*};
}

read! {
    number: Number -> Number;
    date: Date -> CalendarDate;
    time: Time -> Time;
    moment: Moment -> Moment;
    days: Days -> i128;
    months: Months -> i64;
}

pub(crate) fn range(value: &Value) -> Option<&Range> {
    match value {
        Value::Scalar(scalar) => match &scalar.0 {
            Kind::Range(range) => Some(range),
            _ => None,
        },
        _ => None,
    }
}

pub(crate) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

pub(crate) fn list(value: &Value) -> Option<&[Value]> {
    match value {
        Value::List(items) => Some(items),
        _ => None,
    }
}

pub(crate) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Boolean(truth) => Some(*truth),
        _ => None,
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Value {
        Value::Scalar(Arc::new(Scalar(Kind::Number(number))))
    }
}

/// A count as FEEL's number.
pub(crate) fn count(value: usize) -> Value {
    Number::from(i64::try_from(value).unwrap_or(i64::MAX)).into()
}

/// FEEL's equality of two values of one type; null equals null.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Scalar(a), Value::Scalar(b)) => a.0.equal(&b.0),
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
        }
        (Value::Record(a), Value::Record(b)) => {
            let same = |(name, a): (&str, &Value)| b.get(name).is_some_and(|b| equal(a, b));
            a.len() == b.len() && a.iter().all(same)
        }
        (a, b) => a == b,
    }
}

/// The order of two values; `None` if one is null or they have no order.
pub(crate) fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Scalar(a), Value::Scalar(b)) => a.0.order(&b.0),
        (Value::Text(a), Value::Text(b)) => Some(a.chars().cmp(b.chars())),
        _ => None,
    }
}
