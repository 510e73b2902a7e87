//! The published view: what a linked resident may see of the own record. Display texts only; no
//! individual number, no name of an official, nothing about anybody concealed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// 公開ビュー: travels and lies sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The own record, group by group.
    pub groups: Vec<ViewGroup>,
    /// Names of the members of the household, the resident left out.
    pub household: Vec<String>,
    /// Cases about the resident, newest first.
    pub cases: Vec<ViewCase>,
    /// Documents issued about the resident, newest first.
    pub documents: Vec<ViewDocument>,
    /// Who looked at the record, newest first.
    pub looks: Vec<ViewLook>,
}

/// Items that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewGroup {
    /// Name of the group.
    pub heading: String,
    /// Items with a value.
    pub items: Vec<ViewItem>,
}

/// An item as displayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewItem {
    /// Name.
    pub label: String,
    /// English name.
    pub label_en: String,
    /// Value as displayed.
    pub value: String,
    /// The exact glyphs matter.
    pub glyphs: bool,
}

/// A case: its procedure and stage; its title, which may name others, only where the resident is
/// its one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewCase {
    /// 受付番号.
    pub number: i64,
    /// Name of the procedure.
    pub procedure: String,
    /// English name.
    pub procedure_en: String,
    /// Stage.
    pub stage: String,
    /// When it was entered.
    pub entered_at: Timestamp,
    /// Day by which the office should be done, ISO 8601.
    pub due_on: String,
}

/// An issued document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewDocument {
    /// 発行番号.
    pub number: String,
    /// Title.
    pub title: String,
    /// When.
    pub issued_at: Timestamp,
}

/// One access to the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewLook {
    /// When.
    pub at: Timestamp,
    /// For which purpose.
    pub purpose: String,
    /// In which role; never the official's name.
    pub role: String,
}
