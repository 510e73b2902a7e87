//! A person as named Japanese facts, so that a definition maps them to the items of a register and
//! Rust knows no register. Names are those of the resident record's items.
//!
//! A fact is known by its position: all facts of many people stand in one text, and each person has
//! a row with the place of every fact in it. Nothing here allocates for one person.

use std::fmt::{Display, Write};

use jiff::civil::Date;

use crate::person::{Birth, Household, Name, Person, State};

macro_rules! facts {
    ($($name:ident $official:literal,)*) => {
        /// A fact; its number is its position.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fact {
            $(#[doc = $official] $name,)*
        }

        /// The official names of all facts in the order of their positions.
        pub const FACT_NAMES: &[&str] = &[$($official,)*];
    };
}

facts! {
    Name "氏名",
    NameKana "氏名_振り仮名",
    Family "氏",
    Given "名",
    FamilyKana "氏_振り仮名",
    GivenKana "名_振り仮名",
    FormerFamily "旧氏",
    FormerFamilyKana "旧氏_振り仮名",
    Alias "通称",
    AliasKana "通称_振り仮名",
    Birth "生年月日",
    BirthUncertain "生年月日_不詳フラグ",
    Age "年齢",
    Sex "性別",
    IndividualNumber "個人番号",
    ResidentCode "住民票コード",
    Household "世帯番号",
    Member "世帯員番号",
    Head "世帯主",
    HeadName "世帯主氏名",
    Relationship "続柄",
    NominalHead "擬制世帯主",
    Protected "支援措置",
    Registry "本籍",
    FirstEntry "筆頭者",
    FirstEntryKana "筆頭者_振り仮名",
    ResidentSince "住民となった日",
    ResidentReason "住民となった事由",
    AddressSince "住所を定めた日",
    Address "住所",
    Prefecture "都道府県",
    City "市区郡町村名",
    CityCode "市区町村コード",
    Town "町字",
    TownCode "町字コード",
    Lot "番地号表記",
    Building "方書",
    Postal "郵便番号",
    FormerAddress "前住所",
    Nation "国籍・地域",
    Foreign "外国人住民",
    ForeignKind "第三十条の四十五に規定する区分",
    Status "在留資格",
    Period "在留期間",
    PeriodEnd "在留期間満了日",
    State "住民状態",
    RemovalReason "消除事由",
    RemovedOn "消除日",
    MovedTo "転出先",
}

/// Where a fact stands in the text: its first byte and the byte after it; equal when it is absent.
pub type Span = (u32, u32);

/// The row of one subject over the text of all.
#[derive(Debug)]
pub struct FactRow<'r> {
    text: &'r mut String,
    spans: &'r mut [Span],
}

impl<'r> FactRow<'r> {
    /// A row of at least as many places as there are facts; `text` stays below 4 GiB.
    pub fn new(text: &'r mut String, spans: &'r mut [Span]) -> FactRow<'r> {
        FactRow { text, spans }
    }

    /// Sets the fact at a position to what `write` appends to the text.
    fn set(&mut self, position: usize, write: impl FnOnce(&mut String)) {
        let end = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
        let from = end(self.text);
        write(self.text);
        if let Some(span) = self.spans.get_mut(position) {
            *span = (from, end(self.text));
        }
    }

    /// Sets a fact to a text.
    pub fn text(&mut self, position: usize, value: &str) {
        self.set(position, |text| text.push_str(value));
    }

    /// Sets a fact to what a value shows.
    pub fn shown(&mut self, position: usize, value: impl Display) {
        self.set(position, |text| {
            // A String takes everything.
            let _ = write!(text, "{value}");
        });
    }

    /// Sets a fact to a day, ISO 8601.
    pub fn day(&mut self, position: usize, day: Date) {
        self.set(position, |text| push_day(text, day));
    }

    /// Sets a fact to "1" or "0".
    pub fn flag(&mut self, position: usize, value: bool) {
        self.text(position, if value { "1" } else { "0" });
    }

    /// Makes a fact absent.
    pub fn clear(&mut self, position: usize) {
        self.text(position, "");
    }

    /// Sets a name and its reading; absent without one.
    fn name(&mut self, (written, kana): (Fact, Fact), name: Option<&Name>) {
        let parts =
            name.map(|name| [(name.family, name.given), (name.family_kana, name.given_kana)]);
        let [whole, reading] = parts.unwrap_or_default();
        self.set(written as usize, |text| Name::join(text, whole));
        self.set(kana as usize, |text| Name::join(text, reading));
    }

    fn optional(&mut self, fact: Fact, value: Option<impl Display>) {
        match value {
            Some(value) => self.shown(fact as usize, value),
            None => self.clear(fact as usize),
        }
    }

    fn texts<const N: usize>(&mut self, values: [(Fact, &str); N]) {
        for (fact, value) in values {
            self.text(fact as usize, value);
        }
    }
}

fn push_day(text: &mut String, day: Date) {
    let (year, month, date) = (day.year().unsigned_abs(), day.month(), day.day());
    if day.year() < 0 {
        // A String takes everything.
        let _ = write!(text, "{day}");
        return;
    }
    let digit = |number: u16| char::from(b'0' + (number % 10) as u8);
    text.extend([1000, 100, 10, 1].map(|place| digit(year / place)));
    for part in [month, date].map(i8::unsigned_abs).map(u16::from) {
        text.extend(['-', digit(part / 10), digit(part)]);
    }
}

