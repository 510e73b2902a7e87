//! Who makes, approves and rejects blueprints, and who asks for one to be applied. On an operator's
//! login that is an admitted person; on any other connection it is the command line, which does not
//! approve but in an emergency. The database signs: what a caller says is never believed.

use base::said;
use tokio_postgres::Client;

use super::{act_add, head_read};
use crate::control::{DATABASE, Heard, listen};
use crate::organisation::{Installer, Organisation};
use crate::{GenericClient, StoreError};

/// What an operator asks the executor for: to apply, or to give the rest up.
const ASKED: &str = "適用の求め";
const ASKED_CUT: &str = "取止めの求め";
/// What the executor answers.
const ANSWERED: &str = "適用の結果";

/// Lets an operator's login in to the plane.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn operator_admit(
    client: &Client,
    organisation: &Organisation,
) -> Result<(), StoreError> {
    let login = format!("{}_operator", organisation.id);
    let sql =
        format!("grant connect on database {DATABASE} to {login}; grant kumoi_operator to {login}");
    Ok(client.batch_execute(&sql).await?)
}

/// Admits a person of an operator: only who is admitted can make and approve.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn operator_register(
    client: &Client,
    organisation: &Organisation,
    (id, name): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "insert into control.operator (organisation, id, name) values ($1, $2, $3)
               on conflict do nothing";
    client.execute(sql, &[&organisation.id, &id, &name]).await?;
    Ok(())
}

/// Says who acts until the transaction ends, as far as the connection can say it: the name under
/// which the database signs.
///
/// # Errors
/// [`StoreError::Conflict`] when the person is not admitted.
pub(in crate::control) async fn acting(
    transaction: &impl GenericClient,
    person: &str,
) -> Result<String, StoreError> {
    transaction.execute("select set_config('kumoi.actor', $1, true)", &[&person]).await?;
    let row = transaction.query_one("select control.plane_actor()", &[]).await?;
    row.try_get::<_, Option<String>>(0)?.ok_or_else(|| {
        StoreError::Conflict(said!(
            "「{person}」は運用担当として登録されていません。基盤の管理者に登録を申し出てください",
            "“{person}” is not registered as an operator: ask the platform's administrator"
        ))
    })
}

/// What an approval came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approved {
    /// It may be applied.
    Yes,
    /// A command made it, so that it takes two operators: one more has to approve.
    First,
}

/// Approves a draft: another person than who made it, for the hash that was looked at. Who made a
/// draft by command is nobody that the database knows: it takes two operators.
///
/// # Errors
/// [`StoreError::Refused`] when the same person approves, or the command line does;
/// [`StoreError::Conflict`] when it is no draft any more.
pub async fn blueprint_approve(
    client: &mut Client,
    id: i64,
    (person, hash): (&str, &str),
) -> Result<Approved, StoreError> {
    let transaction = client.transaction().await?;
    let actor = acting(&transaction, person).await?;
    if !actor.contains('@') {
        let what = "コマンドは承認しません。運用担当が画面（/operators）で承認してください。\
                    だれもサインインできないときは、理由を添えて緊急の承認をしてください";
        return Err(StoreError::Refused(what.to_owned()));
    }
    let head = head_read(&transaction, id).await?;
    if head.checked_by.as_ref() == Some(&actor) {
        return Err(StoreError::Conflict(said!(
            "一人目として承認しています。もう一人の運用担当が承認してください",
            "You approved it first. Another operator must approve it, too"
        )));
    }
    if head.made_by == actor {
        return Err(StoreError::Conflict(said!(
            "青写真を作った人は、それを承認できません。ほかの人が承認してください",
            "Who made a blueprint cannot approve it. Somebody else must"
        )));
    }
    let sql = "update control.blueprint set state = '承認済'
               where id = $1 and state = '案' and hash = $2 returning state = '承認済'";
    let row = transaction.query_opt(sql, &[&id, &hash]).await?;
    decided(u64::from(row.is_some()), id)?;
    let whole = row.map_or(Ok(false), |row| row.try_get(0))?;
    let (act, came) = match whole {
        true => ("承認", Approved::Yes),
        false => ("一人目の承認", Approved::First),
    };
    act_add(&transaction, id, (&actor, act), hash).await?;
    transaction.commit().await?;
    Ok(came)
}

/// Approves a draft from the command line, for a reason that stays beside it for everybody to see.
///
/// # Errors
/// [`StoreError::Conflict`] when it is no draft any more.
pub async fn blueprint_approve_in_emergency(
    client: &mut Client,
    id: i64,
    (hash, reason): (&str, &str),
) -> Result<(), StoreError> {
    if reason.trim().is_empty() {
        let what = "緊急の承認には、運用担当が承認できない理由が要ります";
        return Err(StoreError::Refused(what.to_owned()));
    }
    let transaction = client.transaction().await?;
    head_read(&transaction, id).await?;
    let sql = "update control.blueprint set state = '承認済', emergency = $3
               where id = $1 and state = '案' and hash = $2";
    decided(transaction.execute(sql, &[&id, &hash, &reason]).await?, id)?;
    act_add(&transaction, id, ("", "緊急の承認"), reason).await?;
    Ok(transaction.commit().await?)
}

