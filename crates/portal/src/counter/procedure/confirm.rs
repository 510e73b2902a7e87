//! The confirmation of a procedure: what would change, the warnings to acknowledge, and the button
//! that enters it. Stores nothing.

use axum::response::Response;
use definition::model::ProcedureKind;
use maud::{Markup, html};
use office::case::{ChangeView, Preview};
use office::plan::{Step, TO_BE_NUMBERED};
use serde_json::Value as Json;

use super::Scene;
use crate::component::form::{
    ButtonKind, Field, FieldError, PostForm, button_row, button_with, checkbox, error_summary,
    hidden, post_form,
};
use crate::component::language::Language;
use crate::component::notice::{Notice, Step as Stage, StepState, Tone, notice, steps};
use crate::component::record::{Group, Item, Record, Value, record};
use crate::counter::assessed::assessed_views;
use crate::counter::certificate::yen;
use crate::counter::desk::{Desk, label};
use crate::counter::entered::{Content, Word, word_list};
use crate::counter::form_input::Posted;
use crate::counter::form_view::as_hidden;
use crate::counter::words::word;

impl Scene<'_> {
    /// `unsaid`: it was sent without acknowledging the warnings.
    pub(super) fn confirm_page(
        &self,
        posted: &Posted,
        preview: &Preview,
        unsaid: bool,
    ) -> Response {
        let desk = self.desk;
        let action = self.action();
        let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
        let certificate = self.procedure.kind == ProcedureKind::Certificate;
        let last = match certificate {
            true => desk.say("発行する", "Issue"),
            false => desk.say("仮登録する（決裁へ）", "Enter (to be approved)"),
        };
        let acknowledge = desk.say("上の注意を確かめました", "I have checked the warnings above");
        let missing =
            desk.say("注意を確かめて、印を付けてください", "Read the warnings, then tick the box");
        let errors = [FieldError { field: "acknowledged", message: missing }];
        let content = html! {
            @if unsaid { (error_summary(desk.language, &errors)) }
            (flow(desk, certificate))
            @for finding in &preview.plan.findings {
                (notice(desk.language, &Notice::new(Tone::Warning, desk.message(finding))))
            }
            @if certificate { p { (desk.say("この内容で発行します。", "This will be issued.")) } }
            (word_list(&self.words(posted, preview)))
            (assessed_views(desk, &preview.plan.assessed))
            (change_views(desk, &preview.changes))
            (post_form(&form, html! {
                (self.kept())
                (as_hidden(&preview.stored))
                @for key in &posted.subjects { (hidden("subject", key)) }
                @if let Json::Object(identity) = &posted.identity {
                    @for (name, value) in identity {
                        (hidden(&format!("identity.{name}"), value.as_str().unwrap_or_default()))
                    }
                }
                @if preview.plan.has_warnings() {
                    @let field = Field::new(desk.language, "acknowledged", acknowledge);
                    (checkbox(&field.required(true).error(unsaid.then_some(missing))))
                }
                (button_row(&[
                    button_with(ButtonKind::Primary, last, "act", "enter"),
                    button_with(ButtonKind::Secondary, desk.say("直す", "Edit"), "act", "edit"),
                ]))
            }))
        };
        let title = match desk.language {
            Language::Japanese => format!("{}の確認", self.title()),
            Language::English => format!("{}: check", self.title()),
        };
        desk.page(&title, Vec::new(), content)
    }
}

impl Scene<'_> {
    /// Whom a certificate is about and what it costs, then what was entered.
    fn words(&self, posted: &Posted, preview: &Preview) -> Vec<Word> {
        let desk = self.desk;
        let mut out = Vec::new();
        for step in &preview.plan.steps {
            let Step::Notify { fee_yen, .. } = step else { continue };
            let rows = self.rows.iter().filter(|(key, _)| preview.subjects.contains(key));
            let names: Vec<&str> = rows.map(|(_, name)| name.as_str()).collect();
            out.push(Word::written(desk.say("対象者", "Persons"), names.join("、")));
            out.push(Word::of_office(desk.say("手数料", "Fee"), yen(desk, *fee_yen)));
        }
        let entered = Content {
            system: self.system,
            procedure: self.procedure,
            form: &preview.stored,
            identity: &posted.identity,
            changes: &preview.changes,
        };
        out.extend(entered.words(desk));
        out
    }
}

fn flow(desk: &Desk, certificate: bool) -> Markup {
    let words: &[(&str, &str)] = if certificate {
        &[("請求", "Request"), ("確認", "Check"), ("発行", "Issue")]
    } else {
        &[
            ("入力", "Entry"),
            ("確認", "Check"),
            ("仮登録", "Entered"),
            ("決裁", "Decision"),
            ("本登録", "Registered"),
        ]
    };
    let list: Vec<Stage<'_>> = words
        .iter()
        .enumerate()
        .map(|(at, (ja, en))| Stage {
            label: desk.say(ja, en),
            state: match at {
                0 => StepState::Done,
                1 => StepState::Current,
                _ => StepState::Waiting,
            },
            note: "",
        })
        .collect();
    steps(desk.language, desk.say("手続の進み", "Progress"), &list)
}

/// The planned changes. A change of nothing that is shown on pages says nothing.
pub fn change_views(desk: &Desk, changes: &[ChangeView]) -> Markup {
    html! {
        @for change in changes.iter().filter(|change| !change.items.is_empty()) {
            (change_view(desk, change))
        }
    }
}

/// One planned change as a card, old → new.
fn change_view(desk: &Desk, change: &ChangeView) -> Markup {
    let verb = word(desk.language, change.verb);
    let registers = desk.place.office.systems.iter().flat_map(|system| &system.registers);
    let known = registers.into_iter().find(|one| one.name == change.register);
    let register = known.map_or(change.register.as_str(), |one| desk.say(&one.name, &one.name_en));
    let title = to_be_numbered(desk, &change.title);
    let whom = html! {
        @if title == change.title { span lang="ja" { (title) } } @else { (title) }
    };
    let heading = html! {
        @match desk.language {
            Language::Japanese => { (register) "（" (verb) "）　" (whom) }
            Language::English => { (verb) ": " (register) " " (whom) }
        }
    };
    let labels: Vec<String> =
        change.items.iter().map(|(ja, en, ..)| label(desk.say(ja, en))).collect();
    let texts: Vec<(String, String, &String, bool)> = change
        .items
        .iter()
        .zip(&labels)
        .map(|((_, _, old, new), label)| {
            let text = |text: &'_ Option<String>| match text {
                Some(text) => to_be_numbered(desk, text).to_owned(),
                None => String::new(),
            };
            (text(old), text(new), label, old.is_none() && change.verb == "新規")
        })
        .collect();
    let items = texts
        .iter()
        .map(|(old, new, label, fresh)| {
            let value = match fresh {
                true if new.starts_with(to_come(desk)) => Value::Plain(new),
                true => Value::Glyphs(new),
                false => Value::Changed { old, new },
            };
            Item::new(label, value)
        })
        .collect();
    record(&Record {
        language: desk.language,
        heading,
        note: "",
        groups: vec![Group { heading: "", items }],
        actions: Vec::new(),
    })
}

/// What stands where registration will issue a number.
fn to_be_numbered<'a>(desk: &Desk, text: &'a str) -> &'a str {
    match text.starts_with(TO_BE_NUMBERED) {
        true => to_come(desk),
        false => text,
    }
}

fn to_come(desk: &Desk) -> &'static str {
    desk.say("（本登録のときに番号が付きます）", "(number issued at registration)")
}
