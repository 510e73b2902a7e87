//! The whole document: head, sample band, header, navigation, main part and footer.
//!
//! A page of a sample organisation always says 見本・非公式 and asks not to be indexed. Signing out
//! is a POST form with its anti-forgery token, never a link.

use maud::{DOCTYPE, Markup, html};

use super::asset;
use super::form::csrf;
use super::language::{Language, pick};
use super::notice::{Notice, notice};

/// The keys that lead to a part of the page together with the browser's modifier (Alt, or Alt and
/// Shift, or Control and Option): key, Japanese words, English words. The footer lists them.
pub const ACCESS_KEYS: &[(&str, &str, &str)] = &[
    ("s", "本文", "Main content"),
    ("j", "メニュー", "Menu"),
    ("k", "入力の誤りの一覧", "List of mistakes in a form"),
];

/// The shape of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Dense and wide, for staff.
    #[default]
    Counter,
    /// Larger text in one column, for residents and telephones.
    Resident,
    /// One narrow box, for signing in.
    Entrance,
}

impl Layout {
    const fn class(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Resident => "resident",
            Self::Entrance => "entrance",
        }
    }
}

/// Who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct UserBox<'a> {
    /// The name as shown.
    pub name: &'a str,
    /// The office or role, for example 「市民課・審査」; empty for a resident.
    pub role: &'a str,
    /// The address that signs out when posted to.
    pub sign_out: &'a str,
    /// The anti-forgery token of the session.
    pub csrf: &'a str,
}

/// One entry of the main navigation.
#[derive(Clone, Copy, Debug)]
pub struct NavigationItem<'a> {
    /// Where it leads.
    pub href: &'a str,
    /// Its words.
    pub label: &'a str,
    /// Whether the page belongs to it.
    pub current: bool,
}

/// Everything that a document needs. Start from [`Page::new`].
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// The heading of the page. Browsers keep it in their history: no personal data.
    pub title: &'a str,
    /// The name of the organisation.
    pub organisation: &'a str,
    /// Where the organisation's name leads.
    pub home: &'a str,
    /// The zone, for example 「職員」 or 「住民」.
    pub zone: &'a str,
    /// Whether the organisation is a sample.
    pub sample: bool,
    /// The language of the page.
    pub language: Language,
    /// The address of the same page in the other language; empty for no switch.
    pub language_href: &'a str,
    /// The shape of the page.
    pub layout: Layout,
    /// Who is signed in.
    pub user: Option<UserBox<'a>>,
    /// The main navigation.
    pub navigation: Vec<NavigationItem<'a>>,
    /// The way from the home page to here: address and words; the page itself is not in it.
    pub breadcrumb: Vec<(&'a str, &'a str)>,
    /// Banners above the heading.
    pub notices: Vec<Notice<'a>>,
    /// The content below the heading.
    pub content: Markup,
}

impl<'a> Page<'a> {
    /// A page without navigation and user. It counts as a sample until told otherwise.
    pub fn new(language: Language, organisation: &'a str, title: &'a str, content: Markup) -> Self {
        Self {
            title,
            organisation,
            home: "/",
            zone: "",
            sample: true,
            language,
            language_href: "",
            layout: Layout::default(),
            user: None,
            navigation: Vec::new(),
            breadcrumb: Vec::new(),
            notices: Vec::new(),
            content,
        }
    }

