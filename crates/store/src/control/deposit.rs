//! 保管金 in double entry: what organisations are billed, pay in, and what is handed on to providers.
//! The database itself refuses an entry that does not balance, a payment beyond what is held, and
//! every change of what was written.

use base::date::Date;
use base::said;
use tokio_postgres::{Row, Transaction};

use crate::{GenericClient, StoreError};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 請求: the organisation owes the fee, and the fee is owed to the provider.
    Billed,
    /// 減額: a month came to less than nothing; the organisation and the provider owe less.
    Credited,
    /// 受入: the organisation paid in; the money is held.
    Received,
    /// 払渡: handed on to the provider.
    HandedOn,
    /// 払戻: paid back to the organisation.
    Returned,
}

impl Kind {
    /// The official term.
    pub fn term(self) -> &'static str {
        match self {
            Kind::Billed => "請求",
            Kind::Credited => "減額",
            Kind::Received => "受入",
            Kind::HandedOn => "払渡",
            Kind::Returned => "払戻",
        }
    }

    /// The accounts debited and credited.
    fn accounts(self) -> (&'static str, &'static str) {
        match self {
            Kind::Billed => ("未収利用料", "未払利用料"),
            Kind::Credited => ("未払利用料", "未収利用料"),
            Kind::Received => ("保管金", "未収利用料"),
            Kind::HandedOn => ("未払利用料", "保管金"),
            Kind::Returned => ("未収利用料", "保管金"),
        }
    }
}

/// An entry to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Day.
    pub day: Date,
    /// Whose.
    pub organisation: String,
    /// What happened.
    pub kind: Kind,
    /// The provider it concerns.
    pub provider: String,
    /// Yen, above zero.
    pub yen: i64,
    /// What it is for: the bill, the receipt.
    pub note: String,
    /// Who enters it.
    pub actor: String,
}

/// 計算書: how an organisation stands, each amount the sum of its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// Whose.
    pub organisation: String,
    /// 請求, less 減額.
    pub billed: i64,
    /// 受入.
    pub received: i64,
    /// 払渡.
    pub handed_on: i64,
    /// 払戻.
    pub returned: i64,
    /// 保管金: held now.
    pub held: i64,
    /// 未収利用料: owed by the organisation; below zero what it paid too much.
    pub receivable: i64,
    /// 未払利用料: owed to providers.
    pub payable: i64,
}

/// Writes an entry; its number.
///
/// # Errors
/// [`StoreError::Conflict`] for an amount that is none; at the commit, [`StoreError::Database`]
/// when more would be handed on or paid back than is held.
pub async fn entry_add(transaction: &Transaction<'_>, entry: &Entry) -> Result<i64, StoreError> {
    if entry.yen <= 0 {
        return Err(StoreError::Conflict(said!(
            "金額は 1 円以上です。取り消すには、取消の記帳をしてください",
            "the amount must be above zero; reverse an entry instead"
        )));
    }
    let (debit, credit) = entry.kind.accounts();
    let row = transaction
        .query_one(
            "insert into control.deposit_entry (day, organisation, kind, provider, note, actor)
             values ($1, $2, $3, $4, $5, $6) returning id",
            &[
                &entry.day,
                &entry.organisation,
                &entry.kind.term(),
                &entry.provider,
                &entry.note,
                &entry.actor,
            ],
        )
        .await?;
    let id: i64 = row.try_get(0)?;
    let sql = "insert into control.deposit_line (entry, account, debit_yen, credit_yen)
               values ($1, $2, $4, 0), ($1, $3, 0, $4)";
    transaction.execute(sql, &[&id, &debit, &credit, &entry.yen]).await?;
    Ok(id)
}

/// 取消: writes the reverse of an entry; its number.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Conflict`] if it is reversed already or is a reversal,
/// or an invoice's: that is taken back with its invoice only.
pub async fn entry_reverse(
    transaction: &Transaction<'_>,
    entry: i64,
    words: (Date, &str, &str),
) -> Result<i64, StoreError> {
    let sql = "select year || '-' || lpad(number::text, 6, '0') from control.invoice
               where entry = $1";
    if let Some(row) = transaction.query_opt(sql, &[&entry]).await? {
        let invoice: String = row.try_get(0)?;
        return Err(StoreError::Conflict(said!(
            "記帳 {entry} は請求書 {invoice} のものです。請求書を取り消してください（kumoi cost invoice-cancel {invoice}）",
            "entry {entry} is that of invoice {invoice}; cancel the invoice instead"
        )));
    }
    entry_take_back(transaction, entry, words).await
}

