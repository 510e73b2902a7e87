//! `runs/*.yaml`: a procedure for many at once.

use base::diagnostic::Diagnostic;
use rules::types::{Scope, Type};

use super::register::{check_id, unknown_register};
use super::{Package, name, with_file};
use crate::compile::{
    common_scope, compile_as, compile_at, field_type, fits, item_type, record_of_register,
};
use crate::keys::{ASK_TYPES, FactWord, RUN, RUN_ASK, RUN_CHECK, RUN_GROUP, RUN_LIST};
use crate::model::{
    Ask, FieldGroup, Procedure, Register, Run, RunCheck, RunGroup, RunList, RunSubjects, Selection,
    System, Verb,
};
use crate::reader::{Fields, Reader};
use crate::yaml::Node;

/// Reads every run, in order.
pub(super) fn read_all(package: &Package, system: &mut System, out: &mut Vec<Diagnostic>) {
    let mut runs = Vec::new();
    for (stem, path, text) in package.folder("runs", ".yaml") {
        let one = |reader: &mut Reader<'_>, node: &Node| read(reader, node, (stem, system));
        runs.extend(with_file(path, text, out, one).flatten());
    }
    runs.sort_by(|a: &Run, b| (a.order, &a.id).cmp(&(b.order, &b.id)));
    system.runs = runs;
}

fn read(reader: &mut Reader<'_>, node: &Node, (stem, system): (&str, &System)) -> Option<Run> {
    let fields = reader.map(node, RUN);
    let id = reader.required(&fields, "id");
    check_id(reader, fields.place_of("id"), &id, stem);
    let procedure = opening_procedure(reader, &fields, (system, "一括処理"));
    let mut scope = common_scope(system);
    let asks = asks(reader, &fields, &mut scope);
    let subjects = subjects(reader, &fields, (system, &mut scope));
    let lists = lists(reader, &fields, &asks, (system, &mut scope));
    let wanted = ("条件", &Type::Boolean);
    let only = compile_as(reader, fields.get("only"), &scope, wanted);
    let mut values = Vec::new();
    for (name, place, node) in reader.free_map(fields.get("values")) {
        name::check(reader, place, &name);
        if scope.get(&name).is_some() {
            let message = format!("「{name}」はもう別の意味で使われています");
            reader.error(place, message, Some("違う名前にしてください".into()));
        }
        if let Some(value) = compile_at(reader, Some(node), &scope) {
            scope.insert(&name, value.type_of().clone());
            values.push((name, value));
        }
    }
    let checks = reader.list(fields.get("checks"));
    let checks = checks.iter().filter_map(|node| check(reader, node, &scope)).collect();
    let groups = reader.list(fields.get("groups"));
    let groups = groups.iter().filter_map(|node| group(reader, node, &scope)).collect();
    let procedure = procedure?;
    let inputs = inputs(reader, &fields, procedure, &scope);
    let run = Run {
        id,
        name: reader.required(&fields, "name"),
        name_en: reader.required(&fields, "name_en"),
        statute: reader.required(&fields, "statute"),
        order: reader.parsed(&fields, "order", 100),
        guidance: reader.optional(&fields, "guidance"),
        guidance_en: reader.in_english(&fields, "guidance", "guidance_en"),
        procedure: procedure.id.clone(),
        asks,
        subjects: subjects?,
        lists,
        only,
        values,
        checks,
        inputs,
        totals: totals(reader, &fields, (system, procedure)),
        groups,
    };
    Some(run)
}

/// A procedure that opens rows and does nothing else: it can be done for many at once.
pub(super) fn opening_procedure<'s>(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    (system, what): (&'s System, &str),
) -> Option<&'s Procedure> {
    let id = reader.required(fields, "procedure");
    let place = fields.place_of("procedure");
    let Some(found) = system.procedure(&id) else {
        let known = system.procedures.iter().map(|own| own.id.as_str());
        if !id.is_empty() {
            reader.unknown(place, format!("手続「{id}」がありません"), &id, known);
        }
        return None;
    };
    let opens = |verb: &Verb| matches!(verb, Verb::Open { .. });
    let fits = found.selection == Selection::New
        && !found.effects.is_empty()
        && found.effects.iter().all(|effect| opens(&effect.verb));
    if !fits {
        let message = format!("手続「{id}」は{what}で行えません");
        let help = "select: new で、open だけを行う手続を書いてください".to_owned();
        reader.error(place, message, Some(help));
        return None;
    }
    Some(found)
}

