//! From the shape of a household to its people: names, dates, registers, numbers. The head comes
//! first; whatever a household shares is drawn once.

use jiff::civil::Date;

use crate::calendar::{Day, date, day};
use crate::cohort::Cohort;
use crate::foreign;
use crate::names::{Foreigners, Part, names};
use crate::number::{IndividualNumber, ResidentCode};
use crate::organisation::SampleOrganisation;
use crate::person::{
    Address, Arrival, Birth, Foreign, Household, Name, Origin, Person, Reason, Registry, Sex, State,
};
use crate::random::{Draw, Field};
use crate::residence::{address, origin, registry_place};
use crate::shape::{self, Relation, Slot, relationship};

/// Years since the household moved in, per mille.
const MOVED: &[(u32, u32)] = &[(0, 0), (3, 250), (10, 550), (30, 850), (60, 1000)];
/// Foreigners whose stay is limited came within these years.
const STAY_YEARS: u32 = 6;
/// Serial numbers kept for each household.
const SERIALS: u64 = 64;

/// What every household of a population shares.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) seed: u64,
    pub(crate) organisation: &'static SampleOrganisation,
    pub(crate) today: Date,
    day: Day,
}

/// What the members of one household share.
struct Home {
    draw: Draw,
    people: Option<&'static Foreigners>,
    family: Part,
    status: Option<Foreign>,
    native: bool,
    since: Day,
    settled: Day,
    origin: Origin,
    registry: Option<Registry>,
}

impl Setting {
    pub(crate) fn new(seed: u64, organisation: &'static SampleOrganisation, today: Date) -> Self {
        Self { seed, organisation, today, day: day(today) }
    }

    /// The household of an index, cut to `size` members.
    pub(crate) fn household(&self, index: u32, size: u32) -> Household {
        let draw = Draw::new(self.seed, index);
        let cohort = Cohort::at(index);
        let people = self.nationality(draw, cohort);
        let mut slots = match cohort {
            Some(cohort) => cohort.slots(),
            None => shape::slots(draw, people.is_some()),
        };
        slots.truncate(size as usize);
        let home = self.home(draw, people, &slots);
        let mut members = Vec::with_capacity(slots.len());
        for (place, slot) in slots.iter().enumerate() {
            members.push(self.person(&home, index, place as u32, *slot));
        }
        if cohort.is_none() {
            self.remove_some(&mut members, &slots, draw);
        }
        let address = self.address(index, size);
        let mut household = Household { index, address, nominal_head: false, members };
        if let Some(cohort) = cohort {
            cohort.apply(&mut household, self.today);
        }
        household
    }

    /// The address of the household of an index with `size` members.
    pub(crate) fn address(&self, index: u32, size: u32) -> Address {
        let draw = Draw::new(self.seed, index);
        address(self.organisation, draw, size).expect("every sample organisation has towns")
    }

