//! The OpenAPI text holds together, and says exactly what is served.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};

use store::testing::sample_organisation;

use super::stage::system;
use crate::counter::api::{ROUTES, routes, schema};
use crate::counter::openapi::document;

fn text() -> Value {
    document(&sample_organisation("first_city"), &[system("resident-record")])
}

fn references<'v>(value: &'v Value, out: &mut Vec<&'v str>) {
    match value {
        Value::Object(map) => {
            out.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|value| references(value, out));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, out)),
        _ => {}
    }
}

#[test]
fn every_reference_resolves() {
    let text = text();
    let mut found = Vec::new();
    references(&text, &mut found);
    assert!(found.len() > 100, "{}", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(text.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn names_of_components_are_allowed_ones() {
    let text = text();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    for name in text["components"]["schemas"].as_object().unwrap().keys() {
        assert!(name.chars().all(allowed), "{name}");
    }
}

#[test]
fn every_route_stands_in_the_text_with_its_parameters() {
    let text = text();
    let mut operations = BTreeSet::new();
    for route in ROUTES {
        let found = &text["paths"][route.path][route.method.word()];
        assert_eq!(found["operationId"], route.operation);
        assert!(operations.insert(route.operation), "{} stands twice", route.operation);
        assert_eq!(found["x-kumoi-zone"], "office");
        assert_eq!(found["requestBody"].is_object(), route.body.is_some());
        let declared: BTreeSet<&str> = found["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["in"] == "path" && one["required"] == true)
            .filter_map(|one| one["name"].as_str())
            .collect();
        let meant: BTreeSet<&str> = route
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        assert_eq!(declared, meant, "{}", route.path);
        assert!(StatusCode::from_u16(route.answer.0).unwrap().is_success(), "{}", route.path);
    }
    let paths = text["paths"].as_object().unwrap();
    let written: usize = paths.values().map(|path| path.as_object().unwrap().len()).sum();
    assert_eq!(written, ROUTES.len());
}

#[test]
fn the_routes_do_not_clash() {
    drop(routes());
}

#[test]
fn every_procedure_has_its_form() {
    let text = text();
    let system = system("resident-record");
    for procedure in &system.procedures {
        let pointer = schema::form_reference(&system, procedure);
        let form = text.pointer(pointer.trim_start_matches('#')).unwrap();
        assert_eq!(form["additionalProperties"], false, "{pointer}");
    }
    assert!(text["components"]["schemas"]["CaseInput"]["oneOf"].as_array().unwrap().len() > 10);
}

fn places(found: &[office::plan::Finding]) -> Vec<&str> {
    found.iter().map(|one| one.at.as_deref().unwrap_or("")).collect()
}

#[track_caller]
fn check(name: &str, value: Value, expect: &[&str]) {
    assert_eq!(places(&schema::check_named(name, &value)), expect, "{value}");
}

#[test]
fn a_body_has_exactly_its_shape() {
    let input = |form: Value| json!({"system": "a", "procedure": "b", "form": form});
    check("CaseInput", input(json!({"anything": 1})), &[]);
    check("CaseInput", input(json!([])), &["form"]);
    check("CaseInput", json!({"system": "a", "procedure": 1, "form": {}}), &["procedure"]);
    check("CaseInput", json!({"system": "a", "form": {}}), &["procedure"]);
    check("CaseInput", json!("text"), &[""]);
    check("ActInput", json!({"revision": 1, "note": null}), &[]);
    check("ActInput", json!({"revision": 1.5}), &["revision"]);
    check("ActInput", json!({"revision": 1, "csrf": "x"}), &["csrf"]);
    check("VoidInput", json!({"reason": "a\u{0}b"}), &["reason"]);
    check("SignIn", json!({"id": null, "password": "", "code": ""}), &["id"]);
    let mut nested = input(json!({}));
    nested["identity"] = json!({"方法": "聞き取り", "他": ""});
    check("CaseInput", nested, &["identity.他"]);
    check("CaseInput", input(json!({"a": {"b": ["\u{0}"]}})), &["form.a.b.0"]);
}

#[track_caller]
fn form(procedure: &str, value: Value, expect: &[&str]) {
    let system = system("resident-record");
    let found = schema::check_form(&system, system.procedure(procedure).unwrap(), &value);
    assert_eq!(places(&found), expect, "{value}");
}

#[test]
fn a_form_has_the_shape_of_its_procedure() {
    form("move-in", json!({}), &[]);
    form("move-in", json!({"転入者": [{"氏名": null, "生年月日": "1985-06-01"}]}), &[]);
    form("move-in", json!({"転入者": [{"名": "x"}]}), &["form.転入者.0.名"]);
    form("move-in", json!({"転入者": [{"氏名": 1}]}), &["form.転入者.0.氏名"]);
    form("move-in", json!({"転入者": {}}), &["form.転入者"]);
    form("move-in", json!({"異動の日": "x"}), &["form.異動の日"]);
    form("death", json!({"対象者": [{}]}), &["form.対象者.0.key"]);
    form("death", json!({"対象者": [{"key": "1", "備考": "x"}]}), &["form.対象者.0.備考"]);
}
