//! 公開: what a vendor sent in, judged as a whole: signature, definition, standard, connections to
//! other systems and documents, in a thread of its own. The caller installs what is sound so far.

mod examine;
mod offer;
mod taken;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::diagnostic::Severity;
use definition::standard::Standard;
use definition::{Package, System};

use crate::gate::{Area, Examples, Finding, Named, Report, SURROUNDING, asking, gate};
use crate::parcel::{DOCUMENT_KINDS, MATERIALS, Parcel, materials_check};
use crate::part::{is_part, part_asked, parts_check};
use store::control::Part;

pub use examine::{Examined, examine};
pub use offer::{judged_read, submission_offer};
pub use taken::{Taken, identity, taken};

/// What is asked of what a package reads and hears of others.
pub(crate) const LINKED: &str = "ほかの業務の公開する項目と事象につながる";
/// The rule behind what is asked of every package.
pub const RULE: &str = "業務システムの適合の条件";

/// What was sent in, as far as it could be read.
#[derive(Debug)]
pub struct Reading {
    /// The name of the file.
    pub file_name: String,
    /// What was found about signature, content and definition.
    pub findings: Vec<Finding>,
    /// The system, where all of that is right.
    pub system: Option<System>,
    /// The vendor's documents.
    pub documents: BTreeMap<String, String>,
}

impl Reading {
    /// Reads a file that a vendor sent in.
    pub fn of(file_name: &str, bytes: &[u8], (vendor, keys): (&str, &[String])) -> Reading {
        let (mut findings, parcel) = Parcel::open(bytes, vendor, keys);
        let mut reading = Reading {
            file_name: file_name.to_owned(),
            findings: Vec::new(),
            system: None,
            documents: BTreeMap::new(),
        };
        if let Some(parcel) = parcel {
            match definition::load(&parcel.package) {
                Ok((system, warnings)) => {
                    let found = format!(
                        "台帳 {}、手続 {}",
                        system.registers.len(),
                        system.procedures.len()
                    );
                    findings.push(definition_asked("system/").pass(found));
                    findings.extend(
                        warnings.iter().map(|one| {
                            definition_asked(&place(one)).unchecked(one.message.clone())
                        }),
                    );
                    reading.system = Some(system);
                }
                Err(diagnostics) => findings.extend(diagnostics.iter().map(diagnosed)),
            }
            reading.documents = parcel.documents;
        }
        reading.findings = findings;
        reading
    }

    /// A system that is carried by the program itself, with the documents of its folder.
    pub fn carried(system: System, documents: BTreeMap<String, String>) -> Reading {
        Reading {
            file_name: system.id.clone(),
            findings: Vec::new(),
            system: Some(system),
            documents,
        }
    }
}

fn definition_asked(place: &str) -> Finding {
    let rule = "定義の書き方".to_owned();
    asking(Area::Definition, "定義に誤りがない", rule, place.to_owned())
}

fn place(one: &definition::Diagnostic) -> String {
    match one.line {
        0 => one.file.clone(),
        line => format!("{}:{line}:{}", one.file, one.column),
    }
}

fn diagnosed(one: &definition::Diagnostic) -> Finding {
    let finding = definition_asked(&place(one));
    if one.severity != Severity::Error {
        return finding.unchecked(one.message.clone());
    }
    let help = one.help.clone().unwrap_or_else(|| "kumoi check で直してから送る".to_owned());
    finding.fail(one.message.clone(), help)
}

/// Against what a package is judged.
#[derive(Clone)]
pub struct Judge {
    /// The national standards.
    pub standards: Arc<Vec<Standard>>,
    /// The systems that it may stand beside.
    pub others: Arc<Vec<Arc<System>>>,
    /// The parts of the catalogue.
    pub parts: Arc<Vec<Part>>,
    /// The identifiers under which businesses are offered already.
    pub offered: Arc<Taken>,
}

impl Judge {
    /// The standard of a system's business, where there is one.
    pub fn standard(&self, system: &System) -> Option<&Standard> {
        self.standards.iter().find(|one| one.id == system.code)
    }

