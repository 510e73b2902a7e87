//! Text.

use super::{at, or_null};
use crate::dmn::number::Number;
use crate::dmn::signature::Row;
use crate::dmn::value::{count, list, number, text};
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[
    ("substring(string: string, start position: number, length: number?) -> string", substring),
    ("string length(string: string) -> number", |a| {
        or_null(text(at(a, 0)).map(|text| count(text.chars().count())))
    }),
    ("upper case(string: string) -> string", |a| or_null(text(at(a, 0)).map(str::to_uppercase))),
    ("lower case(string: string) -> string", |a| or_null(text(at(a, 0)).map(str::to_lowercase))),
    ("substring before(string: string, match: string) -> string", |a| {
        both(a, |string, part| string.split_once(part).map_or("", |(before, _)| before).into())
    }),
    ("substring after(string: string, match: string) -> string", |a| {
        both(a, |string, part| string.split_once(part).map_or("", |(_, after)| after).into())
    }),
    ("contains(string: string, match: string) -> boolean", |a| {
        both(a, |string, part| string.contains(part).into())
    }),
    ("starts with(string: string, match: string) -> boolean", |a| {
        both(a, |string, part| string.starts_with(part).into())
    }),
    ("ends with(string: string, match: string) -> boolean", |a| {
        both(a, |string, part| string.ends_with(part).into())
    }),
    ("string join(list: [string], delimiter: string!?) -> string", |a| {
        let Some(items) = list(at(a, 0)) else { return Value::Null };
        let parts: Vec<&str> = items.iter().filter_map(text).collect();
        parts.join(text(at(a, 1)).unwrap_or("")).into()
    }),
];

fn both(arguments: &[Value], apply: impl Fn(&str, &str) -> Value) -> Value {
    match (text(at(arguments, 0)), text(at(arguments, 1))) {
        (Some(string), Some(part)) => apply(string, part),
        _ => Value::Null,
    }
}

/// Characters from a position from 1, or from the end if negative.
fn substring(arguments: &[Value]) -> Value {
    let Some(string) = text(at(arguments, 0)) else { return Value::Null };
    let start = number(at(arguments, 1)).and_then(Number::truncate).unwrap_or(0);
    let length = i64::try_from(string.chars().count()).unwrap_or(i64::MAX);
    let skipped = if start > 0 { start - 1 } else { length + start };
    let wanted = match at(arguments, 2) {
        Value::Null => length,
        wanted => number(wanted).and_then(Number::truncate).unwrap_or(0),
    };
    if start == 0 || wanted < 1 || skipped < 0 {
        return Value::Null;
    }
    let size = |value: i64| usize::try_from(value).unwrap_or(usize::MAX);
    string.chars().skip(size(skipped)).take(size(wanted)).collect::<String>().into()
}
