//! 研修環境 and 検証環境: the training copies that bodies ask for and the sandboxes of vendors, opened,
//! made anew and closed while everything runs, in a task of their own: nothing else waits for their
//! sample people. Served in the office zone, and nowhere else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use cloud::{Executor, Opened, Packages, Upgraded, sandbox_systems};
use definition::System;
use jiff::Timestamp;
use office::OfficeError;
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
/// The longest pause after a fault of one copy, which doubles from one look to the next.
const LONGEST: Duration = Duration::from_secs(3600);
/// Far above what opening one takes: whoever takes longer is begun again, after the others.
const DEADLINE: Duration = Duration::from_secs(600);
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

/// Whose copies a round looks after.
#[derive(Clone, Copy)]
enum Whose {
    Bodies,
    Vendors,
}

/// How far each copy has come, by its identifier.
#[derive(Default)]
struct Rounds(BTreeMap<String, Round>);

/// How far one has come since the start.
#[derive(Default)]
struct Round {
    /// Whether its zone has it.
    is_taken: bool,
    /// The wish that could not be carried out, how often, and when it is tried again.
    fault: Option<(Timestamp, u32, Instant)>,
}

impl Rounds {
    /// Whether a wish that failed waits for its time; another wish never does.
    fn is_paused(&self, book: &CopyBook) -> bool {
        let fault = self.0.get(&book.organisation).and_then(|one| one.fault);
        fault.is_some_and(|(at, _, until)| at == book.asked_at && Instant::now() < until)
    }

    /// Remembers what came of it: how the zone has it now, or a fault.
    fn note(&mut self, book: &CopyBook, is_taken: Option<bool>) {
        let round = self.0.entry(book.organisation.clone()).or_default();
        if let Some(is_taken) = is_taken {
            *round = Round { is_taken, fault: None };
            return;
        }
        let before = round.fault.filter(|(at, ..)| *at == book.asked_at);
        let times = before.map_or(0, |(_, times, _)| times + 1);
        let pause = SWEEP.saturating_mul(1 << times.min(16)).min(LONGEST);
        round.fault = Some((book.asked_at, times, Instant::now() + pause));
    }
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

    /// Works for ever; an error is said and tried again. What vendors ask for keeps no body
    /// waiting.
    pub(super) async fn serve(self) {
        tokio::join!(self.ever(Whose::Bodies), self.ever(Whose::Vendors));
    }

    async fn ever(&self, whose: Whose) {
        loop {
            if let Err(error) = self.work(whose).await {
                tracing::warn!(%error, "copies");
            }
            sleep(PAUSE).await;
        }
    }

    /// Listens before it looks, so that nothing asked for in between is missed.
    async fn work(&self, whose: Whose) -> Result<()> {
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
        let (_listening, mut told) = match whose {
            Whose::Vendors => sandbox_listen(&self.installer).await?,
            Whose::Bodies => signed_listen(&self.installer).await?,
        };
        let mut rounds = Rounds::default();
        loop {
            let place = (&*self.layout, &keeper, self.socket.as_str());
            match whose {
                Whose::Vendors => self.sandboxes((&executor, place), &mut rounds).await?,
                Whose::Bodies => self.trainings((&executor, place), &mut rounds).await?,
            }
            if let Ok(None) = timeout(SWEEP, told.recv()).await {
                // The connection has ended: the server may have been started again.
                return Ok(());
            }
        }
    }

    async fn trainings(&self, work: Work<'_>, rounds: &mut Rounds) -> Result<()> {
        let control = control_open(&self.installer).await?;
        let all = copy_list(&control, &TRAININGS).await?;
        if all.is_empty() {
            return Ok(());
        }
        let bodies = organisation_list(&control).await?;
        for book in &all {
            let Some(of) = bodies.iter().find(|one| one.id == book.of) else { continue };
            self.tend(work, (&Asked::Training(of), &TRAININGS, book), (&control, rounds)).await?;
        }
        Ok(())
    }

    async fn sandboxes(&self, work: Work<'_>, rounds: &mut Rounds) -> Result<()> {
        let market = market_open(&self.installer).await?;
        for book in &copy_list(&market, &SANDBOXES).await? {
            self.tend(work, (&Asked::Sandbox(&market), &SANDBOXES, book), (&market, rounds))
                .await?;
        }
        Ok(())
    }

