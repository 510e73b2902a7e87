//! What goes in and what comes out: a template set and a finished document.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One template set (様式): the entry file and the files it may import. The entry file defines the
/// function `document(data)`, whose content is printed.
///
/// Paths are virtual and absolute (`/residents-copy.typ`); a missing leading slash is
/// tolerated. `/kumoi.typ` (the shared library) and `/data.json` (the data) are given by
/// the worker and cannot be replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The path of the entry file; must be a key of `files`.
    pub entry: String,
    /// Path → text. Files that end in `.typ` are sources, the others are read as bytes.
    pub files: BTreeMap<String, String>,
}

impl Template {
    /// A template of a single file.
    pub fn single(entry: impl Into<String>, source: impl Into<String>) -> Template {
        let entry = entry.into();
        let files = BTreeMap::from([(entry.clone(), source.into())]);
        Template { entry, files }
    }
}

/// A finished document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The PDF/A-2b file. The same template and data give the same bytes.
    pub pdf: Vec<u8>,
    /// The number of pages (頁数), from 1.
    pub pages: u32,
}
