//! 事業者の変更: the registers of one package into another of the same business, through the standard's
//! items. What has no home on the other side is listed and kept in an annex, never dropped.
//!
//! First a rehearsal that changes nothing and says what would come of it; then the change in
//! service, one transaction, in which every row that was taken over is read again and compared.

mod annex;
mod convert;
mod mapping;
mod service;

use std::collections::{BTreeMap, BTreeSet};

use definition::System;
use serde::Serialize;
use store::bulk::record::{Load, Snapshot, load, snapshot};
use store::install::{Event, OpenWork, Timer, open_work};
use store::vault::Vault;

use self::annex::Annex;
use self::convert::{Converted, Homeless, convert};
use crate::{Side, TransferError};

pub use annex::{ANNEX, ANNEX_MANIFEST, TIMERS};
pub use mapping::{ItemHome, Mapping, RegisterHome};
pub use service::{
    ChangeInService, Changed, vendor_change_back, vendor_change_finish, vendor_change_in_service,
};

/// The keys of which some row, current or past, cannot be taken: (register, key).
#[derive(Default)]
struct HeldKeys(BTreeSet<(String, String)>);

impl HeldKeys {
    /// Looks at every row once.
    async fn of(
        mapping: &Mapping<'_>,
        source: &Snapshot<'_>,
        vault: &Vault,
    ) -> Result<HeldKeys, TransferError> {
        let (none, mut held) = (HeldKeys::default(), HeldKeys::default());
        for (home, past) in mapping.tables() {
            let mut records = source.records(home.source_table(mapping), past, Some(vault)).await?;
            while let Some(record) = records.next().await? {
                let converted = convert(mapping, (home, &none), &record);
                if converted.record.is_none() {
                    held.0.insert((home.source.id.clone(), converted.key));
                }
            }
        }
        Ok(held)
    }

    fn has(&self, register: &str, key: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&(register.to_owned(), key.to_owned()))
    }
}

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
    /// Why values have no home though their row has: register, item, reason → values.
    pub homeless_why: BTreeMap<String, u64>,
    /// Why rows cannot be taken: register, item, reason → rows.
    pub held_why: BTreeMap<String, u64>,
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
    let kept = HeldKeys::of(mapping, &source, from.vault).await?;
    let mut report = ChangeReport::default();
    for (home, past) in mapping.tables() {
        let mut records =
            source.records(home.source_table(mapping), past, Some(from.vault)).await?;
        while let Some(record) = records.next().await? {
            report.count(home, &convert(mapping, (home, &kept), &record));
        }
    }
    Ok(report)
}

/// What must be ended under the package in service before it can give way, and the timers that the
/// other package has no procedure for. Changes nothing.
///
/// # Errors
/// [`TransferError::Store`].
pub async fn vendor_open_work(
    from: Side<'_>,
    mapping: &Mapping<'_>,
) -> Result<(OpenWork, Vec<Timer>), TransferError> {
    let load = load(from.client).await?;
    open_of(&load, mapping, &HeldKeys::default()).await
}

/// Of the timers those that have nowhere to go: no procedure, or no row under the other package.
async fn open_of(
    load: &Load<'_>,
    mapping: &Mapping<'_>,
    kept: &HeldKeys,
) -> Result<(OpenWork, Vec<Timer>), TransferError> {
    let heard = heard(mapping.from);
    let others = self::heard(mapping.to);
    let deaf: Vec<Event> = heard.iter().filter(|one| !others.contains(one)).cloned().collect();
    let open = open_work(load, &mapping.from.id, (&heard, &deaf)).await?;
    let mut timers = load.timers(&mapping.from.id).await?;
    timers.retain(|timer| match mapping.carries(&timer.procedure) {
        Some(register) => kept.has(register, &timer.key),
        None => true,
    });
    Ok((open, timers))
}

/// The events of any system to which a system reacts.
fn heard(system: &System) -> Vec<Event> {
    let all = system.procedures.iter().flat_map(|procedure| &procedure.on);
    all.map(|trigger| (trigger.system.clone(), trigger.event.clone())).collect()
}

/// Every row as the other package takes it into its own empty tables, and what has no home into
/// the annex.
async fn pour(
    (mapping, kept): (&Mapping<'_>, &HeldKeys),
    (source, target): (&Snapshot<'_>, &Load<'_>),
    vault: &Vault,
    annex: &mut Annex,
) -> Result<ChangeReport, TransferError> {
    let mut report = ChangeReport::default();
    for (home, past) in mapping.tables() {
        let mut records = source.records(home.source_table(mapping), past, Some(vault)).await?;
        let mut writer = match home.target_table(mapping) {
            Some(table) => Some(target.writer(table, past, vault).await?),
            None => None,
        };
        while let Some(record) = records.next().await? {
            let converted = convert(mapping, (home, kept), &record);
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
    Ok(report)
}

/// Every row that was taken is there as it was converted, and no other.
async fn check_taken(
    (mapping, kept): (&Mapping<'_>, &HeldKeys),
    (source, target): (&Snapshot<'_>, &Snapshot<'_>),
    vault: &Vault,
) -> Result<(), TransferError> {
    for (home, past) in mapping.tables() {
        let Some(table) = home.target_table(mapping) else { continue };
        let mut records = source.records(home.source_table(mapping), past, Some(vault)).await?;
        let mut there = target.records(table, past, Some(vault)).await?;
        while let Some(record) = records.next().await? {
            let wanted = convert(mapping, (home, kept), &record).record;
            let Some(wanted) = wanted else { continue };
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
        "移した後の照合で、台帳「{register}」が移行元と違いました。何も変えていません。移行元のまま動きます"
    ))
}

impl ChangeReport {
    fn count(&mut self, home: &RegisterHome<'_>, converted: &Converted) {
        self.rows += 1;
        match converted.record {
            Some(_) => self.taken += 1,
            None => self.held += 1,
        }
        self.homeless += converted.homeless.len() as u64;
        let name = &home.source.name;
        for (item, why) in &converted.held {
            *self.held_why.entry(format!("{name}・{item}: {why}")).or_default() += 1;
        }
        // Of a row that cannot be taken all values are without a home.
        let homeless = converted.homeless.iter().filter(|_| converted.record.is_some());
        for one in homeless {
            let Homeless { item, why, .. } = one;
            *self.homeless_why.entry(format!("{name}・{item}: {why}")).or_default() += 1;
        }
    }
}
