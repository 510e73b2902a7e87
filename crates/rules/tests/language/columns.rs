//! Columns against the tree: random formulas over random subjects, and both must say the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::{BoxedStrategy, ValueTree};
use rules::column::{Batch, Column, Dictionary, ListColumn, Program};
use rules::law::{Calculation, Fact, FactField, FactKind, FactType, Law, ResultName, Rule};
use rules::{Decimal, Record, Type, Value};

use crate::support::day;

/// Facts: name, type.
fn facts() -> Vec<(&'static str, Type)> {
    vec![
        ("月", Type::Date),
        ("甲", Type::INTEGER),
        ("乙", Type::INTEGER),
        ("率", Type::number(4)),
        ("真", Type::Boolean),
        ("偽", Type::Boolean),
        ("日", Type::Date),
        ("字", Type::Text),
    ]
}

/// Fields of the list 人々.
fn fields() -> Vec<(&'static str, Type)> {
    vec![
        ("額", Type::INTEGER),
        ("割", Type::number(2)),
        ("生", Type::Date),
        ("可", Type::Boolean),
        ("種", Type::Text),
    ]
}

fn law(formulas: &[String], element: &str) -> Option<Law> {
    let of = |ty: Type| FactType { ty, unit: None };
    let one = |(name, ty): (&str, Type)| Fact {
        name: name.into(),
        name_en: name.into(),
        kind: FactKind::One(of(ty)),
    };
    let field = |(name, ty): (&str, Type)| FactField {
        name: name.into(),
        name_en: name.into(),
        kind: of(ty),
    };
    let fields = fields().into_iter().map(field).collect();
    let list = FactKind::List { each: "者".into(), shown: None, unit: None, fields };
    let mut all: Vec<Fact> = facts().into_iter().map(one).collect();
    all.push(Fact { name: "人々".into(), name_en: "people".into(), kind: list });
    let rule = |name: &str, list: Option<&str>, text: &str| Rule {
        name: name.into(),
        list: list.map(str::to_owned),
        article: "試験".into(),
        from: day("0001-01-01"),
        to: day("9999-12-31"),
        unit: None,
        table: None,
        file: format!("{name}.feel"),
        text: text.into(),
    };
    let mut rules = vec![rule("各", Some("人々"), element)];
    let mut results = vec![ResultName { list: Some("人々".into()), rule: "各".into() }];
    for (at, formula) in formulas.iter().enumerate() {
        rules.push(rule(&format!("答え{at}"), None, formula));
        results.push(ResultName { list: None, rule: format!("答え{at}") });
    }
    let calculation = Calculation {
        id: "test".into(),
        name: "試し".into(),
        name_en: "Test".into(),
        statute: "試験".into(),
        day: "月".into(),
        facts: all,
        results,
    };
    Law::new(calculation, rules, Arc::default()).ok()
}

/// A formula of a number; `depth` says how deep it may nest, `within` whether an element is bound.
fn number(depth: u32, within: bool) -> BoxedStrategy<String> {
    let mut leaves = vec!["甲", "乙", "率", "0", "1", "-7", "1000", "0.05", "null", "count(人々)"];
    if within {
        leaves.extend(["額", "割", "者.額", "順番", "者.順番"]);
    }
    let leaf = proptest::sample::select(leaves).prop_map(str::to_owned);
    if depth == 0 {
        return leaf.boxed();
    }
    let d = depth - 1;
    let (n, b, t) = (number(d, within), truth(d, within), date(d, within));
    let inner = number(d, true);
    let rounding = proptest::sample::select(vec!["切捨て", "切上げ", "四捨五入"]);
    let unit = proptest::sample::select(vec!["1", "10", "1000", "0.01"]);
    let by = proptest::sample::select(vec!["3", "12", "0.7", "乙", "365"]);
    prop_oneof![
        2 => leaf,
        2 => (n.clone(), n.clone()).prop_map(|(a, b)| format!("({a} + {b})")),
        2 => (n.clone(), n.clone()).prop_map(|(a, b)| format!("({a} - {b})")),
        1 => (n.clone(), n.clone()).prop_map(|(a, b)| format!("({a} * {b})")),
        2 => (b.clone(), n.clone(), n.clone())
            .prop_map(|(c, a, b)| format!("(if {c} then {a} else {b})")),
        3 => (rounding.clone(), n.clone(), unit.clone())
            .prop_map(|(f, a, u)| format!("{f}({a}, {u})")),
        3 => (rounding, n.clone(), n.clone(), by, unit)
            .prop_map(|(f, a, b, c, u)| format!("{f}({a} * {b} / {c}, {u})")),
        1 => (n.clone(), n.clone()).prop_map(|(a, b)| format!("max({a}, {b})")),
        1 => (n.clone(), n.clone(), n.clone()).prop_map(|(a, b, c)| format!("min({a}, {b}, {c})")),
        1 => n.clone().prop_map(|a| format!("abs({a})")),
        1 => (n.clone(), n.clone()).prop_map(|(a, b)| format!("value or({a}, {b})")),
        1 => (t.clone(), t.clone()).prop_map(|(a, b)| format!("年齢({a}, {b})")),
        1 => (t.clone(), t.clone()).prop_map(|(a, b)| format!("days between({a}, {b})")),
        1 => t.clone().prop_map(|a| format!("年度({a})")),
        1 => t.prop_map(|a| format!("({a}).月")),
        2 => (truth(d, true), proptest::sample::select(vec!["sum", "max", "min", "first", "last"]))
            .prop_map(|(c, f)| format!("{f}(人々[{c}].額)")),
        2 => inner.prop_map(|a| format!("sum(for 一人 in 人々 return {a})").replace("者.", "一人.")),
        1 => truth(d, true).prop_map(|c| format!("count(人々[{c}])")),
        1 => (truth(d, true), -3_i64..4).prop_map(|(c, at)| format!("人々[{c}].額[{at}]")),
    ]
    .boxed()
}

