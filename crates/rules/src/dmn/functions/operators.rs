//! Arithmetic and comparison, as functions; the checker has fixed the types of the operands.

use super::{at, or_null};
use crate::dmn::number::{Mode, Number};
use crate::dmn::scalar::{Form, Kind, Range};
use crate::dmn::temporal::{CalendarDate, DAY, Moment};
use crate::dmn::value::{days, equal, months, number, order, range};
use crate::value::Value;

fn kinds<'v>(arguments: &'v [Value]) -> Option<(&'v Kind, &'v Kind)> {
    match (at(arguments, 0), at(arguments, 1)) {
        (Value::Scalar(a), Value::Scalar(b)) => Some((&a.0, &b.0)),
        _ => None,
    }
}

pub(crate) fn add(arguments: &[Value]) -> Value {
    if let (Value::Text(a), Value::Text(b)) = (at(arguments, 0), at(arguments, 1)) {
        return [&**a, &**b].concat().into();
    }
    or_null(kinds(arguments).and_then(|(a, b)| sum(a, b)).map(Kind::value))
}

pub(crate) fn subtract(arguments: &[Value]) -> Value {
    let Some((a, b)) = kinds(arguments) else { return Value::Null };
    let difference = match (a, b) {
        (Kind::Date(a), Kind::Date(b)) => {
            Some(Kind::Days(i128::from(a.to_days() - b.to_days()) * DAY))
        }
        (Kind::Moment(a), Kind::Moment(b)) => between(
            (a.universal(), a.time.offset.is_some()),
            (b.universal(), b.time.offset.is_some()),
        ),
        (Kind::Time(a), Kind::Time(b)) => {
            between((a.universal(), a.offset.is_some()), (b.universal(), b.offset.is_some()))
        }
        (a, b) => opposite(b).and_then(|b| sum(a, &b)),
    };
    or_null(difference.map(Kind::value))
}

/// Nanoseconds between two points, both with an offset or both without.
fn between(a: (i128, bool), b: (i128, bool)) -> Option<Kind> {
    (a.1 == b.1).then_some(Kind::Days(a.0 - b.0))
}

fn opposite(kind: &Kind) -> Option<Kind> {
    Some(match kind {
        Kind::Number(number) => Kind::Number(number.negate()),
        Kind::Days(nanos) => Kind::Days(-nanos),
        Kind::Months(months) => Kind::Months(months.checked_neg()?),
        _ => return None,
    })
}

pub(crate) fn negate(arguments: &[Value]) -> Value {
    match at(arguments, 0) {
        Value::Scalar(scalar) => or_null(opposite(&scalar.0).map(Kind::value)),
        _ => Value::Null,
    }
}

fn sum(a: &Kind, b: &Kind) -> Option<Kind> {
    Some(match (a, b) {
        (Kind::Number(a), Kind::Number(b)) => Kind::Number(a.add(*b)?),
        (Kind::Days(a), Kind::Days(b)) => Kind::Days(a.checked_add(*b)?),
        (Kind::Months(a), Kind::Months(b)) => Kind::Months(a.checked_add(*b)?),
        (Kind::Date(date), Kind::Months(months)) | (Kind::Months(months), Kind::Date(date)) => {
            Kind::Date(date.add_months(*months)?)
        }
        (Kind::Date(date), Kind::Days(nanos)) | (Kind::Days(nanos), Kind::Date(date)) => {
            let days = i64::try_from(nanos.div_euclid(DAY)).ok()?;
            Kind::Date(CalendarDate::from_days(date.to_days().checked_add(days)?)?)
        }
        (Kind::Moment(moment), Kind::Months(months))
        | (Kind::Months(months), Kind::Moment(moment)) => Kind::Moment(moment.add_months(*months)?),
        (Kind::Moment(moment), Kind::Days(nanos)) | (Kind::Days(nanos), Kind::Moment(moment)) => {
            Kind::Moment(moment.add_nanos(*nanos)?)
        }
        (Kind::Time(time), Kind::Days(nanos)) | (Kind::Days(nanos), Kind::Time(time)) => {
            Kind::Time(time.add(*nanos))
        }
        _ => return None,
    })
}

/// A duration times or over a number, cut to its unit.
fn scaled(unit: i128, factor: Number, apply: fn(Number, Number) -> Option<Number>) -> Option<i128> {
    let scaled = apply(Number::from_i128(unit)?, factor)?.to_places(0, Mode::Down)?;
    scaled.to_string().parse().ok()
}

pub(crate) fn multiply(arguments: &[Value]) -> Value {
    let (a, b) = (at(arguments, 0), at(arguments, 1));
    if let Some((a, b)) = number(a).zip(number(b)) {
        return or_null(a.multiply(b));
    }
    let (Some(factor), other) =
        (if let Some(factor) = number(a) { (Some(factor), b) } else { (number(b), a) })
    else {
        return Value::Null;
    };
    stretched(other, factor, Number::multiply)
}

