//! 契約 as a municipality's LGWAN login works on them. Row security shows a login its own contracts
//! only: nothing here names an organisation to it. What may follow what is the database's own rule.

use base::date::Date;
use base::said;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::offer::{self, Offer};
use crate::{GenericClient, StoreError};

/// How a contract comes about: entered by who drafts it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// 競争入札 or 随意契約.
    pub method: String,
    /// Why this method and this offer.
    pub reason: String,
    /// 予算科目 or 債務負担行為.
    pub budget: String,
    /// 予算額: yen a year, where it was said.
    pub budget_yen: Option<i64>,
    /// 入札の結果, in the order of entry; read by [`bid_list`] only.
    pub bids: Vec<Bid>,
    /// 事業者の変更: the contract in force that this one is to take the place of.
    pub replaces: Option<i64>,
}

/// 入札: what one bidder offered, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bid {
    /// Who.
    pub bidder: String,
    /// Yen, as the tender asked for them.
    pub yen: Option<i64>,
    /// 落札, 不落, 失格, 辞退.
    pub result: String,
}

/// 終了: the end of a contract in service, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// 終了日: the last day in service.
    pub on: Date,
    /// Why.
    pub reason: String,
    /// When and by whom it was asked for.
    pub asked: (Timestamp, String),
    /// When and by whom it was decided.
    pub decided: Option<(Timestamp, String)>,
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
    /// 起案, 決裁済, 締結, 移行待ち, 提供中, 終了, 取下げ.
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
    /// Its end, where one was asked for.
    pub ending: Option<Ending>,
    /// Since when it is over.
    pub ended_at: Option<Timestamp>,
}

/// What was done about a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// 起案, 決裁, 締結, 取下げ, 再試行, 適合確認, 終了の申出, 終了の決裁, 終了の取消; by the platform
    /// 提供開始, 提供できない, 移行待ち, 移行中, 終了, 終了できない.
    pub act: String,
    /// What was said with it.
    pub note: String,
}

const CONTRACT: &str = "c.id, c.organisation, c.state, c.method, c.reason, c.budget, c.drafted_by,
    c.decided_at, c.decided_by, c.signed_at, c.signed_by, c.opened_at, f.at, f.actor, c.replaces,
    c.ends_on, c.end_reason, c.end_asked_at, c.end_asked_by, c.end_decided_at, c.end_decided_by,
    c.ended_at, c.budget_yen";
/// How many columns that is: the offer's come after them.
const WIDTH: usize = 23;

fn by(row: &Row, at: usize) -> Result<Option<(Timestamp, String)>, StoreError> {
    let (when, who): (Option<Timestamp>, Option<String>) = (row.try_get(at)?, row.try_get(at + 1)?);
    Ok(when.zip(who))
}

