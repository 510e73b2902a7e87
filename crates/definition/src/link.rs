//! What systems expect of each other: published items and events, checked when all are loaded.
//!
//! A system that is not there is no error: bodies install what they need.

use base::diagnostic::Diagnostic;

use crate::model::{ItemKind, Located, Procedure, System, Trigger, Use};
use crate::reader::suggestion;

/// Checks every `uses:` and `on:` whose other system is among `systems`. Files in the diagnostics
/// begin with the system's id (`seal-registration/system.yaml`).
pub fn link(systems: &[&System]) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for system in systems {
        for used in &system.uses {
            if let Some(other) = systems.iter().find(|other| other.id == used.system) {
                check_use(system, used, other, &mut out);
            }
        }
        for procedure in &system.procedures {
            for trigger in &procedure.on {
                if let Some(other) = systems.iter().find(|other| other.id == trigger.system) {
                    check_trigger(system, procedure, trigger, other, &mut out);
                }
            }
        }
    }
    out
}

fn error(system: &System, source: &Located, message: String, help: Option<String>) -> Diagnostic {
    let file = format!("{}/{}", system.id, source.file);
    let found = Diagnostic::error(file, (source.line, source.column), message);
    Diagnostic { help, ..found }
}

fn check_use(system: &System, used: &Use, other: &System, out: &mut Vec<Diagnostic>) {
    let Some(register) = other.register(&used.register) else {
        let known: Vec<&str> = other.registers.iter().map(|r| r.id.as_str()).collect();
        let message = format!("「{}」に台帳「{}」がありません", other.name, used.register);
        out.push(error(system, &used.source, message, suggestion(&used.register, &known)));
        return;
    };
    if register.key != used.key {
        let message = format!("台帳「{}」の主キーは「{}」です", register.name, register.key);
        let help = Some(format!("「key: {}」にしてください", register.key));
        out.push(error(system, &used.source, message, help));
    }
    let known: Vec<&str> = register.items.iter().map(|i| i.name.as_str()).collect();
    for item in &used.items {
        let Some(published) = register.item(&item.name) else {
            let message = format!("項目「{}」は台帳「{}」にありません", item.name, register.name);
            out.push(error(system, &used.source, message, suggestion(&item.name, &known)));
            continue;
        };
        if published.secret {
            let message = format!("秘密の項目「{}」は他の業務から読めません", item.name);
            let help = Some("uses の items から消してください".to_owned());
            out.push(error(system, &used.source, message, help));
        } else if !same_shape(&item.kind, &published.kind) {
            let message =
                format!("項目「{}」の型が「{}」の公開する型と違います", item.name, other.name);
            let help = Some("型と桁数を、公開する側に揃えてください".to_owned());
            out.push(error(system, &used.source, message, help));
        }
    }
}

/// The mirror must hold whatever is published: same type, at least its length; codes as text.
fn same_shape(wanted: &ItemKind, published: &ItemKind) -> bool {
    use ItemKind::{Code, FullWidth, HalfWidth, Integer};
    match (wanted, published) {
        (HalfWidth(mine), HalfWidth(other)) | (FullWidth(mine), FullWidth(other)) => mine >= other,
        (Integer { digits: mine, .. }, Integer { digits: other, .. }) => mine >= other,
        (HalfWidth(_) | Code(_), Code(_)) => true,
        (mine, other) => mine == other,
    }
}

fn check_trigger(
    system: &System,
    procedure: &Procedure,
    trigger: &Trigger,
    other: &System,
    out: &mut Vec<Diagnostic>,
) {
    let Some(event) = other.events.iter().find(|event| event.id == trigger.event) else {
        let known: Vec<&str> = other.events.iter().map(|e| e.id.as_str()).collect();
        let message = format!("「{}」は事象「{}」を公開していません", other.name, trigger.event);
        out.push(error(system, &trigger.source, message, suggestion(&trigger.event, &known)));
        return;
    };
    if !event.items.contains(&procedure.by) {
        let message = format!(
            "事象「{}」は、対象者を探す項目「{}」を載せていません",
            event.name, procedure.by
        );
        let help = Some(format!("by: を次から選んでください: {}", event.items.join("、")));
        out.push(error(system, &trigger.source, message, help));
    }
    for (_, field) in procedure.fields() {
        let filled = event.items.contains(&field.name) || field.default.is_some();
        if field.required && !filled && !["異動日", "届出日"].contains(&field.name.as_str()) {
            let message =
                format!("必ず入れる欄「{}」を、事象「{}」は載せていません", field.name, event.name);
            let help = "「required: false」にするか、default: を書いてください".to_owned();
            out.push(error(system, &trigger.source, message, Some(help)));
        }
    }
}
