//! Work in the background of the office zone: reactions and timers of every organisation, sealing
//! of journal and audit, and the exchange with the front databases. A hint only makes it faster;
//! the sweep is the truth.
//!
//! Nothing is asked again and again: each organisation knows when what falls due, and news only
//! bring it forward. What was merely read is sealed a little later, in one batch, and waits for
//! the next sweep to be published. A sweep that finds nothing writes nothing.

mod due;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mesh::MeshError;
use office::front::{LinkItems, Trust, tick};
use office::{Actor, OfficeError};
use store::Database;
use store::job::job_next;
use store::journal::journal_last;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use self::due::{Due, SWEEP};
use self::watch::{Budget, Watch};
use super::desk::ZONE;
use super::{CounterState, Place};
use crate::internet::oidc::{Provider, SignInError};

/// Organisations that are swept at the same time.
const AT_ONCE: usize = 2;
/// The least wait for a job that somebody else holds, and after an error.
const PAUSE: Duration = Duration::from_millis(500);
/// After as many jobs as are claimed at once others may take their turn.
const BREATH: Duration = Duration::from_millis(20);

/// Starts one task an organisation, and one that looks where something happened.
pub fn spawn(state: &CounterState) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let places: Vec<Arc<Place>> = state.places().collect();
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let budget = Arc::new(Budget::new(places.len()));
    let sights = watch::spawn(&mut tasks, places.clone(), Arc::clone(&budget));
    for (number, place) in places.into_iter().enumerate() {
        let worker = Worker {
            watch: Watch::new(&place, sights.clone()),
            state: state.clone(),
            budget: Arc::clone(&budget),
            due: Due::start(Instant::now(), number),
            enrolled: None,
            place,
        };
        tasks.spawn(worker.serve(Arc::clone(&turns)));
    }
    tasks
}

/// The work of one organisation.
struct Worker {
    place: Arc<Place>,
    state: CounterState,
    watch: Watch,
    budget: Arc<Budget>,
    due: Due,
    /// The last entry of the journal whose people have their linkages.
    enrolled: Option<i64>,
}

impl Worker {
    async fn serve(mut self, turns: Arc<Semaphore>) {
        loop {
            tokio::select! {
                () = sleep_until(self.due.first()) => self.sweep(&turns).await,
                news = self.watch.news() => self.due.note(news, Instant::now()),
            }
        }
    }

    /// Everything that is due. Jobs are looked for each time: the connection is at hand.
    async fn sweep(&mut self, turns: &Semaphore) {
        let due = self.due;
        let begin = Instant::now();
        let trust = match &self.state.issuer {
            Some(issuer) if due.exchange <= begin => trust(&self.place, issuer).await,
            _ => None,
        };
        // Never closed: this only waits for its turn.
        let _turn = turns.acquire().await;
        self.warm().await;
        // First: no job is done by a package that gave way to another.
        self.refresh().await;
        let next = self.reactions().await;
        self.due.worked(next, Instant::now());
        if due.exchange <= begin {
            self.exchange(trust.as_ref()).await;
            self.due.exchanged(Instant::now());
        }
        if due.seal <= begin {
            seal(&self.place).await;
            self.enrol().await;
            self.due.sealed(Instant::now());
        }
    }

    /// Gets the linkages of people who have none yet, so that others can ask about them: whenever
    /// the journal has grown.
    async fn enrol(&mut self) {
        let Some(gate) = &self.place.gate else { return };
        let actor = Actor::automatic(Timestamp::now());
        let enrolled = async {
            let last = journal_last(&**self.place.office.database.client().await?).await?;
            if last != self.enrolled {
                mesh::inquiry::enrol((&self.place.office, &actor, &gate.door)).await?;
            }
            Ok::<_, MeshError>(last)
        };
        match enrolled.await {
            Ok(last) => self.enrolled = last,
            Err(error) => {
                let organisation = &self.place.office.organisation.id;
                tracing::warn!(%organisation, %error, "linkages could not be had");
            }
        }
    }

    /// Takes up what was installed meanwhile: that left news in the journal.
    async fn refresh(&mut self) {
        let organisation = &self.place.office.organisation.id;
        match self.state.refresh(organisation).await {
            Ok(found) => self.place = found.unwrap_or_else(|| Arc::clone(&self.place)),
            Err(error) => tracing::warn!(%organisation, %error, "the systems in force"),
        }
    }

    /// Opens and readies the connection that whoever comes next will find, where the budget allows.
    async fn warm(&self) {
        let Place { office, staff, .. } = &*self.place;
        if office.database.connections() == 0
            && self.budget.has_room()
            && let Err(error) = office::register::warm(office).await
        {
            let organisation = &office.organisation.id;
            tracing::warn!(%organisation, %error, "no connection was readied");
        }
        if staff.connections() == 0 && self.budget.has_room_for_staff() {
            // Nobody's token: the statement of every page is prepared, and finds no session.
            let nobody = (String::new(), Timestamp::now());
            let found = office::staff::session_actor(staff, "", ZONE, nobody.0, nobody.1).await;
            if let Err(error) = found {
                let organisation = &office.organisation.id;
                tracing::warn!(%organisation, %error, "no connection was readied");
            }
        }
    }

    /// Does the work that is due; how long until more falls due, and whether anything was done.
    async fn reactions(&self) -> (Option<Duration>, bool) {
        match work(&self.place).await {
            Ok(next) => next,
            Err(error) => {
                let organisation = &self.place.office.organisation.id;
                tracing::warn!(%organisation, %error, "sweep failed");
                (Some(PAUSE * 4), false)
            }
        }
    }

    /// Visits the front database and lets go of it, unless residents are there.
    async fn exchange(&mut self, trust: Option<&Trust>) {
        let Some(front) = &self.place.front else { return };
        let is_visited = self.watch.front_is_visited();
        exchange(&self.place, front, trust).await;
        if !is_visited {
            front.close_idle(Duration::ZERO, 0);
            self.watch.skip();
        }
    }
}

/// One batch of jobs; how long until more falls due, and whether there were any.
async fn work(place: &Place) -> Result<(Option<Duration>, bool), OfficeError> {
    if office::reaction::work(&place.office, Timestamp::now()).await? > 0 {
        return Ok((Some(BREATH), true));
    }
    let client = place.office.database.client().await?;
    let next = job_next(&*client, SWEEP).await?;
    Ok((next.map(|next| next.max(PAUSE)), false))
}

/// Fetches sealed applications from the front database and publishes what residents may see.
async fn exchange(place: &Place, front: &Database, trust: Option<&Trust>) {
    for system in place.office.systems.iter() {
        for register in &system.registers {
            let Some(published) = &register.published else { continue };
            let items = LinkItems::from(published);
            let both = (front, &place.office.database);
            let register = (&**system, register.id.as_str());
            if let Err(error) = tick(both, register, &items, trust).await {
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
