//! What was entered and no register keeps, in words: how the person who came was identified, and
//! the fields of the form that stand once. Whoever confirms or decides sees it.

use definition::System;
use definition::model::{Field, FieldKind, Procedure};
use maud::{Markup, html};
use office::case::ChangeView;
use office::form::SEALED;
use serde_json::Value as Json;

use super::desk::{Desk, label};
use crate::component::day::day_text;

/// What was entered, and what it would change.
pub struct Content<'e> {
    /// Its system.
    pub system: &'e System,
    /// Its procedure.
    pub procedure: &'e Procedure,
    /// The normalised form.
    pub form: &'e Json,
    /// 本人確認.
    pub identity: &'e Json,
    /// The planned changes: what they say is not said twice.
    pub changes: &'e [ChangeView],
}

impl Content<'_> {
    /// Labels and texts.
    pub fn words(&self, desk: &Desk) -> Vec<(String, String)> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let identity = |name: &str| self.identity[name].as_str().unwrap_or_default().to_owned();
        let method = desk.say("本人確認の方法", "Identity checked by").to_owned();
        pairs.push((method, identity("方法")));
        pairs.push((desk.say("来庁した人", "Who came").to_owned(), identity("備考")));
        let groups = self.procedure.form.iter();
        let once = groups.filter(|group| group.repeat.is_none() && !group.per_subject);
        let items = || self.changes.iter().flat_map(|change| &change.items);
        let written = |name: &str| items().any(|(item, ..)| item == name);
        let kept = |field: &&Field| field.item.is_none() && !written(&field.name);
        for field in once.flat_map(|group| &group.fields).filter(kept) {
            let text = self.field(desk, field, &self.form[&field.name]);
            pairs.push((label(desk.say(&field.label, &field.name_en)), text));
        }
        pairs.retain(|(_, text)| !text.is_empty());
        pairs
    }

    /// A field in words; a secret, a person or an event says nothing here.
    fn field(&self, desk: &Desk, field: &Field, value: &Json) -> String {
        let text = value.as_str().unwrap_or_default();
        let name_of = |list: &str, code: &str| {
            let entry = self.system.codes.get(list)?.entries.iter().find(|one| one.code == code)?;
            Some(desk.say(&entry.name, &entry.name_en))
        };
        match &field.kind {
            FieldKind::Date { .. } => match text.parse() {
                Ok(date) => day_text(desk.language, date),
                Err(_) => text.to_owned(),
            },
            FieldKind::Code(list) => name_of(list, text).unwrap_or_default().to_owned(),
            FieldKind::Codes(list) => {
                let codes = value.as_array().into_iter().flatten().filter_map(Json::as_str);
                let names: Vec<&str> = codes.filter_map(|code| name_of(list, code)).collect();
                names.join(desk.say("、", ", "))
            }
            FieldKind::Flag if value.as_bool() == Some(true) => desk.say("はい", "Yes").to_owned(),
            FieldKind::Integer(_) | FieldKind::Text(_) if !text.starts_with(SEALED) => {
                text.to_owned()
            }
            _ => String::new(),
        }
    }
}

/// Labels and texts as a list; nothing when there are none.
pub fn word_list(pairs: &[(String, String)]) -> Markup {
    html! {
        @if !pairs.is_empty() {
            dl.items.subjects {
                @for (name, text) in pairs {
                    div.item { dt { (name) } dd { span.glyphs lang="ja" { (text) } } }
                }
            }
        }
    }
}
