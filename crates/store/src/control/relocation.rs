//! 引越し in the control database: how far the way of an organisation to another cluster has come, so
//! that whoever was killed goes on. Decides nothing; every step is one transaction.

use base::said;
use tokio_postgres::{Client, Row};

use crate::StoreError;

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelocationState {
    /// Databases and roles are being made on the other side.
    Receiving,
    /// Rows are being copied.
    Copying,
    /// The other side follows every change.
    Following,
    /// Being switched: nothing can be written on either side.
    Switching,
    /// Switched: the sides have changed places, the way back follows.
    Switched,
    /// Ended: one side holds the organisation, the other nothing.
    Ended,
}

/// The states by their words.
const STATES: &[(RelocationState, &str)] = &[
    (RelocationState::Receiving, "受入"),
    (RelocationState::Copying, "写し"),
    (RelocationState::Following, "追従"),
    (RelocationState::Switching, "切替"),
    (RelocationState::Switched, "切替済"),
    (RelocationState::Ended, "完了"),
];

impl RelocationState {
    /// Its word.
    pub fn word(self) -> &'static str {
        STATES.iter().find(|(state, _)| *state == self).map_or("", |(_, word)| word)
    }
}

/// The way of one organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relocation {
    /// Number.
    pub id: i64,
    /// Organisation.
    pub organisation: String,
    /// Folder of the cluster that is left.
    pub source: String,
    /// Folder of the other cluster.
    pub target: String,
    /// Whether it is written on the target now.
    pub on_target: bool,
    /// How far.
    pub state: RelocationState,
    /// How long nothing could be written at the last switch.
    pub read_only_ms: Option<i64>,
    /// Rows compared at the last switch.
    pub rows: Option<i64>,
    /// Rows that differed.
    pub different: Option<i64>,
    /// The last switch took back one after which rows differed.
    pub returns: bool,
}

impl Relocation {
    /// The folder of the cluster that it is written on.
    pub fn now(&self) -> &str {
        if self.on_target { &self.target } else { &self.source }
    }
}

const COLUMNS: &str = "id, organisation, source, target, main = 'target', state, read_only_ms,
     rows, different, returns";

/// The organisation's last way, ended or not.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn relocation_last(
    client: &Client,
    organisation: &str,
) -> Result<Option<Relocation>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from control.relocation where organisation = $1
         order by id desc limit 1"
    );
    client.query_opt(&sql, &[&organisation]).await?.as_ref().map(read).transpose()
}

/// Every organisation that ever moved or began to.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn relocated(client: &Client) -> Result<Vec<String>, StoreError> {
    let sql = "select distinct organisation from control.relocation order by 1";
    client.query(sql, &[]).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The name under which the home of an organisation stands in the journal: where its first way
/// began. Its folder may have another path by now.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn relocation_home(
    client: &Client,
    organisation: &str,
) -> Result<Option<String>, StoreError> {
    let sql = "select source from control.relocation where organisation = $1 order by id limit 1";
    let row = client.query_opt(sql, &[&organisation]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// The folder of the cluster that an organisation is on now; `home` when it never moved, or came
/// back to where it began.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn relocation_seat(
    client: &Client,
    organisation: &str,
    home: &str,
) -> Result<String, StoreError> {
    let Some(last) = relocation_last(client, organisation).await? else {
        return Ok(home.to_owned());
    };
    let first = relocation_home(client, organisation).await?;
    let now = last.now();
    Ok(if first.as_deref() == Some(now) { home.to_owned() } else { now.to_owned() })
}

/// Whoever moves an organisation or takes it away is alone with it until this session ends; false
/// while another session is.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn leaving_alone(client: &Client, organisation: &str) -> Result<bool, StoreError> {
    let sql = "select pg_try_advisory_lock(hashtextextended('leaving ' || $1, 0))";
    Ok(client.query_one(sql, &[&organisation]).await?.try_get(0)?)
}

