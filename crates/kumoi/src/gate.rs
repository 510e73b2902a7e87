//! `kumoi gate`: holds the system of a folder against the standard of its business and writes the
//! report that a municipality keeps as evidence.
//!
//! Changes nothing and opens no database; the judgement is `cloud`'s.

use std::path::PathBuf;

use anyhow::{Result, bail};
use cloud::gate::{Examples, Report};
use definition::System;
use definition::standard::Standard;

use crate::standard::{standard_read, standards_load};
use crate::systems::{system_folders, system_read};

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
pub fn gate(arguments: &GateArguments) -> Result<bool> {
    let mut reports: Vec<Report> = Vec::new();
    for folder in system_folders(&arguments.folder)? {
        let system = system_read(&folder)?;
        let standard = match &arguments.standard {
            Some(folder) => standard_read(folder)?,
            None => standard_of(&system)?,
        };
        reports.push(cloud::gate::gate(&standard, &system, &examples_run(&system)));
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
fn standard_of(system: &System) -> Result<Standard> {
    let standards = standards_load()?;
    let known: Vec<String> =
        standards.iter().map(|one| format!("{} {}", one.id, one.name)).collect();
    match standards.into_iter().find(|one| one.id == system.code) {
        Some(standard) => Ok(standard),
        None => bail!(
            "業務ID {}（{}）の標準が組み込まれていません。--standard で標準のフォルダを指定するか、\
             code を直してください（組込み: {}）",
            system.code,
            system.name,
            known.join("、")
        ),
    }
}

fn examples_run(system: &System) -> Examples {
    match office::example::differences(system) {
        Ok(found) => Examples {
            differing: found.into_iter().map(|one| (one.file, one.title)).collect(),
            broken: None,
        },
        Err(error) => Examples { differing: Vec::new(), broken: Some(error.to_string()) },
    }
}