    /// Does what there is to do about one, and writes down what came of it.
    async fn tend(
        &self,
        work: Work<'_>,
        (asked, books, book): (&Asked<'_>, &CopyBooks, &CopyBook),
        (client, rounds): (&Connection, &mut Rounds),
    ) -> Result<()> {
        if rounds.is_paused(book) {
            return Ok(());
        }
        let is_taken = rounds.0.get(&book.organisation).is_some_and(|one| one.is_taken);
        let Some(wish) = due(book.wish, book.done_at.is_none(), is_taken) else { return Ok(()) };
        let done = timeout(DEADLINE, self.carry_out(work, (asked, book), wish)).await;
        let done = done.unwrap_or_else(|_| Err(anyhow!("{} 分を超えた", DEADLINE.as_secs() / 60)));
        rounds.note(book, done.is_ok().then_some(wish != CopyWish::Close));
        note(client, (books, book), done).await
    }

    /// What it holds now.
    async fn carry_out(
        &self,
        (executor, place): Work<'_>,
        (asked, book): (&Asked<'_>, &CopyBook),
        wish: CopyWish,
    ) -> Result<Holdings> {
        let copy = match asked {
            Asked::Training(of) => training_of(of)?,
            Asked::Sandbox(market) => sandbox_of(market, &book.of).await?,
        };
        match wish {
            CopyWish::Close => {
                close(executor, place, &copy).await?;
                return Ok(Holdings::default());
            }
            CopyWish::Renew => empty(executor, place, &copy).await?,
            // What was broken off while it was made anew or closed is begun from nothing.
            CopyWish::Open => {
                if place.1.is_known(&copy.id) && !self.installer.copy_whole(&copy).await? {
                    close(executor, place, &copy).await?;
                }
            }
        }
        let opened = match asked {
            Asked::Training(of) => executor.training_open(of).await?,
            Asked::Sandbox(market) => {
                let around = (self.systems.as_slice(), &self.places);
                let wanted = sandbox_systems(market, &book.of, around).await?;
                executor.copy_open(&copy, &wanted).await?
            }
        };
        furnish(place, opened).await
    }
}

/// Who does it, and where it is handed to its zone.
type Work<'w> = (&'w Executor<'w>, Place<'w>);

/// Writes down what came of it. One that fails keeps none of the others, and is tried again.
async fn note(
    client: &Connection,
    (books, book): (&CopyBooks, &CopyBook),
    done: Result<Holdings>,
) -> Result<()> {
    let note = match done {
        Ok(holds) => {
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
    let mut holds = holdings(&opened.upgraded);
    // One system after the other: samples that do not fit keep only their own people out.
    for system in &opened.upgraded.systems {
        let loaded = seed::load(&sample, &kept, std::slice::from_ref(system), |_| {}).await;
        holds.refused.extend(loaded.err().map(|error| unfit(system, error)).transpose()?);
    }
    let name = format!("{}.json", sample.organisation.id);
    let text = serde_json::to_vec_pretty(&kept.office)?;
    layout.credential_write(Zone::Office, &name, &text)?;
    Ok(holds)
}

/// Why a system has no sample people, where its own `samples.yaml` is the reason; any other error
/// is the platform's.
fn unfit(system: &System, error: anyhow::Error) -> Result<HeldBack> {
    let reason = match error.downcast_ref::<OfficeError>() {
        Some(OfficeError::Definition(why)) => why.clone(),
        // What a row lacks or breaks; its values are not repeated.
        Some(OfficeError::Store(refused)) if refused.is_of_definition() => refused.to_string(),
        _ => return Err(error),
    };
    Ok(HeldBack {
        name: system.name.clone(),
        installed: system.version.clone(),
        version: "の見本の住民".to_owned(),
        reasons: vec![format!("samples.yaml を直して、もう一度送ってください。{reason}")],
    })
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
        keys.accounts_gone(&copy.id)?;
        executor.copy_empty(copy).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn book(asked_at: i64) -> CopyBook {
        CopyBook {
            of: "vendor".to_owned(),
            organisation: "vendor_kensho".to_owned(),
            wish: CopyWish::Renew,
            asked_by: "甲".to_owned(),
            asked_at: Timestamp::from_second(asked_at).unwrap(),
            done_at: None,
            note: String::new(),
            holds: Holdings::default(),
        }
    }

    #[test]
    fn a_wish_that_fails_waits_longer_each_time_and_another_never() {
        let mut rounds = Rounds::default();
        assert!(!rounds.is_paused(&book(1)));
        let mut before = Duration::ZERO;
        for times in 0..40 {
            rounds.note(&book(1), None);
            let (_, counted, until) = rounds.0["vendor_kensho"].fault.unwrap();
            let pause = until.saturating_duration_since(Instant::now());
            assert_eq!(counted, times);
            assert!(pause > before.saturating_sub(Duration::from_secs(5)) && pause <= LONGEST);
            before = pause;
        }
        assert!(before > LONGEST / 2);
        assert!(rounds.is_paused(&book(1)) && !rounds.is_paused(&book(2)));
        rounds.note(&book(2), None);
        assert!(rounds.0["vendor_kensho"].fault.unwrap().1 == 0, "another wish begins anew");
        rounds.note(&book(2), Some(true));
        assert!(!rounds.is_paused(&book(2)) && rounds.0["vendor_kensho"].is_taken);
    }

    #[test]
    fn samples_that_do_not_fit_are_the_vendors_and_all_else_the_platforms() {
        let package = definition::Package {
            files: [(
                "system.yaml".to_owned(),
                "id: words\ncode: 周辺\nname: 語\nname_en: Words\nstatute: なし\nversion: 1\n\
                 bodies: [municipality]\n"
                    .to_owned(),
            )]
            .into(),
        };
        let system = definition::load(&package).unwrap().0;
        let wrong = OfficeError::Definition("「性別」という事実は見本住民にありません".to_owned());
        let held = unfit(&system, wrong.into()).unwrap();
        assert!(
            held.reasons[0].starts_with("samples.yaml を直して")
                && held.reasons[0].contains("性別")
        );
        let refused = OfficeError::Store(store::StoreError::Refused("台帳".to_owned()));
        assert!(unfit(&system, refused.into()).is_ok());
        let ours = OfficeError::Store(store::StoreError::Pool("away".to_owned()));
        assert!(unfit(&system, ours.into()).is_err());
        assert!(unfit(&system, anyhow!("anything")).is_err());
    }
}
