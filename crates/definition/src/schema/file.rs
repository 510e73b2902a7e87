//! JSON Schemas of the definition files themselves, for editors: made from the loader's tables.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::keys::{
    CALCULATION, CODES, GROUP_OF_ITEMS, INTAKE, INTERFACE, Key, LAYOUT, PARAMETER, PRICE,
    PROCEDURE, REGISTER, RUN, SAMPLE, SYSTEM, Shape, VERBS,
};

/// A schema (draft 2020-12) for each kind of YAML file, by the pattern of its path.
///
/// It refuses unknown keys and words and asks for the required ones; names, types and formulas
/// are the loader's to check.
pub fn file_schemas() -> BTreeMap<&'static str, Value> {
    let samples = json!({ "type": "array", "items": map_schema(SAMPLE) });
    BTreeMap::from([
        ("system.yaml", titled(map_schema(SYSTEM), "業務システム")),
        ("samples.yaml", titled(samples, "見本の人口から台帳への対応")),
        ("registers/*.yaml", titled(map_schema(REGISTER), "台帳")),
        ("codes/*.yaml", titled(map_schema(CODES), "コード一覧")),
        ("parameters/*.yaml", titled(map_schema(PARAMETER), "法令の値")),
        ("calculations/*.yaml", titled(map_schema(CALCULATION), "算定")),
        ("procedures/*.yaml", titled(map_schema(PROCEDURE), "手続")),
        ("runs/*.yaml", titled(map_schema(RUN), "一括処理")),
        ("intakes/*.yaml", titled(map_schema(INTAKE), "取込")),
        ("price.yaml", titled(map_schema(PRICE), "料金表とデータの持ち主")),
        ("standard.yaml", titled(map_schema(LAYOUT), "業務の標準")),
        ("items/*.yaml", titled(map_schema(GROUP_OF_ITEMS), "標準のデータ項目")),
        ("interfaces/*.yaml", titled(map_schema(INTERFACE), "標準のAPI")),
    ])
}

fn titled(mut schema: Value, title: &str) -> Value {
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(title);
    schema
}

fn map_schema(table: &'static [Key]) -> Value {
    let mut properties = Map::new();
    for key in table {
        let mut schema = shape_schema(&key.shape);
        schema["description"] = json!(key.about);
        properties.insert(key.name.to_owned(), schema);
    }
    let required: Vec<&str> = table.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = json!({
        "type": "object", "properties": properties, "required": required,
        "additionalProperties": false,
    });
    // An effect has exactly one of the verbs.
    if VERBS.iter().all(|verb| table.iter().any(|key| key.name == *verb)) {
        let one: Vec<Value> = VERBS.iter().map(|verb| json!({ "required": [verb] })).collect();
        schema["oneOf"] = json!(one);
    }
    schema
}

fn shape_schema(shape: &'static Shape) -> Value {
    let names = || json!({ "type": "array", "items": { "type": ["string", "number"] } });
    match shape {
        Shape::Text => json!({ "type": ["string", "number"] }),
        Shape::Expression => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Whole => json!({ "type": "integer" }),
        Shape::Number => json!({ "type": "number" }),
        Shape::Flag => json!({ "type": "boolean" }),
        // A plain 9 is a number to editors and the word «9» to the loader.
        Shape::Word(words) => {
            let numbers = |word: &&str| word.parse::<u32>().map(Value::from).ok();
            let words = words();
            let also = words.iter().filter_map(numbers);
            json!({ "enum": words.iter().map(|w| json!(w)).chain(also).collect::<Vec<Value>>() })
        }
        Shape::Names => names(),
        Shape::NamesOrAll => json!({ "anyOf": [{ "const": "all" }, names()] }),
        Shape::Map(table) => map_schema(table),
        Shape::List(table) => json!({ "type": "array", "items": map_schema(table) }),
        Shape::NamedList(table) => json!({
            "type": "array",
            "items": { "anyOf": [{ "type": "string" }, map_schema(table)] },
        }),
        Shape::Free(inner) => {
            json!({ "type": "object", "additionalProperties": shape_schema(inner) })
        }
        Shape::TextOr(table) => json!({
            "anyOf": [{ "type": ["string", "number", "null"] }, map_schema(table)],
        }),
        Shape::ExpressionOr(table) => {
            let mut map = map_schema(table);
            map["additionalProperties"] = shape_schema(&Shape::Expression);
            json!({ "anyOf": [shape_schema(&Shape::Expression), map] })
        }
    }
}
