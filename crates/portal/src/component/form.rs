//! Form fields. A field cannot be made without its label, and an error always stands at its field.
//!
//! Fields only show what they are given: nothing is checked here, and browsers are told not to
//! check either, so that every message comes from the server in the reader's language.

mod button;
mod choice;
mod frame;
mod repeated;

use maud::{Markup, html};

pub use button::{ButtonKind, button, button_link, button_row, button_with};
pub use choice::{Choice, checkbox, checkboxes, radios, select};
pub use frame::{
    CSRF_NAME, FieldError, PostForm, csrf, error_summary, field_row, fieldset, get_form, hidden,
    post_form,
};
pub use repeated::{ADD_NAME, REMOVE_NAME, Repeated, repeated};

use super::language::{Language, pick, quoted};

/// How wide the box of a field is, as a hint to what belongs in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    /// A few digits.
    Short,
    /// A date, a number or a telephone number.
    Medium,
    /// A name or an address.
    #[default]
    Full,
}

impl Width {
    const fn class(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Medium => "medium",
            Self::Full => "full",
        }
    }
}

/// One field: its name, label, hint, error and value.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    language: Language,
    name: &'a str,
    label: &'a str,
    hint: &'a str,
    required: bool,
    error: Option<&'a str>,
    value: &'a str,
    autocomplete: Option<&'a str>,
    width: Width,
    glyphs: bool,
    read_only: bool,
    nothing: &'a str,
}

impl<'a> Field<'a> {
    /// An optional, empty field. `name` is what the browser posts; a blank `label` shows the name.
    pub fn new(language: Language, name: &'a str, label: &'a str) -> Self {
        Self {
            language,
            name,
            label: if label.trim().is_empty() { name } else { label },
            hint: "",
            required: false,
            error: None,
            value: "",
            autocomplete: None,
            width: Width::default(),
            glyphs: false,
            read_only: false,
            nothing: "",
        }
    }

    /// What to write and how, in one sentence below the label.
    pub const fn hint(self, hint: &'a str) -> Self {
        Self { hint, ..self }
    }

    /// Marks the field 必須. Fields without the mark show 任意.
    pub const fn required(self, required: bool) -> Self {
        Self { required, ..self }
    }

    /// What is wrong with the value and what to do.
    pub const fn error(self, error: Option<&'a str>) -> Self {
        Self { error, ..self }
    }

    /// The value to show.
    pub const fn value(self, value: &'a str) -> Self {
        Self { value, ..self }
    }

    /// The token with which the browser may fill in the reader's own data (HTML, autofill), for
    /// example `family-name`. Without it the browser is told not to remember the value.
    pub const fn autocomplete(self, token: &'a str) -> Self {
        Self { autocomplete: Some(token), ..self }
    }

    /// How wide the box is.
    pub const fn width(self, width: Width) -> Self {
        Self { width, ..self }
    }

    /// Shows the value in mincho, for names whose exact glyphs matter.
    pub const fn glyphs(self) -> Self {
        Self { glyphs: true, ..self }
    }

    /// Shows the value so that it can be read and copied but not changed.
    pub const fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    /// What the first, empty line of a select says, for example 「すべて」 in a filter.
    pub const fn empty_choice(self, nothing: &'a str) -> Self {
        Self { nothing, ..self }
    }

    fn id(&self) -> String {
        field_id(self.name)
    }

    fn has_hint(&self) -> bool {
        !self.hint.is_empty()
    }

    /// The ids of hint and error, for `aria-describedby`.
    fn described_by(&self) -> Option<String> {
        let id = self.id();
        match (self.has_hint(), self.error.is_some()) {
            (false, false) => None,
            (true, false) => Some(format!("{id}-hint")),
            (false, true) => Some(format!("{id}-error")),
            (true, true) => Some(format!("{id}-error {id}-hint")),
        }
    }

    fn invalid(&self) -> Option<&'static str> {
        self.error.map(|_| "true")
    }

    fn aria_required(&self) -> Option<&'static str> {
        self.required.then_some("true")
    }

    fn input_class(&self) -> String {
        let glyphs = if self.glyphs { " glyphs" } else { "" };
        format!("input {}{glyphs}", self.width.class())
    }
}

/// The id of the field with this name, where the links of the error summary lead.
pub fn field_id(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_whitespace() { '-' } else { c }).collect();
    format!("field-{name}")
}

/// 必須 or 任意 beside a label.
fn mark(field: &Field<'_>) -> Markup {
    html! {
        @if field.required { span.mark.required { (pick(field.language, "※必須", "Required")) } }
        @else if !field.read_only { span.mark { (pick(field.language, "任意", "Optional")) } }
    }
}

