//! The office's side of the front database: fetching applications, keeping links, publishing.
//!
//! Also what the office's own database says of changes and reads, so that views follow them.

use jiff::Timestamp;
use tokio_postgres::GenericClient;

use super::LinkState;
use crate::StoreError;

/// Most subjects of an entry or row that is followed at once.
pub const BULK: i32 = 1000;

/// An application that waits.
#[derive(Clone, Debug)]
pub struct Application {
    /// Its number.
    pub id: i64,
    /// What it is.
    pub kind: String,
    /// Whose.
    pub handle: Vec<u8>,
    /// Sealed content.
    pub sealed: Vec<u8>,
    /// When it was left, by the database's clock.
    pub received_at: Timestamp,
}

/// A link as the office keeps it.
#[derive(Clone, Debug)]
pub struct Link {
    /// Whose.
    pub handle: Vec<u8>,
    /// How far.
    pub state: LinkState,
    /// Sealed answer for the resident.
    pub answer: Option<Vec<u8>>,
    /// The office's own particulars, sealed under its vault.
    pub office_sealed: Vec<u8>,
    /// Index of the record's key under the office's vault.
    pub subject_index: Option<Vec<u8>>,
    /// Journal entry up to which the view was published.
    pub published_event: i64,
    /// Audit row up to which the view was published.
    pub published_audit: i64,
    /// Index of the published view under the office's vault, to tell whether it differs.
    pub view_index: Option<Vec<u8>>,
}

const COLUMNS: &str = "subject_handle, state, answer, office_sealed, subject_index, \
     published_event, published_audit, view_index";

fn read(row: &tokio_postgres::Row) -> Result<Link, StoreError> {
    Ok(Link {
        handle: row.try_get(0)?,
        state: LinkState::parse(row.try_get(1)?)?,
        answer: row.try_get(2)?,
        office_sealed: row.try_get(3)?,
        subject_index: row.try_get(4)?,
        published_event: row.try_get(5)?,
        published_audit: row.try_get(6)?,
        view_index: row.try_get(7)?,
    })
}

/// The oldest application that nobody else is fetching; locked until the transaction ends.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn application_next(
    client: &impl GenericClient,
) -> Result<Option<Application>, StoreError> {
    let row = client
        .query_opt(
            "select id, kind, subject_handle, sealed, received_at from front.inbox
             where fetched_at is null
             order by id limit 1 for update skip locked",
            &[],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Application {
        id: row.try_get(0)?,
        kind: row.try_get(1)?,
        handle: row.try_get(2)?,
        sealed: row.try_get(3)?,
        received_at: row.try_get(4)?,
    }))
}

/// Marks an application as fetched and empties it.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn application_fetched(client: &impl GenericClient, id: i64) -> Result<(), StoreError> {
    let sql = "update front.inbox set fetched_at = now(), sealed = ''::bytea where id = $1";
    client.execute(sql, &[&id]).await?;
    Ok(())
}

/// Writes a link, new or changed.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn link_put(client: &impl GenericClient, link: &Link) -> Result<(), StoreError> {
    let sql = format!(
        "insert into front.link ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (subject_handle) do update set state = $2, answer = $3, office_sealed = $4,
           subject_index = $5, published_event = $6, published_audit = $7, view_index = $8,
           checked_at = now(), changed_at = now()"
    );
    client
        .execute(
            &sql,
            &[
                &link.handle,
                &link.state.text(),
                &link.answer,
                &link.office_sealed,
                &link.subject_index,
                &link.published_event,
                &link.published_audit,
                &link.view_index,
            ],
        )
        .await?;
    Ok(())
}

/// A link; locked until the transaction ends when `lock` is set.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn link_read(
    client: &impl GenericClient,
    handle: &[u8],
    lock: bool,
) -> Result<Option<Link>, StoreError> {
    let lock = if lock { " for update" } else { "" };
    let sql = format!("select {COLUMNS} from front.link where subject_handle = $1{lock}");
    client.query_opt(&sql, &[&handle]).await?.as_ref().map(read).transpose()
}

/// Links in one state, oldest change first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn links_in(
    client: &impl GenericClient,
    state: LinkState,
    limit: i64,
) -> Result<Vec<Link>, StoreError> {
    let sql =
        format!("select {COLUMNS} from front.link where state = $1 order by changed_at limit $2");
    client.query(&sql, &[&state.text(), &limit]).await?.iter().map(read).collect()
}

/// Links to any of these records, in any state that follows the record.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn links_of(
    client: &impl GenericClient,
    indexes: &[Vec<u8>],
) -> Result<Vec<Link>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from front.link
         where subject_index = any($1) and state in ('連携済', '終了')"
    );
    client.query(&sql, &[&indexes]).await?.iter().map(read).collect()
}

