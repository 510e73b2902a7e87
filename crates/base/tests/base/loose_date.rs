//! Uncertain dates: accepted writings, effective days, refusals.

use base::date::{Effective, Kind, LooseDate};
use expect_test::{Expect, expect};

/// Kind, ISO form and effective days; the Japanese form, with the stored text where it is another;
/// the western form.
#[track_caller]
fn check(input: &str, expected: Expect) {
    let date = LooseDate::parse_recorded(input).expect(input);
    let day = |rule| date.effective_by(rule).map(|day| day.to_string()).unwrap_or("-".into());
    let (first, last) = (day(Effective::First), day(Effective::Last));
    let (kind, iso, western, japanese) = (date.kind(), date.iso(), date.western(), date.japanese());
    let stored = match date.storage().1 {
        None => " (day only)".to_owned(),
        Some(text) if text == japanese => String::new(),
        Some(text) => format!(" (stored {text})"),
    };
    expected
        .assert_eq(&format!("{kind:?} {iso} = {first}..{last}\n{japanese}{stored}\n{western}\n"));
    let (day, text) = date.storage();
    assert_eq!(LooseDate::from_storage(day, text.as_deref()), Some(date));
}

#[track_caller]
fn same(inputs: &[&str]) {
    let first = LooseDate::parse(inputs[0]).expect(inputs[0]);
    for input in inputs {
        assert_eq!(LooseDate::parse(input).as_ref(), Ok(&first), "{input}");
    }
}

#[test]
fn writings_of_a_certain_day() {
    same(&[
        "2026-04-01",
        "20260401",
        "２０２６０４０１",
        "2026/4/1",
        "2026.04.01",
        "2026年4月1日",
        "西暦２０２６年４月１日",
        "令和8年4月1日",
        " 令和　８年 ４月 １日 ",
        "㋿8年4月1日",
        "R8.4.1",
        "r8.4.1",
        "Ｒ８．４．１",
        "R08/04/01",
        "令8.4.1",
        "令和八年四月一日",
        "二〇二六年四月一日",
    ]);
    same(&["令和元年5月1日", "令和1年5月1日", "R元.5.1", "2019-05-01"]);
    same(&["昭和二十五年十二月三十一日", "S25-12-31", "19501231"]);
}

