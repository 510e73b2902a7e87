//! The examples of the systems, evaluated without a database: which checks fail, what is written.
//!
//! Numbers stay placeholders and no constraint of an item is checked; the office does that.

use std::fmt::Write as _;

use base::date::Date;
use definition::System;
use definition::model::{
    Assignment, Effect, Example, Field, FieldGroup, FieldKind, Item, Procedure, Register, Verb,
};
use expect_test::expect_file;
use rules::value::{Record, Value};
use rules::{Expression, Type};
use serde_json::Value as Json;

use crate::systems::loaded;

fn item_type(item: &Item) -> Type {
    use definition::model::ItemKind;
    match item.kind {
        ItemKind::HalfWidth(_) | ItemKind::FullWidth(_) | ItemKind::Code(_) => Type::Text,
        ItemKind::Integer { .. } => Type::INTEGER,
        ItemKind::Date { .. } => Type::Date,
        ItemKind::Flag => Type::Boolean,
    }
}

/// A fact as written in an example, as a value of its type.
fn value(json: Option<&Json>, kind: &Type) -> Value {
    match (json, kind) {
        (Some(Json::Array(list)), Type::List(element)) => {
            let values: Vec<Value> = list.iter().map(|json| value(Some(json), element)).collect();
            Value::from(values)
        }
        (Some(Json::Bool(flag)), _) => Value::from(*flag),
        (Some(Json::String(text)), Type::Date) => {
            Value::from(text.parse::<Date>().unwrap_or_else(|_| panic!("{text} is no date")))
        }
        (Some(Json::String(text)), Type::Number { .. }) => {
            Value::from(text.parse::<i64>().unwrap_or_else(|_| panic!("{text} is no number")))
        }
        (Some(Json::String(text)), _) => Value::from(text.as_str()),
        _ => Value::Null,
    }
}

fn row(items: &[Item], json: &Json) -> Record {
    let mut record = Record::new();
    for item in items {
        record.insert(item.name.as_str(), value(json.get(&item.name), &item_type(item)));
    }
    record.insert("閉鎖日", Value::Null);
    record.insert("記載日", Value::Null);
    record
}

fn rows(register: &Register, json: &Json) -> Vec<Value> {
    let list = json.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|json| Value::from(row(&register.items, json))).collect()
}

fn fields(group: &FieldGroup, json: &Json, facts: &Record) -> Record {
    let field = |field: &Field| {
        let kind = match field.kind {
            FieldKind::Codes(_) => Type::list(Type::Text),
            _ => definition::compile::field_type(field),
        };
        let given = value(json.get(&field.name), &kind);
        match (&field.default, given) {
            (Some(default), Value::Null) => answer(default, facts),
            (_, given) => given,
        }
    };
    let mut record = Record::new();
    for one in &group.fields {
        record.insert(one.name.as_str(), field(one));
    }
    record
}

#[track_caller]
fn answer(expression: &Expression, facts: &Record) -> Value {
    let outcome = expression.evaluate(facts);
    outcome.value.unwrap_or_else(|error| panic!("{}: {error}", expression.source()))
}

fn gather(system: &System, procedure: &Procedure, example: &Example) -> Record {
    let mut facts = Record::new();
    let today: Date = example.facts["本日"].as_str().expect("a day").parse().expect("a date");
    facts.insert("本日", Value::from(today));
    for parameter in system.parameters.values() {
        let found = parameter.values.on(today).map_or(Value::Null, |v| v.value.clone());
        facts.insert(parameter.name.as_str(), found);
    }
    let form = &example.facts["届出"];
    for group in procedure.form.iter().filter(|group| !group.per_subject) {
        if group.repeat.is_some() {
            let list = form[&group.name].as_array().cloned().unwrap_or_default();
            let list = list.iter().map(|json| Value::from(fields(group, json, &facts)));
            facts.insert(group.name.as_str(), Value::from(list.collect::<Vec<Value>>()));
        } else {
            let record = fields(group, form, &facts);
            for (name, value) in record.iter() {
                facts.insert(name, value.clone());
            }
        }
    }
    let register = system.register(&procedure.register).expect("the register");
    let mut known = Vec::new();
    for relation in &register.relations {
        let other = system.register(&relation.register).expect("the register");
        let given = &example.facts[&relation.name];
        if relation.many {
            known.extend(given.as_array().cloned().unwrap_or_default());
            facts.insert(relation.name.as_str(), Value::from(rows(other, given)));
        } else if given.is_object() {
            facts.insert(relation.name.as_str(), Value::from(row(&other.items, given)));
        } else {
            facts.insert(relation.name.as_str(), Value::Null);
        }
    }
    known.extend(example.facts[&register.name].as_array().cloned().unwrap_or_default());
    let wanted = example.facts["対象者"].as_array().cloned().unwrap_or_default();
    let chosen = known.into_iter().filter(|row| wanted.contains(&row[&register.key]));
    let chosen = Json::Array(chosen.collect());
    facts.insert("対象者", Value::from(rows(register, &chosen)));
    for used in &system.uses {
        facts.insert(used.name.as_str(), Value::from(row(&used.items, &example.facts[&used.name])));
    }
    facts
}

