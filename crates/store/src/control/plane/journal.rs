//! The journal of a blueprint that is carried out: one connection that alone may write it, and the
//! alarms about steps that take too long.
//!
//! Every mark is durable when it returns. Who loses the connection can mark nothing more: another
//! executor may have taken over.

use base::said;
use jiff::Timestamp;
use tokio_postgres::{Client, Statement};

use crate::control::control_open;
use crate::organisation::Installer;
use crate::{GenericClient, StoreError};

/// First key of the advisory locks of this module.
const LOCK: i32 = 0x6b75_6d6f;

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is being asked for, from now on.
    Started,
    /// It is done; the provider's name for what was made.
    Done(Option<String>),
    /// It was removed with something else, which is said here.
    Gone(String),
    /// It cannot be done now, for this reason.
    Held(String),
}

/// The right to carry a blueprint out.
pub struct Journal {
    client: Client,
    statement: Statement,
    blueprint: i64,
    generation: i64,
}

const MARK: &str = "
    with r as (
        select * from unnest($2::text[], $3::text[], $4::text[], $5::text[])
            as r(id, state, reference, reason)),
    s as (
        update control.blueprint_step s
        set state = r.state,
            attempts = s.attempts + (r.state = '実行中')::integer,
            started_at = case when r.state = '実行中' then coalesce(s.started_at, now())
                else s.started_at end,
            finished_at = case when r.state = '済み' then now() end,
            reference = coalesce(r.reference, s.reference),
            reason = r.reason
        from r where s.blueprint = $1 and s.id = r.id and s.state not in ('済み', '取止')
        returning s.id, s.environment, s.part, s.act, s.value, s.state, s.reference),
    made as (
        insert into control.part as p (environment, part, value, reference, generation, step)
        select environment, part, value, reference, $6, id from s
        where state = '済み' and act <> '廃止'
        on conflict (environment, part) do update
        set value = excluded.value, reference = coalesce(excluded.reference, p.reference),
            generation = excluded.generation, step = excluded.step, settled = true, doubt = null),
    gone as (
        delete from control.part p using s
        where s.state = '済み' and s.act = '廃止'
          and p.environment = s.environment and p.part = s.part),
    told as (
        update control.environment e set changes = e.changes + 1
        where e.id in (select environment from s where state = '済み')),
    quiet as (
        update control.alarm a set cleared_at = now() from s
        where a.blueprint = $1 and a.step = s.id and a.cleared_at is null and s.state = '済み')
    select count(*) from s";

impl Journal {
    /// Takes the journal of a blueprint that was begun.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] while somebody else has it.
    pub async fn open(
        installer: &Installer,
        (blueprint, generation): (i64, i64),
    ) -> Result<Journal, StoreError> {
        let client = control_open(installer).await?;
        let sql = "select pg_try_advisory_lock($1, $2)";
        let got: bool = client.query_one(sql, &[&LOCK, &key(blueprint)]).await?.try_get(0)?;
        if !got {
            return Err(taken(blueprint));
        }
        let statement = client.prepare(MARK).await?;
        Ok(Journal { client, statement, blueprint, generation })
    }

    /// Marks steps, all or none; a step that is done stays done. No step may stand in it twice.
    ///
    /// # Errors
    /// [`StoreError::Database`]: nothing was marked, and nothing more must be asked of a provider.
    pub async fn mark(&self, marks: &[(String, Mark)]) -> Result<(), StoreError> {
        let ids: Vec<&str> = marks.iter().map(|(id, _)| id.as_str()).collect();
        let state = |mark: &Mark| match mark {
            Mark::Started => "実行中",
            Mark::Done(_) | Mark::Gone(_) => "済み",
            Mark::Held(_) => "保留",
        };
        let states: Vec<&str> = marks.iter().map(|(_, mark)| state(mark)).collect();
        let reference = |mark: &Mark| match mark {
            Mark::Done(reference) => reference.clone(),
            _ => None,
        };
        let references: Vec<Option<String>> = marks.iter().map(|(_, it)| reference(it)).collect();
        let reason = |mark: &Mark| match mark {
            Mark::Held(reason) | Mark::Gone(reason) => Some(reason.clone()),
            _ => None,
        };
        let reasons: Vec<Option<String>> = marks.iter().map(|(_, it)| reason(it)).collect();
        let Journal { blueprint, generation, .. } = self;
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [blueprint, &ids, &states, &references, &reasons, generation];
        self.client.query_one(&self.statement, &values).await?;
        Ok(())
    }
}

/// Keeps every executor away from a blueprint until the transaction ends.
///
/// # Errors
/// [`StoreError::Conflict`] while one is at work.
pub(super) async fn blueprint_lock(
    transaction: &impl GenericClient,
    blueprint: i64,
) -> Result<(), StoreError> {
    let sql = "select pg_try_advisory_xact_lock($1, $2)";
    let got: bool = transaction.query_one(sql, &[&LOCK, &key(blueprint)]).await?.try_get(0)?;
    if got { Ok(()) } else { Err(taken(blueprint)) }
}

fn key(blueprint: i64) -> i32 {
    i32::try_from(blueprint).unwrap_or(i32::MAX)
}

fn taken(blueprint: i64) -> StoreError {
    StoreError::Conflict(said!(
        "青写真 {blueprint} は、ほかの実行者が適用しています",
        "Blueprint {blueprint} is being applied by somebody else"
    ))
}

/// Raises an alarm for every step that was begun so many seconds ago and is not done; how many are
/// new.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn alarm_raise(client: &Client, seconds: f64) -> Result<u64, StoreError> {
    let sql = "insert into control.alarm (blueprint, step, reason)
               select blueprint, id, environment || ' の ' || act || ' ' || part || ' が '
                 || to_char(started_at at time zone 'Asia/Tokyo', 'YYYY-MM-DD HH24:MI:SS')
                 || ' から済んでいません' || coalesce('（' || reason || '）', '')
               from control.blueprint_step
               where state in ('実行中', '保留') and started_at is not null
                 and started_at < now() - make_interval(secs => $1)
               on conflict (blueprint, step) where cleared_at is null do nothing";
    Ok(client.execute(sql, &[&seconds]).await?)
}

/// The alarms that are not cleared: since when, what.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn alarm_list(
    client: &impl GenericClient,
) -> Result<Vec<(Timestamp, String)>, StoreError> {
    let sql = "select raised_at, reason from control.alarm where cleared_at is null order by id";
    let rows = client.query(sql, &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
