//! What a row must answer, kept day by day and belief by belief, without any cleverness.

use base::date::Date;
use jiff::{Timestamp, ToSpan};
use store::ItemValue;

/// Days that the tests use, from [`day`] 0.
pub const DAYS: usize = 120;

/// A day by its number.
pub fn day(number: usize) -> Date {
    base::date::Date::constant(2024, 1, 1) + i64::try_from(number).unwrap().days()
}

type Values = Vec<Option<ItemValue>>;
/// Position and new value.
pub type Patch = Vec<(usize, Option<ItemValue>)>;

/// What is believed of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    days: Vec<Option<Values>>,
    pub closed_on: Option<Date>,
}

/// A recorded event and the numbers of the rows that it wrote.
#[derive(Clone, Debug)]
pub struct Event {
    pub number: i64,
    pub at: Timestamp,
    pub rows: Vec<usize>,
    pub stands: bool,
}

/// The place of an event that may be cancelled: it stands and is the latest on each of its rows.
pub fn cancellable(events: &[Event], number: i64) -> Option<usize> {
    let at = events.iter().position(|event| event.number == number && event.stands)?;
    let builds =
        |later: &Event| later.stands && later.rows.iter().any(|row| events[at].rows.contains(row));
    (!events[at + 1..].iter().any(builds)).then_some(at)
}

/// A row with everything ever believed of it.
pub struct Model {
    pub key: String,
    beliefs: Vec<(Timestamp, Course)>,
}

impl Model {
    pub fn new(key: String, from: usize, values: Values, at: Timestamp) -> Model {
        let days = (0..DAYS).map(|day| (day >= from).then(|| values.clone())).collect();
        Model { key, beliefs: vec![(at, Course { days, closed_on: None })] }
    }

    pub fn now(&self) -> &Course {
        &self.beliefs.last().unwrap().1
    }

    /// The present values.
    pub fn values(&self) -> &Values {
        self.now().days[DAYS - 1].as_ref().unwrap()
    }

    /// The values of a day as believed at a moment.
    pub fn on(&self, day: usize, at: Timestamp) -> Option<&Values> {
        let (_, course) = self.beliefs.iter().rfind(|(from, _)| *from <= at)?;
        course.days[day].as_ref()
    }

    fn believe(&mut self, at: Timestamp, course: Course) {
        if course != *self.now() {
            self.beliefs.push((at, course));
        }
    }

    pub fn amend(&mut self, at: Timestamp, day: usize, patch: &Patch) {
        let mut course = self.now().clone();
        course.amend(day, patch);
        self.believe(at, course);
    }

    pub fn correct(&mut self, at: Timestamp, patch: &Patch) {
        let mut course = self.now().clone();
        for (item, value) in patch {
            let wrong = course.days[DAYS - 1].as_ref().unwrap()[*item].clone();
            for values in course.days.iter_mut().rev().flatten() {
                if values[*item] != wrong {
                    break;
                }
                values[*item].clone_from(value);
            }
        }
        self.believe(at, course);
    }

    pub fn close(&mut self, at: Timestamp, number: usize) {
        let mut course = self.now().clone();
        course.amend(number, &Vec::new());
        course.closed_on = Some(day(number));
        self.believe(at, course);
    }

    /// Believes again what was believed before the moment of an event.
    pub fn cancel(&mut self, at: Timestamp, since: Timestamp) {
        let before = self.beliefs.iter().rfind(|(from, _)| *from < since);
        let nothing = Course { days: vec![None; DAYS], closed_on: None };
        let course = before.map_or(nothing, |(_, course)| course.clone());
        self.believe(at, course);
    }

    /// The event that opened the row was cancelled.
    pub fn is_gone(&self) -> bool {
        self.now().days[DAYS - 1].is_none()
    }
}

impl Course {
    fn amend(&mut self, day: usize, patch: &Patch) {
        let first = self.days.iter().position(Option::is_some).unwrap();
        for earlier in day..first {
            self.days[earlier] = self.days[first].clone();
        }
        let now = self.days[DAYS - 1].clone().unwrap();
        for (item, value) in patch.iter().filter(|(item, value)| now[*item] != *value) {
            let before = self.days[day].as_ref().unwrap()[*item].clone();
            for values in self.days[day..].iter_mut().flatten() {
                if values[*item] != before {
                    break;
                }
                values[*item].clone_from(value);
            }
        }
    }
}
