//! A standard as data against the official spreadsheets that it was taken from, row by row.
//!
//! Columns are found by their headings, so that a new edition with another column still reads. Only
//! facts are compared: names, types, lengths, conditions; no sentence is taken over.

use std::path::PathBuf;

use anyhow::{Context, Result};
use definition::standard::{Interface, Parameter, Standard, StandardItem, StandardType};

use super::xlsx::{self, Sheet};

/// What differs between the standard and its official files, in words; nothing when none is given.
pub fn compare(
    standard: &Standard,
    [items, interface]: [&Option<PathBuf>; 2],
) -> Result<Vec<String>> {
    let mut out = Vec::new();
    if let Some(path) = items {
        let sheets = xlsx::read(path)?;
        let found = sheets.values().find_map(|sheet| table(sheet, "データ項目（ローマ字）"));
        let table = found.with_context(|| format!("{} に項目の表がありません", path.display()))?;
        compare_items(standard, &table, &mut out);
    }
    if let Some(path) = interface {
        let sheets = xlsx::read(path)?;
        let table_of = |heading: &str| sheets.values().find_map(|sheet| table(sheet, heading));
        let own = standard.interfaces.first().context("この標準にはAPIがありません")?;
        for (heading, what) in
            [("パラメータ名", "リクエスト"), ("レスポンスオブジェクト名", "レスポンス")]
        {
            let table = table_of(heading)
                .with_context(|| format!("{} に{what}の表がありません", path.display()))?;
            compare_parameters(own, heading, &table, &mut out);
        }
    }
    Ok(out)
}

/// A table of a sheet: the row of its headings, and the heading of each column.
struct Table<'s> {
    sheet: &'s Sheet,
    headings: Vec<(String, String)>,
    first: u32,
}

/// The table whose headings hold `wanted` beside a type. A heading may stand one row lower, under a
/// wider one; a legend names the same headings, but each in a row of its own.
fn table<'s>(sheet: &'s Sheet, wanted: &str) -> Option<Table<'s>> {
    let (row, cells) = sheet.iter().find(|(_, cells)| {
        [wanted, "データ型"].iter().all(|it| cells.values().any(|text| text == it))
    })?;
    let below = sheet.get(&(row + 1)).into_iter().flatten();
    let short = below.filter(|(_, text)| text.chars().count() <= 4);
    let headings = cells.iter().chain(short);
    let headings = headings.map(|(column, text)| (text.clone(), column.clone())).collect();
    Some(Table { sheet, headings, first: row + 1 })
}

impl Table<'_> {
    fn column(&self, heading: &str) -> Option<&str> {
        let same = |(text, _): &&(String, String)| text.lines().next() == Some(heading);
        self.headings.iter().find(same).map(|(_, column)| column.as_str())
    }

    fn cell(&self, row: u32, heading: &str) -> &str {
        let column = self.column(heading).unwrap_or_default();
        self.sheet.get(&row).and_then(|cells| cells.get(column)).map_or("", String::as_str)
    }

    /// The first cell of a row at or after a column and before another: names that are indented.
    fn between(&self, row: u32, from: &str, to: &str) -> Option<&str> {
        let order = |column: &str| (column.len(), column.to_owned());
        let (from, to) = (order(self.column(from)?), order(self.column(to)?));
        let cells = self.sheet.get(&row)?.iter();
        let mut inside: Vec<_> =
            cells.filter(|(at, _)| order(at) >= from && order(at) < to).collect();
        inside.sort_by_key(|(at, _)| order(at));
        inside.first().map(|(_, text)| text.as_str())
    }

    fn rows(&self) -> impl Iterator<Item = u32> {
        self.sheet.range(self.first..).map(|(row, _)| *row)
    }
}

/// One fact of a row on both sides.
fn differ(out: &mut Vec<String>, name: &str, what: &str, (official, own): (&str, &str)) {
    if official != own {
        out.push(format!("「{name}」の{what}: 原典は「{official}」、標準は「{own}」"));
    }
}

