//! The executor at the vendors' side: what was sent in is judged within seconds, what conforms is
//! offered, what is to be withdrawn is withdrawn, and vendors are told how many bodies use what
//! they offer. A hint only makes it faster; the sweep is the truth.
//!
//! What fails through no fault of a package is tried again with growing pauses, and is never booked
//! on its vendor.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use base::date::day_in_japan;
use cloud::Packages;
use cloud::gate::{Area, Finding, ROUND_TRIP, Report, SURROUNDING, Verdict, asking};
use cloud::parcel::keys_in_force;
use cloud::part::is_part;
use cloud::publication::{Examined, Judge, RULE, Reading, examine, submission_offer};
use definition::System;
use jiff::Timestamp;
use store::Connection;
use store::control::assistant::assistant_told;
use store::control::{
    control_open, offer_codes, offer_documents, offer_report_set, offer_uses, offer_withdraw,
    offers_without_report, part_list, tie_list,
};
use store::market::{
    ATTEMPTS, Judgement, Named, Submission, TRIAL, assisted_tell, content_read, key_list,
    market_open, submission_begin, submission_give_up, submission_judge, submission_withdraw,
    submissions_resume, submitted_listen, ties_tell, use_tell, waiting_list, waiting_until,
};
use store::organisation::Installer;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{sleep, timeout};
use transfer::trial::{Trial, package_try, trials_sweep};

use crate::standard::standards_load;

/// How often everything is looked at without a hint.
const SWEEP: Duration = Duration::from_secs(60);
/// The pause after an error.
const PAUSE: Duration = Duration::from_secs(2);
/// The pause after a hint: whoever hints often is not heard more often.
const BREATH: Duration = Duration::from_millis(200);
/// What is asked of every package that is installed for a trial.
const INSTALLS: &str = "空の団体に設置できる";
/// Judgements beside each other; one that does not end leaves room for another.
const PLACES: usize = 2;

/// Everything that is needed to judge and offer.
pub(super) struct Press {
    installer: Installer,
    judge: Judge,
    places: Arc<Semaphore>,
    packages: Arc<Packages>,
    /// Where files of a trial lie for a moment.
    var: PathBuf,
    /// Offers of the program's own that could not be judged: how often it was tried.
    failed: Mutex<HashMap<i64, i32>>,
}

impl Press {
    /// With the standards that are built in, and the systems that a package may stand beside.
    pub(super) fn new(
        installer: Installer,
        others: &Arc<Vec<Arc<System>>>,
        (packages, var): (&Arc<Packages>, &Path),
    ) -> Result<Press> {
        let standards = Arc::new(standards_load()?);
        Ok(Press {
            installer,
            judge: Judge {
                standards,
                others: Arc::clone(others),
                parts: Arc::default(),
                offered: Arc::default(),
            },
            places: Arc::new(Semaphore::new(PLACES)),
            packages: Arc::clone(packages),
            var: var.to_owned(),
            failed: Mutex::default(),
        })
    }

    /// Removes what an earlier program left in the middle of its work, and begins anew with what it
    /// could not judge.
    pub(super) async fn begin(&self) -> Result<()> {
        trials_sweep(&self.installer, &self.var).await?;
        submissions_resume(&market_open(&self.installer).await?).await?;
        Ok(())
    }

    /// Works for ever; an error is said and tried again.
    pub(super) async fn serve(&self) {
        loop {
            if let Err(error) = self.work().await {
                tracing::warn!(%error, "publication");
            }
            sleep(PAUSE).await;
        }
    }

    /// Listens before it looks, so that nothing sent in between is missed.
    async fn work(&self) -> Result<()> {
        let (mut market, control) =
            (market_open(&self.installer).await?, control_open(&self.installer).await?);
        let (_listening, mut told) = submitted_listen(&self.installer).await?;
        loop {
            for submission in waiting_list(&market).await? {
                // What cannot be done for one holds nobody else up.
                if let Err(error) = self.go_on(&market, &control, &submission).await {
                    tracing::warn!(submission = submission.id, %error, "publication");
                }
            }
            self.reports(&control).await?;
            use_tell(&market, &offer_uses(&control).await?).await?;
            ties_tell(&market, &tie_list(&control).await?).await?;
            let today = day_in_japan(Timestamp::now());
            assisted_tell(&mut market, &assistant_told(&control, today).await?).await?;
            let until = waiting_until(&market).await?.unwrap_or(SWEEP).clamp(BREATH, SWEEP);
            if let Ok(None) = timeout(until, told.recv()).await {
                // The connection has ended: the server may have been started again.
                return Ok(());
            }
            sleep(BREATH).await;
            while told.try_recv().is_ok() {}
        }
    }

    /// The next step of a submission. It is noted before it is begun, so that one that ends the
    /// program is not begun for ever.
    async fn go_on(
        &self,
        market: &Connection,
        control: &Connection,
        submission: &Submission,
    ) -> Result<()> {
        let id = submission.id;
        if submission.state == "公開" {
            return self.withdraw(market, control, submission).await;
        }
        if !submission_begin(market, id).await? {
            return Ok(());
        }
        if submission.state == "受付"
            && let Err(error) = self.judge(market, control, submission).await
        {
            submission_give_up(market, id).await?;
            return Err(error);
        }
        // Nothing is done where it was not found conforming.
        submission_offer((market, control), &self.places, id).await?;
        Ok(())
    }

