//! The relationship to the head of household (続柄): the vocabulary of 住民記録システム標準仕様書
//! 1.1.11. What the standard forbids is refused with the right form; kinship is never inferred.

use crate::said::Said;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// A relationship to the head of household (続柄), in its standard writing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Relationship(String);

/// A refused relationship. `Display` is the Japanese message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelationshipError {
    /// Nothing was written.
    #[error("続柄が入力されていません。世帯主、妻、子 などを入力してください。")]
    Empty,
    /// A word the standard forbids that has a right form.
    #[error("続柄に「{word}」は使えません。「{right}」と入力してください。")]
    Forbidden {
        /// What was written.
        word: String,
        /// The right forms.
        right: String,
    },
    /// Not a word of the vocabulary.
    #[error(
        "「{word}」は続柄の語ではありません。夫・妻・夫（未届）・妻（未届）・子・父・母・兄・姉・\
         弟・妹を「の」でつなぐか、世帯主・縁故者・同居人を入力してください。"
    )]
    Unknown {
        /// What was written.
        word: String,
    },
    /// 世帯主, 縁故者 or 同居人 joined to another word.
    #[error("「{word}」は「の」でつなげません。単独で入力してください。")]
    Joined {
        /// What was written.
        word: String,
    },
    /// More than four generations.
    #[error("「{text}」は5世代以上です。続柄は4世代までのため「縁故者」と入力してください。")]
    TooLong {
        /// What was written.
        text: String,
    },
}

impl RelationshipError {
    /// The message in both languages.
    pub fn said(&self) -> Said {
        Said::beside(self, self.english())
    }

    fn english(&self) -> String {
        match self {
            RelationshipError::Empty => "No relationship was entered. Enter “世帯主”, “妻”, “子” \
                                         or another."
                .to_owned(),
            RelationshipError::Forbidden { word, right } => {
                let right = right.replace("」または「", "” or “");
                format!("“{word}” is not used for a relationship. Enter “{right}”.")
            }
            RelationshipError::Unknown { word } => format!(
                "“{word}” is no word for a relationship. Join \
                 “夫・妻・夫（未届）・妻（未届）・子・父・母・兄・姉・弟・妹” by “の”, or enter \
                 “世帯主”, “縁故者” or “同居人”."
            ),
            RelationshipError::Joined { word } => {
                format!("“{word}” cannot be joined by “の”. Enter it alone.")
            }
            RelationshipError::TooLong { text } => format!(
                "“{text}” goes over five generations or more. A relationship has four at most: \
                 enter “縁故者”."
            ),
        }
    }
}

/// Words that may be joined by の.
pub const KIN: [&str; 13] = [
    "夫",
    "妻",
    "夫（未届）",
    "妻（未届）",
    "子",
    "子（子の夫）",
    "子（子の妻）",
    "父",
    "母",
    "兄",
    "姉",
    "弟",
    "妹",
];

/// Words that stand alone.
pub const ALONE: [&str; 3] = ["世帯主", "縁故者", "同居人"];

/// Words joined by の at most.
pub const GENERATIONS_MAX: usize = 4;

const FORBIDDEN: [(&str, &str); 32] = [
    ("本人", "世帯主"),
    ("主", "世帯主"),
    ("準世帯主", "夫」または「妻"),
    ("未届の夫", "夫（未届）"),
    ("未届の妻", "妻（未届）"),
    ("配偶者", "夫」または「妻"),
    ("内縁の夫", "夫（未届）"),
    ("内縁の妻", "妻（未届）"),
    ("長男", "子"),
    ("長女", "子"),
    ("二男", "子"),
    ("二女", "子"),
    ("次男", "子"),
    ("次女", "子"),
    ("三男", "子"),
    ("三女", "子"),
    ("養子", "子"),
    ("養女", "子"),
    ("孫", "子の子"),
    ("ひ孫", "子の子の子"),
    ("曽孫", "子の子の子"),
    ("祖父", "父の父」または「母の父"),
    ("祖母", "父の母」または「母の母"),
    ("おじ", "父の兄」「父の弟」「母の兄」または「母の弟"),
    ("伯父", "父の兄」または「母の兄"),
    ("叔父", "父の弟」または「母の弟"),
    ("おば", "父の姉」「父の妹」「母の姉」または「母の妹"),
    ("伯母", "父の姉」または「母の姉"),
    ("叔母", "父の妹」または「母の妹"),
    ("甥", "兄の子」「姉の子」「弟の子」または「妹の子"),
    ("姪", "兄の子」「姉の子」「弟の子」または「妹の子"),
    ("家事使用人", "同居人"),
];

