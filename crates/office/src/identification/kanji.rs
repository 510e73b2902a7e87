//! Characters looked up by how they are read, by their strokes and by their radical, from the table
//! of the house. Counts and readings are for finding only: a person compares the shape and decides.

use std::sync::LazyLock;

use base::kana::{fold, unvoice};
use base::text::graphemes_with_selectors;

const TABLE: &str = include_str!("../../../../data/characters/kanji.csv");

/// A character with what it is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kanji {
    /// The character.
    pub character: char,
    /// 部首: number of the radical, 1 to 214.
    pub radical: u32,
    /// 総画数, which may differ by one from a dictionary's.
    pub strokes: u32,
    /// 読み in katakana, apart by single spaces.
    pub readings: &'static str,
}

/// Every character with its readings folded, made when somebody first looks one up.
static KANJI: LazyLock<Vec<(Kanji, String)>> = LazyLock::new(|| {
    let read = |line: &'static str| {
        let mut cells = line.split(',');
        let character = cells.next()?.chars().next()?;
        let radical = cells.next()?.parse().ok()?;
        let strokes = cells.next()?.parse().ok()?;
        let readings = cells.next()?;
        let folded: Vec<String> = readings.split(' ').map(fold).collect();
        Some((Kanji { character, radical, strokes, readings }, folded.join(" ")))
    };
    TABLE.lines().skip(1).filter_map(read).collect()
});

/// A character of the table.
pub fn of(character: char) -> Option<Kanji> {
    let at = KANJI.binary_search_by_key(&character, |(one, _)| one.character).ok()?;
    Some(KANJI[at].0)
}

impl Kanji {
    /// 部首 as the character that stands for it.
    pub fn radical_sign(&self) -> Option<char> {
        char::from_u32(0x2EFF + self.radical)
    }
}

/// Where in a word of the name the character stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Whole,
    First,
    Last,
    Within,
}

/// How a character is read, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A person said so.
    Is(String),
    /// It is a part of this word in kana.
    Of(Part),
}

/// A part of a word in kana, by where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    word: String,
    place: Place,
}

impl Reading {
    /// The part of `kana` that belongs to the character `source` of `text`: the word of the same
    /// order, where both have as many words.
    pub fn of(text: &str, source: &str, kana: &str) -> Option<Reading> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let read: Vec<&str> = kana.split_whitespace().collect();
        let at = words.iter().position(|word| word.contains(source))?;
        let word = read.get(at).filter(|_| read.len() == words.len())?;
        let signs: Vec<String> = graphemes_with_selectors(words[at])
            .map(|(base, selector)| std::iter::once(base).chain(selector).collect())
            .collect();
        let place = match signs.iter().position(|sign| sign == source)? {
            0 if signs.len() == 1 => Place::Whole,
            0 => Place::First,
            at if at + 1 == signs.len() => Place::Last,
            _ => Place::Within,
        };
        Some(Reading::Of(Part { word: (*word).to_owned(), place }))
    }

    /// The kana, as people know it.
    pub fn kana(&self) -> &str {
        match self {
            Reading::Is(kana) | Reading::Of(Part { word: kana, .. }) => kana,
        }
    }

    /// How much of the kana the best of these folded readings explains; none where none fits. An
    /// ending that is written in kana (送り仮名) may be missing, and voicing is only worth less.
    fn fit(&self, readings: &str, (exact, plain): (&str, &str)) -> Option<usize> {
        let fits = |own: &str, folded: &str| match self {
            Reading::Is(_) => own == folded,
            Reading::Of(Part { place, .. }) => match place {
                Place::Whole => own == folded,
                Place::First => folded.starts_with(own),
                Place::Last => folded.ends_with(own),
                Place::Within => folded.contains(own),
            },
        };
        let worth = |own: &str| {
            let length = 2 * own.chars().count();
            if fits(own, exact) {
                return Some(length);
            }
            fits(&unvoice(own), plain).then_some(length - 1)
        };
        let own = readings.split(' ').filter(|own| !own.is_empty());
        own.filter_map(|own| worth(own).max(stem(own).and_then(worth))).max()
    }
}

