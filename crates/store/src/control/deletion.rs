//! 消去 in the control database: who asked for it, who approved it, what was taken along, and the
//! signed records of what was gone afterwards. Records are appended and never changed.

use base::said;
use jiff::Timestamp;
use tokio_postgres::{Client, Row};

use crate::StoreError;

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionState {
    /// Nothing of the organisation can be written any more.
    Frozen,
    /// The last export was taken.
    Exported,
    /// Databases and roles are being taken away.
    Erasing,
    /// Databases and roles are gone, and that was looked at.
    Checked,
    /// The keys are gone too.
    Done,
    /// Taken back before anything was gone: it is written again.
    Cancelled,
}

/// The states by their words.
const STATES: &[(DeletionState, &str)] = &[
    (DeletionState::Frozen, "凍結"),
    (DeletionState::Exported, "書出し済"),
    (DeletionState::Erasing, "消去中"),
    (DeletionState::Checked, "照合済"),
    (DeletionState::Done, "完了"),
    (DeletionState::Cancelled, "取消"),
];

/// The deletion of one organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// Number.
    pub id: i64,
    /// Organisation.
    pub organisation: String,
    /// Who asked for it.
    pub requested_by: String,
    /// Who approved it.
    pub approved_by: String,
    /// How far.
    pub state: DeletionState,
    /// Digest of the last export's manifest.
    pub export: Option<String>,
    /// Since when nothing can be written.
    pub begun_at: Timestamp,
    /// The last numbers of journal and audit in the last export.
    pub last: Option<(i64, i64)>,
}

/// The last export of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastExport {
    /// Digest of its manifest.
    pub name: String,
    /// The last numbers of journal and audit in it.
    pub last: (i64, i64),
}

const COLUMNS: &str = "id, organisation, requested_by, approved_by, state, export, begun_at,
     journal_last, audit_last";

/// The organisation's deletion, if one was begun and not taken back.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn deletion_last(
    client: &Client,
    organisation: &str,
) -> Result<Option<Deletion>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from control.deletion where organisation = $1
         and state <> '取消'"
    );
    client.query_opt(&sql, &[&organisation]).await?.as_ref().map(read).transpose()
}

/// Begins a deletion, with the two people who answer for it; the one that is there when both are
/// the same.
///
/// # Errors
/// [`StoreError::Refused`] when one person is both; [`StoreError::Conflict`] when others began one.
pub async fn deletion_begin(
    client: &Client,
    organisation: &str,
    (requested_by, approved_by): (&str, &str),
) -> Result<Deletion, StoreError> {
    if requested_by.trim().is_empty()
        || approved_by.trim().is_empty()
        || requested_by.trim() == approved_by.trim()
    {
        return Err(StoreError::Refused(
            "消去には、求める人と承認する人の、別の二人の名前が要ります".to_owned(),
        ));
    }
    if let Some(open) = deletion_last(client, organisation).await? {
        if (open.requested_by.as_str(), open.approved_by.as_str()) == (requested_by, approved_by) {
            return Ok(open);
        }
        return Err(StoreError::Conflict(said!(
            "「{organisation}」の消去は、ほかの二人の名前でもう始まっています",
            "The deletion of “{organisation}” was begun in other names"
        )));
    }
    let sql = format!(
        "with begun as (
           insert into control.deletion (organisation, requested_by, approved_by)
           values ($1, $2, $3) returning {COLUMNS}),
         act as (
           insert into control.deletion_act (deletion, act, note)
           select id, state, requested_by || '、' || approved_by from begun)
         select {COLUMNS} from begun"
    );
    read(&client.query_one(&sql, &[&organisation, &requested_by, &approved_by]).await?)
}

/// Records a step with what is to be said of it.
///
/// # Errors
/// [`StoreError::Database`], also when the step does not follow the last one.
pub async fn deletion_step(
    client: &Client,
    deletion: &mut Deletion,
    state: DeletionState,
    note: &str,
) -> Result<(), StoreError> {
    let word = STATES.iter().find(|(known, _)| *known == state).map_or("", |(_, word)| word);
    let sql = format!(
        "with changed as (
           update control.deletion set state = $2,
             ended_at = case when $2 in ('完了', '取消') then now() end
           where id = $1 returning {COLUMNS}),
         act as (
           insert into control.deletion_act (deletion, act, note) select id, $2, $3 from changed)
         select {COLUMNS} from changed"
    );
    *deletion = read(&client.query_one(&sql, &[&deletion.id, &word, &note]).await?)?;
    Ok(())
}

/// Records the last export; one that was taken later takes the place of the one before.
///
/// # Errors
/// [`StoreError::Database`], also when something is gone already.
pub async fn deletion_export(
    client: &Client,
    deletion: &mut Deletion,
    export: &LastExport,
) -> Result<(), StoreError> {
    let sql = format!(
        "with changed as (
           update control.deletion set state = '書出し済', export = $2, journal_last = $3,
             audit_last = $4
           where id = $1 returning {COLUMNS}),
         act as (
           insert into control.deletion_act (deletion, act, note)
           select id, state, export from changed)
         select {COLUMNS} from changed"
    );
    let (journal, audit) = export.last;
    let row = client.query_one(&sql, &[&deletion.id, &export.name, &journal, &audit]).await?;
    *deletion = read(&row)?;
    Ok(())
}

/// The last signed record of a deletion.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn deletion_note(
    client: &Client,
    deletion: &Deletion,
) -> Result<Option<String>, StoreError> {
    let sql = "select note from control.deletion_record where deletion = $1
         order by id desc limit 1";
    let row = client.query_opt(sql, &[&deletion.id]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Appends a signed record.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn deletion_record(
    client: &Client,
    deletion: &Deletion,
    note: &str,
) -> Result<(), StoreError> {
    let sql = "insert into control.deletion_record (deletion, note) values ($1, $2)";
    client.execute(sql, &[&deletion.id, &note]).await?;
    Ok(())
}

/// Ends the contracts of an organisation that are in service or on their way.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contracts_end(client: &Client, organisation: &str) -> Result<u64, StoreError> {
    let sql = "with ended as (
           update control.contract set state = '終了'
           where organisation = $1 and state in ('締結', '移行待ち', '提供中') returning id)
         insert into control.contract_act (contract, actor, act, note)
         select id, 'kumoi', '終了', '消去' from ended";
    Ok(client.execute(sql, &[&organisation]).await?)
}

fn read(row: &Row) -> Result<Deletion, StoreError> {
    let word: String = row.try_get(4)?;
    let state = STATES.iter().find(|(_, known)| *known == word);
    let (state, _) =
        state.ok_or_else(|| StoreError::Refused(format!("消去の状態「{word}」を知りません")))?;
    Ok(Deletion {
        id: row.try_get(0)?,
        organisation: row.try_get(1)?,
        requested_by: row.try_get(2)?,
        approved_by: row.try_get(3)?,
        state: *state,
        export: row.try_get(5)?,
        begun_at: row.try_get(6)?,
        last: row.try_get::<_, Option<i64>>(7)?.zip(row.try_get(8)?),
    })
}
