//! What a register knows about a person: the record, its history, the household and the tabs.
//!
//! A value that is masked is never written into the page, and the banner of a protected record
//! says neither why nor since when it is protected.

mod history;
mod household;

use maud::{Markup, html};

pub use history::{Difference, Entry, EntryState, history};
pub use household::{Household, Member, household};

use super::language::{Language, pick, quoted};

/// The value of one item of a record.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// Text as it is.
    Plain(&'a str),
    /// A name or an address whose exact glyphs matter, in mincho.
    Glyphs(&'a str),
    /// A value that a procedure changes: the old one struck out, the new one marked. An empty one
    /// shows as 記載なし.
    Changed {
        /// 変更前.
        old: &'a str,
        /// 変更後.
        new: &'a str,
    },
    /// 非表示: the reader may not see it, or not yet. The value is not in the page.
    Masked {
        /// Where the reader can ask to see it and say why.
        reveal: Option<&'a str>,
    },
    /// 不詳: known not to be known, with the wording of the record, for example
    /// 「昭和20年以下不詳」; empty if there is none.
    Unknown(&'a str),
    /// 記載なし: known to be absent.
    Absent,
    /// A text that leads elsewhere.
    Link {
        /// Where.
        href: &'a str,
        /// The text.
        text: &'a str,
    },
    /// Another component, for example a badge.
    Component(Markup),
}

/// One item: label and value.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    /// The official name of the item.
    pub label: &'a str,
    /// Its value.
    pub value: Value<'a>,
    /// Whether it takes the whole line, for addresses and remarks.
    pub wide: bool,
}

impl<'a> Item<'a> {
    /// An item beside others.
    pub const fn new(label: &'a str, value: Value<'a>) -> Self {
        Self { label, value, wide: false }
    }

    /// An item on a line of its own.
    pub const fn wide(label: &'a str, value: Value<'a>) -> Self {
        Self { label, value, wide: true }
    }
}

/// Items that belong together.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// The name of the group; empty for none.
    pub heading: &'a str,
    /// Its items.
    pub items: Vec<Item<'a>>,
}

/// A record card.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// The language of the page.
    pub language: Language,
    /// What the card shows, for example 「住民票の記載事項」; words of a record are marked as
    /// Japanese by the caller.
    pub heading: Markup,
    /// As of when and which version; empty for none.
    pub note: &'a str,
    /// The groups.
    pub groups: Vec<Group<'a>>,
    /// Links or buttons beside the heading.
    pub actions: Vec<Markup>,
}

/// A record as groups of labels and values.
pub fn record(record: &Record<'_>) -> Markup {
    html! {
        section.record {
            div.record-head {
                h2 { (record.heading) }
                @if !record.note.is_empty() { p.record-note { (record.note) } }
                @if !record.actions.is_empty() {
                    div.record-actions { @for action in &record.actions { (action) } }
                }
            }
            @for group in &record.groups {
                @if !group.heading.is_empty() { h3 { (group.heading) } }
                dl.items { @for item in &group.items { (item_pair(record.language, item)) } }
            }
        }
    }
}

fn item_pair(language: Language, item: &Item<'_>) -> Markup {
    let changed = matches!(item.value, Value::Changed { .. });
    html! {
        div.item.wide[item.wide].changed[changed] {
            dt { (quoted(item.label)) }
            dd { (value(language, &item.value)) }
        }
    }
}

/// A value alone, for cells and sentences.
pub fn value(language: Language, value: &Value<'_>) -> Markup {
    match value {
        Value::Plain(text) => html! { (text) },
        Value::Glyphs(text) => html! { span.glyphs lang="ja" { (text) } },
        Value::Changed { old, new } => changed(language, old, new),
        Value::Masked { reveal } => masked(language, *reveal),
        Value::Unknown(text) => html! {
            span.unknown { (pick(language, "不詳", "Unknown")) }
            @if !text.is_empty() { " " span lang="ja" { (text) } }
        },
        Value::Absent => absent(language),
        Value::Link { href, text } => html! { a href=(href) { (text) } },
        Value::Component(markup) => markup.clone(),
    }
}

