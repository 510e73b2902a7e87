//! 按分 as it was said: a run over a month and the shares by every method, each with its trace. A
//! municipality's login sees its own shares only.

use base::date::Date;
use serde_json::Value;
use tokio_postgres::{Row, Transaction};

use crate::{GenericClient, StoreError};

/// An allocation of a month.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Number; 0 before it is written.
    pub id: i64,
    /// Who ran it.
    pub actor: String,
    /// First day of the month.
    pub month: Date,
    /// Yen of all bills.
    pub total_yen: i64,
    /// Yen of accounts that nobody owns.
    pub unassigned_yen: i64,
    /// What it was derived from: imports, rates, figures, open questions.
    pub basis: Value,
}

/// A share of an organisation and a system by a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Method.
    pub method: String,
    /// Organisation.
    pub organisation: String,
    /// System.
    pub system: String,
    /// Yen.
    pub yen: i64,
    /// Residents of the organisation, where they are known.
    pub residents: Option<i64>,
    /// How it comes about, by what is the organisation's own.
    pub trace: String,
    /// The same with the sums of all, which no organisation's login reads.
    pub working: String,
}

/// Writes a run with its shares; its number.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn run_add(
    transaction: &Transaction<'_>,
    run: &Run,
    shares: &[Share],
) -> Result<i64, StoreError> {
    let row = transaction
        .query_one(
            "insert into control.cost_run (actor, month, total_yen, unassigned_yen, basis)
             values ($1, $2, $3, $4, $5) returning id",
            &[&run.actor, &run.month, &run.total_yen, &run.unassigned_yen, &run.basis],
        )
        .await?;
    let id: i64 = row.try_get(0)?;
    let column = |text: fn(&Share) -> &str| shares.iter().map(text).collect::<Vec<_>>();
    let sql = "insert into control.cost_share
                 (run, method, organisation, system, yen, residents, trace, working)
               select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::bigint[],
                 $6::bigint[], $7::text[], $8::text[])";
    transaction
        .execute(
            sql,
            &[
                &id,
                &column(|it| &it.method),
                &column(|it| &it.organisation),
                &column(|it| &it.system),
                &shares.iter().map(|it| it.yen).collect::<Vec<_>>(),
                &shares.iter().map(|it| it.residents).collect::<Vec<_>>(),
                &column(|it| &it.trace),
                &column(|it| &it.working),
            ],
        )
        .await?;
    Ok(id)
}

/// The last run over a month.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn run_last(client: &impl GenericClient, month: Date) -> Result<Option<Run>, StoreError> {
    let sql = "select id, actor, month, total_yen, unassigned_yen, basis from control.cost_run
               where month = $1 order by id desc limit 1";
    let run = |row: &Row| {
        Ok(Run {
            id: row.try_get(0)?,
            actor: row.try_get(1)?,
            month: row.try_get(2)?,
            total_yen: row.try_get(3)?,
            unassigned_yen: row.try_get(4)?,
            basis: row.try_get(5)?,
        })
    };
    client.query_opt(sql, &[&month]).await?.as_ref().map(run).transpose()
}

/// The shares of a run, for who allocates.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn share_list(client: &impl GenericClient, run: i64) -> Result<Vec<Share>, StoreError> {
    let sql = "select method, organisation, system, yen, residents, trace, working
               from control.cost_share where run = $1 order by method, organisation, system";
    let share = |row: &Row| {
        Ok(Share {
            method: row.try_get(0)?,
            organisation: row.try_get(1)?,
            system: row.try_get(2)?,
            yen: row.try_get(3)?,
            residents: row.try_get(4)?,
            trace: row.try_get(5)?,
            working: row.try_get(6)?,
        })
    };
    client.query(sql, &[&run]).await?.iter().map(share).collect()
}
