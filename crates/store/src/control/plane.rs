//! 統治の面 in the control database: the books (environments and parts), blueprints and their steps,
//! alarms. Knows no provider and no meaning of a part; who may do what stands in the database too.

mod approval;
mod astray;
mod finding;
mod health;
mod journal;
mod signed;
#[cfg(test)]
pub(super) mod tests;
mod view;

use base::said;
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::{Client, Row};

use crate::{GenericClient, StoreError};

pub(super) use approval::acting;
pub use approval::{
    Approved, Requested, blueprint_approve, blueprint_approve_in_emergency, blueprint_reject,
    blueprint_request, blueprint_request_cut, blueprint_withdraw, operator_admit,
    operator_register, request_answer, request_list, requested_listen,
};
pub use astray::{Astray, astray_mark};
pub use finding::{Found, LastCheck, check_book, check_last};
pub use health::{Counted, Health, health_read};
pub use journal::{Journal, Mark, alarm_list, alarm_raise};
pub use signed::{Admitted, Signed, admitted_list, signed_list};
pub use view::{
    Act, BodyState, Lane, OpenStep, act_list, body_list, lane_list, part_list, stuck_list,
};

/// How many rows are written at a time.
const CHUNK: usize = 5000;

/// A part that is on the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Environment.
    pub environment: String,
    /// Identifier within it.
    pub part: String,
    /// What it is, as JSON.
    pub value: String,
    /// The provider's name for it.
    pub reference: Option<String>,
    /// The generation in which it last changed.
    pub generation: i64,
    /// Why nobody knows whether it is there as it is written: it was asked for and given up, or the
    /// check found it astray. `None` where it is settled.
    pub doubt: Option<String>,
}

/// A step as it is planned.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Identifier.
    pub id: String,
    /// Environment.
    pub environment: String,
    /// Place in the order of the environment.
    pub sequence: i32,
    /// 登録, 作成, 変更, 廃止.
    pub act: String,
    /// The part's identifier.
    pub part: String,
    /// The part.
    pub value: Value,
    /// The part as it was.
    pub before: Option<Value>,
    /// How often the environment had changed when this was planned.
    pub seen: i64,
}

/// A step with how far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// As planned.
    pub planned: Planned,
    /// 待ち, 実行中, 済み, 保留, 取止.
    pub state: String,
    /// How often it was begun.
    pub attempts: i32,
    /// The provider's name for what was made.
    pub reference: Option<String>,
    /// Why it is held.
    pub reason: Option<String>,
}

/// A blueprint's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number.
    pub id: i64,
    /// Hash of what it says.
    pub hash: String,
    /// Generation it was made on.
    pub base: i64,
    /// What was said with it.
    pub note: String,
    /// 案, 承認済, 適用中, 完了, 取止め (its rest was given up), 取下げ, 却下.
    pub state: String,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// Which operator approved it first, where it takes two: what a command made.
    pub checked_by: Option<String>,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// When.
    pub approved_at: Option<Timestamp>,
    /// Why the command line approved it: an emergency.
    pub emergency: Option<String>,
}

/// What a blueprint is begun with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Begun or taken up again, as this generation.
    Yes(i64),
    /// The books went on since it was planned: the generation of now, and what was done since
    /// (environment, act, part).
    Stale(i64, Vec<(String, String, String)>),
    /// Other blueprints still work on these environments: (blueprint, environment).
    Busy(Vec<(i64, String)>),
}

/// The books: their generation, and every part.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn parts_read(client: &impl GenericClient) -> Result<(i64, Vec<Part>), StoreError> {
    let generation = client.query_one("select generation from control.plane", &[]).await?;
    let sql =
        "select environment, part, value::text, reference, generation, doubt from control.part";
    let rows = client.query(sql, &[]).await?;
    Ok((generation.try_get(0)?, rows.iter().map(part).collect::<Result<_, _>>()?))
}

fn part(row: &Row) -> Result<Part, StoreError> {
    Ok(Part {
        environment: row.try_get(0)?,
        part: row.try_get(1)?,
        value: row.try_get(2)?,
        reference: row.try_get(3)?,
        generation: row.try_get(4)?,
        doubt: row.try_get(5)?,
    })
}

