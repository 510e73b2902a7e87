//! `kumoi rules import`: a decision table from a spreadsheet or a DMN model into a package.
//!
//! The package is checked with the table in it before anything is written; what is wrong is said
//! with its cell, or with its line of the XML.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base::date::{FOREVER, OPEN_FROM};
use definition::{Diagnostic, Package, System, examples};
use office::example::differences;
use rules::Scope;
use rules::dmn::exchange::DmnTable;
use rules::law::{Places, RowChange, WrittenRow, WrittenTable};

use super::{path_of, sheet};
use crate::check::compared;
use crate::systems::{package_read, system_read};

/// The most bytes of a file that is brought in.
const MAX_FILE: u64 = 8 << 20;

/// What the caller says of the file.
#[derive(Clone, Copy, Default)]
pub struct Wanted<'w> {
    /// The rule that the table is to be.
    pub rule: Option<&'w str>,
    /// The decision of a model with several.
    pub decision: Option<&'w str>,
}

/// A table on its way in.
struct Incoming {
    rule: String,
    table: WrittenTable,
    places: Places,
}

/// Brings the table of `file` into the package in `into`; with `write` the examples that decide
/// otherwise are written anew. True when it is in.
pub fn import(file: &Path, into: &Path, wanted: Wanted<'_>, write: bool) -> Result<bool> {
    let package = package_read(into)?;
    if !package.files.contains_key("system.yaml") {
        bail!("{} に業務システム（system.yaml）がありません", into.display());
    }
    let shown = file.display();
    let bytes = read(file)?;
    let incoming = match bytes.starts_with(b"PK") {
        true => from_sheet(&bytes, wanted),
        false => from_model(&bytes, into, &package, wanted),
    };
    let incoming = incoming.with_context(|| format!("{shown} を取り込めません"))?;
    let Incoming { rule, table, places } = incoming;
    let path = path_of(&rule);
    let base = package.files.get(&path);
    let before = before(&package, &rule)?.unwrap_or_default();
    let misfits = table.misfits(&places);
    if !misfits.is_empty() {
        bail!("{shown} を取り込めません\n  {}", misfits.join("\n  "));
    }
    let text = table.text(base.map(String::as_str));
    if WrittenTable::read(&text).as_ref() != Some(&table) {
        bail!("{shown} を取り込めません。見出しか注に、判定表の行として読める文があります");
    }
    if base == Some(&text) {
        println!("{}: 変わりません", into.join(&path).display());
        return Ok(true);
    }
    let mut after = package.clone();
    after.files.insert(path.clone(), text);
    let Some(system) = checked((&after, into), &path, |line, column| {
        place(&after.files[&path], &places, line, column).map(|at| format!("{shown} {at}"))
    }) else {
        println!("{shown}: 取り込みません。{} は元のままです", into.join(&path).display());
        return Ok(false);
    };
    show_changes(&before, &table);
    let Some(examples) = examples_after(&after, &system, write)? else {
        println!(
            "{shown}: 取り込みません。決定の変わる例があります。正しければ --write を付けて、例も書き改めてください"
        );
        return Ok(false);
    };
    let files: Vec<(PathBuf, String)> = std::iter::once((path.clone(), after.files[&path].clone()))
        .chain(examples)
        .map(|(path, text)| (into.join(path), text))
        .collect();
    put(&files)?;
    for (path, _) in &files {
        println!("{}: 書きました", path.display());
    }
    Ok(true)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let shown = file.display();
    let size = fs::metadata(file).with_context(|| format!("{shown} を読めません"))?.len();
    if size > MAX_FILE {
        bail!("{shown} が大きすぎます（{} MB まで）", MAX_FILE >> 20);
    }
    fs::read(file).with_context(|| format!("{shown} を読めません"))
}

fn from_sheet(bytes: &[u8], wanted: Wanted<'_>) -> Result<Incoming> {
    let (named, table, places) = sheet::read(bytes)?;
    let rule = wanted.rule.unwrap_or(&named).to_owned();
    check_name(&rule)?;
    Ok(Incoming { rule, table, places })
}

