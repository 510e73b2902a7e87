//! What the worker itself lays over every finished page: the foot with 発行番号 and page
//! number, 見本 for samples and 書損 for voided documents. It is added after the template
//! has run, so no template can switch it off, cover it or forget it.

use std::collections::HashMap;

use serde_json::{Value, json};
use typst::layout::{Abs, Frame, Point};
use typst_layout::{Page, PagedDocument};

use crate::sheets::untagged;

/// One kind of mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mark {
    /// 見本
    Sample,
    /// 書損
    Void,
}

impl Mark {
    fn function(self) -> &'static str {
        match self {
            Mark::Sample => "overlay-sample",
            Mark::Void => "overlay-void",
        }
    }

    /// The main file that draws the mark alone on a page of this size.
    fn source(self, size: PageSize) -> String {
        let function = self.function();
        format!(
            "#import \"/kumoi.typ\": {function}\n\
             #set page(width: {}pt / 100, height: {}pt / 100, margin: 0pt, fill: none)\n\
             #{function}({}pt / 100, {}pt / 100)\n",
            size.0, size.1, size.0, size.1
        )
    }
}

/// Width and height in hundredths of a point.
type PageSize = (i64, i64);

/// The main file that draws the feet of all pages: by itself, so that the shared library is not
/// evaluated a second time for each document.
const FEET_SOURCE: &str = include_str!("../assets/feet.typ");

/// Drawn marks by kind and page size.
#[derive(Default)]
pub(crate) struct Overlays {
    frames: HashMap<(Mark, PageSize), Frame>,
}

impl Overlays {
    /// Lays foot and marks over every page. `compile` turns a main file and data into
    /// pages; an empty `number` means no foot.
    pub(crate) fn apply(
        &mut self,
        pages: &[Page],
        number: &str,
        marks: &[Mark],
        mut compile: impl FnMut(&str, &Value) -> Result<PagedDocument, String>,
    ) -> Result<Vec<Page>, String> {
        let mut pages = pages.to_vec();
        if !number.is_empty() {
            feet_apply(&mut pages, number, &mut compile)?;
        }
        for page in &mut pages {
            for &mark in marks {
                let size = page_size(page);
                if let std::collections::hash_map::Entry::Vacant(e) =
                    self.frames.entry((mark, size))
                {
                    let drawn = compile(&mark.source(size), &Value::Null)?;
                    e.insert(mark_frame(&drawn)?);
                }
                page.frame.push_frame(Point::zero(), self.frames[&(mark, size)].clone());
            }
        }
        Ok(pages)
    }
}

fn feet_apply(
    pages: &mut [Page],
    number: &str,
    compile: &mut impl FnMut(&str, &Value) -> Result<PagedDocument, String>,
) -> Result<(), String> {
    let sizes: Vec<PageSize> = pages.iter().map(page_size).collect();
    let feet = compile(FEET_SOURCE, &json!({ "number": number, "sizes": sizes }))?;
    if feet.pages().len() != pages.len() {
        return Err("発行番号の欄が頁に収まりません".to_owned());
    }
    for (page, foot) in pages.iter_mut().zip(feet.pages()) {
        page.frame.push_frame(Point::zero(), untagged(&foot.frame));
    }
    Ok(())
}

fn page_size(page: &Page) -> PageSize {
    let hundredths = |length: Abs| (length.to_pt() * 100.0).round() as i64;
    (hundredths(page.frame.width()), hundredths(page.frame.height()))
}

/// The single page of a mark without introspection tags, which must stay unique.
fn mark_frame(drawn: &PagedDocument) -> Result<Frame, String> {
    let [page] = drawn.pages() else {
        return Err("見本・書損の表示が1頁に収まりません".to_owned());
    };
    Ok(untagged(&page.frame))
}
