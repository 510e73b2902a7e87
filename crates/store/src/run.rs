//! 一括処理: runs with what was asked, how far they have come and who waits.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;

use crate::{GenericClient, StoreError};

/// Stages of a run.
pub mod stage {
    /// Waits for somebody else's decision.
    pub const TO_DECIDE: &str = "決裁待ち";
    /// Will be begun.
    pub const DUE: &str = "実行待ち";
    /// Has begun.
    pub const RUNNING: &str = "実行中";
    /// Broke off with an error; what was written stays, and it can be taken up again.
    pub const HALTED: &str = "停止";
    /// Is done.
    pub const DONE: &str = "終了";
    /// Was withdrawn before it began.
    pub const WITHDRAWN: &str = "取下げ";
}

/// A run to be entered.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// System.
    pub system: String,
    /// The run of the system.
    pub run: String,
    /// The hash of the package.
    pub package: String,
    /// What was asked: name → value.
    pub asked: Value,
    /// Only reckoned (試算): nothing is written but its own report.
    pub trial: bool,
    /// Who entered it.
    pub entered_by: String,
}

/// A run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its number.
    pub id: i64,
    /// What was entered.
    pub entered: NewRun,
    /// Stage.
    pub stage: String,
    /// When it was entered.
    pub entered_at: Timestamp,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// In which manner (決裁, 専決, 代決).
    pub approved_as: Option<String>,
    /// When it was approved.
    pub approved_at: Option<Timestamp>,
    /// When it began.
    pub begun_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The last subject that is done.
    pub last_key: Option<String>,
    /// Subjects gone through.
    pub seen: i64,
    /// Subjects for whom it was meant.
    pub chosen: i64,
    /// Subjects written.
    pub written: i64,
    /// Subjects that wait for a person.
    pub waiting: i64,
    /// What the rows come to.
    pub totals: Value,
    /// Why it broke off.
    pub error: Option<String>,
}

const COLUMNS: &str = "id, system, run, package, asked, trial, entered_by, stage, entered_at,
     approved_by, approved_as, approved_at, begun_at, ended_at, last_key, seen, chosen, written,
     waiting, totals, error";

fn read(row: &Row) -> Result<Run, StoreError> {
    Ok(Run {
        id: row.try_get(0)?,
        entered: NewRun {
            system: row.try_get(1)?,
            run: row.try_get(2)?,
            package: row.try_get(3)?,
            asked: row.try_get(4)?,
            trial: row.try_get(5)?,
            entered_by: row.try_get(6)?,
        },
        stage: row.try_get(7)?,
        entered_at: row.try_get(8)?,
        approved_by: row.try_get(9)?,
        approved_as: row.try_get(10)?,
        approved_at: row.try_get(11)?,
        begun_at: row.try_get(12)?,
        ended_at: row.try_get(13)?,
        last_key: row.try_get(14)?,
        seen: row.try_get(15)?,
        chosen: row.try_get(16)?,
        written: row.try_get(17)?,
        waiting: row.try_get(18)?,
        totals: row.try_get(19)?,
        error: row.try_get(20)?,
    })
}

/// Enters a run; a trial is due at once, the other waits for a decision.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn run_enter(client: &impl GenericClient, new: &NewRun) -> Result<i64, StoreError> {
    let first = if new.trial { stage::DUE } else { stage::TO_DECIDE };
    let row = client
        .query_one(
            "insert into core.run (system, run, package, asked, trial, stage, entered_by)
             values ($1, $2, $3, $4, $5, $6, $7) returning id",
            &[&new.system, &new.run, &new.package, &new.asked, &new.trial, &first, &new.entered_by],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// A run; with `lock` it stays locked until the transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn run_read(client: &impl GenericClient, id: i64, lock: bool) -> Result<Run, StoreError> {
    let lock = if lock { " for update" } else { "" };
    let sql = format!("select {COLUMNS} from core.run where id = $1{lock}");
    let row = client.query_opt(&sql, &[&id]).await?;
    let missing = || StoreError::NotFound(base::said!("一括処理 {id}", "Bulk run {id}"));
    read(&row.ok_or_else(missing)?)
}

/// The runs, newest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn run_list(client: &impl GenericClient, limit: i64) -> Result<Vec<Run>, StoreError> {
    let sql = format!("select {COLUMNS} from core.run order by id desc limit $1");
    client.query(&sql, &[&limit]).await?.iter().map(read).collect()
}

/// Keeps what has become of a run.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn run_update(client: &impl GenericClient, run: &Run) -> Result<(), StoreError> {
    client
        .execute(
            "update core.run set stage = $2, approved_by = $3, approved_as = $4, approved_at = $5,
               begun_at = $6, ended_at = $7, last_key = $8, seen = $9, chosen = $10,
               written = $11, waiting = $12, totals = $13, error = $14
             where id = $1",
            &[
                &run.id,
                &run.stage,
                &run.approved_by,
                &run.approved_as,
                &run.approved_at,
                &run.begun_at,
                &run.ended_at,
                &run.last_key,
                &run.seen,
                &run.chosen,
                &run.written,
                &run.waiting,
                &run.totals,
                &run.error,
            ],
        )
        .await?;
    Ok(())
}

/// Puts what a finished trial tried to a decision: it stands in what was asked, under a name.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn run_propose(
    client: &impl GenericClient,
    id: i64,
    (name, proposal): (&str, &Value),
) -> Result<(), StoreError> {
    let sql = "update core.run set asked = asked || jsonb_build_object($2::text, $3::jsonb),
         stage = '決裁待ち' where id = $1";
    client.execute(sql, &[&id, &name, proposal]).await?;
    Ok(())
}

/// A subject that could not be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The subject's key.
    pub subject: String,
    /// Why, one reason a line.
    pub reasons: Vec<String>,
}

/// Keeps those who wait.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn waiting_add(
    client: &impl GenericClient,
    run: i64,
    waiting: &[Waiting],
) -> Result<(), StoreError> {
    if waiting.is_empty() {
        return Ok(());
    }
    let subjects: Vec<&str> = waiting.iter().map(|one| one.subject.as_str()).collect();
    let reasons: Vec<Value> = waiting.iter().map(|one| Value::from(one.reasons.clone())).collect();
    client
        .execute(
            "insert into core.run_waiting (run_id, subject, reasons)
             select $1, * from unnest($2::text[], $3::jsonb[])",
            &[&run, &subjects, &reasons],
        )
        .await?;
    Ok(())
}

/// Those who wait, in the order of their keys, behind one.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn waiting_list(
    client: &impl GenericClient,
    run: i64,
    (after, limit): (&str, i64),
) -> Result<Vec<Waiting>, StoreError> {
    let sql = "select subject, reasons from core.run_waiting
               where run_id = $1 and subject > $2 order by subject limit $3";
    let rows = client.query(sql, &[&run, &after, &limit]).await?;
    let one = |row: &Row| {
        let reasons: Value = row.try_get(1)?;
        let texts = reasons.as_array().into_iter().flatten().filter_map(Value::as_str);
        let reasons = texts.map(str::to_owned).collect();
        Ok(Waiting { subject: row.try_get(0)?, reasons })
    };
    rows.iter().map(one).collect()
}
