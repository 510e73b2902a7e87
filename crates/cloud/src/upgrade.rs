//! Bringing an organisation's installed systems to the versions that it contracted.
//!
//! All of an organisation's changes are one transaction with journal and audit. What would break is
//! refused with its reasons, and the installed version stays whole and in service.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use definition::System;
use jiff::Timestamp;
use serde_json::json;
use store::audit::{NewAudit, audit_append};
use store::install::{self, breaking_changes};
use store::journal::{NewEntry, journal_append};
use store::organisation::Organisation;
use store::{Connection, GenericClient, StoreError, parameter};

use crate::{CloudError, Executor};

/// Who the executor is in journal and audit.
const ACTOR: &str = "基盤";
const PURPOSE: &str = "業務システムの更新";

/// A system that was brought to another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The system's name.
    pub system: String,
    /// Version before; `None` when it was not installed.
    pub from: Option<String>,
    /// Version now.
    pub to: String,
}

/// An upgrade that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The system's name.
    pub system: String,
    /// The version that stays in service.
    pub installed: String,
    /// The version that was to come.
    pub version: String,
    /// Why, one thing each.
    pub reasons: Vec<String>,
}

/// An organisation's systems after an upgrade.
#[derive(Clone, Debug, Default)]
pub struct Upgraded {
    /// What is served, by identifier.
    pub systems: Vec<Arc<System>>,
    /// What changed.
    pub changed: Vec<Change>,
    /// What was refused.
    pub refused: Vec<Refused>,
}

/// Installed and wanted systems of an organisation.
struct Course {
    installed: BTreeMap<String, Arc<System>>,
    /// Wanted in another version than the installed one.
    wanted: BTreeMap<String, Arc<System>>,
    reasons: BTreeMap<String, Vec<String>>,
    /// Installed and served no more: their contract has ended, and none is wanted.
    ended: Vec<String>,
}

impl Executor<'_> {
    /// Brings the house's own tables and then the systems of an organisation up to date.
    ///
    /// # Errors
    /// [`CloudError::VersionLost`] when an installed version was never kept; [`CloudError::Store`].
    /// Nothing of the systems' change stays then.
    pub async fn systems_bring_up(
        &self,
        organisation: &Organisation,
        wanted: &[Arc<System>],
    ) -> Result<Upgraded, CloudError> {
        self.installer.schemas_bring_up(&organisation.id, self.templates).await?;
        let mut client = self.installer.connect(&organisation.id).await?;
        let mut course = read(&mut client, organisation, wanted).await?;
        course.decide();
        let transaction = client.transaction().await.map_err(StoreError::from)?;
        // A reader that never ends must not hold everything up for ever.
        let sql = "set local role kumoi_owner; set local lock_timeout = '20s'";
        transaction.batch_execute(sql).await.map_err(StoreError::from)?;
        let at = Timestamp::now();
        for (id, system) in &course.wanted {
            let old = course.installed.get(id);
            match old {
                Some(old) => install::upgrade(&transaction, old, system).await?,
                None => install::install(&transaction, system).await?,
            }
            write_down(&transaction, at, old.map(|old| &**old), system).await?;
        }
        for system in wanted.iter().filter(|one| !course.reasons.contains_key(&one.id)) {
            if install::service_resume(&transaction, &system.id).await? {
                resumed(&transaction, at, system).await?;
            }
        }
        transaction.commit().await.map_err(StoreError::from)?;
        course.note_refusals(&mut client, wanted).await?;
        Ok(course.outcome(wanted))
    }
}

/// What is installed, and what is wanted instead.
async fn read(
    client: &mut Connection,
    organisation: &Organisation,
    wanted: &[Arc<System>],
) -> Result<Course, CloudError> {
    let transaction = client.transaction().await.map_err(StoreError::from)?;
    transaction.batch_execute("set local role kumoi_owner").await.map_err(StoreError::from)?;
    let kept = install::version_list(&transaction).await?;
    let mut course = Course {
        installed: BTreeMap::new(),
        wanted: wanted.iter().map(|system| (system.id.clone(), Arc::clone(system))).collect(),
        reasons: BTreeMap::new(),
        ended: Vec::new(),
    };
    let ended = install::ended_list(&transaction).await?.into_iter().map(|one| one.id);
    course.ended = ended.filter(|id| wanted.iter().all(|system| system.id != *id)).collect();
    for (id, name, version, hash) in parameter::systems_installed(&transaction).await? {
        let system = match course.wanted.get(&id).filter(|system| system.hash == hash) {
            Some(same) => {
                let same = Arc::clone(same);
                if !kept.iter().any(|one| one.system == id && one.hash == hash) {
                    install::version_keep(&transaction, &same).await?;
                }
                install::refusal_settle(&transaction, &id).await?;
                course.wanted.remove(&id);
                same
            }
            None => {
                let found = install::version_load(&transaction, &id, &hash).await?;
                let organisation = organisation.name.clone();
                let lost = CloudError::VersionLost { organisation, system: name, version };
                if let Some(system) = course.wanted.get(&id)
                    && let Some(why) =
                        install::upgrade_obstacle(&transaction, &id, &system.hash).await?
                {
                    course.wanted.remove(&id);
                    course.reasons.insert(id.clone(), vec![why]);
                }
                Arc::new(found.ok_or(lost)?)
            }
        };
        course.installed.insert(id, system);
    }
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(course)
}

