//! Each record for itself: repeatable, consistent in time, refused where it must be refused.

use std::collections::HashSet;

use base::code::{IndividualNumber, MunicipalityCode, ResidentCode};
use base::date::LooseDate;
use base::relationship::Relationship;
use population::{Origin, Person, Place, Population, Reason, State};

use super::{TODAY, city, organisation, people, village};

#[test]
fn the_same_seed_gives_the_same_people_in_any_order() {
    let (one, two) = (village(), village());
    for index in (0..one.households()).rev().step_by(7) {
        let shown = format!("{:?}", one.household(index));
        assert_eq!(shown, format!("{:?}", two.household(index)));
    }
    let other = Population::new(2, organisation("霞村"), 1_000, TODAY);
    assert_ne!(format!("{:?}", one.household(3)), format!("{:?}", other.household(3)));
}

#[test]
fn the_number_of_people_is_exact() {
    for asked in [0, 1, 2, 3, 50, 999, 1_000, 1_001, 20_000] {
        let population = Population::new(3, organisation("暁区"), asked, TODAY);
        assert_eq!(people(&population).count(), asked as usize);
        assert!(population.iter().all(|household| household.members[0].head));
    }
}

#[test]
fn no_number_passes_and_none_repeats() {
    let mut seen = HashSet::new();
    for person in people(&city()) {
        let (number, code) =
            (person.individual_number.to_string(), person.resident_code.to_string());
        assert!(!IndividualNumber::check_digit_valid(&number));
        assert!(!ResidentCode::check_digit_valid(&code));
        assert_eq!((number.len(), code.len()), (12, 11));
        assert!(seen.insert(number) && seen.insert(code));
    }
}

#[test]
fn former_addresses_exist_in_the_postal_table() {
    let mut rows = HashSet::new();
    for town in population::towns() {
        rows.insert(town.to_string());
    }
    let mut checked = 0;
    for person in people(&village()) {
        if let Some(Origin::Town(town, ..)) = person.arrival.from {
            assert!(rows.contains(&town.to_string()), "{town}");
            assert!(town.municipality.full_name.chars().count() > 3);
            checked += 1;
        }
    }
    assert!(checked > 200, "only {checked} former addresses");
}

#[test]
fn the_tables_have_their_known_size() {
    assert_eq!(population::municipalities().len(), 1_965);
    assert!(population::towns().len() > 110_000);
    let name = |code| {
        let all = population::municipalities();
        all.iter().find(|one| one.code == code).map(|one| one.full_name.as_str())
    };
    assert_eq!(name("011011"), Some("北海道札幌市中央区"));
    assert_eq!(name("131016"), Some("東京都千代田区"));
    assert_eq!(name("394050"), Some("高知県高岡郡梼原町"));
    assert_eq!(name("130001"), Some("東京都"));
}

#[test]
fn sample_places_lie_outside_the_real_tables() {
    let postal: HashSet<&str> = population::towns().iter().map(|town| town.postal).collect();
    for body in population::sample_organisations() {
        assert!(population::municipalities().iter().all(|one| one.code != body.code));
        assert!(body.code.starts_with("99") && MunicipalityCode::parse(body.code).is_ok());
        assert!(body.towns.iter().all(|town| !postal.contains(town.postal)));
        let codes: HashSet<&str> = body.towns.iter().map(|town| town.code).collect();
        assert_eq!(codes.len(), body.towns.len());
    }
    let towns = |name| organisation(name).towns.len();
    assert_eq!((towns("霞村"), towns("雲居市"), towns("暁区")), (8, 60, 120));
}

#[test]
fn dates_follow_one_another() {
    for person in people(&city()) {
        let birth = person.birth.day();
        let (arrival, since) = (person.arrival.on, person.address_since);
        assert!(birth <= arrival && arrival <= since && since <= TODAY, "{person:#?}");
        assert!(person.arrival.reason != Reason::Birth || birth == arrival, "{person:#?}");
        if let State::Dead(on) | State::MovedOut(on, _) = person.state {
            assert!(since <= on && on <= TODAY, "{person:#?}");
        }
        let until = person.foreign.and_then(|one| one.until);
        assert!(until.is_none_or(|until| until > TODAY));
    }
}

#[test]
fn citizens_have_a_registry_and_foreigners_none() {
    let (mut here, mut elsewhere) = (0, 0);
    for person in people(&city()) {
        match (&person.registry, person.foreign) {
            (Some(registry), None) => match registry.place {
                Place::Sample(..) => here += 1,
                Place::Real(_) => elsewhere += 1,
            },
            (None, Some(_)) => {}
            (None, None) => assert_eq!(person.arrival.reason, Reason::Official),
            (Some(_), Some(_)) => panic!("{person:#?}"),
        }
    }
    assert!(here > 20_000 && elsewhere > 20_000, "{here} {elsewhere}");
}

#[test]
fn base_reads_dates_and_relationships() {
    for person in people(&village()) {
        let text = person.birth.to_string();
        assert!(LooseDate::parse(&text).is_ok(), "{text}");
        let word = person.relationship;
        assert!(Relationship::parse(word).is_ok(), "{word}");
    }
}

#[test]
fn parents_are_older_than_their_children() {
    for household in village().iter() {
        let head = &household.members[0];
        let years = |person: &Person| person.age(TODAY);
        for child in household.members.iter().filter(|one| one.relationship == "子") {
            assert!(years(head) >= years(child) + 14, "{household:#?}");
        }
    }
}
