//! 共同調達: a plan of a group, with one specification and one offer for all, and the contract that
//! each member drafts from it by itself. A plan binds nobody: only a member's own contract does.

use base::said;
use jiff::Timestamp;
use tokio_postgres::Row;

use crate::control::contract::{Draft, contract_draft};
use crate::{GenericClient, StoreError};

/// 共同調達の案.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointPlan {
    /// Number.
    pub id: i64,
    /// Its group.
    pub group: i64,
    /// The offer for all.
    pub offer: i64,
    /// 競争入札 or 随意契約.
    pub method: String,
    /// 仕様.
    pub specification: String,
    /// Why this method and this offer.
    pub reason: String,
    /// 案, 決定 or 取下げ.
    pub state: String,
    /// Who made it, and when.
    pub made: (Timestamp, String),
    /// Who decided it, and when.
    pub decided: Option<(Timestamp, String)>,
}

/// What the lead enters of a plan.
#[derive(Clone, Copy, Debug)]
pub struct NewPlan<'p> {
    /// The offer for all.
    pub offer: i64,
    /// 競争入札 or 随意契約.
    pub method: &'p str,
    /// 仕様.
    pub specification: &'p str,
    /// Why this method and this offer.
    pub reason: &'p str,
}

/// The contract of a member that was drafted from a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The plan.
    pub plan: i64,
    /// The member.
    pub organisation: String,
    /// The state of its contract.
    pub state: String,
    /// The contract, if it is this login's own.
    pub own_contract: Option<i64>,
}

/// Makes a plan of a group that this login leads; its number.
///
/// # Errors
/// [`StoreError::Database`], also when it leads no such group or the offer does not conform.
pub async fn plan_make(
    client: &impl GenericClient,
    group: i64,
    plan: &NewPlan<'_>,
    actor: &str,
) -> Result<i64, StoreError> {
    let sql = "insert into control.joint_plan
                 (joint_group, offer, method, specification, reason, acted_by)
               select g.id, o.id, $3, $4, $5, $6 from control.joint_group g, control.offer o
               where g.id = $1 and g.lead = control.acting() and o.id = $2
                 and control.is_on_offer(o.id, true) returning id";
    let given: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&group, &plan.offer, &plan.method, &plan.specification, &plan.reason, &actor];
    let row = client.query_opt(sql, &given).await?.ok_or_else(|| {
        StoreError::Conflict(said!(
            "この申出は取り下げられたか、適合と判定されていないか、この団体が代表ではありません",
            "The offer was withdrawn or is not found conforming, or this body does not lead"
        ))
    })?;
    Ok(row.try_get(0)?)
}

/// The plans of a group, the newest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn plan_list(
    client: &impl GenericClient,
    group: i64,
) -> Result<Vec<JointPlan>, StoreError> {
    let sql = "select id, joint_group, offer, method, specification, reason, state, made_at,
                 made_by, decided_at, decided_by
               from control.joint_plan where joint_group = $1 order by id desc";
    let plan = |row: &Row| {
        let decided: Option<Timestamp> = row.try_get(9)?;
        Ok(JointPlan {
            id: row.try_get(0)?,
            group: row.try_get(1)?,
            offer: row.try_get(2)?,
            method: row.try_get(3)?,
            specification: row.try_get(4)?,
            reason: row.try_get(5)?,
            state: row.try_get(6)?,
            made: (row.try_get(7)?, row.try_get(8)?),
            decided: decided.zip(row.try_get(10)?),
        })
    };
    client.query(sql, &[&group]).await?.iter().map(plan).collect()
}

/// Decides a plan of a group that this login leads, by another person than who made it, or takes
/// it back.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not in a state for it, or who made it would decide.
pub async fn plan_step(
    client: &impl GenericClient,
    (plan, decide): (i64, bool),
    actor: &str,
) -> Result<(), StoreError> {
    let (from, to): (&[&str], &str) =
        if decide { (&["案"], "決定") } else { (&["案", "決定"], "取下げ") };
    let sql = "update control.joint_plan set state = $2, acted_by = $3
               where id = $1 and state = any($4) and control.leads_group(joint_group)
                 and not ($5 and (made_by = $3 or not control.is_on_offer(offer, true)))";
    match client.execute(sql, &[&plan, &to, &actor, &from, &decide]).await? {
        0 => Err(StoreError::Conflict(said!(
            "いまの状態では{to}にできません。作った人は決定できず、取り下げられた申出は決定できません",
            "Not possible now: who made it cannot decide it, and the offer must stand"
        ))),
        _ => Ok(()),
    }
}

/// How far the members' own contracts of a group's plans are, by plan and member.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn progress_list(
    client: &impl GenericClient,
    group: i64,
) -> Result<Vec<Progress>, StoreError> {
    let sql = "select plan, organisation, state, own_contract from control.joint_progress
               where joint_group = $1 order by plan, organisation, own_contract";
    let progress = |row: &Row| {
        Ok(Progress {
            plan: row.try_get(0)?,
            organisation: row.try_get(1)?,
            state: row.try_get(2)?,
            own_contract: row.try_get(3)?,
        })
    };
    client.query(sql, &[&group]).await?.iter().map(progress).collect()
}

/// 起案: drafts this login's own contract from a plan that was decided; its number. It goes its own
/// way from there.
///
/// # Errors
/// As of [`contract_draft`]; [`StoreError::Conflict`] when the plan is not decided or this login's
/// organisation has not joined.
pub async fn plan_draft(
    transaction: &impl GenericClient,
    (plan, replaces): (i64, Option<i64>),
    (reason, budget): (&str, &str),
    actor: &str,
) -> Result<i64, StoreError> {
    let sql = "select offer, method from control.joint_plan
               where id = $1 and state = '決定'
                 and control.has_joined(joint_group, control.acting())";
    let row = transaction.query_opt(sql, &[&plan]).await?.ok_or_else(|| {
        StoreError::Conflict(said!(
            "この案は決定していないか、この団体はまだ参加していません",
            "The plan is not decided, or this body has not joined yet"
        ))
    })?;
    let (offer, method): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
    let (reason, budget) = (reason.to_owned(), budget.to_owned());
    let draft = Draft { method, reason, budget, replaces, ..Draft::default() };
    let contract = contract_draft(transaction, offer, &draft, actor).await?;
    let sql = "insert into control.joint_draft (contract, plan) values ($1, $2)";
    transaction.execute(sql, &[&contract, &plan]).await?;
    Ok(contract)
}
