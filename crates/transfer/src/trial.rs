//! A trial of a package: registers filled with rows of every kind of value, made from numbers and
//! nobody's, moved out and in again, and compared. Texts are as awkward as people's names are.

use std::path::Path;

use base::date::{Date, FOREVER, LooseDate};
use definition::System;
use definition::model::{Item, ItemKind, Register};
use jiff::Timestamp;
use store::register::{RowWrite, Table};
use store::trial::trial_fill;
use store::value::record_open;
use store::vault::Vault;
use store::{Connection, ItemValue, RowMeta};

use crate::{Layout, RoundTrip, Side, TransferError, round_trip};

/// Rows of each register.
const ROWS: usize = 200;
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

/// The key of the row of a number.
pub fn key(number: usize) -> String {
    format!("{number:015}")
}

/// A current row of a register; the same number makes the same row.
pub fn row(system: &System, register: &Register, number: usize) -> RowWrite {
    let of = |(at, item): (usize, &Item)| match item.name == register.key {
        true => Some(ItemValue::Text(key(number))),
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

/// Fills every register of the first database with `count` rows, moves them into the second and
/// compares; both hold the system and no row. `folder` must be new.
///
/// # Errors
/// As [`round_trip`].
pub async fn trial(
    from: &mut Connection,
    to: &mut Connection,
    layout: &Layout<'_>,
    (folder, at): (&Path, Timestamp),
) -> Result<RoundTrip, TransferError> {
    let vault = |bytes: [u8; 32]| Vault::from_master(&bytes);
    let (source, target) = (vault(Vault::new_master()?)?, vault(Vault::new_master()?)?);
    let system = layout.system;
    for register in &system.registers {
        let rows: Vec<RowWrite> = (0..ROWS).map(|number| row(system, register, number)).collect();
        trial_fill(from, Table { system, register }, &rows, &source).await?;
    }
    let from = Side { client: from, vault: &source };
    let to = Side { client: to, vault: &target };
    round_trip(from, to, layout, (folder, at)).await
}
