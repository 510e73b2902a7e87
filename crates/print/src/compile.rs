//! From template and data to PDF/A-2b, inside the worker. Deterministic: the date comes
//! from the data, the identifier from the document number; there is no clock.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use typst::diag::{Severity, SourceDiagnostic};
use typst::foundations::{Datetime, Smart};
use typst::layout::{Frame, FrameItem};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World, WorldExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::coverage::{Coverage, Routes, missing_glyph, sequences};
use crate::fonts::{FONT_FACES, FONT_FOLDERS, FontStack};
use crate::overlay::{Mark, Overlays};
use crate::world::{DATA_PATH, LIBRARY_PATH, PrintWorld, SourceCache};
use crate::{Document, MissingGlyph, PrintError, Template};

/// After this many documents the compiler's memory is swept.
const EVICT_EVERY: u32 = 30;

/// The part of the data that the worker itself reads (`data.document`).
#[derive(Debug, Deserialize)]
struct Head {
    title: String,
    number: String,
    issued_iso: String,
    sample: bool,
    #[serde(default)]
    void: bool,
}

/// The compiler with its caches; one per worker process.
pub(crate) struct Engine {
    library: LazyHash<Library>,
    fonts: FontStack,
    coverage: Coverage,
    cache: SourceCache,
    overlays: Overlays,
    standards: PdfStandards,
    rendered: u32,
}

impl Engine {
    /// Loads the fonts of the system.
    ///
    /// # Errors
    /// [`PrintError::Worker`] that names the missing package.
    pub(crate) fn load() -> Result<Engine, PrintError> {
        let standards = PdfStandards::new(&[PdfStandard::A_2b])
            .map_err(|error| PrintError::Worker(error.message().to_string()))?;
        Ok(Engine {
            library: LazyHash::new(Library::default()),
            fonts: FontStack::load(&FONT_FOLDERS.map(Path::new))?,
            coverage: Coverage::default(),
            cache: SourceCache::default(),
            overlays: Overlays::default(),
            standards,
            rendered: 0,
        })
    }

    /// Prints one document. `data` is the JSON text of the data.
    pub(crate) fn render(
        &mut self,
        template: &Template,
        data: Vec<u8>,
    ) -> Result<Document, PrintError> {
        self.rendered += 1;
        if self.rendered.is_multiple_of(EVICT_EVERY) {
            typst::comemo::evict(1);
        }
        let value: Value = serde_json::from_slice(&data).map_err(|error| {
            PrintError::Template(format!("データが JSON ではありません: {error}"))
        })?;
        let head = head_read(&value)?;
        let routes = self.coverage.check(&self.fonts, &value)?;
        let document = self.compile(template, &routes, data)?;
        glyphs_check(&document)?;
        let document = self.finish(document, &head)?;
        self.export(&document, &head)
    }

    fn compile(
        &mut self,
        template: &Template,
        routes: &Routes,
        data: Vec<u8>,
    ) -> Result<PagedDocument, PrintError> {
        let main = main_text(&template.entry, routes);
        let world = PrintWorld::new(&self.library, &self.fonts, &mut self.cache, &main, data);
        let mut world = world.map_err(PrintError::Template)?;
        for (path, text) in &template.files {
            world.add(&mut self.cache, path, text).map_err(PrintError::Template)?;
        }
        compile_world(&world).map_err(PrintError::Template)
    }

    /// Sets the metadata and lays the foot and the marks over the pages.
    fn finish(
        &mut self,
        mut document: PagedDocument,
        head: &Head,
    ) -> Result<PagedDocument, PrintError> {
        let marks: Vec<Mark> = [(head.sample, Mark::Sample), (head.void, Mark::Void)]
            .into_iter()
            .filter_map(|(wanted, mark)| wanted.then_some(mark))
            .collect();
        let (library, fonts, cache) = (&self.library, &self.fonts, &mut self.cache);
        let compile = |main: &str, data: &Value| {
            let data = data.to_string().into_bytes();
            compile_world(&PrintWorld::new(library, fonts, cache, main, data)?)
        };
        let pages = self.overlays.apply(document.pages(), &head.number, &marks, compile);
        let mut info = document.info_mut().clone();
        info.title = Some(head.title.as_str().into());
        info.date = Smart::Custom(Some(date_read(&head.issued_iso)?));
        let pages = pages.map_err(PrintError::Worker)?;
        Ok(PagedDocument::new(pages.into_iter().collect(), info))
    }

