//! 事業者の変更 in service: a body's package gives way to another vendor's of the same business
//! within its own database. Writing waits from the freeze to the commit; reading goes on. Broken
//! off at any moment, exactly one of the two packages is in service, with all its rows.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base::date::day_in_japan;
use definition::System;
use definition::model::{Format, NumberSeries, Register, Verb};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::Connection;
use store::bulk::record::snapshot;
use store::install::{NewVendorChange, OpenWork, Switch, Timer, VendorChange, written_since};
use store::journal::NewEntry;

use super::annex::{Annex, REGISTERS, verify};
use super::{ChangeReport, HeldKeys, Mapping, check_taken, heard, open_of, pour};
use crate::export::export_at;
use crate::file::NewFolder;
use crate::layout::Layout;
use crate::{Side, TransferError};

/// How many cases a refusal names; all are counted.
const NAMED: usize = 20;

/// A change as it is asked for.
#[derive(Clone, Copy)]
pub struct ChangeInService<'a> {
    /// From the package in service to the other.
    pub mapping: &'a Mapping<'a>,
    /// Every system that the body has in service.
    pub systems: &'a [Arc<System>],
    /// How the registers are written out as they were.
    pub layout: &'a Layout<'a>,
    /// Rows and timers that the other package cannot take are left in the annex.
    pub hold: bool,
    /// Who, for journal and audit.
    pub actor: &'a str,
    /// When.
    pub at: Timestamp,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its number and its record.
    pub change: VendorChange,
    /// Rows and values.
    pub report: ChangeReport,
    /// Timers that are in the annex only.
    pub timers_held: u64,
    /// How long nobody could write the system.
    pub read_only: Duration,
}

/// Carries the change out. `office` is the installer's connection with the keys of the body,
/// `reader` another one that acts as the owner; `annex` is a new or empty folder for what has no
/// home and for the registers as they were.
///
/// # Errors
/// [`TransferError::Refused`] with what stands in the way: open cases, events or timers, rows that
/// the other package cannot take, another system that reads what would no longer be there. Nothing
/// is changed then, and no file is left.
pub async fn vendor_change_in_service(
    reader: &mut Connection,
    office: Side<'_>,
    change: &ChangeInService<'_>,
    annex: &Path,
) -> Result<Changed, TransferError> {
    let mapping = change.mapping;
    let (from, to) = (mapping.from, mapping.to);
    check_packages(mapping, change.systems)?;
    let folder = NewFolder::make(annex)?;
    let switch = Switch::begin(office.client, from).await?;
    let load = switch.load();
    if switch.last(&from.id).await?.is_some_and(|last| last.ended.is_none()) {
        return Err(refused(format!(
            "{}は、前の事業者の変更が終わっていません。先に --finish か --back で終えてください",
            from.name
        )));
    }
    let source = snapshot(reader).await?;
    // Without leave to hold anything, the first row that cannot be taken is refused anyway.
    let kept = match change.hold {
        true => HeldKeys::of(mapping, &source, office.vault).await?,
        false => HeldKeys::default(),
    };
    let (open, timers) = open_of(load, mapping, &kept).await?;
    check_open(from, &open)?;
    let registers = folder.path().join(REGISTERS);
    let place = (registers.as_path(), change.at);
    let manifest = export_at(&source, office.vault, change.layout, place).await?;
    let aside = switch.replace(from, to).await?;
    let mut lines = Annex::create(folder.path())?;
    let whole = (mapping, &kept);
    let report = pour(whole, (&source, load), office.vault, &mut lines).await?;
    check_held(&report, &timers, change.hold)?;
    check_taken(whole, (&source, load.seen()), office.vault).await?;
    switch.series_continue(to, &series_of(to)).await?;
    switch.glyphs_follow(&to.id, &mapping.names()).await?;
    let ids: Vec<i64> = timers.iter().map(|timer| timer.id).collect();
    load.timers_withhold(&ids, &aside).await?;
    let what = (mapping, &report, timers.as_slice());
    let digest = lines.finish(folder.path(), what, (&manifest, change.at))?;
    let content = json!({
        "from": from.hash, "to": to.hash, "taken": report.taken, "held": report.held,
        "homeless": report.homeless, "timers_held": timers.len(), "annex": digest,
    });
    let shown = annex.display().to_string();
    let new = NewVendorChange {
        annex: &shown,
        annex_sha256: &digest,
        entry: entry(to, ("vendor-change", content), (change.actor, change.at)),
    };
    // Kept before the commit: whatever happens then, no value is without a place.
    folder.keep();
    let (kept, read_only) = switch.commit((from, to), (&aside, &new)).await?;
    Ok(Changed { change: kept, report, timers_held: timers.len() as u64, read_only })
}

