//! Kana for searching: one key for the writings people do not tell apart (住民記録システム標準仕様書
//! 2.1.2). Keys are for comparing only and are never shown or printed.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::compose;

const VOICED_MARK: char = '\u{3099}';
const SEMI_VOICED_MARK: char = '\u{309A}';

/// The search key of a kana name (検索用カナ). NFKC; hiragana become katakana; ヂ→ジ, ヅ→ズ, ヲ→オ,
/// ヰ→イ, ヱ→エ; small kana become large; ヴァ→バ, ヴ→ブ; long marks with every hyphen and dash,
/// spaces and middle dots go; ウ after the オ row becomes オ; ASCII letters become capitals.
/// エ row + イ stays, as the standard does not name it. Folding a key gives the key.
pub fn fold(text: &str) -> String {
    fixed_point(text, fold_once)
}

/// The wider key for an ambiguous search (あいまい検索): [`fold`], then voiced and semi-voiced kana
/// become plain (ガ→カ, パ→ハ), ワ→ハ as the standard's example asks, and a vowel that
/// only lengthens the row before it goes (オオ→オ, ユウ→ユ, エイ→エ, アア→ア, イイ→イ).
/// Everything [`fold`] holds equal stays equal here. Folding a key gives the key.
pub fn fold_loose(text: &str) -> String {
    fixed_point(text, |text| {
        let mut key = String::new();
        for c in fold(text).chars().map(unvoiced) {
            let lengthens = key.chars().next_back().is_some_and(|last| lengthens(last, c));
            if !lengthens {
                key.push(c);
            }
        }
        key
    })
}

/// Katakana without their marks of voicing (ガ→カ, パ→ハ), for comparing a part of a word with a
/// reading that is voiced only inside words (連濁); all else stays.
pub fn unvoice(text: &str) -> String {
    text.chars().map(without_mark).collect()
}

/// Hiragana made katakana and half-width kana full-width; all else stays.
pub fn to_katakana(text: &str) -> String {
    let mut wide = String::with_capacity(text.len());
    for c in text.chars() {
        push_composed(&mut wide, katakana(widen_half(c).unwrap_or(c)));
    }
    wide
}

/// Whether `text` is a name in katakana: full-width katakana with ー, ・, and single full-width
/// spaces between parts; not empty.
pub fn is_katakana_name(text: &str) -> bool {
    let parts = text.split('\u{3000}');
    let katakana = |c: char| matches!(c, 'ァ'..='ヺ' | 'ー' | '・' | 'ヽ' | 'ヾ');
    parts.into_iter().all(|part| {
        let begins_with_kana = part.starts_with(|c| katakana(c) && !matches!(c, 'ー' | '・'));
        begins_with_kana && part.chars().all(katakana)
    })
}

/// The full-width form of a half-width kana, mark or sign; `None` for all else.
pub(crate) fn widen_half(c: char) -> Option<char> {
    match c {
        'ﾞ' => Some(VOICED_MARK),
        'ﾟ' => Some(SEMI_VOICED_MARK),
        '\u{FF61}'..='\u{FF9D}' => std::iter::once(c).nfkc().next(),
        _ => None,
    }
}

/// Appends `c`; a sound mark joins the kana before it, or is written alone as a spacing mark.
pub(crate) fn push_composed(text: &mut String, c: char) {
    if c != VOICED_MARK && c != SEMI_VOICED_MARK {
        return text.push(c);
    }
    match text.chars().next_back().and_then(|last| compose(last, c)) {
        Some(joined) => {
            text.pop();
            text.push(joined);
        }
        None => text.push(if c == VOICED_MARK { '゛' } else { '゜' }),
    }
}

/// Repeats until nothing changes; the inner fold settles after two or three rounds.
fn fixed_point(text: &str, fold: impl Fn(&str) -> String) -> String {
    let mut key = fold(text);
    loop {
        let next = fold(&key);
        if next == key {
            return key;
        }
        key = next;
    }
}

