//! Facts of sample people as rows of registers, by the mapping of `samples.yaml`. Pure.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use base::date::{Date, FOREVER, LooseDate, OPEN_FROM};
use definition::model::{Item, ItemKind, Sample, SampleEach};
use definition::{Package, System};
use jiff::Timestamp;
use store::bulk::{BulkMeta, BulkValue, CopyRows, Encoder};
use store::register::Table;
use store::vault::Vault;

use super::{SampleChunk, SampleSubject, SampleVersion};
use crate::OfficeError;

/// The rows of a chunk.
#[derive(Debug)]
pub struct ChunkRows {
    pub(super) registers: Vec<RegisterRows>,
    pub(super) people: usize,
    /// SHA-256 over all rows without their secrets, hexadecimal.
    pub(super) digest: String,
}

impl ChunkRows {
    /// How many people are in the chunk.
    pub fn people(&self) -> usize {
        self.people
    }

    /// SHA-256 over all rows without their secrets, hexadecimal: the same for the same people.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

/// The rows of one register.
#[derive(Debug)]
pub(super) struct RegisterRows {
    pub(super) register: String,
    pub(super) current: CopyRows,
    pub(super) past: CopyRows,
}

/// Where the value of an item comes from.
enum Source<'c> {
    Nothing,
    Fact(usize),
    Fixed(BulkValue<'c>),
}

/// An item of the register.
struct Column<'c> {
    item: &'c Item,
    /// Codes by themselves and by their names.
    codes: HashMap<&'c str, &'c str>,
    source: Source<'c>,
}

/// One entry of `samples.yaml`, its items in the order of the register.
struct Mapping<'c> {
    chunk: &'c SampleChunk,
    sample: &'c Sample,
    columns: Vec<Column<'c>>,
    /// The fact that must hold for a row to be meant.
    only: Option<usize>,
}

/// The rows of one register as they grow.
struct Output<'c> {
    at: Timestamp,
    encoder: Encoder<'c>,
    current: Sheet,
    past: Sheet,
}

/// Rows of one table, and the same as text for the digest.
#[derive(Default)]
struct Sheet {
    rows: CopyRows,
    canonical: String,
}

/// The rows of all registers that `samples.yaml` fills.
pub(super) fn build(
    system: &System,
    at: Timestamp,
    chunk: &SampleChunk,
    vault: &Vault,
) -> Result<ChunkRows, OfficeError> {
    let mut package = Package { files: BTreeMap::new() };
    let mut registers = Vec::with_capacity(system.samples.len());
    for (place, sample) in system.samples.iter().enumerate() {
        let mapping = Mapping::new(system, sample, chunk)?;
        let encoder = Encoder::new(Table::new(system, &sample.register)?, vault);
        let (current, past) = Default::default();
        let mut out = Output { at, encoder, current, past };
        let subjects = match sample.each {
            SampleEach::Household => &chunk.households,
            SampleEach::Person => &chunk.people,
        };
        let (mut held, mut next) = (Vec::new(), Vec::new());
        for subject in subjects {
            mapping.append(subject, (&mut held, &mut next), &mut out)?;
        }
        let canonical = out.past.canonical + &out.current.canonical;
        package.files.insert(format!("{place} {}", sample.register), canonical);
        let (current, past) = (out.current.rows, out.past.rows);
        registers.push(RegisterRows { register: sample.register.clone(), current, past });
    }
    Ok(ChunkRows { registers, people: chunk.people.len(), digest: package.hash() })
}

/// The values of a row.
type Values<'c> = Vec<Option<BulkValue<'c>>>;