impl Course {
    /// Leaves in `wanted` only what breaks nothing: neither rows nor what systems expect of each
    /// other.
    fn decide(&mut self) {
        for (id, system) in std::mem::take(&mut self.wanted) {
            let old = self.installed.get(&id);
            let breaks = old.map(|old| breaking_changes(old, &system)).unwrap_or_default();
            if breaks.is_empty() {
                self.wanted.insert(id, system);
            } else {
                self.reasons.insert(id, breaks);
            }
        }
        while !self.wanted.is_empty() {
            let mut all = self.installed.clone();
            all.retain(|id, _| !self.ended.contains(id));
            all.extend(self.wanted.clone());
            let systems: Vec<&System> = all.values().map(|system| &**system).collect();
            let found = definition::link(&systems);
            let Some(first) = found.first() else { break };
            // The system that expects; where it is not the one that changes, any may be the cause.
            let own = first.file.split('/').next().unwrap_or_default().to_owned();
            let gone: Vec<String> = match self.wanted.contains_key(&own) {
                true => vec![own],
                false => self.wanted.keys().cloned().collect(),
            };
            for id in gone {
                self.wanted.remove(&id);
                self.reasons.insert(id, found.iter().map(ToString::to_string).collect());
            }
        }
    }

    /// Keeps the reasons of refusals for the administrator; a new one is audited.
    async fn note_refusals(
        &self,
        client: &mut Connection,
        wanted: &[Arc<System>],
    ) -> Result<(), CloudError> {
        let transaction = client.transaction().await.map_err(StoreError::from)?;
        transaction.batch_execute("set local role kumoi_owner").await.map_err(StoreError::from)?;
        for (id, reasons) in &self.reasons {
            let Some(system) = wanted.iter().find(|system| system.id == *id) else { continue };
            // A system that is not installed has no row to hold the reasons; it is said at start.
            if self.installed.contains_key(id)
                && install::refusal_record(&transaction, system, reasons).await?
            {
                let detail = json!({"system": id, "version": system.version,
                    "hash": system.hash, "reasons": reasons});
                audit(&transaction, "system.upgrade.refused", detail).await?;
            }
        }
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(())
    }

    fn outcome(self, wanted: &[Arc<System>]) -> Upgraded {
        let mut out = Upgraded::default();
        for (id, reasons) in &self.reasons {
            let Some(system) = wanted.iter().find(|system| system.id == *id) else { continue };
            let installed = self.installed.get(id).map(|old| old.version.clone());
            out.refused.push(Refused {
                system: system.name.clone(),
                installed: installed.unwrap_or_default(),
                version: system.version.clone(),
                reasons: reasons.clone(),
            });
        }
        let mut served = self.installed;
        served.retain(|id, _| !self.ended.contains(id));
        for (id, system) in self.wanted {
            let (name, to) = (system.name.clone(), system.version.clone());
            let from = served.insert(id, system).map(|old| old.version.clone());
            out.changed.push(Change { system: name, from, to });
        }
        out.systems = served.into_values().collect();
        out
    }
}

/// The journal entry and the audit row of one change.
async fn write_down(
    client: &impl GenericClient,
    at: Timestamp,
    old: Option<&System>,
    new: &System,
) -> Result<(), StoreError> {
    let detail = json!({
        "system": new.id, "from": old.map(|old| &old.hash), "to": new.hash,
        "from_version": old.map(|old| &old.version), "to_version": new.version,
    });
    let reason = if old.is_some() { PURPOSE } else { "業務システムの導入" };
    entry(client, at, (&new.id, "system-upgrade", reason), &detail).await?;
    audit(client, "system.upgrade", detail).await
}

/// The journal entry and the audit row of a system that is served again.
async fn resumed(
    client: &impl GenericClient,
    at: Timestamp,
    system: &System,
) -> Result<(), StoreError> {
    let detail = json!({"system": system.id, "hash": system.hash});
    entry(client, at, (&system.id, "system-resume", "業務システムの再開"), &detail).await?;
    audit(client, "system.resume", detail).await
}

/// An entry of the executor's in the organisation's journal.
pub(crate) async fn entry(
    client: &impl GenericClient,
    at: Timestamp,
    (system, procedure, reason): (&str, &str, &str),
    detail: &serde_json::Value,
) -> Result<(), StoreError> {
    let entry = NewEntry {
        recorded_at: at,
        system: system.to_owned(),
        procedure: procedure.to_owned(),
        event: None,
        reason: reason.to_owned(),
        case_id: None,
        subjects: Vec::new(),
        effective_on: base::date::day_in_japan(at),
        filed_on: None,
        actor: ACTOR.to_owned(),
        approver: None,
        run_id: None,
        content: detail.clone(),
    };
    journal_append(client, &entry).await.map(|_| ())
}

pub(crate) async fn audit(
    client: &impl GenericClient,
    action: &str,
    detail: serde_json::Value,
) -> Result<(), StoreError> {
    let row = NewAudit {
        actor: ACTOR.to_owned(),
        role: "installer".to_owned(),
        zone: "executor".to_owned(),
        purpose: PURPOSE.to_owned(),
        action: action.to_owned(),
        subjects: Vec::new(),
        detail,
        request: String::new(),
    };
    audit_append(client, &row).await.map(|_| ())
}
