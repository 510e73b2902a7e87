//! The watch: every minute each zone is asked for the first page of every organisation, all beside
//! each other and before the database is looked at. What comes is counted by day; two failures in a
//! row open an incident, and the next answer ends it. While the program does not run nothing is
//! asked, and nothing is claimed for that time.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use cloud::lookout::Lookout;
use futures_util::StreamExt;
use jiff::Timestamp;
use store::control::control_open;
use store::control::watch::watched_bodies;
use store::organisation::Installer;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::up::{Zone, answer_time};

/// How often everything is asked.
const ROUND: Duration = Duration::from_secs(60);
/// Questions at the same time.
const BESIDE: usize = 16;
/// How long the database may take to write a round; the next one brings the rest.
const PATIENCE: Duration = Duration::from_secs(20);

/// Everything that is watched.
pub(super) struct Watch {
    installer: Installer,
    /// As the database said when it last answered.
    organisations: Vec<String>,
    zones: Vec<(Zone, SocketAddr)>,
    lookout: Lookout,
}

impl Watch {
    /// In these zones.
    pub(super) fn new(installer: Installer, zones: Vec<(Zone, SocketAddr)>) -> Watch {
        Watch { installer, organisations: Vec::new(), zones, lookout: Lookout::default() }
    }

    /// Works for ever; an error is said and the next round comes all the same.
    pub(super) async fn serve(mut self) {
        let mut tick = interval(ROUND);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tick.tick().await;
            if self.organisations.is_empty()
                && let Err(error) = self.book().await
            {
                tracing::warn!(%error, "watch: nobody is known yet");
            }
            self.ask().await;
            match timeout(PATIENCE, self.book()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "watch: written later"),
                Err(_) => tracing::warn!("watch: the database is slow; written later"),
            }
        }
    }

    async fn ask(&mut self) {
        let questions = self.organisations.iter().flat_map(|organisation| {
            self.zones.iter().map(move |(zone, address)| async move {
                // The first page: it needs the zone and the organisation's database.
                let path = match zone {
                    Zone::Internet => format!("/{organisation}/"),
                    Zone::Office | Zone::Lgwan | Zone::Node(_) => {
                        format!("/{organisation}/sign-in")
                    }
                };
                let took = answer_time(*address, &path).await;
                let ms = took.map(|it| i32::try_from(it.as_millis()).unwrap_or(i32::MAX));
                (organisation.clone(), zone.label(), Timestamp::now(), ms)
            })
        });
        let questions: Vec<_> = questions.collect();
        let answers = futures_util::stream::iter(questions).buffer_unordered(BESIDE);
        let answers: Vec<_> = answers.collect().await;
        for (organisation, service, at, ms) in answers {
            self.lookout.hear((&organisation, service), at, ms);
        }
    }

    /// Writes what was heard, and learns who is to be asked.
    async fn book(&mut self) -> Result<()> {
        let mut control = control_open(&self.installer).await?;
        // Whose data was deleted meanwhile is forgotten first: nothing of it is opened again.
        self.organisations = watched_bodies(&control).await?;
        self.lookout.keep(&self.organisations);
        Ok(self.lookout.book(&mut control).await?)
    }
}
