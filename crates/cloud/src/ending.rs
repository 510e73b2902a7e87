//! 契約の終了 carried out: a system whose last day is over is served no more; its registers stay as
//! they are until the organisation's 消去.

use std::sync::Arc;

use base::date::Date;
use definition::System;
use jiff::Timestamp;
use serde_json::json;
use store::StoreError;
use store::control::{self, Contract};
use store::install::service_end;
use store::organisation::Organisation;

use crate::contract::IN_SERVICE;
use crate::upgrade::{audit, entry};
use crate::{CloudError, Executor};

/// The systems among these that read facts of another, or react to its events: without it they
/// know less.
pub fn relying<'s>(system: &str, all: &'s [Arc<System>]) -> Vec<&'s Arc<System>> {
    let relies = |one: &&Arc<System>| {
        let hears = one.procedures.iter().flat_map(|procedure| &procedure.on);
        one.id != system
            && (one.uses.iter().any(|used| used.system == system)
                || hears.into_iter().any(|trigger| trigger.system == system))
    };
    all.iter().filter(relies).collect()
}

/// What is noted where a contract could not be ended; the cause is in the executor's log.
const FAILED: (&str, &str) =
    ("終了できない", "基盤の側で誤りが起きました。提供は続いています。自動でもう一度行います");

impl Executor<'_> {
    /// Ends an organisation's contracts whose last day is before `today`; the names of what is
    /// served no more. Broken off, it goes on when it is called again. One that cannot be ended
    /// says so in its course, and keeps none of the others.
    ///
    /// # Errors
    /// [`CloudError::Store`].
    pub async fn contracts_end(
        &self,
        organisation: &Organisation,
        today: Date,
    ) -> Result<Vec<String>, CloudError> {
        let control = control::control_open(self.installer).await?;
        let all = control::contracts_of(&control, &organisation.id).await?;
        let over = |one: &&Contract| {
            let ending = one.ending.as_ref().filter(|ending| ending.decided.is_some());
            one.state == IN_SERVICE && ending.is_some_and(|ending| ending.on < today)
        };
        let mut ended = Vec::new();
        for contract in all.iter().filter(over) {
            if let Err(error) = self.end(organisation, (contract, &all)).await {
                let id = contract.id;
                tracing::error!(organisation = organisation.id, contract = id, %error, "an end");
                control::executor_act(&control, id, FAILED.0, FAILED.1).await?;
                continue;
            }
            control::contract_end(&control, contract.id).await?;
            ended.push(contract.offer.name.clone());
        }
        let was_ended = |one: &&Contract| {
            one.state == "終了" && one.ending.as_ref().is_some_and(|it| it.decided.is_some())
        };
        for contract in all.iter().filter(was_ended) {
            // A change of vendor that is taken back after the end brings nothing into service.
            self.end(organisation, (contract, &all)).await?;
        }
        Ok(ended)
    }

    /// Marks the system of a contract as served no more, unless what is installed is what another
    /// contract is for: then that one goes on.
    async fn end(
        &self,
        organisation: &Organisation,
        (contract, all): (&Contract, &[Contract]),
    ) -> Result<(), CloudError> {
        let Some(on) = contract.ending.as_ref().map(|ending| ending.on) else { return Ok(()) };
        let live = |one: &&Contract| {
            one.id != contract.id && ["締結", "移行待ち", IN_SERVICE].contains(&one.state.as_str())
        };
        let others: Vec<String> =
            all.iter().filter(live).map(|one| one.offer.hash.clone()).collect();
        let system = contract.offer.system.as_str();
        let mut client = self.installer.connect(&organisation.id).await?;
        let transaction = client.transaction().await.map_err(StoreError::from)?;
        let sql = "set local role kumoi_owner";
        transaction.batch_execute(sql).await.map_err(StoreError::from)?;
        if service_end(&transaction, (system, &others), on).await? {
            let detail = json!({"system": system, "contract": contract.id, "on": on});
            let what = (system, "system-end", "契約の終了");
            entry(&transaction, Timestamp::now(), what, &detail).await?;
            audit(&transaction, "system.end", detail).await?;
        }
        Ok(transaction.commit().await.map_err(StoreError::from)?)
    }
}