#[test]
fn fourteen_writings_of_the_standard() {
    check(
        "令和5年頃",
        expect![[r#"
        About 2023-XX-XX~ = 2023-01-01..2023-12-31
        令和5年頃
        2023年頃
    "#]],
    );
    check(
        "令和5年4月頃",
        expect![[r#"
        About 2023-04-XX~ = 2023-04-01..2023-04-30
        令和5年4月頃
        2023年4月頃
    "#]],
    );
    check(
        "令和5年4月1日頃",
        expect![[r#"
        About 2023-04-01~ = 2023-04-01..2023-04-01
        令和5年4月1日頃
        2023年4月1日頃
    "#]],
    );
    check(
        "推定令和5年4月1日",
        expect![[r#"
        Estimated 2023-04-01~ = 2023-04-01..2023-04-01
        推定令和5年4月1日
        推定2023年4月1日
    "#]],
    );
    check(
        "推定令和5年4月",
        expect![[r#"
        Estimated 2023-04-XX~ = 2023-04-01..2023-04-30
        推定令和5年4月
        推定2023年4月
    "#]],
    );
    check(
        "令和5年春",
        expect![[r#"
        Part 2023-03-01/2023-05-31 = 2023-03-01..2023-05-31
        令和5年春
        2023年春
    "#]],
    );
    check(
        "令和5年4月上旬",
        expect![[r#"
        Part 2023-04-01/2023-04-10 = 2023-04-01..2023-04-10
        令和5年4月上旬
        2023年4月上旬
    "#]],
    );
    check(
        "令和5年4月中旬頃",
        expect![[r#"
        About 2023-04-11/2023-04-20~ = 2023-04-11..2023-04-20
        令和5年4月中旬頃
        2023年4月中旬頃
    "#]],
    );
    check(
        "年月日不詳",
        expect![[r#"
        Unknown XXXX-XX-XX = -..-
        年月日不詳
        年月日不詳
    "#]],
    );
    check(
        "令和5年 月日不詳",
        expect![[r#"
        MonthUnknown 2023-XX-XX = 2023-01-01..2023-12-31
        令和5年月日不詳
        2023年月日不詳
    "#]],
    );
    check(
        "令和5年4月 日不詳",
        expect![[r#"
        DayUnknown 2023-04-XX = 2023-04-01..2023-04-30
        令和5年4月日不詳
        2023年4月日不詳
    "#]],
    );
    check(
        "令和5年4月1日から5月10日頃までの間",
        expect![[r#"
        Between 2023-04-01/2023-05-10~ = 2023-04-01..2023-05-10
        令和5年4月1日から5月10日頃までの間
        2023年4月1日から5月10日頃までの間
    "#]],
    );
    check(
        "令和5年4月推定1日から10日までの間",
        expect![[r#"
        Between 2023-04-01/2023-04-10~ = 2023-04-01..2023-04-10
        令和5年4月推定1日から10日までの間
        2023年4月推定1日から10日までの間
    "#]],
    );
    check(
        "令和5年4月1日頃から10日頃までの間",
        expect![[r#"
        Between 2023-04-01/2023-04-10~ = 2023-04-01..2023-04-10
        令和5年4月1日頃から10日頃までの間
        2023年4月1日頃から10日頃までの間
    "#]],
    );
}

#[test]
fn other_uncertain_writings() {
    check(
        "昭和不詳",
        expect![[r#"
        YearUnknown 1926-12-25/1989-01-07 = 1926-12-25..1989-01-07
        昭和年月日不詳
        昭和年月日不詳
    "#]],
    );
    check(
        "令和年月日不詳",
        expect![[r#"
        YearUnknown 2019-05-01/ = 2019-05-01..-
        令和年月日不詳
        令和年月日不詳
    "#]],
    );
    check(
        "昭和15年4月不詳",
        expect![[r#"
        DayUnknown 1940-04-XX = 1940-04-01..1940-04-30
        昭和15年4月日不詳
        1940年4月日不詳
    "#]],
    );
    check(
        "昭和15年不詳",
        expect![[r#"
        MonthUnknown 1940-XX-XX = 1940-01-01..1940-12-31
        昭和15年月日不詳
        1940年月日不詳
    "#]],
    );
    check(
        "昭和15年",
        expect![[r#"
        MonthUnknown 1940-XX-XX = 1940-01-01..1940-12-31
        昭和15年月日不詳
        1940年月日不詳
    "#]],
    );
    check(
        "1940-04",
        expect![[r#"
        DayUnknown 1940-04-XX = 1940-04-01..1940-04-30
        昭和15年4月日不詳
        1940年4月日不詳
    "#]],
    );
    check(
        "不詳",
        expect![[r#"
        Unknown XXXX-XX-XX = -..-
        年月日不詳
        年月日不詳
    "#]],
    );
    check(
        "2026年4月頃",
        expect![[r#"
        About 2026-04-XX~ = 2026-04-01..2026-04-30
        令和8年4月頃
        2026年4月頃
    "#]],
    );
    check(
        "1989年頃",
        expect![[r#"
        About 1989-XX-XX~ = 1989-01-01..1989-12-31
        平成元年頃 (stored 1989年頃)
        1989年頃
    "#]],
    );
    check(
        "平成元年頃",
        expect![[r#"
        About 1989-XX-XX~ = 1989-01-08..1989-12-31
        平成元年頃
        1989年頃
    "#]],
    );
    check(
        "昭和64年月日不詳",
        expect![[r#"
        MonthUnknown 1989-XX-XX = 1989-01-01..1989-01-07
        昭和64年月日不詳
        1989年月日不詳
    "#]],
    );
    check(
        "1850年頃",
        expect![[r#"
            About 1850-XX-XX~ = 1850-01-01..1850-12-31
            西暦1850年頃
            西暦1850年頃
        "#]],
    );
    check(
        "推定1850年",
        expect![[r#"
            Estimated 1850-XX-XX~ = 1850-01-01..1850-12-31
            推定西暦1850年
            推定西暦1850年
        "#]],
    );
    check(
        "令和6年2月下旬",
        expect![[r#"
        Part 2024-02-21/2024-02-29 = 2024-02-21..2024-02-29
        令和6年2月下旬
        2024年2月下旬
    "#]],
    );
    check(
        "令和6年冬頃",
        expect![[r#"
        About 2024-01-01/2024-12-31~ = 2024-01-01..2024-12-31
        令和6年冬頃
        2024年冬頃
    "#]],
    );
    check(
        "令和5年から令和7年頃までの間",
        expect![[r#"
        Between 2023-01-01/2025-12-31~ = 2023-01-01..2025-12-31
        令和5年から令和7年頃までの間
        2023年から2025年頃までの間
    "#]],
    );
    check(
        "令和5年4月から6月までの間",
        expect![[r#"
        Between 2023-04-01/2023-06-30 = 2023-04-01..2023-06-30
        令和5年4月から6月までの間
        2023年4月から6月までの間
    "#]],
    );
    check(
        "平成31年4月1日から令和元年5月10日までの間",
        expect![[r#"
        Between 2019-04-01/2019-05-10 = 2019-04-01..2019-05-10
        平成31年4月1日から令和元年5月10日までの間
        2019年4月1日から5月10日までの間
    "#]],
    );
}

#[test]
fn days_outside_the_calendar_and_double_days() {
    check(
        "昭和22年2月29日",
        expect![[r#"
        Impossible 1947-02-29 = 1947-02-28..1947-02-28
        昭和22年2月29日
        1947年2月29日
    "#]],
    );
    check(
        "令和8年4月31日",
        expect![[r#"
        Impossible 2026-04-31 = 2026-04-30..2026-04-30
        令和8年4月31日
        2026年4月31日
    "#]],
    );
    check(
        "令和8年2月31日",
        expect![[r#"
        Impossible 2026-02-31 = 2026-02-28..2026-02-28
        令和8年2月31日
        2026年2月31日
    "#]],
    );
    check(
        "明治45年7月30日",
        expect![[r#"
        Certain 1912-07-30 = 1912-07-30..1912-07-30
        明治45年7月30日
        1912年7月30日
    "#]],
    );
    check(
        "大正15年12月25日",
        expect![[r#"
        Certain 1926-12-25 = 1926-12-25..1926-12-25
        大正15年12月25日
        1926年12月25日
    "#]],
    );
    check(
        "0000-01-01",
        expect![[r#"
            Certain 0000-01-01 = 0001-01-01..0001-01-01
            西暦1年1月1日 (day only)
            西暦1年1月1日
        "#]],
    );
    check(
        "9999-12-31",
        expect![[r#"
        Certain 9999-12-31 = 9999-12-31..9999-12-31
        令和7981年12月31日 (day only)
        9999年12月31日
    "#]],
    );
    check(
        "令和8年4月1日",
        expect![[r#"
        Certain 2026-04-01 = 2026-04-01..2026-04-01
        令和8年4月1日 (day only)
        2026年4月1日
    "#]],
    );
}

#[test]
fn storage_text_wins_and_may_be_refused() {
    assert_eq!(LooseDate::from_storage(None, None), None);
    assert_eq!(LooseDate::from_storage(None, Some("よくわからない")), None);
    assert_eq!(LooseDate::from_storage(None, Some("不詳")), Some(LooseDate::UNKNOWN));
}

#[track_caller]
fn check_match(left: &str, right: &str, expected: bool) {
    let read = |text| LooseDate::parse_recorded(text).expect("a date in the test");
    assert_eq!(read(left).matches(&read(right)), expected, "{left} {right}");
    assert_eq!(read(right).matches(&read(left)), expected, "{right} {left}");
}

#[test]
fn matching_for_search() {
    check_match("昭和15年4月1日", "1940-04-01", true);
    check_match("昭和15年4月1日", "昭和15年4月2日", false);
    check_match("昭和15年4月日不詳", "昭和15年4月30日", true);
    check_match("昭和15年4月日不詳", "昭和15年5月1日", false);
    check_match("昭和15年", "昭和15年12月1日", true);
    check_match("不詳", "昭和15年12月1日", true);
    check_match("昭和年月日不詳", "昭和15年12月1日", true);
    check_match("昭和年月日不詳", "平成元年12月1日", false);
    check_match("昭和15年4月頃", "昭和15年5月20日", true);
    check_match("昭和15年4月頃", "昭和15年7月1日", false);
    check_match("推定昭和15年4月10日", "昭和15年4月15日", true);
    check_match("昭和15年頃", "昭和16年12月1日", true);
    check_match("昭和15年4月1日から10日までの間", "昭和15年4月5日", true);
    check_match("昭和15年4月1日から10日までの間", "昭和15年4月11日", false);
    check_match("明治45年7月30日", "大正元年7月30日", true);
    check_match("昭和22年2月29日", "昭和22年2月28日", true);
}

#[test]
fn serialised_as_text() {
    let dates = ["2026-04-01", "昭和15年4月日不詳", "昭和22年2月29日", "1989年頃", "0000-01-01"]
        .map(|text| LooseDate::parse_recorded(text).expect(text));
    let json = serde_json::to_string(&dates).expect("a list of texts");
    expect![[r#"["2026-04-01","昭和15年4月日不詳","昭和22年2月29日","1989年頃","0000-01-01"]"#]]
        .assert_eq(&json);
    let back: Vec<LooseDate> = serde_json::from_str(&json).expect("what was written");
    assert_eq!(back, dates);
    assert_eq!(LooseDate::parse("昭和15年").map(|date| date.kind()), Ok(Kind::MonthUnknown));
}
