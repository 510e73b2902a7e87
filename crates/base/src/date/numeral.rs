//! Numbers at the head of a text: ASCII digits, kanji numerals, 元 for the first year.

/// The number at the head of `text` and the rest; `None` if there is none or it is over 9999.
pub(super) fn take(text: &str) -> Option<(i32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if end > 0 {
        return (end <= 8).then(|| text[..end].parse().ok()).flatten().map(|n| (n, &text[end..]));
    }
    let end = text.find(|c| kanji(c).is_none()).unwrap_or(text.len());
    if end == 0 {
        return None;
    }
    Some((kanji_number(&text[..end])?, &text[end..]))
}

/// The year at the head of `text`: a number or 元.
pub(super) fn take_year(text: &str) -> Option<(i32, &str)> {
    match text.strip_prefix('元') {
        Some(rest) => Some((1, rest)),
        None => take(text),
    }
}

fn kanji(c: char) -> Option<i32> {
    let digits = "〇一二三四五六七八九十";
    digits.chars().position(|d| d == c).and_then(|n| i32::try_from(n).ok())
}

/// 二十五 (with 十) or 二〇二六 (positional), up to four signs.
fn kanji_number(text: &str) -> Option<i32> {
    let signs: Vec<i32> = text.chars().filter_map(kanji).collect();
    match signs.as_slice() {
        [10] => Some(10),
        [10, ones @ 1..=9] => Some(10 + ones),
        [tens @ 1..=9, 10] => Some(tens * 10),
        [tens @ 1..=9, 10, ones @ 1..=9] => Some(tens * 10 + ones),
        digits if digits.len() <= 4 && digits.iter().all(|d| *d < 10) => {
            Some(digits.iter().fold(0, |sum, digit| sum * 10 + digit))
        }
        _ => None,
    }
}
