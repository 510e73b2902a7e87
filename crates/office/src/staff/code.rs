//! One-time codes (ワンタイムパスワード) and the secret they come from. A secret whose device is lost
//! is replaced by an administrator, who never sees the new one: a registration code is handed over,
//! and whoever signs in with it and the own password sets the new secret up.

use aws_lc_rs::digest;
use base::said;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use store::Database;
use store::identity::{Account, account_failed, account_read, account_succeeded, totp_set};
use totp_rs::{Builder, Totp};

use super::password::{beyond_time, issued_text, no_account};
use super::{
    FAILURES, LOCK_MINUTES, Opened, SETUP, actor_of, locked, new_totp_secret, open, place, purpose,
    refused, totp_secret_text,
};
use crate::{Actor, OfficeError};
use base::date::day_in_japan;

/// How long a registration code serves.
const REGISTRATION_HOURS: i64 = 24;

/// A registration code, returned once and kept nowhere.
#[derive(Clone, Debug)]
pub struct Registration {
    /// What is handed over.
    pub code: String,
    /// The moment until which it serves.
    pub until: Timestamp,
}

/// What is sealed of an account's codes: the secret, and while it waits to be set up the digest of
/// its registration code and the second until which that serves.
pub(super) struct Kept {
    secret: Vec<u8>,
    waiting: Option<(String, i64)>,
}

/// What an entered code proves.
pub(super) enum Proof {
    /// A one-time code of this time step.
    Step(i64),
    /// The registration code.
    Registration,
    /// The registration code, too late.
    Late,
}

/// The digest of a registration code, however it was typed.
fn digest_of(code: &str) -> String {
    let letters = base::text::to_half_width(code).to_ascii_uppercase();
    let letters: String = letters.chars().filter(char::is_ascii_alphanumeric).collect();
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, letters.as_bytes()))
}

/// Seals a secret; with a waiting registration it gives no entrance before it is set up.
pub(super) fn sealed(
    staff: &Database,
    id: &str,
    secret: &[u8],
    waiting: Option<(&str, Timestamp)>,
) -> Result<Vec<u8>, OfficeError> {
    let mut text = URL_SAFE_NO_PAD.encode(secret);
    if let Some((code, until)) = waiting {
        text = format!("{text} {} {}", digest_of(code), until.as_second());
    }
    Ok(staff.vault()?.seal(&place(id), &text)?)
}

/// Reads what is sealed.
pub(super) fn kept(staff: &Database, account: &Account) -> Result<Kept, OfficeError> {
    let text = staff.vault()?.open_sealed(&place(&account.id), &account.totp_sealed)?;
    let mut parts = text.split(' ');
    let secret = parts.next().unwrap_or_default();
    let secret = URL_SAFE_NO_PAD.decode(secret).map_err(|_| refused())?;
    let waiting = match (parts.next(), parts.next().map(str::parse)) {
        (Some(digest), Some(Ok(until))) => Some((digest.to_owned(), until)),
        (None, None) => None,
        _ => return Err(refused()),
    };
    Ok(Kept { secret, waiting })
}

impl Kept {
    fn totp(&self) -> Result<Totp, OfficeError> {
        Builder::new().with_secret(self.secret.clone()).build().map_err(|_| refused())
    }

    fn step(&self, code: &str, now: Timestamp) -> Result<Option<i64>, OfficeError> {
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let step = self.totp()?.check(code, seconds);
        Ok(step.map(|step| i64::try_from(step).unwrap_or(i64::MAX)))
    }

    /// What a code proves; nothing when it is wrong. While a secret waits to be set up, only its
    /// registration code proves anything.
    pub(super) fn proof(&self, code: &str, now: Timestamp) -> Result<Option<Proof>, OfficeError> {
        Ok(match &self.waiting {
            None => self.step(code, now)?.map(Proof::Step),
            Some((digest, _)) if *digest != digest_of(code) => None,
            Some((_, until)) if *until < now.as_second() => Some(Proof::Late),
            Some(_) => Some(Proof::Registration),
        })
    }

    /// The code of a moment.
    pub(super) fn current(&self, now: Timestamp) -> Result<String, OfficeError> {
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        Ok(self.totp()?.generate(seconds).to_string())
    }
}

