//! 補助金 in the control database: how each stands, and every step with who took it. What may follow
//! what and how amounts come about is said elsewhere; a step is taken only from the state it knew.

use base::said;
use tokio_postgres::{Row, Transaction};

use crate::{GenericClient, StoreError};

/// A subsidy as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subsidy {
    /// Number; 0 before it is written.
    pub id: i64,
    /// Whose.
    pub organisation: String,
    /// Programme.
    pub programme: String,
    /// 年度.
    pub fiscal_year: i32,
    /// State, by its term.
    pub state: String,
    /// Yen applied for, decided, spent, settled.
    pub applied_yen: i64,
    /// Decided.
    pub decided_yen: Option<i64>,
    /// Paid before the amount was fixed (概算払).
    pub advanced_yen: i64,
    /// Spent.
    pub actual_yen: Option<i64>,
    /// Settled.
    pub settled_yen: Option<i64>,
    /// How the amounts come about, a line each.
    pub trace: String,
}

/// Writes an application; its number.
///
/// # Errors
/// [`StoreError::Database`], also when there is no such organisation.
pub async fn subsidy_add(
    transaction: &Transaction<'_>,
    subsidy: &Subsidy,
    (actor, note): (&str, &str),
) -> Result<i64, StoreError> {
    let row = transaction
        .query_one(
            "insert into control.subsidy
               (organisation, programme, fiscal_year, state, applied_yen, trace)
             values ($1, $2, $3, $4, $5, $6) returning id",
            &[
                &subsidy.organisation,
                &subsidy.programme,
                &subsidy.fiscal_year,
                &subsidy.state,
                &subsidy.applied_yen,
                &subsidy.trace,
            ],
        )
        .await?;
    let id: i64 = row.try_get(0)?;
    act_add(transaction, (id, &subsidy.state, Some(subsidy.applied_yen)), (actor, note)).await?;
    Ok(id)
}

/// Writes how a subsidy stands after a step from the state `before` and what had been paid in
/// advance by then; `yen` is what the step was about.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody took a step meanwhile.
pub async fn subsidy_write(
    transaction: &Transaction<'_>,
    (subsidy, before, yen): (&Subsidy, &Subsidy, Option<i64>),
    (actor, note): (&str, &str),
) -> Result<(), StoreError> {
    let written = transaction
        .execute(
            "update control.subsidy set state = $3, decided_yen = $4, actual_yen = $5,
               settled_yen = $6, trace = $7, advanced_yen = $8
             where id = $1 and state = $2 and advanced_yen = $9",
            &[
                &subsidy.id,
                &before.state,
                &subsidy.state,
                &subsidy.decided_yen,
                &subsidy.actual_yen,
                &subsidy.settled_yen,
                &subsidy.trace,
                &subsidy.advanced_yen,
                &before.advanced_yen,
            ],
        )
        .await?;
    if written == 0 {
        return Err(StoreError::Conflict(said!(
            "この補助金は、ほかの人が先に進めました。開き直してください",
            "somebody took a step with this subsidy meanwhile"
        )));
    }
    act_add(transaction, (subsidy.id, &subsidy.state, yen), (actor, note)).await
}

async fn act_add(
    transaction: &Transaction<'_>,
    (id, act, yen): (i64, &str, Option<i64>),
    (actor, note): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "insert into control.subsidy_act (subsidy, actor, act, note, yen)
               values ($1, $2, $3, $4, $5)";
    transaction.execute(sql, &[&id, &actor, &act, &note, &yen]).await?;
    Ok(())
}

/// The subsidies that this login may see, in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn subsidy_list(client: &impl GenericClient) -> Result<Vec<Subsidy>, StoreError> {
    let sql = "select id, organisation, programme, fiscal_year, state, applied_yen, decided_yen,
                 actual_yen, settled_yen, trace, advanced_yen from control.subsidy order by id";
    let subsidy = |row: &Row| {
        Ok(Subsidy {
            id: row.try_get(0)?,
            organisation: row.try_get(1)?,
            programme: row.try_get(2)?,
            fiscal_year: row.try_get(3)?,
            state: row.try_get(4)?,
            applied_yen: row.try_get(5)?,
            decided_yen: row.try_get(6)?,
            actual_yen: row.try_get(7)?,
            settled_yen: row.try_get(8)?,
            trace: row.try_get(9)?,
            advanced_yen: row.try_get(10)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(subsidy).collect()
}
