//! Words that many pages say: the stage, origin and title of a case, and the people behind sign-in
//! names. Records are never translated; what the office itself calls things is.

use std::collections::BTreeMap;

use maud::{Markup, html};
use office::case::stage;
use store::case::Case;
use store::identity::account_list;

use super::desk::Desk;
use super::refusal::Refusal;
use crate::component::language::Language;

/// 処理 and 状態 as the office stores them, and in English.
const WORDS: &[(&str, &str)] = &[
    (stage::ENTERED, "Entered"),
    (stage::REVIEWED, "Reviewed"),
    (stage::RETURNED, "Returned"),
    (stage::TO_DO, "To do"),
    (stage::REGISTERED, "Registered"),
    (stage::WITHDRAWN, "Withdrawn"),
    (stage::AUTOMATIC, "Done automatically"),
    ("却下", "Rejected"),
    ("受付", "Received"),
    ("審査", "Reviewed"),
    ("決裁", "Decided"),
    ("専決", "Decided (delegated)"),
    ("代決", "Decided (for the chief)"),
    ("訂正", "Entered again"),
    ("後閲", "Post-reviewed"),
    ("自動処理", "Automatic"),
    ("窓口", "Counter"),
    ("事象", "Event"),
    ("期日", "Due day"),
    ("オンライン", "Online"),
    ("新規", "New"),
    ("変更", "Change"),
    ("修正", "Correction"),
    ("消除", "Removal"),
    ("取消", "Taken back"),
];

/// A word of the office in the reader's language; an unknown one stays as it is.
pub fn word(language: Language, japanese: &str) -> &str {
    let english = || WORDS.iter().find(|(word, _)| *word == japanese).map(|(_, english)| *english);
    match language {
        Language::Japanese => japanese,
        Language::English => english().unwrap_or(japanese),
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
