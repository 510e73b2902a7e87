//! Dates packed into one number, year, month and day side by side, so that order is kept and the
//! parts are shifts; and reckoning with them as `calendar` reckons with dates.

use crate::value::Date;

/// A packed date.
#[inline]
pub(super) fn pack(date: Date) -> i64 {
    parts(i64::from(date.year()), i64::from(date.month()), i64::from(date.day()))
}

#[inline]
fn parts(year: i64, month: i64, day: i64) -> i64 {
    year * 512 + month * 32 + day
}

/// The date of a packed one.
#[inline]
pub fn unpack(packed: i64) -> Option<Date> {
    let year = i16::try_from(year(packed)).ok()?;
    Date::new(year, i8::try_from(month(packed)).ok()?, i8::try_from(day(packed)).ok()?).ok()
}

/// A date from the days since 1970-01-01 as it stands in a column.
pub fn from_days(days: i32) -> i64 {
    let shifted = i64::from(days) + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    parts(era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// A year and a month, for [`day_of`].
#[inline]
pub(super) fn month_of(year: i64, month: i64) -> Option<i64> {
    (is_year(year) && (1..=12).contains(&month)).then(|| parts(year, month, 0))
}

/// A day of a month; `None` when the month has no such day.
#[inline]
pub(super) fn day_of(of: i64, number: i64) -> Option<i64> {
    (1..=days_of(year(of), month(of))).contains(&number).then(|| of + number)
}

#[inline]
pub(super) fn year(packed: i64) -> i64 {
    packed >> 9
}

#[inline]
pub(super) fn month(packed: i64) -> i64 {
    (packed >> 5) & 15
}

#[inline]
pub(super) fn day(packed: i64) -> i64 {
    packed & 31
}

/// Month and day side by side.
#[inline]
fn within(packed: i64) -> i64 {
    packed & 511
}

const LAST_OF_MARCH: i64 = 3 * 32 + 31;
const FIRST_OF_APRIL: i64 = 4 * 32 + 1;
const LEAP_DAY: i64 = 2 * 32 + 29;

#[inline]
fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

#[inline]
fn days_of(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap(year)),
        _ => 31,
    }
}

/// Years that dates can have.
#[inline]
fn is_year(year: i64) -> bool {
    (-9999..=9999).contains(&year)
}

#[inline]
pub(super) fn fiscal_year(packed: i64) -> i64 {
    year(packed) - i64::from(within(packed) <= LAST_OF_MARCH)
}

/// `None` out of range, as for all below.
#[inline]
pub(super) fn fiscal_year_end(packed: i64) -> Option<i64> {
    let year = fiscal_year(packed) + 1;
    is_year(year).then(|| parts(year, 3, 31))
}

#[inline]
pub(super) fn month_start(packed: i64) -> i64 {
    packed - day(packed) + 1
}

#[inline]
pub(super) fn month_end(packed: i64) -> i64 {
    packed - day(packed) + days_of(year(packed), month(packed))
}

#[inline]
fn yesterday(packed: i64) -> Option<i64> {
    if day(packed) > 1 {
        return Some(packed - 1);
    }
    let (year, month) = match month(packed) {
        1 => (year(packed) - 1, 12),
        month => (year(packed), month - 1),
    };
    is_year(year).then(|| parts(year, month, days_of(year, month)))
}

/// The day before the birthday of that age.
#[inline]
pub(super) fn age_reached(birth: i64, age: i64) -> Option<i64> {
    let year = year(birth) + i64::from(u16::try_from(age).ok()?);
    if !is_year(year) {
        return None;
    }
    let md = within(birth);
    let birthday = if md == LEAP_DAY && !is_leap(year) { 3 * 32 + 1 } else { md };
    yesterday(year * 512 + birthday)
}

/// The end of the fiscal year in which the day before the birthday of that age falls: who is born
/// up to 1 April belongs to the year before.
#[inline]
pub(super) fn fiscal_year_end_of_age(birth: i64, age: i64) -> Option<i64> {
    let year = year(birth) + age + i64::from(within(birth) > FIRST_OF_APRIL);
    let fits = (0..=65_535).contains(&age) & is_year(year) & is_year(year - 1);
    fits.then(|| parts(year, 3, 31))
}

/// `None` before birth.
#[inline]
pub(super) fn age(birth: i64, on: i64) -> Option<i64> {
    (on >= birth).then(|| year(on) - year(birth) - i64::from(within(on) < within(birth)))
}

#[inline]
pub(super) fn add_months(packed: i64, months: i64) -> Option<i64> {
    let total = (year(packed) * 12 + month(packed) - 1).checked_add(months)?;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    is_year(year).then(|| parts(year, month, day(packed).min(days_of(year, month))))
}

#[inline]
pub(super) fn add_years(packed: i64, years: i64) -> Option<i64> {
    let year = year(packed).checked_add(years)?;
    let md = within(packed);
    let md = if md == LEAP_DAY && !is_leap(year) { LEAP_DAY - 1 } else { md };
    is_year(year).then(|| year * 512 + md)
}

/// Days since a day long ago.
#[inline]
fn count(packed: i64) -> i64 {
    let (year, month) = (year(packed), month(packed));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day(packed) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year
}

#[inline]
pub(super) fn days_between(from: i64, to: i64) -> i64 {
    count(to) - count(from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar;

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 20_000, failure_persistence: None, ..Default::default()
        })]
        #[test]
        fn packed_dates_reckon_as_dates_do(
            year in 1_i16..9999,
            day_of_year in 1_i16..365,
            other in 1_i16..9999,
            n in -50_i64..3000,
        ) {
            let date = |year: i16| {
                let first = Date::new(year, 1, 1).expect("a date");
                first.checked_add(jiff::Span::new().days(day_of_year - 1)).expect("a date")
            };
            let (a, b) = (date(year), Date::new(other, 2, 28).expect("a date"));
            let (p, q) = (pack(a), pack(b));
            let packed = |found: Result<Date, _>| found.ok().map(pack);
            prop_assert_eq!(unpack(p), Some(a));
            prop_assert_eq!(a < b, p < q);
            prop_assert_eq!(fiscal_year(p), calendar::fiscal_year(a));
            prop_assert_eq!(fiscal_year_end(p), packed(calendar::fiscal_year_end(a)));
            prop_assert_eq!(month_start(p), pack(a.first_of_month()));
            prop_assert_eq!(month_end(p), pack(a.last_of_month()));
            prop_assert_eq!(age_reached(p, n), packed(calendar::age_reached(a, n)));
            let end = age_reached(p, n).and_then(fiscal_year_end);
            prop_assert_eq!(fiscal_year_end_of_age(p, n), end);
            prop_assert_eq!(age(p, q), calendar::age(a, b).ok());
            prop_assert_eq!(add_months(p, n), packed(calendar::add_months(a, n)));
            prop_assert_eq!(add_years(p, n), packed(calendar::add_years(a, n)));
            prop_assert_eq!(days_between(p, q), calendar::days_between(a, b));
        }
    }

    #[test]
    fn leap_days() {
        let born = pack(Date::constant(2004, 2, 29));
        assert_eq!(age_reached(born, 18), Some(pack(Date::constant(2022, 2, 28))));
        assert_eq!(age_reached(born, 20), Some(pack(Date::constant(2024, 2, 28))));
        assert_eq!(age(born, pack(Date::constant(2026, 2, 28))), Some(21));
        assert_eq!(add_years(born, 1), Some(pack(Date::constant(2005, 2, 28))));
    }
}
