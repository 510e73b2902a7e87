//! Law as rules: a calculation (算定) is a set of rules over typed facts, with dated parameters.
//!
//! [`Law`] holds every rule with its period of force, read once; [`Law::plan`] picks what is in
//! force on a day and puts it in order; [`Plan::run`] answers for one subject, [`Plan::explain`]
//! with its trace. Nothing falls back: a parameter without a value that day is unknown, a rule
//! that is not in force that day is not there.

mod check;
mod compile;
mod order;
mod plan;
mod run;
mod scope;
mod table;
mod unit;
mod units;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use base::date::Date;
use base::dated::Dated;

use crate::error::SourceError;
use crate::parser;
use crate::parser::table::Table;
use crate::syntax::Syntax;
use crate::types::Type;
use crate::value::Value;

pub use crate::parser::table::HitPolicy;
pub use crate::parser::written::{HEAD_KEYS, Places, RowChange, WrittenRow, WrittenTable};
pub(crate) use plan::{Input, Step};
pub use plan::{ParameterInForce, Plan, PlanResult};
pub use run::{Answer, Explained, Given, GivenKind};
pub(crate) use table::{Cuts, Grid, GridInput};
pub use unit::{NotAUnit, Unit};

/// The field of every element of a list: its place in the order given, from 1 (順番).
pub const PLACE: &str = "順番";

/// 算定: what is worked out of which facts.
#[derive(Clone, Debug)]
pub struct Calculation {
    /// Identifier (`allowance`).
    pub id: String,
    /// Name (児童手当の額).
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Law that it carries out.
    pub statute: String,
    /// The date fact whose day picks rules and parameters.
    pub day: String,
    /// Facts, in the order written.
    pub facts: Vec<Fact>,
    /// Rules handed to the caller; `児童.月額` for a value of each element.
    pub results: Vec<ResultName>,
}

/// A result: a rule, of the subject or of each element of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultName {
    /// The list.
    pub list: Option<String>,
    /// The rule.
    pub rule: String,
}

/// One fact of the subject.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Name in rules.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// What it is.
    pub kind: FactKind,
}

/// A single value or a list of elements.
#[derive(Clone, Debug)]
pub enum FactKind {
    /// One value.
    One(FactType),
    /// Elements with fields, in order.
    List {
        /// The name of an element in rules of this list.
        each: String,
        /// The field by which people know an element.
        shown: Option<String>,
        /// What counting the elements gives.
        unit: Option<Unit>,
        /// Fields.
        fields: Vec<FactField>,
    },
}

/// A field of a list's elements.
#[derive(Clone, Debug)]
pub struct FactField {
    /// Name in rules.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Type and unit.
    pub kind: FactType,
}

/// Type and unit of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactType {
    /// Type.
    pub ty: Type,
    /// Unit of a number, where it has one.
    pub unit: Option<Unit>,
}

/// 規則: one formula with its period of force and its article.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Name in other rules.
    pub name: String,
    /// The list whose elements each get a value; none for a value of the subject.
    pub list: Option<String>,
    /// Article.
    pub article: String,
    /// First day in force.
    pub from: Date,
    /// Last day in force.
    pub to: Date,
    /// Unit of a number.
    pub unit: Option<Unit>,
    /// How its rows answer, where the text is a decision table (判定表).
    pub table: Option<RuleTable>,
    /// File, for messages.
    pub file: String,
    /// The formula, with its head as comments.
    pub text: String,
}

/// What is known of a rule that is written as a decision table: the figures in its cells are dated
/// by the rule's period, so that the table says itself where they stand.
#[derive(Clone, Debug)]
pub struct RuleTable {
    /// How its rows answer.
    pub policy: HitPolicy,
    /// Where the figures stand.
    pub source: String,
    /// How sure they are.
    pub checked: Certainty,
}

/// A dated parameter of the law (法令の値).
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Name.
    pub name: String,
    /// Unit (`yen`, `yen/month`, `rate`, `days`, `years`, …).
    pub unit: String,
    /// Set by an ordinance: each organisation holds its own value, this one is the model.
    pub ordinance: bool,
    /// Values by the first day in force.
    pub values: Dated<ParameterValue>,
}

/// One value of a parameter.
#[derive(Clone, Debug)]
pub struct ParameterValue {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub source: String,
    /// How sure it is: V checked, K statute, P to verify.
    pub checked: Certainty,
}

/// How sure a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Checked against the source.
    Checked,
    /// Stable statute.
    Statute,
    /// To verify before it is printed on a notice.
    ToVerify,
}

impl Parameter {
    /// The same parameter with one value for all times.
    pub fn proposed(&self, value: Value, source: &str) -> Parameter {
        let value =
            ParameterValue { value, source: source.to_owned(), checked: Certainty::ToVerify };
        let mut values = Dated::new();
        // An empty series has no day twice.
        let _ = values.insert(base::date::OPEN_FROM, Some(value));
        Parameter { ordinance: false, values, ..self.clone() }
    }

