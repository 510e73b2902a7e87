//! The executor at work while everything runs: contracts that are signed are brought into service
//! within a moment, and every organisation is metered once a day. A hint only makes it faster; the
//! sweep is the truth.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use base::date::{Date, day_in_japan};
use cloud::quota::quota_defaults_keep;
use cloud::{Executor, Packages, REFUSED, changes_settle};
use definition::System;
use jiff::Timestamp;
use store::Connection;
use store::cluster::{Cluster, ClusterOptions};
use store::control::{
    RelocationState, act_list, contracts_of, control_open, deletion_last, relocation_last,
    relocation_seat, signed_listen,
};
use store::organisation::{Installer, Organisation, Templates};
use tokio::time::{sleep, timeout};

use super::newcomers::{self, newcomers};
use super::{KeyFolder, Opened, away, upgrade};
use crate::up::Layout;
use crate::vendor::changed_said;

/// How often everything is looked at without a hint; also how late a new day is metered.
const SWEEP: Duration = Duration::from_secs(60);
/// The pause after an error.
const PAUSE: Duration = Duration::from_secs(2);

/// How often the platform may fail to open a contract before that is said in its course.
const TRIES: u32 = 3;
/// What is said then; the cause is in this program's log.
const FAULT: &str =
    "基盤の側で誤りが起きました。基盤の運用担当が直した後に、もう一度試してください";
/// What is noted of a contract whose records go over: it is settled, not opened.
const MOVES: &str = "移行中";
/// What is said of a contract of a body that is on its way to another cluster.
const MOVING: &str = "団体が引越しの途中のため、業務システムを入れられません。引越しを終えた後に、もう一度試してください";

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
        quota_defaults_keep(&control_open(&self.installer).await?).await?;
        let later = Executor { templates: &bare, ..executor };
        let mut books = Books::default();
        loop {
            for organisation in &self.organisations {
                // What cannot be done for one holds nobody else up.
                said(organisation, self.tend(&executor, organisation, &mut books).await);
            }
            self.later(&later, &keeper, &mut books).await?;
            books.told = match timeout(SWEEP, signed.recv()).await {
                // The connection has ended: the server may have been started again.
                Ok(None) => return Ok(()),
                Ok(told) => told,
                Err(_) => None,
            };
        }
    }

    /// Takes up the organisations that were registered since the start, each once, and works for
    /// them as for the others. One that is away is worked for where it is.
    async fn later(
        &self,
        executor: &Executor<'_>,
        keys: &KeyFolder,
        books: &mut Books,
    ) -> Result<()> {
        let control = control_open(&self.installer).await?;
        for organisation in newcomers(&control).await? {
            let id = organisation.id.clone();
            let work = async {
                let is_away = away(&control, &id, &self.layout.postgres()).await?.is_some();
                if !is_away && !books.taken.contains(&id) {
                    let place = (&*self.layout, keys, self.socket.as_str());
                    newcomers::open(executor, &organisation, place).await?;
                    books.taken.insert(id.clone());
                }
                self.tend(executor, &organisation, books).await
            };
            said(&organisation, work.await);
        }
        Ok(())
    }

    /// Does what is due for an organisation, on the cluster that it is on.
    async fn tend(
        &self,
        executor: &Executor<'_>,
        organisation: &Organisation,
        books: &mut Books,
    ) -> Result<()> {
        let (id, control) = (&organisation.id, control_open(&self.installer).await?);
        if deletion_last(&control, id).await?.is_some() {
            return Ok(());
        }
        let way = relocation_last(&control, id).await?;
        let is_moving = way.is_some_and(|way| way.state != RelocationState::Ended);
        let home = std::path::absolute(self.layout.postgres())?.display().to_string();
        let seat = relocation_seat(&control, id, &home).await?;
        if seat == home {
            return self.care(executor, organisation, (is_moving, books)).await;
        }
        let elsewhere = books.seat(&self.installer, &seat).await?;
        let (installer, templates) = (&elsewhere.0, &elsewhere.1);
        let there = Executor { installer, templates, ..*executor };
        self.care(&there, organisation, (is_moving, books)).await
    }

    /// Ends, settles, opens, meters and holds to the 利用枠; what fails of the one keeps none of
    /// the others.
    async fn care(
        &self,
        executor: &Executor<'_>,
        organisation: &Organisation,
        (is_moving, books): (bool, &mut Books),
    ) -> Result<()> {
        let (id, today) = (&organisation.id, day_in_japan(Timestamp::now()));
        let control = control_open(&self.installer).await?;
        let ended = executor.contracts_end(organisation, today).await;
        for name in said(organisation, ended.map_err(Into::into)).unwrap_or_default() {
            println!("{}: {name}の契約が終わりました。記録は残っています", organisation.name);
        }
        let settled = async {
            let office = executor.installer.connect(id).await?;
            anyhow::Ok(changes_settle(&control, &office, id).await?)
        };
        for change in said(organisation, settled.await).unwrap_or_default() {
            println!("{}: {}", organisation.name, changed_said(change));
        }
        let (served, signed) = standing(&control, id).await?;
        if !signed.is_empty() {
            let due = (served.as_slice(), signed.as_slice());
            let opened = open(executor, organisation, due, (is_moving, &mut books.failed)).await;
            said(organisation, opened);
        }
        let done = (today, standing(&control, id).await?.0);
        if books.metered.get(id) != Some(&done) {
            if said(organisation, executor.meter(id, today).await.map_err(Into::into)).is_some() {
                books.metered.insert(id.clone(), done);
            }
        }
        if books.is_to_be_held(id) {
            let held = executor.quota_tend(id, Timestamp::now()).await;
            said(organisation, held.map_err(Into::into));
        }
        Ok(())
    }
}

