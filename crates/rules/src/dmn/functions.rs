//! The functions of FEEL over values. Each gives null where FEEL does; the signatures in
//! [`super::signature`] say which types come in.

pub(crate) mod lists;
mod numbers;
pub(crate) mod operators;
pub(crate) mod properties;
mod ranges;
mod temporal;
mod texts;

use super::signature::Row;
use crate::value::Value;

/// What a function does; an argument left out is null.
pub(crate) type Apply = fn(&[Value]) -> Value;

/// All functions, by group.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    [numbers::ROWS, texts::ROWS, lists::ROWS, temporal::ROWS, ranges::ROWS].into_iter().flatten()
}

/// A result, or null.
fn or_null<T: Into<Value>>(result: Option<T>) -> Value {
    result.map_or(Value::Null, Into::into)
}

/// An argument; one left out is null.
fn at(arguments: &[Value], place: usize) -> &Value {
    arguments.get(place).unwrap_or(&Value::Null)
}
