//! Facts of sample people as rows of registers, by the mapping of `samples.yaml`. Pure.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use base::date::{FOREVER, LooseDate};
use definition::model::{Item, ItemKind, Sample, SampleEach};
use definition::{Package, System};
use jiff::Timestamp;
use store::register::RowWrite;
use store::value::record_open;
use store::{ItemValue, RowMeta};

use super::{Fact, SampleHousehold, SampleSubject, SampleVersion};
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
    pub(super) current: Vec<RowWrite>,
    pub(super) past: Vec<RowWrite>,
}

/// Where the value of an item comes from.
enum Source<'s> {
    Fact(&'s str),
    Text(&'s str),
}

/// One entry of `samples.yaml`, its items in the order of the register.
struct Mapping<'s> {
    system: &'s System,
    sample: &'s Sample,
    items: Vec<(&'s Item, Option<Source<'s>>)>,
    at: Timestamp,
}

/// The rows of all registers that `samples.yaml` fills.
pub(super) fn build(
    system: &System,
    at: Timestamp,
    chunk: &[SampleHousehold],
) -> Result<ChunkRows, OfficeError> {
    let mut package = Package { files: BTreeMap::new() };
    let mut registers = Vec::with_capacity(system.samples.len());
    for (place, sample) in system.samples.iter().enumerate() {
        let mapping = Mapping::new(system, sample, at)?;
        let mut rows = RegisterRows {
            register: sample.register.clone(),
            current: Vec::new(),
            past: Vec::new(),
        };
        for household in chunk {
            let own = std::slice::from_ref(&household.household);
            let subjects = match sample.each {
                SampleEach::Household => own,
                SampleEach::Person => household.people.as_slice(),
            };
            for subject in subjects {
                mapping.append(subject, &mut rows)?;
            }
        }
        package.files.insert(format!("{place} {}", sample.register), mapping.canonical(&rows));
        registers.push(rows);
    }
    let people = chunk.iter().map(|household| household.people.len()).sum();
    Ok(ChunkRows { registers, people, digest: package.hash() })
}

impl<'s> Mapping<'s> {
    fn new(system: &'s System, sample: &'s Sample, at: Timestamp) -> Result<Self, OfficeError> {
        let register = system.register(&sample.register).ok_or_else(|| {
            OfficeError::Definition(format!("見本の台帳「{}」がありません", sample.register))
        })?;
        let source = |item: &Item| {
            let (_, text) = sample.items.iter().find(|(name, _)| *name == item.name)?;
            let literal = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            Some(literal.map_or(Source::Fact(text), Source::Text))
        };
        let items = register.items.iter().map(|item| (item, source(item))).collect();
        Ok(Mapping { system, sample, items, at })
    }

    /// The rows of one subject: neighbours that say the same become one.
    fn append(&self, subject: &SampleSubject, out: &mut RegisterRows) -> Result<(), OfficeError> {
        let mut segments: Vec<(&SampleVersion, Vec<Option<ItemValue>>)> = Vec::new();
        for version in &subject.versions {
            let facts: HashMap<&str, &Fact> =
                version.facts.iter().map(|fact| (fact.0, fact)).collect();
            if !self.is_meant(&facts)? {
                continue;
            }
            let values = self.values(&facts)?;
            if segments.last().is_none_or(|(_, before)| *before != values) {
                segments.push((version, values));
            }
        }
        let starts: Vec<_> = segments.iter().map(|(version, _)| version.from).collect();
        let count = segments.len();
        for (place, (version, values)) in segments.into_iter().enumerate() {
            let is_last = place + 1 == count;
            let meta = RowMeta {
                version_no: i32::try_from(place + 1).unwrap_or(i32::MAX),
                valid_from: version.from,
                valid_to: starts.get(place + 1).copied().unwrap_or(FOREVER),
                recorded_from: self.at,
                recorded_to: record_open(),
                event_id: 0,
                reason: version.reason.clone(),
                closed_on: subject.closed_on.filter(|_| is_last),
            };
            let list = if is_last { &mut out.current } else { &mut out.past };
            list.push(RowWrite { values, meta });
        }
        Ok(())
    }

    /// Whether there is a row while these facts hold.
    fn is_meant(&self, facts: &HashMap<&str, &Fact>) -> Result<bool, OfficeError> {
        let Some(only) = &self.sample.only else { return Ok(true) };
        Ok(self.fact(facts, only)?.is_some_and(|value| value != "0"))
    }

    fn fact<'f>(
        &self,
        facts: &HashMap<&str, &'f Fact>,
        name: &str,
    ) -> Result<Option<&'f str>, OfficeError> {
        let fact = facts.get(name).ok_or_else(|| {
            let register = &self.sample.register;
            OfficeError::Definition(format!(
                "samples.yaml（{register}）の「{name}」という事実は見本住民にありません"
            ))
        })?;
        Ok(fact.1.as_deref().filter(|text| !text.is_empty()))
    }

    fn values(&self, facts: &HashMap<&str, &Fact>) -> Result<Vec<Option<ItemValue>>, OfficeError> {
        let mut out = Vec::with_capacity(self.items.len());
        for (item, source) in &self.items {
            let text = match source {
                None => None,
                Some(Source::Text(text)) => Some(*text),
                Some(Source::Fact(name)) => self.fact(facts, name)?,
            };
            out.push(text.map(|text| self.value(item, text)).transpose()?);
        }
        Ok(out)
    }

    fn value(&self, item: &Item, text: &str) -> Result<ItemValue, OfficeError> {
        let found = match &item.kind {
            ItemKind::HalfWidth(_) | ItemKind::FullWidth(_) => {
                Some(ItemValue::Text(text.to_owned()))
            }
            ItemKind::Integer { .. } => text.parse().ok().map(ItemValue::Integer),
            ItemKind::Date { uncertain } => LooseDate::parse_recorded(text)
                .ok()
                .filter(|date| *uncertain || date.certain().is_some())
                .map(ItemValue::Date),
            ItemKind::Flag => match text {
                "1" => Some(ItemValue::Flag(true)),
                "0" => Some(ItemValue::Flag(false)),
                _ => None,
            },
            // A fact may say the code or its name.
            ItemKind::Code(_) => item.codes(self.system).and_then(|codes| {
                let entries = &codes.entries;
                let by_code = entries.iter().find(|entry| entry.code == text);
                let entry = by_code.or_else(|| entries.iter().find(|entry| entry.name == text));
                entry.map(|entry| ItemValue::Text(entry.code.clone()))
            }),
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

    /// The rows as one text for the digest: no secrets, nothing that differs between two loads.
    fn canonical(&self, rows: &RegisterRows) -> String {
        let mut out = String::with_capacity((rows.current.len() + rows.past.len()) * 400);
        for row in rows.past.iter().chain(&rows.current) {
            let meta = &row.meta;
            let _ = write!(out, "{} {} {}", meta.version_no, meta.valid_from, meta.valid_to);
            for ((item, _), value) in self.items.iter().zip(&row.values) {
                out.push('\u{1f}');
                match value {
                    Some(ItemValue::Text(text)) if !item.secret => out.push_str(text),
                    Some(ItemValue::Integer(number)) => drop(write!(out, "{number}")),
                    Some(ItemValue::Flag(flag)) => drop(write!(out, "{flag}")),
                    Some(ItemValue::Date(date)) => out.push_str(&date.iso()),
                    _ => {}
                }
            }
            out.push('\n');
        }
        out
    }
}
