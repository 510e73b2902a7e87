//! Expressions of a definition: the names they may use, and where their errors stand.

use base::diagnostic::{Diagnostic, Severity};
use rules::types::Type;
use rules::{Expression, Scope, SourceError};

use crate::model::{Field, FieldKind, Item, ItemKind, Procedure, Register, Selection, System};
use crate::reader::{Located, Reader};
use crate::yaml::Node;

/// Names of a rule: the register's items, today, and the parameters.
pub(crate) fn register_scope(system: &System, register: &Register) -> Scope {
    let mut scope = common_scope(system);
    for item in &register.items {
        scope.insert(&item.name, item_type(item));
    }
    scope
}

/// Names of one row alone: its items, when it was closed and entered, and the day.
pub(crate) fn row_scope(register: &Register) -> Scope {
    let mut scope = Scope::new();
    scope.insert("本日", Type::Date);
    for (name, kind) in register_fields(register) {
        scope.insert(&name, kind);
    }
    scope
}

/// Names of a procedure: fields, subjects, their relations, rows of other systems, parameters.
pub(crate) fn procedure_scope(
    system: &System,
    register: &Register,
    procedure: &Procedure,
) -> Scope {
    let mut scope = common_scope(system);
    for name in ["異動日", "届出日"] {
        scope.insert(name, Type::Date);
    }
    let mut subject = register_fields(register);
    for group in &procedure.form {
        let fields = group.fields.iter().map(|field| (field.name.clone(), field_type(field)));
        if group.per_subject {
            subject.extend(fields);
        } else if group.repeat.is_some() {
            scope.insert(&group.name, Type::list(Type::record(fields)));
        } else {
            for (name, kind) in fields {
                scope.insert(&name, kind);
            }
            for row in group.fields.iter().filter_map(|field| field.refers_to.as_ref()) {
                if let (Some(name), Some(other)) = (&row.name, system.register(&row.register)) {
                    scope.insert(name, record_of_register(other));
                }
            }
        }
    }
    if procedure.selection != Selection::New {
        let subject = Type::record(subject);
        scope.insert("対象者", Type::list(subject));
        for relation in &register.relations {
            if let Some(other) = system.register(&relation.register) {
                let row = record_of_register(other);
                let kind = if relation.many { Type::list(row) } else { row };
                scope.insert(&relation.name, kind);
            }
        }
    }
    for used in &system.uses {
        let fields = used.items.iter().map(|item| (item.name.clone(), item_type(item)));
        scope.insert(&used.name, Type::record(fields));
    }
    scope
}

pub(crate) fn common_scope(system: &System) -> Scope {
    let mut scope = Scope::new();
    scope.insert("本日", Type::Date);
    for (name, parameter) in &system.parameters {
        scope.insert(name, Type::number(parameter.scale()));
    }
    scope
}

/// A register's row as a record.
pub fn record_of_register(register: &Register) -> Type {
    Type::record(register_fields(register))
}

fn register_fields(register: &Register) -> Vec<(String, Type)> {
    let mut fields: Vec<(String, Type)> =
        register.items.iter().map(|item| (item.name.clone(), item_type(item))).collect();
    fields.push(("閉鎖日".to_owned(), Type::Date));
    fields.push(("記載日".to_owned(), Type::Date));
    fields
}

/// The type of an item in expressions.
pub(crate) fn item_type(item: &Item) -> Type {
    match item.kind {
        ItemKind::HalfWidth(_) | ItemKind::FullWidth(_) | ItemKind::Time | ItemKind::Code(_) => {
            Type::Text
        }
        ItemKind::Integer { .. } => Type::INTEGER,
        ItemKind::Date { .. } => Type::Date,
        ItemKind::Flag => Type::Boolean,
    }
}

/// The type of a field in expressions.
pub fn field_type(field: &Field) -> Type {
    match field.kind {
        FieldKind::Text(_) | FieldKind::Code(_) | FieldKind::Subject => Type::Text,
        FieldKind::Integer(_) | FieldKind::Event => Type::INTEGER,
        FieldKind::Date { .. } => Type::Date,
        FieldKind::Codes(_) => Type::list(Type::Text),
        FieldKind::Flag => Type::Boolean,
    }
}

/// The type of a list's elements.
pub(crate) fn element_type(list: &Type) -> Option<Type> {
    match list {
        Type::List(element) => Some((**element).clone()),
        _ => None,
    }
}

/// Compiles the expression that stands in a node; errors point into the file.
pub(crate) fn compile_at(
    reader: &mut Reader<'_>,
    node: Option<&Node>,
    scope: &Scope,
) -> Option<Expression> {
    let located = reader.located(node)?;
    if reader.is_full() {
        return None;
    }
    match rules::compile(&located.text, scope) {
        Ok(expression) => Some(expression),
        Err(errors) => {
            reader.diagnostics.extend(diagnostics_of(&located, &errors));
            None
        }
    }
}

/// Compiles an expression that must be of a type; `what` names it in the message.
pub(crate) fn compile_as(
    reader: &mut Reader<'_>,
    node: Option<&Node>,
    scope: &Scope,
    (what, wanted): (&str, &Type),
) -> Option<Expression> {
    let expression = compile_at(reader, node, scope)?;
    let found = expression.type_of();
    if !fits(found, wanted)
        && let Some(node) = node
    {
        let message = format!("{what}は{wanted}でなければなりませんが、{found}です");
        reader.error(node.place, message, Some(remedy(wanted).to_owned()));
    }
    Some(expression)
}

/// Whether a value of this type may stand where another is wanted; null may stand anywhere.
pub(crate) fn fits(found: &Type, wanted: &Type) -> bool {
    match (found, wanted) {
        (Type::Null, _) => true,
        (Type::List(found), Type::List(wanted)) => fits(found, wanted),
        (found, wanted) => found == wanted,
    }
}

fn remedy(wanted: &Type) -> &'static str {
    match wanted {
        Type::Boolean => "「=」「<=」や and、or、not( ) で真偽になる式にしてください",
        Type::Text => "文字の項目か、二重引用符の中の文字にしてください（YAML では '\"1\"'）",
        Type::Date => "日付の欄か項目、又は date(\"2026-04-01\") にしてください",
        Type::Number { .. } => "整数になる式にしてください。割り算は 切捨て( ) などで丸めます",
        _ => "並びの項目、for … return …、又は [ ] にしてください",
    }
}

/// The remedy where the language gives none; a comma within `{ }` cuts an expression short.
fn general_help(text: &str) -> &'static str {
    let count = |letter: char| text.matches(letter).count();
    if count('(') == count(')') && count('"') % 2 == 0 {
        "演算子と語の綴りを確かめてください"
    } else {
        "括弧と引用符を対にしてください。{ } の中で「,」を含む式は全体を引用符で囲みます"
    }
}

/// Errors inside an expression, moved to their place in the file.
pub(crate) fn diagnostics_of(located: &Located, errors: &[SourceError]) -> Vec<Diagnostic> {
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    // One formula fills no list.
    const MOST: usize = 20;
    errors
        .iter()
        .take(MOST)
        .map(|error| Diagnostic {
            file: located.file.clone(),
            line: located.line + narrow(error.line) - 1,
            column: if error.line == 1 {
                located.column + narrow(error.column) - 1
            } else {
                narrow(error.column)
            },
            severity: Severity::Error,
            message: error.message.clone(),
            help: error.help.clone().or_else(|| Some(general_help(&located.text).to_owned())),
        })
        .collect()
}
