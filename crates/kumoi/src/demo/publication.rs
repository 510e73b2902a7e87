//! The executor at the vendors' side: what was sent in is judged within seconds, what conforms is
//! offered, what is to be withdrawn is withdrawn, and vendors are told how many bodies use what they
//! offer. A hint only makes it faster; the sweep is the truth.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use cloud::Packages;
use cloud::gate::{Area, Finding, Report, asking};
use cloud::publication::{Judge, Reading};
use definition::System;
use definition::standard::Standard;
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
}

impl Press {
    /// With the standards that are built in.
    pub(super) fn new(
        installer: Installer,
        others: &Arc<Vec<Arc<System>>>,
        packages: &Arc<Packages>,
    ) -> Result<Press> {
        let (others, packages) = (Arc::clone(others), Arc::clone(packages));
        Ok(Press { installer, standards: standards_load()?, others, packages })
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
            cloud::package_publish(control, (&name, &reading), system, &record).await?;
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
        if let (Some(named), Some((_, _, reason))) = (&submission.named, &submission.withdrawal) {
            offer_withdraw(control, &named.hash, reason).await?;
        }
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

    /// Installs a package in an organisation of its own beside the systems that it reads of.
    async fn tried(&self, system: &System, trial: &str) -> Result<Vec<Finding>> {
        let asked = "空の団体に設置できる";
        let finding = asking(Area::Running, asked, RULE.to_owned(), "registers/".to_owned());
        let others = self.others.iter().filter(|other| other.id != system.id);
        let mut all: Vec<&System> = others.map(|other| &**other).collect();
        all.push(system);
        let found = match trial_open(&self.installer, trial, &all).await {
            Ok(_client) => vec![finding.pass(format!("台帳 {}", system.registers.len()))],
            Err(error) => {
                vec![finding.fail(error.to_string(), "台帳の定義を直す")]
            }
        };
        trial_drop(&self.installer, trial).await?;
        Ok(found)
    }
}
