//! Keeping the zones running: folder, ports, processes, health, restart and an orderly end.
//!
//! The supervisor owns the processes and the cluster; it serves no request itself and opens no
//! organisation's database. Each zone is a process of its own, as root under a user of its own.

mod health;
mod layout;
mod port;
mod signals;
mod spawner;
mod zone;

use std::time::Duration;

use anyhow::{Result, bail};
use store::cluster::Cluster;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

pub(crate) use self::health::answer_time;
pub use self::layout::Layout;
pub use self::port::ports_check;
pub use self::signals::Signals;
use self::spawner::Spawner;
pub use self::zone::{Zone, ZonePlan};

/// How long a zone may take until it answers for the first time.
const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// The running zones. End them with [`Supervisor::stop`] or let [`Supervisor::run`] do it.
pub struct Supervisor {
    keepers: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Supervisor {
    /// Starts every zone and returns when all answer `GET /health`. If one ends or stays silent,
    /// all are stopped and the error says which. `None` when `signals` ask for the end meanwhile.
    pub async fn start(
        layout: &Layout,
        plans: Vec<ZonePlan>,
        signals: &mut Signals,
    ) -> Result<Option<Supervisor>> {
        ports_check(&plans).await?;
        let spawner = Spawner::new(layout)?;
        let (stop, stopped) = watch::channel(false);
        let mut supervisor = Supervisor { keepers: Vec::new(), stop };
        let mut firsts = Vec::new();
        for plan in plans {
            let (ready, first) = tokio::sync::oneshot::channel();
            let keeper = zone::keep(plan, spawner.clone(), stopped.clone(), ready);
            supervisor.keepers.push(tokio::spawn(keeper));
            firsts.push(first);
        }
        let all = async {
            for first in firsts {
                match first.await {
                    Ok(outcome) => outcome?,
                    Err(_) => bail!("ゾーンの見張りが終わってしまいました"),
                }
            }
            Ok(())
        };
        let outcome = tokio::select! {
            outcome = all => outcome.map(|()| true),
            () = signals.received() => Ok(false),
        };
        match outcome {
            Ok(true) => Ok(Some(supervisor)),
            other => {
                supervisor.stop().await;
                other.map(|_| None)
            }
        }
    }

    /// Keeps everything running until a signal asks for the end; then stops the zones and hands the
    /// database server back, `None` when it does not run. One that ends by itself is started again.
    pub async fn run(self, mut cluster: Cluster, signals: &mut Signals) -> Option<Cluster> {
        loop {
            tokio::select! {
                () = signals.received() => break,
                () = cluster.ended() => match restart(&cluster, signals).await {
                    Some(next) => cluster = next,
                    None => {
                        self.stop().await;
                        return None;
                    }
                },
            }
        }
        say("停止しています（ゾーン、データベースの順）");
        self.stop().await;
        Some(cluster)
    }

    /// Stops the zones: SIGTERM, five seconds, SIGKILL. Returns when all have ended.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for keeper in self.keepers {
            // A keeper that panicked has lost its zone; the zone ends with this process.
            let _ = keeper.await;
        }
    }
}

/// Starts the ended database server again, with growing pauses; `None` when a signal comes.
async fn restart(ended: &Cluster, signals: &mut Signals) -> Option<Cluster> {
    say("PostgreSQL が終わってしまったため、起動し直します");
    for failures in 0.. {
        match Cluster::start(ended.options()).await {
            Ok(cluster) => {
                say("PostgreSQL を起動し直しました");
                return Some(cluster);
            }
            Err(error) => say(&error.to_string()),
        }
        tokio::select! {
            () = sleep(zone::pause(failures)) => {}
            () = signals.received() => break,
        }
    }
    None
}

/// One line to the person at the terminal.
fn say(text: &str) {
    eprintln!("kumoi: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The program under test is the test binary, which does not know `serve` and ends at once.
    #[tokio::test]
    async fn a_zone_that_ends_before_it_was_ready_fails_the_start() {
        let var = std::env::temp_dir().join(format!("kumoi-up-{}", std::process::id()));
        let layout = Layout::open(Some(&var)).unwrap();
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let plan = ZonePlan {
            zone: Zone::Lgwan,
            address,
            setting: "--lgwan-port ".to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
        };
        let mut signals = Signals::listen().unwrap();
        let outcome = Supervisor::start(&layout, vec![plan], &mut signals).await;
        std::fs::remove_dir_all(var).unwrap();
        let text = outcome.err().map_or_else(String::new, |error| format!("{error:#}"));
        assert!(text.contains("LGWAN接続系が終わりました"), "{text}");
    }
}
