//! Registers in the database: their columns, and rows in both directions.

mod change;
mod masked;
mod read;
mod write;

use base::clock;
use base::date::{Date, LooseDate};
use base::said;
use definition::System;
use definition::model::{Item, ItemKind, Register};
use tokio_postgres::Row as SqlRow;

use crate::StoreError;
use crate::value::{Cell, ItemValue, Row, RowMeta};
use crate::vault::Vault;

pub use change::{Change, Stamp, apply, undo};
pub use masked::{MaskedRead, MaskedRows};
pub use read::{
    keys_flagged, open_count, reveal, row, rows, rows_as_of, rows_before, rows_by, rows_by_as_of,
    rows_history, rows_locked, rows_recorded,
};
pub use write::{RowWrite, open_many};

/// The columns that every table of a register carries after its items.
pub(crate) const META: &str = "version_no, valid_from, valid_to, recorded_from, recorded_to, \
     event_id, reason, closed_on";

/// A register as it stands in the database of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Table<'s> {
    /// The system.
    pub system: &'s System,
    /// The register.
    pub register: &'s Register,
}

impl<'s> Table<'s> {
    /// The table of a register of a system.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the system has no such register.
    pub fn new(system: &'s System, register: &str) -> Result<Table<'s>, StoreError> {
        let register = system.register(register).ok_or_else(|| {
            StoreError::NotFound(said!("台帳「{register}」", "The register “{register}”"))
        })?;
        Ok(Table { system, register })
    }

    /// Qualified name of the table of current rows.
    pub fn current(&self) -> String {
        let name = self.register.id.replace('-', "_");
        format!("{}.{}", quote(&self.system.schema()), quote(&name))
    }

    /// Qualified name of the table of past rows.
    pub fn history(&self) -> String {
        let name = format!("{}_history", self.register.id.replace('-', "_"));
        format!("{}.{}", quote(&self.system.schema()), quote(&name))
    }

    /// All columns that are written, in order: items, then [`META`].
    pub(crate) fn written_columns(&self) -> String {
        let mut out: Vec<String> = Vec::new();
        for item in &self.register.items {
            out.extend(columns_of(item).into_iter().map(|(name, _)| name));
        }
        out.push(META.to_owned());
        out.join(", ")
    }

    /// Columns that are read, in order: a secret only as «is it there», no search keys.
    pub(crate) fn read_columns(&self) -> String {
        let mut out: Vec<String> = Vec::new();
        for item in &self.register.items {
            let column = quote(&item.romaji);
            match item.kind {
                _ if item.secret => {
                    out.push(format!("{} is not null", quote(&format!("{}_sealed", item.romaji))));
                }
                ItemKind::Date { uncertain: true } => {
                    out.push(column);
                    out.push(quote(&format!("{}_fusho", item.romaji)));
                }
                _ => out.push(column),
            }
        }
        out.push(META.to_owned());
        out.join(", ")
    }

    /// Where an item's secret is bound to: `schema.table.column`.
    pub(crate) fn place(&self, item: &Item) -> String {
        format!("{}.{}.{}", self.system.schema(), self.register.id, item.romaji)
    }

    /// The key of a row.
    pub fn key_of<'r>(&self, row: &'r Row) -> &'r str {
        row.values[self.register.key_index()].as_ref().and_then(ItemValue::as_text).unwrap_or("")
    }

    /// A row from the columns of [`Table::read_columns`].
    pub(crate) fn row(&self, sql: &SqlRow) -> Result<Row, StoreError> {
        let mut at = 0;
        let mut values = Vec::with_capacity(self.register.items.len());
        for item in &self.register.items {
            values.push(value_of(item, sql, &mut at)?);
        }
        let meta = RowMeta {
            version_no: sql.try_get(at)?,
            valid_from: sql.try_get(at + 1)?,
            valid_to: sql.try_get(at + 2)?,
            recorded_from: sql.try_get(at + 3)?,
            recorded_to: sql.try_get(at + 4)?,
            event_id: sql.try_get(at + 5)?,
            reason: sql.try_get(at + 6)?,
            closed_on: sql.try_get(at + 7)?,
        };
        Ok(Row { values, meta })
    }

    /// The cells of a row, in the order of [`Table::written_columns`].
    ///
    /// A secret must be plain text here, never [`ItemValue::Masked`]: the change module reads the
    /// sealed bytes back where a secret stays as it is.
    pub(crate) fn cells(
        &self,
        values: &[Option<ItemValue>],
        meta: &RowMeta,
        vault: Option<&Vault>,
    ) -> Result<Vec<Cell>, StoreError> {
        let mut out = Vec::with_capacity(values.len() + 12);
        for (item, value) in self.register.items.iter().zip(values) {
            self.item_cells(item, value.as_ref(), vault, &mut out)?;
        }
        out.extend([
            Cell::Int(meta.version_no),
            Cell::Date(Some(meta.valid_from)),
            Cell::Date(Some(meta.valid_to)),
            Cell::Time(meta.recorded_from),
            Cell::Time(meta.recorded_to),
            Cell::Big(Some(meta.event_id)),
            Cell::Text(Some(meta.reason.clone())),
            Cell::Date(meta.closed_on),
        ]);
        Ok(out)
    }

    fn item_cells(
        &self,
        item: &Item,
        value: Option<&ItemValue>,
        vault: Option<&Vault>,
        out: &mut Vec<Cell>,
    ) -> Result<(), StoreError> {
        let text = value.and_then(ItemValue::as_text);
        if item.secret {
            let vault = vault.ok_or(StoreError::Vault("鍵なしでは書けません"))?;
            let place = self.place(item);
            out.push(Cell::Bytes(text.map(|t| vault.seal(&place, t)).transpose()?));
            out.push(Cell::Bytes(text.map(|t| vault.index(&place, t))));
            return Ok(());
        }
        match (&item.kind, value) {
            (ItemKind::Integer { .. }, Some(ItemValue::Integer(n))) => {
                out.push(Cell::Big(Some(*n)));
            }
            (ItemKind::Integer { .. }, _) => out.push(Cell::Big(None)),
            (ItemKind::Flag, Some(ItemValue::Flag(flag))) => out.push(Cell::Flag(Some(*flag))),
            (ItemKind::Flag, _) => out.push(Cell::Flag(None)),
            (ItemKind::Time, _) => {
                out.push(Cell::Clock(text.and_then(clock::from_standard_text)));
            }
            (ItemKind::Date { uncertain }, value) => {
                let (day, uncertain_text) = match value {
                    Some(ItemValue::Date(date)) => date.storage(),
                    _ => (None, None),
                };
                out.push(Cell::Date(day));
                if *uncertain {
                    out.push(Cell::Text(uncertain_text));
                }
            }
            _ => {
                out.push(Cell::Text(text.map(str::to_owned)));
                if let Some(fold) = folding(item) {
                    out.push(Cell::Text(text.map(fold)));
                }
            }
        }
        Ok(())
    }
}

