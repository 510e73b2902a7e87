//! 情報連携: what was asked of other members of the mesh and answered to them, as evidence; and the
//! index under which a person is found by a code. Append-only; bodies of answers are never kept.

use std::collections::HashSet;

use jiff::Timestamp;
use tokio_postgres::Row;

use definition::model::Item;

use crate::register::{Table, quote};
use crate::vault::Vault;
use crate::{GenericClient, StoreError};

/// Columns of an exchange, in the order of [`read`].
pub(crate) const COLUMNS: &str = "id, at, side, request, counterpart, service, affair, item_set,
    basis, subject, case_reference, officer, outcome, reason, request_base, request_signature,
    answer_base, answer_signature";

/// Which end of an exchange this body was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// 照会: it asked.
    Asked,
    /// 提供: it was asked.
    Answered,
}

impl Side {
    /// The word in the record.
    pub fn word(self) -> &'static str {
        match self {
            Side::Asked => "照会",
            Side::Answered => "提供",
        }
    }

    /// The side with this word.
    pub fn parse(word: &str) -> Option<Side> {
        [Side::Asked, Side::Answered].into_iter().find(|one| one.word() == word)
    }
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 回答: it was answered.
    Answered,
    /// 拒否: it was not lawful, or not a message of a member.
    Refused,
    /// 該当なし: nobody, or nothing of the person.
    Nothing,
    /// 保留: a person at the provider has to look (支援措置).
    Held,
    /// 不達: no answer came.
    Lost,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Outcome; 5] =
        [Outcome::Answered, Outcome::Refused, Outcome::Nothing, Outcome::Held, Outcome::Lost];

    /// The word in the record.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Answered => "回答",
            Outcome::Refused => "拒否",
            Outcome::Nothing => "該当なし",
            Outcome::Held => "保留",
            Outcome::Lost => "不達",
        }
    }

    /// The outcome with this word.
    pub fn parse(word: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// An exchange to be recorded. Moments are whole microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// When it was recorded.
    pub at: Timestamp,
    /// Which end this body was.
    pub side: Side,
    /// The number of the request.
    pub request: String,
    /// The other member.
    pub counterpart: String,
    /// The service asked for.
    pub service: String,
    /// 事務.
    pub affair: Option<String>,
    /// 特定個人情報.
    pub item_set: Option<String>,
    /// 根拠 by which it was answered.
    pub basis: Option<String>,
    /// 宛名番号 of the subject at this body.
    pub subject: Option<String>,
    /// The asking body's number of the case.
    pub case_reference: Option<String>,
    /// Who asked; at the asking body only.
    pub officer: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, when it was not answered.
    pub reason: Option<String>,
    /// The bytes that the request's signature covers.
    pub request_base: String,
    /// The request's signature.
    pub request_signature: Vec<u8>,
    /// The bytes that the answer's signature covers.
    pub answer_base: Option<String>,
    /// The answer's signature.
    pub answer_signature: Option<Vec<u8>>,
}

/// A recorded exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptExchange {
    /// Its number.
    pub id: i64,
    /// What was recorded.
    pub exchange: Exchange,
}

