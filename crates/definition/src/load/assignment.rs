//! `set:` and `take:`: which items an effect writes, and whether the values fit them.

use rules::{Scope, types::Type};

use super::effect::EffectContext;
use crate::compile::{compile_as, item_type};
use crate::model::{Assignment, Format, Item, ItemKind, Register, System};
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
            list.entries.iter().map(|e| format!("{}（{}）", e.code, e.name)).collect();
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
    if node.scalar() == Some("all") {
        let missing: Vec<&Item> =
            register.items.iter().filter(|i| set.iter().all(|a| a.item != i.name)).collect();
        set.extend(missing.into_iter().filter_map(|item| taken(item, scope)));
        return;
    }
    for node in reader.list(Some(node)) {
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
        match taken(item, scope) {
            Some(assignment) => set.push(assignment),
            None => {
                let message = format!("項目「{name}」を写せる欄がこの手続にありません");
                let help = format!("様式に型の同じ欄「{name}」を足すか、set: に式を書いてください");
                reader.error(node.place, message, Some(help));
            }
        }
    }
}

/// The field of the element, else of the form, that has the item's name and type. A row of a
/// register that is gone through has items of such names too: those are never taken, they are what
/// was there before.
fn taken(item: &Item, scope: &RowScope<'_, '_>) -> Option<Assignment> {
    let groups = || {
        let own = scope.context.procedure.fields().filter(|(_, field)| field.name == item.name);
        own.map(|(group, _)| group.repeat.is_some() || group.per_subject)
    };
    let of_element = scope.element.filter(|_| groups().any(|of_element| of_element));
    let of_element = of_element.map(|_| format!("{}.{}", scope.each, item.name));
    let of_form = groups().any(|of_element| !of_element).then(|| item.name.clone());
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
