//! Dates, times, moments and durations of imported models, as FEEL counts with them.
//! Years go from −999,999,999 to 999,999,999; a time may carry an offset from UTC.
//! Named time zones are refused: their history lies outside this crate.

mod duration;
mod read;

use std::cmp::Ordering;
use std::fmt;

pub(crate) use duration::{days_text, months_text, read_days, read_months};
pub(crate) use read::names_zone;

/// Nanoseconds of a second and of a day.
pub(crate) const SECOND: i128 = 1_000_000_000;
pub(crate) const DAY: i128 = 86_400 * SECOND;

const MAX_YEAR: i64 = 999_999_999;

/// A calendar date (日付) of the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CalendarDate {
    pub year: i64,
    pub month: u8,
    pub day: u8,
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i64, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl CalendarDate {
    pub fn new(year: i64, month: i64, day: i64) -> Option<CalendarDate> {
        let month = u8::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
        let day = u8::try_from(day).ok()?;
        let fits = year.abs() <= MAX_YEAR && day >= 1 && day <= days_of_month(year, month);
        fits.then_some(CalendarDate { year, month, day })
    }

    /// Days since 1970-01-01.
    pub fn to_days(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let month = (i64::from(self.month) + 9) % 12;
        let of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    pub fn from_days(days: i64) -> Option<CalendarDate> {
        let days = days.checked_add(719_468)?;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        CalendarDate::new(year, month, day)
    }

    /// Monday is 1.
    pub fn weekday(self) -> i64 {
        (self.to_days() + 3).rem_euclid(7) + 1
    }

    pub fn day_of_year(self) -> i64 {
        self.to_days() - CalendarDate { month: 1, day: 1, ..self }.to_days() + 1
    }

    /// The week of ISO 8601, from 1.
    pub fn week_of_year(self) -> i64 {
        let week = |year: i64, of_year: i64, weekday: i64| {
            let week = (of_year - weekday + 10).div_euclid(7);
            let first = CalendarDate { year, month: 1, day: 1 };
            let long = first.weekday() == 4 || (first.weekday() == 3 && is_leap(year));
            if week == 53 && !long { 1 } else { week }
        };
        match week(self.year, self.day_of_year(), self.weekday()) {
            0 => {
                let last = CalendarDate { year: self.year - 1, month: 12, day: 31 };
                week(last.year, last.day_of_year(), last.weekday())
            }
            week => week,
        }
    }

    /// The same day some months later; the last of the month if there is no such day.
    pub fn add_months(self, months: i64) -> Option<CalendarDate> {
        let count = (self.year * 12 + i64::from(self.month) - 1).checked_add(months)?;
        let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
        let last = days_of_month(year, u8::try_from(month).ok()?);
        CalendarDate::new(year, month, i64::from(self.day.min(last)))
    }

    /// Whole months from `self` to `other`.
    pub fn months_until(self, other: CalendarDate) -> i64 {
        let count = |date: CalendarDate| date.year * 12 + i64::from(date.month);
        let months = count(other) - count(self);
        match other.day.cmp(&self.day) {
            Ordering::Less if months > 0 => months - 1,
            Ordering::Greater if months < 0 => months + 1,
            _ => months,
        }
    }
}

impl fmt::Display for CalendarDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.year < 0 { "-" } else { "" };
        write!(f, "{sign}{:04}-{:02}-{:02}", self.year.abs(), self.month, self.day)
    }
}

/// A time of day (時刻).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time {
    /// Nanoseconds since midnight.
    pub nanos: i128,
    /// Seconds ahead of UTC; `None` is local time.
    pub offset: Option<i32>,
}

impl Time {
    pub fn new(hour: i64, minute: i64, nanos: i128, offset: Option<i32>) -> Option<Time> {
        let fits = (0..24).contains(&hour) && (0..60).contains(&minute);
        if !fits || !(0..60 * SECOND).contains(&nanos) {
            return None;
        }
        let nanos = i128::from(hour * 60 + minute) * 60 * SECOND + nanos;
        Some(Time { nanos, offset })
    }

    pub fn hour(self) -> i64 {
        (self.nanos / (3600 * SECOND)) as i64
    }

    pub fn minute(self) -> i64 {
        (self.nanos / (60 * SECOND) % 60) as i64
    }

    /// Nanoseconds of the minute.
    pub fn second_nanos(self) -> i128 {
        self.nanos % (60 * SECOND)
    }

    /// Nanoseconds in UTC; local time as it is.
    pub fn universal(self) -> i128 {
        self.nanos - i128::from(self.offset.unwrap_or(0)) * SECOND
    }

    /// The time after some nanoseconds, around the clock.
    pub fn add(self, nanos: i128) -> Time {
        Time { nanos: (self.nanos + nanos).rem_euclid(DAY), ..self }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.second_nanos();
        write!(f, "{:02}:{:02}:{:02}", self.hour(), self.minute(), second / SECOND)?;
        if second % SECOND != 0 {
            let fraction = format!("{:09}", second % SECOND);
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        match self.offset {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(offset) => {
                let sign = if offset < 0 { '-' } else { '+' };
                let size = offset.abs();
                write!(f, "{sign}{:02}:{:02}", size / 3600, size / 60 % 60)?;
                if size % 60 == 0 { Ok(()) } else { write!(f, ":{:02}", size % 60) }
            }
        }
    }
}

/// A date and a time of day (日時).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub date: CalendarDate,
    pub time: Time,
}

impl Moment {
    /// Midnight of a day: what FEEL takes a date for beside a moment.
    pub fn midnight(date: CalendarDate, offset: Option<i32>) -> Moment {
        Moment { date, time: Time { nanos: 0, offset } }
    }

    /// Nanoseconds since 1970 in UTC; local time as it is.
    pub fn universal(self) -> i128 {
        i128::from(self.date.to_days()) * DAY + self.time.universal()
    }

    /// Without its offset, as the clock shows it.
    fn local(self) -> i128 {
        i128::from(self.date.to_days()) * DAY + self.time.nanos
    }

    pub fn add_nanos(self, nanos: i128) -> Option<Moment> {
        let local = self.local().checked_add(nanos)?;
        let date = CalendarDate::from_days(i64::try_from(local.div_euclid(DAY)).ok()?)?;
        Some(Moment { date, time: Time { nanos: local.rem_euclid(DAY), ..self.time } })
    }

    pub fn add_months(self, months: i64) -> Option<Moment> {
        Some(Moment { date: self.date.add_months(months)?, ..self })
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}", self.date, self.time)
    }
}
