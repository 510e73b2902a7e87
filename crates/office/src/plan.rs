//! `plan(facts, act) → decision + effects`, pure: what a procedure would do, before anything is
//! written. The case applies it; examples assert it without a database.

mod effect;
mod open;
mod unchanged;
mod validate;

use base::date::Date;
use base::said::Said;
use definition::model::{Derivation, Procedure, System};
use rules::Expression;
use rules::value::Value;
use store::ItemValue;
use store::register::Change;

use crate::OfficeError;
use crate::assess::{Assessed, assess, calculation_of};
use crate::facts::Facts;

pub(crate) use unchanged::unchanged;

/// Something to be put right, or to be acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Field (`転入者.0.氏名`), if it belongs to one.
    pub at: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
    /// English.
    pub message_en: String,
    /// A warning may be acknowledged.
    pub warning: bool,
}

impl Finding {
    /// An error.
    pub fn error(at: Option<String>, said: Said) -> Finding {
        Finding { at, message: said.ja, message_en: said.en, warning: false }
    }

    /// An error of one field.
    pub fn at(field: &str, said: Said) -> Finding {
        Finding::error(Some(field.to_owned()), said)
    }
}

/// What a procedure would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Effects in order; empty while there are errors.
    pub steps: Vec<Step>,
    /// 異動日.
    pub effective_on: Option<Date>,
    /// 届出日.
    pub filed_on: Option<Date>,
    /// Errors and warnings.
    pub findings: Vec<Finding>,
    /// Calculations that were carried out, with their traces.
    pub assessed: Vec<Assessed>,
}

impl Plan {
    /// True when something must be put right before it can be entered.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| !finding.warning)
    }

    /// True when something must be acknowledged.
    pub fn has_warnings(&self) -> bool {
        self.findings.iter().any(|finding| finding.warning)
    }
}

/// One planned effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A new row.
    Open {
        /// Register.
        register: String,
        /// Values in the order of the register's items.
        values: Vec<Option<ItemValue>>,
        /// From this day.
        day: Date,
    },
    /// A change of a row.
    Change {
        /// Register.
        register: String,
        /// Row.
        key: String,
        /// What changes.
        change: Change,
    },
    /// A recorded event is taken back.
    Cancel(Undoable),
    /// A timer.
    Timer {
        /// Day.
        on: Date,
        /// Procedure.
        procedure: String,
        /// Subject.
        key: String,
    },
    /// A document.
    Notify {
        /// Template.
        notice: String,
        /// Items that may be printed.
        items: Vec<String>,
        /// Items that were asked for expressly, when the procedure lets one choose.
        requested: Option<Vec<String>>,
        /// Fee.
        fee_yen: i64,
    },
}

impl Step {
    /// The rows that are there already and that it writes: register and key.
    pub fn touched(&self) -> Vec<(&str, &str)> {
        match self {
            Step::Change { register, key, .. } => vec![(register, key)],
            Step::Cancel(event) => {
                let rows = event.rows.iter();
                rows.map(|row| (row.register.as_str(), row.key.as_str())).collect()
            }
            Step::Open { .. } | Step::Timer { .. } | Step::Notify { .. } => Vec::new(),
        }
    }
}

/// A recorded event as its cancellation finds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Undoable {
    /// Its number.
    pub event_id: i64,
    /// 処理日時: the state before this moment is believed again.
    pub since: jiff::Timestamp,
    /// Whom the event was about; empty when that was not recorded.
    pub subjects: Vec<String>,
    /// Every row that it wrote.
    pub rows: Vec<UndoneRow>,
    /// One of the rows is concealed (支援措置).
    pub concealed: bool,
    /// Why it cannot be cancelled, and what else somebody has to do.
    pub findings: Vec<Finding>,
}

impl Undoable {
    /// Whether the event was about the row with this key.
    pub fn is_subject(&self, key: &str) -> bool {
        self.subjects.is_empty() || self.subjects.iter().any(|subject| subject == key)
    }
}

/// A row that a cancellation takes back.
#[derive(Clone, Debug, PartialEq)]
pub struct UndoneRow {
    /// Register.
    pub register: String,
    /// Row.
    pub key: String,
    /// Present values.
    pub now: Vec<Option<ItemValue>>,
    /// Values before the event; `None` when the event opened the row.
    pub before: Option<Vec<Option<ItemValue>>>,
}

