//! 段階的な配信 as it stands in the market: what a vendor asks, and what becomes of it body by body. The
//! contracts behind it are elsewhere; whose turn it is, is the database's own rule.

use base::said;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::{Client, Row};

use super::Named;
use crate::{GenericClient, StoreError};

/// What the database says of a submission that is not on offer, and of a second roll-out.
const NOT_OFFERED: &str = "KM005";
const TWICE: &str = "23505";

/// 段階的な配信.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// Number.
    pub id: i64,
    /// Whose.
    pub vendor: String,
    /// The submission that is rolled out.
    pub submission: i64,
    /// Its package.
    pub named: Named,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// By whom.
    pub asked_by: String,
    /// The stages, as they were asked for.
    pub stages: Value,
    /// What the vendor wants last: 開始, 再開, 取りやめ.
    pub wish: String,
    /// 申出, 配信中, 中断, 完了, 取りやめ, 不可.
    pub state: String,
    /// Why it stands or cannot be.
    pub reason: String,
}

/// A body in a roll-out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutBody {
    /// The body.
    pub organisation: String,
    /// Its name.
    pub name: String,
    /// Its stage, from 1.
    pub stage: i32,
    /// 待ち, 更新中, 更新済, 失敗, 対象外.
    pub state: String,
    /// The contract that was in service.
    pub old_contract: i64,
    /// The one that takes its place.
    pub contract: Option<i64>,
    /// Since when it is so.
    pub at: Timestamp,
    /// Why.
    pub note: String,
}

const ROLLOUT: &str = "select r.id, r.vendor, r.submission, s.system, s.name, s.version, s.hash,
    r.asked_at, r.asked_by, r.stages, r.wish, r.state, r.reason
    from market.rollout r join market.submission s on s.id = r.submission";

fn rollout(row: &Row) -> Result<Rollout, StoreError> {
    Ok(Rollout {
        id: row.try_get(0)?,
        vendor: row.try_get(1)?,
        submission: row.try_get(2)?,
        named: Named {
            system: row.try_get(3)?,
            name: row.try_get(4)?,
            version: row.try_get(5)?,
            hash: row.try_get(6)?,
        },
        asked_at: row.try_get(7)?,
        asked_by: row.try_get(8)?,
        stages: row.try_get(9)?,
        wish: row.try_get(10)?,
        state: row.try_get(11)?,
        reason: row.try_get(12)?,
    })
}

/// Asks for a roll-out of a submission of this login's vendor; its number.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not on offer, or another of its system is not over.
pub async fn rollout_ask(
    client: &impl GenericClient,
    submission: i64,
    (stages, actor): (&Value, &str),
) -> Result<i64, StoreError> {
    let sql = "insert into market.rollout (submission, asked_by, stages) values ($1, $2, $3)
               returning id";
    let error = match client.query_one(sql, &[&submission, &actor, &stages]).await {
        Ok(row) => return Ok(row.try_get(0)?),
        Err(error) => error,
    };
    Err(match error.code().map(|code| code.code()) {
        Some(NOT_OFFERED) => StoreError::Conflict(said!(
            "公開していない版は配信できません",
            "A version that is not on offer cannot be rolled out"
        )),
        Some(TWICE) => StoreError::Conflict(said!(
            "この業務システムの配信が、まだ終わっていません。終わってから、または取りやめてから始めてください",
            "Another roll-out of this system is not over. Wait for it or stop it first"
        )),
        _ => error.into(),
    })
}

/// Says what is wanted of a roll-out of this login's vendor: 再開 or 取りやめ.
///
/// # Errors
/// [`StoreError::Conflict`] when it is over, or nothing of this vendor's.
pub async fn rollout_wish(
    client: &impl GenericClient,
    id: i64,
    wish: &str,
) -> Result<(), StoreError> {
    let sql = "update market.rollout set wish = $2
               where id = $1 and (state = '中断' or state = '配信中' and $2 = '取りやめ')";
    match client.execute(sql, &[&id, &wish]).await? {
        0 => Err(StoreError::Conflict(said!(
            "いまの状態ではできません。頁を開き直して確かめてください",
            "Not possible now. Open the page again"
        ))),
        _ => Ok(()),
    }
}

