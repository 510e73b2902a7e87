//! API仕様書: what is sent, what comes back, and what is laid down about time and errors.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use definition::standard::{
    ErrorKind, Interface, InterfaceError, Message, Parameter, Response, StandardType,
};

use super::table::{Table, below, beside, table};
use super::{Official, at_line, condition, shown, special};
use crate::xlsx::Sheet;

/// Names of the envelope of every response: what wraps the values is no data.
const ENVELOPE: &[&str] = &["title", "detail", "href", "code", "message"];

/// What is read beside a table.
struct Book<'b> {
    file: String,
    sheets: &'b BTreeMap<String, Sheet>,
    /// The romaji of the groups' keys: parameters before one only direct the call.
    keys: Vec<String>,
}

/// Reads the one interface of the file.
pub(super) fn read(
    path: &Path,
    sheets: &BTreeMap<String, Sheet>,
    official: &mut Official,
) -> Result<()> {
    let keyed = official.standard.items().filter(|(_, item)| item.key);
    let keys = keyed.map(|(_, item)| item.romaji.clone()).collect();
    let book = Book { file: shown(path), sheets, keys };
    let part = |heading: &str, what: &str| {
        let sheet = sheets.values().find(|sheet| table(sheet, &[heading, "データ型"]).is_some());
        sheet.with_context(|| format!("{} に{what}の表がありません", path.display()))
    };
    let request = part("パラメータ名", "リクエスト")?;
    let response = part("レスポンスオブジェクト名", "レスポンス")?;
    let text = |sheet: Option<&str>| sheet.unwrap_or_default().to_owned();
    let calls = sheets.values().find_map(|sheet| table(sheet, &["APIコール名", "操作種類"]));
    let call = calls.and_then(|table| {
        let row = table.rows().next()?;
        Some((table.cell(row, "APIコール名").to_owned(), table.cell(row, "操作種類").to_owned()))
    });
    let (call, operation) = call.unwrap_or_default();
    let (timeout_seconds, timeout_binding) = timeout(&book);
    let interface = Interface {
        id: String::new(),
        name: text(below(request, "仕様名")),
        version: version(&book),
        source: book.file.clone(),
        call,
        operation,
        group: official.standard.groups.first().map_or_else(String::new, |it| it.name.clone()),
        timeout_seconds,
        timeout_binding,
        retry_limit: retries(&book),
        concurrency: said(&book, &["同時に", "排他"]),
        request: Message {
            id: text(beside(request, "リクエストID")),
            parameters: parameters(request, "パラメータ名", &book, official),
        },
        responses: responses(response, &book, official),
        errors: errors(response, &book, official),
        place: at_line(&book.file, 1),
    };
    official.standard.interfaces.push(interface);
    Ok(())
}

fn cells<'b>(book: &Book<'b>) -> impl Iterator<Item = &'b str> {
    book.sheets.values().flat_map(|sheet| sheet.values().flat_map(BTreeMap::values)).map(|it| &**it)
}

/// 第2.0版 → 2.0.
fn version(book: &Book<'_>) -> String {
    let edition = |text: &'_ str| {
        let number = text.strip_prefix('第')?.strip_suffix('版')?;
        let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        (plain && !number.is_empty()).then(|| number.to_owned())
    };
    cells(book).find_map(edition).unwrap_or_default()
}

/// The digits right before `mark`.
fn digits_before(text: &str, mark: &str) -> Option<u32> {
    let before = &text[..text.find(mark)?];
    let kept = before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    before[kept..].parse().ok()
}

/// The seconds until a call is given up, and whether they are more than a guide.
fn timeout(book: &Book<'_>) -> (u32, bool) {
    let found = cells(book).filter(|text| text.contains("タイムアウトとなる"));
    let mut found = found.filter_map(|text| Some((digits_before(text, "秒")?, text)));
    found.next().map_or((0, false), |(seconds, text)| (seconds, !text.contains("目安")))
}

fn retries(book: &Book<'_>) -> Option<u32> {
    let told = cells(book).filter(|text| text.contains("再依頼") || text.contains("再送"));
    told.filter_map(|text| digits_before(text, "回")).next()
}

fn said(book: &Book<'_>, words: &[&str]) -> Option<String> {
    cells(book).find(|text| words.iter().any(|word| text.contains(word))).map(str::to_owned)
}

fn parameters(
    sheet: &Sheet,
    heading: &str,
    book: &Book<'_>,
    official: &mut Official,
) -> Vec<Parameter> {
    let Some(table) = table(sheet, &[heading, "データ型"]) else { return Vec::new() };
    let rows: Vec<u32> = table.rows().collect();
    rows_read(&table, heading, &rows, book, official)
}

