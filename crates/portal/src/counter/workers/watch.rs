//! Where something happened: one look a second at each server for all organisations on it, and the
//! connections of this process kept within a budget. Reads counts only; decides no work.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use store::activity::{Activity, activity};
use store::{Database, StoreError};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Place;

const LOOK: Duration = Duration::from_secs(1);
/// Connections that this process keeps without hurry; with more, idle ones are closed sooner.
const BUDGET: usize = 400;
/// Connections up to which one is opened ahead of need; the rest is for those who come.
const ROOM: usize = BUDGET / 8 * 7;

/// How many connections this process may open ahead of need.
#[derive(Debug)]
pub struct Budget {
    organisations: usize,
    open: AtomicUsize,
}

impl Budget {
    /// For so many organisations.
    pub fn new(organisations: usize) -> Budget {
        Budget { organisations, open: AtomicUsize::new(0) }
    }

    /// One for an office database.
    pub fn has_room(&self) -> bool {
        self.open.load(Ordering::Relaxed) < ROOM
    }

    /// One for a staff database: only where every organisation can have both.
    pub fn has_room_for_staff(&self) -> bool {
        self.has_room() && self.organisations * 2 <= ROOM
    }
}

/// What every server counts, by server and database; `None` when a look failed.
pub type Sight = Option<Arc<HashMap<(String, String), Activity>>>;

/// What is new of an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Work was left in this process.
    Work,
    /// The registers were written to, if only that somebody read them.
    Registers,
    /// Somebody is at the front database.
    Front,
    /// Nobody can tell.
    Blind,
}

/// Starts looking.
pub fn spawn(
    tasks: &mut JoinSet<()>,
    places: Vec<Arc<Place>>,
    budget: Arc<Budget>,
) -> Receiver<Sight> {
    let (sender, receiver) = channel(None);
    tasks.spawn(look(places, sender, budget));
    receiver
}

async fn look(places: Vec<Arc<Place>>, sender: Sender<Sight>, budget: Arc<Budget>) {
    let mut servers: BTreeMap<&str, &Database> = BTreeMap::new();
    for place in &places {
        for database in [Some(&place.office.database), place.front.as_ref()].into_iter().flatten() {
            servers.entry(database.server()).or_insert(database);
        }
    }
    loop {
        let sight = sight(&servers).await;
        if let Err(error) = &sight {
            tracing::warn!(%error, "the server does not tell where something happened");
        }
        if sender.send(sight.ok().map(Arc::new)).is_err() {
            return;
        }
        budget.open.store(close_idle(&places), Ordering::Relaxed);
        sleep(LOOK).await;
    }
}

async fn sight(
    servers: &BTreeMap<&str, &Database>,
) -> Result<HashMap<(String, String), Activity>, StoreError> {
    let mut all = HashMap::new();
    for (server, database) in servers {
        let client = database.client().await?;
        let counted = activity(&*client).await?;
        all.extend(counted.into_iter().map(|(name, one)| (((*server).to_owned(), name), one)));
    }
    Ok(all)
}

/// The more connections are open, the shorter one may be idle; how many are left.
fn close_idle(places: &[Arc<Place>]) -> usize {
    let pools = || {
        places.iter().flat_map(|place| {
            let own = [Some(&place.office.database), Some(&place.staff), place.front.as_ref()];
            own.into_iter().enumerate()
        })
    };
    let pools = || pools().filter_map(|(at, pool)| Some((at, pool?)));
    let count = || pools().map(|(_, pool)| pool.connections()).sum();
    let (idle, keep) = limits(count());
    pools().for_each(|(at, pool)| pool.close_idle(idle, keep[at]));
    count()
}

/// How long a connection may be idle, and how many of an office, a staff and a front pool stay
/// all the same, with so many open.
fn limits(open: usize) -> (Duration, [usize; 3]) {
    let (seconds, keep) = match open {
        _ if open <= BUDGET => (60, [1, 1, 0]),
        _ if open <= BUDGET * 5 / 4 => (15, [1, 0, 0]),
        _ => (3, [0, 0, 0]),
    };
    (Duration::from_secs(seconds), keep)
}

/// What one organisation knows of its databases.
pub struct Watch {
    place: Arc<Place>,
    sights: Receiver<Sight>,
    registers: (String, String),
    front: Option<(String, String)>,
    /// Rows of the registers written when last looked at.
    seen: i64,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new(place: &Arc<Place>, sights: Receiver<Sight>) -> Watch {
        let key = |database: &Database| (database.server().to_owned(), database.name().to_owned());
        Watch {
            registers: key(&place.office.database),
            front: place.front.as_ref().map(key),
            place: Arc::clone(place),
            sights,
            seen: 0,
        }
    }

    /// Whether somebody else is known to be connected to the front database.
    pub fn front_is_visited(&self) -> bool {
        let sight = self.sights.borrow();
        let (Some(sight), Some(key)) = (sight.as_ref(), &self.front) else { return false };
        self.visitors(sight.get(key)) > 0
    }

    fn visitors(&self, counted: Option<&Activity>) -> usize {
        let own = self.place.front.as_ref().map_or(0, Database::connections);
        let all = counted.map_or(0, |one| usize::try_from(one.connections).unwrap_or_default());
        all.saturating_sub(own)
    }

    /// The newest look was taken while own connections were open that are closed now: it would take
    /// them for a visitor's.
    pub fn skip(&mut self) {
        self.sights.mark_unchanged();
    }

    /// Waits until something happened.
    pub async fn news(&mut self) -> News {
        loop {
            tokio::select! {
                () = self.place.office.database.work_awaited() => return News::Work,
                changed = self.sights.changed() => {
                    if changed.is_err() {
                        // Nobody looks any more: what is due decides alone.
                        std::future::pending::<()>().await;
                    }
                }
            }
            if let Some(news) = self.compare() {
                return news;
            }
        }
    }

    /// Compares the newest look with the one before.
    fn compare(&mut self) -> Option<News> {
        let sight = self.sights.borrow_and_update().clone();
        let Some(sight) = sight else { return Some(News::Blind) };
        // Whoever writes to the front database is connected to it for a while.
        if self.front.as_ref().map_or(0, |key| self.visitors(sight.get(key))) > 0 {
            return Some(News::Front);
        }
        let now = sight.get(&self.registers).map_or(0, |one| one.writes);
        let before = std::mem::replace(&mut self.seen, now);
        (now != before).then_some(News::Registers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_connections_are_idle_only_briefly() {
        let idle = [0, BUDGET, BUDGET + 1, 10 * BUDGET].map(|open| limits(open).0.as_secs());
        assert_eq!(idle, [60, 60, 15, 3]);
    }

    #[test]
    fn the_last_connection_stays_within_the_budget() {
        let kept = [BUDGET, BUDGET * 5 / 4, BUDGET * 5 / 4 + 1].map(|open| limits(open).1);
        assert_eq!(kept, [[1, 1, 0], [1, 0, 0], [0, 0, 0]]);
    }

    #[test]
    fn room_is_left_for_those_who_come() {
        let room = |organisations: usize, open: usize| {
            let budget = Budget::new(organisations);
            budget.open.store(open, Ordering::Relaxed);
            (budget.has_room(), budget.has_room_for_staff())
        };
        assert_eq!(room(3, 0), (true, true));
        assert_eq!(room(100, ROOM - 1), (true, true));
        assert_eq!(room(300, 0), (true, false));
        assert_eq!(room(3, ROOM), (false, false));
    }
}
