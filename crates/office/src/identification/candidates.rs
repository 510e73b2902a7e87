//! Candidates for a character without its glyph: its relatives by the reduction map (縮退マップ) of
//! the house, and what is read so and has as many strokes. They are offered to a person; nothing is
//! ever chosen from them by itself.

use std::collections::BTreeSet;

use base::text::{graphemes_with_selectors, is_private_use};

use super::Hints;
use super::kanji::{self, Kanji, Reading};

const MAP: &str = include_str!("../../../../data/characters/reduction.csv");
const LIMIT: usize = 80;

/// How a candidate is related to the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// 同じ字の異体: the same code point with another variation sequence.
    Same,
    /// 縮退先: the source reduces to it.
    Reduced,
    /// 縮退元・同じ縮退先: it reduces to the source, or to the same character.
    Sibling,
    /// 読み・画数: it is read as the source is, or has as many strokes.
    Found,
}

/// A candidate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// How near it is.
    pub nearness: Nearness,
    /// The character with its variation selector (IVS).
    pub text: String,
    /// MJ文字図形名; empty when the map names none.
    pub mj: String,
}

impl Candidate {
    /// What the house knows of its base character.
    pub fn kanji(&self) -> Option<Kanji> {
        first(&self.text).and_then(kanji::of)
    }
}

struct Line {
    text: &'static str,
    mj: &'static str,
    targets: &'static str,
}

fn lines() -> impl Iterator<Item = Line> {
    MAP.lines().skip(1).filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut cells = line.split(',');
        let (text, mj) = (cells.next()?, cells.next()?);
        Some(Line { text, mj, targets: cells.nth(1)? })
    })
}

fn first(text: &str) -> Option<char> {
    text.chars().next()
}

/// Candidates for a character, the nearest first: relatives of the source, or of the character that
/// a person said is like it, then what is found by reading and strokes.
pub fn candidates(source: &str, hints: &Hints, reading: Option<&Reading>) -> Vec<Candidate> {
    let like = hints.like.trim();
    let mut out = relatives(if like.is_empty() { source } else { like });
    if !like.is_empty() && is_one_character(like) {
        let own = Candidate { nearness: Nearness::Same, text: like.to_owned(), mj: String::new() };
        out.insert(0, own);
    }
    let found = kanji::find(reading, hints.strokes).into_iter().take(LIMIT);
    for text in found.map(|kanji| kanji.character.to_string()) {
        if !out.iter().any(|one| one.text == text) {
            out.push(Candidate { nearness: Nearness::Found, text, mj: String::new() });
        }
    }
    out.retain(|one| one.text != source);
    out
}

/// Relatives of a character by the reduction map.
fn relatives(source: &str) -> Vec<Candidate> {
    let Some(own) = first(source) else { return Vec::new() };
    let reduced: BTreeSet<char> = lines()
        .filter(|line| first(line.text) == Some(own))
        .flat_map(|line| line.targets.split(' ').filter_map(first))
        .collect();
    let mut out: BTreeSet<Candidate> = reduced
        .iter()
        .map(|c| Candidate { nearness: Nearness::Reduced, text: c.to_string(), mj: String::new() })
        .collect();
    for line in lines() {
        let to = || line.targets.split(' ').filter_map(first);
        let nearness = match first(line.text) {
            Some(base) if base == own => Nearness::Same,
            Some(base) if reduced.contains(&base) => Nearness::Reduced,
            _ if to().any(|c| c == own || reduced.contains(&c)) => Nearness::Sibling,
            _ => continue,
        };
        out.insert(Candidate { nearness, text: line.text.to_owned(), mj: line.mj.to_owned() });
    }
    out.into_iter().filter(|one| one.text != source).take(LIMIT).collect()
}

/// The character of an MJ文字図形名, when the map holds it.
pub fn by_mj(name: &str) -> Option<String> {
    let name = name.trim().to_ascii_uppercase();
    lines().find(|line| !name.is_empty() && line.mj == name).map(|line| line.text.to_owned())
}

/// Whether a text is one character that a register may hold: with or without a variation selector,
/// no private use (外字), nothing invisible.
pub fn is_one_character(text: &str) -> bool {
    let mut found = graphemes_with_selectors(text);
    let one = found.next().filter(|(c, _)| !is_private_use(*c) && !c.is_whitespace());
    one.is_some_and(|(c, _)| !c.is_control() && c != '〓') && found.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::{Nearness, by_mj, candidates, is_one_character, relatives};
    use crate::identification::Hints;
    use crate::identification::kanji::Reading;

    #[test]
    fn the_map_is_read_both_ways() {
        let found = relatives("邉");
        let has = |text: &str, nearness| {
            found.iter().any(|one| one.text == text && one.nearness == nearness)
        };
        assert!(has("邉\u{E010F}", Nearness::Same), "{found:?}");
        assert!(has("辺", Nearness::Reduced) && has("邊", Nearness::Reduced), "{found:?}");
        assert!(found.iter().any(|one| one.mj == "MJ026190"), "{found:?}");
        assert!(relatives("辺").iter().any(|one| one.text == "邉"), "from the other side");
        assert!(relatives("\u{E000}").is_empty(), "nothing is known of private use");
    }

    #[test]
    fn a_character_of_private_use_is_found_by_what_a_person_knows() {
        let texts = |hints: &Hints, reading: Option<Reading>| -> Vec<String> {
            let found = candidates("\u{E000}", hints, reading.as_ref());
            found.into_iter().map(|one| one.text).collect()
        };
        let nothing = Hints::default();
        assert!(texts(&nothing, None).is_empty());
        let read = Reading::of("渡\u{E000}　一", "\u{E000}", "ワタナベ　ハジメ");
        assert!(texts(&nothing, read).contains(&"邉".to_owned()));
        let like = Hints { like: "辺".to_owned(), ..Hints::default() };
        let found = texts(&like, None);
        assert!(found[0] == "辺" && found.contains(&"邉\u{E010F}".to_owned()), "{found:?}");
        let strokes = Hints { strokes: Some(17), ..Hints::default() };
        assert!(
            texts(&strokes, None).contains(&"邉".to_owned()) || texts(&strokes, None).len() == 80
        );
    }

    #[test]
    fn a_name_of_mj_finds_its_sequence() {
        assert_eq!(by_mj(" mj026190 ").as_deref(), Some("邉\u{E010F}"));
        assert_eq!(by_mj("MJ999999"), None);
        assert_eq!(by_mj(""), None);
    }

    #[test]
    fn one_character_is_one() {
        for good in ["邉", "邉\u{E010F}", "ヶ"] {
            assert!(is_one_character(good), "{good}");
        }
        for bad in ["", "邉邊", "\u{E000}", "　", "〓", "\u{7}"] {
            assert!(!is_one_character(bad), "{bad:?}");
        }
    }
}
