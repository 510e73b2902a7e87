//! The believed course of a row as segments of valid time, and what a change makes of it. Pure.
//!
//! Segments are ordered, adjacent and end open unless the row is closed. A change never alters a
//! segment in place: the store writes the difference, so every past belief can be asked for again.

#[cfg(test)]
mod tests;

use base::date::Date;

use crate::value::ItemValue;

/// Values that hold from a day on (until the next segment).
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// First day.
    pub from: Date,
    /// Values in the order of the register's items.
    pub values: Vec<Option<ItemValue>>,
    /// Day the row was closed, on the last segment only.
    pub closed_on: Option<Date>,
}

/// New values for some items, by position.
pub type Patch = [(usize, Option<ItemValue>)];

/// Values from `day` on, until the item changes again: a notification that comes late changes the
/// time between, not what was decided afterwards. A value that the row has now anyway is no change:
/// procedures hand over every item of their form, and a late change of one must not draw the
/// present values of the others back to its day.
pub fn amend(course: &[Segment], day: Date, patch: &Patch) -> Vec<Segment> {
    let mut out = split(course, day);
    for (item, value) in patch {
        let Some(start) = out.iter().position(|s| s.from >= day) else { continue };
        if course.last().is_some_and(|now| now.values[*item] == *value) {
            continue;
        }
        let before = out[start].values[*item].clone();
        for segment in &mut out[start..] {
            if segment.values[*item] != before {
                break;
            }
            segment.values[*item].clone_from(value);
        }
    }
    merge(out)
}

/// Right values instead of the latest ones, back to where the wrong ones began.
pub fn correct(course: &[Segment], patch: &Patch) -> Vec<Segment> {
    let mut out = course.to_vec();
    for (item, value) in patch {
        let Some(wrong) = out.last().map(|s| s.values[*item].clone()) else { continue };
        for segment in out.iter_mut().rev() {
            if segment.values[*item] != wrong {
                break;
            }
            segment.values[*item].clone_from(value);
        }
    }
    merge(out)
}

/// Last values, and the day on which the row ends.
pub fn close(course: &[Segment], day: Date, patch: &Patch) -> Vec<Segment> {
    let mut out = amend(course, day, patch);
    if let Some(last) = out.last_mut() {
        last.closed_on = Some(day);
    }
    out
}

/// The course with a boundary at `day`; a day before the first segment moves its beginning.
fn split(course: &[Segment], day: Date) -> Vec<Segment> {
    let mut out = course.to_vec();
    match out.iter().rposition(|s| s.from <= day) {
        Some(at) if out[at].from < day => {
            let mut second = out[at].clone();
            second.from = day;
            out[at].closed_on = None;
            out.insert(at + 1, second);
        }
        Some(_) => {}
        None => {
            if let Some(first) = out.first_mut() {
                first.from = day;
            }
        }
    }
    out
}

/// Joins neighbours that say the same.
fn merge(course: Vec<Segment>) -> Vec<Segment> {
    let mut out: Vec<Segment> = Vec::with_capacity(course.len());
    for segment in course {
        match out.last_mut() {
            Some(last) if last.values == segment.values => last.closed_on = segment.closed_on,
            _ => out.push(segment),
        }
    }
    out
}