fn from_model(
    bytes: &[u8],
    into: &Path,
    package: &Package,
    wanted: Wanted<'_>,
) -> Result<Incoming> {
    let text = std::str::from_utf8(bytes).context("UTF-8 の文書でも .xlsx でもありません")?;
    let model = DmnTable::read(text, wanted.decision).map_err(anyhow::Error::msg)?;
    let rule = match wanted.rule.or(model.stem.as_deref()) {
        Some(rule) => rule.to_owned(),
        None => rule_named(package, &model.name)?,
    };
    check_name(&rule)?;
    let before = before(package, &rule)?;
    let head = before.as_ref().and_then(|table| table.head("算定"));
    let target = model.head("算定").or(head).with_context(|| {
        format!(
            "rules/{rule}.feel がまだなく、モデルに見出しもありません。決定の description に「算定: …」「根拠: …」「出典: …」「確度: …」「施行: …」を一行ずつ書いてください"
        )
    })?;
    let scope = scope(&system_read(into)?, target)?;
    let (table, places) = model.table(&scope, before.as_ref()).map_err(|why| {
        anyhow::anyhow!("この言語では書けないところがあります\n  {}", why.join("\n  "))
    })?;
    model.left.iter().for_each(|left| println!("注意: {left}"));
    Ok(Incoming { rule, table, places })
}

/// A name that is a file directly below `rules/`.
fn check_name(rule: &str) -> Result<()> {
    let is_bad = |sign: char| sign.is_control() || sign.is_whitespace() || "/\\:".contains(sign);
    if rule.is_empty() || rule.starts_with('.') || rule.contains(is_bad) {
        bail!("規則の名前「{rule}」は使えません。空白や / のない名前にしてください");
    }
    Ok(())
}

/// The rule that a decision of this name is: spaces do not count, nor does the period in a file's
/// name.
fn rule_named(package: &Package, decision: &str) -> Result<String> {
    let name: String = decision.split_whitespace().collect();
    let stems = package.files.keys();
    let stems = stems.filter_map(|path| path.strip_prefix("rules/")?.strip_suffix(".feel"));
    let versions: Vec<&str> =
        stems.filter(|stem| stem.split('.').next() == Some(name.as_str())).collect();
    match versions.as_slice() {
        [] => Ok(name),
        [only] => Ok((*only).to_owned()),
        several => bail!(
            "「{name}」の規則が二つ以上あります。--rule で一つを選んでください: {}",
            several.join("、")
        ),
    }
}

/// The table that the rule is so far; none where there is no such rule yet.
fn before(package: &Package, rule: &str) -> Result<Option<WrittenTable>> {
    let Some(text) = package.files.get(&path_of(rule)) else { return Ok(None) };
    let is_table = WrittenTable::read(text).is_some() || text.contains("// 判定表:");
    if !is_table {
        bail!("規則「{rule}」は判定表ではなく、式です。別の名前の規則にしてください");
    }
    Ok(WrittenTable::read(text))
}

/// The names that a rule of the calculation (and list) may use.
fn scope(system: &System, target: &str) -> Result<Scope> {
    let (id, list) = match target.split_once('.') {
        Some((id, list)) => (id, Some(list)),
        None => (target, None),
    };
    let Some(found) = system.calculation(id) else {
        let known: Vec<&str> = system.calculations.iter().map(|own| own.id()).collect();
        bail!("算定「{id}」がありません。calculations/ にあるもの: {}", known.join("、"));
    };
    Ok(found.law.scope(list, OPEN_FROM, FOREVER))
}

/// The place in the file brought in of a place in the rule's text.
fn place(text: &str, places: &Places, line: u32, column: u32) -> Option<String> {
    let number = |it: u32| usize::try_from(it).unwrap_or(usize::MAX);
    let (row, cell) = WrittenTable::cell_at(text, number(line), number(column))?;
    let row = row.map_or(Some(&places.columns), |row| places.rows.get(row))?;
    row.get(cell).cloned()
}

