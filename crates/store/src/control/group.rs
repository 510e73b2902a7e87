//! 共同利用方式: groups of bodies, who joined them, and what they procure together. A login sees the
//! groups that it leads or stands in; each body keeps its own contract. The course of a group is
//! written by the database, never here.

mod plan;
#[cfg(test)]
mod tests;

use base::date::Date;
use base::said;
use jiff::Timestamp;
use tokio_postgres::Row;

use crate::{GenericClient, StoreError};

pub use plan::{
    JointPlan, NewPlan, Progress, plan_draft, plan_list, plan_make, plan_step, progress_list,
};

/// A body or prefecture that can be named: no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Identifier.
    pub id: String,
    /// 団体コード.
    pub code: String,
    /// Name.
    pub name: String,
    /// Whether it can join a group: municipalities do, prefectures lead.
    pub joins: bool,
}

/// 共同利用のグループ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointGroup {
    /// Number.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Who leads it: a municipality or a prefecture, by identifier.
    pub lead: String,
    /// 検証の型: A to D.
    pub pattern: String,
    /// What it is for.
    pub purpose: String,
    /// Who made it, and when.
    pub made: (Timestamp, String),
}

/// 構成団体: a body as it stands in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointMember {
    /// Identifier.
    pub organisation: String,
    /// 招待, 参加の起案, 参加, 脱退の起案, 脱退 or 辞退.
    pub state: String,
    /// Who drafted what waits for a decision.
    pub drafted_by: Option<String>,
    /// Since when.
    pub changed_at: Timestamp,
    /// Its residents on the day that was metered last; `None` while nothing was, or it has not
    /// joined, or this login has not.
    pub residents: Option<(Date, i32)>,
}

impl JointMember {
    /// Whether it takes part in what the group procures.
    pub fn has_joined(&self) -> bool {
        ["参加", "脱退の起案"].contains(&self.state.as_str())
    }
}

/// What was done in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointAct {
    /// When.
    pub at: Timestamp,
    /// At which body.
    pub organisation: String,
    /// By whom.
    pub actor: String,
    /// 発足, the states of members, 調達の案, 調達の決定, 調達の取下げ, 契約の起案.
    pub act: String,
    /// What was said with it.
    pub note: String,
}

/// Every body and prefecture, by code.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn body_list(client: &impl GenericClient) -> Result<Vec<Known>, StoreError> {
    let sql = "select id, code, name, kind = 'municipality' from control.body order by code";
    let known = |row: &Row| {
        Ok(Known {
            id: row.try_get(0)?,
            code: row.try_get(1)?,
            name: row.try_get(2)?,
            joins: row.try_get(3)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(known).collect()
}

/// Makes a group that this login's organisation leads; a municipality is invited to its own. The
/// number.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn group_make(
    client: &impl GenericClient,
    (name, pattern, purpose): (&str, &str, &str),
    actor: &str,
) -> Result<i64, StoreError> {
    let sql = "insert into control.joint_group (name, pattern, purpose, made_by)
               values ($1, $2, $3, $4) returning id";
    let row = client.query_one(sql, &[&name, &pattern, &purpose, &actor]).await?;
    let id: i64 = row.try_get(0)?;
    let sql = "insert into control.joint_member (joint_group, organisation, acted_by)
               select $1, id, $2 from control.body where id = control.acting()
                 and kind = 'municipality'";
    client.execute(sql, &[&id, &actor]).await?;
    Ok(id)
}

/// The groups that this login leads or stands in, the newest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn group_list(client: &impl GenericClient) -> Result<Vec<JointGroup>, StoreError> {
    let sql = "select id, name, lead, pattern, purpose, made_at, made_by from control.joint_group
               order by id desc";
    let group = |row: &Row| {
        Ok(JointGroup {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            lead: row.try_get(2)?,
            pattern: row.try_get(3)?,
            purpose: row.try_get(4)?,
            made: (row.try_get(5)?, row.try_get(6)?),
        })
    };
    client.query(sql, &[]).await?.iter().map(group).collect()
}

