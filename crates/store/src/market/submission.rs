//! 提出: signed packages on their way from the vendor to the catalogue. Each is begun a limited
//! number of times, judged once, and offered once; the file goes when it is needed no more.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::{Client, Row};

use crate::{GenericClient, StoreError};

/// Which package it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// System.
    pub system: String,
    /// Its name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Hash of its texts.
    pub hash: String,
}

/// 提出: a package that a vendor sent in.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// Number.
    pub id: i64,
    /// Who sent it.
    pub vendor: String,
    /// When.
    pub received_at: Timestamp,
    /// By which person.
    pub sent_by: String,
    /// 公開 or 検証 ([`OFFER`], [`TRIAL`]).
    pub purpose: String,
    /// The name of the file as it was sent.
    pub file_name: String,
    /// SHA-256 of the file, hexadecimal.
    pub digest: String,
    /// 受付, 判定不能, 不適合, 公開待ち, 公開, 取下げ, 取りやめ; 検証 where it is tried only.
    pub state: String,
    /// How often the executor has begun to judge or to offer it.
    pub attempts: i32,
    /// The package, as far as it could be read.
    pub named: Option<Named>,
    /// The report of the gate.
    pub report: Option<Value>,
    /// Whether it is a 部品, and what the catalogue ties it to: the systems on offer that build it
    /// in, or the parts that it builds in, each with vendor, name, version and whether withdrawn.
    pub ties: (bool, Value),
    /// Bodies that use it.
    pub in_use: i32,
    /// Who asked to withdraw it, when and why.
    pub withdrawal: Option<(Timestamp, String, String)>,
}

/// What the executor found.
#[derive(Clone, Debug)]
pub struct Judgement<'j> {
    /// 不適合, 公開待ち, 公開 or 検証.
    pub state: &'j str,
    /// The package, as far as it could be read.
    pub named: Option<&'j Named>,
    /// The report.
    pub report: &'j Value,
}

/// 公開: sent in to be offered.
pub const OFFER: &str = "公開";
/// 検証: sent in to be tried in the vendor's sandbox, and never offered.
pub const TRIAL: &str = "検証";

/// The most bytes of a file that is taken in.
pub const FILE_BYTES: usize = 8 << 20;

/// A package as it was sent in.
#[derive(Clone, Debug)]
pub struct Sent<'s> {
    /// 公開 or 検証.
    pub purpose: &'s str,
    /// The name of the file.
    pub file_name: &'s str,
    /// The file.
    pub content: &'s [u8],
    /// Its SHA-256, hexadecimal.
    pub digest: &'s str,
}

/// What the database says when too many of a vendor's submissions wait, and when the platform could
/// not judge too many.
const WAITING: &str = "KM001";
const STUCK: &str = "KM002";

/// Takes in a package of this login's vendor; its number.
///
/// # Errors
/// [`StoreError::Conflict`] when ten of the vendor's wait already, or twenty could not be judged.
pub async fn submission_add(
    client: &impl GenericClient,
    sent: &Sent<'_>,
    actor: &str,
) -> Result<i64, StoreError> {
    let sql = "insert into market.submission (sent_by, file_name, content, digest, purpose)
               values ($1, $2, $3, $4, $5) returning id";
    let given: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&actor, &sent.file_name, &sent.content, &sent.digest, &sent.purpose];
    match client.query_one(sql, &given).await {
        Ok(row) => Ok(row.try_get(0)?),
        Err(error) if error.code().is_some_and(|code| code.code() == WAITING) => {
            Err(StoreError::Conflict(base::said!(
                "審査を待つ提出が 10 件あります。その結果が出てから提出してください",
                "Ten submissions wait to be judged. Send this one in when they have been"
            )))
        }
        Err(error) if error.code().is_some_and(|code| code.code() == STUCK) => {
            Err(StoreError::Conflict(base::said!(
                "基盤の不具合で判定できていない提出（判定不能）が 20 件あります。要らないものを、その頁で\
                 取りやめてから提出してください",
                "Twenty submissions could not be judged. Take back those that are not needed on \
                 their pages, then send this one in"
            )))
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes back a submission of this login's vendor that the platform could not judge; its file goes.
///
/// # Errors
/// [`StoreError::Conflict`] when it is in another state.
pub async fn submission_drop(client: &impl GenericClient, id: i64) -> Result<(), StoreError> {
    let row = client.query_one("select market.drop_stuck($1)", &[&id]).await?;
    match row.try_get(0)? {
        true => Ok(()),
        false => Err(StoreError::Conflict(base::said!(
            "判定不能のものではありません。頁を開き直して、いまの状態を確かめてください",
            "It is not one that could not be judged. Open the page again to see its state"
        ))),
    }
}

/// Takes in a package in the name of a vendor, for the installer; nothing where the same file was
/// taken in before.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn submission_admit(
    client: &Client,
    vendor: &str,
    sent: &Sent<'_>,
) -> Result<(), StoreError> {
    let sql = "insert into market.submission (vendor, sent_by, file_name, content, digest, purpose)
               select $1, '基盤', $2, $3, $4, $5 where not exists (
                 select from market.submission where vendor = $1 and digest = $4
                   and purpose = $5)";
    let given: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&vendor, &sent.file_name, &sent.content, &sent.digest, &sent.purpose];
    client.execute(sql, &given).await?;
    Ok(())
}

