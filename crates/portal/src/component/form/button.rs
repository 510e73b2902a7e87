//! Buttons and links that look like buttons. A link never changes anything; a button does.

use maud::{Markup, html};

/// What a button does to the reader's work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// The one act that the page is for.
    #[default]
    Primary,
    /// Another act.
    Secondary,
    /// An act that cannot be taken back.
    Danger,
}

impl ButtonKind {
    const fn class(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Danger => "danger",
        }
    }
}

/// A button that submits its form.
pub fn button(kind: ButtonKind, label: &str) -> Markup {
    html! { button class={ "button " (kind.class()) } type="submit" { (label) } }
}

/// A button that submits its form and says which act was chosen.
pub fn button_with(kind: ButtonKind, label: &str, name: &str, value: &str) -> Markup {
    html! {
        button class={ "button " (kind.class()) } type="submit" name=(name) value=(value) {
            (label)
        }
    }
}

/// A link that looks like a button.
pub fn button_link(kind: ButtonKind, label: &str, href: &str) -> Markup {
    html! { a class={ "button " (kind.class()) } href=(href) { (label) } }
}

/// Buttons side by side, the primary one first.
pub fn button_row(buttons: &[Markup]) -> Markup {
    html! { div.button-row { @for button in buttons { (button) } } }
}
