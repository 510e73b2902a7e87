//! What can go wrong in the store, by what the caller can do about it.

use base::said::Said;

/// A failure of the database. Its words never carry the values of a row: the server's DETAIL, which
/// quotes them, is left out of display and debug output alike.
pub struct Failure(pub tokio_postgres::Error);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.as_db_error() {
            Some(error) => {
                let place = error.table().or(error.constraint()).unwrap_or_default();
                write!(f, "{} {} {place}", error.code().code(), error.message())
            }
            None => write!(f, "{}", self.0),
        }
    }
}

impl std::fmt::Debug for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> StoreError {
        StoreError::Database(Failure(error))
    }
}

/// Errors of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row, case or document is not there: what was looked for.
    #[error("{0}が見つかりません")]
    NotFound(Said),
    /// Somebody else changed it first.
    #[error("{0}")]
    Conflict(Said),
    /// A definition cannot be installed or upgraded as asked.
    #[error("{0}")]
    Refused(String),
    /// A sealed value cannot be opened with the keys at hand.
    #[error("暗号化された項目を開けません（{0}）")]
    Vault(&'static str),
    /// The database answered with an error.
    #[error("データベースの処理に失敗しました")]
    Database(#[from] Failure),
    /// No connection could be had.
    #[error("データベースに接続できません")]
    Pool(String),
    /// Files of keys or secrets cannot be read or written.
    #[error("鍵または資格情報のファイルを扱えません")]
    Files(#[from] std::io::Error),
}

impl StoreError {
    /// True when trying the whole transaction again may succeed.
    pub fn is_transient(&self) -> bool {
        use tokio_postgres::error::SqlState;
        const AGAIN: [&SqlState; 2] =
            [&SqlState::T_R_SERIALIZATION_FAILURE, &SqlState::T_R_DEADLOCK_DETECTED];
        match self {
            StoreError::Database(Failure(error)) => {
                error.is_closed() || error.code().is_some_and(|code| AGAIN.contains(&code))
            }
            StoreError::Pool(_) => true,
            _ => false,
        }
    }

    /// True when the database refused the statements or values themselves, which a definition has
    /// made; never for a database that is full, busy, gone or broken.
    pub fn is_of_definition(&self) -> bool {
        // Data, integrity, syntax and names, limits of the program, what is not supported.
        const CLASSES: [&str; 5] = ["22", "23", "42", "54", "0A"];
        // Privileges and missing databases are the platform's.
        const OURS: [&str; 1] = ["42501"];
        match self {
            StoreError::Refused(_) => true,
            StoreError::Database(Failure(error)) => error.code().is_some_and(|code| {
                let code = code.code();
                CLASSES.iter().any(|class| code.starts_with(class)) && !OURS.contains(&code)
            }),
            _ => false,
        }
    }

    /// True when the disk is full: nothing was written.
    pub fn is_disk_full(&self) -> bool {
        use tokio_postgres::error::SqlState;
        matches!(self, StoreError::Database(e) if e.0.code() == Some(&SqlState::DISK_FULL))
    }
}
