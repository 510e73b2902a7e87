//! A sent file as lines: its writing, its headings, and what is wrong before any line is read.

use base::said;
use base::said::Said;
use csv::{ReaderBuilder, StringRecord};
use definition::model::{Intake, Procedure};

use crate::plan::Finding;

/// The largest file that is taken at once, in bytes.
pub const FILE_BYTES: usize = 64 * 1024 * 1024;

/// A file that can be read.
#[derive(Debug)]
pub(super) struct Sheet {
    pub text: String,
    /// UTF-8 or Shift_JIS.
    pub encoding: &'static str,
    pub headings: StringRecord,
    /// Lines below the headings.
    pub lines: i64,
}

/// One line below the headings.
#[derive(Debug)]
pub(super) struct Line {
    /// Its line in the file.
    pub number: i64,
    pub cells: StringRecord,
}

impl Sheet {
    /// Reads a file.
    ///
    /// # Errors
    /// Everything that is wrong with its writing and its headings.
    pub fn read(
        bytes: &[u8],
        (intake, procedure): (&Intake, &Procedure),
    ) -> Result<Sheet, Vec<Finding>> {
        let wrong = |said| vec![Finding::at("file", said)];
        if bytes.is_empty() {
            return Err(wrong(said!("ファイルを選んでください", "Choose a file")));
        }
        if bytes.len() > FILE_BYTES {
            let most = FILE_BYTES / 1024 / 1024;
            return Err(wrong(said!(
                "ファイルは {most} MiB までです。分けて取り込んでください",
                "A file may have {most} MiB at most. Divide it"
            )));
        }
        let (text, encoding) = decoded(bytes).map_err(wrong)?;
        let headings = headings(&text).map_err(wrong)?;
        let findings = compared(&headings, (intake, procedure));
        if !findings.is_empty() {
            return Err(findings);
        }
        let mut sheet = Sheet { text, encoding, headings, lines: 0 };
        sheet.lines = i64::try_from(sheet.rows(0).count()).unwrap_or(i64::MAX);
        if sheet.lines == 0 {
            return Err(wrong(said!(
                "見出しのほかに行がありません",
                "There is no line below the headings"
            )));
        }
        Ok(sheet)
    }

    /// Opens the text of a file that was read before.
    pub fn again(text: String) -> Sheet {
        let headings = headings(&text).unwrap_or_default();
        Sheet { text, encoding: "", headings, lines: 0 }
    }

    /// The lines behind so many; empty lines are none.
    pub fn rows(&self, done: usize) -> impl Iterator<Item = Line> {
        let reader = ReaderBuilder::new().flexible(true).from_reader(self.text.as_bytes());
        // The reader stands before the end of the line it read last and before empty lines.
        let (mut before, mut number) = (0, 1);
        let rows = reader.into_records().filter_map(Result::ok).map(move |cells| {
            let at = cells.position().map_or(0, |at| usize::try_from(at.byte()).unwrap_or(0));
            let rest = self.text.get(at..).unwrap_or_default();
            let begin = at + rest.len() - rest.trim_start_matches(['\r', '\n']).len();
            number += line_ends(self.text.get(before..begin).unwrap_or_default());
            before = begin;
            Line { number, cells }
        });
        rows.filter(|line| line.cells.iter().any(|cell| !cell.trim().is_empty())).skip(done)
    }

    /// What is wrong with a line as a line.
    pub fn broken(&self, line: &Line) -> Option<Finding> {
        let (has, wanted) = (line.cells.len(), self.headings.len());
        let torn = line.cells.iter().zip(&self.headings).find(|(cell, _)| line_ends(cell) > 0);
        if let Some((cell, heading)) = torn {
            let to = line.number + line_ends(cell);
            let from = line.number;
            return Some(Finding::error(
                None,
                said!(
                    "{from}行目から{to}行目まで「{heading}」の一つの欄になっています。引用符（\"）が閉じているか確かめてください",
                    "Lines {from} to {to} are one cell of “{heading}”: look for an open quotation mark"
                ),
            ));
        }
        (has != wanted).then(|| {
            Finding::error(
                None,
                said!(
                    "欄の数が見出しと違います（見出しは{wanted}、この行は{has}）。コンマの数を確かめてください",
                    "The line has {has} cells, the headings are {wanted}: check the commas"
                ),
            )
        })
    }
}

