//! Names of persons: 氏 and 名 joined by one full-width space, with former family name, alias and
//! furigana, and the lines of a certificate. Never replaces a character of a name.

use crate::said::Said;
use crate::text;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

const SPACE: char = '\u{3000}';

/// The name of a person (氏名): the parts joined by one full-width space; one part is allowed, as
/// are more than two (names of foreign residents). At most 100 characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonName(String);

/// Longest name in characters (データ要件 氏名 Ｎ100).
pub const NAME_MAX: usize = 100;

/// A refused name. `Display` is the Japanese message; it never repeats the name itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was written.
    #[error("氏名が入力されていません。氏と名の間を空白で区切って入力してください。")]
    Empty,
    /// Longer than 100 characters.
    #[error("氏名が{length}文字あります。{NAME_MAX}文字までで入力してください。")]
    TooLong {
        /// Its length in characters.
        length: usize,
    },
    /// A control character or a half-width katakana.
    #[error(
        "氏名の{position}文字目に使えない文字（{code}）があります。全角の文字で入力してください。"
    )]
    Character {
        /// The place in characters from 1.
        position: usize,
        /// The code point, `U+0007`.
        code: String,
    },
}

impl NameError {
    /// The message in both languages.
    pub fn said(&self) -> Said {
        Said::beside(self, self.english())
    }

    fn english(&self) -> String {
        match self {
            NameError::Empty => {
                "No name was entered. Enter it with a space between family and given name."
                    .to_owned()
            }
            NameError::TooLong { length } => {
                format!("The name has {length} characters. Enter at most {NAME_MAX}.")
            }
            NameError::Character { position, code } => format!(
                "Character {position} of the name cannot be used ({code}). Enter full-width \
                 characters."
            ),
        }
    }
}

impl PersonName {
    /// Reads a name: spaces of any kind become one full-width space, ASCII becomes full-width
    /// (type Ｎ), half-width kana become full-width.
    pub fn parse(text: &str) -> Result<PersonName, NameError> {
        let parts: Vec<String> = text.split_whitespace().map(text::to_full_width).collect();
        let joined = parts.join("\u{3000}");
        if joined.is_empty() {
            return Err(NameError::Empty);
        }
        let length = text::length(&joined);
        if length > NAME_MAX {
            return Err(NameError::TooLong { length });
        }
        match text::first_not_full_width(&joined) {
            Some((position, c)) => {
                Err(NameError::Character { position, code: format!("U+{:04X}", u32::from(c)) })
            }
            None => Ok(PersonName(joined)),
        }
    }

    /// A name from its two parts; either may be empty.
    pub fn of_parts(family: &str, given: &str) -> Result<PersonName, NameError> {
        PersonName::parse(&format!("{family} {given}"))
    }

    /// The whole name with its full-width spaces.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// 氏: what stands before the first space; the whole name if it has one part.
    pub fn family(&self) -> &str {
        self.0.split(SPACE).next().unwrap_or(&self.0)
    }

    /// 名: what stands after the first space; `None` if the name has one part.
    pub fn given(&self) -> Option<&str> {
        self.0.split_once(SPACE).map(|(_, given)| given)
    }

    /// The search key by kanji ([`crate::kanji::fold`]).
    pub fn kanji_key(&self) -> String {
        crate::kanji::fold(&self.0)
    }

    /// The search key by kana ([`crate::kana::fold`]), for names written in kana.
    pub fn kana_key(&self) -> String {
        crate::kana::fold(&self.0)
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for PersonName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PersonName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PersonName, D::Error> {
        let text = String::deserialize(deserializer)?;
        PersonName::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// All names of one person as the resident record holds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// 氏名
    pub name: PersonName,
    /// 氏名の振り仮名, in katakana.
    #[serde(default)]
    pub furigana: Option<PersonName>,
    /// 旧氏 (住民基本台帳法施行令30条の13).
    #[serde(default)]
    pub former_family: Option<String>,
    /// 旧氏の振り仮名
    #[serde(default)]
    pub former_family_furigana: Option<String>,
    /// 通称 of a foreign resident (住民基本台帳法施行令30条の16).
    #[serde(default)]
    pub alias: Option<PersonName>,
    /// 通称の振り仮名
    #[serde(default)]
    pub alias_furigana: Option<PersonName>,
}

/// One line of a certificate: the heading and what stands under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateLine {
    /// The heading (見出し).
    pub label: &'static str,
    /// What is printed.
    pub value: String,
}

impl Names {
    /// A person with a name and nothing else.
    pub fn of(name: PersonName) -> Names {
        Names {
            name,
            furigana: None,
            former_family: None,
            former_family_furigana: None,
            alias: None,
            alias_furigana: None,
        }
    }

    /// The lines of a certificate in their order; what the person does not have is left out.
    pub fn certificate_lines(&self) -> Vec<CertificateLine> {
        let text = |name: &Option<PersonName>| name.as_ref().map(PersonName::to_string);
        let lines = [
            ("氏名の振り仮名", text(&self.furigana)),
            ("氏名", Some(self.name.to_string())),
            ("旧氏の振り仮名", self.former_family_furigana.clone()),
            ("旧氏", self.former_family.clone()),
            ("通称の振り仮名", text(&self.alias_furigana)),
            ("通称", text(&self.alias)),
        ];
        let line = |(label, value): (_, Option<String>)| {
            value.map(|value| CertificateLine { label, value })
        };
        lines.into_iter().filter_map(line).collect()
    }
}
