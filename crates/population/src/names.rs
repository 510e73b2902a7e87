//! Names by weight from `data/names`: surnames, given names by sex and generation, foreign names.
//! Never composes a name of a known person on purpose; a meeting by chance is possible.

use std::sync::OnceLock;

use crate::person::{Name, Sex};
use crate::random::{Draw, Field};
use crate::tables::{fields, lines};

const SURNAMES: &str = include_str!("../../../data/names/surnames.csv");
const GIVEN: &str = include_str!("../../../data/names/given.csv");
const FOREIGN: &str = include_str!("../../../data/names/foreign.csv");

/// A part of a name: as written and its katakana reading.
pub(crate) type Part = (&'static str, &'static str);

/// Parts with the running sum of their weights.
#[derive(Default)]
struct Weighted {
    parts: Vec<Part>,
    sums: Vec<u32>,
}

impl Weighted {
    fn push(&mut self, part: Part, weight: u32) {
        let before = self.sums.last().copied().unwrap_or(0);
        self.parts.push(part);
        self.sums.push(before + weight);
    }

    fn pick(&self, draw: Draw, field: Field) -> Part {
        let total = self.sums.last().copied().unwrap_or(1);
        let at = draw.below(field, total);
        let place = self.sums.partition_point(|sum| *sum <= at);
        self.parts.get(place).copied().unwrap_or(("見本", "ミホン"))
    }
}

/// The names of a people: nationality with family and given parts.
pub(crate) struct Foreigners {
    pub(crate) nation: &'static str,
    families: Vec<Part>,
    given: Vec<Part>,
}

/// Every name table, parsed once.
pub(crate) struct Names {
    surnames: Weighted,
    given: [[Weighted; 3]; 2],
    foreign: Vec<Foreigners>,
}

/// The tables; parsed at the first call.
pub(crate) fn names() -> &'static Names {
    static TABLE: OnceLock<Names> = OnceLock::new();
    TABLE.get_or_init(|| Names { surnames: surnames(), given: given(), foreign: foreign() })
}

impl Names {
    pub(crate) fn surname(&self, draw: Draw, field: Field) -> Part {
        self.surnames.pick(draw, field)
    }

    /// A given name as people of that sex and year of birth have it.
    pub(crate) fn given(&self, draw: Draw, field: Field, sex: Sex, born: i32) -> Part {
        let generation = match born {
            ..=1949 => 0,
            1950..=1984 => 1,
            _ => 2,
        };
        self.given[usize::from(sex == Sex::Female)][generation].pick(draw, field)
    }

    /// The people of a nationality, by a share in per mille.
    pub(crate) fn people(&self, share: u32) -> Option<&Foreigners> {
        let nation = NATIONS.iter().find(|one| share < one.0).map(|one| one.1)?;
        self.foreign.iter().find(|one| one.nation == nation)
    }
}

impl Foreigners {
    pub(crate) fn family(&self, draw: Draw) -> Part {
        draw.pick(Field::Surname, &self.families).unwrap_or(("MIHON", "ミホン"))
    }

    pub(crate) fn name(&self, family: Part, draw: Draw) -> Name {
        let given = draw.pick(Field::Given, &self.given).unwrap_or(("TARO", "タロウ"));
        Name::new(family, given)
    }
}

/// Running shares in per mille of the nationalities of foreign residents, rounded from the end of
/// 2024 (在留外国人統計) over the ten that the name table knows.
const NATIONS: [(u32, &str); 10] = [
    (277, "中国"),
    (478, "ベトナム"),
    (608, "韓国"),
    (716, "フィリピン"),
    (790, "ネパール"),
    (857, "ブラジル"),
    (920, "インドネシア"),
    (963, "ミャンマー"),
    (984, "台湾"),
    (1000, "米国"),
];

fn surnames() -> Weighted {
    let mut table = Weighted::default();
    for [kanji, kana, weight] in lines(SURNAMES).map(fields) {
        table.push((kanji, kana), weight.parse().unwrap_or(1));
    }
    table
}

fn given() -> [[Weighted; 3]; 2] {
    let mut tables: [[Weighted; 3]; 2] = Default::default();
    for [kanji, kana, sex, generation, weight] in lines(GIVEN).map(fields) {
        let generation = match generation {
            "old" => 0,
            "middle" => 1,
            _ => 2,
        };
        let weight = weight.parse().unwrap_or(1);
        tables[usize::from(sex == "2")][generation].push((kanji, kana), weight);
    }
    tables
}

fn foreign() -> Vec<Foreigners> {
    let mut table: Vec<Foreigners> = Vec::new();
    for [nation, part, name, kana] in lines(FOREIGN).map(fields) {
        if table.last().is_none_or(|last| last.nation != nation) {
            table.push(Foreigners { nation, families: Vec::new(), given: Vec::new() });
        }
        if let Some(last) = table.last_mut() {
            let list = if part == "family" { &mut last.families } else { &mut last.given };
            list.push((name, kana));
        }
    }
    table
}
