//! Reads the cells of a spreadsheet (.xlsx): shared and inline texts and plain values, each with
//! what kind it is. Also writes a sheet of texts (`write`).
//!
//! Works out no formulas and turns no dates. Sizes are limited, for files may be hostile.

pub mod write;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::read::DeflateDecoder;
use roxmltree::{Document, Node, ParsingOptions};

/// How much is read of a file.
#[derive(Clone, Copy)]
pub struct Limits {
    /// Bytes of a part, unpacked.
    part: u64,
    /// Elements and texts of a part.
    nodes: u32,
    /// Cells that hold something, of all sheets.
    cells: usize,
    /// Bytes of all their texts.
    text: usize,
}

/// What the spreadsheets of a standard may hold.
const OFFICIAL: Limits =
    Limits { part: 64 << 20, nodes: u32::MAX, cells: 10_000_000, text: 256 << 20 };
/// What a spreadsheet that somebody hands in may hold.
pub const SMALL: Limits = Limits { part: 8 << 20, nodes: 500_000, cells: 20_000, text: 1 << 20 };

/// One sheet: row number → column letters → text.
pub type Sheet = BTreeMap<u32, BTreeMap<String, String>>;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Truth,
    /// A number that is shown as a date or a time.
    Day,
    Formula,
    Fault,
}

/// A cell that is not empty; a formula may have no result yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// As it is kept in the file, without spaces around.
    pub text: String,
    pub kind: Kind,
}

/// One sheet: row number → column from 1 → cell.
pub type Cells = BTreeMap<u32, BTreeMap<u32, Cell>>;

/// Every sheet by its name.
pub fn read(path: &Path) -> Result<BTreeMap<String, Sheet>> {
    let bytes = std::fs::read(path).with_context(|| format!("{} を読めません", path.display()))?;
    let sheets = sheets(&bytes, OFFICIAL)
        .with_context(|| format!("{} を表（.xlsx）として読めません", path.display()))?;
    let texts = |cells: Cells| -> Sheet {
        let row = |cells: BTreeMap<u32, Cell>| {
            let filled = cells.into_iter().filter(|(_, cell)| !cell.text.is_empty());
            filled.map(|(column, cell)| (letters(column), cell.text)).collect()
        };
        cells.into_iter().map(|(at, cells)| (at, row(cells))).collect()
    };
    Ok(sheets.into_iter().map(|(name, cells)| (name, texts(cells))).collect())
}

/// Every sheet with its name, in the order of the book.
pub fn sheets(bytes: &[u8], limits: Limits) -> Result<Vec<(String, Cells)>> {
    let parts = parts(bytes)?;
    let text = |name: &str| -> Result<String> {
        let packed = parts.get(name).with_context(|| format!("{name} がありません"))?;
        unpack(bytes, packed, limits.part).with_context(|| format!("{name} を読めません"))
    };
    let optional = |name: &str| match parts.contains_key(name) {
        true => text(name).map(Some),
        false => Ok(None),
    };
    let shared = match optional("xl/sharedStrings.xml")? {
        Some(shared) => shared_texts(&shared, limits)?,
        None => Vec::new(),
    };
    let days = match optional("xl/styles.xml")? {
        Some(styles) => day_styles(&parse(&styles, limits)?),
        None => Vec::new(),
    };
    let targets = relations(&text("xl/_rels/workbook.xml.rels")?)?;
    let workbook = text("xl/workbook.xml")?;
    let workbook = parse(&workbook, limits)?;
    let mut reading = Reading { shared, days, left: limits };
    let mut out = Vec::new();
    for sheet in workbook.descendants().filter(|node| node.tag_name().name() == "sheet") {
        if out.len() == MAX_SHEETS {
            bail!("シートが多すぎます（{MAX_SHEETS}枚まで）");
        }
        let id = sheet.attributes().find(|attribute| attribute.name() == "id");
        let target =
            id.and_then(|id| targets.get(id.value())).context("シートの場所がありません")?;
        let path = match target.strip_prefix('/') {
            Some(whole) => whole.to_owned(),
            None => format!("xl/{target}"),
        };
        let name = sheet.attribute("name").unwrap_or_default().to_owned();
        let part = text(&path)?;
        let cells = reading.cells(&parse(&part, limits)?);
        out.push((name.clone(), cells.with_context(|| format!("シート「{name}」"))?));
    }
    Ok(out)
}

