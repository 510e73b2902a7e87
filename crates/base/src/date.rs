//! Days: the civil date, the two sentinels of an open period, and dates whose parts may be
//! uncertain (不詳日). Never reads a clock: today is an argument everywhere.

mod error;
mod loose;
mod numeral;
mod parse;
mod point;

use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};

pub use error::DateError;
pub use jiff::civil::Date;
pub use loose::{Effective, Kind, LooseDate};

/// "Since ever": 0001-01-01, the form in the database of the standard's sentinel 0000-01-01
/// (データ要件・連携要件標準仕様書), because PostgreSQL has no year 0.
pub const OPEN_FROM: Date = Date::constant(1, 1, 1);

/// "For ever": 9999-12-31, the standard's sentinel.
pub const FOREVER: Date = Date::constant(9999, 12, 31);

/// The clock of Japan, which knows no summer time.
pub fn japan() -> TimeZone {
    TimeZone::fixed(offset(9))
}

/// The day in Japan at a moment.
pub fn day_in_japan(at: Timestamp) -> Date {
    at.to_zoned(japan()).date()
}

/// The moment at which a day begins in Japan; `None` beyond all time.
pub fn start_in_japan(day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(japan()).ok()?.timestamp())
}

/// `2026-04-01` as the standard's files write it; [`OPEN_FROM`] becomes `0000-01-01`.
pub fn standard_text(day: Date) -> String {
    if day == OPEN_FROM { "0000-01-01".to_owned() } else { day.to_string() }
}

/// Reads `2026-04-01` as the standard's files write it; `0000-01-01` becomes [`OPEN_FROM`].
/// `None` for anything else.
pub fn from_standard_text(text: &str) -> Option<Date> {
    match text {
        "0000-01-01" => Some(OPEN_FROM),
        _ if text.len() == 10 => text.parse().ok(),
        _ => None,
    }
}
