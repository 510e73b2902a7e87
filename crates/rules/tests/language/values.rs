//! Expressions and their values.

use rules::compile;

use crate::support::{facts, scope};

#[track_caller]
fn check(source: &str, expect: &str) {
    let expression = compile(source, &scope()).unwrap_or_else(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{source}: {}", errors.join(" / "))
    });
    let outcome = expression.evaluate(&facts());
    let found = match &outcome.value {
        Ok(value) => value.to_string(),
        Err(error) => format!("誤り {error}"),
    };
    assert_eq!(found, expect, "{source}");
    let (traced, trace) = rules::evaluate_traced(&expression, &facts());
    assert_eq!(traced, outcome, "{source}");
    assert!(!trace.to_string().is_empty());
}

#[test]
fn numbers() {
    check("1 + 2 * 3", "7");
    check("(1 + 2) * 3", "9");
    check("10 - 3 - 2", "5");
    check("-n + 1", "-6");
    check("- -n", "7");
    check("1.5 + 2", "3.5");
    check("1.10 * 2.5", "2.750");
    check("n / 2", "3.5");
    check("n / 100", "0.07");
    check("n / 0.5", "14");
    check("n / -4", "-1.75");
    check("0.1 + 0.2 = 0.3", "true");
    check("1.0 = 1", "true");
    check("2 < 2.5", "true");
    check("abs(1 - 4)", "3");
    check("所得割額 * 税率", "7407.3600");
    check("if n > 5 then 1 else 2.5", "1.0");
    check(
        "9223372036854775807 + 1",
        "誤り 1行1文字目: 計算の結果が扱える大きさを超えました。入力した数の桁を確かめてください。",
    );
    check("9223372036854775807 > 1.5", "true");
}

#[test]
fn rounding() {
    check("切捨て(123456, 1000)", "123000");
    check("切上げ(123456, 1000)", "124000");
    check("四捨五入(123456, 1000)", "123000");
    check("四捨五入(123500, 1000)", "124000");
    check("切捨て(所得割額 * 税率, 100)", "7400");
    check("切捨て(-150, 100)", "-100");
    check("切上げ(-101, 100)", "-200");
    check("四捨五入(-150, 100)", "-200");
    check("切捨て(1 / 3, 0.001)", "0.333");
    check("切捨て(1 / 3 * 3)", "1");
    check("切上げ(10 * 7 / 12, 1)", "6");
    check("切捨て(60000 * 10 / 12, 100)", "50000");
    check("四捨五入(2.5)", "3");
    check("切捨て(n / 0.3, 1)", "23");
    check("切捨て((n + 1) / (n - 4), 1)", "2");
    check(
        "切捨て(n, 0)",
        "誤り 1行1文字目: 端数処理の単位は0より大きい数でなければなりません。単位を確かめてください。",
    );
    check(
        "切捨て(n / (n - 7), 1)",
        "誤り 1行1文字目: 0で割っています。割る数が0になる場合を if で分けてください。",
    );
    check("if n = 7 then 0 else 切捨て(n / (n - 7), 1)", "0");
}

#[test]
fn text_and_names() {
    check("\"a\" + \"b\"", "\"ab\"");
    check("concat(区分, \"-\", string(n))", "\"03-7\"");
    check("concat(区分)", "\"03\"");
    check("string length(世帯主.氏名)", "5");
    check("string(1.50)", "\"1.50\"");
    check("string(基準日)", "\"2026-04-15\"");
    check("contains(`住所（方書）`, \"荘\")", "true");
    check("starts with(住所（方書）, \"雲居\")", "true");
    check("ends with(住所（方書）, \"室\")", "false");
    check("資格・等級 = \"甲\"", "true");
    check("`18歳以上` and not(外国人)", "true");
    check("区分 in [\"01\", \"03\"]", "true");
    check("区分 < \"04\"", "true");
    check("\"\\\"\\\\\\n\" = \"a\"", "false");
    check("// 一行目は説明\n n // 後も\n", "7");
}

#[test]
fn logic() {
    check("true and false or true", "true");
    check("not(true or false)", "false");
    check("転出日 = null", "true");
    check("転出日 != null and 転出日 < 基準日", "false");
    check("転出日 < 基準日", "null");
    check("転出日 < 基準日 or true", "true");
    check("not(転出日 < 基準日)", "null");
    check("if 転出日 < 基準日 then 1 else 2", "2");
    check("null = null", "true");
    check("null + 1", "null");
    check("value or(転出日, 基準日)", "2026-04-15");
    check("value or(null, 1.5) + 1", "2.5");
    check("n in [1..7]", "true");
    check("n in (1..7)", "false");
    check("n in [7..9)", "true");
    check("n in (7..9]", "false");
    check("基準日 in [date(\"2026-04-01\")..date(\"2027-03-31\")]", "true");
    check("n in [n + 1, n * 1]", "true");
    check("n in 月額", "false");
    check("n in [7.0, 8]", "true");
    check("(n) in [[7][1]..[9][1]]", "true");
}

