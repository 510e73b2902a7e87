//! A calendar date as rules count with it, and the date as written behind it (不詳日).

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;

use base::date::{Date, LooseDate};

/// A day. The date as written goes along when the day is handed on as it is; it takes no part in
/// comparing and is lost when the day is computed with.
#[derive(Clone, Copy, Debug)]
pub struct Day {
    day: Date,
    written: Option<LooseDate>,
}

impl Day {
    /// The effective day of a date, if it has one.
    pub fn of(written: LooseDate) -> Option<Day> {
        let day = written.effective()?;
        Some(Day { day, written: Some(written) })
    }

    /// The date as written, or the day itself.
    pub fn written(&self) -> LooseDate {
        self.written.unwrap_or_else(|| LooseDate::from(self.day))
    }
}

impl From<Date> for Day {
    fn from(day: Date) -> Day {
        Day { day, written: None }
    }
}

impl Deref for Day {
    type Target = Date;

    fn deref(&self) -> &Date {
        &self.day
    }
}

impl PartialEq for Day {
    fn eq(&self, other: &Day) -> bool {
        self.day == other.day
    }
}

impl Eq for Day {}

impl PartialOrd for Day {
    fn partial_cmp(&self, other: &Day) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Day {
    fn cmp(&self, other: &Day) -> Ordering {
        self.day.cmp(&other.day)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.day.fmt(f)
    }
}
