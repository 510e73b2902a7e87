//! 契約 as a municipality's LGWAN login works on them, and as the executor carries them out. Row
//! security shows a login its own contracts only: nothing here names an organisation to it.

use base::date::Date;
use base::said;
use jiff::Timestamp;
use tokio_postgres::{Client, Row};

use super::offer::{self, Offer};
use crate::{GenericClient, StoreError};

/// How a contract comes about: entered by who drafts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// 競争入札 or 随意契約.
    pub method: String,
    /// Why this method and this offer.
    pub reason: String,
    /// 予算科目 or 債務負担行為.
    pub budget: String,
}

/// 契約: a contract of an organisation for an offer.
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// Number.
    pub id: i64,
    /// Organisation.
    pub organisation: String,
    /// What is contracted.
    pub offer: Offer,
    /// 起案, 決裁済, 締結, 提供中, 終了, 取下げ.
    pub state: String,
    /// How it comes about.
    pub draft: Draft,
    /// Who drafted it.
    pub drafted_by: String,
    /// When and by whom it was decided.
    pub decided: Option<(Timestamp, String)>,
    /// When and by whom it was signed.
    pub signed: Option<(Timestamp, String)>,
    /// Since when it is in service.
    pub opened_at: Option<Timestamp>,
    /// 適合確認: when and by whom.
    pub confirmed: Option<(Timestamp, String)>,
}

/// What was done about a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// 起案, 決裁, 締結, 取下げ, 提供開始.
    pub act: String,
    /// What was said with it.
    pub note: String,
}

const CONTRACT: &str = "c.id, c.organisation, c.state, c.method, c.reason, c.budget, c.drafted_by,
    c.decided_at, c.decided_by, c.signed_at, c.signed_by, c.opened_at, f.at, f.actor";

fn contract(row: &Row) -> Result<Contract, StoreError> {
    let by = |at: usize| -> Result<Option<(Timestamp, String)>, StoreError> {
        let (when, who): (Option<Timestamp>, Option<String>) =
            (row.try_get(at)?, row.try_get(at + 1)?);
        Ok(when.zip(who))
    };
    Ok(Contract {
        id: row.try_get(0)?,
        organisation: row.try_get(1)?,
        state: row.try_get(2)?,
        draft: Draft { method: row.try_get(3)?, reason: row.try_get(4)?, budget: row.try_get(5)? },
        drafted_by: row.try_get(6)?,
        decided: by(7)?,
        signed: by(9)?,
        opened_at: row.try_get(11)?,
        offer: offer::read(row, 14)?,
        confirmed: by(12)?,
    })
}

/// The contracts that this login may see, in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contract_list(client: &impl GenericClient) -> Result<Vec<Contract>, StoreError> {
    let sql = format!(
        "select {CONTRACT}, {} from control.contract c
         join control.offer o on o.id = c.offer
         left join control.confirmation f on f.contract = c.id order by c.id",
        offer::COLUMNS
    );
    client.query(&sql, &[]).await?.iter().map(contract).collect()
}

/// What was done about a contract, in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn act_list(client: &impl GenericClient, id: i64) -> Result<Vec<Act>, StoreError> {
    let sql = "select at, actor, act, note from control.contract_act where contract = $1
               order by id";
    let rows = client.query(sql, &[&id]).await?;
    let act = |row: &Row| {
        Ok(Act {
            at: row.try_get(0)?,
            actor: row.try_get(1)?,
            act: row.try_get(2)?,
            note: row.try_get(3)?,
        })
    };
    rows.iter().map(act).collect()
}

async fn act_add(
    client: &impl GenericClient,
    (id, actor): (i64, &str),
    (act, note): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "insert into control.contract_act (contract, actor, act, note)
               values ($1, $2, $3, $4)";
    client.execute(sql, &[&id, &actor, &act, &note]).await?;
    Ok(())
}

/// 起案: drafts a contract of this login's organisation for an offer; its number. One that was
/// withdrawn may be drafted anew.
///
/// # Errors
/// [`StoreError::Conflict`] when there is a contract for the same system already.
pub async fn contract_draft(
    client: &impl GenericClient,
    offer: i64,
    draft: &Draft,
    actor: &str,
) -> Result<i64, StoreError> {
    let other = "select c.state from control.contract c join control.offer o on o.id = c.offer
                 where o.system = (select system from control.offer where id = $1)
                   and c.state not in ('取下げ', '終了')";
    if let Some(row) = client.query_opt(&format!("{other} limit 1"), &[&offer]).await? {
        let state: String = row.try_get(0)?;
        return Err(StoreError::Conflict(said!(
            "この業務の契約がもうあります（{state}）。替えるときは、先にその契約を終えてください",
            "There is a contract for this business already. To change, end that one first"
        )));
    }
    let row = client
        .query_opt(
            "insert into control.contract
               (organisation, offer, state, method, reason, budget, drafted_by)
             select control.own(), id, '起案', $2, $3, $4, $5 from control.offer
             where id = $1 and withdrawn_at is null
             on conflict (organisation, offer) do update
               set state = '起案', method = $2, reason = $3, budget = $4, drafted_by = $5,
                   drafted_at = now(), decided_by = null, decided_at = null
             returning id",
            &[&offer, &draft.method, &draft.reason, &draft.budget, &actor],
        )
        .await?;
    let row =
        row.ok_or_else(|| StoreError::NotFound(said!("提供の申出 {offer}", "offer {offer}")))?;
    let id: i64 = row.try_get(0)?;
    act_add(client, (id, actor), ("起案", &draft.reason)).await?;
    Ok(id)
}

