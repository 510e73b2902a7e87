//! From template and data to finished pages, inside the worker. Deterministic: the date comes
//! from the data, the identifier from the document number; there is no clock.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use typst::diag::{Severity, SourceDiagnostic};
use typst::foundations::Smart;
use typst::layout::{Frame, FrameItem};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World, WorldExt};
use typst_layout::{Page, PagedDocument};

use crate::coverage::{Coverage, Routes, missing_glyph, sequences};
use crate::fonts::{FONT_FACES, FONT_FOLDERS, FontStack};
use crate::overlay::{Mark, Overlays};
use crate::sheets::{Item, Sheets, date_read};
use crate::world::{DATA_PATH, LIBRARY_PATH, PrintWorld, SourceCache};
use crate::{MissingGlyph, PrintError, Template};

/// After this many documents the compiler's memory is swept.
const EVICT_EVERY: u32 = 30;
/// Each item of a bundle forgets what so many items before it did not use: what is of use to one
/// template is used at once, and a small memory is quick to search (3.0 ms a notice, not 3.6).
const BUNDLE_AGE: usize = 2;

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
    rendered: u32,
}

impl Engine {
    /// Loads the fonts of the system.
    ///
    /// # Errors
    /// [`PrintError::Worker`] that names the missing package.
    pub(crate) fn load() -> Result<Engine, PrintError> {
        Ok(Engine {
            library: LazyHash::new(Library::default()),
            fonts: FontStack::load(&FONT_FOLDERS.map(Path::new))?,
            coverage: Coverage::default(),
            cache: SourceCache::default(),
            overlays: Overlays::default(),
            rendered: 0,
        })
    }

    /// Sets one item and adds its pages to the sheets; `data` is the JSON text of its data.
    /// Returns the number of its pages.
    pub(crate) fn item_set(
        &mut self,
        template: &Template,
        data: Vec<u8>,
        (sheets, index): (&mut Sheets, usize),
    ) -> Result<u32, PrintError> {
        self.forget(sheets.is_bundle());
        let value: Value = serde_json::from_slice(&data).map_err(|error| {
            PrintError::Template(format!("データが JSON ではありません: {error}"))
        })?;
        let head = head_read(&value)?;
        let date = date_read(&head.issued_iso).ok_or_else(|| {
            let iso = &head.issued_iso;
            PrintError::Template(format!(
                "データの document.issued_iso「{iso}」は日付ではありません"
            ))
        })?;
        let routes = self.coverage.check(&self.fonts, &value)?;
        let mut document = self.compile(template, &routes, data)?;
        glyphs_check(&document)?;
        let pages = self.finish(&document, &head)?;
        let mut info = document.info_mut().clone();
        info.title = Some(head.title.into());
        info.date = Smart::Custom(Some(date));
        Ok(sheets.add(index, Item { pages, info, number: head.number }))
    }

    /// Sweeps the compiler's memory.
    fn forget(&mut self, bundle: bool) {
        self.rendered += 1;
        if bundle {
            typst::comemo::evict(BUNDLE_AGE);
        } else if self.rendered.is_multiple_of(EVICT_EVERY) {
            typst::comemo::evict(1);
        }
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

    /// Lays the foot and the marks over the pages.
    fn finish(&mut self, document: &PagedDocument, head: &Head) -> Result<Vec<Page>, PrintError> {
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
        pages.map_err(PrintError::Worker)
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
