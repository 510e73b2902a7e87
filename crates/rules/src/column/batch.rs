//! Facts of many subjects in columns. Numbers are digits at the fact's scale, dates are packed so
//! that their order is kept, truth is 0 or −1, texts are their numbers in a dictionary.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::day;
use crate::law::{Calculation, FactKind, FactType};
use crate::types::Type;
use crate::value::{Date, Decimal, Record, Value};

/// One fact of every subject (or of every element of a list).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Values; whatever stands where there is none.
    pub values: Vec<i64>,
    /// Which are null; empty while none is.
    pub null: Vec<bool>,
    /// Which are not known; empty while all are.
    pub unknown: Vec<bool>,
}

/// The facts of a batch of subjects.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// How many subjects there are.
    pub rows: usize,
    /// Single facts by name; one that is not there is unknown for everybody.
    pub facts: BTreeMap<String, Column>,
    /// Lists by name; one that is not there is unknown for everybody.
    pub lists: BTreeMap<String, ListColumn>,
}

/// The elements of every subject, one subject after the other.
#[derive(Clone, Debug, Default)]
pub struct ListColumn {
    /// Where each subject's elements begin, and where the last one's end: one more than subjects.
    pub offsets: Vec<u32>,
    /// Subjects whose list is not known; empty while all are.
    pub unknown: Vec<bool>,
    /// Fields by name.
    pub fields: BTreeMap<String, Column>,
}

/// Texts and their numbers.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    numbers: HashMap<Arc<str>, i64>,
    texts: Vec<Arc<str>>,
}

impl Dictionary {
    /// The number of a text; a new one if it was not there.
    pub fn number(&mut self, text: &str) -> i64 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = i64::try_from(self.texts.len()).unwrap_or(i64::MAX);
        let text: Arc<str> = text.into();
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    /// The number of a text that is there.
    pub fn find(&self, text: &str) -> Option<i64> {
        self.numbers.get(text).copied()
    }

    /// The text of a number, as it stands here.
    pub fn get(&self, number: i64) -> Option<&str> {
        Some(self.texts.get(usize::try_from(number).ok()?)?)
    }

    /// The text of a number.
    pub fn text(&self, number: i64) -> Option<Arc<str>> {
        self.texts.get(usize::try_from(number).ok()?).cloned()
    }
}

impl Column {
    /// A column of values that are all known.
    pub fn of(values: Vec<i64>) -> Column {
        Column { values, ..Column::default() }
    }

    /// A column of dates.
    pub fn dates(dates: impl IntoIterator<Item = Date>) -> Column {
        Column::of(dates.into_iter().map(day::pack).collect())
    }

    /// A column of truths.
    pub fn flags(flags: impl IntoIterator<Item = bool>) -> Column {
        Column::of(flags.into_iter().map(|flag| -i64::from(flag)).collect())
    }

    /// A column of one value for everybody; unknown when it is not of the type.
    pub fn constant(value: &Value, ty: &Type, rows: usize, dictionary: &Dictionary) -> Column {
        let text = |text: &str| dictionary.find(text).unwrap_or(-1);
        let (number, null, unknown) = encode(value, ty, text);
        Column {
            values: vec![number; rows],
            null: if null { vec![true; rows] } else { Vec::new() },
            unknown: if unknown { vec![true; rows] } else { Vec::new() },
        }
    }

    /// Adds a value as it stands in a column.
    pub fn push_known(&mut self, value: i64) {
        self.values.push(value);
        for marks in [&mut self.null, &mut self.unknown] {
            if !marks.is_empty() {
                marks.push(false);
            }
        }
    }

    /// Adds that there is nothing.
    pub fn push_null(&mut self) {
        let row = self.values.len();
        self.values.push(0);
        mark(&mut self.null, row, true);
        mark(&mut self.unknown, row, false);
    }

    /// Adds that it is not known.
    pub fn push_unknown(&mut self) {
        let row = self.values.len();
        self.values.push(0);
        mark(&mut self.null, row, false);
        mark(&mut self.unknown, row, true);
    }

    /// Puts a value in the place of another; what is not of the type is unknown.
    pub fn set(&mut self, row: usize, value: &Value, ty: &Type, dictionary: &Dictionary) {
        let text = |text: &str| dictionary.find(text).unwrap_or(-1);
        let (number, null, unknown) = encode(value, ty, text);
        self.values[row] = number;
        let rows = self.values.len();
        for (marks, set) in [(&mut self.null, null), (&mut self.unknown, unknown)] {
            if set || !marks.is_empty() {
                marks.resize(rows, false);
                marks[row] = set;
            }
        }
    }

    /// The values of these rows.
    pub fn pick(&self, rows: &[u32]) -> Column {
        let marks = |marks: &[bool]| match marks {
            [] => Vec::new(),
            marks => rows.iter().map(|row| marks[*row as usize]).collect(),
        };
        Column {
            values: rows.iter().map(|row| self.values[*row as usize]).collect(),
            null: marks(&self.null),
            unknown: marks(&self.unknown),
        }
    }

    /// Takes every value out; the room stays.
    pub fn clear(&mut self) {
        self.values.clear();
        self.null.clear();
        self.unknown.clear();
    }

    /// Whether a value is null.
    pub fn is_null(&self, row: usize) -> bool {
        self.null.get(row).copied().unwrap_or(false)
    }

    /// Whether a value is not known.
    pub fn is_unknown(&self, row: usize) -> bool {
        self.unknown.get(row).copied().unwrap_or(false)
    }

