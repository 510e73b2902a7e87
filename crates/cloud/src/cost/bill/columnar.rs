//! Parquet files as batches of texts: decimals exact, moments in UTC, floating numbers by their
//! shortest decimal, a map of tags as a JSON object.

use std::fs::File;
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{AsBytes, DataType, Int96};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor, Type};

use super::batch::{Batch, Builder};
use super::fault::Fault;
use super::typed::Layout;
use crate::cost::amount::{Amount, SCALE};
use crate::cost::column::{self, MAPS};
use crate::cost::instant;

/// Rows of a batch.
const ROWS: usize = 32 * 1024;

/// A Parquet file.
pub(super) struct Columnar {
    reader: SerializedFileReader<File>,
    roots: Vec<Root>,
    /// Nested columns that are no part of FOCUS and are left out.
    pub(super) dropped: Vec<String>,
}

/// A column as a bill knows it: one leaf, or the keys and values of a map.
#[derive(Clone, Copy)]
struct Root {
    first: usize,
    map: bool,
}

const NESTED: &str = "入れ子の列です。FOCUS の列で入れ子に読めるのは、文字の対（map）で書いた Tags と \
                      SkuPriceDetails だけです。この列を一つの値にするか、CSV で出し直してください";

/// Whether a column is a map of single keys to single values.
fn is_map(root: &Type, leaves: usize) -> bool {
    let info = root.get_basic_info();
    let said = info.logical_type_ref() == Some(&LogicalType::Map)
        || matches!(info.converted_type(), ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE);
    let [pair] = (if root.is_group() { root.get_fields() } else { &[] }) else { return false };
    let single = |it: &Arc<Type>| {
        it.is_primitive() && it.get_basic_info().repetition() != Repetition::REPEATED
    };
    said && leaves == 2 && pair.is_group() && pair.get_fields().iter().all(single)
}

fn broken(error: &ParquetError) -> Fault {
    Fault::of_file(format!("Parquet として読めません（{error}）"))
}

impl Columnar {
    /// Opens a file and reads its header.
    pub(super) fn open(file: File) -> Result<(Columnar, Layout), Fault> {
        let reader = SerializedFileReader::new(file).map_err(|error| broken(&error))?;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let (mut names, mut roots): (Vec<String>, Vec<Root>) = (Vec::new(), Vec::new());
        let mut dropped = Vec::new();
        let mut at = 0;
        while at < schema.num_columns() {
            let root = schema.get_column_root(at);
            let name = root.name().to_owned();
            let same = |other: &usize| {
                schema.get_column_root_idx(*other) == schema.get_column_root_idx(at)
            };
            let leaves = (at..schema.num_columns()).take_while(same).count();
            let nested = root.is_group() || schema.column(at).max_rep_level() > 0;
            let known = column::find(&name).is_some();
            let map = is_map(root, leaves) && (!known || MAPS.contains(&name.as_str()));
            if nested && !map && known {
                return Err(Fault { column: Some(name), ..Fault::of_file(NESTED) });
            }
            if nested && !map {
                dropped.push(name);
            } else {
                names.push(name);
                roots.push(Root { first: at, map });
            }
            at += leaves;
        }
        Ok((Columnar { reader, roots, dropped }, Layout::of(names)?))
    }

    /// How many rows each group has.
    pub(super) fn groups(&self) -> Vec<u64> {
        let groups = self.reader.metadata().row_groups().iter();
        groups.map(|group| u64::try_from(group.num_rows()).unwrap_or_default()).collect()
    }

