//! 利用枠: what is in force for a body, what it uses, and the acts by which it asks for another. Rules
//! and figures are the database's own; a body's login sees and asks for its own only.

use base::date::Date;
use base::said;
use base::said::Said;
use jiff::Timestamp;
use tokio_postgres::{Client, Row};

use super::plane::acting;
use crate::{GenericClient, StoreError};

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuotaKind {
    /// 容量: bytes of the body's three databases.
    Capacity,
    /// 接続: connections of each of its logins at a time.
    Connections,
    /// 業務システム: contracts that are signed or in service.
    Systems,
}

/// Bytes of a GB as people say it.
pub const GB: i64 = 1_000_000_000;

impl QuotaKind {
    /// All of them, in the order of pages.
    pub const ALL: [QuotaKind; 3] =
        [QuotaKind::Capacity, QuotaKind::Connections, QuotaKind::Systems];

    /// As it is recorded.
    pub const fn word(self) -> &'static str {
        match self {
            QuotaKind::Capacity => "容量",
            QuotaKind::Connections => "接続",
            QuotaKind::Systems => "業務システム",
        }
    }

    /// By its recorded word.
    pub fn of(word: &str) -> Option<QuotaKind> {
        QuotaKind::ALL.into_iter().find(|one| one.word() == word)
    }

    /// What a value is counted in.
    pub const fn unit(self) -> &'static str {
        match self {
            QuotaKind::Capacity => "GB",
            QuotaKind::Connections => "本",
            QuotaKind::Systems => "件",
        }
    }

    /// Base units in one of what people say: bytes of a GB.
    pub const fn scale(self) -> i64 {
        match self {
            QuotaKind::Capacity => GB,
            QuotaKind::Connections | QuotaKind::Systems => 1,
        }
    }

    /// The least and the most that can be asked for, as the database holds them.
    pub const fn bounds(self) -> (i64, i64) {
        match self {
            QuotaKind::Capacity => (GB, 100_000 * GB),
            QuotaKind::Connections => (20, 200),
            QuotaKind::Systems => (1, 500),
        }
    }

    /// A value for people: `20 GB`, `0.12 GB`, `30本`, `40件`.
    pub fn amount(self, value: i64) -> String {
        match self {
            QuotaKind::Capacity => {
                let (whole, rest) = (value / GB, value % GB / (GB / 100));
                let text = format!("{}.{rest:02}", base::money::Yen(whole).grouped());
                format!("{} GB", text.trim_end_matches('0').trim_end_matches('.'))
            }
            QuotaKind::Connections | QuotaKind::Systems => format!("{value}{}", self.unit()),
        }
    }
}

/// A quota of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The body.
    pub organisation: String,
    /// Its name.
    pub name: String,
    /// What is limited.
    pub kind: QuotaKind,
    /// The size that its default is for.
    pub size: Option<String>,
    /// The default of that size.
    pub default: Option<i64>,
    /// In force, in base units; `None` where nothing was ever said.
    pub value: Option<i64>,
    /// 既定 or 承認, and since when.
    pub given: Option<(String, Date)>,
    /// What is used, and when that was measured.
    pub used: Option<(i64, Timestamp)>,
}

impl Quota {
    /// How much of it is used, in whole percent, cut off.
    pub fn percent(&self) -> Option<i64> {
        let (value, (used, _)) = (self.value?, self.used?);
        i64::try_from(i128::from(used) * 100 / i128::from(value.max(1))).ok()
    }
}

/// An act about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaAct {
    /// The request: the number of its first act.
    pub request: i64,
    /// When.
    pub at: Timestamp,
    /// The body.
    pub organisation: String,
    /// What is limited.
    pub kind: QuotaKind,
    /// 起案, 決裁, 取下げ, 承認 or 却下.
    pub act: String,
    /// What was asked for or granted, in base units.
    pub value: i64,
    /// Why.
    pub reason: String,
    /// By whom.
    pub actor: String,
}

/// A default of a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaDefault {
    /// What is limited.
    pub kind: QuotaKind,
    /// The size, in words, and the residents that it begins with.
    pub size: (String, i32),
    /// First day.
    pub from: Date,
    /// In base units.
    pub value: i64,
}

fn kind(word: &str) -> Result<QuotaKind, StoreError> {
    let unknown = || StoreError::Refused(format!("利用枠の「{word}」を知りません"));
    QuotaKind::of(word).ok_or_else(unknown)
}

/// Puts defaults that are not there yet; what is there stays as it is.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn quota_defaults_put(client: &Client, all: &[QuotaDefault]) -> Result<(), StoreError> {
    let sql = "insert into control.quota_default (kind, size, residents_from, from_day, value)
               values ($1, $2, $3, $4, $5) on conflict do nothing";
    for one in all {
        let (kind, (size, residents)) = (one.kind.word(), &one.size);
        client.execute(sql, &[&kind, size, residents, &one.from, &one.value]).await?;
    }
    Ok(())
}

