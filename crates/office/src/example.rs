//! Runs the worked examples of a system: their facts go through the same form, facts and plan as a
//! real case, without a database, and the decision comes out as text that people review.
//!
//! Numbers stay placeholders, the clock is the example's own day, nothing is written.

mod calculation;
mod facts;
mod text;

use base::code::Mode;
use definition::System;
use definition::model::{Example, ExampleOf};
use store::vault::Vault;

use crate::OfficeError;
use crate::case::assemble;
use crate::form::{FormContext, parse};
use crate::plan::{Placeholders, plan, unchanged};

/// An example whose decision differs from what the plan decides now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// File within the system's folder.
    pub file: String,
    /// Title of the example.
    pub title: String,
    /// The decision as written.
    pub expected: String,
    /// The decision as it is.
    pub found: String,
}

/// What the system decides on an example, one line a finding, row or item.
///
/// # Errors
/// [`OfficeError::Definition`] when a fact of the example cannot be read.
pub fn decide(system: &System, example: &Example) -> Result<String, OfficeError> {
    let id = match &example.of {
        ExampleOf::Procedure(id) => id,
        ExampleOf::Calculation(id) => return calculation::decide(system, id, &example.facts),
    };
    let missing = || OfficeError::Definition(format!("手続「{id}」がありません"));
    let procedure = system.procedure(id).ok_or_else(missing)?;
    // Examples hold invented people only; the key guards nothing and is dropped with the form.
    let vault = Vault::from_master(&[0; 32])?;
    let mut given = facts::read(system, procedure, &example.facts)?;
    let today = given.today;
    let context = FormContext { system, procedure, mode: Mode::Sample, vault: &vault, today };
    let parsed = parse(context, &given.form);
    given.look_up(system, procedure, &parsed);
    let gathered = assemble((system, procedure), parsed, given.found, given.today)?;
    let subjects = gathered.subjects.clone();
    let mut numbers = Placeholders::default();
    let mut plan = plan(system, procedure, gathered.facts, gathered.findings, &mut numbers)?;
    plan.findings.extend(unchanged(procedure, &plan, |register, key| {
        text::find(system.register(register)?, key, &given.known)
    }));
    Ok(text::write(system, procedure, &plan, (&given.known, &subjects)))
}

/// Examples of a system that decide otherwise than they say.
///
/// # Errors
/// As [`decide`].
pub fn differences(system: &System) -> Result<Vec<Difference>, OfficeError> {
    let mut out = Vec::new();
    for example in &system.examples {
        let found = decide(system, example)?;
        if found.trim_end() != example.decision.trim_end() {
            out.push(Difference {
                file: example.file.clone(),
                title: example.title.clone(),
                expected: example.decision.clone(),
                found,
            });
        }
    }
    Ok(out)
}
