//! A CSV file with a fixed heading: cells with their lines, and everything that is wrong with line
//! and column. A file is taken whole or not at all.

use crate::CloudError;

/// How many faults are said; the rest is counted.
const SAID: usize = 20;

/// One row.
pub(super) struct Row {
    line: u64,
    cells: Vec<String>,
}

impl Row {
    /// A cell without the spaces around it.
    pub fn cell(&self, at: usize) -> &str {
        self.cells.get(at).map_or("", |it| it.trim())
    }
}

/// Reads a table whose first row is `columns`.
///
/// # Errors
/// [`CloudError::Plane`] when the heading differs or a row is no row of it.
pub(super) fn table_read(
    (file, text): (&str, &str),
    columns: &[&str],
) -> Result<Vec<Row>, CloudError> {
    let wrong = |what: String| CloudError::Plane(format!("{file}: {what}"));
    // Spreadsheets put a mark before the first cell.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let heading = reader.headers().map_err(|it| wrong(it.to_string()))?;
    if !heading.iter().map(str::trim).eq(columns.iter().copied()) {
        return Err(wrong(format!("1行目の見出しは「{}」です", columns.join(","))));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|it| wrong(it.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != columns.len() {
            return Err(wrong(format!(
                "{line}行目の列は {} です。{} 列で書いてください",
                record.len(),
                columns.len()
            )));
        }
        rows.push(Row { line, cells: record.iter().map(str::to_owned).collect() });
    }
    if rows.is_empty() {
        return Err(wrong("見出しのほかに行がありません".to_owned()));
    }
    Ok(rows)
}

/// What is wrong in a file.
pub(super) struct Faults<'f> {
    file: &'f str,
    columns: &'f [&'f str],
    lines: Vec<String>,
}

impl<'f> Faults<'f> {
    /// Nothing yet.
    pub fn new(file: &'f str, columns: &'f [&'f str]) -> Faults<'f> {
        Faults { file, columns, lines: Vec::new() }
    }

    /// One more, at a column counted from 0.
    pub fn add(&mut self, row: &Row, column: usize, what: String) {
        let name = self.columns.get(column).copied().unwrap_or_default();
        let place = format!("{}行目 {}列目（{name}）", row.line, column + 1);
        self.lines.push(format!("{}: {place}: {what}", self.file));
    }

    /// # Errors
    /// [`CloudError::Plane`] with all of them, a line each.
    pub fn none(self) -> Result<(), CloudError> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let more = self.lines.len().saturating_sub(SAID);
        let mut said: Vec<String> = self.lines.into_iter().take(SAID).collect();
        if more > 0 {
            said.push(format!("ほか {more} 件"));
        }
        Err(CloudError::Plane(said.join("\n")))
    }
}