const SUBMISSION: &str = "id, vendor, received_at, sent_by, file_name, digest, state, system, name,
    version, hash, report, in_use, withdrawal_asked_at, withdrawal_asked_by, withdrawal_reason,
    attempts, part, ties, purpose";

fn submission(row: &Row) -> Result<Submission, StoreError> {
    let text = |at: usize| -> Result<Option<String>, StoreError> { Ok(row.try_get(at)?) };
    let named = match (text(7)?, text(8)?, text(9)?, text(10)?) {
        (Some(system), Some(name), Some(version), Some(hash)) => {
            Some(Named { system, name, version, hash })
        }
        _ => None,
    };
    let asked: Option<Timestamp> = row.try_get(13)?;
    let asked = asked.zip(text(14)?).zip(text(15)?);
    Ok(Submission {
        id: row.try_get(0)?,
        vendor: row.try_get(1)?,
        received_at: row.try_get(2)?,
        sent_by: row.try_get(3)?,
        purpose: row.try_get(19)?,
        file_name: row.try_get(4)?,
        digest: row.try_get(5)?,
        state: row.try_get(6)?,
        named,
        report: row.try_get(11)?,
        ties: (row.try_get(17)?, row.try_get(18)?),
        in_use: row.try_get(12)?,
        attempts: row.try_get(16)?,
        withdrawal: asked.map(|((at, by), reason)| (at, by, reason)),
    })
}

/// What this login may see, the newest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn submission_list(client: &impl GenericClient) -> Result<Vec<Submission>, StoreError> {
    let sql = format!("select {SUBMISSION} from market.submission order by id desc");
    client.query(&sql, &[]).await?.iter().map(submission).collect()
}

/// One submission that this login may see.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn submission_read(
    client: &impl GenericClient,
    id: i64,
) -> Result<Option<Submission>, StoreError> {
    let sql = format!("select {SUBMISSION} from market.submission where id = $1");
    client.query_opt(&sql, &[&id]).await?.as_ref().map(submission).transpose()
}

/// Asks for a package of this login's vendor to be offered no more.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not on offer or this was asked before.
pub async fn withdrawal_ask(
    client: &impl GenericClient,
    id: i64,
    (actor, reason): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "update market.submission set withdrawal_asked_at = now(),
                 withdrawal_asked_by = $2, withdrawal_reason = $3
               where id = $1 and state = '公開' and withdrawal_asked_at is null";
    match client.execute(sql, &[&id, &actor, &reason]).await? {
        0 => Err(StoreError::Conflict(base::said!(
            "公開していないか、取下げをもう申し出ています",
            "Not on offer, or its withdrawal was asked for already"
        ))),
        _ => Ok(()),
    }
}

/// What the executor has to do now: sent in and not judged, found conforming and not offered, or to
/// be withdrawn; what was never tried first, then the oldest.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn waiting_list(client: &Client) -> Result<Vec<Submission>, StoreError> {
    let sql = format!(
        "select {SUBMISSION} from market.submission
         where (state in ('受付', '公開待ち') and next_at <= now())
           or (state = '公開' and withdrawal_asked_at is not null) order by attempts, id"
    );
    client.query(&sql, &[]).await?.iter().map(submission).collect()
}

