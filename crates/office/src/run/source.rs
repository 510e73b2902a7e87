//! Where the rows of a run come from: the subjects, and the rows that belong to each of them.

use std::sync::Arc;

use definition::model::{Item, Register, Run, RunSubjects, System};
use rules::value::Value;
use store::bulk::ordered::Fixed;

use super::compile::Frame;
use crate::OfficeError;

/// Where rows come from.
#[derive(Debug)]
pub(super) struct Source {
    pub name: String,
    pub system: Arc<System>,
    pub register: String,
    pub by: String,
    pub same: Vec<(String, Fixed)>,
    /// Its rows are passed over.
    pub passed_over: bool,
    /// Items that are read, with the name of their column.
    pub columns: Vec<(Item, String)>,
}

/// Whose rows a run goes through.
///
/// # Errors
/// [`OfficeError::Definition`]; [`OfficeError::Conflict`] when the other system is not installed.
pub(super) fn subject(
    systems: &[Arc<System>],
    (system, run): (&Arc<System>, &Run),
) -> Result<Source, OfficeError> {
    let (of, register, by) = match &run.subjects {
        RunSubjects::Own(id) => {
            let own = system.register(id);
            let key = own.map(|own| own.key.clone()).unwrap_or_default();
            (system.clone(), id.clone(), key)
        }
        RunSubjects::Used(name) => {
            let used = system.uses.iter().find(|used| used.name == *name);
            let missing = || OfficeError::Definition(format!("対象者「{name}」がありません"));
            let used = used.ok_or_else(missing)?;
            let other = systems.iter().find(|other| other.id == used.system);
            let id = &used.system;
            let missing = || {
                OfficeError::Conflict(base::said!(
                    "業務システム「{id}」が入っていないため、一括処理を行えません",
                    "The system “{id}” is not installed, so this cannot be run"
                ))
            };
            (other.ok_or_else(missing)?.clone(), used.register.clone(), used.key.clone())
        }
    };
    let name = run.subject().to_owned();
    let (same, columns) = (Vec::new(), Vec::new());
    Ok(Source { name, system: of, register, by, same, passed_over: false, columns })
}

/// Lists of the rows that belong to a subject; in a comparison those that the run itself writes
/// are passed over, as if nobody had been decided yet.
pub(super) fn lists(system: &Arc<System>, run: &Run, frame: &Frame) -> Vec<Source> {
    let written = system.procedure(&run.procedure).map(|own| own.register.clone());
    let fixed = |ask: &str| match frame.asked.get(ask) {
        Some(Value::Date(day)) => Some(Fixed::Day(**day)),
        Some(Value::Number(number)) => number.to_integer().map(Fixed::Integer),
        _ => None,
    };
    let one = |list: &definition::model::RunList| Source {
        name: list.name.clone(),
        system: system.clone(),
        register: list.register.clone(),
        by: list.by.clone(),
        same: list
            .same
            .iter()
            .filter_map(|(item, ask)| Some((item.clone(), fixed(ask)?)))
            .collect(),
        passed_over: frame.compares && written.as_ref() == Some(&list.register),
        columns: Vec::new(),
    };
    run.lists.iter().map(one).collect()
}

impl Source {
    /// The register that is read.
    pub fn register(&self) -> Option<&Register> {
        self.system.register(&self.register)
    }

    pub fn item(&self, name: &str) -> Option<&Item> {
        self.register()?.item(name)
    }
}
