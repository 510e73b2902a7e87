//! Raw rows in compressed columnar files (Parquet, zstd), each column by its type: costs as exact
//! decimals, moments as UTC, all else as texts. Nothing of the bill is left out; nothing is put in.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{
    ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use super::batch::Batch;
use super::typed::{Layout, Typed, Values};
use crate::cost::amount::SCALE;
use crate::cost::column::Kind;

/// Digits of a decimal in 16 bytes.
const DIGITS: i32 = 38;

/// Both names of who provides are always columns, so that older and newer bills read alike.
const ALWAYS: [&str; 2] = ["ProviderName", "ServiceProviderName"];

/// A file in the making.
pub(super) struct Part {
    writer: SerializedFileWriter<File>,
    path: PathBuf,
    layout: Arc<Layout>,
}

impl Part {
    /// A new file for rows of this layout.
    pub(super) fn create(path: PathBuf, layout: &Arc<Layout>) -> Result<Part, ParquetError> {
        let mut fields = Vec::new();
        for (name, kind) in layout.names.iter().zip(&layout.kinds) {
            fields.push(Arc::new(field(name, *kind)?));
        }
        for name in added(layout) {
            fields.push(Arc::new(field(name, Kind::Text)?));
        }
        let schema = Type::group_type_builder("cost_and_usage").with_fields(fields).build()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_statistics_enabled(EnabledStatistics::None)
            .set_created_by("kumoi".to_owned())
            .build();
        let file = File::create(&path)?;
        let writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))?;
        Ok(Part { writer, path, layout: Arc::clone(layout) })
    }

    /// Whether rows of this layout go into this file.
    pub(super) fn takes(&self, layout: &Arc<Layout>) -> bool {
        self.layout == *layout
    }

    /// Writes a batch as one row group.
    pub(super) fn write(&mut self, batch: &Batch, typed: &Typed) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        let mut texts = Vec::new();
        for (at, values) in typed.values.iter().enumerate() {
            let mut column = group.next_column()?.ok_or_else(no_column)?;
            let there = &typed.there[at];
            match values {
                Values::Text => texts_write(&mut column, (batch, at), there, &mut texts)?,
                Values::Number(values) => {
                    let kept = values.iter().zip(there).filter(|(_, it)| **it == 1);
                    let mut bytes = Vec::with_capacity(values.len() * 16);
                    kept.for_each(|(it, _)| bytes.extend_from_slice(&it.0.to_be_bytes()));
                    let bytes = Bytes::from(bytes);
                    let cells: Vec<FixedLenByteArray> = (0..bytes.len() / 16)
                        .map(|cell| ByteArray::from(bytes.slice(cell * 16..cell * 16 + 16)).into())
                        .collect();
                    let typed = column.typed::<FixedLenByteArrayType>();
                    typed.write_batch(&cells, Some(there), None)?;
                }
                Values::Time(values) => {
                    let kept = values.iter().zip(there).filter(|(_, it)| **it == 1);
                    let times: Vec<i64> = kept.map(|(it, _)| it.saturating_mul(1000)).collect();
                    column.typed::<Int64Type>().write_batch(&times, Some(there), None)?;
                }
            }
            column.close()?;
        }
        let nothing = vec![0; batch.rows()];
        while let Some(mut column) = group.next_column()? {
            column.typed::<ByteArrayType>().write_batch(&[], Some(&nothing), None)?;
            column.close()?;
        }
        group.close()?;
        Ok(())
    }

    /// Ends the file, durable; its path.
    pub(super) fn close(self) -> Result<PathBuf, ParquetError> {
        self.writer.into_inner()?.sync_all()?;
        Ok(self.path)
    }
}

fn texts_write(
    column: &mut SerializedColumnWriter<'_>,
    (batch, at): (&Batch, usize),
    there: &[i16],
    texts: &mut Vec<ByteArray>,
) -> Result<(), ParquetError> {
    texts.clear();
    let kept = there.iter().enumerate().filter(|(_, it)| **it == 1);
    texts.extend(kept.map(|(row, _)| ByteArray::from(batch.text.slice(batch.range(row, at)))));
    column.typed::<ByteArrayType>().write_batch(texts, Some(there), None)?;
    Ok(())
}

fn added(layout: &Layout) -> impl Iterator<Item = &'static str> + '_ {
    ALWAYS.into_iter().filter(|name| layout.at(name).is_none())
}

fn no_column() -> ParquetError {
    ParquetError::General("a row group has fewer columns than its schema".to_owned())
}

fn field(name: &str, kind: Kind) -> Result<Type, ParquetError> {
    let builder = match kind {
        Kind::Text => Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_logical_type(Some(LogicalType::String)),
        Kind::Number => Type::primitive_type_builder(name, Physical::FIXED_LEN_BYTE_ARRAY)
            .with_length(16)
            .with_precision(DIGITS)
            .with_scale(SCALE as i32)
            .with_logical_type(Some(LogicalType::decimal(SCALE as i32, DIGITS))),
        Kind::Time => Type::primitive_type_builder(name, Physical::INT64)
            .with_logical_type(Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
    };
    builder.with_repetition(Repetition::OPTIONAL).build()
}

/// The files of a folder together, in bytes.
pub(super) fn size(paths: &[PathBuf]) -> std::io::Result<u64> {
    paths.iter().map(|path: &PathBuf| Ok(std::fs::metadata(path)?.len())).sum()
}

/// Where the part of a thread goes.
pub(super) fn part_path(folder: &Path, worker: usize, number: usize) -> PathBuf {
    folder.join(format!("part-{worker}-{number}.parquet"))
}
