//! Staff identities: accounts, roles with dates, sessions. Lives in the staff database.

use base::date::Date;
use base::said;
use jiff::Timestamp;

use crate::{GenericClient, StoreError};

/// A member of staff.
#[derive(Clone, Debug)]
pub struct Account {
    /// Sign-in name.
    pub id: String,
    /// Name shown.
    pub name: String,
    /// Argon2id hash in PHC form.
    pub password: String,
    /// Sealed secret of the one-time codes.
    pub totp_sealed: Vec<u8>,
    /// The last time step whose code was used: a code works once.
    pub totp_last_step: i64,
    /// Failures since the last success.
    pub failures: i32,
    /// Locked until then.
    pub locked_until: Option<Timestamp>,
    /// The password must be changed after this day.
    pub password_expires_on: Date,
    /// The password was issued by an administrator: it serves until then, and only to be changed.
    pub issued_until: Option<Timestamp>,
    /// First day of validity.
    pub valid_from: Date,
    /// Day on which it ends.
    pub valid_to: Date,
}

/// Writes an account (new or changed).
///
/// # Errors
/// [`StoreError::Database`].
pub async fn account_put(client: &impl GenericClient, account: &Account) -> Result<(), StoreError> {
    client
        .execute(
            "insert into staff.account (id, name, password, totp_sealed, password_expires_on,
               valid_from, valid_to, issued_until)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (id) do update set name = $2, password = $3, totp_sealed = $4,
               password_expires_on = $5, valid_from = $6, valid_to = $7, issued_until = $8",
            &[
                &account.id,
                &account.name,
                &account.password,
                &account.totp_sealed,
                &account.password_expires_on,
                &account.valid_from,
                &account.valid_to,
                &account.issued_until,
            ],
        )
        .await?;
    Ok(())
}

/// Writes the secrets of an account anew, as long as nobody here has ever signed in; false when
/// somebody has, or there is no such account. Sessions of it end.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn account_renew(
    client: &impl GenericClient,
    account: &Account,
) -> Result<bool, StoreError> {
    let sql = "with renewed as (
                 update staff.account set password = $2, totp_sealed = $3, password_expires_on = $4,
                   issued_until = $5, failures = 0, locked_until = null
                 where id = $1 and totp_last_step = 0
                   and not exists (select from staff.account where totp_last_step > 0)
                 returning id),
               ended as (delete from staff.session s using renewed r where s.account = r.id)
               select count(*) > 0 from renewed";
    let until = account.issued_until;
    let known = (&account.password, &account.totp_sealed, &account.password_expires_on);
    let row = client.query_one(sql, &[&account.id, known.0, known.1, known.2, &until]).await?;
    Ok(row.try_get(0)?)
}

/// An account by its sign-in name.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn account_read(
    client: &impl GenericClient,
    id: &str,
) -> Result<Option<Account>, StoreError> {
    let row = client
        .query_opt(
            "select id, name, password, totp_sealed, totp_last_step, failures, locked_until,
               password_expires_on, valid_from, valid_to, issued_until
               from staff.account where id = $1",
            &[&id],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// All accounts, by sign-in name.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn account_list(client: &impl GenericClient) -> Result<Vec<Account>, StoreError> {
    let rows = client
        .query(
            "select id, name, password, totp_sealed, totp_last_step, failures, locked_until,
               password_expires_on, valid_from, valid_to, issued_until
               from staff.account order by id",
            &[],
        )
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &tokio_postgres::Row) -> Result<Account, StoreError> {
    Ok(Account {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        password: row.try_get(2)?,
        totp_sealed: row.try_get(3)?,
        totp_last_step: row.try_get(4)?,
        failures: row.try_get(5)?,
        locked_until: row.try_get(6)?,
        password_expires_on: row.try_get(7)?,
        valid_from: row.try_get(8)?,
        valid_to: row.try_get(9)?,
        issued_until: row.try_get(10)?,
    })
}

/// Counts a failure; the account is locked for `lock_minutes` from the fifth in a row.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn account_failed(
    client: &impl GenericClient,
    id: &str,
    limit: i32,
    lock_minutes: i32,
) -> Result<(), StoreError> {
    client
        .execute(
            "update staff.account set failures = failures + 1,
               locked_until = case when failures + 1 >= $2
                 then now() + make_interval(mins => $3) else locked_until end
             where id = $1",
            &[&id, &limit, &lock_minutes],
        )
        .await?;
    Ok(())
}

/// Records a success with the time step of its code; false when the code was used before.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn account_succeeded(
    client: &impl GenericClient,
    id: &str,
    step: i64,
) -> Result<bool, StoreError> {
    let changed = client
        .execute(
            "update staff.account set failures = 0, locked_until = null, totp_last_step = $2
             where id = $1 and totp_last_step < $2",
            &[&id, &step],
        )
        .await?;
    Ok(changed == 1)
}

/// Unlocks an account.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn account_unlock(client: &impl GenericClient, id: &str) -> Result<(), StoreError> {
    client
        .execute("update staff.account set failures = 0, locked_until = null where id = $1", &[&id])
        .await?;
    Ok(())
}

