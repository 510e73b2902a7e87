//! Edge cases that every population holds at a fixed place, so that tests and demonstrations find
//! them without searching. Each says its household and the member it is about.

use jiff::civil::{Date, date as on};

use crate::person::{Birth, Household, Name, Origin, Person, Reason, Sex, State};
use crate::shape::{Relation, Slot};

/// A forced edge case. The n-th stands in household 10 × n, n from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cohort {
    /// A child born on 1 April, the last of its school year (早生まれ).
    BornFirstOfApril,
    /// Born on 29 February.
    BornLeapDay,
    /// Born in 明治.
    BornMeiji,
    /// Born in 大正, the head; the wife on the first day of 昭和.
    BornTaisho,
    /// Day of birth unknown (日不詳).
    DayUnknown,
    /// Month and day of birth unknown (月日不詳).
    MonthUnknown,
    /// Date of birth unknown (年月日不詳).
    BirthUnknown,
    /// A foreign resident with 通称.
    Alias,
    /// A wife with 旧氏.
    FormerName,
    /// A mother and child under protection (支援措置対象者).
    Protected,
    /// A household of 22, twelve of them lodgers (同居人).
    LargeHousehold,
    /// Twins (双子).
    Twins,
    /// A child without a family register (無戸籍), entered 職権記載.
    NoFamilyRegister,
    /// Came from no fixed address (住所不定).
    NoFixedAddress,
    /// A foreign name of 100 characters, the longest that 氏名 holds.
    LongName,
    /// 辻 with the selector U+E0100 (one dot).
    Tsuji,
    /// 葛 with the selector U+E0101.
    Katsuragi,
    /// 邉 with the selector U+E010F (MJ026190).
    Watanabe,
    /// A nominal head (擬制世帯主).
    NominalHead,
    /// 特定同一世帯: the husband left 国保 for 後期高齢者医療, the wife stays.
    SpecificSameHousehold,
    /// A partner not in the register (妻（未届）).
    UnregisteredSpouse,
    /// A wife removed by death (除票).
    RemovedByDeath,
    /// A whole household removed by moving out (全部転出).
    MovedOut,
}

const LONG_FAMILY: &str =
    "ＷＯＬＦＥＳＣＨＬＥＧＥＬＳＴＥＩＮＨＡＵＳＥＮＢＥＲＧＥＲＤＯＲＦＦＭＩＨＯＮ";
const LONG_GIVEN: &str = "ＡＤＯＬＰＨ　ＢＬＡＩＮＥ　ＣＨＡＲＬＥＳ　ＤＡＶＩＤ　ＥＡＲＬ　ＦＲＥＤＥＲＩＣＫ　ＧＥＲＡＬＤ　ＨＵＢＥＲＴ　ＩＲ";

impl Cohort {
    /// Every cohort, in the order of households.
    pub const ALL: [Self; 23] = [
        Self::BornFirstOfApril,
        Self::BornLeapDay,
        Self::BornMeiji,
        Self::BornTaisho,
        Self::DayUnknown,
        Self::MonthUnknown,
        Self::BirthUnknown,
        Self::Alias,
        Self::FormerName,
        Self::Protected,
        Self::LargeHousehold,
        Self::Twins,
        Self::NoFamilyRegister,
        Self::NoFixedAddress,
        Self::LongName,
        Self::Tsuji,
        Self::Katsuragi,
        Self::Watanabe,
        Self::NominalHead,
        Self::SpecificSameHousehold,
        Self::UnregisteredSpouse,
        Self::RemovedByDeath,
        Self::MovedOut,
    ];

    /// The index of the household.
    pub fn household(self) -> u32 {
        10 * (self as u32 + 1)
    }

    /// The place in the household of the member that the cohort is about.
    pub fn member(self) -> usize {
        match self {
            Self::BornFirstOfApril | Self::Twins => 2,
            Self::FormerName | Self::NoFamilyRegister | Self::UnregisteredSpouse => 1,
            Self::RemovedByDeath => 1,
            _ => 0,
        }
    }

    /// The cohort of a household, if it is one.
    pub fn at(household: u32) -> Option<Self> {
        if !household.is_multiple_of(10) {
            return None;
        }
        Self::ALL.get((household / 10).checked_sub(1)? as usize).copied()
    }

    pub(crate) fn is_foreign(self) -> bool {
        matches!(self, Self::Alias | Self::LongName)
    }

    pub(crate) fn size(self) -> u32 {
        match self {
            Self::LargeHousehold => 22,
            Self::Twins => 4,
            Self::BornFirstOfApril => 3,
            Self::BornTaisho
            | Self::FormerName
            | Self::Protected
            | Self::NoFamilyRegister
            | Self::NominalHead
            | Self::SpecificSameHousehold
            | Self::UnregisteredSpouse
            | Self::RemovedByDeath => 2,
            _ => 1,
        }
    }

