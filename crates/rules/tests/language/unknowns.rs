//! What is not known spreads as in Kleene's logic and is asked only if the answer needs it.

use rules::{Record, Scope, Type, Value, compile};

use crate::support::{facts, scope};

#[track_caller]
fn check(source: &str, value: &str, questions: &[&str]) {
    let expression = compile(source, &scope()).expect("compiles");
    let outcome = expression.evaluate(&facts());
    let found = outcome.value.expect("no error");
    assert_eq!(found.to_string(), value, "{source}");
    let facts: Vec<&str> = outcome.open_questions.iter().map(|q| q.fact.as_str()).collect();
    assert_eq!(facts, questions, "{source}");
}

#[test]
fn kleene() {
    check("未確認", "不明（未確認）", &["未確認"]);
    check("false and 未確認", "false", &[]);
    check("未確認 and false", "false", &[]);
    check("未確認 or true", "true", &[]);
    check("未確認 and true", "不明（未確認）", &["未確認"]);
    check("not(未確認)", "不明（未確認）", &["未確認"]);
    check("未確認 and 未入力 > 1", "不明（未入力、未確認）", &["未入力", "未確認"]);
    check("null and 未確認", "不明（未確認）", &["未確認"]);
    check("null + 未入力", "null", &[]);
    check("未入力 + 1 > 3", "不明（未入力）", &["未入力"]);
    check("未入力 = null", "不明（未入力）", &["未入力"]);
    check("is unknown(未入力)", "true", &[]);
    check("is unknown(n) or is unknown(null)", "false", &[]);
    check("if is unknown(未入力) then 0 else 未入力", "0", &[]);
    check("value or(未入力, 0)", "不明（未入力）", &["未入力"]);
    check("if 未確認 then 1 else 1", "1", &[]);
    check("if 未確認 then 1 else 2", "不明（未確認）", &["未確認"]);
    check("if 未確認 then 未入力 else 未入力", "不明（未入力）", &["未入力"]);
    check("if n > 1 then 5 else 未入力", "5", &[]);
    check("未入力 in [1..3] and n > 100", "false", &[]);
    check("未入力 in [9..3] or true", "true", &[]);
}

#[test]
fn an_open_condition_guards_against_faults() {
    check("未確認 and 切捨て(1 / (n - 7), 1) > 0", "不明（未確認）", &["未確認"]);
    check("if 未確認 then 切捨て(1 / (n - 7), 1) else 0", "不明（未確認）", &["未確認"]);
    check("切捨て(n / 未入力, 1)", "不明（未入力）", &["未入力"]);
}

#[test]
fn lists() {
    check("some x in [n, 未入力] satisfies x = 7", "true", &[]);
    check("some x in [1, 未入力] satisfies x = 7", "不明（未入力）", &["未入力"]);
    check("every x in [1, 未入力] satisfies x = 7", "false", &[]);
    check("count([1, 未入力])", "2", &[]);
    check("sum([1, 未入力])", "不明（未入力）", &["未入力"]);
    check("7 in [未入力, n]", "true", &[]);
    check("7 in [未入力, 1]", "不明（未入力）", &["未入力"]);
    check("[1, 未入力][item = 1]", "不明（未入力）", &["未入力"]);
    check("empty([1, 未入力][item = 1])", "false", &[]);
    check("[1, 未入力]", "[1, 不明（未入力）]", &["未入力"]);
    check("first([1, 未入力])", "1", &[]);
    check("[1, 2][未入力]", "不明（未入力）", &["未入力"]);
}

#[test]
fn a_missing_field_is_named_by_its_path() {
    #[track_caller]
    fn check(source: &str, expect: &str) {
        let mut facts = facts();
        let head = Record::new().with("氏名", "雲居　太郎");
        facts.insert("世帯員", vec![Value::from(head.clone())]);
        facts.insert("世帯主", head);
        let outcome = compile(source, &scope()).expect("compiles").evaluate(&facts);
        assert_eq!(outcome.open_questions[0].fact, expect);
        assert_eq!(outcome.open_questions[0].reason, "値が与えられていません");
    }
    check("世帯主.生年月日", "世帯主.生年月日");
    check("世帯員[続柄 = \"子\"]", "世帯員.続柄");
    check("some x in 世帯員 satisfies x.続柄 = \"子\"", "世帯員.続柄");
    check("sum(世帯員.所得)", "世帯員.所得");
    check("世帯員[1].所得", "世帯員.所得");
}

#[test]
fn reasons_are_kept() {
    let scope = Scope::new().with("出生日", Type::Date).with("死亡日", Type::Date);
    let facts = Record::new()
        .with("出生日", Value::unknown("出生日", "他市町村へ照会中"))
        .with("死亡日", Value::Null);
    let outcome =
        compile("出生日 < date(\"2000-01-01\")", &scope).expect("compiles").evaluate(&facts);
    assert_eq!(outcome.open_questions[0].reason, "他市町村へ照会中");
    let outcome = compile("死亡日 = null", &scope).expect("compiles").evaluate(&facts);
    assert_eq!(outcome.value, Ok(Value::Boolean(true)));
}

#[test]
fn facts_of_the_wrong_type_are_faults() {
    #[track_caller]
    fn check(value: impl Into<Value>, expect: &str) {
        let expression = compile("n + 1", &scope()).expect("compiles");
        let outcome = expression.evaluate(&Record::new().with("n", value));
        assert_eq!(outcome.value.expect_err("a fault").to_string(), expect);
    }
    check("7", "1行1文字目: 整数のはずの値が文字です。入力または定義の型を直してください。");
    check(
        "1.5".parse::<rules::Decimal>().expect("a number"),
        "1行1文字目: 小数は0桁までです。入力した数の桁を直してください。",
    );
    check(
        i64::MAX,
        "1行1文字目: 計算の結果が扱える大きさを超えました。入力した数の桁を確かめてください。",
    );
}
