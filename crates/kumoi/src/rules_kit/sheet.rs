//! A decision table on a sheet: its head above (what it says of itself in two columns), the grid
//! below, notes to the right. Judges nothing of what stands in the cells.

use anyhow::{Context, Result, bail};
use rules::law::{HEAD_KEYS, Places, WrittenRow, WrittenTable};

use crate::xlsx::write::{Look, Page, workbook};
use crate::xlsx::{self, Cell, Cells, Kind, letters};

/// The name of the sheet.
const SHEET: &str = "判定表";
/// Before the rule's name.
const RULE: &str = "規則";
/// Before a line of the head without a key, and over the notes of rows.
const NOTE: &str = "注";

/// The table of the rule `stem` as a spreadsheet.
pub fn write(stem: &str, table: &WrittenTable) -> Result<Vec<u8>> {
    let pair = |key: &str, value: &str| {
        vec![(key.to_owned(), Look::Heading), (value.to_owned(), Look::Plain)]
    };
    let mut rows = vec![pair(RULE, stem)];
    for line in &table.head {
        let keyed = HEAD_KEYS.iter().find_map(|key| {
            let value = line.strip_prefix(key)?.strip_prefix(": ")?;
            Some(pair(key, value))
        });
        rows.push(keyed.unwrap_or_else(|| pair(NOTE, line)));
    }
    rows.push(Vec::new());
    let heads = table.columns.iter().map(String::as_str).chain([NOTE]);
    rows.push(heads.map(|text| (text.to_owned(), Look::Heading)).collect());
    let frozen = rows.len();
    let plain = |text: &String| (text.clone(), Look::Plain);
    for row in &table.rows {
        let notes = row.notes.join("\n");
        rows.push(row.cells.iter().chain([&notes]).map(plain).collect());
    }
    for note in &table.end {
        let empty = table.columns.iter().map(|_| (String::new(), Look::Plain));
        rows.push(empty.chain([plain(note)]).collect());
    }
    workbook(&Page { name: SHEET, rows, frozen })
}

/// What stands on a sheet: the rule's name, its table, the places of the cells.
pub type Taken = (String, WrittenTable, Places);

/// Reads the table of a spreadsheet; what is wrong is said with its cell.
pub fn read(bytes: &[u8]) -> Result<Taken> {
    let sheets = xlsx::sheets(bytes, xlsx::SMALL).context("表（.xlsx）として読めません")?;
    let named = sheets.iter().find(|(name, _)| name == SHEET);
    let with_grid: Vec<_> = sheets.iter().filter(|(_, cells)| grid(cells).is_some()).collect();
    let (_, cells) = match (named, with_grid.as_slice()) {
        (Some(named), _) => named,
        (None, [only]) => only,
        (None, []) => bail!("→ の欄のあるシートがありません。書き出した表を使ってください"),
        (None, _) => {
            bail!("→ の欄のあるシートが二つ以上あります。一つを「{SHEET}」と名付けてください")
        }
    };
    let (header, arrow) = grid(cells).context("見出しの行（最後の欄が →）がありません")?;
    let (stem, head) = head(cells, header)?;
    let columns: Vec<String> =
        (1..=arrow).map(|column| text(cells, header, column)).collect::<Result<_>>()?;
    let mut places = Places { columns: row_places(header, arrow), rows: Vec::new() };
    let mut table = WrittenTable { head, columns, ..WrittenTable::default() };
    let mut notes = Vec::new();
    for (row, filled) in cells.range(header + 1..) {
        if let Some((column, _)) = filled.range(arrow + 2..).next() {
            bail!("{}{row}: 表の右に余分な欄があります。消してください", letters(*column));
        }
        let note = text(cells, *row, arrow + 1)?;
        notes.extend(note.lines().map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned));
        if filled.range(..=arrow).next().is_none() {
            continue;
        }
        let own: Result<Vec<String>> =
            (1..=arrow).map(|column| text(cells, *row, column)).collect();
        table.rows.push(WrittenRow { cells: own?, notes: std::mem::take(&mut notes) });
        places.rows.push(row_places(*row, arrow));
    }
    table.end = notes;
    Ok((stem, table, places))
}

/// The row of the grid's heads, and the column of the arrow.
fn grid(cells: &Cells) -> Option<(u32, u32)> {
    let is_head = |text: &str| text == RULE || text == NOTE || HEAD_KEYS.contains(&text);
    cells.iter().find_map(|(row, filled)| {
        if filled.get(&1).is_some_and(|cell| is_head(&cell.text)) {
            return None;
        }
        let arrow = filled.iter().find(|(_, cell)| cell.text.starts_with('→'));
        arrow.filter(|(column, _)| **column > 1).map(|(column, _)| (*row, *column))
    })
}

fn row_places(row: u32, arrow: u32) -> Vec<String> {
    (1..=arrow).map(|column| format!("{}{row}", letters(column))).collect()
}

/// The rule's name and the lines of its head.
fn head(cells: &Cells, header: u32) -> Result<(String, Vec<String>)> {
    let (mut stem, mut head) = (None, Vec::new());
    for (row, filled) in cells.range(..header) {
        if let Some((column, _)) = filled.range(3..).next() {
            bail!("{}{row}: 見出しは A 列と B 列だけに書いてください", letters(*column));
        }
        let (key, value) = (text(cells, *row, 1)?, text(cells, *row, 2)?);
        if value.chars().any(char::is_control) {
            bail!("B{row}: 見出しの中に改行があります。一行で書いてください");
        }
        match key.as_str() {
            RULE => stem = Some(value),
            NOTE => head.push(value),
            key if HEAD_KEYS.contains(&key) && !value.is_empty() => {
                head.push(format!("{key}: {value}"));
            }
            key if HEAD_KEYS.contains(&key) => {}
            key => bail!(
                "A{row}: 見出し「{key}」は使えません。{RULE}、{}、{NOTE} のどれかにしてください",
                HEAD_KEYS.join("、")
            ),
        }
    }
    let stem = stem.filter(|stem| !stem.is_empty());
    Ok((stem.with_context(|| format!("A 列に「{RULE}」、B 列に規則の名前がありません"))?, head))
}

/// What a cell says in our language; nothing where it is empty.
fn text(cells: &Cells, row: u32, column: u32) -> Result<String> {
    let Some(Cell { text, kind }) = cells.get(&row).and_then(|filled| filled.get(&column)) else {
        return Ok(String::new());
    };
    let place = format!("{}{row}", letters(column));
    match kind {
        Kind::Text => Ok(text.clone()),
        Kind::Truth => Ok(if text == "1" { "true" } else { "false" }.to_owned()),
        Kind::Number => {
            let number: f64 =
                text.parse().with_context(|| format!("{place}: 数として読めません"))?;
            // As it was typed: a spreadsheet keeps 0.1 as 0.10000000000000001.
            Ok(number.to_string())
        }
        Kind::Day => bail!(
            "{place}: 日付に変わっています。文字列の書式にして、元の条件か date(\"2026-04-01\") と書いてください"
        ),
        Kind::Formula => bail!("{place}: 計算式は読めません。値だけにしてください"),
        Kind::Fault => bail!("{place}: 表計算の誤り（{text}）が入っています。書き直してください"),
    }
}
