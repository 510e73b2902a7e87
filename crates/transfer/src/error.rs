//! What can go wrong on the way out and in, by what the caller can do about it.

use std::path::{Path, PathBuf};

use store::StoreError;

use crate::csv::BadCsv;

/// Errors of a transfer.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// It was not begun: why, and what to do.
    #[error("{0}")]
    Refused(String),
    /// A file of rows is not as it must be; nothing was taken over.
    #[error(transparent)]
    BadCsv(#[from] Box<BadCsv>),
    /// A file or folder cannot be read or written.
    #[error("{path} を扱えません（{source}）。場所と権限、空きを確かめてください")]
    Files {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It did not end in time.
    #[error("{seconds} 秒で終わりません")]
    Overdue {
        /// The limit.
        seconds: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransferError {
    /// True when the system whose rows were moved has caused it.
    pub(crate) fn is_of_package(&self) -> bool {
        match self {
            TransferError::BadCsv(_) => true,
            TransferError::Store(error) => error.is_of_definition(),
            _ => false,
        }
    }
}

/// For `map_err`: a failure at `path`.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> TransferError {
    move |source| TransferError::Files { path: path.to_owned(), source }
}
