//! Subjects with the rows that belong to them, as columns: read in the order of their keys, so
//! that one pass over every table is enough.

use std::collections::BTreeMap;

use definition::model::{Item, ItemKind};
use rules::column::{Batch, Column, Dictionary, ListColumn, from_days};
use store::StoreError;
use store::bulk::ordered::{Moment, RawRow, Reading, Rows, days_of, integer_of};
use store::register::Table;

use super::compile::{Compiled, is_passed};
use super::source::Source;
use crate::OfficeError;

/// Texts one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    text: String,
    /// Where each ends; what is absent has the place before as its end and is marked.
    ends: Vec<usize>,
    absent: Vec<bool>,
}

impl Texts {
    fn push(&mut self, text: Option<&str>) {
        self.text.push_str(text.unwrap_or_default());
        self.ends.push(self.text.len());
        self.absent.push(text.is_none());
    }

    /// The text of a row; `None` when it has none.
    pub fn get(&self, row: usize) -> Option<&str> {
        if self.absent.get(row).copied().unwrap_or(true) {
            return None;
        }
        let from = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(from..self.ends[row])
    }
}

/// Subjects as columns.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub keys: Texts,
    pub batch: Batch,
    /// Texts that are handed on, by the name of their column; those of lists by list and item.
    pub texts: BTreeMap<String, Texts>,
    pub list_texts: BTreeMap<(String, String), Texts>,
    /// Subjects with a date that is not certain: which one and how it is written.
    pub uncertain: BTreeMap<u32, Vec<String>>,
}

impl Chunk {
    /// The last subject's key.
    pub fn last_key(&self) -> Option<&str> {
        self.keys.get(self.batch.rows.checked_sub(1)?)
    }
}

/// Reads chunks.
pub(super) struct Reader<'c> {
    compiled: &'c Compiled,
    subject: Rows,
    lists: Vec<(Rows, Option<RawRow>)>,
}

impl<'c> Reader<'c> {
    /// Begins behind a key; the moment has a connection for each table.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn open(
        compiled: &'c Compiled,
        moment: &Moment<'_>,
        after: Option<&str>,
    ) -> Result<Reader<'c>, OfficeError> {
        let subject = moment.rows(0, &reading(&compiled.subject, after)?).await?;
        let mut lists = Vec::with_capacity(compiled.lists.len());
        for (at, list) in compiled.lists.iter().enumerate() {
            let mut rows = moment.rows(at + 1, &reading(list, after)?).await?;
            let first = rows.next().await?;
            lists.push((rows, first));
        }
        Ok(Reader { compiled, subject, lists })
    }

    /// The next subjects, at most so many; `None` after the last.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn next(&mut self, most: usize) -> Result<Option<Chunk>, OfficeError> {
        let dictionary = &self.compiled.dictionary;
        let mut keys = Texts::default();
        let mut subject = Sheet::new(&self.compiled.subject);
        let mut lists: Vec<(Sheet<'_>, Vec<u32>)> =
            self.compiled.lists.iter().map(|list| (Sheet::new(list), vec![0])).collect();
        let mut rows = 0_u32;
        while (rows as usize) < most {
            let Some(row) = self.subject.next().await? else { break };
            let key = row.key();
            keys.push(std::str::from_utf8(key).ok());
            subject.push(&row, rows, dictionary);
            for ((sheet, offsets), (stream, waiting)) in lists.iter_mut().zip(&mut self.lists) {
                while let Some(found) = waiting.take_if(|found| found.key() <= key) {
                    if found.key() == key && !sheet.source.passed_over {
                        sheet.push(&found, rows, dictionary);
                    }
                    *waiting = stream.next().await?;
                }
                offsets.push(u32::try_from(sheet.rows).unwrap_or(u32::MAX));
            }
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let mut chunk = Chunk { keys, ..Chunk::default() };
        chunk.batch.rows = rows as usize;
        let sheets = lists.iter_mut().map(|(sheet, _)| sheet).chain([&mut subject]);
        for (owner, reason) in sheets.flat_map(|sheet| std::mem::take(&mut sheet.uncertain)) {
            chunk.uncertain.entry(owner).or_default().push(reason);
        }
        subject.end(|name, part| match part {
            Part::Column(column) => {
                chunk.batch.facts.insert(name.to_owned(), column);
            }
            Part::Texts(texts) => {
                chunk.texts.insert(name.to_owned(), texts);
            }
        });
        for (sheet, offsets) in lists {
            let list = sheet.source.name.clone();
            let mut columns = ListColumn { offsets, ..ListColumn::default() };
            sheet.end(|name, part| match part {
                Part::Column(column) => {
                    columns.fields.insert(name.to_owned(), column);
                }
                Part::Texts(texts) => {
                    chunk.list_texts.insert((list.clone(), name.to_owned()), texts);
                }
            });
            chunk.batch.lists.insert(list, columns);
        }
        Ok(Some(chunk))
    }
}

