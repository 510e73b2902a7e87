//! The JSON Schemas (draft 2020-12) of what the API takes and gives, and the check of a body
//! against them: structure only. What a form's values mean is for the office to say.

use base::said;
use base::said::Said;
use std::sync::OnceLock;

use definition::System;
use definition::model::{Procedure, Selection};
use definition::schema::form_schema;
use office::plan::Finding;
use serde_json::{Map, Value, json};

/// A reference to a schema.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The name of a procedure's form among the schemas.
pub fn form_name(system: &System, procedure: &Procedure) -> String {
    format!("form.{}.{}", system.id, procedure.id)
}

/// The reference to a procedure's form, as text.
pub fn form_reference(system: &System, procedure: &Procedure) -> String {
    format!("#/components/schemas/{}", form_name(system, procedure))
}

/// `name` is required, `name?` is not, `type?` after the colon may be null.
///
/// Types: `string`, `integer`, `boolean`, `object`, `date`, `moment`, `[Name]`, `Name`.
fn object(fields: &[&str]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let Some((name, kind)) = field.split_once(": ") else { continue };
        let name = name.strip_suffix('?').unwrap_or_else(|| {
            required.push(json!(name));
            name
        });
        properties.insert(name.to_owned(), kind_schema(kind));
    }
    json!({
        "type": "object", "properties": properties, "required": required,
        "additionalProperties": false,
    })
}

fn kind_schema(kind: &str) -> Value {
    let (kind, or_null) = match kind.strip_suffix('?') {
        Some(kind) => (kind, true),
        None => (kind, false),
    };
    if let Some(inner) = kind.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return json!({"type": "array", "items": kind_schema(inner)});
    }
    match kind {
        "revision" => return json!({"type": "integer", "minimum": 1, "maximum": i32::MAX}),
        "words" => return json!({"type": "string", "minLength": 1, "pattern": "^[^\\u0000]*$"}),
        _ => {}
    }
    let (name, format) = match kind {
        "date" => ("string", Some("date")),
        "moment" => ("string", Some("date-time")),
        other => (other, None),
    };
    if !["string", "integer", "boolean", "object"].contains(&name) {
        return match or_null {
            true => json!({"anyOf": [reference(name), {"type": "null"}]}),
            false => reference(name),
        };
    }
    let mut schema = match or_null {
        true => json!({"type": [name, "null"]}),
        false => json!({"type": name}),
    };
    if let Some(format) = format {
        schema["format"] = json!(format);
    }
    schema
}

const CASE: &[&str] = &[
    "id: integer",
    "revision: integer",
    "stage: string",
    "system: string",
    "procedure: string",
    "title: string",
    "origin: string",
    "subjects: [string]",
    "filed_on: date?",
    "effective_on: date?",
    "due_on: date",
    "entered_by: string",
    "entered_at: moment",
    "approved_by: string?",
    "approved_as: string?",
    "post_review_due: boolean",
    "event_id: integer?",
];

const INPUT: &[&str] = &[
    "system: string",
    "procedure: string",
    "form: object",
    "identity?: Identity",
    "acknowledged?: boolean",
];

