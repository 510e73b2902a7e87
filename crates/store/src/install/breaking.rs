//! What of a new version would break what is recorded under the old one. Compares definitions only;
//! whatever is merely added never breaks.

use definition::System;
use definition::model::{CodeList, Item, ItemKind, Register};

/// What would break, each with its reason.
pub fn breaking_changes(old: &System, new: &System) -> Vec<String> {
    let mut out = Vec::new();
    if old.id != new.id {
        out.push(format!(
            "識別子が「{}」から「{}」に変わります。別の業務システムです",
            old.id, new.id
        ));
    }
    for before in &old.registers {
        match new.register(&before.id) {
            Some(after) => register_breaks((old, before), (new, after), &mut out),
            None => {
                out.push(format!("台帳「{}」がなくなります。記録が読めなくなります", before.name))
            }
        }
    }
    out
}

fn register_breaks(
    (old, before): (&System, &Register),
    (new, after): (&System, &Register),
    out: &mut Vec<String>,
) {
    let register = &before.name;
    if before.key_column() != after.key_column() {
        out.push(format!("台帳「{register}」の主キーが変わります"));
    }
    if before.subject != after.subject {
        out.push(format!("台帳「{register}」の主キーが指すもの（人、世帯など）が変わります"));
    }
    for item in &before.items {
        let place = format!("台帳「{register}」の項目「{}」", item.name);
        let Some(next) = after.item_by_romaji(&item.romaji) else {
            out.push(format!("{place}がなくなります"));
            continue;
        };
        out.extend(item_break(item, next).map(|what| format!("{place}{what}")));
        if after.item(&item.name).is_some_and(|other| other.romaji != item.romaji) {
            out.push(format!("{place}の名称が別の項目に移ります。受付中の事案が取り違えます"));
        }
        if let (Some(list), Some(next)) = (item.codes(old), next.codes(new)) {
            let gone = codes_gone(list, next);
            if !gone.is_empty() {
                out.push(format!(
                    "{place}のコード{gone}がなくなります。既にある値が読めなくなります"
                ));
            }
        }
    }
    for item in after.items.iter().filter(|i| before.item_by_romaji(&i.romaji).is_none()) {
        if item.required {
            out.push(format!(
                "台帳「{register}」の新しい項目「{}」が必須です。既にある行には値がありません",
                item.name
            ));
        }
    }
}

/// Codes that the newer list lacks, in words.
fn codes_gone(before: &CodeList, after: &CodeList) -> String {
    before
        .entries
        .iter()
        .filter(|entry| after.name_of(&entry.code).is_none())
        .map(|entry| format!("「{}（{}）」", entry.code, entry.name))
        .collect()
}

fn item_break(before: &Item, after: &Item) -> Option<&'static str> {
    if before.number.is_some() && before.number != after.number {
        return Some("の項目IDが変わります。標準の番号は使い回せません");
    }
    if before.secret != after.secret {
        return Some("の暗号化の有無が変わります");
    }
    if !before.required && after.required {
        return Some("が必須になります。既にある行に値のないものがあるかもしれません");
    }
    let fits = match (&before.kind, &after.kind) {
        (ItemKind::HalfWidth(a), ItemKind::HalfWidth(b) | ItemKind::FullWidth(b))
        | (ItemKind::FullWidth(a), ItemKind::FullWidth(b)) => a <= b,
        (
            ItemKind::Integer { digits: a, signed: s },
            ItemKind::Integer { digits: b, signed: t },
        ) => a <= b && (!s || *t),
        (ItemKind::Date { uncertain: a }, ItemKind::Date { uncertain: b }) => !a || *b,
        (a, b) => a == b,
    };
    (!fits).then_some("の型または桁数が狭くなります")
}
