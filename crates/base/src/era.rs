//! Eras (元号) from our own table `era.csv`; a new era is a new row there (住民記録システム標準
//! 仕様書 1.3.6). Every day is reckoned by the Gregorian calendar, also 明治元年 to 明治5年, when
//! the lunisolar calendar was in force: such recorded days are never converted here.

use crate::date::{Date, DateError, FOREVER, LooseDate};
use std::fmt;
use std::sync::LazyLock;

/// One row of the era table.
#[derive(Debug)]
struct Row {
    name: String,
    letter: char,
    first_day: Date,
    last_day: Option<Date>,
}

/// An era (元号). Ordered by time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Era(u8);

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| rows(include_str!("era.csv")));

fn rows(csv: &str) -> Vec<Row> {
    csv.lines().skip(1).filter_map(row).collect()
}

fn row(line: &str) -> Option<Row> {
    let mut cells = line.split(',');
    Some(Row {
        name: cells.next()?.to_owned(),
        letter: cells.next()?.chars().next()?,
        first_day: cells.next()?.parse().ok()?,
        last_day: cells.next()?.parse().ok(),
    })
}

impl Era {
    /// Every era of the table, the oldest first.
    pub fn all() -> impl DoubleEndedIterator<Item = Era> {
        (0..TABLE.len()).filter_map(|index| u8::try_from(index).ok().map(Era))
    }

    /// The era in force on `day`; `None` before 明治. On the day of a change it is the new one.
    pub fn of(day: Date) -> Option<Era> {
        Era::all().rev().find(|era| era.first_day() <= day)
    }

    fn row(self) -> &'static Row {
        &TABLE[usize::from(self.0)]
    }

    /// 令和 and so on.
    pub fn name(self) -> &'static str {
        &self.row().name
    }

    /// M, T, S, H, R.
    pub fn letter(self) -> char {
        self.row().letter
    }

    /// The first day of its first year (元年).
    pub fn first_day(self) -> Date {
        self.row().first_day
    }

    /// The last day that may be written in this era; `None` while it runs. 1912-07-30 and
    /// 1926-12-25 may be written in both eras (標準仕様書 1.1.8).
    pub fn last_day(self) -> Option<Date> {
        self.row().last_day
    }

    /// The western year of this era's `year` (1 = 元年).
    pub fn western_year(self, year: i16) -> Option<i16> {
        year.checked_add(self.first_day().year())?.checked_sub(1)
    }

    /// The year of this era in the western `year`; 1 is 元年, below 1 is before the era.
    pub fn year_of(self, western: i16) -> i16 {
        western - self.first_day().year() + 1
    }

    /// `令和元年`, `令和8年` for a western year.
    pub fn year_text(self, western: i16) -> String {
        match self.year_of(western) {
            1 => format!("{}元年", self.name()),
            year => format!("{}{year}年", self.name()),
        }
    }

    /// Whether `day` may be written in this era.
    pub fn contains(self, day: Date) -> bool {
        self.first_day() <= day && day <= self.last_day().unwrap_or(FOREVER)
    }
}

impl fmt::Debug for Era {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Era {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `令和8年4月1日`, the form of certificates; `西暦1850年1月1日` before 明治.
pub fn japanese(day: Date) -> String {
    let year = match Era::of(day) {
        Some(era) => era.year_text(day.year()),
        None => format!("西暦{}年", day.year()),
    };
    format!("{year}{}月{}日", day.month(), day.day())
}

/// `R8.4.1`, the short form of lists; `1850.1.1` before 明治.
pub fn short(day: Date) -> String {
    let year = match Era::of(day) {
        Some(era) => format!("{}{}", era.letter(), era.year_of(day.year())),
        None => day.year().to_string(),
    };
    format!("{year}.{}.{}", day.month(), day.day())
}

/// `2026年4月1日`, the western form (外国人住民の生年月日, 在留期間の満了の日).
pub fn western(day: Date) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// A certain day in any accepted writing; an uncertain one is refused.
pub fn parse(text: &str) -> Result<Date, DateError> {
    LooseDate::parse(text)?.certain().ok_or_else(|| DateError::Uncertain { input: text.into() })
}