fn asks(reader: &mut Reader<'_>, fields: &Fields<'_>, scope: &mut Scope) -> Vec<Ask> {
    let mut out = Vec::new();
    for node in reader.list(fields.get("asks")) {
        let own = reader.map(node, RUN_ASK);
        let ask = reader.required(&own, "name");
        name::check(reader, own.place_of("name"), &ask);
        taken(reader, &own, "name", (&ask, scope));
        let ty = match own.get("type").and_then(|node| reader.choice(node, ASK_TYPES)) {
            Some(FactWord::Integer) => Type::INTEGER,
            _ => Type::Date,
        };
        let what = format!("「{ask}」の初めの値");
        let default = compile_as(reader, own.get("default"), scope, (&what, &ty));
        out.push(Ask { name: ask, name_en: reader.required(&own, "name_en"), ty, default });
    }
    for ask in &out {
        scope.insert(&ask.name, ask.ty.clone());
    }
    out
}

fn group(reader: &mut Reader<'_>, node: &Node, scope: &Scope) -> Option<RunGroup> {
    let own = reader.map(node, RUN_GROUP);
    let name = reader.required(&own, "name");
    let what = format!("「{name}」の区分");
    let by = compile_as(reader, own.get("by"), scope, (&what, &Type::Text))?;
    Some(RunGroup { name, name_en: reader.required(&own, "name_en"), by })
}

fn taken(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str, (name, scope): (&str, &Scope)) {
    if scope.get(name).is_some() {
        let message = format!("「{name}」はもう別の意味で使われています");
        reader.error(fields.place_of(key), message, Some("違う名前にしてください".into()));
    }
}

fn subjects(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    (system, scope): (&System, &mut Scope),
) -> Option<RunSubjects> {
    let name = reader.required(fields, "subjects");
    if let Some(used) = system.uses.iter().find(|used| used.name == name) {
        let items = used.items.iter().map(|item| (item.name.clone(), item_type(item)));
        scope.insert(&name, Type::record(items));
        return Some(RunSubjects::Used(name));
    }
    if let Some(own) = system.register(&name) {
        scope.insert(&name, record_of_register(own));
        return Some(RunSubjects::Own(name));
    }
    let uses = system.uses.iter().map(|used| used.name.as_str());
    let known = uses.chain(system.registers.iter().map(|own| own.id.as_str()));
    if !name.is_empty() {
        let message = format!("対象者「{name}」がありません");
        reader.unknown(fields.place_of("subjects"), message, &name, known);
    }
    None
}

fn lists(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    asks: &[Ask],
    (system, scope): (&System, &mut Scope),
) -> Vec<RunList> {
    let mut out = Vec::new();
    for (list, place, node) in reader.free_map(fields.get("lists")) {
        name::check(reader, place, &list);
        if scope.get(&list).is_some() {
            let message = format!("「{list}」はもう別の意味で使われています");
            reader.error(place, message, Some("違う名前にしてください".into()));
        }
        let own = reader.map(node, RUN_LIST);
        let id = reader.required(&own, "register");
        let Some(register) = system.register(&id) else {
            unknown_register(reader, own.place_of("register"), &id, system);
            continue;
        };
        let by = reader.required(&own, "by");
        item_of(reader, &own, "by", (&by, register));
        let mut same = Vec::new();
        for (item, place, node) in reader.free_map(own.get("same")) {
            let Some(ask) = reader.scalar(node) else { continue };
            let Some(asked) = asks.iter().find(|one| one.name == ask) else {
                let known = asks.iter().map(|one| one.name.as_str());
                let message = format!("「{ask}」を始めるときに聞いていません");
                reader.unknown(node.place, message, &ask, known);
                continue;
            };
            match register.item(&item) {
                Some(found) if item_type(found) == asked.ty => same.push((item, ask)),
                _ => {
                    let known = register.items.iter().map(|own| own.name.as_str());
                    let message = format!("「{ask}」と同じ型の項目「{item}」がありません");
                    reader.unknown(place, message, &item, known);
                }
            }
        }
        scope.insert(&list, Type::list(record_of_register(register)));
        out.push(RunList { name: list, register: id, by, same });
    }
    out
}

