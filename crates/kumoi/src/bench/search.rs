//! Looking for people by name and opening one: what a counter does all day, with its audit row.

use std::time::Instant;

use anyhow::{Context, Result};
use base::code::AddresseeNumber;
use office::access::role;
use office::register::{Query, page as open_page, search as find};
use population::Name;

use super::Looks;
use super::figure::Figure;
use super::place::{City, Folder, Place, actor};
use super::work::Work;
use crate::seed::population;

const PURPOSE: &str = "計測";

/// Half of the questions are a family name, half go on with the first letter of the given name.
pub(super) async fn search(folder: &Folder, looks: Looks) -> Result<()> {
    let place = Place::open(folder).await?;
    let city = place.city_with_people(looks.people).await?;
    let names = names(&city, looks.count);
    let kinds: [(&str, fn(&Name) -> (&str, &str)); 2] = [
        ("kana", |name| (name.family_kana, name.given_kana)),
        ("kanji", |name| (name.family, name.given)),
    ];
    for (kind, parts) in kinds {
        let mut figures = [Figure::default(), Figure::default()];
        let mut found = 0;
        for (at, name) in names.iter().enumerate() {
            let (family, given) = parts(name);
            let longer = at % 2;
            let text = match given.chars().next().filter(|_| longer == 1) {
                Some(first) => format!("{family}　{first}"),
                None => family.to_owned(),
            };
            found += one(&city, text, &mut figures[longer]).await?;
        }
        figures[0].print(&format!("search, {kind}, family name"));
        figures[1].print(&format!("search, {kind}, and first letter"));
        println!("search, {kind}: {found} rows found");
    }
    place.close().await
}

async fn one(city: &City, text: String, figure: &mut Figure) -> Result<usize> {
    let Work { register, .. } = Work::read()?;
    let clerk = actor("madoguchi", role::COUNTER);
    let query = Query { text, ..Query::default() };
    let begin = Instant::now();
    let place = (register.system.as_str(), register.register.as_str());
    let rows = find(&city.office, &clerk, place, &query, PURPOSE).await?;
    figure.since(begin);
    Ok(rows.len())
}

/// Names of people all over the population, the same at every run.
pub(super) fn names(city: &City, count: u32) -> Vec<Name> {
    let people = population(&city.sample);
    let households = people.households();
    let pick = |at: u32| {
        let place = u64::from(at) * 2_654_435_761 % u64::from(households.max(1));
        let household = people.household(u32::try_from(place).unwrap_or_default());
        household.members.into_iter().next().map(|one| one.name)
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
    let mut figure = Figure::default();
    for key in keys(looks.people, looks.count)? {
        let begin = Instant::now();
        open_page(&city.office, &clerk, whose, &key, None, PURPOSE).await?;
        figure.since(begin);
    }
    figure.print("page");
    place.close().await
}