fn decided(rows: u64, id: i64) -> Result<(), StoreError> {
    if rows == 1 {
        return Ok(());
    }
    Err(StoreError::Conflict(said!(
        "青写真 {id} は承認を待つ案ではないか、見た内容と違います",
        "Blueprint {id} is no draft, or not the one that was looked at"
    )))
}

/// 却下: rejects a draft that was looked at, with a reason.
///
/// # Errors
/// [`StoreError::Conflict`] when it is no draft any more.
pub async fn blueprint_reject(
    client: &mut Client,
    id: i64,
    (person, hash): (&str, &str),
    reason: &str,
) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    let actor = acting(&transaction, person).await?;
    head_read(&transaction, id).await?;
    let sql = "update control.blueprint set state = '却下'
               where id = $1 and state = '案' and hash = $2";
    decided(transaction.execute(sql, &[&id, &hash]).await?, id)?;
    act_add(&transaction, id, (&actor, "却下"), reason).await?;
    Ok(transaction.commit().await?)
}

/// Withdraws a blueprint that was not begun.
///
/// # Errors
/// [`StoreError::Conflict`] when it was.
pub async fn blueprint_withdraw(
    client: &mut Client,
    id: i64,
    (person, note): (&str, &str),
) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    let actor = acting(&transaction, person).await?;
    let sql = "update control.blueprint set state = '取下げ'
               where id = $1 and state in ('案', '承認済')";
    if transaction.execute(sql, &[&id]).await? == 0 {
        return Err(StoreError::Conflict(said!(
            "青写真 {id} は取り下げられません。始まったものは残りの手順を止めてください",
            "Blueprint {id} cannot be withdrawn: it was begun or has ended"
        )));
    }
    act_add(&transaction, id, (&actor, "取下げ"), note).await?;
    Ok(transaction.commit().await?)
}

/// Asks the executor to apply an approved blueprint, or to go on with one that was begun. It is
/// told at once, and looks by itself now and then.
///
/// # Errors
/// [`StoreError::Conflict`] when it is neither, or was asked for already.
pub async fn blueprint_request(
    client: &mut Client,
    id: i64,
    person: &str,
) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    let actor = acting(&transaction, person).await?;
    let head = head_read(&transaction, id).await?;
    let is_open = ["承認済", "適用中"].contains(&head.state.as_str());
    if !is_open || request_list(&transaction).await?.iter().any(|one| one.blueprint == id) {
        return Err(StoreError::Conflict(said!(
            "青写真 {id} は、承認されていないか、適用がもう求められています",
            "Blueprint {id} is not approved, or its application was asked for already"
        )));
    }
    act_add(&transaction, id, (&actor, ASKED), "").await?;
    Ok(transaction.commit().await?)
}

/// Asks the executor to give up the rest of a blueprint that was begun, for a reason.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not being applied, or the executor is asked already.
pub async fn blueprint_request_cut(
    client: &mut Client,
    id: i64,
    (person, reason): (&str, &str),
) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    let actor = acting(&transaction, person).await?;
    let head = head_read(&transaction, id).await?;
    let is_asked = request_list(&transaction).await?.iter().any(|one| one.blueprint == id);
    if head.state != "適用中" || is_asked {
        return Err(StoreError::Conflict(said!(
            "青写真 {id} は適用中ではないか、基盤がいま行っています",
            "Blueprint {id} is not being applied, or the platform is at work on it now"
        )));
    }
    act_add(&transaction, id, (&actor, ASKED_CUT), reason).await?;
    Ok(transaction.commit().await?)
}

/// What the executor is asked for and has not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    /// Blueprint.
    pub blueprint: i64,
    /// Who asked last.
    pub by: String,
    /// Why the rest is to be given up; `None` when it is to be applied.
    pub cut: Option<String>,
}

/// The blueprints whose application or end is asked for, in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn request_list(client: &impl GenericClient) -> Result<Vec<Requested>, StoreError> {
    let sql = "select distinct on (blueprint) blueprint, act, actor, note from control.plane_act
               where act in ($1, $2, $3) order by blueprint, id desc";
    let rows = client.query(sql, &[&ASKED, &ASKED_CUT, &ANSWERED]).await?;
    let mut asked = Vec::new();
    for row in &rows {
        let cut = match row.try_get::<_, &str>(1)? {
            ASKED => None,
            ASKED_CUT => Some(row.try_get(3)?),
            _ => continue,
        };
        asked.push(Requested { blueprint: row.try_get(0)?, by: row.try_get(2)?, cut });
    }
    Ok(asked)
}

/// The executor's answer to what it was asked for.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn request_answer(client: &Client, id: i64, words: &str) -> Result<(), StoreError> {
    act_add(client, id, ("基盤", ANSWERED), words).await
}

/// Hears of blueprints that are to be applied: the number each time.
///
/// # Errors
/// [`StoreError::Database`]. The channel ends with the connection.
pub async fn requested_listen(installer: &Installer) -> Result<Heard, StoreError> {
    listen(installer, DATABASE, "kumoi_plane").await
}
