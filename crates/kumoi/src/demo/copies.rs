//! 研修環境 and 検証環境: the training copies that bodies ask for and the sandboxes of vendors, opened,
//! made anew and closed while everything runs, in a task of their own: nothing else waits for their
//! sample people. Served in the office zone, and nowhere else.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use cloud::{Executor, Opened, Packages, Upgraded, sandbox_systems};
use definition::System;
use store::Connection;
use store::control::{control_open, organisation_list, signed_listen, training_of};
use store::copybook::{
    CopyBook, CopyBooks, Held, HeldAccount, HeldBack, Holdings, SANDBOXES, TRAININGS, copy_hold,
    copy_list, copy_note,
};
use store::market::{market_open, sandbox_listen, sandbox_of};
use store::organisation::{CopyWish, Installer, Organisation};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::{KeyFolder, accounts, upgrade};
use crate::sample::{self, Sample, samples};
use crate::seed;
use crate::up::{Layout, Zone};

/// How often everything is looked at without a hint.
const SWEEP: Duration = Duration::from_secs(60);
/// The pause after an error.
const PAUSE: Duration = Duration::from_secs(2);
/// Packages that are read beside each other.
const PLACES: usize = 1;
/// What is noted where it was the platform that failed; the cause is in this program's log.
const FAULT: &str = "基盤の側で誤りが起きました。自動でもう一度行います";

/// Where a copy is handed to its zone: the folder, the keys, the server's socket.
type Place<'p> = (&'p Layout, &'p KeyFolder, &'p str);

/// Everything that is needed to open a copy.
#[derive(Clone)]
pub(super) struct Yard {
    installer: Installer,
    /// The systems that a vendor's package may link to.
    systems: Arc<Vec<Arc<System>>>,
    packages: Arc<Packages>,
    places: Arc<Semaphore>,
    layout: Arc<Layout>,
    /// The folder of the server's socket.
    socket: String,
}

