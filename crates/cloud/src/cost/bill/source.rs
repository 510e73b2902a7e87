//! Pieces of CSV files: whole records of some megabytes each, with the line that they begin at. A
//! quoted field may hold line breaks, so a piece ends only where no quote is open.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use super::batch::{Batch, Builder};
use super::fault::Fault;
use super::typed::Layout;

/// Bytes of a piece: one row group of the raw file.
const PIECE: usize = 16 * 1024 * 1024;
/// A record longer than this is a quote that never closes.
const RECORD_MAX: usize = 64 * 1024 * 1024;

/// What kind of file it is, by its first bytes.
pub(super) enum Form {
    Csv,
    Gzip,
    Parquet,
}

/// Looks at a file's first bytes, and goes back.
pub(super) fn form(file: &mut File) -> io::Result<Form> {
    let mut magic = Vec::with_capacity(4);
    file.by_ref().take(4).read_to_end(&mut magic)?;
    file.rewind()?;
    Ok(match magic.as_slice() {
        b"PAR1" => Form::Parquet,
        [0x1f, 0x8b, ..] => Form::Gzip,
        _ => Form::Csv,
    })
}

/// A CSV file piece by piece.
pub(super) struct Pieces {
    reader: Box<dyn Read>,
    left: Vec<u8>,
    line: u64,
    ended: bool,
}

impl Pieces {
    /// Of a file, plain or gzip.
    pub(super) fn open(file: File, gzip: bool) -> Pieces {
        let reader: Box<dyn Read> = if gzip {
            Box::new(flate2::read::MultiGzDecoder::new(io::BufReader::with_capacity(1 << 18, file)))
        } else {
            Box::new(file)
        };
        Pieces { reader, left: Vec::new(), line: 1, ended: false }
    }

    /// The header, which is the first record.
    pub(super) fn header(&mut self) -> Result<Layout, Fault> {
        self.fill().map_err(unread)?;
        if self.left.starts_with(b"\xef\xbb\xbf") {
            self.left.drain(..3);
        }
        let end = record_end(&self.left, self.ended).ok_or_else(|| unclosed(self.line))?;
        if self.left[..end].trim_ascii_end().contains(&b'\r') {
            let what = "行の終わりが CR だけです。改行を LF か CRLF にして出し直してください";
            return Err(Fault::at(1, None, what));
        }
        let names = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(&self.left[..end])
            .records()
            .next()
            .transpose()
            .map_err(|_| Fault::at(1, None, "見出しの行を CSV として読めません"))?
            .ok_or_else(|| Fault::of_file("空のファイルです"))?;
        self.line += newlines(&self.left[..end]);
        self.left.drain(..end);
        Layout::of(names.iter().map(|name| name.trim().to_owned()).collect())
    }

    /// The next whole records and their first line; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(Vec<u8>, u64)>, Fault> {
        self.fill().map_err(unread)?;
        if self.left.is_empty() {
            return Ok(None);
        }
        let end = records_end(&self.left, self.ended).ok_or_else(|| unclosed(self.line))?;
        let mut piece = std::mem::take(&mut self.left);
        self.left.extend_from_slice(&piece[end..]);
        piece.truncate(end);
        let line = self.line;
        self.line += newlines(&piece);
        Ok(Some((piece, line)))
    }

    /// Reads on until a piece with a whole record is there.
    fn fill(&mut self) -> io::Result<()> {
        let mut wanted = PIECE;
        while !self.ended {
            self.left.reserve(wanted.saturating_sub(self.left.len()));
            let missing = wanted.saturating_sub(self.left.len()) as u64;
            let got = self.reader.by_ref().take(missing).read_to_end(&mut self.left)?;
            self.ended = (got as u64) < missing;
            if records_end(&self.left, self.ended).is_some() || wanted >= RECORD_MAX {
                break;
            }
            wanted *= 2;
        }
        Ok(())
    }
}

fn unread(error: io::Error) -> Fault {
    let what = match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            "圧縮が途中で終わっているか、壊れています。もう一度取り寄せてください".to_owned()
        }
        _ => format!("読めません（{error}）"),
    };
    Fault::of_file(what)
}

fn unclosed(line: u64) -> Fault {
    Fault::at(line, None, "引用符が閉じていません。この行より後を確かめてください")
}

/// Where the last whole record ends; `None` if there is none.
fn records_end(text: &[u8], ended: bool) -> Option<usize> {
    let mut open = text.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
    if ended {
        return (!open).then_some(text.len());
    }
    for (at, byte) in text.iter().enumerate().rev() {
        match byte {
            b'"' => open = !open,
            b'\n' if !open => return Some(at + 1),
            _ => (),
        }
    }
    None
}

/// Where the first record ends.
fn record_end(text: &[u8], ended: bool) -> Option<usize> {
    let mut open = false;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'"' => open = !open,
            b'\n' if !open => return Some(at + 1),
            _ => (),
        }
    }
    (ended && !open).then_some(text.len())
}

fn newlines(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// The records of a piece.
pub(super) fn batch(layout: &Layout, piece: &[u8], line: u64) -> Result<Batch, Fault> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(piece);
    let mut builder = Builder::new(layout.names.len(), piece.len());
    let mut record = csv::ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {
                let at = record.position().map_or(0, |position| lines_before(piece, position));
                builder.record(line + at, &record)?;
            }
            Ok(false) => return builder.build(),
            Err(_) => return Err(Fault::at(line, None, "CSV として読めません")),
        }
    }
}

/// Lines of a text before a record. A reader counts what is left of the line break before (the LF
/// of CRLF) and blank lines as the record's own.
pub fn lines_before(text: &[u8], position: &csv::Position) -> u64 {
    let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.get(from..).unwrap_or_default().iter();
    let blank = rest.take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() - 1 + blank.filter(|byte| **byte == b'\n').count() as u64
}

/// Opens a file; a fault that names why not.
pub(super) fn open(path: &Path) -> Result<File, Fault> {
    File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Fault::of_file("ファイルがありません"),
        _ => Fault::of_file(format!("開けません（{error}）")),
    })
}
