//! The two durations of FEEL: nanoseconds (日数と時間の期間) and months (年月の期間).

use std::fmt::Write;

use super::read::nanos;
use super::{DAY, SECOND};

/// Splits `-P…` into its sign and the rest.
fn sign(text: &str) -> Option<(bool, &str)> {
    match text.strip_prefix('-') {
        Some(rest) => Some((true, rest.strip_prefix('P')?)),
        None => Some((false, text.strip_prefix('P')?)),
    }
}

/// Reads numbers with the given units in their order; `None` if anything is left.
fn units<'t>(mut text: &'t str, units: &[char]) -> Option<Vec<(char, &'t str)>> {
    let (mut found, mut next) = (Vec::new(), 0);
    while !text.is_empty() {
        let end = text.find(|c: char| c.is_ascii_alphabetic())?;
        let unit = text.get(end..)?.chars().next()?;
        let place = units.iter().skip(next).position(|known| *known == unit)?;
        next += place + 1;
        found.push((unit, text.get(..end)?));
        text = text.get(end + 1..)?;
    }
    Some(found)
}

fn whole(text: &str) -> Option<i128> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok().filter(|value| *value < i128::from(i64::MAX)) } else { None }
}

/// Reads `P1DT2H3M4.5S` as nanoseconds.
pub(crate) fn read_days(text: &str) -> Option<i128> {
    let (negative, rest) = sign(text)?;
    let (days, clock) = match rest.split_once('T') {
        Some((_, "")) => return None,
        Some((days, clock)) => (days, clock),
        None => (rest, ""),
    };
    let mut parts = units(days, &['D'])?;
    parts.extend(units(clock, &['H', 'M', 'S'])?);
    if parts.is_empty() {
        return None;
    }
    let mut total = 0_i128;
    for (unit, amount) in parts {
        total += match (unit, amount.split_once('.')) {
            ('S', Some((seconds, ""))) => whole(seconds)? * SECOND,
            ('S', Some((seconds, fraction))) => whole(seconds)? * SECOND + nanos(fraction)?,
            ('S', None) => whole(amount)? * SECOND,
            ('D', _) => whole(amount)? * DAY,
            ('H', _) => whole(amount)? * 3600 * SECOND,
            _ => whole(amount)? * 60 * SECOND,
        };
    }
    Some(if negative { -total } else { total })
}

/// Reads `P1Y2M` as months.
pub(crate) fn read_months(text: &str) -> Option<i64> {
    let (negative, rest) = sign(text)?;
    let parts = units(rest, &['Y', 'M'])?;
    if parts.is_empty() {
        return None;
    }
    let mut total = 0_i128;
    for (unit, amount) in parts {
        total += whole(amount)? * if unit == 'Y' { 12 } else { 1 };
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

/// `P1DT2H`, nothing as `PT0S`.
pub(crate) fn days_text(nanos: i128) -> String {
    let mut text = String::from(if nanos < 0 { "-P" } else { "P" });
    let size = nanos.abs();
    let (days, clock) = (size / DAY, size % DAY);
    if days != 0 {
        _ = write!(text, "{days}D");
    }
    if clock == 0 {
        return if days == 0 { "PT0S".to_owned() } else { text };
    }
    text.push('T');
    let parts = [(clock / (3600 * SECOND), 'H'), (clock / (60 * SECOND) % 60, 'M')];
    for (amount, unit) in parts.into_iter().filter(|(amount, _)| *amount != 0) {
        _ = write!(text, "{amount}{unit}");
    }
    let (seconds, fraction) = (clock / SECOND % 60, clock % SECOND);
    if fraction != 0 {
        let fraction = format!("{fraction:09}");
        _ = write!(text, "{seconds}.{}S", fraction.trim_end_matches('0'));
    } else if seconds != 0 {
        _ = write!(text, "{seconds}S");
    }
    text
}

/// `P1Y2M`, nothing as `P0M`.
pub(crate) fn months_text(months: i64) -> String {
    let mut text = String::from(if months < 0 { "-P" } else { "P" });
    let size = months.unsigned_abs();
    for (amount, unit) in [(size / 12, 'Y'), (size % 12, 'M')] {
        if amount != 0 {
            _ = write!(text, "{amount}{unit}");
        }
    }
    if size == 0 { "P0M".to_owned() } else { text }
}