/// A copy that was asked for: as an organisation, and whose it is.
enum Asked<'a> {
    /// Of a body.
    Training(&'a Organisation),
    /// Of the vendor of the book.
    Sandbox(&'a Connection),
}

impl Yard {
    pub(super) fn new(
        installer: Installer,
        (systems, packages): (&Arc<Vec<Arc<System>>>, &Arc<Packages>),
        (layout, socket): (&Arc<Layout>, &str),
    ) -> Yard {
        Yard {
            installer,
            systems: Arc::clone(systems),
            packages: Arc::clone(packages),
            places: Arc::new(Semaphore::new(PLACES)),
            layout: Arc::clone(layout),
            socket: socket.to_owned(),
        }
    }

    /// Works for ever; an error is said and tried again.
    pub(super) async fn serve(self) {
        loop {
            if let Err(error) = self.work().await {
                tracing::warn!(%error, "copies");
            }
            sleep(PAUSE).await;
        }
    }

    /// Listens before it looks, so that nothing asked for in between is missed.
    async fn work(&self) -> Result<()> {
        let templates = self.installer.prepare(&[]).await?;
        let keeper = KeyFolder::open(self.layout.var())?;
        let executor = Executor {
            installer: &self.installer,
            templates: &templates,
            packages: &self.packages,
            keeper: &keeper,
        };
        // The market is there before anybody listens to it.
        drop(market_open(&self.installer).await?);
        let (_signed, mut bodies) = signed_listen(&self.installer).await?;
        let (_asked, mut vendors) = sandbox_listen(&self.installer).await?;
        let mut taken = BTreeSet::new();
        loop {
            let place = (&*self.layout, &keeper, self.socket.as_str());
            self.trainings((&executor, place), &mut taken).await?;
            self.sandboxes((&executor, place), &mut taken).await?;
            let told = async {
                tokio::select! { told = bodies.recv() => told, told = vendors.recv() => told }
            };
            if let Ok(None) = timeout(SWEEP, told).await {
                // The connection has ended: the server may have been started again.
                return Ok(());
            }
        }
    }

    async fn trainings(&self, work: Work<'_>, taken: &mut BTreeSet<String>) -> Result<()> {
        let control = control_open(&self.installer).await?;
        let all = copy_list(&control, &TRAININGS).await?;
        if all.is_empty() {
            return Ok(());
        }
        let bodies = organisation_list(&control).await?;
        for book in &all {
            let Some(of) = bodies.iter().find(|one| one.id == book.of) else { continue };
            let done = self.tend(work, (&Asked::Training(of), book), taken).await;
            note(&control, (&TRAININGS, book), done).await?;
        }
        Ok(())
    }

    async fn sandboxes(&self, work: Work<'_>, taken: &mut BTreeSet<String>) -> Result<()> {
        let market = market_open(&self.installer).await?;
        for book in &copy_list(&market, &SANDBOXES).await? {
            let done = self.tend(work, (&Asked::Sandbox(&market), book), taken).await;
            note(&market, (&SANDBOXES, book), done).await?;
        }
        Ok(())
    }

    /// What it holds now, where something was done.
    async fn tend(
        &self,
        (executor, place): Work<'_>,
        (asked, book): (&Asked<'_>, &CopyBook),
        taken: &mut BTreeSet<String>,
    ) -> Result<Option<Holdings>> {
        let copy = match asked {
            Asked::Training(of) => training_of(of)?,
            Asked::Sandbox(market) => sandbox_of(market, &book.of).await?,
        };
        match due(book.wish, book.done_at.is_none(), taken.contains(&copy.id)) {
            None => return Ok(None),
            Some(CopyWish::Close) => {
                close(executor, place, &copy).await?;
                taken.remove(&copy.id);
                return Ok(Some(Holdings::default()));
            }
            Some(CopyWish::Renew) => empty(executor, place, &copy).await?,
            Some(CopyWish::Open) => {}
        }
        let opened = match asked {
            Asked::Training(of) => executor.training_open(of).await?,
            Asked::Sandbox(market) => {
                let around = (self.systems.as_slice(), &self.places);
                let wanted = sandbox_systems(market, &book.of, around).await?;
                executor.copy_open(&copy, &wanted).await?
            }
        };
        let holds = furnish(place, opened).await?;
        taken.insert(copy.id);
        Ok(Some(holds))
    }
}

/// Who does it, and where it is handed to its zone.
type Work<'w> = (&'w Executor<'w>, Place<'w>);

/// Writes down what came of it. One that fails keeps none of the others, and is tried again.
async fn note(
    client: &Connection,
    (books, book): (&CopyBooks, &CopyBook),
    done: Result<Option<Holdings>>,
) -> Result<()> {
    let note = match done {
        Ok(None) => "",
        Ok(Some(holds)) => {
            copy_hold(client, (books, &book.of), &holds).await?;
            ""
        }
        Err(error) => {
            let error = format!("{error:#}");
            tracing::warn!(organisation = book.organisation, error, "a copy");
            FAULT
        }
    };
    if book.done_at.is_none() {
        copy_note(client, (books, book), note).await?;
    }
    Ok(())
}

/// What there is to do: what was asked for, or after a start opening what is open.
fn due(wish: CopyWish, is_due: bool, is_taken: bool) -> Option<CopyWish> {
    match wish {
        _ if is_due => Some(wish),
        CopyWish::Close => None,
        CopyWish::Open | CopyWish::Renew => (!is_taken).then_some(CopyWish::Open),
    }
}

/// Fills what was opened with sample people and sample accounts, and hands it to the office zone;
/// what it holds now.
async fn furnish((layout, keys, socket): Place<'_>, opened: Opened) -> Result<Holdings> {
    let mut kept = opened.kept;
    keys.places()?.home(&mut kept, socket)?;
    let organisation = kept.office.organisation.clone();
    upgrade::say(&organisation.name, &opened.upgraded);
    accounts::make(keys, &kept).await?;
    let smallest = samples(None).into_iter().next().context("見本の住民がありません")?;
    let sample = Sample { organisation, source: smallest.source };
    seed::load(&sample, &kept, &opened.upgraded.systems, |_| {}).await?;
    let name = format!("{}.json", sample.organisation.id);
    let text = serde_json::to_vec_pretty(&kept.office)?;
    layout.credential_write(Zone::Office, &name, &text)?;
    Ok(holdings(&opened.upgraded))
}

fn holdings(upgraded: &Upgraded) -> Holdings {
    let systems = upgraded.systems.iter().map(|one| Held {
        id: one.id.clone(),
        name: one.name.clone(),
        name_en: one.name_en.clone(),
        version: one.version.clone(),
        hash: one.hash.clone(),
    });
    let refused = upgraded.refused.iter().map(|one| HeldBack {
        name: one.system.clone(),
        installed: one.installed.clone(),
        version: one.version.clone(),
        reasons: one.reasons.clone(),
    });
    let people = sample::accounts()
        .map(|one| HeldAccount { id: one.id.to_owned(), name: one.name.to_owned() });
    Holdings { systems: systems.collect(), refused: refused.collect(), people: people.collect() }
}

/// Empties one. Nothing was ever opened where there are no keys: it is simply opened.
async fn empty(
    executor: &Executor<'_>,
    (_, keys, _): Place<'_>,
    copy: &Organisation,
) -> Result<()> {
    if keys.is_known(&copy.id) {
        executor.copy_empty(copy).await?;
        keys.accounts_gone(&copy.id)?;
    }
    Ok(())
}

/// Takes one from its zone first, then its databases and roles, and its keys last.
async fn close(
    executor: &Executor<'_>,
    (layout, keys, _): Place<'_>,
    copy: &Organisation,
) -> Result<()> {
    let own = layout.credentials(Zone::Office)?.join(format!("{}.json", copy.id));
    if own.exists() {
        std::fs::remove_file(own)?;
    }
    executor.copy_close(copy).await?;
    Ok(keys.forget(&copy.id)?)
}
