//! The outer side of publishing: keys and signed packages that vendors leave, and what the executor
//! answers. A vendor's login sees its own rows only; nothing here names a vendor to it.

mod application;
mod assisted;
mod rollout;
mod sandbox;
mod submission;

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::{Client, Row};

use crate::control::{Heard, listen};
use crate::organisation::{Installer, Organisation};
use crate::{GenericClient, StoreError, schema};

pub use application::{
    Applicant, Application, ENTRANCE, Standing, application_add, application_decide,
    application_list, application_opened, application_standing, entrance_open, vendor_id,
    vendors_admitted,
};
pub use assisted::{Assisted, assisted_list, assisted_tell};
pub use rollout::{
    Rollout, RolloutBody, rollout_ask, rollout_begin, rollout_bodies, rollout_body_set,
    rollout_hold, rollout_let_go, rollout_list, rollout_read, rollout_state, rollout_wish,
};
pub use sandbox::{sandbox_listen, sandbox_of, sandbox_packages};
pub use submission::{
    ATTEMPTS, FILE_BYTES, Judgement, Named, OFFER, Sent, Submission, TRIAL, content_read,
    submission_add, submission_admit, submission_begin, submission_drop, submission_give_up,
    submission_judge, submission_list, submission_offered, submission_read, submission_withdraw,
    submissions_resume, waiting_list, waiting_until, withdrawal_ask,
};

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
    /// What another key signed for it; none for the first one and for one that was admitted.
    pub endorsement: Option<String>,
    /// Whether the platform has admitted it.
    pub admitted: bool,
    /// Since when it is good for no new package, and by whom.
    pub revoked: Option<(Timestamp, String)>,
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

/// Whether a vendor bears an identifier, or would by an application that waits or was admitted.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn vendor_bears(client: &Client, id: &str) -> Result<bool, StoreError> {
    let sql = "select exists (select from market.vendor where id = $1)
                 or exists (select from market.application
                   where 'v' || corporate_number = $1 and state <> '却下')";
    Ok(client.query_one(sql, &[&id]).await?.try_get(0)?)
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

/// Hears of applications that were admitted.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn admitted_listen(installer: &Installer) -> Result<Heard, StoreError> {
    listen(installer, DATABASE, "kumoi_admitted").await
}

/// Hears of roll-outs that are asked for, resumed or stopped.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn rollout_listen(installer: &Installer) -> Result<Heard, StoreError> {
    listen(installer, DATABASE, "kumoi_rollout").await
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

/// Admits a key of a vendor, for the installer; false where it was revoked, which stays so.
///
/// # Errors
/// [`StoreError::Database`], also when there is no such vendor.
pub async fn key_admit(client: &Client, vendor: &str, content: &str) -> Result<bool, StoreError> {
    let sql = "insert into market.key (vendor, content, added_by, admitted)
               values ($1, $2, '基盤', true)
               on conflict (vendor, content) do update set admitted = key.revoked_at is null
               returning admitted";
    Ok(client.query_one(sql, &[&vendor, &content]).await?.try_get(0)?)
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
    let sql =
        "select id, content, added_at, added_by, revoked_at, revoked_by, endorsement, admitted
               from market.key where vendor = $1 order by id desc";
    let rows = client.query(sql, &[&vendor]).await?;
    let key = |row: &Row| {
        let (at, by): (Option<Timestamp>, Option<String>) = (row.try_get(4)?, row.try_get(5)?);
        Ok(Key {
            id: row.try_get(0)?,
            content: row.try_get(1)?,
            added_at: row.try_get(2)?,
            added_by: row.try_get(3)?,
            endorsement: row.try_get(6)?,
            admitted: row.try_get(7)?,
            revoked: at.zip(by),
        })
    };
    rows.iter().map(key).collect()
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

/// Tells vendors what the catalogue ties their packages to: vendor, hash, whether it is a 部品, and
/// the list.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn ties_tell(
    client: &Client,
    ties: &[(String, String, bool, Value)],
) -> Result<(), StoreError> {
    let sql = "update market.submission set part = $3, ties = $4
               where vendor = $1 and hash = $2 and (part, ties) is distinct from ($3, $4)";
    for (vendor, hash, part, tied) in ties {
        client.execute(sql, &[vendor, hash, part, tied]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