    /// Hands a group over in batches; `line` is its first row.
    pub(super) fn group(
        &self,
        number: usize,
        mut line: u64,
        mut take: impl FnMut(&Batch) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let group = self.reader.get_row_group(number).map_err(|error| broken(&error))?;
        let schema = self.reader.metadata().file_metadata().schema_descr_ptr();
        let open = |at: usize| -> Result<Leaf, Fault> {
            let reader = group.get_column_reader(at).map_err(|error| broken(&error))?;
            Ok(Leaf { reader, column: schema.column(at) })
        };
        let mut columns = Vec::new();
        for root in &self.roots {
            let second = if root.map { Some(open(root.first + 1)?) } else { None };
            columns.push((open(root.first)?, second));
        }
        loop {
            let mut cells: Vec<Vec<Vec<u8>>> = Vec::with_capacity(columns.len());
            for (first, second) in &mut columns {
                cells.push(match second {
                    None => first.texts()?,
                    Some(second) => maps(first, second)?,
                });
            }
            let rows = cells.iter().map(Vec::len).max().unwrap_or_default();
            if rows == 0 {
                return Ok(());
            }
            if cells.iter().any(|column| column.len() != rows) {
                return Err(Fault::of_file("列によって行の数が違います。壊れたファイルです"));
            }
            let mut builder = Builder::new(cells.len(), rows * 256);
            for row in 0..rows {
                cells.iter().for_each(|column| builder.value(&column[row]));
                builder.row_end(line + row as u64);
            }
            line += rows as u64;
            take(&builder.build()?)?;
        }
    }
}

/// A leaf column being read.
struct Leaf {
    reader: ColumnReader,
    column: ColumnDescPtr,
}

/// Levels and values of some records.
#[derive(Default)]
struct Records {
    there: Vec<i16>,
    repeated: Vec<i16>,
    values: Vec<Vec<u8>>,
}

impl Leaf {
    /// The next rows of a column without repetition; empty where there is no value.
    fn texts(&mut self) -> Result<Vec<Vec<u8>>, Fault> {
        let records = self.records()?;
        if self.column.max_def_level() == 0 {
            return Ok(records.values);
        }
        let mut values = records.values.into_iter();
        let cell =
            |level: i16| if level == 1 { values.next().unwrap_or_default() } else { Vec::new() };
        Ok(records.there.into_iter().map(cell).collect())
    }

    fn records(&mut self) -> Result<Records, Fault> {
        let column = &self.column;
        let number = |value: i64| integer(value, column);
        let decimal = |bytes: &[u8]| match scale_of(column) {
            Some(scale) => big_endian(bytes, scale),
            None => bytes.to_vec(),
        };
        match &mut self.reader {
            ColumnReader::BoolColumnReader(it) => next(it, |value| value.to_string().into_bytes()),
            ColumnReader::Int32ColumnReader(it) => next(it, |value| number(i64::from(*value))),
            ColumnReader::Int64ColumnReader(it) => next(it, |value| number(*value)),
            ColumnReader::Int96ColumnReader(it) => {
                next(it, |value: &Int96| instant::text(value.to_seconds()).into_bytes())
            }
            ColumnReader::FloatColumnReader(it) => next(it, |value| value.to_string().into_bytes()),
            ColumnReader::DoubleColumnReader(it) => {
                next(it, |value| value.to_string().into_bytes())
            }
            ColumnReader::ByteArrayColumnReader(it) => next(it, |value| decimal(value.as_bytes())),
            ColumnReader::FixedLenByteArrayColumnReader(it) => {
                next(it, |value| decimal(value.as_bytes()))
            }
        }
        .map_err(|error| broken(&error))
    }
}

fn next<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    text: impl Fn(&T::T) -> Vec<u8>,
) -> Result<Records, ParquetError> {
    let (mut records, mut values) = (Records::default(), Vec::new());
    let mut got = 0;
    while got < ROWS {
        let there = Some(&mut records.there);
        let repeated = Some(&mut records.repeated);
        let (more, ..) = reader.read_records(ROWS - got, there, repeated, &mut values)?;
        if more == 0 {
            break;
        }
        got += more;
    }
    records.values = values.iter().map(text).collect();
    Ok(records)
}

/// Keys and values of maps as JSON objects.
fn maps(keys: &mut Leaf, values: &mut Leaf) -> Result<Vec<Vec<u8>>, Fault> {
    let (key_level, value_level) = (keys.column.max_def_level(), values.column.max_def_level());
    let (found, told) = (keys.records()?, values.records()?);
    let (mut names, mut texts) = (found.values.into_iter(), told.values.into_iter());
    let mut rows: Vec<Option<serde_json::Map<String, serde_json::Value>>> = Vec::new();
    for (at, repeated) in found.repeated.iter().enumerate() {
        if *repeated == 0 {
            rows.push(None);
        }
        if found.there[at] != key_level {
            continue;
        }
        let text = |bytes: Option<Vec<u8>>| {
            String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
        };
        let name = text(names.next());
        let has = told.there.get(at) == Some(&value_level);
        let value = if has { text(texts.next()).into() } else { serde_json::Value::Null };
        if let Some(row) = rows.last_mut() {
            row.get_or_insert_default().insert(name, value);
        }
    }
    let json = |row: Option<serde_json::Map<String, serde_json::Value>>| {
        row.map_or_else(Vec::new, |map| serde_json::Value::Object(map).to_string().into_bytes())
    };
    Ok(rows.into_iter().map(json).collect())
}

