//! The history of a record, one line a change, newest first as the caller orders it.
//!
//! It tells apart the three days that the standard tells apart: 異動日, 届出日 and 処理日. What
//! changed has the widest column: it is what a reader looks for.

use maud::{Markup, html};

use super::{Value, changed, value};
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

/// One item that a change set: its name, the old value and the new one; an empty value is 記載なし.
#[derive(Clone, Copy, Debug)]
pub struct Difference<'a> {
    /// The name of the item.
    pub label: &'a str,
    /// 変更前.
    pub old: &'a str,
    /// 変更後.
    pub new: &'a str,
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
    pub by: Markup,
    /// What changed; empty for the first version.
    pub changes: &'a [Difference<'a>],
    /// Whether it still holds.
    pub state: EntryState,
}

/// The history as a table.
pub fn history(language: Language, caption: &str, entries: &[Entry<'_>]) -> Markup {
    let columns = [
        pick(language, "異動事由", "Reason"),
        pick(language, "変わった項目", "Changed"),
        pick(language, "異動日・届出日・処理日", "Days"),
        pick(language, "処理者", "By"),
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
    let reason = html! {
        span.history-reason lang="ja" { (entry.reason) } " " (state_badge(language, entry.state))
    };
    Row {
        href: entry.href,
        cells: vec![
            Cell::Component(reason),
            Cell::Component(differences(language, entry.changes)),
            Cell::Component(days(language, entry)),
            Cell::Component(entry.by.clone()),
        ],
    }
}

fn differences(language: Language, changes: &[Difference<'_>]) -> Markup {
    html! {
        @if changes.is_empty() {
            span.absent { (pick(language, "初めの記録、又は項目の変わらない異動", "No item changed")) }
        } @else {
            ul.differences {
                @for one in changes {
                    li { span.difference-label { (one.label) } " "
                        (changed(language, one.old, one.new)) }
                }
            }
        }
    }
}

fn days(language: Language, entry: &Entry<'_>) -> Markup {
    let days = [
        (pick(language, "異動", "Event"), &entry.event),
        (pick(language, "届出", "Notified"), &entry.notified),
        (pick(language, "処理", "Processed"), &entry.processed),
    ];
    html! {
        dl.history-days {
            @for (name, day) in days { div { dt { (name) } dd { (value(language, day)) } } }
        }
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
