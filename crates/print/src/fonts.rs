//! The font stack: three named families from the system's font folders, memory-mapped.
//! No other font is ever loaded, so a host with more fonts prints the same bytes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use memmap2::{Mmap, MmapOptions};
use typst::foundations::Bytes;
use typst::layout::Abs;
use typst::text::{Font, FontBook, FontInstance, FontVariant, FontVariations};
use typst::utils::LazyHash;

use crate::PrintError;

/// One face of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FontFace {
    /// The family name inside the file.
    pub family: &'static str,
    /// The file name below a font folder.
    pub file: &'static str,
    /// The Debian package that installs it.
    pub package: &'static str,
}

/// The stack, first choice first. IPAmj Mincho carries the MJ character set and its
/// variation sequences; IPAex Mincho and Noto Serif CJK carry other sequences and scripts.
pub const FONT_FACES: [FontFace; 3] = [
    FontFace { family: "IPAmjMincho", file: "ipamjm.ttf", package: "fonts-ipamj-mincho" },
    FontFace { family: "IPAexMincho", file: "ipaexm.ttf", package: "fonts-ipaexfont-mincho" },
    FontFace {
        family: "Noto Serif CJK JP",
        file: "NotoSerifCJK-Regular.ttc",
        package: "fonts-noto-cjk",
    },
];

/// Where the faces are looked for.
pub const FONT_FOLDERS: [&str; 2] = ["/usr/share/fonts", "/usr/local/share/fonts"];

/// The loaded faces, in the order of [`FONT_FACES`].
pub(crate) struct FontStack {
    fonts: Vec<Font>,
    book: LazyHash<FontBook>,
    instances: Vec<OnceLock<FontInstance>>,
}

impl FontStack {
    /// Loads every face or says which package is missing.
    pub(crate) fn load(folders: &[&Path]) -> Result<FontStack, PrintError> {
        let mut fonts = Vec::new();
        for face in &FONT_FACES {
            fonts.push(face_load(folders, face)?);
        }
        let book = LazyHash::new(FontBook::from_fonts(&fonts));
        let instances = fonts.iter().map(|_| OnceLock::new()).collect();
        Ok(FontStack { fonts, book, instances })
    }

    pub(crate) fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    pub(crate) fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    pub(crate) fn len(&self) -> usize {
        self.fonts.len()
    }

    /// Whether the face has a glyph of its own for the character.
    pub(crate) fn has_base(&self, index: usize, base: char) -> bool {
        let glyph = self.instance(index).ttf().glyph_index(base);
        glyph.is_some_and(|glyph| glyph.0 != 0)
    }

    /// Whether the face has the variation sequence.
    pub(crate) fn has_sequence(&self, index: usize, base: char, selector: char) -> bool {
        let glyph = self.instance(index).ttf().glyph_variation_index(base, selector);
        glyph.is_some_and(|glyph| glyph.0 != 0)
    }

    fn instance(&self, index: usize) -> &FontInstance {
        self.instances[index].get_or_init(|| {
            let font = self.fonts[index].clone();
            font.instantiate(FontVariant::default(), Abs::pt(10.0), &FontVariations::default())
        })
    }
}

fn face_load(folders: &[&Path], face: &FontFace) -> Result<Font, PrintError> {
    let path = folders.iter().find_map(|folder| file_find(folder, face.file));
    let path = path.ok_or_else(|| face_missing(face))?;
    let bytes = Bytes::new(map(&path).map_err(|error| {
        PrintError::Worker(format!("書体 {} を読めません: {error}", path.display()))
    })?);
    let mut faces = Font::iter(bytes);
    faces.find(|font| font.info().family == face.family).ok_or_else(|| face_missing(face))
}

fn face_missing(face: &FontFace) -> PrintError {
    PrintError::Worker(format!(
        "書体 {}（{}）がありません。apt-get install {} で入れてください",
        face.family, face.file, face.package
    ))
}

/// Depth-first in the order of names, so that every host finds the same file.
fn file_find(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort();
    entries.iter().find_map(|path| {
        if path.is_dir() {
            file_find(path, name)
        } else {
            path.file_name().is_some_and(|found| found == name).then(|| path.clone())
        }
    })
}

/// Maps the file: workers share its pages through the page cache, all but the first.
#[allow(
    unsafe_code,
    reason = "a private map of a root-owned system font; \
    packages replace such files by rename, so mapped bytes do not change"
)]
fn map(path: &Path) -> std::io::Result<Mmap> {
    let file = File::open(path)?;
    // SAFETY: see the reason above.
    let mut map = unsafe { MmapOptions::new().map_copy(&file)? };
    glyph_names_hide(&mut map);
    map.make_read_only()
}

/// Hides the table of glyph names (`post`) under a name that nobody asks for. No document carries
/// glyph names, yet each would copy those of all 60,000 glyphs. Collections stay as they are.
fn glyph_names_hide(font: &mut [u8]) {
    let count = match font.first_chunk::<6>() {
        Some([0, 1, 0, 0, high, low] | [b'O', b'T', b'T', b'O', high, low]) => {
            usize::from(u16::from_be_bytes([*high, *low]))
        }
        _ => return,
    };
    let records = font.get_mut(12..12 + count * 16).unwrap_or_default();
    for record in records.chunks_exact_mut(16).filter(|record| record.starts_with(b"post")) {
        // The records stay in order.
        record[..4].copy_from_slice(b"posu");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_table_of_glyph_names_is_hidden() {
        let mut font = [b"\0\x01\0\0\0\x03______".as_slice(), b"name", &[1; 12]].concat();
        font.extend([b"post".as_slice(), &[2; 12], b"prep", &[3; 12], b"post"].concat());
        let mut hidden = font.clone();
        glyph_names_hide(&mut hidden);
        let changed: Vec<usize> = (0..font.len()).filter(|at| font[*at] != hidden[*at]).collect();
        assert_eq!((changed, &hidden[28..32]), (vec![31], b"posu".as_slice()));
        for other in [b"ttcf\0\x01\0\0".as_slice(), b"\0\x01\0\0\xff\xff", b""] {
            let mut same = other.to_vec();
            glyph_names_hide(&mut same);
            assert_eq!(same, other);
        }
    }

    #[test]
    fn a_missing_face_names_its_package() {
        let Err(error) = FontStack::load(&[Path::new("/nonexistent")]) else {
            panic!("loaded fonts from nowhere");
        };
        assert!(error.to_string().contains("apt-get install fonts-ipamj-mincho"), "{error}");
    }
}
