//! Ages at the edges of birthdays, leap days and school years.

use base::age::{age_attained_on, age_on, age_reached_on, fiscal_year, school_year_end_after_age};
use base::date::Date;
use proptest::prelude::*;

fn day(text: &str) -> Date {
    text.parse().expect("a day in the test")
}

#[track_caller]
fn check(birth: &str, on: &str, age: u16, attained: u16) {
    assert_eq!(age_on(day(birth), day(on)), Some(age), "age");
    assert_eq!(age_attained_on(day(birth), day(on)), Some(attained), "attained");
}

#[test]
fn around_the_birthday() {
    check("2008-07-11", "2026-07-09", 17, 17);
    check("2008-07-11", "2026-07-10", 17, 18);
    check("2008-07-11", "2026-07-11", 18, 18);
    check("2008-01-01", "2025-12-31", 17, 18);
    check("2004-02-29", "2022-02-27", 17, 17);
    check("2004-02-29", "2022-02-28", 17, 18);
    check("2004-02-29", "2022-03-01", 18, 18);
    check("2004-02-29", "2024-02-28", 19, 20);
    check("2004-02-29", "2024-02-29", 20, 20);
    check("2026-04-01", "2026-04-01", 0, 0);
    assert_eq!(age_on(day("2026-04-01"), day("2026-03-31")), None);
    assert_eq!(age_attained_on(day("2026-04-01"), day("2026-03-31")), None);
}

#[test]
fn day_an_age_is_reached() {
    assert_eq!(age_reached_on(day("1961-04-01"), 65), day("2026-03-31"));
    assert_eq!(age_reached_on(day("2004-02-29"), 18), day("2022-02-28"));
    assert_eq!(age_reached_on(day("2004-02-29"), 20), day("2024-02-28"));
    assert_eq!(age_reached_on(day("2008-01-01"), 18), day("2025-12-31"));
    assert_eq!(age_reached_on(day("9990-01-01"), 18), base::date::FOREVER);
}

#[test]
fn school_years() {
    assert_eq!(school_year_end_after_age(day("2008-04-01"), 18), day("2026-03-31"));
    assert_eq!(school_year_end_after_age(day("2008-04-02"), 18), day("2027-03-31"));
    assert_eq!(school_year_end_after_age(day("2008-03-31"), 18), day("2026-03-31"));
    assert_eq!(school_year_end_after_age(day("2008-12-31"), 18), day("2027-03-31"));
    assert_eq!(school_year_end_after_age(day("2004-02-29"), 22), day("2026-03-31"));
}

#[test]
fn fiscal_years() {
    assert_eq!(fiscal_year(day("2026-03-31")), 2025);
    assert_eq!(fiscal_year(day("2026-04-01")), 2026);
    assert_eq!(fiscal_year(day("2027-01-01")), 2026);
}

fn any_day(from: i16, to: i16) -> impl Strategy<Value = Date> {
    (from..=to, 1_i8..=12, 1_i8..=31)
        .prop_filter_map("no such day", |(year, month, day)| Date::new(year, month, day).ok())
}

proptest! {
    #[test]
    fn reached_is_the_first_day_attained(birth in any_day(1868, 2026), years in 1_u16..=120) {
        let reached = age_reached_on(birth, years);
        prop_assert_eq!(age_attained_on(birth, reached), Some(years));
        prop_assert_eq!(age_on(birth, reached), Some(years - 1));
        let before = reached.yesterday().expect("after 1868");
        prop_assert_eq!(age_attained_on(birth, before.max(birth)), Some(years - 1));
        let end = school_year_end_after_age(birth, years);
        prop_assert!(end >= reached && (end.month(), end.day()) == (3, 31));
        prop_assert!(end.year() - reached.year() <= 1);
    }
}
