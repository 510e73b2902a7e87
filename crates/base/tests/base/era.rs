//! Eras over their whole range and at every change.

use base::date::{Date, from_standard_text, standard_text};
use base::era::{self, Era};
use proptest::prelude::*;

fn day(text: &str) -> Date {
    from_standard_text(text).expect("a day in the test")
}

#[track_caller]
fn check(iso: &str, japanese: &str, short: &str) {
    assert_eq!(era::japanese(day(iso)), japanese);
    assert_eq!(era::short(day(iso)), short);
    assert_eq!(era::parse(japanese), Ok(day(iso)));
    assert_eq!(era::parse(short), Ok(day(iso)));
    assert_eq!(era::parse(&era::western(day(iso))), Ok(day(iso)));
}

#[test]
fn changes_of_era() {
    check("1868-01-24", "西暦1868年1月24日", "1868.1.24");
    check("1868-01-25", "明治元年1月25日", "M1.1.25");
    check("1873-01-01", "明治6年1月1日", "M6.1.1");
    check("1912-07-29", "明治45年7月29日", "M45.7.29");
    check("1912-07-30", "大正元年7月30日", "T1.7.30");
    check("1926-12-24", "大正15年12月24日", "T15.12.24");
    check("1926-12-25", "昭和元年12月25日", "S1.12.25");
    check("1989-01-07", "昭和64年1月7日", "S64.1.7");
    check("1989-01-08", "平成元年1月8日", "H1.1.8");
    check("2019-04-30", "平成31年4月30日", "H31.4.30");
    check("2019-05-01", "令和元年5月1日", "R1.5.1");
    check("2026-04-01", "令和8年4月1日", "R8.4.1");
    check("9999-12-31", "令和7981年12月31日", "R7981.12.31");
}

#[test]
fn every_day_from_1868_to_2100_returns() {
    let mut current = day("1868-01-01");
    while current < day("2101-01-01") {
        let text = era::japanese(current);
        assert_eq!(era::parse(&text), Ok(current), "{text}");
        let short = era::short(current);
        assert_eq!(era::parse(&short), Ok(current), "{short}");
        current = current.tomorrow().expect("a day in the test");
    }
}

#[test]
fn table() {
    let names: Vec<_> = Era::all().map(|era| format!("{era}{}", era.letter())).collect();
    assert_eq!(names, ["明治M", "大正T", "昭和S", "平成H", "令和R"]);
    assert_eq!(Era::of(day("1867-12-31")), None);
    let reiwa = Era::of(day("2026-04-01")).expect("an era");
    assert_eq!((reiwa.year_of(2026), reiwa.western_year(8)), (8, Some(2026)));
    assert_eq!(reiwa.last_day(), None);
    assert!(Era::all().all(|era| era.contains(era.first_day())));
}

#[test]
fn sentinels() {
    assert_eq!(standard_text(base::date::OPEN_FROM), "0000-01-01");
    assert_eq!(standard_text(base::date::FOREVER), "9999-12-31");
    assert_eq!(from_standard_text("0000-01-01"), Some(base::date::OPEN_FROM));
    assert_eq!(from_standard_text("2026-02-29"), None);
    assert_eq!(from_standard_text("20260401"), None);
}

proptest! {
    #[test]
    fn any_day_returns(year in 1_i16..=9999, month in 1_i8..=12, day in 1_i8..=31) {
        prop_assume!(Date::new(year, month, day).is_ok());
        let day = Date::new(year, month, day).expect("checked above");
        prop_assert_eq!(era::parse(&era::japanese(day)), Ok(day));
        prop_assert_eq!(from_standard_text(&standard_text(day)), Some(day));
    }
}