    pub(crate) fn slots(self) -> Vec<Slot> {
        match self {
            Self::BornFirstOfApril => vec![head(38), wife(36), child(Sex::Female, 6)],
            Self::Twins => {
                vec![head(35), wife(34), child(Sex::Female, 4), child(Sex::Male, 4)]
            }
            Self::Protected => vec![woman(33), child(Sex::Male, 7)],
            Self::NoFamilyRegister => vec![woman(28), child(Sex::Female, 3)],
            Self::LargeHousehold => large(),
            Self::BornTaisho => vec![head(99), wife(97)],
            Self::SpecificSameHousehold => vec![head(77), wife(71)],
            Self::RemovedByDeath => vec![head(81), wife(79)],
            Self::FormerName | Self::NominalHead => vec![head(41), wife(39)],
            Self::UnregisteredSpouse => {
                let relation = Relation::UnregisteredSpouse;
                vec![head(30), Slot { relation, sex: Sex::Female, age: 29 }]
            }
            Self::BornMeiji => vec![woman(110)],
            Self::DayUnknown | Self::MonthUnknown | Self::BirthUnknown => vec![woman(86)],
            Self::MovedOut => vec![head(24)],
            Self::BornLeapDay => vec![head(50)],
            _ => vec![head(44)],
        }
    }

    /// Writes the trait into the household that the slots gave.
    pub(crate) fn apply(self, household: &mut Household, today: Date) {
        household.nominal_head = self == Self::NominalHead;
        if self == Self::Protected {
            household.members.iter_mut().for_each(|person| person.protected = true);
        }
        if let (Self::Twins, [.., first, second]) = (self, household.members.as_mut_slice()) {
            second.birth = first.birth;
            second.arrival = first.arrival;
            second.address_since = first.address_since;
        }
        if let (Self::BornTaisho, Some(wife)) = (self, household.members.get_mut(1)) {
            born(wife, on(1926, 12, 25));
        }
        if let Some(person) = household.members.get_mut(self.member()) {
            self.apply_to(person, today);
        }
    }

    fn apply_to(self, person: &mut Person, today: Date) {
        match self {
            Self::BornFirstOfApril => born(person, on(today.year() - 7, 4, 1)),
            Self::BornLeapDay => born(person, on(1976, 2, 29)),
            Self::BornMeiji => born(person, on(1911, 5, 3)),
            Self::BornTaisho => born(person, on(1924, 11, 8)),
            Self::DayUnknown => uncertain(person, "昭和15年5月日不詳", on(1940, 5, 31)),
            Self::MonthUnknown => uncertain(person, "昭和15年月日不詳", on(1940, 12, 31)),
            Self::BirthUnknown => uncertain(person, "年月日不詳", on(1940, 12, 31)),
            Self::Alias => person.alias = Some(name(("木村", "キムラ"), ("明", "アキラ"))),
            Self::FormerName => person.former_family = Some(("佐藤", "サトウ")),
            Self::NoFamilyRegister => {
                person.registry = None;
                person.arrival.reason = Reason::Official;
            }
            Self::NoFixedAddress => no_fixed_address(person),
            Self::LongName => {
                person.name = name((LONG_FAMILY, "ロングネーム"), (LONG_GIVEN, "ミホン"));
            }
            Self::Tsuji => family(person, ("辻\u{E0100}", "ツジ")),
            Self::Katsuragi => family(person, ("葛\u{E0101}城", "カツラギ")),
            Self::Watanabe => family(person, ("渡邉\u{E010F}", "ワタナベ")),
            Self::RemovedByDeath => person.state = State::Dead(today),
            Self::MovedOut => moved_out(person, today),
            _ => {}
        }
    }
}

fn slot(relation: Relation, sex: Sex, age: u32) -> Slot {
    Slot { relation, sex, age }
}

fn head(age: u32) -> Slot {
    slot(Relation::Head, Sex::Male, age)
}

fn woman(age: u32) -> Slot {
    slot(Relation::Head, Sex::Female, age)
}

fn wife(age: u32) -> Slot {
    slot(Relation::Spouse, Sex::Female, age)
}

fn child(sex: Sex, age: u32) -> Slot {
    slot(Relation::Child, sex, age)
}

/// Two, six children, two parents, twelve lodgers.
fn large() -> Vec<Slot> {
    let mut slots = vec![head(45), wife(43)];
    slots.extend((0..6).map(|place| child(Sex::Male, 17 - 2 * place)));
    slots.push(slot(Relation::Parent, Sex::Male, 74));
    slots.push(slot(Relation::Parent, Sex::Female, 72));
    slots.extend((0..12).map(|place| slot(Relation::Lodger, Sex::Female, 19 + place)));
    slots
}

fn name(family: (&'static str, &'static str), given: (&'static str, &'static str)) -> Name {
    Name::new(family, given)
}

fn family(person: &mut Person, (written, kana): (&'static str, &'static str)) {
    (person.name.family, person.name.family_kana) = (written, kana);
    if let Some(registry) = &mut person.registry {
        (registry.first.family, registry.first.family_kana) = (written, kana);
    }
}

/// Sets the birth and keeps what follows from it: a resident since birth stays one.
fn born(person: &mut Person, birth: Date) {
    person.birth = Birth::Certain(birth);
    if person.arrival.reason == Reason::Birth {
        person.arrival.on = birth;
    }
    person.arrival.on = person.arrival.on.max(birth);
    person.address_since = person.address_since.max(person.arrival.on);
}

fn uncertain(person: &mut Person, text: &'static str, assumed: Date) {
    born(person, assumed);
    person.birth = Birth::Uncertain { text, assumed };
}

fn no_fixed_address(person: &mut Person) {
    person.arrival.reason = Reason::MovedIn;
    person.arrival.on = person.address_since;
    person.arrival.from = Some(Origin::NoFixedAddress);
}

fn moved_out(person: &mut Person, today: Date) {
    if let Some(to) = crate::tables::towns().first() {
        person.state = State::MovedOut(today, Origin::Town(to, 1, 2));
    }
}
