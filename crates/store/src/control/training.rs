//! 研修環境: what bodies ask for, and what became of it. Nothing of a training copy itself is here:
//! it is no organisation of the books and has no contract.

use base::said;
use jiff::Timestamp;
use tokio_postgres::{Client, Row};

use crate::organisation::{Organisation, TRAINING, check_identifier};
use crate::{GenericClient, StoreError};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainingWish {
    /// 開く.
    Open,
    /// 作り直す: emptied, and filled with sample people anew.
    Renew,
    /// 閉じる: taken away with its keys.
    Close,
}

const WISHES: &[(TrainingWish, &str)] = &[
    (TrainingWish::Open, "開く"),
    (TrainingWish::Renew, "作り直す"),
    (TrainingWish::Close, "閉じる"),
];

/// A training copy as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Training {
    /// The body.
    pub of: String,
    /// The copy's identifier.
    pub organisation: String,
    /// What was asked for last.
    pub wish: TrainingWish,
    /// When.
    pub asked_at: Timestamp,
    /// When that was carried out; `None` while it waits.
    pub done_at: Option<Timestamp>,
    /// Why it could not be carried out, where that is the last word.
    pub note: String,
}

/// The training copy of a body as an organisation: invented, and said so in its name.
///
/// # Errors
/// [`StoreError::Refused`] when the body's identifier is too long for one beside it.
pub fn training_of(of: &Organisation) -> Result<Organisation, StoreError> {
    let id = format!("{}{TRAINING}", of.id);
    check_identifier(&id)?;
    Ok(Organisation {
        id,
        code: format!("{}K", of.code),
        name: format!("{}（研修）", of.name),
        name_en: format!("{} (training)", of.name_en),
        kind: of.kind.clone(),
        sample: true,
    })
}

/// Asks for a training copy of an organisation, for it to be made anew, or for its end.
///
/// # Errors
/// [`StoreError::Conflict`] when there is none to be made anew or closed, or the body's 容量 is used
/// up.
pub async fn training_ask(
    client: &Client,
    (training, of): (&Organisation, &Organisation),
    (wish, actor): (TrainingWish, &str),
) -> Result<(), StoreError> {
    let word = WISHES.iter().find(|(one, _)| *one == wish).map_or("", |(_, word)| word);
    let sql = "insert into control.training (of, organisation, wish, asked_by)
               select $1, $2, $3, $4 where $3 = '開く'
                 or exists (select from control.training
                   where of = $1 and (wish <> '閉じる' or done_at is null))
               on conflict (of) do update
                 set wish = excluded.wish, asked_by = excluded.asked_by, asked_at = now()";
    let asked = client.execute(sql, &[&of.id, &training.id, &word, &actor]).await;
    if asked.map_err(super::quota::held)? > 0 {
        return Ok(());
    }
    let name = &of.name;
    Err(StoreError::Conflict(said!(
        "{name}の研修環境は開いていません",
        "There is no training copy of {name}"
    )))
}

/// Every training copy that was ever asked for, by body.
///
/// # Errors
/// [`StoreError::Database`]; [`StoreError::Refused`] for a word of a newer program.
pub async fn training_list(client: &impl GenericClient) -> Result<Vec<Training>, StoreError> {
    let sql = "select of, organisation, wish, asked_at, done_at, note from control.training
               order by of";
    client.query(sql, &[]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Training, StoreError> {
    let word: String = row.try_get(2)?;
    let wish = WISHES.iter().find(|(_, known)| *known == word).map(|(wish, _)| *wish);
    Ok(Training {
        of: row.try_get(0)?,
        organisation: row.try_get(1)?,
        wish: wish
            .ok_or_else(|| StoreError::Refused(format!("研修環境の「{word}」を知りません")))?,
        asked_at: row.try_get(3)?,
        done_at: row.try_get(4)?,
        note: row.try_get(5)?,
    })
}

/// Notes that what was asked for at that moment was carried out, or why it could not be (`note`).
/// What was asked for since stays open.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn training_note(
    client: &Client,
    training: &Training,
    note: &str,
) -> Result<(), StoreError> {
    let sql = "with noted as (
                 update control.training set note = $3,
                   done_at = case when $3 = '' then now() end
                 where of = $1 and asked_at = $2 and done_at is null and (note <> $3 or $3 = '')
                 returning of)
               insert into control.training_act (of, actor, act, note)
               select of, '基盤', case when $3 = '' then '済' else 'できない' end, $3 from noted";
    client.execute(sql, &[&training.of, &training.asked_at, &note]).await?;
    Ok(())
}