fn reading<'a>(source: &'a Source, after: Option<&'a str>) -> Result<Reading<'a>, OfficeError> {
    let table = Table::new(&source.system, &source.register)?;
    let item = |name: &str| {
        let missing = || OfficeError::Store(StoreError::NotFound(base::said!("{name}", "{name}")));
        table.register.item(name).ok_or_else(missing)
    };
    let mut same = Vec::new();
    for (name, value) in &source.same {
        same.push((item(name)?, value.clone()));
    }
    let items = source.columns.iter().map(|(item, _)| item).collect();
    Ok(Reading { table, items, by: item(&source.by)?, same, after })
}

enum Part {
    Column(Column),
    Texts(Texts),
}

/// The columns of one table as they grow.
struct Sheet<'s> {
    source: &'s Source,
    parts: Vec<Part>,
    rows: usize,
    uncertain: Vec<(u32, String)>,
}

impl<'s> Sheet<'s> {
    fn new(source: &'s Source) -> Sheet<'s> {
        let part = |item: &Item| match is_passed(item) {
            true => Part::Texts(Texts::default()),
            false => Part::Column(Column::default()),
        };
        let parts = source.columns.iter().map(|(item, _)| part(item)).collect();
        Sheet { source, parts, rows: 0, uncertain: Vec::new() }
    }

    /// Adds a row of the subject `owner`.
    fn push(&mut self, row: &RawRow, owner: u32, dictionary: &Dictionary) {
        let mut fields = row.fields().skip(1);
        for (part, (item, _)) in self.parts.iter_mut().zip(&self.source.columns) {
            let field = fields.next().flatten();
            match part {
                Part::Texts(texts) => {
                    texts.push(field.and_then(|bytes| std::str::from_utf8(bytes).ok()));
                }
                Part::Column(column) => {
                    let is_loose = item.kind == (ItemKind::Date { uncertain: true });
                    // Of an uncertain date the text says so; an amount never rests on it.
                    if is_loose && let Some(written) = fields.next().flatten() {
                        let (name, written) = (&item.name, String::from_utf8_lossy(written));
                        self.uncertain
                            .push((owner, format!("{name}が確かでありません（{written}）")));
                        column.push_unknown();
                        continue;
                    }
                    let Some(bytes) = field else {
                        column.push_null();
                        continue;
                    };
                    match number(item, bytes, dictionary) {
                        Some(number) => column.push_known(number),
                        None => column.push_unknown(),
                    }
                }
            }
        }
        self.rows += 1;
    }

    fn end(self, mut take: impl FnMut(&str, Part)) {
        for (part, (_, name)) in self.parts.into_iter().zip(&self.source.columns) {
            take(name, part);
        }
    }
}

/// A field as it stands in a column.
fn number(item: &Item, bytes: &[u8], dictionary: &Dictionary) -> Option<i64> {
    match item.kind {
        ItemKind::Integer { .. } => integer_of(bytes),
        ItemKind::Flag => bytes.first().map(|flag| -i64::from(*flag != 0)),
        ItemKind::Date { .. } => days_of(bytes).map(from_days),
        _ => dictionary.find(std::str::from_utf8(bytes).ok()?),
    }
}
