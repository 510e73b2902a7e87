//! What can go wrong in the office, by what the caller can do about it.

use store::StoreError;

use crate::plan::Finding;

/// Errors of the office.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// It is not there, or belongs to somebody else.
    #[error("{0}が見つかりません")]
    NotFound(String),
    /// The person may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// Somebody else was first, or the case is not in a stage for this.
    #[error("{0}")]
    Conflict(String),
    /// The form or the checks: every finding with its place.
    #[error("入力を確かめてください")]
    Invalid(Vec<Finding>),
    /// Sign-in was refused.
    #[error("{0}")]
    SignIn(String),
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
