//! The executor at work while everything runs: contracts that are signed are brought into service
//! within a moment, and every organisation is metered once a day. A hint only makes it faster; the
//! sweep is the truth.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use base::date::{Date, day_in_japan};
use cloud::{Executor, Packages};
use definition::System;
use jiff::Timestamp;
use store::control::{
    act_list, contract_list, control_open, deletion_last, executor_act, signed_listen,
};
use store::organisation::{Installer, Organisation};
use tokio::time::{sleep, timeout};

use super::{KeyFolder, Opened, away, upgrade};
use crate::up::Layout;

/// How often everything is looked at without a hint; also how late a new day is metered.
const SWEEP: Duration = Duration::from_secs(60);
/// The pause after an error.
const PAUSE: Duration = Duration::from_secs(2);
/// What is noted where a contract cannot be brought into service.
const REFUSED: &str = "提供できない";

/// By organisation: the day that was metered last, and for which contracts. People are counted once
/// a day, and again when a contract is new.
type Metered = HashMap<String, (Date, Vec<i64>)>;

/// Everything that is needed to open a contract.
pub(super) struct Desk {
    installer: Installer,
    /// The systems that a body is opened with.
    systems: Arc<Vec<Arc<System>>>,
    packages: Arc<Packages>,
    var: PathBuf,
    organisations: Vec<Organisation>,
}

impl Desk {
    /// For the organisations that were opened.
    pub(super) fn new(
        layout: &Layout,
        installer: Installer,
        (systems, packages): (&Arc<Vec<Arc<System>>>, &Arc<Packages>),
        opened: &[Opened],
    ) -> Desk {
        Desk {
            installer,
            systems: Arc::clone(systems),
            packages: Arc::clone(packages),
            var: layout.var().to_owned(),
            organisations: opened.iter().map(|one| one.sample.organisation.clone()).collect(),
        }
    }

    /// Works for ever; an error is said and tried again.
    pub(super) async fn serve(self) {
        loop {
            if let Err(error) = self.work().await {
                tracing::warn!(%error, "contracts");
            }
            sleep(PAUSE).await;
        }
    }

    /// Listens before it looks, so that nothing signed in between is missed.
    async fn work(&self) -> Result<()> {
        let templates = self.installer.prepare(&self.systems).await?;
        let keeper = KeyFolder::open(&self.var)?;
        let executor = Executor {
            installer: &self.installer,
            templates: &templates,
            packages: &self.packages,
            keeper: &keeper,
        };
        let (_listening, mut signed) = signed_listen(&self.installer).await?;
        let mut metered = Metered::new();
        loop {
            for organisation in &self.organisations {
                // What cannot be done for one holds nobody else up.
                if let Err(error) = self.open(&executor, organisation, &mut metered).await {
                    tracing::warn!(organisation = %organisation.id, %error, "contracts");
                }
            }
            if let Ok(None) = timeout(SWEEP, signed.recv()).await {
                // The connection has ended: the server may have been started again.
                return Ok(());
            }
        }
    }

    /// Opens what an organisation has signed, and meters it.
    async fn open(
        &self,
        executor: &Executor<'_>,
        organisation: &Organisation,
        metered: &mut Metered,
    ) -> Result<()> {
        let control = control_open(&self.installer).await?;
        let leaving = deletion_last(&control, &organisation.id).await?.is_some();
        if leaving || away(&control, &organisation.id, &self.var.join("postgres")).await?.is_some()
        {
            return Ok(());
        }
        let mut own = contract_list(&control).await?;
        own.retain(|contract| contract.organisation == organisation.id);
        own.retain(|contract| ["締結", "提供中"].contains(&contract.state.as_str()));
        let waiting: Vec<_> = own.iter().filter(|contract| contract.state == "締結").collect();
        let mut refused_before = Vec::new();
        for contract in &waiting {
            let last = act_list(&control, contract.id).await?.pop();
            if last.is_some_and(|act| act.act == REFUSED) {
                refused_before.push(contract.id);
            }
        }
        let ids: Vec<i64> = own.iter().map(|contract| contract.id).collect();
        if waiting.len() > refused_before.len() {
            let upgraded = executor.contract_open(organisation, &ids).await?.upgraded;
            upgrade::say(&organisation.name, &upgraded);
            for contract in waiting.iter().filter(|one| !refused_before.contains(&one.id)) {
                let name = &contract.offer.name;
                let refused = upgraded.refused.iter().find(|one| one.system == *name);
                if let Some(refused) = refused {
                    let reasons = refused.reasons.join("、");
                    executor_act(&control, contract.id, REFUSED, &reasons).await?;
                }
            }
        }
        let today = day_in_japan(Timestamp::now());
        let done = (today, ids);
        if metered.get(&organisation.id) != Some(&done) {
            executor.meter(&organisation.id, today).await?;
            metered.insert(organisation.id.clone(), done);
        }
        Ok(())
    }
}
