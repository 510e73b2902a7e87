//! The history of a record, one line a change, newest first as the caller orders it.
//!
//! It tells apart the three days that the standard tells apart: 異動日, 届出日 and 処理日.

use maud::{Markup, html};

use super::{Value, value};
use crate::component::language::{Language, pick};
use crate::component::notice::{Tone, badge};
use crate::component::table::{Cell, Column, Row, Table, table};

/// Whether a change still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryState {
    /// 現在: the version in force.
    Current,
    /// 履歴: followed by a later version.
    Superseded,
    /// 取消・修正: taken back or corrected afterwards.
    Corrected,
    /// 予定: waits for its day.
    Future,
}

/// One change of a record.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// 異動事由.
    pub reason: &'a str,
    /// Where the change is shown in full.
    pub href: Option<&'a str>,
    /// 異動日; may be 不詳.
    pub event: Value<'a>,
    /// 届出日; may be absent.
    pub notified: Value<'a>,
    /// 処理日.
    pub processed: Value<'a>,
    /// Who wrote it.
    pub by: &'a str,
    /// What changed, in words; empty for the first version.
    pub changes: &'a str,
    /// Whether it still holds.
    pub state: EntryState,
}

/// The history as a table.
pub fn history(language: Language, caption: &str, entries: &[Entry<'_>]) -> Markup {
    let columns = [
        pick(language, "異動事由", "Reason"),
        pick(language, "異動日", "Event"),
        pick(language, "届出日", "Notified"),
        pick(language, "処理日", "Processed"),
        pick(language, "処理者", "By"),
        pick(language, "変わった項目", "Changed"),
        pick(language, "状態", "State"),
    ];
    table(&Table {
        caption,
        columns: columns.into_iter().map(Column::text).collect(),
        rows: entries.iter().map(|entry| entry_row(language, entry)).collect(),
        empty: pick(language, "異動の履歴はありません。", "There are no changes."),
        stacked: false,
    })
}

fn entry_row<'a>(language: Language, entry: &Entry<'a>) -> Row<'a> {
    let day = |day: &Value<'_>| Cell::Component(html! { span.day { (value(language, day)) } });
    Row {
        href: entry.href,
        cells: vec![
            Cell::Text(entry.reason),
            day(&entry.event),
            day(&entry.notified),
            day(&entry.processed),
            Cell::Text(entry.by),
            Cell::Glyphs(entry.changes),
            Cell::Component(state_badge(language, entry.state)),
        ],
    }
}

fn state_badge(language: Language, state: EntryState) -> Markup {
    match state {
        EntryState::Current => badge(Tone::Success, pick(language, "現在", "In force")),
        EntryState::Superseded => {
            html! { span.badge.plain { (pick(language, "履歴", "Superseded")) } }
        }
        EntryState::Corrected => badge(Tone::Warning, pick(language, "取消・修正", "Corrected")),
        EntryState::Future => badge(Tone::Information, pick(language, "予定", "To come")),
    }
}