fn contract(row: &Row) -> Result<Contract, StoreError> {
    let (on, reason): (Option<Date>, Option<String>) = (row.try_get(15)?, row.try_get(16)?);
    let decided = by(row, 19)?;
    let ending = on.zip(reason).zip(by(row, 17)?);
    Ok(Contract {
        id: row.try_get(0)?,
        organisation: row.try_get(1)?,
        state: row.try_get(2)?,
        draft: Draft {
            method: row.try_get(3)?,
            reason: row.try_get(4)?,
            budget: row.try_get(5)?,
            budget_yen: row.try_get(22)?,
            bids: Vec::new(),
            replaces: row.try_get(14)?,
        },
        drafted_by: row.try_get(6)?,
        decided: by(row, 7)?,
        signed: by(row, 9)?,
        opened_at: row.try_get(11)?,
        offer: offer::read(row, WIDTH)?,
        confirmed: by(row, 12)?,
        ending: ending.map(|((on, reason), asked)| Ending { on, reason, asked, decided }),
        ended_at: row.try_get(21)?,
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

/// The contracts of one organisation, in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contracts_of(
    client: &impl GenericClient,
    organisation: &str,
) -> Result<Vec<Contract>, StoreError> {
    let sql = format!(
        "select {CONTRACT}, {} from control.contract c
         join control.offer o on o.id = c.offer
         left join control.confirmation f on f.contract = c.id
         where c.organisation = $1 order by c.id",
        offer::COLUMNS
    );
    client.query(&sql, &[&organisation]).await?.iter().map(contract).collect()
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

pub(super) async fn act_add(
    client: &impl GenericClient,
    (id, actor): (i64, &str),
    (act, note): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "insert into control.contract_act (contract, actor, act, note)
               values ($1, $2, $3, $4)";
    client.execute(sql, &[&id, &actor, &act, &note]).await?;
    Ok(())
}

/// 起案: drafts a contract of this login's organisation for an offer; its number.
///
/// # Errors
/// [`StoreError::Conflict`] when this offer is contracted already, when there is a contract for the
/// same business that this one does not say it takes the place of, or one whose system has another
/// identifier, or it has no reason or no budget; [`StoreError::NotFound`] for what is not on offer.
pub async fn contract_draft(
    client: &impl GenericClient,
    offer: i64,
    draft: &Draft,
    actor: &str,
) -> Result<i64, StoreError> {
    if draft.reason.trim().is_empty() || draft.budget.trim().is_empty() {
        return Err(StoreError::Conflict(said!(
            "理由と予算のない契約は起案できません。方法と相手を選んだ理由と、予算科目か債務負担行為を入れてください",
            "No contract without a reason and a budget: enter both"
        )));
    }
    // Two people who draft at the same moment wait for one another.
    let turn = "select pg_advisory_xact_lock(hashtextextended('contract ' || control.own(), 0))";
    client.execute(turn, &[]).await?;
    check_replaced(client, offer, draft.replaces).await?;
    let other = "select id, state from control.contract
                 where state not in ('取下げ', '終了') and control.is_same_business(offer, $1)
                   and (id is distinct from $2 or state <> '提供中') limit 1";
    if let Some(row) = client.query_opt(other, &[&offer, &draft.replaces]).await? {
        let (id, state): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        return Err(StoreError::Conflict(said!(
            "この業務の契約がもうあります（契約 {id}、{state}）。提供中の契約を替えるときは、替えることを\
             示して起案し、手続の途中のものは先に取り下げてください",
            "There is a contract for this business already ({id}). Say that the new one takes the \
             place of what is in service, and withdraw what is on its way"
        )));
    }
    let row = client
        .query_opt(
            "insert into control.contract
               (organisation, offer, state, method, reason, budget, drafted_by, replaces,
                budget_yen)
             select control.own(), id, '起案', $2, $3, $4, $5, $6, $7 from control.offer
             where id = $1 and control.is_on_offer(id, false)
             returning id",
            &[
                &offer,
                &draft.method,
                &draft.reason,
                &draft.budget,
                &actor,
                &draft.replaces,
                &draft.budget_yen,
            ],
        )
        .await?;
    let row = row.ok_or_else(|| {
        StoreError::NotFound(said!("契約できる申出 {offer}", "offer {offer} open to contract"))
    })?;
    let id: i64 = row.try_get(0)?;
    for (number, bid) in (1_i32..).zip(&draft.bids) {
        let sql = "insert into control.bid values ($1, $2, $3, $4, $5)";
        client.execute(sql, &[&id, &number, &bid.bidder, &bid.yen, &bid.result]).await?;
    }
    act_add(client, (id, actor), ("起案", &draft.reason)).await?;
    Ok(id)
}

/// 入札の結果 of a contract, in the order of entry.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn bid_list(client: &impl GenericClient, id: i64) -> Result<Vec<Bid>, StoreError> {
    let sql = "select bidder, yen, result from control.bid where contract = $1 order by number";
    let bid = |row: &Row| {
        Ok(Bid { bidder: row.try_get(0)?, yen: row.try_get(1)?, result: row.try_get(2)? })
    };
    client.query(sql, &[&id]).await?.iter().map(bid).collect()
}

/// Refuses a draft of what is contracted, and one in place of a system with another identifier.
async fn check_replaced(
    client: &impl GenericClient,
    offer: i64,
    replaces: Option<i64>,
) -> Result<(), StoreError> {
    let own = "select id from control.contract
               where offer = $1 and state not in ('取下げ', '終了') limit 1";
    if let Some(row) = client.query_opt(own, &[&offer]).await? {
        let id: i64 = row.try_get(0)?;
        return Err(StoreError::Conflict(said!(
            "この申出の契約がもうあります（契約 {id}）。契約の画面で確かめてください",
            "There is a contract for this offer already ({id}). Look at it"
        )));
    }
    let other = "select a.system, b.system
                 from control.contract c join control.offer a on a.id = c.offer, control.offer b
                 where c.id = $2 and b.id = $1 and a.system <> b.system";
    if let Some(row) = client.query_opt(other, &[&offer, &replaces]).await? {
        let (old, new): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        return Err(StoreError::Conflict(said!(
            "業務システムの識別子が「{old}」と「{new}」で違うため、替えられません。記録を移せるのは同じ識別子の\
             製品だけです。事業者に識別子を合わせてもらうか、ほかの申出を選んでください",
            "The identifiers of the systems differ (“{old}”, “{new}”): records go over only to the \
             same one. Ask the vendor, or choose another offer"
        )));
    }
    Ok(())
}

/// What somebody does about a contract that is not in service yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// 決裁, by another person than who drafted it.
    Decide,
    /// 締結: the electronic contract.
    Sign,
    /// 取下げ: before it is signed; afterwards, with a reason, where the platform could not open it
    /// or has not moved anything yet.
    Withdraw,
    /// 再試行: what could not be opened is tried again.
    Retry,
}

/// Whether the platform's last word on a contract is that it cannot be opened.
const REFUSED: &str = "(select a.act = '提供できない' from control.contract_act a
    where a.contract = c.id order by a.id desc limit 1)";