impl<'c> Mapping<'c> {
    fn new(
        system: &'c System,
        sample: &'c Sample,
        chunk: &'c SampleChunk,
    ) -> Result<Self, OfficeError> {
        let register = system.register(&sample.register).ok_or_else(|| {
            OfficeError::Definition(format!("見本の台帳「{}」がありません", sample.register))
        })?;
        let mut mapping = Mapping { chunk, sample, columns: Vec::new(), only: None };
        mapping.only = sample.only.as_deref().map(|name| mapping.position(name)).transpose()?;
        for item in &register.items {
            let codes = codes_of(system, item);
            let mut column = Column { item, codes, source: Source::Nothing };
            if let Some((_, text)) = sample.items.iter().find(|(name, _)| *name == item.name) {
                let literal = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                column.source = match literal {
                    Some(literal) => Source::Fixed(mapping.value(&column, literal)?),
                    None => Source::Fact(mapping.position(text)?),
                };
            }
            mapping.columns.push(column);
        }
        Ok(mapping)
    }

    fn position(&self, name: &str) -> Result<usize, OfficeError> {
        self.chunk.position(name).ok_or_else(|| {
            let register = &self.sample.register;
            OfficeError::Definition(format!(
                "samples.yaml（{register}）の「{name}」という事実は見本住民にありません"
            ))
        })
    }

    /// The rows of one subject: neighbours that say the same become one. `held` and `next` are
    /// used again for every subject.
    fn append(
        &self,
        subject: &SampleSubject,
        (held, next): (&mut Values<'c>, &mut Values<'c>),
        out: &mut Output<'_>,
    ) -> Result<(), OfficeError> {
        let mut before: Option<&SampleVersion> = None;
        let mut number = 1;
        for version in &self.chunk.versions[subject.versions.clone()] {
            if !self.is_meant(version.row) {
                continue;
            }
            self.values(version.row, next)?;
            if let Some(ended) = before {
                if held == next {
                    continue;
                }
                let meta = out.meta(number, ended, version.from);
                out.past.push(&mut out.encoder, &self.columns, held, &meta)?;
                number += 1;
            }
            std::mem::swap(held, next);
            before = Some(version);
        }
        if let Some(last) = before {
            let meta = BulkMeta { closed_on: subject.closed_on, ..out.meta(number, last, FOREVER) };
            out.current.push(&mut out.encoder, &self.columns, held, &meta)?;
        }
        Ok(())
    }

    /// Whether there is a row while these facts hold.
    fn is_meant(&self, row: u32) -> bool {
        let held = |only| self.chunk.fact(row, only).is_some_and(|value| value != "0");
        self.only.is_none_or(held)
    }

    fn values(&self, row: u32, out: &mut Values<'c>) -> Result<(), OfficeError> {
        out.clear();
        for column in &self.columns {
            out.push(match &column.source {
                Source::Nothing => None,
                Source::Fixed(value) => Some(*value),
                Source::Fact(position) => {
                    let fact = self.chunk.fact(row, *position);
                    fact.map(|text| self.value(column, text)).transpose()?
                }
            });
        }
        Ok(())
    }

    fn value(&self, column: &Column<'c>, text: &'c str) -> Result<BulkValue<'c>, OfficeError> {
        let item = column.item;
        let found = match &item.kind {
            ItemKind::HalfWidth(_) => Some(BulkValue::Text(text)),
            // Nothing half-width in an item of type Ｎ: in UTF-8 such a character is one byte.
            ItemKind::FullWidth(_) => {
                let wide = text.bytes().all(|byte| byte >= 0x80);
                wide.then_some(BulkValue::Text(text))
            }
            ItemKind::Integer { .. } => text.parse().ok().map(BulkValue::Integer),
            ItemKind::Date { uncertain } => date(text, *uncertain).map(BulkValue::Date),
            ItemKind::Time => base::clock::from_standard_text(text).map(|_| BulkValue::Text(text)),
            ItemKind::Flag => match text {
                "1" => Some(BulkValue::Flag(true)),
                "0" => Some(BulkValue::Flag(false)),
                _ => None,
            },
            // A fact may say the code or its name.
            ItemKind::Code(_) => column.codes.get(text).map(|code| BulkValue::Text(code)),
        };
        found.ok_or_else(|| {
            // A secret's text never stands in a message.
            let shown = if item.secret { "＊" } else { text };
            let (register, name) = (&self.sample.register, &item.name);
            OfficeError::Definition(format!(
                "見本の値「{shown}」は項目「{name}」（{register}）に入れられません"
            ))
        })
    }
}

