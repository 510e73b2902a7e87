//! `procedures/*.yaml`: head, references, values and checks.

use std::cell::Cell;

use base::diagnostic::Diagnostic;
use rules::types::{Scope, Type};

use super::effect::{self, EffectContext};
use super::register::{check_id, unknown_register};
use super::{Package, calculation, form, name, start, with_file};
use crate::compile::{compile_as, compile_at, procedure_scope};
use crate::keys::{CHECK, FORWARD, PROCEDURE, PROCEDURE_KINDS, SELECTIONS};
use crate::limits;
use crate::model::{
    Check, Derivation, Forward, Procedure, ProcedureKind, Register, Selection, System, Trigger,
};
use crate::reader::{Fields, Reader};
use crate::yaml::{Kind, Node};

/// Reads every procedure, in order.
pub(super) fn read_all(package: &Package, system: &mut System, out: &mut Vec<Diagnostic>) {
    let ids: Vec<&str> = package.folder("procedures", ".yaml").map(|(stem, ..)| stem).collect();
    let mut procedures = Vec::new();
    for (stem, path, text) in package.folder("procedures", ".yaml") {
        let place = Known { stem, ids: &ids, system };
        let read = with_file(path, text, out, |reader, node| read(reader, node, place));
        procedures.extend(read.flatten());
    }
    procedures.sort_by(|a: &Procedure, b| (a.order, &a.id).cmp(&(b.order, &b.id)));
    system.procedures = procedures;
}

/// What is known before a procedure is read.
#[derive(Clone, Copy)]
struct Known<'a> {
    /// The file's stem.
    stem: &'a str,
    /// All procedures of the package.
    ids: &'a [&'a str],
    system: &'a System,
}

fn read(reader: &mut Reader<'_>, node: &Node, known: Known<'_>) -> Option<Procedure> {
    let system = known.system;
    let fields = reader.map(node, PROCEDURE);
    let mut procedure = read_head(reader, &fields);
    check_id(reader, fields.place_of("id"), &procedure.id, known.stem);
    let Some(register) = system.register(&procedure.register) else {
        unknown_register(reader, fields.place_of("register"), &procedure.register, system);
        return None;
    };
    if procedure.by.is_empty() {
        procedure.by.clone_from(&register.key);
    }
    procedure.form = form::read(reader, fields.get("form"), system, register);
    form::check_names(reader, fields.get("form"), &procedure, system, register);
    procedure.forward = fields
        .get("forward")
        .map(|node| read_forward(reader, node, &procedure, (system, register)));
    check_event(reader, &fields, &procedure, system);
    check_items(reader, &fields, &procedure, register);
    check_reaction(reader, &fields, &procedure, system);
    procedure.startable = start::read(reader, fields.get("startable"), &procedure, register);
    let mut scope = procedure_scope(system, register, &procedure);
    form::compile_conditions(reader, fields.get("form"), &mut procedure, &scope);
    for (name, place, node) in reader.free_map(fields.get("values")) {
        name::check(reader, place, &name);
        if scope.get(&name).is_some() {
            let message = format!("「{name}」はもう別の意味で使われています");
            reader.error(place, message, Some("違う名前にしてください".into()));
        }
        let derived = derivation(reader, node, (system, &scope));
        // Its error is reported once, there; Null fits wherever the name is used.
        let ty = derived.as_ref().map_or(Type::Null, |(_, ty)| ty.clone());
        scope.insert(&name, ty);
        procedure.values.extend(derived.map(|(derived, _)| (name, derived)));
    }
    for node in reader.list(fields.get("checks")) {
        procedure.checks.extend(read_check(reader, node, &procedure, &scope));
    }
    let procedures = known.ids;
    let taken = Cell::new(0);
    let mut context =
        EffectContext { system, register, scope, procedure: &procedure, procedures, taken };
    let mut effects = Vec::new();
    for node in reader.at_most(fields.get("effects"), "効果", limits::EFFECTS) {
        effects.extend(effect::read(reader, node, &mut context));
    }
    procedure.effects = effects;
    Some(procedure)
}

