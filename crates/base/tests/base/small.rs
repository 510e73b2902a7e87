//! Yen, dated series, problems and diagnostics.

use base::date::{Date, FOREVER};
use base::dated::{Dated, DuplicateDay};
use base::diagnostic::{Diagnostic, Severity};
use base::money::Yen;
use base::problem::{FieldProblem, Problem};
use expect_test::expect;
use proptest::prelude::*;

fn day(text: &str) -> Date {
    text.parse().expect("a day in the test")
}

#[test]
fn yen_shown_and_read() {
    for (amount, text) in [
        (0, "0円"),
        (999, "999円"),
        (1_000, "1,000円"),
        (12_345, "12,345円"),
        (-1_234_567, "-1,234,567円"),
        (i64::MIN, "-9,223,372,036,854,775,808円"),
    ] {
        assert_eq!(Yen(amount).to_string(), text);
    }
    for text in ["12,345円", "￥１２，３４５", "12345", "¥12,345", " 12 345 円"] {
        assert_eq!(Yen::parse(text), Ok(Yen(12_345)), "{text}");
    }
    assert_eq!(Yen::parse("△500"), Ok(Yen(-500)));
    for text in ["", "円", "1.5", "12万", "99999999999999999999"] {
        assert!(Yen::parse(text).is_err(), "{text}");
    }
}

#[test]
fn yen_sums_are_checked() {
    assert_eq!(Yen(1).checked_add(Yen(2)), Some(Yen(3)));
    assert_eq!(Yen(i64::MAX).checked_add(Yen(1)), None);
    assert_eq!(Yen(i64::MIN).checked_sub(Yen(1)), None);
    assert_eq!(Yen(i64::MAX).checked_mul(2), None);
    assert_eq!(Yen::checked_sum([Yen(1), Yen(2), Yen(3)]), Some(Yen(6)));
    assert_eq!(Yen(1_999).cut_to(1_000), Some(Yen(1_000)));
    assert_eq!(Yen(-1_999).cut_to(1_000), Some(Yen(-1_000)));
    assert_eq!(Yen(1).cut_to(0), None);
    assert_eq!(serde_json::to_string(&Yen(5)).expect("a number"), "5");
}

#[test]
fn dated_series_never_fall_back() {
    let entries =
        [(day("2026-04-01"), Some(30)), (day("2024-10-01"), Some(15)), (day("2028-04-01"), None)];
    let series = Dated::from_entries(entries).expect("distinct days");
    assert_eq!(series.on(day("2024-09-30")), None);
    assert_eq!(series.on(day("2024-10-01")), Some(&15));
    assert_eq!(series.on(day("2026-03-31")), Some(&15));
    assert_eq!(series.on(day("2026-04-01")), Some(&30));
    assert_eq!(series.on(FOREVER), None);
    let now = series.in_force_on(day("2027-01-01")).expect("in force");
    assert_eq!((now.from, now.to), (day("2026-04-01"), day("2028-03-31")));
    assert_eq!(series.periods().map(|period| *period.value).collect::<Vec<_>>(), [15, 30]);
    assert_eq!(series.next_change_after(day("2026-04-01")), Some(day("2028-04-01")));
    let mut series = series;
    let twice = series.insert(day("2026-04-01"), Some(1));
    assert_eq!(twice, Err(DuplicateDay(day("2026-04-01"))));
    assert_eq!(series.on(day("2026-04-01")), Some(&30));
}

#[test]
fn problem_on_the_wire() {
    let problem = Problem::new(422, "入力に誤りがあります")
        .with_kind("/problems/invalid")
        .with_detail("赤い項目を直してください。")
        .with_error(FieldProblem::new("/birth_date", "E0002", "13月はありません。"));
    let json = serde_json::to_string_pretty(&problem).expect("a problem");
    expect![[r#"
        {
          "type": "/problems/invalid",
          "title": "入力に誤りがあります",
          "status": 422,
          "detail": "赤い項目を直してください。",
          "errors": [
            {
              "pointer": "/birth_date",
              "message": "13月はありません。",
              "code": "E0002"
            }
          ]
        }"#]]
    .assert_eq(&json);
    assert_eq!(serde_json::from_str::<Problem>(&json).expect("the same"), problem);
    let bare = serde_json::to_string(&Problem::new(404, "ありません")).expect("a problem");
    expect![[r#"{"type":"about:blank","title":"ありません","status":404}"#]].assert_eq(&bare);
    expect![[r#"
        422 入力に誤りがあります: 赤い項目を直してください。
          /birth_date: 13月はありません。（E0002）"#]]
    .assert_eq(&problem.to_string());
}

#[test]
fn diagnostic_in_words() {
    let diagnostic = Diagnostic::error("registers/child.yaml", (3, 7), "型「DAT」はありません。")
        .with_help("DATE と書いてください。");
    expect![[r#"
        registers/child.yaml:3:7: エラー: 型「DAT」はありません。
          対処: DATE と書いてください。"#]]
    .assert_eq(&diagnostic.to_string());
    let warning = Diagnostic::warning("system.yaml", (0, 0), "根拠法令がありません。");
    expect!["system.yaml:0:0: 警告: 根拠法令がありません。"].assert_eq(&warning.to_string());
    assert!(diagnostic.is_error() && !warning.is_error() && warning.severity == Severity::Warning);
}

proptest! {
    #[test]
    fn yen_returns(amount in -999_999_999_999_i64..=999_999_999_999) {
        prop_assert_eq!(Yen::parse(&Yen(amount).to_string()), Ok(Yen(amount)));
    }
}
