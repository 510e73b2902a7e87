//! What the office calls things on a case, in English: stages, acts, origins and changes are stored
//! in Japanese. Records are never translated.

use crate::case::stage;

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

/// How somebody decides: 決裁, 専決, 代決.
const MANNERS: &[(&str, &str)] =
    &[("決裁", "Decides"), ("専決", "Decides, delegated"), ("代決", "Decides for the chief")];

fn found<'t>(table: &'t [(&str, &str)], japanese: &str) -> Option<&'t str> {
    table.iter().find(|(word, _)| *word == japanese).map(|(_, english)| *english)
}

/// The English of a stage, an act, an origin or a change; an unknown one stays as it is.
pub fn english(japanese: &str) -> &str {
    found(WORDS, japanese).unwrap_or(japanese)
}

/// The English of a manner of deciding; an unknown one stays as it is.
pub fn manner(japanese: &str) -> &str {
    found(MANNERS, japanese).unwrap_or(japanese)
}

#[cfg(test)]
mod tests {
    use super::{english, manner};
    use crate::case::{Act, stage};

    #[track_caller]
    fn check(words: &str) {
        assert!(words.is_ascii(), "{words} is not English");
    }

    #[test]
    fn stages_acts_and_manners_have_english() {
        let open = [stage::ENTERED, stage::REVIEWED, stage::RETURNED, stage::TO_DO];
        for word in open.iter().chain(stage::DONE) {
            check(english(word));
        }
        for act in [Act::Review, Act::Approve, Act::Return, Act::Revise, Act::Withdraw] {
            check(english(act.word()));
        }
        for word in ["決裁", "専決", "代決"] {
            check(english(word));
            check(manner(word));
        }
        assert_eq!(english("別の語"), "別の語");
    }
}
