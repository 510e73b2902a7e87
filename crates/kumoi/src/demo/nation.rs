//! The executor at the operators' side: a blueprint that an operator asked for is applied within a
//! moment, in the own cluster, and what came of it is noted beside it. What needs another provider
//! is left to `kumoi plane apply`, which holds its keys. A hint only makes it faster.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use base::date::day_in_japan;
use cloud::Packages;
use cloud::guardrail::Guardrails;
use cloud::plane::environment::Lane;
use cloud::plane::execute::{Executor, Limits, Providers, Report, blueprint_read};
use cloud::plane::tree::Tree;
use cloud::provider::Provider;
use cloud::provider::local::Local;
use definition::System;
use jiff::Timestamp;
use store::control::control_open;
use store::control::plane::{
    alarm_raise, blueprint_cut, request_answer, request_list, requested_listen,
};
use store::organisation::Installer;
use tokio::time::{sleep, timeout};

use super::KeyFolder;

/// How often everything is looked at without a hint.
const SWEEP: Duration = Duration::from_secs(60);
/// The pause after an error.
const PAUSE: Duration = Duration::from_secs(2);

/// Everything that is needed to apply a blueprint here.
pub(super) struct Works {
    installer: Installer,
    systems: Arc<Vec<Arc<System>>>,
    var: PathBuf,
}

impl Works {
    /// With the systems that can be installed.
    pub(super) fn new(
        installer: Installer,
        systems: &Arc<Vec<Arc<System>>>,
        var: PathBuf,
    ) -> Works {
        Works { installer, systems: Arc::clone(systems), var }
    }

    /// Works for ever; an error is said and tried again.
    pub(super) async fn serve(self) {
        loop {
            if let Err(error) = self.work().await {
                tracing::warn!(%error, "plane");
            }
            sleep(PAUSE).await;
        }
    }

    /// Listens before it looks, so that nothing asked for in between is missed.
    async fn work(&self) -> Result<()> {
        let control = control_open(&self.installer).await?;
        let (_listening, mut told) = requested_listen(&self.installer).await?;
        loop {
            for asked in request_list(&control).await? {
                let done = match &asked.cut {
                    None => self.apply(asked.blueprint).await,
                    Some(reason) => self.cut(asked.blueprint, reason).await,
                };
                let words = done.unwrap_or_else(|error| format!("できません。{error:#}"));
                request_answer(&control, asked.blueprint, &words).await?;
            }
            alarm_raise(&control, Limits::default().alarm.as_secs_f64()).await?;
            if let Ok(None) = timeout(SWEEP, told.recv()).await {
                // The connection has ended: the server may have been started again.
                return Ok(());
            }
        }
    }

    /// Gives the rest of one up; what came of it, in words.
    async fn cut(&self, id: i64, reason: &str) -> Result<String> {
        let mut control = control_open(&self.installer).await?;
        let count = blueprint_cut(&mut control, id, ("", reason)).await?;
        Ok(format!(
            "残りの手順 {count} を取り止めました。始めていたものは、未確定として台帳に残ります"
        ))
    }

    /// Applies one as far as it can be; what came of it, in words.
    async fn apply(&self, id: i64) -> Result<String> {
        let (_, blueprint, _) = blueprint_read(&self.installer, id).await?;
        let elsewhere = blueprint.lanes().into_iter().find_map(|lane| {
            let lane: Lane = lane.parse().ok()?;
            (lane.provider != "local").then_some(lane.provider)
        });
        if let Some(provider) = elsewhere {
            return Ok(format!(
                "この基盤は {provider} の鍵を持ちません。鍵のあるところで kumoi plane apply {id} を\
                 行ってください"
            ));
        }
        let local: Arc<dyn Provider> = Arc::new(Local {
            installer: self.installer.clone(),
            templates: self.installer.prepare(&[]).await?,
            systems: Arc::clone(&self.systems),
            packages: Packages::default(),
            keeper: Arc::new(KeyFolder::open(&self.var)?),
            tree: Tree::nation()?,
        });
        let executor = Executor {
            installer: self.installer.clone(),
            providers: Providers::from([("local".to_owned(), local)]),
            guardrails: Arc::new(Guardrails::builtin(day_in_japan(Timestamp::now()))?),
            limits: Limits::default(),
        };
        Ok(outcome(&executor.blueprint_apply(id).await?))
    }
}

fn outcome(report: &Report) -> String {
    let Report { done, held, waiting, ended } = report;
    let words = format!("済んだ手順 {done}、保留 {}、あとに残る手順 {waiting}", held.len());
    match ended {
        true => format!("{words}。完了しました"),
        false => format!("{words}。原因を除いてから、続けてください"),
    }
}
