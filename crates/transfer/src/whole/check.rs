//! Checking an export: every file is there and as it was, every register file has the rows that its
//! manifest says, and the log puts itself together from the rows up to its signed checkpoint.

use std::fs;
use std::io::BufRead;
use std::path::Path;

use serde_json::Value;
use store::seal::offline::{OfflineLog, size_of};
use store::seal::{Kind, Verifier};

use super::{KEY, WHOLE_MANIFEST, WholeManifest, files_of, sum};
use crate::TransferError;
use crate::error::at as failed;
use crate::file::Reader;

/// What the check of an export found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeReport {
    /// The digest of the manifest: the export's name.
    pub name: String,
    /// Files compared.
    pub files: usize,
    /// Records in them.
    pub records: u64,
    /// Rows of journal and audit that the signed checkpoint covers.
    pub sealed: u64,
    /// Rows that came after the last checkpoint.
    pub unsealed: u64,
    /// What is wrong.
    pub wrong: Vec<String>,
}

/// Checks the folder of an export.
///
/// # Errors
/// [`TransferError::Refused`] when it is none; what is wrong in one stands in the report.
pub fn whole_verify(folder: &Path) -> Result<WholeReport, TransferError> {
    let manifest = WholeManifest::read(folder)?;
    let mut report = WholeReport {
        name: sum(&folder.join(WHOLE_MANIFEST))?.sha256,
        files: manifest.files.len(),
        records: manifest.files.values().filter_map(|file| file.records).sum(),
        sealed: 0,
        unsealed: 0,
        wrong: Vec::new(),
    };
    let there = files_of(folder)?;
    for path in there.iter().filter(|path| !manifest.files.contains_key(*path)) {
        report.wrong.push(format!("{} は目録にありません", path.display()));
    }
    for (path, file) in &manifest.files {
        if !there.contains(path) {
            report.wrong.push(format!("{} がありません", path.display()));
            continue;
        }
        let found = sum(&folder.join(path))?;
        if (found.bytes, &found.sha256) != (file.bytes, &file.sha256) {
            report.wrong.push(format!("{} が書き換えられています", path.display()));
        }
    }
    if report.wrong.is_empty() {
        log_check(folder, &mut report)?;
    }
    Ok(report)
}

/// The log from the rows, against the last checkpoint that was there at the same moment.
fn log_check(folder: &Path, report: &mut WholeReport) -> Result<(), TransferError> {
    let mut log = OfflineLog::default();
    for (kind, name) in Kind::ALL.map(|kind| (kind, kind.id())) {
        lines(folder, name, |line| log.row(kind, line))?;
    }
    report.unsealed = log.unsealed;
    if log.altered > 0 {
        report.wrong.push(format!("異動・監査の {} 行が、封印したときと違います", log.altered));
    }
    let mut last: Option<String> = None;
    lines(folder, "log_checkpoint", |line| last = line["note"].as_str().map(str::to_owned))?;
    let Some(note) = last else { return Ok(()) };
    let key = folder.join(KEY);
    let key = fs::read_to_string(&key).map_err(failed(&key))?;
    match log.check(&Verifier::parse(&key)?, &note) {
        Ok(size) => report.sealed = size,
        Err(what) => report.wrong.push(what),
    }
    let copied = fs::read_to_string(folder.join("log/checkpoint")).unwrap_or_default();
    if size_of(&copied) < size_of(&note) {
        report.wrong.push("log/checkpoint が、記録の途中までしかありません".to_owned());
    }
    Ok(())
}

fn lines(folder: &Path, name: &str, mut each: impl FnMut(&Value)) -> Result<(), TransferError> {
    let path = folder.join("records").join(format!("{name}.jsonl"));
    for line in Reader::open(&path)?.lines() {
        let line = line.map_err(failed(&path))?;
        let value = serde_json::from_str(&line).map_err(std::io::Error::other);
        each(&value.map_err(failed(&path))?);
    }
    Ok(())
}
