//! A synthetic population (見本住民): households and people of invented municipalities, each made from
//! (seed, household index) alone. Pure: no clock, no IO, no state. Never makes a valid individual
//! number, a real municipality's resident or a real postal code.

mod assembly;
mod calendar;
mod cohort;
mod facts;
mod foreign;
mod names;
mod number;
mod organisation;
mod person;
mod random;
mod residence;
mod shape;
mod tables;

use jiff::civil::Date;

pub use cohort::Cohort;
pub use facts::{
    FACT_NAMES, Fact, FactRow, Span, facts, facts_of_household, facts_of_person, facts_of_state,
};
pub use number::{IndividualNumber, ResidentCode};
pub use organisation::{SampleOrganisation, SampleTown, sample_organisations};
pub use person::{
    Address, Arrival, Birth, Building, Foreign, Household, Name, Origin, Person, Place, Reason,
    Registry, Sex, State,
};
pub use tables::{Municipality, Town, municipalities, towns};

use assembly::Setting;
use random::Draw;

/// The people of one sample organisation on one day.
#[derive(Debug)]
pub struct Population {
    setting: Setting,
    people: u32,
    households: u32,
    last_size: u32,
}

impl Population {
    /// `people` counts every record, removed ones (除票, about 3 %) included. The same arguments
    /// give the same people for ever; the time taken is that of counting households (20 ns each).
    /// Numbers are unique up to 150 million households.
    ///
    /// Cohorts stand at fixed households (see [`Cohort`]); all are present from 700 people on.
    pub fn new(
        seed: u64,
        organisation: &'static SampleOrganisation,
        people: u32,
        today: Date,
    ) -> Self {
        let (mut households, mut left, mut last_size) = (0, people, 0);
        while left > 0 {
            last_size = full_size(seed, households).min(left);
            left -= last_size;
            households += 1;
        }
        let setting = Setting::new(seed, organisation, today);
        Self { setting, people, households, last_size }
    }

    /// How many households there are.
    pub fn households(&self) -> u32 {
        self.households
    }

    /// How many people there are, removed records included.
    pub fn people(&self) -> u32 {
        self.people
    }

    /// The organisation they live in.
    pub fn organisation(&self) -> &'static SampleOrganisation {
        self.setting.organisation
    }

    /// The day on which ages are counted.
    pub fn today(&self) -> Date {
        self.setting.today
    }

    /// The household of an index below [`Self::households`]; a larger index gives a household that
    /// is not part of the population.
    pub fn household(&self, index: u32) -> Household {
        self.setting.household(index, self.size(index))
    }

    /// How many members the household of an index has, without making it.
    pub fn size(&self, index: u32) -> u32 {
        if index + 1 == self.households {
            self.last_size
        } else {
            full_size(self.setting.seed, index)
        }
    }

    /// Where the household of an index lives, without making its members.
    pub fn address(&self, index: u32) -> Address {
        self.setting.address(index, self.size(index))
    }

    /// Every household in the order of index.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Household> + '_ {
        (0..self.households).map(|index| self.household(index))
    }

    /// The household and the place in it of a cohort's person; none if the population is too small.
    pub fn cohort(&self, cohort: Cohort) -> Option<(Household, usize)> {
        let whole = cohort.household() + 1 < self.households;
        whole.then(|| (self.household(cohort.household()), cohort.member()))
    }
}

fn full_size(seed: u64, index: u32) -> u32 {
    match Cohort::at(index) {
        Some(cohort) => cohort.size(),
        None => shape::size(Draw::new(seed, index)),
    }
}
