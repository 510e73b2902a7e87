//! Characters as the standard counts them: half-width (X), full-width (Ｎ), a base character with
//! its variation selector as one (IVS), and characters of the private use areas (外字).
//! Only looks; never replaces anything.

/// A character of a private use area (外字), with its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PrivateUse {
    /// The place in characters from 1, a selector not counted.
    pub position: usize,
    /// The character.
    pub character: char,
}

/// A variation selector (字形選択子), standard or ideographic.
pub fn is_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{180B}'..='\u{180D}')
}

/// Each base character with its variation selector. A selector at the head or after another
/// selector is given as a base of its own, so that nothing is lost.
pub fn graphemes_with_selectors(text: &str) -> impl Iterator<Item = (char, Option<char>)> + '_ {
    let mut signs = text.chars().peekable();
    std::iter::from_fn(move || {
        let base = signs.next()?;
        let selector = if is_selector(base) { None } else { signs.next_if(|c| is_selector(*c)) };
        Some((base, selector))
    })
}

/// The length in characters (桁数), a base with its selector counting as one.
pub fn length(text: &str) -> usize {
    graphemes_with_selectors(text).count()
}

/// The characters of the private use areas, with their places.
pub fn private_use(text: &str) -> Vec<PrivateUse> {
    let bases = graphemes_with_selectors(text).map(|(base, _)| base);
    let places = (1..).zip(bases).map(|(position, character)| PrivateUse { position, character });
    places.filter(|place| is_private_use(place.character)).collect()
}

/// A character of U+E000–F8FF or of planes 15 and 16.
pub fn is_private_use(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// A printable ASCII character or a half-width kana.
pub fn is_half_width_char(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{FF61}'..='\u{FF9F}')
}

/// Whether `text` fits the standard's type X (半角): printable ASCII and half-width kana.
pub fn is_half_width(text: &str) -> bool {
    text.chars().all(is_half_width_char)
}

/// Whether `text` fits the standard's type Ｎ (全角): nothing half-width, no control characters.
pub fn is_full_width(text: &str) -> bool {
    first_not_full_width(text).is_none()
}

/// The first character that type Ｎ does not allow, with its place in characters from 1.
pub fn first_not_full_width(text: &str) -> Option<(usize, char)> {
    let bases = graphemes_with_selectors(text).map(|(base, _)| base);
    (1..).zip(bases).find(|(_, c)| is_half_width_char(*c) || c.is_control())
}

/// Printable ASCII made full-width (`A` → `Ａ`, space → full-width space); half-width kana are
/// made full-width with their marks composed. Everything else stays.
pub fn to_full_width(text: &str) -> String {
    let mut wide = String::with_capacity(text.len() * 3);
    for c in text.chars() {
        match (c, crate::kana::widen_half(c)) {
            (' ', _) => wide.push('\u{3000}'),
            ('!'..='~', _) => wide.push(char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c)),
            (_, Some(kana)) => crate::kana::push_composed(&mut wide, kana),
            _ => wide.push(c),
        }
    }
    wide
}

/// Full-width ASCII made half-width (`Ａ` → `A`, full-width space → space); all else stays.
pub fn to_half_width(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{3000}' => ' ',
            '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            _ => c,
        })
        .collect()
}
