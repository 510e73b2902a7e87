//! Spreadsheets made here: what is read from them, and what is said when they are not ones.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::*;

/// An archive with these parts, packed; enough of the format for a reader.
fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in parts {
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        let packed = packer.finish().unwrap();
        let at = out.len() as u32;
        let sizes = [packed.len() as u32, text.len() as u32];
        let common = |head: &mut Vec<u8>| {
            head.extend([20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            sizes.iter().for_each(|size| head.extend(size.to_le_bytes()));
            head.extend((name.len() as u16).to_le_bytes());
            head.extend([0, 0]);
        };
        out.extend(b"PK\x03\x04");
        common(&mut out);
        out.extend(name.as_bytes());
        out.extend(&packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        common(&mut directory);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (at, length) = (out.len() as u32, directory.len() as u32);
    let count = (parts.len() as u16).to_le_bytes();
    out.extend(directory);
    out.extend(b"PK\x05\x06\x00\x00\x00\x00");
    out.extend([count, count].concat());
    out.extend(length.to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0, 0]);
    out
}

/// Rows of (column, text).
type Rows<'a> = &'a [&'a [(&'a str, &'a str)]];

/// A spreadsheet of sheets with their names.
fn spreadsheet(sheets: &[(&str, Rows<'_>)]) -> Vec<u8> {
    let mut parts = Vec::new();
    let (mut list, mut relations) = (String::new(), String::new());
    for (index, (name, rows)) in sheets.iter().enumerate() {
        list += &format!("<sheet name='{name}' r:id='r{index}'/>");
        relations += &format!("<Relationship Id='r{index}' Target='s{index}.xml'/>");
        let mut cells = String::new();
        for (row, columns) in rows.iter().enumerate() {
            for (column, text) in *columns {
                cells += &format!(
                    "<c r='{column}{}' t='inlineStr'><is><t>{text}</t><rPh><t>ヨミ</t></rPh></is></c>",
                    row + 1
                );
            }
        }
        parts.push((format!("xl/s{index}.xml"), format!("<worksheet>{cells}</worksheet>")));
    }
    let book = format!("<workbook xmlns:r='u'>{list}</workbook>");
    parts.push(("xl/workbook.xml".to_owned(), book));
    let relations = format!("<Relationships>{relations}</Relationships>");
    parts.push(("xl/_rels/workbook.xml.rels".to_owned(), relations));
    let parts: Vec<(&str, &str)> =
        parts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    archive(&parts)
}

fn kept(name: &str, bytes: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("kumoi-{}-{name}.xlsx", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    path
}

fn standard_031() -> Standard {
    standard_read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../standards/031")).unwrap()
}

const HEADINGS: &[(&str, &str)] = &[
    ("B", "データ項目ID"),
    ("D", "データ項目"),
    ("E", "データ項目（ローマ字）"),
    ("L", "データ型"),
    ("M", "桁数"),
    ("N", "コード"),
    ("O", "繰り返し"),
    ("P", "データ出力条件"),
    ("T", "実装類型"),
];

#[test]
fn an_item_file_is_compared_row_by_row() {
    let key: &[(&str, &str)] = &[("G", "主キー")];
    let first: &[(&str, &str)] = &[
        ("B", "031"),
        ("D", "宛名番号"),
        ("E", "atenabango"),
        ("G", "○"),
        ("L", "X"),
        ("M", "12"),
        ("P", "必須"),
        ("T", "○"),
    ];
    let other: &[(&str, &str)] = &[("B", "031"), ("D", "甲"), ("E", "ko"), ("L", "X"), ("M", "1")];
    let bytes = spreadsheet(&[("表", &[HEADINGS, key, first, other])]);
    let path = kept("items", &bytes);
    let found = official::compare(&standard_031(), [&Some(path.clone()), &None]).unwrap();
    assert_eq!(found[0], "「宛名番号」の桁数: 原典は「12」、標準は「15」");
    assert_eq!(found[1], "「甲」（ko）が標準にない");
    assert_eq!(found[2], "「個人番号」（kojinbango）が原典にない");
    assert_eq!(found.len(), 2 + 28, "the other items are not in this file");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn what_is_no_spreadsheet_is_said_and_never_panics() {
    let whole = spreadsheet(&[("表", &[HEADINGS])]);
    let damaged = (0..whole.len()).step_by(7).flat_map(|at| {
        let mut flipped = whole.clone();
        flipped[at] ^= 0xff;
        [whole[..at].to_vec(), flipped]
    });
    let path = kept("broken", b"");
    for bytes in damaged.chain([b"PK\x05\x06".to_vec(), Vec::new()]) {
        std::fs::write(&path, &bytes).unwrap();
        let _ = xlsx::read(&path);
    }
    std::fs::write(&path, b"no archive").unwrap();
    let said = xlsx::read(&path).unwrap_err();
    assert!(format!("{said:#}").contains("書庫の目録がありません"), "{said:#}");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn the_built_in_standards_load_and_findings_are_counted() {
    let standards = standards_load().unwrap();
    let ids: Vec<&str> = standards.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["001", "002", "031"]);
    let text = found_text("標準", &standards[2], &lint::lint(&standards[2]));
    let last = text.lines().last().unwrap();
    assert!(last.contains("食い違い 23 件、定めのないこと 6 件"), "{last}");
    assert!(
        text.contains("項目定義 標準/items/basic.yaml:21　API 標準/interfaces/numbering.yaml:36")
    );
    let none = found_text("標準", &standards[0], &[]);
    assert!(none.contains("食い違い 0 件"), "{none}");
}
