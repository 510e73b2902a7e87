//! What can go wrong in the office, by what the caller can do about it.

use base::said;
use base::said::Said;
use store::StoreError;

use crate::plan::Finding;

/// Errors of the office.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// It is not there, or belongs to somebody else: what was looked for.
    #[error("{0}が見つかりません")]
    NotFound(Said),
    /// The person may not do this.
    #[error("{0}")]
    Forbidden(Said),
    /// Somebody else was first, or the case is not in a stage for this.
    #[error("{0}")]
    Conflict(Said),
    /// The form or the checks: every finding with its place.
    #[error("入力を確かめてください")]
    Invalid(Vec<Finding>),
    /// Sign-in was refused.
    #[error("{0}")]
    SignIn(Said),
    /// Too many tries: again after so many seconds.
    #[error("サインインの試みが多すぎます。{0}秒待ってから、もう一度試してください")]
    TooMany(i32),
    /// A definition cannot be carried out.
    #[error("業務定義の誤りです: {0}")]
    Definition(String),
    /// A document has characters that cannot be printed; each waits for identification.
    #[error("印字できない文字があります: {}", .0.join("、"))]
    Glyphs(Vec<String>),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl OfficeError {
    /// One field of a form that cannot be accepted.
    pub fn invalid(field: &str, said: Said) -> OfficeError {
        OfficeError::Invalid(vec![Finding::at(field, said)])
    }

    /// The message in both languages. Faults of the house say in English what happened and what to
    /// do; their particulars are in the log.
    pub fn said(&self) -> Said {
        let english = match self {
            OfficeError::NotFound(what) => format!("{} was not found", what.en),
            OfficeError::Forbidden(said)
            | OfficeError::Conflict(said)
            | OfficeError::SignIn(said) => said.en.clone(),
            OfficeError::Invalid(_) => "Check what was entered".to_owned(),
            OfficeError::TooMany(seconds) => {
                format!("Too many tries to sign in. Wait {seconds} seconds, then try again")
            }
            OfficeError::Definition(_) => "The definition of this system has a fault. Nothing was \
                                           stored. Tell the administrator"
                .to_owned(),
            OfficeError::Glyphs(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("“{word}”")).collect();
                format!("Some characters cannot be printed: {}", words.join(", "))
            }
            OfficeError::Store(_) => {
                "It did not work. Nothing was stored. Tell the administrator if it goes on"
                    .to_owned()
            }
        };
        Said::beside(self, english)
    }
}

/// Protected people (支援措置) are handled by the officer for them only.
pub(crate) fn protected() -> OfficeError {
    OfficeError::Forbidden(said!(
        "取扱注意の記録です。支援措置担当に引き継いでください",
        "This record is restricted. Hand it over to the protection officer"
    ))
}

impl From<StoreError> for OfficeError {
    fn from(error: StoreError) -> OfficeError {
        match error {
            StoreError::NotFound(what) => OfficeError::NotFound(what),
            StoreError::Conflict(what) => OfficeError::Conflict(what),
            other => OfficeError::Store(other),
        }
    }
}

impl From<store::DatabaseError> for OfficeError {
    fn from(error: store::DatabaseError) -> OfficeError {
        OfficeError::Store(error.into())
    }
}

#[cfg(test)]
mod tests {
    use base::said;

    use super::OfficeError;

    #[track_caller]
    fn check(error: &OfficeError, ja: &str, en: &str) {
        let told = error.said();
        assert_eq!((told.ja.as_str(), told.en.as_str()), (error.to_string().as_str(), en));
        assert!(told.ja.contains(ja), "{}", told.ja);
        let quoted = |(at, _): &(usize, char)| {
            let before = &told.en[..*at];
            before.matches('“').count() > before.matches('”').count()
        };
        let mut bare = told.en.char_indices().filter(|one| !quoted(one));
        assert!(bare.all(|(_, c)| u32::from(c) < 0x3000), "{}", told.en);
    }

    #[test]
    fn every_error_is_said_in_both_languages() {
        let missing = OfficeError::NotFound(said!("台帳「人」", "The register “人”"));
        check(&missing, "台帳「人」が見つかりません", "The register “人” was not found");
        check(
            &super::protected(),
            "支援措置担当",
            "This record is restricted. Hand it over to the protection officer",
        );
        let invalid = OfficeError::invalid("note", said!("理由を", "Enter the reason"));
        check(&invalid, "入力を確かめて", "Check what was entered");
        let wait = "Too many tries to sign in. Wait 7 seconds, then try again";
        check(&OfficeError::TooMany(7), "7秒待って", wait);
        let glyphs = OfficeError::Glyphs(vec!["邉（U+9089）".to_owned(), "一".to_owned()]);
        check(
            &glyphs,
            "邉（U+9089）、一",
            "Some characters cannot be printed: “邉（U+9089）”, “一”",
        );
        let fault = "The definition of this system has a fault. Nothing was stored. Tell the \
                     administrator";
        check(&OfficeError::Definition("台帳がない".to_owned()), "台帳がない", fault);
        let store = OfficeError::Store(store::StoreError::Vault("鍵の番号"));
        let english = "It did not work. Nothing was stored. Tell the administrator if it goes on";
        check(&store, "暗号化された項目", english);
    }
}
