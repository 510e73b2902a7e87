//! Reads the cells of a spreadsheet (.xlsx): shared and inline texts and plain values.
//!
//! No formulas, styles or dates; nothing is written. Sizes are limited, for files may be hostile.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::read::DeflateDecoder;
use roxmltree::{Document, Node};

/// No part of a standard's spreadsheet is larger, unpacked.
const MAX_PART: u64 = 64 << 20;

/// One sheet: row number → column letters → text.
pub type Sheet = BTreeMap<u32, BTreeMap<String, String>>;

/// Every sheet by its name.
pub fn read(path: &Path) -> Result<BTreeMap<String, Sheet>> {
    let bytes = std::fs::read(path).with_context(|| format!("{} を読めません", path.display()))?;
    sheets(&bytes).with_context(|| format!("{} を表（.xlsx）として読めません", path.display()))
}

fn sheets(bytes: &[u8]) -> Result<BTreeMap<String, Sheet>> {
    let parts = parts(bytes)?;
    let text = |name: &str| -> Result<String> {
        let packed = parts.get(name).with_context(|| format!("{name} がありません"))?;
        unpack(bytes, packed)
    };
    let shared = match parts.contains_key("xl/sharedStrings.xml") {
        true => shared_texts(&text("xl/sharedStrings.xml")?)?,
        false => Vec::new(),
    };
    let targets = relations(&text("xl/_rels/workbook.xml.rels")?)?;
    let workbook = text("xl/workbook.xml")?;
    let workbook = Document::parse(&workbook)?;
    let mut out = BTreeMap::new();
    for sheet in workbook.descendants().filter(|node| node.tag_name().name() == "sheet") {
        let id = sheet.attributes().find(|attribute| attribute.name() == "id");
        let target =
            id.and_then(|id| targets.get(id.value())).context("シートの場所がありません")?;
        let path = match target.strip_prefix('/') {
            Some(whole) => whole.to_owned(),
            None => format!("xl/{target}"),
        };
        let name = sheet.attribute("name").unwrap_or_default().to_owned();
        out.insert(name, cells(&text(&path)?, &shared)?);
    }
    Ok(out)
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

fn unpack(bytes: &[u8], packed: &Packed) -> Result<String> {
    let names = number(bytes, packed.at + 26, 2)? + number(bytes, packed.at + 28, 2)?;
    let from = packed.at + 30 + names;
    let end = from.checked_add(packed.length).context("途中で終わっています")?;
    let data = bytes.get(from..end).context("途中で終わっています")?;
    let mut text = String::new();
    match packed.method {
        0 => data.take(MAX_PART).read_to_string(&mut text)?,
        8 => DeflateDecoder::new(data).take(MAX_PART).read_to_string(&mut text)?,
        other => bail!("圧縮の方法 {other} は読めません"),
    };
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

fn shared_texts(text: &str) -> Result<Vec<String>> {
    let document = Document::parse(text)?;
    let entries = document.descendants().filter(|node| node.tag_name().name() == "si");
    Ok(entries.map(text_of).collect())
}

fn cells(text: &str, shared: &[String]) -> Result<Sheet> {
    let document = Document::parse(text)?;
    let mut sheet = Sheet::new();
    for cell in document.descendants().filter(|node| node.tag_name().name() == "c") {
        let Some(reference) = cell.attribute("r") else { continue };
        let split = reference.find(|sign: char| sign.is_ascii_digit()).unwrap_or_default();
        let Ok(row) = reference[split..].parse::<u32>() else { continue };
        let value = cell.children().find(|node| node.tag_name().name() == "v");
        let value = value.and_then(|node| node.text()).unwrap_or_default();
        let text = match cell.attribute("t") {
            Some("s") => value.parse().ok().and_then(|index: usize| shared.get(index)).cloned(),
            Some("inlineStr") => Some(text_of(cell)),
            _ => Some(value.to_owned()),
        };
        let text = text.unwrap_or_default().trim().to_owned();
        if !text.is_empty() {
            sheet.entry(row).or_default().insert(reference[..split].to_owned(), text);
        }
    }
    Ok(sheet)
}
