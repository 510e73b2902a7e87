//! Work in the background of the office zone: reactions and timers of every organisation, sealing
//! of journal and audit, and the exchange with the front databases. A hint only makes it faster;
//! the sweep is the truth.
//!
//! An organisation is awake while it is used: swept every two seconds or sooner. The others are
//! asleep: no connection, no query. One look a second at what the server counts wakes them, and a
//! sweep every few minutes needs no reason. A sweep that finds nothing writes nothing.

mod watch;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use office::front::{LinkItems, Trust, tick};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use self::watch::{News, Watch};
use super::{CounterState, Place};
use crate::internet::oidc::{Provider, SignInError};

const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long an organisation stays awake after it was used.
const AWAKE: Duration = Duration::from_secs(20);
/// How often one that sleeps is swept all the same: timers fall due, views are compared.
const SWEEP: Duration = Duration::from_secs(300);
/// How often journal and audit of one that is awake are sealed.
const SEAL: Duration = Duration::from_secs(5);
/// How often one that is awake publishes while no resident is there to read it.
const EXCHANGE: Duration = Duration::from_secs(60);
/// Organisations that are swept at the same time.
const AT_ONCE: usize = 8;

/// Starts one task an organisation, and one that looks where something happened.
pub fn spawn(state: &CounterState) {
    let places: Vec<Arc<Place>> = state.places().cloned().collect();
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let sights = watch::spawn(places.clone());
    for place in places {
        let watch = Watch::new(&place, sights.clone());
        let issuer = state.issuer.clone();
        let worker = Worker { place, issuer, watch, exchanged: None, sealed: None };
        tokio::spawn(worker.serve(Arc::clone(&turns)));
    }
}

/// The work of one organisation.
struct Worker {
    place: Arc<Place>,
    issuer: Option<Arc<Provider>>,
    watch: Watch,
    exchanged: Option<Instant>,
    sealed: Option<Instant>,
}

impl Worker {
    async fn serve(mut self, turns: Arc<Semaphore>) {
        let mut pause = PAUSE;
        let mut awake_until = Instant::now();
        loop {
            let is_awake = Instant::now() < awake_until;
            {
                // Never closed: this only waits for its turn.
                let _turn = turns.acquire().await;
                pause = self.sweep(is_awake, pause).await;
            }
            if pause < PAUSE {
                sleep(pause).await;
                continue;
            }
            if !is_awake {
                self.close();
            }
            let wait = if is_awake { pause } else { SWEEP };
            if let Ok(news) = timeout(wait, self.watch.news()).await {
                awake_until = Instant::now() + AWAKE;
                self.exchanged = self.exchanged.filter(|_| news != News::Front);
                pause = if is_awake { pause } else { PAUSE };
                // Whoever came to the counter is only about to leave work.
                sleep(if news == News::Front { Duration::ZERO } else { pause }).await;
            }
        }
    }

    /// Everything that may be due; how long to wait until the next time. The first sweep and one
    /// before going to sleep leave nothing out.
    async fn sweep(&mut self, is_awake: bool, pause: Duration) -> Duration {
        let pause = self.reactions(pause).await;
        let due = |at: Option<Instant>, every: Duration| {
            !is_awake || at.is_none_or(|at| at.elapsed() >= every)
        };
        if due(self.exchanged, EXCHANGE) || self.watch.front_is_visited() {
            exchange(&self.place, self.issuer.as_deref()).await;
            self.exchanged = Some(Instant::now());
        }
        if due(self.sealed, SEAL) {
            seal(&self.place).await;
            self.sealed = Some(Instant::now());
        }
        pause
    }

    /// Does the work that is due; how long to wait until the next look.
    async fn reactions(&self, pause: Duration) -> Duration {
        match office::reaction::work(&self.place.office, Timestamp::now()).await {
            Ok(0) => (pause.max(PAUSE / 2) * 2).min(LONGEST_PAUSE),
            Ok(_) => Duration::from_millis(20),
            Err(error) => {
                let organisation = &self.place.office.organisation.id;
                tracing::warn!(%organisation, %error, "sweep failed");
                LONGEST_PAUSE
            }
        }
    }

    /// Lets go of the connections of the background.
    fn close(&self) {
        if let Some(front) = &self.place.front {
            front.close_idle(Duration::ZERO);
        }
        self.place.office.database.close_idle(Duration::ZERO);
    }
}

/// Fetches sealed applications from the front database and publishes what residents may see.
async fn exchange(place: &Place, issuer: Option<&Provider>) {
    let Some(front) = &place.front else { return };
    let trust = match issuer {
        Some(issuer) => trust(place, issuer).await,
        None => None,
    };
    for system in place.office.systems.iter() {
        for register in &system.registers {
            let Some(published) = &register.published else { continue };
            let items = LinkItems::from(published);
            let database = &place.office.database;
            let both = (front, database);
            let register = (&**system, register.id.as_str());
            if let Err(error) = tick(both, register, &items, trust.as_ref()).await {
                let organisation = &place.office.organisation.id;
                tracing::warn!(%organisation, %error, "exchange with the front failed");
            }
        }
    }
}

async fn seal(place: &Place) {
    if let Err(error) = store::seal::seal_all(&place.office.database, &place.seal).await {
        let organisation = &place.office.organisation.id;
        tracing::warn!(%organisation, %error, "sealing failed");
    }
}

/// The issuer's keys. A real organisation never believes the sample authenticator; while the issuer
/// cannot be reached, applications wait.
async fn trust(place: &Place, issuer: &Provider) -> Option<Trust> {
    let organisation = &place.office.organisation;
    let found = async {
        let sample = issuer.is_sample().await?;
        Ok::<_, SignInError>((sample, issuer.trust(&organisation.id).await?))
    };
    match found.await {
        Ok((sample, _)) if sample && !organisation.sample => None,
        Ok((_, trust)) => Some(trust),
        Err(error) => {
            tracing::debug!(organisation = %organisation.id, %error, "the issuer's keys");
            None
        }
    }
}
