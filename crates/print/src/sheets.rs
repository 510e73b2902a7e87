//! The finished pages of one request and their way into one PDF/A-2b file, each face subset once.

use std::collections::BTreeMap;

use typst::foundations::{Datetime, Smart};
use typst::layout::{Frame, FrameItem};
use typst::model::{Destination, DocumentInfo};
use typst_layout::{Page, PagedDocument};
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::{BundleHead, Document, PrintError};

/// The pages of a request, item by item.
pub(crate) struct Sheets {
    bundle: Option<(BundleHead, Datetime)>,
    items: BTreeMap<usize, Item>,
}

/// One finished item.
pub(crate) struct Item {
    pub(crate) pages: Vec<Page>,
    /// What the file says if it holds this item alone.
    pub(crate) info: DocumentInfo,
    pub(crate) number: String,
}

/// A file and the items that could not be in it after all.
#[derive(Debug)]
pub(crate) struct Exported {
    pub(crate) document: Option<Document>,
    pub(crate) left_out: BTreeMap<usize, PrintError>,
}

impl Sheets {
    /// Without pages. A request without the head of a bundle has one item.
    ///
    /// # Errors
    /// [`PrintError::Template`] for a head without a date.
    pub(crate) fn new(bundle: Option<BundleHead>) -> Result<Sheets, PrintError> {
        let dated = |head: BundleHead| {
            let date = date_read(&head.issued_iso).ok_or_else(|| {
                PrintError::Template(format!("束の日付「{}」は日付ではありません", head.issued_iso))
            })?;
            Ok((head, date))
        };
        Ok(Sheets { bundle: bundle.map(dated).transpose()?, items: BTreeMap::new() })
    }

    /// Whether many items become one file.
    pub(crate) fn is_bundle(&self) -> bool {
        self.bundle.is_some()
    }

    /// Takes an item; returns how many pages it has.
    ///
    /// In a bundle the pages lose what makes them a document of its own: locations, which are the
    /// same in every item of a template, and with them bookmarks and links between pages.
    pub(crate) fn add(&mut self, index: usize, mut item: Item) -> u32 {
        if self.is_bundle() {
            for page in &mut item.pages {
                page.frame = untagged(&page.frame);
            }
        }
        let pages = item.pages.len() as u32;
        self.items.insert(index, item);
        pages
    }

    /// One file of all pages. If it does not conform, each item is tried alone, and those that
    /// do not conform are left out.
    ///
    /// # Errors
    /// [`PrintError::Template`] when no single item is to blame.
    pub(crate) fn export(mut self) -> Result<Exported, PrintError> {
        let refused = match self.pdf(self.items.values()) {
            Ok(document) => return Ok(Exported { document, left_out: BTreeMap::new() }),
            Err(refused) => refused,
        };
        let alone =
            |(index, item): (&usize, &Item)| Some((*index, self.pdf(std::iter::once(item)).err()?));
        let left_out: BTreeMap<usize, PrintError> = self.items.iter().filter_map(alone).collect();
        if left_out.is_empty() {
            return Err(refused);
        }
        self.items.retain(|index, _| !left_out.contains_key(index));
        Ok(Exported { document: self.pdf(self.items.values())?, left_out })
    }

    fn pdf<'a>(
        &self,
        items: impl Iterator<Item = &'a Item> + Clone,
    ) -> Result<Option<Document>, PrintError> {
        let Some(first) = items.clone().next() else { return Ok(None) };
        let (mut info, mut number) = (first.info.clone(), &first.number);
        if let Some((head, date)) = &self.bundle {
            info = DocumentInfo { locale: info.locale, ..DocumentInfo::default() };
            info.title = Some(head.title.as_str().into());
            info.date = Smart::Custom(Some(*date));
            number = &head.number;
        }
        let pages = items.flat_map(|item| &item.pages).cloned().collect();
        pdf(&PagedDocument::new(pages, info), number).map(Some)
    }
}

/// `2026-11-21` as a date.
pub(crate) fn date_read(iso: &str) -> Option<Datetime> {
    let mut parts = iso.splitn(3, '-');
    let mut next = || parts.next().and_then(|part| part.parse::<u16>().ok());
    let (year, month, day) = (next(), next(), next());
    let (month, day) = (u8::try_from(month?).ok()?, u8::try_from(day?).ok()?);
    Datetime::from_ymd(i32::from(year?), month, day)
}

fn pdf(document: &PagedDocument, number: &str) -> Result<Document, PrintError> {
    let standards = PdfStandards::new(&[PdfStandard::A_2b])
        .map_err(|error| PrintError::Worker(error.message().to_string()))?;
    let options = PdfOptions {
        ident: Smart::Custom(number.to_owned()),
        creator: Smart::Custom(Some("Kumoi".to_owned())),
        timestamp: None,
        page_ranges: None,
        standards,
        tagged: false,
        pretty: false,
    };
    let pages = document.pages().len() as u32;
    let pdf = typst_pdf::pdf(document, &options).map_err(|errors| {
        let reasons: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        PrintError::Template(format!("PDF/A-2b に適合しません: {}", reasons.join(" / ")))
    })?;
    Ok(Document { pdf, pages })
}

/// A frame without introspection tags, which must stay unique, and without links to them.
pub(crate) fn untagged(frame: &Frame) -> Frame {
    let mut plain = Frame::new(frame.size(), frame.kind());
    for (position, item) in frame.items() {
        let item = match item {
            FrameItem::Tag(_) => continue,
            FrameItem::Link(Destination::Position(_) | Destination::Location(_), _) => continue,
            FrameItem::Group(group) => {
                let mut group = group.clone();
                group.frame = untagged(&group.frame);
                FrameItem::Group(group)
            }
            other => other.clone(),
        };
        plain.push(*position, item);
    }
    plain
}
