//! 事案: cases from entry to final registration, and the acts on them.

use base::date::Date;
use base::said;
use jiff::Timestamp;
use serde_json::Value;

use crate::{GenericClient, StoreError};

/// A case to be opened.
#[derive(Clone, Debug)]
pub struct NewCase {
    /// System.
    pub system: String,
    /// Procedure.
    pub procedure: String,
    /// Hash of the package it began with: it ends on the same.
    pub package: String,
    /// Stage.
    pub stage: String,
    /// counter, resident, reaction, timer, official.
    pub origin: String,
    /// Event that set it going.
    pub origin_event: Option<i64>,
    /// What the queue calls it.
    pub title: String,
    /// Keys of the subjects.
    pub subjects: Vec<String>,
    /// Versions of the subjects' rows when it was entered.
    pub versions: Vec<i32>,
    /// The form as entered.
    pub form: Value,
    /// Identity check of the person who came.
    pub identity: Value,
    /// Warnings were acknowledged.
    pub acknowledged: bool,
    /// 届出日.
    pub filed_on: Option<Date>,
    /// 異動日.
    pub effective_on: Option<Date>,
    /// Day by which the office should be done.
    pub due_on: Date,
    /// Who entered it.
    pub entered_by: String,
}

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// 受付番号.
    pub id: i64,
    /// What was entered.
    pub entered: NewCase,
    /// When it was entered.
    pub entered_at: Timestamp,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// 決裁, 専決 or 代決.
    pub approved_as: Option<String>,
    /// 後閲 is still to come.
    pub post_review_due: bool,
    /// Journal entry of its final registration.
    pub event_id: Option<i64>,
    /// Counts changes of the case itself, so that two clerks cannot overwrite each other.
    pub revision: i32,
}

/// An act on a case.
#[derive(Clone, Debug)]
pub struct CaseAct {
    /// When.
    pub at: Timestamp,
    /// What.
    pub act: String,
    /// Who.
    pub actor: String,
    /// Why.
    pub note: Option<String>,
}

const COLUMNS: &str = "id, system, procedure, package, stage, origin, origin_event, title, \
     subjects, versions, form, identity, acknowledged, filed_on, effective_on, due_on, entered_by, \
     entered_at, approved_by, approved_as, post_review_due, event_id, revision";

/// Opens a case; its number is returned.
///
/// # Errors
/// [`StoreError::Conflict`] when the same event already opened it for the same first subject.
pub async fn case_open(client: &impl GenericClient, case: &NewCase) -> Result<i64, StoreError> {
    let row = client
        .query_opt(
            "insert into core.cases (system, procedure, package, stage, origin, origin_event, title,
               subjects, versions, form, identity, acknowledged, filed_on, effective_on, due_on,
               entered_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
             on conflict (origin_event, system, procedure, (subjects[1]))
               where origin_event is not null do nothing returning id",
            &[
                &case.system, &case.procedure, &case.package, &case.stage, &case.origin,
                &case.origin_event, &case.title, &case.subjects, &case.versions, &case.form,
                &case.identity, &case.acknowledged, &case.filed_on, &case.effective_on,
                &case.due_on, &case.entered_by,
            ],
        )
        .await?;
    match row {
        Some(row) => Ok(row.try_get(0)?),
        None => Err(StoreError::Conflict(said!(
            "この事象はもう処理されています",
            "This event was handled already"
        ))),
    }
}

/// A case; locked for a change when `lock` is set.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn case_read(
    client: &impl GenericClient,
    id: i64,
    lock: bool,
) -> Result<Case, StoreError> {
    let lock = if lock { " for update" } else { "" };
    let sql = format!("select {COLUMNS} from core.cases where id = $1{lock}");
    let row = client.query_opt(&sql, &[&id]).await?;
    read(&row.ok_or_else(|| StoreError::NotFound(said!("受付番号 {id}", "Case no. {id}")))?)
}

/// Open cases, the most urgent first; of one subject when given.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn case_queue(
    client: &impl GenericClient,
    done: &[&str],
    limit: i64,
) -> Result<Vec<Case>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from core.cases where stage <> all($1) or post_review_due
         order by due_on, id limit $2"
    );
    client.query(&sql, &[&done, &limit]).await?.iter().map(read).collect()
}

