//! What holds for every writing of an uncertain date.

use base::date::{Date, LooseDate};
use proptest::prelude::*;

/// Any writing the standard allows, in Japanese or western years.
fn writing() -> impl Strategy<Value = String> {
    let year = prop_oneof![
        (1_i16..=31).prop_map(|year| format!("平成{year}年")),
        (1_i16..=64).prop_map(|year| format!("昭和{year}年")),
        (1_i16..=15).prop_map(|year| format!("大正{year}年")),
        (1_i16..=45).prop_map(|year| format!("明治{year}年")),
        (1_i16..=7981).prop_map(|year| format!("令和{year}年")),
        (1_i16..=9999).prop_map(|year| format!("{year}年")),
    ];
    let guess = prop_oneof![Just(""), Just("推定")];
    let end = prop_oneof![
        Just("月日不詳".to_owned()),
        Just("頃".to_owned()),
        "[春夏秋冬]頃?",
        (1..=12).prop_map(|month| format!("{month}月")),
        (1..=12).prop_map(|month| format!("{month}月日不詳")),
        (1..=12).prop_map(|month| format!("{month}月頃")),
        (1..=12, "[上中下]旬頃?").prop_map(|(month, part)| format!("{month}月{part}")),
        (1..=12, 1..=31).prop_map(|(month, day)| format!("{month}月{day}日")),
        (1..=12, 1..=31).prop_map(|(month, day)| format!("{month}月{day}日頃")),
        (1..=12, 1..=31, 1..=31)
            .prop_map(|(month, day, to)| format!("{month}月{day}日から{to}日頃までの間")),
        (1..=11, 1..=31, 1..=31)
            .prop_map(|(m, day, to)| format!("{m}月{day}日から{}月{to}日までの間", m + 1)),
        (1..=12, 1..=31, 1..=31)
            .prop_map(|(month, day, to)| format!("{month}月推定{day}日から{to}日までの間")),
    ];
    (guess, year, end).prop_map(|(guess, year, end)| format!("{guess}{year}{end}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn storage_returns_the_record(text in writing()) {
        let Ok(date) = LooseDate::parse_recorded(&text) else { return Ok(()) };
        let (day, stored) = date.storage();
        prop_assert_eq!(LooseDate::from_storage(day, stored.as_deref()), Some(date));
        prop_assert_eq!(LooseDate::parse_recorded(&date.japanese()).map(|d| d.japanese()),
            Ok(date.japanese()));
        prop_assert_eq!(LooseDate::parse_recorded(&date.western()).map(|d| d.western()),
            Ok(date.western()));
    }

    #[test]
    fn period_is_in_order_and_matches_itself(text in writing()) {
        let Ok(date) = LooseDate::parse_recorded(&text) else { return Ok(()) };
        let first = date.effective_by(base::date::Effective::First);
        let last = date.effective_by(base::date::Effective::Last);
        prop_assert!(first <= last);
        prop_assert!(date.matches(&date));
        let last = LooseDate::from(last.expect("a year is known"));
        prop_assert!(date.matches(&last));
    }

    #[test]
    fn certain_days_are_one_fact(year in 1868_i16..=9999, month in 1_i8..=12, day in 1_i8..=31) {
        prop_assume!(Date::new(year, month, day).is_ok());
        let day = Date::new(year, month, day).expect("checked above");
        let date = LooseDate::from(day);
        prop_assert_eq!(date.certain(), Some(day));
        prop_assert_eq!(date.storage(), (Some(day), None));
        prop_assert_eq!(LooseDate::parse(&date.japanese()), Ok(date));
        prop_assert_eq!(LooseDate::parse(&date.western()), Ok(date));
        prop_assert_eq!(LooseDate::parse(&date.iso()), Ok(date));
    }

    #[test]
    fn nothing_makes_it_panic(text in "[令昭和RSs元年月日頃推定から不詳の間までに春上旬0-9０-９一十./-]{0,16}") {
        let _ = LooseDate::parse(&text);
        let _ = LooseDate::parse_recorded(&text).map(|d| (d.japanese(), d.iso(), d.western()));
    }

    #[test]
    fn nor_does_any_text(text in "\\PC{0,20}") {
        let _ = LooseDate::parse_recorded(&text);
    }
}
