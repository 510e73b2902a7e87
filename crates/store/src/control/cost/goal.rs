//! 三割削減の目標: the figures that a body states about itself, each with its source, who and when. None
//! is ever changed; the last word holds. What they come to is said elsewhere.

use base::said;
use jiff::Timestamp;
use tokio_postgres::Row;

use crate::{GenericClient, StoreError};

/// Somebody stated it meanwhile.
const OVERTAKEN: &str = "KM023";

/// A figure as it was stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Number; 0 before it is written.
    pub id: i64,
    /// When; the database says it.
    pub at: Timestamp,
    /// Which figure.
    pub name: String,
    /// Yen a year; `None` when it is not known any more.
    pub yen: Option<i64>,
    /// Where it is from, or why it is not known any more.
    pub source: String,
    /// Who.
    pub actor: String,
}

/// All that was stated and this login may see, the oldest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn goal_stated(client: &impl GenericClient) -> Result<Vec<Stated>, StoreError> {
    let sql = "select id, at, name, yen, source, actor from control.cost_goal order by id";
    let stated = |row: &Row| {
        Ok(Stated {
            id: row.try_get(0)?,
            at: row.try_get(1)?,
            name: row.try_get(2)?,
            yen: row.try_get(3)?,
            source: row.try_get(4)?,
            actor: row.try_get(5)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(stated).collect()
}

/// States a figure of this login's body: name, yen and source, after the last word `saw`.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody stated it meanwhile; [`StoreError::Database`] for what a
/// figure cannot be.
pub async fn goal_state(
    client: &impl GenericClient,
    (name, yen, source): (&str, Option<i64>, &str),
    (actor, saw): (&str, Option<i64>),
) -> Result<(), StoreError> {
    let sql = "insert into control.cost_goal (name, yen, source, actor, saw)
               values ($1, $2, $3, $4, $5)";
    let done = client.execute(sql, &[&name, &yen, &source, &actor, &saw]).await;
    match done {
        Err(error) if error.code().is_some_and(|it| it.code() == OVERTAKEN) => {
            Err(StoreError::Conflict(said!(
                "この数は、ほかの人が先に書き換えました。下の表で確かめて、もう一度送ってください",
                "somebody stated this figure meanwhile; look at it below, then send again"
            )))
        }
        done => done.map(|_| ()).map_err(StoreError::from),
    }
}