fn absent(language: Language) -> Markup {
    html! { span.absent { (pick(language, "記載なし", "None")) } }
}

fn changed(language: Language, old: &str, new: &str) -> Markup {
    let text = |text: &str| {
        html! {
            @if text.is_empty() { (absent(language)) }
            @else { span.glyphs lang="ja" { (text) } }
        }
    };
    html! {
        del { span.unseen { (pick(language, "変更前：", "Before: ")) } (text(old)) }
        span.arrow aria-hidden="true" { "→" }
        ins { span.unseen { (pick(language, "変更後：", "After: ")) } (text(new)) }
    }
}

fn masked(language: Language, reveal: Option<&str>) -> Markup {
    html! {
        span.masked { (pick(language, "非表示", "Hidden")) }
        @if let Some(href) = reveal {
            " " a href=(href) { (pick(language, "理由を示して表示", "Show, giving a reason")) }
        }
    }
}

/// The banner of a record under protection (支援措置). It stands first on the page, tells staff
/// what not to do, and says neither the reason nor anything about the person.
pub fn protected_banner(language: Language) -> Markup {
    html! {
        div.protected role="alert" {
            p.protected-word { (pick(language, "取扱注意", "Handle with care")) }
            div {
                p.protected-heading { (pick(
                    language,
                    "この記録の内容を、窓口・電話・書面で答えないでください",
                    "Do not disclose anything of this record at the counter, by telephone or in \
                     writing",
                )) }
                p { (pick(
                    language,
                    "証明書の交付、閲覧、照会への回答の前に、必ず責任者の確認を受けてください。\
                     画面を来庁者に見せないでください。",
                    "Before any certificate, inspection or answer, ask the person responsible. Do \
                     not let visitors see this screen.",
                )) }
            }
        }
    }
}

/// Whose record it is, above everything else about the person.
#[derive(Clone, Debug)]
pub struct Identity<'a> {
    /// 氏名, in mincho.
    pub name: &'a str,
    /// フリガナ; empty for none.
    pub reading: &'a str,
    /// A few facts to tell people apart: label and value, for example 生年月日.
    pub facts: Vec<Item<'a>>,
    /// Badges, for example 除票.
    pub badges: Vec<Markup>,
}

/// The strip that says whose record it is.
pub fn identity(language: Language, identity: &Identity<'_>) -> Markup {
    html! {
        div.identity {
            div.identity-name {
                @if !identity.reading.is_empty() {
                    p.reading lang="ja" { (identity.reading) }
                }
                h2.glyphs lang="ja" { (identity.name) }
                @for badge in &identity.badges { (badge) }
            }
            dl.items { @for fact in &identity.facts { (item_pair(language, fact)) } }
        }
    }
}

/// One tab: a link to another view of the same subject.
#[derive(Clone, Copy, Debug)]
pub struct Tab<'a> {
    /// Where it leads.
    pub href: &'a str,
    /// Its words.
    pub label: &'a str,
    /// How many things it holds, if that is worth saying.
    pub count: Option<u64>,
    /// Whether it is the view shown.
    pub current: bool,
}

/// Views of one subject as links. `label` names them, for example 「表示の切替」.
pub fn tabs(label: &str, tabs: &[Tab<'_>]) -> Markup {
    html! {
        nav.tabs aria-label=(label) {
            ul {
                @for tab in tabs {
                    li { a href=(tab.href) aria-current=[tab.current.then_some("page")] {
                        (tab.label)
                        @if let Some(count) = tab.count { span.tab-count { (count) } }
                    } }
                }
            }
        }
    }
}

/// Two columns: what stays in sight, for example the household, and the work beside it. On a
/// narrow screen the work comes first.
pub fn resident_page(aside: Markup, work: Markup) -> Markup {
    html! {
        div.resident-page { div.work { (work) } aside.aside { (aside) } }
    }
}