/// The roll-outs that this login may see, the newest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rollout_list(client: &impl GenericClient) -> Result<Vec<Rollout>, StoreError> {
    let sql = format!("{ROLLOUT} order by r.id desc");
    client.query(&sql, &[]).await?.iter().map(rollout).collect()
}

/// One that this login may see.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rollout_read(
    client: &impl GenericClient,
    id: i64,
) -> Result<Option<Rollout>, StoreError> {
    let sql = format!("{ROLLOUT} where r.id = $1");
    client.query_opt(&sql, &[&id]).await?.as_ref().map(rollout).transpose()
}

/// Its bodies, by stage and in the order of their turn.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rollout_bodies(
    client: &impl GenericClient,
    id: i64,
) -> Result<Vec<RolloutBody>, StoreError> {
    let sql = "select organisation, name, stage, state, old_contract, contract, at, note
               from market.rollout_body where rollout = $1 order by stage, old_contract";
    let body = |row: &Row| {
        Ok(RolloutBody {
            organisation: row.try_get(0)?,
            name: row.try_get(1)?,
            stage: row.try_get(2)?,
            state: row.try_get(3)?,
            old_contract: row.try_get(4)?,
            contract: row.try_get(5)?,
            at: row.try_get(6)?,
            note: row.try_get(7)?,
        })
    };
    client.query(sql, &[&id]).await?.iter().map(body).collect()
}

/// Begins with these bodies, all or none.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rollout_begin(
    client: &Client,
    id: i64,
    bodies: &[RolloutBody],
) -> Result<(), StoreError> {
    let row = |one: &RolloutBody| {
        json!({"organisation": one.organisation, "name": one.name, "stage": one.stage,
            "state": one.state, "old_contract": one.old_contract, "note": one.note})
    };
    let rows = Value::Array(bodies.iter().map(row).collect());
    let sql = "with begun as (
                 update market.rollout set state = '配信中', changed_at = now()
                 where id = $1 and state = '申出' returning id)
               insert into market.rollout_body
                 (rollout, organisation, name, stage, state, old_contract, note)
               select begun.id, b.organisation, b.name, b.stage, b.state, b.old_contract, b.note
               from begun, jsonb_to_recordset($2) as b (organisation text, name text,
                 stage integer, state text, old_contract bigint, note text)";
    client.execute(sql, &[&id, &rows]).await?;
    Ok(())
}

/// Writes down how a roll-out stands now, and why.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rollout_state(
    client: &Client,
    id: i64,
    (state, reason): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "update market.rollout set state = $2, reason = $3, changed_at = now(),
                 wish = case when wish = '再開' then '開始' else wish end
               where id = $1 and (state, reason) is distinct from ($2, $3)";
    client.execute(sql, &[&id, &state, &reason]).await?;
    Ok(())
}

/// Keeps a roll-out as it is until [`rollout_let_go`]: whoever would stop it waits. False when it
/// does not go on, or is to be stopped.
///
/// # Errors
/// [`StoreError::Database`]; what was kept is to be let go of also then.
pub async fn rollout_hold(client: &Client, id: i64) -> Result<bool, StoreError> {
    client.batch_execute("begin").await?;
    let sql = "select state = '配信中' and wish <> '取りやめ' from market.rollout
               where id = $1 for update";
    client.query_one(sql, &[&id]).await?.try_get(0).map_err(Into::into)
}

/// Lets go of what [`rollout_hold`] keeps.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rollout_let_go(client: &Client) -> Result<(), StoreError> {
    Ok(client.batch_execute("rollback").await?)
}

/// Writes down how a body stands now: its state, the contract that takes the old one's place, why.
///
/// # Errors
/// [`StoreError::Database`], also when its turn has not come.
pub async fn rollout_body_set(
    client: &Client,
    (id, organisation): (i64, &str),
    (state, contract, note): (&str, Option<i64>, &str),
) -> Result<(), StoreError> {
    let sql = "update market.rollout_body set state = $3, contract = $4, note = $5
               where rollout = $1 and organisation = $2";
    client.execute(sql, &[&id, &organisation, &state, &contract, &note]).await?;
    Ok(())
}
