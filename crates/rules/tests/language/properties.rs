//! Whatever is written, nothing panics; whatever is well typed has an answer or a fault.

use proptest::prelude::*;
use rules::{Decimal, Record, Scope, Type, Value, compile};

use crate::support::{day, facts, person, scope};

/// Pieces of the language in any order: far more often nearly right than random characters.
const PIECES: &[&str] = &[
    "1",
    "0",
    "2.50",
    "9223372036854775807",
    "\"子\"",
    "\"\"",
    "true",
    "null",
    "n",
    "世帯主",
    "世帯員",
    "月額",
    "基準日",
    "期間",
    "税率",
    "未入力",
    "item",
    "x",
    "`18歳以上`",
    ".続柄",
    ".年",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    "..",
    ".",
    ":",
    "+",
    "-",
    "*",
    "/",
    "=",
    "!=",
    "<",
    ">=",
    "and",
    "or",
    "not(",
    "if",
    "then",
    "else",
    "in",
    "some x in",
    "every x in",
    "satisfies",
    "for x in",
    "return",
    "切捨て(",
    "年齢(",
    "count(",
    "value or(",
    "date(\"2026-04-01\")",
    "duration(\"P1M\")",
    "//",
    "\n",
    "（",
    "）",
    "`",
    "\"",
    "\\",
    "･",
    "が",
    "か\u{3099}",
    "𠮷",
];

fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.join(" "))
}

/// Compiles, and evaluates over full and empty facts what compiles.
fn survive(source: &str) {
    match compile(source, &scope()) {
        Ok(expression) => {
            let outcome = expression.evaluate(&facts());
            assert_eq!(rules::evaluate_traced(&expression, &facts()).0, outcome);
            let _ = expression.evaluate(&Record::new());
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(source.get(error.start..error.end).is_some(), "{source}: {error:?}");
                assert!(error.line >= 1 && error.column >= 1);
            }
        }
    }
}

fn number(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        (0..i64::MAX).prop_map(|n| n.to_string()),
        (0..1000_i64, 0..100_i64).prop_map(|(a, b)| format!("{a}.{b:02}")),
        prop::sample::select(vec!["n", "所得割額", "未入力", "世帯主.所得", "null", "x"])
            .prop_map(str::to_owned),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let rounding = prop::sample::select(vec!["切捨て", "切上げ", "四捨五入"]);
    let round = (rounding, number(depth - 1), number(depth - 1), number(0));
    prop_oneof![
        leaf,
        (number(depth - 1), prop::sample::select(vec!["+", "-"]), number(depth - 1))
            .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        (number(depth - 1), number(depth - 1))
            .prop_map(|(a, b)| format!("切捨て({a}, 0.1) * 切捨て({b}, 1)")),
        round.prop_map(|(f, a, b, unit)| format!("{f}({a} / {b} * n, {unit})")),
        number(depth - 1).prop_map(|a| format!("(-{a})")),
        (truth(depth - 1), number(depth - 1), number(depth - 1))
            .prop_map(|(c, a, b)| format!("(if {c} then {a} else {b})")),
        (number(depth - 1), number(depth - 1)).prop_map(|(a, b)| format!("value or({a}, {b})")),
        (prop::sample::select(vec!["sum", "min", "max", "count", "first", "last"]), list(depth))
            .prop_map(|(f, l)| format!("{f}({l})")),
        (date(depth - 1), date(depth - 1)).prop_map(|(a, b)| format!("年齢({a}, {b})")),
        (date(depth - 1), date(depth - 1)).prop_map(|(a, b)| format!("days between({a}, {b})")),
        date(depth - 1).prop_map(|a| format!("年度({a})")),
    ]
    .boxed()
}

