//! Lists.

use super::{at, or_null};
use crate::dmn::number::{Number, ZERO};
use crate::dmn::signature::Row;
use crate::dmn::value::{count, equal, list, number, order, truth};
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[
    ("list contains(list: [T], element: T) -> boolean", |a| {
        with(a, |items| items.iter().any(|item| equal(item, at(a, 1))).into())
    }),
    ("count(list: [T]) -> number", |a| with(a, |items| count(items.len()))),
    ("min(list: [T]) -> T", |a| with(a, |items| extreme(items, true))),
    ("min(c: T...) -> T", |a| with(a, |items| extreme(items, true))),
    ("max(list: [T]) -> T", |a| with(a, |items| extreme(items, false))),
    ("max(c: T...) -> T", |a| with(a, |items| extreme(items, false))),
    ("sum(list: [number]) -> number", |a| with(a, sum)),
    ("sum(n: number...) -> number", |a| with(a, sum)),
    ("mean(list: [number]) -> number", |a| with(a, mean)),
    ("mean(n: number...) -> number", |a| with(a, mean)),
    ("product(list: [number]) -> number", |a| with(a, product)),
    ("product(n: number...) -> number", |a| with(a, product)),
    ("median(list: [number]) -> number", |a| with(a, median)),
    ("median(n: number...) -> number", |a| with(a, median)),
    ("stddev(list: [number]) -> number", |a| with(a, deviation)),
    ("stddev(n: number...) -> number", |a| with(a, deviation)),
    ("mode(list: [number]) -> [number]", |a| with(a, mode)),
    ("mode(n: number...) -> [number]", |a| with(a, mode)),
    ("all(list: [boolean]) -> boolean", |a| with(a, |items| decided_by(items, false))),
    ("all(b: boolean...) -> boolean", |a| with(a, |items| decided_by(items, false))),
    ("any(list: [boolean]) -> boolean", |a| with(a, |items| decided_by(items, true))),
    ("any(b: boolean...) -> boolean", |a| with(a, |items| decided_by(items, true))),
    ("sublist(list: [T], start position: number, length: number?) -> [T]", sublist),
    ("append(list: [T], item: T...) -> [T]", |a| {
        with(a, |items| [items, list(at(a, 1)).unwrap_or(&[])].concat().into())
    }),
    ("concatenate(list: [T]...) -> [T]", concatenate),
    ("union(list: [T]...) -> [T]", |a| match concatenate(a) {
        Value::List(items) => distinct(&items).into(),
        other => other,
    }),
    ("insert before(list: [T], position: number, newItem: T) -> [T]", |a| {
        changed(a, |items, place| {
            items.insert(place, at(a, 2).clone());
        })
    }),
    ("remove(list: [T], position: number) -> [T]", |a| {
        changed(a, |items, place| {
            items.remove(place);
        })
    }),
    ("list replace(list: [T], position: number, newItem: T) -> [T]", |a| {
        changed(a, |items, place| items[place] = at(a, 2).clone())
    }),
    ("reverse(list: [T]) -> [T]", |a| {
        with(a, |items| items.iter().rev().cloned().collect::<Vec<_>>().into())
    }),
    ("index of(list: [T], match: T) -> [number]", |a| {
        let found =
            |(place, item): (usize, &Value)| equal(item, at(a, 1)).then(|| count(place + 1));
        with(a, |items| items.iter().enumerate().filter_map(found).collect::<Vec<_>>().into())
    }),
    ("distinct values(list: [T]) -> [T]", |a| with(a, |items| distinct(items).into())),
];

/// The list that comes first; of null there is nothing.
fn with(arguments: &[Value], apply: impl FnOnce(&[Value]) -> Value) -> Value {
    list(at(arguments, 0)).map_or(Value::Null, apply)
}

fn numbers(items: &[Value]) -> Option<Vec<Number>> {
    let numbers: Option<Vec<Number>> = items.iter().map(number).collect();
    numbers.filter(|numbers| !numbers.is_empty())
}

fn extreme(items: &[Value], smallest: bool) -> Value {
    let mut best: Option<&Value> = None;
    for item in items {
        let better = match best {
            None if *item != Value::Null => true,
            None => return Value::Null,
            Some(best) => match order(item, best) {
                Some(order) => {
                    if smallest {
                        order.is_lt()
                    } else {
                        order.is_gt()
                    }
                }
                None => return Value::Null,
            },
        };
        if better {
            best = Some(item);
        }
    }
    best.cloned().unwrap_or(Value::Null)
}

fn total(numbers: &[Number]) -> Option<Number> {
    numbers.iter().try_fold(ZERO, |sum, number| sum.add(*number))
}

