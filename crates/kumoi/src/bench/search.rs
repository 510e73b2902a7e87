//! Looking for people and opening one: what a counter does all day, with its audit row.
//!
//! The questions are made of people drawn from the whole population, the same at every run, and
//! mixed as at a counter; each kind is printed by itself and all together.

use std::time::Instant;

use anyhow::{Context, Result};
use base::code::AddresseeNumber;
use office::access::role;
use office::register::{Query, page as open_page, search as find};
use population::{Address, Birth, Name, Place as Town};

use super::Looks;
use super::figure::Figure;
use super::place::{City, Folder, Place, actor};
use super::work::Work;
use crate::seed::population;

const PURPOSE: &str = "計測";
/// How many looks are taken before the registers are read into memory.
const FIRST: u32 = 130;

/// Somebody who is looked for.
pub(super) struct Sought {
    pub(super) name: Name,
    birth: Birth,
    address: Address,
}

type Question = fn(&Sought) -> Query;

/// What is typed, from the widest to the narrowest.
const QUESTIONS: [(&str, Question); 13] = [
    ("kana, one letter", |one| text(first(one.name.family_kana))),
    ("kana, family name", |one| text(one.name.family_kana.to_owned())),
    ("kana, and first letter", |one| {
        text(format!("{}　{}", one.name.family_kana, first(one.name.given_kana)))
    }),
    ("kana, full name", |one| text(format!("{} {}", one.name.family_kana, one.name.given_kana))),
    ("kana, family name and day of birth", |one| Query {
        date: one.birth.to_string(),
        ..text(one.name.family_kana.to_owned())
    }),
    ("kana, one letter and year of birth", |one| Query {
        date: format!("{}年", one.birth.day().year()),
        ..text(first(one.name.family_kana))
    }),
    ("kana, family name and town", |one| Query {
        address: town(one),
        ..text(one.name.family_kana.to_owned())
    }),
    ("kanji, one letter", |one| text(first(one.name.family))),
    ("kanji, family name", |one| text(one.name.family.to_owned())),
    ("kanji, and first letter", |one| {
        text(format!("{}　{}", one.name.family, first(one.name.given)))
    }),
    ("kanji, full name", |one| text(format!("{}{}", one.name.family, one.name.given))),
    ("kanji, family name and address", |one| Query {
        address: one.address.to_string(),
        ..text(one.name.family.to_owned())
    }),
    ("day of birth and town", |one| Query {
        date: one.birth.to_string(),
        address: town(one),
        ..Query::default()
    }),
];

fn text(text: String) -> Query {
    Query { text, ..Query::default() }
}

fn first(text: &str) -> String {
    text.chars().take(1).collect()
}

fn town(one: &Sought) -> String {
    Town::Sample(one.address.organisation, one.address.town).to_string()
}

/// Every kind of question in turn: the first after the start, then with the registers in memory.
pub(super) async fn search(folder: &Folder, looks: Looks) -> Result<()> {
    let place = Place::open(folder).await?;
    let city = place.city_with_people(looks.people).await?;
    let mut cold = Figure::default();
    for (at, one) in sought(&city, FIRST).iter().rev().enumerate() {
        let begin = Instant::now();
        answer(&city, &QUESTIONS[at % QUESTIONS.len()].1(one)).await?;
        cold.since(begin);
    }
    cold.print("search, the first after the start");
    place.remember(&city).await?;
    let mut figures: [Figure; QUESTIONS.len()] = Default::default();
    let mut whole = Figure::default();
    let mut found = [0; QUESTIONS.len()];
    for (at, one) in sought(&city, looks.count).iter().enumerate() {
        let kind = at % QUESTIONS.len();
        let query = QUESTIONS[kind].1(one);
        let begin = Instant::now();
        found[kind] += answer(&city, &query).await?;
        figures[kind].since(begin);
        whole.since(begin);
    }
    for ((name, _), (figure, found)) in QUESTIONS.iter().zip(figures.iter().zip(found)) {
        figure.print(&format!("search, {name} ({found} rows)"));
    }
    whole.print("search, all");
    place.close().await
}

async fn answer(city: &City, query: &Query) -> Result<usize> {
    let Work { register, .. } = Work::read()?;
    let clerk = actor("madoguchi", role::COUNTER);
    let place = (register.system.as_str(), register.register.as_str());
    Ok(find(&city.office, &clerk, place, query, PURPOSE).await?.len())
}

/// People all over the population, the same at every run.
pub(super) fn sought(city: &City, count: u32) -> Vec<Sought> {
    let people = population(&city.sample);
    let households = people.households();
    let pick = |at: u32| {
        let place = u64::from(at) * 2_654_435_761 % u64::from(households.max(1));
        let household = people.household(u32::try_from(place).unwrap_or_default());
        let address = household.address;
        let one = household.members.into_iter().next();
        one.map(|one| Sought { name: one.name, birth: one.birth, address })
    };
    (0..count).filter_map(pick).collect()
}

/// Numbers of people all over the population, the same at every run.
pub(super) fn keys(people: u32, count: u32) -> Result<Vec<String>> {
    let pick = |at: u32| u64::from(at) * 2_654_435_761 % u64::from(people.max(1)) + 1;
    let key = |at| AddresseeNumber::from_serial(pick(at)).map(|number| number.to_string());
    (0..count).map(key).collect::<Result<_, _>>().context("numbers")
}

/// The whole page of one person: row, relations, history, cases, documents, audit row.
pub(super) async fn page(folder: &Folder, looks: Looks) -> Result<()> {
    let place = Place::open(folder).await?;
    let city = place.city_with_people(looks.people).await?;
    let Work { register, .. } = Work::read()?;
    let whose = (register.system.as_str(), register.register.as_str());
    let clerk = actor("madoguchi", role::COUNTER);
    let mut cold = Figure::default();
    for key in keys(looks.people, FIRST)?.iter().rev() {
        let begin = Instant::now();
        open_page(&city.office, &clerk, whose, key, None, PURPOSE).await?;
        cold.since(begin);
    }
    cold.print("page, the first after the start");
    place.remember(&city).await?;
    let mut figure = Figure::default();
    for key in keys(looks.people, looks.count)? {
        let begin = Instant::now();
        open_page(&city.office, &clerk, whose, &key, None, PURPOSE).await?;
        figure.since(begin);
    }
    figure.print("page");
    place.close().await
}
