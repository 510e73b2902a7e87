//! What an operator looks at: how far each body is, how far a blueprint is, what is stuck, what was
//! done. Reads only; it works no state out that the books and the journal do not hold.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::Part;
use crate::{GenericClient, StoreError};

/// How far a body is, by its environments on the books.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BodyState {
    /// Body of the tree.
    pub body: String,
    /// Environments that the plane made and that are whole: placed, guarded, with budget and key.
    pub made: i64,
    /// Environments that the plane began to make and that are not whole.
    pub partial: i64,
    /// Environments that were there before and are only enrolled.
    pub enrolled: i64,
    /// Systems in those that the plane made, each once an environment.
    pub systems: i64,
    /// The budgets of its environments, yen a month.
    pub budget_yen: i64,
    /// Environments with a part that was given up and may be there.
    pub unsettled: i64,
    /// Environments with a step that is held.
    pub held: i64,
    /// Environments with a step that is still to be done.
    pub open: i64,
}

/// Every body that has anything on the books or on its way, by name.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn body_list(client: &impl GenericClient) -> Result<Vec<BodyState>, StoreError> {
    let sql = "
        with open as (
            select s.environment, bool_or(s.state = '保留') as held
            from control.blueprint_step s
            join control.blueprint b on b.id = s.blueprint and b.state = '適用中'
            where s.state in ('待ち', '実行中', '保留') group by 1),
        part as (
            select environment,
              count(*) filter (where settled and part in
                ('account', 'placement', 'administrator', 'budget')) = 4
                and bool_or(part like 'key.%') and not bool_or(part like 'key.%' and not settled)
                as made,
              bool_or(part = 'enrolment') as enrolled, bool_or(not settled) as unsettled,
              count(distinct split_part(part, '.', 2)) filter
                (where part like 'system.%' and settled) as systems,
              sum((value->>'limit_yen')::bigint) filter (where part = 'budget') as budget
            from control.part group by 1)
        select split_part(environment, '.', 1), count(*) filter (where p.made),
          count(*) filter (where not p.made and not p.enrolled),
          count(*) filter (where p.enrolled), coalesce(sum(p.systems), 0)::bigint,
          coalesce(sum(p.budget), 0)::bigint, count(*) filter (where p.unsettled),
          count(*) filter (where o.held), count(o.environment)
        from part p full join open o using (environment)
        where split_part(environment, '.', 2) <> 'shared' group by 1 order by 1";
    let state = |row: &Row| -> Result<BodyState, StoreError> {
        Ok(BodyState {
            body: row.try_get(0)?,
            made: row.try_get(1)?,
            partial: row.try_get(2)?,
            enrolled: row.try_get(3)?,
            systems: row.try_get(4)?,
            budget_yen: row.try_get(5)?,
            unsettled: row.try_get(6)?,
            held: row.try_get(7)?,
            open: row.try_get(8)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(state).collect()
}

/// What is on the books of one body, by environment and part.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn part_list(client: &impl GenericClient, body: &str) -> Result<Vec<Part>, StoreError> {
    let sql = "select environment, part, value::text, reference, generation, doubt
               from control.part where split_part(environment, '.', 1) = $1 order by 1, 2";
    client.query(sql, &[&body]).await?.iter().map(super::part).collect()
}

/// How far an environment of a blueprint is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Environment.
    pub environment: String,
    /// All steps.
    pub steps: i64,
    /// Done.
    pub done: i64,
    /// Given up.
    pub cut: i64,
    /// The step that is being asked for or held: its act and part, its state, how often it was
    /// begun, since when, and in the provider's words why it is held.
    pub now: Option<(String, String, String, i32, Option<Timestamp>, Option<String>)>,
}