/// How many lines end in a text, whichever way they do.
fn line_ends(text: &str) -> i64 {
    let ends = text.matches(['\r', '\n']).count() - text.matches("\r\n").count();
    i64::try_from(ends).unwrap_or(i64::MAX)
}

/// The line and the character behind a text, from 1.
fn behind(text: &str) -> (i64, usize) {
    let column = text.rsplit(['\r', '\n']).next().unwrap_or_default().chars().count();
    (line_ends(text) + 1, column + 1)
}

/// The text, and how it was written. No text may have a NUL: nothing could keep it.
fn decoded(bytes: &[u8]) -> Result<(String, &'static str), Said> {
    let (text, encoding) = text_of(bytes)?;
    let Some((before, _)) = text.split_once('\0') else { return Ok((text, encoding)) };
    let (line, column) = behind(before);
    Err(said!(
        "{line}行{column}文字目に使えない制御文字があります",
        "Line {line}, character {column} is a control character and cannot be used"
    ))
}

fn text_of(bytes: &[u8]) -> Result<(String, &'static str), Said> {
    let plain = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let utf8 = match std::str::from_utf8(plain) {
        Ok(text) => return Ok((text.to_owned(), "UTF-8")),
        Err(error) => error.valid_up_to(),
    };
    let mut text = String::with_capacity(bytes.len() * 2);
    let mut decoder = encoding_rs::SHIFT_JIS.new_decoder_without_bom_handling();
    let most = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
    text.reserve(most.unwrap_or_default());
    let (result, _) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    if result == encoding_rs::DecoderResult::InputEmpty {
        return Ok((text, "Shift_JIS"));
    }
    // The writing that was understood further is the one that was meant.
    let known = std::str::from_utf8(&plain[..utf8]).unwrap_or_default();
    let (known, name) = if known.len() > text.len() || known.contains(|c: char| !c.is_ascii()) {
        (known, "UTF-8")
    } else {
        (text.as_str(), "Shift_JIS")
    };
    let (line, column) = behind(known);
    Err(said!(
        "{line}行{column}文字目が {name} の文字ではありません。UTF-8 か Shift_JIS の CSV で保存し直してください",
        "Line {line}, character {column} is not {name}. Save the file as CSV in UTF-8 or Shift_JIS"
    ))
}

fn headings(text: &str) -> Result<StringRecord, Said> {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let found = reader.headers().map_err(|error| {
        said!("CSV として読めません（{error}）", "It cannot be read as CSV ({error})")
    })?;
    let mut found = found.clone();
    found.trim();
    Ok(found)
}

/// The headings against those that are known.
fn compared(found: &StringRecord, (intake, procedure): (&Intake, &Procedure)) -> Vec<Finding> {
    let known = intake.headings();
    let mut out = Vec::new();
    for (at, heading) in found.iter().enumerate() {
        let column = at + 1;
        if !known.iter().any(|own| own == heading) {
            out.push(Finding::at(
                "file",
                said!(
                    "1行目の{column}列目の見出し「{heading}」は使いません。見出しを直すか、列を消してください",
                    "Line 1, column {column}: the heading “{heading}” is not known. Correct or remove it"
                ),
            ));
        } else if found.iter().take(at).any(|before| before == heading) {
            out.push(Finding::at(
                "file",
                said!(
                    "1行目の{column}列目の見出し「{heading}」は二つ目です",
                    "Line 1, column {column}: the heading “{heading}” stands there twice"
                ),
            ));
        }
    }
    for (field, heading) in &intake.columns {
        let needed =
            procedure.field(field).is_some_and(|own| own.required && own.default.is_none());
        if needed && !found.iter().any(|own| own == heading) {
            out.push(Finding::at(
                "file",
                said!(
                    "1行目に見出し「{heading}」がありません",
                    "Line 1 lacks the heading “{heading}”"
                ),
            ));
        }
    }
    out
}
