//! The columns of a file and the values of a batch by their types: numbers exact, moments in UTC,
//! mandatory values there.

use super::batch::Batch;
use super::fault::{Fault, Noted, shown};
use crate::cost::amount::Amount;
use crate::cost::column::{self, Kind, Need};
use crate::cost::instant;

/// The columns of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Names as in the file.
    pub(super) names: Vec<String>,
    /// Their types.
    pub(super) kinds: Vec<Kind>,
    needed: Vec<bool>,
}

impl Layout {
    /// Of a header; refused if a mandatory column is missing or one is there twice.
    pub(super) fn of(names: Vec<String>) -> Result<Layout, Fault> {
        for (at, name) in names.iter().enumerate() {
            if name.is_empty() || names[..at].contains(name) {
                let what = if name.is_empty() {
                    format!("{} 番目の列に名前がありません", at + 1)
                } else {
                    format!("列 {name} が二つあります")
                };
                return Err(Fault { line: Some(1), ..Fault::of_file(what) });
            }
        }
        let missing = column::missing(&names);
        if !missing.is_empty() {
            let what = format!(
                "必須の列がありません: {}。FOCUS 1.2 の形で出し直してください",
                missing.join("、")
            );
            return Err(Fault { line: Some(1), ..Fault::of_file(what) });
        }
        let kinds = names.iter().map(|name| match column::find(name).map(|it| it.kind) {
            Some(Kind::Number) if !column::COSTS.contains(&name.as_str()) => Kind::Text,
            kind => kind.unwrap_or(Kind::Text),
        });
        let needs = |name: &String| column::find(name).is_some_and(|it| it.need == Need::Value);
        Ok(Layout { kinds: kinds.collect(), needed: names.iter().map(needs).collect(), names })
    }

    /// Where a column stands.
    pub(super) fn at(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|one| one == name)
    }
}

/// Values of a column in a batch.
pub(super) enum Values {
    /// Texts stay in the batch.
    Text,
    /// A number a row; 0 where there is none.
    Number(Vec<Amount>),
    /// Seconds since 1970 a row; 0 where there is none.
    Time(Vec<i64>),
}

/// A batch by its types.
pub(super) struct Typed {
    /// For each column its values.
    pub(super) values: Vec<Values>,
    /// For each column, 1 for each row that has a value and 0 for one that lacks it.
    pub(super) there: Vec<Vec<i16>>,
    /// Moments without a zone.
    pub(super) zoneless: u64,
    /// Texts that were the literal `NULL`.
    pub(super) literal_nulls: u64,
    /// Numbers finer than an amount keeps, which were rounded.
    pub(super) rounded: Noted,
}

/// Reads a batch; the fault that comes first in the file if there is any.
pub(super) fn typed(layout: &Layout, batch: &Batch) -> Result<Typed, Fault> {
    let width = layout.names.len();
    let mut typed = Typed {
        values: Vec::with_capacity(width),
        there: Vec::with_capacity(width),
        zoneless: 0,
        literal_nulls: 0,
        rounded: Noted::default(),
    };
    let mut first: Option<Fault> = None;
    for at in 0..width {
        if let Err(fault) = typed.column(layout, batch, at)
            && first.as_ref().is_none_or(|earlier| fault.line < earlier.line)
        {
            first = Some(fault);
        }
    }
    first.map_or(Ok(typed), Err)
}

impl Typed {
    fn column(&mut self, layout: &Layout, batch: &Batch, at: usize) -> Result<(), Fault> {
        let mut there = Vec::with_capacity(batch.rows());
        for row in 0..batch.rows() {
            let has = batch.cell(row, at).is_some();
            if !has {
                if layout.needed[at] {
                    let what = "値がありません（必須の列です）";
                    return Err(Fault::at(batch.line(row), Some(&layout.names[at]), what));
                }
                self.literal_nulls += u64::from(batch.is_literal_null(row, at));
            }
            there.push(i16::from(has));
        }
        self.there.push(there);
        let values = match layout.kinds[at] {
            Kind::Text => Values::Text,
            Kind::Number => Values::Number(numbers(layout, batch, at, &mut self.rounded)?),
            Kind::Time => {
                let (times, zoneless) = times(layout, batch, at)?;
                self.zoneless += zoneless;
                Values::Time(times)
            }
        };
        self.values.push(values);
        Ok(())
    }

    /// The number of a row; 0 where the column is missing.
    pub(super) fn number(&self, column: Option<usize>, row: usize) -> Amount {
        match column.map(|at| &self.values[at]) {
            Some(Values::Number(values)) => values[row],
            _ => Amount::ZERO,
        }
    }

    /// The seconds of a row; 0 where the column is missing.
    pub(super) fn time(&self, column: Option<usize>, row: usize) -> i64 {
        match column.map(|at| &self.values[at]) {
            Some(Values::Time(values)) => values[row],
            _ => 0,
        }
    }
}

fn numbers(
    layout: &Layout,
    batch: &Batch,
    at: usize,
    rounded: &mut Noted,
) -> Result<Vec<Amount>, Fault> {
    let mut values = Vec::with_capacity(batch.rows());
    for row in 0..batch.rows() {
        let Some(text) = batch.cell(row, at) else {
            values.push(Amount::ZERO);
            continue;
        };
        let (amount, finer) = Amount::read(text).map_err(|error| {
            let what = format!("{}は{error}", shown(text));
            Fault::at(batch.line(row), Some(&layout.names[at]), what)
        })?;
        if finer {
            rounded.add(batch.line(row), &layout.names[at]);
        }
        values.push(amount);
    }
    Ok(values)
}

fn times(layout: &Layout, batch: &Batch, at: usize) -> Result<(Vec<i64>, u64), Fault> {
    let mut values = Vec::with_capacity(batch.rows());
    let mut zoneless = 0;
    // Rows beside each other mostly say the same moment.
    let mut last: (&[u8], i64, bool) = (b"", 0, true);
    for row in 0..batch.rows() {
        let Some(text) = batch.cell(row, at) else {
            values.push(0);
            continue;
        };
        if text != last.0 {
            let moment = instant::read(text).ok_or_else(|| {
                let what = format!(
                    "{}は日時として読めません。2026-05-01T00:00:00Z のように書いてください",
                    shown(text)
                );
                Fault::at(batch.line(row), Some(&layout.names[at]), what)
            })?;
            last = (text, moment.seconds, moment.zoned);
        }
        zoneless += u64::from(!last.2);
        values.push(last.1);
    }
    Ok((values, zoneless))
}
