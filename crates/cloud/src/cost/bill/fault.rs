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