/// Links not compared with their record for `seconds`, the longest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn links_unchecked(
    client: &impl GenericClient,
    seconds: i32,
    limit: i64,
) -> Result<Vec<Link>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from front.link
         where state in ('連携済', '終了') and checked_at < now() - make_interval(secs => $1::int)
         order by checked_at limit $2"
    );
    client.query(&sql, &[&seconds, &limit]).await?.iter().map(read).collect()
}

/// Notes what was published of a link, and that it was compared just now. A link whose secret
/// changed in between stays as it is.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn link_published(client: &impl GenericClient, link: &Link) -> Result<(), StoreError> {
    client
        .execute(
            "update front.link set state = $2, published_event = $3, published_audit = $4,
               view_index = $5, checked_at = now()
             where subject_handle = $1 and office_sealed = $6",
            &[
                &link.handle,
                &link.state.text(),
                &link.published_event,
                &link.published_audit,
                &link.view_index,
                &link.office_sealed,
            ],
        )
        .await?;
    Ok(())
}

/// Publishes a sealed view; `None` withdraws it.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn view_put(
    client: &impl GenericClient,
    handle: &[u8],
    sealed: Option<&[u8]>,
) -> Result<(), StoreError> {
    let Some(sealed) = sealed else {
        let sql = "delete from front.view where subject_handle = $1";
        client.execute(sql, &[&handle]).await?;
        return Ok(());
    };
    client
        .execute(
            "insert into front.view (subject_handle, sealed) values ($1, $2)
             on conflict (subject_handle) do update set sealed = $2, published_at = now()",
            &[&handle, &sealed],
        )
        .await?;
    Ok(())
}

/// Writes a setting if it differs.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn setting_put(
    client: &impl GenericClient,
    name: &str,
    value: &str,
) -> Result<(), StoreError> {
    client
        .execute(
            "insert into front.setting (name, value) values ($1, $2)
             on conflict (name) do update set value = $2 where setting.value <> $2",
            &[&name, &value],
        )
        .await?;
    Ok(())
}

/// How far journal and audit are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Newest journal entry.
    pub event: i64,
    /// Newest audit row.
    pub audit: i64,
}

/// The newest entry and row of the office's database.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn mark_newest(client: &impl GenericClient) -> Result<Mark, StoreError> {
    let sql = "select (select coalesce(max(event_id), 0) from core.journal),
                 (select coalesce(max(id), 0) from core.audit)";
    let row = client.query_one(sql, &[]).await?;
    Ok(Mark { event: row.try_get(0)?, audit: row.try_get(1)? })
}

/// The newest entry and row about one subject.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn mark_of(client: &impl GenericClient, subject: &str) -> Result<Mark, StoreError> {
    let sql = "select
        (select coalesce(max(event_id), 0) from core.journal where subjects @> array[$1::text]),
        (select coalesce(max(id), 0) from core.audit where subjects @> array[$1::text])";
    let row = client.query_one(sql, &[&subject]).await?;
    Ok(Mark { event: row.try_get(0)?, audit: row.try_get(1)? })
}

/// Subjects of entries and rows after a mark, with their own newest. Bulk entries, of more than
/// [`BULK`] subjects, are left to the regular comparison.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn subjects_after(
    client: &impl GenericClient,
    mark: Mark,
) -> Result<Vec<(String, Mark)>, StoreError> {
    let rows = client
        .query(
            "select subject, max(event), max(audit) from (
               select unnest(subjects) as subject, event_id as event, 0::bigint as audit
                 from core.journal where event_id > $1 and cardinality(subjects) <= $3
               union all
               select unnest(subjects), 0, id from core.audit
                 where id > $2 and cardinality(subjects) <= $3) as news
             group by subject",
            &[&mark.event, &mark.audit, &BULK],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, Mark { event: row.try_get(1)?, audit: row.try_get(2)? })))
        .collect()
}

/// Everybody whom a case, a journal entry or a document names together with one of these subjects,
/// themselves among them; bulk entries name nobody together.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn subjects_named_with(
    client: &impl GenericClient,
    subjects: &[String],
) -> Result<Vec<String>, StoreError> {
    let sql = "select distinct unnest(subjects) from (
           select subjects from core.cases where subjects && $1
           union all select subjects from core.journal
             where subjects && $1 and cardinality(subjects) <= $2
           union all select subjects from core.document where subjects && $1) as named";
    let rows = client.query(sql, &[&subjects, &BULK]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
