//! 事業者の変更: the registers of one package into another of the same business, through the standard's
//! items. What has no home on the other side is listed and kept in an annex, never dropped.
//!
//! First a rehearsal that changes nothing and says what would come of it; then the change in one
//! transaction, and every row that was taken over is read again and compared.

mod convert;
mod mapping;

use std::collections::BTreeMap;
use std::path::Path;

use base::date::day_in_japan;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use store::bulk::record::{Load, Record, Snapshot, load, snapshot};
use store::journal::NewEntry;
use store::register::Table;
use store::vault::Vault;

use self::convert::{Converted, convert};
use crate::csv::write_record;
use crate::file::{NewFolder, Writer};
use crate::{Side, TransferError};

pub use mapping::{ItemHome, Mapping, RegisterHome};

/// The file of what has no home.
pub const ANNEX: &str = "annex.csv";

/// What came, or would come, of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChangeReport {
    /// Rows, current and past, of the package that is left.
    pub rows: u64,
    /// Rows that the other package takes.
    pub taken: u64,
    /// Rows that it cannot take; whole in the annex.
    pub held: u64,
    /// Values without a home, of all rows; in the annex.
    pub homeless: u64,
    /// How often each reason came: (register, item, reason) → values or rows.
    pub reasons: BTreeMap<String, u64>,
}

/// Reads every row and says what would come of the change; changes nothing and writes no file.
///
/// # Errors
/// [`TransferError::Store`].
pub async fn vendor_rehearse(
    from: Side<'_>,
    mapping: &Mapping<'_>,
) -> Result<ChangeReport, TransferError> {
    let source = snapshot(from.client).await?;
    let mut report = ChangeReport::default();
    for (home, past) in mapping.tables() {
        let mut records =
            source.records(home.source_table(mapping), past, Some(from.vault)).await?;
        while let Some(record) = records.next().await? {
            report.count(home, &convert(mapping, home, &record));
        }
    }
    Ok(report)
}

