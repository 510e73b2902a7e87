//! One zone of 三層の対策: its user, its process, and the keeper that restarts it.
//!
//! The keeper never gives up on a zone that was once ready; it gives up at once on a zone that
//! ends before it was ready for the first time, because that is a fault of the set-up.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use store::cluster::system;
use tokio::process::Child;
use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};

use super::spawner::Spawner;
use super::{READY_TIMEOUT, health, say};

/// A zone that lived this long has recovered: the next pause is short again.
const RECOVERED: Duration = Duration::from_secs(60);
/// How long a zone may take to end after SIGTERM.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// The three zones (三層の対策), and the nodes of the mesh beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// 個人番号利用事務系.
    Office,
    /// LGWAN接続系.
    Lgwan,
    /// インターネット接続系.
    Internet,
    /// A node of the mesh, by its number.
    Node(u8),
}

impl Zone {
    /// The three of 三層の対策, the innermost first.
    pub const ALL: [Zone; 3] = [Zone::Office, Zone::Lgwan, Zone::Internet];

    /// The word on the command line and in paths.
    pub fn name(self) -> &'static str {
        match self {
            Zone::Office => "office",
            Zone::Lgwan => "lgwan",
            Zone::Internet => "internet",
            Zone::Node(number) => match number {
                0 => "node-0",
                1 => "node-1",
                _ => "node-2",
            },
        }
    }

    /// The name shown to people.
    pub fn label(self) -> &'static str {
        match self {
            Zone::Office => "個人番号利用事務系",
            Zone::Lgwan => "LGWAN接続系",
            Zone::Internet => "インターネット接続系",
            Zone::Node(_) => "情報連携のノード",
        }
    }

    /// The user and group id of the zone's process when the supervisor is root. No entry in
    /// `/etc/passwd` is needed.
    pub fn user_id(self) -> u32 {
        match self {
            Zone::Office => 61001,
            Zone::Lgwan => 61002,
            Zone::Internet => 61003,
            Zone::Node(number) => 61010 + u32::from(number),
        }
    }
}

/// How to run one zone.
#[derive(Debug, Clone)]
pub struct ZonePlan {
    /// Which zone.
    pub zone: Zone,
    /// Where it listens; asked for `/health`.
    pub address: SocketAddr,
    /// How a person changes the address, in Japanese: «--office-port または KUMOI_… ».
    pub setting: String,
    /// The arguments after `serve --zone <name>`.
    pub arguments: Vec<OsString>,
    /// The whole environment besides PATH and LANG.
    pub environment: Vec<(OsString, OsString)>,
}

/// How a zone's process came to its end.
enum End {
    /// By itself.
    Died(ExitStatus),
    /// Because we were asked to stop.
    Stopped,
}

/// Runs the zone until `stopped` turns true. `ready` hears once how the first start went.
pub(super) async fn keep(
    plan: ZonePlan,
    spawner: Spawner,
    mut stopped: watch::Receiver<bool>,
    ready: oneshot::Sender<Result<()>>,
) {
    let mut ready = Some(ready);
    let mut failures = 0;
    while !*stopped.borrow() {
        let begin = Instant::now();
        let outcome = live_once(&plan, &spawner, &mut stopped, &mut ready).await;
        let reason = match outcome {
            Ok(End::Stopped) => return,
            Ok(End::Died(status)) => anyhow!("{}が終わりました（{status}）", plan.zone.label()),
            Err(error) => error,
        };
        if let Some(first) = ready.take() {
            let _ = first.send(Err(reason));
            return;
        }
        failures = if begin.elapsed() > RECOVERED { 0 } else { failures + 1 };
        let rest = pause(failures);
        say(&format!("{reason:#}。{} 秒後に起動し直します", rest.as_secs_f32()));
        tokio::select! {
            () = sleep(rest) => {}
            () = asked(&mut stopped) => return,
        }
    }
}

/// The pause before the next try: half a second, doubled each time, at most thirty seconds.
pub(super) fn pause(failures: u32) -> Duration {
    let doubled =
        Duration::from_millis(500).saturating_mul(1 << failures.saturating_sub(1).min(10));
    doubled.min(Duration::from_secs(30))
}

/// One life of the zone's process.
async fn live_once(
    plan: &ZonePlan,
    spawner: &Spawner,
    stopped: &mut watch::Receiver<bool>,
    ready: &mut Option<oneshot::Sender<Result<()>>>,
) -> Result<End> {
    let mut child = spawner.start(plan).await?;
    tokio::select! {
        status = child.wait() => return Ok(End::Died(status?)),
        () = asked(stopped) => return stop(&mut child).await,
        answered = wait_ready(plan.address) => if !answered {
            stop(&mut child).await?;
            return Err(anyhow!(
                "{}が {} 秒たっても {} で応答しません",
                plan.zone.label(), READY_TIMEOUT.as_secs(), plan.address
            ));
        },
    }
    match ready.take() {
        Some(first) => {
            let _ = first.send(Ok(()));
        }
        None => say(&format!("{}を起動し直しました", plan.zone.label())),
    }
    tokio::select! {
        status = child.wait() => Ok(End::Died(status?)),
        () = asked(stopped) => stop(&mut child).await,
    }
}

/// Returns when we are asked to stop, or when nobody is left who could ask.
async fn asked(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|it| *it).await;
}

async fn wait_ready(address: SocketAddr) -> bool {
    let asking = async {
        while !health::is_ready(address).await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(READY_TIMEOUT, asking).await.is_ok()
}

/// SIGTERM, five seconds, then SIGKILL for the zone and its workers.
async fn stop(child: &mut Child) -> Result<End> {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    let send = |pid: i32, signal| system::send_signal(pid, signal);
    // An error means that it has ended already; waiting below reaps it.
    let _ = id.map(|pid| send(pid, libc::SIGTERM));
    if timeout(END_TIMEOUT, child.wait()).await.is_err() {
        let _ = id.map(|pid| send(-pid, libc::SIGKILL));
        child.wait().await?;
    }
    Ok(End::Stopped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_at_half_a_minute() {
        let pauses: Vec<f32> = (0..10).map(|failures| pause(failures).as_secs_f32()).collect();
        assert_eq!(pauses, [0.5, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]);
        assert_eq!(pause(u32::MAX), Duration::from_secs(30));
    }

    #[test]
    fn zones_have_users_of_their_own() {
        let mut users = Zone::ALL.map(Zone::user_id).to_vec();
        users.dedup();
        assert_eq!(users, [61001, 61002, 61003]);
    }
}
