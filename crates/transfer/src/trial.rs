//! A trial of a package: registers filled with rows of every kind of value, made from numbers and
//! nobody's, moved out and in again, and compared. Texts are as awkward as people's names are. What
//! the package causes is a finding; what the platform causes is an error and says nothing of it.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use base::date::{Date, FOREVER, LooseDate};
use definition::System;
use definition::model::{Item, ItemKind, Register};
use definition::standard::Standard;
use jiff::Timestamp;
use store::organisation::Installer;
use store::register::{RowWrite, Table};
use store::trial::{trial_drop, trial_fill, trial_install, trial_open};
use store::value::record_open;
use store::vault::Vault;
use store::{Connection, ItemValue, RowMeta, StoreError};
use tokio::time::timeout;

use crate::error::at;
use crate::{Layout, RoundTrip, Side, TransferError, round_trip};

/// Rows of each register, and the fewest where items are many.
const ROWS: usize = 200;
const FEWEST: usize = 20;
/// About so many values are made in all.
const VALUES: usize = 200_000;
/// Keys are no longer than this.
const KEY_LENGTH: u32 = 15;
/// How long a trial may take. What does not end in time is tried again, and never booked on the
/// package.
const DEADLINE: Duration = Duration::from_secs(120);
const TEXTS: &[&str] = &[
    "佐藤　健",
    "葛󠄁城　𠮷子",
    "“引用”, \"quoted\"",
    "一行目\r\n二行目",
    "",
    "𩸽,",
    "ＮＧＵＹＥＮ　ＶＡＮ",
    " 前後の空白 ",
];
const DATES: &[&str] =
    &["1980-04-01", "0000-01-01", "昭和55年4月日不詳", "1980年頃", "年月日不詳", "9999-12-31"];

/// The key of the row of a number, as the register's key item wants it: as long as it may be, in
/// its kind of digits, or a code. `None` where there are no so many keys.
fn key_of(system: &System, key: &Item, number: usize) -> Option<String> {
    if let ItemKind::Code(_) = key.kind {
        return Some(key.codes(system)?.entries.get(number)?.code.clone());
    }
    let width = key.length().unwrap_or(KEY_LENGTH).min(KEY_LENGTH) as usize;
    let digits = format!("{number:0width$}");
    let wide = |digit: char| char::from_u32(u32::from(digit) - u32::from('0') + u32::from('０'));
    match key.kind {
        _ if digits.len() > width => None,
        ItemKind::FullWidth(_) => digits.chars().map(wide).collect(),
        _ => Some(digits),
    }
}

/// Rows of a register: as many as there are keys, and fewer where items are many.
fn rows_of(system: &System, register: &Register) -> Vec<RowWrite> {
    let items: usize = system.registers.iter().map(|register| register.items.len()).sum();
    let most = (VALUES / items.max(1)).clamp(FEWEST, ROWS);
    let key = &register.items[register.key_index()];
    let numbers = (0..most).take_while(|number| key_of(system, key, *number).is_some());
    numbers.map(|number| row(system, register, number)).collect()
}

/// A current row of a register; the same number makes the same row.
pub fn row(system: &System, register: &Register, number: usize) -> RowWrite {
    let of = |(at, item): (usize, &Item)| match item.name == register.key {
        true => key_of(system, item, number).map(ItemValue::Text),
        false => value(system, item, number.wrapping_mul(31).wrapping_add(at * 7)),
    };
    let values = register.items.iter().enumerate().map(of).collect();
    let from =
        Date::constant(2020, 1, 1).saturating_add(jiff::Span::new().days(number as i64 % 900));
    let moment = 1_600_000_000_123_456 + number as i64 * 1_000_001;
    RowWrite {
        values,
        meta: RowMeta {
            version_no: 1,
            valid_from: from,
            valid_to: FOREVER,
            recorded_from: jiff::Timestamp::from_microsecond(moment).unwrap_or_default(),
            recorded_to: record_open(),
            event_id: 1 + number as i64 % 17,
            reason: ["試し", "試し, \"引用\""][number % 2].to_owned(),
            closed_on: (number.is_multiple_of(5)).then_some(Date::constant(2024, 2, 29)),
        },
    }
}

fn value(system: &System, item: &Item, seed: usize) -> Option<ItemValue> {
    if !item.required && seed.is_multiple_of(4) {
        return None;
    }
    let longest = item.length().unwrap_or(300) as usize;
    let text = |text: &str| text.chars().take(longest).collect::<String>();
    Some(match &item.kind {
        _ if item.secret => ItemValue::Text(text(&format!("{:012}", seed * 7919))),
        ItemKind::Integer { signed, .. } => {
            let digits = u32::try_from(longest.min(3)).unwrap_or(1);
            let number = (seed % 10_usize.pow(digits)) as i64;
            ItemValue::Integer(if *signed && seed.is_multiple_of(2) { -number } else { number })
        }
        ItemKind::Flag => ItemValue::Flag(seed.is_multiple_of(2)),
        ItemKind::Time => {
            ItemValue::Text(format!("{:02}:{:02}:{:02}", seed % 24, seed % 60, (seed * 7) % 60))
        }
        ItemKind::Date { uncertain } => {
            let dates = if *uncertain { DATES } else { &DATES[..2] };
            ItemValue::Date(LooseDate::parse(dates[seed % dates.len()]).ok()?)
        }
        ItemKind::Code(_) => {
            let entries = &item.codes(system)?.entries;
            ItemValue::Text(entries[seed % entries.len()].code.clone())
        }
        ItemKind::HalfWidth(_) => ItemValue::Text(text(&format!("A-{}", seed % 97))),
        ItemKind::FullWidth(_) => ItemValue::Text(text(TEXTS[seed % TEXTS.len()])),
    })
}

