//! 契約の終了 as a municipality's LGWAN login works on it: asked for with a day and a reason, decided
//! by another person, called off as long as it is in service. The executor carries it out.

use base::date::Date;
use base::said;

use super::contract::act_add;
use crate::{GenericClient, StoreError};

/// 終了の申出: asks for a contract in service to end after a day.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not in service, an end was asked for already, or the day is
/// over.
pub async fn ending_ask(
    client: &impl GenericClient,
    (id, on): (i64, Date),
    (actor, reason): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "update control.contract set ends_on = $2, end_reason = $3, end_asked_by = $4
               where id = $1 and state = '提供中' and ends_on is null
                 and $2 >= (now() at time zone 'Asia/Tokyo')::date";
    if client.execute(sql, &[&id, &on, &reason, &actor]).await? == 0 {
        return Err(StoreError::Conflict(said!(
            "提供中でないか、終了をもう申し出ているか、終了日が過ぎています",
            "Not in service, an end was asked for already, or the day is over"
        )));
    }
    let note = format!("{on}　{reason}");
    act_add(client, (id, actor), ("終了の申出", &note)).await
}

/// 終了の決裁, by another person than who asked for it.
///
/// # Errors
/// [`StoreError::Conflict`] when nothing waits for a decision, the day is over, or who asked for it
/// would decide.
pub async fn ending_decide(
    client: &impl GenericClient,
    id: i64,
    actor: &str,
) -> Result<(), StoreError> {
    let sql = "update control.contract set end_decided_by = $2
               where id = $1 and state = '提供中' and end_asked_by <> $2
                 and end_decided_by is null
                 and ends_on >= (now() at time zone 'Asia/Tokyo')::date
               returning ends_on";
    let Some(row) = client.query_opt(sql, &[&id, &actor]).await? else {
        return Err(StoreError::Conflict(said!(
            "決裁を待つ終了の申出がないか、終了日が過ぎています。申し出た人は決裁できません",
            "No end waits for a decision, or its day is over; who asked for it cannot decide"
        )));
    };
    let on: Date = row.try_get(0)?;
    act_add(client, (id, actor), ("終了の決裁", &on.to_string())).await
}

/// 終了の取消: the end is called off, decided or not, as long as the contract is in service.
///
/// # Errors
/// [`StoreError::Conflict`] when no end was asked for, or its day is over.
pub async fn ending_call_off(
    client: &impl GenericClient,
    id: i64,
    (actor, reason): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "update control.contract set ends_on = null, end_reason = null,
                 end_asked_by = null, end_decided_by = null
               where id = $1 and state = '提供中' and ends_on is not null
                 and (end_decided_by is null
                      or ends_on >= (now() at time zone 'Asia/Tokyo')::date)";
    if client.execute(sql, &[&id]).await? == 0 {
        return Err(StoreError::Conflict(said!(
            "終了の申出がないか、終了日が過ぎています",
            "No end was asked for, or its day is over"
        )));
    }
    act_add(client, (id, actor), ("終了の取消", reason)).await
}

/// How far the 消去 of this login's organisation has come: 凍結, 書出し済, 照合済, 完了; `None` before
/// one was begun.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn deletion_own(client: &impl GenericClient) -> Result<Option<String>, StoreError> {
    Ok(client.query_one("select control.own_deletion()", &[]).await?.try_get(0)?)
}
