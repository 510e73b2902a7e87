//! Numbers, truth and conversion between numbers and text.

use super::{at, or_null};
use crate::dmn::number::{Mode, Number, ONE, ZERO};
use crate::dmn::scalar::Kind;
use crate::dmn::signature::Row;
use crate::dmn::value::{days, equal, months, number, text, truth};
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[
    ("abs(n: number) -> number", |a| or_null(number(at(a, 0)).map(Number::abs))),
    ("abs(n: days) -> days", |a| {
        or_null(days(at(a, 0)).map(|nanos| Kind::Days(nanos.abs()).value()))
    }),
    ("abs(n: months) -> months", |a| {
        or_null(months(at(a, 0)).map(|count| Kind::Months(count.abs()).value()))
    }),
    ("decimal(n: number, scale: number) -> number", |a| to_places(a, Mode::HalfEven)),
    ("floor(n: number, scale: number?) -> number", |a| to_places(a, Mode::Floor)),
    ("ceiling(n: number, scale: number?) -> number", |a| to_places(a, Mode::Ceiling)),
    ("round up(n: number, scale: number) -> number", |a| to_places(a, Mode::Up)),
    ("round down(n: number, scale: number) -> number", |a| to_places(a, Mode::Down)),
    ("round half up(n: number, scale: number) -> number", |a| to_places(a, Mode::HalfUp)),
    ("round half down(n: number, scale: number) -> number", |a| to_places(a, Mode::HalfDown)),
    ("modulo(dividend: number, divisor: number) -> number", |a| {
        let both = number(at(a, 0)).zip(number(at(a, 1)));
        or_null(both.and_then(|(dividend, divisor)| dividend.modulo(divisor)))
    }),
    ("sqrt(number: number) -> number", |a| or_null(number(at(a, 0)).and_then(Number::square_root))),
    ("log(number: number) -> number", |a| or_null(number(at(a, 0)).and_then(Number::logarithm))),
    ("exp(number: number) -> number", |a| or_null(number(at(a, 0)).and_then(Number::exponential))),
    ("odd(number: number) -> boolean", |a| parity(a, true)),
    ("even(number: number) -> boolean", |a| parity(a, false)),
    ("not(negand: boolean) -> boolean", |a| or_null(truth(at(a, 0)).map(|truth| !truth))),
    ("is(value1: any, value2: any) -> boolean", |a| same(at(a, 0), at(a, 1)).into()),
    (
        "number(from: string, grouping separator: string!?, decimal separator: string!?) -> number",
        to_number,
    ),
    ("string(from: any) -> string", |a| to_text(at(a, 0))),
];

fn to_places(arguments: &[Value], mode: Mode) -> Value {
    let Some(value) = number(at(arguments, 0)) else { return Value::Null };
    let places = match at(arguments, 1) {
        Value::Null => Some(0),
        scale => number(scale).and_then(Number::truncate),
    };
    let places = places.filter(|places| (-6111..=6176).contains(places));
    let places = places.and_then(|places| i32::try_from(places).ok());
    or_null(places.and_then(|places| value.to_places(places, mode)))
}

fn parity(arguments: &[Value], odd: bool) -> Value {
    let two = Number::from(2);
    let rest = number(at(arguments, 0)).and_then(|value| value.modulo(two));
    or_null(rest.map(|rest| rest == if odd { ONE } else { ZERO }))
}

/// Whether two values are the same, offsets and all.
fn same(a: &Value, b: &Value) -> bool {
    let (Value::Scalar(x), Value::Scalar(y)) = (a, b) else { return equal(a, b) };
    match (&x.0, &y.0) {
        (Kind::Time(_), Kind::Time(_)) | (Kind::Moment(_), Kind::Moment(_)) => x == y,
        _ => equal(a, b),
    }
}

/// `number("1 234,5", " ", ",")`.
fn to_number(arguments: &[Value]) -> Value {
    let Some(from) = text(at(arguments, 0)) else { return Value::Null };
    let (grouping, point) = (text(at(arguments, 1)), text(at(arguments, 2)));
    let allowed = grouping.is_none_or(|sign| [" ", ",", "."].contains(&sign))
        && point.is_none_or(|sign| [",", "."].contains(&sign))
        && (grouping.is_none() || grouping != point);
    if !allowed {
        return Value::Null;
    }
    let plain = grouping.map_or_else(|| from.to_owned(), |sign| from.replace(sign, ""));
    let plain = match point {
        Some(",") if plain.contains('.') => return Value::Null,
        Some(",") => plain.replace(',', "."),
        _ => plain,
    };
    let starts =
        plain.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit() || c == '.');
    or_null(Number::parse(&plain).filter(|_| starts && !plain.ends_with('.')))
}

/// Any value as text; text itself stays as it is.
pub(super) fn to_text(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Text(text) => text.clone().into(),
        other => written(other).into(),
    }
}

/// As a literal would be written.
fn written(value: &Value) -> String {
    match value {
        Value::Text(text) => {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        }
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(written).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}
