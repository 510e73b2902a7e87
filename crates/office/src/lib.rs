//! The office: runs any business system for one organisation.
//!
//! Procedures, cases, reactions, certificates. It knows the closed set of verbs and no law: every
//! business term comes from a definition.

pub mod access;
pub mod assess;
pub mod case;
pub mod certificate;
mod error;
pub mod example;
pub mod facts;
pub mod form;
pub mod forward;
pub mod front;
pub mod identification;
pub mod intake;
pub mod plan;
pub mod reaction;
pub mod register;
pub mod run;
pub mod seed;
pub mod staff;
pub mod start;
pub mod version;
pub mod words;

use std::sync::Arc;

use base::said;
use definition::System;
use definition::model::Procedure;
use store::Database;
use store::install::EndedSystem;
use store::organisation::Organisation;

pub use access::Actor;
pub(crate) use case::due as case_due;
pub use error::OfficeError;

/// The office of one organisation.
#[derive(Clone, Debug)]
pub struct Office {
    /// The organisation.
    pub organisation: Organisation,
    /// Its database, with the office's role.
    pub database: Database,
    /// Installed systems that are served.
    pub systems: Arc<Vec<Arc<System>>>,
    /// Installed systems whose contract has ended.
    pub ended: Arc<Vec<EndedSystem>>,
}

impl Office {
    /// An installed system.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`]; [`OfficeError::Conflict`] when its contract has ended.
    pub fn system(&self, id: &str) -> Result<&Arc<System>, OfficeError> {
        let found = self.systems.iter().find(|system| system.id == id);
        found.ok_or_else(|| match self.ended.iter().find(|ended| ended.id == id) {
            Some(EndedSystem { name, on, .. }) => OfficeError::Conflict(said!(
                "「{name}」は、契約が {on} で終わったため使えません。記録は残っています",
                "“{name}” is no longer served: its contract ended after {on}. Its records are kept"
            )),
            None => OfficeError::NotFound(said!("業務システム「{id}」", "The system “{id}”")),
        })
    }

    /// A procedure of an installed system.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`].
    pub fn procedure(
        &self,
        system: &str,
        procedure: &str,
    ) -> Result<(&Arc<System>, &Procedure), OfficeError> {
        let system = self.system(system)?;
        Ok((system, procedure_of(system, procedure)?))
    }

    /// Real organisations take valid numbers only, sample organisations invalid ones only.
    pub fn number_mode(&self) -> base::code::Mode {
        if self.organisation.sample { base::code::Mode::Sample } else { base::code::Mode::Real }
    }
}

/// A procedure of a version of a system.
///
/// # Errors
/// [`OfficeError::NotFound`].
pub fn procedure_of<'s>(system: &'s System, procedure: &str) -> Result<&'s Procedure, OfficeError> {
    let found = system.procedure(procedure);
    let missing = || said!("手続「{procedure}」", "The procedure “{procedure}”");
    found.ok_or_else(|| OfficeError::NotFound(missing()))
}
