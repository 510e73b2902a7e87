//! A person as named Japanese facts, so that a definition maps them to the items of a register and
//! Rust knows no register. Names are those of the resident record's items; absent facts are `None`.

use std::borrow::Cow;

use jiff::civil::Date;

use crate::person::{Household, Person, State};

/// A fact: its official name and its value; `None` is known to be absent.
pub type Fact = (&'static str, Option<Cow<'static, str>>);

/// Every fact of a person. Dates are ISO 8601 unless uncertain; flags are "1" or "0".
pub fn facts(person: &Person, household: &Household, today: Date) -> Vec<Fact> {
    let mut facts = Vec::with_capacity(56);
    identity(&mut facts, person, today);
    standing(&mut facts, person, household);
    registry(&mut facts, person);
    address(&mut facts, person, household);
    stay(&mut facts, person);
    removal(&mut facts, person);
    facts
}

fn identity(facts: &mut Vec<Fact>, person: &Person, today: Date) {
    let name = person.name;
    let alias = person.alias;
    facts.extend([
        ("氏名", owned(name.full())),
        ("氏名_振り仮名", owned(name.full_kana())),
        ("氏", text(name.family)),
        ("名", text(name.given)),
        ("氏_振り仮名", text(name.family_kana)),
        ("名_振り仮名", text(name.given_kana)),
        ("旧氏", person.former_family.and_then(|part| text(part.0))),
        ("旧氏_振り仮名", person.former_family.and_then(|part| text(part.1))),
        ("通称", alias.and_then(|name| owned(name.full()))),
        ("通称_振り仮名", alias.and_then(|name| owned(name.full_kana()))),
        ("生年月日", shown(person.birth)),
        ("生年月日_不詳フラグ", flag(matches!(person.birth, crate::Birth::Uncertain { .. }))),
        ("年齢", shown(person.age(today))),
        ("性別", shown(person.sex as u8)),
        ("個人番号", shown(person.individual_number)),
        ("住民票コード", shown(person.resident_code)),
    ]);
}

fn standing(facts: &mut Vec<Fact>, person: &Person, household: &Household) {
    let head = household.members.iter().find(|one| one.head);
    facts.extend([
        ("世帯番号", shown(household.index)),
        ("世帯員番号", shown(person.index)),
        ("世帯主", flag(person.head)),
        ("世帯主氏名", head.and_then(|one| owned(one.name.full()))),
        ("続柄", text(person.relationship)),
        ("擬制世帯主", flag(person.head && household.nominal_head)),
        ("支援措置", flag(person.protected)),
    ]);
}

fn registry(facts: &mut Vec<Fact>, person: &Person) {
    let registry = person.registry.as_ref();
    facts.extend([
        ("本籍", registry.and_then(shown)),
        ("筆頭者", registry.and_then(|one| owned(one.first.full()))),
        ("筆頭者_振り仮名", registry.and_then(|one| owned(one.first.full_kana()))),
    ]);
}

fn address(facts: &mut Vec<Fact>, person: &Person, household: &Household) {
    let at = &household.address;
    let arrival = &person.arrival;
    facts.extend([
        ("住民となった日", shown(arrival.on)),
        ("住民となった事由", text(arrival.reason.text())),
        ("住所を定めた日", shown(person.address_since)),
        ("住所", shown(at)),
        ("都道府県", text(at.organisation.prefecture)),
        ("市区郡町村名", owned(at.organisation.city())),
        ("市区町村コード", text(at.organisation.code)),
        ("町字", text(at.town.name)),
        ("町字コード", text(at.town.code)),
        ("番地号表記", owned(at.lot())),
        ("方書", at.building.and_then(shown)),
        ("郵便番号", text(at.town.postal)),
        ("前住所", arrival.from.and_then(shown)),
    ]);
}

fn stay(facts: &mut Vec<Fact>, person: &Person) {
    let foreign = person.foreign;
    let kind = foreign.map(|one| match one.status {
        "特別永住者" => "特別永住者",
        _ => "中長期在留者",
    });
    let nation = foreign.map_or("日本", |one| one.nation);
    facts.extend([
        ("国籍・地域", text(nation)),
        ("外国人住民", flag(foreign.is_some())),
        ("第三十条の四十五に規定する区分", kind.and_then(text)),
        ("在留資格", foreign.and_then(|one| text(one.status))),
        ("在留期間", foreign.and_then(|one| one.period).and_then(text)),
        ("在留期間満了日", foreign.and_then(|one| one.until).and_then(shown)),
    ]);
}

fn removal(facts: &mut Vec<Fact>, person: &Person) {
    let (state, reason, on, to) = match person.state {
        State::Living => ("現存", None, None, None),
        State::Dead(on) => ("除票", Some("死亡"), Some(on), None),
        State::MovedOut(on, to) => ("除票", Some("転出"), Some(on), Some(to)),
    };
    facts.extend([
        ("住民状態", text(state)),
        ("消除事由", reason.and_then(text)),
        ("消除日", on.and_then(shown)),
        ("転出先", to.and_then(shown)),
    ]);
}

fn text(value: &'static str) -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(value))
}

fn owned(value: String) -> Option<Cow<'static, str>> {
    Some(Cow::Owned(value))
}

fn shown(value: impl ToString) -> Option<Cow<'static, str>> {
    owned(value.to_string())
}

fn flag(value: bool) -> Option<Cow<'static, str>> {
    text(if value { "1" } else { "0" })
}
