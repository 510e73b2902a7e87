//! Reading a test file of the kit: inputs and expected results.

use std::fmt;

use super::super::read::broken_xml;
use roxmltree::{Document, Node};

use crate::dmn::number::Number;
use crate::dmn::scalar::{Kind, Shape};
use crate::dmn::temporal::{CalendarDate, Moment, Time, names_zone, read_days, read_months};
use crate::types::Type;
use crate::value::{Record, Value};

/// One case.
pub(super) struct Case {
    pub id: String,
    /// A service or function that is asked instead of decisions.
    pub invocable: Option<String>,
    pub inputs: Vec<(String, Given)>,
    pub results: Vec<Expected>,
}

/// What is expected of a decision.
pub(super) struct Expected {
    pub name: String,
    pub value: Given,
    /// Why the expectation itself cannot be read.
    pub unreadable: Option<String>,
}

/// A value as a test gives it.
#[derive(Clone, Debug)]
pub(super) enum Given {
    Null,
    One(Value),
    List(Vec<Given>),
    Fields(Vec<(String, Given)>),
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Given::Null => f.write_str("null"),
            Given::One(value) => write!(f, "{value}"),
            Given::List(items) => {
                f.write_str("[")?;
                for (place, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if place == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Given::Fields(fields) => {
                f.write_str("{")?;
                for (place, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}{name}: {value}", if place == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
        }
    }
}

fn parse(text: &str) -> Result<Document<'_>, String> {
    let text = text.trim_start_matches('\u{feff}');
    Document::parse(text).map_err(|error| broken_xml(&error))
}

pub(super) fn model_name(text: &str) -> Option<String> {
    let document = parse(text).ok()?;
    let name = named(document.root_element(), "modelName").next()?;
    name.text().map(|text| text.trim().to_owned())
}

pub(super) fn read(text: &str) -> Result<Vec<Case>, String> {
    let document = parse(text)?;
    Ok(named(document.root_element(), "testCase").map(case).collect())
}

fn named<'a>(node: Node<'a, 'a>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

fn name_of(node: Node<'_, '_>) -> String {
    let name = node.attribute("name").unwrap_or_default();
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn case(node: Node<'_, '_>) -> Case {
    let inputs = node.children().filter(|child| child.tag_name().name() == "inputNode");
    let results = node.children().filter(|child| child.tag_name().name() == "resultNode");
    Case {
        id: node.attribute("id").unwrap_or_default().to_owned(),
        invocable: node.attribute("invocableName").map(str::to_owned),
        inputs: inputs.map(|input| (name_of(input), given(input).unwrap_or(Given::Null))).collect(),
        results: results.map(expected).collect(),
    }
}

fn expected(node: Node<'_, '_>) -> Expected {
    let holder = node.children().find(|child| child.tag_name().name() == "expected");
    let (value, unreadable) = match holder.map(given) {
        None => (Given::Null, None),
        Some(Ok(value)) => (value, None),
        Some(Err(reason)) => (Given::Null, Some(reason)),
    };
    Expected { name: name_of(node), value, unreadable }
}

/// The value within `inputNode`, `expected`, `item` or `component`.
fn given(node: Node<'_, '_>) -> Result<Given, String> {
    let mut fields = Vec::new();
    for child in node.children().filter(Node::is_element) {
        match child.tag_name().name() {
            "value" => return one(child),
            "list" => {
                let items = child.children().filter(|item| item.tag_name().name() == "item");
                return items.map(given).collect::<Result<_, _>>().map(Given::List);
            }
            "component" => fields.push((name_of(child), given(child)?)),
            _ => {}
        }
    }
    Ok(if fields.is_empty() { Given::Null } else { Given::Fields(fields) })
}

const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

fn one(node: Node<'_, '_>) -> Result<Given, String> {
    if node.attribute((INSTANCE, "nil")) == Some("true") {
        return Ok(Given::Null);
    }
    let text: String = node.children().filter_map(|child| child.text()).collect();
    let ty = node.attribute((INSTANCE, "type")).unwrap_or("xsd:string");
    let ty = ty.rsplit(':').next().unwrap_or(ty);
    let trimmed = text.trim();
    let kind = match ty {
        "string" | "anySimpleType" => return Ok(Given::One(text.into())),
        "boolean" => return Ok(Given::One((trimmed == "true" || trimmed == "1").into())),
        "decimal" | "double" | "integer" | "int" | "long" | "float" => {
            Number::parse(trimmed).map(Kind::Number)
        }
        "date" => CalendarDate::parse(trimmed).map(Kind::Date),
        "time" => Time::parse(trimmed).map(Kind::Time),
        "dateTime" => Moment::parse(trimmed).map(Kind::Moment),
        "duration" | "dayTimeDuration" | "yearMonthDuration" => {
            let months = || read_months(trimmed).map(Kind::Months);
            read_days(trimmed).map(Kind::Days).or_else(months)
        }
        other => return Err(format!("試験の値の型「{other}」は読めません。")),
    };
    match kind {
        Some(kind) => Ok(Given::One(kind.value())),
        None if names_zone(trimmed) => Err(format!("名前の時間帯「{trimmed}」は扱いません。")),
        None => Err(format!("試験の値「{trimmed}」が{ty}として読めません。")),
    }
}

impl Given {
    /// The value as an input of this type; one that does not fit is null.
    pub fn value(&self, ty: &Type) -> Result<Value, String> {
        Ok(match (self, ty) {
            (Given::Null, _) => Value::Null,
            (Given::One(value), ty) if fits(value, ty) => value.clone(),
            (Given::List(items), Type::List(element)) => {
                let items: Result<Vec<Value>, String> =
                    items.iter().map(|item| item.value(element)).collect();
                items?.into()
            }
            (Given::List(items), ty) => match items.as_slice() {
                [item] => item.value(ty)?,
                _ => Value::Null,
            },
            (Given::Fields(fields), Type::Record(types)) => {
                let mut record = Record::new();
                for (name, ty) in types.fields() {
                    let field = fields.iter().find(|(found, _)| found == name);
                    let value = field.map_or(Ok(Value::Null), |(_, value)| value.value(ty));
                    record.insert(name, value?);
                }
                record.into()
            }
            (one, Type::List(element)) => vec![one.value(element)?].into(),
            _ => Value::Null,
        })
    }
}

fn fits(value: &Value, ty: &Type) -> bool {
    match (value, ty) {
        (Value::Text(_), Type::Text) | (Value::Boolean(_), Type::Boolean) => true,
        (Value::Scalar(value), Type::Scalar(ty)) => {
            !matches!(ty.0, Shape::Range(_)) && ty.holds(value)
        }
        _ => false,
    }
}