/// Begins a way; the one that is open when it has the same ends.
///
/// # Errors
/// [`StoreError::Conflict`] when another way of the organisation is open.
pub async fn relocation_begin(
    client: &mut Client,
    organisation: &str,
    (source, target): (&str, &str),
) -> Result<Relocation, StoreError> {
    let transaction = client.transaction().await?;
    let sql = format!(
        "select {COLUMNS} from control.relocation where organisation = $1 and ended_at is null"
    );
    if let Some(row) = transaction.query_opt(&sql, &[&organisation]).await? {
        let open = read(&row)?;
        if open.source == source && open.target == target {
            return Ok(open);
        }
        let target = &open.target;
        return Err(StoreError::Conflict(said!(
            "「{organisation}」は {target} への引越しの途中です。先にそれを終えるか、取り止めてください",
            "“{organisation}” is on its way to {target}. End that first, or give it up"
        )));
    }
    let sql = format!(
        "insert into control.relocation (organisation, source, target) values ($1, $2, $3)
         returning {COLUMNS}"
    );
    let row = transaction.query_one(&sql, &[&organisation, &source, &target]).await?;
    let begun = read(&row)?;
    let act = "insert into control.relocation_act (relocation, act, note) values ($1, '開始', $2)";
    transaction.execute(act, &[&begun.id, &target]).await?;
    transaction.commit().await?;
    Ok(begun)
}

/// Records a step: the state it leads to, and on which side the organisation is written. A new
/// switch has not been compared yet.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn relocation_step(
    client: &Client,
    relocation: &mut Relocation,
    state: RelocationState,
    (on_target, note): (bool, &str),
) -> Result<(), StoreError> {
    let main = if on_target { "target" } else { "source" };
    client
        .execute(
            "with changed as (
               update control.relocation set state = $2, main = $3, returns = $5,
                 ended_at = case when $2 = '完了' then now() end,
                 different = case when $2 <> '切替' then different end
               where id = $1 returning id)
             insert into control.relocation_act (relocation, act, note)
             select id, $2, $4 from changed",
            &[&relocation.id, &state.word(), &main, &note, &relocation.returns],
        )
        .await?;
    (relocation.state, relocation.on_target) = (state, on_target);
    if state == RelocationState::Switching {
        relocation.different = None;
    }
    Ok(())
}

/// Records what a switch was measured at; `None` leaves what is known.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn relocation_measured(
    client: &Client,
    relocation: &mut Relocation,
    read_only_ms: Option<i64>,
    compared: Option<(i64, i64)>,
) -> Result<(), StoreError> {
    let (rows, different) = compared.unzip();
    let sql = format!(
        "update control.relocation set read_only_ms = coalesce($2, read_only_ms),
           rows = coalesce($3, rows), different = coalesce($4, different)
         where id = $1 returning {COLUMNS}"
    );
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&relocation.id, &read_only_ms, &rows, &different];
    *relocation = read(&client.query_one(&sql, &values).await?)?;
    Ok(())
}

/// Ends a way where it is.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn relocation_end(
    client: &Client,
    relocation: &mut Relocation,
) -> Result<(), StoreError> {
    let on_target = relocation.on_target;
    let note = if on_target { "移行先に残る" } else { "移行元に残る" };
    relocation_step(client, relocation, RelocationState::Ended, (on_target, note)).await
}

fn read(row: &Row) -> Result<Relocation, StoreError> {
    let word: String = row.try_get(5)?;
    let state = STATES.iter().find(|(_, known)| *known == word);
    let (state, _) =
        state.ok_or_else(|| StoreError::Refused(format!("引越しの状態「{word}」を知りません")))?;
    Ok(Relocation {
        id: row.try_get(0)?,
        organisation: row.try_get(1)?,
        source: row.try_get(2)?,
        target: row.try_get(3)?,
        on_target: row.try_get(4)?,
        state: *state,
        read_only_ms: row.try_get(6)?,
        rows: row.try_get(7)?,
        different: row.try_get(8)?,
        returns: row.try_get(9)?,
    })
}
