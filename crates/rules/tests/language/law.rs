//! Calculations: order, periods, elements, units, the trace, and what is wrong with a law.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::dated::Dated;
use expect_test::{Expect, expect};
use rules::law::{
    Calculation, Certainty, Fact, FactField, FactKind, FactType, Law, LawError, Parameter,
    ParameterValue, ResultName, Rule,
};
use rules::{Decimal, Record, Type, Value};

use crate::support::day;

fn one(name: &str, ty: Type, unit: Option<&str>) -> Fact {
    let unit = unit.map(|unit| unit.parse().expect("a unit"));
    Fact { name: name.into(), name_en: name.into(), kind: FactKind::One(FactType { ty, unit }) }
}

fn field(name: &str, ty: Type) -> FactField {
    FactField { name: name.into(), name_en: name.into(), kind: FactType { ty, unit: None } }
}

pub(crate) fn calculation(results: &[(Option<&str>, &str)]) -> Calculation {
    let list = FactKind::List {
        each: "子".into(),
        shown: None,
        unit: Some("persons".parse().expect("a unit")),
        fields: vec![field("生年月日", Type::Date), field("監護", Type::Boolean)],
    };
    let name = |(list, rule): &(Option<&str>, &str)| ResultName {
        list: list.map(str::to_owned),
        rule: (*rule).to_owned(),
    };
    Calculation {
        id: "test".into(),
        name: "試し".into(),
        name_en: "Test".into(),
        statute: "試験法 第1条".into(),
        day: "支給月".into(),
        facts: vec![
            one("支給月", Type::Date, None),
            one("月収", Type::INTEGER, Some("yen/month")),
            one("年収", Type::INTEGER, Some("yen")),
            Fact { name: "児童".into(), name_en: "Children".into(), kind: list },
        ],
        results: results.iter().map(name).collect(),
    }
}

/// A rule from its name (`児童.月額` for one of each element), period and formula.
pub(crate) fn rule(name: &str, period: &str, unit: Option<&str>, text: &str) -> Rule {
    let (list, name) = match name.split_once('.') {
        Some((list, name)) => (Some(list.to_owned()), name),
        None => (None, name),
    };
    let (from, to) = period.split_once("..").expect("a period");
    let open = |text: &str, open: &str| day(if text.is_empty() { open } else { text });
    Rule {
        name: name.into(),
        list,
        article: "試験法 第1条".into(),
        from: open(from, "0001-01-01"),
        to: open(to, "9999-12-31"),
        unit: unit.map(|unit| unit.parse().expect("a unit")),
        table: None,
        file: format!("rules/{name}{from}.feel"),
        text: text.into(),
    }
}

pub(crate) fn parameters(
    all: &[(&str, &str, &[(&str, &str)])],
) -> Arc<BTreeMap<String, Parameter>> {
    let parameter = |(name, unit, values): &(&str, &str, &[(&str, &str)])| {
        let entries = values.iter().map(|(from, text)| {
            let value = Value::from(text.parse::<Decimal>().expect("a number"));
            let source = "試験法 第2条".to_owned();
            (day(from), Some(ParameterValue { value, source, checked: Certainty::Checked }))
        });
        let values = Dated::from_entries(entries).expect("a series");
        let (name, unit) = ((*name).to_owned(), (*unit).to_owned());
        let ordinance = name == "率";
        (name.clone(), Parameter { name, unit, ordinance, values })
    };
    Arc::new(all.iter().map(parameter).collect())
}

fn allowance() -> Law {
    let rules = vec![
        rule("児童.対象", "..", None, "監護 and 年度末(到達日(生年月日, 18)) >= 支給月"),
        rule(
            "児童.何番目",
            "..",
            None,
            "count(児童[対象 and (生年月日 < 子.生年月日 or (生年月日 = 子.生年月日 and 順番 <= 子.順番))])",
        ),
        rule(
            "児童.児童の月額",
            "2024-10-01..",
            Some("yen/month"),
            "if not(対象) then 0 else if 何番目 >= 3 then 第三子以降 else 基本",
        ),
        rule("児童.児童の月額", "..2024-09-30", Some("yen/month"), "if 対象 then 基本 else 0"),
        rule("月額", "..", Some("yen/month"), "sum(児童.児童の月額)"),
    ];
    let parameters = parameters(&[
        ("基本", "yen/month", &[("2012-04-01", "10000")]),
        ("第三子以降", "yen/month", &[("2024-10-01", "30000")]),
    ]);
    let calculation = calculation(&[(None, "月額"), (Some("児童"), "児童の月額")]);
    Law::new(calculation, rules, parameters).expect("a law")
}

