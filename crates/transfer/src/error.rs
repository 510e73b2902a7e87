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
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// For `map_err`: a failure at `path`.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> TransferError {
    move |source| TransferError::Files { path: path.to_owned(), source }
}
