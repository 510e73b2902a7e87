//! Number series: issued once, never again, never renumbered.

use crate::{GenericClient, StoreError};

/// Takes `count` numbers of a series; the first of them is returned.
///
/// The counter's row stays locked until the transaction ends, so numbers have no gaps.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn series_take(
    client: &impl GenericClient,
    name: &str,
    count: u32,
) -> Result<i64, StoreError> {
    let row = client
        .query_one(
            "insert into core.series (name, next) values ($1, 1 + $2::bigint)
             on conflict (name) do update set next = core.series.next + $2::bigint
             returning next - $2::bigint",
            &[&name, &i64::from(count)],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Moves a series so that its next number is at least `next` (after a load of issued numbers).
///
/// # Errors
/// [`StoreError::Database`].
pub async fn series_advance(
    client: &impl GenericClient,
    name: &str,
    next: i64,
) -> Result<(), StoreError> {
    client
        .execute(
            "insert into core.series (name, next) values ($1, $2)
             on conflict (name) do update set next = greatest(core.series.next, $2)",
            &[&name, &next],
        )
        .await?;
    Ok(())
}
