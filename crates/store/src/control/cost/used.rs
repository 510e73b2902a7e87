//! What bills in force say was used where: by account, service and region, from the daily sums. For
//! holding it against the guardrails; amounts are of no account here.

use base::date::Date;
use tokio_postgres::Row;

use crate::{GenericClient, StoreError};

/// A service that an account used in a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// Who provides, as the bill says it.
    pub provider: String,
    /// Account.
    pub account: String,
    /// Service, as the bill says it.
    pub service: String,
    /// Region; empty where the bill says none.
    pub region: String,
    /// The first and the last day.
    pub days: (Date, Date),
}

/// What was used since a day; taxes, credits and what was paid in advance are no use.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn used_list(client: &impl GenericClient, since: Date) -> Result<Vec<Used>, StoreError> {
    let sql = "
        select provider, account, service, region, min(day), max(day)
        from control.cost_daily d
        where day >= $1 and charge = 'Usage' and account <> ''
          and exists (select from control.cost_scope s where s.import = d.import and s.current)
        group by 1, 2, 3, 4 order by 1, 2, 3, 4";
    let used = |row: &Row| -> Result<Used, StoreError> {
        Ok(Used {
            provider: row.try_get(0)?,
            account: row.try_get(1)?,
            service: row.try_get(2)?,
            region: row.try_get(3)?,
            days: (row.try_get(4)?, row.try_get(5)?),
        })
    };
    client.query(sql, &[&since]).await?.iter().map(used).collect()
}