fn derivation(
    reader: &mut Reader<'_>,
    node: &Node,
    (system, scope): (&System, &Scope),
) -> Option<(Derivation, Type)> {
    if let Kind::Map(_) = node.kind {
        return calculation::call(reader, node, (system, scope));
    }
    let expression = compile_at(reader, Some(node), scope)?;
    let ty = expression.type_of().clone();
    Some((Derivation::Expression(expression), ty))
}

fn read_head(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Procedure {
    let name = reader.required(fields, "name");
    Procedure {
        id: reader.required(fields, "id"),
        name_en: reader.required(fields, "name_en"),
        statute: reader.required(fields, "statute"),
        kind: fields
            .get("kind")
            .and_then(|n| reader.choice(n, PROCEDURE_KINDS))
            .unwrap_or(ProcedureKind::Notification),
        order: reader.parsed(fields, "order", 100),
        selection: fields
            .get("select")
            .and_then(|n| reader.choice(n, SELECTIONS))
            .unwrap_or(Selection::One),
        register: reader.required(fields, "register"),
        by: reader.optional(fields, "by").unwrap_or_default(),
        open_subjects: fields.get("open").map(|_| reader.flag(fields, "open")),
        startable: Vec::new(),
        reason: reader.optional(fields, "reason").unwrap_or_else(|| name.clone()),
        name,
        identity_check: reader.flag(fields, "identity"),
        deadline_days: fields
            .get("deadline_days")
            .map(|_| reader.parsed(fields, "deadline_days", 0)),
        handling_days: reader.parsed(fields, "handling_days", 1),
        event: reader.optional(fields, "event"),
        guidance: reader.optional(fields, "guidance"),
        guidance_en: reader.in_english(fields, "guidance", "guidance_en"),
        duplicates: reader.texts(fields.get("duplicates")),
        form: Vec::new(),
        values: Vec::new(),
        checks: Vec::new(),
        effects: Vec::new(),
        on: reader.list(fields.get("on")).iter().filter_map(|n| read_trigger(reader, n)).collect(),
        forward: None,
    }
}

/// Where it is forwarded: items that are there, and none in the letter that must stay hidden.
fn read_forward(
    reader: &mut Reader<'_>,
    node: &Node,
    procedure: &Procedure,
    (system, register): (&System, &Register),
) -> Forward {
    let fields = reader.map(node, FORWARD);
    let notice = reader.required(&fields, "notice");
    if !system.notices.contains_key(&format!("{notice}.typ")) {
        let message = format!("書式 notices/{notice}.typ がありません");
        let known = system.notices.keys().filter_map(|file| file.strip_suffix(".typ"));
        reader.unknown(fields.place_of("notice"), message, &notice, known);
    }
    for (key, shown) in [("to", false), ("items", true)] {
        for node in reader.list(fields.get(key)) {
            let Some(name) = node.scalar() else { continue };
            let Some(item) = register.item(name) else {
                let message = format!("項目「{name}」は台帳「{}」にありません", register.name);
                let known = register.items.iter().map(|i| i.name.as_str());
                reader.unknown(node.place, message, name, known);
                continue;
            };
            if item.secret || (shown && item.conceal) {
                let message = format!("項目「{name}」は秘匿するので、転送する文書に使えません");
                let help = format!("{key} から消してください");
                reader.error(node.place, message, Some(help));
            }
        }
    }
    for node in reader.list(fields.get("fields")) {
        let Some(name) = node.scalar() else { continue };
        if procedure.field(name).is_none() {
            let known = procedure.fields().map(|(_, field)| field.name.as_str());
            reader.unknown(node.place, format!("欄「{name}」がこの手続にありません"), name, known);
        }
    }
    Forward {
        to: reader.texts(fields.get("to")),
        notice,
        items: reader.texts(fields.get("items")),
        fields: reader.texts(fields.get("fields")),
    }
}

fn read_trigger(reader: &mut Reader<'_>, node: &Node) -> Option<Trigger> {
    let source = reader.located(Some(node))?;
    let Some((system, event)) = source.text.split_once('.') else {
        reader.error(
            node.place,
            format!("「{}」は事象の名前ではありません", source.text),
            Some(
                "相手の業務の id と事象の id を「.」でつないで、system.event の形で書いてください"
                    .into(),
            ),
        );
        return None;
    };
    Some(Trigger { system: system.to_owned(), event: event.to_owned(), source: source.clone() })
}

fn check_event(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    procedure: &Procedure,
    system: &System,
) {
    let Some(id) = &procedure.event else { return };
    let place = fields.place_of("event");
    let Some(event) = system.events.iter().find(|event| &event.id == id) else {
        let known: Vec<&str> = system.events.iter().map(|e| e.id.as_str()).collect();
        let near = crate::reader::suggestion(id, &known);
        let help = format!("system.yaml の events に足してください。{}", near.unwrap_or_default());
        reader.error(place, format!("事象「{id}」は公開されていません"), Some(help));
        return;
    };
    if event.register != procedure.register && system.register(&event.register).is_some() {
        let message = format!(
            "事象「{id}」は台帳「{}」の対象者のもので、この手続の対象者のものではありません",
            event.register
        );
        reader.error(place, message, Some("台帳の同じ事象にしてください".into()));
    }
}

/// `by` and `duplicates` name items of the register of the subjects.
fn check_items(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    procedure: &Procedure,
    register: &Register,
) {
    let by = fields.get("by").into_iter();
    for node in by.chain(reader.list(fields.get("duplicates"))) {
        let Some(name) = node.scalar() else { continue };
        if register.item(name).is_none() {
            let message = format!("項目「{name}」は台帳「{}」にありません", register.name);
            let known = register.items.iter().map(|i| i.name.as_str());
            reader.unknown(node.place, message, name, known);
        }
    }
    for node in reader.list(fields.get("duplicates")) {
        let Some(name) = node.scalar() else { continue };
        if register.item(name).is_some() && procedure.field(name).is_none() {
            let message = format!("二重登録を見つける項目「{name}」の欄がこの手続にありません");
            let help = format!("様式に欄「{name}」を足すか、duplicates から消してください");
            reader.error(node.place, message, Some(help));
        }
    }
}

fn check_reaction(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    procedure: &Procedure,
    system: &System,
) {
    let reaction = procedure.kind == ProcedureKind::Reaction;
    if reaction == procedure.on.is_empty() {
        let help = "反応なら「kind: reaction」と「on: [system.event]」の両方を、\
                    そうでなければどちらも書かないでください";
        let place = fields.place_of(if reaction { "kind" } else { "on" });
        reader.error(place, "kind: reaction と on: は揃えて書きます", Some(help.into()));
    }
    for (trigger, node) in procedure.on.iter().zip(reader.list(fields.get("on"))) {
        let own = trigger.system == system.id;
        if own && !system.events.iter().any(|event| event.id == trigger.event) {
            let message = format!("事象「{}」は公開されていません", trigger.event);
            let known = system.events.iter().map(|e| e.id.as_str());
            reader.unknown(node.place, message, &trigger.event, known);
        }
    }
}

fn read_check(
    reader: &mut Reader<'_>,
    node: &Node,
    procedure: &Procedure,
    scope: &rules::Scope,
) -> Option<Check> {
    let fields = reader.map(node, CHECK);
    let at = reader.optional(&fields, "at");
    if let (Some(name), Some(node)) = (&at, fields.get("at"))
        && procedure.field(name).is_none()
        && !procedure.form.iter().any(|g| &g.name == name)
    {
        let fields = procedure.fields().map(|(_, field)| field.name.as_str());
        let known = fields.chain(procedure.form.iter().map(|group| group.name.as_str()));
        reader.unknown(node.place, format!("欄「{name}」がこの手続にありません"), name, known);
    }
    let message = reader.required(&fields, "message");
    if fields.get("must").is_none() {
        reader.missing(&fields, "must");
    }
    let must = compile_as(reader, fields.get("must"), scope, ("条件", &Type::Boolean))?;
    Some(Check {
        must,
        at,
        message_en: reader
            .in_english(&fields, "message", "message_en")
            .unwrap_or_else(|| message.clone()),
        message,
        warning: reader.flag(&fields, "warning"),
        source: reader.located(fields.get("must")).unwrap_or_default(),
    })
}