/// Codes by themselves and, where no code is called so, by their names; the first one counts.
fn codes_of<'c>(system: &'c System, item: &'c Item) -> HashMap<&'c str, &'c str> {
    let mut codes = HashMap::new();
    let entries = item.codes(system).map(|codes| codes.entries.as_slice()).unwrap_or_default();
    for entry in entries {
        codes.entry(entry.code.as_str()).or_insert(entry.code.as_str());
    }
    for entry in entries {
        codes.entry(entry.name.as_str()).or_insert(entry.code.as_str());
    }
    codes
}

/// A date as the item takes it. Nearly all are plain days, which need no reader of writings.
fn date(text: &str, uncertain: bool) -> Option<LooseDate> {
    if let Some(day) = plain_day(text) {
        return Some(LooseDate::from(day));
    }
    let date = LooseDate::parse_recorded(text).ok()?;
    (uncertain || date.certain().is_some()).then_some(date)
}

/// `2026-04-01` of years from 1000 on.
fn plain_day(text: &str) -> Option<Date> {
    let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
    let number = |part: &[u8]| {
        let digits = part.iter().all(u8::is_ascii_digit);
        digits.then(|| part.iter().fold(0_i16, |sum, byte| sum * 10 + i16::from(byte - b'0')))
    };
    if bytes[0] == b'0' || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (month, day) = (number(&bytes[5..7])? as i8, number(&bytes[8..])? as i8);
    Date::new(number(&bytes[..4])?, month, day).ok()
}

impl Output<'_> {
    fn meta<'v>(&self, number: i32, version: &SampleVersion, until: Date) -> BulkMeta<'v> {
        BulkMeta {
            version_no: number,
            valid_from: version.from,
            valid_to: until,
            recorded_from: self.at,
            reason: version.reason,
            closed_on: None,
        }
    }
}

impl Sheet {
    fn push(
        &mut self,
        encoder: &mut Encoder<'_>,
        columns: &[Column<'_>],
        values: &Values<'_>,
        meta: &BulkMeta<'_>,
    ) -> Result<(), OfficeError> {
        self.note(columns, values, meta);
        Ok(encoder.row(values, meta, &mut self.rows)?)
    }

    /// The row as text for the digest: no secrets, nothing that differs between two loads.
    fn note(&mut self, columns: &[Column<'_>], values: &Values<'_>, meta: &BulkMeta<'_>) {
        let out = &mut self.canonical;
        let _ = write!(out, "{} {} {}", meta.version_no, meta.valid_from, meta.valid_to);
        for (column, value) in columns.iter().zip(values) {
            out.push('\u{1f}');
            match value {
                Some(BulkValue::Text(text)) if !column.item.secret => out.push_str(text),
                Some(BulkValue::Integer(number)) => drop(write!(out, "{number}")),
                Some(BulkValue::Flag(flag)) => drop(write!(out, "{flag}")),
                Some(BulkValue::Date(date)) => match date.certain().filter(|day| *day != OPEN_FROM)
                {
                    Some(day) => drop(write!(out, "{day}")),
                    None => out.push_str(&date.iso()),
                },
                _ => {}
            }
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The short way reads as the reader of all writings does, or leaves the text to it.
    #[track_caller]
    fn check(text: &str, short: bool) {
        let plain = plain_day(text);
        assert_eq!(plain.is_some(), short, "{text}");
        if let Some(day) = plain {
            let long = LooseDate::parse_recorded(text).unwrap();
            assert_eq!(LooseDate::from(day), long, "{text}");
            assert_eq!(long.iso(), text);
        }
    }

    #[test]
    fn plain_days_are_read_alike() {
        let days = ["2026-04-01", "1868-01-25", "1912-07-30", "1926-12-25", "1989-01-08"];
        days.iter().chain(&["9999-12-31", "1000-01-01", "2024-02-29"]).for_each(|day| {
            check(day, true);
        });
        for text in ["2025-02-29", "0000-01-01", "0987-06-05", "2026/04/01", "昭和15年", "1940-4-1"]
        {
            check(text, false);
        }
    }
}
