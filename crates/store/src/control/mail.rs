//! 通知 and mail in the control database: what a body is told once, where it wants it by mail, and
//! what is still to be handed to the relay. The codes that confirm an address are the database's
//! own.

use base::said;
use jiff::Timestamp;
use tokio_postgres::{Client, Row};

use crate::{GenericClient, StoreError};

/// What the database says when enough codes were sent on a day.
const ENOUGH: &str = "KM020";

/// 通知: something a body is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whom it concerns.
    pub organisation: String,
    /// What it is about: said once for each key.
    pub key: String,
    /// One line.
    pub subject: String,
    /// What is said.
    pub words: String,
}

/// A notice as it was said, with what became of its mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// One line.
    pub subject: String,
    /// What was said.
    pub words: String,
    /// Of how many addresses.
    pub addresses: i64,
    /// To how many it was handed on.
    pub sent: i64,
    /// Why the last one was not, where one was not.
    pub fault: String,
}

/// Where a body wants its notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Number.
    pub id: i64,
    /// The address.
    pub address: String,
    /// Who entered it.
    pub added_by: String,
    /// How often a code was tried.
    pub tries: i32,
    /// Since when it is confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// What became of the mail with its code: 送信待ち, 送信済, 送れない.
    pub state: Option<String>,
}

/// A mail to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Number.
    pub id: i64,
    /// To whom.
    pub address: String,
    /// The body's name.
    pub name: String,
    /// What is told: subject and words.
    pub notice: Option<(String, String)>,
    /// The code of a confirmation.
    pub code: Option<String>,
}

/// Tells a body something, once; whether it was new. Mail to its confirmed addresses is due then.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn notice_tell(client: &Client, notice: &Notice) -> Result<bool, StoreError> {
    let Notice { organisation, key, subject, words } = notice;
    let sql = "insert into control.notice (organisation, key, subject, words)
               values ($1, $2, $3, $4) on conflict do nothing";
    Ok(client.execute(sql, &[organisation, key, subject, words]).await? > 0)
}

/// What this login's body was told, the last first, at most `limit`.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn notice_list(client: &impl GenericClient, limit: i64) -> Result<Vec<Told>, StoreError> {
    let sql = "select n.at, n.subject, n.words, count(m.id), count(m.sent_at),
                 coalesce(max(m.fault) filter (where m.state <> '送信済'), '')
               from control.notice n left join control.mail m on m.notice = n.id
               group by n.id, n.at, n.subject, n.words order by n.id desc limit $1";
    let told = |row: &Row| {
        Ok(Told {
            at: row.try_get(0)?,
            subject: row.try_get(1)?,
            words: row.try_get(2)?,
            addresses: row.try_get(3)?,
            sent: row.try_get(4)?,
            fault: row.try_get(5)?,
        })
    };
    client.query(sql, &[&limit]).await?.iter().map(told).collect()
}

