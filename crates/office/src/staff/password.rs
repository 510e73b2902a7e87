//! Passwords: the own one is changed by who knows the old one; a forgotten one is replaced by an
//! administrator with an issued one, which serves for a short time and only to be changed.

use aws_lc_rs::rand;
use base::date::Date;
use base::said;
use base::said::Said;
use jiff::{SignedDuration, Timestamp};
use store::Database;
use store::identity::{account_failed, account_read, account_renew, password_set};

use super::{
    FAILURES, LOCK_MINUTES, NewAccount, Opened, PASSWORD_DAYS, Purpose, account_of, account_write,
    hash, locked, no_randomness, not_kept, open, verified,
};
use crate::{Actor, OfficeError};
use base::date::day_in_japan;

/// How long an issued password serves: for a new account, and for a forgotten one.
const NEW_HOURS: i64 = 24 * 7;
const FORGOTTEN_HOURS: i64 = 24;
const LENGTH: std::ops::RangeInclusive<usize> = 12..=128;
const DISTINCT: usize = 5;

/// The moment cannot be written.
pub(super) fn beyond_time() -> OfficeError {
    let said = said!("日時が扱える範囲にありません", "The moment is out of range");
    OfficeError::invalid("id", said)
}

/// There is no such account.
pub(super) fn no_account() -> OfficeError {
    OfficeError::NotFound(said!("職員ID", "The staff ID"))
}

/// Refuses a password that is short, too long, monotonous or made of the sign-in name.
pub(super) fn strong(password: &str, id: &str, at: &str) -> Result<(), OfficeError> {
    match weakness(password, id) {
        Some(said) => Err(OfficeError::invalid(at, said)),
        None => Ok(()),
    }
}

fn weakness(password: &str, id: &str) -> Option<Said> {
    if !LENGTH.contains(&password.chars().count()) {
        return Some(said!(
            "パスワードは12文字以上128文字までにしてください",
            "A password has 12 to 128 characters"
        ));
    }
    let mut distinct: Vec<char> = password.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < DISTINCT {
        return Some(said!(
            "同じ文字の繰り返しが多すぎます。5種類以上の文字を使ってください",
            "The same characters come too often. Use at least 5 different ones"
        ));
    }
    if password.chars().all(|c| c.is_ascii_digit()) {
        return Some(said!(
            "数字だけのパスワードは使えません。文字や記号を混ぜてください",
            "Digits alone are no password. Mix in letters or signs"
        ));
    }
    let long = id.chars().count() >= 4;
    if long && password.to_lowercase().contains(&id.to_lowercase()) {
        return Some(said!(
            "パスワードに職員IDを含めないでください",
            "The password must not contain the staff ID"
        ));
    }
    None
}

fn expires(now: Timestamp) -> Date {
    day_in_japan(now).saturating_add(jiff::Span::new().days(PASSWORD_DAYS))
}

async fn hashed(password: &str) -> Result<String, OfficeError> {
    let given = password.to_owned();
    let hashing = tokio::task::spawn_blocking(move || hash(&given));
    hashing.await.map_err(|_| not_kept())?
}

/// Changes the own password. Every session of the account ends; a new one is opened.
///
/// # Errors
/// [`OfficeError::Invalid`] for the old or the new password, [`OfficeError::SignIn`] while the
/// account is locked.
pub async fn password_change(
    staff: &Database,
    actor: &Actor,
    (old, new, again): (&str, &str, &str),
) -> Result<Opened, OfficeError> {
    let mut client = staff.client().await?;
    let account = account_read(&**client, &actor.id).await?;
    let account = account.ok_or_else(no_account)?;
    if account.locked_until.is_some_and(|until| until > actor.at) {
        return Err(locked());
    }
    if !verified(old, &account.password).await {
        account_failed(&**client, &actor.id, FAILURES, LOCK_MINUTES).await?;
        let said = said!("いまのパスワードが違います", "The present password is wrong");
        return Err(OfficeError::invalid("old", said));
    }
    if new != again {
        let said = said!(
            "新しいパスワードと確認の入力が違います",
            "The new password and its repetition differ"
        );
        return Err(OfficeError::invalid("again", said));
    }
    if new == old {
        let said = said!(
            "いまと違うパスワードにしてください",
            "Choose a password that differs from the present one"
        );
        return Err(OfficeError::invalid("new", said));
    }
    strong(new, &actor.id, "new")?;
    let hash = hashed(new).await?;
    let transaction = client.transaction().await?;
    password_set(&*transaction, &actor.id, (&hash, expires(actor.at)), None).await?;
    let opened = open(&*transaction, &actor.id, actor.zone, Purpose::Work).await?;
    transaction.commit().await?;
    Ok(opened)
}

