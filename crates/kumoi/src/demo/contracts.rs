//! The executor at work while everything runs: contracts that are signed are brought into service
//! within a moment, and every organisation is metered once a day. A hint only makes it faster; the
//! sweep is the truth.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use base::date::{Date, day_in_japan};
use cloud::{Executor, Packages, REFUSED};
use definition::System;
use jiff::Timestamp;
use store::control::{act_list, contract_list, control_open, deletion_last, signed_listen};
use store::organisation::{Installer, Organisation};
use tokio::time::{sleep, timeout};

use super::newcomers::{self, newcomers};
use super::{KeyFolder, Opened, away, upgrade};
use crate::up::Layout;

/// How often everything is looked at without a hint; also how late a new day is metered.
const SWEEP: Duration = Duration::from_secs(60);
/// The pause after an error.
const PAUSE: Duration = Duration::from_secs(2);

/// By organisation: the day that was metered last, and for which contracts. People are counted once
/// a day, and again when a contract is new.
type Metered = HashMap<String, (Date, Vec<i64>)>;

/// Everything that is needed to open a contract.
pub(super) struct Desk {
    installer: Installer,
    /// The systems that a body is opened with.
    systems: Arc<Vec<Arc<System>>>,
    packages: Arc<Packages>,
    layout: Arc<Layout>,
    /// The folder of the server's socket.
    socket: String,
    /// Those that the start has opened.
    organisations: Vec<Organisation>,
}

impl Desk {
    /// For the organisations that were opened.
    pub(super) fn new(
        layout: &Arc<Layout>,
        installer: Installer,
        (systems, packages): (&Arc<Vec<Arc<System>>>, &Arc<Packages>),
        (opened, socket): (&[Opened], String),
    ) -> Desk {
        Desk {
            installer,
            systems: Arc::clone(systems),
            packages: Arc::clone(packages),
            layout: Arc::clone(layout),
            socket,
            organisations: opened.iter().map(|one| one.sample.organisation.clone()).collect(),
        }
    }

    /// Works for ever; an error is said and tried again.
    pub(super) async fn serve(&self) {
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
        // Who comes later begins with what it contracts, not with what the samples have.
        let bare = self.installer.prepare(&[]).await?;
        let keeper = KeyFolder::open(self.layout.var())?;
        let executor = Executor {
            installer: &self.installer,
            templates: &templates,
            packages: &self.packages,
            keeper: &keeper,
        };
        let (_listening, mut signed) = signed_listen(&self.installer).await?;
        let later = Executor { templates: &bare, ..executor };
        let (mut metered, mut taken) = (Metered::new(), BTreeSet::new());
        loop {
            for organisation in &self.organisations {
                // What cannot be done for one holds nobody else up.
                if let Err(error) = self.open(&executor, organisation, &mut metered).await {
                    tracing::warn!(organisation = %organisation.id, %error, "contracts");
                }
            }
            self.later(&later, &keeper, (&mut metered, &mut taken)).await?;
            if let Ok(None) = timeout(SWEEP, signed.recv()).await {
                // The connection has ended: the server may have been started again.
                return Ok(());
            }
        }
    }

    /// Takes up the organisations that were registered since the start, each once, and works for
    /// them as for the others.
    async fn later(
        &self,
        executor: &Executor<'_>,
        keys: &KeyFolder,
        (metered, taken): (&mut Metered, &mut BTreeSet<String>),
    ) -> Result<()> {
        let control = control_open(&self.installer).await?;
        for organisation in newcomers(&control, &self.layout.postgres()).await? {
            let id = organisation.id.clone();
            let work = async {
                if !taken.contains(&id) {
                    let place = (&*self.layout, keys, self.socket.as_str());
                    newcomers::open(executor, &organisation, place).await?;
                    taken.insert(id.clone());
                }
                self.open(executor, &organisation, metered).await
            };
            if let Err(error) = work.await {
                let error = format!("{error:#}");
                tracing::warn!(organisation = %id, error, "a new organisation");
            }
        }
        Ok(())
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
        if leaving || away(&control, &organisation.id, &self.layout.postgres()).await?.is_some() {
            return Ok(());
        }
        let today = day_in_japan(Timestamp::now());
        for name in executor.contracts_end(organisation, today).await? {
            println!("{}: {name}の契約が終わりました。記録は残っています", organisation.name);
        }
        let mut own = contract_list(&control).await?;
        own.retain(|contract| contract.organisation == organisation.id);
        own.retain(|contract| ["締結", "提供中"].contains(&contract.state.as_str()));
        let mut ids = Vec::new();
        let mut is_waiting = false;
        for contract in &own {
            let signed = contract.state == "締結";
            // What was refused waits until somebody asks for another try.
            let last = if signed { act_list(&control, contract.id).await?.pop() } else { None };
            if last.is_none_or(|act| act.act != REFUSED) {
                ids.push(contract.id);
                is_waiting |= signed;
            }
        }
        if is_waiting {
            let upgraded = executor.contract_open(organisation, &ids).await?.upgraded;
            upgrade::say(&organisation.name, &upgraded);
        }
        let done = (today, ids);
        if metered.get(&organisation.id) != Some(&done) {
            executor.meter(&organisation.id, today).await?;
            metered.insert(organisation.id.clone(), done);
        }
        Ok(())
    }
}
