//! Kanji names for searching: each variant character (異体字) counts as one representative. The
//! table is data (`data/characters/variants.csv`); keys are for comparing only, never printed, and
//! no recorded character is ever replaced by its representative.

use crate::text::is_selector;
use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// Variant characters and their representatives.
///
/// A character with several candidates takes the first row of the file: making one class of all
/// that any row connects would be too coarse.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variants(HashMap<char, char>);

/// A line of the variants file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "異体字表の{line}行目「{text}」が読めません。「異体字,代表字,方式」を一字ずつ書いてください。"
)]
pub struct VariantsError {
    /// The line from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

/// Pairs that the reduction map rightly keeps apart (the characters are distinct) and that people
/// searching for a name confuse, and the examples of 標準仕様書 2.1.2.
const CONFUSED: [(char, char); 11] = [
    ('斉', '斎'),
    ('齊', '斎'),
    ('齋', '斎'),
    ('边', '辺'),
    ('𨘢', '辺'),
    ('滨', '浜'),
    ('䕨', '藤'),
    ('籘', '藤'),
    ('籐', '藤'),
    ('嶌', '島'),
    ('嶋', '島'),
];

static VARIANTS: LazyLock<Variants> = LazyLock::new(|| {
    let table = include_str!("../../../data/characters/variants.csv");
    Variants::parse(table).unwrap_or_else(|error| panic!("variants.csv in this build: {error}"))
});

/// The table of the house.
pub fn variants() -> &'static Variants {
    &VARIANTS
}

/// The search key of a kanji name (検索用漢字): without variation selectors and spaces,
/// compatibility characters unified, each character its representative of [`variants`].
/// Folding a key gives the key.
pub fn fold(text: &str) -> String {
    variants().fold(text)
}

impl Variants {
    /// Reads the table: UTF-8 CSV, header `character,representative,scheme`, one character each.
    /// Lines that begin with `#` are comments.
    pub fn parse(csv: &str) -> Result<Variants, VariantsError> {
        let mut first = HashMap::new();
        for (index, text) in csv.lines().enumerate().skip(1) {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let refused = || VariantsError { line: index + 1, text: text.to_owned() };
            let mut cells = text.split(',');
            let character = cells.next().and_then(one).ok_or_else(refused)?;
            let representative = cells.next().and_then(one).ok_or_else(refused)?;
            first.entry(character).or_insert(representative);
        }
        first.extend(CONFUSED);
        let settled = first.keys().map(|character| (*character, settle(&first, *character)));
        Ok(Variants(settled.collect()))
    }

    /// The representative of a character; itself if the table has none.
    pub fn representative(&self, character: char) -> char {
        self.0.get(&character).copied().unwrap_or(character)
    }

    /// How many characters have a representative other than themselves.
    pub fn len(&self) -> usize {
        self.0.iter().filter(|(character, representative)| character != representative).count()
    }

    /// Whether the table has no rows.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The search key of a text by this table.
    pub fn fold(&self, text: &str) -> String {
        let kept = text.chars().filter(|c| !is_selector(*c) && !c.is_whitespace());
        let known = kept.map(|c| self.representative(c));
        let unified: String = known.nfkc().filter(|c| !c.is_whitespace()).collect();
        unified.chars().map(|c| self.representative(c)).nfkc().collect()
    }
}

/// The only character of a cell; an ideographic variation sequence counts as its base.
fn one(cell: &str) -> Option<char> {
    let mut signs = cell.trim_matches('"').chars().filter(|c| !is_selector(*c));
    let character = signs.next()?;
    signs.next().is_none().then_some(character)
}

/// Follows representatives to the end; a circle ends at its smallest character.
fn settle(first: &HashMap<char, char>, character: char) -> char {
    let mut seen = vec![character];
    let mut current = character;
    while let Some(next) = first.get(&current).copied().filter(|next| *next != current) {
        if let Some(start) = seen.iter().position(|c| *c == next) {
            return seen[start..].iter().copied().min().unwrap_or(next);
        }
        seen.push(next);
        current = next;
    }
    current
}
