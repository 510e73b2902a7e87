//! Some tens of thousands of rows as texts in one buffer: what every kind of file is turned into.

use bytes::Bytes;

use super::fault::Fault;

/// Rows of texts.
pub(super) struct Batch {
    /// All texts, one after another, row by row; UTF-8.
    pub(super) text: Bytes,
    ends: Vec<u32>,
    /// Line of each row.
    lines: Vec<u64>,
    width: usize,
}

/// A batch in the making.
pub(super) struct Builder {
    text: Vec<u8>,
    ends: Vec<u32>,
    lines: Vec<u64>,
    width: usize,
}

impl Builder {
    pub(super) fn new(width: usize, bytes: usize) -> Builder {
        let text = Vec::with_capacity(bytes);
        Builder { text, ends: Vec::new(), lines: Vec::new(), width }
    }

    /// Adds a record of a CSV file.
    pub(super) fn record(&mut self, line: u64, record: &csv::ByteRecord) -> Result<(), Fault> {
        if record.len() != self.width {
            let what = format!("列が {} 個あります。見出しは {} 個です", record.len(), self.width);
            return Err(Fault::at(line, None, what));
        }
        let base = self.text.len();
        self.text.extend_from_slice(record.as_slice());
        for field in 0..self.width {
            let end = record.range(field).map_or(0, |range| range.end);
            self.ends.push(offset(base + end));
        }
        self.lines.push(line);
        Ok(())
    }

    /// Adds a value; rows follow one another by their width.
    pub(super) fn value(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
        self.ends.push(offset(self.text.len()));
    }

    /// Ends a row of values.
    pub(super) fn row_end(&mut self, line: u64) {
        self.lines.push(line);
    }

    /// The batch, whose texts must be UTF-8.
    pub(super) fn build(self) -> Result<Batch, Fault> {
        let (ends, lines, width) = (self.ends, self.lines, self.width);
        let invalid = match std::str::from_utf8(&self.text) {
            // No database holds a text with this character.
            Ok(_) => self.text.iter().position(|byte| *byte == 0),
            Err(error) => Some(error.valid_up_to()),
        };
        let batch = Batch { text: Bytes::from(self.text), ends, lines, width };
        match invalid {
            None => Ok(batch),
            Some(at) => {
                let cell = batch.ends.partition_point(|end| (*end as usize) <= at);
                let line = batch.lines.get(cell / width.max(1)).copied().unwrap_or_default();
                Err(Fault::at(
                    line,
                    None,
                    "UTF-8 ではない文字か、文字コード 0 があります。UTF-8 で出し直してください",
                ))
            }
        }
    }
}

/// A piece is far below four gigabytes; a longer one would only misplace its own texts.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Batch {
    pub(super) fn rows(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn line(&self, row: usize) -> u64 {
        self.lines[row]
    }

    /// Where a text lies.
    pub(super) fn range(&self, row: usize, column: usize) -> std::ops::Range<usize> {
        let at = row * self.width + column;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        start as usize..self.ends[at] as usize
    }

    /// A text; `None` if it is empty or the literal `NULL`, which real files carry for nothing.
    pub(super) fn cell(&self, row: usize, column: usize) -> Option<&[u8]> {
        match &self.text[self.range(row, column)] {
            b"" | b"NULL" => None,
            text => Some(text),
        }
    }

    /// Whether a text is the literal `NULL`.
    pub(super) fn is_literal_null(&self, row: usize, column: usize) -> bool {
        &self.text[self.range(row, column)] == b"NULL"
    }
}
