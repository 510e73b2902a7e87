//! Invented people as the courses of facts that `samples.yaml` maps to items.
//!
//! Adds what the population does not know: numbers of the organisation, who is head, the days of
//! notification, and a past for some. Pure.

use anyhow::Result;
use base::code::{AddresseeNumber, HouseholdNumber};
use base::date::Date;
use jiff::ToSpan;
use office::seed::{SampleChunk, SampleSubject, SampleVersion};
use population::{
    FACT_NAMES, Fact, FactRow, Household, Person, Population, State, facts_of_household,
    facts_of_person, facts_of_state,
};

use super::income::{self, Told};
use crate::sample::{DAY, word};

/// The facts that are the organisation's own, after those of the population.
const OWN: [&str; 9] = [
    "宛名番号",
    "世帯主宛名番号",
    "住民種別",
    "記載状態",
    "届出日",
    "在留カード番号",
    "支援措置中",
    "支援措置開始日",
    "支援措置満了日",
];
const NUMBER: usize = FACT_NAMES.len();
const HEAD_NUMBER: usize = NUMBER + 1;
const KIND: usize = NUMBER + 2;
const STATE: usize = NUMBER + 3;
const NOTIFIED: usize = NUMBER + 4;
const CARD: usize = NUMBER + 5;
const PROTECTED: usize = NUMBER + 6;
const PROTECTED_FROM: usize = NUMBER + 7;
const PROTECTED_TO: usize = NUMBER + 8;
const INCOME: usize = NUMBER + 9;

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
struct Home<'h> {
    household: &'h Household,
    /// The place of its head among the members.
    head: usize,
    /// The number of its first member.
    first: u64,
    /// The row of facts that every member's begins with.
    row: u32,
    /// The row with the address before this one.
    before: Option<u32>,
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

    /// An empty chunk for the facts of people.
    pub(super) fn chunk() -> SampleChunk {
        SampleChunk::new(FACT_NAMES.iter().chain(&OWN).chain(&income::NAMES).copied().collect())
    }

    /// A household whose first member is person number `before` + 1 of the organisation.
    pub(super) fn household(
        &self,
        household: &Household,
        before: u64,
        chunk: &mut SampleChunk,
    ) -> Result<()> {
        let members = &household.members;
        let lives = |person: &&Person| matches!(person.state, State::Living);
        let head = members
            .iter()
            .position(|one| one.head && lives(&one))
            .or_else(|| members.iter().position(|one| lives(&one)))
            .unwrap_or_default();
        let row = chunk.row_new();
        let mut facts = facts_at(chunk, row);
        facts_of_household(household, &mut facts);
        let number = HouseholdNumber::from_serial(u64::from(household.index) + 1)?;
        facts.shown(Fact::Household as usize, number);
        facts.shown(HEAD_NUMBER, AddresseeNumber::from_serial(before + head as u64 + 1)?);
        let name = members.get(head).map(|one| one.name.full()).unwrap_or_default();
        facts.text(Fact::HeadName as usize, &name);
        let previous = self.address_before(household, row, chunk);
        let home = Home { household, head, first: before + 1, row, before: previous };
        let first = chunk.people.len();
        for person in members {
            self.person(person, &home, chunk)?;
        }
        household_append(&home, first, chunk);
        Ok(())
    }

    /// Where some households lived in the same organisation before: the address of another one.
    fn address_before(
        &self,
        household: &Household,
        row: u32,
        chunk: &mut SampleChunk,
    ) -> Option<u32> {
        if household.index % 7 != 3 || !household.members.iter().any(has_moved) {
            return None;
        }
        let at = self.population.address((household.index + 37) % self.population.households());
        let row = chunk.row_copy(row);
        let mut facts = facts_at(chunk, row);
        facts.shown(Fact::Address as usize, at);
        match at.building {
            Some(building) => facts.shown(Fact::Building as usize, building),
            None => facts.clear(Fact::Building as usize),
        }
        facts.text(Fact::Postal as usize, at.town.postal);
        facts.text(Fact::TownCode as usize, at.town.code);
        Some(row)
    }

    /// The facts of a living person with the organisation's own numbers and words, in a row that
    /// has those of the household.
    fn facts(&self, person: &Person, home: &Home<'_>, row: &mut FactRow<'_>) -> Result<()> {
        facts_of_person(person, home.household, DAY, row);
        facts_of_state(State::Living, row);
        let is_foreign = person.foreign.is_some();
        let notified = person.arrival.on.saturating_add(i64::from(person.index % 10).days());
        row.shown(NUMBER, AddresseeNumber::from_serial(home.first + u64::from(person.index))?);
        if person.index as usize == home.head {
            row.text(Fact::Relationship as usize, self.head);
        }
        row.text(KIND, if is_foreign { self.foreign } else { self.japanese });
        row.text(STATE, self.resident);
        row.day(NOTIFIED, notified.min(DAY));
        row.text(PROTECTED, "0");
        let told = Told { household: home.household, first: home.first, head: home.head };
        let shown =
            |number| AddresseeNumber::from_serial(number).map_or(String::new(), |n| n.to_string());
        income::facts(&told, person, (INCOME, &shown), row);
        if is_foreign {
            // Five letters: no real card has such a number.
            let card = home.household.index % 300_000 * 32 + person.index;
            row.shown(CARD, format_args!("MIHON{card:07}"));
        } else {
            row.clear(Fact::Nation as usize);
        }
        Ok(())
    }

    /// Moved in, moved within, protected, removed: each from its day on.
    fn person(&self, person: &Person, home: &Home<'_>, chunk: &mut SampleChunk) -> Result<()> {
        let now = chunk.row_copy(home.row);
        self.facts(person, home, &mut facts_at(chunk, now))?;
        let first = chunk.versions.len();
        let arrived = person.arrival;
        let moved = has_moved(person);
        if let Some(before) = home.before.filter(|_| moved) {
            let past = chunk.row_copy(before);
            self.facts(person, home, &mut facts_at(chunk, past))?;
            facts_at(chunk, past).day(Fact::AddressSince as usize, arrived.on);
            push(chunk, first, (arrived.on, arrived.reason.text(), past));
        }
        let reason = if moved { self.moved_within } else { arrived.reason.text() };
        push(chunk, first, (person.address_since.max(arrived.on), reason, now));
        if person.protected {
            let begin = DAY.saturating_sub(60.days());
            let row = chunk.row_copy(now);
            let mut facts = facts_at(chunk, row);
            facts.text(PROTECTED, "1");
            facts.day(PROTECTED_FROM, begin);
            facts.day(PROTECTED_TO, begin.saturating_add(1.year()));
            push(chunk, first, (begin, self.protection, row));
        }
        let closed_on = match person.state {
            State::Living => None,
            State::Dead(day) | State::MovedOut(day, _) => Some(day),
        };
        if let Some(day) = closed_on {
            let row = chunk.row_copy(now);
            let mut facts = facts_at(chunk, row);
            facts_of_state(person.state, &mut facts);
            facts.text(STATE, self.removed);
            push(chunk, first, (day, person.state.reason().unwrap_or_default(), row));
        }
        let versions = first..chunk.versions.len();
        chunk.people.push(SampleSubject { versions, closed_on });
        Ok(())
    }
}

