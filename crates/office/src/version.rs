//! Versions of systems: what an organisation has installed, and the version something began with.
//!
//! A version is its content hash and never changes, so it is compiled once for the whole process.
//! An older version runs over the tables that are there now; it is never replaced by a newer one.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use definition::System;
use store::install::{EndedSystem, ended_list, version_load};
use store::parameter::systems_installed;
use store::{Database, GenericClient};

use crate::{Office, OfficeError};

/// Compiled versions by their hash and, for an older one, that of the version whose tables it has.
type Compiled = HashMap<(String, String), Arc<System>>;

static COMPILED: LazyLock<RwLock<Compiled>> = LazyLock::new(RwLock::default);

/// The systems that are installed in a database and served, each in its installed version; `known`
/// are those that the program carries. Beside them those whose contract has ended.
///
/// # Errors
/// [`OfficeError::Definition`] when the texts of an installed version were not kept.
pub async fn systems_in_force(
    database: &Database,
    known: &[Arc<System>],
) -> Result<(Arc<Vec<Arc<System>>>, Arc<Vec<EndedSystem>>), OfficeError> {
    let client = database.client().await?;
    let ended = ended_list(&**client).await?;
    let mut out = Vec::new();
    for (id, name, version, hash) in systems_installed(&**client).await? {
        if ended.iter().any(|one| one.id == id) {
            continue;
        }
        let carried = known.iter().find(|system| system.id == id && system.hash == hash);
        out.push(match carried {
            Some(system) => Arc::clone(system),
            None => {
                let place = (hash.clone(), hash.clone());
                let found = compiled(&**client, (&id, &place), Arc::new).await?;
                found.ok_or_else(|| not_kept(&name, &version))?
            }
        });
    }
    Ok((Arc::new(out), Arc::new(ended)))
}

impl Office {
    /// The version of a system with this hash, over the tables that are there now. What carries no
    /// hash follows the installed version.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`] for an unknown system, [`OfficeError::Definition`] when the
    /// version was never installed here.
    pub async fn version(
        &self,
        client: &impl GenericClient,
        system: &str,
        hash: &str,
    ) -> Result<Arc<System>, OfficeError> {
        let installed = self.system(system)?;
        if hash.is_empty() || installed.hash == hash {
            return Ok(Arc::clone(installed));
        }
        let place = (hash.to_owned(), installed.hash.clone());
        let over = |old: System| Arc::new(old.over(installed));
        let found = compiled(client, (system, &place), over).await?;
        found.ok_or_else(|| not_kept(&installed.name, hash))
    }
}

async fn compiled(
    client: &impl GenericClient,
    (system, place): (&str, &(String, String)),
    finish: impl FnOnce(System) -> Arc<System>,
) -> Result<Option<Arc<System>>, OfficeError> {
    let known = COMPILED.read().unwrap_or_else(PoisonError::into_inner).get(place).cloned();
    if known.is_some() {
        return Ok(known);
    }
    let Some(loaded) = version_load(client, system, &place.0).await? else { return Ok(None) };
    let made = finish(loaded);
    let mut all = COMPILED.write().unwrap_or_else(PoisonError::into_inner);
    Ok(Some(Arc::clone(all.entry(place.clone()).or_insert(made))))
}

fn not_kept(name: &str, version: &str) -> OfficeError {
    OfficeError::Definition(format!("{name}の版 {version} の控えがありません"))
}
