//! What is still under way in a system: cases, events it has not heard yet, timers. A package gives
//! way to another's only when nothing is left that the other could not end. Numbers and names of
//! procedures only, never what a case says.

use super::VendorChange;
use crate::bulk::record::Load;
use crate::{GenericClient, StoreError};

/// An event: the system that publishes it, and its identifier.
pub type Event = (String, String);

/// What must be ended first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenWork {
    /// Open cases and those that wait for 後閲: 受付番号, procedure, stage.
    pub cases: Vec<(i64, String, String)>,
    /// 異動番号 of events that the system has still to react to.
    pub events: Vec<i64>,
}

/// A timer that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// The job.
    pub id: i64,
    /// The procedure that it starts.
    pub procedure: String,
    /// The key of the row.
    pub key: String,
    /// The moment.
    pub run_at: jiff::Timestamp,
}

/// What is open in a system. `heard` are the events that it reacts to, `deaf` those among them that
/// the other package does not react to: these are waited for even when they are due later.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn open_work(
    load: &Load<'_>,
    system: &str,
    (heard, deaf): (&[Event], &[Event]),
) -> Result<OpenWork, StoreError> {
    let client = load.transaction();
    let rows = client
        .query(
            "select id, procedure, stage || case when post_review_due then '・後閲待ち' else '' end
             from core.cases where system = $1 and (post_review_due
               or stage not in ('登録済', '取下げ', '却下', '自動処理済')) order by id",
            &[&system],
        )
        .await?;
    let read = |row: &tokio_postgres::Row| -> Result<_, StoreError> {
        Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
    };
    let cases = rows.iter().map(read).collect::<Result<_, _>>()?;
    let ([systems, events], [apart, unheard]) = (pair(heard), pair(deaf));
    let rows = client
        .query(
            "select e.event_id from core.job j
               join core.journal e on e.event_id = (j.content ->> 'event')::bigint
             where j.kind = 'reaction' and j.done_at is null
               and ((j.run_at <= now() and exists (select
                       from unnest($1::text[], $2::text[]) m(s, e0)
                       where m.s = e.system and m.e0 = e.event))
                 or exists (select from unnest($3::text[], $4::text[]) m(s, e0)
                       where m.s = e.system and m.e0 = e.event))
             order by 1",
            &[&systems, &events, &apart, &unheard],
        )
        .await?;
    let events = rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<_, StoreError>>()?;
    Ok(OpenWork { cases, events })
}

fn pair(events: &[Event]) -> [Vec<&str>; 2] {
    let systems = events.iter().map(|(system, _)| system.as_str()).collect();
    [systems, events.iter().map(|(_, event)| event.as_str()).collect()]
}

impl Load<'_> {
    /// The timers of a system that wait, the earliest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn timers(&self, system: &str) -> Result<Vec<Timer>, StoreError> {
        let sql = "select id, content ->> 'procedure', content ->> 'key', run_at from core.job
                   where kind = 'timer' and done_at is null and content ->> 'system' = $1
                   order by run_at, id";
        let rows = self.transaction().query(sql, &[&system]).await?;
        let read = |row: &tokio_postgres::Row| {
            let key: Option<String> = row.try_get(2)?;
            Ok(Timer {
                id: row.try_get(0)?,
                procedure: row.try_get::<_, Option<String>>(1)?.unwrap_or_default(),
                key: key.unwrap_or_default(),
                run_at: row.try_get(3)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Withdraws timers, so that they come back if the package does whose tables wait in `aside`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn timers_withhold(&self, timers: &[i64], aside: &str) -> Result<(), StoreError> {
        let sql = "update core.job set done_at = now(), last_error = $2 where id = any($1)";
        self.transaction().execute(sql, &[&timers, &aside]).await?;
        Ok(())
    }
}

/// The timers that were withdrawn for a change wait again.
pub(super) async fn timers_return(
    client: &impl GenericClient,
    change: &VendorChange,
) -> Result<(), StoreError> {
    let sql = "update core.job set done_at = null, last_error = null
               where kind = 'timer' and last_error = $1 and content ->> 'system' = $2";
    client.execute(sql, &[&change.aside, &change.system]).await?;
    Ok(())
}

/// What was written under the package that took over, each with how many: what would be lost on the
/// way back. `heard` are the events that the package that was left reacts to.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn written_since(
    load: &Load<'_>,
    change: &VendorChange,
    heard: &[Event],
) -> Result<Vec<(&'static str, i64)>, StoreError> {
    let [systems, events] = pair(heard);
    let row = load
        .transaction()
        .query_one(
            "select (select count(*) from core.journal where system = $1 and event_id > $2),
               (select count(*) from core.cases where system = $1 and package = $3
                 and entered_at >= $4),
               (select count(*) from core.document where system = $1 and package = $3
                 and issued_at >= $4),
               (select count(*) from core.job where kind = 'timer' and done_at >= $4
                 and content ->> 'system' = $1 and last_error is null),
               (select count(*) from core.journal e where event_id > $2
                 and exists (select from unnest($5::text[], $6::text[]) m(s, e0)
                   where m.s = e.system and m.e0 = e.event)
                 and not exists (select from core.job j where j.kind = 'reaction'
                   and j.done_at is null and j.unique_key = e.event_id::text))",
            &[
                &change.system,
                &change.event_id,
                &change.to_hash,
                &change.changed_at,
                &systems,
                &events,
            ],
        )
        .await?;
    let words = ["異動", "受付", "発行した文書", "期日の仕事", "ほかの業務の事象"];
    let mut out = Vec::new();
    for (at, word) in words.into_iter().enumerate() {
        out.push((word, row.try_get::<_, i64>(at)?));
    }
    out.retain(|(_, count)| *count > 0);
    Ok(out)
}