/// Notes what was measured of a body: 容量 as it is, 接続 where it is the most of the day.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn quota_measured(
    client: &Client,
    (organisation, kind): (&str, QuotaKind),
    used: i64,
) -> Result<(), StoreError> {
    let sql = "insert into control.quota_used as m (organisation, kind, day, used)
               values ($1, $2, (now() at time zone 'Asia/Tokyo')::date, $3)
               on conflict (organisation, kind, day) do update
                 set used = excluded.used, at = excluded.at
               where m.kind = '容量' or m.used < excluded.used";
    client.execute(sql, &[&organisation, &kind.word(), &used]).await?;
    Ok(())
}

const QUOTA: &str = "select organisation, name, kind, size, default_value, value, origin, since,
                       used, at from control.quota";

fn read(row: &Row) -> Result<Quota, StoreError> {
    let (origin, since): (Option<String>, Option<Date>) = (row.try_get(6)?, row.try_get(7)?);
    let (used, at): (Option<i64>, Option<Timestamp>) = (row.try_get(8)?, row.try_get(9)?);
    Ok(Quota {
        organisation: row.try_get(0)?,
        name: row.try_get(1)?,
        kind: kind(row.try_get(2)?)?,
        size: row.try_get(3)?,
        default: row.try_get(4)?,
        value: row.try_get(5)?,
        given: origin.zip(since),
        used: used.zip(at),
    })
}

/// The quotas that this login may see, by body, in the order of pages.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn quota_list(client: &impl GenericClient) -> Result<Vec<Quota>, StoreError> {
    client.query(QUOTA, &[]).await?.iter().map(read).collect()
}

/// The quotas of one body.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn quotas_of(
    client: &impl GenericClient,
    organisation: &str,
) -> Result<Vec<Quota>, StoreError> {
    let sql = format!("{QUOTA} where organisation = $1");
    client.query(&sql, &[&organisation]).await?.iter().map(read).collect()
}

