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

/// How the person who came may be identified: as stored, and in both languages.
pub const METHODS: [(&str, &str, &str); 5] = [
    ("個人番号カード", "個人番号カード", "Individual Number Card"),
    ("運転免許証等", "運転免許証・旅券・在留カード等（写真付き1点）", "One photo document"),
    ("健康保険の資格確認書等", "資格確認書・年金手帳等（2点）", "Two documents without photo"),
    ("聞き取り", "聞き取り・照会（書類なし）", "Questions, no document"),
    ("電子署名", "電子署名（オンライン）", "Electronic signature"),
];

/// A label and its text.
pub struct Word {
    label: String,
    text: String,
    /// As somebody wrote it: Japanese on every page.
    written: bool,
}

impl Word {
    /// A text that somebody wrote.
    pub fn written(label: &str, text: String) -> Word {
        Word { label: label.to_owned(), text, written: true }
    }

    /// A text of the office in the reader's language.
    pub fn of_office(label: &str, text: String) -> Word {
        Word { label: label.to_owned(), text, written: false }
    }
}

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
    pub fn words(&self, desk: &Desk) -> Vec<Word> {
        let identity = |name: &str| self.identity[name].as_str().unwrap_or_default();
        let method = identity("方法");
        let known = METHODS.iter().find(|(id, ..)| *id == method);
        let method = known.map_or(method, |(id, _, en)| desk.say(id, en)).to_owned();
        let how = desk.say("本人確認の方法", "Identity checked by");
        let mut words = vec![match known {
            Some(_) => Word::of_office(how, method),
            None => Word::written(how, method),
        }];
        let who = identity("備考").to_owned();
        words.push(Word::written(desk.say("来庁した人", "Who came"), who));
        let groups = self.procedure.form.iter();
        let once = groups.filter(|group| group.repeat.is_none() && !group.per_subject);
        let items = || self.changes.iter().flat_map(|change| &change.items);
        let written = |name: &str| items().any(|(item, ..)| item == name);
        let kept = |field: &&Field| field.item.is_none() && !written(&field.name);
        for field in once.flat_map(|group| &group.fields).filter(kept) {
            let text = self.field(desk, field, &self.form[&field.name]);
            let label = label(desk.say(&field.label, &field.name_en));
            words.push(match field.kind {
                FieldKind::Text(_) => Word::written(&label, text),
                _ => Word::of_office(&label, text),
            });
        }
        words.retain(|word| !word.text.is_empty());
        words
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
pub fn word_list(words: &[Word]) -> Markup {
    html! {
        @if !words.is_empty() {
            dl.items.subjects {
                @for Word { label, text, written } in words {
                    div.item {
                        dt { (label) }
                        dd { span.glyphs lang=[written.then_some("ja")] { (text) } }
                    }
                }
            }
        }
    }
}
