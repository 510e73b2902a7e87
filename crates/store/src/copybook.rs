//! The books of training copies and sandboxes: what is asked for, what became of it, and what each
//! holds. Two pairs of tables of one shape, in two databases; nothing of a copy itself is here.

use base::said;
use base::said::Said;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Json;
use tokio_postgres::{Client, Row};

use crate::organisation::CopyWish;
use crate::{GenericClient, StoreError};

/// What the databases say when there is none to be made anew or closed, when something else was
/// asked for meanwhile, when no contract is in service, and when the body is being deleted.
const NONE: &str = "KM015";
const OVERTAKEN: &str = "KM016";
const UNSERVED: &str = "KM017";
const LEAVING: &str = "KM018";

/// A pair of tables: of wishes, by whose they are, and `…_act` of what was done. Functions
/// `…_wish` (as the platform) and `…_ask` (as one's own login) ask.
#[derive(Debug)]
pub struct CopyBooks {
    table: &'static str,
    name: (&'static str, &'static str),
}

/// 研修環境, in the control database, by body.
pub const TRAININGS: CopyBooks =
    CopyBooks { table: "control.training", name: ("研修環境", "training copy") };
/// 検証環境, in the market's database, by vendor.
pub const SANDBOXES: CopyBooks =
    CopyBooks { table: "market.sandbox", name: ("検証環境", "sandbox") };

/// A copy as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyBook {
    /// The body or vendor.
    pub of: String,
    /// The copy's identifier.
    pub organisation: String,
    /// What was asked for last.
    pub wish: CopyWish,
    /// By whom.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// When that was carried out; `None` while it waits.
    pub done_at: Option<Timestamp>,
    /// Why it could not be carried out, where that is the last word.
    pub note: String,
    /// What it holds.
    pub holds: Holdings,
}

/// Something that was asked for, or came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyAct {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// 開く, 作り直す, 閉じる, 済, できない.
    pub act: String,
    /// Why, where it could not be done.
    pub note: String,
}

/// What one holds, as it was last opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holdings {
    /// What is installed.
    pub systems: Vec<Held>,
    /// What could not be brought up, with why.
    pub refused: Vec<HeldBack>,
    /// The published sample accounts that sign in.
    pub people: Vec<HeldAccount>,
}

/// An installed system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Version.
    pub version: String,
    /// Hash of its package.
    pub hash: String,
}

/// A version that stays out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    /// The system's name.
    pub name: String,
    /// The version that stays in service.
    pub installed: String,
    /// The version that was to come.
    pub version: String,
    /// Why, one thing each.
    pub reasons: Vec<String>,
}

/// A published sample account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldAccount {
    /// Sign-in name.
    pub id: String,
    /// Name shown.
    pub name: String,
}

/// Asks for a copy, for it to be made anew, or for its end, as the platform. `seen` is when the
/// wish was asked for that the asker knew as the last one.
///
/// # Errors
/// [`StoreError::Conflict`] when there is none to be made anew or closed, something was asked for
/// meanwhile, no contract is in service, or the body is being deleted.
pub async fn copy_ask(
    client: &Client,
    (books, of): (&CopyBooks, &str),
    (wish, actor): (CopyWish, &str),
    seen: Option<Timestamp>,
) -> Result<(), StoreError> {
    let sql = format!("select {}_wish($1, $2, $3, $4)", books.table);
    books.asked(client.execute(&sql, &[&of, &wish.word(), &actor, &seen]).await)
}

/// The same for this login's body or vendor.
///
/// # Errors
/// As [`copy_ask`].
pub async fn copy_ask_own(
    client: &impl GenericClient,
    books: &CopyBooks,
    (wish, actor): (CopyWish, &str),
    seen: Option<Timestamp>,
) -> Result<(), StoreError> {
    let sql = format!("select {}_ask($1, $2, $3)", books.table);
    books.asked(client.execute(&sql, &[&wish.word(), &actor, &seen]).await)
}

