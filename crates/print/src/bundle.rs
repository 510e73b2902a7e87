//! Printing in bulk (一括印刷): many documents of one template in one file.

use serde::{Deserialize, Serialize};

use crate::{Document, PrintError};

/// What a bundle says of itself; its documents keep their own numbers and dates on their pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleHead {
    /// The title of the file.
    pub title: String,
    /// The identifier of the file.
    pub number: String,
    /// The date of the file: `2026-06-10`.
    pub issued_iso: String,
}

/// A printed bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// One file with the pages of all printed items, in their order; none when no item was
    /// printed. The same template, head and items give the same bytes.
    pub document: Option<Document>,
    /// What became of each item, in their order: its place in the file, or why it was left out.
    pub parts: Vec<Result<Part, PrintError>>,
}

/// Where an item stands in the file of its bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its first page in the file, from 1.
    pub first_page: u32,
    /// How many pages it has.
    pub pages: u32,
}

impl Bundle {
    /// From the number of pages of each item.
    pub(crate) fn new(document: Option<Document>, items: Vec<Result<u32, PrintError>>) -> Bundle {
        let mut next = 1;
        let mut place = |pages| {
            let first_page = next;
            next += pages;
            Part { first_page, pages }
        };
        let parts = items.into_iter().map(|item| item.map(&mut place)).collect();
        Bundle { document, parts }
    }
}
