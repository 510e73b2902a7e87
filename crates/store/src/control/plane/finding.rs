//! What the last check afterwards found, kept for the pages of the operators. A later check takes
//! its place; nobody changes what was found.

use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::{GenericClient, StoreError};

/// 所見: something that a person has to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The body of the tree, where the place names one.
    pub body: Option<String>,
    /// Where.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
    /// The rule's identifier.
    pub rule: String,
}

/// 照合: the last check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastCheck {
    /// When.
    pub at: Timestamp,
    /// How many environments it looked at.
    pub environments: i32,
    /// How many findings there were.
    pub findings: i32,
    /// The first of them.
    pub shown: Vec<Found>,
}

/// Keeps what a check found, in the place of the one before.
///
/// # Errors
/// [`StoreError::Database`]; nothing is kept then.
pub async fn check_book(
    client: &impl GenericClient,
    environments: i32,
    all: &[Found],
) -> Result<(), StoreError> {
    let count = i32::try_from(all.len()).unwrap_or(i32::MAX);
    let text = |of: fn(&Found) -> &str| -> Vec<&str> { all.iter().map(of).collect() };
    let bodies: Vec<Option<&str>> = all.iter().map(|it| it.body.as_deref()).collect();
    let sql = "
        with made as (
            insert into control.plane_check (environments, findings) values ($1, $2) returning id)
        insert into control.finding (plane_check, number, body, place, what, remedy, rule)
        select made.id, a.number::integer, a.body, a.place, a.what, a.remedy, a.rule
        from made, unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
          with ordinality as a(body, place, what, remedy, rule, number)";
    let (place, what) = (text(|it| &it.place), text(|it| &it.what));
    let (remedy, rule) = (text(|it| &it.remedy), text(|it| &it.rule));
    let given: [&(dyn ToSql + Sync); 7] =
        [&environments, &count, &bodies, &place, &what, &remedy, &rule];
    client.execute(sql, &given).await?;
    Ok(())
}

/// The last check with its first findings, what breaks a guardrail before what differs from the
/// books; `None` where nobody has checked yet.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn check_last(
    client: &impl GenericClient,
    shown: i64,
) -> Result<Option<LastCheck>, StoreError> {
    let sql = "select id, at, environments, findings from control.plane_check
               order by id desc limit 1";
    let Some(row) = client.query_opt(sql, &[]).await? else { return Ok(None) };
    let id: i64 = row.try_get(0)?;
    let sql = "select body, place, what, remedy, rule from control.finding where plane_check = $1
               order by rule in ('books', 'no-orphans'), number limit $2";
    let found = |row: &Row| -> Result<Found, StoreError> {
        Ok(Found {
            body: row.try_get(0)?,
            place: row.try_get(1)?,
            what: row.try_get(2)?,
            remedy: row.try_get(3)?,
            rule: row.try_get(4)?,
        })
    };
    let rows = client.query(sql, &[&id, &shown]).await?;
    Ok(Some(LastCheck {
        at: row.try_get(1)?,
        environments: row.try_get(2)?,
        findings: row.try_get(3)?,
        shown: rows.iter().map(found).collect::<Result<_, _>>()?,
    }))
}
