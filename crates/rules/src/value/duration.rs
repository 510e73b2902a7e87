//! Periods in months and days (期間). Months and days are never turned into each other.

use std::fmt;
use std::str::FromStr;

/// A period: first the months are counted, then the days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Duration {
    months: i32,
    days: i32,
}

impl Duration {
    /// A period of `months` and `days`; both may be negative.
    pub fn new(months: i32, days: i32) -> Self {
        Self { months, days }
    }

    /// A period of whole days.
    pub fn from_days(days: i32) -> Self {
        Self { months: 0, days }
    }

    /// Months, twelve to a year.
    pub fn months(self) -> i32 {
        self.months
    }

    /// Days beside the months.
    pub fn days(self) -> i32 {
        self.days
    }

    pub(crate) fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            months: self.months.checked_add(other.months)?,
            days: self.days.checked_add(other.days)?,
        })
    }

    pub(crate) fn checked_neg(self) -> Option<Self> {
        Some(Self { months: self.months.checked_neg()?, days: self.days.checked_neg()? })
    }
}

/// ISO 8601: `P1Y2M`, `P14D`; a negative part carries its sign: `P-3M`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (years, months) = (self.months / 12, self.months % 12);
        f.write_str("P")?;
        for (amount, unit) in [(years, 'Y'), (months, 'M'), (self.days, 'D')] {
            if amount != 0 {
                write!(f, "{amount}{unit}")?;
            }
        }
        if self.months == 0 && self.days == 0 { f.write_str("0D") } else { Ok(()) }
    }
}

/// Text that is not a period of years, months, weeks and days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("期間として読めません。\"P14D\"（14日）、\"P3M\"（3か月）のように書いてください。")]
pub struct NotADuration;

/// Reads ISO 8601 periods without a time of day: years, months, weeks, days.
impl FromStr for Duration {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut rest = rest.strip_prefix('P').ok_or(NotADuration)?;
        let mut total = Duration::default();
        let mut units = "YMWD";
        while !rest.is_empty() || units.len() == 4 {
            let end = rest.find(|c: char| c.is_ascii_uppercase()).ok_or(NotADuration)?;
            let amount: i32 = rest[..end].parse().map_err(|_| NotADuration)?;
            let unit = &rest[end..=end];
            let place = units.find(unit).ok_or(NotADuration)?;
            units = &units[place + 1..];
            let part = match unit {
                "Y" => Duration::new(amount.checked_mul(12).ok_or(NotADuration)?, 0),
                "M" => Duration::new(amount, 0),
                "W" => Duration::from_days(amount.checked_mul(7).ok_or(NotADuration)?),
                _ => Duration::from_days(amount),
            };
            total = total.checked_add(part).ok_or(NotADuration)?;
            rest = &rest[end + 1..];
        }
        if negative { total.checked_neg().ok_or(NotADuration) } else { Ok(total) }
    }
}
