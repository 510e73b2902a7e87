//! 研修環境 against a real PostgreSQL: the same systems and nothing of the body's own, emptied and
//! closed again without a trace, and only ever a training copy.

use store::control::training_of;
use store::copybook::{TRAININGS, copy_acts, copy_ask, copy_ask_own, copy_list, copy_note};
use store::organisation::CopyWish;

use super::*;

#[tokio::test]
async fn a_training_copy_has_the_systems_and_none_of_the_rows() {
    let world = World::new().await;
    let of = sample_organisation(ID);
    let copy = training_of(&of).unwrap();
    assert!(copy.sample && copy.name.ends_with("（研修）"), "{copy:?}");
    let own = world.installer.connect_owner(ID).await.unwrap();
    own.batch_execute("insert into core.series values ('own', 7)").await.unwrap();
    let executor = world.executor();
    let opened = executor.training_open(&of).await.unwrap();
    assert_eq!(opened.upgraded.systems.len(), 1);
    let count = async |id: &str| -> i64 {
        let client = world.installer.connect(id).await.unwrap();
        client.query_one("select count(*) from core.series", &[]).await.unwrap().get(0)
    };
    assert_eq!(count(&copy.id).await, 0, "nothing of the body's own is there");
    // Emptied, the same logins find it anew.
    let inner = world.installer.connect_owner(&copy.id).await.unwrap();
    inner.batch_execute("insert into core.series values ('practice', 1)").await.unwrap();
    // Somebody is at work in it meanwhile.
    let office = &opened.kept.office;
    let office = office.database(office.office.as_ref(), None, 1).unwrap();
    let at_work = office.client().await.unwrap();
    assert!(at_work.execute("select 1", &[]).await.is_ok());
    executor.copy_empty(&copy).await.unwrap();
    executor.training_open(&of).await.unwrap();
    drop(at_work);
    assert_eq!(count(&copy.id).await, 0);
    let office = &opened.kept.office;
    let office = office.database(office.office.as_ref(), None, 1).unwrap();
    assert!(office.client().await.unwrap().execute("select 1 from core.system", &[]).await.is_ok());
    // Not let in where contracts are; not metered.
    let lgwan = &opened.kept.lgwan;
    let buyer = lgwan.database(lgwan.control().as_ref(), None, 1).unwrap();
    assert!(buyer.client().await.is_err());
    // What is no training copy is neither emptied nor closed.
    let refused = world.installer.copy_empty(&of, &world.templates).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))));
    assert!(world.installer.copy_close(&of).await.is_err());
    // Also at its end.
    let at_work = office.client().await.unwrap();
    executor.copy_close(&copy).await.unwrap();
    drop((at_work, office, inner));
    let left = "select (select count(*) from pg_database where datname like 'sakura\\_kenshu%')
                  + (select count(*) from pg_roles where rolname like 'sakura\\_kenshu%')";
    let left: i64 = world.control.query_one(left, &[]).await.unwrap().get(0);
    assert_eq!(left, 0);
    assert_eq!(count(ID).await, 1, "the body's own is untouched");
    drop(own);
    world.stop().await;
}

/// Asks as the platform, knowing what was asked for last.
async fn ask(world: &World, wish: CopyWish) -> Result<(), StoreError> {
    let seen = copy_list(&world.control, &TRAININGS).await?.pop().map(|last| last.asked_at);
    copy_ask(&world.control, (&TRAININGS, ID), (wish, "kanri"), seen).await
}

