//! In: the files of an export into an empty installation of the same package, in one transaction.
//!
//! The files of a register are read side by side, line by line. Every field is checked against its
//! item; what is wrong is said by file, line and column, and then nothing stays.

use std::collections::BTreeMap;
use std::path::Path;

use base::date::day_in_japan;
use jiff::Timestamp;
use serde_json::json;
use store::bulk::record::{Load, Record, RecordWriter, Stored, load};
use store::journal::NewEntry;

use crate::cell::{item_value, meta_value, width};
use crate::csv::{AGAIN, Records};
use crate::export::check_version;
use crate::file::Reader;
use crate::layout::{Layout, RegisterLayout};
use crate::manifest::{FileEntry, Manifest};
use crate::{Side, TransferError};

/// What to do about a value that does not fit.
const CORRECT: &str = "移行元の値を直してから、もう一度書き出してください";

/// What was taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Rows of all registers, current and past.
    pub rows: u64,
    /// The journal entry of the import (異動番号).
    pub event_id: i64,
}

/// Takes the files of `folder` over. `to` must be the installer's connection, the registers empty,
/// the installed package the exported one. `actor` and `at` stand in the journal.
///
/// # Errors
/// [`TransferError::BadCsv`] with the place; [`TransferError::Refused`] with what to do;
/// [`TransferError::Files`], [`TransferError::Store`]. Nothing is taken over then.
pub async fn import(
    to: Side<'_>,
    layout: &Layout<'_>,
    folder: &Path,
    (actor, at): (&str, Timestamp),
) -> Result<Imported, TransferError> {
    let manifest = Manifest::read(folder)?;
    check_package(&manifest, layout)?;
    let load = load(to.client).await?;
    check_version(load.installed(&layout.system.id).await?, layout)?;
    check_empty(&load, &manifest, layout).await?;
    let mut counts: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for register in &layout.registers {
        for past in [false, true] {
            let mut files = Files::open(layout, register, past, (folder, &manifest))?;
            let table = register.table(layout.system);
            let mut writer = load.writer(table, past, to.vault).await?;
            let rows = files.pour(&mut writer).await?;
            writer.finish().await?;
            files.check_sums()?;
            counts.entry(&register.register.id).or_default()[usize::from(past)] = rows;
        }
    }
    for (name, next) in &manifest.series {
        load.series_advance(name, *next).await?;
    }
    let rows = counts.values().flatten().sum();
    let entry = entry(&manifest, &counts, (actor, at));
    let event_id = load.journal(&entry, manifest.journal_last).await?;
    load.commit().await?;
    Ok(Imported { rows, event_id })
}

fn check_package(manifest: &Manifest, layout: &Layout<'_>) -> Result<(), TransferError> {
    let system = layout.system;
    if manifest.system != system.id || manifest.package != system.hash {
        return Err(TransferError::Refused(format!(
            "この書き出しは{}の版{}のものです。{}の版{}には取り込めません。同じ版を入れるか、\
             事業者の変更として移してください",
            manifest.name, manifest.version, system.name, system.version
        )));
    }
    Ok(())
}

async fn check_empty(
    load: &Load<'_>,
    manifest: &Manifest,
    layout: &Layout<'_>,
) -> Result<(), TransferError> {
    for register in &layout.registers {
        if !load.is_empty(register.table(layout.system)).await? {
            return Err(TransferError::Refused(format!(
                "{}の台帳「{}」にもう行があります。空の環境に取り込んでください",
                layout.system.name, register.register.name
            )));
        }
    }
    if load.journal_meets(manifest.journal_last).await? {
        return Err(TransferError::Refused(
            "移行先の異動番号が、移行元の異動番号と重なります。新しい環境に取り込んでください。\
             複数の業務を移すときは、同じ時点の書き出しを使ってください"
                .to_owned(),
        ));
    }
    Ok(())
}

fn entry(
    manifest: &Manifest,
    counts: &BTreeMap<&str, [u64; 2]>,
    (actor, at): (&str, Timestamp),
) -> NewEntry {
    let rows: serde_json::Map<_, _> = counts
        .iter()
        .map(|(register, [current, past])| {
            ((*register).to_owned(), json!({ "current": current, "past": past }))
        })
        .collect();
    NewEntry {
        recorded_at: at,
        system: manifest.system.clone(),
        procedure: "import".to_owned(),
        event: None,
        reason: "データ移行".to_owned(),
        case_id: None,
        subjects: Vec::new(),
        effective_on: day_in_japan(at),
        filed_on: None,
        actor: actor.to_owned(),
        approver: None,
        run_id: None,
        content: json!({ "manifest": manifest.digest(), "rows": rows }),
    }
}

/// The files of one register, current or past, side by side.
struct Files<'l, 's> {
    layout: &'l Layout<'s>,
    register: &'l RegisterLayout<'s>,
    parts: Vec<Part<'l>>,
    last: Option<(Stored, i32)>,
    past: bool,
}

/// One of them.
struct Part<'l> {
    records: Records<Reader>,
    fields: Vec<Option<String>>,
    entry: &'l FileEntry,
}

