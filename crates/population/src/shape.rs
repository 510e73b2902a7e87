//! Who lives in a household: its size, and sex, age and relationship of each member. The shares of
//! household types are the census of 2020, the ages are fitted to 住基 2025-01-01. No names here.

use crate::person::Sex;
use crate::random::{Draw, Field};

/// A member before it has a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) relation: Relation,
    pub(crate) sex: Sex,
    /// Whole years, roughly.
    pub(crate) age: u32,
}

/// How a member stands to the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Head,
    Spouse,
    UnregisteredSpouse,
    Child,
    Parent,
    YoungerSibling,
    Lodger,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Single,
    Couple,
    Family,
    OneParent,
    Other,
}

/// Running shares of the household types in per mille (census 2020: 38.1, 20.1, 25.1, 9.0, 7.7 %).
const KINDS: [(u32, Kind); 5] = [
    (381, Kind::Single),
    (582, Kind::Couple),
    (833, Kind::Family),
    (923, Kind::OneParent),
    (1000, Kind::Other),
];

type Curve = &'static [(u32, u32)];

const SINGLE: Curve = &[
    (18, 0),
    (25, 130),
    (35, 270),
    (45, 365),
    (55, 460),
    (65, 562),
    (75, 730),
    (85, 910),
    (100, 1000),
];
const COUPLE: Curve = &[
    (22, 0),
    (30, 40),
    (40, 100),
    (50, 160),
    (60, 270),
    (65, 330),
    (75, 690),
    (85, 945),
    (98, 1000),
];
const FAMILY: Curve =
    &[(22, 0), (30, 50), (40, 260), (50, 520), (60, 690), (65, 755), (75, 905), (90, 1000)];
const ONE_PARENT: Curve =
    &[(22, 0), (30, 40), (40, 190), (50, 430), (60, 610), (65, 675), (75, 820), (95, 1000)];
const OTHER: Curve = &[(28, 0), (40, 170), (50, 420), (60, 700), (70, 910), (85, 1000)];

const OLDEST: u32 = 106;

/// The number of members, from the same draws as [`slots`], without making them.
pub(crate) fn size(draw: Draw) -> u32 {
    let at = draw.below(Field::Size, 1000);
    match kind(draw) {
        Kind::Single => 1,
        Kind::Couple => 2,
        Kind::Family => 3 + u32::from(at >= 450) + u32::from(at >= 880),
        Kind::OneParent => 2 + u32::from(at >= 650) + u32::from(at >= 950),
        Kind::Other => 3 + u32::from(at >= 400) + u32::from(at >= 700) + u32::from(at >= 900),
    }
}

fn kind(draw: Draw) -> Kind {
    let at = draw.below(Field::Shape, 1000);
    KINDS.iter().find(|(sum, _)| at < *sum).map_or(Kind::Other, |(_, kind)| *kind)
}

/// The members, the head first. `young` households (of foreigners) have no one above 60 as head.
pub(crate) fn slots(draw: Draw, young: bool) -> Vec<Slot> {
    let kind = kind(draw);
    let size = size(draw);
    let mut age = draw.curve(Field::Age, curve(kind));
    if young && age > 60 {
        age = 20 + age % 30;
    }
    let mut slots = Vec::with_capacity(size as usize);
    let head = Slot { relation: Relation::Head, sex: head_sex(kind, age, draw), age };
    slots.push(head);
    if matches!(kind, Kind::Couple | Kind::Family) || kind == Kind::Other && !siblings(draw, size) {
        slots.push(spouse(head, draw));
    }
    let parents = if kind == Kind::Other { parents(size) } else { 0 };
    let below = size - slots.len() as u32 - parents;
    let mother = slots.iter().find(|one| one.sex == Sex::Female).unwrap_or(&head).age;
    if kind == Kind::Other && siblings(draw, size) {
        slots.push(sibling(head, draw));
    } else {
        children(&mut slots, mother, below, draw);
    }
    for index in 0..parents {
        slots.push(parent(head, index, draw));
    }
    slots
}

