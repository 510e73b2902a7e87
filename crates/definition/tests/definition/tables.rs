//! Every decision table of the repository as DMN and back: its very bytes, and the same answers
//! where the model is compiled by the importer of others' models.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use rules::dmn::exchange::{self, DmnTable};
use rules::dmn::tck::{self, Verdict};
use rules::law::{Calculation, Fact, FactKind, FactType, Law, ResultName, Rule, WrittenTable};
use rules::{Date, Record, Scope, Type, Value};

use crate::support::systems_folder;
use crate::systems::loaded;

/// Every table with what it may name, and the parameters of its first day.
fn tables() -> Vec<(Rule, Scope, Record)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(systems_folder()).expect("the systems") {
        let path = entry.expect("an entry").path();
        if !path.join("calculations").is_dir() {
            continue;
        }
        let system = loaded(&path.file_name().expect("a name").to_string_lossy());
        for own in &system.calculations {
            for rule in own.law.rules().filter(|rule| rule.table.is_some()) {
                let scope = own.law.scope(rule.list.as_deref(), rule.from, rule.to);
                let known = system.parameters.iter().filter_map(|(name, own)| {
                    let value = own.values.in_force_on(rule.from)?.value.value.clone();
                    Some((Arc::<str>::from(name.as_str()), value))
                });
                found.push((rule.clone(), scope, known.collect::<Record>()));
            }
        }
    }
    assert!(found.len() >= 31, "{}", found.len());
    found
}

fn stem(rule: &Rule) -> &str {
    rule.file.trim_start_matches("rules/").trim_end_matches(".feel")
}

fn model(rule: &Rule, scope: &Scope) -> String {
    let table = WrittenTable::read(&rule.text).expect("a table");
    exchange::write(&table, stem(rule), scope).unwrap_or_else(|why| panic!("{why:#?}"))
}

#[test]
fn every_table_comes_back_from_dmn_as_it_was() {
    for (rule, scope, _) in tables() {
        let table = WrittenTable::read(&rule.text).expect("a table");
        let read = DmnTable::read(&model(&rule, &scope), None).expect("a model");
        assert_eq!(read.stem.as_deref(), Some(stem(&rule)));
        let (back, places) = read.table(&scope, None).expect("our language");
        assert_eq!(back, table, "{}", rule.file);
        assert_eq!(places.rows.len(), table.rows.len());
        assert_eq!(back.text(Some(&rule.text)), rule.text, "{}", rule.file);
        let fresh = WrittenTable::read(&back.text(None));
        assert_eq!(fresh, Some(table), "{}", rule.file);
    }
}

#[test]
fn the_exported_model_answers_as_the_table_does() {
    let mut asked = 0;
    for (rule, scope, known) in tables() {
        let plan = alone(&rule, &scope);
        let mut cases = String::new();
        for case in 0..CASES {
            let facts = facts((&rule, &scope), &known, case);
            let answer = plan.run(&facts);
            let answer = answer.results.get(&rule.name).expect("the result");
            if matches!(answer, Value::Unknown(_)) {
                continue;
            }
            asked += 1;
            let _ = write!(cases, "<testCase id=\"{case}\">");
            for (name, value) in facts.iter() {
                let _ = write!(cases, "<inputNode name=\"{name}\">{}</inputNode>", given(value));
            }
            let _ = write!(
                cases,
                "<resultNode name=\"{}\"><expected>{}</expected></resultNode></testCase>",
                rule.name,
                given(answer)
            );
        }
        let tests = format!(
            "<testCases xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">{cases}</testCases>"
        );
        for outcome in tck::run(&[&model(&rule, &scope)], &tests).expect("a model") {
            let which = format!("{} {}", rule.file, outcome.case);
            assert_eq!(outcome.verdict, Verdict::Passed, "{which}");
        }
    }
    assert!(asked > 4_000, "{asked}");
}

const CASES: usize = 150;
const DAY: &str = "判定する日";

/// The rule as a calculation of its own, all it names being facts.
fn alone(rule: &Rule, scope: &Scope) -> rules::law::Plan {
    let fact = |name: &str, ty: &Type| {
        let kind = FactKind::One(FactType { ty: ty.clone(), unit: None });
        Fact { name: name.to_owned(), name_en: name.to_owned(), kind }
    };
    let named = scope.names().filter(|(name, ty)| is_simple(ty) && *name != rule.name);
    let facts = named.map(|(name, ty)| fact(name, ty)).chain([fact(DAY, &Type::Date)]);
    let calculation = Calculation {
        id: "alone".to_owned(),
        name: "単独".to_owned(),
        name_en: "Alone".to_owned(),
        statute: "試験法".to_owned(),
        day: DAY.to_owned(),
        facts: facts.collect(),
        results: vec![ResultName { list: None, rule: rule.name.clone() }],
    };
    let rule = Rule { list: None, ..rule.clone() };
    let day: Date = rule.from;
    let law = Law::new(calculation, vec![rule], Arc::default()).expect("a law");
    law.plan(day, &BTreeMap::new()).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn is_simple(ty: &Type) -> bool {
    !matches!(ty, Type::Null | Type::List(_) | Type::Record(_))
}

/// Facts about the figures and texts that stand in the table, different in each case.
fn facts((rule, scope): (&Rule, &Scope), known: &Record, case: usize) -> Record {
    let body: String = rule.text.lines().filter(|line| !line.starts_with("//")).collect();
    let digits = body.split(|c: char| !c.is_ascii_digit()).filter_map(|it| it.parse::<i64>().ok());
    let mut numbers: Vec<i64> = digits.flat_map(|own| [own - 1, own, own + 1]).collect();
    numbers.extend([0, -1, 123_456_789]);
    let mut texts: Vec<&str> = body.split('"').skip(1).step_by(2).collect();
    texts.push("ほか");
    let named = scope
        .names()
        .filter(|(name, ty)| is_simple(ty) && *name != rule.name && body.contains(*name));
    let mut seed = case.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut pick = |many: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % many
    };
    let mut facts = Record::new();
    for (name, ty) in named {
        let value = match (ty, known.get(name)) {
            (_, Some(value)) => value.clone(),
            _ if pick(25) == 0 => Value::Null,
            (Type::Text, _) => texts[pick(texts.len())].into(),
            (Type::Boolean, _) => (pick(2) == 0).into(),
            (Type::Date, _) => {
                let day = format!("{}-{:02}-01", 2018 + pick(11), 1 + pick(12));
                day.parse::<Date>().expect("a day").into()
            }
            _ => numbers[pick(numbers.len())].into(),
        };
        facts.insert(name, value);
    }
    facts.insert(DAY, rule.from);
    facts
}

/// A value as a test file of DMN writes it.
fn given(value: &Value) -> String {
    let (ty, text) = match value {
        Value::Null => return "<value xsi:nil=\"true\"/>".to_owned(),
        Value::Number(number) => ("decimal", number.to_string()),
        Value::Boolean(truth) => ("boolean", truth.to_string()),
        Value::Date(day) => ("date", day.to_string()),
        Value::Text(text) => ("string", text.to_string()),
        other => panic!("{other:?}"),
    };
    format!("<value xsi:type=\"xsd:{ty}\">{text}</value>")
}