/// Carries the change out: into the empty registers of `to` (the installer's connection; a database
/// whose journal is new), the annex into `folder`, which must be new or empty. Rows that the other
/// package cannot take stop it unless `hold` says that the annex is enough for them.
///
/// # Errors
/// [`TransferError::Refused`] with what to do; nothing is changed then, and no file is left.
pub async fn vendor_change(
    from: Side<'_>,
    to: Side<'_>,
    (mapping, hold): (&Mapping<'_>, bool),
    folder: &Path,
    (actor, at): (&str, Timestamp),
) -> Result<ChangeReport, TransferError> {
    let folder = NewFolder::make(folder)?;
    let source = snapshot(from.client).await?;
    let mut annex = Annex::create(folder.path())?;
    let mut report = ChangeReport::default();
    let target = load(to.client).await?;
    let last = source.journal_last().await?;
    check_target(&target, mapping, last).await?;
    for (home, past) in mapping.tables() {
        let table = home.source_table(mapping);
        let mut records = source.records(table, past, Some(from.vault)).await?;
        let mut writer = match home.target_table(mapping) {
            Some(table) => Some(target.writer(table, past, to.vault).await?),
            None => None,
        };
        while let Some(record) = records.next().await? {
            let converted = convert(mapping, home, &record);
            report.count(home, &converted);
            annex.write(home, past, &record, &converted)?;
            if let (Some(writer), Some(record)) = (&mut writer, &converted.record) {
                writer.write(record).await?;
            }
        }
        if let Some(writer) = writer {
            writer.finish().await?;
        }
    }
    if report.held > 0 && !hold {
        return Err(TransferError::Refused(format!(
            "{} 行が移行先に入りません。先に rehearse の報告を見て、移行元で値を補うか、別紙に残すことを\
             認めてから、もう一度実行してください",
            report.held
        )));
    }
    for (name, next) in source.series().await? {
        target.series_advance(&name, next).await?;
    }
    target.journal(&entry(mapping, &report, (actor, at)), last).await?;
    annex.finish()?;
    // Kept before the rest is: whatever happens then, no value is without a place.
    folder.keep();
    target.commit().await?;
    let again = snapshot(to.client).await?;
    check_taken(mapping, (&source, from.vault), (&again, to.vault)).await?;
    Ok(report)
}

async fn check_target(
    target: &Load<'_>,
    mapping: &Mapping<'_>,
    last: i64,
) -> Result<(), TransferError> {
    let system = mapping.to;
    let refused = |why: String| Err(TransferError::Refused(why));
    if target.installed(&system.id).await?.as_ref() != Some(&system.hash) {
        return refused(format!("移行先に{}の版{}が入っていません", system.name, system.version));
    }
    for register in &system.registers {
        if !target.is_empty(Table { system, register }).await? {
            let name = &register.name;
            return refused(format!(
                "移行先の台帳「{name}」にもう行があります。空の環境に移してください"
            ));
        }
    }
    if target.journal_meets(last).await? {
        let help = "新しい環境に移してください";
        return refused(format!("移行先の異動番号が、移行元の異動番号と重なります。{help}"));
    }
    Ok(())
}

/// Every row that was taken is there as it was converted, and no other.
async fn check_taken(
    mapping: &Mapping<'_>,
    (source, from): (&Snapshot<'_>, &Vault),
    (target, to): (&Snapshot<'_>, &Vault),
) -> Result<(), TransferError> {
    for (home, past) in mapping.tables() {
        let Some(table) = home.target_table(mapping) else { continue };
        let mut records = source.records(home.source_table(mapping), past, Some(from)).await?;
        let mut there = target.records(table, past, Some(to)).await?;
        while let Some(record) = records.next().await? {
            let Some(wanted) = convert(mapping, home, &record).record else { continue };
            if there.next().await?.as_ref() != Some(&wanted) {
                return Err(differs(&table.register.name));
            }
        }
        if there.next().await?.is_some() {
            return Err(differs(&table.register.name));
        }
    }
    Ok(())
}

fn differs(register: &str) -> TransferError {
    TransferError::Refused(format!(
        "移した後の照合で、台帳「{register}」が移行元と違いました。移行先を使わず、移行元のまま続けてください"
    ))
}

fn entry(mapping: &Mapping<'_>, report: &ChangeReport, (actor, at): (&str, Timestamp)) -> NewEntry {
    NewEntry {
        recorded_at: at,
        system: mapping.to.id.clone(),
        procedure: "vendor-change".to_owned(),
        event: None,
        reason: "事業者の変更".to_owned(),
        case_id: None,
        subjects: Vec::new(),
        effective_on: day_in_japan(at),
        filed_on: None,
        actor: actor.to_owned(),
        approver: None,
        run_id: None,
        content: json!({
            "from": mapping.from.hash, "to": mapping.to.hash, "taken": report.taken,
            "held": report.held, "homeless": report.homeless,
        }),
    }
}

impl ChangeReport {
    fn count(&mut self, home: &RegisterHome<'_>, converted: &Converted) {
        self.rows += 1;
        match converted.record {
            Some(_) => self.taken += 1,
            None => self.held += 1,
        }
        self.homeless += converted.homeless.len() as u64;
        let is_taken = converted.record.is_some();
        let homeless = converted.homeless.iter().filter(|_| is_taken);
        let homeless = homeless.map(|one| (one.item.as_str(), one.why.as_str()));
        let held = converted.held.iter().map(|(item, why)| (item.as_str(), why.as_str()));
        for (item, why) in homeless.chain(held) {
            let reason = format!("{}・{item}: {why}", home.source.name);
            *self.reasons.entry(reason).or_default() += 1;
        }
    }
}

/// The values without a home, a line each.
struct Annex(Writer);

impl Annex {
    fn create(folder: &Path) -> Result<Annex, TransferError> {
        let mut annex = Annex(Writer::create(&folder.join(ANNEX))?);
        let names = ["台帳", "履歴", "主キー", "履歴番号", "項目ID", "項目", "値", "理由"];
        annex.line(&names.map(|name| Some(name.to_owned())))?;
        Ok(annex)
    }

    fn write(
        &mut self,
        home: &RegisterHome<'_>,
        past: bool,
        record: &Record,
        converted: &Converted,
    ) -> Result<(), TransferError> {
        let held =
            converted.held.first().map(|(item, why)| format!("行を移せません（{item}: {why}）"));
        for one in &converted.homeless {
            self.line(&[
                Some(home.source.id.clone()),
                Some(u8::from(past).to_string()),
                Some(converted.key.clone()),
                Some(record.meta.version_no.to_string()),
                one.number.clone(),
                Some(one.item.clone()),
                Some(one.value.clone()),
                Some(held.clone().unwrap_or_else(|| one.why.clone())),
            ])?;
        }
        Ok(())
    }

    fn line(&mut self, fields: &[Option<String>]) -> Result<(), TransferError> {
        let mut line = Vec::new();
        write_record(fields, &mut line);
        self.0.write(&line)
    }

    fn finish(self) -> Result<(), TransferError> {
        self.0.finish().map(|_| ())
    }
}
