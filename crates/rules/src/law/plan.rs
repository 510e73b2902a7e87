//! The law of one day, in the order of working out.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base::date::Date;

use super::table::Grid;
use super::{Calculation, Certainty, GivenKind, LawError, Rule, Unit};
use crate::tree::Node;
use crate::types::Type;
use crate::value::Value;

/// The rules and parameters of a day, checked and in order. Shared between threads.
pub struct Plan {
    /// First and last day on which this very law is in force.
    pub in_force: (Date, Date),
    /// What is worked out of which facts.
    pub calculation: Arc<Calculation>,
    /// What the caller gets.
    pub results: Vec<PlanResult>,
    /// Parameters that its rules use, by name.
    pub parameters: BTreeMap<Arc<str>, ParameterInForce>,
    /// Steps in order: each needs only facts, parameters and steps before it.
    pub(crate) steps: Vec<Step>,
    /// What works but could not be checked whole.
    pub(crate) warnings: Vec<LawError>,
}

/// A result with its type and unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanResult {
    /// The list, where each element has its own.
    pub list: Option<String>,
    /// The rule.
    pub rule: String,
    /// Type.
    pub ty: Type,
    /// Unit.
    pub unit: Option<Unit>,
}

/// The value of a parameter that holds, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterInForce {
    /// The value; unknown when there is none on that day.
    pub value: Value,
    /// Type of the series.
    pub ty: Type,
    /// Unit.
    pub unit: Option<Unit>,
    /// First and last day in force; none for an organisation's own value.
    pub period: Option<(Date, Date)>,
    /// Article or announcement; for an organisation's own value, empty.
    pub source: String,
    /// How sure it is.
    pub checked: Option<Certainty>,
}

/// One rule at work.
pub(crate) struct Step {
    /// The rule.
    pub rule: Arc<Rule>,
    /// The rule's name.
    pub name: Arc<str>,
    /// Its formula with the parameters in their places; in a rule of a list, local 0 is the
    /// element.
    pub node: Node,
    /// What it takes.
    pub inputs: Vec<Input>,
    /// Where each of them comes from.
    pub kinds: Vec<GivenKind>,
    /// The decision table by cases, where it stands on the day itself.
    pub grid: Option<Grid>,
}

/// What a step takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A fact, a parameter or a rule of the subject.
    Name(Arc<str>),
    /// A field or rule of the own element.
    Field(Arc<str>),
    /// A field or rule of every element of a list.
    Each {
        /// The list.
        list: Arc<str>,
        /// The field or rule.
        field: Arc<str>,
    },
}

impl Plan {
    /// How many rules are at work.
    pub fn rules(&self) -> usize {
        self.steps.len()
    }

    /// The unit of what a rule gives.
    pub fn unit_of(&self, rule: &str) -> Option<Unit> {
        self.steps.iter().find(|step| step.rule.name == rule)?.rule.unit
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("calculation", &self.calculation.id)
            .field("in_force", &self.in_force)
            .finish_non_exhaustive()
    }
}
