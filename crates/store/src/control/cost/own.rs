//! What an organisation's own login sees of the cost that was allocated to it, by months.

use base::date::Date;
use tokio_postgres::Row;

use crate::{GenericClient, StoreError};

/// A share of the last allocation of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnShare {
    /// First day of the month.
    pub month: Date,
    /// Method, by its term.
    pub method: String,
    /// System.
    pub system: String,
    /// Yen.
    pub yen: i64,
    /// Residents, where they are known.
    pub residents: Option<i64>,
    /// How it comes about.
    pub trace: String,
}

/// The shares of this login's organisation since a month, the last allocation of each.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn own_shares(
    client: &impl GenericClient,
    since: Date,
) -> Result<Vec<OwnShare>, StoreError> {
    let sql = "with last as (select month, max(id) as id from control.cost_run
                 where month >= $1 group by month)
               select last.month, s.method, s.system, s.yen, s.residents, s.trace
               from control.cost_share s join last on last.id = s.run
               order by last.month, s.system, s.method";
    let share = |row: &Row| {
        Ok(OwnShare {
            month: row.try_get(0)?,
            method: row.try_get(1)?,
            system: row.try_get(2)?,
            yen: row.try_get(3)?,
            residents: row.try_get(4)?,
            trace: row.try_get(5)?,
        })
    };
    client.query(sql, &[&since]).await?.iter().map(share).collect()
}
