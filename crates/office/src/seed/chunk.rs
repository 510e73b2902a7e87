//! A chunk of sample people: one text, and for every version of a subject a row of places in it.
//!
//! Facts are known by position here; [`SampleChunk::position`] finds a name's once a chunk. Holds
//! what was put in and judges nothing; used again for the next chunk, it keeps its memory.

use std::ops::Range;

use base::date::Date;

/// Where a fact stands in the text: its first byte and the byte after it; equal when it is absent.
pub type Span = (u32, u32);

/// What holds of a person or a household from a day on.
#[derive(Clone, Copy, Debug)]
pub struct SampleVersion {
    /// 異動日.
    pub from: Date,
    /// 異動事由.
    pub reason: &'static str,
    /// The number of its row of facts.
    pub row: u32,
}

/// The course of a person or a household.
#[derive(Clone, Debug)]
pub struct SampleSubject {
    /// Its versions among those of the chunk: at least one, in ascending order of days; the last
    /// one is current.
    pub versions: Range<usize>,
    /// Day of closing (消除), if it is closed.
    pub closed_on: Option<Date>,
}

/// Households and their people.
#[derive(Debug)]
pub struct SampleChunk {
    names: Vec<&'static str>,
    text: String,
    spans: Vec<Span>,
    /// The versions of all subjects.
    pub versions: Vec<SampleVersion>,
    /// The households.
    pub households: Vec<SampleSubject>,
    /// The people.
    pub people: Vec<SampleSubject>,
}

impl SampleChunk {
    /// An empty chunk whose facts have these official names.
    pub fn new(names: Vec<&'static str>) -> SampleChunk {
        SampleChunk {
            names,
            text: String::new(),
            spans: Vec::new(),
            versions: Vec::new(),
            households: Vec::new(),
            people: Vec::new(),
        }
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
        self.versions.clear();
        self.households.clear();
        self.people.clear();
    }

    /// The position of a fact's name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|one| *one == name)
    }

    /// A new row in which every fact is absent; its number.
    pub fn row_new(&mut self) -> u32 {
        self.spans.resize(self.spans.len() + self.names.len(), (0, 0));
        self.row_last()
    }

    /// A copy of a row; its number.
    pub fn row_copy(&mut self, row: u32) -> u32 {
        let from = row as usize * self.names.len();
        self.spans.extend_from_within(from..from + self.names.len());
        self.row_last()
    }

    fn row_last(&self) -> u32 {
        let rows = self.spans.len() / self.names.len().max(1);
        u32::try_from(rows.saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// The text of all facts and the places of one row, for writing.
    pub fn row_mut(&mut self, row: u32) -> (&mut String, &mut [Span]) {
        let from = row as usize * self.names.len();
        (&mut self.text, &mut self.spans[from..from + self.names.len()])
    }

    /// The fact at a position of a row; `None` is known to be absent.
    pub fn fact(&self, row: u32, position: usize) -> Option<&str> {
        let (from, to) = self.spans[row as usize * self.names.len() + position];
        (from < to).then(|| &self.text[from as usize..to as usize])
    }
}
