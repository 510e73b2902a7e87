//! Moments as bills write them: UTC seconds from texts with `Z`, with an offset, with a space for
//! the `T`, or without any zone. A text without a zone is read as UTC and counted, never guessed.

use base::date::Date;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A moment of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Whether the text said its zone.
    pub zoned: bool,
}

/// Reads `2026-05-01T00:00:00Z`, `2026-05-01 09:00:00+09:00`, `2026-05-01T00:00:00`, `2026-05-01`;
/// `None` for anything else. Fractions of a second are dropped.
pub fn read(text: &[u8]) -> Option<Instant> {
    let days = days(text.get(..10)?)?;
    let rest = &text[10..];
    if rest.is_empty() {
        return Some(Instant { seconds: days * DAY, zoned: false });
    }
    if !matches!(rest[0], b'T' | b't' | b' ') {
        return None;
    }
    let clock = rest.get(1..6)?;
    let (hour, minute) = (two(&clock[..2])?, two(&clock[3..])?);
    let mut rest = &rest[6..];
    let mut second = 0;
    if let [b':', tens, ones, after @ ..] = rest {
        second = two(&[*tens, *ones])?;
        rest = after;
    }
    if clock[2] != b':' || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    if let [b'.', fraction @ ..] = rest {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = fraction.get(digits..).filter(|_| digits > 0)?;
    }
    let (offset, zoned) = offset(rest)?;
    let seconds = days * DAY + hour * 3600 + minute * 60 + second - offset;
    Some(Instant { seconds, zoned })
}

/// Seconds east of UTC, and whether a zone is said.
fn offset(text: &[u8]) -> Option<(i64, bool)> {
    let sign = match text {
        [] => return Some((0, false)),
        b"Z" | b"z" | b" UTC" => return Some((0, true)),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let (hour, minute) = match &text[1..] {
        [a, b] => (two(&[*a, *b])?, 0),
        [a, b, b':', c, d] | [a, b, c, d] => (two(&[*a, *b])?, two(&[*c, *d])?),
        _ => return None,
    };
    (hour <= 14 && minute <= 59).then_some((sign * (hour * 3600 + minute * 60), true))
}

fn two(text: &[u8]) -> Option<i64> {
    match text {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(i64::from(a - b'0') * 10 + i64::from(b - b'0')),
        _ => None,
    }
}

/// Days since 1970-01-01 of `2026-05-01`, in the proleptic Gregorian calendar.
fn days(text: &[u8]) -> Option<i64> {
    let [a, b, c, d, b'-', month @ .., b'-', e, f] = text else { return None };
    let year = two(&[*a, *b])? * 100 + two(&[*c, *d])?;
    let (month, day) = (two(month)?, two(&[*e, *f])?);
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    if day < 1 || day > length {
        return None;
    }
    // Years counted from March, so that the leap day is the last one.
    let shifted = if month > 2 { year } else { year - 1 };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// How far ahead of UTC the calendar of a bill is whose period begins then: nine hours when that is
/// midnight in Japan, otherwise nothing.
pub fn ahead(period_from: i64) -> i64 {
    const JAPAN: i64 = 9 * 3600;
    if (period_from + JAPAN).rem_euclid(DAY) == 0 { JAPAN } else { 0 }
}

/// The day (UTC) of seconds since 1970; `None` beyond the calendar.
pub fn day(seconds: i64) -> Option<Date> {
    let at = jiff::Timestamp::from_second(seconds).ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).date())
}

/// `2026-05-01T00:00:00Z`.
pub fn text(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(written: &str, expect: Option<(&str, bool)>) {
        let got = read(written.as_bytes()).map(|it| (text(it.seconds), it.zoned));
        assert_eq!(got, expect.map(|(text, zoned)| (text.to_owned(), zoned)), "{written}");
    }

    #[test]
    fn a_bill_counts_its_days_where_its_month_begins() {
        let ahead_of = |text: &str| ahead(read(text.as_bytes()).unwrap().seconds) / 3600;
        assert_eq!(ahead_of("2026-04-30T15:00:00Z"), 9);
        assert_eq!(ahead_of("2026-05-01T00:00:00Z"), 0);
        assert_eq!(ahead_of("2026-05-01T00:00:00+09:00"), 9);
    }

    #[test]
    fn moments_of_bills_are_read() {
        check("2026-05-01T00:00:00Z", Some(("2026-05-01T00:00:00Z", true)));
        check("2026-05-01T09:00:00+09:00", Some(("2026-05-01T00:00:00Z", true)));
        check("2026-05-01 00:00:00.123456Z", Some(("2026-05-01T00:00:00Z", true)));
        check("2026-05-01T00:00Z", Some(("2026-05-01T00:00:00Z", true)));
        check("2026-05-01T00:00:00", Some(("2026-05-01T00:00:00Z", false)));
        check("2026-05-01", Some(("2026-05-01T00:00:00Z", false)));
        check("2024-02-29 23:59:59 UTC", Some(("2024-02-29T23:59:59Z", true)));
        for text in
            ["", "2026-02-29", "2026-5-1", "2026-05-01T", "2026-05-01T25:00:00Z", "2026/05/01"]
        {
            check(text, None);
        }
        check("2026-05-01T00:00:00JST", None);
        check("2026-05-01T00:00:00.Z", None);
    }

    proptest! {
        #[test]
        fn moments_are_read_as_the_calendar_does(seconds in -2_000_000_000_i64..40_000_000_000) {
            let got = read(text(seconds).as_bytes());
            prop_assert_eq!(got, Some(Instant { seconds, zoned: true }));
        }
    }
}