impl Relationship {
    /// 世帯主
    pub fn head() -> Relationship {
        Relationship("世帯主".to_owned())
    }

    /// Reads a relationship; half-width brackets and spaces are put right.
    pub fn parse(text: &str) -> Result<Relationship, RelationshipError> {
        let plain: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
        let plain = plain.replace('(', "（").replace(')', "）");
        if plain.is_empty() {
            return Err(RelationshipError::Empty);
        }
        if ALONE.contains(&plain.as_str()) {
            return Ok(Relationship(plain));
        }
        if let Some(right) = right_form(&plain) {
            return Err(RelationshipError::Forbidden { word: plain, right: right.to_owned() });
        }
        let words = words(&plain);
        for word in &words {
            check_word(word)?;
        }
        if words.len() > GENERATIONS_MAX {
            return Err(RelationshipError::TooLong { text: plain });
        }
        Ok(Relationship(plain))
    }

    /// The words joined by の, the nearest to the head first.
    pub fn words(&self) -> Vec<&str> {
        words(&self.0)
    }

    /// The standard writing.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// 世帯主
    pub fn is_head(&self) -> bool {
        self.0 == "世帯主"
    }

    /// The head's husband or wife, also unregistered (夫, 妻, 夫（未届）, 妻（未届）).
    pub fn is_spouse(&self) -> bool {
        self.is_registered_spouse() || matches!(self.as_str(), "夫（未届）" | "妻（未届）")
    }

    /// The head's husband or wife by a registered marriage (夫, 妻).
    pub fn is_registered_spouse(&self) -> bool {
        matches!(self.as_str(), "夫" | "妻")
    }

    /// The head's own child (子, 子（子の夫）, 子（子の妻）); 妻の子 is not.
    pub fn is_child(&self) -> bool {
        matches!(self.as_str(), "子" | "子（子の夫）" | "子（子の妻）")
    }

    /// 縁故者 and 同居人: no kinship is written.
    pub fn is_without_kinship(&self) -> bool {
        matches!(self.as_str(), "縁故者" | "同居人")
    }
}

fn right_form(word: &str) -> Option<&'static str> {
    FORBIDDEN.iter().find(|(forbidden, _)| *forbidden == word).map(|(_, right)| *right)
}

fn check_word(word: &str) -> Result<(), RelationshipError> {
    if KIN.contains(&word) {
        return Ok(());
    }
    if ALONE.contains(&word) {
        return Err(RelationshipError::Joined { word: word.to_owned() });
    }
    Err(match right_form(word) {
        Some(right) => {
            RelationshipError::Forbidden { word: word.to_owned(), right: right.to_owned() }
        }
        None => RelationshipError::Unknown { word: word.to_owned() },
    })
}

/// Splits at の outside brackets.
fn words(text: &str) -> Vec<&str> {
    let (mut words, mut start, mut depth) = (Vec::new(), 0, 0_i32);
    for (index, sign) in text.char_indices() {
        match sign {
            '（' => depth += 1,
            '）' => depth -= 1,
            'の' if depth == 0 => {
                words.push(&text[start..index]);
                start = index + sign.len_utf8();
            }
            _ => {}
        }
    }
    words.push(&text[start..]);
    words
}

impl fmt::Display for Relationship {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Relationship {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Relationship {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Relationship {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Relationship, D::Error> {
        let text = String::deserialize(deserializer)?;
        Relationship::parse(&text).map_err(serde::de::Error::custom)
    }
}
