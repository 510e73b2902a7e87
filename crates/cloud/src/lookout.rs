//! 見張りの帳面: what the watch heard, kept until the control database takes it. An outage of that very
//! database is counted and has its incident all the same, with the times at which it was heard.
//!
//! It asks nobody: whoever watches tells it what came.

use std::collections::BTreeMap;

use base::date::{Date, day_in_japan};
use jiff::Timestamp;
use store::Connection;
use store::control::watch::{
    Heard, Incident, Watched, incident_end, incident_note, incident_open, incidents_watched,
    watch_batch, watch_book, watcher_name,
};

use crate::CloudError;

/// Failures in a row that make an incident.
const FAILURES: u32 = 2;
/// Who says what the watch says.
const WATCH: &str = "見張り";
const BACK: &str = "応答が戻りました";

/// An organisation and a service of it.
type Asked = (String, String);

/// How a service answers now.
#[derive(Clone, Copy, Debug)]
enum Now {
    /// Since when it answers.
    Up(Timestamp),
    /// Since when it does not, how often in a row, whether its incident is in the database.
    Down(Timestamp, u32, bool),
}

/// What is written once: the same however often it is tried.
#[derive(Debug, Default)]
struct Batch {
    counts: BTreeMap<(Asked, Date), Watched>,
    /// Outages that were over before the database took them: from, to.
    over: Vec<(Asked, Timestamp, Timestamp)>,
}

/// What was heard and is not written yet.
#[derive(Debug, Default)]
pub struct Lookout {
    /// Who watches, once in all programs and starts; the database names it.
    watcher: Option<String>,
    /// How many batches were sent.
    sent: i64,
    /// The one that was sent and of which nobody knows whether it was written.
    unclear: Option<Batch>,
    heard: Batch,
    now: BTreeMap<Asked, Now>,
}

impl Lookout {
    /// One question at a moment: after how many milliseconds it was answered, if it was.
    pub fn hear(&mut self, asked: (&str, &str), at: Timestamp, took_ms: Option<i32>) {
        let asked: Asked = (asked.0.to_owned(), asked.1.to_owned());
        let day = day_in_japan(at);
        let empty = || Watched {
            service: asked.1.clone(),
            day,
            checks: 0,
            failures: 0,
            slowest_ms: 0,
            last_at: at,
        };
        let count = self.heard.counts.entry((asked.clone(), day)).or_insert_with(empty);
        count.checks += 1;
        count.failures += i32::from(took_ms.is_none());
        count.slowest_ms = count.slowest_ms.max(took_ms.unwrap_or_default());
        count.last_at = at;
        let before = self.now.get(&asked).copied();
        let now = match (took_ms, before) {
            (Some(_), Some(Now::Up(since))) => Now::Up(since),
            (Some(_), Some(Now::Down(since, failures, false))) if failures >= FAILURES => {
                self.heard.over.push((asked.clone(), since, at));
                Now::Up(at)
            }
            (Some(_), _) => Now::Up(at),
            (None, Some(Now::Down(since, failures, told))) => Now::Down(since, failures + 1, told),
            (None, _) => Now::Down(at, 1, false),
        };
        self.now.insert(asked, now);
    }

    /// Writes everything that was heard, all of it or nothing; what is not written stays. What was
    /// sent and has no answer is sent again as it was: the database knows whether it has it.
    ///
    /// # Errors
    /// [`CloudError::Store`].
    pub async fn book(&mut self, control: &mut Connection) -> Result<(), CloudError> {
        if self.unclear.is_some() {
            self.send(control).await?;
        }
        self.unclear = Some(std::mem::take(&mut self.heard));
        self.sent += 1;
        self.send(control).await
    }

    async fn send(&mut self, control: &mut Connection) -> Result<(), CloudError> {
        let Some(batch) = &self.unclear else { return Ok(()) };
        let watcher = match &self.watcher {
            Some(known) => known,
            None => self.watcher.insert(watcher_name(control).await?),
        };
        let transaction = control.transaction().await.map_err(store::StoreError::from)?;
        let is_new = watch_batch(&transaction, (watcher, self.sent)).await?;
        let mut open: BTreeMap<Asked, i64> = BTreeMap::new();
        for (id, organisation, service) in incidents_watched(&transaction).await? {
            open.insert((organisation, service), id);
        }
        if is_new {
            batch_book(&transaction, batch, &mut open).await?;
        }
        let told = now_book(&transaction, &self.now, &open).await?;
        transaction.commit().await.map_err(store::StoreError::from)?;
        self.unclear = None;
        for asked in told {
            if let Some(Now::Down(_, _, known)) = self.now.get_mut(&asked) {
                *known = true;
            }
        }
        Ok(())
    }

    /// Forgets whoever is not asked any more.
    pub fn keep(&mut self, organisations: &[String]) {
        self.now.retain(|(organisation, _), _| organisations.contains(organisation));
    }
}

/// Counts, and outages that are over.
async fn batch_book(
    transaction: &impl store::GenericClient,
    batch: &Batch,
    open: &mut BTreeMap<Asked, i64>,
) -> Result<(), CloudError> {
    let heard = |(((organisation, _), _), watched): (&(Asked, Date), &Watched)| Heard {
        organisation: organisation.clone(),
        watched: watched.clone(),
    };
    let counts: Vec<Heard> = batch.counts.iter().map(heard).collect();
    watch_book(transaction, &counts).await?;
    for (asked, from, to) in &batch.over {
        let id = match open.remove(asked) {
            Some(id) => Some(id),
            None => opened(transaction, asked, *from).await?,
        };
        if let Some(id) = id {
            incident_end(transaction, (id, *to), (WATCH, BACK)).await?;
        }
    }
    Ok(())
}

/// How all answer now: opens and ends incidents. Whose incident is in the database then.
async fn now_book(
    transaction: &impl store::GenericClient,
    now: &BTreeMap<Asked, Now>,
    open: &BTreeMap<Asked, i64>,
) -> Result<Vec<Asked>, CloudError> {
    let mut told = Vec::new();
    for (asked, now) in now {
        match now {
            Now::Down(since, FAILURES.., _) => {
                // One that a person ended too early is opened again.
                if !open.contains_key(asked) {
                    opened(transaction, asked, *since).await?;
                }
                told.push(asked.clone());
            }
            Now::Up(since) => {
                if let Some(id) = open.get(asked) {
                    incident_end(transaction, (*id, *since), (WATCH, BACK)).await?;
                }
            }
            Now::Down(..) => {}
        }
    }
    Ok(told)
}

async fn opened(
    transaction: &impl store::GenericClient,
    (organisation, service): &Asked,
    began_at: Timestamp,
) -> Result<Option<i64>, CloudError> {
    let incident = Incident {
        id: 0,
        organisation: Some(organisation.clone()),
        service: service.clone(),
        layer: "運用管理".to_owned(),
        title: format!("{service}が応答しません"),
        began_at,
        ended_at: None,
        by_watch: true,
        notes: Vec::new(),
    };
    let id = incident_open(transaction, &incident).await?;
    if let Some(id) = id {
        let words = format!("{FAILURES} 回続けて応答がありませんでした。一分ごとに確かめます");
        incident_note(transaction, id, (WATCH, &words)).await?;
    }
    Ok(id)
}
