//! Every cohort is where its list says, already in a village of 1,000.

use expect_test::expect;
use population::{Birth, Cohort, FACT_NAMES, Fact, FactRow, Household, Person, State};

use super::{TODAY, village};

fn find(cohort: Cohort) -> (Household, Person) {
    let (household, member) = village().cohort(cohort).expect("in a village of 1,000");
    let person = household.members[member].clone();
    (household, person)
}

#[test]
fn every_cohort_shows_its_trait() {
    for cohort in Cohort::ALL {
        let (household, person) = find(cohort);
        assert_eq!(Cohort::at(household.index), Some(cohort));
        assert!(shows(cohort, &household, &person), "{cohort:?}: {person:#?}");
    }
}

fn shows(cohort: Cohort, household: &Household, person: &Person) -> bool {
    let birth = person.birth.to_string();
    let uncertain = matches!(person.birth, Birth::Uncertain { .. });
    match cohort {
        Cohort::BornFirstOfApril => birth.ends_with("-04-01") && person.age(TODAY) < 15,
        Cohort::BornLeapDay => birth.ends_with("-02-29"),
        Cohort::BornMeiji => birth.as_str() < "1912-07-30",
        Cohort::BornTaisho => ("1912-07-30".."1926-12-25").contains(&birth.as_str()),
        Cohort::DayUnknown => uncertain && birth.ends_with("月日不詳"),
        Cohort::MonthUnknown => uncertain && birth.ends_with("年月日不詳"),
        Cohort::BirthUnknown => birth == "年月日不詳",
        Cohort::Alias => person.alias.is_some() && person.foreign.is_some(),
        Cohort::FormerName => person.former_family.is_some() && person.relationship == "妻",
        Cohort::Protected => household.members.iter().all(|one| one.protected),
        Cohort::LargeHousehold => household.members.len() == 22,
        Cohort::Twins => household.members[2].birth == household.members[3].birth,
        Cohort::NoFamilyRegister => person.registry.is_none() && person.foreign.is_none(),
        Cohort::NoFixedAddress => {
            person.arrival.from.is_some_and(|from| from.to_string() == "住所不定")
        }
        Cohort::LongName => person.name.full().chars().count() == 100,
        Cohort::Tsuji => person.name.family == "辻\u{E0100}",
        Cohort::Katsuragi => person.name.family.contains("葛\u{E0101}"),
        Cohort::Watanabe => person.name.family.contains("邉\u{E010F}"),
        Cohort::NominalHead => household.nominal_head,
        Cohort::SpecificSameHousehold => {
            person.age(TODAY) >= 75 && household.members[1].age(TODAY) < 75
        }
        Cohort::UnregisteredSpouse => person.relationship == "妻（未届）",
        Cohort::RemovedByDeath => matches!(person.state, State::Dead(_)),
        Cohort::MovedOut => matches!(person.state, State::MovedOut(..)),
    }
}

#[test]
fn a_small_population_lacks_the_later_cohorts() {
    let tiny = population::Population::new(1, super::organisation("霞村"), 50, TODAY);
    assert!(tiny.cohort(Cohort::MovedOut).is_none());
    assert_eq!(super::people(&tiny).count(), 50);
}

#[test]
fn the_facts_of_a_person() {
    let (household, person) = find(Cohort::FormerName);
    let mut text = String::new();
    for (name, value) in FACT_NAMES.iter().zip(facts(&household, &person)) {
        let shown = if value.is_empty() { "-" } else { &value };
        text.push_str(&format!("{name}: {shown}\n"));
    }
    expect![[r#"
        氏名: 井上　良笑
        氏名_振り仮名: イノウエ　ヨシエ
        氏: 井上
        名: 良笑
        氏_振り仮名: イノウエ
        名_振り仮名: ヨシエ
        旧氏: 佐藤
        旧氏_振り仮名: サトウ
        通称: -
        通称_振り仮名: -
        生年月日: 1987-05-17
        生年月日_不詳フラグ: 0
        年齢: 39
        性別: 2
        個人番号: 515846204321
        住民票コード: 52941720450
        世帯番号: 90
        世帯員番号: 1
        世帯主: 0
        世帯主氏名: 井上　遥汰
        続柄: 妻
        擬制世帯主: 0
        支援措置: 0
        本籍: 新潟県柏崎市小黒須２０４１番地
        筆頭者: 井上　遥汰
        筆頭者_振り仮名: イノウエ　ヨウタ
        住民となった日: 2006-10-13
        住民となった事由: 転入
        住所を定めた日: 2024-01-08
        住所: 見本県霞郡霞村大字小春２２５１番地６
        都道府県: 見本県
        市区郡町村名: 霞郡霞村
        市区町村コード: 993018
        町字: 大字小春
        町字コード: 0008000
        番地号表記: ２２５１番地６
        方書: -
        郵便番号: 9999008
        前住所: 北海道宗谷郡猿払村豊里１６２２番地１０
        国籍・地域: 日本
        外国人住民: 0
        第三十条の四十五に規定する区分: -
        在留資格: -
        在留期間: -
        在留期間満了日: -
        住民状態: 現存
        消除事由: -
        消除日: -
        転出先: -
    "#]]
    .assert_eq(&text);
}

#[test]
fn every_person_has_every_fact() {
    let unique: std::collections::HashSet<_> = FACT_NAMES.iter().collect();
    assert_eq!(unique.len(), FACT_NAMES.len());
    for cohort in Cohort::ALL {
        let (household, person) = find(cohort);
        let always = [Fact::Name, Fact::Birth, Fact::Address, Fact::State, Fact::HeadName];
        let facts = facts(&household, &person);
        assert!(always.iter().all(|fact| !facts[*fact as usize].is_empty()), "{cohort:?}");
    }
}

/// The facts of a person in order; fails when one was not written.
fn facts(household: &Household, person: &Person) -> Vec<String> {
    let (mut text, mut spans) = (String::new(), vec![(u32::MAX, u32::MAX); FACT_NAMES.len()]);
    let mut row = FactRow::new(&mut text, &mut spans);
    population::facts(person, household, TODAY, &mut row);
    spans.iter().map(|span| text[span.0 as usize..span.1 as usize].to_owned()).collect()
}

#[test]
fn seven_hundred_people_hold_every_cohort() {
    for seed in 0..100 {
        let small = population::Population::new(seed, super::organisation("霞村"), 700, TODAY);
        assert!(Cohort::ALL.iter().all(|cohort| small.cohort(*cohort).is_some()), "seed {seed}");
    }
}