fn mark(is: bool) -> &'static str {
    if is { "○" } else { "" }
}

fn compare_items(standard: &Standard, table: &Table<'_>, out: &mut Vec<String>) {
    let mut own: Vec<&StandardItem> = standard.items().map(|(_, item)| item).collect();
    let mut split = 0;
    for row in table.rows() {
        let romaji = table.cell(row, "データ項目（ローマ字）");
        let serial = table.between(row, "データ項目ID", "データ項目").unwrap_or_default();
        if romaji.is_empty() || !serial.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        split += usize::from(serial.len() != 8);
        let name = table.cell(row, "データ項目");
        match own.iter().position(|item| item.romaji == romaji) {
            None => out.push(format!("「{name}」（{romaji}）が標準にない")),
            Some(index) => compare_item(own.remove(index), table, row, out),
        }
    }
    out.extend(own.iter().map(|item| format!("「{}」（{}）が原典にない", item.name, item.romaji)));
    if split > 0 {
        println!(
            "  参考: 原典は {split} 項目のデータ項目IDを業務の三桁と連番に分けて書いており、\
             凡例の八桁になっていない"
        );
    }
}

fn compare_item(item: &StandardItem, table: &Table<'_>, row: u32, out: &mut Vec<String>) {
    let (name, at) = (item.name.as_str(), |heading: &str| table.cell(row, heading));
    differ(out, name, "名称", (at("データ項目"), name));
    differ(out, name, "型", (at("データ型"), item.kind.word()));
    if item.kind.sized() {
        differ(out, name, "桁数", (at("桁数"), &item.length.to_string()));
    }
    let repeats = if item.repeats > 1 { item.repeats.to_string() } else { String::new() };
    differ(out, name, "繰り返し", (at("繰り返し"), &repeats));
    differ(out, name, "出力条件", (at("データ出力条件"), item.output.word()));
    differ(out, name, "実装類型", (at("実装類型"), mark(item.implement)));
    differ(out, name, "主キー", (at("主キー"), mark(item.key)));
    let coded = item.codes.is_some() || item.own_codes;
    differ(out, name, "コードの有無", (mark(!at("コード").is_empty()), mark(coded)));
}

fn compare_parameters(
    interface: &Interface,
    heading: &str,
    table: &Table<'_>,
    out: &mut Vec<String>,
) {
    let returned = interface.responses.iter().flat_map(|response| &response.parameters);
    let mut own: Vec<&Parameter> = match heading {
        "パラメータ名" => interface.request.parameters.iter().collect(),
        _ => returned.collect(),
    };
    for row in table.rows() {
        let Some(romaji) = table.between(row, heading, "項目名") else { continue };
        let kind = table.cell(row, "データ型");
        // What wraps the values (メタデータ, リンク, エラー) is no data: it has no item.
        if StandardType::of(kind).is_none() || ENVELOPE.contains(&romaji) {
            continue;
        }
        match own.iter().position(|parameter| parameter.romaji == romaji) {
            None => out.push(format!("引数「{romaji}」が標準にない")),
            Some(index) => {
                let parameter = own.remove(index);
                let (name, at) = (parameter.name.as_str(), |it: &str| table.cell(row, it));
                differ(out, name, "項目名", (at("項目名"), name));
                differ(out, name, "型", (kind, parameter.kind.word()));
                if parameter.kind.sized() {
                    differ(out, name, "桁数", (at("桁数"), &parameter.length.to_string()));
                }
                differ(out, name, "必須", (mark(at("必須") == "◎"), mark(parameter.required)));
            }
        }
    }
    out.extend(own.iter().map(|one| format!("引数「{}」が原典にない", one.romaji)));
}

/// Names of the envelope of every response.
const ENVELOPE: &[&str] = &["title", "detail", "href", "code", "message"];
