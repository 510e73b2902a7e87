//! Dates, times, moments and durations.

use super::{at, or_null};
use crate::dmn::number::{Mode, Number};
use crate::dmn::scalar::Kind;
use crate::dmn::signature::Row;
use crate::dmn::temporal::{CalendarDate, Moment, SECOND, Time};
use crate::dmn::value::{date, days, moment, number, text, time};
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[
    ("date(from: string) -> date", |a| {
        or_null(text(at(a, 0)).and_then(CalendarDate::parse).map(|date| Kind::Date(date).value()))
    }),
    ("date(from: date) -> date", |a| at(a, 0).clone()),
    ("date(from: moment) -> date", |a| {
        or_null(moment(at(a, 0)).map(|moment| Kind::Date(moment.date).value()))
    }),
    ("date(year: number, month: number, day: number) -> date", |a| {
        let part = |place| number(at(a, place)).and_then(Number::to_i64);
        let parts = part(0).zip(part(1)).zip(part(2));
        let date = parts.and_then(|((year, month), day)| CalendarDate::new(year, month, day));
        or_null(date.map(|date| Kind::Date(date).value()))
    }),
    ("time(from: string) -> time", |a| {
        or_null(text(at(a, 0)).and_then(Time::parse).map(|time| Kind::Time(time).value()))
    }),
    ("time(from: time) -> time", |a| at(a, 0).clone()),
    ("time(from: moment) -> time", |a| {
        or_null(moment(at(a, 0)).map(|moment| Kind::Time(moment.time).value()))
    }),
    ("time(from: date) -> time", |a| {
        let midnight = Kind::Time(Time { nanos: 0, offset: Some(0) });
        or_null(date(at(a, 0)).map(|_| midnight.value()))
    }),
    ("time(hour: number, minute: number, second: number, offset: days!?) -> time", from_parts),
    ("date and time(from: string) -> moment", |a| {
        or_null(text(at(a, 0)).and_then(Moment::parse).map(|found| Kind::Moment(found).value()))
    }),
    ("date and time(from: moment) -> moment", |a| at(a, 0).clone()),
    ("date and time(date: date, time: time) -> moment", |a| {
        let both = date(at(a, 0)).zip(time(at(a, 1)));
        or_null(both.map(|(date, time)| Kind::Moment(Moment { date, time }).value()))
    }),
    ("date and time(date: moment, time: time) -> moment", |a| {
        let both = moment(at(a, 0)).zip(time(at(a, 1)));
        or_null(both.map(|(day, time)| Kind::Moment(Moment { date: day.date, time }).value()))
    }),
    ("years and months duration(from: date, to: date) -> months", months_between),
    ("years and months duration(from: moment, to: moment) -> months", months_between),
    ("years and months duration(from: date, to: moment) -> months", months_between),
    ("years and months duration(from: moment, to: date) -> months", months_between),
    ("day of year(date: date) -> number", |a| of(a, CalendarDate::day_of_year)),
    ("day of year(date: moment) -> number", |a| of(a, CalendarDate::day_of_year)),
    ("week of year(date: date) -> number", |a| of(a, CalendarDate::week_of_year)),
    ("week of year(date: moment) -> number", |a| of(a, CalendarDate::week_of_year)),
    ("day of week(date: date) -> string", |a| name(a, WEEKDAYS, CalendarDate::weekday)),
    ("day of week(date: moment) -> string", |a| name(a, WEEKDAYS, CalendarDate::weekday)),
    ("month of year(date: date) -> string", |a| name(a, MONTHS, |date| i64::from(date.month))),
    ("month of year(date: moment) -> string", |a| name(a, MONTHS, |date| i64::from(date.month))),
];

const WEEKDAYS: &[&str] =
    &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const MONTHS: &[&str] = &[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn day_of(value: &Value) -> Option<CalendarDate> {
    date(value).or_else(|| moment(value).map(|moment| moment.date))
}

fn of(arguments: &[Value], part: fn(CalendarDate) -> i64) -> Value {
    or_null(day_of(at(arguments, 0)).map(|date| Number::from(part(date))))
}

fn name(arguments: &[Value], names: &[&str], part: fn(CalendarDate) -> i64) -> Value {
    let place =
        day_of(at(arguments, 0)).map(part).and_then(|number| usize::try_from(number - 1).ok());
    or_null(place.and_then(|place| names.get(place)).copied())
}

/// Whole months from one day to another; the time of day does not count.
fn months_between(arguments: &[Value]) -> Value {
    let both = day_of(at(arguments, 0)).zip(day_of(at(arguments, 1)));
    or_null(both.map(|(from, to)| Kind::Months(from.months_until(to)).value()))
}

fn from_parts(arguments: &[Value]) -> Value {
    let part = |place| number(at(arguments, place)).and_then(Number::to_i64);
    let seconds = number(at(arguments, 2));
    let nanos = seconds.and_then(|seconds| {
        let nanos = seconds.multiply(Number::from(1_000_000_000))?;
        nanos.to_places(0, Mode::Down)?.to_i64()
    });
    let offset = match at(arguments, 3) {
        Value::Null => None,
        offset => match days(offset).map(|nanos| i32::try_from(nanos / SECOND)) {
            Some(Ok(offset)) if offset.abs() <= 18 * 3600 => Some(offset),
            _ => return Value::Null,
        },
    };
    let (Some(hour), Some(minute), Some(nanos)) = (part(0), part(1), nanos) else {
        return Value::Null;
    };
    let time = Time::new(hour, minute, i128::from(nanos), offset);
    or_null(time.map(|time| Kind::Time(time).value()))
}
