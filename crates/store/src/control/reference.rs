//! 利用実績: which bodies use a vendor's system and how their zones answered, from the books. A body is
//! named only where it agreed; what a body said of that stays.

use base::date::Date;
use tokio_postgres::Row;

use crate::{GenericClient, StoreError};

/// Bodies that use a vendor's system now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The vendor's identifier.
    pub vendor_id: String,
    /// By size: not metered yet, below 10,000 residents, below 100,000, below 300,000, more.
    pub bodies: [i64; 5],
    /// The names of those that agreed to be named.
    pub named: Vec<String>,
}

/// How the zones of those bodies answered on the days on which they used it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedWatched {
    /// The vendor's identifier.
    pub vendor_id: String,
    /// What was asked.
    pub service: String,
    /// Of how many bodies.
    pub bodies: i64,
    /// First and last day.
    pub days: (Date, Date),
    /// How often it was asked, and how often nothing came; `None` below three bodies: it would be
    /// their own rate.
    pub asked: Option<(i64, i64)>,
}

/// Who uses a system, by vendor.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn used_list(client: &impl GenericClient, system: &str) -> Result<Vec<Used>, StoreError> {
    let sql = "select vendor_id, size, bodies, named from control.offer_use
               where system = $1 order by vendor_id, size";
    let mut all: Vec<Used> = Vec::new();
    for row in client.query(sql, &[&system]).await? {
        let vendor_id: String = row.try_get(0)?;
        if all.last().is_none_or(|last| last.vendor_id != vendor_id) {
            all.push(Used { vendor_id, bodies: [0; 5], named: Vec::new() });
        }
        let size = usize::try_from(row.try_get::<_, i32>(1)?).unwrap_or_default();
        let (bodies, named): (i64, Vec<String>) = (row.try_get(2)?, row.try_get(3)?);
        if let Some(last) = all.last_mut() {
            if let Some(place) = last.bodies.get_mut(size) {
                *place = bodies;
            }
            last.named.extend(named);
        }
    }
    Ok(all)
}

/// What was measured while a system was used, by vendor and service.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn used_watched(
    client: &impl GenericClient,
    system: &str,
) -> Result<Vec<UsedWatched>, StoreError> {
    let sql = "select vendor_id, service, bodies, first_day, last_day, checks, failures
               from control.offer_watched where system = $1 order by vendor_id, service";
    let one = |row: &Row| {
        let (checks, failures): (Option<i64>, Option<i64>) = (row.try_get(5)?, row.try_get(6)?);
        Ok(UsedWatched {
            vendor_id: row.try_get(0)?,
            service: row.try_get(1)?,
            bodies: row.try_get(2)?,
            days: (row.try_get(3)?, row.try_get(4)?),
            asked: checks.zip(failures),
        })
    };
    client.query(sql, &[&system]).await?.iter().map(one).collect()
}

/// Says for a contract of this login's organisation whether others may be told its name.
///
/// # Errors
/// [`StoreError::Database`], also for a contract that is not its own.
pub async fn consent_say(
    client: &impl GenericClient,
    (contract, shown): (i64, bool),
    actor: &str,
) -> Result<(), StoreError> {
    let sql = "insert into control.reference_consent (contract, shown, actor) values ($1, $2, $3)";
    client.execute(sql, &[&contract, &shown, &actor]).await?;
    Ok(())
}

/// What this login's organisation said last, by contract.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn consent_list(client: &impl GenericClient) -> Result<Vec<(i64, bool)>, StoreError> {
    let sql = "select distinct on (contract) contract, shown from control.reference_consent
               order by contract, id desc";
    let rows = client.query(sql, &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
