//! 一括処理: a procedure over every row of a register at once.

use rules::{Expression, Type};

/// 一括処理: what a clerk does for one at the counter, done for all in one run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Identifier (`initial-levy`).
    pub id: String,
    /// Name (当初賦課).
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Article.
    pub statute: String,
    /// Order in menus.
    pub order: u32,
    /// What the official should know before it is started.
    pub guidance: Option<String>,
    /// The same in English.
    pub guidance_en: Option<String>,
    /// The procedure that is carried out for each: its values, checks and effects.
    pub procedure: String,
    /// What is asked when it is started, the same for everybody.
    pub asks: Vec<Ask>,
    /// Whom it goes through: rows of another system that are read, or of an own register.
    pub subjects: RunSubjects,
    /// Rows of own registers that belong to each of them.
    pub lists: Vec<RunList>,
    /// Only those for whom this holds.
    pub only: Option<Expression>,
    /// Derived values, in order.
    pub values: Vec<(String, Expression)>,
    /// Who fails one of these waits.
    pub checks: Vec<RunCheck>,
    /// What stands in the procedure's form; a field that is not here is empty.
    pub inputs: Vec<(String, Expression)>,
    /// Items of the opened row that are summed up or counted in the report.
    pub totals: Vec<String>,
    /// By what a revision (見直しの試算) tells people apart: name, English name, word.
    pub groups: Vec<RunGroup>,
}

/// What tells people apart in a comparison.
#[derive(Clone, Debug)]
pub struct RunGroup {
    /// Name (家族の型).
    pub name: String,
    /// English name.
    pub name_en: String,
    /// The word for a subject.
    pub by: Expression,
}

/// A condition that must hold for a subject to be decided.
#[derive(Clone, Debug)]
pub struct RunCheck {
    /// The condition.
    pub must: Expression,
    /// Why somebody waits, and what to do.
    pub message: String,
}

/// What is asked at the start of a run.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Name in expressions.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// A date or a whole number.
    pub ty: Type,
    /// What stands there at first.
    pub default: Option<Expression>,
}

/// Whose rows a run goes through, in the order of their key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunSubjects {
    /// Rows that another system publishes, by their name in `uses:`.
    Used(String),
    /// Rows of an own register, by its id.
    Own(String),
}

/// Rows of an own register that belong to a subject.
#[derive(Clone, Debug)]
pub struct RunList {
    /// Name in expressions.
    pub name: String,
    /// The register.
    pub register: String,
    /// The item that holds the subject's key.
    pub by: String,
    /// Items that must have the value of something asked: item and what was asked.
    pub same: Vec<(String, String)>,
}

impl Run {
    /// The name of a subject's row in expressions.
    pub fn subject(&self) -> &str {
        match &self.subjects {
            RunSubjects::Used(name) | RunSubjects::Own(name) => name,
        }
    }
}
