//! The record of a row in its groups, and its history.

use definition::model::Register;
use maud::{Markup, html};
use office::register::{HistoryView, RowView, Shown, Standing};

use crate::component::day::{day, day_text, moment};
use crate::component::language::Language;
use crate::component::record::{
    Difference, Entry, EntryState, Group, Item, Record, Value, history, record,
};
use crate::counter::desk::{Desk, label};
use crate::counter::words::People;

/// The record as a card.
pub fn record_view(desk: &Desk, register: &Register, row: &RowView) -> Markup {
    let from = day_text(desk.language, row.valid_from);
    let since = match desk.language {
        Language::Japanese => format!("履歴番号 {}　{from}から", row.version_no),
        Language::English => format!("Version {}, from {from}", row.version_no),
    };
    let labels: Vec<Vec<String>> = row
        .groups
        .iter()
        .map(|(_, values)| values.iter().map(|v| label(desk.say(&v.name, &v.name_en))).collect())
        .collect();
    let mut groups: Vec<Group<'_>> = row
        .groups
        .iter()
        .zip(&labels)
        .map(|((heading, values), labels)| Group {
            heading: desk.say(heading, register.group_en(heading).unwrap_or(heading)),
            items: values.iter().zip(labels).map(|(v, label)| item(label, v)).collect(),
        })
        .filter(|group| !group.items.is_empty())
        .collect();
    let derived: Vec<(String, &str)> = row
        .derived
        .iter()
        .map(|(name, text, _)| match desk.language {
            Language::Japanese => (name.clone(), text.as_str()),
            Language::English => (format!("“{name}”"), text.as_str()),
        })
        .collect();
    let derived: Vec<Item<'_>> =
        derived.iter().map(|(name, text)| Item::new(name, Value::Glyphs(text))).collect();
    if !derived.is_empty() {
        groups.insert(
            1.min(groups.len()),
            Group { heading: desk.say("計算した項目", "Derived"), items: derived },
        );
    }
    record(&Record {
        language: desk.language,
        heading: html! { span lang="ja" { (row.title) } },
        note: &since,
        groups,
        actions: Vec::new(),
    })
}

fn item<'a>(label: &'a str, shown: &'a Shown) -> Item<'a> {
    let value = match &shown.text {
        _ if shown.hidden || shown.masked => Value::Masked { reveal: None },
        Some(text) if shown.uncertain => Value::Unknown(text),
        Some(text) => Value::Glyphs(text),
        None => Value::Absent,
    };
    let long = shown.text.as_ref().is_some_and(|text| text.chars().count() > 20);
    if long { Item::wide(label, value) } else { Item::new(label, value) }
}

/// Everything recorded, newest first.
pub fn history_view(
    desk: &Desk,
    register: &Register,
    versions: &[HistoryView],
    people: &People,
) -> Markup {
    let language = desk.language;
    let name = |japanese: &String| {
        let known = register.item(japanese);
        label(known.map_or(japanese, |item| desk.say(&item.name, &item.name_en)))
    };
    let labels: Vec<Vec<String>> =
        versions.iter().map(|v| v.changes.iter().map(|(item, ..)| name(item)).collect()).collect();
    let changes: Vec<Vec<Difference<'_>>> = versions
        .iter()
        .zip(&labels)
        .map(|(v, labels)| {
            v.changes
                .iter()
                .zip(labels)
                .map(|((_, old, new), label)| Difference {
                    label,
                    old: old.as_deref().unwrap_or_default(),
                    new: new.as_deref().unwrap_or_default(),
                })
                .collect()
        })
        .collect();
    let entries: Vec<Entry<'_>> = versions
        .iter()
        .zip(&changes)
        .rev()
        .map(|(v, changes)| Entry {
            reason: &v.reason,
            href: None,
            event: Value::Component(day(language, v.valid_from)),
            notified: match v.filed_on {
                Some(filed) => Value::Component(day(language, filed)),
                None => Value::Absent,
            },
            processed: Value::Component(moment(language, v.recorded_from)),
            by: people.show(language, &v.actor),
            changes,
            state: match v.standing {
                Standing::Current => EntryState::Current,
                Standing::Followed => EntryState::Superseded,
                Standing::Corrected => EntryState::Corrected,
            },
        })
        .collect();
    history(language, desk.say("記録された順（新しいものが上）", "History, newest first"), &entries)
}