    /// Adds a value; what is not of the type is unknown.
    pub fn push(&mut self, value: &Value, ty: &Type, dictionary: &mut Dictionary) {
        let text = |text: &str| dictionary.number(text);
        let (number, null, unknown) = encode(value, ty, text);
        let row = self.values.len();
        self.values.push(number);
        mark(&mut self.null, row, null);
        mark(&mut self.unknown, row, unknown);
    }
}

/// Marks a row; the marks begin with the first that is set.
fn mark(marks: &mut Vec<bool>, row: usize, set: bool) {
    if set || !marks.is_empty() {
        marks.resize(row, false);
        marks.push(set);
    }
}

fn encode(value: &Value, ty: &Type, text: impl FnOnce(&str) -> i64) -> (i64, bool, bool) {
    match (value, ty) {
        (Value::Null, _) => (0, true, false),
        (Value::Number(number), Type::Number { scale }) => match number.rescale(*scale) {
            Ok(number) => (number.mantissa(), false, false),
            Err(_) => (0, false, true),
        },
        (Value::Boolean(truth), Type::Boolean) => (-i64::from(*truth), false, false),
        (Value::Date(date), Type::Date) => (day::pack(**date), false, false),
        (Value::Text(own), Type::Text) => (text(own), false, false),
        _ => (0, false, true),
    }
}

/// A parameter as a column of one.
pub(super) fn constant(value: &Value, ty: &Type) -> Column {
    let (number, null, unknown) = encode(value, ty, |_| -1);
    Column { values: vec![number], null: vec![null], unknown: vec![unknown] }
}

impl Batch {
    /// These subjects alone, in ascending order; and for every list the rows of its elements that
    /// stay.
    pub fn pick(&self, rows: &[u32]) -> (Batch, BTreeMap<String, Vec<u32>>) {
        let picked = |(name, column): (&String, &Column)| (name.clone(), column.pick(rows));
        let mut batch = Batch {
            rows: rows.len(),
            facts: self.facts.iter().map(picked).collect(),
            ..Batch::default()
        };
        let mut kept = BTreeMap::new();
        for (name, list) in &self.lists {
            let (mut elements, mut offsets) = (Vec::new(), vec![0]);
            for row in rows {
                elements.extend(list.range(*row as usize).filter_map(|at| u32::try_from(at).ok()));
                offsets.push(u32::try_from(elements.len()).unwrap_or(u32::MAX));
            }
            let unknown = match list.unknown.as_slice() {
                [] => Vec::new(),
                marks => rows.iter().map(|row| marks[*row as usize]).collect(),
            };
            let fields = list.fields.iter();
            let fields = fields.map(|(name, column)| (name.clone(), column.pick(&elements)));
            let fields = fields.collect();
            batch.lists.insert(name.clone(), ListColumn { offsets, unknown, fields });
            kept.insert(name.clone(), elements);
        }
        (batch, kept)
    }

    /// The facts of one subject; what a column says is unknown is left out.
    pub(super) fn record(
        &self,
        calculation: &Calculation,
        dictionary: &Dictionary,
        row: usize,
    ) -> Record {
        let mut record = Record::new();
        for fact in &calculation.facts {
            match &fact.kind {
                FactKind::One(kind) => {
                    let value = value_at(self.facts.get(&fact.name), kind, dictionary, row);
                    if let Some(value) = value {
                        record.insert(fact.name.as_str(), value);
                    }
                }
                FactKind::List { fields, .. } => {
                    let Some(list) = self.lists.get(&fact.name) else { continue };
                    if list.unknown.get(row).copied().unwrap_or(false) {
                        continue;
                    }
                    let items = list.range(row).map(|at| {
                        let mut item = Record::new();
                        for field in fields {
                            let column = list.fields.get(&field.name);
                            let value = value_at(column, &field.kind, dictionary, at);
                            if let Some(value) = value {
                                item.insert(field.name.as_str(), value);
                            }
                        }
                        Value::from(item)
                    });
                    record.insert(fact.name.as_str(), items.collect::<Vec<Value>>());
                }
            }
        }
        record
    }
}

impl ListColumn {
    /// Those elements alone for which `keep` holds, and their rows.
    pub fn keep(&self, keep: impl Fn(usize) -> bool) -> (ListColumn, Vec<u32>) {
        let (mut rows, mut offsets) = (Vec::new(), vec![0]);
        for subject in 1..self.offsets.len() {
            let kept = self.range(subject - 1).filter(|at| keep(*at));
            rows.extend(kept.filter_map(|at| u32::try_from(at).ok()));
            offsets.push(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        }
        let fields = self.fields.iter().map(|(name, column)| (name.clone(), column.pick(&rows)));
        (ListColumn { offsets, unknown: self.unknown.clone(), fields: fields.collect() }, rows)
    }

    /// The elements of all subjects together.
    pub fn elements(&self) -> usize {
        self.offsets.last().map_or(0, |end| *end as usize)
    }

    /// The elements of a subject.
    pub fn range(&self, row: usize) -> std::ops::Range<usize> {
        let at = |row: usize| self.offsets.get(row).map_or(0, |at| *at as usize);
        at(row)..at(row + 1)
    }
}

fn value_at(
    column: Option<&Column>,
    kind: &FactType,
    dictionary: &Dictionary,
    row: usize,
) -> Option<Value> {
    let column = column.filter(|column| !column.is_unknown(row))?;
    if column.is_null(row) {
        return Some(Value::Null);
    }
    let number = *column.values.get(row)?;
    Some(match kind.ty {
        Type::Number { scale } => Value::from(Decimal::new(number, scale)?),
        Type::Boolean => Value::from(number != 0),
        Type::Date => Value::from(day::unpack(number)?),
        _ => Value::from(dictionary.text(number)?),
    })
}