/// What somebody does about a contract that was drafted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// 決裁, by another person than who drafted it.
    Decide,
    /// 締結: the electronic contract.
    Sign,
    /// 取下げ, before it is signed.
    Withdraw,
}

/// Takes a step with a contract.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not in a state for it, or who drafted it would decide.
pub async fn contract_step(
    client: &impl GenericClient,
    (id, step): (i64, Step),
    (actor, note): (&str, &str),
) -> Result<(), StoreError> {
    let (act, sql) = match step {
        Step::Decide => (
            "決裁",
            "update control.contract set state = '決裁済', decided_by = $2, decided_at = now()
             where id = $1 and state = '起案' and drafted_by <> $2",
        ),
        Step::Sign => (
            "締結",
            "update control.contract set state = '締結', signed_by = $2, signed_at = now()
             where id = $1 and state = '決裁済'",
        ),
        Step::Withdraw => (
            "取下げ",
            "update control.contract set state = '取下げ', signed_by = null
             where id = $1 and state in ('起案', '決裁済') and $2 <> ''",
        ),
    };
    if client.execute(sql, &[&id, &actor]).await? == 0 {
        return Err(StoreError::Conflict(said!(
            "いまの状態では{act}できません。起案した人は決裁できず、締結は決裁のあとです",
            "Not possible now: who drafted it cannot decide, and signing follows the decision"
        )));
    }
    act_add(client, (id, actor), (act, note)).await
}

/// 適合確認 (標準化法9条): this login's organisation confirms that what it uses conforms, with the
/// report of the gate as evidence.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not in service or was confirmed already.
pub async fn contract_confirm(
    client: &impl GenericClient,
    id: i64,
    (actor, evidence): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "insert into control.confirmation (contract, actor, evidence)
               select id, $2, $3 from control.contract where id = $1 and state = '提供中'
               on conflict do nothing";
    if client.execute(sql, &[&id, &actor, &evidence]).await? == 0 {
        return Err(StoreError::Conflict(said!(
            "提供中でないか、適合確認はもう済んでいます",
            "Not in service, or confirmed already"
        )));
    }
    act_add(client, (id, actor), ("適合確認", evidence)).await
}

/// Signs a contract for a sample organisation, decided by its start; signing again changes nothing.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contract_sign(
    client: &Client,
    organisation: &str,
    offer: i64,
) -> Result<i64, StoreError> {
    let row = client
        .query_one(
            "insert into control.contract
               (organisation, offer, state, reason, drafted_by, decided_by, decided_at,
                signed_by, signed_at)
             values ($1, $2, '締結', '見本の団体の初めの契約', '見本', '見本の決裁', now(),
                     '見本', now())
             on conflict (organisation, offer) do update set offer = excluded.offer returning id",
            &[&organisation, &offer],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Marks a contract as in service; what it replaces (the same system's older packages) ends.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contract_in_service(client: &Client, id: i64) -> Result<(), StoreError> {
    let sql = "
        with own as (
            select c.id, c.organisation, o.system from control.contract c
            join control.offer o on o.id = c.offer where c.id = $1),
        same as (
            select c.id from control.contract c join control.offer o on o.id = c.offer
            join own on own.organisation = c.organisation and own.system = o.system)
        update control.contract c
        set state = case when c.id = $1 then '提供中' else '終了' end,
            opened_at = case when c.id = $1 then coalesce(opened_at, now()) else opened_at end
        from same where same.id = c.id and (c.id = $1 or c.state = '提供中')";
    client.execute(sql, &[&id]).await?;
    Ok(())
}

/// Notes what the executor did.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn executor_act(
    client: &Client,
    id: i64,
    act: &str,
    note: &str,
) -> Result<(), StoreError> {
    act_add(client, (id, "基盤"), (act, note)).await
}

/// How many residents an organisation had on a day, for each of its contracts in service; a day
/// that was metered stays as it was.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn meter(
    client: &Client,
    (organisation, day): (&str, Date),
    residents: i32,
) -> Result<u64, StoreError> {
    let sql = "insert into control.metered (contract, day, residents)
               select id, $2, $3 from control.contract
               where organisation = $1 and state = '提供中' on conflict do nothing";
    Ok(client.execute(sql, &[&organisation, &day, &residents]).await?)
}

/// What was metered from a day until before another: contract, day, residents.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn metered(
    client: &impl GenericClient,
    (from, until): (Date, Date),
) -> Result<Vec<(i64, Date, i32)>, StoreError> {
    let sql = "select contract, day, residents from control.metered
               where day >= $1 and day < $2 order by contract, day";
    let rows = client.query(sql, &[&from, &until]).await?;
    let line = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    rows.iter().map(line).collect()
}