fn stretched(value: &Value, factor: Number, apply: fn(Number, Number) -> Option<Number>) -> Value {
    if let Some(nanos) = days(value) {
        return or_null(scaled(nanos, factor, apply).map(|nanos| Kind::Days(nanos).value()));
    }
    let months = months(value).and_then(|months| scaled(i128::from(months), factor, apply));
    let months = months.and_then(|months| i64::try_from(months).ok());
    or_null(months.map(|months| Kind::Months(months).value()))
}

pub(crate) fn divide(arguments: &[Value]) -> Value {
    let (a, b) = (at(arguments, 0), at(arguments, 1));
    if let Some(divisor) = number(b) {
        return match number(a) {
            Some(a) => or_null(a.divide(divisor)),
            None => stretched(a, divisor, Number::divide),
        };
    }
    let sizes = match (days(a).zip(days(b)), months(a).zip(months(b))) {
        (Some(sizes), _) => sizes,
        (_, Some((a, b))) => (i128::from(a), i128::from(b)),
        _ => return Value::Null,
    };
    let quotient = Number::from_i128(sizes.0).zip(Number::from_i128(sizes.1));
    or_null(quotient.and_then(|(a, b)| a.divide(b)))
}

pub(crate) fn power(arguments: &[Value]) -> Value {
    let both = number(at(arguments, 0)).zip(number(at(arguments, 1)));
    or_null(both.and_then(|(base, exponent)| base.power(exponent)))
}

pub(crate) fn equals(arguments: &[Value]) -> Value {
    equal(at(arguments, 0), at(arguments, 1)).into()
}

pub(crate) fn differs(arguments: &[Value]) -> Value {
    (!equal(at(arguments, 0), at(arguments, 1))).into()
}

macro_rules! orders {
    ($($name:ident: $is:ident;)*) => {$(
        pub(crate) fn $name(arguments: &[Value]) -> Value {
            or_null(order(at(arguments, 0), at(arguments, 1)).map(|order| order.$is()))
        }
    )*};
}

orders! {
    less: is_lt;
    less_or_equal: is_le;
    greater: is_gt;
    greater_or_equal: is_ge;
}

/// Whether a value lies in a range.
pub(crate) fn within(arguments: &[Value]) -> Value {
    let value = at(arguments, 0);
    or_null(range(at(arguments, 1)).and_then(|range| lies_in(value, range)))
}

fn lies_in(value: &Value, range: &Range) -> Option<bool> {
    let [low, high] = &range.ends;
    match range.form {
        Form::Equal => return Some(equal(value, low)),
        Form::Unequal => return Some(!equal(value, low)),
        Form::Compared | Form::Between => {}
    }
    let open = range.form == Form::Compared;
    let above = match order(value, low) {
        Some(order) => order.is_gt() || (range.closed[0] && order.is_eq()),
        None if open && *low == Value::Null => true,
        None => return None,
    };
    let below = match order(value, high) {
        Some(order) => order.is_lt() || (range.closed[1] && order.is_eq()),
        None if open && *high == Value::Null => true,
        None => return None,
    };
    Some(above && below)
}

/// Whether a value lies in one of a list of ranges.
pub(crate) fn within_one(arguments: &[Value]) -> Value {
    let Value::List(ranges) = at(arguments, 1) else { return Value::Null };
    let value = at(arguments, 0);
    let found = ranges.iter().filter_map(range).any(|range| lies_in(value, range) == Some(true));
    found.into()
}

/// Whether a list has an element equal to a value.
pub(crate) fn among(arguments: &[Value]) -> Value {
    let Value::List(items) = at(arguments, 1) else { return Value::Null };
    items.iter().any(|item| equal(item, at(arguments, 0))).into()
}

/// A list of one as its element; any other list as null.
pub(crate) fn only(arguments: &[Value]) -> Value {
    match at(arguments, 0) {
        Value::List(items) if items.len() == 1 => items[0].clone(),
        _ => Value::Null,
    }
}

/// A value as a list of one; null as the list of null.
pub(crate) fn alone(arguments: &[Value]) -> Value {
    vec![at(arguments, 0).clone()].into()
}

/// A date as its midnight in UTC.
pub(crate) fn midnight(arguments: &[Value]) -> Value {
    let date = crate::dmn::value::date(at(arguments, 0));
    or_null(date.map(|date| Kind::Moment(Moment::midnight(date, Some(0))).value()))
}

pub(crate) fn is_known(arguments: &[Value]) -> Value {
    (*at(arguments, 0) != Value::Null).into()
}