    /// Decimal places of its values: the most that any of them has.
    pub fn scale(&self) -> u8 {
        let scales = self.values.periods().map(|period| match &period.value.value {
            Value::Number(number) => number.scale(),
            _ => 0,
        });
        scales.max().unwrap_or(0)
    }
}

/// What is wrong with a rule: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LawError {
    /// File.
    pub file: String,
    /// Line from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, in Japanese.
    pub message: String,
    /// What would be right, in Japanese.
    pub help: Option<String>,
    /// It works, but something was meant otherwise.
    pub warning: bool,
}

impl LawError {
    fn in_rule(rule: &Rule, error: SourceError) -> LawError {
        let SourceError { line, column, message, help, .. } = error;
        LawError { file: rule.file.clone(), line, column, message, help, warning: false }
    }

    fn of_rule(rule: &Rule, message: String, help: &str) -> LawError {
        let (file, help) = (rule.file.clone(), Some(help.to_owned()));
        LawError { file, line: 1, column: 1, message, help, warning: false }
    }
}

impl fmt::Display for LawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, " {help}"))
    }
}

/// What checking a law in every period gives.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Errors and warnings, by file and place.
    pub errors: Vec<LawError>,
    /// The results as a record, of types that hold in every period.
    pub results: Type,
}

/// A calculation with all its rules of all times.
#[derive(Clone)]
pub struct Law {
    calculation: Arc<Calculation>,
    rules: Vec<ReadRule>,
    parameters: Arc<BTreeMap<String, Parameter>>,
}

/// A rule whose text was read.
#[derive(Clone)]
struct ReadRule {
    rule: Arc<Rule>,
    syntax: Arc<Syntax>,
    table: Option<Arc<Table>>,
}

impl ReadRule {
    fn read(rule: Rule) -> Result<ReadRule, LawError> {
        let read = match &rule.table {
            Some(RuleTable { policy, .. }) => parser::table::parse(&rule.text, *policy)
                .map(|table| (table.expression(), Some(Arc::new(table)))),
            None => parser::parse(&rule.text).map(|syntax| (syntax, None)),
        };
        match read {
            Ok((syntax, table)) => {
                Ok(ReadRule { rule: Arc::new(rule), syntax: Arc::new(syntax), table })
            }
            Err(error) => Err(LawError::in_rule(&rule, error)),
        }
    }
}

impl fmt::Debug for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Law").field(&self.calculation.id).finish()
    }
}

impl Law {
    /// Reads every rule. What can be known without a day is checked here; [`Law::check`] checks
    /// every period.
    ///
    /// # Errors
    /// Every error of spelling, and names that are there twice.
    pub fn new(
        calculation: Calculation,
        rules: Vec<Rule>,
        parameters: Arc<BTreeMap<String, Parameter>>,
    ) -> Result<Law, Vec<LawError>> {
        let mut errors = check::names(&calculation, &rules, &parameters);
        let mut read = Vec::new();
        for rule in rules {
            match ReadRule::read(rule) {
                Ok(own) => read.push(own),
                Err(error) => errors.push(error),
            }
        }
        let calculation = Arc::new(calculation);
        if errors.is_empty() {
            Ok(Law { calculation, rules: read, parameters })
        } else {
            Err(errors)
        }
    }

    /// The same law with these values in force at all times instead, as a proposal has them.
    pub fn revised(&self, parameters: &BTreeMap<String, Parameter>) -> Law {
        let mut own = (*self.parameters).clone();
        for (name, parameter) in &mut own {
            if let Some(other) = parameters.get(name) {
                *parameter = other.clone();
            }
        }
        Law { parameters: Arc::new(own), ..self.clone() }
    }

    /// What is worked out of which facts.
    pub fn calculation(&self) -> &Calculation {
        &self.calculation
    }

    /// Rules of all times.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|read| &*read.rule)
    }

    /// Every name that stands in a rule.
    pub fn names(&self) -> BTreeSet<&str> {
        self.rules.iter().flat_map(|read| order::names(&read.syntax)).collect()
    }

    /// What is in force on `day`, in the order of working out. `set` are an organisation's own
    /// values (条例で定める値) by name.
    ///
    /// # Errors
    /// Errors of types, units and order among the rules in force.
    pub fn plan(&self, day: Date, set: &BTreeMap<String, Value>) -> Result<Plan, Vec<LawError>> {
        compile::plan(self, day, set)
    }

    /// Checks every period in which a result is in force: errors, and warnings about what nobody
    /// uses.
    pub fn check(&self) -> Checked {
        check::all(self)
    }
}
