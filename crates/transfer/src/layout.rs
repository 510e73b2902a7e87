//! Which files a system's registers make: the standard's groups, one file a group, current and past
//! rows apart (グループ = 一ファイル, データ要件・連携要件標準仕様書).
//!
//! Every file begins with the key and 履歴番号, so that its lines fit those of the others. Items
//! that the standard does not have go into a file of their own. Reads nothing.

use definition::System;
use definition::model::{Item, ItemKind, Register};
use definition::standard::Standard;
use store::register::Table;

use crate::manifest::Column;

/// The group of items that the standard does not have.
const OWN: &str = "独自項目";

/// What is kept beside the items of a row, in the order of the files: 履歴番号 stands at the
/// beginning of every file, the others at the end of a register's first.
pub(crate) const META: &[(&str, &str, &str)] = &[
    ("valid_from", "異動日", "DATE"),
    ("valid_to", "異動日の終わり", "DATE"),
    ("recorded_from", "処理日時", "DATETIME"),
    ("recorded_to", "処理日時の終わり", "DATETIME"),
    ("event_id", "異動番号", "9"),
    ("reason", "異動事由", "Ｎ"),
    ("closed_on", "消除日", "DATE"),
];

/// The files of a system.
pub struct Layout<'s> {
    /// The system.
    pub system: &'s System,
    pub(crate) registers: Vec<RegisterLayout<'s>>,
}

/// The files of one register.
pub(crate) struct RegisterLayout<'s> {
    pub(crate) register: &'s Register,
    /// At least one; the first carries what is kept beside the items.
    pub(crate) parts: Vec<Part>,
}

/// One group of a register.
pub(crate) struct Part {
    /// Name of the group.
    pub(crate) group: String,
    /// Positions of its items in the register, without the key.
    pub(crate) items: Vec<usize>,
    stem: String,
}

impl<'s> Layout<'s> {
    /// By the groups of `standard`; without one a register is a group.
    pub fn of(system: &'s System, standard: Option<&Standard>) -> Layout<'s> {
        let registers = system
            .registers
            .iter()
            .map(|register| RegisterLayout {
                register,
                parts: parts_of(system, register, standard),
            })
            .collect();
        Layout { system, registers }
    }
}

fn parts_of(system: &System, register: &Register, standard: Option<&Standard>) -> Vec<Part> {
    let group_of = |item: &Item| match standard {
        Some(standard) => group_in(standard, item).unwrap_or(OWN).to_owned(),
        None => register.name.clone(),
    };
    let key = register.key_index();
    let mut parts: Vec<Part> = Vec::new();
    let mut add = |group: String| -> usize {
        let at = parts.iter().position(|part| part.group == group);
        at.unwrap_or_else(|| {
            let stem = format!("{}_{}_{}", system.code, register.id, parts.len() + 1);
            parts.push(Part { group, items: Vec::new(), stem });
            parts.len() - 1
        })
    };
    let mut places = vec![(add(group_of(&register.items[key])), None)];
    for (at, item) in register.items.iter().enumerate().filter(|(at, _)| *at != key) {
        places.push((add(group_of(item)), Some(at)));
    }
    for (part, item) in places {
        parts[part].items.extend(item);
    }
    parts
}

fn group_in<'g>(standard: &'g Standard, item: &Item) -> Option<&'g str> {
    let number = item.number.as_deref()?;
    let has =
        |known: &&definition::standard::Group| known.items.iter().any(|item| item.number == number);
    standard.groups.iter().find(has).map(|group| group.name.as_str())
}

impl<'s> RegisterLayout<'s> {
    pub(crate) fn table(&self, system: &'s System) -> Table<'s> {
        Table { system, register: self.register }
    }

    pub(crate) fn key(&self) -> &'s Item {
        &self.register.items[self.register.key_index()]
    }

    /// Whether a part carries what is kept beside the items.
    pub(crate) fn carries_meta(&self, part: usize) -> bool {
        part == 0
    }

    /// The columns of a part, in the order of its file.
    pub(crate) fn columns(&self, part: usize) -> Vec<Column> {
        let mut out = columns_of(self.key());
        out.push(meta_column("version_no", "履歴番号", "9"));
        for at in &self.parts[part].items {
            out.extend(columns_of(&self.register.items[*at]));
        }
        if self.carries_meta(part) {
            out.extend(META.iter().map(|(field, name, kind)| meta_column(field, name, kind)));
        }
        out
    }
}

impl Part {
    /// The name of its file.
    pub(crate) fn file(&self, past: bool) -> String {
        format!("{}{}.csv", self.stem, if past { "_history" } else { "" })
    }
}

/// An uncertain date has a second column with its text (不詳表記).
fn columns_of(item: &Item) -> Vec<Column> {
    let own = Column {
        number: item.number.clone(),
        name: item.name.clone(),
        field: item.romaji.clone(),
        kind: kind_text(&item.kind),
        secret: item.secret,
    };
    if item.secret || item.kind != (ItemKind::Date { uncertain: true }) {
        return vec![own];
    }
    let text = Column {
        name: format!("{}_不詳表記", item.name),
        field: format!("{}_fusho", item.romaji),
        kind: "Ｎ(72)".to_owned(),
        ..own.clone()
    };
    vec![own, text]
}

fn meta_column(field: &str, name: &str, kind: &str) -> Column {
    let (name, field, kind) = (name.to_owned(), field.to_owned(), kind.to_owned());
    Column { number: None, name, field, kind, secret: false }
}

fn kind_text(kind: &ItemKind) -> String {
    match kind {
        ItemKind::HalfWidth(length) => format!("X({length})"),
        ItemKind::FullWidth(length) => format!("Ｎ({length})"),
        ItemKind::Integer { digits, signed: true } => format!("S9({digits})"),
        ItemKind::Integer { digits, signed: false } => format!("9({digits})"),
        ItemKind::Date { .. } => "DATE".to_owned(),
        ItemKind::Time => "TIME".to_owned(),
        ItemKind::Code(list) => format!("コード（{list}）"),
        ItemKind::Flag => "フラグ".to_owned(),
    }
}
