//! The outer side of publishing: keys and signed packages that vendors leave, and what the executor
//! answers. A vendor's login sees its own rows only; nothing here names a vendor to it.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::{Client, Row};

use crate::control::{Heard, listen};
use crate::organisation::{Installer, Organisation};
use crate::{GenericClient, StoreError, schema};

/// Its name.
pub const DATABASE: &str = "kumoi_market";

/// 検証鍵: a public key of a vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Number.
    pub id: i64,
    /// In C2SP's printable form (`name+id+base64`).
    pub content: String,
    /// Since when.
    pub added_at: Timestamp,
    /// By whom.
    pub added_by: String,
    /// Since when it is good for no new package, and by whom.
    pub revoked: Option<(Timestamp, String)>,
}

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
    /// The name of the file as it was sent.
    pub file_name: String,
    /// SHA-256 of the file, hexadecimal.
    pub digest: String,
    /// 受付, 不適合, 公開, 取下げ.
    pub state: String,
    /// The package, as far as it could be read.
    pub named: Option<Named>,
    /// The report of the gate.
    pub report: Option<Value>,
    /// Bodies that use it.
    pub in_use: i32,
    /// Who asked to withdraw it, when and why.
    pub withdrawal: Option<(Timestamp, String, String)>,
}

/// What the executor found.
#[derive(Clone, Debug)]
pub struct Judgement<'j> {
    /// 不適合 or 公開.
    pub state: &'j str,
    /// The package, as far as it could be read.
    pub named: Option<&'j Named>,
    /// The report.
    pub report: &'j Value,
}

/// Opens the database as the installer, creating it the first time.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn market_open(installer: &Installer) -> Result<Client, StoreError> {
    installer.shared_open(DATABASE, &schema::MARKET).await
}

/// Lets a vendor's login in. Admitting again changes nothing.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn vendor_admit(client: &Client, vendor: &Organisation) -> Result<(), StoreError> {
    let sql = "insert into market.vendor (id, name, name_en, sample) values ($1, $2, $3, $4)
               on conflict (id) do update set name = excluded.name, name_en = excluded.name_en";
    client.execute(sql, &[&vendor.id, &vendor.name, &vendor.name_en, &vendor.sample]).await?;
    let login = format!("{}_vendor", vendor.id);
    let sql =
        format!("grant connect on database {DATABASE} to {login}; grant kumoi_vendor to {login}");
    client.batch_execute(&sql).await?;
    Ok(())
}

/// The name of a vendor.
///
/// # Errors
/// [`StoreError::Database`] when there is none of this identifier.
pub async fn vendor_name(client: &Client, id: &str) -> Result<String, StoreError> {
    let sql = "select name from market.vendor where id = $1";
    Ok(client.query_one(sql, &[&id]).await?.try_get(0)?)
}

/// Hears of what was sent in or is to be withdrawn.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn submitted_listen(installer: &Installer) -> Result<Heard, StoreError> {
    listen(installer, DATABASE, "kumoi_submitted").await
}

/// Adds a key of this login's vendor, with what one of its keys in force signed for it; the first
/// needs nothing.
///
/// # Errors
/// [`StoreError::Database`]; a key that is there already stays as it is.
pub async fn key_add(
    client: &impl GenericClient,
    (content, endorsement): (&str, Option<&str>),
    actor: &str,
) -> Result<(), StoreError> {
    let sql = "insert into market.key (content, endorsement, added_by) values ($1, $2, $3)
               on conflict do nothing";
    client.execute(sql, &[&content, &endorsement, &actor]).await?;
    Ok(())
}

/// Adds a key of a vendor, for the installer.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn key_admit(client: &Client, vendor: &str, content: &str) -> Result<(), StoreError> {
    let sql = "insert into market.key (vendor, content, added_by) values ($1, $2, '基盤')
               on conflict do nothing";
    client.execute(sql, &[&vendor, &content]).await?;
    Ok(())
}

/// Makes a key good for no new package from now on.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none with this number that is in force.
pub async fn key_revoke(
    client: &impl GenericClient,
    id: i64,
    actor: &str,
) -> Result<(), StoreError> {
    let sql = "update market.key set revoked_at = now(), revoked_by = $2
               where id = $1 and revoked_at is null";
    match client.execute(sql, &[&id, &actor]).await? {
        0 => Err(StoreError::NotFound(base::said!("使える検証鍵 {id}", "key {id} in force"))),
        _ => Ok(()),
    }
}

