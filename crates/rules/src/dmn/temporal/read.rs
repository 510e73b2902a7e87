//! Reading dates and times as written in ISO 8601 and XML Schema.

use super::{CalendarDate, Moment, SECOND, Time};

/// Whether a time or moment is written with a named zone: `…@Asia/Tokyo`.
pub(crate) fn names_zone(text: &str) -> bool {
    let Some((before, zone)) = text.split_once('@') else { return false };
    before.contains(':') && zone.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Exactly `width` digits.
fn digits(text: &str, width: usize) -> Option<i64> {
    let plain = text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

impl CalendarDate {
    /// Reads `2026-04-01`, `-0044-03-15`, `12026-01-01`.
    pub fn parse(text: &str) -> Option<CalendarDate> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut parts = rest.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let padded = year.len() > 4 && year.starts_with('0');
        if parts.next().is_some() || !(4..=9).contains(&year.len()) || padded {
            return None;
        }
        let year = digits(year, year.len())?;
        let year = if negative { -year } else { year };
        CalendarDate::new(year, digits(month, 2)?, digits(day, 2)?)
    }
}

impl Time {
    /// Reads `10:20:00`, `10:20:00.5Z`, `10:20:00+09:00`.
    pub fn parse(text: &str) -> Option<Time> {
        let clock = text.get(..8)?;
        let mut parts = clock.split(':');
        let hour = digits(parts.next()?, 2)?;
        let minute = digits(parts.next()?, 2)?;
        let second = digits(parts.next()?, 2)?;
        let rest = text.get(8..)?;
        let (fraction, zone) = match rest.strip_prefix('.') {
            Some(rest) => {
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                (nanos(rest.get(..end)?)?, rest.get(end..)?)
            }
            None => (0, rest),
        };
        let offset = if zone.is_empty() { None } else { Some(offset(zone)?) };
        Time::new(hour, minute, i128::from(second) * SECOND + fraction, offset)
    }
}

/// Digits after the point as nanoseconds; further digits are dropped.
pub(super) fn nanos(fraction: &str) -> Option<i128> {
    let plain = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let padded = format!("{fraction:0<9}");
    if plain { padded.get(..9)?.parse().ok() } else { None }
}

fn offset(zone: &str) -> Option<i32> {
    if zone == "Z" || zone == "z" {
        return Some(0);
    }
    let negative = zone.starts_with('-');
    let size = zone.strip_prefix(['+', '-'])?;
    let mut parts = size.split(':');
    let hours = digits(parts.next()?, 2)?;
    let minutes = digits(parts.next()?, 2)?;
    let seconds = parts.next().map_or(Some(0), |seconds| digits(seconds, 2))?;
    if parts.next().is_some() || minutes > 59 || seconds > 59 {
        return None;
    }
    let total = hours * 3600 + minutes * 60 + seconds;
    let total = i32::try_from(total).ok().filter(|total| *total <= 18 * 3600)?;
    Some(if negative { -total } else { total })
}

impl Moment {
    /// Reads `2026-04-01T10:20:00`, and a date alone as its midnight.
    pub fn parse(text: &str) -> Option<Moment> {
        let Some((date, time)) = text.split_once('T') else {
            return Some(Moment::midnight(CalendarDate::parse(text)?, None));
        };
        Some(Moment { date: CalendarDate::parse(date)?, time: Time::parse(time)? })
    }
}
