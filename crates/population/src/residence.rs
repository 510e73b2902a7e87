//! Where a household lives and lived: the address in the sample organisation, former addresses and
//! family registers in real towns.

use crate::organisation::SampleOrganisation;
use crate::person::{Address, Building, Origin, Place};
use crate::random::{Draw, Field};
use crate::tables::{Town, towns};

const BUILDINGS: [&str; 12] = [
    "コーポ雲雀",
    "メゾン曙",
    "ハイツ若葉",
    "サンライズ見本",
    "グリーンハイム",
    "第二緑荘",
    "パークサイド見本",
    "レジデンス汐見",
    "見本県営霞住宅",
    "シャトー羽衣",
    "ドミール雲",
    "ヴィラ・暁",
];

/// The address of a household of `size` people.
pub(crate) fn address(
    organisation: &'static SampleOrganisation,
    draw: Draw,
    size: u32,
) -> Option<Address> {
    let count = organisation.towns.len() as u32;
    let second = draw.member(63).below(Field::Town, count.max(1));
    let place = draw.below(Field::Town, count.max(1)).min(second);
    let town = organisation.towns.get(place as usize)?;
    let lot = draw.below(Field::Lot, 60_000) as u16;
    let (block, house) = match (town.residence, lot % 5) {
        (true, _) => (1 + lot % 30, 1 + lot / 30 % 40),
        (false, 0 | 1) => (1 + lot / 24, 0),
        (false, _) => (1 + lot / 24, 1 + lot % 19),
    };
    Some(Address { organisation, town, block, house, building: building(organisation, draw, size) })
}

fn building(organisation: &SampleOrganisation, draw: Draw, size: u32) -> Option<Building> {
    let chance = match (organisation.kind, size) {
        ("village", _) => 40,
        (_, 1) => 550,
        _ => 250,
    };
    let at = draw.below(Field::Building, 1_000_000);
    let name = BUILDINGS[(at % 12) as usize];
    let room = 100 * (1 + at / 12 % 9) + 1 + at / 108 % 12;
    (at / 1000 < chance).then_some(Building { name, room: room as u16 })
}

/// A real address to have come from or to have gone to.
pub(crate) fn origin(draw: Draw, field: Field) -> Origin {
    let lot = draw.below(Field::OriginLot, 40_000) as u16;
    match draw_town(draw, field) {
        Some(town) => Origin::Town(town, 1 + lot / 20, lot % 20),
        None => Origin::NoFixedAddress,
    }
}

/// The town of a family register: half of them here, the others anywhere in Japan.
pub(crate) fn registry_place(
    organisation: &'static SampleOrganisation,
    draw: Draw,
) -> Option<Place> {
    if draw.word(Field::RegistryLot) & 1 == 0 {
        let place = draw.below(Field::Registry, organisation.towns.len().max(1) as u32);
        let town = organisation.towns.get(place as usize)?;
        return Some(Place::Sample(organisation, town));
    }
    draw_town(draw, Field::Registry).map(Place::Real)
}

fn draw_town(draw: Draw, field: Field) -> Option<&'static Town> {
    let all = towns();
    all.get(draw.below(field, all.len() as u32) as usize)
}
