//! The executor at staged roll-outs: takes each as far as it comes. Contracts that come of it are
//! opened where every contract is; nothing is installed here.

use std::time::Duration;

use anyhow::Result;
use cloud::rollout::rollouts_go_on;
use jiff::Timestamp;
use store::control::control_open;
use store::market::{market_open, rollout_listen};
use store::organisation::Installer;
use tokio::time::{sleep, timeout};

/// How often everything is looked at without a hint.
const SWEEP: Duration = Duration::from_secs(60);
/// The same while a roll-out goes on: contracts are opened within seconds.
const BUSY: Duration = Duration::from_secs(3);
/// The pause after an error.
const PAUSE: Duration = Duration::from_secs(2);

/// Works for ever; an error is said and tried again.
pub(super) async fn serve(installer: Installer) {
    loop {
        if let Err(error) = work(&installer).await {
            tracing::warn!(error = format!("{error:#}"), "rollout");
        }
        sleep(PAUSE).await;
    }
}

/// Listens before it looks, so that nothing asked for in between is missed.
async fn work(installer: &Installer) -> Result<()> {
    let (market, control) = (market_open(installer).await?, control_open(installer).await?);
    let (_listening, mut told) = rollout_listen(installer).await?;
    loop {
        let busy = rollouts_go_on(&market, &control, Timestamp::now()).await? > 0;
        if let Ok(None) = timeout(if busy { BUSY } else { SWEEP }, told.recv()).await {
            // The connection has ended: the server may have been started again.
            return Ok(());
        }
    }
}
