//! `set:` and `take:`: which items an effect writes, and whether the values fit them.

use std::collections::HashMap;

use rules::{Scope, types::Type};

use super::effect::EffectContext;
use crate::compile::{compile_as, item_type};
use crate::limits;
use crate::model::{Assignment, Format, Item, ItemKind, Procedure, Register, System};
use crate::reader::{Fields, Reader, suggestion};
use crate::yaml::{Node, Place};

/// Where the values of one row come from.
pub(super) struct RowScope<'a, 's> {
    pub inner: &'a Scope,
    pub each: &'a str,
    pub element: Option<&'a Type>,
    pub context: &'a EffectContext<'s>,
}

/// Reads `set:`.
pub(super) fn read_set(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    register: &Register,
    scope: &RowScope<'_, '_>,
) -> Vec<Assignment> {
    let mut out = Vec::new();
    for (name, place, node) in reader.free_map(fields.get("set")) {
        let Some(item) = register.item(&name) else {
            unknown_item(reader, place, &name, register);
            continue;
        };
        let kind = item_type(item);
        let what = format!("項目「{name}」の値");
        let value = compile_as(reader, Some(node), scope.inner, (&what, &kind));
        check_code(reader, node, item, scope.context.system);
        out.extend(value.map(|value| Assignment { item: name, value }));
    }
    out
}

/// A written code must be one of the item's list.
fn check_code(reader: &mut Reader<'_>, node: &Node, item: &Item, system: &System) {
    let Some(list) = item.codes(system) else { return };
    let written = node.scalar().and_then(|text| text.trim().strip_prefix('"')?.strip_suffix('"'));
    let Some(code) = written.filter(|code| !code.contains('"')) else { return };
    if !list.entries.is_empty() && list.name_of(code).is_none() {
        let known: Vec<String> =
            list.entries.iter().take(40).map(|e| format!("{}（{}）", e.code, e.name)).collect();
        let message = format!("コード「{code}」はコード一覧「{}」にありません", list.name);
        reader.error(node.place, message, Some(format!("使えるコード: {}", known.join("、"))));
    }
}

fn unknown_item(reader: &mut Reader<'_>, place: Place, name: &str, register: &Register) {
    let message = format!("項目「{name}」は台帳「{}」にありません", register.name);
    let known: Vec<&str> = register.items.iter().map(|i| i.name.as_str()).collect();
    reader.error(place, message, suggestion(name, &known));
}

/// `take: all` fills items from fields of the same name (of the element, else of the form).
pub(super) fn take(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    register: &Register,
    scope: &RowScope<'_, '_>,
    set: &mut Vec<Assignment>,
) {
    let Some(node) = fields.get("take") else { return };
    let sources = sources(scope);
    if node.scalar() == Some("all") {
        let missing: Vec<&Item> =
            register.items.iter().filter(|i| set.iter().all(|a| a.item != i.name)).collect();
        for item in missing {
            set.extend(taken(item, &sources, scope));
            if !fits_in(reader, node.place, scope) {
                return;
            }
        }
        return;
    }
    for node in reader.list(Some(node)) {
        if !fits_in(reader, node.place, scope) {
            return;
        }
        let Some(name) = reader.scalar(node) else { continue };
        let Some(item) = register.item(&name) else {
            unknown_item(reader, node.place, &name, register);
            continue;
        };
        if set.iter().any(|assignment| assignment.item == name) {
            let message = format!("項目「{name}」が set: にもあります");
            reader.error(node.place, message, Some("どちらか一つにしてください".into()));
            continue;
        }
        match taken(item, &sources, scope) {
            Some(assignment) => set.push(assignment),
            None => {
                let message = format!("項目「{name}」を写せる欄がこの手続にありません");
                let help = format!("様式に型の同じ欄「{name}」を足すか、set: に式を書いてください");
                reader.error(node.place, message, Some(help));
            }
        }
    }
}

/// Whether no more was taken than a procedure may.
fn fits_in(reader: &mut Reader<'_>, place: Place, scope: &RowScope<'_, '_>) -> bool {
    let fits = scope.context.taken.get() < limits::TAKEN;
    if !fits {
        let message = format!("一つの手続が take で写す項目が多すぎます（{} まで）", limits::TAKEN);
        reader.error(place, message, Some("手続を分けてください".to_owned()));
    }
    fits
}

/// Whether fields of a name stand in the form as a whole, and in a part for each element.
#[derive(Clone, Copy, Default)]
struct Sources {
    form: bool,
    element: bool,
}

fn sources<'s>(scope: &RowScope<'_, 's>) -> HashMap<&'s str, Sources> {
    let mut out: HashMap<&str, Sources> = HashMap::new();
    let procedure: &'s Procedure = scope.context.procedure;
    for (group, field) in procedure.fields() {
        let own = out.entry(&field.name).or_default();
        match group.repeat.is_some() || group.per_subject {
            true => own.element = true,
            false => own.form = true,
        }
    }
    out
}

/// The field of the element, else of the form, that has the item's name and type. A row of a
/// register that is gone through has items of such names too: those are never taken, they are what
/// was there before.
fn taken(
    item: &Item,
    sources: &HashMap<&str, Sources>,
    scope: &RowScope<'_, '_>,
) -> Option<Assignment> {
    let own = *sources.get(item.name.as_str())?;
    scope.context.taken.set(scope.context.taken.get() + 1);
    let of_element = scope.element.filter(|_| own.element);
    let of_element = of_element.map(|_| format!("{}.{}", scope.each, item.name));
    let of_form = own.form.then(|| item.name.clone());
    let value = of_element
        .into_iter()
        .chain(of_form)
        .filter_map(|source| rules::compile(&source, scope.inner).ok())
        .find(|value| crate::compile::fits(value.type_of(), &item_type(item)))?;
    Some(Assignment { item: item.name.clone(), value })
}

/// An opened row has all required items; only the key may come from its series.
pub(super) fn check_open(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    register: &Register,
    set: &[Assignment],
) {
    for item in &register.items {
        let numbered = item.name == register.key
            && matches!(item.kind, ItemKind::HalfWidth(_))
            && matches!(
                item.format,
                None | Some(Format::AddresseeNumber) | Some(Format::HouseholdNumber)
            );
        if item.required && !numbered && set.iter().all(|a| a.item != item.name) {
            let message = format!("必ず入れる項目「{}」に値がありません", item.name);
            let help = format!(
                "set: に「{}: …」を書くか、同じ名前の欄を take: で写してください",
                item.name
            );
            reader.error(fields.place, message, Some(help));
        }
    }
}
