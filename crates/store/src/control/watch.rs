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
    /// When it was asked last.
    pub last_at: Timestamp,
}

/// What the watch heard of a service of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Whose.
    pub organisation: String,
    /// What.
    pub watched: Watched,
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

/// A name for who watches that nobody else has.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn watcher_name(client: &impl GenericClient) -> Result<String, StoreError> {
    Ok(client.query_one("select gen_random_uuid()::text", &[]).await?.try_get(0)?)
}

/// Remembers that a watcher's batch of a number is booked, in the transaction that books it;
/// `false` where it was booked before. Numbers grow.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn watch_batch(
    client: &impl GenericClient,
    (watcher, number): (&str, i64),
) -> Result<bool, StoreError> {
    let sql = "insert into control.watch_batch as w (watcher, number) values ($1, $2)
               on conflict (watcher) do update set number = excluded.number, booked_at = now()
               where w.number < excluded.number";
    let is_new = client.execute(sql, &[&watcher, &number]).await? == 1;
    // Whoever has written nothing for so long runs no more.
    let sql = "delete from control.watch_batch
               where watcher <> $1 and booked_at < now() - interval '30 days'";
    client.execute(sql, &[&watcher]).await?;
    Ok(is_new)
}

/// Books what was heard since the last time, all of it or nothing; each organisation, service and
/// day stands in it once. Of organisations that are not here any more nothing is kept.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn watch_book(client: &impl GenericClient, all: &[Heard]) -> Result<(), StoreError> {
    let text = |of: fn(&Heard) -> &str| -> Vec<&str> { all.iter().map(of).collect() };
    let number =
        |of: fn(&Watched) -> i32| -> Vec<i32> { all.iter().map(|it| of(&it.watched)).collect() };
    let days: Vec<Date> = all.iter().map(|it| it.watched.day).collect();
    let moments: Vec<Timestamp> = all.iter().map(|it| it.watched.last_at).collect();
    let sql = "insert into control.watched as w
                 (organisation, service, day, checks, failures, slowest_ms, last_at)
               select h.* from unnest($1::text[], $2::text[], $3::date[], $4::integer[],
                   $5::integer[], $6::integer[], $7::timestamptz[])
                   as h(organisation, service, day, checks, failures, slowest_ms, last_at)
                 join control.organisation o on o.id = h.organisation
               on conflict (organisation, service, day) do update
               set checks = w.checks + excluded.checks, failures = w.failures + excluded.failures,
                   slowest_ms = greatest(w.slowest_ms, excluded.slowest_ms),
                   last_at = greatest(w.last_at, excluded.last_at)";
    let given: [&(dyn tokio_postgres::types::ToSql + Sync); 7] = [
        &text(|it| &it.organisation),
        &text(|it| &it.watched.service),
        &days,
        &number(|it| it.checks),
        &number(|it| it.failures),
        &number(|it| it.slowest_ms),
        &moments,
    ];
    client.execute(sql, &given).await?;
    Ok(())
}

/// The municipalities that are asked, each in all zones: what was opened, here or moved elsewhere,
/// and is not being deleted.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn watched_bodies(client: &impl GenericClient) -> Result<Vec<String>, StoreError> {
    let sql = "select o.id from control.organisation o
               where o.kind = 'municipality'
                 and (exists (select from pg_database d where d.datname = o.id)
                   or exists (select from control.contract c
                     where c.organisation = o.id and c.opened_at is not null))
                 and not exists (select from control.deletion d
                   where d.organisation = o.id and d.state in ('消去中', '照合済', '完了'))
               order by o.id";
    let rows = client.query(sql, &[]).await?;
    rows.iter().map(|row| row.try_get(0).map_err(StoreError::from)).collect()
}

/// How the services that this login may see answered, from a day on.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn watched_list(
    client: &impl GenericClient,
    from: Date,
) -> Result<Vec<Watched>, StoreError> {
    let sql = "select service, day, checks, failures, slowest_ms, last_at from control.watched
               where day >= $1 order by service, day";
    let watched = |row: &Row| {
        Ok(Watched {
            service: row.try_get(0)?,
            day: row.try_get(1)?,
            checks: row.try_get(2)?,
            failures: row.try_get(3)?,
            slowest_ms: row.try_get(4)?,
            last_at: row.try_get(5)?,
        })
    };
    client.query(sql, &[&from]).await?.iter().map(watched).collect()
}

/// Opens an incident; its number. What the watch finds again while it goes on is the same one:
/// `None` then, as for an organisation that is not here. What it finds after a person ended one
/// begins where that one ended.
///
/// # Errors
/// [`StoreError::Database`], also when there is no such organisation.
pub async fn incident_open(
    client: &impl GenericClient,
    incident: &Incident,
) -> Result<Option<i64>, StoreError> {
    let found_by = if incident.by_watch { "見張り" } else { "人" };
    let sql = "insert into control.incident
                 (organisation, service, layer, title, began_at, found_by)
               select $1, $2, $3, $4, greatest($5, max(i.ended_at)), $6
               from control.incident i where $6 = '見張り' and i.found_by = '見張り'
                 and i.organisation = $1 and i.service = $2
               having $6 <> '見張り' or exists (select from control.organisation where id = $1)
               on conflict do nothing returning id";
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
    client: &impl GenericClient,
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

/// Ends an incident at a moment, and says why it is over.
///
/// # Errors
/// [`StoreError::Conflict`] when it has ended or there is none of this number.
pub async fn incident_end(
    client: &impl GenericClient,
    (id, at): (i64, Timestamp),
    (actor, words): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "with ended as (
                 update control.incident set ended_at = greatest($4, began_at)
                 where id = $1 and ended_at is null returning id)
               insert into control.incident_note (incident, actor, words)
               select id, $2, $3 from ended";
    match client.execute(sql, &[&id, &actor, &words, &at]).await? {
        0 => Err(over(id)),
        _ => Ok(()),
    }
}

/// The incidents that the watch has open: number, organisation and service.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn incidents_watched(
    client: &impl GenericClient,
) -> Result<Vec<(i64, String, String)>, StoreError> {
    let sql = "select id, organisation, service from control.incident
               where ended_at is null and found_by = '見張り' order by id";
    let rows = client.query(sql, &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// How a service answers now, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    /// The organisation and its name.
    pub organisation: (String, String),
    /// The service.
    pub service: String,
    /// When it was asked last.
    pub last_at: Timestamp,
    /// Questions and failures of the last day on which it was asked.
    pub of_day: (i32, i32),
}

/// Every service of every organisation with its last day, those that were not asked for longest
/// first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn latest_list(client: &impl GenericClient) -> Result<Vec<Latest>, StoreError> {
    let sql = "select organisation, name, service, last_at, checks, failures from (
                 select distinct on (w.organisation, w.service) w.organisation, b.name, w.service,
                   w.last_at, w.checks, w.failures
                 from control.watched w join control.watched_body b on b.id = w.organisation
                 order by w.organisation, w.service, w.day desc) latest
               order by last_at, organisation, service";
    let latest = |row: &Row| {
        Ok(Latest {
            organisation: (row.try_get(0)?, row.try_get(1)?),
            service: row.try_get(2)?,
            last_at: row.try_get(3)?,
            of_day: (row.try_get(4)?, row.try_get(5)?),
        })
    };
    client.query(sql, &[]).await?.iter().map(latest).collect()
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
