//! Where something happened: one look a second at each server for all organisations on it, and the
//! connections of this process kept within a budget. Reads counts only; decides no work.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use store::activity::{Activity, activity};
use store::{Database, StoreError};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::time::sleep;

use super::Place;

const LOOK: Duration = Duration::from_secs(1);
/// Connections that this process keeps without hurry; with more, idle ones are closed sooner.
const BUDGET: usize = 400;

/// What every server counts, by server and database; `None` when a look failed.
pub type Sight = Option<Arc<HashMap<(String, String), Activity>>>;

/// What is new of an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Somebody is at the counter, or the registers were written to.
    Counter,
    /// Somebody is at the front database, or it was written to.
    Front,
}

/// Starts looking.
pub fn spawn(places: Vec<Arc<Place>>) -> Receiver<Sight> {
    let (sender, receiver) = channel(None);
    tokio::spawn(look(places, sender));
    receiver
}

async fn look(places: Vec<Arc<Place>>, sender: Sender<Sight>) {
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
        close_idle(&places);
        sleep(LOOK).await;
    }
}

async fn sight(
    servers: &BTreeMap<&str, &Database>,
) -> Result<HashMap<(String, String), Activity>, StoreError> {
    let mut all = HashMap::new();
    for (server, database) in servers {
        let client = database.client().await?;
        let counted = activity(&**client).await?;
        all.extend(counted.into_iter().map(|(name, one)| (((*server).to_owned(), name), one)));
    }
    Ok(all)
}

/// The more connections are open, the shorter one may be idle.
fn close_idle(places: &[Arc<Place>]) {
    let pools = || {
        places.iter().flat_map(|place| {
            [Some(&place.office.database), Some(&place.staff), place.front.as_ref()]
        })
    };
    let open: usize = pools().flatten().map(Database::connections).sum();
    let idle = idle_of(open);
    pools().flatten().for_each(|database| database.close_idle(idle));
}

fn idle_of(open: usize) -> Duration {
    Duration::from_secs(match open {
        _ if open <= BUDGET => 60,
        _ if open <= BUDGET * 3 / 2 => 15,
        _ => 3,
    })
}

/// What one organisation knows of its databases.
pub struct Watch {
    place: Arc<Place>,
    sights: Receiver<Sight>,
    registers: (String, String),
    front: Option<(String, String)>,
    /// Rows written when last looked at: registers, front.
    seen: [i64; 2],
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
            seen: [0; 2],
        }
    }

    /// Whether somebody else is connected to the front database, or nobody can tell.
    pub fn front_is_visited(&self) -> bool {
        let sight = self.sights.borrow();
        let (Some(sight), Some(key)) = (sight.as_ref(), &self.front) else {
            return self.front.is_some();
        };
        self.visitors(sight.get(key)) > 0
    }

    fn visitors(&self, counted: Option<&Activity>) -> usize {
        let own = self.place.front.as_ref().map_or(0, Database::connections);
        let all = counted.map_or(0, |one| usize::try_from(one.connections).unwrap_or_default());
        all.saturating_sub(own)
    }

    /// Waits until something happened.
    pub async fn news(&mut self) -> News {
        loop {
            tokio::select! {
                () = self.place.used.notified() => return News::Counter,
                changed = self.sights.changed() => {
                    if changed.is_err() {
                        // Nobody looks any more: the pauses alone decide.
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
        // Nobody can tell: everybody is swept at their pauses.
        let Some(sight) = sight else { return Some(News::Counter) };
        let writes = |key: Option<&(String, String)>| {
            key.and_then(|key| sight.get(key)).map_or(0, |one| one.writes)
        };
        let now = [writes(Some(&self.registers)), writes(self.front.as_ref())];
        let before = std::mem::replace(&mut self.seen, now);
        let visited = self.front.as_ref().map_or(0, |key| self.visitors(sight.get(key))) > 0;
        if visited || now[1] != before[1] {
            return Some(News::Front);
        }
        (now[0] != before[0]).then_some(News::Counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_connections_are_idle_only_briefly() {
        let idle = [0, BUDGET, BUDGET + 1, 10 * BUDGET].map(|open| idle_of(open).as_secs());
        assert_eq!(idle, [60, 60, 15, 3]);
    }
}
