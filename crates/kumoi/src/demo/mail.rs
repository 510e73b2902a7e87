//! 通知 by mail: twice a minute what bodies are to be told is told, and what is due is handed to
//! the relay that the program was started with. Without one it says so once, and notices stay on
//! screen.

use std::time::Duration;

use anyhow::Result;
use cloud::mail::{Relay, mail_round};
use jiff::Timestamp;
use store::control::control_open;
use store::organisation::Installer;
use tokio::time::sleep;

/// How often it is looked.
const ROUND: Duration = Duration::from_secs(30);

/// Works for ever; an error is said and the next round comes all the same.
pub(super) async fn serve(installer: Installer, relay: Option<Relay>) {
    if relay.is_none() {
        tracing::info!(
            "送信先のメールサーバが設定されていません（--mail-relay）。通知は画面だけに出ます"
        );
    }
    loop {
        match round(&installer, relay.as_ref()).await {
            Ok((0, 0)) => {}
            Ok((sent, failed)) => tracing::info!(sent, failed, "mail"),
            Err(error) => tracing::warn!(%error, "mail"),
        }
        sleep(ROUND).await;
    }
}

async fn round(installer: &Installer, relay: Option<&Relay>) -> Result<(usize, usize)> {
    let control = control_open(installer).await?;
    let done = mail_round(&control, relay, Timestamp::now()).await?;
    Ok((done.sent, done.failed))
}
