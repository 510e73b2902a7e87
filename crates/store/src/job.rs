//! Durable work: rows claimed with `SKIP LOCKED`, each at most once for its key, tried again later
//! when it fails.

use std::time::Duration;

use serde_json::Value;

use crate::{GenericClient, StoreError};

/// A claimed job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// What sort of work.
    pub kind: String,
    /// Arguments.
    pub content: Value,
    /// How often it was tried, this time included.
    pub attempts: i32,
}

/// Enqueues a job; a second one with the same kind and key is the same job.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn job_enqueue(
    client: &impl GenericClient,
    kind: &str,
    unique_key: &str,
    content: &Value,
    run_at: jiff::Timestamp,
) -> Result<(), StoreError> {
    client
        .execute(
            "insert into core.job (kind, unique_key, content, run_at) values ($1, $2, $3, $4)
             on conflict (kind, unique_key) do nothing",
            &[&kind, &unique_key, &content, &run_at],
        )
        .await?;
    Ok(())
}

/// Claims due jobs for two minutes; a worker that dies loses its claim.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn job_claim(client: &impl GenericClient, limit: i64) -> Result<Vec<Job>, StoreError> {
    let rows = client
        .query(
            "update core.job set locked_until = now() + interval '2 minutes',
               attempts = attempts + 1
             where id in (
               select id from core.job
               where done_at is null and run_at <= now()
                 and (locked_until is null or locked_until < now())
               order by run_at, id limit $1 for update skip locked)
             returning id, kind, content, attempts",
            &[&limit],
        )
        .await?;
    let mut jobs: Vec<Job> = rows
        .iter()
        .map(|row| {
            Ok(Job {
                id: row.try_get(0)?,
                kind: row.try_get(1)?,
                content: row.try_get(2)?,
                attempts: row.try_get(3)?,
            })
        })
        .collect::<Result<_, StoreError>>()?;
    jobs.sort_by_key(|job| job.id);
    Ok(jobs)
}

/// How long until the next job falls due, that somebody's claim on it ends included; `None` when
/// none does `within` that time. Measured by the server's clock.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn job_next(
    client: &impl GenericClient,
    within: Duration,
) -> Result<Option<Duration>, StoreError> {
    let sql = "select extract(epoch from
                 min(greatest(run_at, coalesce(locked_until, run_at))) - now())::float8
               from core.job
               where done_at is null and run_at <= now() + interval '1 second' * $1::float8";
    let within = within.as_secs_f64();
    let seconds: Option<f64> = client.query_one(sql, &[&within]).await?.try_get(0)?;
    // Beyond what a duration holds is a wait as good as for ever.
    Ok(seconds.map(|left| Duration::try_from_secs_f64(left.max(0.0)).unwrap_or(Duration::MAX)))
}

/// Marks a job done; in the transaction of its effect, so both stand or neither.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn job_done(client: &impl GenericClient, id: i64) -> Result<(), StoreError> {
    client
        .execute("update core.job set done_at = now(), last_error = null where id = $1", &[&id])
        .await?;
    Ok(())
}

/// Marks a timer done and notes the case that it opened, in the transaction of that case; false
/// when the timer was withdrawn in the meantime, so that nothing may be opened.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn timer_done(
    client: &impl GenericClient,
    id: i64,
    case: i64,
) -> Result<bool, StoreError> {
    let sql = "update core.job set done_at = now(), last_error = null,
                 content = content || jsonb_build_object('case', $2::bigint)
               where id = $1";
    Ok(client.execute(sql, &[&id, &case]).await? == 1)
}

/// Puts a job back with its error; it waits longer after every failure, at most an hour.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn job_failed(
    client: &impl GenericClient,
    id: i64,
    error: &str,
) -> Result<(), StoreError> {
    client
        .execute(
            "update core.job set last_error = $2, locked_until = null,
               run_at = now() + least(interval '1 hour', interval '2 seconds' * 2 ^ attempts)
             where id = $1",
            &[&id, &error],
        )
        .await?;
    Ok(())
}

/// Jobs that failed at least once and are not done: (id, kind, attempts, error).
///
/// # Errors
/// [`StoreError::Database`].
pub async fn job_troubled(
    client: &impl GenericClient,
) -> Result<Vec<(i64, String, i32, String)>, StoreError> {
    let rows = client
        .query(
            "select id, kind, attempts, coalesce(last_error, '') from core.job
             where done_at is null and attempts > 1 order by id limit 100",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?)))
        .collect()
}
