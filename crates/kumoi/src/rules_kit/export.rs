//! `kumoi rules export`: a decision table of a package as a spreadsheet or a DMN model.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use definition::Package;
use rules::dmn::exchange;
use rules::law::WrittenTable;

use super::sheet;
use crate::systems::{package_read, system_read};

/// In which form a table leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// DMN 1.5 の XML
    Dmn,
    /// 表計算（.xlsx）
    Xlsx,
}

/// Writes the table of `rule` to `out`, which must not be there yet.
pub fn export(folder: &Path, rule: &str, format: Option<Format>, out: &Path) -> Result<()> {
    let package = package_read(folder)?;
    let table = table_of(&package, rule)?;
    let is_sheet = out.extension().is_some_and(|own| own.eq_ignore_ascii_case("xlsx"));
    let format = format.unwrap_or(if is_sheet { Format::Xlsx } else { Format::Dmn });
    let bytes = match format {
        Format::Xlsx => sheet::write(rule, &table)?,
        Format::Dmn => model(folder, rule, &table)?.into_bytes(),
    };
    let shown = out.display();
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(out).with_context(|| {
            format!("{shown} を作れません（既にあれば、消すか別の名前にしてください）")
        })?;
    file.write_all(&bytes).with_context(|| format!("{shown} を書けません"))?;
    println!("{shown}: 判定表「{rule}」（{}行）", table.rows.len());
    Ok(())
}

/// The table in the file of a rule.
fn table_of(package: &Package, rule: &str) -> Result<WrittenTable> {
    let read =
        |text: &String| WrittenTable::read(text).filter(|table| table.head("判定表").is_some());
    let Some(text) = package.files.get(&super::path_of(rule)) else {
        let stem =
            |path: &str| Some(path.strip_prefix("rules/")?.strip_suffix(".feel")?.to_owned());
        let tables = package.files.iter().filter(|(_, text)| read(text).is_some());
        let tables: Vec<String> = tables.filter_map(|(path, _)| stem(path)).collect();
        bail!("規則「{rule}」がありません。判定表: {}", tables.join("、"));
    };
    read(text).with_context(|| format!("規則「{rule}」は判定表ではなく、式です"))
}

fn model(folder: &Path, rule: &str, table: &WrittenTable) -> Result<String> {
    let system = system_read(folder)?;
    let path = super::path_of(rule);
    let found = system.calculations.iter().find_map(|own| {
        let rule = own.law.rules().find(|rule| rule.file == path)?;
        Some(own.law.scope(rule.list.as_deref(), rule.from, rule.to))
    });
    let scope = found.with_context(|| format!("規則「{rule}」の算定がありません"))?;
    exchange::write(table, rule, &scope).map_err(|why| {
        let why = why.join("\n  ");
        anyhow::anyhow!(
            "DMN では書けないところがあります（--format xlsx なら書き出せます）\n  {why}"
        )
    })
}
