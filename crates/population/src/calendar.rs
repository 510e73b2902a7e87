//! Days as plain numbers, for fast sums; dates only at the edge. Knows no clock.

use jiff::civil::Date;

/// Days since 0000-03-01 in the proleptic Gregorian calendar.
pub(crate) type Day = i32;

const CYCLE: i32 = 146_097;

pub(crate) fn day(date: Date) -> Day {
    let (month, date_of_month) = (i32::from(date.month()), i32::from(date.day()));
    let year = i32::from(date.year()) - i32::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + date_of_month - 1;
    era * CYCLE + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
}

/// The date of a day; far outside 1 to 9999 the nearest bound.
pub(crate) fn date(day: Day) -> Date {
    let (era, day) = (day.div_euclid(CYCLE), day.rem_euclid(CYCLE));
    let year_of_era = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = (shifted + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i32::from(month <= 2);
    let date_of_month = day_of_year - (153 * shifted + 2) / 5 + 1;
    let bound = if year < 1 { Date::MIN } else { Date::MAX };
    i16::try_from(year)
        .ok()
        .and_then(|year| Date::new(year, month as i8, date_of_month as i8).ok())
        .unwrap_or(bound)
}

/// Whole years lived by `today`.
pub(crate) fn age(born: Date, today: Date) -> i32 {
    let before = (today.month(), today.day()) < (born.month(), born.day());
    i32::from(today.year()) - i32::from(born.year()) - i32::from(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        let first = day(jiff::civil::date(1860, 1, 1));
        let last = day(jiff::civil::date(2110, 1, 1));
        let mut expected = jiff::civil::date(1860, 1, 1);
        for number in first..=last {
            assert_eq!(date(number), expected);
            assert_eq!(day(expected), number);
            expected = expected.tomorrow().expect("far from the last date");
        }
    }
}
