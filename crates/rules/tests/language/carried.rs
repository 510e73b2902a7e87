//! What rules hand on without counting with it: dates as written, secrets.

use base::date::LooseDate;
use rules::types::Type;
use rules::value::{Carried, Day, Record, Unknown, Value};
use rules::{Scope, compile};

const WRITTEN: &str = "昭和15年4月日不詳";

fn facts() -> (Scope, Record) {
    let mut scope = Scope::new();
    let mut facts = Record::new();
    for name in ["書かれた日", "同じ日", "不詳日"] {
        scope.insert(name, Type::Date);
    }
    scope.insert("番号", Type::Text);
    let loose = LooseDate::parse(WRITTEN).unwrap();
    let day = Day::of(loose).unwrap();
    facts.insert("書かれた日", Value::Date(day));
    facts.insert("同じ日", Value::from(*day));
    let unknown = |name: &str, carried| Value::Unknown(Unknown::new(name, "").carrying(carried));
    facts.insert("不詳日", unknown("不詳日", Carried::Date(LooseDate::UNKNOWN)));
    facts.insert("番号", unknown("番号", Carried::Secret("a/1/番号".into())));
    (scope, facts)
}

/// The value, and what it carries in words.
#[track_caller]
fn check(expression: &str, expect: &str) {
    let (scope, facts) = facts();
    let value = compile(expression, &scope).unwrap().evaluate(&facts).value.unwrap();
    let found = match &value {
        Value::Date(day) => day.written().japanese(),
        Value::Unknown(unknown) => match unknown.carried() {
            Some(Carried::Date(date)) => date.japanese(),
            Some(Carried::Secret(place)) => place.to_string(),
            None => "?".to_owned(),
        },
        other => other.to_string(),
    };
    assert_eq!(found, expect, "{expression}");
}

#[test]
fn a_date_is_handed_on_as_written() {
    let written = LooseDate::parse(WRITTEN).unwrap().japanese();
    check("書かれた日", &written);
    check("value or(null, 書かれた日)", &written);
    check("if true then 書かれた日 else 同じ日", &written);
    check("first([書かれた日, 同じ日])", &written);
    check("[同じ日, 書かれた日][2]", &written);
    check("書かれた日 = 同じ日", "true");
    check("書かれた日 <= 同じ日", "true");
    check("月末(書かれた日)", "昭和15年4月30日");
    check("不詳日", "年月日不詳");
    check("value or(不詳日, 同じ日)", "年月日不詳");
}

#[test]
fn what_is_not_known_is_not_taken_for_something_else() {
    check("不詳日 = 同じ日", "?");
    check("if 不詳日 < 同じ日 then 同じ日 else 書かれた日", "昭和15年4月30日");
    check("月末(不詳日)", "?");
    check("番号 = \"1\"", "?");
    check("if 番号 = \"1\" then 番号 else null", "?");
}

#[test]
fn a_secret_is_handed_on_and_known_to_be_there() {
    check("value or(null, 番号)", "a/1/番号");
    check("番号 != null", "true");
    check("番号 = null", "false");
    check("不詳日 = null", "false");
    check("concat(番号, \"x\")", "?");
}
