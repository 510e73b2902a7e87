//! 項目定義書: the items with their groups, and the code lists beside them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use definition::model::{CodeEntry, CodeList};
use definition::standard::{Group, Output, Standard, StandardItem, StandardType};

use super::table::{Table, below, table};
use super::{Official, at_line, condition, shown, special};
use crate::xlsx::Sheet;

const ROMAJI: &str = "データ項目（ローマ字）";
/// コードID of 自治体固有コード.
const OWN_CODES: u32 = 999;

/// Reads every sheet with items; code lists first, for items name them.
pub(super) fn read(
    path: &Path,
    sheets: &BTreeMap<String, Sheet>,
    official: &mut Official,
) -> Result<()> {
    let file = shown(path);
    let mut lists = BTreeMap::new();
    for sheet in sheets.values() {
        if let Some(table) = table(sheet, &["コードID", "コード値"]) {
            if let Some(name) = below(sheet, "業務名") {
                official.standard.name = name.to_owned();
            }
            codes(&table, &file, &mut lists, official);
        }
    }
    for sheet in sheets.values() {
        if let Some(table) = table(sheet, &[ROMAJI, "データ型"]) {
            for row in table.rows().filter(|row| is_item(&table, *row)) {
                item(&table, (&file, row), &lists, official);
            }
        }
    }
    if official.standard.items().next().is_none() {
        bail!("{} に項目の表がありません", path.display());
    }
    official.standard.place = at_line(&file, 1);
    Ok(())
}

/// Rows of items have a romaji; the last row of the sheet only marks its end.
fn is_item(table: &Table<'_>, row: u32) -> bool {
    !table.cell(row, ROMAJI).is_empty() && !table.cell(row, "データ型").is_empty()
}

/// コード一覧: identifier and name stand in the first row of a list only.
fn codes(
    table: &Table<'_>,
    file: &str,
    lists: &mut BTreeMap<u32, String>,
    official: &mut Official,
) {
    let mut current = String::new();
    for row in table.rows() {
        let (id, name) = (table.cell(row, "コードID"), table.cell(row, "コード名"));
        if !id.is_empty() {
            match id.parse() {
                Ok(id) => drop(lists.insert(id, name.to_owned())),
                Err(_) => official.unread.push(format!("{file}:{row} コードID「{id}」")),
            }
            current = name.to_owned();
        }
        let code = table.cell(row, "コード値");
        // What a body sets itself has no values here.
        if current.is_empty() || code.is_empty() || code == "任意" {
            continue;
        }
        let entry = CodeEntry {
            code: code.to_owned(),
            name: table.cell(row, "コード値の内容").to_owned(),
            name_en: String::new(),
        };
        let list = CodeList { name: current.clone(), entries: Vec::new() };
        official.standard.codes.entry(current.clone()).or_insert(list).entries.push(entry);
    }
}

fn item(
    table: &Table<'_>,
    (file, row): (&str, u32),
    lists: &BTreeMap<u32, String>,
    official: &mut Official,
) {
    let at = |heading: &str| table.cell(row, heading);
    let (number, split) = number(&table.between(row, "データ項目ID", "データ項目"));
    let mut unread = |what: &str, text: &str| {
        official.unread.push(format!("{file}:{row}「{}」の{what}「{text}」", at("データ項目")));
    };
    if number.is_none() {
        unread("データ項目ID", &table.between(row, "データ項目ID", "データ項目").join(" "));
    }
    let kind = StandardType::of(at("データ型"));
    if kind.is_none() {
        unread("データ型", at("データ型"));
    }
    let kind = kind.unwrap_or(StandardType::HalfWidth);
    let mut whole = |heading: &str, none: u32| match at(heading) {
        "" => none,
        text => text.parse().unwrap_or_else(|_| {
            unread(heading, text);
            none
        }),
    };
    let length = if kind.sized() { whole("桁数", 0) } else { 0 };
    let repeats = whole("繰り返し", 1);
    let output = output(at("データ出力条件"));
    if output.is_none() {
        unread("データ出力条件", at("データ出力条件"));
    }
    let list = at("コード").parse::<u32>().ok();
    let codes = list.and_then(|id| lists.get(&id)).filter(|_| list != Some(OWN_CODES));
    if !at("コード").is_empty() && codes.is_none() && list != Some(OWN_CODES) {
        unread("コード", at("コード"));
    }
    let output = output.unwrap_or(Output::Optional);
    let told = at("項目説明");
    let item = StandardItem {
        number: number.unwrap_or_default(),
        name: at("データ項目").to_owned(),
        romaji: at(ROMAJI).to_owned(),
        kind,
        length,
        uncertain: kind == StandardType::Date && told.contains("不詳日を許容する"),
        codes: codes.cloned(),
        own_codes: list == Some(OWN_CODES),
        repeats,
        output,
        when: condition(told),
        implement: at("実装類型") == "○",
        key: at("主キー") == "○",
        secret: false,
        special: special(told, length),
        place: at_line(file, row),
    };
    official.split += usize::from(split);
    keep(&mut official.standard, at("グループ"), item);
}

fn keep(standard: &mut Standard, group: &str, item: StandardItem) {
    if standard.id.is_empty() {
        standard.id = item.number.chars().take(3).collect();
    }
    match standard.groups.iter_mut().find(|one| one.name == group) {
        Some(found) => found.items.push(item),
        None => {
            let (name, items) = (group.to_owned(), vec![item]);
            standard.groups.push(Group { name, name_en: String::new(), items });
        }
    }
}

/// データ項目ID: eight digits, or the business and a serial in two cells.
fn number(cells: &[&str]) -> (Option<String>, bool) {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match cells {
        [whole] if whole.len() == 8 && digits(whole) => (Some((*whole).to_owned()), false),
        [business, serial]
            if business.len() == 3 && serial.len() <= 5 && digits(business) && digits(serial) =>
        {
            (Some(format!("{business}{serial:0>5}")), true)
        }
        _ => (None, false),
    }
}

fn output(word: &str) -> Option<Output> {
    [Output::Must, Output::Conditional, Output::Optional].into_iter().find(|it| it.word() == word)
}