    /// The full document.
    pub fn render(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang=(self.language.tag()) {
                (self.head())
                body class=(self.layout.class()) {
                    a.skip href="#main" accesskey="s" {
                        (pick(self.language, "本文へ移動", "Skip to main content"))
                    }
                    @if self.sample { (sample_band(self.language)) }
                    (self.header())
                    (self.navigation())
                    main #main tabindex="-1" { (self.main()) }
                    (self.footer())
                }
            }
        }
    }

    fn head(&self) -> Markup {
        html! {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="format-detection" content="telephone=no, date=no, address=no";
                @if self.sample { meta name="robots" content="noindex"; }
                title { (self.title) " | " (self.organisation) }
                link rel="icon" type="image/svg+xml" href=(asset::ICON.href());
                link rel="stylesheet" href=(asset::TOKENS.href());
                link rel="stylesheet" href=(asset::STYLE.href());
            }
        }
    }

    fn header(&self) -> Markup {
        html! {
            header.header {
                a.organisation href=(self.home) { (self.organisation) }
                @if !self.zone.is_empty() { span.zone { (self.zone) } }
                div.header-tools {
                    @if !self.language_href.is_empty() { (self.language_switch()) }
                    @if let Some(user) = &self.user { (user_box(self.language, user)) }
                }
            }
        }
    }

    fn language_switch(&self) -> Markup {
        let other = self.language.other();
        html! {
            a.language href=(self.language_href) lang=(other.tag()) hreflang=(other.tag()) {
                (other.name())
            }
        }
    }

    fn navigation(&self) -> Markup {
        html! {
            @if !self.navigation.is_empty() {
                nav.navigation aria-label=(pick(self.language, "メニュー", "Menu")) {
                    ul {
                        @for (index, item) in self.navigation.iter().enumerate() {
                            li { a href=(item.href) accesskey=[(index == 0).then_some("j")]
                                aria-current=[item.current.then_some("page")] { (item.label) } }
                        }
                    }
                }
            }
        }
    }

    fn main(&self) -> Markup {
        html! {
            @if !self.breadcrumb.is_empty() {
                nav.breadcrumb aria-label=(pick(self.language, "現在の場所", "You are here")) {
                    ol {
                        @for (href, words) in &self.breadcrumb { li { a href=(href) { (words) } } }
                        li aria-current="page" { (self.title) }
                    }
                }
            }
            @for item in &self.notices { (notice(self.language, item)) }
            h1 { (self.title) }
            (self.content)
        }
    }

    fn footer(&self) -> Markup {
        let language = self.language;
        html! {
            footer.footer {
                p { (self.organisation) @if self.sample {
                    (pick(language, "（見本・非公式）", " (sample, unofficial)"))
                } }
                details {
                    summary { (pick(language, "キーボードでの操作", "Keyboard")) }
                    p { (pick(language,
                        "Altキー（ブラウザにより Alt+Shift、Macでは control+option）とともに押します。",
                        "Press together with Alt (in some browsers Alt+Shift, on a Mac \
                         control+option).")) }
                    dl.keys {
                        @for (key, ja, en) in ACCESS_KEYS {
                            div {
                                dt { kbd { (key.to_uppercase()) } }
                                dd { (pick(language, ja, en)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The band that every page of a sample organisation shows: 見本・非公式.
pub fn sample_band(language: Language) -> Markup {
    html! {
        aside.sample-band aria-label=(pick(language, "見本の表示", "Sample")) {
            strong { (pick(language, "見本・非公式", "Sample, unofficial")) }
            span { (pick(
                language,
                "実在の団体のページではありません。登場する人物・記録はすべて架空です。",
                "This is no page of a real organisation. All people and records are invented.",
            )) }
        }
    }
}

fn user_box(language: Language, user: &UserBox<'_>) -> Markup {
    html! {
        p.user {
            span.user-name lang="ja" { (user.name) }
            @if !user.role.is_empty() { span.user-role { (user.role) } }
        }
        form method="post" action=(user.sign_out) {
            (csrf(user.csrf))
            button.button.quiet type="submit" { (pick(language, "ログアウト", "Sign out")) }
        }
    }
}

/// A part of a page with its heading.
pub fn section(heading: &str, content: Markup) -> Markup {
    html! { section.section { h2 { (heading) } (content) } }
}

/// A part that the reader opens.
pub fn disclosure(summary: &str, content: Markup) -> Markup {
    html! { details.disclosure { summary { (summary) } div.disclosure-body { (content) } } }
}