/// What a trial of a package has shown. Each refusal is the package's own doing, in words.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Whether it can be installed.
    pub installed: Result<(), String>,
    /// Files and rows that came back as they were, where it could be installed.
    pub moved: Option<Result<(usize, u64), String>>,
}

/// Installs a system in two databases of its own beside `others`, moves rows of every kind from one
/// into the other by the groups of `standard`, and compares. Nothing of the trial is left, nor of
/// an earlier one of this name that was cut off: lower-case letters, digits and `_`, the same each
/// time. Files lie below `var` meanwhile.
///
/// # Errors
/// [`TransferError`] when the platform fails; nothing is said of the package then.
pub async fn package_try(
    installer: &Installer,
    (system, others): (&System, &[&System]),
    standard: Option<&Standard>,
    (name, var): (&str, &Path),
) -> Result<Trial, TransferError> {
    let names = [format!("{name}_from"), format!("{name}_to")];
    let folder = var.join(format!("{FOLDER}{name}"));
    clear(installer, &names, &folder).await?;
    let layout = Layout::of(system, standard);
    let tried = timeout(DEADLINE, tried(installer, others, &layout, (&names, &folder))).await;
    let cleared = clear(installer, &names, &folder).await;
    let late = || TransferError::Overdue { seconds: DEADLINE.as_secs() };
    let tried = tried.map_err(|_| late())??;
    cleared?;
    Ok(tried)
}

/// Removes what trials that were cut off have left, also of packages that nobody tries any more.
///
/// # Errors
/// [`TransferError`].
pub async fn trials_sweep(installer: &Installer, var: &Path) -> Result<(), TransferError> {
    for entry in std::fs::read_dir(var).map_err(at(var))? {
        let path = entry.map_err(at(var))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with(FOLDER) {
            remove(&path)?;
        }
    }
    Ok(store::trial::trials_sweep(installer).await?)
}

/// The beginning of a folder's name.
const FOLDER: &str = "trial-";

async fn clear(
    installer: &Installer,
    names: &[String; 2],
    folder: &Path,
) -> Result<(), TransferError> {
    remove(folder)?;
    for name in names {
        trial_drop(installer, name).await?;
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<(), TransferError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(at(folder)(error)),
        _ => Ok(()),
    }
}

async fn tried(
    installer: &Installer,
    others: &[&System],
    layout: &Layout<'_>,
    (names, folder): (&[String; 2], &Path),
) -> Result<Trial, TransferError> {
    let mut from = trial_open(installer, &names[0], others).await?;
    let mut to = trial_open(installer, &names[1], others).await?;
    for client in [&mut from, &mut to] {
        match trial_install(client, layout.system).await {
            Ok(()) => {}
            Err(error) if error.is_of_definition() => {
                return Ok(Trial { installed: Err(words(&error)), moved: None });
            }
            Err(error) => return Err(error.into()),
        }
    }
    let moved = match trial(&mut from, &mut to, layout, (folder, Timestamp::now())).await {
        Ok(done) if done.is_identical() => Ok((done.manifest.files.len(), done.manifest.rows())),
        Ok(done) => Err(format!("{} 行が違う", done.comparison.different)),
        Err(error) if error.is_of_package() => Err(match &error {
            TransferError::Store(error) => words(error),
            other => other.to_string(),
        }),
        Err(error) => return Err(error),
    };
    Ok(Trial { installed: Ok(()), moved: Some(moved) })
}

/// What the database says, which is the only one to know.
fn words(error: &StoreError) -> String {
    match error {
        StoreError::Database(failure) => format!("データベースが受け付けない（{failure}）"),
        other => other.to_string(),
    }
}

/// Fills every register of the first database, moves the rows into the second and compares; both
/// hold the system and no row. `folder` must be new.
///
/// # Errors
/// As [`round_trip`].
async fn trial(
    from: &mut Connection,
    to: &mut Connection,
    layout: &Layout<'_>,
    (folder, at): (&Path, Timestamp),
) -> Result<RoundTrip, TransferError> {
    let vault = |bytes: [u8; 32]| Vault::from_master(&bytes);
    let (source, target) = (vault(Vault::new_master()?)?, vault(Vault::new_master()?)?);
    let system = layout.system;
    for register in &system.registers {
        let rows = rows_of(system, register);
        trial_fill(from, Table { system, register }, &rows, &source).await?;
    }
    let from = Side { client: from, vault: &source };
    let to = Side { client: to, vault: &target };
    round_trip(from, to, layout, (folder, at)).await
}
