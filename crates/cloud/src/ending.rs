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

impl Executor<'_> {
    /// Ends an organisation's contracts whose last day is before `today`; the names of what is
    /// served no more. Broken off, it goes on when it is called again.
    ///
    /// # Errors
    /// [`CloudError::Store`].
    pub async fn contracts_end(
        &self,
        organisation: &Organisation,
        today: Date,
    ) -> Result<Vec<String>, CloudError> {
        let control = control::control_open(self.installer).await?;
        let over = |one: &Contract| {
            let ending = one.ending.as_ref().filter(|ending| ending.decided.is_some());
            let on = ending.map(|ending| ending.on).filter(|on| *on < today)?;
            let own = one.organisation == organisation.id && one.state == IN_SERVICE;
            own.then(|| (one.id, one.offer.clone(), on))
        };
        let all = control::contract_list(&control).await?;
        let mut ended = Vec::new();
        for (id, offer, on) in all.iter().filter_map(over) {
            let mut client = self.installer.connect(&organisation.id).await?;
            let transaction = client.transaction().await.map_err(StoreError::from)?;
            let sql = "set local role kumoi_owner";
            transaction.batch_execute(sql).await.map_err(StoreError::from)?;
            if service_end(&transaction, &offer.system, on).await? {
                let detail = json!({"system": offer.system, "contract": id, "on": on});
                let what = (offer.system.as_str(), "system-end", "契約の終了");
                entry(&transaction, Timestamp::now(), what, &detail).await?;
                audit(&transaction, "system.end", detail).await?;
            }
            transaction.commit().await.map_err(StoreError::from)?;
            control::contract_end(&control, id).await?;
            ended.push(offer.name);
        }
        Ok(ended)
    }
}
