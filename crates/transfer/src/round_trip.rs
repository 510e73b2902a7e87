//! Out of one database, into another, and every row compared: what the gate of conformity runs.
//!
//! The files in between hold secrets in plain text; they are removed before it returns.

use std::path::Path;

use jiff::Timestamp;

use crate::layout::Layout;
use crate::manifest::Manifest;
use crate::{Comparison, Side, TransferError, compare, export, import};

/// What came of it.
#[derive(Clone, Debug)]
pub struct RoundTrip {
    /// What was written out.
    pub manifest: Manifest,
    /// What differs afterwards.
    pub comparison: Comparison,
}

impl RoundTrip {
    /// Whether every row came back as it was.
    pub fn is_identical(&self) -> bool {
        self.comparison.is_identical() && self.comparison.rows() == self.manifest.rows()
    }
}

/// Exports the registers of `from`, imports them into the empty installation `to` (the installer's
/// connection), and compares. `folder` must be new or empty and is empty or gone afterwards.
///
/// # Errors
/// As [`export`], [`import`] and [`compare`].
pub async fn round_trip(
    mut from: Side<'_>,
    mut to: Side<'_>,
    layout: &Layout<'_>,
    (folder, at): (&Path, Timestamp),
) -> Result<RoundTrip, TransferError> {
    let manifest = export(from.again(), layout, folder, at).await?;
    let imported = import(to.again(), layout, folder, ("kumoi", at)).await;
    let removed = std::fs::remove_dir_all(folder).map_err(crate::error::at(folder));
    imported?;
    removed?;
    let comparison = compare(from, to, layout).await?;
    Ok(RoundTrip { manifest, comparison })
}