fn curve(kind: Kind) -> Curve {
    match kind {
        Kind::Single => SINGLE,
        Kind::Couple => COUPLE,
        Kind::Family => FAMILY,
        Kind::OneParent => ONE_PARENT,
        Kind::Other => OTHER,
    }
}

fn head_sex(kind: Kind, age: u32, draw: Draw) -> Sex {
    let women = match kind {
        Kind::Single if age >= 65 => 600,
        Kind::Single => 370,
        Kind::OneParent => 770,
        _ => 70,
    };
    if draw.per_mille(Field::Sex, women) { Sex::Female } else { Sex::Male }
}

/// Every fourth household of three of the mixed type: the head, a brother or sister, a parent.
fn siblings(draw: Draw, size: u32) -> bool {
    size == 3 && draw.word(Field::Size) & 3 == 0
}

fn parents(size: u32) -> u32 {
    if size == 6 { 2 } else { 1 }
}

pub(crate) fn other_sex(sex: Sex) -> Sex {
    if sex == Sex::Male { Sex::Female } else { Sex::Male }
}

/// A wife is two years younger on average, a husband two years older.
fn spouse(head: Slot, draw: Draw) -> Slot {
    let gap = draw.member(1).below(Field::Gap, 4) + draw.member(1).below(Field::Age, 4);
    let age = match head.sex {
        Sex::Male => (head.age + 1).saturating_sub(gap),
        Sex::Female => (head.age + gap).saturating_sub(1),
    };
    let relation = if draw.per_mille(Field::Status, 6) {
        Relation::UnregisteredSpouse
    } else {
        Relation::Spouse
    };
    Slot { relation, sex: other_sex(head.sex), age: age.clamp(19, OLDEST) }
}

/// Children, the oldest first, at least two years apart.
fn children(slots: &mut Vec<Slot>, mother: u32, count: u32, draw: Draw) {
    let at_birth = 25 + draw.member(40).below(Field::Age, 7) + draw.member(41).below(Field::Age, 8);
    let mut age = mother.saturating_sub(at_birth);
    let first = slots.len();
    for index in 0..count {
        let own = draw.member(first as u32 + index);
        let sex = if own.per_mille(Field::Sex, 488) { Sex::Female } else { Sex::Male };
        slots.push(Slot { relation: Relation::Child, sex, age });
        age += 2 + own.below(Field::Gap, 2);
    }
    slots[first..].reverse();
}

fn parent(head: Slot, index: u32, draw: Draw) -> Slot {
    let own = draw.member(50 + index);
    let sex = if index == 0 { Sex::Female } else { Sex::Male };
    let age = (head.age + 23 + own.below(Field::Gap, 9) + index * 2).min(OLDEST);
    Slot { relation: Relation::Parent, sex, age }
}

fn sibling(head: Slot, draw: Draw) -> Slot {
    let own = draw.member(60);
    let sex = if own.per_mille(Field::Sex, 500) { Sex::Female } else { Sex::Male };
    let age = head.age.saturating_sub(2 + own.below(Field::Gap, 6));
    Slot { relation: Relation::YoungerSibling, sex, age }
}

/// 続柄 as the record writes it.
pub(crate) fn relationship(slot: Slot) -> &'static str {
    match (slot.relation, slot.sex) {
        (Relation::Head, _) => "世帯主",
        (Relation::Spouse, Sex::Male) => "夫",
        (Relation::Spouse, Sex::Female) => "妻",
        (Relation::UnregisteredSpouse, Sex::Male) => "夫（未届）",
        (Relation::UnregisteredSpouse, Sex::Female) => "妻（未届）",
        (Relation::Child, _) => "子",
        (Relation::Parent, Sex::Male) => "父",
        (Relation::Parent, Sex::Female) => "母",
        (Relation::YoungerSibling, Sex::Male) => "弟",
        (Relation::YoungerSibling, Sex::Female) => "妹",
        (Relation::Lodger, _) => "同居人",
    }
}