/// Where this login's body wants its notices.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn address_list(client: &impl GenericClient) -> Result<Vec<Address>, StoreError> {
    let sql = "select a.id, a.address, a.added_by, a.tries, a.confirmed_at, m.state
               from control.mail_address a
               left join control.mail m on m.address = a.id and m.notice is null
               order by a.id";
    let address = |row: &Row| {
        Ok(Address {
            id: row.try_get(0)?,
            address: row.try_get(1)?,
            added_by: row.try_get(2)?,
            tries: row.try_get(3)?,
            confirmed_at: row.try_get(4)?,
            state: row.try_get(5)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(address).collect()
}

/// Asks for mail to an address of this login's body: a code is sent there.
///
/// # Errors
/// [`StoreError::Conflict`] for what is no address, when there are five already, and when enough
/// codes were sent today.
pub async fn address_ask(
    client: &impl GenericClient,
    address: &str,
    actor: &str,
) -> Result<(), StoreError> {
    let sql = "select control.mail_ask($1, $2)";
    let asked = match client.query_one(sql, &[&address, &actor]).await {
        Ok(row) => row.try_get(0)?,
        Err(error) if error.code() == Some(&tokio_postgres::error::SqlState::CHECK_VIOLATION) => {
            return Err(StoreError::Conflict(said!(
                "メールアドレスとして読めません。例: kikaku@example.lg.jp のように書いてください",
                "This is no mail address; write it like kikaku@example.lg.jp"
            )));
        }
        Err(error) if error.code().is_some_and(|code| code.code() == ENOUGH) => {
            return Err(StoreError::Conflict(said!(
                "確認の番号は、一つの宛先に一日三回、この団体から一日十回までです。明日、もう一度加えてください。\
                 届かないときは、アドレスを確かめてください",
                "Three codes a day to an address and ten from this organisation. Try again \
                 tomorrow; if none arrives, check the address"
            )));
        }
        Err(error) => return Err(error.into()),
    };
    match asked {
        true => Ok(()),
        false => Err(StoreError::Conflict(said!(
            "宛先は五つまでです。使わないものを外してから加えてください",
            "At most five addresses; remove one first"
        ))),
    }
}

/// Confirms an address of this login's body by its code; whether it was the right one.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn address_confirm(
    client: &impl GenericClient,
    id: i64,
    code: &str,
) -> Result<bool, StoreError> {
    let sql = "select control.mail_confirm($1, $2)";
    let code = code.trim().to_uppercase();
    Ok(client.query_one(sql, &[&id, &code]).await?.try_get(0)?)
}

/// Sends no more to an address of this login's body; whether there was one.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn address_remove(client: &impl GenericClient, id: i64) -> Result<bool, StoreError> {
    let sql = "select control.mail_remove($1)";
    Ok(client.query_one(sql, &[&id]).await?.try_get(0)?)
}

/// Says to which relay mail is handed; `None` when there is none.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn relay_put(client: &Client, relay: Option<&str>) -> Result<(), StoreError> {
    let Some(relay) = relay else {
        client.execute("delete from control.mail_relay", &[]).await?;
        return Ok(());
    };
    let sql = "insert into control.mail_relay (relay) values ($1)
               on conflict (one) do update set relay = excluded.relay, since = now()
               where mail_relay.relay <> excluded.relay";
    client.execute(sql, &[&relay]).await?;
    Ok(())
}

/// Whether there is a relay.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn relay_known(client: &impl GenericClient) -> Result<bool, StoreError> {
    let sql = "select exists (select from control.mail_relay)";
    Ok(client.query_one(sql, &[]).await?.try_get(0)?)
}

/// The mails whose time has come, the oldest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn mail_due(client: &Client) -> Result<Vec<Due>, StoreError> {
    let sql = "select m.id, a.address, o.name, n.subject, n.words, m.code
               from control.mail m join control.mail_address a on a.id = m.address
               join control.organisation o on o.id = a.organisation
               left join control.notice n on n.id = m.notice
               where m.state = '送信待ち' and m.next_at <= now() order by m.id limit 100";
    let due = |row: &Row| {
        let (subject, words): (Option<String>, Option<String>) = (row.try_get(3)?, row.try_get(4)?);
        Ok(Due {
            id: row.try_get(0)?,
            address: row.try_get(1)?,
            name: row.try_get(2)?,
            notice: subject.zip(words),
            code: row.try_get(5)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(due).collect()
}

/// A mail was handed on. Its code, if it had one, is forgotten.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn mail_sent(client: &Client, id: i64) -> Result<(), StoreError> {
    let sql = "update control.mail set state = '送信済', sent_at = now(), tries = tries + 1,
                 code = null, fault = '' where id = $1";
    client.execute(sql, &[&id]).await?;
    Ok(())
}

/// A mail was not handed on: again later, each time twice as long, unless it is `for_good` or was
/// tried ten times.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn mail_failed(
    client: &Client,
    id: i64,
    (fault, for_good): (&str, bool),
) -> Result<(), StoreError> {
    let sql = "update control.mail set tries = tries + 1, fault = $2,
                 next_at = now() + interval '1 minute' * power(2, tries),
                 state = case when $3 or tries >= 9 then '送れない' else state end,
                 code = case when $3 or tries >= 9 then null else code end
               where id = $1";
    client.execute(sql, &[&id, &fault, &for_good]).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
