//! The executor at the vendors' side: what was sent in is judged within seconds, what conforms is
//! offered, what is to be withdrawn is withdrawn, and vendors are told how many bodies use what
//! they offer. A hint only makes it faster; the sweep is the truth.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use cloud::Packages;
use cloud::gate::{Area, Finding, ROUND_TRIP, Report, asking};
use cloud::publication::{Judge, Reading};
use definition::System;
use definition::standard::Standard;
use jiff::Timestamp;
use store::Connection;
use store::control::{
    control_open, offer_documents, offer_report_set, offer_uses, offer_withdraw,
    offers_without_report,
};
use store::market::{
    Judgement, Named, Submission, content_read, key_list, market_open, submission_judge,
    submission_withdraw, submitted_listen, use_tell, vendor_name, waiting_list,
};
use store::organisation::Installer;
use store::trial::{trial_drop, trial_open};
use tokio::time::{sleep, timeout};
use transfer::Layout;

use crate::standard::standards_load;

/// How often everything is looked at without a hint.
const SWEEP: Duration = Duration::from_secs(60);
/// The pause after an error.
const PAUSE: Duration = Duration::from_secs(2);
/// The rule behind what a trial shows.
const RULE: &str = "業務システムの適合の条件";

/// Everything that is needed to judge and offer.
pub(super) struct Press {
    installer: Installer,
    standards: Vec<Standard>,
    /// The systems that a package may stand beside.
    others: Arc<Vec<Arc<System>>>,
    packages: Arc<Packages>,
    /// Where files of a trial lie for a moment.
    var: PathBuf,
}

impl Press {
    /// With the standards that are built in.
    pub(super) fn new(
        installer: Installer,
        others: &Arc<Vec<Arc<System>>>,
        (packages, var): (&Arc<Packages>, &Path),
    ) -> Result<Press> {
        let (others, packages) = (Arc::clone(others), Arc::clone(packages));
        let (standards, var) = (standards_load()?, var.to_owned());
        Ok(Press { installer, standards, others, packages, var })
    }

    /// Works for ever; an error is said and tried again.
    pub(super) async fn serve(self) {
        loop {
            if let Err(error) = self.work().await {
                tracing::warn!(%error, "publication");
            }
            sleep(PAUSE).await;
        }
    }

    /// Listens before it looks, so that nothing sent in between is missed.
    async fn work(&self) -> Result<()> {
        let (market, control) =
            (market_open(&self.installer).await?, control_open(&self.installer).await?);
        let (_listening, mut told) = submitted_listen(&self.installer).await?;
        loop {
            for submission in waiting_list(&market).await? {
                let done = match submission.state.as_str() {
                    "受付" => self.judge(&market, &control, &submission).await,
                    _ => self.withdraw(&market, &control, &submission).await,
                };
                // What cannot be done for one holds nobody else up.
                if let Err(error) = done {
                    tracing::warn!(submission = submission.id, %error, "publication");
                }
            }
            for (offer, hash) in offers_without_report(&control).await? {
                if let Err(error) = self.report(&control, offer, &hash).await {
                    tracing::warn!(offer, %error, "publication");
                }
            }
            use_tell(&market, &offer_uses(&control).await?).await?;
            if let Ok(None) = timeout(SWEEP, told.recv()).await {
                // The connection has ended: the server may have been started again.
                return Ok(());
            }
        }
    }

    async fn judge(
        &self,
        market: &Connection,
        control: &Connection,
        submission: &Submission,
    ) -> Result<()> {
        let keys = key_list(market, &submission.vendor).await?;
        let keys: Vec<String> =
            keys.into_iter().filter(|key| key.revoked.is_none()).map(|key| key.content).collect();
        let content = content_read(market, submission.id).await?;
        let vendor = (submission.vendor.as_str(), keys.as_slice());
        let reading = Reading::of(&submission.file_name, &content, vendor);
        let report = self.judged(&reading, &format!("s{}", submission.id)).await?;
        let record = report.record();
        let named = reading.system.as_ref().map(|system| Named {
            system: system.id.clone(),
            name: system.name.clone(),
            version: system.version.clone(),
            hash: system.hash.clone(),
        });
        let conforming = reading.system.as_ref().filter(|_| report.passes());
        if let Some(system) = conforming {
            let name = vendor_name(market, &submission.vendor).await?;
            let vendor = (submission.vendor.as_str(), name.as_str());
            cloud::package_publish(control, (vendor, &reading), system, &record).await?;
        }
        let state = if conforming.is_some() { "公開" } else { "不適合" };
        let judgement = Judgement { state, named: named.as_ref(), report: &record };
        submission_judge(market, submission.id, &judgement).await?;
        Ok(())
    }

