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
    watch_book,
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

/// What was heard and is not written yet.
#[derive(Debug, Default)]
pub struct Lookout {
    counts: BTreeMap<(Asked, Date), Watched>,
    now: BTreeMap<Asked, Now>,
    /// Outages that were over before the database took them: from, to.
    over: Vec<(Asked, Timestamp, Timestamp)>,
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
        let count = self.counts.entry((asked.clone(), day)).or_insert_with(empty);
        count.checks += 1;
        count.failures += i32::from(took_ms.is_none());
        count.slowest_ms = count.slowest_ms.max(took_ms.unwrap_or_default());
        count.last_at = at;
        let before = self.now.get(&asked).copied();
        let now = match (took_ms, before) {
            (Some(_), Some(Now::Up(since))) => Now::Up(since),
            (Some(_), Some(Now::Down(since, failures, false))) if failures >= FAILURES => {
                self.over.push((asked.clone(), since, at));
                Now::Up(at)
            }
            (Some(_), _) => Now::Up(at),
            (None, Some(Now::Down(since, failures, told))) => Now::Down(since, failures + 1, told),
            (None, _) => Now::Down(at, 1, false),
        };
        self.now.insert(asked, now);
    }

    /// Writes everything that was heard, all of it or nothing; what is not written stays.
    ///
    /// # Errors
    /// [`CloudError::Store`].
    pub async fn book(&mut self, control: &mut Connection) -> Result<(), CloudError> {
        let counts: Vec<Heard> = self
            .counts
            .iter()
            .map(|(((organisation, _), _), watched)| Heard {
                organisation: organisation.clone(),
                watched: watched.clone(),
            })
            .collect();
        let transaction = control.transaction().await.map_err(store::StoreError::from)?;
        watch_book(&transaction, &counts).await?;
        let mut open: BTreeMap<Asked, i64> = BTreeMap::new();
        for (id, organisation, service) in incidents_watched(&transaction).await? {
            open.insert((organisation, service), id);
        }
        for (asked, from, to) in &self.over {
            let id = match open.remove(asked) {
                Some(id) => Some(id),
                None => opened(&transaction, asked, *from).await?,
            };
            if let Some(id) = id {
                incident_end(&transaction, (id, *to), (WATCH, BACK)).await?;
            }
        }
        let mut told = Vec::new();
        for (asked, now) in &self.now {
            match now {
                Now::Down(since, FAILURES.., _) => {
                    // One that a person ended too early is opened again.
                    if !open.contains_key(asked) {
                        opened(&transaction, asked, *since).await?;
                    }
                    told.push(asked.clone());
                }
                Now::Up(since) => {
                    if let Some(id) = open.get(asked) {
                        incident_end(&transaction, (*id, *since), (WATCH, BACK)).await?;
                    }
                }
                Now::Down(..) => {}
            }
        }
        transaction.commit().await.map_err(store::StoreError::from)?;
        self.counts.clear();
        self.over.clear();
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