fn has_moved(person: &Person) -> bool {
    person.address_since > person.arrival.on
}

fn facts_at(chunk: &mut SampleChunk, row: u32) -> FactRow<'_> {
    let (text, spans) = chunk.row_mut(row);
    FactRow::new(text, spans)
}

/// Appends a version of the subject whose versions begin at `first`; one that would not come later
/// takes the place of the one before.
fn push(chunk: &mut SampleChunk, first: usize, (from, reason, row): (Date, &'static str, u32)) {
    let last = chunk.versions.len().checked_sub(1).filter(|last| *last >= first);
    match last.map(|last| &mut chunk.versions[last]) {
        Some(last) if last.from >= from => (last.reason, last.row) = (reason, row),
        _ => chunk.versions.push(SampleVersion { from, reason, row }),
    }
}

/// The household as its head describes it; it ends with its last member. Its people are those of
/// the chunk from `first` on.
fn household_append(home: &Home<'_>, first: usize, chunk: &mut SampleChunk) {
    let people = &chunk.people[first..];
    let ends: Option<Vec<Date>> = people.iter().map(|person| person.closed_on).collect();
    let closed_on = ends.and_then(|ends| ends.into_iter().max());
    let last = people.get(home.head).and_then(|head| chunk.versions[head.versions.clone()].last());
    let row = last.map_or(home.row, |version| version.row);
    let arrival = home.household.members.get(home.head).map(|head| head.arrival);
    let from = arrival.map_or(DAY, |arrival| arrival.on);
    let reason = arrival.map_or("", |arrival| arrival.reason.text());
    let versions = chunk.versions.len()..chunk.versions.len() + 1;
    chunk.versions.push(SampleVersion { from, reason, row });
    chunk.households.push(SampleSubject { versions, closed_on });
}