fn fold_once(text: &str) -> String {
    let marks = |c: char| match c {
        '゛' => VOICED_MARK,
        '゜' => SEMI_VOICED_MARK,
        _ => c,
    };
    let plain = text.chars().filter(|c| !is_skipped(*c)).map(marks).nfkc();
    let mut signs = plain.filter(|c| !is_skipped(*c)).map(katakana).peekable();
    let mut key = String::with_capacity(text.len());
    while let Some(c) = signs.next() {
        let large = match large(c) {
            'ヴ' => match signs.next_if(|next| v_row(large(*next)).is_some()) {
                Some(vowel) => v_row(large(vowel)).unwrap_or('ブ'),
                None => 'ブ',
            },
            VOICED_MARK | SEMI_VOICED_MARK => continue,
            other => unified(other),
        };
        let after_o = key.chars().next_back().is_some_and(|last| row(last) == Some('オ'));
        key.push(if large == 'ウ' && after_o { 'オ' } else { large });
    }
    key
}

/// Long marks, hyphens, dashes, spaces, middle dots and variation selectors.
fn is_skipped(c: char) -> bool {
    c.is_whitespace()
        || crate::text::is_selector(c)
        || matches!(c, 'ー' | 'ｰ' | '-' | '－' | '−' | '゠' | '〜' | '～' | '~' | '_')
        || matches!(c, '\u{2010}'..='\u{2015}' | '\u{FE58}' | '\u{FE63}' | '─' | '━' | '\u{00AD}')
        || matches!(c, '・' | '･' | '·' | '\u{2022}' | '\u{2219}' | '\u{22C5}')
}

fn katakana(c: char) -> char {
    match c {
        'ぁ'..='ゖ' | 'ゝ' | 'ゞ' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
        _ => c,
    }
}

/// Small kana made large, also those of the Ainu extension; ASCII letters made capitals.
fn large(c: char) -> char {
    match c {
        'ァ' | 'ィ' | 'ゥ' | 'ェ' | 'ォ' | 'ッ' | 'ャ' | 'ュ' | 'ョ' | 'ヮ' => {
            char::from_u32(u32::from(c) + 1).unwrap_or(c)
        }
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        '\u{31F0}'..='\u{31FF}' => {
            let extension = "クシストヌハヒフヘホムラリルレロ";
            let place = usize::try_from(u32::from(c) - 0x31F0).unwrap_or_default();
            extension.chars().nth(place).unwrap_or(c)
        }
        _ => c.to_ascii_uppercase(),
    }
}

/// ヴ with a vowel becomes the バ row.
fn v_row(vowel: char) -> Option<char> {
    match vowel {
        'ア' => Some('バ'),
        'イ' => Some('ビ'),
        'エ' => Some('ベ'),
        'オ' => Some('ボ'),
        _ => None,
    }
}

fn unified(c: char) -> char {
    match c {
        'ヂ' => 'ジ',
        'ヅ' => 'ズ',
        'ヲ' => 'オ',
        'ヰ' => 'イ',
        'ヱ' => 'エ',
        'ヷ' => 'バ',
        'ヸ' => 'ビ',
        'ヹ' => 'ベ',
        'ヺ' => 'ボ',
        _ => c,
    }
}

fn unvoiced(c: char) -> char {
    match without_mark(c) {
        'ワ' => 'ハ',
        plain => plain,
    }
}

fn without_mark(c: char) -> char {
    match std::iter::once(c).nfd().next() {
        Some(plain @ 'ァ'..='ヺ') => plain,
        _ => c,
    }
}

/// The vowel of a kana's row; `None` for ン and all that is not large katakana.
fn row(c: char) -> Option<char> {
    const ROWS: [(char, &str); 5] = [
        ('ア', "アカサタナハマヤラワガザダバパ"),
        ('イ', "イキシチニヒミリギジビピ"),
        ('ウ', "ウクスツヌフムユルグズブプ"),
        ('エ', "エケセテネヘメレゲゼデベペ"),
        ('オ', "オコソトノホモヨロゴゾドボポ"),
    ];
    ROWS.iter().find(|(_, kana)| kana.contains(c)).map(|(vowel, _)| *vowel)
}

/// Whether the vowel `c` only lengthens the kana before it.
fn lengthens(last: char, c: char) -> bool {
    let vowel = row(last);
    vowel == Some(c) || (vowel == Some('エ') && c == 'イ')
}
