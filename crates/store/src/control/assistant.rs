//! 運用管理補助者: vendors that a body names for its own environment, for a time and until it takes that
//! back. A vendor never signs in here: what it may know is written to its own database.

use base::date::Date;
use base::said;
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::{Client, Row};

use crate::{GenericClient, StoreError};

/// 運用管理補助者, as a body names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assistant {
    /// Number.
    pub id: i64,
    /// The body.
    pub organisation: String,
    /// The vendor's identifier.
    pub vendor: String,
    /// Its name at that time.
    pub vendor_name: String,
    /// What it does for the body.
    pub duties: String,
    /// First and last day.
    pub days: (Date, Date),
    /// 案, 指定, 取下げ or 取消.
    pub state: String,
    /// Why it was taken back.
    pub reason: String,
    /// Who named it, and when.
    pub named: (Timestamp, String),
    /// Who decided it, and when.
    pub decided: Option<(Timestamp, String)>,
    /// Who took it back, and when.
    pub ended: Option<(Timestamp, String)>,
}

impl Assistant {
    /// Whether it is in force on a day.
    pub fn is_in_force(&self, day: Date) -> bool {
        self.state == "指定" && self.days.0 <= day && day <= self.days.1
    }
}

/// What is entered of a new one.
#[derive(Clone, Copy, Debug)]
pub struct NewAssistant<'a> {
    /// The vendor's identifier.
    pub vendor: &'a str,
    /// What it is to do.
    pub duties: &'a str,
    /// First and last day.
    pub days: (Date, Date),
}

/// Names a vendor for this login's organisation; another person decides. The number.
///
/// # Errors
/// [`StoreError::Conflict`] when it is named already; [`StoreError::Database`] for a vendor that is
/// not admitted or a time that is over.
pub async fn assistant_name(
    client: &impl GenericClient,
    new: &NewAssistant<'_>,
    actor: &str,
) -> Result<i64, StoreError> {
    let sql = "insert into control.assistant (vendor, duties, from_day, until_day, acted_by)
               values ($1, $2, $3, $4, $5)
               on conflict (organisation, vendor) where state in ('案', '指定') do nothing
               returning id";
    let (from, until) = new.days;
    let given: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&new.vendor, &new.duties, &from, &until, &actor];
    let row = client.query_opt(sql, &given).await?.ok_or_else(|| {
        StoreError::Conflict(said!(
            "この事業者は、もう指定されているか、決裁を待っています。変えるときは先に取り消してください",
            "This vendor is named already or waits for a decision: take that back first"
        ))
    })?;
    Ok(row.try_get(0)?)
}

/// Decides what another person named (`指定`), or takes it back (`取下げ` before, `取消` after).
///
/// # Errors
/// [`StoreError::Conflict`] when it is not in a state for it, or who named it would decide.
pub async fn assistant_step(
    client: &impl GenericClient,
    (id, to): (i64, &str),
    (actor, reason): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "update control.assistant set state = $2, acted_by = $3, reason = $4
               where id = $1 and (state, $2) in (values ('案', '指定'), ('案', '取下げ'), ('指定', '取消'))
                 and not ($2 = '指定' and named_by = $3) and not ($2 = '取消' and $4 = '')";
    match client.execute(sql, &[&id, &to, &actor, &reason]).await? {
        0 => Err(StoreError::Conflict(said!(
            "いまの状態では{to}にできません。指定を起案した人は決裁できず、取消しには理由が要ります",
            "Not possible now: who named it cannot decide, and taking it back needs a reason"
        ))),
        _ => Ok(()),
    }
}

const COLUMNS: &str = "id, organisation, vendor, vendor_name, duties, from_day, until_day, state,
    reason, named_at, named_by, decided_at, decided_by, ended_at, ended_by";

fn read(row: &Row) -> Result<Assistant, StoreError> {
    let (decided, ended): (Option<Timestamp>, Option<Timestamp>) =
        (row.try_get(11)?, row.try_get(13)?);
    Ok(Assistant {
        id: row.try_get(0)?,
        organisation: row.try_get(1)?,
        vendor: row.try_get(2)?,
        vendor_name: row.try_get(3)?,
        duties: row.try_get(4)?,
        days: (row.try_get(5)?, row.try_get(6)?),
        state: row.try_get(7)?,
        reason: row.try_get(8)?,
        named: (row.try_get(9)?, row.try_get(10)?),
        decided: decided.zip(row.try_get(12)?),
        ended: ended.zip(row.try_get(14)?),
    })
}

/// Those that this login may see, the newest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn assistant_list(client: &impl GenericClient) -> Result<Vec<Assistant>, StoreError> {
    let sql = format!("select {COLUMNS} from control.assistant order by id desc");
    client.query(&sql, &[]).await?.iter().map(read).collect()
}

/// The vendors that can be named: identifier and name of those with an offer in the catalogue.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn assistant_vendors(
    client: &impl GenericClient,
) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "select distinct on (vendor_id) vendor_id, vendor from control.offer
               where vendor_id <> '' order by vendor_id, id desc";
    let rows = client.query(sql, &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// What a vendor is told of a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The number of the naming.
    pub assistant: i64,
    /// The vendor's identifier.
    pub vendor: String,
    /// The body's name.
    pub body: String,
    /// What the vendor does for it.
    pub duties: String,
    /// Last day.
    pub until: Date,
    /// Systems with the state of their contracts, and the incidents of the last 90 days. No
    /// resident, no amount.
    pub state: Value,
}

/// What those in force on a day are told: as the executor writes it to the vendors' database.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn assistant_told(client: &Client, day: Date) -> Result<Vec<Told>, StoreError> {
    let sql = "
        select a.id, a.vendor, o.name, a.duties, a.until_day, jsonb_build_object(
            'systems', (select coalesce(jsonb_agg(jsonb_build_object('name', f.name,
                'vendor', f.vendor, 'version', f.version, 'state', c.state) order by c.id), '[]')
              from control.contract c join control.offer f on f.id = c.offer
              where c.organisation = a.organisation and c.state in ('締結', '移行待ち', '提供中')),
            'incidents', (select coalesce(jsonb_agg(jsonb_build_object('title', i.title,
                'service', i.service, 'layer', i.layer, 'began_at', i.began_at,
                'ended_at', i.ended_at) order by i.began_at desc, i.id desc), '[]')
              from control.incident i
              where (i.organisation is null or i.organisation = a.organisation)
                and (i.ended_at is null or i.ended_at > now() - interval '90 days')))
        from control.assistant a join control.organisation o on o.id = a.organisation
        where a.state = '指定' and $1 between a.from_day and a.until_day
          and not exists (select from control.deletion d where d.organisation = a.organisation
            and d.state <> '取消')
        order by a.id";
    let told = |row: &Row| {
        Ok(Told {
            assistant: row.try_get(0)?,
            vendor: row.try_get(1)?,
            body: row.try_get(2)?,
            duties: row.try_get(3)?,
            until: row.try_get(4)?,
            state: row.try_get(5)?,
        })
    };
    client.query(sql, &[&day]).await?.iter().map(told).collect()
}
