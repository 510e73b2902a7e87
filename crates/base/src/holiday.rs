//! 地方公共団体の休日: the days on which offices are closed, and the end of a period that must not
//! fall on one (民法第140条・第142条, 地方自治法第4条の2). Knows no clock.
//!
//! Years before 2020 had other holidays; there weekends and the turn of the year alone count.

use jiff::Span;
use jiff::civil::{Date, Weekday};

/// The last day of a period of `days` that begins with `from`, whose first day does not count
/// (初日不算入); when the office is closed on it, the next day on which it is open.
pub fn period_end(from: Date, days: i64) -> Option<Date> {
    let span = Span::new().try_days(days).ok()?;
    next_open(from.checked_add(span).ok()?)
}

/// The day itself when the office is open, else the next on which it is.
pub fn next_open(day: Date) -> Option<Date> {
    let mut day = day;
    while is_closed(day) {
        day = day.tomorrow().ok()?;
    }
    Some(day)
}

/// Whether offices are closed: Saturday, Sunday, 祝日法による休日, 12月29日から1月3日.
pub fn is_closed(day: Date) -> bool {
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let turn = matches!((day.month(), day.day()), (12, 29..) | (1, ..=3));
    weekend || turn || is_holiday(day)
}

/// 国民の祝日に関する法律 第3条: holidays, the day after holidays that began on a Sunday, and a day
/// between two holidays.
fn is_holiday(day: Date) -> bool {
    is_named(day) || is_substitute(day) || is_between(day)
}

fn is_substitute(day: Date) -> bool {
    let mut before = day.yesterday();
    while let Ok(earlier) = before {
        if !is_named(earlier) {
            return false;
        }
        if earlier.weekday() == Weekday::Sunday {
            return !is_named(day);
        }
        before = earlier.yesterday();
    }
    false
}

fn is_between(day: Date) -> bool {
    let sides = [day.yesterday(), day.tomorrow()];
    sides.into_iter().all(|side| side.is_ok_and(is_named))
}

/// 国民の祝日 (第2条), with the moves of 2020 and 2021 by the law for the Olympic games.
fn is_named(day: Date) -> bool {
    let (year, month, number) = (day.year(), day.month(), day.day());
    if year < 2020 {
        return false;
    }
    let monday = |nth: i8| day.weekday() == Weekday::Monday && (number - 1) / 7 + 1 == nth;
    match (month, year) {
        (1, _) => number == 1 || monday(2),
        (2, _) => matches!(number, 11 | 23),
        (3, _) => i64::from(number) == equinox(208_431, year),
        (4, _) => number == 29,
        (5, _) => matches!(number, 3..=5),
        (7, 2020) => matches!(number, 23 | 24),
        (7, 2021) => matches!(number, 22 | 23),
        (7, _) => monday(3),
        (8, 2020) => number == 10,
        (8, 2021) => number == 8,
        (8, _) => number == 11,
        (9, _) => monday(3) || i64::from(number) == equinox(232_488, year),
        (10, 2020 | 2021) => false,
        (10, _) => monday(2),
        (11, _) => matches!(number, 3 | 23),
        _ => false,
    }
}

/// The day of an equinox as 暦要項 gives it, until 2099; `base` is its moment in 1980.
fn equinox(base: i64, year: i16) -> i64 {
    let years = i64::from(year) - 1980;
    (base * 100 + 242_194 * years) / 1_000_000 - years / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: &str, days: i64, expect: &str) {
        let end = period_end(from.parse().unwrap(), days).unwrap();
        assert_eq!(end.to_string(), expect, "{from} and {days} days");
    }

    #[test]
    fn holidays_of_two_years() {
        let closed = |year: i16| {
            let days = (1..=12).flat_map(move |month| (1..=31).map(move |day| (month, day)));
            let days = days.filter_map(|(month, day)| Date::new(year, month, day).ok());
            let text = |day: Date| format!("{}/{}", day.month(), day.day());
            days.filter(|day| is_holiday(*day)).map(text).collect::<Vec<_>>().join(" ")
        };
        let of_2026 = "1/1 1/12 2/11 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/20 8/11 9/21 9/22 9/23 10/12 \
                       11/3 11/23";
        assert_eq!(closed(2026), of_2026);
        let of_2024 = "1/1 1/8 2/11 2/12 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/15 8/11 8/12 9/16 9/22 \
                       9/23 10/14 11/3 11/4 11/23";
        assert_eq!(closed(2024), of_2024);
    }

    #[test]
    fn the_first_day_does_not_count_and_the_last_is_an_open_one() {
        check("2026-11-02", 14, "2026-11-16");
        check("2026-11-09", 14, "2026-11-24");
        check("2026-11-21", 0, "2026-11-24");
        check("2026-04-19", 14, "2026-05-07");
        check("2026-12-15", 14, "2027-01-04");
        check("2026-11-06", 14, "2026-11-20");
        check("2026-11-07", 14, "2026-11-24");
    }
}