/// Hint and error below a label.
fn explanation(field: &Field<'_>) -> Markup {
    let id = field.id();
    html! {
        @if field.has_hint() { p.hint id={ (id) "-hint" } { (quoted(field.hint)) } }
        @if let Some(error) = field.error {
            p.error id={ (id) "-error" } {
                span.error-word { (pick(field.language, "誤り", "Error")) }
                (quoted(error))
            }
        }
    }
}

/// Label, hint and error around one control.
fn labelled(field: &Field<'_>, control: Markup) -> Markup {
    html! {
        div.field.invalid[field.error.is_some()] {
            div.label-line { label for=(field.id()) { (field.label) } (mark(field)) }
            (explanation(field))
            (control)
        }
    }
}

/// How an `input` element differs from the plain one.
struct Input<'a> {
    kind: &'a str,
    mode: Option<&'a str>,
    autocomplete: &'a str,
    show_value: bool,
}

impl Input<'_> {
    const PLAIN: Input<'static> =
        Input { kind: "text", mode: None, autocomplete: "off", show_value: true };
}

fn input(field: &Field<'_>, input: &Input<'_>) -> Markup {
    html! {
        input class=(field.input_class()) type=(input.kind) id=(field.id()) name=(field.name)
            value=[input.show_value.then_some(field.value)] inputmode=[input.mode]
            autocomplete=(field.autocomplete.unwrap_or(input.autocomplete))
            readonly[field.read_only] aria-required=[field.aria_required()]
            aria-invalid=[field.invalid()] aria-describedby=[field.described_by()];
    }
}

/// One line of text.
pub fn text(field: &Field<'_>) -> Markup {
    labelled(field, input(field, &Input::PLAIN))
}

/// Several lines of text.
pub fn textarea(field: &Field<'_>, rows: u8) -> Markup {
    labelled(
        field,
        html! {
            textarea class=(field.input_class()) id=(field.id()) name=(field.name) rows=(rows)
                readonly[field.read_only] aria-required=[field.aria_required()]
                aria-invalid=[field.invalid()] aria-describedby=[field.described_by()] {
                // The parser drops one line feed after the tag: give it one of ours.
                "\n" (field.value)
            }
        },
    )
}

/// A number with its unit, for example 円; an empty `unit` shows none. It is a text box with a
/// keypad for digits: the wheel of a mouse must not change an amount.
pub fn number(field: &Field<'_>, unit: &str) -> Markup {
    let control = input(field, &Input { mode: Some("numeric"), ..Input::PLAIN });
    labelled(
        field,
        html! {
            span.number { (control) @if !unit.is_empty() { span.unit { (unit) } } }
        },
    )
}

/// A date as text, in the Japanese or the Western calendar. A field without hint gets one that
/// shows the forms.
pub fn date(field: &Field<'_>) -> Markup {
    let forms = pick(
        field.language,
        "例：令和6年4月1日、R6.4.1、2024-04-01（和暦・西暦どちらでも）",
        "For example 2024-04-01, R6.4.1 or “令和6年4月1日”",
    );
    let hint = if field.has_hint() { field.hint } else { forms };
    let field = field.hint(hint).width(Width::Medium);
    labelled(&field, input(&field, &Input { mode: Some("text"), ..Input::PLAIN }))
}

/// Which password a field asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordUse {
    /// The present one, for signing in.
    Current,
    /// A new one.
    New,
}

/// A password. Its value is never written into the page.
pub fn password(field: &Field<'_>, usage: PasswordUse) -> Markup {
    let autocomplete = match usage {
        PasswordUse::Current => "current-password",
        PasswordUse::New => "new-password",
    };
    let kind = Input { kind: "password", autocomplete, show_value: false, ..Input::PLAIN };
    labelled(field, input(field, &kind))
}

/// A one-time code (認証コード). Its value is never written into the page.
pub fn one_time_code(field: &Field<'_>) -> Markup {
    let field = field.width(Width::Medium);
    let kind = Input {
        mode: Some("numeric"),
        autocomplete: "one-time-code",
        show_value: false,
        ..Input::PLAIN
    };
    labelled(&field, input(&field, &kind))
}

/// A file. `accept` lists types or endings, for example `.csv,text/csv`; the form must be
/// [`PostForm::multipart`].
pub fn file(field: &Field<'_>, accept: &str) -> Markup {
    labelled(
        field,
        html! {
            input.file type="file" id=(field.id()) name=(field.name)
                accept=[(!accept.is_empty()).then_some(accept)]
                aria-required=[field.aria_required()] aria-invalid=[field.invalid()]
                aria-describedby=[field.described_by()];
        },
    )
}
