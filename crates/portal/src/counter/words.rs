//! Words that many pages say: the stage, origin and title of a case, and the people behind sign-in
//! names. Records are never translated; what the office itself calls things is.

use std::collections::BTreeMap;

use maud::{Markup, html};
use store::case::Case;
use store::identity::account_list;

use super::desk::Desk;
use super::refusal::Refusal;
use crate::component::language::Language;

/// A word of the office in the reader's language; an unknown one stays as it is.
pub fn word(language: Language, japanese: &str) -> &str {
    match language {
        Language::Japanese => japanese,
        Language::English => office::words::english(japanese),
    }
}

/// The title of a case: its procedure in the reader's language, and whom it concerns.
pub fn case_title(desk: &Desk, case: &Case) -> Markup {
    let entered = &case.entered;
    let found = desk.place.office.procedure(&entered.system, &entered.procedure).ok();
    let rest = found.as_ref().and_then(|(_, one)| entered.title.strip_prefix(&one.name));
    let (Some(rest), Some((_, procedure))) = (rest, found) else {
        return html! { span.glyphs lang="ja" { (entered.title) } };
    };
    html! {
        (desk.say(&procedure.name, &procedure.name_en))
        @if !rest.is_empty() { span.glyphs lang="ja" { (rest) } }
    }
}

/// Who is behind a sign-in name.
#[derive(Debug, Default)]
pub struct People(BTreeMap<String, String>);

impl People {
    /// The accounts of this organisation, ended ones too.
    ///
    /// # Errors
    /// [`Refusal`] when the staff database cannot be read.
    pub async fn read(desk: &Desk) -> Result<People, Refusal> {
        let client = desk.place.staff.client().await?;
        let accounts = account_list(&**client).await?;
        Ok(People(accounts.into_iter().map(|account| (account.id, account.name)).collect()))
    }

    /// The name, with the sign-in name where one points at it.
    pub fn show(&self, language: Language, id: &str) -> Markup {
        match self.0.get(id) {
            Some(name) => html! { span lang="ja" title=(id) { (name) } },
            None => html! { (word(language, id)) },
        }
    }
}
