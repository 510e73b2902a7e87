//! 時刻: a time of day as the standard's files write it, `HH:MM:SS`; the seconds may be left out.
//!
//! No zone and no day; 24:00 is no time.

pub use jiff::civil::Time;

use crate::said;
use crate::said::Said;

/// `09:30:00`, as the standard's files write it.
pub fn standard_text(time: Time) -> String {
    format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

/// Reads `09:30:00` and `09:30`; `None` for anything else.
pub fn from_standard_text(text: &str) -> Option<Time> {
    let two = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<i8>().ok()).flatten()
    };
    let parts: Vec<i8> = text.split(':').map(two).collect::<Option<_>>()?;
    match parts[..] {
        [hour, minute] => Time::new(hour, minute, 0, 0).ok(),
        [hour, minute, second] => Time::new(hour, minute, second, 0).ok(),
        _ => None,
    }
}

/// Reads what people enter: `9:30`, `093000`, `９時３０分`, `9時30分15秒`.
///
/// # Errors
/// What would be a time.
pub fn parse(input: &str) -> Result<Time, Said> {
    let wrong = || {
        said!(
            "「{input}」は時刻ではありません。09:30 か 09:30:00 のように入力してください",
            "“{input}” is no time of day. Enter it like 09:30 or 09:30:00"
        )
    };
    let half = crate::text::to_half_width(input.trim());
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if matches!(half.len(), 4 | 6) && digits(&half) {
        let pairs: Vec<&str> = (0..half.len()).step_by(2).map(|at| &half[at..at + 2]).collect();
        return from_standard_text(&pairs.join(":")).ok_or_else(wrong);
    }
    let marked = half.trim_end_matches(['分', '秒']).replace(['時', '分'], ":");
    let on_the_hour = marked.ends_with(':').then(|| format!("{marked}00"));
    let text = on_the_hour.unwrap_or(marked);
    let pad = |part: &str| if part.is_empty() { String::new() } else { format!("{part:0>2}") };
    let padded: Vec<String> = text.split(':').map(pad).collect();
    from_standard_text(&padded.join(":")).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expect: Option<&str>) {
        assert_eq!(parse(input).ok().map(standard_text).as_deref(), expect, "{input}");
    }

    #[test]
    fn a_time_is_read_as_people_write_it() {
        check("09:30:15", Some("09:30:15"));
        check("9:30", Some("09:30:00"));
        check("０９３０", Some("09:30:00"));
        check("235959", Some("23:59:59"));
        check("９時５分", Some("09:05:00"));
        check("9時5分3秒", Some("09:05:03"));
        check("9時", Some("09:00:00"));
        for wrong in
            ["", "9", ":", "24:00", "23:60", "23:59:60", "-1:00", "1:2:3:4", "９時半", "時"]
        {
            check(wrong, None);
        }
    }

    #[test]
    fn files_are_read_strictly_and_written_whole() {
        for (text, expect) in [
            ("00:00:00", Some("00:00:00")),
            ("23:59", Some("23:59:00")),
            ("9:30", None),
            ("093000", None),
            ("09:30:00.5", None),
            ("09:30:00Z", None),
            ("＋1:00", None),
            ("+1:00", None),
        ] {
            assert_eq!(from_standard_text(text).map(standard_text).as_deref(), expect, "{text}");
        }
    }
}