    fn export(&self, document: &PagedDocument, head: &Head) -> Result<Document, PrintError> {
        let options = PdfOptions {
            ident: Smart::Custom(head.number.clone()),
            creator: Smart::Custom(Some("Kumoi".to_owned())),
            timestamp: None,
            page_ranges: None,
            standards: self.standards.clone(),
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
}

fn head_read(data: &Value) -> Result<Head, PrintError> {
    let head = data.get("document").cloned().unwrap_or(Value::Null);
    serde_json::from_value(head).map_err(|error| {
        PrintError::Template(format!(
            "データの document には title, number, issued_iso, sample が要ります: {error}"
        ))
    })
}

/// `2026-11-21` as a date.
fn date_read(iso: &str) -> Result<Datetime, PrintError> {
    let mut parts = iso.splitn(3, '-');
    let mut next = || parts.next().and_then(|part| part.parse::<u16>().ok());
    let (year, month, day) = (next(), next(), next());
    let date = (|| {
        let (month, day) = (u8::try_from(month?).ok()?, u8::try_from(day?).ok()?);
        Datetime::from_ymd(i32::from(year?), month, day)
    })();
    date.ok_or_else(|| {
        PrintError::Template(format!("データの document.issued_iso「{iso}」は日付ではありません"))
    })
}

/// The generated main file: the defaults of the house, the routes, then the entry's `document`
/// called with the data.
fn main_text(entry: &str, routes: &Routes) -> String {
    let mut text = format!(
        "#import \"{LIBRARY_PATH}\": faces\n\
         #set text(font: faces, lang: \"ja\", region: \"JP\")\n"
    );
    for ((base, selector), face) in routes {
        let selector = selector.map_or_else(String::new, String::from);
        let family = FONT_FACES[*face].family;
        text.push_str(&format!("#show \"{base}{selector}\": set text(font: \"{family}\")\n"));
    }
    let entry = entry.trim_start_matches('/').replace(['\\', '"'], "_");
    text.push_str(&format!(
        "#import \"/{entry}\" as notice\n\
         #if \"document\" not in dictionary(notice) {{ panic(\"{entry} に document(data) がありません\") }}\n\
         #(notice.document)(json(\"{DATA_PATH}\"))\n"
    ));
    text
}

fn compile_world(world: &PrintWorld<'_>) -> Result<PagedDocument, String> {
    let compiled = typst::compile::<PagedDocument>(world);
    compiled.output.map_err(|errors| {
        let errors: Vec<String> = errors
            .iter()
            .filter(|error| error.severity == Severity::Error)
            .take(5)
            .map(|error| diagnostic_text(world, error))
            .collect();
        errors.join("\n")
    })
}

/// One error: file, line, column, reason, hints.
fn diagnostic_text(world: &PrintWorld<'_>, error: &SourceDiagnostic) -> String {
    let mut text = place_text(world, error).unwrap_or_default();
    text.push_str(&error.message);
    for hint in &error.hints {
        text.push_str(&format!("（{}）", hint.v));
    }
    text
}

fn place_text(world: &PrintWorld<'_>, error: &SourceDiagnostic) -> Option<String> {
    let source = world.source(error.span.id()?).ok()?;
    let range = world.range(error.span)?;
    let (line, column) = source.lines().byte_to_line_column(range.start)?;
    let id = source.id();
    Some(format!("{} の{}行{}桁: ", id.vpath().get_without_slash(), line + 1, column + 1))
}

/// The second line of defence: no glyph 0 (.notdef) on any page.
fn glyphs_check(document: &PagedDocument) -> Result<(), PrintError> {
    let mut missing = Vec::new();
    for page in document.pages() {
        frame_check(&page.frame, &mut missing);
    }
    if missing.is_empty() { Ok(()) } else { Err(PrintError::MissingGlyphs(missing)) }
}

fn frame_check(frame: &Frame, missing: &mut Vec<MissingGlyph>) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => frame_check(&group.frame, missing),
            FrameItem::Text(text) => {
                for glyph in text.glyphs.iter().filter(|glyph| glyph.id == 0) {
                    let shown = text.text.get(glyph.range()).unwrap_or(&text.text);
                    missing.extend(sequences(shown).map(|found| missing_glyph("", found)));
                }
            }
            _ => {}
        }
    }
}
