//! What is wrong with a bill and where: words that the person who got the file can act on.

use std::fmt;

/// A fault of a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Name of the file.
    pub file: String,
    /// Line, or the row of a Parquet file, from 1; `None` where it is the whole file.
    pub line: Option<u64>,
    /// Column.
    pub column: Option<String>,
    /// What is wrong and what to do.
    pub what: String,
}

impl Fault {
    /// A fault of a row or a value in it; the file is filled in by who knows it.
    pub(super) fn at(line: u64, column: Option<&str>, what: impl Into<String>) -> Fault {
        let column = column.map(str::to_owned);
        Fault { file: String::new(), line: Some(line), column, what: what.into() }
    }

    /// A fault of a whole file.
    pub(super) fn of_file(what: impl Into<String>) -> Fault {
        Fault { file: String::new(), line: None, column: None, what: what.into() }
    }
}

/// What was seen in a bill and did not refuse it: how often, and where first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// How often.
    pub count: u64,
    /// The number of the file, the line (the row of a Parquet file) and the column.
    pub first: Option<(usize, u64, String)>,
}

impl Noted {
    /// Seen once more in a file whose number is not known yet.
    pub(super) fn add(&mut self, line: u64, column: &str) {
        self.count += 1;
        if self.first.as_ref().is_none_or(|it| line < it.1) {
            self.first = Some((0, line, column.to_owned()));
        }
    }

    /// The same, seen in a file.
    pub(super) fn in_file(mut self, file: usize) -> Noted {
        self.first.iter_mut().for_each(|it| it.0 = file);
        self
    }

    /// Both together; the first is that of the earlier file and line.
    pub(super) fn join(self, other: Noted) -> Noted {
        let first = self.first.iter().chain(&other.first).min().cloned();
        Noted { count: self.count + other.count, first }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, " の {line} 行目")?;
        }
        if let Some(column) = &self.column {
            write!(f, "、列 {column}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// A text of a file as it can be shown: short, without control characters.
pub(super) fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let short: String = text.chars().filter(|it| !it.is_control()).take(40).collect();
    if short.len() < text.len() { format!("「{short}…」") } else { format!("「{short}」") }
}
