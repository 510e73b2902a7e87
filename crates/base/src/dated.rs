//! A series in force by date. Overlaps cannot be written, and nothing falls back: before the first
//! entry and after a repeal there is no value.

use crate::date::{Date, FOREVER};
use std::collections::BTreeMap;

/// Values by the day from which they are in force; `None` marks a repeal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated<T>(BTreeMap<Date, Option<T>>);

/// Two entries begin on the same day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} から始まる値が二つあります。どちらか一つにしてください。")]
pub struct DuplicateDay(
    /// The day.
    pub Date,
);

/// One value with its period of force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce<'a, T> {
    /// The first day.
    pub from: Date,
    /// The last day, included; [`FOREVER`] while no other entry follows.
    pub to: Date,
    /// The value.
    pub value: &'a T,
}

impl<T> Dated<T> {
    /// An empty series: no value on any day.
    pub const fn new() -> Dated<T> {
        Dated(BTreeMap::new())
    }

    /// A series of entries in any order; a `None` repeals from its day on.
    pub fn from_entries(
        entries: impl IntoIterator<Item = (Date, Option<T>)>,
    ) -> Result<Dated<T>, DuplicateDay> {
        let mut series = Dated::new();
        for (from, value) in entries {
            series.insert(from, value)?;
        }
        Ok(series)
    }

    /// Adds the value in force from `from`, or with `None` the repeal on that day.
    pub fn insert(&mut self, from: Date, value: Option<T>) -> Result<(), DuplicateDay> {
        if self.0.contains_key(&from) {
            return Err(DuplicateDay(from));
        }
        self.0.insert(from, value);
        Ok(())
    }

    /// The value in force on `day`; `None` before enactment or after repeal.
    pub fn on(&self, day: Date) -> Option<&T> {
        let (_, value) = self.0.range(..=day).next_back()?;
        value.as_ref()
    }

    /// The value in force on `day` with its period.
    pub fn in_force_on(&self, day: Date) -> Option<InForce<'_, T>> {
        let (from, value) = self.0.range(..=day).next_back()?;
        let value = value.as_ref()?;
        Some(InForce { from: *from, to: self.last_day_before_next(*from), value })
    }

    /// Every value with its period, the oldest first.
    pub fn periods(&self) -> impl Iterator<Item = InForce<'_, T>> {
        self.0.iter().filter_map(|(from, value)| {
            let value = value.as_ref()?;
            Some(InForce { from: *from, to: self.last_day_before_next(*from), value })
        })
    }

    /// The entries as written, the oldest first.
    pub fn entries(&self) -> impl Iterator<Item = (Date, Option<&T>)> {
        self.0.iter().map(|(from, value)| (*from, value.as_ref()))
    }

    /// The first day after `day` on which something changes.
    pub fn next_change_after(&self, day: Date) -> Option<Date> {
        let after = (std::ops::Bound::Excluded(day), std::ops::Bound::Unbounded);
        self.0.range(after).next().map(|(from, _)| *from)
    }

    /// Whether nothing was ever entered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn last_day_before_next(&self, from: Date) -> Date {
        self.next_change_after(from).and_then(|next| next.yesterday().ok()).unwrap_or(FOREVER)
    }
}

impl<T> Default for Dated<T> {
    fn default() -> Dated<T> {
        Dated::new()
    }
}
