//! Fields that choose from a list: select, radio buttons and checkboxes.

use maud::{Markup, html};

use super::{Field, explanation, labelled, mark};
use crate::component::language::{has_japanese, pick, quoted};

/// One thing to choose.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// What the browser posts.
    pub value: &'a str,
    /// What the reader sees.
    pub label: &'a str,
    /// What the choice means; empty if the label says it. A select shows none.
    pub hint: &'a str,
    /// The label is of a record: Japanese on every page.
    pub recorded: bool,
}

impl<'a> Choice<'a> {
    /// A choice without hint.
    pub const fn new(value: &'a str, label: &'a str) -> Self {
        Self { value, label, hint: "", recorded: false }
    }

    /// A choice whose label is of a record.
    pub const fn recorded(value: &'a str, label: &'a str) -> Self {
        Self { value, label, hint: "", recorded: true }
    }
}

impl Choice<'_> {
    /// An option holds no markup: it is Japanese when part of it is.
    fn language(&self) -> Option<&'static str> {
        let quotes = self.label.contains('“') && has_japanese(self.label);
        (self.recorded || quotes).then_some("ja")
    }
}

/// A list that opens. The first line is empty unless a required field has a value of the list, so
/// that nothing is chosen by accident. A value that is not in the list stays in it, marked as such.
pub fn select(field: &Field<'_>, choices: &[Choice<'_>]) -> Markup {
    let known = choices.iter().any(|choice| choice.value == field.value);
    let foreign = !known && !field.value.is_empty();
    let choose = pick(field.language, "選んでください", "Choose");
    let nothing = if field.nothing.is_empty() { choose } else { field.nothing };
    let foreign_language = has_japanese(field.value).then_some("ja");
    let outside = pick(field.language, "（一覧にない値）", " (not in the list)");
    labelled(
        field,
        html! {
            select class=(field.input_class()) id=(field.id()) name=(field.name)
                aria-required=[field.aria_required()] aria-invalid=[field.invalid()]
                aria-describedby=[field.described_by()] {
                @if !(field.required && known) {
                    option value="" { (nothing) }
                }
                @if foreign {
                    option value=(field.value) lang=[foreign_language] selected {
                        (field.value) (outside)
                    }
                }
                @for choice in choices {
                    option value=(choice.value) lang=[choice.language()]
                        selected[known && choice.value == field.value] { (choice.label) }
                }
            }
        },
    )
}

/// Radio buttons: one choice, all in sight.
pub fn radios(field: &Field<'_>, choices: &[Choice<'_>]) -> Markup {
    group(field, choices, "radio", |choice| choice.value == field.value)
}

/// Checkboxes: any number of choices, posted under one name. `chosen` are the values ticked; the
/// value of the field is not used.
pub fn checkboxes(field: &Field<'_>, choices: &[Choice<'_>], chosen: &[&str]) -> Markup {
    group(field, choices, "checkbox", |choice| chosen.contains(&choice.value))
}

/// One checkbox, for example a consent. It posts `yes` or nothing, and is ticked if the value of
/// the field is `yes`.
pub fn checkbox(field: &Field<'_>) -> Markup {
    html! {
        div.field.invalid[field.error.is_some()] {
            (explanation(field))
            div.choice {
                input type="checkbox" id=(field.id()) name=(field.name) value="yes"
                    checked[field.value == "yes"] aria-required=[field.aria_required()]
                    aria-invalid=[field.invalid()] aria-describedby=[field.described_by()];
                label for=(field.id()) { (field.label) " " (mark(field)) }
            }
        }
    }
}

/// The id of the choice at `index`: the first has the field's own id, where the summary leads.
fn choice_id(field: &Field<'_>, index: usize) -> String {
    if index == 0 { field.id() } else { format!("{}-{index}", field.id()) }
}

fn group(
    field: &Field<'_>,
    choices: &[Choice<'_>],
    kind: &str,
    chosen: impl Fn(&Choice<'_>) -> bool,
) -> Markup {
    html! {
        fieldset.field.choices.invalid[field.error.is_some()]
            aria-describedby=[field.described_by()] {
            legend { (field.label) (mark(field)) }
            (explanation(field))
            div.choice-list {
                @for (index, choice) in choices.iter().enumerate() {
                    @let id = choice_id(field, index);
                    div.choice {
                        input type=(kind) id=(id) name=(field.name) value=(choice.value)
                            checked[chosen(choice)] aria-invalid=[field.invalid()];
                        label for=(id) {
                            @if choice.recorded { span lang="ja" { (choice.label) } }
                            @else { (quoted(choice.label)) }
                            @if !choice.hint.is_empty() { span.choice-hint { (choice.hint) } }
                        }
                    }
                }
            }
        }
    }
}
