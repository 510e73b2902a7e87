//! Shares within tolerance of the published ones (住基 2025-01-01, census 2020).

use std::collections::HashMap;

use population::{Person, Sex, State};

use super::{TODAY, city, people};

#[track_caller]
fn check(what: &str, found: f64, expect: f64, tolerance: f64) {
    assert!(
        (found - expect).abs() <= tolerance,
        "{what}: {found:.2}, expected {expect} ± {tolerance}"
    );
}

#[test]
fn shares_of_people() {
    let all: Vec<Person> = people(&city()).collect();
    let share = |test: &dyn Fn(&Person) -> bool| {
        100.0 * all.iter().filter(|person| test(person)).count() as f64 / all.len() as f64
    };
    check("0-14", share(&|one| one.age(TODAY) < 15), 11.38, 0.7);
    check("15-64", share(&|one| (15..65).contains(&one.age(TODAY))), 59.04, 1.2);
    check("65-", share(&|one| one.age(TODAY) >= 65), 29.58, 1.2);
    check("foreign", share(&|one| one.foreign.is_some()), 2.96, 0.6);
    check("women", share(&|one| one.sex == Sex::Female), 51.3, 1.0);
    check("removed", share(&|one| !matches!(one.state, State::Living)), 3.0, 0.6);
}

#[test]
fn shares_of_households() {
    let population = city();
    let total = f64::from(population.households());
    let mut kinds: HashMap<&str, u32> = HashMap::new();
    for household in population.iter() {
        let has =
            |word: &str| household.members.iter().any(|one| one.relationship.starts_with(word));
        let spouse = has("妻") || has("夫");
        let other = ["父", "母", "弟", "妹", "同居人"].into_iter().any(has);
        let kind = match (household.members.len(), other, spouse, has("子")) {
            (1, ..) => "単独",
            (_, true, ..) => "その他",
            (_, _, true, false) => "夫婦のみ",
            (_, _, true, true) => "夫婦と子",
            _ => "ひとり親",
        };
        *kinds.entry(kind).or_default() += 1;
    }
    let share = |kind: &str| 100.0 * f64::from(kinds[kind]) / total;
    check("単独", share("単独"), 38.1, 1.0);
    check("夫婦のみ", share("夫婦のみ"), 20.1, 1.0);
    check("夫婦と子", share("夫婦と子"), 25.1, 1.0);
    check("ひとり親", share("ひとり親"), 9.0, 0.7);
    check("その他", share("その他"), 7.7, 0.7);
    check("average", f64::from(population.people()) / total, 2.21, 0.05);
}
