//! JSON Schemas: of what a procedure's form takes (one shape for API, checks and examples), and of
//! the definition files themselves.

mod file;

pub use file::file_schemas;

use serde_json::{Map, Value, json};

use crate::model::{Field, FieldKind, Procedure, Selection, System};

/// The schema of a case's `form` for a procedure (draft 2020-12, as OpenAPI 3.1 uses it).
pub fn form_schema(system: &System, procedure: &Procedure) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for group in &procedure.form {
        if group.per_subject {
            continue;
        }
        if let Some((least, most)) = group.repeat {
            let entry = group_schema(system, &group.fields);
            let list = json!({
                "type": "array", "minItems": least, "maxItems": most,
                "title": group.name, "items": entry,
            });
            properties.insert(group.name.clone(), list);
            required.push(json!(group.name));
        } else {
            for field in &group.fields {
                properties.insert(field.name.clone(), field_schema(system, field));
                if field.required && field.when.is_none() && field.default.is_none() {
                    required.push(json!(field.name));
                }
            }
        }
    }
    if procedure.selection != Selection::New {
        let fields: Vec<Field> = procedure
            .form
            .iter()
            .filter(|group| group.per_subject)
            .flat_map(|group| group.fields.clone())
            .collect();
        let mut entry = group_schema(system, &fields);
        entry["properties"]["key"] = json!({"type": "string", "description": "対象の主キー"});
        properties.insert("対象者".into(), json!({"type": "array", "minItems": 1, "items": entry}));
        required.push(json!("対象者"));
    }
    json!({
        "type": "object", "title": procedure.name, "description": procedure.statute,
        "properties": properties, "required": required, "additionalProperties": false,
    })
}

fn group_schema(system: &System, fields: &[Field]) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.clone(), field_schema(system, field))).collect();
    let required: Vec<&str> = fields
        .iter()
        .filter(|f| f.required && f.when.is_none() && f.default.is_none())
        .map(|f| f.name.as_str())
        .collect();
    json!({
        "type": "object", "properties": properties, "required": required,
        "additionalProperties": false,
    })
}

fn field_schema(system: &System, field: &Field) -> Value {
    let codes = |list: &String| -> Vec<&str> {
        let list = system.codes.get(list);
        list.map(|l| l.entries.iter().map(|e| e.code.as_str()).collect()).unwrap_or_default()
    };
    let mut schema = match &field.kind {
        FieldKind::Text(length) => json!({"type": "string", "maxLength": length}),
        FieldKind::Integer(digits) => {
            json!({"type": "string", "pattern": format!("^-?[0-9]{{1,{digits}}}$")})
        }
        FieldKind::Date { .. } => json!({
            "type": "string",
            "description": "2026-04-01、令和8年4月1日など。不詳日を許す欄では不詳の表記も",
        }),
        FieldKind::Code(list) => json!({"type": "string", "enum": codes(list)}),
        FieldKind::Codes(list) => {
            json!({"type": "array", "items": {"type": "string", "enum": codes(list)}})
        }
        FieldKind::Flag => json!({"type": "boolean"}),
        FieldKind::Subject => json!({"type": "string", "description": "主キー"}),
        FieldKind::Event => json!({"type": "string", "description": "対象者の異動の番号"}),
    };
    schema["title"] = json!(field.label);
    if let Some(hint) = &field.hint {
        schema["description"] = json!(hint);
    }
    schema
}
