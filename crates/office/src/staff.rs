//! Staff: sign-in with password and one-time code, lock-out, expiry, sessions.
//!
//! Passwords are argon2id; the one-time secret is sealed; a code works once. Messages never say
//! whether a name exists.

mod code;
mod password;

use argon2::password_hash::PasswordHasher;
use argon2::{Argon2, PasswordVerifier};
use aws_lc_rs::rand;
use base::date::Date;
use base::said;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use store::identity::{
    Account, Session, account_failed, account_list, account_put, account_read, account_succeeded,
    attempt_count, role_grant, roles_of, session_close, session_open, session_read,
};
use store::{Database, GenericClient};

use code::Proof;

use crate::{Actor, OfficeError};
use base::date::day_in_japan;

pub use code::{Registration, code_confirm, code_reissue, code_secret, setup_actor};
pub use password::{account_issue, account_reissue, password_change, password_issue};

const FAILURES: i32 = 5;
const LOCK_MINUTES: i32 = 15;
const SESSION_HOURS: i32 = 10;
const PASSWORD_DAYS: i64 = 365;
/// Tries to sign in within [`WINDOW_SECONDS`]: from one address, and for one name.
const ADDRESS_TRIES: i32 = 60;
const ACCOUNT_TRIES: i32 = 10;
const WINDOW_SECONDS: i32 = 60;
/// A session that serves only to change the password lies in a zone of its own.
const RENEWAL: &str = ":password";
/// A session that serves only to set up one-time codes lies in another.
const SETUP: &str = ":code";

/// An account to be made.
#[derive(Clone)]
pub struct NewAccount {
    /// Sign-in name.
    pub id: String,
    /// Name shown.
    pub name: String,
    /// First password.
    pub password: String,
    /// Secret of the one-time codes, 20 bytes.
    pub totp_secret: Vec<u8>,
    /// Roles.
    pub roles: Vec<String>,
    /// First day.
    pub valid_from: Date,
}

/// A session that was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Token for the cookie.
    pub token: String,
    /// Token for forms.
    pub csrf: String,
    /// The session serves only to change the password.
    pub renewal: bool,
    /// The session serves only to set up one-time codes.
    pub setup: bool,
}

/// What a session serves for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Work,
    Renewal,
    Setup,
}

/// What somebody may do after the codes were proved: work, or change the password first.
fn purpose(account: &Account, today: Date) -> Purpose {
    match account.issued_until.is_some() || account.password_expires_on < today {
        true => Purpose::Renewal,
        false => Purpose::Work,
    }
}

fn random_text() -> Result<String, OfficeError> {
    let mut bytes = [0_u8; 32];
    rand::fill(&mut bytes).map_err(|_| no_randomness())?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn no_randomness() -> OfficeError {
    OfficeError::SignIn(said!(
        "乱数が得られません",
        "The machine gives no random numbers. Tell the administrator"
    ))
}

/// The password cannot be hashed.
fn not_kept() -> OfficeError {
    OfficeError::SignIn(said!(
        "パスワードを登録できません",
        "The password cannot be stored. Tell the administrator"
    ))
}

/// Too many failures: nobody signs in under this name for a while.
fn locked() -> OfficeError {
    OfficeError::SignIn(said!(
        "失敗が続いたため、この職員IDは15分間使えません",
        "Too many failures: this staff ID cannot be used for 15 minutes"
    ))
}

fn hash(password: &str) -> Result<String, OfficeError> {
    let mut salt = [0_u8; 16];
    rand::fill(&mut salt).map_err(|_| not_kept())?;
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hash.map_err(|_| not_kept())?.to_string())
}

fn place(id: &str) -> String {
    format!("staff.account.{id}.totp")
}

/// Makes an account, or replaces it whole.
///
/// # Errors
/// [`OfficeError::Invalid`] for a weak password.
pub async fn account_create(staff: &Database, new: &NewAccount) -> Result<(), OfficeError> {
    account_write(staff, new, None).await
}

