//! Forms from definitions: every field with its label, hint, words kept and message in its place.

use definition::model::{Field as Model, FieldGroup, FieldKind, Procedure, System};
use maud::{Markup, html};
use office::form::SEALED;
use office::plan::Finding;
use serde_json::Value as Json;

use super::desk::{Desk, label};
use super::form_input::CLEAR;
use crate::component::form::{
    Choice, Field, Repeated, Width, checkbox, checkboxes, date, field_row, fieldset, hidden,
    number, repeated, select, text,
};
use crate::component::language::{Language, quoted};

/// What a form shows.
pub struct FormView<'a> {
    /// The desk.
    pub desk: &'a Desk,
    /// The system.
    pub system: &'a System,
    /// The procedure.
    pub procedure: &'a Procedure,
    /// What was entered.
    pub form: &'a Json,
    /// Messages.
    pub findings: &'a [Finding],
    /// Rows that may be chosen: key, title.
    pub rows: &'a [(String, String)],
    /// Events that may be chosen: number, words.
    pub events: &'a [(String, String)],
}

impl FormView<'_> {
    /// All groups of the form.
    pub fn groups(&self) -> Markup {
        html! {
            @for group in &self.procedure.form { (self.group(group)) }
        }
    }

    fn group(&self, group: &FieldGroup) -> Markup {
        let heading = self.desk.say(&group.name, &group.name_en);
        if group.per_subject {
            return self.per_subject(group, heading);
        }
        let Some((least, most)) = group.repeat else {
            let fields = group
                .fields
                .iter()
                .map(|field| (field, self.field(field, &field.name, self.form.get(&field.name))));
            return fieldset(heading, "", rows_of(fields.collect()));
        };
        let empty = Vec::new();
        let entries = self.form.get(&group.name).and_then(Json::as_array).unwrap_or(&empty);
        let count = entries.len().max(least as usize);
        let members: Vec<Markup> = (0..count)
            .map(|index| {
                let entry = entries.get(index);
                let fields = group.fields.iter().map(|field| {
                    let path = format!("{}.{index}.{}", group.name, field.name);
                    (field, self.field(field, &path, entry.and_then(|e| e.get(&field.name))))
                });
                rows_of(fields.collect())
            })
            .collect();
        let name = format!("f.{}", group.name);
        html! {
            @for message in self.messages(&group.name) { p.error { (quoted(message)) } }
            (repeated(&Repeated {
                language: self.desk.language,
                name: &name,
                heading,
                members: &members,
                minimum: least as usize,
                maximum: Some(most as usize),
            }))
        }
    }

    /// One fieldset for each chosen subject.
    fn per_subject(&self, group: &FieldGroup, heading: &str) -> Markup {
        let empty = Vec::new();
        let chosen = self.form.get("対象者").and_then(Json::as_array).unwrap_or(&empty);
        html! {
            @for message in self.messages(&group.name) { p.error { (quoted(message)) } }
            @for (index, entry) in chosen.iter().enumerate() {
                @let key = entry.get("key").and_then(Json::as_str).unwrap_or_default();
                @let title = self.rows.iter().find(|(k, _)| k == key).map_or(key, |(_, t)| t);
                (fieldset(&self.about(heading, title), "", html! {
                    (hidden(&format!("f.対象者.{index}.key"), key))
                    @for field in &group.fields {
                        @let path = format!("対象者.{index}.{}", field.name);
                        (self.field(field, &path, entry.get(&field.name)))
                    }
                }))
            }
        }
    }

    /// The heading with the person it is about.
    fn about(&self, heading: &str, title: &str) -> String {
        match self.desk.language {
            Language::Japanese => format!("{heading}　{title}"),
            Language::English => format!("{heading} “{title}”"),
        }
    }

    fn messages(&self, at: &str) -> Vec<&str> {
        let here = |finding: &&Finding| finding.at.as_deref() == Some(at);
        self.findings.iter().filter(here).map(|f| self.desk.message(f)).collect()
    }

    fn field(&self, model: &Model, path: &str, value: Option<&Json>) -> Markup {
        let label = &label(self.desk.say(&model.label, &model.name_en));
        let name = format!("f.{path}");
        let value_text = self.value_text(model, value);
        let error = self.messages(path).first().copied();
        let field = Field::new(self.desk.language, &name, label)
            .required(model.required)
            .hint(self.desk.text(&model.hint, &model.hint_en).0)
            .value(&value_text)
            .error(error);
        match &model.kind {
            FieldKind::Date { .. } => date(&field.width(Width::Medium)),
            FieldKind::Integer(_) => number(&field.width(Width::Short), ""),
            FieldKind::Flag => checkbox(&field),
            FieldKind::Code(list) => {
                let choices = self.choices(list);
                select(&field.width(Width::Medium), &choices)
            }
            FieldKind::Codes(list) => {
                let choices = self.choices(list);
                let chosen: Vec<&str> = value
                    .and_then(Json::as_array)
                    .map(|list| list.iter().filter_map(Json::as_str).collect())
                    .unwrap_or_default();
                checkboxes(&field, &choices, &chosen)
            }
            FieldKind::Subject => {
                let choices: Vec<Choice<'_>> =
                    self.rows.iter().map(|(key, title)| Choice::recorded(key, title)).collect();
                select(&field.width(Width::Medium), &choices)
            }
            FieldKind::Event => {
                let choices: Vec<Choice<'_>> =
                    self.events.iter().map(|(event, words)| Choice::new(event, words)).collect();
                select(&field, &choices)
            }
            FieldKind::Text(_) if value_text.starts_with(SEALED) => {
                self.sealed(field, &value_text, path)
            }
            FieldKind::Text(limit) if *limit <= 20 => text(&field.width(Width::Medium).glyphs()),
            FieldKind::Text(_) => text(&field.glyphs()),
        }
    }

    /// A secret that was entered before: it is sent on as it is sealed, and never shown.
    fn sealed(&self, field: Field<'_>, kept: &str, path: &str) -> Markup {
        let desk = self.desk;
        let (name, clear_name) = (format!("f.{path}"), format!("{CLEAR}{path}"));
        let hint = desk.say(
            "入力済みです（表示しません）。変えるときだけ入力してください",
            "Entered already and not shown. Fill in only to change it",
        );
        let clear = desk.say("入力済みの値を消す", "Remove what was entered");
        html! {
            div {
                (hidden(&name, kept))
                (text(&field.value("").hint(hint).width(Width::Medium)))
                (checkbox(&Field::new(desk.language, &clear_name, clear)))
            }
        }
    }

    /// The words kept, or the default at first.
    fn value_text(&self, model: &Model, value: Option<&Json>) -> String {
        match value {
            Some(Json::String(text)) => match model.kind {
                FieldKind::Date { .. } => in_japanese(text),
                _ => text.clone(),
            },
            Some(Json::Bool(true)) => "yes".to_owned(),
            Some(_) => String::new(),
            None => default_of(self.desk, model),
        }
    }

    fn choices(&self, list: &str) -> Vec<Choice<'_>> {
        let mut out = Vec::new();
        if let Some(list) = self.system.codes.get(list) {
            out.extend(list.entries.iter().map(|entry| {
                let label = match self.desk.language {
                    Language::Japanese => &entry.name,
                    Language::English => &entry.name_en,
                };
                Choice::new(&entry.code, label)
            }));
        }
        out
    }
}

