//! The character check before printing: every character of every string of the data,
//! with its variation selector, must have its exact glyph in the stack. A sequence that
//! only a later face has is routed to that face; nothing is ever reduced to another form.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::fonts::FontStack;
use crate::{MissingGlyph, PrintError};

/// A base character and its variation selector.
pub(crate) type Sequence = (char, Option<char>);

/// How a sequence is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The first face that has the base character shows the sequence.
    Plain,
    /// Only this later face has the sequence.
    Routed(usize),
    Missing,
}

/// The sequences to route, with the index of their face, in a fixed order.
pub(crate) type Routes = BTreeSet<(Sequence, usize)>;

/// Remembers verdicts over the life of a worker.
#[derive(Default)]
pub(crate) struct Coverage {
    verdicts: HashMap<Sequence, Verdict>,
}

impl Coverage {
    /// Checks all string values of `data`.
    ///
    /// # Errors
    /// [`PrintError::MissingGlyphs`] with every place.
    pub(crate) fn check(&mut self, fonts: &FontStack, data: &Value) -> Result<Routes, PrintError> {
        let mut found = Found::default();
        self.walk(fonts, data, &mut String::new(), &mut found);
        if found.missing.is_empty() {
            Ok(found.routes)
        } else {
            Err(PrintError::MissingGlyphs(found.missing))
        }
    }

    fn walk(&mut self, fonts: &FontStack, value: &Value, path: &mut String, found: &mut Found) {
        let length = path.len();
        match value {
            Value::String(text) => self.text_check(fonts, text, path, found),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push_str(&format!("/{index}"));
                    self.walk(fonts, item, path, found);
                    path.truncate(length);
                }
            }
            Value::Object(members) => {
                for (key, item) in members {
                    path.push('/');
                    path.push_str(&key.replace('~', "~0").replace('/', "~1"));
                    self.walk(fonts, item, path, found);
                    path.truncate(length);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text_check(&mut self, fonts: &FontStack, text: &str, path: &str, found: &mut Found) {
        if is_drawing(text) {
            return;
        }
        for sequence in sequences(text) {
            match self.verdict(fonts, sequence) {
                Verdict::Plain => {}
                Verdict::Routed(face) => {
                    found.routes.insert((sequence, face));
                }
                Verdict::Missing => found.missing.push(missing_glyph(path, sequence)),
            }
        }
    }

    fn verdict(&mut self, fonts: &FontStack, sequence: Sequence) -> Verdict {
        *self.verdicts.entry(sequence).or_insert_with(|| verdict(fonts, sequence))
    }
}

#[derive(Default)]
struct Found {
    missing: Vec<MissingGlyph>,
    routes: Routes,
}

fn verdict(fonts: &FontStack, (base, selector): Sequence) -> Verdict {
    if base == '\n' && selector.is_none() {
        return Verdict::Plain;
    }
    if is_private(base) || is_invisible(base) || is_selector(base) {
        return Verdict::Missing;
    }
    let Some(first) = (0..fonts.len()).find(|&face| fonts.has_base(face, base)) else {
        return Verdict::Missing;
    };
    let Some(selector) = selector else { return Verdict::Plain };
    match (first..fonts.len()).find(|&face| fonts.has_sequence(face, base, selector)) {
        Some(face) if face == first => Verdict::Plain,
        Some(face) => Verdict::Routed(face),
        None => Verdict::Missing,
    }
}

/// Splits a text into base characters with their selectors. A selector without a base
/// stands alone and is then refused.
pub(crate) fn sequences(text: &str) -> impl Iterator<Item = Sequence> {
    let mut characters = text.chars().peekable();
    std::iter::from_fn(move || {
        let base = characters.next()?;
        if is_selector(base) {
            return Some((base, None));
        }
        Some((base, characters.next_if(|&next| is_selector(next))))
    })
}

/// The report of one sequence.
pub(crate) fn missing_glyph(path: &str, (base, selector): Sequence) -> MissingGlyph {
    let mut text = String::from(base);
    let mut code = format!("U+{:04X}", u32::from(base));
    if let Some(selector) = selector {
        text.push(selector);
        code.push_str(&format!(" U+{:04X}", u32::from(selector)));
    }
    MissingGlyph { path: path.to_owned(), text, code }
}

/// SVG text (印影, 公印) is drawn, not set; its tabs and line ends are no characters of a name.
fn is_drawing(text: &str) -> bool {
    text.starts_with("<svg") || text.starts_with("<?xml")
}

fn is_selector(character: char) -> bool {
    matches!(character, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Private use (外字領域): its meaning differs between organisations.
fn is_private(character: char) -> bool {
    matches!(character,
        '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// Controls and zero-width characters would vanish without a trace on paper.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}
