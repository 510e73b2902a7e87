//! 稼働の見張りと障害 in the control database. What the watch finds opens an incident by itself and ends
//! it again; people open others, and say what they know. Nothing said is ever changed.

use base::date::Date;
use base::said;
use jiff::Timestamp;
use tokio_postgres::{Client, Row};

use crate::{GenericClient, StoreError};

/// How a service of an organisation answered on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The service, by its name in control.
    pub service: String,
    /// The day in Japan.
    pub day: Date,
    /// How often it was asked.
    pub checks: i32,
    /// How often it did not answer.
    pub failures: i32,
    /// The slowest answer, milliseconds.
    pub slowest_ms: i32,
}

/// 障害: something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Number; 0 before it is written.
    pub id: i64,
    /// Whom it concerns; `None` for all.
    pub organisation: Option<String>,
    /// The service.
    pub service: String,
    /// 責任分界: 団体, 業務システム, 運用管理, クラウド or 国.
    pub layer: String,
    /// One sentence.
    pub title: String,
    /// Since when.
    pub began_at: Timestamp,
    /// Until when; `None` while it goes on.
    pub ended_at: Option<Timestamp>,
    /// Whether the watch found it.
    pub by_watch: bool,
    /// What was said about it, in order: when, by whom, what.
    pub notes: Vec<(Timestamp, String, String)>,
}

/// Books one question to a service: whether it answered and after how long.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn watch_book(
    client: &Client,
    (organisation, service, day): (&str, &str, Date),
    answered_ms: Option<i32>,
) -> Result<(), StoreError> {
    let failures = i32::from(answered_ms.is_none());
    let slowest = answered_ms.unwrap_or_default();
    let sql = "insert into control.watched as w values ($1, $2, $3, 1, $4, $5)
               on conflict (organisation, service, day) do update
               set checks = w.checks + 1, failures = w.failures + excluded.failures,
                   slowest_ms = greatest(w.slowest_ms, excluded.slowest_ms)";
    client.execute(sql, &[&organisation, &service, &day, &failures, &slowest]).await?;
    Ok(())
}

/// How the services that this login may see answered, from a day on.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn watched_list(
    client: &impl GenericClient,
    from: Date,
) -> Result<Vec<Watched>, StoreError> {
    let sql = "select service, day, checks, failures, slowest_ms from control.watched
               where day >= $1 order by service, day";
    let watched = |row: &Row| {
        Ok(Watched {
            service: row.try_get(0)?,
            day: row.try_get(1)?,
            checks: row.try_get(2)?,
            failures: row.try_get(3)?,
            slowest_ms: row.try_get(4)?,
        })
    };
    client.query(sql, &[&from]).await?.iter().map(watched).collect()
}

/// Opens an incident; its number. What the watch finds again while it goes on is the same one:
/// `None` then.
///
/// # Errors
/// [`StoreError::Database`], also when there is no such organisation.
pub async fn incident_open(
    client: &Client,
    incident: &Incident,
) -> Result<Option<i64>, StoreError> {
    let found_by = if incident.by_watch { "見張り" } else { "人" };
    let sql = "insert into control.incident
                 (organisation, service, layer, title, began_at, found_by)
               values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning id";
    let given: [&(dyn tokio_postgres::types::ToSql + Sync); 6] = [
        &incident.organisation,
        &incident.service,
        &incident.layer,
        &incident.title,
        &incident.began_at,
        &found_by,
    ];
    let row = client.query_opt(sql, &given).await?;
    row.map(|row| row.try_get(0).map_err(StoreError::from)).transpose()
}

/// Says something about an incident.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of this number.
pub async fn incident_note(
    client: &Client,
    id: i64,
    (actor, words): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "insert into control.incident_note (incident, actor, words)
               select id, $2, $3 from control.incident where id = $1";
    match client.execute(sql, &[&id, &actor, &words]).await? {
        0 => Err(StoreError::NotFound(said!("障害 {id}", "incident {id}"))),
        _ => Ok(()),
    }
}

/// Says in whose responsibility an incident that goes on lies, once that is known.
///
/// # Errors
/// [`StoreError::Conflict`] when it has ended or there is none of this number;
/// [`StoreError::Database`] for a layer that there is not.
pub async fn incident_layer(client: &Client, id: i64, layer: &str) -> Result<(), StoreError> {
    let sql = "update control.incident set layer = $2 where id = $1 and ended_at is null";
    match client.execute(sql, &[&id, &layer]).await? {
        0 => Err(over(id)),
        _ => Ok(()),
    }
}

fn over(id: i64) -> StoreError {
    StoreError::Conflict(said!(
        "障害 {id} はないか、もう終わっています",
        "There is no incident {id}, or it has ended"
    ))
}

/// Ends an incident, and says why it is over.
///
/// # Errors
/// [`StoreError::Conflict`] when it has ended or there is none of this number.
pub async fn incident_end(
    client: &Client,
    id: i64,
    (actor, words): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "with ended as (
                 update control.incident set ended_at = greatest(now(), began_at)
                 where id = $1 and ended_at is null returning id)
               insert into control.incident_note (incident, actor, words)
               select id, $2, $3 from ended";
    match client.execute(sql, &[&id, &actor, &words]).await? {
        0 => Err(over(id)),
        _ => Ok(()),
    }
}

/// The incident that the watch has open for a service.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn incident_watched(
    client: &Client,
    (organisation, service): (&str, &str),
) -> Result<Option<i64>, StoreError> {
    let sql = "select id from control.incident where organisation = $1 and service = $2
               and ended_at is null and found_by = '見張り'";
    let row = client.query_opt(sql, &[&organisation, &service]).await?;
    row.map(|row| row.try_get(0).map_err(StoreError::from)).transpose()
}

/// The incidents that this login may see and that went on at or after a moment, the newest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn incident_list(
    client: &impl GenericClient,
    since: Timestamp,
) -> Result<Vec<Incident>, StoreError> {
    let sql = "select id, organisation, service, layer, title, began_at, ended_at,
                 found_by = '見張り' from control.incident
               where ended_at is null or ended_at >= $1 order by began_at desc, id desc";
    let mut list = Vec::new();
    for row in client.query(sql, &[&since]).await? {
        list.push(Incident {
            id: row.try_get(0)?,
            organisation: row.try_get(1)?,
            service: row.try_get(2)?,
            layer: row.try_get(3)?,
            title: row.try_get(4)?,
            began_at: row.try_get(5)?,
            ended_at: row.try_get(6)?,
            by_watch: row.try_get(7)?,
            notes: Vec::new(),
        });
    }
    let ids: Vec<i64> = list.iter().map(|one| one.id).collect();
    let sql = "select incident, at, actor, words from control.incident_note
               where incident = any($1) order by id";
    for row in client.query(sql, &[&ids]).await? {
        let id: i64 = row.try_get(0)?;
        if let Some(one) = list.iter_mut().find(|one| one.id == id) {
            one.notes.push((row.try_get(1)?, row.try_get(2)?, row.try_get(3)?));
        }
    }
    Ok(list)
}
