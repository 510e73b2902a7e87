//! The model of a system: what its folder says, checked and compiled.
//!
//! Names are the statute's own Japanese terms; `romaji` is the field name of the standard
//! (データ項目のローマ字名) and becomes the column. The model is immutable and shared.

mod intake;
mod price;
mod procedure;
mod register;
mod run;
mod version;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::date::Date;
use rules::{Expression, Type};

pub use crate::reader::Located;
pub use intake::*;
pub use price::*;
pub use procedure::*;
pub use register::*;
pub use rules::law::{Certainty, Law, Parameter, ParameterValue};
pub use run::*;

/// 標準準拠システム or any other business system: one folder of data.
#[derive(Clone, Debug)]
pub struct System {
    /// Identifier in addresses and in the database (`resident-record`).
    pub id: String,
    /// 業務ID, three digits in the standard's numbering.
    pub code: String,
    /// Official name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// The law it carries out.
    pub statute: String,
    /// The national standard and the version followed, if there is one.
    pub standard: Option<Standard>,
    /// The package's own version.
    pub version: String,
    /// Kinds of body it applies to (`municipality`, …).
    pub bodies: Vec<String>,
    /// Published items of other systems that it reads.
    pub uses: Vec<Use>,
    /// Events it publishes at final registration.
    pub events: Vec<EventType>,
    /// What the system leaves out, in words, for its page.
    pub limits: Vec<String>,
    /// Registers, in the order of their files.
    pub registers: Vec<Register>,
    /// Code lists by name.
    pub codes: BTreeMap<String, CodeList>,
    /// Procedures, by their `order`, then id.
    pub procedures: Vec<Procedure>,
    /// What is done for many at once, by `order`, then id.
    pub runs: Vec<Run>,
    /// Files that are taken in, by `order`, then id.
    pub intakes: Vec<Intake>,
    /// Rules by name (the file's stem).
    pub rules: Vec<Rule>,
    /// Calculations with their rules of all times, in the order of their files.
    pub calculations: Vec<Calculated>,
    /// Parameters by name.
    pub parameters: BTreeMap<String, Parameter>,
    /// Templates of notices: file name (`copy.typ`) → text.
    pub notices: BTreeMap<String, String>,
    /// How a sample organisation's people fill the registers.
    pub samples: Vec<Sample>,
    /// Worked examples: these are the tests.
    pub examples: Vec<Example>,
    /// What it costs and who owns the data, where the vendor publishes it.
    pub price: Option<Price>,
    /// SHA-256 of all files, hexadecimal: the version of the package.
    pub hash: String,
    /// All its texts by path, so that a version can be kept and loaded again.
    pub files: Arc<BTreeMap<String, String>>,
}

/// 標準仕様書.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standard {
    /// Title.
    pub name: String,
    /// Version followed.
    pub version: String,
}

/// What a system reads of another: published items, never its schema.
#[derive(Clone, Debug)]
pub struct Use {
    /// Name in expressions.
    pub name: String,
    /// The other system.
    pub system: String,
    /// Its register.
    pub register: String,
    /// Name of the key there; the form's field or the subject's item of this name selects the row.
    pub key: String,
    /// Items, with the types expected: also the shape of the mirror where it is not installed.
    pub items: Vec<Item>,
    /// Where it stands in the definition.
    pub source: Located,
}

/// An event published at final registration.
#[derive(Clone, Debug)]
pub struct EventType {
    /// Identifier (`moved-out`).
    pub id: String,
    /// Name (転出).
    pub name: String,
    /// English name.
    pub name_en: String,
    /// The register whose subjects it concerns.
    pub register: String,
    /// Items it carries, by name.
    pub items: Vec<String>,
}

/// コード一覧.
#[derive(Clone, Debug)]
pub struct CodeList {
    /// Name.
    pub name: String,
    /// Entries in order.
    pub entries: Vec<CodeEntry>,
}

/// One code.
#[derive(Clone, Debug)]
pub struct CodeEntry {
    /// The code.
    pub code: String,
    /// What it says.
    pub name: String,
    /// English.
    pub name_en: String,
}

impl CodeList {
    /// The name of a code.
    pub fn name_of(&self, code: &str) -> Option<&str> {
        self.entries.iter().find(|e| e.code == code).map(|e| e.name.as_str())
    }
}

/// A rule of one file: an expression with its period of force and its article.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Name: the file's stem.
    pub name: String,
    /// The register it derives an item of.
    pub register: String,
    /// Article.
    pub article: String,
    /// First day in force.
    pub from: Date,
    /// Last day in force.
    pub to: Date,
    /// The formula.
    pub expression: Expression,
}

/// A calculation (算定) that was checked in every period.
#[derive(Clone, Debug)]
pub struct Calculated {
    /// Its rules.
    pub law: Law,
    /// Its results as a record, fit for every period.
    pub results: Type,
}

impl Calculated {
    /// Its identifier.
    pub fn id(&self) -> &str {
        &self.law.calculation().id
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.law.calculation().name
    }
}

/// How rows of a register are made for a sample organisation.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The register.
    pub register: String,
    /// One row for each person or for each household.
    pub each: SampleEach,
    /// Item → name of the fact of the synthetic population, or a text in quotes.
    pub items: Vec<(String, String)>,
    /// Only people with this fact set.
    pub only: Option<String>,
}

/// What a sample row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleEach {
    /// A person.
    Person,
    /// A household.
    Household,
}

/// A worked example: prose, facts and what the system decides.
#[derive(Clone, Debug)]
pub struct Example {
    /// File name.
    pub file: String,
    /// Title.
    pub title: String,
    /// What it is an example of.
    pub of: ExampleOf,
    /// The facts as written (YAML block), parsed to JSON-like values.
    pub facts: serde_json::Value,
    /// The expected decision, as text.
    pub decision: String,
}

/// What an example shows, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExampleOf {
    /// A procedure.
    Procedure(String),
    /// A calculation alone.
    Calculation(String),
}

impl System {
    /// A register by id.
    pub fn register(&self, id: &str) -> Option<&Register> {
        self.registers.iter().find(|r| r.id == id)
    }

    /// A procedure by id.
    pub fn procedure(&self, id: &str) -> Option<&Procedure> {
        self.procedures.iter().find(|p| p.id == id)
    }

    /// A bulk run by id.
    pub fn run(&self, id: &str) -> Option<&Run> {
        self.runs.iter().find(|run| run.id == id)
    }

    /// An intake by id.
    pub fn intake(&self, id: &str) -> Option<&Intake> {
        self.intakes.iter().find(|intake| intake.id == id)
    }

    /// A calculation by id.
    pub fn calculation(&self, id: &str) -> Option<&Calculated> {
        self.calculations.iter().find(|own| own.id() == id)
    }

    /// The schema of its tables in the organisation's database.
    pub fn schema(&self) -> String {
        self.id.replace('-', "_")
    }
}
