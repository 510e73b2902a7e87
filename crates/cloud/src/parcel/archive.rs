//! The archive around a parcel: plain text files in a gzipped tar, without owners and times, so
//! that the same content gives the same bytes. Links, other kinds of entries, paths that lead out,
//! and what is too large are refused.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Component, Path};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tar::{Archive, Builder, EntryType, Header};

/// Unpacked, no honest parcel is larger.
const MAX_BYTES: u64 = 32 << 20;
/// Nor one of its files.
const MAX_FILE_BYTES: u64 = definition::limits::FILE_BYTES as u64;
/// Nor does it hold more files.
const MAX_FILES: usize = 4_000;
/// Bytes of the path of a file.
const MAX_NAME: usize = 200;
/// What an archive adds to a file: its head and the rest of its last block.
const BLOCKS: u64 = 2_048;

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

/// What to do with a file that was damaged on its way, or made by other means.
const AGAIN: &str = "kumoi parcel make で作ったファイルをそのまま送る";
/// What to do with a content that cannot be taken.
const MEND: &str = "フォルダで直し、kumoi parcel make で作り直す";

/// Every file by its path; or why it cannot be read, and what to do.
pub(super) fn read(bytes: &[u8]) -> Result<BTreeMap<String, String>, (String, &'static str)> {
    let unreadable = |error: io::Error| (format!("読めない（{error}）"), AGAIN);
    // Whatever the heads say, no more than this is unpacked.
    let most = MAX_BYTES + BLOCKS * MAX_FILES as u64;
    let mut archive = Archive::new(GzDecoder::new(bytes).take(most));
    let mut files = BTreeMap::new();
    let mut left = MAX_BYTES;
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let path = entry.path().map_err(unreadable)?.into_owned();
        let shown = name_of(&path)?;
        if entry.header().entry_type() == EntryType::Directory {
            continue;
        }
        let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        if entry.header().entry_type() != EntryType::Regular || !inside {
            let why = format!("「{shown}」はふつうのファイルではないか、外を指している");
            return Err((why, AGAIN));
        }
        if entry.size() > MAX_FILE_BYTES {
            let most = MAX_FILE_BYTES >> 20;
            let why = format!("「{shown}」が大きすぎる（一つのファイルは {most} メガバイトまで）");
            return Err((why, MEND));
        }
        left = left.checked_sub(entry.size()).ok_or_else(|| {
            (format!("全部のファイルで大きすぎる（{} メガバイトまで）", MAX_BYTES >> 20), MEND)
        })?;
        let mut text = String::new();
        if entry.read_to_string(&mut text).is_err() {
            let why = format!("「{shown}」が UTF-8 の文書ではないか、途中で切れている");
            return Err((why, MEND));
        }
        if let Some((line, column)) = zero(&text) {
            let place = format!("「{shown}」の {line} 行 {column} 列");
            return Err((format!("{place}に、使えない文字 U+0000 がある"), MEND));
        }
        if files.insert(shown.clone(), text).is_some() {
            return Err((format!("「{shown}」が二つある"), AGAIN));
        }
        if files.len() > MAX_FILES {
            return Err((format!("ファイルが {MAX_FILES} を超える"), MEND));
        }
    }
    if files.is_empty() {
        return Err(("中身がないか、途中で切れている".to_owned(), AGAIN));
    }
    Ok(files)
}

/// The path of an entry as text. What cannot be shown in a line cannot be listed either.
fn name_of(path: &Path) -> Result<String, (String, &'static str)> {
    match path.to_str() {
        Some(name) if name.len() <= MAX_NAME && !name.chars().any(char::is_control) => {
            Ok(name.to_owned())
        }
        _ => {
            let shown: String = path.display().to_string().escape_debug().take(MAX_NAME).collect();
            let limit = format!("制御文字のない UTF-8 で {MAX_NAME} バイトまで");
            Err((format!("ファイル名「{shown}」は使えない（{limit}）"), MEND))
        }
    }
}

/// Line and column of the first U+0000: no database takes it.
fn zero(text: &str) -> Option<(usize, usize)> {
    let before = &text[..text.find('\0')?];
    let line = before.rfind('\n').map_or(before, |end| &before[end + 1..]);
    Some((before.matches('\n').count() + 1, line.chars().count() + 1))
}