/// Puts the package that was left into service again, while nothing was written under the other;
/// how long nobody could write. `systems` are those in service now.
///
/// # Errors
/// [`TransferError::Refused`] when there is no way back, with what was written since.
pub async fn vendor_change_back(
    office: &mut Connection,
    now: &System,
    systems: &[Arc<System>],
    (actor, at): (&str, Timestamp),
) -> Result<Duration, TransferError> {
    let switch = Switch::begin(office, now).await?;
    let change = open_change(&switch, now).await?;
    let from = switch.left(&change).await?;
    let mapping = Mapping::of(&from, now)?;
    check_packages(&Mapping::of(now, &from)?, systems)?;
    let written = written_since(switch.load(), &change, &heard(&from)).await?;
    if !written.is_empty() {
        let parts: Vec<String> =
            written.iter().map(|(what, count)| format!("{what} {count} 件")).collect();
        return Err(refused(format!(
            "{}は、変更の後に書き込まれています（{}）。戻すと失われます。前の製品を使うときは、もう一度\
             事業者の変更として移してください",
            now.name,
            parts.join("、")
        )));
    }
    let names: Vec<_> = mapping.names().into_iter().map(|(here, there)| (there, here)).collect();
    switch.glyphs_follow(&now.id, &names).await?;
    let content = json!({ "from": now.hash, "to": from.hash, "change": change.id });
    let entry = entry(now, ("vendor-change-back", content), (actor, at));
    Ok(switch.back(&change, &from, &entry).await?)
}

/// Takes away what the package that was left has in the database, once `annex` is found whole and
/// as it was written. There is no way back then.
///
/// # Errors
/// [`TransferError::Refused`] when no change is open or the folder is not the annex of this one.
pub async fn vendor_change_finish(
    office: &mut Connection,
    now: &System,
    annex: &Path,
    (actor, at): (&str, Timestamp),
) -> Result<VendorChange, TransferError> {
    let change = {
        let switch = Switch::begin(office, now).await?;
        open_change(&switch, now).await?
    };
    // Nobody waits while the files are read.
    verify(annex, &change.annex_sha256)?;
    let switch = Switch::begin(office, now).await?;
    if open_change(&switch, now).await?.id != change.id {
        return Err(refused("別の変更が始まりました。もう一度実行してください".to_owned()));
    }
    let content = json!({
        "from": change.from_hash, "to": now.hash, "change": change.id,
        "annex": change.annex_sha256,
    });
    let entry = entry(now, ("vendor-change-finish", content), (actor, at));
    switch.finish(&change, &entry).await?;
    Ok(change)
}

async fn open_change(switch: &Switch<'_>, now: &System) -> Result<VendorChange, TransferError> {
    let last = switch.last(&now.id).await?.filter(|last| last.ended.is_none());
    last.filter(|last| last.to_hash == now.hash)
        .ok_or_else(|| refused(format!("{}に、終わっていない事業者の変更はありません", now.name)))
}