fn size(numbers: &[Number]) -> Number {
    Number::from(i64::try_from(numbers.len()).unwrap_or(i64::MAX))
}

pub(crate) fn sum(items: &[Value]) -> Value {
    or_null(numbers(items).and_then(|numbers| total(&numbers)))
}

fn mean(items: &[Value]) -> Value {
    or_null(numbers(items).and_then(|numbers| total(&numbers)?.divide(size(&numbers))))
}

fn product(items: &[Value]) -> Value {
    let product = |numbers: Vec<Number>| {
        numbers.iter().try_fold(crate::dmn::number::ONE, |all, number| all.multiply(*number))
    };
    or_null(numbers(items).and_then(product))
}

fn median(items: &[Value]) -> Value {
    let Some(mut numbers) = numbers(items) else { return Value::Null };
    numbers.sort();
    let middle = numbers.len() / 2;
    if numbers.len() % 2 == 1 {
        return numbers[middle].into();
    }
    let both = numbers[middle - 1].add(numbers[middle]);
    or_null(both.and_then(|both| both.divide(Number::from(2))))
}

/// The deviation of a sample.
fn deviation(items: &[Value]) -> Value {
    let deviation = |numbers: Vec<Number>| {
        let mean = total(&numbers)?.divide(size(&numbers))?;
        let mut squares = ZERO;
        for number in &numbers {
            let distance = number.subtract(mean)?;
            squares = squares.add(distance.multiply(distance)?)?;
        }
        let others = size(&numbers).subtract(crate::dmn::number::ONE)?;
        squares.divide(others)?.square_root()
    };
    or_null(numbers(items).and_then(deviation))
}

/// The most frequent numbers, in ascending order.
fn mode(items: &[Value]) -> Value {
    if items.is_empty() {
        return Vec::new().into();
    }
    let Some(mut numbers) = numbers(items) else { return Value::Null };
    numbers.sort();
    let mut counted: Vec<(Number, usize)> = Vec::new();
    for number in numbers {
        match counted.last_mut() {
            Some((last, times)) if *last == number => *times += 1,
            _ => counted.push((number, 1)),
        }
    }
    let most = counted.iter().map(|(_, times)| *times).max().unwrap_or(0);
    let modes = counted.into_iter().filter(|(_, times)| *times == most);
    modes.map(|(number, _)| number.into()).collect::<Vec<Value>>().into()
}

/// Kleene's `or` (decided by true) or `and` (by false) of a list.
fn decided_by(items: &[Value], decisive: bool) -> Value {
    if items.iter().any(|item| truth(item) == Some(decisive)) {
        return decisive.into();
    }
    if items.iter().any(|item| truth(item).is_none()) { Value::Null } else { (!decisive).into() }
}

/// The place in the list of a position from 1, or from the end.
fn place(position: &Value, length: usize) -> Option<usize> {
    let position = number(position)?.truncate()?;
    let length = i64::try_from(length).ok()?;
    let place = if position > 0 { position - 1 } else { length + position };
    usize::try_from(place).ok().filter(|_| position != 0 && place < length)
}

fn changed(arguments: &[Value], change: impl FnOnce(&mut Vec<Value>, usize)) -> Value {
    let Some(items) = list(at(arguments, 0)) else { return Value::Null };
    let Some(place) = place(at(arguments, 1), items.len()) else { return Value::Null };
    let mut items = items.to_vec();
    change(&mut items, place);
    items.into()
}

fn sublist(arguments: &[Value]) -> Value {
    let Some(items) = list(at(arguments, 0)) else { return Value::Null };
    let Some(start) = place(at(arguments, 1), items.len()) else { return Value::Null };
    let wanted = match at(arguments, 2) {
        Value::Null => items.len() - start,
        wanted => match number(wanted).and_then(Number::truncate).map(usize::try_from) {
            Some(Ok(wanted)) if wanted <= items.len() - start => wanted,
            _ => return Value::Null,
        },
    };
    items[start..start + wanted].to_vec().into()
}

/// Lists one after another; a null among them makes the whole null.
fn concatenate(arguments: &[Value]) -> Value {
    let Some(lists) = list(at(arguments, 0)) else { return Value::Null };
    let lists: Option<Vec<&[Value]>> = lists.iter().map(list).collect();
    or_null(lists.map(|lists| lists.concat()))
}

fn distinct(items: &[Value]) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        if !kept.iter().any(|other| equal(item, other)) {
            kept.push(item.clone());
        }
    }
    kept
}

/// Lists within lists as one list.
pub(crate) fn flatten(items: &[Value]) -> Vec<Value> {
    let mut flat = Vec::new();
    for item in items {
        match item {
            Value::List(inner) => flat.extend(flatten(inner)),
            other => flat.push(other.clone()),
        }
    }
    flat
}