/// How long until the next submission is to be tried again; `None` when none is.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn waiting_until(client: &Client) -> Result<Option<Duration>, StoreError> {
    let sql = "select extract(epoch from min(next_at) - clock_timestamp())::float8
               from market.submission where state in ('受付', '公開待ち')";
    let seconds: Option<f64> = client.query_one(sql, &[]).await?.try_get(0)?;
    Ok(seconds.map(|seconds| Duration::from_secs_f64(seconds.max(0.0))))
}

/// How often it is tried to judge a submission.
pub const ATTEMPTS: i32 = 5;

/// Notes that the executor begins with a submission: 10 seconds, 40 seconds, 3, 11 and 43 minutes
/// must pass until it begins again, whatever becomes of it, the end of this program included. False
/// when it was tried often enough; it stands as 判定不能 then. What was found conforming is tried
/// for as long as it takes.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn submission_begin(client: &Client, id: i64) -> Result<bool, StoreError> {
    let sql = "update market.submission set attempts = attempts + 1,
                 next_at = now() + make_interval(secs => 10 * power(4, least(attempts, 4)))
               where id = $1 and (state = '公開待ち' or (state = '受付' and attempts < $2))";
    if client.execute(sql, &[&id, &ATTEMPTS]).await? > 0 {
        return Ok(true);
    }
    submission_give_up(client, id).await?;
    Ok(false)
}

/// Writes down that the platform cannot judge a submission, where it was tried often enough.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn submission_give_up(client: &Client, id: i64) -> Result<(), StoreError> {
    let sql = "update market.submission set state = '判定不能'
               where id = $1 and state = '受付' and attempts >= $2";
    client.execute(sql, &[&id, &ATTEMPTS]).await?;
    Ok(())
}

/// Begins anew with what could not be judged: a new start of the program may be its repair.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn submissions_resume(client: &Client) -> Result<u64, StoreError> {
    let sql = "update market.submission set state = '受付', attempts = 0, next_at = now()
               where state = '判定不能'";
    Ok(client.execute(sql, &[]).await?)
}

/// The file of a submission.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn content_read(client: &Client, id: i64) -> Result<Vec<u8>, StoreError> {
    let sql = "select content from market.submission where id = $1";
    Ok(client.query_one(sql, &[&id]).await?.try_get(0)?)
}

/// Writes down what the executor found. A submission is judged once. Its file goes, unless the
/// package is still to be offered.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn submission_judge(
    client: &Client,
    id: i64,
    found: &Judgement<'_>,
) -> Result<(), StoreError> {
    let sql = "update market.submission set state = $2, system = $3, name = $4, version = $5,
                 hash = $6, report = $7, judged_at = now(), attempts = 0, next_at = now(),
                 content = case when $2 in ('公開待ち', '検証') then content else '' end
               where id = $1 and state = '受付'";
    let part = |of: fn(&Named) -> &str| found.named.map(of);
    let (system, name) = (part(|one| &one.system), part(|one| &one.name));
    let (version, hash) = (part(|one| &one.version), part(|one| &one.hash));
    let given: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&id, &found.state, &system, &name, &version, &hash, &found.report];
    client.execute(sql, &given).await?;
    Ok(())
}

/// Writes down that a package is in the catalogue. Its texts are kept there.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn submission_offered(client: &Client, id: i64) -> Result<(), StoreError> {
    let sql = "update market.submission set state = '公開', content = ''
               where id = $1 and state = '公開待ち'";
    client.execute(sql, &[&id]).await?;
    Ok(())
}

/// Writes down that a package is offered no more, also where the vendor had sent it in twice.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn submission_withdraw(client: &Client, id: i64) -> Result<(), StoreError> {
    let sql = "update market.submission s set state = '取下げ', withdrawn_at = now(),
                 withdrawal_asked_at = asked.withdrawal_asked_at,
                 withdrawal_asked_by = asked.withdrawal_asked_by,
                 withdrawal_reason = asked.withdrawal_reason
               from market.submission asked
               where asked.id = $1 and asked.state = '公開' and s.state = '公開'
                 and s.vendor = asked.vendor and s.hash = asked.hash";
    client.execute(sql, &[&id]).await?;
    Ok(())
}