/// Replaces the secret of whoever lost it by one that waits to be set up. Every session ends.
///
/// # Errors
/// [`OfficeError::Invalid`] without a reason, [`OfficeError::NotFound`] without such an account.
pub async fn code_reissue(
    staff: &Database,
    (id, reason): (&str, &str),
    now: Timestamp,
) -> Result<Registration, OfficeError> {
    if reason.trim().is_empty() {
        let said = said!(
            "再登録の理由と、本人をどう確かめたかを入力してください",
            "Enter why they are registered anew and how the person was checked"
        );
        return Err(OfficeError::invalid("reason", said));
    }
    let until = now.saturating_add(SignedDuration::from_hours(REGISTRATION_HOURS));
    let until = until.map_err(|_| beyond_time())?;
    let code = issued_text()?;
    let sealed = sealed(staff, id, &new_totp_secret()?, Some((&code, until)))?;
    totp_set(&**staff.client().await?, id, &sealed).await?;
    Ok(Registration { code, until })
}

/// The person of a session that serves only to set up one-time codes, and the token for forms.
///
/// # Errors
/// [`OfficeError::Store`].
pub async fn setup_actor(
    staff: &Database,
    token: &str,
    zone: &'static str,
    (request, at): (String, Timestamp),
) -> Result<Option<(Actor, String)>, OfficeError> {
    let own = format!("{zone}{SETUP}");
    actor_of(staff, token, (&own, zone), (request, at)).await
}

/// The account, and its secret that waits to be set up.
async fn waiting(staff: &Database, actor: &Actor) -> Result<(Account, Kept), OfficeError> {
    let account = account_read(&**staff.client().await?, &actor.id).await?;
    let account = account.ok_or_else(no_account)?;
    let kept = kept(staff, &account)?;
    if kept.waiting.is_none() {
        return Err(OfficeError::Conflict(said!(
            "ワンタイムパスワードは登録済みです。端末をなくしたときは、管理者に再登録を求めてください",
            "One-time codes are set up already. Ask an administrator to have them registered anew \
             if the device is lost"
        )));
    }
    Ok((account, kept))
}

/// The own secret as authenticator apps take it, for who signed in with a registration code.
///
/// # Errors
/// [`OfficeError::Conflict`] when it was set up already: it is never shown again.
pub async fn code_secret(staff: &Database, actor: &Actor) -> Result<String, OfficeError> {
    let (_, kept) = waiting(staff, actor).await?;
    Ok(totp_secret_text(&kept.secret))
}

/// Ends the setting up with a code of the new secret. The registration code serves no longer; a
/// session to work in, or to change the password first, is opened.
///
/// # Errors
/// [`OfficeError::Conflict`] when it was set up already, [`OfficeError::Invalid`] for a wrong code,
/// [`OfficeError::SignIn`] while the account is locked.
pub async fn code_confirm(
    staff: &Database,
    actor: &Actor,
    code: &str,
) -> Result<Opened, OfficeError> {
    let (account, kept) = waiting(staff, actor).await?;
    if account.locked_until.is_some_and(|until| until > actor.at) {
        return Err(locked());
    }
    let mut client = staff.client().await?;
    let code = base::text::to_half_width(code.trim());
    let Some(step) = kept.step(&code, actor.at)? else {
        account_failed(&**client, &actor.id, FAILURES, LOCK_MINUTES).await?;
        let said = said!(
            "コードが合いません。認証アプリに鍵を登録し、いま表示されている6桁を入力してください",
            "The code does not fit. Put the key into the authenticator app and enter the six \
             digits that it shows now"
        );
        return Err(OfficeError::invalid("code", said));
    };
    let sealed = sealed(staff, &actor.id, &kept.secret, None)?;
    let transaction = client.transaction().await?;
    totp_set(&*transaction, &actor.id, &sealed).await?;
    account_succeeded(&*transaction, &actor.id, step).await?;
    let purpose = purpose(&account, day_in_japan(actor.at));
    let opened = open(&*transaction, &actor.id, actor.zone, purpose).await?;
    transaction.commit().await?;
    Ok(opened)
}
