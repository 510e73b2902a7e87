//! 適合度分析 as it is kept for an organisation: its work steps, and the offers that they were held
//! against. Row security shows a login its own only; what came out is never kept, it is worked out.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;

use crate::{GenericClient, StoreError};

/// An analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Its number.
    pub id: i64,
    /// When.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// The business, by the id of its system.
    pub system: String,
    /// The name of the file that was read.
    pub file_name: String,
    /// The work steps.
    pub requirements: Value,
    /// The offers, by number.
    pub offers: Vec<i64>,
}

const COLUMNS: &str = "id, made_at, made_by, system, file_name, requirements, offers";

fn read(row: &Row) -> Result<Fit, StoreError> {
    Ok(Fit {
        id: row.try_get(0)?,
        made_at: row.try_get(1)?,
        made_by: row.try_get(2)?,
        system: row.try_get(3)?,
        file_name: row.try_get(4)?,
        requirements: row.try_get(5)?,
        offers: row.try_get(6)?,
    })
}

/// What is kept of a new analysis.
#[derive(Clone, Copy, Debug)]
pub struct NewFit<'f> {
    /// The business, by the id of its system.
    pub system: &'f str,
    /// The name of the file that was read.
    pub file_name: &'f str,
    /// The work steps.
    pub requirements: &'f Value,
    /// The offers, by number.
    pub offers: &'f [i64],
}

/// Keeps an analysis of this login's organisation; its number.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn fit_keep(
    client: &impl GenericClient,
    fit: &NewFit<'_>,
    actor: &str,
) -> Result<i64, StoreError> {
    let sql = "insert into control.fit (made_by, system, file_name, requirements, offers)
               values ($1, $2, $3, $4, $5) returning id";
    let row = client
        .query_one(sql, &[&actor, &fit.system, &fit.file_name, &fit.requirements, &fit.offers])
        .await?;
    Ok(row.try_get(0)?)
}

/// The newest analyses of this login's organisation, at most `most`.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn fit_list(client: &impl GenericClient, most: i64) -> Result<Vec<Fit>, StoreError> {
    let sql = format!("select {COLUMNS} from control.fit order by id desc limit $1");
    client.query(&sql, &[&most]).await?.iter().map(read).collect()
}

/// One of them.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn fit_read(client: &impl GenericClient, id: i64) -> Result<Option<Fit>, StoreError> {
    let sql = format!("select {COLUMNS} from control.fit where id = $1");
    client.query_opt(&sql, &[&id]).await?.as_ref().map(read).transpose()
}

/// 人による判断: what an official settled of an answer that was unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The offer.
    pub offer: i64,
    /// The number of the work step.
    pub number: String,
    /// 適合, 要調整, 不適合, or 不明に戻す.
    pub verdict: String,
    /// Where the official knows it from.
    pub source: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// What an official says of one answer.
#[derive(Clone, Copy, Debug)]
pub struct NewSettled<'s> {
    /// The offer.
    pub offer: i64,
    /// The number of the work step.
    pub number: &'s str,
    /// 適合, 要調整, 不適合, or 不明に戻す.
    pub verdict: &'s str,
    /// Where it is known from.
    pub source: &'s str,
    /// Why.
    pub reason: &'s str,
}

/// Keeps what an official says of an analysis of this login's organisation, beside what was said
/// before.
///
/// # Errors
/// [`StoreError::Database`], also for another body's analysis, offer or step.
pub async fn fit_settle(
    client: &impl GenericClient,
    fit: i64,
    new: &NewSettled<'_>,
    actor: &str,
) -> Result<(), StoreError> {
    let sql = "insert into control.fit_settled
                 (fit, offer, number, verdict, source, reason, settled_by)
               values ($1, $2, $3, $4, $5, $6, $7)";
    let NewSettled { offer, number, verdict, source, reason } = new;
    client.execute(sql, &[&fit, &offer, &number, &verdict, &source, &reason, &actor]).await?;
    Ok(())
}

/// All that was settled of an analysis, in order: the last of a step and offer counts.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn settled_list(
    client: &impl GenericClient,
    fit: i64,
) -> Result<Vec<Settled>, StoreError> {
    let sql = "select offer, number, verdict, source, reason, settled_at, settled_by
               from control.fit_settled where fit = $1 order by id";
    let settled = |row: &Row| {
        Ok(Settled {
            offer: row.try_get(0)?,
            number: row.try_get(1)?,
            verdict: row.try_get(2)?,
            source: row.try_get(3)?,
            reason: row.try_get(4)?,
            at: row.try_get(5)?,
            by: row.try_get(6)?,
        })
    };
    client.query(sql, &[&fit]).await?.iter().map(settled).collect()
}
