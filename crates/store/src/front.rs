//! The front database: sealed applications, links, published views, sessions of residents.
//!
//! Everything personal in it is sealed by [`seal`]; no function here takes or returns it in plain
//! text. The internet zone uses [`session`]; the office uses [`office`], which never gives the
//! internet a way in: it connects outward to this database.

pub mod office;
pub mod seal;
pub mod session;
pub mod view;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::GenericClient;

use crate::StoreError;

/// Kind of an application that asks to be linked to a record.
pub const LINK_REQUEST: &str = "link";

/// Name of the setting with the office's public key, base64url.
pub const OFFICE_KEY: &str = "office_key";

/// 基本4情報: what the card says of its holder.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// 氏名.
    pub name: String,
    /// 住所, in one line.
    pub address: String,
    /// 生年月日, ISO 8601.
    pub birthdate: String,
    /// 性別, as the issuer codes it.
    pub gender: String,
}

impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Claims(…)")
    }
}

/// 連携申請: travels sealed to the office, which believes nothing but the token's signature.
#[derive(Clone, Serialize, Deserialize)]
pub struct LinkRequest {
    /// The identity token, as the issuer signed it.
    pub token: String,
    /// The nonce of the attempt for which it was issued.
    pub nonce: String,
}

/// How far a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// 照合中: a clerk has to decide.
    Matching,
    /// 連携済.
    Linked,
    /// 不一致: no record of this organisation.
    Mismatch,
    /// 終了: the record is closed.
    Ended,
}

impl LinkState {
    /// As recorded.
    pub const fn text(self) -> &'static str {
        match self {
            LinkState::Matching => "照合中",
            LinkState::Linked => "連携済",
            LinkState::Mismatch => "不一致",
            LinkState::Ended => "終了",
        }
    }

    fn parse(text: &str) -> Result<LinkState, StoreError> {
        [LinkState::Matching, LinkState::Linked, LinkState::Mismatch, LinkState::Ended]
            .into_iter()
            .find(|state| state.text() == text)
            .ok_or_else(|| StoreError::Refused(format!("連携の状態「{text}」は読めません")))
    }
}

/// Leaves a sealed application; one that still waits is not doubled.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn application_leave(
    client: &impl GenericClient,
    kind: &str,
    handle: &[u8],
    sealed: &[u8],
) -> Result<(), StoreError> {
    client
        .execute(
            "insert into front.inbox (kind, subject_handle, sealed) values ($1, $2, $3)
             on conflict do nothing",
            &[&kind, &handle, &sealed],
        )
        .await?;
    Ok(())
}

/// Whether an application of this resident waits for the office.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn application_waits(
    client: &impl GenericClient,
    handle: &[u8],
) -> Result<bool, StoreError> {
    let sql = "select exists (select from front.inbox
                 where subject_handle = $1 and fetched_at is null)";
    Ok(client.query_one(sql, &[&handle]).await?.try_get(0)?)
}

/// State and sealed answer of a link, as the internet may see them; `None` before the office has
/// looked.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn link_answer(
    client: &impl GenericClient,
    handle: &[u8],
) -> Result<Option<(LinkState, Option<Vec<u8>>)>, StoreError> {
    let sql = "select state, answer from front.link where subject_handle = $1";
    let Some(row) = client.query_opt(sql, &[&handle]).await? else { return Ok(None) };
    Ok(Some((LinkState::parse(row.try_get(0)?)?, row.try_get(1)?)))
}

/// The sealed view and when it was published.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn view_read(
    client: &impl GenericClient,
    handle: &[u8],
) -> Result<Option<(Vec<u8>, Timestamp)>, StoreError> {
    let sql = "select sealed, published_at from front.view where subject_handle = $1";
    let row = client.query_opt(sql, &[&handle]).await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

/// A setting that the office published.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn setting_read(
    client: &impl GenericClient,
    name: &str,
) -> Result<Option<String>, StoreError> {
    let sql = "select value from front.setting where name = $1";
    let row = client.query_opt(sql, &[&name]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}
