//! How points and ranges lie to each other (OMG DMN 1.5, table 78). A point counts as the range
//! from itself to itself where the standard says the same of both.

use std::cmp::Ordering;

use super::at;
use crate::dmn::signature::Row;
use crate::dmn::value::{order, range};
use crate::value::Value;

/// A range with known ends.
#[derive(Clone, Copy)]
struct Span<'v> {
    low: &'v Value,
    high: &'v Value,
    closed: [bool; 2],
    is_point: bool,
}

type Relation = fn(Span<'_>, Span<'_>) -> Option<bool>;

pub(super) const ROWS: &[Row] = &[
    ("before(point1: T, point2: T) -> boolean", |a| relate(a, before)),
    ("before(point: T, range: range<T>) -> boolean", |a| relate(a, before)),
    ("before(range: range<T>, point: T) -> boolean", |a| relate(a, before)),
    ("before(range1: range<T>, range2: range<T>) -> boolean", |a| relate(a, before)),
    ("after(point1: T, point2: T) -> boolean", |a| turned(a, before)),
    ("after(point: T, range: range<T>) -> boolean", |a| turned(a, before)),
    ("after(range: range<T>, point: T) -> boolean", |a| turned(a, before)),
    ("after(range1: range<T>, range2: range<T>) -> boolean", |a| turned(a, before)),
    ("meets(range1: range<T>, range2: range<T>) -> boolean", |a| relate(a, meets)),
    ("met by(range1: range<T>, range2: range<T>) -> boolean", |a| turned(a, meets)),
    ("overlaps(range1: range<T>, range2: range<T>) -> boolean", |a| relate(a, overlaps)),
    ("overlaps before(range1: range<T>, range2: range<T>) -> boolean", |a| {
        relate(a, overlaps_before)
    }),
    ("overlaps after(range1: range<T>, range2: range<T>) -> boolean", |a| {
        relate(a, overlaps_after)
    }),
    ("finishes(point: T, range: range<T>) -> boolean", |a| relate(a, finishes)),
    ("finishes(range1: range<T>, range2: range<T>) -> boolean", |a| relate(a, finishes)),
    ("finished by(range: range<T>, point: T) -> boolean", |a| turned(a, finishes)),
    ("finished by(range1: range<T>, range2: range<T>) -> boolean", |a| turned(a, finishes)),
    ("includes(range: range<T>, point: T) -> boolean", |a| relate(a, includes)),
    ("includes(range1: range<T>, range2: range<T>) -> boolean", |a| relate(a, includes)),
    ("during(point: T, range: range<T>) -> boolean", |a| turned(a, includes)),
    ("during(range1: range<T>, range2: range<T>) -> boolean", |a| turned(a, includes)),
    ("starts(point: T, range: range<T>) -> boolean", |a| relate(a, starts)),
    ("starts(range1: range<T>, range2: range<T>) -> boolean", |a| relate(a, starts)),
    ("started by(range: range<T>, point: T) -> boolean", |a| turned(a, starts)),
    ("started by(range1: range<T>, range2: range<T>) -> boolean", |a| turned(a, starts)),
    ("coincides(point1: T, point2: T) -> boolean", |a| relate(a, coincides)),
    ("coincides(range1: range<T>, range2: range<T>) -> boolean", |a| relate(a, coincides)),
];

fn span(value: &Value) -> Span<'_> {
    match range(value) {
        Some(range) => Span {
            low: &range.ends[0],
            high: &range.ends[1],
            closed: range.closed,
            is_point: false,
        },
        None => Span { low: value, high: value, closed: [true, true], is_point: true },
    }
}

fn relate(arguments: &[Value], relation: Relation) -> Value {
    let answer = relation(span(at(arguments, 0)), span(at(arguments, 1)));
    answer.map_or(Value::Null, Value::from)
}

fn turned(arguments: &[Value], relation: Relation) -> Value {
    let answer = relation(span(at(arguments, 1)), span(at(arguments, 0)));
    answer.map_or(Value::Null, Value::from)
}

fn before(a: Span<'_>, b: Span<'_>) -> Option<bool> {
    Some(match order(a.high, b.low)? {
        Ordering::Less => true,
        Ordering::Equal => !a.closed[1] || !b.closed[0],
        Ordering::Greater => false,
    })
}

fn meets(a: Span<'_>, b: Span<'_>) -> Option<bool> {
    Some(order(a.high, b.low)?.is_eq() && a.closed[1] && b.closed[0])
}

/// Whether the end of `a` reaches the start of `b`.
fn reaches(a: Span<'_>, b: Span<'_>) -> Option<bool> {
    Some(match order(a.high, b.low)? {
        Ordering::Greater => true,
        Ordering::Equal => a.closed[1] && b.closed[0],
        Ordering::Less => false,
    })
}

fn overlaps(a: Span<'_>, b: Span<'_>) -> Option<bool> {
    Some(reaches(a, b)? && reaches(b, a)?)
}

/// Whether `a` begins earlier than `b`.
fn begins_earlier(a: Span<'_>, b: Span<'_>) -> Option<bool> {
    Some(match order(a.low, b.low)? {
        Ordering::Less => true,
        Ordering::Equal => a.closed[0] && !b.closed[0],
        Ordering::Greater => false,
    })
}

/// Whether `a` ends no later than `b`.
fn ends_within(a: Span<'_>, b: Span<'_>) -> Option<bool> {
    Some(match order(a.high, b.high)? {
        Ordering::Less => true,
        Ordering::Equal => !a.closed[1] || b.closed[1],
        Ordering::Greater => false,
    })
}

fn overlaps_before(a: Span<'_>, b: Span<'_>) -> Option<bool> {
    Some(begins_earlier(a, b)? && reaches(a, b)? && ends_within(a, b)?)
}

fn overlaps_after(a: Span<'_>, b: Span<'_>) -> Option<bool> {
    Some(begins_earlier(b, a)? && reaches(b, a)? && ends_within(b, a)?)
}

fn finishes(a: Span<'_>, b: Span<'_>) -> Option<bool> {
    let same = order(a.high, b.high)?.is_eq();
    if a.is_point {
        return Some(same && b.closed[1]);
    }
    Some(same && a.closed[1] == b.closed[1] && !begins_earlier(a, b)?)
}

fn includes(a: Span<'_>, b: Span<'_>) -> Option<bool> {
    let starts = match order(a.low, b.low)? {
        Ordering::Less => true,
        Ordering::Equal => a.closed[0] || !b.closed[0],
        Ordering::Greater => false,
    };
    Some(starts && ends_within(b, a)?)
}

fn starts(a: Span<'_>, b: Span<'_>) -> Option<bool> {
    let same = order(a.low, b.low)?.is_eq();
    if a.is_point {
        return Some(same && b.closed[0]);
    }
    Some(same && a.closed[0] == b.closed[0] && ends_within(a, b)?)
}

fn coincides(a: Span<'_>, b: Span<'_>) -> Option<bool> {
    let same = order(a.low, b.low)?.is_eq() && order(a.high, b.high)?.is_eq();
    Some(same && a.closed == b.closed)
}