fn write_set(out: &mut String, set: &[Assignment], facts: &Record) {
    for assignment in set {
        let value = answer(&assignment.value, facts);
        if value != Value::Null {
            let shown: String = value.to_string().chars().take(40).collect();
            let _ = write!(out, " {}={shown}", assignment.item);
        }
    }
}

fn write_effect(out: &mut String, effect: &Effect, facts: &mut Record) {
    if effect.when.as_ref().is_some_and(|when| answer(when, facts) != Value::from(true)) {
        if let Verb::Number { name, .. } = &effect.verb {
            facts.insert(name.as_str(), Value::Null);
        }
        return;
    }
    let elements = match effect.over.as_ref().map(|over| answer(over, facts)) {
        None => vec![Value::Null],
        Some(Value::List(list)) => list.to_vec(),
        Some(other) => panic!("{other} is no list"),
    };
    let mut opened = Vec::new();
    for element in elements {
        facts.insert(effect.each.as_str(), element);
        let _ = write!(out, "  {}", effect.verb.word());
        match &effect.verb {
            Verb::Open { register, set, .. } => {
                let _ = write!(out, " {register}:");
                write_set(out, set, facts);
                let mut record = Record::new();
                for assignment in set {
                    record.insert(assignment.item.as_str(), answer(&assignment.value, facts));
                }
                for key in ["宛名番号", "登録番号"] {
                    if record.get(key).is_none() {
                        record.insert(key, Value::from("付番"));
                    }
                }
                opened.push(Value::from(record));
            }
            Verb::Amend { register, key, set }
            | Verb::Correct { register, key, set }
            | Verb::Close { register, key, set } => {
                let _ = write!(out, " {register} {}:", answer(key, facts));
                write_set(out, set, facts);
            }
            Verb::Cancel { register, key } => {
                let _ = write!(out, " {register} {}", answer(key, facts));
            }
            Verb::Number { name, .. } => drop(facts.insert(name.as_str(), Value::from("付番"))),
            Verb::Timer { on, procedure, key } => {
                let _ = write!(out, " {} {procedure} {}", answer(on, facts), answer(key, facts));
            }
            Verb::Notify { notice, requested, fee, .. } => {
                let asked = requested.as_ref().map(|list| answer(list, facts).to_string());
                let fee = fee.as_ref().map(|fee| answer(fee, facts).to_string());
                let _ = write!(out, " {notice} {asked:?} {fee:?}");
            }
        }
        out.push('\n');
    }
    facts.remove(&effect.each);
    if let Verb::Open { bind: Some(name), .. } = &effect.verb {
        facts.insert(name.as_str(), Value::from(opened));
    }
}

fn decide(system: &System, example: &Example) -> String {
    let procedure = system.procedure(&example.procedure).expect("the procedure");
    let mut facts = gather(system, procedure, example);
    let mut out = format!("{}\n", example.title);
    for (name, expression) in &procedure.values {
        let found = answer(expression, &facts);
        facts.insert(name.as_str(), found);
    }
    let mut refused = false;
    for check in &procedure.checks {
        if answer(&check.must, &facts) != Value::from(true) {
            refused |= !check.warning;
            let level = if check.warning { "警告" } else { "誤り" };
            let _ = writeln!(out, "  {level}: {}", check.message);
        }
    }
    if !refused {
        for effect in &procedure.effects {
            write_effect(&mut out, effect, &mut facts);
        }
    }
    out
}

#[test]
fn examples_decide_as_the_law_says() {
    let mut out = String::new();
    for id in ["resident-record", "seal-registration"] {
        let system = loaded(id);
        for example in &system.examples {
            out.push_str(&decide(&system, example));
        }
    }
    expect_file!["../decisions.txt"].assert_eq(&out);
}
