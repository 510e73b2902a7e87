//! The two languages of the pages and the choice of a text between them.
//!
//! Japanese is the first language; English stands beside it. Records are never translated: where an
//! English text quotes one, its language is marked.

use maud::{Markup, html};

/// The language in which a page speaks to its reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// 日本語, the first language of every page.
    #[default]
    Japanese,
    /// English, beside the Japanese.
    English,
}

impl Language {
    /// The BCP 47 tag, for `lang` attributes and addresses: `ja` or `en`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Japanese => "ja",
            Self::English => "en",
        }
    }

    /// The language with this tag; `None` for any other.
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag {
            "ja" => Some(Self::Japanese),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The language that the switch on the page leads to.
    pub const fn other(self) -> Self {
        match self {
            Self::Japanese => Self::English,
            Self::English => Self::Japanese,
        }
    }

    /// The name of the language in itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Japanese => "日本語",
            Self::English => "English",
        }
    }
}

/// The text in `language`: `ja` or `en`.
pub const fn pick<'a>(language: Language, ja: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Japanese => ja,
        Language::English => en,
    }
}

/// A text of the house in which Japanese words quoted by “ ” are marked as Japanese (WCAG 3.1.2).
pub fn quoted(text: &str) -> Markup {
    let mut pieces = text.split('“');
    let before = pieces.next().unwrap_or_default();
    html! {
        (before)
        @for piece in pieces {
            @let (inside, after) = piece.split_at(piece.find('”').unwrap_or(piece.len()));
            "“"
            @if has_japanese(inside) { span lang="ja" { (inside) } }
            @else { (inside) }
            (after)
        }
    }
}

/// Whether anything in a text is Japanese.
pub fn has_japanese(text: &str) -> bool {
    text.chars().any(is_japanese)
}

/// Kana and kanji with what stands only between them: all from U+3000 to the end of full width.
fn is_japanese(sign: char) -> bool {
    matches!(sign, '\u{3000}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}')
        || matches!(sign, '\u{E000}'..='\u{F8FF}' | '\u{20000}'..='\u{3FFFF}')
}