/// Appends exchanges in one statement; for each whether it is new. One that stands there already
/// (the same side, member and number) stays as it is.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn exchanges_append(
    client: &impl GenericClient,
    all: &[Exchange],
) -> Result<Vec<bool>, StoreError> {
    fn texts<'e>(all: &'e [Exchange], of: impl Fn(&'e Exchange) -> &'e str) -> Vec<&'e str> {
        all.iter().map(of).collect()
    }
    fn some<'e>(
        all: &'e [Exchange],
        of: impl Fn(&'e Exchange) -> &'e Option<String>,
    ) -> Vec<Option<&'e str>> {
        all.iter().map(|one| of(one).as_deref()).collect()
    }
    let at: Vec<Timestamp> = all.iter().map(|one| one.at).collect();
    let asked: Vec<&[u8]> = all.iter().map(|one| one.request_signature.as_slice()).collect();
    let answered: Vec<Option<&[u8]>> =
        all.iter().map(|one| one.answer_signature.as_deref()).collect();
    let sql =
        "insert into core.exchange (at, side, request, counterpart, service, affair, item_set,
           basis, subject, case_reference, officer, outcome, reason, request_base,
           request_signature, answer_base, answer_signature)
         select * from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[],
           $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
           $13::text[], $14::text[], $15::bytea[], $16::text[], $17::bytea[])
         on conflict (side, counterpart, request) do nothing
         returning side, counterpart, request";
    let rows = client
        .query(
            sql,
            &[
                &at,
                &texts(all, |one| one.side.word()),
                &texts(all, |one| &one.request),
                &texts(all, |one| &one.counterpart),
                &texts(all, |one| &one.service),
                &some(all, |one| &one.affair),
                &some(all, |one| &one.item_set),
                &some(all, |one| &one.basis),
                &some(all, |one| &one.subject),
                &some(all, |one| &one.case_reference),
                &some(all, |one| &one.officer),
                &texts(all, |one| one.outcome.word()),
                &some(all, |one| &one.reason),
                &texts(all, |one| &one.request_base),
                &asked,
                &some(all, |one| &one.answer_base),
                &answered,
            ],
        )
        .await?;
    let mut written: HashSet<(&str, &str, &str)> = HashSet::with_capacity(all.len());
    for row in &rows {
        written.insert((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    }
    let mut new = Vec::with_capacity(all.len());
    for one in all {
        // Twice in one group: the first one is the one that was written.
        let own = (one.side.word(), one.counterpart.as_str(), one.request.as_str());
        new.push(written.remove(&own));
    }
    Ok(new)
}

/// Reads a row of [`COLUMNS`].
pub(crate) fn read(row: &Row) -> Result<KeptExchange, StoreError> {
    let wrong = |what: &str| StoreError::Refused(format!("情報連携の記録の{what}"));
    let exchange = Exchange {
        at: row.try_get(1)?,
        side: Side::parse(row.try_get(2)?).ok_or_else(|| wrong("向き"))?,
        request: row.try_get(3)?,
        counterpart: row.try_get(4)?,
        service: row.try_get(5)?,
        affair: row.try_get(6)?,
        item_set: row.try_get(7)?,
        basis: row.try_get(8)?,
        subject: row.try_get(9)?,
        case_reference: row.try_get(10)?,
        officer: row.try_get(11)?,
        outcome: Outcome::parse(row.try_get(12)?).ok_or_else(|| wrong("結果"))?,
        reason: row.try_get(13)?,
        request_base: row.try_get(14)?,
        request_signature: row.try_get(15)?,
        answer_base: row.try_get(16)?,
        answer_signature: row.try_get(17)?,
    };
    Ok(KeptExchange { id: row.try_get(0)?, exchange })
}

/// The latest exchanges, newest first; of one subject when given.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn exchange_latest(
    client: &impl GenericClient,
    subject: Option<&str>,
    limit: i64,
) -> Result<Vec<KeptExchange>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from core.exchange where $1::text is null or subject = $1
         order by id desc limit $2"
    );
    client.query(&sql, &[&subject, &limit]).await?.iter().map(read).collect()
}

/// The exchange with this number of a request, and the end that this body was.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn exchange_find(
    client: &impl GenericClient,
    request: &str,
) -> Result<Option<KeptExchange>, StoreError> {
    let sql = format!("select {COLUMNS} from core.exchange where request = $1 order by id limit 1");
    client.query_opt(&sql, &[&request]).await?.as_ref().map(read).transpose()
}

/// Whose linkage has this index.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn linkage_subject(
    client: &impl GenericClient,
    index: &[u8],
) -> Result<Option<String>, StoreError> {
    let sql = "select subject from core.linkage where code_index = $1";
    let row = client.query_opt(sql, &[&index]).await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// People of a register whose linkage is not known yet, with the number that it is made of, in the
/// order of their keys. The caller writes the audit row.
///
/// # Errors
/// [`StoreError::Vault`] when the keys do not fit.
pub async fn linkages_missing(
    client: &impl GenericClient,
    (table, number): (Table<'_>, &Item),
    vault: &Vault,
    limit: i64,
) -> Result<Vec<(String, String)>, StoreError> {
    let key = quote(table.register.key_column());
    let sealed = quote(&format!("{}_sealed", number.romaji));
    let sql = format!(
        "select {key}, {sealed} from {} t where {sealed} is not null
           and not exists (select from core.linkage l where l.subject = t.{key})
         order by {key} limit $1",
        table.current()
    );
    let place = table.place(number);
    let read = |row: &Row| {
        let sealed: Vec<u8> = row.try_get(1)?;
        Ok((row.try_get(0)?, vault.open_sealed(&place, &sealed)?))
    };
    client.query(&sql, &[&limit]).await?.iter().map(read).collect()
}

/// Keeps under which index each subject is found; one that had another gets the new one.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn linkages_keep(
    client: &impl GenericClient,
    all: &[(Vec<u8>, String)],
) -> Result<(), StoreError> {
    let indexes: Vec<&[u8]> = all.iter().map(|(index, _)| index.as_slice()).collect();
    let subjects: Vec<&str> = all.iter().map(|(_, subject)| subject.as_str()).collect();
    let sql = "insert into core.linkage (code_index, subject)
         select * from unnest($1::bytea[], $2::text[])
         on conflict (subject) do update set code_index = excluded.code_index";
    client.execute(sql, &[&indexes, &subjects]).await?;
    Ok(())
}