fn scale_of(column: &ColumnDescriptor) -> Option<u32> {
    match column.logical_type_ref() {
        Some(LogicalType::Decimal(decimal)) => u32::try_from(decimal.scale).ok(),
        _ if column.converted_type() == ConvertedType::DECIMAL => {
            u32::try_from(column.type_scale()).ok()
        }
        _ => None,
    }
}

/// A whole number as what its column says it is.
fn integer(value: i64, column: &ColumnDescriptor) -> Vec<u8> {
    if let Some(scale) = scale_of(column) {
        return decimal(i128::from(value), scale);
    }
    let seconds = match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Timestamp(stamp)), _) => match stamp.unit {
            TimeUnit::MILLIS => value.div_euclid(1_000),
            TimeUnit::MICROS => value.div_euclid(1_000_000),
            TimeUnit::NANOS => value.div_euclid(1_000_000_000),
        },
        (_, ConvertedType::TIMESTAMP_MILLIS) => value.div_euclid(1_000),
        (_, ConvertedType::TIMESTAMP_MICROS) => value.div_euclid(1_000_000),
        (Some(LogicalType::Date), _) | (_, ConvertedType::DATE) => value * 86_400,
        _ => return value.to_string().into_bytes(),
    };
    let text = instant::text(seconds);
    let zoned = match column.logical_type_ref() {
        Some(LogicalType::Timestamp(stamp)) => stamp.is_adjusted_to_u_t_c,
        Some(LogicalType::Date) => false,
        _ => column.converted_type() != ConvertedType::DATE,
    };
    // Without a zone it is read as one of CSV without a zone is, and counted.
    if zoned { text.into_bytes() } else { text.trim_end_matches('Z').as_bytes().to_vec() }
}

fn big_endian(bytes: &[u8], scale: u32) -> Vec<u8> {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let start: i128 = if negative { -1 } else { 0 };
    // What is wider than it needs to be says its sign once more.
    let sign = if negative { 0xff } else { 0 };
    let spare = bytes.len().saturating_sub(16);
    let narrow = &bytes[spare..];
    let fits = bytes[..spare].iter().all(|byte| *byte == sign)
        && narrow.first().is_none_or(|byte| (byte & 0x80 != 0) == negative);
    if !fits {
        // Wider than any amount; said as too large where it is read.
        return b"1e64".to_vec();
    }
    decimal(narrow.iter().fold(start, |value, byte| (value << 8) | i128::from(*byte)), scale)
}

fn decimal(value: i128, scale: u32) -> Vec<u8> {
    if scale == 0 {
        return value.to_string().into_bytes();
    }
    if scale == SCALE {
        return Amount(value).to_string().into_bytes();
    }
    format!("{value}e-{scale}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_of_any_width_are_exact() {
        assert_eq!(big_endian(&[0xff, 0x85], 2), b"-123e-2");
        assert_eq!(big_endian(&[0x00, 0x7b], 2), b"123e-2");
        let wide = |last: [u8; 2], fill: u8| [vec![fill; 30], last.to_vec()].concat();
        assert_eq!(big_endian(&wide([0x00, 0x7b], 0), 2), b"123e-2");
        assert_eq!(big_endian(&wide([0xff, 0x85], 0xff), 2), b"-123e-2");
        assert_eq!(Amount::parse(&big_endian(&[1; 17], 2)).ok(), None);
        assert_eq!(Amount::parse(&big_endian(&[[0; 16], [0x80; 16]].concat(), 2)).ok(), None);
        // A number of an account kept as a decimal is no amount.
        assert_eq!(big_endian(&[0x01, 0x00], 0), b"256");
    }
}
