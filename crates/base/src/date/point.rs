//! One writing of a day, as far as it is known: year, perhaps month, part of it, day, and marks
//! such as 推定 and 頃. Knows the first and last day it may mean; never guesses a day.

use super::{Date, DateError, FOREVER};
use crate::era::{self, Era};

/// What 推定 stands before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Guess {
    No,
    Whole,
    Day,
}

/// A season of a year or a third of a month.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Part {
    Spring,
    Summer,
    Autumn,
    Winter,
    Early,
    Middle,
    Late,
}

/// The parts that belong to a year without a month.
pub(super) const SEASONS: [Part; 4] = [Part::Spring, Part::Summer, Part::Autumn, Part::Winter];
/// The parts that belong to a month without a day.
pub(super) const THIRDS: [Part; 3] = [Part::Early, Part::Middle, Part::Late];

impl Part {
    pub(super) fn text(self) -> &'static str {
        match self {
            Part::Spring => "春",
            Part::Summer => "夏",
            Part::Autumn => "秋",
            Part::Winter => "冬",
            Part::Early => "上旬",
            Part::Middle => "中旬",
            Part::Late => "下旬",
        }
    }
}

/// A day as far as it is known. `era` is the era it is written in; `None` means western years.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Point {
    pub(super) era: Option<Era>,
    pub(super) year: i16,
    pub(super) month: Option<i8>,
    pub(super) day: Option<i8>,
    pub(super) part: Option<Part>,
    pub(super) guess: Guess,
    pub(super) about: bool,
}

impl Point {
    pub(super) fn of_year(era: Option<Era>, year: i16) -> Point {
        let (month, day, part) = (None, None, None);
        Point { era, year, month, day, part, guess: Guess::No, about: false }
    }

    pub(super) fn of_day(date: Date) -> Point {
        let year = Point::of_year(Era::of(date), date.year());
        Point { month: Some(date.month()), day: Some(date.day()), ..year }
    }

    /// All parts known and no mark: a plain day, perhaps one no calendar has.
    pub(super) fn is_plain(self) -> bool {
        self.day.is_some() && !self.about && self.guess == Guess::No
    }

    /// The day, if month and day are known and the calendar has it.
    pub(super) fn date(self) -> Option<Date> {
        Date::new(self.year, self.month?, self.day?).ok()
    }

    /// A day the calendar does not have, such as 2月29日 of a common year.
    pub(super) fn is_impossible(self) -> bool {
        self.day.is_some() && self.date().is_none()
    }

    /// Days of the month; 31 while the month is unknown.
    pub(super) fn days(self) -> i8 {
        self.month.map_or(31, |month| month_end(self.year, month).day())
    }

    /// The first and the last day it may mean, inside its era. A day the calendar does not have
    /// means the last day of its month.
    pub(super) fn period(self) -> (Date, Date) {
        let (first, last) = self.calendar_period();
        let Some(era) = self.era else { return (first, last) };
        let last_of_era = era.last_day().unwrap_or(FOREVER);
        (first.clamp(era.first_day(), last_of_era), last.clamp(era.first_day(), last_of_era))
    }

    fn calendar_period(self) -> (Date, Date) {
        let year = self.year;
        let Some(month) = self.month else { return season(year, self.part) };
        let end = month_end(year, month);
        let day = |day: i8| Date::new(year, month, day).unwrap_or(end);
        match (self.day, self.part) {
            (Some(known), _) => (day(known), day(known)),
            (None, Some(Part::Early)) => (day(1), day(10)),
            (None, Some(Part::Middle)) => (day(11), day(20)),
            (None, Some(Part::Late)) => (day(21), end),
            (None, _) => (day(1), end),
        }
    }

    /// Refuses a writing whose era had not begun or had ended.
    pub(super) fn check_era(self) -> Result<(), DateError> {
        let Some(era) = self.era else { return Ok(()) };
        let (first, last) = self.calendar_period();
        let given = Point { era: None, ..self }.text(false);
        let right_of = |day: Date| {
            let era = Era::of(day);
            Point { era, ..self }.text(false)
        };
        if last < era.first_day() {
            let first_day = era::japanese(era.first_day());
            let right = right_of(last);
            return Err(DateError::EraNotBegun { era: era.to_string(), first_day, given, right });
        }
        match era.last_day().filter(|last_day| *last_day < first) {
            None => Ok(()),
            Some(day) => {
                let month_day = format!("{}月{}日", day.month(), day.day());
                let last_day = format!("{}{month_day}", era.year_text(day.year()));
                let right = right_of(first);
                Err(DateError::EraEnded { era: era.to_string(), last_day, given, right })
            }
        }
    }

    /// Western writing becomes the era's where the whole period lies in one era, so that one
    /// fact has one form.
    pub(super) fn canonical(self) -> Point {
        if self.era.is_some() {
            return self;
        }
        let (first, last) = self.period();
        let era = Era::of(first).filter(|era| Some(*era) == Era::of(last));
        Point { era, ..self }
    }

    /// The writing in its era, or western (with 西暦 before 明治); `closed` adds what is unknown
    /// (月日不詳, 日不詳).
    pub(super) fn text(self, closed: bool) -> String {
        let year = match self.era {
            Some(era) => era.year_text(self.year),
            None if Era::of(self.calendar_period().1).is_none() => format!("西暦{}年", self.year),
            None => format!("{}年", self.year),
        };
        let guess = if self.guess == Guess::Whole { "推定" } else { "" };
        format!("{guess}{year}{}", self.rest_text(closed))
    }

    /// What follows the year.
    pub(super) fn rest_text(self, closed: bool) -> String {
        let month = self.month.map(|month| format!("{month}月")).unwrap_or_default();
        format!("{month}{}", self.day_text(closed))
    }

    /// What follows the month.
    pub(super) fn day_text(self, closed: bool) -> String {
        let guess = if self.guess == Guess::Day { "推定" } else { "" };
        let day = self.day.map(|day| format!("{guess}{day}日")).unwrap_or_default();
        let part = self.part.map_or("", Part::text);
        let about = if self.about { "頃" } else { "" };
        let open = self.part.is_some() || self.about || self.guess != Guess::No || !closed;
        let unknown = match (open, self.month, self.day) {
            (false, None, _) => "月日不詳",
            (false, Some(_), None) => "日不詳",
            _ => "",
        };
        format!("{day}{part}{about}{unknown}")
    }
}

/// 春 3–5月, 夏 6–8月, 秋 9–11月; 冬 may be either end of the year, so the whole year.
fn season(year: i16, part: Option<Part>) -> (Date, Date) {
    let (from, to) = match part {
        Some(Part::Spring) => (3, 5),
        Some(Part::Summer) => (6, 8),
        Some(Part::Autumn) => (9, 11),
        _ => (1, 12),
    };
    (month_start(year, from), month_end(year, to))
}

fn month_start(year: i16, month: i8) -> Date {
    Date::new(year, month, 1).unwrap_or(FOREVER)
}

fn month_end(year: i16, month: i8) -> Date {
    month_start(year, month).last_of_month()
}
