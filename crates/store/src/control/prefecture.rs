//! 都道府県: how far its own municipalities are, as a prefecture's login sees it. No resident, no
//! amount, no person; nothing of another prefecture's.

use base::date::Date;
use jiff::Timestamp;
use tokio_postgres::{Client, Row};

use super::DATABASE;
use super::wave::WaveSlot;
use crate::organisation::Organisation;
use crate::{GenericClient, StoreError};

/// A municipality of the prefecture that is open here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Municipality {
    /// Identifier.
    pub id: String,
    /// 団体コード.
    pub code: String,
    /// Name.
    pub name: String,
}

/// A contract of one of them: what and how far, never why or for how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contracted {
    /// The municipality.
    pub organisation: String,
    /// The business, by the id of its system.
    pub system: String,
    /// Its name.
    pub name: String,
    /// Who offers it.
    pub vendor: String,
    /// Its version.
    pub version: String,
    /// The state of the contract.
    pub state: String,
    /// When it was signed.
    pub signed_at: Option<Timestamp>,
    /// Since when it is in service.
    pub opened_at: Option<Timestamp>,
    /// 終了日, where one was asked for.
    pub ends_on: Option<Date>,
}

/// An environment of a body of the prefecture, by the books of the plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// 団体コード.
    pub body: String,
    /// production or verification.
    pub kind: String,
    /// The cloud.
    pub provider: String,
}

/// An incident that goes on or ended lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disturbed {
    /// The municipality.
    pub organisation: String,
    /// What is affected.
    pub service: String,
    /// Who answers for it.
    pub layer: String,
    /// What.
    pub title: String,
    /// Since when.
    pub began_at: Timestamp,
    /// Until when.
    pub ended_at: Option<Timestamp>,
}

/// Lets a prefecture's login in.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn prefecture_admit(
    client: &Client,
    prefecture: &Organisation,
) -> Result<(), StoreError> {
    let login = format!("{}_prefecture", prefecture.id);
    let sql = format!(
        "grant connect on database {DATABASE} to {login}; grant kumoi_prefecture to {login}"
    );
    Ok(client.batch_execute(&sql).await?)
}

/// The municipalities that are open here, by code.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn municipality_list(
    client: &impl GenericClient,
) -> Result<Vec<Municipality>, StoreError> {
    let sql = "select id, code, name from control.prefecture_body order by code";
    let one = |row: &Row| {
        Ok(Municipality { id: row.try_get(0)?, code: row.try_get(1)?, name: row.try_get(2)? })
    };
    client.query(sql, &[]).await?.iter().map(one).collect()
}

/// Their contracts, by business and body.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contracted_list(client: &impl GenericClient) -> Result<Vec<Contracted>, StoreError> {
    let sql = "select organisation, system, name, vendor, version, state, signed_at, opened_at,
                 ends_on
               from control.prefecture_contract order by system, organisation, signed_at";
    let one = |row: &Row| {
        Ok(Contracted {
            organisation: row.try_get(0)?,
            system: row.try_get(1)?,
            name: row.try_get(2)?,
            vendor: row.try_get(3)?,
            version: row.try_get(4)?,
            state: row.try_get(5)?,
            signed_at: row.try_get(6)?,
            opened_at: row.try_get(7)?,
            ends_on: row.try_get(8)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(one).collect()
}

/// When their systems move, by the plan of waves in force.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn wave_slot_list(client: &impl GenericClient) -> Result<Vec<WaveSlot>, StoreError> {
    let sql = "select body, system, vendor, month from control.prefecture_wave
               order by body, month nulls last, system";
    let one = |row: &Row| {
        Ok(WaveSlot {
            body: row.try_get(0)?,
            system: row.try_get(1)?,
            vendor: row.try_get(2)?,
            month: row.try_get(3)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(one).collect()
}

/// Their environments in the books of the plane that are not given up.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn placed_list(client: &impl GenericClient) -> Result<Vec<Placed>, StoreError> {
    let sql = "select body, kind, provider from control.prefecture_environment
               where ended_at is null order by body, kind, provider";
    let one = |row: &Row| {
        Ok(Placed { body: row.try_get(0)?, kind: row.try_get(1)?, provider: row.try_get(2)? })
    };
    client.query(sql, &[]).await?.iter().map(one).collect()
}

/// Their incidents that go on, and those that went on at or after a moment; the newest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn disturbed_list(
    client: &impl GenericClient,
    since: Timestamp,
) -> Result<Vec<Disturbed>, StoreError> {
    let sql = "select organisation, service, layer, title, began_at, ended_at
               from control.prefecture_incident
               where ended_at is null or ended_at >= $1 order by began_at desc, organisation";
    let one = |row: &Row| {
        Ok(Disturbed {
            organisation: row.try_get(0)?,
            service: row.try_get(1)?,
            layer: row.try_get(2)?,
            title: row.try_get(3)?,
            began_at: row.try_get(4)?,
            ended_at: row.try_get(5)?,
        })
    };
    client.query(sql, &[&since]).await?.iter().map(one).collect()
}

/// How their zones answered in a month, by body: questions and failures.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn answered_list(
    client: &impl GenericClient,
    month: Date,
) -> Result<Vec<(String, i64, i64)>, StoreError> {
    let sql = "select organisation, checks, failures from control.prefecture_watched
               where month = $1 order by organisation";
    let rows = client.query(sql, &[&month]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}