/// What this login's body used on the last days, the newest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn quota_days(
    client: &impl GenericClient,
    kind: QuotaKind,
    days: i64,
) -> Result<Vec<(Date, i64)>, StoreError> {
    let sql = "select day, used from control.quota_used where kind = $1
               order by day desc limit $2";
    let rows = client.query(sql, &[&kind.word(), &days]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The acts that this login may see, in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn quota_acts(client: &impl GenericClient) -> Result<Vec<QuotaAct>, StoreError> {
    let sql = "select request, at, organisation, kind, act, value, reason, actor
               from control.quota_act order by id";
    let act = |row: &Row| {
        Ok(QuotaAct {
            request: row.try_get(0)?,
            at: row.try_get(1)?,
            organisation: row.try_get(2)?,
            kind: kind(row.try_get(3)?)?,
            act: row.try_get(4)?,
            value: row.try_get(5)?,
            reason: row.try_get(6)?,
            actor: row.try_get(7)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(act).collect()
}

/// The ceilings of all bodies' logins together, what the cluster takes, and how far a raise may go.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn quota_connections(client: &impl GenericClient) -> Result<(i64, i64, i64), StoreError> {
    let sql = "select ceilings, most, grantable from control.quota_connections";
    let row = client.query_one(sql, &[]).await?;
    Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
}

/// 起案: asks for another value for this login's body, in base units; the number of the request.
///
/// # Errors
/// [`StoreError::Conflict`] where the value cannot be, or another request waits.
pub async fn quota_ask(
    client: &impl GenericClient,
    (kind, value): (QuotaKind, i64),
    (actor, reason): (&str, &str),
) -> Result<i64, StoreError> {
    let sql = "insert into control.quota_act (kind, act, value, reason, actor)
               values ($1, '起案', $2, $3, $4) returning request";
    let asked = client.query_one(sql, &[&kind.word(), &value, &reason, &actor]).await;
    let row = asked.map_err(|error| explained(error, kind))?;
    Ok(row.try_get(0)?)
}

/// What a body's own people do about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaStep {
    /// 決裁, by another person than who drafted it.
    Decide,
    /// 取下げ.
    Withdraw,
}

/// Decides or withdraws a request of this login's body.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not in a state for it, or who drafted it would decide.
pub async fn quota_step(
    client: &impl GenericClient,
    (request, step): (i64, QuotaStep),
    actor: &str,
) -> Result<(), StoreError> {
    let (act, from) = match step {
        QuotaStep::Decide => ("決裁", "'起案'"),
        QuotaStep::Withdraw => ("取下げ", "'起案', '決裁'"),
    };
    let sql = format!(
        "insert into control.quota_act (request, act, actor)
         select a.request, $2, $3 from control.quota_act a
         where a.request = $1 and a.act in ({from}) and not ($2 = '決裁' and a.actor = $3)
           and not exists (select from control.quota_act b where b.request = $1 and b.id > a.id)"
    );
    let taken = client.execute(&sql, &[&request, &act, &actor]).await;
    // Somebody was faster: the figures of the words that may come have no kind.
    if taken.map_err(|error| explained(error, QuotaKind::Systems))? == 0 {
        return Err(StoreError::Conflict(said!(
            "いまの状態では{act}できません。起案した人は決裁できません",
            "Not possible now: who drafted it cannot decide"
        )));
    }
    Ok(())
}

/// 承認 with a value in base units, or 却下 (`None`) with a reason, by an admitted operator.
///
/// # Errors
/// [`StoreError::Conflict`] when the person is not admitted, the request does not wait, or the
/// value cannot be.
pub async fn quota_decide(
    client: &mut Client,
    (request, value): (i64, Option<i64>),
    (person, reason): (&str, &str),
) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    acting(&transaction, person).await?;
    let sql = "select a.kind from control.quota_act a where a.request = $1 and a.act = '決裁'
                 and not exists (select from control.quota_act b
                   where b.request = $1 and b.id > a.id)";
    let Some(row) = transaction.query_opt(sql, &[&request]).await? else {
        return Err(StoreError::Conflict(late()));
    };
    let kind = kind(row.try_get(0)?)?;
    let act = if value.is_some() { "承認" } else { "却下" };
    let sql = "insert into control.quota_act (request, act, value, reason)
               values ($1, $2, $3, $4)";
    let decided = transaction.execute(sql, &[&request, &act, &value, &reason]).await;
    decided.map_err(|error| explained(error, kind))?;
    Ok(transaction.commit().await?)
}

fn late() -> Said {
    said!(
        "この申込みは、もう決まったか、取り下げられました",
        "This request was decided already, or withdrawn"
    )
}

/// What the database says of a signature or a training copy beyond a quota, and of a value that
/// cannot be.
const HELD: &str = "KM013";
const WRONG: &str = "KM014";

/// The rule that refused, with its two figures.
fn told(error: &tokio_postgres::Error) -> Option<(&str, &str, i64, i64)> {
    let told = error.as_db_error()?;
    let mut words = told.message().split(' ');
    let rule = words.next()?;
    let figures = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((told.code().code(), rule, figures.0, figures.1))
}

/// A value that was refused, in words; every other error as it is.
fn explained(error: tokio_postgres::Error, kind: QuotaKind) -> StoreError {
    let amount = |value| kind.amount(value);
    let said: Said = match told(&error) {
        Some((WRONG, "late", ..)) => late(),
        Some((WRONG, "own", ..)) => {
            said!("起案した人は決裁できません", "Who drafted it cannot decide")
        }
        Some((WRONG, "bound", least, most)) => {
            let (least, most) = (amount(least), amount(most));
            said!("{least}から{most}までで入れてください", "Enter {least} to {most}")
        }
        Some((WRONG, "used", used, _)) => {
            let used = amount(used);
            said!(
                "いま{used}を使っているため、それより少なくできません",
                "Not below what is used now: {used}"
            )
        }
        Some((WRONG, "same", ..)) => {
            said!("いまの枠と同じです", "That is what is in force already")
        }
        Some((WRONG, "cluster", sum, most)) => said!(
            "この基盤の接続の上限の合計が {sum}（許せるのは {most}）になります。少ない値にするか、団体を\
             余裕のあるクラスターへ移してからにしてください",
            "The ceilings of this cluster would come to {sum} of {most}: grant less, or move a \
             body first"
        ),
        Some((WRONG, ..)) => said!(
            "この枠の申込みがもうあります。それが決まるか、取り下げてからにしてください",
            "A request for it waits already"
        ),
        _ => return error.into(),
    };
    StoreError::Conflict(said)
}

/// What was refused because a quota is used up, in words with what to do; every other error as it
/// is.
pub(crate) fn held(error: tokio_postgres::Error) -> StoreError {
    let said: Said = match told(&error) {
        Some((HELD, "systems", used, most)) => said!(
            "業務システムの利用枠（{most}件）に達しています（いま{used}件）。「利用枠」で増やす申込みをするか、\
             使わない契約を終えてから、もう一度してください",
            "The quota of systems is used up ({used} of {most}): ask for more under Quotas, or end \
             a contract first"
        ),
        Some((HELD, _, used, most)) => {
            let (used, most) = (QuotaKind::Capacity.amount(used), QuotaKind::Capacity.amount(most));
            said!(
                "容量の利用枠（{most}）を使い切っています（いま{used}）。窓口の仕事は続けられますが、新しい契約と\
                 研修環境はできません。「利用枠」で増やす申込みをしてください",
                "The quota of storage is used up ({used} of {most}). Work goes on, but there is no \
                 new contract and no training copy: ask for more under Quotas"
            )
        }
        _ => return error.into(),
    };
    StoreError::Conflict(said)
}

#[cfg(test)]
mod tests;
