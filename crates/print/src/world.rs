//! The closed world a template sees: its own files, `/kumoi.typ`, `/data.json` and the
//! font stack. No disk, no packages, no network, no clock.

use std::collections::HashMap;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, World};

use crate::fonts::FontStack;

/// The path of the shared library.
pub(crate) const LIBRARY_PATH: &str = "/kumoi.typ";
/// The path of the data.
pub(crate) const DATA_PATH: &str = "/data.json";
/// The path of the generated main file.
pub(crate) const MAIN_PATH: &str = "/kumoi-main.typ";

/// The text of the shared library.
const LIBRARY_TEXT: &str = include_str!("../assets/kumoi.typ");

/// Parsed sources of past documents, by path; a changed text replaces its entry.
#[derive(Default)]
pub(crate) struct SourceCache {
    sources: HashMap<FileId, Source>,
}

impl SourceCache {
    fn get(&mut self, id: FileId, text: &str) -> Source {
        match self.sources.get(&id) {
            Some(source) if source.text() == text => source.clone(),
            _ => {
                let source = Source::new(id, text.to_owned());
                self.sources.insert(id, source.clone());
                source
            }
        }
    }
}

/// One compilation's files.
pub(crate) struct PrintWorld<'a> {
    library: &'a LazyHash<Library>,
    fonts: &'a FontStack,
    main: FileId,
    sources: HashMap<FileId, Source>,
    files: HashMap<FileId, Bytes>,
}

impl<'a> PrintWorld<'a> {
    /// A world with the generated main file, the shared library and the data.
    pub(crate) fn new(
        library: &'a LazyHash<Library>,
        fonts: &'a FontStack,
        cache: &mut SourceCache,
        main_text: &str,
        data: Vec<u8>,
    ) -> Result<PrintWorld<'a>, String> {
        let main = file_id(MAIN_PATH)?;
        let shared = file_id(LIBRARY_PATH)?;
        let sources = HashMap::from([
            (main, cache.get(main, main_text)),
            (shared, cache.get(shared, LIBRARY_TEXT)),
        ]);
        let files = HashMap::from([(file_id(DATA_PATH)?, Bytes::new(data))]);
        Ok(PrintWorld { library, fonts, main, sources, files })
    }

    /// Adds one file of the template; the worker's own paths cannot be replaced.
    pub(crate) fn add(
        &mut self,
        cache: &mut SourceCache,
        path: &str,
        text: &str,
    ) -> Result<(), String> {
        let id = file_id(path)?;
        if self.sources.contains_key(&id) || self.files.contains_key(&id) {
            return Err(format!("{path} は予約された名前、または重複した名前です"));
        }
        if path.ends_with(".typ") {
            self.sources.insert(id, cache.get(id, text));
        } else {
            self.files.insert(id, Bytes::from_string(text.to_owned()));
        }
        Ok(())
    }
}

/// The id of an absolute virtual path.
pub(crate) fn file_id(path: &str) -> Result<FileId, String> {
    let path = VirtualPath::new(path)
        .map_err(|error| format!("ファイル名 {path} は使えません（{error:?}）"))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl World for PrintWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.sources.get(&id).cloned().ok_or_else(|| not_found(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if let Some(bytes) = self.files.get(&id) {
            return Ok(bytes.clone());
        }
        let source = self.sources.get(&id).ok_or_else(|| not_found(id))?;
        Ok(Bytes::from_string(source.clone()))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn not_found(id: FileId) -> FileError {
    FileError::NotFound(id.vpath().get_with_slash().into())
}
