//! Two operators and one plane: who may approve, who comes first, what nobody may change.

use cloud::CloudError;
use cloud::plane::blueprint::{Blueprint, Scope};
use cloud::plane::difference::difference;
use cloud::plane::execute::blueprint_keep;
use expect_test::expect;
use store::StoreError;
use store::control::plane as rows;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_second_blueprint_hears_what_changed() {
    let world = World::new().await;
    let wanted = world.wanted(world.environments(&["131016"]));
    let books = world.books().await;
    let first = Blueprint::make(&wanted, &books, &Scope::Everything).unwrap();
    let more = world.wanted(world.environments(&["131016", "011002"]));
    let second = Blueprint::make(&more, &books, &Scope::Everything).unwrap();
    assert_ne!(first.hash, second.hash);
    let (first, second) = (world.approved_as(&first).await, world.approved_as(&second).await);
    world.ended(first).await;
    let refused = world.apply(second).await.unwrap_err();
    assert!(matches!(refused, CloudError::Stale { base: 0, now: 1, .. }));
    let words = refused.to_string();
    assert!(words.contains("131016.production.aws の account の作成"), "{words}");
    assert!(!world.accounts().await.iter().any(|name| name.starts_with("011002")));
    // Made again on the books of now, it is only about what is left.
    let again = Blueprint::make(&more, &world.books().await, &Scope::Everything).unwrap();
    expect![[r#"
        青写真 #（台帳の世代 1 から）: 環境 3、登録 0、作成 14、変更 0、廃止 0

        北海道札幌市（011002）
          本番（aws）
            ＋ 区画
            ＋ 置き場所 production/01
            ＋ 管理者の役割
            ＋ 予算の上限 月 1,000,000 円
            ＋ 団体の鍵（東）
            ＋ システム seal-registration 1.0（東）
          検証（aws）
            ＋ 区画
            ＋ 置き場所 verification/01
            ＋ 管理者の役割
            ＋ 予算の上限 月 1,000,000 円
            ＋ 団体の鍵（東）
            ＋ システム seal-registration 1.0（東）

        全体で一つのもの
          共通（aws）
            ＋ 組 production/01
            ＋ 組 verification/01
    "#]]
    .assert_eq(&difference(&again, &world.tree).replace(&again.hash[..12], "#"));
    world.ended(world.approved_as(&again).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_alone_and_nobody_rewrites() {
    let world = World::new().await;
    let wanted = world.wanted(world.environments(&["131016"]));
    let blueprint = Blueprint::make(&wanted, &world.books().await, &Scope::Everything).unwrap();
    let id = blueprint_keep(&world.installer, &blueprint, ("", "")).await.unwrap();
    let mut control = store::control::control_open(&world.installer).await.unwrap();
    let hash = blueprint.hash.as_str();
    let own = rows::blueprint_approve(&mut control, id, ("", hash)).await.unwrap_err();
    assert!(matches!(own, StoreError::Refused(_)), "{own}");
    let why = ("0000", "試験");
    let other = rows::blueprint_approve_in_emergency(&mut control, id, why).await.unwrap_err();
    assert!(matches!(other, StoreError::Conflict(_)), "{other}");
    let unapproved = world.apply(id).await.unwrap_err();
    assert!(unapproved.to_string().contains("承認された青写真だけ"), "{unapproved}");
    // The database itself refuses, whoever asks.
    for sql in [
        "update control.blueprint set approved_by = made_by, approved_at = now()",
        "update control.blueprint set hash = ''",
        "update control.blueprint_step set value = '{}'",
        "delete from control.blueprint_step",
        "delete from control.plane_act",
    ] {
        assert!(control.batch_execute(sql).await.is_err(), "{sql}");
    }
    // And an operator's role cannot even mark what the executor marks.
    for sql in [
        "update control.blueprint_step set state = '済み'",
        "update control.blueprint set state = '適用中', generation = 1",
        "insert into control.part values ('a', 'b', '{}', null, 1, 'c')",
        "update control.plane set generation = 9",
    ] {
        let sql = format!("begin; set local role kumoi_operator; {sql}; commit");
        assert!(control.batch_execute(&sql).await.is_err(), "{sql}");
        control.batch_execute("rollback").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_executor_at_a_time_and_one_blueprint_an_environment() {
    let world = World::new().await;
    let wanted = world.wanted(world.environments(&["131016"]));
    let id = world.approved(&wanted).await;
    let mut control = store::control::control_open(&world.installer).await.unwrap();
    let rows::Begun::Yes(generation) = rows::blueprint_begin(&mut control, id).await.unwrap()
    else {
        panic!("not begun")
    };
    let journal = rows::Journal::open(&world.installer, (id, generation)).await.unwrap();
    let refused = world.apply(id).await.unwrap_err().to_string();
    assert!(refused.contains("ほかの実行者が適用しています"), "{refused}");
    // A second blueprint on the books of now, about the same environments.
    let second = world.approved(&wanted).await;
    let refused = world.apply(second).await.unwrap_err().to_string();
    assert!(refused.contains("ほかの青写真が適用中の環境が 3 あります"), "{refused}");
    drop(journal);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    world.ended(id).await;
}