/// What a field holds before anything is entered.
pub fn default_of(desk: &Desk, model: &Model) -> String {
    let Some(default) = &model.default else { return String::new() };
    let mut facts = rules::Record::new();
    facts.insert("本日", desk.actor.today());
    match default.evaluate(&facts).value {
        Ok(rules::Value::Date(day)) => base::era::japanese(*day),
        Ok(rules::Value::Text(text)) => text.to_string(),
        Ok(rules::Value::Boolean(true)) => "yes".to_owned(),
        Ok(rules::Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Short fields stand three in a row, middling ones two: a form should fit a counter's screen.
fn rows_of(fields: Vec<(&Model, Markup)>) -> Markup {
    let mut rows: Vec<(usize, Vec<Markup>)> = Vec::new();
    for (model, markup) in fields {
        let most = match model.kind {
            FieldKind::Codes(_) | FieldKind::Flag | FieldKind::Event => 1,
            FieldKind::Text(limit) if limit > 100 => 1,
            FieldKind::Text(limit) if limit > 20 => 2,
            _ => 3,
        };
        match rows.last_mut() {
            Some((width, row)) if *width == most && row.len() < most => row.push(markup),
            _ => rows.push((most, vec![markup])),
        }
    }
    html! { @for (_, row) in &rows { (field_row(row)) } }
}

/// A stored date back in 和暦; what cannot be read stays as it was entered.
fn in_japanese(text: &str) -> String {
    match text.parse::<base::date::Date>() {
        Ok(day) => base::era::japanese(day),
        Err(_) => text.to_owned(),
    }
}

/// The whole form as hidden fields: what was confirmed is what is sent.
pub fn as_hidden(form: &Json) -> Markup {
    let mut pairs = Vec::new();
    flatten("f", form, &mut pairs);
    html! { @for (name, value) in &pairs { (hidden(name, value)) } }
}

fn flatten(path: &str, json: &Json, out: &mut Vec<(String, String)>) {
    match json {
        Json::Object(object) => {
            for (name, value) in object {
                flatten(&format!("{path}.{name}"), value, out);
            }
        }
        Json::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                match value {
                    Json::String(text) => out.push((path.to_owned(), text.clone())),
                    _ => flatten(&format!("{path}.{index}"), value, out),
                }
            }
        }
        Json::String(text) => out.push((path.to_owned(), text.clone())),
        Json::Bool(true) => out.push((path.to_owned(), "yes".to_owned())),
        Json::Number(number) => out.push((path.to_owned(), number.to_string())),
        // A field that was emptied is sent empty: one that is not sent would take its default.
        Json::Null => out.push((path.to_owned(), String::new())),
        Json::Bool(false) => {}
    }
}
