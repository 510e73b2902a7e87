//! What the check found otherwise than the books say. It is marked, never put right here: the next
//! blueprint makes it anew, after somebody approved that.

use tokio_postgres::Client;

use crate::StoreError;

/// A part of the books that a provider does not hold as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Astray {
    /// Environment.
    pub environment: String,
    /// The part's identifier.
    pub part: String,
    /// The generation in which the books last changed it when it was looked at.
    pub generation: i64,
    /// What is otherwise.
    pub what: String,
}

/// Marks parts as unsettled, so that the next blueprint makes or removes them and one that was
/// planned before is stale; how many. What changed since it was looked at, what is in doubt already
/// and what a blueprint is at work on are left as they are.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn astray_mark(client: &Client, all: &[Astray]) -> Result<u64, StoreError> {
    let text = |of: fn(&Astray) -> &str| -> Vec<&str> { all.iter().map(of).collect() };
    let generations: Vec<i64> = all.iter().map(|it| it.generation).collect();
    let sql = "
        with asked as (
            select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
                as a(environment, part, generation, what)),
        marked as (
            update control.part p set settled = false, doubt = '照合: ' || a.what
            from asked a
            where p.environment = a.environment and p.part = a.part
              and p.generation = a.generation and p.settled
              and not exists (
                select from control.blueprint_step s
                join control.blueprint b on b.id = s.blueprint and b.state = '適用中'
                where s.environment = p.environment and s.state in ('待ち', '実行中', '保留'))
            returning p.environment),
        told as (
            update control.environment e set changes = e.changes + 1
            where e.id in (select environment from marked))
        select count(*) from marked";
    let given: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&text(|it| &it.environment), &text(|it| &it.part), &generations, &text(|it| &it.what)];
    let count: i64 = client.query_one(sql, &given).await?.try_get(0)?;
    Ok(u64::try_from(count).unwrap_or_default())
}
