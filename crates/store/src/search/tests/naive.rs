//! What a search must find: a filter over every row, in the order that is promised.

use std::collections::HashMap;

use base::date::{FOREVER, LooseDate};
use definition::model::Search;

use super::world::{World, key};
use crate::connect::Client;
use crate::register::{RowWrite, Table};
use crate::search::{Criterion, fold, leading, search};
use crate::value::{ItemValue, RowMeta, record_open};

/// A row of the register from its texts after the key.
pub(super) fn row(number: usize, texts: &[Option<&str>; 7]) -> RowWrite {
    let text = |at: usize| texts[at].map(|text| ItemValue::Text(text.to_owned()));
    let date = texts[4].map(|text| ItemValue::Date(super::date(text)));
    let key = Some(ItemValue::Text(key(number)));
    let values = vec![key, text(0), text(1), text(2), text(3), date, text(5), text(6)];
    let meta = RowMeta {
        version_no: 1,
        valid_from: "2020-01-01".parse().unwrap(),
        valid_to: FOREVER,
        recorded_from: "2020-01-01T00:00:00Z".parse().unwrap(),
        recorded_to: record_open(),
        event_id: 1,
        reason: String::new(),
        closed_on: None,
    };
    RowWrite { values, meta }
}

/// The place of a row in the order of a criterion; `None` when it does not meet it.
fn hit(table: Table<'_>, row: &RowWrite, criterion: &Criterion) -> Option<String> {
    let items = || table.register.items.iter().zip(&row.values);
    let text_of = |name: &str| {
        let (_, value) = items().find(|(item, _)| item.name == name)?;
        value.as_ref().and_then(ItemValue::as_text)
    };
    let own = text_of("番号").unwrap_or_default();
    let is = |name: &str, text: &str| (text_of(name) == Some(text)).then(|| own.to_owned());
    match criterion {
        Criterion::Key(key) => is("番号", key),
        Criterion::Exact(name, text) | Criterion::Secret(name, text) => is(name, text),
        Criterion::Prefix(kind, text) => {
            let begin = fold(*kind, text).filter(|begin| !begin.is_empty())?;
            let folded = items().filter(|(item, _)| item.search == Some(*kind));
            let keys = folded.map(|(_, value)| fold(*kind, value.as_ref()?.as_text()?));
            let meets = |(at, key): (usize, Option<String>)| {
                Some(format!("{at} {}", key.filter(|key| key.starts_with(&begin))?))
            };
            keys.enumerate().find_map(meets)
        }
        Criterion::Date(wanted) => items().find_map(|(item, value)| match value {
            Some(ItemValue::Date(date)) if item.search == Some(Search::Date) => {
                let known = *wanted != LooseDate::UNKNOWN || date.certain().is_none();
                let place = date.effective().map_or("~".to_owned(), |day| day.to_string());
                (known && date.matches(wanted)).then_some(place)
            }
            _ => None,
        }),
    }
}

/// Asks and compares; tells how many rows were found.
pub(super) async fn check(
    world: &World,
    client: &Client,
    rows: &[RowWrite],
    criteria: &[Criterion],
    limit: i64,
) -> usize {
    let table = world.table();
    let vault = world.office.vault().ok();
    let found = search(&***client, table, criteria, limit, vault).await.unwrap();
    let found: Vec<String> = found.iter().map(|row| table.key_of(row).to_owned()).collect();
    let mut expected: Vec<(String, String)> = Vec::new();
    for row in rows.iter().filter(|_| !criteria.is_empty()) {
        let hits: Option<Vec<String>> = criteria.iter().map(|it| hit(table, row, it)).collect();
        let own = row.values[0].as_ref().and_then(ItemValue::as_text).unwrap_or_default();
        expected.extend(hits.map(|hits| (hits[leading(criteria)].clone(), own.to_owned())));
    }
    expected.sort();
    let place: HashMap<&str, &str> =
        expected.iter().map(|(hit, key)| (key.as_str(), hit.as_str())).collect();
    let places: Option<Vec<(&str, &str)>> =
        found.iter().map(|key| Some((*place.get(key.as_str())?, key.as_str()))).collect();
    let places = places.unwrap_or_else(|| panic!("{criteria:?} {limit}: too many: {found:?}"));
    let mut once = places.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once, places, "{criteria:?} {limit}: once and in order");
    let hits = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        hits(places.iter().map(|place| place.0).collect()),
        hits(expected.iter().map(|row| row.0.as_str()).take(limit as usize).collect()),
        "{criteria:?} {limit}: as many, none skipped"
    );
    found.len()
}
