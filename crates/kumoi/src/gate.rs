//! `kumoi gate`: holds the system of a folder against the standard of its business and writes the
//! report that a municipality keeps as evidence.
//!
//! Changes nothing and opens no database; the judgement is `cloud`'s.

use std::path::PathBuf;

use anyhow::{Result, bail};
use cloud::gate::{Examples, Report, SURROUNDING, gate};
use cloud::publication::{identity, taken};
use definition::System;
use definition::standard::Standard;

use crate::standard::{standard_read, standards_load};
use crate::systems::{system_folders, system_read, systems_load};

/// 業務システムと標準のフォルダ
#[derive(clap::Args)]
pub struct GateArguments {
    /// 業務システムのフォルダ、又はそれらを入れたフォルダ
    folder: PathBuf,
    /// 標準のフォルダ（書かなければ、組込みの標準から業務IDで選ぶ）
    #[arg(long, value_name = "DIR")]
    standard: Option<PathBuf>,
    /// 報告を JSON で書く
    #[arg(long)]
    json: bool,
}

/// Writes the report of each system to the standard output. True when none of them fails.
pub fn report(arguments: &GateArguments) -> Result<bool> {
    let mut reports: Vec<Report> = Vec::new();
    let (standards, built_in) = (standards_load()?, systems_load()?);
    let own = taken(built_in.iter().map(|one| &**one));
    for folder in system_folders(&arguments.folder)? {
        let system = system_read(&folder)?;
        let standard = match &arguments.standard {
            Some(folder) => Some(standard_read(folder)?),
            None if system.code == SURROUNDING => None,
            None => Some(standard_of(&system, &standards)?),
        };
        let mut report = gate(standard.as_ref(), &system, &Examples::run(&system));
        report.findings.extend(identity(&system, &standards, &own));
        report.findings.sort_by_key(|finding| finding.area);
        reports.push(report);
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&reports)?);
    } else {
        let texts: Vec<String> = reports.iter().map(Report::markdown).collect();
        print!("{}", texts.join("\n"));
    }
    Ok(reports.iter().all(Report::passes))
}

/// The built-in standard of a system's business.
fn standard_of(system: &System, standards: &[Standard]) -> Result<Standard> {
    let known: Vec<String> =
        standards.iter().map(|one| format!("{} {}", one.id, one.name)).collect();
    match standards.iter().find(|one| one.id == system.code) {
        Some(standard) => Ok(standard.clone()),
        None => bail!(
            "業務ID {}（{}）の標準が組み込まれていません。--standard で標準のフォルダを指定するか、\
             code を直してください（組込み: {}）",
            system.code,
            system.name,
            known.join("、")
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::systems::package_read;

    /// The seal registration in a folder of its own, with one text of one file changed.
    fn changed(name: &str, file: &str, (from, to): (&str, &str)) -> PathBuf {
        let place = std::env::temp_dir().join(format!("kumoi-gate-{name}-{}", std::process::id()));
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../systems/seal-registration");
        let mut package = package_read(&root).unwrap();
        let text = package.files.get_mut(file).unwrap();
        assert!(text.contains(from), "{file} does not hold {from}");
        *text = text.replacen(from, to, 1);
        for (file, text) in &package.files {
            let path = place.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        place
    }

    #[track_caller]
    fn judged(name: &str, file: &str, change: (&str, &str)) -> Result<bool> {
        let folder = changed(name, file, change);
        let outcome = report(&GateArguments { folder: folder.clone(), standard: None, json: true });
        fs::remove_dir_all(folder).unwrap();
        outcome
    }

    #[test]
    fn a_sound_package_passes_and_a_changed_one_does_not() {
        let (price, seal) = ("price.yaml", "registers/seal.yaml");
        assert!(judged("same", price, ("base_yen: 40000", "base_yen: 41000")).unwrap());
        assert!(!judged("owner", price, ("data_owner: body", "data_owner: vendor")).unwrap());
        let longer = (
            "romaji: shimei_hyoji, type: Ｎ, length: 100",
            "romaji: shimei_hyoji, type: Ｎ, length: 120",
        );
        assert!(!judged("length", seal, longer).unwrap());
        let example = ("examples/亡失.md", ("```decision\n", "```decision\n登録しない\n"));
        assert!(!judged("example", example.0, example.1).unwrap());
    }

    #[test]
    fn a_standardised_business_does_not_pass_under_another_name() {
        let folder = changed("evading", "system.yaml", ("code: \"002\"", "code: 周辺"));
        let edited = |file: &str, keep: &dyn Fn(&str) -> bool, (from, to): (&str, &str)| {
            let path = folder.join(file);
            let text = fs::read_to_string(&path).unwrap();
            let lines: Vec<String> =
                text.lines().filter(|line| keep(line)).map(|line| line.replace(from, to)).collect();
            fs::write(&path, lines.join("\n") + "\n").unwrap();
        };
        let keep = |line: &str| !line.starts_with("standard:");
        edited("system.yaml", &keep, ("name: 印鑑登録", "name: 印影の帳簿"));
        let seal = folder.join("registers/seal.yaml");
        let text = fs::read_to_string(&seal).unwrap();
        let unnumbered: Vec<String> = text
            .lines()
            .map(|line| match line.split_once("no: \"") {
                Some((before, after)) => format!("{before}{}", &after["00290001\", ".len()..]),
                None => line.to_owned(),
            })
            .collect();
        fs::write(&seal, unnumbered.join("\n") + "\n").unwrap();
        let judged = || {
            let folder = folder.clone();
            report(&GateArguments { folder, standard: None, json: true }).unwrap()
        };
        assert!(!judged(), "the identifier is that of 002");
        edited("system.yaml", &|_| true, ("id: seal-registration", "id: seal-book"));
        assert!(judged(), "another business under another name");
        edited("system.yaml", &|_| true, ("name: 印影の帳簿", "name: 印鑑登録等"));
        assert!(!judged(), "the name is that of 002");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_business_without_a_standard_is_said() {
        let folder = changed("business", "system.yaml", ("code: \"002\"", "code: \"777\""));
        let seal = folder.join("registers/seal.yaml");
        let text = fs::read_to_string(&seal).unwrap();
        fs::write(&seal, text.replace("\"002", "\"777")).unwrap();
        let arguments = GateArguments { folder: folder.clone(), standard: None, json: false };
        let said = report(&arguments).unwrap_err().to_string();
        assert!(said.contains("業務ID 777") && said.contains("002 印鑑登録"), "{said}");
        fs::remove_dir_all(folder).unwrap();
    }
}
