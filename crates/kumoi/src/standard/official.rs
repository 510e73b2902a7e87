//! The official spreadsheets of a standard, read into the same form as `standards/`: the item file
//! (項目定義書) and the interface file (API仕様書). Judges nothing: `lint` and `compare` do.
//!
//! Columns are found by their headings, so that a new edition with another column still reads. Only
//! facts are taken: names, types, lengths, codes, conditions.

pub mod compare;
mod interface;
mod items;
mod table;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use definition::model::Located;
use definition::standard::{Standard, Trust};

use crate::xlsx;

/// What the official files say.
#[derive(Debug)]
pub struct Official {
    /// The same as a standard: as much of it as the files given hold.
    pub standard: Standard,
    /// Cells that mean nothing to us, with their places.
    pub unread: Vec<String>,
    /// Items whose データ項目ID is written in two cells.
    pub split: usize,
}

/// Reads what is given of the two files.
pub fn read(items: Option<&Path>, interface: Option<&Path>) -> Result<Official> {
    let mut official = Official { standard: empty(), unread: Vec::new(), split: 0 };
    if let Some(path) = items {
        items::read(path, &xlsx::read(path)?, &mut official)?;
    }
    if let Some(path) = interface {
        interface::read(path, &xlsx::read(path)?, &mut official)?;
    }
    Ok(official)
}

fn empty() -> Standard {
    Standard {
        id: String::new(),
        name: String::new(),
        name_en: String::new(),
        title: String::new(),
        version: None,
        source: String::new(),
        trust: Trust::Official,
        note: String::new(),
        groups: Vec::new(),
        codes: BTreeMap::new(),
        procedures: Vec::new(),
        events: Vec::new(),
        published: Vec::new(),
        reads: Vec::new(),
        interfaces: Vec::new(),
        place: Located::default(),
    }
}

/// The name of a file, as places say it.
fn shown(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// A row of a file.
fn at_line(file: &str, row: u32) -> Located {
    Located { file: file.to_owned(), line: row, column: 1, ..Located::default() }
}

/// The condition of a 条件付き必須 (the line that begins with ※※), without what every one says.
fn condition(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("※※"))?;
    let strip = |text: &'_ str, ends: &[&str]| -> String {
        let end = ends.iter().find(|end| text.ends_with(**end));
        text[..text.len() - end.map_or(0, |end| end.len())].to_owned()
    };
    let without = strip(line.trim(), &["は出力必須", "は必須"]);
    Some(strip(&without, &["の場合", "場合"]))
}

/// Values that a description tells to set as they are, as long as the item is.
fn special(text: &str, length: u32) -> Vec<String> {
    let parts = text.split("を設定").collect::<Vec<_>>();
    let told = parts.iter().take(parts.len().saturating_sub(1));
    let digits = told.map(|part| {
        let kept = part.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        part[kept..].to_owned()
    });
    digits.filter(|value| !value.is_empty() && value.len() == length as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_and_special_values_are_taken_from_descriptions() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(condition(text).as_deref(), expect, "{text}");
        };
        check("・全角\n※※氏名未定でない場合は出力必須", Some("氏名未定でない"));
        check("※※町字がある場合は必須", Some("町字がある"));
        check("※※名寄せ元の場合は出力必須", Some("名寄せ元"));
        check("※※外国人は出力必須", Some("外国人"));
        check("※条件でない", None);
        assert_eq!(
            special("なければ0000000を設定し、他は9999999を設定", 7),
            ["0000000", "9999999"]
        );
        assert_eq!(special("6桁のコード値を設定。「1」を設定", 1), Vec::<String>::new());
        assert_eq!(special("", 1), Vec::<String>::new());
    }
}
