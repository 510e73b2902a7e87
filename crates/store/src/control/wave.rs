//! 移行の波 in the control database: plans as the texts they are worked out from, and which one is in
//! force. The database signs who made and who adopted one; it knows nothing of what they say.

use base::said;
use jiff::Timestamp;
use tokio_postgres::{Client, Row};

use super::plane::acting;
use crate::{GenericClient, StoreError};

/// A plan of waves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WavePlan {
    /// Number.
    pub id: i64,
    /// SHA-256 of both texts.
    pub hash: String,
    /// What was said with it.
    pub note: String,
    /// 案, 採用 (in force), 交代 (was in force), 却下, 取下げ.
    pub state: String,
    /// Who made it, and when.
    pub made: (String, Timestamp),
    /// Who decided about it, and when.
    pub decided: Option<(String, Timestamp)>,
    /// Why it was rejected.
    pub reason: String,
}

const HEAD: &str = "select id, hash, note, state, made_by, made_at, decided_by, decided_at, reason
                    from control.wave_plan";

fn plan(row: &Row) -> Result<WavePlan, StoreError> {
    let by: Option<String> = row.try_get(6)?;
    let at: Option<Timestamp> = row.try_get(7)?;
    Ok(WavePlan {
        id: row.try_get(0)?,
        hash: row.try_get(1)?,
        note: row.try_get(2)?,
        state: row.try_get(3)?,
        made: (row.try_get(4)?, row.try_get(5)?),
        decided: by.zip(at),
        reason: row.try_get(8)?,
    })
}

/// When a system of a body moves, as a plan says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaveSlot {
    /// 団体コード.
    pub body: String,
    /// System.
    pub system: String,
    /// Who moves it.
    pub vendor: String,
    /// The month, `2027-01`; `None` where it finds none.
    pub month: Option<String>,
}

/// The longest text of what holds for all, and of the moves, in characters.
pub const LONGEST: (usize, usize) = (1_000_000, 8_000_000);

/// Keeps a plan as a draft of an operator: what holds for all (YAML) and the moves (CSV), with the
/// months that it comes to; its number.
///
/// # Errors
/// [`StoreError::Conflict`] when the person is not admitted.
pub async fn wave_keep(
    client: &mut Client,
    (person, note): (&str, &str),
    (frame, moves): (&str, &str),
    slots: &[WaveSlot],
) -> Result<i64, StoreError> {
    let transaction = client.transaction().await?;
    acting(&transaction, person).await?;
    let sql = "insert into control.wave_plan (frame, moves, note) values ($1, $2, $3) returning id";
    let id: i64 = transaction.query_one(sql, &[&frame, &moves, &note]).await?.try_get(0)?;
    let text = |of: fn(&WaveSlot) -> &str| -> Vec<&str> { slots.iter().map(of).collect() };
    let months: Vec<Option<&str>> = slots.iter().map(|it| it.month.as_deref()).collect();
    let sql = "insert into control.wave_slot (plan, body, system, vendor, month)
               select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[])";
    let (bodies, systems) = (text(|it| &it.body), text(|it| &it.system));
    let given: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&id, &bodies, &systems, &text(|it| &it.vendor), &months];
    transaction.execute(sql, &given).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Every plan, the one in force first, then the last.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn wave_list(client: &impl GenericClient) -> Result<Vec<WavePlan>, StoreError> {
    let sql = format!("{HEAD} order by state <> '採用', id desc");
    client.query(&sql, &[]).await?.iter().map(plan).collect()
}

/// A plan with its texts: what holds for all, the moves.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn wave_read(
    client: &impl GenericClient,
    id: i64,
) -> Result<(WavePlan, String, String), StoreError> {
    let absent = || StoreError::NotFound(said!("移行の計画 {id}", "Plan of waves {id}"));
    let row = client.query_opt(&format!("{HEAD} where id = $1"), &[&id]).await?;
    let head = plan(&row.ok_or_else(absent)?)?;
    let sql = "select frame, moves from control.wave_plan where id = $1";
    let row = client.query_one(sql, &[&id]).await?;
    Ok((head, row.try_get(0)?, row.try_get(1)?))
}