/// How often each environment that was ever begun has changed. Read before the parts: who then sees
/// a part that is newer than its count is only too careful.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn changes_read(client: &impl GenericClient) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = client.query("select id, changes from control.environment", &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Keeps a blueprint as a draft; its number. It is made by who acts on the connection: on an
/// operator's login the admitted person `made_by`, on any other the command line.
///
/// # Errors
/// [`StoreError::Conflict`] when the person is not admitted.
pub async fn blueprint_keep(
    client: &mut Client,
    (base, hash): (i64, &str),
    (made_by, note): (&str, &str),
    steps: &[Planned],
) -> Result<i64, StoreError> {
    let transaction = client.transaction().await?;
    approval::acting(&transaction, made_by).await?;
    let sql = "insert into control.blueprint (hash, base, note) values ($1, $2, $3) returning id";
    let id: i64 = transaction.query_one(sql, &[&hash, &base, &note]).await?.try_get(0)?;
    for chunk in steps.chunks(CHUNK) {
        let text = |of: fn(&Planned) -> &str| -> Vec<&str> { chunk.iter().map(of).collect() };
        let sequences: Vec<i32> = chunk.iter().map(|it| it.sequence).collect();
        let values: Vec<&Value> = chunk.iter().map(|it| &it.value).collect();
        let seen: Vec<i64> = chunk.iter().map(|it| it.seen).collect();
        let befores: Vec<Option<&Value>> = chunk.iter().map(|it| it.before.as_ref()).collect();
        let sql = "insert into control.blueprint_step
                     (blueprint, id, environment, sequence, act, part, value, before, seen)
                   select $1, * from unnest($2::text[], $3::text[], $4::integer[], $5::text[],
                     $6::text[], $7::jsonb[], $8::jsonb[], $9::bigint[])";
        transaction
            .execute(
                sql,
                &[
                    &id,
                    &text(|it| &it.id),
                    &text(|it| &it.environment),
                    &sequences,
                    &text(|it| &it.act),
                    &text(|it| &it.part),
                    &values,
                    &befores,
                    &seen,
                ],
            )
            .await?;
    }
    act_add(&transaction, id, (made_by, "作成"), note).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Gives up what is waiting or held. What was asked for already may be there or gone: it stays on
/// the books as unsettled until a later blueprint makes or removes it, so that nothing at a
/// provider is forgotten. How many steps were given up.
///
/// # Errors
/// [`StoreError::Conflict`] while somebody applies it, and for one that was not begun or has ended.
pub async fn blueprint_cut(
    client: &mut Client,
    id: i64,
    (actor, note): (&str, &str),
) -> Result<u64, StoreError> {
    let transaction = client.transaction().await?;
    journal::blueprint_lock(&transaction, id).await?;
    let state = head_read(&transaction, id).await?.state;
    if state != "適用中" {
        return Err(StoreError::Conflict(said!(
            "青写真 {id} は「{state}」です。取り止められるのは適用中の残りだけです。始まっていないものは取り下げてください",
            "Blueprint {id} is “{state}”: only what is being applied can be cut"
        )));
    }
    let sql = "
        with cut as (
            update control.blueprint_step set state = '取止'
            where blueprint = $1 and state in ('待ち', '実行中', '保留')
            returning id, environment, part, value, act, attempts),
        kept as (
            insert into control.part (environment, part, value, generation, step, settled, doubt)
            select c.environment, c.part, c.value, b.generation, c.id, false,
              '青写真 ' || b.id || ' の' || c.act || 'が、始めたまま取り止められました'
            from cut c join control.blueprint b on b.id = $1
            where c.act <> '登録' and c.attempts > 0
            on conflict (environment, part) do update
            set settled = false, doubt = excluded.doubt),
        told as (
            update control.environment e set changes = e.changes + 1
            where e.id in (select environment from cut)),
        quiet as (
            update control.alarm a set cleared_at = now() from cut
            where a.blueprint = $1 and a.step = cut.id and a.cleared_at is null)
        select count(*) from cut";
    let count: i64 = transaction.query_one(sql, &[&id]).await?.try_get(0)?;
    let count = u64::try_from(count).unwrap_or_default();
    act_add(&transaction, id, (actor, "残りの取止め"), note).await?;
    transaction.commit().await?;
    blueprint_end(client, id).await?;
    Ok(count)
}

/// A blueprint's head.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn head_read(client: &impl GenericClient, id: i64) -> Result<Head, StoreError> {
    let sql = format!("{HEAD} where id = $1");
    let row = client.query_opt(&sql, &[&id]).await?;
    head(&row.ok_or_else(|| StoreError::NotFound(said!("青写真 {id}", "Blueprint {id}")))?)
}

