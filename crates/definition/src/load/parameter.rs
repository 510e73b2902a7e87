//! `parameters/*.yaml`: dated series of the law.

use base::date::Date;
use base::dated::Dated;
use base::diagnostic::Diagnostic;
use rules::law::{NotAUnit, Unit};
use rules::value::{Decimal, Value};

use super::{Package, name, with_file};
use crate::keys::{CERTAINTIES, PARAMETER, PARAMETER_VALUE};
use crate::model::{Certainty, Parameter, ParameterValue, System};
use crate::reader::Reader;
use crate::yaml::Node;

/// Reads every parameter.
pub(super) fn read_all(package: &Package, system: &mut System, out: &mut Vec<Diagnostic>) {
    for (_, path, text) in package.folder("parameters", ".yaml") {
        let parameter = with_file(path, text, out, |reader, node| read(reader, node, system));
        system.parameters.extend(parameter.map(|p| (p.name.clone(), p)));
    }
}

/// Units that are none, and values that nothing uses. An installed version is not asked for them.
pub(super) fn check_units(package: &Package, out: &mut Vec<Diagnostic>) {
    for (_, path, text) in package.folder("parameters", ".yaml") {
        with_file(path, text, out, |reader, node| {
            let fields = reader.map(node, PARAMETER);
            let unit = fields.get("unit").and_then(Node::scalar).unwrap_or_default();
            if let (Err(error), false) = (unit.parse::<Unit>(), unit.is_empty()) {
                let help = Some(NotAUnit::HELP.to_owned());
                reader.error(fields.place_of("unit"), error.to_string(), help);
            }
            let name = fields.get("name").and_then(Node::scalar).unwrap_or_default();
            if !name.is_empty() && !is_used(package, name) {
                let help = "規則や手続で使うか、このファイルを消してください".to_owned();
                let message = format!("法令の値「{name}」はどこからも使われません");
                reader.error(fields.place_of("name"), message, Some(help));
            }
        });
    }
}

/// Whether a rule, a procedure or a page names a value.
fn is_used(package: &Package, name: &str) -> bool {
    let beside = |path: &str| !path.starts_with("parameters/") && !path.starts_with("examples/");
    package.files.iter().any(|(path, text)| beside(path) && text.contains(name))
}

fn read(reader: &mut Reader<'_>, node: &Node, system: &System) -> Parameter {
    let fields = reader.map(node, PARAMETER);
    let mut values = Dated::default();
    for (day, place, node) in reader.free_map(fields.get("values")) {
        let Ok(from) = day.parse::<Date>() else {
            let help = "2024-10-01 の形で、効力の始まる日を書いてください".to_owned();
            reader.error(place, format!("「{day}」は日付ではありません"), Some(help));
            continue;
        };
        let value = (node.scalar() != Some("null")).then(|| read_value(reader, node));
        if let Err(duplicate) = values.insert(from, value) {
            let help = "施行日が同じ値を一つにしてください".to_owned();
            reader.error(place, duplicate.to_string(), Some(help));
        }
    }
    if values.is_empty() {
        let help = "values: に「2024-10-01: { value: …, source: …, checked: K }」を書いてください";
        reader.error(fields.place, "値が一つもありません", Some(help.to_owned()));
    }
    let name = reader.required(&fields, "name");
    name::check(reader, fields.place_of("name"), &name);
    if system.parameters.contains_key(&name) {
        let help = "名前を変えるか、どちらかのファイルを消してください".to_owned();
        let message = format!("法令の値「{name}」が別のファイルにもあります");
        reader.error(fields.place_of("name"), message, Some(help));
    }
    let unit = reader.required(&fields, "unit");
    Parameter { name, unit, ordinance: reader.flag(&fields, "ordinance"), values }
}

fn read_value(reader: &mut Reader<'_>, node: &Node) -> ParameterValue {
    let fields = reader.map(node, PARAMETER_VALUE);
    let number: Decimal = reader.parsed(&fields, "value", Decimal::from(0));
    if fields.get("value").is_none() {
        reader.missing(&fields, "value");
    }
    let checked = fields.get("checked").and_then(|n| reader.choice(n, CERTAINTIES));
    if fields.get("checked").is_none() {
        reader.missing(&fields, "checked");
    }
    ParameterValue {
        value: Value::from(number),
        source: reader.required(&fields, "source"),
        checked: checked.unwrap_or(Certainty::ToVerify),
    }
}