/// Decides about a draft that was looked at: 採用, 却下 with a reason, or 取下げ.
///
/// # Errors
/// [`StoreError::Conflict`] when who made it adopts it, somebody else withdraws it, or it is no
/// draft any more.
pub async fn wave_decide(
    client: &mut Client,
    (id, hash): (i64, &str),
    person: &str,
    (wanted, reason): (&str, &str),
) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    let actor = acting(&transaction, person).await?;
    let row = transaction.query_opt(&format!("{HEAD} where id = $1"), &[&id]).await?;
    let known = row.as_ref().map(plan).transpose()?;
    let absent = || StoreError::NotFound(said!("移行の計画 {id}", "Plan of waves {id}"));
    let known = known.ok_or_else(absent)?;
    if (wanted == "採用") == (known.made.0 == actor) && wanted != "却下" {
        return Err(StoreError::Conflict(said!(
            "計画を作った人は採用できず、ほかの人は取り下げられません",
            "Who made a plan cannot adopt it, and nobody else withdraws it"
        )));
    }
    if known.state != "案" || known.hash != hash {
        return Err(StoreError::Conflict(said!(
            "計画 {id} は承認を待つ案ではないか、見た内容と違います",
            "Plan {id} is no draft, or not the one that was looked at"
        )));
    }
    let sql = "select control.wave_decide($1, $2, $3, $4)";
    transaction.execute(sql, &[&id, &hash, &wanted, &reason]).await?;
    Ok(transaction.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::plane::tests::Room;

    #[tokio::test]
    async fn one_plan_is_in_force_by_another_operator() {
        let room = Room::new().await;
        let mut zone = room.zone.client().await.unwrap();
        let keep = async |person: &str, frame: &str| {
            let slot = |system: &str| WaveSlot {
                body: "131016".to_owned(),
                system: system.to_owned(),
                vendor: "v".to_owned(),
                month: Some("2027-01".to_owned()),
            };
            let mut zone = room.zone.client().await.unwrap();
            wave_keep(&mut zone, (person, ""), (frame, "m"), &[slot("a"), slot("b")]).await
        };
        assert!(keep("nobody", "a").await.is_err());
        let (first, second) = (keep("one", "a").await.unwrap(), keep("two", "b").await.unwrap());
        // The command line makes none, in nobody's name.
        let sql = "insert into control.wave_plan (frame, moves) values ('a', 'b')";
        assert!(room.control.batch_execute(sql).await.is_err());
        let hash = async |id| wave_read(&room.control, id).await.unwrap().0.hash;
        let (own, other) = (hash(first).await, hash(second).await);
        let adopt = ("採用", "");
        assert!(wave_decide(&mut zone, (first, &own), "one", adopt).await.is_err(), "alone");
        assert!(wave_decide(&mut zone, (first, &other), "two", adopt).await.is_err(), "unseen");
        assert!(wave_decide(&mut zone, (first, &own), "one", ("却下", "")).await.is_err());
        wave_decide(&mut zone, (first, &own), "two", adopt).await.unwrap();
        wave_decide(&mut zone, (second, &other), "one", adopt).await.unwrap();
        let states: Vec<(i64, String)> =
            wave_list(&*zone).await.unwrap().into_iter().map(|it| (it.id, it.state)).collect();
        assert_eq!(states, [(second, "採用".to_owned()), (first, "交代".to_owned())]);
        assert!(wave_decide(&mut zone, (first, &own), "two", adopt).await.is_err(), "once");
        for sql in [
            "update control.wave_plan set state = '採用'",
            "update control.wave_plan set frame = 'x'",
            "delete from control.wave_plan",
            "insert into control.wave_plan (frame, moves, state) values ('a', 'b', '採用')",
            "select control.wave_decide(1, '', '採用', '')",
            "update control.wave_slot set month = '2028-01'",
            "delete from control.wave_slot",
            // Not into what is decided.
            "insert into control.wave_slot (plan, body, system, vendor, month)
               values (1, '131016', 'c', 'v', null)",
            "select * from control.prefecture_wave",
        ] {
            assert!(zone.batch_execute(sql).await.is_err(), "{sql}");
        }
        for sql in [
            "update control.wave_plan set moves = 'x'",
            "update control.wave_plan set state = '案'",
        ] {
            assert!(room.control.batch_execute(sql).await.is_err(), "{sql}");
        }
        drop(zone);
        room.cluster.stop().await.unwrap();
    }
}