impl CopyBooks {
    fn asked(&self, done: Result<u64, tokio_postgres::Error>) -> Result<(), StoreError> {
        let Err(error) = done else { return Ok(()) };
        let code = error.code().map(|state| state.code().to_owned()).unwrap_or_default();
        match self.refusal(&code) {
            Some(said) => Err(StoreError::Conflict(said)),
            None => Err(crate::control::quota::held(error)),
        }
    }

    fn refusal(&self, code: &str) -> Option<Said> {
        let (ja, en) = self.name;
        Some(match code {
            NONE => said!(
                "{ja}は開いていません。先に開いてください",
                "There is no {en}; open one first"
            ),
            OVERTAKEN => said!(
                "この間に、ほかの人が求めたか、前の求めがまだ終わっていません。いまの状態を確かめてください",
                "Somebody asked meanwhile, or what was asked before is not done. Look at its state"
            ),
            UNSERVED => said!(
                "提供中の契約がないため、{ja}を開けません",
                "No contract is in service, so there is nothing to make a {en} of"
            ),
            LEAVING => said!(
                "消去を求めた団体の{ja}は開けません",
                "A body that is being deleted gets no {en}"
            ),
            _ => return None,
        })
    }
}

/// Every copy that was ever asked for and that this login may see, by whose it is.
///
/// # Errors
/// [`StoreError::Database`]; [`StoreError::Refused`] for a word of a newer program.
pub async fn copy_list(
    client: &impl GenericClient,
    books: &CopyBooks,
) -> Result<Vec<CopyBook>, StoreError> {
    let sql = format!(
        "select of, organisation, wish, asked_by, asked_at, done_at, note, holds
         from {} order by of",
        books.table
    );
    client.query(&sql, &[]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<CopyBook, StoreError> {
    let word: String = row.try_get(2)?;
    let Json(holds) = row.try_get(7)?;
    Ok(CopyBook {
        of: row.try_get(0)?,
        organisation: row.try_get(1)?,
        wish: CopyWish::of_word(&word)?,
        asked_by: row.try_get(3)?,
        asked_at: row.try_get(4)?,
        done_at: row.try_get(5)?,
        note: row.try_get(6)?,
        holds,
    })
}

/// What was asked for of somebody's copy and what came of it, the last first, at most `limit`.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn copy_acts(
    client: &impl GenericClient,
    (books, of): (&CopyBooks, &str),
    limit: i64,
) -> Result<Vec<CopyAct>, StoreError> {
    let sql = format!(
        "select at, actor, act, note from {}_act where of = $1 order by id desc limit $2",
        books.table
    );
    let act = |row: &Row| {
        Ok(CopyAct {
            at: row.try_get(0)?,
            actor: row.try_get(1)?,
            act: row.try_get(2)?,
            note: row.try_get(3)?,
        })
    };
    client.query(&sql, &[&of, &limit]).await?.iter().map(act).collect()
}

/// Notes that what was asked for at that moment was carried out, or why it could not be (`note`).
/// What was asked for since stays open.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn copy_note(
    client: &Client,
    (books, book): (&CopyBooks, &CopyBook),
    note: &str,
) -> Result<(), StoreError> {
    let table = books.table;
    let sql = format!(
        "with noted as (
           update {table} set note = $3, done_at = case when $3 = '' then now() end
           where of = $1 and asked_at = $2 and done_at is null and (note <> $3 or $3 = '')
           returning of)
         insert into {table}_act (of, actor, act, note)
         select of, '基盤', case when $3 = '' then '済' else 'できない' end, $3 from noted"
    );
    client.execute(&sql, &[&book.of, &book.asked_at, &note]).await?;
    Ok(())
}

/// Writes down what somebody's copy holds now.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn copy_hold(
    client: &Client,
    (books, of): (&CopyBooks, &str),
    holds: &Holdings,
) -> Result<(), StoreError> {
    let sql = format!("update {} set holds = $2 where of = $1", books.table);
    client.execute(&sql, &[&of, &Json(holds)]).await?;
    Ok(())
}