/// The other package stands in the same place, and what other systems read or hear is still there.
fn check_packages(mapping: &Mapping<'_>, systems: &[Arc<System>]) -> Result<(), TransferError> {
    let (from, to) = (mapping.from, mapping.to);
    if from.hash == to.hash {
        return Err(refused(format!("{}は、もうこの製品です", to.name)));
    }
    if from.id != to.id {
        return Err(refused(format!(
            "識別子が「{}」と「{}」で違います。ほかの業務・事案・異動が指す名前なので、同じ識別子の製品だけに\
             移せます。事業者に直してもらってください",
            from.id, to.id
        )));
    }
    let others = systems.iter().map(|system| &**system).filter(|system| system.id != to.id);
    let all: Vec<&System> = others.chain([to]).collect();
    let found: Vec<String> = definition::link(&all).iter().map(ToString::to_string).collect();
    match found.is_empty() {
        true => Ok(()),
        false => Err(refused(format!(
            "ほかの業務とつながらなくなります。何も変えていません\n{}",
            found.join("\n")
        ))),
    }
}

fn check_open(from: &System, open: &OpenWork) -> Result<(), TransferError> {
    if !open.cases.is_empty() {
        let lines: Vec<String> = open
            .cases
            .iter()
            .take(NAMED)
            .map(|(id, procedure, stage)| {
                let name = from.procedure(procedure).map_or(procedure, |known| &known.name);
                format!("  受付番号 {id}（{name}、{stage}）")
            })
            .collect();
        return Err(refused(format!(
            "{}に、終わっていない事案が {} 件あります。登録するか取り下げてから、もう一度実行してください\n{}",
            from.name,
            open.cases.len(),
            lines.join("\n")
        )));
    }
    match open.events.len() {
        0 => Ok(()),
        count => Err(refused(format!(
            "{}が受ける事象が {count} 件、処理を待っています。窓口の区画を動かしたまま少し待ち、もう一度\
             実行してください（先の日付の異動は、その日の後に）",
            from.name
        ))),
    }
}

/// Names items and counts, never a value.
fn check_held(report: &ChangeReport, timers: &[Timer], hold: bool) -> Result<(), TransferError> {
    if hold || (report.held == 0 && timers.is_empty()) {
        return Ok(());
    }
    let mut lines: Vec<String> =
        report.held_why.iter().map(|(why, count)| format!("  {why} … {count} 行")).collect();
    let mut procedures: Vec<&str> = timers.iter().map(|timer| timer.procedure.as_str()).collect();
    procedures.sort_unstable();
    procedures.dedup();
    for procedure in procedures {
        let own = timers.iter().filter(|timer| timer.procedure == procedure).count();
        lines.push(format!("  期日の仕事「{procedure}」 … {own} 件"));
    }
    Err(refused(format!(
        "{} 行と期日の仕事 {} 件が移行先に入りません。移行元で値を補うか、--hold で別紙に残すことを認めて\
         から、もう一度実行してください\n{}",
        report.held,
        timers.len(),
        lines.join("\n")
    )))
}

/// The names of all plain number series of a system.
fn series_of(system: &System) -> Vec<String> {
    let effects = system.procedures.iter().flat_map(|procedure| &procedure.effects);
    let named = effects.filter_map(|effect| match &effect.verb {
        Verb::Number { series: NumberSeries::Plain, name } => Some(name.clone()),
        _ => None,
    });
    // Keys of people and households have series of the body, whatever the system.
    let shared = |register: &&Register| {
        let format = register.items[register.key_index()].format;
        matches!(format, Some(Format::AddresseeNumber | Format::HouseholdNumber))
    };
    let keys = system.registers.iter().filter(|register| !shared(register));
    keys.map(|register| register.id.clone()).chain(named).collect()
}

fn entry(
    system: &System,
    (procedure, content): (&str, Value),
    (actor, at): (&str, Timestamp),
) -> NewEntry {
    NewEntry {
        recorded_at: at,
        system: system.id.clone(),
        procedure: procedure.to_owned(),
        event: None,
        reason: "事業者の変更".to_owned(),
        case_id: None,
        subjects: Vec::new(),
        effective_on: day_in_japan(at),
        filed_on: None,
        actor: actor.to_owned(),
        approver: None,
        run_id: None,
        content,
    }
}

fn refused(why: String) -> TransferError {
    TransferError::Refused(why)
}