/// Sheets of one book.
const MAX_SHEETS: usize = 200;
/// Elements within each other.
const MAX_DEPTH: usize = 64;

fn parse(text: &str, limits: Limits) -> Result<Document<'_>> {
    let options = ParsingOptions { nodes_limit: limits.nodes, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options)?;
    if document.descendants().any(|node| node.ancestors().nth(MAX_DEPTH).is_some()) {
        bail!("要素の入れ子が深すぎます（{MAX_DEPTH}段まで）");
    }
    Ok(document)
}

/// The letters of a column: `A` for 1, `AA` for 27.
pub fn letters(column: u32) -> String {
    let (mut rest, mut out) = (column, Vec::new());
    while rest > 0 {
        rest -= 1;
        out.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    out.iter().rev().collect()
}

/// The column of its letters, if a sheet has one.
fn column(letters: &str) -> Option<u32> {
    let digit = |c: char| c.is_ascii_uppercase().then(|| u32::from(c) - u32::from('A') + 1);
    let add = |sum: u32, c: char| Some(sum * 26 + digit(c)?);
    let found = letters.chars().take(4).try_fold(0_u32, add)?;
    (1..=16_384).contains(&found).then_some(found)
}

/// A packed part: where its local header stands, how long it is packed, and how it is packed.
struct Packed {
    at: usize,
    length: usize,
    method: u16,
}

fn number(bytes: &[u8], at: usize, length: usize) -> Result<usize> {
    let slice = at.checked_add(length).and_then(|end| bytes.get(at..end));
    let slice = slice.context("途中で終わっています")?;
    Ok(slice.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
}

/// The central directory of the archive, by the names of the parts.
fn parts(bytes: &[u8]) -> Result<BTreeMap<String, Packed>> {
    let tail = bytes.len().saturating_sub(66_000);
    let end = bytes[tail..].windows(4).rposition(|it| it == b"PK\x05\x06");
    let end = tail + end.context("書庫の目録がありません")?;
    let count = number(bytes, end + 10, 2)?;
    let mut at = number(bytes, end + 16, 4)?;
    let mut out = BTreeMap::new();
    for _ in 0..count {
        if number(bytes, at, 4)? != 0x0201_4b50 {
            bail!("書庫の目録が壊れています");
        }
        let lengths = [28, 30, 32].map(|from| number(bytes, at + from, 2));
        let [name, extra, comment] = lengths;
        let (name, extra, comment) = (name?, extra?, comment?);
        let label = bytes.get(at + 46..at + 46 + name).context("途中で終わっています")?;
        let packed = Packed {
            at: number(bytes, at + 42, 4)?,
            length: number(bytes, at + 20, 4)?,
            method: u16::try_from(number(bytes, at + 10, 2)?)?,
        };
        out.insert(String::from_utf8_lossy(label).into_owned(), packed);
        at += 46 + name + extra + comment;
    }
    Ok(out)
}

fn unpack(bytes: &[u8], packed: &Packed, limit: u64) -> Result<String> {
    let names = number(bytes, packed.at + 26, 2)? + number(bytes, packed.at + 28, 2)?;
    let from = packed.at + 30 + names;
    let end = from.checked_add(packed.length).context("途中で終わっています")?;
    let data = bytes.get(from..end).context("途中で終わっています")?;
    let mut text = String::new();
    let read = match packed.method {
        0 => data.take(limit + 1).read_to_string(&mut text)?,
        8 => DeflateDecoder::new(data).take(limit + 1).read_to_string(&mut text)?,
        other => bail!("圧縮の方法 {other} は読めません"),
    };
    if read as u64 > limit {
        bail!("大きすぎます（展開して {} MB まで）", limit >> 20);
    }
    Ok(text)
}

/// Relation id → target.
fn relations(text: &str) -> Result<BTreeMap<String, String>> {
    let document = Document::parse(text)?;
    let pair = |node: Node<'_, '_>| {
        Some((node.attribute("Id")?.to_owned(), node.attribute("Target")?.to_owned()))
    };
    Ok(document.descendants().filter_map(pair).collect())
}

/// The text of a shared or inline entry, without its reading aids.
fn text_of(node: Node<'_, '_>) -> String {
    let plain = |it: &Node<'_, '_>| {
        it.tag_name().name() == "t" && it.ancestors().all(|up| up.tag_name().name() != "rPh")
    };
    node.descendants().filter(plain).filter_map(|it| it.text()).collect()
}

fn shared_texts(text: &str, limits: Limits) -> Result<Vec<String>> {
    let document = parse(text, limits)?;
    let entries = document.descendants().filter(|node| node.tag_name().name() == "si");
    Ok(entries.map(text_of).collect())
}

/// Which styles show a number as a date or a time, by their place.
fn day_styles(styles: &Document<'_>) -> Vec<bool> {
    let number = |node: Node<'_, '_>| node.attribute("numFmtId")?.parse::<u32>().ok();
    let own = styles.descendants().filter(|node| node.tag_name().name() == "numFmt");
    let own = own.filter_map(|node| Some((number(node)?, is_day(node.attribute("formatCode")?))));
    let own: BTreeMap<u32, bool> = own.collect();
    let built_in = |id: u32| matches!(id, 14..=22 | 27..=36 | 45..=47 | 50..=58);
    let cells = styles.descendants().find(|node| node.tag_name().name() == "cellXfs");
    let cells = cells.into_iter().flat_map(|all| all.children()).filter(Node::is_element);
    let style = |id: u32| own.get(&id).copied().unwrap_or_else(|| built_in(id));
    cells.map(|node| number(node).is_some_and(style)).collect()
}

/// Whether a format shows days or hours, colours and written words apart.
fn is_day(format: &str) -> bool {
    let mut closing = None;
    let plain = format.chars().filter(|sign| match (closing, sign) {
        (Some(end), sign) => {
            if end == *sign {
                closing = None;
            }
            false
        }
        (None, '[') => {
            closing = Some(']');
            false
        }
        (None, '"') => {
            closing = Some('"');
            false
        }
        _ => true,
    });
    let plain: String = plain.collect();
    plain != "General" && plain.contains(['y', 'm', 'd', 'h', 'e', 'g'])
}

/// What the cells of all sheets share, and how much may still be read.
struct Reading {
    shared: Vec<String>,
    days: Vec<bool>,
    left: Limits,
}

impl Reading {
    fn cells(&mut self, document: &Document<'_>) -> Result<Cells> {
        let mut sheet = Cells::new();
        for node in document.descendants().filter(|node| node.tag_name().name() == "c") {
            let Some(reference) = node.attribute("r") else { continue };
            let split = reference.find(|sign: char| sign.is_ascii_digit()).unwrap_or_default();
            let Ok(row) = reference[split..].parse::<u32>() else { continue };
            let Some(column) = column(&reference[..split]) else { continue };
            let cell = self.cell(node);
            if cell.text.is_empty() && cell.kind != Kind::Formula {
                continue;
            }
            let (cells, text) = (self.left.cells, self.left.text);
            let (Some(cells), Some(text)) =
                (cells.checked_sub(1), text.checked_sub(cell.text.len()))
            else {
                bail!("{reference} から先は読みません（欄か文字が多すぎます）");
            };
            (self.left.cells, self.left.text) = (cells, text);
            sheet.entry(row).or_default().insert(column, cell);
        }
        Ok(sheet)
    }

    fn cell(&self, node: Node<'_, '_>) -> Cell {
        let child = |name| node.children().find(|node| node.tag_name().name() == name);
        let value = child("v").and_then(|node| node.text()).unwrap_or_default();
        let kind = match node.attribute("t") {
            _ if child("f").is_some() => Kind::Formula,
            Some("s" | "inlineStr" | "str") => Kind::Text,
            Some("b") => Kind::Truth,
            Some("e") => Kind::Fault,
            Some("d") => Kind::Day,
            _ => {
                let style = node.attribute("s").and_then(|style| style.parse::<usize>().ok());
                let is_day = style.and_then(|style| self.days.get(style)).is_some_and(|day| *day);
                if is_day { Kind::Day } else { Kind::Number }
            }
        };
        let text = match node.attribute("t") {
            Some("s") => {
                let index: Option<usize> = value.parse().ok();
                index.and_then(|index| self.shared.get(index)).cloned().unwrap_or_default()
            }
            Some("inlineStr") => text_of(node),
            _ => value.to_owned(),
        };
        Cell { text: text.trim().to_owned(), kind }
    }
}
