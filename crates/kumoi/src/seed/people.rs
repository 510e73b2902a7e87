//! Invented people as the courses of facts that `samples.yaml` maps to items.
//!
//! Adds what the population does not know: numbers of the organisation, who is head, the days of
//! notification, and a past for some. Pure.

use std::borrow::Cow;

use anyhow::Result;
use base::code::{AddresseeNumber, HouseholdNumber};
use base::date::Date;
use jiff::ToSpan;
use office::seed::{Fact, SampleHousehold, SampleSubject, SampleVersion};
use population::{Household, Person, Population, State, facts};

use crate::sample::{DAY, word};

/// Makes the households of one population.
pub(super) struct Maker<'p> {
    population: &'p Population,
    moved_within: &'static str,
    protection: &'static str,
    resident: &'static str,
    removed: &'static str,
    japanese: &'static str,
    foreign: &'static str,
    head: &'static str,
}

/// What the members of one household share.
struct Home {
    number: String,
    head: usize,
    head_number: String,
    head_name: String,
    before: Option<Vec<Fact>>,
}

impl<'p> Maker<'p> {
    pub(super) fn new(population: &'p Population) -> Maker<'p> {
        Maker {
            population,
            moved_within: word("moved-within"),
            protection: word("protection"),
            resident: word("resident"),
            removed: word("removed"),
            japanese: word("japanese"),
            foreign: word("foreign"),
            head: word("head"),
        }
    }

    /// A household whose first member is person number `before` + 1 of the organisation.
    pub(super) fn household(&self, household: &Household, before: u64) -> Result<SampleHousehold> {
        let members = &household.members;
        let lives = |person: &&Person| matches!(person.state, State::Living);
        let head = members
            .iter()
            .position(|one| one.head && lives(&one))
            .or_else(|| members.iter().position(|one| lives(&one)))
            .unwrap_or_default();
        let home = Home {
            number: HouseholdNumber::from_serial(u64::from(household.index) + 1)?.to_string(),
            head,
            head_number: AddresseeNumber::from_serial(before + head as u64 + 1)?.to_string(),
            head_name: members.get(head).map(|one| one.name.full()).unwrap_or_default(),
            before: self.address_before(household),
        };
        let mut people = Vec::with_capacity(members.len());
        for (place, person) in members.iter().enumerate() {
            let number = AddresseeNumber::from_serial(before + place as u64 + 1)?.to_string();
            people.push(self.person(household, person, &number, &home));
        }
        Ok(SampleHousehold { household: household_subject(household, &home, &people), people })
    }

    /// Where some households lived in the same organisation before: the address of another one.
    fn address_before(&self, household: &Household) -> Option<Vec<Fact>> {
        let place = (household.index + 37) % self.population.households();
        if household.index % 7 != 3 {
            return None;
        }
        let other = self.population.household(place);
        let at = other.address;
        Some(vec![
            ("住所", owned(at.to_string())),
            ("方書", at.building.map(|it| Cow::Owned(it.to_string()))),
            ("郵便番号", Some(Cow::Borrowed(at.town.postal))),
            ("町字コード", Some(Cow::Borrowed(at.town.code))),
        ])
    }

    /// The facts of a person with the organisation's own numbers and words.
    fn facts(
        &self,
        household: &Household,
        person: &Person,
        number: &str,
        home: &Home,
    ) -> Vec<Fact> {
        let mut facts = facts(person, household, DAY);
        let is_foreign = person.foreign.is_some();
        let kind = if is_foreign { self.foreign } else { self.japanese };
        let notified = person.arrival.on.saturating_add(i64::from(person.index % 10).days());
        set(&mut facts, "宛名番号", owned(number.to_owned()));
        set(&mut facts, "世帯番号", owned(home.number.clone()));
        set(&mut facts, "世帯主宛名番号", owned(home.head_number.clone()));
        set(&mut facts, "世帯主氏名", owned(home.head_name.clone()));
        if person.index as usize == home.head {
            set(&mut facts, "続柄", text(self.head));
        }
        set(&mut facts, "住民種別", text(kind));
        set(&mut facts, "記載状態", text(self.resident));
        set(&mut facts, "届出日", owned(notified.min(DAY).to_string()));
        if !is_foreign {
            set(&mut facts, "国籍・地域", None);
        }
        // Five letters: no real card has such a number.
        let card = || owned(format!("MIHON{:07}", household.index % 300_000 * 32 + person.index));
        set(&mut facts, "在留カード番号", is_foreign.then(card).flatten());
        set(&mut facts, "支援措置中", text("0"));
        set(&mut facts, "支援措置開始日", None);
        set(&mut facts, "支援措置満了日", None);
        facts
    }

    /// Moved in, moved within, protected, removed: each from its day on.
    fn person(
        &self,
        household: &Household,
        person: &Person,
        number: &str,
        home: &Home,
    ) -> SampleSubject {
        let living = Person { state: State::Living, ..person.clone() };
        let mut now = self.facts(household, &living, number, home);
        let mut versions = Vec::with_capacity(2);
        let arrived = person.arrival;
        let moved = person.address_since > arrived.on;
        if let Some(before) = home.before.as_ref().filter(|_| moved) {
            let mut past = now.clone();
            for (name, value) in before {
                set(&mut past, name, value.clone());
            }
            set(&mut past, "住所を定めた日", owned(arrived.on.to_string()));
            push(&mut versions, arrived.on, arrived.reason.text(), past);
        }
        let reason = if moved { self.moved_within } else { arrived.reason.text() };
        push(&mut versions, person.address_since.max(arrived.on), reason, now.clone());
        if person.protected {
            let begin = DAY.saturating_sub(60.days());
            set(&mut now, "支援措置中", text("1"));
            set(&mut now, "支援措置開始日", owned(begin.to_string()));
            set(&mut now, "支援措置満了日", owned(begin.saturating_add(1.year()).to_string()));
            push(&mut versions, begin, self.protection, now);
        }
        let closed_on = match person.state {
            State::Living => None,
            State::Dead(day) | State::MovedOut(day, _) => Some(day),
        };
        if let Some(day) = closed_on {
            let mut last = self.facts(household, person, number, home);
            set(&mut last, "記載状態", text(self.removed));
            let reason = find(&last, "消除事由").unwrap_or_default();
            push(&mut versions, day, &reason, last);
        }
        SampleSubject { versions, closed_on }
    }
}

/// Appends a version; one that would not come later takes the place of the one before.
fn push(versions: &mut Vec<SampleVersion>, from: Date, reason: &str, facts: Vec<Fact>) {
    let replaced = versions.pop_if(|last| last.from >= from);
    let from = replaced.map_or(from, |last| last.from);
    versions.push(SampleVersion { from, reason: reason.to_owned(), facts });
}

/// The household as its head describes it; it ends with its last member.
fn household_subject(
    household: &Household,
    home: &Home,
    people: &[SampleSubject],
) -> SampleSubject {
    let from = household.members.get(home.head).map_or(DAY, |head| head.arrival.on);
    let ends: Option<Vec<Date>> = people.iter().map(|person| person.closed_on).collect();
    let last = people.get(home.head).and_then(|head| head.versions.last());
    let facts = last.map(|version| version.facts.clone()).unwrap_or_default();
    let reason = household.members.get(home.head).map_or("", |head| head.arrival.reason.text());
    SampleSubject {
        versions: vec![SampleVersion { from, reason: reason.to_owned(), facts }],
        closed_on: ends.and_then(|ends| ends.into_iter().max()),
    }
}

fn owned(text: String) -> Option<Cow<'static, str>> {
    Some(Cow::Owned(text))
}

fn text(text: &'static str) -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(text))
}

fn find(facts: &[Fact], name: &str) -> Option<String> {
    facts.iter().find(|fact| fact.0 == name).and_then(|fact| fact.1.as_deref()).map(str::to_owned)
}

fn set(facts: &mut Vec<Fact>, name: &'static str, value: Option<Cow<'static, str>>) {
    match facts.iter_mut().find(|fact| fact.0 == name) {
        Some(fact) => fact.1 = value,
        None => facts.push((name, value)),
    }
}