/// Every blueprint, the last first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn head_list(client: &impl GenericClient) -> Result<Vec<Head>, StoreError> {
    let rows = client.query(&format!("{HEAD} order by id desc"), &[]).await?;
    rows.iter().map(head).collect()
}

const HEAD: &str =
    "select id, hash, base, note, state, made_by, made_at, checked_by, approved_by, approved_at,
       emergency from control.blueprint";

fn head(row: &Row) -> Result<Head, StoreError> {
    Ok(Head {
        id: row.try_get(0)?,
        hash: row.try_get(1)?,
        base: row.try_get(2)?,
        note: row.try_get(3)?,
        state: row.try_get(4)?,
        made_by: row.try_get(5)?,
        made_at: row.try_get(6)?,
        checked_by: row.try_get(7)?,
        approved_by: row.try_get(8)?,
        approved_at: row.try_get(9)?,
        emergency: row.try_get(10)?,
    })
}

/// The steps of a blueprint, by environment and in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn step_list(client: &impl GenericClient, id: i64) -> Result<Vec<Step>, StoreError> {
    let sql = "select id, environment, sequence, act, part, value, before, seen, state, attempts,
                 reference, reason
               from control.blueprint_step where blueprint = $1
               order by environment collate \"C\", sequence";
    let step = |row: &Row| -> Result<Step, StoreError> {
        Ok(Step {
            planned: Planned {
                id: row.try_get(0)?,
                environment: row.try_get(1)?,
                sequence: row.try_get(2)?,
                act: row.try_get(3)?,
                part: row.try_get(4)?,
                value: row.try_get(5)?,
                before: row.try_get(6)?,
                seen: row.try_get(7)?,
            },
            state: row.try_get(8)?,
            attempts: row.try_get(9)?,
            reference: row.try_get(10)?,
            reason: row.try_get(11)?,
        })
    };
    client.query(sql, &[&id]).await?.iter().map(step).collect()
}

/// Begins an approved blueprint, or takes up one that was begun. Whoever comes second is told what
/// the first one did.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not approved, or has ended.
pub async fn blueprint_begin(client: &mut Client, id: i64) -> Result<Begun, StoreError> {
    let transaction = client.transaction().await?;
    let now: i64 = transaction
        .query_one("select generation from control.plane for update", &[])
        .await?
        .try_get(0)?;
    let sql = "select state, base, generation from control.blueprint where id = $1 for update";
    let row = transaction.query_opt(sql, &[&id]).await?;
    let row = row.ok_or_else(|| StoreError::NotFound(said!("青写真 {id}", "Blueprint {id}")))?;
    let (state, base): (&str, i64) = (row.try_get(0)?, row.try_get(1)?);
    match state {
        "適用中" => return Ok(Begun::Yes(row.try_get::<_, Option<i64>>(2)?.unwrap_or(now))),
        "承認済" => {}
        _ => {
            return Err(StoreError::Conflict(said!(
                "青写真 {id} は「{state}」です。承認された青写真だけを適用できます",
                "Blueprint {id} is “{state}”: only an approved one can be applied"
            )));
        }
    }
    if base != now {
        return Ok(Begun::Stale(now, done_since(&transaction, base).await?));
    }
    // In this order: whoever is not busy any more has told what it changed.
    let busy = busy(&transaction, id).await?;
    let moved = moved(&transaction, (id, base)).await?;
    if !moved.is_empty() {
        return Ok(Begun::Stale(now, moved));
    }
    if !busy.is_empty() {
        return Ok(Begun::Busy(busy));
    }
    let next = now + 1;
    transaction.execute("update control.plane set generation = $1", &[&next]).await?;
    let sql = "update control.blueprint set state = '適用中', generation = $2, begun_at = now()
               where id = $1";
    transaction.execute(sql, &[&id, &next]).await?;
    let sql = "insert into control.environment (id, body, kind, provider)
               select distinct environment, split_part(environment, '.', 1),
                 split_part(environment, '.', 2), split_part(environment, '.', 3)
               from control.blueprint_step where blueprint = $1
               on conflict (id) do update set ended_at = null";
    transaction.execute(sql, &[&id]).await?;
    act_add(&transaction, id, ("基盤", "適用開始"), "").await?;
    transaction.commit().await?;
    Ok(Begun::Yes(next))
}

