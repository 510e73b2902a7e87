//! The systems of the repository load without a word.

use definition::System;

use crate::support::{package_of, shown, systems_folder};

/// Loads a system of the repository; every diagnostic, warnings too, is a failure.
#[track_caller]
pub fn loaded(id: &str) -> System {
    match definition::load(&package_of(&systems_folder().join(id))) {
        Ok((system, warnings)) => {
            assert_eq!(shown(&warnings), "", "{id}");
            system
        }
        Err(errors) => panic!("{id} does not load:\n{}", shown(&errors)),
    }
}

#[test]
fn resident_record_loads() {
    let system = loaded("resident-record");
    assert_eq!(system.id, "resident-record");
}

#[test]
fn seal_registration_loads() {
    let system = loaded("seal-registration");
    assert_eq!(system.id, "seal-registration");
}

/// What one system reads and hears, the other publishes.
#[test]
fn systems_fit_each_other() {
    let systems = [loaded("resident-record"), loaded("seal-registration")];
    let systems: Vec<&System> = systems.iter().collect();
    assert_eq!(shown(&definition::link(&systems)), "");
}
