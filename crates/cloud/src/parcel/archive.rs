//! The archive around a parcel: plain text files in a gzipped tar, without owners and times, so
//! that the same content gives the same bytes. Links, other kinds of entries, paths that lead out,
//! and what is too large are refused.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Component;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tar::{Archive, Builder, EntryType, Header};

/// Unpacked, no honest parcel is larger.
const MAX_BYTES: u64 = 32 << 20;
/// Nor holds more files.
const MAX_FILES: usize = 4_000;

pub(super) fn write(files: &BTreeMap<String, &str>) -> io::Result<Vec<u8>> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (name, text) in files {
        let mut header = Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_entry_type(EntryType::Regular);
        builder.append_data(&mut header, name, text.as_bytes())?;
    }
    builder.into_inner()?.finish()
}

/// Every file by its path; why it cannot be read.
pub(super) fn read(bytes: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let unreadable = |error: io::Error| format!("読めない（{error}）");
    let mut archive = Archive::new(GzDecoder::new(bytes).take(MAX_BYTES));
    let mut files = BTreeMap::new();
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let path = entry.path().map_err(unreadable)?.into_owned();
        let shown = path.display().to_string();
        if entry.header().entry_type() == EntryType::Directory {
            continue;
        }
        let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        if entry.header().entry_type() != EntryType::Regular || !inside {
            return Err(format!("「{shown}」はふつうのファイルではないか、外を指している"));
        }
        let mut text = String::new();
        if entry.read_to_string(&mut text).is_err() {
            return Err(format!("「{shown}」が UTF-8 の文書ではないか、途中で切れている"));
        }
        if files.insert(shown.clone(), text).is_some() {
            return Err(format!("「{shown}」が二つある"));
        }
        if files.len() > MAX_FILES {
            return Err(format!("ファイルが {MAX_FILES} を超える"));
        }
    }
    if files.is_empty() {
        return Err("中身がないか、途中で切れている".to_owned());
    }
    Ok(files)
}
