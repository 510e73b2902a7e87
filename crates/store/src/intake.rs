//! 取込: files that are taken in, how far each has come, and the lines that wait.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;

use crate::{GenericClient, StoreError};

/// Stages of an intake, and of a line that did not go in by itself.
pub mod stage {
    /// Will be begun.
    pub const DUE: &str = "実行待ち";
    /// Has begun.
    pub const RUNNING: &str = "実行中";
    /// Broke off with an error; what was taken in stays, and it can be taken up again.
    pub const HALTED: &str = "停止";
    /// Every line is in or waits.
    pub const DONE: &str = "終了";
    /// The line waits for a person.
    pub const WAITING: &str = "待ち";
    /// A person put it right and it was taken in.
    pub const TAKEN: &str = "登録";
    /// A person left it out, with a reason.
    pub const LEFT_OUT: &str = "除外";
}

/// A file to be taken in.
#[derive(Clone, Debug)]
pub struct NewIntake {
    /// System.
    pub system: String,
    /// The intake of the system.
    pub intake: String,
    /// The hash of the package.
    pub package: String,
    /// The file's name as it was sent.
    pub file_name: String,
    /// How it was written (UTF-8, Shift_JIS).
    pub encoding: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub digest: String,
    /// What was asked: field → text.
    pub asked: Value,
    /// Only looked at: nothing is written but its own report.
    pub trial: bool,
    /// Who sent it.
    pub entered_by: String,
    /// Lines below the headings.
    pub lines: i64,
}

/// A file that is being taken in.
#[derive(Clone, Debug)]
pub struct Intake {
    /// Its number.
    pub id: i64,
    /// What was sent.
    pub entered: NewIntake,
    /// Stage.
    pub stage: String,
    /// When it was sent.
    pub entered_at: Timestamp,
    /// When its last line was done.
    pub ended_at: Option<Timestamp>,
    /// Lines gone through.
    pub done: i64,
    /// Lines taken in, also by a person afterwards.
    pub taken: i64,
    /// Lines that wait.
    pub waiting: i64,
    /// Lines left out by a person.
    pub left_out: i64,
    /// Why it broke off.
    pub error: Option<String>,
}

const COLUMNS: &str = "id, system, intake, package, file_name, encoding, digest, asked, trial,
     entered_by, lines, stage, entered_at, ended_at, done, taken, waiting, left_out, error";

fn read(row: &Row) -> Result<Intake, StoreError> {
    Ok(Intake {
        id: row.try_get(0)?,
        entered: NewIntake {
            system: row.try_get(1)?,
            intake: row.try_get(2)?,
            package: row.try_get(3)?,
            file_name: row.try_get(4)?,
            encoding: row.try_get(5)?,
            digest: row.try_get(6)?,
            asked: row.try_get(7)?,
            trial: row.try_get(8)?,
            entered_by: row.try_get(9)?,
            lines: row.try_get(10)?,
        },
        stage: row.try_get(11)?,
        entered_at: row.try_get(12)?,
        ended_at: row.try_get(13)?,
        done: row.try_get(14)?,
        taken: row.try_get(15)?,
        waiting: row.try_get(16)?,
        left_out: row.try_get(17)?,
        error: row.try_get(18)?,
    })
}

/// Keeps a file with its sealed content; `None` when the same file was sent before.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn intake_enter(
    client: &impl GenericClient,
    new: &NewIntake,
    sealed: &[u8],
) -> Result<Option<i64>, StoreError> {
    let row = client
        .query_opt(
            "insert into core.intake (system, intake, package, file_name, encoding, digest, asked,
               trial, content, stage, entered_by, lines)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             on conflict (system, intake, digest, asked) where not trial do nothing returning id",
            &[
                &new.system,
                &new.intake,
                &new.package,
                &new.file_name,
                &new.encoding,
                &new.digest,
                &new.asked,
                &new.trial,
                &sealed,
                &stage::DUE,
                &new.entered_by,
                &new.lines,
            ],
        )
        .await?;
    row.map(|row| row.try_get(0)).transpose().map_err(StoreError::from)
}

/// An intake; with `lock` it stays locked until the transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn intake_read(
    client: &impl GenericClient,
    id: i64,
    lock: bool,
) -> Result<Intake, StoreError> {
    let lock = if lock { " for update" } else { "" };
    let sql = format!("select {COLUMNS} from core.intake where id = $1{lock}");
    let row = client.query_opt(&sql, &[&id]).await?;
    let missing = || StoreError::NotFound(base::said!("取込 {id}", "Intake {id}"));
    read(&row.ok_or_else(missing)?)
}