/// Where numbers come from: the store at registration, placeholders before.
pub trait Numbers {
    /// The next number of a series in its printed form.
    fn take(&mut self, series: &str, shape: Shape) -> String;
}

/// How a number of a series is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// 宛名番号: with its check digit.
    Addressee,
    /// 世帯番号: with its check digit.
    Household,
    /// Plain digits.
    Plain,
}

impl Shape {
    /// A serial in this shape.
    pub fn write(self, serial: u64) -> String {
        match self {
            Shape::Addressee => base::code::AddresseeNumber::from_serial(serial)
                .map_or_else(|_| serial.to_string(), |n| n.to_string()),
            Shape::Household => base::code::HouseholdNumber::from_serial(serial)
                .map_or_else(|_| serial.to_string(), |n| n.to_string()),
            Shape::Plain => format!("{serial:08}"),
        }
    }
}

/// Numbers for a preview: nothing is issued.
#[derive(Debug, Default)]
pub struct Placeholders {
    /// How many of each series the plan takes.
    pub taken: Vec<(String, Shape)>,
}

/// What stands where a number will be issued.
pub const TO_BE_NUMBERED: &str = "登録時に付番";

impl Numbers for Placeholders {
    fn take(&mut self, series: &str, shape: Shape) -> String {
        self.taken.push((series.to_owned(), shape));
        format!("{TO_BE_NUMBERED}{}", self.taken.len())
    }
}

/// Numbers issued by the store, in the order in which the plan takes them.
#[derive(Debug)]
pub struct Issued {
    /// The numbers left.
    pub left: std::collections::VecDeque<String>,
}

impl Numbers for Issued {
    fn take(&mut self, _: &str, _: Shape) -> String {
        self.left.pop_front().unwrap_or_default()
    }
}

/// Plans a procedure on facts. `facts` hold the form, the subjects, their relations, parameters and
/// the day; derived values are added.
///
/// # Errors
/// [`OfficeError::Definition`] when the definition names a register that is not there.
pub fn plan(
    system: &System,
    procedure: &Procedure,
    mut facts: Facts,
    mut findings: Vec<Finding>,
    numbers: &mut dyn Numbers,
) -> Result<Plan, OfficeError> {
    let form_is_broken = findings.iter().any(|finding| !finding.warning);
    let assessed = derive(system, procedure, &mut facts)?;
    for check in &procedure.checks {
        findings.extend(validate::check((system, procedure), check, &facts, form_is_broken));
    }
    let day = |name: &str| match facts.record.get(name) {
        Some(Value::Date(day)) => Some(**day),
        _ => None,
    };
    let mut plan = Plan {
        steps: Vec::new(),
        filed_on: day("届出日"),
        effective_on: day("異動日").or(day("届出日")).or(day("本日")),
        findings,
        assessed,
    };
    if plan.has_errors() {
        return Ok(plan);
    }
    let mut planner = effect::Planner { system, procedure, facts, numbers, plan: &mut plan };
    for effect in &procedure.effects {
        planner.run(effect)?;
    }
    if plan.has_errors() {
        plan.steps.clear();
    }
    Ok(plan)
}

/// Adds the derived values, from top to bottom; answers the calculations among them.
fn derive(
    system: &System,
    procedure: &Procedure,
    facts: &mut Facts,
) -> Result<Vec<Assessed>, OfficeError> {
    let mut out = Vec::new();
    for (name, derivation) in &procedure.values {
        let value_of = |expression: &Expression, name: &str| {
            let value = expression.evaluate(&facts.record).value;
            value.unwrap_or_else(|error| Value::unknown(name, error.to_string()))
        };
        let value = match derivation {
            Derivation::Expression(expression) => value_of(expression, name),
            Derivation::Calculation { id, facts: given } => {
                let given = given.iter().map(|(fact, by)| (fact.as_str(), value_of(by, fact)));
                let own = calculation_of(system, id)?;
                let (value, assessed) = assess(own, name, &given.collect(), &facts.set)?;
                out.push(assessed);
                value
            }
        };
        facts.set(name, value);
    }
    Ok(out)
}