fn child(born: &str, cared: bool) -> Value {
    Record::new().with("生年月日", day(born)).with("監護", cared).into()
}

fn household(month: &str) -> Record {
    let children = vec![
        child("2022-01-30", true),
        child("2013-07-12", true),
        child("2009-05-01", true),
        child("2005-05-01", true),
    ];
    Record::new().with("支給月", day(month)).with("児童", children)
}

#[test]
fn the_law_of_the_day_is_worked_out_in_order_for_elements_and_subject() {
    let law = allowance();
    let after = law.plan(day("2026-04-01"), &BTreeMap::new()).expect("a plan");
    let answer = after.run(&household("2026-04-01"));
    assert_eq!(answer.results.get("月額"), Some(&Value::from(50_000)));
    let each = [30_000, 10_000, 10_000, 0].map(Value::from);
    assert_eq!(answer.results.get("児童の月額"), Some(&Value::from(each.to_vec())));
    let before = law.plan(day("2024-09-01"), &BTreeMap::new()).expect("a plan");
    assert_eq!(before.in_force, (day("2012-04-01"), day("2024-09-30")));
    let answer = before.run(&household("2024-09-01"));
    assert_eq!(answer.results.get("月額"), Some(&Value::from(30_000)));
}

#[test]
fn the_trace_names_rule_facts_and_parameters() {
    let plan = allowance().plan(day("2026-04-01"), &BTreeMap::new()).expect("a plan");
    let answer = plan.explain(&household("2026-04-01"));
    let youngest =
        answer.steps.iter().find(|step| step.rule.name == "児童の月額" && step.element == Some(0));
    let youngest = youngest.expect("a step");
    let given: Vec<String> = youngest
        .inputs
        .iter()
        .map(|given| format!("{:?} {} {}", given.kind, given.name, given.value))
        .collect();
    assert_eq!(
        given,
        ["Rule 対象 true", "Rule 何番目 3", "Parameter 第三子以降 30000", "Parameter 基本 10000"]
    );
    let whole = answer.steps.last().expect("a step");
    let given = &whole.inputs[1];
    assert_eq!(
        (&*given.name, given.value.to_string()),
        ("児童の月額", "[30000, 10000, 10000, 0]".into())
    );
    assert_eq!(plan.parameters["第三子以降"].source, "試験法 第2条");
    assert_eq!(answer, plan.explain(&household("2026-04-01")));
}

#[test]
fn what_is_missing_of_an_element_is_asked_with_its_place() {
    let plan = allowance().plan(day("2026-04-01"), &BTreeMap::new()).expect("a plan");
    let unborn = Record::new().with("監護", true);
    let facts = Record::new()
        .with("支給月", day("2026-04-01"))
        .with("児童", vec![child("2013-07-12", true), unborn.into()]);
    let answer = plan.run(&facts);
    let asked: Vec<&str> = answer.open_questions.iter().map(|q| q.fact.as_str()).collect();
    assert_eq!(asked, ["児童（2番目）の生年月日"]);
    // Without care no date of birth is needed.
    let other = Record::new().with("監護", false);
    let facts = facts.with("児童", vec![child("2013-07-12", true), other.into()]);
    let answer = plan.run(&facts);
    assert_eq!(answer.open_questions, []);
    assert_eq!(answer.results.get("月額"), Some(&Value::from(10_000)));
}

#[test]
fn an_ordinance_value_of_the_body_stands_before_the_model() {
    let rules = vec![rule("税額", "..", Some("yen"), "切捨て(年収 * 率, 100)")];
    let parameters = parameters(&[("率", "rate", &[("2020-01-01", "0.06")])]);
    let law = Law::new(calculation(&[(None, "税額")]), rules, parameters).expect("a law");
    let facts = Record::new().with("年収", 1_234_567);
    let plan = law.plan(day("2026-04-01"), &BTreeMap::new()).expect("a plan");
    assert_eq!(plan.run(&facts).results.get("税額"), Some(&Value::from(74_000)));
    let own = "0.082".parse::<Decimal>().expect("a number");
    let set = BTreeMap::from([("率".to_owned(), Value::from(own))]);
    let plan = law.plan(day("2026-04-01"), &set).expect("a plan");
    assert_eq!(plan.run(&facts).results.get("税額"), Some(&Value::from(101_200)));
    // Before the first value nothing is guessed.
    let plan = law.plan(day("2019-04-01"), &BTreeMap::new()).expect("a plan");
    let asked = plan.run(&facts).open_questions;
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].fact, "率");
}

pub(crate) fn said(errors: &[LawError]) -> String {
    errors.iter().map(|error| format!("{error}\n")).collect()
}