impl<'l, 's> Files<'l, 's> {
    fn open(
        layout: &'l Layout<'s>,
        register: &'l RegisterLayout<'s>,
        past: bool,
        (folder, manifest): (&Path, &'l Manifest),
    ) -> Result<Files<'l, 's>, TransferError> {
        let mut parts = Vec::new();
        for (at, part) in register.parts.iter().enumerate() {
            let name = part.file(past);
            let entry = manifest.files.iter().find(|entry| entry.name == name);
            let entry = entry.ok_or_else(|| {
                TransferError::Refused(format!(
                    "目録に {name} がありません。同じ標準でもう一度書き出してください"
                ))
            })?;
            let records = Records::new(Reader::open(&folder.join(&name))?, &name);
            let mut part = Part { records, fields: Vec::new(), entry };
            part.records.read(&mut part.fields)?;
            let wanted = register.columns(at);
            let same = part.fields.iter().map(Option::as_deref);
            if !same.eq(wanted.iter().map(|column| Some(column.field.as_str()))) {
                let what = "見出しが、この版の項目の並びと違います";
                return Err(part.records.bad(None, what, AGAIN));
            }
            parts.push(part);
        }
        Ok(Files { layout, register, parts, last: None, past })
    }

    /// Writes every row; how many there were.
    async fn pour(&mut self, writer: &mut RecordWriter<'_>) -> Result<u64, TransferError> {
        let mut rows = 0;
        while let Some(record) = self.next()? {
            writer.write(&record).await?;
            rows += 1;
        }
        Ok(rows)
    }

    /// The next row of all files together.
    fn next(&mut self) -> Result<Option<Record>, TransferError> {
        let mut more = Vec::with_capacity(self.parts.len());
        for part in &mut self.parts {
            more.push(part.records.read(&mut part.fields)?);
        }
        if more.iter().all(|more| !more) {
            return Ok(None);
        }
        for (at, part) in self.parts.iter().enumerate() {
            if !more[at] {
                return Err(part.records.bad(None, "ほかのファイルより行が少ないです", AGAIN));
            }
            part.check_width()?;
        }
        self.record().map(Some)
    }

    fn record(&mut self) -> Result<Record, TransferError> {
        let (system, register) = (self.layout.system, self.register.register);
        let key = self.register.key();
        let mut values = vec![None; register.items.len()];
        let (first, place) = (&self.parts[0], width(key));
        values[register.key_index()] =
            first.value(0, || item_value(system, key, &first.fields[..place]))?;
        let version_no = first.value(place, || version_of(first.fields[place].as_deref()))?;
        for (number, part) in self.parts.iter().enumerate() {
            if part.fields[..=place] != first.fields[..=place] {
                let what = format!("{} の同じ行と、主キーか履歴番号が違います", first.entry.name);
                return Err(part.records.bad(Some((0, &key.name)), &what, AGAIN));
            }
            let mut at = place + 1;
            for item in &self.register.parts[number].items {
                let own = &register.items[*item];
                let end = at + width(own);
                values[*item] =
                    part.value(at, || item_value(system, own, &part.fields[at..end]))?;
                at = end;
            }
        }
        let start = first.fields.len() - crate::layout::META.len();
        let meta = meta_value(version_no, &first.fields[start..])
            .map_err(|(at, what)| first.bad(start + at, &what))?;
        let record = Record { values, meta };
        self.check_order(&record)?;
        Ok(record)
    }

    /// Rows come in the order in which they were written: none twice.
    fn check_order(&mut self, record: &Record) -> Result<(), TransferError> {
        let (key, version_no) = record.place(self.register.table(self.layout.system));
        let Some(key) = key else { return Ok(()) };
        let after = self.last.as_ref().is_none_or(|(last, number)| {
            last < key || (self.past && last == key && *number < version_no)
        });
        if !after {
            let what = "主キーが前の行と重なるか、並びが違います";
            return Err(self.parts[0].records.bad(
                Some((0, &self.register.key().name)),
                what,
                AGAIN,
            ));
        }
        self.last = Some((key.clone(), version_no));
        Ok(())
    }

    /// Once all is read, the files must be those that were written.
    fn check_sums(self) -> Result<(), TransferError> {
        for part in self.parts {
            let sum = part.records.into_inner().sum();
            if sum.sha256 != part.entry.sha256 || sum.bytes != part.entry.bytes {
                return Err(TransferError::Refused(format!(
                    "{} は、目録のものと違います（書き換えられたか、別の書き出しのものです）。{AGAIN}",
                    part.entry.name
                )));
            }
        }
        Ok(())
    }
}

impl Part<'_> {
    fn check_width(&self) -> Result<(), TransferError> {
        let (found, wanted) = (self.fields.len(), self.entry.columns.len());
        match found == wanted {
            true => Ok(()),
            false => {
                let what = format!("欄が {found} あります。{wanted} でなければなりません");
                Err(self.records.bad(None, &what, AGAIN))
            }
        }
    }

    /// What `read` makes of the fields from `at`.
    fn value<T>(
        &self,
        at: usize,
        read: impl FnOnce() -> Result<T, String>,
    ) -> Result<T, TransferError> {
        read().map_err(|what| self.bad(at, &what))
    }

    fn bad(&self, at: usize, what: &str) -> TransferError {
        let name = self.entry.columns.get(at).map_or("", |column| column.name.as_str());
        self.records.bad(Some((at, name)), what, CORRECT)
    }
}

fn version_of(text: Option<&str>) -> Result<i32, String> {
    let number = text.and_then(|text| text.parse::<i32>().ok()).filter(|number| *number > 0);
    number.ok_or_else(|| "履歴番号が 1 以上の整数ではありません".to_owned())
}