#[test]
fn dates() {
    check("date(\"2026-04-01\") + duration(\"P14D\")", "2026-04-15");
    check("duration(\"P1M\") + date(2026, 1, 31)", "2026-02-28");
    check("基準日 - duration(\"P1Y2M\")", "2025-02-15");
    check("基準日 - date(\"2026-04-01\")", "P14D");
    check("基準日 + 期間", "2026-05-18");
    check("-期間 + 期間", "P0D");
    check("days between(date(\"2026-04-01\"), 基準日)", "14");
    check("days between(基準日, date(\"2024-02-28\"))", "-777");
    check("年齢(世帯主.生年月日, 基準日)", "41");
    check("年齢(date(\"2004-02-29\"), date(\"2026-02-28\"))", "21");
    check("到達日(date(\"2008-04-01\"), 18)", "2026-03-31");
    check("年度末(到達日(date(\"2008-04-01\"), 18))", "2026-03-31");
    check("年度末(到達日(date(\"2008-04-02\"), 18))", "2027-03-31");
    check("年度(date(\"2026-03-31\"))", "2025");
    check("月を加える(date(\"2026-01-31\"), 1)", "2026-02-28");
    check("年を加える(date(\"2024-02-29\"), 1)", "2025-02-28");
    check("日を加える(基準日, -15)", "2026-03-31");
    check("月初(基準日)", "2026-04-01");
    check("月末(date(2028, 2, 1))", "2028-02-29");
    check("基準日.年 * 100 + 基準日.month", "202604");
    check("転出日.年", "null");
    check(
        "date(2026, 2, n + 22)",
        "誤り 1行1文字目: 2026年2月29日という日付はありません。年月日を確かめてください。",
    );
    check(
        "年齢(基準日, date(\"2020-01-01\"))",
        "誤り 1行1文字目: 生年月日より前の日の年齢は計算できません。二つの日付を確かめてください。",
    );
    check(
        "日を加える(基準日, 999999999)",
        "誤り 1行1文字目: 日付が扱える範囲を超えました。加える期間を確かめてください。",
    );
}

#[test]
fn lists() {
    check("count(世帯員)", "4");
    check("count(世帯員[続柄 = \"子\"])", "2");
    check("count(世帯員[item.続柄 = \"子\"])", "2");
    check("世帯員[続柄 = \"子\"][1].氏名", "\"雲居　一\"");
    check("世帯員[-1].氏名", "\"雲居　二葉\"");
    check("世帯員[99].氏名", "null");
    check("世帯員.続柄", "[\"世帯主\", \"妻\", \"子\", \"子\"]");
    check("distinct(世帯員.続柄)", "[\"世帯主\", \"妻\", \"子\"]");
    check("sum(世帯員.所得)", "4321000");
    check("sum(月額)", "35000");
    check("sum([1, 2.5])", "3.5");
    check("sum(1, 2, 3)", "6");
    check("sum([])", "0");
    check("min(世帯員.生年月日)", "1985-04-01");
    check("max(n, 3)", "7");
    check("max([])", "null");
    check("min(1, null)", "null");
    check("some x in 世帯員 satisfies 年齢(x.生年月日, 基準日) < 18", "true");
    check("every x in 世帯員 satisfies x.所得 = 0", "false");
    check("every x in [] satisfies false", "true");
    check("for x in 月額 return x * 2", "[20000, 30000, 20000]");
    check("for x in [1, 2] return for y in [10, 20] return x * y", "[[10, 20], [20, 40]]");
    check("月額[item > 10000]", "[15000]");
    check("月額[n - 5]", "15000");
    check("月額[sum(for x in [1, 1] return x)]", "15000");
    check("for y in [1, 2] return 月額[y]", "[10000, 15000]");
    check("for y in [1, 2] return count(月額[item > y * 7000])", "[3, 1]");
    check("empty(世帯員[続柄 = \"父\"])", "true");
    check("first(月額) + last(月額)", "20000");
    check("first([])", "null");
    check("contains(月額, 15000)", "true");
    check("list contains([\"a\"], \"b\")", "false");
    check("concat([1], [2.5], [])", "[1, 2.5]");
    check("[1, 2] = [1.0, 2]", "true");
    check("count(null)", "0");
    check("世帯員[所得 > sum(月額)].氏名", "[\"雲居　太郎\"]");
    check("世帯員[some m in 月額 satisfies m < 所得].続柄", "[\"世帯主\"]");
    check(
        "for x in 世帯員[続柄 = \"子\"] return { 氏名: x.氏名, 額: 10000 }",
        "[{氏名: \"雲居　一\", 額: 10000}, {氏名: \"雲居　二葉\", 額: 10000}]",
    );
    check("sum((for x in 月額 return { 額: x }).額)", "35000");
}

#[test]
fn traces() {
    let expression = compile("切捨て(所得割額 / 12, 100) + n", &scope()).expect("compiles");
    let (_, trace) = rules::evaluate_traced(&expression, &facts());
    expect_test::expect![[r#"
        切捨て(所得割額 / 12, 100) + n → 10207
          切捨て(所得割額 / 12, 100) → 10200
            所得割額 → 123456
          n → 7
    "#]]
    .assert_eq(&trace.to_string());
}

#[test]
fn what_an_expression_tells() {
    let expression = compile("世帯員[続柄 = 区分 and 所得 > n]", &scope()).expect("compiles");
    let names: Vec<&str> = expression.names().iter().map(String::as_str).collect();
    assert_eq!(names, ["n", "世帯員", "区分"]);
    assert_eq!(expression.type_of().to_string(), "項目の組の並び");
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    shared(&expression);
    #[track_caller]
    fn check_type(source: &str, expect: &str) {
        let expression = compile(source, &scope()).expect("compiles");
        assert_eq!(expression.type_of().to_string(), expect);
    }
    check_type("n", "整数");
    check_type("n * 税率", "数（小数4桁）");
    check_type("切捨て(n * 税率, 100)", "整数");
    check_type("[]", "nullの並び");
    check_type("基準日 + 期間", "日付");
}