/// Names and fields of all schemas that no definition gives.
const FIXED: &[(&str, &[&str])] = &[
    (
        "Problem",
        &[
            "type: string",
            "title: string",
            "status: integer",
            "detail?: string",
            "instance?: string",
            "errors?: [FieldProblem]",
        ],
    ),
    ("FieldProblem", &["pointer: string", "message: string", "code: string"]),
    ("SignIn", &["id: string", "password: string", "code: string"]),
    (
        "Session",
        &["token: string", "csrf: string", "id: string", "name: string", "roles: [string]"],
    ),
    (
        "SearchInput",
        &[
            "system: string",
            "register: string",
            "q?: string",
            "date?: string",
            "address?: string",
            "purpose?: string",
        ],
    ),
    ("Found", &["rows: [Summary]", "more: boolean"]),
    (
        "Summary",
        &[
            "key: string",
            "title: string",
            "values: [Shown]",
            "concealed: boolean",
            "closed: boolean",
        ],
    ),
    (
        "Shown",
        &[
            "name: string",
            "name_en: string",
            "text: string?",
            "masked: boolean",
            "hidden: boolean",
            "uncertain: boolean",
        ],
    ),
    ("Startable", &["procedure: string", "name: string", "name_en: string", "kind: string"]),
    (
        "Row",
        &[
            "key: string",
            "title: string",
            "groups: [Group]",
            "derived: [Derived]",
            "concealed: boolean",
            "cleared: boolean",
            "closed_on: date?",
            "version_no: integer",
            "valid_from: date",
            "recorded_from: moment",
            "startable: [Startable]",
            "relations: [Relation]",
            "history: [Version]",
            "cases: [CaseBrief]",
            "documents: [Document]",
        ],
    ),
    ("Group", &["name: string", "values: [Shown]"]),
    ("Derived", &["name: string", "text: string", "article: string"]),
    ("Relation", &["name: string", "name_en: string", "rows: [Related]"]),
    (
        "Related",
        &[
            "register: string",
            "key: string",
            "title: string",
            "values: [Shown]",
            "concealed: boolean",
            "closed: boolean",
        ],
    ),
    (
        "Version",
        &[
            "version_no: integer",
            "reason: string",
            "valid_from: date",
            "valid_to: date?",
            "recorded_from: moment",
            "recorded_to: moment?",
            "changes: [Difference]",
            "event_id: integer",
            "filed_on: date?",
            "actor: string",
        ],
    ),
    ("Difference", &["name: string", "name_en?: string", "old: string?", "new: string?"]),
    ("Queue", &["cases: [CaseBrief]"]),
    ("CaseBrief", CASE),
    (
        "CaseState",
        &[
            "id: integer",
            "revision: integer",
            "stage: string",
            "post_review_due: boolean",
            "event_id: integer?",
        ],
    ),
    ("Act", &["at: moment", "act: string", "actor: string", "note: string?"]),
    ("Plan", &["changes: [Change]", "findings: [Finding]"]),
    ("Change", &["register: string", "verb: string", "title: string", "items: [Difference]"]),
    ("Finding", &["pointer: string", "message: string", "message_en: string", "warning: boolean"]),
    (
        "Preview",
        &[
            "title: string",
            "subjects: [string]",
            "filed_on: date?",
            "effective_on: date?",
            "changes: [Change]",
            "findings: [Finding]",
        ],
    ),
    ("CaseInput", INPUT),
    ("CertificateInput", INPUT),
    ("PreviewInput", INPUT),
    ("Identity", &["方法?: string", "備考?: string"]),
    (
        "ReviseInput",
        &["revision: revision", "form: object", "identity?: Identity", "acknowledged?: boolean"],
    ),
    ("ActInput", &["revision: revision", "note?: string?"]),
    ("ReturnInput", &["revision: revision", "note: words"]),
    ("Issued", &["number: string"]),
    ("Documents", &["documents: [Document]"]),
    (
        "Document",
        &[
            "number: string",
            "system: string",
            "procedure: string",
            "title: string",
            "subjects: [string]",
            "fee_yen: integer",
            "issued_by: string",
            "issued_at: moment",
            "voided_at: moment?",
            "void_reason: string?",
        ],
    ),
    ("VoidInput", &["reason: words"]),
    ("CodeReissueInput", &["reason: words"]),
    ("Registration", &["id: string", "registration_code: string", "until: moment"]),
    ("Journal", &["entries: [Entry]"]),
    (
        "Entry",
        &[
            "event_id: integer",
            "recorded_at: moment",
            "system: string",
            "procedure: string",
            "event: string?",
            "reason: string",
            "case_id: integer?",
            "subject_count: integer",
            "effective_on: date",
            "filed_on: date?",
            "actor: string",
            "approver: string?",
            "run_id: integer?",
        ],
    ),
    ("Audit", &["rows: [AuditRow]"]),
    (
        "AuditRow",
        &[
            "id: integer",
            "at: moment",
            "actor: string",
            "role: string",
            "zone: string",
            "purpose: string",
            "action: string",
            "subject_count: integer",
            "request: string",
        ],
    ),
    ("Systems", &["systems: [System]"]),
    (
        "System",
        &[
            "id: string",
            "name: string",
            "name_en: string",
            "version: string",
            "hash: string",
            "registers: [RegisterName]",
            "procedures: [ProcedureName]",
        ],
    ),
    ("RegisterName", &["id: string", "name: string", "name_en: string", "key: string"]),
    (
        "ProcedureName",
        &[
            "id: string",
            "name: string",
            "name_en: string",
            "kind: string",
            "register: string",
            "statute: string",
            "schema: string",
        ],
    ),
];

/// The schemas that no definition gives, by name.
pub fn fixed() -> &'static Map<String, Value> {
    static MADE: OnceLock<Map<String, Value>> = OnceLock::new();
    MADE.get_or_init(|| {
        let mut out: Map<String, Value> =
            FIXED.iter().map(|(name, fields)| ((*name).to_owned(), object(fields))).collect();
        let more = [
            "withheld: boolean",
            "form: object?",
            "identity: object?",
            "acts: [Act]",
            "plan: Plan?",
        ];
        out.insert("Case".to_owned(), object(&[CASE, &more].concat()));
        out.insert("OpenApi".to_owned(), json!({"type": "object"}));
        out
    })
}