/// Every fact of a person. Dates are ISO 8601 unless uncertain; flags are "1" or "0".
pub fn facts(person: &Person, household: &Household, today: Date, row: &mut FactRow<'_>) {
    facts_of_household(household, row);
    facts_of_person(person, household, today, row);
    facts_of_state(person.state, row);
}

/// The facts that all members of a household share.
pub fn facts_of_household(household: &Household, row: &mut FactRow<'_>) {
    let at = &household.address;
    row.shown(Fact::Household as usize, household.index);
    let head = household.members.iter().find(|one| one.head);
    let name = head.map_or(("", ""), |head| (head.name.family, head.name.given));
    row.set(Fact::HeadName as usize, |text| Name::join(text, name));
    row.shown(Fact::Address as usize, at);
    row.texts([
        (Fact::Prefecture, at.organisation.prefecture),
        (Fact::CityCode, at.organisation.code),
        (Fact::Town, at.town.name),
        (Fact::TownCode, at.town.code),
        (Fact::Postal, at.town.postal),
    ]);
    row.set(Fact::City as usize, |text| {
        text.extend([at.organisation.district, at.organisation.name])
    });
    row.shown(Fact::Lot as usize, at.lot());
    row.optional(Fact::Building, at.building);
}

/// The facts that are a person's own, without those of [`facts_of_state`].
pub fn facts_of_person(person: &Person, household: &Household, today: Date, row: &mut FactRow<'_>) {
    identity(row, person, today);
    standing(row, person, household);
    registry(row, person);
    arrival(row, person);
    stay(row, person);
}

fn identity(row: &mut FactRow<'_>, person: &Person, today: Date) {
    let name = person.name;
    row.name((Fact::Name, Fact::NameKana), Some(&name));
    row.name((Fact::Alias, Fact::AliasKana), person.alias.as_ref());
    let former = person.former_family.unwrap_or_default();
    row.texts([
        (Fact::Family, name.family),
        (Fact::Given, name.given),
        (Fact::FamilyKana, name.family_kana),
        (Fact::GivenKana, name.given_kana),
        (Fact::FormerFamily, former.0),
        (Fact::FormerFamilyKana, former.1),
    ]);
    match person.birth {
        Birth::Certain(day) => row.day(Fact::Birth as usize, day),
        Birth::Uncertain { text, .. } => row.text(Fact::Birth as usize, text),
    }
    let uncertain = matches!(person.birth, Birth::Uncertain { .. });
    row.flag(Fact::BirthUncertain as usize, uncertain);
    row.shown(Fact::Age as usize, person.age(today));
    row.shown(Fact::Sex as usize, person.sex as u8);
    row.shown(Fact::IndividualNumber as usize, person.individual_number);
    row.shown(Fact::ResidentCode as usize, person.resident_code);
}

fn standing(row: &mut FactRow<'_>, person: &Person, household: &Household) {
    row.shown(Fact::Member as usize, person.index);
    row.flag(Fact::Head as usize, person.head);
    row.text(Fact::Relationship as usize, person.relationship);
    row.flag(Fact::NominalHead as usize, person.head && household.nominal_head);
    row.flag(Fact::Protected as usize, person.protected);
}

fn registry(row: &mut FactRow<'_>, person: &Person) {
    let registry = person.registry.as_ref();
    row.optional(Fact::Registry, registry);
    row.name((Fact::FirstEntry, Fact::FirstEntryKana), registry.map(|one| &one.first));
}

fn arrival(row: &mut FactRow<'_>, person: &Person) {
    let arrival = &person.arrival;
    row.day(Fact::ResidentSince as usize, arrival.on);
    row.text(Fact::ResidentReason as usize, arrival.reason.text());
    row.day(Fact::AddressSince as usize, person.address_since);
    row.optional(Fact::FormerAddress, arrival.from);
}

fn stay(row: &mut FactRow<'_>, person: &Person) {
    let foreign = person.foreign;
    let kind = foreign.map(|one| match one.status {
        "特別永住者" => "特別永住者",
        _ => "中長期在留者",
    });
    row.text(Fact::Nation as usize, foreign.map_or("日本", |one| one.nation));
    row.flag(Fact::Foreign as usize, foreign.is_some());
    row.texts([
        (Fact::ForeignKind, kind.unwrap_or_default()),
        (Fact::Status, foreign.map_or("", |one| one.status)),
        (Fact::Period, foreign.and_then(|one| one.period).unwrap_or_default()),
    ]);
    row.optional(Fact::PeriodEnd, foreign.and_then(|one| one.until));
}

/// The facts of being a current or a removed record (除票).
pub fn facts_of_state(state: State, row: &mut FactRow<'_>) {
    let (word, on, to) = match state {
        State::Living => ("現存", None, None),
        State::Dead(on) => ("除票", Some(on), None),
        State::MovedOut(on, to) => ("除票", Some(on), Some(to)),
    };
    row.texts([(Fact::State, word), (Fact::RemovalReason, state.reason().unwrap_or_default())]);
    row.optional(Fact::RemovedOn, on);
    row.optional(Fact::MovedTo, to);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_as_the_calendar_shows_it() {
        for day in [Date::MIN, Date::MAX, Date::ZERO, jiff::civil::date(987, 6, 5)] {
            let mut text = String::new();
            push_day(&mut text, day);
            assert_eq!(text, day.to_string());
        }
    }
}
