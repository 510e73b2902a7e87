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

    /// Takes the latest belief back; false when there is none before it.
    pub fn cancel(&mut self, at: Timestamp) -> bool {
        let Some(before) = self.beliefs.len().checked_sub(2) else { return false };
        let course = self.beliefs[before].1.clone();
        self.believe(at, course);
        true
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