/// The sealed content, while it is there.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn intake_content(client: &impl GenericClient, id: i64) -> Result<Vec<u8>, StoreError> {
    let sql = "select content from core.intake where id = $1 and content is not null";
    let row = client.query_opt(sql, &[&id]).await?;
    let missing = || StoreError::NotFound(base::said!("取込 {id}", "Intake {id}"));
    Ok(row.ok_or_else(missing)?.try_get(0)?)
}

/// The intakes, newest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn intake_list(
    client: &impl GenericClient,
    limit: i64,
) -> Result<Vec<Intake>, StoreError> {
    let sql = format!("select {COLUMNS} from core.intake order by id desc limit $1");
    client.query(&sql, &[&limit]).await?.iter().map(read).collect()
}

/// Keeps what has become of an intake; at its end the content goes.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn intake_update(client: &impl GenericClient, of: &Intake) -> Result<(), StoreError> {
    client
        .execute(
            "update core.intake set stage = $2, ended_at = $3, done = $4, taken = $5,
               waiting = $6, left_out = $7, error = $8,
               content = case when $2 = '終了' then null else content end
             where id = $1",
            &[
                &of.id,
                &of.stage,
                &of.ended_at,
                &of.done,
                &of.taken,
                &of.waiting,
                &of.left_out,
                &of.error,
            ],
        )
        .await?;
    Ok(())
}

/// A line that did not go in by itself.
#[derive(Clone, Debug)]
pub struct IntakeRow {
    /// Its line in the file; the headings are line 1.
    pub line: i64,
    /// Whether it waits.
    pub stage: String,
    /// The form of the procedure as the line fills it, with its words.
    pub form: Value,
    /// What is wrong: `at`, `message`, `message_en`.
    pub findings: Value,
    /// Who took it in or left it out.
    pub settled_by: Option<String>,
    /// When.
    pub settled_at: Option<Timestamp>,
    /// Why it was left out.
    pub reason: Option<String>,
}

/// Keeps lines that wait: line, form, findings.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn intake_rows_add(
    client: &impl GenericClient,
    id: i64,
    rows: &[(i64, Value, Value)],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let lines: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let forms: Vec<&Value> = rows.iter().map(|row| &row.1).collect();
    let findings: Vec<&Value> = rows.iter().map(|row| &row.2).collect();
    client
        .execute(
            "insert into core.intake_row (intake_id, line, stage, form, findings)
             select $1, l, '待ち', f, w from unnest($2::bigint[], $3::jsonb[], $4::jsonb[]) x(l, f, w)",
            &[&id, &lines, &forms, &findings],
        )
        .await?;
    Ok(())
}

const ROW: &str = "line, stage, form, findings, settled_by, settled_at, reason";

fn read_row(row: &Row) -> Result<IntakeRow, StoreError> {
    Ok(IntakeRow {
        line: row.try_get(0)?,
        stage: row.try_get(1)?,
        form: row.try_get(2)?,
        findings: row.try_get(3)?,
        settled_by: row.try_get(4)?,
        settled_at: row.try_get(5)?,
        reason: row.try_get(6)?,
    })
}

/// The lines that wait, behind one.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn intake_rows_waiting(
    client: &impl GenericClient,
    id: i64,
    (after, limit): (i64, i64),
) -> Result<Vec<IntakeRow>, StoreError> {
    let sql = format!(
        "select {ROW} from core.intake_row
         where intake_id = $1 and stage = '待ち' and line > $2 order by line limit $3"
    );
    client.query(&sql, &[&id, &after, &limit]).await?.iter().map(read_row).collect()
}

/// A line; with `lock` it stays locked until the transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn intake_row(
    client: &impl GenericClient,
    (id, line): (i64, i64),
    lock: bool,
) -> Result<IntakeRow, StoreError> {
    let lock = if lock { " for update" } else { "" };
    let sql = format!("select {ROW} from core.intake_row where intake_id = $1 and line = $2{lock}");
    let row = client.query_opt(&sql, &[&id, &line]).await?;
    let missing = || {
        StoreError::NotFound(base::said!(
            "取込 {id} の{line}行目",
            "Line {line} of intake {id} among those that waited"
        ))
    };
    read_row(&row.ok_or_else(missing)?)
}

/// Keeps what a person did with a line.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn intake_row_settle(
    client: &impl GenericClient,
    (id, line): (i64, i64),
    row: &IntakeRow,
) -> Result<(), StoreError> {
    client
        .execute(
            "update core.intake_row set stage = $3, form = $4, findings = $5, settled_by = $6,
               settled_at = $7, reason = $8
             where intake_id = $1 and line = $2",
            &[
                &id,
                &line,
                &row.stage,
                &row.form,
                &row.findings,
                &row.settled_by,
                &row.settled_at,
                &row.reason,
            ],
        )
        .await?;
    Ok(())
}
