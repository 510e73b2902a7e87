//! The parts of dates, times, durations and ranges.

use super::{Apply, at, or_null};
use crate::dmn::number::Number;
use crate::dmn::scalar::{DAYS, Kind, NUMBER, Shape};
use crate::dmn::temporal::{CalendarDate, DAY, SECOND, Time};
use crate::dmn::value::{date, days, moment, months, range, time};
use crate::types::Type;
use crate::value::Value;

/// The type and the reading of property `name` of a value of `shape`.
pub(crate) fn find(shape: &Shape, name: &str) -> Option<(Type, Apply)> {
    if let Shape::Range(element) = shape {
        let apply: Apply = match name {
            "start" => |a| end(a, 0),
            "end" => |a| end(a, 1),
            "start included" => |a| closed(a, 0),
            "end included" => |a| closed(a, 1),
            _ => return None,
        };
        let is_end = matches!(name, "start" | "end");
        return Some((if is_end { (**element).clone() } else { Type::Boolean }, apply));
    }
    let has_day = matches!(shape, Shape::Date | Shape::Moment);
    let has_clock = matches!(shape, Shape::Time | Shape::Moment);
    let apply: Apply = match name {
        "year" if has_day => |a| of_day(a, |date| date.year),
        "month" if has_day => |a| of_day(a, |date| i64::from(date.month)),
        "day" if has_day => |a| of_day(a, |date| i64::from(date.day)),
        "weekday" if has_day => |a| of_day(a, CalendarDate::weekday),
        "hour" if has_clock => |a| of_clock(a, |time| i128::from(time.hour()) * SECOND),
        "minute" if has_clock => |a| of_clock(a, |time| i128::from(time.minute()) * SECOND),
        "second" if has_clock => |a| of_clock(a, |time| time.second_nanos() / SECOND * SECOND),
        "time offset" if has_clock => return Some((DAYS, offset)),
        "timezone" if has_clock => return Some((Type::Text, |_| Value::Null)),
        "days" if *shape == Shape::Days => |a| of_days(a, |nanos| nanos / DAY),
        "hours" if *shape == Shape::Days => |a| of_days(a, |nanos| nanos / (3600 * SECOND) % 24),
        "minutes" if *shape == Shape::Days => |a| of_days(a, |nanos| nanos / (60 * SECOND) % 60),
        "seconds" if *shape == Shape::Days => |a| of_seconds(days(at(a, 0))),
        "years" if *shape == Shape::Months => |a| whole(months(at(a, 0)).map(|count| count / 12)),
        "months" if *shape == Shape::Months => |a| whole(months(at(a, 0)).map(|count| count % 12)),
        _ => return None,
    };
    Some((NUMBER, apply))
}

fn whole(value: Option<i64>) -> Value {
    or_null(value.map(Number::from))
}

fn end(arguments: &[Value], side: usize) -> Value {
    range(at(arguments, 0)).map_or(Value::Null, |range| range.ends[side].clone())
}

fn closed(arguments: &[Value], side: usize) -> Value {
    or_null(range(at(arguments, 0)).map(|range| range.closed[side]))
}

fn of_day(arguments: &[Value], part: fn(CalendarDate) -> i64) -> Value {
    let value = at(arguments, 0);
    whole(date(value).or_else(|| moment(value).map(|moment| moment.date)).map(part))
}

fn clock(value: &Value) -> Option<Time> {
    time(value).or_else(|| moment(value).map(|moment| moment.time))
}

/// A part of the clock given in nanoseconds, as seconds.
fn of_clock(arguments: &[Value], part: fn(Time) -> i128) -> Value {
    let nanos = clock(at(arguments, 0)).map(part);
    of_nanos(nanos)
}

fn of_nanos(nanos: Option<i128>) -> Value {
    let seconds = nanos.and_then(Number::from_i128);
    or_null(seconds.and_then(|nanos| nanos.divide(Number::from(1_000_000_000))))
}

fn of_days(arguments: &[Value], part: fn(i128) -> i128) -> Value {
    or_null(days(at(arguments, 0)).map(part).and_then(Number::from_i128))
}

fn of_seconds(nanos: Option<i128>) -> Value {
    of_nanos(nanos.map(|nanos| nanos / SECOND % 60 * SECOND))
}

fn offset(arguments: &[Value]) -> Value {
    let offset = clock(at(arguments, 0)).and_then(|time| time.offset);
    or_null(offset.map(|seconds| Kind::Days(i128::from(seconds) * SECOND).value()))
}