    /// The systems that a package stands beside when it is tried.
    pub fn beside(&self, system: &System) -> Vec<&System> {
        self.others.iter().filter(|other| other.id != system.id).map(|other| &**other).collect()
    }

    /// The report on what was read, as far as no installation is needed.
    pub fn report(&self, reading: &Reading) -> Report {
        let Some(system) = &reading.system else {
            let package = Named {
                id: String::new(),
                name: reading.file_name.clone(),
                version: String::new(),
                hash: None,
            };
            let findings = reading.findings.clone();
            return Report {
                package,
                standard: None,
                official: false,
                note: String::new(),
                findings,
            };
        };
        let standard = self.standard(system);
        let materials = reading.documents.get(MATERIALS).map(String::as_str).unwrap_or_default();
        let mut findings = reading.findings.clone();
        let mut report = if is_part(system) {
            findings.extend(part_asked(system, materials));
            Report::empty(system)
        } else {
            let package = Package { files: (*system.files).clone() };
            findings.extend(parts_check(materials, &package, &self.parts));
            gate(standard, system, &Examples::run(system))
        };
        if standard.is_none() {
            findings.push(uncovered(system));
        }
        // What the platform itself brings is of its business whatever was offered since.
        let mut known = Taken::clone(&self.offered);
        known.extend(taken(self.others.iter().map(|other| &**other)));
        findings.extend(identity(system, &self.standards, &known));
        findings.push(self.linked(system));
        findings.extend(documents(system, &reading.documents));
        report.findings.extend(findings);
        report.findings.sort_by_key(|finding| finding.area);
        report
    }

    /// What it reads of others and reacts to is there.
    fn linked(&self, system: &System) -> Finding {
        let finding = asking(Area::Reading, LINKED, RULE.to_owned(), "system.yaml".to_owned());
        let mut all = self.beside(system);
        // What the others lack among themselves is none of this package's.
        let before = definition::link(&all);
        all.push(system);
        let own = format!("{}/", system.id);
        let found = definition::link(&all);
        let mut new = found.iter().filter(|one| !before.contains(one));
        match new.next() {
            None => finding.pass(format!("使う項目の組 {}", system.uses.len())),
            Some(first) if first.file.starts_with(&own) => {
                finding.fail(first.to_string(), "相手の公開する項目と事象に合わせる")
            }
            Some(first) => {
                let remedy = "ほかの業務が使っている項目と事象を公開する";
                finding.fail(format!("ほかの業務がつながらなくなる: {first}"), remedy)
            }
        }
    }
}

/// A business whose standard the platform does not have cannot be judged.
fn uncovered(system: &System) -> Finding {
    let asked = "業務IDの標準が基盤にあるか、標準の対象外の業務である";
    let finding = asking(Area::Business, asked, RULE.to_owned(), "system.yaml".to_owned());
    if system.code == SURROUNDING {
        return finding.pass("標準の対象外の業務");
    }
    finding.fail(
        format!("業務ID {} の標準は、まだ基盤にない", system.code),
        "基盤が標準を載せるのを待つ",
    )
}

/// Whether the vendor's documents are there and say something.
fn documents(system: &System, found: &BTreeMap<String, String>) -> Vec<Finding> {
    let package = Package { files: (*system.files).clone() };
    let one = |(file, name): &(&str, &str)| {
        let asked = format!("{name}（{file}）がある");
        let place = format!("documents/{file}");
        let finding = asking(Area::Document, asked, RULE.to_owned(), place);
        let remedy = format!("{name}を書いて提出物に入れる");
        match found.get(*file) {
            None => finding.fail("ない", remedy),
            Some(text) if *file == MATERIALS => match materials_check(text, &package) {
                Ok(found) => finding.pass(found),
                Err(why) => finding.fail(why, "sbom.json を除いて kumoi parcel make で作り直す"),
            },
            Some(text) if text.trim().is_empty() => finding.fail("空である", remedy),
            Some(text) => finding.pass(format!("{} 字", text.chars().count())),
        }
    };
    DOCUMENT_KINDS.iter().map(one).collect()
}