/// Changes an account's period of validity.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn account_end(
    client: &impl GenericClient,
    id: &str,
    on: Date,
) -> Result<(), StoreError> {
    client.execute("update staff.account set valid_to = $2 where id = $1", &[&id, &on]).await?;
    client.execute("delete from staff.session where account = $1", &[&id]).await?;
    Ok(())
}

/// Grants a role from a day on.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn role_grant(
    client: &impl GenericClient,
    account: &str,
    role: &str,
    from: Date,
) -> Result<(), StoreError> {
    client
        .execute(
            "insert into staff.role_grant (account, role, valid_from) values ($1, $2, $3)
             on conflict (account, role, valid_from) do update set valid_to = '9999-12-31'",
            &[&account, &role, &from],
        )
        .await?;
    Ok(())
}

/// Ends a role on a day.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn role_end(
    client: &impl GenericClient,
    account: &str,
    role: &str,
    on: Date,
) -> Result<(), StoreError> {
    client
        .execute(
            "update staff.role_grant set valid_to = $3
             where account = $1 and role = $2 and valid_to > $3",
            &[&account, &role, &on],
        )
        .await?;
    Ok(())
}

/// Roles of an account in force on a day.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn roles_of(
    client: &impl GenericClient,
    account: &str,
    day: Date,
) -> Result<Vec<String>, StoreError> {
    let rows = client
        .query(
            "select distinct role from staff.role_grant
             where account = $1 and valid_from <= $2 and $2 < valid_to order by role",
            &[&account, &day],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// A session; the token itself is never stored, only its SHA-256.
#[derive(Clone, Debug)]
pub struct Session {
    /// The account.
    pub account: String,
    /// Token that every form must carry.
    pub csrf: String,
}

fn token_digest(token: &str) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes()).as_ref().to_vec()
}

/// Opens a session for `hours` hours.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn session_open(
    client: &impl GenericClient,
    token: &str,
    session: &Session,
    zone: &str,
    hours: i32,
) -> Result<(), StoreError> {
    client
        .execute(
            "insert into staff.session (token, account, csrf, zone, expires_at)
             values ($1, $2, $3, $4, now() + make_interval(hours => $5))",
            &[&token_digest(token), &session.account, &session.csrf, &zone, &hours],
        )
        .await?;
    Ok(())
}

/// The session of a token in this zone, unless it ran out or lay idle for an hour.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn session_read(
    client: &impl GenericClient,
    token: &str,
    zone: &str,
) -> Result<Option<Session>, StoreError> {
    let row = client
        .query_opt(
            "update staff.session set last_used_at = now()
             where token = $1 and zone = $2 and expires_at > now()
               and last_used_at > now() - interval '1 hour'
             returning account, csrf",
            &[&token_digest(token), &zone],
        )
        .await?;
    row.map(|row| Ok(Session { account: row.try_get(0)?, csrf: row.try_get(1)? })).transpose()
}

/// Ends a session.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn session_close(client: &impl GenericClient, token: &str) -> Result<(), StoreError> {
    client.execute("delete from staff.session where token = $1", &[&token_digest(token)]).await?;
    Ok(())
}

/// Sets a password; an issued one serves until `issued_until`. Every session of the account ends.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such account.
pub async fn password_set(
    client: &impl GenericClient,
    id: &str,
    (hash, expires_on): (&str, Date),
    issued_until: Option<Timestamp>,
) -> Result<(), StoreError> {
    let sql = "update staff.account set password = $2, password_expires_on = $3, issued_until = $4,
                 failures = 0, locked_until = null
               where id = $1";
    let changed = client.execute(sql, &[&id, &hash, &expires_on, &issued_until]).await?;
    if changed == 0 {
        return Err(StoreError::NotFound(said!("職員ID「{id}」", "The staff ID “{id}”")));
    }
    client.execute("delete from staff.session where account = $1", &[&id]).await?;
    Ok(())
}

/// Sets what is sealed of the one-time codes. Every session of the account ends.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such account.
pub async fn totp_set(
    client: &impl GenericClient,
    id: &str,
    sealed: &[u8],
) -> Result<(), StoreError> {
    let sql = "update staff.account set totp_sealed = $2, totp_last_step = 0, failures = 0,
                 locked_until = null
               where id = $1";
    if client.execute(sql, &[&id, &sealed]).await? == 0 {
        return Err(StoreError::NotFound(said!("職員ID「{id}」", "The staff ID “{id}”")));
    }
    client.execute("delete from staff.session where account = $1", &[&id]).await?;
    Ok(())
}

/// Counts a try from a source in windows of `seconds`; how many there were in this window, and how
/// many seconds of it are left.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn attempt_count(
    client: &impl GenericClient,
    source: &str,
    seconds: i32,
) -> Result<(i32, i32), StoreError> {
    let old = "delete from staff.attempt where started_at < now() - interval '1 hour'";
    client.execute(old, &[]).await?;
    let row = client
        .query_one(
            "insert into staff.attempt as a (source, tries) values ($1, 1)
             on conflict (source) do update set
               tries = case when a.started_at < now() - make_interval(secs => $2)
                 then 1 else a.tries + 1 end,
               started_at = case when a.started_at < now() - make_interval(secs => $2)
                 then now() else a.started_at end
             returning tries, ceil($2 - extract(epoch from now() - started_at))::integer",
            &[&source, &f64::from(seconds)],
        )
        .await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}
