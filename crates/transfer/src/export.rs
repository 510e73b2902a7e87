//! Out: every register of a system to CSV, one moment of the database, row by row.
//!
//! Reads only. The files hold secrets in plain text and are for their owner alone.

use std::path::Path;

use jiff::Timestamp;
use store::bulk::record::{Record, Snapshot, snapshot};
use store::vault::Vault;

use crate::cell::{item_fields, meta_fields};
use crate::csv::write_record;
use crate::file::{NewFolder, Writer};
use crate::layout::{Layout, RegisterLayout};
use crate::manifest::{FileEntry, Manifest};
use crate::{Side, TransferError};

/// Writes the registers of a system into `folder`, which must be new or empty; `at` is the moment
/// noted in the manifest. The caller keeps the folder safe: secrets are in plain text in it.
///
/// # Errors
/// [`TransferError::Refused`] when another version is installed or the folder is in use;
/// [`TransferError::Files`], [`TransferError::Store`]. The folder is then as it was.
pub async fn export(
    from: Side<'_>,
    layout: &Layout<'_>,
    folder: &Path,
    at: Timestamp,
) -> Result<Manifest, TransferError> {
    let snapshot = snapshot(from.client).await?;
    export_at(&snapshot, from.vault, layout, (folder, at)).await
}

/// The same at a moment that is there.
pub(crate) async fn export_at(
    snapshot: &Snapshot<'_>,
    vault: &Vault,
    layout: &Layout<'_>,
    (folder, at): (&Path, Timestamp),
) -> Result<Manifest, TransferError> {
    let folder = NewFolder::make(folder)?;
    let system = layout.system;
    check_version(snapshot.installed(&system.id).await?, layout)?;
    let mut manifest = Manifest::new(system, at);
    manifest.journal_last = snapshot.journal_last().await?;
    manifest.series = snapshot.series().await?;
    for register in &layout.registers {
        for past in [false, true] {
            let mut files = Files::create(register, past, folder.path())?;
            let table = register.table(system);
            let mut records = snapshot.records(table, past, Some(vault)).await?;
            while let Some(record) = records.next().await? {
                files.write(&record)?;
            }
            manifest.files.extend(files.finish()?);
        }
    }
    manifest.write(folder.path())?;
    folder.keep();
    Ok(manifest)
}

/// Only the version that is installed says what the columns are.
pub(crate) fn check_version(
    installed: Option<String>,
    layout: &Layout<'_>,
) -> Result<(), TransferError> {
    let system = layout.system;
    match installed {
        Some(hash) if hash == system.hash => Ok(()),
        Some(_) => Err(TransferError::Refused(format!(
            "{}は、別の版が入っています。版{}（{}）に揃えてからもう一度実行してください",
            system.name,
            system.version,
            &system.hash[..system.hash.len().min(12)]
        ))),
        None => Err(TransferError::Refused(format!(
            "{}が入っていません。先に契約して開いてください",
            system.name
        ))),
    }
}

/// The files of one register, current or past.
struct Files<'l, 's> {
    layout: &'l RegisterLayout<'s>,
    past: bool,
    parts: Vec<Writer>,
    rows: u64,
    fields: Vec<Option<String>>,
    line: Vec<u8>,
}

impl<'l, 's> Files<'l, 's> {
    fn create(
        layout: &'l RegisterLayout<'s>,
        past: bool,
        folder: &Path,
    ) -> Result<Files<'l, 's>, TransferError> {
        let mut parts = Vec::new();
        for (at, part) in layout.parts.iter().enumerate() {
            let mut writer = Writer::create(&folder.join(part.file(past)))?;
            let heading: Vec<Option<String>> =
                layout.columns(at).into_iter().map(|column| Some(column.field)).collect();
            let mut line = Vec::new();
            write_record(&heading, &mut line);
            writer.write(&line)?;
            parts.push(writer);
        }
        Ok(Files { layout, past, parts, rows: 0, fields: Vec::new(), line: Vec::new() })
    }

    fn write(&mut self, record: &Record) -> Result<(), TransferError> {
        let register = self.layout.register;
        for (at, writer) in self.parts.iter_mut().enumerate() {
            self.fields.clear();
            let key = record.values[register.key_index()].as_ref();
            item_fields(self.layout.key(), key, &mut self.fields);
            self.fields.push(Some(record.meta.version_no.to_string()));
            for item in &self.layout.parts[at].items {
                let value = record.values[*item].as_ref();
                item_fields(&register.items[*item], value, &mut self.fields);
            }
            if self.layout.carries_meta(at) {
                meta_fields(&record.meta, &mut self.fields);
            }
            self.line.clear();
            write_record(&self.fields, &mut self.line);
            writer.write(&self.line)?;
        }
        self.rows += 1;
        Ok(())
    }

    fn finish(self) -> Result<Vec<FileEntry>, TransferError> {
        let mut out = Vec::new();
        for (at, writer) in self.parts.into_iter().enumerate() {
            let (part, sum) = (&self.layout.parts[at], writer.finish()?);
            out.push(FileEntry {
                name: part.file(self.past),
                register: self.layout.register.id.clone(),
                group: part.group.clone(),
                past: self.past,
                columns: self.layout.columns(at),
                rows: self.rows,
                bytes: sum.bytes,
                sha256: sum.sha256,
            });
        }
        Ok(out)
    }
}
