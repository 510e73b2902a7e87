//! One household as the subject of all examples.

use rules::{Date, Record, Scope, Type, Value};

pub fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

pub fn person_type() -> Type {
    Type::record([
        ("氏名".to_owned(), Type::Text),
        ("続柄".to_owned(), Type::Text),
        ("生年月日".to_owned(), Type::Date),
        ("所得".to_owned(), Type::INTEGER),
    ])
}

pub fn scope() -> Scope {
    Scope::new()
        .with("世帯主", person_type())
        .with("世帯員", Type::list(person_type()))
        .with("基準日", Type::Date)
        .with("所得割額", Type::INTEGER)
        .with("税率", Type::number(4))
        .with("区分", Type::Text)
        .with("外国人", Type::Boolean)
        .with("転出日", Type::Date)
        .with("18歳以上", Type::Boolean)
        .with("住所（方書）", Type::Text)
        .with("資格・等級", Type::Text)
        .with("月額", Type::list(Type::INTEGER))
        .with("期間", Type::Duration)
        .with("n", Type::INTEGER)
        .with("未入力", Type::INTEGER)
        .with("未確認", Type::Boolean)
}

pub fn person(name: &str, relation: &str, born: &str, income: i64) -> Value {
    let fields: [(&str, Value); 4] = [
        ("氏名", name.into()),
        ("続柄", relation.into()),
        ("生年月日", day(born).into()),
        ("所得", income.into()),
    ];
    fields.into_iter().collect::<Record>().into()
}

pub fn facts() -> Record {
    let head = person("雲居　太郎", "世帯主", "1985-04-01", 4_321_000);
    let members = vec![
        head.clone(),
        person("雲居　花子", "妻", "1987-12-24", 0),
        person("雲居　一", "子", "2009-05-01", 0),
        person("雲居　二葉", "子", "2013-07-12", 0),
    ];
    Record::new()
        .with("世帯主", head)
        .with("世帯員", members)
        .with("基準日", day("2026-04-15"))
        .with("所得割額", 123_456)
        .with("税率", "0.0600".parse::<rules::Decimal>().expect("a number"))
        .with("区分", "03")
        .with("外国人", false)
        .with("転出日", Value::Null)
        .with("18歳以上", true)
        .with("住所（方書）", "雲居荘203号")
        .with("資格・等級", "甲")
        .with("月額", vec![Value::from(10_000), Value::from(15_000), Value::from(10_000)])
        .with("期間", rules::Duration::new(1, 3))
        .with("n", 7)
}
