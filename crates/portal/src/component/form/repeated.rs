//! A group of fields that repeats, for example the members of a household. Adding and removing are
//! submissions, so that they work without script.

use maud::{Markup, html};

use super::field_id;
use crate::component::language::{Language, pick};

/// The name that the button for another member posts; its value is the name of the group.
pub const ADD_NAME: &str = "add";
/// The name that a button for removal posts; its value is `<group>.<index>`, counted from 0.
pub const REMOVE_NAME: &str = "remove";

/// A group of fields that repeats.
#[derive(Clone, Copy, Debug)]
pub struct Repeated<'a> {
    /// The language of the page.
    pub language: Language,
    /// The name of the group.
    pub name: &'a str,
    /// What one member is called, for example 「世帯員」.
    pub heading: &'a str,
    /// The fields of each member.
    pub members: &'a [Markup],
    /// How many members must remain: no removal at or below it.
    pub minimum: usize,
    /// How many members there may be; `None` for any number.
    pub maximum: Option<usize>,
}

/// The members one below the other, each with its button for removal, then the one to add.
pub fn repeated(group: &Repeated<'_>) -> Markup {
    let removable = group.members.len() > group.minimum;
    let open = group.maximum.is_none_or(|maximum| group.members.len() < maximum);
    html! {
        div.repeated id=(field_id(group.name)) tabindex="-1" role="group"
            aria-label=(group.heading) {
            @for (index, member) in group.members.iter().enumerate() {
                fieldset.member {
                    legend { (group.heading) " " (index + 1) }
                    (member)
                    @if removable { (remove_button(group, index)) }
                }
            }
            @if open {
                button.button.secondary type="submit" name=(ADD_NAME) value=(group.name) {
                    (group.heading) (pick(group.language, "を追加", ": add"))
                }
            }
        }
    }
}

fn remove_button(group: &Repeated<'_>, index: usize) -> Markup {
    html! {
        button.button.quiet type="submit" name=(REMOVE_NAME)
            value={ (group.name) "." (index) } {
            (group.heading) " " (index + 1) (pick(group.language, "を取り除く", ": remove"))
        }
    }
}
