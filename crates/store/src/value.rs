//! Values of items and rows of registers, and how they travel to PostgreSQL.

use std::error::Error;

use base::date::{Date, LooseDate};
use bytes::BytesMut;
use jiff::Timestamp;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A value of an item; absent values are `None` around it.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemValue {
    /// Text and codes; on writing also the plain text of a secret item.
    Text(String),
    /// Whole number.
    Integer(i64),
    /// Date, possibly uncertain (不詳日).
    Date(LooseDate),
    /// Flag.
    Flag(bool),
    /// A secret that is recorded but not shown.
    Masked,
}

impl ItemValue {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            ItemValue::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A row of a register, current or past.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Values in the order of the register's items.
    pub values: Vec<Option<ItemValue>>,
    /// Both times, order and origin.
    pub meta: RowMeta,
}

/// What the store keeps beside the items of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowMeta {
    /// 履歴番号: order of recording, from 1.
    pub version_no: i32,
    /// 異動日 from which the values hold.
    pub valid_from: Date,
    /// Day before which they hold; [`base::date::FOREVER`] when open.
    pub valid_to: Date,
    /// 処理日時 from which they were believed.
    pub recorded_from: Timestamp,
    /// 処理日時 until which they were believed; [`record_open`] when still believed.
    pub recorded_to: Timestamp,
    /// Journal entry that wrote them.
    pub event_id: i64,
    /// 異動事由.
    pub reason: String,
    /// Day on which the row was closed (消除), if it is.
    pub closed_on: Option<Date>,
}

/// The open end of recorded time.
pub fn record_open() -> Timestamp {
    const SECONDS: i64 = 253_370_764_800; // 9999-01-01T00:00:00Z
    Timestamp::from_second(SECONDS).unwrap_or(Timestamp::MAX)
}

/// A value on its way to the database.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// text
    Text(Option<String>),
    /// bigint
    Big(Option<i64>),
    /// integer
    Int(i32),
    /// date
    Date(Option<Date>),
    /// boolean
    Flag(Option<bool>),
    /// bytea
    Bytes(Option<Vec<u8>>),
    /// time
    Clock(Option<base::clock::Time>),
    /// timestamptz
    Time(Timestamp),
}

impl ToSql for Cell {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Cell::Text(value) => value.to_sql(kind, out),
            Cell::Big(value) => value.to_sql(kind, out),
            Cell::Int(value) => value.to_sql(kind, out),
            Cell::Date(value) => value.to_sql(kind, out),
            Cell::Flag(value) => value.to_sql(kind, out),
            Cell::Bytes(value) => value.to_sql(kind, out),
            Cell::Clock(value) => value.to_sql(kind, out),
            Cell::Time(value) => value.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
