//! 別紙: the folder in which a change of vendor leaves all that the other package has no place
//! for, and the registers of the package that was left as they were, with a manifest whose digest
//! the body's own database keeps. Holds secrets in plain text: for its owner alone.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::bulk::record::Record;
use store::install::Timer;

use super::convert::Converted;
use super::{ChangeReport, Mapping, RegisterHome};
use crate::TransferError;
use crate::csv::write_record;
use crate::file::{Sum, Writer, write_whole};
use crate::manifest::Manifest;
use crate::whole::sum;

/// The file of what has no home.
pub const ANNEX: &str = "annex.csv";
/// The file of timers that the other package cannot go on with.
pub const TIMERS: &str = "timers.csv";
/// The manifest.
pub const ANNEX_MANIFEST: &str = "vendor-change.json";
/// The folder of the registers as they were.
pub(super) const REGISTERS: &str = "registers";
/// The form of the folder.
const FORMAT: &str = "kumoi-vendor-change-1";

/// What the folder holds.
#[derive(Serialize, Deserialize)]
struct AnnexManifest {
    format: String,
    system: String,
    name: String,
    from: String,
    to: String,
    changed_at: Timestamp,
    /// The name of the export in [`REGISTERS`].
    registers: String,
    annex: FileSum,
    timers: FileSum,
    rows: u64,
    taken: u64,
    held: u64,
    homeless: u64,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct FileSum {
    bytes: u64,
    sha256: String,
}

impl From<Sum> for FileSum {
    fn from(sum: Sum) -> FileSum {
        FileSum { bytes: sum.bytes, sha256: sum.sha256 }
    }
}

/// The values without a home, a line each.
pub(super) struct Annex(Writer);

impl Annex {
    pub(super) fn create(folder: &Path) -> Result<Annex, TransferError> {
        let mut annex = Annex(Writer::create(&folder.join(ANNEX))?);
        let names = ["台帳", "履歴", "主キー", "履歴番号", "項目ID", "項目", "値", "理由"];
        line(&mut annex.0, &names.map(|name| Some(name.to_owned())))?;
        Ok(annex)
    }

    pub(super) fn write(
        &mut self,
        home: &RegisterHome<'_>,
        past: bool,
        record: &Record,
        converted: &Converted,
    ) -> Result<(), TransferError> {
        let held =
            converted.held.first().map(|(item, why)| format!("行を移せません（{item}: {why}）"));
        for one in &converted.homeless {
            let fields = [
                Some(home.source.id.clone()),
                Some(u8::from(past).to_string()),
                Some(converted.key.clone()),
                Some(record.meta.version_no.to_string()),
                one.number.clone(),
                Some(one.item.clone()),
                Some(one.value.clone()),
                Some(held.clone().unwrap_or_else(|| one.why.clone())),
            ];
            line(&mut self.0, &fields)?;
        }
        Ok(())
    }

    /// Ends the folder with its timers and manifest; the manifest's digest.
    pub(super) fn finish(
        self,
        folder: &Path,
        (mapping, report, timers): (&Mapping<'_>, &ChangeReport, &[Timer]),
        (registers, at): (&Manifest, Timestamp),
    ) -> Result<String, TransferError> {
        let manifest = AnnexManifest {
            format: FORMAT.to_owned(),
            system: mapping.from.id.clone(),
            name: mapping.from.name.clone(),
            from: mapping.from.hash.clone(),
            to: mapping.to.hash.clone(),
            changed_at: at,
            registers: registers.digest(),
            annex: self.0.finish()?.into(),
            timers: write_timers(folder, timers)?.into(),
            rows: report.rows,
            taken: report.taken,
            held: report.held,
            homeless: report.homeless,
        };
        let path = folder.join(ANNEX_MANIFEST);
        let text = serde_json::to_vec_pretty(&manifest).map_err(std::io::Error::other);
        write_whole(&path, &text.map_err(crate::error::at(&path))?)?;
        Ok(sum(&path)?.sha256)
    }
}

fn write_timers(folder: &Path, timers: &[Timer]) -> Result<Sum, TransferError> {
    let mut writer = Writer::create(&folder.join(TIMERS))?;
    line(&mut writer, &["手続", "主キー", "時刻"].map(|name| Some(name.to_owned())))?;
    for timer in timers {
        let at = timer.run_at.to_string();
        line(&mut writer, &[Some(timer.procedure.clone()), Some(timer.key.clone()), Some(at)])?;
    }
    writer.finish()
}

fn line(writer: &mut Writer, fields: &[Option<String>]) -> Result<(), TransferError> {
    let mut line = Vec::new();
    write_record(fields, &mut line);
    writer.write(&line)
}

/// Refuses a folder that is not the annex of this digest, whole and as it was written.
///
/// # Errors
/// [`TransferError::Refused`] with the file; [`TransferError::Files`].
pub(super) fn verify(folder: &Path, digest: &str) -> Result<(), TransferError> {
    let shown = folder.display();
    let refused = |file: &str| {
        TransferError::Refused(format!(
            "{shown} の {file} が、変更のときに書いたものと違うか、ありません。消す前に、別紙と元の台帳の\
             そろったフォルダを指定してください"
        ))
    };
    let path = folder.join(ANNEX_MANIFEST);
    let same = |file: &str, wanted: &FileSum| {
        let found = sum(&folder.join(file)).map(FileSum::from);
        if found.is_ok_and(|found| found == *wanted) { Ok(()) } else { Err(refused(file)) }
    };
    let text = fs::read(&path).map_err(|_| refused(ANNEX_MANIFEST))?;
    let manifest: AnnexManifest =
        serde_json::from_slice(&text).map_err(|_| refused(ANNEX_MANIFEST))?;
    if sum(&path)?.sha256 != digest || manifest.format != FORMAT {
        return Err(refused(ANNEX_MANIFEST));
    }
    same(ANNEX, &manifest.annex)?;
    same(TIMERS, &manifest.timers)?;
    let registers = Manifest::read(&folder.join(REGISTERS))?;
    if registers.digest() != manifest.registers {
        return Err(refused("registers/manifest.json"));
    }
    for file in &registers.files {
        let wanted = FileSum { bytes: file.bytes, sha256: file.sha256.clone() };
        same(&format!("{REGISTERS}/{}", file.name), &wanted)?;
    }
    Ok(())
}
