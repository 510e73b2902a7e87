//! The union of limited scans against a filter over all rows, and its plans at volume, both on a
//! real PostgreSQL.

mod naive;
mod world;

use base::date::LooseDate;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use self::naive::{check, row};
use self::world::World;
use super::{Criterion, question};
use crate::register::open_many;
use definition::model::Search;

const NAMES: [&str; 9] = [
    "佐藤　健",
    "佐藤　健一",
    "齋藤　さくら",
    "斉藤 サクラ",
    "渡邊　健",
    "渡辺　一ノ瀬",
    "髙橋",
    "ＮＧＵＹＥＮ　ＶＡＮ",
    "佐々木　一ヶ瀬",
];
const KANA: [&str; 8] = [
    "サトウ　ケン",
    "サトオ　ケンイチ",
    "サイトウ　サクラ",
    "ワタナベ　ケン",
    "タカハシ",
    "ハヂメ",
    "ハジメ　ジョージ",
    "サ",
];
const DATES: [&str; 12] = [
    "1980-04-01",
    "1980-04-02",
    "1981-01-01",
    "1912-07-30",
    "明治45年7月30日",
    "昭和55年4月日不詳",
    "1980年月日不詳",
    "1979年頃",
    "昭和55年春",
    "昭和年月日不詳",
    "2020年月日不詳",
    "年月日不詳",
];
const PLACES: [&str; 5] = [
    "見本県雲居市東一丁目1番2号",
    "見本県雲居市東一丁目1番3号",
    "見本県雲居市西ヶ丘1-2",
    "見本県雲居市西ケ丘１２",
    "見本県暁町",
];
const SECRETS: [&str; 3] = ["123456789012", "000000000000", "999999999999"];

type Values = (usize, [Option<&'static str>; 7]);

fn values() -> impl Strategy<Value = [Option<&'static str>; 7]> {
    let maybe = |list: &'static [&'static str]| prop::option::weighted(0.3, select(list));
    let (name, kana) = (select(&NAMES[..]), prop::option::weighted(0.9, select(&KANA[..])));
    let (day, place) = (select(&DATES[..]), select(&PLACES[..]));
    let rest = (maybe(&NAMES), maybe(&KANA), maybe(&SECRETS));
    (name, kana, day, place, rest).prop_map(|(name, kana, day, place, (alias, sound, secret))| {
        [Some(name), alias, kana, sound, Some(day), Some(place), secret]
    })
}

/// The beginning of a text, as somebody types it.
fn typed(list: &'static [&'static str]) -> impl Strategy<Value = String> {
    let text = (select(list), 1..12_usize, any::<bool>());
    text.prop_map(|(text, length, half)| {
        let begin: String = text.chars().take(length).collect();
        if half { begin.replace('\u{3000}', " ") } else { begin }
    })
}

fn criterion() -> impl Strategy<Value = Criterion> {
    let exact = |name: &str, text: &str| Criterion::Exact(name.to_owned(), text.to_owned());
    let secret = |text: &str| Criterion::Secret("秘密".to_owned(), text.to_owned());
    prop_oneof![
        4 => typed(&KANA).prop_map(|text| Criterion::Prefix(Search::Kana, text)),
        4 => typed(&NAMES).prop_map(|text| Criterion::Prefix(Search::Name, text)),
        3 => typed(&PLACES).prop_map(|text| Criterion::Prefix(Search::Address, text)),
        4 => select(&DATES[..]).prop_map(|text| Criterion::Date(date(text))),
        1 => select(&NAMES[..]).prop_map(move |text| exact("名前", text)),
        1 => select(&SECRETS[..]).prop_map(secret),
        1 => (0..700_usize).prop_map(|number| Criterion::Key(world::key(number))),
    ]
}

#[track_caller]
fn date(text: &str) -> LooseDate {
    LooseDate::parse_recorded(text).expect(text)
}

