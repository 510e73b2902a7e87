//! The OpenAPI 3.1 text of the office zone's API, made at run time from the routes and from the
//! definitions that are installed. It holds no personal data and promises nothing that the routes
//! do not check.

use std::sync::Arc;

use definition::System;
use definition::model::{Procedure, ProcedureKind};
use office::access::role;
use serde_json::{Map, Value, json};
use store::organisation::Organisation;

use super::api::{Access, Answer, ROUTES, Route, schema};
use super::desk::ZONE;

/// The whole text for an organisation.
pub fn document(organisation: &Organisation, systems: &[Arc<System>]) -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.word()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("{}　窓口API", organisation.name),
            "version": env!("CARGO_PKG_VERSION"),
            "description": "窓口の画面と同じことを行うAPIです。閲覧と処理はすべて監査の記録に残ります。\
                誤りは application/problem+json（RFC 9457）で返し、errors に本文の場所を示します。",
        },
        "servers": [{ "url": format!("/{}/api", organisation.id) }],
        "security": [{ "bearer": [] }],
        "x-kumoi-zone": ZONE,
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": {
                "type": "http", "scheme": "bearer",
                "description": "POST /session が返す token",
            } },
            "responses": { "Problem": {
                "description": "できないときの理由（RFC 9457）",
                "content": {
                    base::problem::MEDIA_TYPE: { "schema": schema::reference("Problem") },
                },
            } },
            "schemas": schemas(systems),
        },
    })
}

fn operation(route: &Route) -> Value {
    let problem = json!({ "$ref": "#/components/responses/Problem" });
    let mut responses = json!({ "default": problem });
    responses[route.answer.0.to_string()] = answer(route.answer.1);
    for status in refusals(route) {
        responses[status] = problem.clone();
    }
    let mut out = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "x-kumoi-zone": ZONE,
        "x-kumoi-mutates": route.mutates,
        "parameters": parameters(route),
        "responses": responses,
    });
    match route.access {
        Access::Open => out["security"] = json!([]),
        Access::Signed | Access::Renewing | Access::Beginning => {}
        Access::Roles(roles) => {
            let names: Vec<&str> = roles.iter().map(|id| role::name(id)).collect();
            out["x-kumoi-roles"] = json!(roles);
            out["description"] = json!(format!("呼べる役割: {}", names.join("、")));
        }
    }
    if let Some(body) = route.body {
        out["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": schema::reference(body) } },
        });
    }
    out
}

fn refusals(route: &Route) -> Vec<&'static str> {
    let mut out = vec!["401", "404"];
    if matches!(route.access, Access::Roles(_)) {
        out.push("403");
    }
    if route.access == Access::Open {
        out.extend(["403", "429"]);
    }
    if route.body.is_some() {
        out.extend(["400", "413", "415", "422"]);
    }
    if !route.query.is_empty() {
        out.extend(["400", "422"]);
    }
    if route.mutates && matches!(route.access, Access::Roles(_)) {
        out.push("409");
    }
    out
}

fn answer(answer: Answer) -> Value {
    match answer {
        Answer::Json(name) => json!({
            "description": "できたとき",
            "content": { "application/json": { "schema": schema::reference(name) } },
        }),
        Answer::Pdf => json!({
            "description": "PDF",
            "content": { "application/pdf": {} },
        }),
        Answer::Empty => json!({ "description": "できたとき。本文はない" }),
    }
}

fn parameters(route: &Route) -> Vec<Value> {
    let names = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut out: Vec<Value> = names
        .map(|name| {
            let kind = if name == "id" { "integer" } else { "string" };
            json!({"name": name, "in": "path", "required": true, "schema": {"type": kind}})
        })
        .collect();
    if route.operation == "case_enter" {
        let words = "同じ値と同じ本文でもう一度送ると、二度入力せずに同じ答えを返す";
        let kind = json!({"type": "string", "maxLength": 100});
        out.push(json!({
            "name": "Idempotency-Key", "in": "header", "description": words, "schema": kind,
        }));
    }
    out.extend(route.query.iter().map(|(name, words)| {
        let kind = if *name == "limit" {
            json!({"type": "integer", "minimum": 1, "maximum": 200, "default": 50})
        } else {
            json!({"type": "string"})
        };
        json!({"name": name, "in": "query", "description": words, "schema": kind})
    }));
    out
}

fn schemas(systems: &[Arc<System>]) -> Map<String, Value> {
    let mut out = schema::fixed().clone();
    let (mut cases, mut certificates) = (Vec::new(), Vec::new());
    for system in systems {
        for procedure in &system.procedures {
            let name = schema::form_name(system, procedure);
            out.insert(name, schema::form(system, procedure));
            let list = match procedure.kind {
                ProcedureKind::Reaction => continue,
                ProcedureKind::Certificate => &mut certificates,
                _ => &mut cases,
            };
            let name = format!("input.{}.{}", system.id, procedure.id);
            list.push(schema::reference(&name));
            out.insert(name, input(system, procedure));
        }
    }
    // A preview takes a form that is still being filled in: nothing is required of it.
    for (name, list) in [("CaseInput", cases), ("CertificateInput", certificates)] {
        if !list.is_empty() {
            out.insert(name.to_owned(), json!({ "oneOf": list }));
        }
    }
    out
}

/// What a case or certificate of one procedure takes.
fn input(system: &System, procedure: &Procedure) -> Value {
    let mut out = schema::fixed().get("CaseInput").cloned().unwrap_or_default();
    out["title"] = json!(procedure.name);
    out["description"] = json!(procedure.guidance.as_deref().unwrap_or(&procedure.statute));
    out["properties"]["system"] = json!({ "const": system.id });
    out["properties"]["procedure"] = json!({ "const": procedure.id });
    out["properties"]["form"] = schema::reference(&schema::form_name(system, procedure));
    if procedure.identity_check
        && let Some(required) = out["required"].as_array_mut()
    {
        required.push(json!("identity"));
    }
    out
}
