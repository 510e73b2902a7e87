//! CSV as the files of a transfer have it: UTF-8, comma, CRLF, quotes where needed. An absent value
//! is empty, an empty text is `""`: nothing is lost either way.
//!
//! A record is read with the line it stands on. Bad input is said by file, line and column, and
//! never by its value, which may be a person's.

use std::fmt;
use std::io::{BufRead, Read};

use crate::TransferError;

/// The longest record that is taken: against a file without an end of line.
const LONGEST: u64 = 16 * 1024 * 1024;

/// A file of rows that is not as it must be: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCsv {
    /// Name of the file.
    pub file: String,
    /// Line, from 1.
    pub line: u64,
    /// Number of the field, from 1, and its name; absent when it is about the whole line.
    pub column: Option<(usize, String)>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub help: String,
}

impl fmt::Display for BadCsv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} の {} 行", self.file, self.line)?;
        match &self.column {
            Some((number, name)) if name.is_empty() => write!(f, " {number} 列")?,
            Some((number, name)) => write!(f, " {number} 列（{name}）")?,
            None => {}
        }
        write!(f, ": {}。{}（何も取り込んでいません）", self.what, self.help)
    }
}

impl std::error::Error for BadCsv {}

/// Appends a record.
pub(crate) fn write_record(fields: &[Option<String>], out: &mut Vec<u8>) {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let Some(text) = field else { continue };
        if text.is_empty() || text.contains(['"', ',', '\r', '\n']) {
            out.push(b'"');
            for byte in text.bytes() {
                if byte == b'"' {
                    out.push(b'"');
                }
                out.push(byte);
            }
            out.push(b'"');
        } else {
            out.extend_from_slice(text.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// Reads records one after another.
pub(crate) struct Records<R> {
    inner: R,
    file: String,
    /// The line of the record read last, and how many lines were read.
    line: u64,
    lines: u64,
    buffer: Vec<u8>,
}

impl<R: BufRead> Records<R> {
    pub(crate) fn new(inner: R, file: &str) -> Records<R> {
        Records { inner, file: file.to_owned(), line: 0, lines: 0, buffer: Vec::new() }
    }

    /// What is behind the records, once they are read.
    pub(crate) fn into_inner(self) -> R {
        self.inner
    }

    /// What is wrong in the record read last; `column` is the number of the field from 0.
    pub(crate) fn bad(
        &self,
        column: Option<(usize, &str)>,
        what: &str,
        help: &str,
    ) -> TransferError {
        TransferError::BadCsv(Box::new(BadCsv {
            file: self.file.clone(),
            line: self.line,
            column: column.map(|(at, name)| (at + 1, name.to_owned())),
            what: what.to_owned(),
            help: help.to_owned(),
        }))
    }

    /// The next record into `fields`; false after the last.
    pub(crate) fn read(&mut self, fields: &mut Vec<Option<String>>) -> Result<bool, TransferError> {
        fields.clear();
        self.buffer.clear();
        self.line = self.lines + 1;
        if !self.more()? {
            return Ok(false);
        }
        let mut at = 0;
        loop {
            let field = match self.buffer.get(at) {
                Some(b'"') => Some(self.quoted(&mut at, fields.len())?),
                _ => self.bare(&mut at, fields.len())?,
            };
            let text = field.map(String::from_utf8).transpose().map_err(|_| {
                self.bad(Some((fields.len(), "")), "UTF-8 の文字でないものがあります", AGAIN)
            })?;
            fields.push(text);
            match &self.buffer[at..] {
                [b',', ..] => at += 1,
                [] | [b'\n'] | [b'\r', b'\n'] => return Ok(true),
                _ => {
                    let column = Some((fields.len() - 1, ""));
                    return Err(self.bad(column, "欄の終わりに余分な文字があります", AGAIN));
                }
            }
        }
    }

    /// A field without quotes; empty is absent.
    fn bare(&self, at: &mut usize, column: usize) -> Result<Option<Vec<u8>>, TransferError> {
        let rest = &self.buffer[*at..];
        let end = rest.iter().position(|byte| matches!(byte, b',' | b'\r' | b'\n'));
        let field = &rest[..end.unwrap_or(rest.len())];
        if field.contains(&b'"') {
            return Err(self.bad(Some((column, "")), "引用符が欄の途中にあります", AGAIN));
        }
        *at += field.len();
        Ok((!field.is_empty()).then(|| field.to_vec()))
    }

    /// A field in quotes, which may go on over several lines.
    fn quoted(&mut self, at: &mut usize, column: usize) -> Result<Vec<u8>, TransferError> {
        let mut field = Vec::new();
        *at += 1;
        loop {
            match (self.buffer.get(*at).copied(), self.buffer.get(*at + 1).copied()) {
                (Some(b'"'), Some(b'"')) => {
                    field.push(b'"');
                    *at += 2;
                }
                (Some(b'"'), _) => {
                    *at += 1;
                    return Ok(field);
                }
                (Some(byte), _) => {
                    field.push(byte);
                    *at += 1;
                }
                (None, _) if self.more()? => {}
                (None, _) => {
                    let what = "引用符が閉じていません。ファイルが途中で切れています";
                    return Err(self.bad(Some((column, "")), what, AGAIN));
                }
            }
        }
    }

    /// Reads on to the end of a line; false at the end of the file.
    fn more(&mut self) -> Result<bool, TransferError> {
        let left = LONGEST.saturating_sub(self.buffer.len() as u64);
        let read = (&mut self.inner).take(left).read_until(b'\n', &mut self.buffer);
        let read =
            read.map_err(|source| TransferError::Files { path: self.file.clone().into(), source })?;
        if read > 0 {
            self.lines += 1;
        }
        if self.buffer.len() as u64 >= LONGEST {
            return Err(self.bad(None, "一行が長すぎます", AGAIN));
        }
        Ok(read > 0)
    }
}

/// What to do about a file that is no longer what was written.
pub(crate) const AGAIN: &str = "移行元でもう一度書き出してください";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_all(bytes: &[u8]) -> Result<Vec<Vec<Option<String>>>, TransferError> {
        let mut records = Records::new(bytes, "a.csv");
        let (mut out, mut fields) = (Vec::new(), Vec::new());
        while records.read(&mut fields)? {
            out.push(fields.clone());
        }
        Ok(out)
    }

    #[track_caller]
    fn check_refused(bytes: &[u8], expect: &str) {
        let said = read_all(bytes).unwrap_err().to_string();
        assert!(said.starts_with(expect), "{said}");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(rows in prop::collection::vec(
            prop::collection::vec(prop::option::of("[あa,\"\r\n 　]{0,4}"), 2..5), 0..6)) {
            let mut bytes = Vec::new();
            rows.iter().for_each(|row| write_record(row, &mut bytes));
            prop_assert_eq!(read_all(&bytes).unwrap(), rows);
        }
    }

    #[test]
    fn bad_input_is_said_by_its_place() {
        check_refused(b"a,b\r\nc,\"d\r\n", "a.csv の 2 行 2 列: 引用符が閉じていません");
        check_refused(b"a,b\r\n\"c\"d,e\r\n", "a.csv の 2 行 1 列: 欄の終わりに");
        check_refused(b"\"x\ny\",b\nc,d\"e\n", "a.csv の 3 行 2 列: 引用符が欄の途中");
        check_refused(b"a\r\n\x82\xa0\r\n", "a.csv の 2 行 1 列: UTF-8");
        check_refused(&vec![b'x'; 17 * 1024 * 1024], "a.csv の 1 行: 一行が長すぎます");
    }

    #[test]
    fn the_last_line_may_lack_its_end_and_absent_is_not_empty() {
        let rows = read_all(b"a,,\"\"").unwrap();
        assert_eq!(rows, [[Some("a".to_owned()), None, Some(String::new())]]);
    }
}
