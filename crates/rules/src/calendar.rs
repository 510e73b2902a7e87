//! Reckoning with dates: ages, fiscal years, months. Knows no clock.

use crate::error::Fault;
use crate::value::{Date, Duration};

/// The age (満年齢) anyone would name on that day: [`base::age::age_on`].
pub(crate) fn age(birth: Date, day: Date) -> Result<i64, Fault> {
    base::age::age_on(birth, day).map(i64::from).ok_or(Fault::BeforeBirth)
}

/// The day at whose end the age is reached (年齢に達する日): the day before the
/// [birthday](base::age::birthday).
pub(crate) fn age_reached(birth: Date, age: i64) -> Result<Date, Fault> {
    let birthday = u16::try_from(age).ok().and_then(|age| base::age::birthday(birth, age));
    birthday.and_then(|day| day.yesterday().ok()).ok_or(Fault::DateOutOfRange)
}

/// The fiscal year (年度): [`base::age::fiscal_year`].
pub(crate) fn fiscal_year(day: Date) -> i64 {
    i64::from(base::age::fiscal_year(day))
}

/// The first 31 March on or after `day` (年度末).
pub(crate) fn fiscal_year_end(day: Date) -> Result<Date, Fault> {
    let year = i16::try_from(fiscal_year(day) + 1).map_err(|_| Fault::DateOutOfRange)?;
    Date::new(year, 3, 31).map_err(|_| Fault::DateOutOfRange)
}

/// The last day of a period of `days` from `day`: the first day does not count, and a last day on
/// which offices are closed moves to the next open one (民法第140条・第142条).
pub(crate) fn period_end(day: Date, days: i64) -> Result<Date, Fault> {
    base::holiday::period_end(day, days).ok_or(Fault::DateOutOfRange)
}

/// `day` and `days` more.
pub(crate) fn add_days(day: Date, days: i64) -> Result<Date, Fault> {
    let span = jiff::Span::new().try_days(days).map_err(|_| Fault::DateOutOfRange)?;
    day.checked_add(span).map_err(|_| Fault::DateOutOfRange)
}

/// The same day `months` later (応当日), or the last of the month if it has no such day.
pub(crate) fn add_months(day: Date, months: i64) -> Result<Date, Fault> {
    let span = jiff::Span::new().try_months(months).map_err(|_| Fault::DateOutOfRange)?;
    day.checked_add(span).map_err(|_| Fault::DateOutOfRange)
}

/// The same day `years` later, or 28 February for the 29th.
pub(crate) fn add_years(day: Date, years: i64) -> Result<Date, Fault> {
    add_months(day, years.checked_mul(12).ok_or(Fault::DateOutOfRange)?)
}

/// First the months, then the days.
pub(crate) fn add(day: Date, duration: Duration) -> Result<Date, Fault> {
    add_days(add_months(day, i64::from(duration.months()))?, i64::from(duration.days()))
}

/// First the months back, then the days.
pub(crate) fn subtract(day: Date, duration: Duration) -> Result<Date, Fault> {
    add_days(add_months(day, -i64::from(duration.months()))?, -i64::from(duration.days()))
}

/// Days from `from` to `to`; negative if `to` is earlier.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

/// The date of three numbers.
pub(crate) fn date(year: i64, month: i64, day: i64) -> Result<Date, Fault> {
    let not_a_date = || Fault::NotADate { year, month, day };
    let part = |number: i64| i8::try_from(number).map_err(|_| not_a_date());
    let whole_year = i16::try_from(year).map_err(|_| not_a_date())?;
    Date::new(whole_year, part(month)?, part(day)?).map_err(|_| not_a_date())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().expect("a date")
    }

    #[test]
    fn ages() {
        #[track_caller]
        fn check(birth: &str, on: &str, expect: i64) {
            assert_eq!(age(day(birth), day(on)), Ok(expect));
        }
        check("2008-04-01", "2014-03-31", 5);
        check("2008-04-01", "2014-04-01", 6);
        check("2004-02-29", "2026-02-28", 21);
        check("2004-02-29", "2026-03-01", 22);
        check("2004-02-29", "2028-02-29", 24);
        check("2026-01-01", "2026-01-01", 0);
        assert_eq!(age(day("2026-01-02"), day("2026-01-01")), Err(Fault::BeforeBirth));
    }

    #[test]
    fn days_on_which_an_age_is_reached() {
        #[track_caller]
        fn check(birth: &str, age: i64, expect: &str) {
            assert_eq!(age_reached(day(birth), age), Ok(day(expect)));
        }
        check("1961-06-01", 65, "2026-05-31");
        check("2008-04-01", 18, "2026-03-31");
        check("2004-02-29", 18, "2022-02-28");
        check("2004-02-29", 20, "2024-02-28");
        check("2004-03-01", 20, "2024-02-29");
        check("2026-05-01", 0, "2026-04-30");
    }

    #[test]
    fn fiscal_years() {
        #[track_caller]
        fn check(on: &str, year: i64, end: &str) {
            assert_eq!(fiscal_year(day(on)), year);
            assert_eq!(fiscal_year_end(day(on)), Ok(day(end)));
        }
        check("2026-03-31", 2025, "2026-03-31");
        check("2026-04-01", 2026, "2027-03-31");
        check("2026-12-31", 2026, "2027-03-31");
        assert_eq!(fiscal_year_end(Date::MAX), Err(Fault::DateOutOfRange));
    }
}
