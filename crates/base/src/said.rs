//! What is said to a person, in both languages: Japanese first, English beside it.
//!
//! In the English text, words that stay Japanese (what was entered, names of records, terms without
//! an English name) stand in “ ”, so that a page can mark their language. It translates nothing.

use std::fmt;

/// A message in both languages. `Display` is the Japanese one, which logs and programs get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Said {
    /// The Japanese of something that says itself, with the English beside it.
    pub fn beside(japanese: &impl fmt::Display, english: String) -> Said {
        Said { ja: japanese.to_string(), en: english }
    }

    /// Several in one, joined as each language does it: 「、」 and a comma, for example.
    pub fn join<'s>(all: impl IntoIterator<Item = &'s Said>, ja: &str, en: &str) -> Said {
        let (japanese, english): (Vec<&str>, Vec<&str>) =
            all.into_iter().map(|said| (said.ja.as_str(), said.en.as_str())).unzip();
        Said { ja: japanese.join(ja), en: english.join(en) }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.ja)
    }
}

/// A [`Said`] from the Japanese and the English, both as for `format!` with captured names:
/// `said!("「{name}」がありません", "There is no “{name}”")`.
#[macro_export]
macro_rules! said {
    ($ja:literal, $en:literal $(,)?) => {
        $crate::said::Said { ja: ::std::format!($ja), en: ::std::format!($en) }
    };
}

#[cfg(test)]
mod tests {
    use super::Said;

    #[test]
    fn both_languages_with_the_same_facts() {
        let (count, name) = (3, "氏名");
        let one =
            crate::said!("「{name}」は{count}文字まで", "“{name}”: at most {count} characters");
        assert_eq!(one.to_string(), "「氏名」は3文字まで");
        assert_eq!(one.en, "“氏名”: at most 3 characters");
        let joined = Said::join([&one, &crate::said!("二つ目", "the second")], "、", ", ");
        assert_eq!(joined.ja, "「氏名」は3文字まで、二つ目");
        assert_eq!(joined.en, "“氏名”: at most 3 characters, the second");
    }
}
