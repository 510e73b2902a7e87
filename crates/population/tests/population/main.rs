//! Tests of the synthetic population: determinism, marginals, cohorts, numbers, addresses, and that
//! `base` reads what is generated (and refuses what must be refused).

mod cohorts;
mod marginals;
mod records;

use jiff::civil::{Date, date};
use population::{Person, Population, SampleOrganisation};

const TODAY: Date = date(2026, 11, 22);

fn organisation(name: &str) -> &'static SampleOrganisation {
    SampleOrganisation::find(name).expect("a sample organisation")
}

fn village() -> Population {
    Population::new(1, organisation("霞村"), 1_000, TODAY)
}

fn city() -> Population {
    Population::new(1, organisation("雲居市"), 50_000, TODAY)
}

fn people(population: &Population) -> impl Iterator<Item = Person> + '_ {
    population.iter().flat_map(|household| household.members)
}
