//! What a training copy or a sandbox holds and how it came to that, for the pages of both zones
//! that ask for them. Reads nothing itself.

use jiff::Timestamp;
use maud::{Markup, html};
use store::copybook::{CopyAct, HeldBack, Holdings};
use store::organisation::CopyWish;

use crate::component::day::moment;
use crate::component::language::{Language, pick};
use crate::component::notice::Tone;
use crate::component::table::{Cell, Column, Row, Table, table};

/// The letters of a package's hash that are shown.
const HASH: usize = 12;

/// What is asked for and what comes of it, as recorded, and in English.
const ACTS: [(&str, &str); 5] = [
    ("開く", "To be opened"),
    ("作り直す", "To be made anew"),
    ("閉じる", "To be closed"),
    ("済", "Done"),
    ("できない", "Could not be done"),
];

/// How far what was asked for last has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'s> {
    /// Nothing was ever asked for.
    Never,
    /// It waits to be done.
    Waits(CopyWish),
    /// It could not be done yet, and why.
    Failed(&'s str),
    /// Open since then.
    Open(Timestamp),
    /// Closed since then.
    Closed(Timestamp),
}

impl<'s> Standing<'s> {
    /// By what was asked for, when it was done and what the platform said.
    pub fn of(wish: CopyWish, done_at: Option<Timestamp>, note: &'s str) -> Standing<'s> {
        match (wish, done_at) {
            (CopyWish::Close, Some(at)) => Standing::Closed(at),
            (_, Some(at)) => Standing::Open(at),
            (wish, None) if note.is_empty() => Standing::Waits(wish),
            _ => Standing::Failed(note),
        }
    }

    /// Whether there is one to be made anew or closed.
    pub fn is_there(self) -> bool {
        !matches!(self, Standing::Never | Standing::Closed(_))
    }

    /// The banner: tone and sentence.
    pub fn said(self, language: Language) -> (Tone, String) {
        let (tone, words) = match self {
            Standing::Never => (Tone::Information, ("まだ開いていません。", "Not opened yet.")),
            Standing::Closed(_) => (Tone::Information, ("閉じています。", "It is closed.")),
            Standing::Open(_) => (Tone::Success, ("使えます。", "It can be used.")),
            Standing::Waits(CopyWish::Close) => (
                Tone::Information,
                (
                    "閉じています。一分ほど後に、この頁を開き直してください。",
                    "It is being closed. Open this page again in about a minute.",
                ),
            ),
            Standing::Waits(_) => (
                Tone::Information,
                (
                    "用意しています。見本の住民を入れるため、一、二分かかります。後で、この頁を開き直してください。",
                    "It is being made; its sample people take a minute or two. Open this page \
                     again later.",
                ),
            ),
            Standing::Failed(why) => {
                let words = pick(language, "できていません: ", "Not done yet: ");
                return (Tone::Warning, format!("{words}{why}"));
            }
        };
        (tone, pick(language, words.0, words.1).to_owned())
    }
}

/// A word of the course in the reader's language.
pub fn act_word(language: Language, act: &str) -> &str {
    let english = ACTS.iter().find(|(ja, _)| *ja == act).map_or(act, |(_, en)| en);
    pick(language, act, english)
}

/// What is installed, what stayed out and why, and who signs in.
pub fn holdings(language: Language, holds: &Holdings) -> Markup {
    let say = |ja, en| pick(language, ja, en);
    html! {
        (systems(language, holds))
        @for one in &holds.refused { (held_back(language, one)) }
        @if !holds.people.is_empty() {
            p { (say("サインインする見本の利用者: ", "Sample accounts that sign in: "))
                @for (number, one) in holds.people.iter().enumerate() {
                    @if number > 0 { (say("、", ", ")) }
                    code { (one.id) } "（" span lang="ja" { (one.name) } "）"
                }
            }
            p { (say("パスワードとワンタイムコードは、サインインの画面に出ます（見本のため公開しています）。",
                "Password and one-time codes are on its sign-in page: all is sample.")) }
        }
    }
}

fn systems(language: Language, holds: &Holdings) -> Markup {
    let say = |ja, en| pick(language, ja, en);
    let rows = holds
        .systems
        .iter()
        .map(|one| Row {
            href: None,
            cells: vec![
                Cell::Text(say(&one.name, &one.name_en)),
                Cell::Text(&one.version),
                Cell::Component(html! { code { (one.hash.get(..HASH).unwrap_or(&one.hash)) } }),
            ],
        })
        .collect();
    table(&Table {
        caption: say("入っている業務システム", "Systems in it"),
        columns: vec![
            Column::text(say("業務", "Business")),
            Column::text(say("版", "Version")),
            Column::text(say("ハッシュ値の初め", "Hash, its beginning")),
        ],
        rows,
        empty: say("業務システムは入っていません。", "There is no system in it."),
        stacked: true,
    })
}

fn held_back(language: Language, one: &HeldBack) -> Markup {
    html! {
        p { span lang="ja" { (one.name) } " " (one.version)
            (pick(language, " は入れられませんでした。", " could not be installed. "))
            @if !one.installed.is_empty() {
                (pick(language, "入っている版: ", "In it: ")) (one.installed) } }
        ul lang="ja" { @for reason in &one.reasons { li { (reason) } } }
    }
}

/// What was asked for and what came of it.
pub fn course(language: Language, acts: &[CopyAct]) -> Markup {
    let say = |ja, en| pick(language, ja, en);
    let rows = acts
        .iter()
        .map(|one| Row {
            href: None,
            cells: vec![
                Cell::Component(moment(language, one.at)),
                Cell::Text(act_word(language, &one.act)),
                Cell::Japanese(&one.actor),
                Cell::Japanese(&one.note),
            ],
        })
        .collect();
    table(&Table {
        caption: say("新しいものから 50 件まで", "The last 50"),
        columns: vec![
            Column::text(say("時", "When")),
            Column::text(say("したこと", "Act")),
            Column::text(say("した人", "By")),
            Column::text(say("記事", "Note")),
        ],
        rows,
        empty: say("まだありません。", "Nothing yet."),
        stacked: true,
    })
}
