//! The packages of the catalogue by their hash, each read and compiled once a process. A hash is
//! its content, so nothing here is ever out of date.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use definition::System;
use store::control::package_load;
use store::{GenericClient, StoreError};

/// Packages that were asked for.
#[derive(Debug, Default)]
pub struct Packages(RwLock<HashMap<String, Arc<System>>>);

impl Packages {
    /// The package with this hash; `None` when the catalogue never had it.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub async fn load(
        &self,
        control: &impl GenericClient,
        hash: &str,
    ) -> Result<Option<Arc<System>>, StoreError> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let Some(system) = package_load(control, hash).await? else { return Ok(None) };
        let system = Arc::new(system);
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Some(Arc::clone(all.entry(hash.to_owned()).or_insert(system))))
    }
}