async fn done_since(
    client: &impl GenericClient,
    base: i64,
) -> Result<Vec<(String, String, String)>, StoreError> {
    let sql = "select s.environment, s.act, s.part from control.blueprint_step s
               join control.blueprint b on b.id = s.blueprint where b.generation > $1
               order by b.generation, s.environment collate \"C\", s.sequence";
    let rows = client.query(sql, &[&base]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// What changed in the environments of a blueprint after it was planned, although no other was
/// begun: one that was being applied went on, or was given up.
async fn moved(
    client: &impl GenericClient,
    (id, base): (i64, i64),
) -> Result<Vec<(String, String, String)>, StoreError> {
    let sql = "with late as (
                 select distinct s.environment from control.blueprint_step s
                 left join control.environment e on e.id = s.environment
                 where s.blueprint = $1 and s.seen <> coalesce(e.changes, 0))
               select late.environment, coalesce(o.act, '変更'), coalesce(o.part, '部分')
               from late left join (
                 control.blueprint_step o join control.blueprint b
                 on b.id = o.blueprint and b.generation >= $2 and o.state in ('済み', '取止'))
               on o.environment = late.environment and o.blueprint <> $1
               order by late.environment collate \"C\", o.sequence";
    let rows = client.query(sql, &[&id, &base]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

async fn busy(client: &impl GenericClient, id: i64) -> Result<Vec<(i64, String)>, StoreError> {
    let sql = "select distinct o.blueprint, o.environment from control.blueprint_step o
               join control.blueprint b on b.id = o.blueprint and b.state = '適用中'
               join control.blueprint_step s on s.blueprint = $1 and s.environment = o.environment
               where o.blueprint <> $1 and o.state in ('待ち', '実行中', '保留') order by 1, 2";
    let rows = client.query(sql, &[&id]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Closes a blueprint without open steps, as one that is done or whose rest was given up; whether
/// it has ended. The act says how many steps were done, went with something else, and were given
/// up.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn blueprint_end(client: &mut Client, id: i64) -> Result<bool, StoreError> {
    let transaction = client.transaction().await?;
    let sql = "with counted as (
                 select count(*) filter (where state = '済み') as done,
                   count(*) filter (where state = '済み' and reason is not null) as gone,
                   count(*) filter (where state = '取止') as cut,
                   count(*) filter (where state not in ('済み', '取止')) as open
                 from control.blueprint_step where blueprint = $1)
               update control.blueprint b
               set state = case when c.cut > 0 then '取止め' else '完了' end, ended_at = now()
               from counted c where b.id = $1 and b.state = '適用中' and c.open = 0
               returning b.state, c.done, c.gone, c.cut";
    let ended = transaction.query_opt(sql, &[&id]).await?;
    if let Some(row) = &ended {
        let sql = "update control.environment e set ended_at = now()
                   where exists (select from control.blueprint_step s
                       where s.blueprint = $1 and s.environment = e.id)
                     and not exists (select from control.part p where p.environment = e.id)";
        transaction.execute(sql, &[&id]).await?;
        let (state, count) = (row.try_get::<_, String>(0)?, |at| row.try_get::<_, i64>(at));
        let (done, gone, cut) = (count(1)?, count(2)?, count(3)?);
        let mut note = format!("済み {done}");
        for (what, count) in [("うち区画とともになくなったもの", gone), ("取止め", cut)]
        {
            if count > 0 {
                note += &format!("、{what} {count}");
            }
        }
        act_add(&transaction, id, ("基盤", &state), &note).await?;
    }
    transaction.commit().await?;
    Ok(ended.is_some())
}

async fn act_add(
    client: &impl GenericClient,
    id: i64,
    (actor, act): (&str, &str),
    note: &str,
) -> Result<(), StoreError> {
    let sql = "insert into control.plane_act (blueprint, actor, act, note) values ($1, $2, $3, $4)";
    client.execute(sql, &[&id, &actor, &act, &note]).await?;
    Ok(())
}