#[track_caller]
fn check(rules: Vec<Rule>, expected: Expect) {
    let parameters = parameters(&[
        ("基本", "yen/month", &[("2012-04-01", "10000")]),
        ("限度額", "yen", &[("2012-04-01", "350000")]),
        ("率", "rate", &[("2020-01-01", "0.06")]),
    ]);
    let errors = match Law::new(calculation(&[(None, "答え")]), rules, parameters) {
        Ok(law) => law.check().errors,
        Err(errors) => errors,
    };
    expected.assert_eq(&said(&errors));
}

#[test]
fn units_that_do_not_fit_are_refused_with_their_place() {
    check(
        vec![rule("答え", "2020-01-01..", Some("yen"), "// 単位: yen\n年収 + 月収")],
        expect![[r#"
            rules/答え2020-01-01.feel:2:1: 単位が違います。「円」と「円/月」は足せません。 同じ単位の値にするか、月数や人数を掛けて（割って）そろえてください。
        "#]],
    );
    check(
        vec![rule("答え", "2020-01-01..", Some("yen"), "月収 * 12")],
        expect![[r#"
            rules/答え2020-01-01.feel:1:1: 答えの単位は「円/月」ですが、ファイルの先頭の「単位」は「円」です。 どちらかを直してください。
        "#]],
    );
    check(
        vec![rule("答え", "2020-01-01..", None, "if 月収 > 限度額 then 1 else 2")],
        expect![[r#"
            rules/答え2020-01-01.feel:1:4: 単位が違います。「円/月」と「円」は比べられません。 同じ単位の値にするか、月数や人数を掛けて（割って）そろえてください。
        "#]],
    );
    check(
        vec![rule("答え", "2020-01-01..", Some("yen"), "切捨て(年収 * 率, 100) + 1")],
        expect![[""]],
    );
}

#[test]
fn cycles_gaps_overlaps_and_unused_rules_are_named() {
    check(
        vec![rule("答え", "..", None, "途中 + 1"), rule("途中", "..", None, "答え + 1")],
        expect![[r#"
            rules/答え.feel:1:1: 規則が輪になっています: 答え → 途中 → 答え どれか一つを、ほかの規則によらずに求められるようにしてください。
        "#]],
    );
    check(
        vec![
            rule("答え", "2020-01-01..", None, "途中 + 1"),
            rule("途中", "2020-01-01..2024-03-31", None, "年収"),
            rule("別", "..", None, "1"),
        ],
        expect![[r#"
            rules/答え2020-01-01.feel:1:1: 「途中」の規則は2024-04-01に効力がありませんが、この規則は使います。 施行の期間をそろえるか、その日の規則のファイルを加えてください。
        "#]],
    );
    check(
        vec![rule("答え", "2020-01-01..", None, "1"), rule("答え", "2024-01-01..", None, "2")],
        expect![[r#"
            rules/答え2024-01-01.feel:1:1: 「答え」の施行の期間が rules/答え2020-01-01.feel と重なります。 どちらかの期間を、重ならないように直してください。
        "#]],
    );
    check(
        vec![rule("答え", "2012-04-01..", Some("yen"), "切捨て(年収 * 率, 1)")],
        expect![[r#"
            rules/答え2012-04-01.feel:1:1: 法令の値「率」は、この規則が効力を持つ2012-04-01に値がありません。 parameters/ にその日からの値を出典とともに加えるか、規則の施行の期間を直してください。
        "#]],
    );
    check(
        vec![rule("答え", "2020-01-01..", None, "年収 +")],
        expect![[r#"
            rules/答え2020-01-01.feel:1:5: 式が途中で終わっています。値や名前が要ります。
        "#]],
    );
}

#[test]
fn before_all_results_are_in_force_there_is_no_law_and_later_gaps_are_errors() {
    let rules = |to: &str| {
        vec![
            rule("答え", "2020-01-01..", None, "1"),
            rule("別", &format!("2022-01-01..{to}"), None, "2"),
        ]
    };
    let parameters = parameters(&[]);
    let law = |to: &str| {
        let calculation = calculation(&[(None, "答え"), (None, "別")]);
        Law::new(calculation, rules(to), parameters.clone()).expect("a law")
    };
    assert_eq!(law("").check().errors, []);
    let found = said(&law("2023-12-31").check().errors);
    expect![[r#"
        calculations/test.yaml:1:1: 結果「別」を求める規則は、2024-01-01に効力を持ちません。 規則の施行の期間を確かめるか、規則のファイルを加えてください。
    "#]]
    .assert_eq(&found);
}