fn rows_read(
    table: &Table<'_>,
    heading: &str,
    rows: &[u32],
    book: &Book<'_>,
    official: &mut Official,
) -> Vec<Parameter> {
    let named = |row: u32| table.between(row, heading, "項目名").first().copied();
    let mut out: Vec<Parameter> = Vec::new();
    for row in rows {
        let (Some(romaji), word) = (named(*row), table.cell(*row, "データ型")) else {
            continue;
        };
        if word.is_empty() || WRAPPING.contains(&plain(word).as_str()) || ENVELOPE.contains(&romaji)
        {
            continue;
        }
        match StandardType::of(word) {
            Some(kind) => out.push(parameter(table, (romaji, kind), *row, (book, official))),
            None => official.unread.push(format!(
                "{}:{row}「{}」のデータ型「{word}」",
                book.file,
                table.cell(*row, "項目名")
            )),
        }
    }
    if let Some(at) = out.iter().position(|one| book.keys.contains(&one.romaji)) {
        out[..at].iter_mut().for_each(|one| one.control = true);
    }
    out
}

/// Words for what only holds others together.
const WRAPPING: &[&str] = &["構造化", "配列構造化", "-"];

fn plain(word: &str) -> String {
    word.split_whitespace().collect()
}

fn parameter(
    table: &Table<'_>,
    (romaji, kind): (&str, StandardType),
    row: u32,
    (book, official): (&Book<'_>, &mut Official),
) -> Parameter {
    let at = |heading: &str| table.cell(row, heading);
    let length = match kind.sized().then(|| at("桁数").parse()) {
        None => 0,
        Some(Ok(length)) => length,
        Some(Err(_)) => {
            let (file, name, text) = (&book.file, at("項目名"), at("桁数"));
            official.unread.push(format!("{file}:{row}「{name}」の桁数「{text}」"));
            0
        }
    };
    Parameter {
        name: at("項目名").to_owned(),
        romaji: romaji.to_owned(),
        kind,
        length,
        required: at("必須") == "◎",
        when: condition(at("備考")),
        repeats: 1,
        special: special(at("備考"), length),
        control: false,
        place: at_line(&book.file, row),
    }
}

/// One part of the table for each status: it begins with a row that names it.
fn responses(sheet: &Sheet, book: &Book<'_>, official: &mut Official) -> Vec<Response> {
    const HEADING: &str = "レスポンスオブジェクト名";
    const STATUS: &str = "HTTPステータスコード：";
    let Some(table) = table(sheet, &[HEADING, "データ型"]) else { return Vec::new() };
    let status = |row: u32| -> Option<u16> {
        let text = sheet.get(&row)?.values().find(|text| text.starts_with('■'))?;
        let after = &text[text.find(STATUS)? + STATUS.len()..];
        after.get(..3)?.parse().ok()
    };
    let mut parts: Vec<(u16, u32, Vec<u32>)> = Vec::new();
    for row in table.rows() {
        match (status(row), parts.last_mut()) {
            (Some(status), _) => parts.push((status, row, Vec::new())),
            (None, Some((.., rows))) => rows.push(row),
            (None, None) => {}
        }
    }
    let mut id = beside(sheet, "レスポンスID").map(str::to_owned);
    let part = |(status, row, rows): (u16, u32, Vec<u32>)| Response {
        status,
        id: id.take(),
        parameters: rows_read(&table, HEADING, &rows, book, official),
        errors: rows.iter().any(|row| {
            table.between(*row, HEADING, "項目名").first().is_some_and(|name| *name == "code")
        }),
        place: at_line(&book.file, row),
    };
    parts.into_iter().map(part).collect()
}

fn errors(sheet: &Sheet, book: &Book<'_>, official: &mut Official) -> Vec<InterfaceError> {
    const KINDS: &[(&str, ErrorKind)] = &[
        ("必須", ErrorKind::Missing),
        ("文字", ErrorKind::Characters),
        ("桁数", ErrorKind::Length),
        ("相関", ErrorKind::Relation),
    ];
    let Some(table) = table(sheet, &["エラーコード", "エラー名"]) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for row in table.rows() {
        let (code, name) = (table.cell(row, "エラーコード"), table.cell(row, "エラー名"));
        if code.is_empty() {
            continue;
        }
        match KINDS.iter().find(|(word, _)| name.contains(word)) {
            Some((_, kind)) => out.push(InterfaceError {
                code: code.to_owned(),
                name: name.to_owned(),
                kind: *kind,
                place: at_line(&book.file, row),
            }),
            None => official.unread.push(format!("{}:{row} エラー名「{name}」", book.file)),
        }
    }
    out
}