/// Makes an account whose password was chosen by an administrator: it must be changed first.
///
/// # Errors
/// [`OfficeError::Conflict`] when the name is taken, [`OfficeError::Invalid`].
pub async fn account_issue(
    staff: &Database,
    new: &NewAccount,
    now: Timestamp,
) -> Result<(), OfficeError> {
    if account_read(&**staff.client().await?, &new.id).await?.is_some() {
        let id = &new.id;
        return Err(OfficeError::Conflict(said!(
            "職員ID「{id}」はもうあります。別の職員IDにしてください",
            "The staff ID “{id}” is taken. Choose another"
        )));
    }
    if new.id.is_empty() || new.name.is_empty() {
        let said = said!("職員IDと氏名を入力してください", "Enter the staff ID and the name");
        return Err(OfficeError::invalid("id", said));
    }
    let until = now.saturating_add(SignedDuration::from_hours(NEW_HOURS));
    let until = until.map_err(|_| beyond_time())?;
    account_write(staff, new, Some(until)).await
}

/// Issues the first administrator's password and one-time codes anew, as long as nobody has ever
/// signed in.
///
/// # Errors
/// [`OfficeError::Conflict`] when somebody has signed in, or there is no such account.
pub async fn account_reissue(
    staff: &Database,
    new: &NewAccount,
    now: Timestamp,
) -> Result<(), OfficeError> {
    let until = now.saturating_add(SignedDuration::from_hours(NEW_HOURS));
    let account = account_of(staff, new, Some(until.map_err(|_| beyond_time())?))?;
    if account_renew(&**staff.client().await?, &account).await? {
        return Ok(());
    }
    let id = &new.id;
    Err(OfficeError::Conflict(said!(
        "職員ID「{id}」の設定は出し直せません。もう誰かがサインインしたか、まだ開いていません。サインインした\
         管理者がいるときは、職員の画面でパスワードを出し直してください",
        "The set-up of “{id}” cannot be issued anew: somebody signed in, or it is not open yet. \
         An administrator issues passwords on the staff page"
    )))
}

/// Replaces a forgotten password by an issued one, which is returned once and kept nowhere.
///
/// # Errors
/// [`OfficeError::NotFound`] when there is no such account.
pub async fn password_issue(
    staff: &Database,
    id: &str,
    now: Timestamp,
) -> Result<String, OfficeError> {
    let issued = issued_text()?;
    let hash = hashed(&issued).await?;
    let until = now.saturating_add(SignedDuration::from_hours(FORGOTTEN_HOURS));
    let until = until.map_err(|_| beyond_time())?;
    let client = staff.client().await?;
    password_set(&**client, id, (&hash, expires(now)), Some(until)).await?;
    Ok(issued)
}

/// Five groups of four letters that nobody confuses: 100 bits.
pub(super) fn issued_text() -> Result<String, OfficeError> {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut bytes = [0_u8; 20];
    rand::fill(&mut bytes).map_err(|_| no_randomness())?;
    let letters: Vec<char> =
        bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::{issued_text, strong};

    #[test]
    fn weak_passwords_are_refused() {
        for good in ["only-for-this-test", "夏の朝に歩く川沿いの道と橋", "kumoi-mihon-2026"]
        {
            assert!(strong(good, "madoguchi", "new").is_ok(), "{good}");
        }
        let long = "long-".repeat(26);
        for weak in ["eleven-char", "aaaaaaaaaaaabbb", "123456789012", "Madoguchi-2026", &long] {
            assert!(strong(weak, "madoguchi", "new").is_err(), "{weak}");
        }
    }

    #[test]
    fn an_issued_password_is_strong_and_never_twice_the_same() {
        let (one, other) = (issued_text().unwrap(), issued_text().unwrap());
        assert!(strong(&one, "kanri", "new").is_ok(), "{one}");
        assert_ne!(one, other);
        assert_eq!(one.len(), 24);
    }
}
