//! Moments as they are recorded.

use jiff::Timestamp;

/// Now, in whole microseconds: what PostgreSQL keeps, so that what is read again is what was
/// written.
pub(super) fn now_whole() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}