/// The members of a group, by code.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn member_list(
    client: &impl GenericClient,
    group: i64,
) -> Result<Vec<JointMember>, StoreError> {
    let sql = "select m.organisation, m.state, m.drafted_by, m.changed_at, r.day, r.residents
               from control.joint_member m join control.body b on b.id = m.organisation
               left join control.joint_residents r
                 on r.joint_group = m.joint_group and r.organisation = m.organisation
               where m.joint_group = $1 order by b.code";
    let member = |row: &Row| {
        let day: Option<Date> = row.try_get(4)?;
        Ok(JointMember {
            organisation: row.try_get(0)?,
            state: row.try_get(1)?,
            drafted_by: row.try_get(2)?,
            changed_at: row.try_get(3)?,
            residents: day.zip(row.try_get(5)?),
        })
    };
    client.query(sql, &[&group]).await?.iter().map(member).collect()
}

/// Invites a municipality, also again after it declined or left.
///
/// # Errors
/// [`StoreError::Conflict`] when it stands in the group already or this login does not lead it;
/// [`StoreError::Database`] for what is no municipality.
pub async fn member_invite(
    client: &impl GenericClient,
    (group, organisation): (i64, &str),
    (actor, reason): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "insert into control.joint_member as m (joint_group, organisation, acted_by, reason)
               select id, $2, $3, $4 from control.joint_group
               where id = $1 and lead = control.acting()
               on conflict (joint_group, organisation) do update
               set state = '招待', acted_by = excluded.acted_by, reason = excluded.reason
               where m.state in ('辞退', '脱退')";
    match client.execute(sql, &[&group, &organisation, &actor, &reason]).await? {
        0 => Err(StoreError::Conflict(said!(
            "この団体はもう招いているか、参加しています。招くのは代表の団体だけです",
            "It was invited already or has joined; only the lead invites"
        ))),
        _ => Ok(()),
    }
}

/// What a member does about its own place in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// 参加の起案.
    Draft,
    /// 参加の決裁, by another person than who drafted it.
    Decide,
    /// 辞退.
    Decline,
    /// 脱退の起案.
    Leave,
    /// 脱退の決裁, by another person.
    LeaveDecide,
    /// 脱退の取消.
    Stay,
}

impl Joining {
    /// From which states, and to which.
    fn way(self) -> (&'static [&'static str], &'static str) {
        match self {
            Joining::Draft => (&["招待"], "参加の起案"),
            Joining::Decide => (&["参加の起案"], "参加"),
            Joining::Decline => (&["招待", "参加の起案"], "辞退"),
            Joining::Leave => (&["参加"], "脱退の起案"),
            Joining::LeaveDecide => (&["脱退の起案"], "脱退"),
            Joining::Stay => (&["脱退の起案"], "参加"),
        }
    }

    fn decides(self) -> bool {
        matches!(self, Joining::Decide | Joining::LeaveDecide)
    }
}

/// Takes a step of this login's organisation in a group.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not in a state for it, or who drafted it would decide.
pub async fn member_step(
    client: &impl GenericClient,
    (group, step): (i64, Joining),
    (actor, reason): (&str, &str),
) -> Result<(), StoreError> {
    let (from, to) = step.way();
    let sql = "update control.joint_member set state = $2, acted_by = $3, reason = $4
               where joint_group = $1 and organisation = control.acting() and state = any($5)
                 and not ($6 and drafted_by = $3)";
    let given: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&group, &to, &actor, &reason, &from, &step.decides()];
    match client.execute(sql, &given).await? {
        0 => Err(StoreError::Conflict(said!(
            "いまの状態では{to}にできません。起案した人は決裁できません",
            "Not possible now: who drafted it cannot decide"
        ))),
        _ => Ok(()),
    }
}

/// The course of a group, in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn group_course(
    client: &impl GenericClient,
    group: i64,
) -> Result<Vec<JointAct>, StoreError> {
    let sql = "select at, organisation, actor, act, note from control.joint_act
               where joint_group = $1 order by id";
    let act = |row: &Row| {
        Ok(JointAct {
            at: row.try_get(0)?,
            organisation: row.try_get(1)?,
            actor: row.try_get(2)?,
            act: row.try_get(3)?,
            note: row.try_get(4)?,
        })
    };
    client.query(sql, &[&group]).await?.iter().map(act).collect()
}
