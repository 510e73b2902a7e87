//! What the shares of an allocation are made of: services and currencies of each organisation. A
//! municipality's login sees its own only. Weights and amounts are whole numbers as texts.

use base::date::Date;
use tokio_postgres::{Row, Transaction};

use crate::{GenericClient, StoreError};

/// A service that the shares of a system are spread over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeService {
    /// Organisation.
    pub organisation: String,
    /// System.
    pub system: String,
    /// Whether a credit is spread over it, not a charge.
    pub credit: bool,
    /// Who provides.
    pub provider: String,
    /// Its name.
    pub service: String,
    /// Its category.
    pub category: String,
    /// Its weight.
    pub weight: String,
}

/// What an organisation bears by usage in a currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeCurrency {
    /// Organisation.
    pub organisation: String,
    /// Currency.
    pub currency: String,
    /// Millionths of a unit, and millionths of a yen.
    pub micro: [String; 2],
}

/// Writes what the shares of a run are made of; services in the order in which they are spread.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn made_add(
    transaction: &Transaction<'_>,
    run: i64,
    (services, currencies): (&[MadeService], &[MadeCurrency]),
) -> Result<(), StoreError> {
    let column = |text: fn(&MadeService) -> &str| services.iter().map(text).collect::<Vec<_>>();
    let sql = "insert into control.cost_service
                 (run, organisation, system, credit, provider, service, category, weight, place)
               select $1, t.a, t.b, t.c, t.d, t.e, t.f, t.g::numeric,
                 row_number() over (partition by t.a, t.b, t.c order by t.n)
               from unnest($2::text[], $3::text[], $4::boolean[], $5::text[], $6::text[],
                 $7::text[], $8::text[]) with ordinality t (a, b, c, d, e, f, g, n)";
    transaction
        .execute(
            sql,
            &[
                &run,
                &column(|it| &it.organisation),
                &column(|it| &it.system),
                &services.iter().map(|it| it.credit).collect::<Vec<_>>(),
                &column(|it| &it.provider),
                &column(|it| &it.service),
                &column(|it| &it.category),
                &column(|it| &it.weight),
            ],
        )
        .await?;
    let column = |text: fn(&MadeCurrency) -> &str| currencies.iter().map(text).collect::<Vec<_>>();
    let sql = "insert into control.cost_currency (run, organisation, currency, amount, yen)
               select $1, t.a, t.b, t.c::numeric, t.d::numeric
               from unnest($2::text[], $3::text[], $4::text[], $5::text[]) t (a, b, c, d)";
    transaction
        .execute(
            sql,
            &[
                &run,
                &column(|it| &it.organisation),
                &column(|it| &it.currency),
                &column(|it| &it.micro[0]),
                &column(|it| &it.micro[1]),
            ],
        )
        .await?;
    Ok(())
}

/// What this login's shares of a month are spread over, by the month's last allocation.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn own_services(
    client: &impl GenericClient,
    month: Date,
) -> Result<Vec<MadeService>, StoreError> {
    let sql = "select organisation, system, credit, provider, service, category, weight::text
               from control.cost_service
               where run = (select max(id) from control.cost_run where month = $1)
               order by organisation, system, credit, place";
    let service = |row: &Row| {
        Ok(MadeService {
            organisation: row.try_get(0)?,
            system: row.try_get(1)?,
            credit: row.try_get(2)?,
            provider: row.try_get(3)?,
            service: row.try_get(4)?,
            category: row.try_get(5)?,
            weight: row.try_get(6)?,
        })
    };
    client.query(sql, &[&month]).await?.iter().map(service).collect()
}

/// What this login's months since one come to in each currency, by the last allocation of each.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn own_currencies(
    client: &impl GenericClient,
    since: Date,
) -> Result<Vec<(Date, MadeCurrency)>, StoreError> {
    let sql = "with last as (select month, max(id) as id from control.cost_run
                 where month >= $1 group by month)
               select last.month, c.organisation, c.currency, c.amount::text, c.yen::text
               from control.cost_currency c join last on last.id = c.run
               order by last.month, c.organisation, c.currency";
    let currency = |row: &Row| {
        let (organisation, currency) = (row.try_get(1)?, row.try_get(2)?);
        let micro = [row.try_get(3)?, row.try_get(4)?];
        Ok((row.try_get(0)?, MadeCurrency { organisation, currency, micro }))
    };
    client.query(sql, &[&since]).await?.iter().map(currency).collect()
}
