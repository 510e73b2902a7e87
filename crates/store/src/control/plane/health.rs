//! The health of all environments in one place: how many are in which state, the steps that are not
//! done, what waits for a person. Reads only; judges nothing but what the journal says.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::alarm_list;
use super::view::{OpenStep, stuck_list};
use crate::{GenericClient, StoreError};

/// How many steps are shown.
const SHOWN: i64 = 50;

/// How many environments of a provider and kind are in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Provider.
    pub provider: String,
    /// production, verification or shared.
    pub kind: String,
    /// 稼働, 登録, 適用中, 保留, 未確定, 未作成, 廃止済.
    pub state: String,
    /// How many.
    pub count: i64,
}

/// 監視: the whole plane at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Environments by provider, kind and state.
    pub counts: Vec<Counted>,
    /// Steps that were begun and are not done: what is held first, the oldest of each first.
    pub stuck: Vec<OpenStep>,
    /// How many of them there are in all.
    pub begun: i64,
    /// In which blueprints, and how many in each; where most are held first.
    pub places: Vec<(i64, i64)>,
    /// Steps that wait for others.
    pub waiting: i64,
    /// Alarms that are not cleared: since when, what.
    pub alarms: Vec<(Timestamp, String)>,
}

impl Health {
    /// Whether a person has to do something: something is held, left undecided, or takes too long.
    pub fn needs_somebody(&self) -> bool {
        let waits = |it: &Counted| matches!(it.state.as_str(), "保留" | "未確定");
        !self.alarms.is_empty() || self.counts.iter().any(waits)
    }
}

const COUNTS: &str = "
    with open as (
        select s.environment, bool_or(s.state = '保留') as held
        from control.blueprint_step s
        join control.blueprint b on b.id = s.blueprint and b.state = '適用中'
        where s.state in ('待ち', '実行中', '保留') group by s.environment),
    parts as (
        select environment, bool_and(settled) as settled, bool_or(part = 'enrolment') as enrolled
        from control.part group by environment)
    select e.provider, e.kind,
      case when open.held then '保留'
           when open.environment is not null then '適用中'
           when not parts.settled then '未確定'
           when parts.enrolled then '登録'
           when parts.environment is not null then '稼働'
           when e.ended_at is not null then '廃止済'
           else '未作成' end as state,
      count(*)
    from control.environment e
    left join open on open.environment = e.id
    left join parts on parts.environment = e.id
    group by 1, 2, 3 order by 1, 2, 3";

/// The health of now.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn health_read(client: &impl GenericClient) -> Result<Health, StoreError> {
    let counted = |row: &Row| -> Result<Counted, StoreError> {
        Ok(Counted {
            provider: row.try_get(0)?,
            kind: row.try_get(1)?,
            state: row.try_get(2)?,
            count: row.try_get(3)?,
        })
    };
    let rows = client.query(COUNTS, &[]).await?;
    let counts = rows.iter().map(counted).collect::<Result<_, _>>()?;
    let sql = "select count(*) from control.blueprint_step s
               join control.blueprint b on b.id = s.blueprint and b.state = '適用中'
               where s.state = '待ち'";
    let waiting = client.query_one(sql, &[]).await?.try_get(0)?;
    let (stuck, begun) = stuck_list(client, 0.0, SHOWN).await?;
    let sql = "select s.blueprint, count(*) from control.blueprint_step s
               join control.blueprint b on b.id = s.blueprint and b.state = '適用中'
               where s.state in ('実行中', '保留') group by 1
               order by count(*) filter (where s.state = '保留') desc, 1";
    let rows = client.query(sql, &[]).await?;
    let place = |row: &Row| Ok::<_, StoreError>((row.try_get(0)?, row.try_get(1)?));
    let places = rows.iter().map(place).collect::<Result<_, _>>()?;
    let alarms = alarm_list(client).await?;
    Ok(Health { counts, stuck, begun, places, waiting, alarms })
}
