//! `kumoi check`: reads a system's folder and says what is wrong in it, runs its examples, and says
//! what an upgrade from an older folder would break.
//!
//! Changes nothing, except the decisions of the examples when it is told to write them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};

use definition::{Package, System, examples};
use office::example::{Difference, differences};
use store::install::breaking_changes;

use crate::systems::{package_read, system_folders, system_read, systems_load};

/// Checks the system in `folder`, or every system below it. True when none has an error. With
/// `write` the decisions of examples that decide otherwise are written anew.
pub fn check(folder: &Path, write: bool) -> Result<bool> {
    let mut good = true;
    for folder in system_folders(folder)? {
        let package = package_read(&folder)?;
        let shown = folder.display();
        let (diagnostics, loaded) = match definition::load(&package) {
            Ok((system, diagnostics)) => (diagnostics, Some(system)),
            Err(diagnostics) => (diagnostics, None),
        };
        for diagnostic in &diagnostics {
            println!("{shown}/{diagnostic}");
        }
        match loaded {
            Some(system) => {
                good &= examples_run(&folder, &package, &system, write)?;
                let system = Arc::new(system);
                good &= runs_fit(&folder, &system)?;
                println!(
                    "{shown}: {}　定義に誤りなし（台帳 {}、手続 {}、例 {}、版 {} {}）",
                    system.name,
                    system.registers.len(),
                    system.procedures.len(),
                    system.examples.len(),
                    system.version,
                    &system.hash[..12.min(system.hash.len())],
                );
            }
            None => {
                good = false;
                let errors = diagnostics.iter().filter(|one| one.is_error()).count();
                println!("{shown}: 誤り {errors} 件");
            }
        }
    }
    Ok(good)
}

/// Runs the examples; true when each decides as it says, or was written anew.
fn examples_run(folder: &Path, package: &Package, system: &System, write: bool) -> Result<bool> {
    let found = differences(system).with_context(|| format!("{}の例", system.name))?;
    for difference in &found {
        let text = &package.files[&difference.file];
        let path = folder.join(&difference.file);
        if write {
            let text = examples::with_decision(text, &difference.found)
                .with_context(|| format!("{} に決定の囲みがありません", path.display()))?;
            fs::write(&path, text).with_context(|| format!("{} を書けません", path.display()))?;
            println!("{}: 決定を書き改めました", path.display());
        } else {
            let line = examples::decision_line(text).unwrap_or_default();
            println!(
                "{}:{line}: エラー: 決定が例と違います（{}）",
                path.display(),
                difference.title
            );
            print!("{}", compared(difference));
            println!("  対処: 定義を直すか、正しければ kumoi check --write で書き改めてください");
        }
    }
    Ok(write || found.is_empty())
}

/// Whether every bulk run can be carried out for many at once; what cannot is said.
fn runs_fit(folder: &Path, system: &Arc<System>) -> Result<bool> {
    if system.runs.is_empty() {
        return Ok(true);
    }
    let mut systems = systems_load()?.to_vec();
    systems.retain(|other| other.id != system.id);
    systems.push(system.clone());
    let today = base::date::day_in_japan(jiff::Timestamp::now());
    let found = office::run::check(&systems, system, today);
    if let Err(error) = &found {
        println!("{}/runs: エラー: {error}", folder.display());
        println!(
            "  対処: 一括処理で使える式に直してください（docs/guides/systems.md の For everybody at once）"
        );
    }
    Ok(found.is_ok())
}

/// The lines of both decisions: `-` only expected, `+` only found.
pub fn compared(difference: &Difference) -> String {
    let old: Vec<&str> = difference.expected.trim_end().lines().collect();
    let new: Vec<&str> = difference.found.trim_end().lines().collect();
    // Lengths of the longest common sequences of the tails.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = match old[i] == new[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        let (sign, line) = if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
            (' ', new[j - 1])
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            ('-', old[i - 1])
        } else {
            j += 1;
            ('+', new[j - 1])
        };
        out.push_str(&format!("  {sign} {line}\n"));
    }
    out
}

/// Says what an upgrade from the system in `old` to the one in `folder` would break in recorded
/// data. True when nothing breaks.
pub fn check_against(folder: &Path, old: &Path) -> Result<bool> {
    let (new, old) = (system_read(folder)?, system_read(old)?);
    let breaks = breaking_changes(&old, &new);
    let short = |system: &System| format!("版{}（{}）", system.version, &system.hash[..12]);
    println!("{}: {} から {} へ", new.name, short(&old), short(&new));
    for one in &breaks {
        println!("  エラー: {one}");
    }
    if breaks.is_empty() {
        println!("  更新できます。既にある記録はそのまま読めます（{}）", added(&old, &new));
    } else {
        println!("  対処: 記録のある台帳・項目・コードは残し、新しいものを加えてください");
    }
    Ok(breaks.is_empty())
}

/// What is added, counted.
fn added(old: &System, new: &System) -> String {
    let registers = new.registers.iter().filter(|one| old.register(&one.id).is_none()).count();
    let items = |system: &System| system.registers.iter().map(|r| r.items.len()).sum::<usize>();
    let procedures = new.procedures.iter().filter(|one| old.procedure(&one.id).is_none()).count();
    format!(
        "加わる台帳 {registers}、項目 {}、手続 {procedures}",
        items(new).saturating_sub(items(old))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_shown_line_by_line() {
        let difference = Difference {
            file: String::new(),
            title: String::new(),
            expected: "甲\n乙\n丙\n".to_owned(),
            found: "甲\n丁\n丙\n戊\n".to_owned(),
        };
        assert_eq!(compared(&difference), "    甲\n  - 乙\n  + 丁\n    丙\n  + 戊\n");
    }

    #[test]
    fn a_broken_system_is_not_good_and_an_empty_folder_is_said() {
        let folder = std::env::temp_dir().join(format!("kumoi-check-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let said = check(&folder, false).unwrap_err().to_string();
        assert!(said.contains("system.yaml"), "{said}");
        fs::write(folder.join("system.yaml"), "id: broken\nnonsense: 1\n").unwrap();
        assert!(!check(&folder, false).unwrap());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_upgrade_that_loses_an_item_is_not_good() {
        let place = std::env::temp_dir().join(format!("kumoi-against-{}", std::process::id()));
        let head = "id: card\ncode: '900'\nname: 券\nname_en: Card\nstatute: 条例\nversion: '1'\n";
        let register = "id: card\nname: 券\nname_en: Card\nkey: 番号\ntitle: 番号\nitems:\n  \
            - { name: 番号, name_en: N, romaji: bango, type: X, length: 9, required: true }\n";
        let more = "  - { name: 色, name_en: C, romaji: iro, type: Ｎ, length: 9 }\n";
        for (folder, items) in [("old", register.to_owned()), ("new", format!("{register}{more}"))]
        {
            fs::create_dir_all(place.join(folder).join("registers")).unwrap();
            let head = format!("{head}bodies: [municipality]\n");
            fs::write(place.join(folder).join("system.yaml"), head).unwrap();
            fs::write(place.join(folder).join("registers/card.yaml"), items).unwrap();
        }
        assert!(check_against(&place.join("new"), &place.join("old")).unwrap());
        assert!(!check_against(&place.join("old"), &place.join("new")).unwrap());
        let said = check_against(&place.join("none"), &place.join("old")).unwrap_err();
        assert!(format!("{said:#}").contains("none"), "{said:#}");
        fs::remove_dir_all(place).unwrap();
    }
}