/// Loads the package with the table in it; says what is wrong, that of the table with its cell.
fn checked(
    (package, folder): (&Package, &Path),
    path: &str,
    place: impl Fn(u32, u32) -> Option<String>,
) -> Option<System> {
    let (diagnostics, system) = match definition::load(package) {
        Ok((system, warnings)) => (warnings, Some(system)),
        Err(diagnostics) => (diagnostics, None),
    };
    for found in &diagnostics {
        let own = (found.file == path).then(|| place(found.line, found.column)).flatten();
        match own {
            Some(place) => println!("{}", placed(found, &place)),
            None => println!("{}/{found}", folder.display()),
        }
    }
    system
}

fn placed(found: &Diagnostic, place: &str) -> String {
    let word = if found.is_error() { "エラー" } else { "警告" };
    let help = found.help.as_ref().map(|help| format!("\n  対処: {help}"));
    format!("{place}: {word}: {}{}", found.message, help.unwrap_or_default())
}

/// The examples that decide otherwise with the table, written anew; none where they must not be.
fn examples_after(
    package: &Package,
    system: &System,
    write: bool,
) -> Result<Option<Vec<(String, String)>>> {
    let found = differences(system).with_context(|| format!("{}の例", system.name))?;
    let mut texts = std::collections::BTreeMap::new();
    for difference in &found {
        println!("{}: 決定が変わります（{}）", difference.file, difference.title);
        let lines = compared(difference);
        let changed = |line: &&str| line.starts_with("  -") || line.starts_with("  +");
        lines.lines().filter(changed).for_each(|line| println!("{line}"));
        let text = texts.get(&difference.file).unwrap_or(&package.files[&difference.file]);
        let text = examples::with_decision(text, &difference.found)
            .with_context(|| format!("{} に決定の囲みがありません", difference.file))?;
        texts.insert(difference.file.clone(), text);
    }
    Ok((write || found.is_empty()).then(|| texts.into_iter().collect()))
}

fn show_changes(before: &WrittenTable, after: &WrittenTable) {
    for line in before.head.iter().filter(|line| !after.head.contains(line)) {
        println!("見出し - {line}");
    }
    for line in after.head.iter().filter(|line| !before.head.contains(line)) {
        println!("見出し + {line}");
    }
    if before.columns != after.columns {
        println!("列 - {}\n列 + {}", before.columns.join(" | "), after.columns.join(" | "));
    }
    let changes = after.changes(before);
    let row = |row: &WrittenRow| row.cells.join(" | ");
    let (mut added, mut removed, mut changed) = (0, 0, 0);
    for change in &changes {
        match change {
            RowChange::Added(at, new) => {
                added += 1;
                println!("追加 {at}行目\n  + {}", row(new));
            }
            RowChange::Removed(at, old) => {
                removed += 1;
                println!("削除 元の{at}行目\n  - {}", row(old));
            }
            RowChange::Changed(at, old, new) => {
                changed += 1;
                println!("変更 {at}行目\n  - {}\n  + {}", row(old), row(new));
            }
        }
    }
    println!("行: 追加 {added}、削除 {removed}、変更 {changed}");
}

/// Writes all files or none.
fn put(files: &[(PathBuf, String)]) -> Result<()> {
    let mut staged = Vec::new();
    for (path, text) in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let beside = path.with_file_name(format!(".{name}.new"));
        let parent = path.parent().unwrap_or(path);
        let made = fs::create_dir_all(parent).and_then(|()| fs::write(&beside, text));
        staged.push((beside, path, fs::read(path).ok()));
        if let Err(error) = made {
            staged.iter().for_each(|(beside, ..)| drop(fs::remove_file(beside)));
            return Err(error).with_context(|| format!("{} を書けません", path.display()));
        }
    }
    for (at, (beside, path, _)) in staged.iter().enumerate() {
        if let Err(error) = fs::rename(beside, path) {
            for (_, path, old) in &staged[..at] {
                let _ = match old {
                    Some(old) => fs::write(path, old),
                    None => fs::remove_file(path),
                };
            }
            staged[at..].iter().for_each(|(beside, ..)| drop(fs::remove_file(beside)));
            return Err(error).with_context(|| format!("{} を書けません", path.display()));
        }
    }
    Ok(())
}