/// The keys of a vendor, the newest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn key_list(client: &impl GenericClient, vendor: &str) -> Result<Vec<Key>, StoreError> {
    let sql = "select id, content, added_at, added_by, revoked_at, revoked_by from market.key
               where vendor = $1 order by id desc";
    let rows = client.query(sql, &[&vendor]).await?;
    let key = |row: &Row| {
        let (at, by): (Option<Timestamp>, Option<String>) = (row.try_get(4)?, row.try_get(5)?);
        Ok(Key {
            id: row.try_get(0)?,
            content: row.try_get(1)?,
            added_at: row.try_get(2)?,
            added_by: row.try_get(3)?,
            revoked: at.zip(by),
        })
    };
    rows.iter().map(key).collect()
}

/// A package as it was sent in.
#[derive(Clone, Debug)]
pub struct Sent<'s> {
    /// The name of the file.
    pub file_name: &'s str,
    /// The file.
    pub content: &'s [u8],
    /// Its SHA-256, hexadecimal.
    pub digest: &'s str,
}

/// Takes in a package of this login's vendor; its number.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn submission_add(
    client: &impl GenericClient,
    sent: &Sent<'_>,
    actor: &str,
) -> Result<i64, StoreError> {
    let sql = "insert into market.submission (sent_by, file_name, content, digest)
               values ($1, $2, $3, $4) returning id";
    let given: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&actor, &sent.file_name, &sent.content, &sent.digest];
    Ok(client.query_one(sql, &given).await?.try_get(0)?)
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
    let sql = "insert into market.submission (vendor, sent_by, file_name, content, digest)
               select $1, '基盤', $2, $3, $4 where not exists (
                 select from market.submission where vendor = $1 and digest = $4)";
    client.execute(sql, &[&vendor, &sent.file_name, &sent.content, &sent.digest]).await?;
    Ok(())
}

const SUBMISSION: &str = "id, vendor, received_at, sent_by, file_name, digest, state, system, name,
    version, hash, report, in_use, withdrawal_asked_at, withdrawal_asked_by, withdrawal_reason";

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
        file_name: row.try_get(4)?,
        digest: row.try_get(5)?,
        state: row.try_get(6)?,
        named,
        report: row.try_get(11)?,
        in_use: row.try_get(12)?,
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

/// What the executor has to do: sent in and not judged, or to be withdrawn; the oldest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn waiting_list(client: &Client) -> Result<Vec<Submission>, StoreError> {
    let sql = format!(
        "select {SUBMISSION} from market.submission
         where state = '受付' or (state = '公開' and withdrawal_asked_at is not null) order by id"
    );
    client.query(&sql, &[]).await?.iter().map(submission).collect()
}

/// The file of a submission.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn content_read(client: &Client, id: i64) -> Result<Vec<u8>, StoreError> {
    let sql = "select content from market.submission where id = $1";
    Ok(client.query_one(sql, &[&id]).await?.try_get(0)?)
}

/// Writes down what the executor found. A submission is judged once.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn submission_judge(
    client: &Client,
    id: i64,
    found: &Judgement<'_>,
) -> Result<(), StoreError> {
    let sql = "update market.submission set state = $2, system = $3, name = $4, version = $5,
                 hash = $6, report = $7, judged_at = now() where id = $1 and state = '受付'";
    let part = |of: fn(&Named) -> &str| found.named.map(of);
    let (system, name) = (part(|one| &one.system), part(|one| &one.name));
    let (version, hash) = (part(|one| &one.version), part(|one| &one.hash));
    let given: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&id, &found.state, &system, &name, &version, &hash, &found.report];
    client.execute(sql, &given).await?;
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

/// Tells vendors how many bodies use what they offer: vendor, package hash, bodies.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn use_tell(client: &Client, uses: &[(String, String, i32)]) -> Result<(), StoreError> {
    let sql = "update market.submission set in_use = $3
               where vendor = $1 and hash = $2 and in_use <> $3";
    for (vendor, hash, bodies) in uses {
        client.execute(sql, &[vendor, hash, bodies]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