/// The same with the invoice that the entry is of, whose counter-invoice follows in the
/// transaction.
///
/// # Errors
/// As [`entry_reverse`]; at the commit, [`StoreError::Database`] when no counter-invoice followed.
pub async fn entry_take_back(
    transaction: &Transaction<'_>,
    entry: i64,
    (day, note, actor): (Date, &str, &str),
) -> Result<i64, StoreError> {
    let sql = "select kind, exists (select from control.deposit_entry r where r.reverses = e.id)
               from control.deposit_entry e where id = $1";
    let found = transaction.query_opt(sql, &[&entry]).await?;
    let row = found.ok_or_else(|| StoreError::NotFound(said!("記帳 {entry}", "entry {entry}")))?;
    let (kind, reversed): (String, bool) = (row.try_get(0)?, row.try_get(1)?);
    if reversed || kind == "取消" {
        return Err(StoreError::Conflict(said!(
            "記帳 {entry} は、もう取り消されているか、取消そのものです",
            "entry {entry} is reversed already or is a reversal"
        )));
    }
    let row = transaction
        .query_one(
            "insert into control.deposit_entry
               (day, organisation, kind, provider, note, actor, reverses)
             select $2, organisation, '取消', provider, $3, $4, id
             from control.deposit_entry where id = $1 returning id",
            &[&entry, &day, &note, &actor],
        )
        .await?;
    let id: i64 = row.try_get(0)?;
    let sql = "insert into control.deposit_line (entry, account, debit_yen, credit_yen)
               select $2, account, credit_yen, debit_yen from control.deposit_line
               where entry = $1";
    transaction.execute(sql, &[&entry, &id]).await?;
    Ok(id)
}

/// How the organisations that this login may see stand at the end of a day.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn statement_list(
    client: &impl GenericClient,
    until: Date,
) -> Result<Vec<Statement>, StoreError> {
    let sql = "
        select e.organisation,
            coalesce(sum(credit_yen - debit_yen) filter (where kind in ('請求', '減額')
                and account = '未払利用料'), 0)::bigint,
            coalesce(sum(debit_yen - credit_yen) filter (where kind = '受入'
                and account = '保管金'), 0)::bigint,
            coalesce(sum(credit_yen - debit_yen) filter (where kind = '払渡'
                and account = '保管金'), 0)::bigint,
            coalesce(sum(credit_yen - debit_yen) filter (where kind = '払戻'
                and account = '保管金'), 0)::bigint,
            coalesce(sum(debit_yen - credit_yen) filter (where account = '保管金'), 0)::bigint,
            coalesce(sum(debit_yen - credit_yen) filter (where account = '未収利用料'), 0)::bigint,
            coalesce(sum(credit_yen - debit_yen) filter (where account = '未払利用料'), 0)::bigint
        from (select e.id, e.organisation, coalesce(r.kind, e.kind) as kind
              from control.deposit_entry e
              left join control.deposit_entry r on r.id = e.reverses
              where e.day <= $1) e
        join control.deposit_line l on l.entry = e.id
        group by 1 order by 1";
    let statement = |row: &Row| {
        Ok(Statement {
            organisation: row.try_get(0)?,
            billed: row.try_get(1)?,
            received: row.try_get(2)?,
            handed_on: row.try_get(3)?,
            returned: row.try_get(4)?,
            held: row.try_get(5)?,
            receivable: row.try_get(6)?,
            payable: row.try_get(7)?,
        })
    };
    client.query(sql, &[&until]).await?.iter().map(statement).collect()
}

/// 記帳: an entry as it stands in the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// Its number.
    pub id: i64,
    /// Day.
    pub day: Date,
    /// What happened, by its term; 取消 for one that takes another back.
    pub kind: String,
    /// 借方.
    pub debit: String,
    /// 貸方.
    pub credit: String,
    /// Yen on both sides.
    pub yen: i64,
    /// What it is for.
    pub note: String,
}

/// The entries that this login may see up to a day, the last first, at most `limit`.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn entry_list(
    client: &impl GenericClient,
    until: Date,
    limit: i64,
) -> Result<Vec<Booked>, StoreError> {
    let sql = "
        select e.id, e.day, e.kind, d.account, c.account, d.debit_yen, e.note
        from control.deposit_entry e
        join control.deposit_line d on d.entry = e.id and d.debit_yen > 0
        join control.deposit_line c on c.entry = e.id and c.credit_yen > 0
        where e.day <= $1 order by e.day desc, e.id desc limit $2";
    let booked = |row: &Row| {
        Ok(Booked {
            id: row.try_get(0)?,
            day: row.try_get(1)?,
            kind: row.try_get(2)?,
            debit: row.try_get(3)?,
            credit: row.try_get(4)?,
            yen: row.try_get(5)?,
            note: row.try_get(6)?,
        })
    };
    client.query(sql, &[&until, &limit]).await?.iter().map(booked).collect()
}

#[cfg(test)]
mod tests;