fn truth(depth: u32, within: bool) -> BoxedStrategy<String> {
    let mut leaves = vec!["真", "偽", "true", "false", "null", "字 = \"1\"", "empty(人々)"];
    if within {
        leaves.extend(["可", "種 = \"2\"", "種 = 字", "者.可"]);
    }
    let leaf = proptest::sample::select(leaves).prop_map(str::to_owned);
    if depth == 0 {
        return leaf.boxed();
    }
    let d = depth - 1;
    let (n, b, t) = (number(d, within), truth(d, within), date(d, within));
    let sign = proptest::sample::select(vec!["=", "!=", "<", "<=", ">", ">="]);
    prop_oneof![
        2 => leaf,
        3 => (n.clone(), sign.clone(), n.clone()).prop_map(|(a, s, b)| format!("({a} {s} {b})")),
        2 => (t.clone(), sign, t).prop_map(|(a, s, b)| format!("({a} {s} {b})")),
        2 => (b.clone(), b.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
        2 => (b.clone(), b.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
        1 => b.clone().prop_map(|a| format!("not({a})")),
        1 => (n.clone(), n.clone()).prop_map(|(a, b)| format!("({a} in [{b}..1000))")),
        1 => (n.clone(), n.clone()).prop_map(|(a, b)| format!("({a} in [1, {b}, 3])")),
        1 => n.prop_map(|a| format!("({a} in 人々[可].額)")),
        1 => Just("字 in [\"1\", \"3\"]".to_owned()),
        1 => (b.clone(), b.clone(), b).prop_map(|(c, a, b)| format!("(if {c} then {a} else {b})")),
        1 => truth(d, true).prop_map(|c| format!("empty(人々[{c}])")),
        1 => truth(d, true)
            .prop_map(|c| format!("(some 一人 in 人々 satisfies {c})").replace("者.", "一人.")),
        1 => truth(d, true)
            .prop_map(|c| format!("(every 一人 in 人々 satisfies {c})").replace("者.", "一人.")),
    ]
    .boxed()
}

fn date(depth: u32, within: bool) -> BoxedStrategy<String> {
    let mut leaves = vec!["月", "日", "date(\"2024-02-29\")"];
    if within {
        leaves.extend(["生", "者.生"]);
    }
    let leaf = proptest::sample::select(leaves).prop_map(str::to_owned);
    if depth == 0 {
        return leaf.boxed();
    }
    let t = date(depth - 1, within);
    let f = proptest::sample::select(vec!["年度末", "月初", "月末"]);
    let g = proptest::sample::select(vec!["到達日", "月を加える", "年を加える"]);
    prop_oneof![
        2 => leaf,
        1 => (f, t.clone()).prop_map(|(f, a)| format!("{f}({a})")),
        1 => (g, t.clone(), 0_i64..70).prop_map(|(g, a, n)| format!("{g}({a}, {n})")),
        1 => (truth(depth - 1, within), t.clone(), t)
            .prop_map(|(c, a, b)| format!("(if {c} then {a} else {b})")),
    ]
    .boxed()
}

/// A value of a type, sometimes null, seldom not known (none).
fn value(ty: &Type) -> BoxedStrategy<Option<Value>> {
    let known = match ty {
        Type::Number { scale } => {
            let scale = *scale;
            prop_oneof![
                6 => -20_i64..2_000,
                3 => -10_000_000_i64..100_000_000,
                1 => proptest::sample::select(vec![i64::MAX, i64::MIN, i64::MAX / 3]),
            ]
            .prop_map(move |n| Value::from(Decimal::new(n, scale).expect("a number")))
            .boxed()
        }
        Type::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Type::Date => proptest::sample::select(vec![
            "2004-02-29",
            "2008-04-01",
            "2008-04-02",
            "2026-03-31",
            "2026-04-01",
            "1961-06-01",
            "9999-12-31",
            "2024-12-31",
        ])
        .prop_map(|text| Value::from(day(text)))
        .boxed(),
        _ => proptest::sample::select(vec!["1", "2", "9"]).prop_map(Value::from).boxed(),
    };
    prop_oneof![20 => known.prop_map(Some), 2 => Just(Some(Value::Null)), 1 => Just(None)].boxed()
}

fn record(named: Vec<(&'static str, Type)>) -> BoxedStrategy<Record> {
    let values: Vec<_> = named.iter().map(|(_, ty)| value(ty)).collect();
    values
        .prop_map(move |values| {
            let known = named.iter().zip(values).filter_map(|((name, _), v)| Some((*name, v?)));
            known.collect()
        })
        .boxed()
}

fn subject() -> BoxedStrategy<Record> {
    let people = proptest::collection::vec(record(fields()), 0..4);
    let people = prop_oneof![15 => people.prop_map(Some), 1 => Just(None)];
    (record(facts()), people)
        .prop_map(|(mut facts, people)| {
            if let Some(people) = people {
                facts.insert("人々", people.into_iter().map(Value::from).collect::<Vec<_>>());
            }
            facts.insert("月", day("2026-04-01"));
            facts
        })
        .boxed()
}

/// Subjects as columns.
fn batch(subjects: &[Record], dictionary: &mut Dictionary) -> Batch {
    let mut batch = Batch { rows: subjects.len(), ..Batch::default() };
    let unknown = Value::unknown("", "");
    for (name, ty) in facts() {
        let mut column = Column::default();
        for subject in subjects {
            column.push(subject.get(name).unwrap_or(&unknown), &ty, dictionary);
        }
        batch.facts.insert(name.into(), column);
    }
    let mut list = ListColumn { offsets: vec![0], ..ListColumn::default() };
    let mut count = 0;
    for subject in subjects {
        let people = match subject.get("人々") {
            Some(Value::List(people)) => people.clone(),
            _ => Arc::default(),
        };
        list.unknown.push(subject.get("人々").is_none());
        for person in people.iter() {
            let Value::Record(person) = person else { panic!("no record") };
            for (name, ty) in fields() {
                let column = list.fields.entry(name.into()).or_default();
                column.push(person.get(name).unwrap_or(&unknown), &ty, dictionary);
            }
            count += 1;
        }
        list.offsets.push(count);
    }
    for (name, _) in fields() {
        list.fields.entry(name.into()).or_default();
    }
    batch.lists.insert("人々".into(), list);
    batch
}

/// Compares, and answers how many subjects were regular and how many there were.
fn compare(
    formulas: &[String],
    element: &str,
    subjects: &[Record],
) -> Result<(usize, usize), TestCaseError> {
    let Some(law) = law(formulas, element) else { return Ok((0, 0)) };
    let Ok(plan) = law.plan(day("2026-04-01"), &BTreeMap::new()) else { return Ok((0, 0)) };
    let plan = Arc::new(plan);
    let program = Program::new(plan.clone(), Dictionary::default());
    let mut program = program.map_err(|refused| TestCaseError::fail(refused.join("\n")))?;
    let batch = batch(subjects, program.dictionary());
    let results = program.run(&batch);
    for (row, subject) in subjects.iter().enumerate() {
        let answer = plan.run(subject);
        prop_assert_eq!(&answer, &program.answer(&batch, row), "facts of row {}", row);
        if results.irregular.contains(&row) {
            continue;
        }
        prop_assert_eq!(&answer.open_questions, &vec![], "row {} of {:?}", row, formulas);
        for result in &plan.results {
            let column = &results.columns[&result.rule];
            let found = match &result.list {
                None => program.value(column, row, &result.ty),
                Some(list) => {
                    let own = batch.lists[list].range(row);
                    let values = own.map(|at| program.value(column, at, &result.ty));
                    Value::from(values.collect::<Vec<Value>>())
                }
            };
            let expected = answer.results.get(&result.rule).expect("a result");
            prop_assert_eq!(
                &found,
                expected,
                "{} of row {} in {:?} / {}: {:?}",
                result.rule,
                row,
                formulas,
                element,
                subject
            );
        }
    }
    Ok((subjects.len() - results.irregular.len(), subjects.len()))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3_000, failure_persistence: None, ..Default::default()
    })]
    #[test]
    fn columns_say_what_the_tree_says(
        number in number(3, false),
        truth in truth(3, false),
        date in date(3, false),
        element in number(3, true),
        subjects in proptest::collection::vec(subject(), 1..12),
    ) {
        let sum = format!("{number} + sum(人々.各)");
        compare(&[number], &element, &subjects)?;
        compare(&[truth, date], "額", &subjects)?;
        compare(&[sum], &element, &subjects)?;
    }
}

/// Most subjects are worked out in columns: the test above does not compare nothing with nothing.
#[test]
fn most_subjects_are_regular() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = (number(2, false), proptest::collection::vec(subject(), 8));
    let (mut regular, mut all, mut compiled) = (0, 0, 0);
    for _ in 0..400 {
        let tree = strategy.new_tree(&mut runner).expect("a case");
        let (formula, subjects) = tree.current();
        let (some, of) = compare(&[formula], "額 * 2", &subjects).expect("the same");
        regular += some;
        all += of;
        compiled += usize::from(of > 0);
    }
    assert!(compiled > 300, "only {compiled} formulas compile");
    assert!(regular * 10 > all * 5, "only {regular} of {all} subjects are regular");
}