/// What is recorded of a step, and the statement that takes it: $1 the contract, $2 who, $3 why.
fn statement(step: Step) -> (&'static str, String) {
    let (act, set, when) = match step {
        Step::Decide => (
            "決裁",
            "state = '決裁済', decided_by = $2",
            "state = '起案' and drafted_by <> $2 and control.is_on_offer(c.offer, true)".to_owned(),
        ),
        Step::Sign => (
            "締結",
            "state = '締結', signed_by = $2",
            "state = '決裁済' and control.is_on_offer(c.offer, true)".to_owned(),
        ),
        Step::Withdraw => (
            "取下げ",
            "state = '取下げ'",
            format!(
                "(state in ('起案', '決裁済')
                  or $3 <> '' and not control.is_moving(c.id)
                    and (state = '移行待ち' or state = '締結' and {REFUSED}))"
            ),
        ),
        // Changes nothing itself: the act tells the executor.
        Step::Retry => ("再試行", "state = state", format!("state = '締結' and {REFUSED}")),
    };
    let given = "$2::text is not null and $3::text is not null";
    (act, format!("update control.contract c set {set} where id = $1 and {given} and {when}"))
}

/// Takes a step with a contract.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not in a state for it, who drafted it would decide, the
/// offer was withdrawn or does not conform, or a 利用枠 is used up.
pub async fn contract_step(
    client: &impl GenericClient,
    (id, step): (i64, Step),
    (actor, note): (&str, &str),
) -> Result<(), StoreError> {
    let (act, sql) = statement(step);
    let taken = client.execute(&sql, &[&id, &actor, &note]).await;
    if taken.map_err(untendered)? == 0 {
        return Err(StoreError::Conflict(refused(client, id, act).await?));
    }
    act_add(client, (id, actor), (act, note)).await
}

/// A tender that nobody won, in words; every other error as the quotas have it.
fn untendered(error: tokio_postgres::Error) -> StoreError {
    if error.code().is_none_or(|code| code.code() != "KM025") {
        return super::quota::held(error);
    }
    StoreError::Conflict(said!(
        "入札の結果（落札した者）が入っていないため、決裁できません。取り下げて、入札の結果を入れて起案し直して\
         ください",
        "Nobody is noted as the winner of the tender: withdraw this draft and draft it again with \
         the result"
    ))
}

/// Why a step was not taken.
async fn refused(
    client: &impl GenericClient,
    id: i64,
    act: &str,
) -> Result<base::said::Said, StoreError> {
    let sql = "select c.state in ('起案', '決裁済') and not control.is_on_offer(c.offer, true),
                 c.state in ('締結', '移行待ち') and control.is_moving(c.id)
               from control.contract c where c.id = $1";
    let row = client.query_opt(sql, &[&id]).await?;
    let (gone, moving): (bool, bool) = match row {
        Some(row) => (row.try_get(0)?, row.try_get(1)?),
        None => (false, false),
    };
    if moving {
        return Ok(said!(
            "記録を新しい製品に移しているか、移し終えたため、{act}できません。前の製品に戻してから\
             （kumoi vendor-change --back）、もう一度してください",
            "The records are going over, or have: go back to the former package first \
             (kumoi vendor-change --back)"
        ));
    }
    if gone && act != "取下げ" {
        return Ok(said!(
            "この申出は、事業者が取り下げたか、適合と判定されていないため、{act}できません。取り下げて、\
             カタログから選び直してください",
            "The offer was withdrawn or is not found conforming. Withdraw this contract and choose \
             again from the catalogue"
        ));
    }
    Ok(said!(
        "いまの状態では{act}できません。起案した人は決裁できず、締結は決裁のあとです",
        "Not possible now: who drafted it cannot decide, and signing follows the decision"
    ))
}

/// 適合確認 (標準化法9条): this login's organisation confirms that what it uses conforms, with the
/// report of the gate as evidence.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not in service, its report does not say that it conforms, or
/// it was confirmed already.
pub async fn contract_confirm(
    client: &impl GenericClient,
    id: i64,
    (actor, evidence): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "insert into control.confirmation (contract, actor, evidence)
               select c.id, $2, $3 from control.contract c join control.offer o on o.id = c.offer
               where c.id = $1 and c.state = '提供中' and (o.report ->> 'passes')::boolean
               on conflict do nothing";
    if client.execute(sql, &[&id, &actor, &evidence]).await? == 0 {
        return Err(StoreError::Conflict(said!(
            "提供中でないか、報告が適合でないか、適合確認がもう済んでいます",
            "Not in service, the report does not say that it conforms, or confirmed already"
        )));
    }
    act_add(client, (id, actor), ("適合確認", evidence)).await
}
