//! What stands around fields: the form itself, its anti-forgery token, the summary of errors and
//! sets of fields. A form that posts cannot be made without its token.

use maud::{Markup, html};

use super::field_id;
use crate::component::language::{Language, pick, quoted};

/// The name under which every form posts its anti-forgery token.
pub const CSRF_NAME: &str = "csrf";

/// A hidden value.
pub fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// The hidden anti-forgery token.
pub fn csrf(token: &str) -> Markup {
    hidden(CSRF_NAME, token)
}

/// A form that changes something.
#[derive(Clone, Copy, Debug)]
pub struct PostForm<'a> {
    /// The address on this host.
    pub action: &'a str,
    /// The anti-forgery token of the session.
    pub csrf: &'a str,
    /// The act, name and value, that the Enter key in a field means. Without it Enter would press
    /// the first button of the form, which may be one that removes a member.
    pub enter: Option<(&'a str, &'a str)>,
    /// Whether the form carries files.
    pub multipart: bool,
}

/// A form that posts its content.
pub fn post_form(form: &PostForm<'_>, content: Markup) -> Markup {
    html! {
        form.form method="post" action=(form.action) novalidate
            enctype=[form.multipart.then_some("multipart/form-data")] {
            (csrf(form.csrf))
            @if let Some((name, value)) = form.enter {
                button.enter type="submit" name=(name) value=(value) tabindex="-1"
                    aria-hidden="true" {}
            }
            (content)
        }
    }
}

/// A form that only looks something up; its fields show in the address, so ask for no personal
/// data with it. `label` names it, for example 「手続の検索」.
pub fn get_form(label: &str, action: &str, content: Markup) -> Markup {
    html! {
        form.form.search method="get" action=(action) role="search" aria-label=(label) novalidate {
            (content)
        }
    }
}

/// One mistake and the name of its field; an empty name belongs to no field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldError<'a> {
    /// The name of the field.
    pub field: &'a str,
    /// Where, what and what to do.
    pub message: &'a str,
}

/// All mistakes above a form, each a link to its field; nothing if there are none.
pub fn error_summary(language: Language, errors: &[FieldError<'_>]) -> Markup {
    if errors.is_empty() {
        return html! {};
    }
    let count = errors.len();
    let heading = match language {
        Language::Japanese => format!("入力に誤りが{count}件あります"),
        Language::English if count == 1 => "There is 1 mistake in the form".to_owned(),
        Language::English => format!("There are {count} mistakes in the form"),
    };
    html! {
        div.error-summary id="errors" role="alert" tabindex="-1" autofocus accesskey="k"
            aria-labelledby="errors-heading" {
            h2 id="errors-heading" { (heading) }
            p { (pick(language,
                "次の項目を直して、もう一度送信してください。内容はまだ受け付けていません。",
                "Correct these and send again. Nothing has been accepted yet.")) }
            ul {
                @for error in errors {
                    li {
                        @if error.field.is_empty() { (quoted(error.message)) }
                        @else { a href={ "#" (field_id(error.field)) } { (quoted(error.message)) } }
                    }
                }
            }
        }
    }
}

/// Fields that belong together. An empty `hint` shows none.
pub fn fieldset(legend: &str, hint: &str, content: Markup) -> Markup {
    html! {
        fieldset.fieldset {
            legend { (quoted(legend)) }
            @if !hint.is_empty() { p.hint { (hint) } }
            (content)
        }
    }
}

/// Short fields side by side, one below the other on a narrow screen.
pub fn field_row(fields: &[Markup]) -> Markup {
    html! { div.field-row { @for field in fields { (field) } } }
}
