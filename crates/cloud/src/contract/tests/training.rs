//! 研修環境 against a real PostgreSQL: the same systems and nothing of the body's own, emptied and
//! closed again without a trace, and only ever a training copy.

use store::control::{TrainingWish, training_ask, training_list, training_note, training_of};

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
    executor.training_empty(&of).await.unwrap();
    executor.training_open(&of).await.unwrap();
    assert_eq!(count(&copy.id).await, 0);
    let office = &opened.kept.office;
    let office = office.database(office.office.as_ref(), None, 1).unwrap();
    assert!(office.client().await.unwrap().execute("select 1 from core.system", &[]).await.is_ok());
    // Not let in where contracts are; not metered.
    let lgwan = &opened.kept.lgwan;
    let buyer = lgwan.database(lgwan.control().as_ref(), None, 1).unwrap();
    assert!(buyer.client().await.is_err());
    // What is no training copy is neither emptied nor closed.
    let refused = world.installer.training_empty(&of, &world.templates).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))));
    assert!(world.installer.training_close(&of).await.is_err());
    drop((office, inner));
    executor.training_close(&of).await.unwrap();
    let left = "select (select count(*) from pg_database where datname like 'sakura\\_kenshu%')
                  + (select count(*) from pg_roles where rolname like 'sakura\\_kenshu%')";
    let left: i64 = world.control.query_one(left, &[]).await.unwrap().get(0);
    assert_eq!(left, 0);
    assert_eq!(count(ID).await, 1, "the body's own is untouched");
    drop(own);
    world.stop().await;
}

#[tokio::test]
async fn a_wish_is_heard_noted_and_not_overtaken() {
    let world = World::new().await;
    let of = sample_organisation(ID);
    let copy = training_of(&of).unwrap();
    let ask = async |wish| training_ask(&world.control, (&copy, &of), (wish, "kanri")).await;
    conflict(ask(TrainingWish::Renew).await, "開いていません");
    let (_listening, mut told) = signed_listen(&world.installer).await.unwrap();
    ask(TrainingWish::Open).await.unwrap();
    assert_eq!(told.recv().await.as_deref(), Some(ID));
    let first = training_list(&world.control).await.unwrap().remove(0);
    assert!(first.done_at.is_none() && first.organisation == copy.id);
    for _ in 0..2 {
        training_note(&world.control, &first, "誤り").await.unwrap();
    }
    // Asked for meanwhile: what was done of the first says nothing of it.
    ask(TrainingWish::Renew).await.unwrap();
    training_note(&world.control, &first, "").await.unwrap();
    let second = training_list(&world.control).await.unwrap().remove(0);
    assert!(second.wish == TrainingWish::Renew && second.done_at.is_none());
    ask(TrainingWish::Close).await.unwrap();
    let last = training_list(&world.control).await.unwrap().remove(0);
    training_note(&world.control, &last, "").await.unwrap();
    assert!(training_list(&world.control).await.unwrap()[0].done_at.is_some());
    conflict(ask(TrainingWish::Renew).await, "開いていません");
    let acts = "select string_agg(act, ' ' order by id) from control.training_act";
    let acts: String = world.control.query_one(acts, &[]).await.unwrap().get(0);
    assert_eq!(acts, "開く できない 作り直す 閉じる 済");
    world.stop().await;
}