async fn acts(world: &World) -> String {
    let acts = "select string_agg(act, ' ' order by id) from control.training_act";
    world.control.query_one(acts, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_wish_is_heard_noted_and_not_overtaken() {
    let world = World::new().await;
    let copy = training_of(&sample_organisation(ID)).unwrap();
    conflict(ask(&world, CopyWish::Renew).await, "開いていません");
    conflict(ask(&world, CopyWish::Close).await, "開いていません");
    let (_listening, mut told) = signed_listen(&world.installer).await.unwrap();
    ask(&world, CopyWish::Open).await.unwrap();
    assert_eq!(told.recv().await.as_deref(), Some(ID));
    let first = copy_list(&world.control, &TRAININGS).await.unwrap().remove(0);
    assert!(first.done_at.is_none() && first.organisation == copy.id);
    for _ in 0..2 {
        copy_note(&world.control, (&TRAININGS, &first), "誤り").await.unwrap();
    }
    // Asked for meanwhile: what was done of the first says nothing of it.
    ask(&world, CopyWish::Renew).await.unwrap();
    copy_note(&world.control, (&TRAININGS, &first), "").await.unwrap();
    let second = copy_list(&world.control, &TRAININGS).await.unwrap().remove(0);
    assert!(second.wish == CopyWish::Renew && second.done_at.is_none());
    // While it waits it can only be given up.
    conflict(ask(&world, CopyWish::Open).await, "まだ終わっていません");
    ask(&world, CopyWish::Close).await.unwrap();
    let last = copy_list(&world.control, &TRAININGS).await.unwrap().remove(0);
    copy_note(&world.control, (&TRAININGS, &last), "").await.unwrap();
    assert!(copy_list(&world.control, &TRAININGS).await.unwrap()[0].done_at.is_some());
    conflict(ask(&world, CopyWish::Renew).await, "開いていません");
    assert_eq!(acts(&world).await, "開く できない 作り直す 閉じる 済");
    world.stop().await;
}

/// A body's own login asks for its own, once, knowing what was asked for before, and does nothing
/// else.
#[tokio::test]
async fn a_body_asks_for_its_own_training_copy_and_no_more() {
    let world = World::new().await;
    let client = world.buyer().await;
    let own = async |wish, who, seen| copy_ask_own(&**client, &TRAININGS, (wish, who), seen).await;
    own(CopyWish::Open, "kanri", None).await.unwrap();
    let first = copy_list(&**client, &TRAININGS).await.unwrap().remove(0);
    assert_eq!((first.asked_by.as_str(), first.wish), ("kanri", CopyWish::Open));
    // Sent twice it is asked for once; somebody else, or who has not seen it, is told.
    own(CopyWish::Open, "kanri", None).await.unwrap();
    conflict(own(CopyWish::Open, "kacho", None).await, "ほかの人が求めた");
    conflict(own(CopyWish::Close, "kacho", None).await, "ほかの人が求めた");
    copy_note(&world.control, (&TRAININGS, &first), "").await.unwrap();
    own(CopyWish::Renew, "kanri", Some(first.asked_at)).await.unwrap();
    conflict(own(CopyWish::Close, "kacho", Some(first.asked_at)).await, "ほかの人が求めた");
    let listed = copy_acts(&**client, (&TRAININGS, ID), 10).await.unwrap();
    let listed: Vec<&str> = listed.iter().map(|one| one.act.as_str()).collect();
    assert_eq!(listed, ["作り直す", "済", "開く"]);
    // Another body's is not seen; nothing is written but through the wish.
    world
        .control
        .batch_execute(
            "insert into control.organisation
             values ('other', '999', 'o', 'o', 'municipality', true);
             insert into control.contract (organisation, offer, state, decided_by, decided_at,
               signed_by, signed_at, opened_at)
             select 'other', offer, state, decided_by, decided_at, signed_by, signed_at, opened_at
             from control.contract;
             select control.training_wish('other', '開く', 'x', null)",
        )
        .await
        .unwrap();
    assert_eq!(copy_list(&**client, &TRAININGS).await.unwrap().len(), 1);
    assert!(copy_acts(&**client, (&TRAININGS, "other"), 10).await.unwrap().is_empty());
    for sql in [
        "update control.training set done_at = now()",
        "update control.training set note = 'x', holds = '{}'",
        "insert into control.training (of, organisation, wish, asked_by)
         values ('sakura', 'sakura_kenshu', '開く', 'x')",
        "delete from control.training",
        "insert into control.training_act (of, actor, act) values ('sakura', 'x', '開く')",
        "select control.training_wish('other', '閉じる', 'x', null)",
    ] {
        assert!(client.execute(sql, &[]).await.is_err(), "{sql}");
    }
    let never = world.control.execute("update control.training_act set note = 'x'", &[]).await;
    assert!(never.is_err(), "what was asked for stays as it was");
    world.stop().await;
}

/// Where nothing is in service there is nothing to practise with, and who is being deleted keeps
/// no copy.
#[tokio::test]
async fn a_training_copy_ends_with_its_body() {
    let world = World::new().await;
    ask(&world, CopyWish::Open).await.unwrap();
    let step = async |sql: &str| world.control.batch_execute(sql).await.unwrap();
    step(
        "insert into control.deletion (organisation, requested_by, approved_by)
         values ('sakura', 'a', 'b')",
    )
    .await;
    copy_note(
        &world.control,
        (&TRAININGS, &copy_list(&world.control, &TRAININGS).await.unwrap()[0]),
        "",
    )
    .await
    .unwrap();
    conflict(ask(&world, CopyWish::Renew).await, "消去を求めた");
    step("update control.deletion set state = '取消', ended_at = now()").await;
    ask(&world, CopyWish::Renew).await.unwrap();
    step(
        "insert into control.deletion (organisation, requested_by, approved_by, state, export,
           journal_last, audit_last)
         values ('sakura', 'a', 'b', '書出し済', repeat('0', 64), 1, 1);
         update control.deletion set state = '消去中' where state = '書出し済'",
    )
    .await;
    let last = copy_list(&world.control, &TRAININGS).await.unwrap().remove(0);
    let asked = (last.wish, last.asked_by.as_str(), last.done_at.is_none());
    assert_eq!(asked, (CopyWish::Close, "消去", true));
    copy_note(&world.control, (&TRAININGS, &last), "").await.unwrap();
    conflict(ask(&world, CopyWish::Open).await, "消去を求めた");
    assert_eq!(acts(&world).await, "開く 済 作り直す 閉じる 済");
    world.stop().await;
}

#[tokio::test]
async fn without_a_contract_in_service_there_is_none() {
    let world = World::new().await;
    let sql = "update control.contract set state = '終了', ended_at = now()";
    world.control.batch_execute(sql).await.unwrap();
    conflict(ask(&world, CopyWish::Open).await, "提供中の契約がない");
    world.stop().await;
}