async fn account_write(
    staff: &Database,
    new: &NewAccount,
    issued_until: Option<Timestamp>,
) -> Result<(), OfficeError> {
    let account = account_of(staff, new, issued_until)?;
    let mut client = staff.client().await?;
    let transaction = client.transaction().await?;
    account_put(&*transaction, &account).await?;
    for role in &new.roles {
        role_grant(&*transaction, &new.id, role, new.valid_from).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// A new account as it is kept.
fn account_of(
    staff: &Database,
    new: &NewAccount,
    issued_until: Option<Timestamp>,
) -> Result<Account, OfficeError> {
    password::strong(&new.password, &new.id, "password")?;
    let span = jiff::Span::new().days(PASSWORD_DAYS);
    Ok(Account {
        id: new.id.clone(),
        name: new.name.clone(),
        password: hash(&new.password)?,
        totp_sealed: code::sealed(staff, &new.id, &new.totp_secret, None)?,
        totp_last_step: 0,
        failures: 0,
        locked_until: None,
        password_expires_on: new.valid_from.saturating_add(span),
        valid_from: new.valid_from,
        valid_to: base::date::FOREVER,
        issued_until,
    })
}

fn refused() -> OfficeError {
    OfficeError::SignIn(said!(
        "職員ID、パスワード、ワンタイムコードのいずれかが違います",
        "The staff ID, the password or the one-time code is wrong"
    ))
}

/// Signs a person in.
///
/// # Errors
/// [`OfficeError::SignIn`] with one message for every wrong part, and one for a locked account.
pub async fn sign_in(
    staff: &Database,
    (id, password, code): (&str, &str, &str),
    zone: &str,
    now: Timestamp,
) -> Result<Opened, OfficeError> {
    let client = staff.client().await?;
    let account = account_read(&*client, id).await?;
    let known = account.clone().unwrap_or_else(nobody);
    let right = verified(password, &known.password).await;
    let Some(account) = account else { return Err(refused()) };
    if account.locked_until.is_some_and(|until| until > now) {
        return Err(OfficeError::SignIn(said!(
            "失敗が続いたため、この職員IDは15分間使えません。管理者が解除することもできます",
            "Too many failures: this staff ID cannot be used for 15 minutes. An administrator can \
             unlock it"
        )));
    }
    let proof = code::kept(staff, &account)?.proof(code.trim(), now)?;
    let today = day_in_japan(now);
    let valid = account.valid_from <= today && today < account.valid_to;
    let (true, Some(proof), true) = (right, proof, valid) else {
        account_failed(&*client, id, FAILURES, LOCK_MINUTES).await?;
        return Err(refused());
    };
    if account.issued_until.is_some_and(|until| until < now) {
        return Err(OfficeError::SignIn(said!(
            "発行されたパスワードの期限が切れています。管理者に再発行を求めてください",
            "The issued password has run out. Ask an administrator for another"
        )));
    }
    let step = match proof {
        Proof::Step(step) => step,
        Proof::Late => {
            return Err(OfficeError::SignIn(said!(
                "登録用コードの期限が切れています。管理者に再登録を求めてください",
                "The registration code has run out. Ask an administrator for another"
            )));
        }
        Proof::Registration => return open(&*client, &account.id, zone, Purpose::Setup).await,
    };
    if !account_succeeded(&*client, id, step).await? {
        return Err(OfficeError::SignIn(said!(
            "このワンタイムコードはもう使われました。次のコードを待って入力してください",
            "This one-time code was used already. Wait for the next one and enter it"
        )));
    }
    open(&*client, &account.id, zone, purpose(&account, today)).await
}

async fn verified(given: &str, stored: &str) -> bool {
    let (given, stored) = (given.to_owned(), stored.to_owned());
    let checking = tokio::task::spawn_blocking(move || {
        Argon2::default().verify_password(given.as_bytes(), stored.as_str()).is_ok()
    });
    checking.await.unwrap_or(false)
}

async fn open(
    client: &impl GenericClient,
    account: &str,
    zone: &str,
    purpose: Purpose,
) -> Result<Opened, OfficeError> {
    let (renewal, setup) = (purpose == Purpose::Renewal, purpose == Purpose::Setup);
    let opened = Opened { token: random_text()?, csrf: random_text()?, renewal, setup };
    let session = Session { account: account.to_owned(), csrf: opened.csrf.clone() };
    let zone = match purpose {
        Purpose::Work => zone.to_owned(),
        Purpose::Renewal => format!("{zone}{RENEWAL}"),
        Purpose::Setup => format!("{zone}{SETUP}"),
    };
    session_open(client, &opened.token, &session, &zone, SESSION_HOURS).await?;
    Ok(opened)
}

/// Counts a try to sign in, right or wrong, before anything is compared.
///
/// # Errors
/// [`OfficeError::TooMany`] from an address or for a name, whether or not the name exists.
pub async fn try_count(staff: &Database, address: &str, id: &str) -> Result<(), OfficeError> {
    let client = staff.client().await?;
    let name: String = id.chars().take(100).collect();
    for (source, limit) in
        [(format!("address {address}"), ADDRESS_TRIES), (format!("name {name}"), ACCOUNT_TRIES)]
    {
        let (tries, left) = attempt_count(&*client, &source, WINDOW_SECONDS).await?;
        if tries > limit {
            return Err(OfficeError::TooMany(left.max(1)));
        }
    }
    Ok(())
}

/// A hash to compare with when the name is unknown, so that the answer takes as long.
fn nobody() -> Account {
    Account {
        id: String::new(),
        name: String::new(),
        password: "$argon2id$v=19$m=19456,t=2,p=1$MDAwMDAwMDAwMDAwMDAwMA$\
                   MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA"
            .to_owned(),
        totp_sealed: Vec::new(),
        totp_last_step: 0,
        failures: 0,
        locked_until: None,
        password_expires_on: base::date::FOREVER,
        valid_from: base::date::FOREVER,
        valid_to: base::date::FOREVER,
        issued_until: None,
    }
}

/// The person of a session, with the roles in force today, and the token for forms.
///
/// # Errors
/// [`OfficeError::Store`].
pub async fn session_actor(
    staff: &Database,
    token: &str,
    zone: &'static str,
    request: String,
    at: Timestamp,
) -> Result<Option<(Actor, String)>, OfficeError> {
    actor_of(staff, token, (zone, zone), (request, at)).await
}

/// The person of a session that may serve only to change the password; true when it does.
///
/// # Errors
/// [`OfficeError::Store`].
pub async fn renewal_actor(
    staff: &Database,
    token: &str,
    zone: &'static str,
    request: String,
    at: Timestamp,
) -> Result<Option<(Actor, String, bool)>, OfficeError> {
    if let Some((actor, csrf)) = actor_of(staff, token, (zone, zone), (request.clone(), at)).await?
    {
        return Ok(Some((actor, csrf, false)));
    }
    let own = format!("{zone}{RENEWAL}");
    let found = actor_of(staff, token, (&own, zone), (request, at)).await?;
    Ok(found.map(|(actor, csrf)| (actor, csrf, true)))
}

async fn actor_of(
    staff: &Database,
    token: &str,
    (session_zone, zone): (&str, &'static str),
    (request, at): (String, Timestamp),
) -> Result<Option<(Actor, String)>, OfficeError> {
    let client = staff.client().await?;
    let Some(session) = session_read(&*client, token, session_zone).await? else {
        return Ok(None);
    };
    let Some(account) = account_read(&*client, &session.account).await? else { return Ok(None) };
    let today = day_in_japan(at);
    if account.valid_from > today || today >= account.valid_to {
        return Ok(None);
    }
    let roles = roles_of(&*client, &account.id, today).await?;
    let actor = Actor { id: account.id, name: account.name, roles, zone, request, at };
    Ok(Some((actor, session.csrf)))
}

/// Ends a session.
///
/// # Errors
/// [`OfficeError::Store`].
pub async fn sign_out(staff: &Database, token: &str) -> Result<(), OfficeError> {
    let client = staff.client().await?;
    session_close(&*client, token).await?;
    Ok(())
}

/// Accounts of a sample organisation with their roles and current codes, for its sign-in page.
/// The caller has made sure that the organisation is a sample.
///
/// # Errors
/// [`OfficeError::Store`].
pub async fn sample_codes(
    staff: &Database,
    now: Timestamp,
) -> Result<Vec<(String, String, Vec<String>, String)>, OfficeError> {
    let client = staff.client().await?;
    let mut out = Vec::new();
    for account in account_list(&*client).await? {
        let code = code::kept(staff, &account)?.current(now)?;
        let roles = roles_of(&*client, &account.id, day_in_japan(now)).await?;
        out.push((account.id, account.name, roles, code));
    }
    Ok(out)
}

/// A new secret for one-time codes.
///
/// # Errors
/// [`OfficeError::SignIn`] when the system has no randomness.
pub fn new_totp_secret() -> Result<Vec<u8>, OfficeError> {
    let mut secret = vec![0_u8; 20];
    rand::fill(&mut secret).map_err(|_| no_randomness())?;
    Ok(secret)
}

/// The secret as authenticator apps take it (base32, RFC 4648 without padding).
pub fn totp_secret_text(secret: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = String::new();
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in secret {
        bits = (bits << 8) | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            out.push(char::from(LETTERS[(bits >> count & 31) as usize]));
        }
    }
    if count > 0 {
        out.push(char::from(LETTERS[(bits << (5 - count) & 31) as usize]));
    }
    out
}