/// What the executor remembers as long as it works.
#[derive(Default)]
struct Books {
    metered: Metered,
    /// Whose matter woke the executor; `None` for its own round.
    told: Option<String>,
    /// When each was held to its 利用枠 last.
    held: HashMap<String, Instant>,
    /// Newcomers that were opened.
    taken: BTreeSet<String>,
    /// How often the platform failed to open a contract.
    failed: HashMap<i64, u32>,
    /// Clusters that organisations have moved to, by folder.
    seats: HashMap<String, Arc<(Installer, Templates)>>,
}

impl Books {
    /// Whether it is time to hold a body to its 利用枠: when it is told of, or after a round.
    fn is_to_be_held(&mut self, id: &str) -> bool {
        let is_recent = self.held.get(id).is_some_and(|at| at.elapsed() < SWEEP);
        if is_recent && self.told.as_deref() != Some(id) {
            return false;
        }
        self.held.insert(id.to_owned(), Instant::now());
        true
    }

    /// The installer of another cluster that runs, and its empty templates.
    async fn seat(
        &mut self,
        home: &Installer,
        folder: &str,
    ) -> Result<Arc<(Installer, Templates)>> {
        if let Some(known) = self.seats.get(folder) {
            return Ok(Arc::clone(known));
        }
        ensure!(Path::new(folder).is_dir(), "クラスターのフォルダ {folder} がありません");
        let cluster = Cluster::start(&ClusterOptions::new(folder)).await?;
        let installer = Installer::new(cluster.installer("postgres")).led_by(home);
        // Only what runs is worked on: a server of ours would have nobody who ends it.
        if !cluster.adopted() {
            cluster.leave().await?;
            bail!("クラスター {folder} が動いていません");
        }
        let templates = installer.prepare(&[]).await?;
        let seat = Arc::new((installer, templates));
        self.seats.insert(folder.to_owned(), Arc::clone(&seat));
        Ok(seat)
    }
}

/// Says what could not be done for an organisation.
fn said<T>(organisation: &Organisation, done: Result<T>) -> Option<T> {
    done.inspect_err(|error| {
        let error = format!("{error:#}");
        tracing::warn!(organisation = organisation.id, error, "contracts");
    })
    .ok()
}

/// An organisation's contracts in service, and those that are signed and wait to be opened. What
/// was refused waits until somebody asks for another try.
async fn standing(control: &Connection, id: &str) -> Result<(Vec<i64>, Vec<i64>)> {
    let (mut served, mut signed) = (Vec::new(), Vec::new());
    for contract in contracts_of(control, id).await? {
        match contract.state.as_str() {
            "提供中" => served.push(contract.id),
            "締結" => {
                let last = act_list(control, contract.id).await?.pop();
                if last.is_none_or(|act| act.act != REFUSED && act.act != MOVES) {
                    signed.push(contract.id);
                }
            }
            _ => {}
        }
    }
    Ok((served, signed))
}

/// Opens what is signed, together; where that fails each by itself, so that one keeps none of the
/// others, and what fails again and again says so in its course.
async fn open(
    executor: &Executor<'_>,
    organisation: &Organisation,
    (served, signed): (&[i64], &[i64]),
    (is_moving, failed): (bool, &mut HashMap<i64, u32>),
) -> Result<()> {
    if is_moving {
        for contract in signed {
            executor.contract_give_up(*contract, MOVING).await?;
        }
        return Ok(());
    }
    let together = [served, signed].concat();
    let opened = executor.contract_open(organisation, &together).await;
    if let Some(opened) = said(organisation, opened.map_err(Into::into)) {
        upgrade::say(&organisation.name, &opened.upgraded);
        return Ok(());
    }
    for contract in signed {
        let alone = [served, &[*contract]].concat();
        let opened = executor.contract_open(organisation, &alone).await;
        if let Some(opened) = said(organisation, opened.map_err(Into::into)) {
            upgrade::say(&organisation.name, &opened.upgraded);
            continue;
        }
        let count = failed.entry(*contract).or_default();
        *count += 1;
        if *count >= TRIES {
            failed.remove(contract);
            executor.contract_give_up(*contract, FAULT).await?;
        }
    }
    Ok(())
}