fn list(depth: u32) -> BoxedStrategy<String> {
    let depth = depth.saturating_sub(1);
    let items = prop::collection::vec(number(depth), 1..4);
    prop_oneof![
        items.prop_map(|items| format!("[{}]", items.join(", "))),
        Just("月額".to_owned()),
        Just("世帯員.所得".to_owned()),
        number(depth).prop_map(|a| format!("月額[item > {a}]")),
        number(depth).prop_map(|a| format!("distinct(concat(月額, [{a}]))")),
    ]
    .boxed()
}

fn date(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop::sample::select(vec![
        "基準日",
        "転出日",
        "世帯主.生年月日",
        "date(\"2024-02-29\")",
        "date(\"9999-12-31\")",
    ])
    .prop_map(str::to_owned);
    if depth == 0 {
        return leaf.boxed();
    }
    let add = prop::sample::select(vec!["日を加える", "月を加える", "年を加える", "到達日"]);
    let end = prop::sample::select(vec!["年度末", "月初", "月末"]);
    prop_oneof![
        leaf,
        (add, date(depth - 1), any::<i32>()).prop_map(|(f, d, n)| format!("{f}({d}, {n})")),
        (end, date(depth - 1)).prop_map(|(f, d)| format!("{f}({d})")),
        date(depth - 1).prop_map(|d| format!("({d} - 期間)")),
        date(depth - 1).prop_map(|d| format!("({d} + (基準日 - {d}))")),
    ]
    .boxed()
}

fn truth(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop::sample::select(vec!["true", "false", "null", "外国人", "未確認"])
        .prop_map(str::to_owned);
    if depth == 0 {
        return leaf.boxed();
    }
    let compare = prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">="]);
    prop_oneof![
        leaf,
        (truth(depth - 1), prop::sample::select(vec!["and", "or"]), truth(depth - 1))
            .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        truth(depth - 1).prop_map(|a| format!("not({a})")),
        (number(depth - 1), compare.clone(), number(depth - 1))
            .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        (date(depth - 1), compare, date(depth - 1))
            .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        (number(depth - 1), number(depth - 1), number(depth - 1))
            .prop_map(|(a, b, c)| format!("({a} in [{b}..{c}))")),
        (number(depth - 1), list(depth)).prop_map(|(a, l)| format!("({a} in {l})")),
        (list(depth), prop::sample::select(vec!["some", "every"]))
            .prop_map(|(l, q)| format!("({q} 各 in {l} satisfies 各 > n)")),
        list(depth).prop_map(|l| format!("empty({l})")),
        number(depth - 1).prop_map(|a| format!("is unknown({a})")),
    ]
    .boxed()
}

fn known(value: bool) -> Value {
    value.into()
}

