//! Parquet files as batches of texts: decimals exact, moments in UTC, floating numbers by their
//! shortest decimal, a map of tags as a JSON object.

use std::fs::File;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{AsBytes, DataType, Int96};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor};

use super::batch::{Batch, Builder};
use super::fault::Fault;
use super::typed::Layout;
use crate::cost::amount::{Amount, SCALE};
use crate::cost::instant;

/// Rows of a batch.
const ROWS: usize = 32 * 1024;

/// A Parquet file.
pub(super) struct Columnar {
    reader: SerializedFileReader<File>,
    roots: Vec<Root>,
}

/// A column as a bill knows it: one leaf, or the keys and values of a map.
#[derive(Clone, Copy)]
struct Root {
    first: usize,
    map: bool,
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
        let mut at = 0;
        while at < schema.num_columns() {
            let leaf = schema.column(at);
            let name = schema.get_column_root(at).name().to_owned();
            let same = |other: usize| schema.get_column_root(other).name() == name;
            let leaves = (at..schema.num_columns()).take_while(|other| same(*other)).count();
            let map = leaves == 2 && leaf.max_rep_level() == 1;
            if !map && (leaves > 1 || leaf.max_rep_level() > 0 || leaf.max_def_level() > 1) {
                let what =
                    "入れ子の列は、タグのような文字の対だけが読めます。CSV で出し直してください";
                return Err(Fault { column: Some(name), ..Fault::of_file(what) });
            }
            names.push(name);
            roots.push(Root { first: at, map });
            at += leaves;
        }
        Ok((Columnar { reader, roots }, Layout::of(names)?))
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
            ColumnReader::FloatColumnReader(it) => next(it, |value| floating(value.to_string())),
            ColumnReader::DoubleColumnReader(it) => next(it, |value| floating(value.to_string())),
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
    instant::text(seconds).into_bytes()
}

fn big_endian(bytes: &[u8], scale: u32) -> Vec<u8> {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let start: i128 = if negative { -1 } else { 0 };
    if bytes.len() > 16 {
        // Wider than any amount; said as too large where it is read.
        return b"1e64".to_vec();
    }
    decimal(bytes.iter().fold(start, |value, byte| (value << 8) | i128::from(*byte)), scale)
}

fn decimal(value: i128, scale: u32) -> Vec<u8> {
    if scale == SCALE {
        return Amount(value).to_string().into_bytes();
    }
    format!("{value}e-{scale}").into_bytes()
}

/// A floating number is no exact decimal to begin with: its shortest decimal counts, rounded to
/// what an amount keeps.
fn floating(shortest: String) -> Vec<u8> {
    let Some((whole, part)) = shortest.split_once('.') else { return shortest.into_bytes() };
    let Some(kept) = part.get(..SCALE as usize) else { return shortest.into_bytes() };
    let up = part.as_bytes().get(SCALE as usize).is_some_and(|digit| *digit >= b'5');
    match Amount::parse(format!("{whole}.{kept}").as_bytes()) {
        Ok(Amount(units)) => {
            let step = if shortest.starts_with('-') { -i128::from(up) } else { i128::from(up) };
            Amount(units + step).to_string().into_bytes()
        }
        Err(_) => shortest.into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floating_numbers_are_their_shortest_decimals() {
        let check = |value: f64, expect: &str| {
            assert_eq!(String::from_utf8(floating(value.to_string())).unwrap(), expect);
        };
        check(0.1, "0.1");
        check(713.66, "713.66");
        check(-1.234_567_890_123_456_7e-8, "-0.00000001234567890123");
        check(1.5e-20, "0.00000000000000000002");
        check(3.0, "3");
    }

    #[test]
    fn decimals_of_any_width_are_exact() {
        assert_eq!(big_endian(&[0xff, 0x85], 2), b"-123e-2");
        assert_eq!(big_endian(&[0x00, 0x7b], 2), b"123e-2");
        assert_eq!(Amount::parse(&big_endian(&[0; 17], 2)).ok(), None);
    }
}