/// Makes the key of a searched text.
pub(crate) type Fold = fn(&str) -> String;

/// How the key of a searched text item is folded; `None` when the item has no key column.
pub(crate) fn folding(item: &Item) -> Option<Fold> {
    item.search.and_then(crate::search::folding)
}

fn value_of(item: &Item, sql: &SqlRow, at: &mut usize) -> Result<Option<ItemValue>, StoreError> {
    let index = *at;
    *at += 1;
    if item.secret {
        return Ok(sql.try_get::<_, bool>(index)?.then_some(ItemValue::Masked));
    }
    Ok(match item.kind {
        ItemKind::Integer { .. } => sql.try_get::<_, Option<i64>>(index)?.map(ItemValue::Integer),
        ItemKind::Flag => sql.try_get::<_, Option<bool>>(index)?.map(ItemValue::Flag),
        ItemKind::Time => {
            let time: Option<clock::Time> = sql.try_get(index)?;
            time.map(|time| ItemValue::Text(clock::standard_text(time)))
        }
        ItemKind::Date { uncertain } => {
            let day: Option<Date> = sql.try_get(index)?;
            let text: Option<String> = if uncertain {
                *at += 1;
                sql.try_get(index + 1)?
            } else {
                None
            };
            LooseDate::from_storage(day, text.as_deref()).map(ItemValue::Date)
        }
        _ => sql.try_get::<_, Option<String>>(index)?.map(ItemValue::Text),
    })
}

/// The columns of an item, with their SQL types; names are quoted.
pub(crate) fn columns_of(item: &Item) -> Vec<(String, &'static str)> {
    let name = |end: &str| quote(&format!("{}{end}", item.romaji));
    if item.secret {
        return vec![(name("_sealed"), "bytea"), (name("_index"), "bytea")];
    }
    match item.kind {
        ItemKind::Integer { .. } => vec![(name(""), "bigint")],
        ItemKind::Time => vec![(name(""), "time")],
        ItemKind::Flag => vec![(name(""), "boolean")],
        ItemKind::Date { uncertain: false } => vec![(name(""), "date")],
        ItemKind::Date { uncertain: true } => vec![(name(""), "date"), (name("_fusho"), "text")],
        _ => {
            let mut out = vec![(name(""), "text collate \"C\"")];
            if folding(item).is_some() {
                out.push((name("_key"), "text collate \"C\""));
            }
            out
        }
    }
}

/// An identifier in double quotes. Identifiers come from checked definitions only.
pub(crate) fn quote(name: &str) -> String {
    debug_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    format!("\"{name}\"")
}