    async fn judge(
        &self,
        market: &Connection,
        control: &Connection,
        submission: &Submission,
    ) -> Result<()> {
        let keys = key_list(market, &submission.vendor).await?;
        let keys = keys_in_force(&submission.vendor, &keys);
        let content = content_read(market, submission.id).await?;
        let (name, vendor) = (submission.file_name.clone(), submission.vendor.clone());
        let read = move || Reading::of(&name, &content, (&vendor, &keys));
        let is_trial = submission.purpose == TRIAL;
        let name = format!("s{}", submission.id);
        let (reading, report) = self.judged(control, read, (&name, is_trial)).await?;
        let named = reading.system.as_ref().map(|system| Named {
            system: system.id.clone(),
            name: system.name.clone(),
            version: system.version.clone(),
            hash: system.hash.clone(),
        });
        let state = match reading.system.is_some() {
            true if is_trial && installs(&report) => TRIAL,
            true if !is_trial && report.passes() => "公開待ち",
            _ => "不適合",
        };
        let record = report.record();
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

    /// The gate for offers that the program itself brought along, each a few times at most.
    async fn reports(&self, control: &Connection) -> Result<()> {
        for (offer, hash) in offers_without_report(control).await? {
            let attempt = *self.failed.lock().await.get(&offer).unwrap_or(&0);
            if attempt >= ATTEMPTS {
                continue;
            }
            self.failed.lock().await.insert(offer, attempt + 1);
            match self.report(control, offer, &hash).await {
                Ok(()) => drop(self.failed.lock().await.remove(&offer)),
                Err(error) => tracing::warn!(offer, attempt, %error, "publication"),
            }
        }
        Ok(())
    }

    async fn report(&self, control: &Connection, offer: i64, hash: &str) -> Result<()> {
        let system = self.packages.load(control, hash).await?;
        let system = system.context("カタログに業務システムがありません")?;
        let documents = offer_documents(control, offer).await?;
        let read = move || Reading::carried(System::clone(&system), documents);
        let (_, report) = self.judged(control, read, (&format!("o{offer}"), false)).await?;
        offer_report_set(control, offer, &report.record()).await?;
        Ok(())
    }

    /// What is wrong in a package already is not tried in a database, unless it is sent in for
    /// that.
    async fn judged(
        &self,
        control: &Connection,
        read: impl FnOnce() -> Reading + Send + 'static,
        (trial, is_trial): (&str, bool),
    ) -> Result<(Reading, Report)> {
        // Parts and offers come and go while the program runs.
        let judge = Judge {
            parts: Arc::new(part_list(control).await?),
            offered: Arc::new(offer_codes(control, SURROUNDING).await?),
            ..self.judge.clone()
        };
        let Examined { reading, report } = examine(&judge, &self.places, read).await?;
        let running = match &reading.system {
            // There is nothing in a part to install.
            Some(system) if is_part(system) && is_trial => vec![
                asked(INSTALLS).fail("部品だけでは設置できない", "組み込んだ業務システムを送る"),
            ],
            Some(system) if is_part(system) => Vec::new(),
            Some(system) if report.passes() || is_trial => self.tried(system, trial).await?,
            Some(_) => {
                vec![asked(ROUND_TRIP).unchecked("ほかの不適合があるため、まだ設置していない")]
            }
            None => Vec::new(),
        };
        Ok((reading, report.with(running)))
    }

    /// Installs a package in two databases of its own beside the systems that it reads of, and
    /// moves rows of every kind from one into the other.
    async fn tried(&self, system: &System, trial: &str) -> Result<Vec<Finding>> {
        let beside = self.judge.beside(system);
        let (standard, place) = (self.judge.standard(system), (trial, self.var.as_path()));
        let Trial { installed, moved } =
            package_try(&self.installer, (system, &beside), standard, place).await?;
        let finding = asked(INSTALLS);
        let mut found = vec![match installed {
            Ok(()) => finding.pass(format!("台帳 {}", system.registers.len())),
            Err(why) => finding.fail(why, "台帳の定義を直す"),
        }];
        found.extend(moved.map(|moved| match moved {
            Ok((files, rows)) => {
                asked(ROUND_TRIP).pass(format!("{files} ファイル、{rows} 行が同じ"))
            }
            Err(why) => asked(ROUND_TRIP).fail(why, "kumoi check で台帳の型と桁を確かめる"),
        }));
        Ok(found)
    }
}

/// Whether what was read could be installed.
fn installs(report: &Report) -> bool {
    report.findings.iter().any(|one| one.asked == INSTALLS && one.verdict == Verdict::Pass)
}

/// A question about what only an installation shows.
fn asked(what: &str) -> Finding {
    asking(Area::Running, what, RULE.to_owned(), "registers/".to_owned())
}
