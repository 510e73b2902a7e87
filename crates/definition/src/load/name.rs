//! Names that expressions use: what may be one, and that all texts are in one normal form.

use base::diagnostic::Diagnostic;
use rules::types::Type;
use rules::{Scope, compile};
use unicode_normalization::UnicodeNormalization;

use super::Package;
use crate::reader::{FULL, Reader};
use crate::yaml::Place;

/// Whether an expression can use this name, as it is or in backquotes.
pub(super) fn is_name(text: &str) -> bool {
    let scope = Scope::new().with(text, Type::Text);
    let stands = |source: &str| compile(source, &scope).is_ok_and(|e| e.names().contains(text));
    !text.contains('`') && (stands(text) || stands(&format!("`{text}`")))
}

/// Reports a name that no expression could use.
pub(super) fn check(reader: &mut Reader<'_>, place: Place, name: &str) {
    let normal = name.nfc().eq(name.chars());
    if !name.is_empty() && normal && !is_name(name) {
        let help =
            "空白・記号・式の語（and、or、if など）を避けてください。（）・ー々〇_ は使えます";
        reader.error(place, format!("「{name}」は式の中の名前にできません"), Some(help.into()));
    }
}

/// Two spellings of one letter would be two names: definitions are written in NFC.
pub(crate) fn check_normal_form(package: &Package, out: &mut Vec<Diagnostic>) {
    for (path, text) in &package.files {
        if !(path.ends_with(".yaml") || path.ends_with(".feel")) {
            continue;
        }
        for (index, line) in text.lines().enumerate() {
            let normal: String = line.nfc().collect();
            if normal == line {
                continue;
            }
            if out.len() >= FULL {
                return;
            }
            let same = line.chars().zip(normal.chars()).take_while(|(a, b)| a == b).count();
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            let column = u32::try_from(same + 1).unwrap_or(u32::MAX);
            let letter = normal.chars().nth(same).unwrap_or(' ');
            let message = format!("「{letter}」が正規の形（Unicode の NFC）で書かれていません");
            let help = format!("「{letter}」を打ち直してください。濁点などを一字にまとめます");
            out.push(Diagnostic::error(path, (number, column), message).with_help(help));
        }
    }
}