fn three() -> impl Strategy<Value = Option<bool>> {
    prop::option::of(any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(source in any::<String>()) {
        survive(&source);
    }

    #[test]
    fn any_pieces_are_survived(source in pieces()) {
        survive(&source);
    }

    #[test]
    fn well_typed_expressions_have_an_answer_or_a_fault(source in truth(3)) {
        let scope = scope().with("x", Type::number(2));
        let x = "12.34".parse::<Decimal>().expect("a number");
        let expression = compile(&source, &scope).map_err(|e| format!("{source}: {e:?}"));
        let expression = expression.map_err(TestCaseError::fail)?;
        let outcome = expression.evaluate(&facts().with("x", x));
        if let Ok(value) = &outcome.value {
            let open = matches!(value, Value::Unknown(_));
            prop_assert_eq!(open, !outcome.open_questions.is_empty());
        }
        let _ = expression.evaluate(&Record::new());
    }

    /// What is decided with open facts stays the same whatever they turn out to be.
    #[test]
    fn a_decision_with_open_facts_holds(
        (a, b, c) in (three(), three(), three()),
        filled in any::<[bool; 3]>(),
        shape in 0..4_usize,
    ) {
        let source = [
            "a and (b or not(c))",
            "if a then b else c",
            "some x in [a, b, c] satisfies x = true",
            "not(a and b) or (b and c)",
        ][shape];
        let names = ["a", "b", "c"];
        let scope: Scope = names.map(|name| (name.to_owned(), Type::Boolean)).into_iter().collect();
        let expression = compile(source, &scope).expect("compiles");
        let given = [a, b, c];
        let open: Record = names.into_iter().zip(given)
            .filter_map(|(name, value)| Some((name, known(value?)))).collect();
        let full: Record = names.into_iter().zip(given).zip(filled)
            .map(|((name, value), fill)| (name, known(value.unwrap_or(fill)))).collect();
        let (open, full) = (expression.evaluate(&open), expression.evaluate(&full));
        if open.open_questions.is_empty() {
            prop_assert_eq!(open.value, full.value);
        }
    }

    #[test]
    fn rounding_lands_on_a_multiple_next_to_the_number(
        n in -1_000_000_000_000_i64..1_000_000_000_000,
        divisor in 1..1_000_i64,
        unit in 1..1_000_i64,
    ) {
        let scope = Scope::new().with("n", Type::INTEGER).with("d", Type::INTEGER)
            .with("u", Type::INTEGER);
        let facts = Record::new().with("n", n).with("d", divisor).with("u", unit);
        let round = |function: &str| {
            let source = format!("{function}(n / d, u)");
            let value = compile(&source, &scope).expect("compiles").evaluate(&facts).value;
            match value {
                Ok(Value::Number(number)) => number.to_integer().expect("whole"),
                other => panic!("{other:?}"),
            }
        };
        let (down, up, half) = (round("切捨て"), round("切上げ"), round("四捨五入"));
        prop_assert_eq!(down, n / divisor / unit * unit);
        prop_assert!((down - up).abs() == unit || down == up);
        prop_assert!(half == down || half == up);
        prop_assert_eq!(down == up, n % (divisor * unit) == 0);
    }

    #[test]
    fn durations_are_read_as_they_are_written(months in any::<i32>(), days in any::<i32>()) {
        let duration = rules::Duration::new(months, days);
        prop_assert_eq!(duration.to_string().parse(), Ok(duration));
    }

    #[test]
    fn decimals_are_read_as_they_are_written(mantissa in any::<i64>(), scale in 0..=9_u8) {
        let number = Decimal::new(mantissa, scale).expect("in range");
        let read: Decimal = number.to_string().parse().expect("readable");
        prop_assert_eq!((read.mantissa(), read.scale()), (mantissa, scale));
    }
}

#[test]
fn work_is_bounded() {
    let long: Vec<Value> = (0..2_000).map(Value::from).collect();
    let facts = Record::new().with("長", long);
    let scope = Scope::new().with("長", Type::list(Type::INTEGER));
    #[track_caller]
    fn check(source: &str, scope: &Scope, facts: &Record, expect: &str) {
        let outcome = compile(source, scope).expect("compiles").evaluate(facts);
        assert!(outcome.value.expect_err("a fault").to_string().contains(expect));
    }
    let nested = "for a in 長 return for b in 長 return for c in 長 return a + b + c";
    check(nested, &scope, &facts, "計算の量が上限");
    let mut doubled = "\"0123456789abcdef\"".to_owned();
    for level in 0..14 {
        doubled = format!("(for t{level} in [{doubled}] return t{level} + t{level})[1]");
    }
    check(&doubled, &scope, &facts, "文字が長すぎます");
}

#[test]
fn a_deep_and_wide_household_is_answered() {
    let members: Vec<Value> = (0..500).map(|i| person("子", "子", "2010-04-02", i)).collect();
    let facts = facts().with("世帯員", members).with("基準日", day("2026-04-01"));
    let source = "sum(世帯員[続柄 = \"子\" and 年齢(生年月日, 基準日) < 16].所得)";
    let outcome = compile(source, &scope()).expect("compiles").evaluate(&facts);
    assert_eq!(outcome.value, Ok(Value::from(124_750)));
}
