//! The list of work steps (BPR list) as a body keeps it: CSV, UTF-8 or Shift_JIS, the columns in
//! any order, further columns left alone. Taken whole or not at all; every fault has its place.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::{Requirement, Weight};

/// The columns that must be there.
pub const COLUMNS: [&str; 5] = ["番号", "業務", "作業", "必要な機能", "重要度"];
/// The most requirements of a list.
pub const MOST_REQUIREMENTS: usize = 2_000;
/// The longest text of a cell, in characters.
const LONGEST: usize = 500;
/// The most faults that are told at once.
const MOST_FAULTS: usize = 30;

/// What is wrong with a list, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1; 0 when it is the whole file.
    pub line: u64,
    /// Column, from 1; 0 when it is the whole line.
    pub column: usize,
    /// What, and what to do.
    pub message: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.line, self.column) {
            (0, _) => write!(f, "{}", self.message),
            (line, 0) => write!(f, "{line}行目: {}", self.message),
            (line, column) => write!(f, "{line}行{column}列目: {}", self.message),
        }
    }
}

fn whole(message: impl Into<String>) -> Vec<Fault> {
    vec![Fault { line: 0, column: 0, message: message.into() }]
}

/// Reads a list.
///
/// # Errors
/// The faults, at most thirty, in order.
pub fn list_read(bytes: &[u8]) -> Result<Vec<Requirement>, Vec<Fault>> {
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(whole("表計算のファイル（.xlsx）です。CSV で保存してから送ってください"));
    }
    let text = decoded(bytes)?;
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let mut records = reader.records().filter(|record| {
        // Lines that a spreadsheet leaves empty say nothing.
        record.as_ref().map_or(true, |record| record.iter().any(|cell| !cell.is_empty()))
    });
    let head = match records.next() {
        None => return Err(whole("何も書かれていません")),
        Some(Err(error)) => return Err(vec![broken(&error)]),
        Some(Ok(head)) => head,
    };
    let mut lines = Lines { text: &text, at: 0, line: 1 };
    let places = head_read(&head, lines.of(&head))?;
    let mut list = Checked::default();
    for record in records {
        match record {
            Err(error) => list.faults.push(broken(&error)),
            Ok(record) => list.add((lines.of(&record), &record), (&places, head.len())),
        }
        if list.faults.len() >= MOST_FAULTS || list.found.len() > MOST_REQUIREMENTS {
            break;
        }
    }
    if list.found.len() > MOST_REQUIREMENTS {
        return Err(whole(format!(
            "{MOST_REQUIREMENTS}行を超えています。業務ごとに分けてください"
        )));
    }
    match (list.faults.is_empty(), list.found.is_empty()) {
        (false, _) => Err(list.faults),
        (true, true) => Err(whole("見出しの下に、作業が一つもありません")),
        (true, false) => Ok(list.found),
    }
}

fn decoded(bytes: &[u8]) -> Result<String, Vec<Fault>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        let message = "使えない文字（NUL）があります。UTF-8 か Shift_JIS の CSV で保存してください";
        return Err(vec![Fault { line, column: 0, message: message.into() }]);
    }
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text.to_owned()),
        Err(error) => error,
    };
    let shift_jis =
        encoding_rs::SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes);
    match shift_jis {
        Some(text) => Ok(text.into_owned()),
        None => {
            let before = &bytes[..error.valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
            let message = "文字を読めません。UTF-8 か Shift_JIS の CSV で保存してください".into();
            Err(vec![Fault { line, column: 0, message }])
        }
    }
}

fn broken(error: &csv::Error) -> Fault {
    let line = error.position().map_or(0, csv::Position::line);
    Fault {
        line, column: 0, message: "CSV として読めません。引用符の対を確かめてください".into()
    }
}

/// Counts lines from record to record. The reader gives the place where it began to look, which
/// may be an empty line before the record.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, record: &StringRecord) -> u64 {
        let from = record.position().map_or(0, csv::Position::byte);
        let from = usize::try_from(from).unwrap_or(usize::MAX).max(self.at);
        let bytes = self.text.as_bytes();
        let is_end = |byte: &&u8| matches!(byte, b'\n' | b'\r');
        let empty = bytes.get(from..).unwrap_or_default().iter().take_while(is_end).count();
        let begin = (from + empty).min(bytes.len());
        let passed = bytes.get(self.at..begin).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = begin;
        self.line
    }
}

/// The place of each of [`COLUMNS`].
fn head_read(head: &StringRecord, line: u64) -> Result<[usize; 5], Vec<Fault>> {
    let mut faults = Vec::new();
    let mut places = [0; 5];
    for (name, place) in COLUMNS.iter().zip(&mut places) {
        let mut found = head.iter().enumerate().filter(|(_, cell)| cell == name);
        match (found.next(), found.next()) {
            (Some((at, _)), None) => *place = at,
            (Some(_), Some((again, _))) => {
                let message = format!("見出し「{name}」が二つあります。一つにしてください");
                faults.push(Fault { line, column: again + 1, message });
            }
            (None, _) => {
                let message = format!(
                    "見出し「{name}」がありません。一行目に {} を書いてください",
                    COLUMNS.join("、")
                );
                faults.push(Fault { line, column: 0, message });
            }
        }
    }
    if faults.is_empty() { Ok(places) } else { Err(faults) }
}

/// What was read so far.
#[derive(Default)]
struct Checked {
    found: Vec<Requirement>,
    faults: Vec<Fault>,
    /// Number → line.
    numbers: BTreeMap<String, u64>,
}

impl Checked {
    fn add(&mut self, (line, record): (u64, &StringRecord), (places, width): (&[usize; 5], usize)) {
        if record.len() > width {
            let message = format!("見出しは {width} 列ですが、{} 列あります", record.len());
            self.faults.push(Fault { line, column: width + 1, message });
            return;
        }
        let before = self.faults.len();
        let cells = places.map(|place| record.get(place).unwrap_or_default());
        for ((name, place), cell) in COLUMNS.iter().zip(places).zip(cells) {
            if let Some(wrong) = cell_fault(name, cell) {
                self.faults.push(Fault { line, column: place + 1, message: wrong });
            }
        }
        let [number, business, step, needs, weight] = cells;
        let known = Weight::ALL.into_iter().find(|one| one.word() == weight);
        if known.is_none() && !weight.is_empty() {
            let message = format!("重要度「{weight}」は、高、中、低のどれかにしてください");
            self.faults.push(Fault { line, column: places[4] + 1, message });
        }
        if let Some(first) = self.numbers.get(number).filter(|_| !number.is_empty()) {
            let message =
                format!("番号「{number}」は{first}行目にもあります。別の番号にしてください");
            self.faults.push(Fault { line, column: places[0] + 1, message });
        }
        let Some(weight) = known.filter(|_| self.faults.len() == before) else { return };
        self.numbers.insert(number.to_owned(), line);
        let [number, business, step, needs] = [number, business, step, needs].map(str::to_owned);
        self.found.push(Requirement { number, business, step, needs, weight });
    }
}

fn cell_fault(name: &str, cell: &str) -> Option<String> {
    if cell.is_empty() {
        return Some(format!("{name}が空です"));
    }
    let strange = |sign: char| sign.is_control() && !matches!(sign, '\n' | '\r' | '\t');
    if cell.contains(strange) {
        return Some(format!("{name}に、文字でない符号が入っています。消してください"));
    }
    let length = cell.chars().count();
    (length > LONGEST).then(|| format!("{name}が {length} 字あります。{LONGEST} 字までです"))
}