/// The schema of a procedure's form as this API takes it: an empty field may be null or left out.
pub fn form(system: &System, procedure: &Procedure) -> Value {
    let mut schema = form_schema(system, procedure);
    or_null(&mut schema);
    if procedure.selection != Selection::New {
        let subject = &mut schema["properties"]["対象者"]["items"];
        subject["required"] = json!(["key"]);
        subject["properties"]["key"]["minLength"] = json!(1);
    }
    schema
}

/// Lets every field that is not required be null.
fn or_null(schema: &mut Value) {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(properties) = schema["properties"].as_object_mut() else { return };
    for (name, property) in properties {
        if property["type"] == "array" && property["items"]["type"] == "object" {
            or_null(&mut property["items"]);
            continue;
        }
        if required.iter().any(|known| known == name) {
            continue;
        }
        property["type"] = json!([property["type"].take(), "null"]);
        if let Some(choices) = property.get_mut("enum").and_then(Value::as_array_mut) {
            choices.push(Value::Null);
        }
    }
}

/// Checks a body against a schema of [`fixed`]; nothing when it fits.
pub fn check_named(name: &str, value: &Value) -> Vec<Finding> {
    let mut out = Vec::new();
    let check = Check { required: true };
    check.visit(&reference(name), value, "", &mut out);
    out
}

/// Checks the structure of a procedure's form. Empty fields and values are left to the office,
/// which says what is to be entered.
pub fn check_form(system: &System, procedure: &Procedure, value: &Value) -> Vec<Finding> {
    let mut out = Vec::new();
    let check = Check { required: false };
    check.visit(&form_schema(system, procedure), value, "form", &mut out);
    for (index, entry) in value["対象者"].as_array().into_iter().flatten().enumerate() {
        if !entry["key"].is_string() && procedure.selection != Selection::New {
            let at = format!("form.対象者.{index}.key");
            out.push(Finding::at(
                &at,
                said!("対象の主キーを入れてください", "Give the key of the subject"),
            ));
        }
    }
    out
}

struct Check {
    required: bool,
}

impl Check {
    fn visit(&self, schema: &Value, value: &Value, at: &str, out: &mut Vec<Finding>) {
        let mut refuse = |said: Said| {
            out.push(Finding::error((!at.is_empty()).then(|| at.to_owned()), said));
        };
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap_or_default();
            return match fixed().get(name) {
                Some(found) => self.visit(found, value, at, out),
                None => refuse(said!("この形は知られていません", "This shape is not known")),
            };
        }
        if let Some(choices) = schema["anyOf"].as_array() {
            let choice = choices.iter().find(|one| (one["type"] == "null") == value.is_null());
            return choice.into_iter().for_each(|one| self.visit(one, value, at, out));
        }
        if !self.required && value.is_null() && at != "form" {
            return;
        }
        if let Some(Said { ja, en }) = wrong_type(&schema["type"], value) {
            return refuse(said!("{ja}にしてください", "This must be {en}"));
        }
        match value {
            Value::String(text) if text.contains('\0') => {
                refuse(said!("使えない文字（NUL）があります", "A character (NUL) cannot be used"));
            }
            Value::Array(list) => {
                for (index, entry) in list.iter().enumerate() {
                    self.visit(&schema["items"], entry, &below(at, &index.to_string()), out);
                }
            }
            Value::Object(map) => self.object(schema, map, at, out),
            _ => {}
        }
    }

    fn object(&self, schema: &Value, map: &Map<String, Value>, at: &str, out: &mut Vec<Finding>) {
        let strict = schema["additionalProperties"] == false;
        for (name, value) in map {
            match schema["properties"].get(name) {
                Some(own) => self.visit(own, value, &below(at, name), out),
                None if strict => {
                    let said = said!(
                        "「{name}」という欄はありません。名前を確かめてください",
                        "There is no field “{name}”. Check its name"
                    );
                    out.push(Finding::at(&below(at, name), said));
                }
                None => self.visit(&Value::Null, value, &below(at, name), out),
            }
        }
        let required = schema["required"].as_array().filter(|_| self.required);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !map.contains_key(name) {
                let said = said!("「{name}」が要ります", "“{name}” is needed");
                out.push(Finding::at(&below(at, name), said));
            }
        }
    }
}

fn below(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

/// The types that would be right, in words, when the value has none of them.
fn wrong_type(types: &Value, value: &Value) -> Option<Said> {
    let types: Vec<&str> = match types {
        Value::String(one) => vec![one],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let fits = |name: &&&str| match **name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => false,
    };
    if types.iter().any(|name| fits(&name)) {
        return None;
    }
    let words = types.iter().filter(|name| **name != "null").map(|name| match *name {
        "string" => said!("文字列", "a string"),
        "integer" => said!("整数", "a whole number"),
        "boolean" => said!("true か false", "true or false"),
        "array" => said!("配列", "an array"),
        _ => said!("オブジェクト", "an object"),
    });
    Some(Said::join(&words.collect::<Vec<_>>(), "か", " or "))
}