#[tokio::test]
async fn finds_what_a_filter_over_all_rows_finds() {
    let world = World::new().await;
    let mut runner = TestRunner::deterministic();
    let rows: Vec<Values> = (0..700)
        .map(|number| (number, values().new_tree(&mut runner).unwrap().current()))
        .collect();
    let client = world.office.client().await.unwrap();
    let written: Vec<_> = rows.iter().map(|(number, values)| row(*number, values)).collect();
    open_many(&**client, world.table(), &written, world.office.vault().ok()).await.unwrap();
    let asked = (prop::collection::vec(criterion(), 0..4), select(&[1_i64, 3, 51, 1_000][..]));
    let mut found = 0;
    for _ in 0..400 {
        let (criteria, limit) = asked.new_tree(&mut runner).unwrap().current();
        found += usize::from(check(&world, &client, &written, &criteria, limit).await > 0);
    }
    // A comparison of nothing with nothing says little.
    assert!(found > 120, "{found} of 400 questions had an answer");
}

/// Kinds of questions; every one must be answered from indexes.
fn questions() -> Vec<(&'static str, Vec<Criterion>)> {
    let kana = |text: &str| Criterion::Prefix(Search::Kana, text.to_owned());
    let name = |text: &str| Criterion::Prefix(Search::Name, text.to_owned());
    let place = |text: &str| Criterion::Prefix(Search::Address, text.to_owned());
    let on = |text: &str| Criterion::Date(date(text));
    let exact = |text: &str| Criterion::Exact("名前".to_owned(), text.to_owned());
    vec![
        ("key", vec![Criterion::Key(world::key(77))]),
        ("secret", vec![Criterion::Secret("秘密".to_owned(), SECRETS[0].to_owned())]),
        ("exact", vec![exact("佐藤　健")]),
        ("all kana", vec![kana("サ")]),
        ("kana", vec![kana("サトウ 12")]),
        ("no kana", vec![kana("ンン")]),
        ("all kanji", vec![name("佐")]),
        ("kanji", vec![name("佐藤 12")]),
        ("all places", vec![place("見本県")]),
        ("place", vec![place("見本県雲居市12番")]),
        ("day", vec![on("1980-04-01")]),
        ("year", vec![on("1980年月日不詳")]),
        ("unknown", vec![on("年月日不詳")]),
        ("kana and day", vec![kana("サ"), on("1980-04-01")]),
        ("kana and year", vec![kana("サトウ"), on("1980年月日不詳")]),
        ("kana and no year", vec![kana("サ"), on("1890年月日不詳")]),
        ("kanji and place", vec![name("佐藤"), place("見本県雲居市12番")]),
        ("kanji and all places", vec![name("佐藤"), place("見本県")]),
        ("kana, kanji and place", vec![kana("サ"), name("佐"), place("見本県雲居市1")]),
        ("kana, day and place", vec![kana("サ"), on("1980-04-01"), place("見本県")]),
        ("exact and day", vec![exact("佐藤　健"), on("1980-04-01")]),
    ]
}

#[tokio::test]
async fn no_question_reads_the_whole_table() {
    let world = World::new().await;
    world.fill(60_000).await;
    assert_eq!(whole_scans(&world).await, "");
    // The look at the plans sees what is wrong: without an index there is only the whole table.
    world.behind("drop index things.thing_hi_vague").await;
    assert!(whole_scans(&world).await.contains("kana and day"));
}

/// The kinds of questions whose plan reads the whole table, with these plans.
async fn whole_scans(world: &World) -> String {
    let client = world.office.client().await.unwrap();
    let mut whole = Vec::new();
    for (kind, criteria) in questions() {
        let vault = world.office.vault().ok();
        let asked = question(&**client, world.table(), &criteria, 51, vault).await.unwrap();
        let (sql, bound) = asked.expect(kind);
        let explain = format!("explain {sql}");
        let lines = client.query_typed(&explain, &bound.parameters()).await.unwrap();
        let plan: Vec<String> = lines.iter().map(|line| line.get(0)).collect();
        let plan = plan.join("\n");
        if plan.contains("Seq Scan") || !plan.contains("Index") {
            whole.push(format!("{kind}\n{plan}"));
        }
    }
    whole.join("\n\n")
}
