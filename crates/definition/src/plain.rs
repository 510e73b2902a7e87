//! Small data files of other parts of the house (lists, settings): YAML as plain data, under the
//! same strictness as a system's files: no key twice, no anchors, no tags. Knows no meaning.

use base::diagnostic::Diagnostic;
use serde_json::{Map, Number, Value};

use crate::yaml::{Kind, Node, parse};

/// One YAML document as data. Plain whole numbers are numbers, plain `true` and `false` truth
/// values; every other scalar is a text.
///
/// # Errors
/// A diagnostic at the first place that is no YAML or says a name twice.
pub fn plain_read(file: &str, text: &str) -> Result<Value, Diagnostic> {
    value(file, &parse(file, text)?)
}

fn value(file: &str, node: &Node) -> Result<Value, Diagnostic> {
    Ok(match &node.kind {
        Kind::Scalar { text, plain } => scalar(text, *plain),
        Kind::List(items) => {
            Value::Array(items.iter().map(|item| value(file, item)).collect::<Result<_, _>>()?)
        }
        Kind::Map(entries) => {
            let mut map = Map::new();
            for (key, below) in entries {
                let name = key.scalar().unwrap_or_default().to_owned();
                if map.insert(name.clone(), value(file, below)?).is_some() {
                    let place = (key.place.line, key.place.column);
                    let message = format!("「{name}」が二度書かれています");
                    return Err(Diagnostic::error(file, place, message)
                        .with_help("どちらか一つにしてください"));
                }
            }
            Value::Object(map)
        }
    })
}

fn scalar(text: &str, plain: bool) -> Value {
    match text {
        "true" if plain => Value::Bool(true),
        "false" if plain => Value::Bool(false),
        _ if plain && (text == "0" || !text.starts_with('0')) => match text.parse::<i64>() {
            Ok(number) => Value::Number(Number::from(number)),
            Err(_) => Value::String(text.to_owned()),
        },
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::plain_read;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match plain_read("a.yaml", text) {
            Ok(value) => value.to_string(),
            Err(diagnostic) => format!("{}: {}", diagnostic.line, diagnostic.message),
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn data_is_read_as_it_stands() {
        check("a: 1\nb: [x, '2', true, 010006]\n", r#"{"a":1,"b":["x","2",true,"010006"]}"#);
        check("day: 2026-04-01\n", r#"{"day":"2026-04-01"}"#);
        check("a: 1\na: 2\n", "2: 「a」が二度書かれています");
        check("a: &x 1\n", "1: アンカー（&）は使えません");
    }
}