    fn nationality(&self, draw: Draw, cohort: Option<Cohort>) -> Option<&'static Foreigners> {
        let foreign = cohort.map_or_else(|| foreign::is_foreign(draw), Cohort::is_foreign);
        foreign.then(|| names().people(draw.below(Field::Nation, 1000))).flatten()
    }

    fn home(&self, draw: Draw, people: Option<&'static Foreigners>, slots: &[Slot]) -> Home {
        let head = slots.first().map_or(40, |slot| slot.age);
        let family = match people {
            Some(people) => people.family(draw),
            None => names().surname(draw, Field::Surname),
        };
        let native = people.is_none() && draw.per_mille(Field::Native, 380);
        let lived = self.day - self.born(draw.member(0), head);
        let adult = if native { lived } else { lived - 18 * 365 };
        let status = people.map(|people| foreign::head(people.nation, draw, self.day));
        let brief = status.is_some_and(|status| status.period.is_some());
        let bound = if brief { STAY_YEARS } else { u32::MAX };
        let years = draw.curve(Field::Moved, MOVED) % bound * 365;
        let years = years + draw.below(Field::MovedDay, 365);
        let since = if native { lived } else { (years as Day).min(adult.max(0)) };
        let settled = match draw.below(Field::Settled, 100) {
            part if part < 35 && since > 0 => since * part as Day / 35,
            _ => since,
        };
        let abroad = people.filter(|_| draw.word(Field::Origin) & 1 == 0);
        let origin = match abroad {
            Some(people) => Origin::Abroad(people.nation),
            None => origin(draw, Field::Origin),
        };
        Home {
            draw,
            people,
            family,
            status,
            native,
            since: self.day - since,
            settled: self.day - settled,
            origin,
            registry: if people.is_some() { None } else { self.registry(draw, family, slots) },
        }
    }

    /// 本籍 of the household; its 筆頭者 is the head where there is a spouse or child, else a parent.
    fn registry(&self, draw: Draw, family: Part, slots: &[Slot]) -> Option<Registry> {
        let head = slots.first()?;
        let own = slots.iter().any(|s| matches!(s.relation, Relation::Spouse | Relation::Child));
        let given = if own {
            self.given(draw.member(0), *head)
        } else {
            let year = i32::from(self.today.year()) - head.age as i32 - 30;
            names().given(draw, Field::FirstEntry, Sex::Male, year)
        };
        let place = registry_place(self.organisation, draw)?;
        let lot = 1 + draw.below(Field::RegistryLot, 3000) as u16;
        Some(Registry { place, lot, first: Name::new(family, given) })
    }

    fn person(&self, home: &Home, household: u32, index: u32, slot: Slot) -> Person {
        let draw = home.draw.member(index);
        let birth = self.born(draw, slot.age);
        let outsider = matches!(slot.relation, Relation::UnregisteredSpouse | Relation::Lodger);
        let arrival = self.arrival(home, draw, slot, birth);
        let serial = u64::from(household) * SERIALS + u64::from(index);
        let registry = match home.registry {
            Some(_) if outsider => self.registry(draw, self.family(home, draw, slot), &[slot]),
            shared => shared,
        };
        let name = self.name(home, draw, slot);
        Person {
            index,
            name,
            former_family: former_family(home, draw, slot),
            alias: alias(home, draw, slot.sex),
            sex: slot.sex,
            birth: Birth::Certain(date(birth)),
            relationship: relationship(slot),
            head: slot.relation == Relation::Head,
            registry,
            arrival,
            address_since: arrival.on.max(date(home.settled)),
            foreign: home.status.map(|head| match slot.relation {
                Relation::Head => head,
                _ => foreign::member(head, draw, self.day),
            }),
            individual_number: IndividualNumber::new(self.seed, serial),
            resident_code: ResidentCode::new(self.seed, serial),
            protected: false,
            state: State::Living,
        }
    }

    fn born(&self, draw: Draw, age: u32) -> Day {
        self.day - (age * 36_525 / 100) as Day - draw.below(Field::Day, 365) as Day
    }

    fn given(&self, draw: Draw, slot: Slot) -> Part {
        let year = i32::from(self.today.year()) - slot.age as i32;
        names().given(draw, Field::Given, slot.sex, year)
    }

    fn family(&self, home: &Home, draw: Draw, slot: Slot) -> Part {
        let own = match home.people {
            Some(_) => slot.relation != Relation::Child,
            None => matches!(slot.relation, Relation::UnregisteredSpouse | Relation::Lodger),
        };
        match home.people {
            _ if !own || slot.relation == Relation::Head => home.family,
            Some(people) => people.family(draw),
            None => names().surname(draw, Field::Surname),
        }
    }

    fn name(&self, home: &Home, draw: Draw, slot: Slot) -> Name {
        let family = self.family(home, draw, slot);
        match home.people {
            Some(people) => people.name(family, draw),
            None => Name::new(family, self.given(draw, slot)),
        }
    }

    /// Born here, moved in with the household, or, beside a native head, moved in as an adult.
    fn arrival(&self, home: &Home, draw: Draw, slot: Slot, birth: Day) -> Arrival {
        let joined = matches!(
            slot.relation,
            Relation::Spouse | Relation::UnregisteredSpouse | Relation::Parent | Relation::Lodger
        );
        let local = draw.per_mille(Field::Native, 400);
        if home.native && joined && !local {
            let grown = birth + 365 * 24 + draw.below(Field::MovedDay, 3000) as Day;
            let on = date(grown.min(self.day).max(birth));
            let from = Some(origin(draw, Field::Origin));
            return Arrival { on, reason: Reason::MovedIn, from };
        }
        if birth >= home.since || home.native {
            return Arrival { on: date(birth), reason: Reason::Birth, from: None };
        }
        Arrival { on: date(home.since), reason: Reason::MovedIn, from: Some(home.origin) }
    }

    /// About 3 % of records are removed: deaths of the old, moves of the young.
    fn remove_some(&self, members: &mut [Person], slots: &[Slot], draw: Draw) {
        let alone = members.len() == 1;
        for (person, slot) in members.iter_mut().zip(slots) {
            let own = draw.member(person.index);
            let at = own.below(Field::Gone, 1000);
            let span = (self.day - day(person.address_since)).clamp(1, 5 * 365);
            let on = date(self.day - own.below(Field::GoneDay, span as u32) as Day);
            let settled = alone || !person.head;
            person.state = match slot.age {
                70.. if settled && at < 80 => State::Dead(on),
                18..=34 if settled && at < 95 => {
                    State::MovedOut(on, origin(own, Field::Destination))
                }
                _ => State::Living,
            };
        }
    }
}

/// 旧氏 for every fiftieth wife.
fn former_family(home: &Home, draw: Draw, slot: Slot) -> Option<Part> {
    let wife = slot.relation == Relation::Spouse && slot.sex == Sex::Female;
    let asked = home.people.is_none() && wife && draw.per_mille(Field::FormerName, 20);
    asked.then(|| names().surname(draw, Field::FormerName))
}

/// 通称 for every tenth foreign resident.
fn alias(home: &Home, draw: Draw, sex: Sex) -> Option<Name> {
    let asked = home.people.is_some() && draw.per_mille(Field::Alias, 100);
    asked.then(|| {
        let family = names().surname(draw, Field::Alias);
        Name::new(family, names().given(draw, Field::Alias, sex, 1990))
    })
}