/// A reading of three kana or more without its last one.
fn stem(reading: &str) -> Option<&str> {
    let (end, _) = reading.char_indices().next_back()?;
    (reading.chars().count() > 2).then(|| &reading[..end])
}

/// Characters that are read so and have so many strokes, one more or less; what is not given
/// excludes nothing, and nothing is found by nothing. Those that explain more of the kana come
/// first.
pub fn find(reading: Option<&Reading>, strokes: Option<u32>) -> Vec<Kanji> {
    if reading.is_none() && strokes.is_none() {
        return Vec::new();
    }
    let exact = reading.map(|reading| fold(reading.kana())).unwrap_or_default();
    let plain = unvoice(&exact);
    let rank = |(kanji, readings): &(Kanji, String)| {
        let off = strokes.map_or(0, |strokes| strokes.abs_diff(kanji.strokes));
        let worth = match reading {
            Some(reading) => reading.fit(readings, (&exact, &plain))?,
            None => 0,
        };
        (off <= 1).then_some((std::cmp::Reverse(worth), off, kanji.strokes, kanji.character))
    };
    let mut found: Vec<_> = KANJI.iter().filter_map(|one| Some((rank(one)?, one.0))).collect();
    found.sort_unstable_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, kanji)| kanji).collect()
}

#[cfg(test)]
mod tests {
    use super::{Reading, find, of};

    #[track_caller]
    fn check(reading: Option<Reading>, strokes: Option<u32>, has: &str, lacks: &str) {
        let found: String = find(reading.as_ref(), strokes).iter().map(|k| k.character).collect();
        for one in has.chars() {
            assert!(found.contains(one), "{one} is missing in {found}");
        }
        for one in lacks.chars() {
            assert!(!found.contains(one), "{one} is in {found}");
        }
    }

    fn part(text: &str, kana: &str) -> Option<Reading> {
        Reading::of(text, "\u{E000}", kana)
    }

    #[test]
    fn a_place_in_the_name_says_which_readings_fit() {
        check(part("\u{E000}　健", "カスミ　ケン"), None, "霞", "橋健");
        check(part("高\u{E000}　太郎", "タカハシ　タロウ"), None, "橋", "高霞");
        check(part("\u{E000}辺　花子", "ワタナベ　ハナコ"), None, "渡", "辺");
        check(part("渡\u{E000}　花子", "ワタナベ　ハナコ"), None, "邉邊", "渡");
        // Nothing is guessed where the words do not answer to each other.
        assert_eq!(part("高\u{E000}太郎", "タカハシ　タロウ"), None);
        assert_eq!(part("高橋太郎", "タカハシタロウ"), None);
    }

    #[test]
    fn strokes_may_differ_by_one() {
        let said = |kana: &str| Some(Reading::Is(kana.to_owned()));
        check(said("はし"), None, "橋箸", "高");
        check(said("ハシ"), Some(16), "橋", "箸");
        check(said("ハシ"), Some(17), "橋", "嘴");
        check(None, Some(1), "一乙二", "三");
        check(None, None, "", "一橋");
    }

    #[test]
    fn what_explains_more_of_the_kana_comes_first() {
        let reading = part("高\u{E000}　太郎", "タカハシ　タロウ");
        let found = find(reading.as_ref(), None);
        let at = |sign| found.iter().position(|one| one.character == sign);
        assert!(at('橋') < at('子'), "ハシ before シ");
        assert_eq!(found[0].readings.split(' ').filter(|one| *one == "シ").count(), 0);
    }

    #[test]
    fn the_table_is_whole_and_in_order() {
        assert!(super::KANJI.is_sorted_by_key(|(one, _)| one.character));
        assert_eq!(super::KANJI.len(), super::TABLE.lines().count() - 1);
        let bridge = of('橋').expect("a character");
        assert_eq!((bridge.radical_sign(), bridge.strokes), (Some('⽊'), 16));
        assert_eq!(of('A'), None);
    }
}