/// How far the environments of a blueprint are: what is held first, then what is not done.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn lane_list(client: &impl GenericClient, id: i64) -> Result<Vec<Lane>, StoreError> {
    let sql = "
        with counted as (
            select environment, count(*) as steps, count(*) filter (where state = '済み') as done,
              count(*) filter (where state = '取止') as cut
            from control.blueprint_step where blueprint = $1 group by 1)
        select c.environment, c.steps, c.done, c.cut, n.act, n.part, n.state, n.attempts,
          n.started_at, n.reason
        from counted c left join lateral (
            select act, part, state, attempts, started_at, reason from control.blueprint_step s
            where s.blueprint = $1 and s.environment = c.environment
              and s.state in ('実行中', '保留')
            order by s.sequence limit 1) n on true
        order by (n.state = '保留') desc nulls last, n.state nulls last, c.done + c.cut = c.steps,
          c.environment collate \"C\"";
    let lane = |row: &Row| -> Result<Lane, StoreError> {
        let now = match row.try_get::<_, Option<String>>(4)? {
            Some(act) => Some((
                act,
                row.try_get(5)?,
                row.try_get(6)?,
                row.try_get(7)?,
                row.try_get(8)?,
                row.try_get(9)?,
            )),
            None => None,
        };
        Ok(Lane {
            environment: row.try_get(0)?,
            steps: row.try_get(1)?,
            done: row.try_get(2)?,
            cut: row.try_get(3)?,
            now,
        })
    };
    client.query(sql, &[&id]).await?.iter().map(lane).collect()
}

/// A step that was begun and is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenStep {
    /// Blueprint.
    pub blueprint: i64,
    /// Environment.
    pub environment: String,
    /// What is done with which part.
    pub act: String,
    /// The part's identifier.
    pub part: String,
    /// 実行中 or 保留.
    pub state: String,
    /// How often it was begun.
    pub attempts: i32,
    /// Since when.
    pub since: Timestamp,
    /// Why it is held, in the provider's words.
    pub reason: Option<String>,
}

/// Steps that were begun at least so many seconds ago and are not done, what is held first, then
/// the oldest, whether or not anybody raised an alarm for them: at most `limit`, and how many there
/// are.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn stuck_list(
    client: &impl GenericClient,
    seconds: f64,
    limit: i64,
) -> Result<(Vec<OpenStep>, i64), StoreError> {
    let sql = "select s.blueprint, s.environment, s.act, s.part, s.state, s.attempts, s.started_at,
                 s.reason, count(*) over ()
               from control.blueprint_step s
               join control.blueprint b on b.id = s.blueprint and b.state = '適用中'
               where s.state in ('実行中', '保留')
                 and s.started_at <= now() - make_interval(secs => $1)
               order by s.state <> '保留', s.started_at, s.blueprint, s.id limit $2";
    let rows = client.query(sql, &[&seconds, &limit]).await?;
    let stuck = |row: &Row| -> Result<OpenStep, StoreError> {
        Ok(OpenStep {
            blueprint: row.try_get(0)?,
            environment: row.try_get(1)?,
            act: row.try_get(2)?,
            part: row.try_get(3)?,
            state: row.try_get(4)?,
            attempts: row.try_get(5)?,
            since: row.try_get(6)?,
            reason: row.try_get(7)?,
        })
    };
    let count = rows.first().map_or(Ok(0), |row| row.try_get(8))?;
    Ok((rows.iter().map(stuck).collect::<Result<_, _>>()?, count))
}

/// What was done about a blueprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// By whom, as the database signed it.
    pub actor: String,
    /// 作成, 承認, 緊急の承認, 却下, 取下げ, 適用の求め, 適用開始, 適用の結果, 残りの取止め, 完了,
    /// 取止め.
    pub act: String,
    /// What was said with it.
    pub note: String,
}

/// What was done about a blueprint, in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn act_list(client: &impl GenericClient, id: i64) -> Result<Vec<Act>, StoreError> {
    let sql = "select at, actor, act, note from control.plane_act where blueprint = $1 order by id";
    let act = |row: &Row| -> Result<Act, StoreError> {
        Ok(Act {
            at: row.try_get(0)?,
            actor: row.try_get(1)?,
            act: row.try_get(2)?,
            note: row.try_get(3)?,
        })
    };
    client.query(sql, &[&id]).await?.iter().map(act).collect()
}
