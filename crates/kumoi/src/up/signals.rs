//! The wish to end: Ctrl-C, SIGTERM, or the terminal being closed.

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The three signals that ask for an orderly end. Listen before anything is started.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Begins to listen; from now on these signals no longer end the process by themselves.
    pub fn listen() -> Result<Signals> {
        let on = |kind| signal(kind).context("終了の合図（シグナル）を受け取る準備ができません");
        Ok(Signals {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
            hangup: on(SignalKind::hangup())?,
        })
    }

    /// Returns when one of the signals has come. Safe to cancel.
    pub async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