fn item_of(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    (name, register): (&str, &Register),
) {
    if !name.is_empty() && register.item(name).is_none() {
        let known = register.items.iter().map(|item| item.name.as_str());
        let message = format!("項目「{name}」は台帳「{}」にありません", register.name);
        reader.unknown(fields.place_of(key), message, name, known);
    }
}

fn check(reader: &mut Reader<'_>, node: &Node, scope: &Scope) -> Option<RunCheck> {
    let fields = reader.map(node, RUN_CHECK);
    let message = reader.required(&fields, "message");
    if fields.get("must").is_none() {
        reader.missing(&fields, "must");
    }
    let must = compile_as(reader, fields.get("must"), scope, ("条件", &Type::Boolean))?;
    Some(RunCheck { must, message })
}

fn inputs(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    procedure: &Procedure,
    scope: &Scope,
) -> Vec<(String, rules::Expression)> {
    let mut out = Vec::new();
    for (name, place, node) in reader.free_map(fields.get("inputs")) {
        let Some(wanted) = wanted(procedure, &name) else {
            let single = procedure.fields().map(|(_, field)| field.name.as_str());
            let known = single.chain(procedure.form.iter().map(|group| group.name.as_str()));
            let message = format!("欄「{name}」が手続「{}」にありません", procedure.name);
            reader.unknown(place, message, &name, known);
            continue;
        };
        let what = format!("欄「{name}」の値");
        let value = match &wanted {
            Wanted::One(ty) => compile_as(reader, Some(node), scope, (&what, ty)),
            Wanted::List(group) => list_input(reader, node, (group, scope)),
        };
        out.extend(value.map(|value| (name, value)));
    }
    if fields.get("inputs").is_none() {
        reader.missing(fields, "inputs");
    }
    out
}

enum Wanted<'p> {
    One(Type),
    List(&'p FieldGroup),
}

fn wanted<'p>(procedure: &'p Procedure, name: &str) -> Option<Wanted<'p>> {
    let repeated = procedure.form.iter().find(|group| group.repeat.is_some() && group.name == name);
    if let Some(group) = repeated {
        return Some(Wanted::List(group));
    }
    let single = procedure.form.iter().filter(|group| group.repeat.is_none());
    let mut fields = single.flat_map(|group| &group.fields);
    fields.find(|field| field.name == name).map(|field| Wanted::One(field_type(field)))
}

/// A repeated group takes a list of rows as it is; a field that the rows lack is empty.
fn list_input(
    reader: &mut Reader<'_>,
    node: &Node,
    (group, scope): (&FieldGroup, &Scope),
) -> Option<rules::Expression> {
    let value = compile_at(reader, Some(node), scope)?;
    let record = match value.type_of() {
        Type::List(element) => match &**element {
            Type::Record(record) => Some(record),
            _ => None,
        },
        _ => None,
    };
    let Some(record) = record.filter(|_| value.handed().is_some() || value.filtered().is_some())
    else {
        let help = "lists: にある名前か、「名前[条件]」を書いてください".to_owned();
        reader.error(node.place, format!("「{}」には行の並びが要ります", group.name), Some(help));
        return None;
    };
    for field in &group.fields {
        let wanted = field_type(field);
        let found = record.get(&field.name).unwrap_or(&Type::Null);
        if *found == Type::Null || !fits(found, &wanted) {
            let message = format!(
                "「{}」の項目「{}」は{wanted}のはずですが、{found}です",
                group.name, field.name
            );
            let help = "台帳の項目の型を手続の欄に合わせてください".to_owned();
            reader.error(node.place, message, Some(help));
        }
    }
    Some(value)
}

fn totals(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    (system, procedure): (&System, &Procedure),
) -> Vec<String> {
    let opened = procedure.effects.iter().find_map(|effect| match &effect.verb {
        Verb::Open { register, .. } if effect.over.is_none() => system.register(register),
        _ => None,
    });
    let mut out = Vec::new();
    for node in reader.list(fields.get("totals")) {
        let Some(name) = reader.scalar(node) else { continue };
        let Some(register) = opened else { continue };
        if register.item(&name).is_none() {
            let known = register.items.iter().map(|item| item.name.as_str());
            let message = format!("項目「{name}」は台帳「{}」にありません", register.name);
            reader.unknown(node.place, message, &name, known);
        }
        out.push(name);
    }
    out
}