/// Cases of one subject, newest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn case_of_subject(
    client: &impl GenericClient,
    subject: &str,
    limit: i64,
) -> Result<Vec<Case>, StoreError> {
    // All cases of the subject first: in order of their numbers almost none is of this subject.
    let sql = format!(
        "with own as materialized (select * from core.cases where subjects @> array[$1::text])
         select {COLUMNS} from own order by id desc limit $2"
    );
    client.query(&sql, &[&subject, &limit]).await?.iter().map(read).collect()
}

/// Writes the changeable part of a case.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else changed the case since it was read.
pub async fn case_update(client: &impl GenericClient, case: &Case) -> Result<(), StoreError> {
    let entered = &case.entered;
    let changed = client
        .execute(
            "update core.cases set stage = $3, title = $4, subjects = $5, versions = $6, form = $7,
               identity = $8, acknowledged = $9, filed_on = $10, effective_on = $11, due_on = $12,
               approved_by = $13, approved_as = $14, post_review_due = $15, event_id = $16,
               approved_at = case when $13::text is null then null
                 else coalesce(approved_at, now()) end,
               revision = revision + 1
             where id = $1 and revision = $2",
            &[
                &case.id,
                &case.revision,
                &entered.stage,
                &entered.title,
                &entered.subjects,
                &entered.versions,
                &entered.form,
                &entered.identity,
                &entered.acknowledged,
                &entered.filed_on,
                &entered.effective_on,
                &entered.due_on,
                &case.approved_by,
                &case.approved_as,
                &case.post_review_due,
                &case.event_id,
            ],
        )
        .await?;
    if changed == 1 {
        return Ok(());
    }
    let id = case.id;
    Err(StoreError::Conflict(said!(
        "受付番号 {id} は別の職員が先に処理しました。画面を開き直して、最新の状態を確かめてください",
        "Somebody else handled case no. {id} first. Open the page again and look at its \
         present state"
    )))
}

/// Withdraws waiting cases of a procedure whose subjects another case has just settled; their
/// numbers are returned.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn case_supersede(
    client: &impl GenericClient,
    case: &Case,
    (waiting, withdrawn): (&str, &str),
) -> Result<Vec<i64>, StoreError> {
    let rows = client
        .query(
            "update core.cases set stage = $5, revision = revision + 1
             where system = $1 and procedure = $2 and id <> $3 and stage = $4
               and subjects <@ $6 and cardinality(subjects) > 0 returning id",
            &[
                &case.entered.system,
                &case.entered.procedure,
                &case.id,
                &waiting,
                &withdrawn,
                &case.entered.subjects,
            ],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Appends an act to a case.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn case_act(
    client: &impl GenericClient,
    id: i64,
    act: &str,
    actor: &str,
    note: Option<&str>,
) -> Result<(), StoreError> {
    client
        .execute(
            "insert into core.case_act (case_id, act, actor, note) values ($1, $2, $3, $4)",
            &[&id, &act, &actor, &note],
        )
        .await?;
    Ok(())
}

/// The acts on a case, in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn case_acts(client: &impl GenericClient, id: i64) -> Result<Vec<CaseAct>, StoreError> {
    let rows = client
        .query(
            "select at, act, actor, note from core.case_act where case_id = $1 order by id",
            &[&id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(CaseAct {
                at: row.try_get(0)?,
                act: row.try_get(1)?,
                actor: row.try_get(2)?,
                note: row.try_get(3)?,
            })
        })
        .collect()
}

fn read(row: &tokio_postgres::Row) -> Result<Case, StoreError> {
    Ok(Case {
        id: row.try_get(0)?,
        entered: NewCase {
            system: row.try_get(1)?,
            procedure: row.try_get(2)?,
            package: row.try_get(3)?,
            stage: row.try_get(4)?,
            origin: row.try_get(5)?,
            origin_event: row.try_get(6)?,
            title: row.try_get(7)?,
            subjects: row.try_get(8)?,
            versions: row.try_get(9)?,
            form: row.try_get(10)?,
            identity: row.try_get(11)?,
            acknowledged: row.try_get(12)?,
            filed_on: row.try_get(13)?,
            effective_on: row.try_get(14)?,
            due_on: row.try_get(15)?,
            entered_by: row.try_get(16)?,
        },
        entered_at: row.try_get(17)?,
        approved_by: row.try_get(18)?,
        approved_as: row.try_get(19)?,
        post_review_due: row.try_get(20)?,
        event_id: row.try_get(21)?,
        revision: row.try_get(22)?,
    })
}