    async fn withdraw(
        &self,
        market: &Connection,
        control: &Connection,
        submission: &Submission,
    ) -> Result<()> {
        let named = submission.named.as_ref().context("公開した業務システムの名がありません")?;
        let asked = submission.withdrawal.as_ref().context("取下げの申出がありません")?;
        offer_withdraw(control, (&submission.vendor, &named.hash), &asked.2).await?;
        submission_withdraw(market, submission.id).await?;
        Ok(())
    }

    /// The gate for an offer that the program itself brought along.
    async fn report(&self, control: &Connection, offer: i64, hash: &str) -> Result<()> {
        let system = self.packages.load(control, hash).await?;
        let system = system.context("カタログに業務システムがありません")?;
        let documents = offer_documents(control, offer).await?;
        let reading = Reading::carried(System::clone(&system), documents);
        let report = self.judged(&reading, &format!("o{offer}")).await?;
        offer_report_set(control, offer, &report.record()).await?;
        Ok(())
    }

    async fn judged(&self, reading: &Reading, trial: &str) -> Result<Report> {
        let running = match &reading.system {
            Some(system) => self.tried(system, trial).await?,
            None => Vec::new(),
        };
        let judge = Judge { standards: &self.standards, others: &self.others };
        Ok(judge.report(reading, running))
    }

    /// Installs a package in two organisations of its own beside the systems that it reads of, and
    /// moves rows of every kind from one into the other.
    async fn tried(&self, system: &System, trial: &str) -> Result<Vec<Finding>> {
        let names = [format!("{trial}_from"), format!("{trial}_to")];
        let found = self.tried_in(system, &names).await;
        for name in &names {
            trial_drop(&self.installer, name).await?;
        }
        Ok(found)
    }

    async fn tried_in(&self, system: &System, names: &[String; 2]) -> Vec<Finding> {
        let asked =
            |asked: &str| asking(Area::Running, asked, RULE.to_owned(), "registers/".to_owned());
        let installed = asked("空の団体に設置できる");
        let others = self.others.iter().filter(|other| other.id != system.id);
        let mut all: Vec<&System> = others.map(|other| &**other).collect();
        all.push(system);
        let open = async |name: &str| trial_open(&self.installer, name, &all).await;
        let (mut from, mut to) = match (open(&names[0]).await, open(&names[1]).await) {
            (Ok(from), Ok(to)) => (from, to),
            (Err(error), _) | (_, Err(error)) => {
                return vec![installed.fail(error.to_string(), "台帳の定義を直す")];
            }
        };
        let installed = installed.pass(format!("台帳 {}", system.registers.len()));
        let standard = self.standards.iter().find(|one| one.id == system.code);
        let layout = Layout::of(system, standard);
        let folder = self.var.join(format!("trial-{}", names[0]));
        let place = (folder.as_path(), Timestamp::now());
        let moved = asked(ROUND_TRIP);
        let remedy = "kumoi check で台帳の型と桁を確かめる";
        let moved = match transfer::trial::trial(&mut from, &mut to, &layout, place).await {
            Ok(done) if done.is_identical() => {
                let (files, rows) = (done.manifest.files.len(), done.manifest.rows());
                moved.pass(format!("{files} ファイル、{rows} 行が同じ"))
            }
            Ok(done) => moved.fail(format!("{} 行が違う", done.comparison.different), remedy),
            Err(error) => moved.fail(error.to_string(), remedy),
        };
        vec![installed, moved]
    }
}
