//! What costs are converted and allocated by: rates of exchange, owners of accounts, figures of
//! organisations, budgets. Each says where it comes from.

use base::date::Date;
use tokio_postgres::Row;

use crate::{GenericClient, StoreError};

/// 為替: a rate from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Currency.
    pub currency: String,
    /// First day.
    pub from: Date,
    /// Millionths of a yen a unit.
    pub micro_yen: i64,
    /// Where it is from.
    pub source: String,
    /// V (official text), R (reported), U (unverified).
    pub certainty: String,
}

/// Whose an account or an environment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Who provides.
    pub provider: String,
    /// Account; empty for any.
    pub account: String,
    /// Environment by its tag; empty for any.
    pub environment: String,
    /// Organisation; `None` for what all share.
    pub organisation: Option<String>,
    /// System, or what is shared.
    pub system: String,
}

/// A figure of an organisation in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Organisation.
    pub organisation: String,
    /// 人口, 業務量, 従前の費用 …
    pub measure: String,
    /// First day of the month.
    pub month: Date,
    /// The figure.
    pub value: i64,
    /// Where it is from.
    pub source: String,
}

/// 予算 of a fiscal year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Organisation; `None` for the whole.
    pub organisation: Option<String>,
    /// 年度.
    pub fiscal_year: i32,
    /// Yen.
    pub yen: i64,
    /// Where it is from.
    pub source: String,
}

/// Adds a rate; one of the same day is replaced.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rate_put(client: &impl GenericClient, rate: &Rate) -> Result<(), StoreError> {
    let sql = "insert into control.cost_rate (currency, from_day, micro_yen, source, certainty)
               values ($1, $2, $3, $4, $5)
               on conflict (currency, from_day) do update
               set micro_yen = excluded.micro_yen, source = excluded.source,
                   certainty = excluded.certainty";
    let Rate { currency, from, micro_yen, source, certainty } = rate;
    client.execute(sql, &[currency, from, micro_yen, source, certainty]).await?;
    Ok(())
}

/// All rates in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rate_list(client: &impl GenericClient) -> Result<Vec<Rate>, StoreError> {
    let sql = "select currency, from_day, micro_yen, source, certainty
               from control.cost_rate order by currency, from_day";
    let rate = |row: &Row| {
        Ok(Rate {
            currency: row.try_get(0)?,
            from: row.try_get(1)?,
            micro_yen: row.try_get(2)?,
            source: row.try_get(3)?,
            certainty: row.try_get(4)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(rate).collect()
}

/// Says whose an account is; said again it is changed.
///
/// # Errors
/// [`StoreError::Database`], also when there is no such organisation.
pub async fn owner_put(client: &impl GenericClient, owner: &Owner) -> Result<(), StoreError> {
    let sql = "insert into control.cost_owner
                 (provider, account, environment, organisation, system)
               values ($1, $2, $3, $4, $5)
               on conflict (provider, account, environment) do update
               set organisation = excluded.organisation, system = excluded.system";
    let Owner { provider, account, environment, organisation, system } = owner;
    client.execute(sql, &[provider, account, environment, organisation, system]).await?;
    Ok(())
}

/// A provider goes by another name: its accounts are their owners' under that one too, where nobody
/// said otherwise.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn owners_renamed(
    client: &impl GenericClient,
    (former, later): (&str, &str),
) -> Result<(), StoreError> {
    client.execute("select control.cost_renamed($1, $2)", &[&former, &later]).await?;
    Ok(())
}

/// All owners in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn owner_list(client: &impl GenericClient) -> Result<Vec<Owner>, StoreError> {
    let sql = "select provider, account, environment, organisation, system
               from control.cost_owner order by provider, account, environment";
    let owner = |row: &Row| {
        Ok(Owner {
            provider: row.try_get(0)?,
            account: row.try_get(1)?,
            environment: row.try_get(2)?,
            organisation: row.try_get(3)?,
            system: row.try_get(4)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(owner).collect()
}

/// Adds a figure; said again it is changed.
///
/// # Errors
/// [`StoreError::Database`], also when there is no such organisation.
pub async fn measure_put(client: &impl GenericClient, one: &Measure) -> Result<(), StoreError> {
    let sql = "insert into control.cost_measure (organisation, measure, month, value, source)
               values ($1, $2, $3, $4, $5)
               on conflict (organisation, measure, month) do update
               set value = excluded.value, source = excluded.source";
    let Measure { organisation, measure, month, value, source } = one;
    client.execute(sql, &[organisation, measure, month, value, source]).await?;
    Ok(())
}

/// The figures of a month.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn measure_list(
    client: &impl GenericClient,
    month: Date,
) -> Result<Vec<Measure>, StoreError> {
    let sql = "select organisation, measure, month, value, source from control.cost_measure
               where month = $1 order by organisation, measure";
    let measure = |row: &Row| {
        Ok(Measure {
            organisation: row.try_get(0)?,
            measure: row.try_get(1)?,
            month: row.try_get(2)?,
            value: row.try_get(3)?,
            source: row.try_get(4)?,
        })
    };
    client.query(sql, &[&month]).await?.iter().map(measure).collect()
}

/// Sets a budget.
///
/// # Errors
/// [`StoreError::Database`], also when there is no such organisation.
pub async fn budget_put(client: &impl GenericClient, budget: &Budget) -> Result<(), StoreError> {
    let sql = "insert into control.cost_budget (organisation, fiscal_year, yen, source)
               values ($1, $2, $3, $4)
               on conflict (organisation, fiscal_year) do update
               set yen = excluded.yen, source = excluded.source";
    let Budget { organisation, fiscal_year, yen, source } = budget;
    client.execute(sql, &[organisation, fiscal_year, yen, source]).await?;
    Ok(())
}

/// The budgets of a fiscal year that this login may see; the whole's first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn budget_list(
    client: &impl GenericClient,
    fiscal_year: i32,
) -> Result<Vec<Budget>, StoreError> {
    let sql = "select organisation, fiscal_year, yen, source from control.cost_budget
               where fiscal_year = $1 order by organisation nulls first";
    let budget = |row: &Row| {
        Ok(Budget {
            organisation: row.try_get(0)?,
            fiscal_year: row.try_get(1)?,
            yen: row.try_get(2)?,
            source: row.try_get(3)?,
        })
    };
    client.query(sql, &[&fiscal_year]).await?.iter().map(budget).collect()
}

/// Organisations: identifier, name, and its name in Latin letters.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn organisation_names(
    client: &impl GenericClient,
) -> Result<Vec<[String; 3]>, StoreError> {
    let sql = "select id, name, name_en from control.organisation order by id";
    let names = |row: &Row| Ok([row.try_get(0)?, row.try_get(1)?, row.try_get(2)?]);
    client.query(sql, &[]).await?.iter().map(names).collect()
}
