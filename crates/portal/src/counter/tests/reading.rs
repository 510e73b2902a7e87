//! What a clerk reads: names instead of sign-in names, words instead of bare numbers, one form of
//! days, and a queue that can be narrowed.

use super::scene::{Scene, check, day};
use crate::counter::api::tests::walk::move_in;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_say_words() {
    let scene = Scene::build().await;
    let page = scene.person(0, "").await;
    let since = format!("{}（{}年）から", base::era::japanese(day(10)), day(10).year());
    check(
        &page,
        &[&since, "999-9001", "title=\"madoguchi\">見本　madoguchi<", "受付番号 1", "転入届"],
        &["登録時に付番", ">madoguchi<", "処理を待つ事案はありません。"],
    );
    let head = scene.household().await;
    check(&head, &["この世帯の事案", "霞　花", "この世帯の事案はありません。"], &["この人の"]);

    let (_, case) = scene.page("/cases/1").await;
    check(&case, &["宛名番号", "霞　健", "転入届", &scene.keys[0]], &[]);
    let (_, case) = scene.page("/cases/1?lang=en").await;
    check(
        &case,
        &["Case no. 1", "Move-in", "Registered", "Addressee number"],
        &["転入届", "登録済"],
    );
    scene.stage.cluster.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_is_narrowed() {
    let scene = Scene::build().await;
    let entered = move_in("霧　一", "1990-01-01");
    let reply = scene.stage.first("madoguchi", ("POST", "/cases"), Some(entered)).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let (_, all) = scene.page("").await;
    check(&all, &["2件（期限の早い順）", "霧　一", "後閲待ち"], &[]);
    let (_, own) = scene.page("?whose=own&stage=decision").await;
    check(&own, &["2件中1件", "霧　一", "条件を外す"], &[]);
    let (_, late) = scene.page("?due=late").await;
    check(&late, &["2件中0件", "この条件に合う事案はありません"], &["霧　一", "霞　健"]);
    let (_, other) = scene.page("?procedure=resident-record/move-out").await;
    check(&other, &["2件中0件", "この条件に合う事案はありません"], &["霧　一"]);

    // What a number will stand for is said in words before it is issued.
    let path = format!("/cases/{}", reply.body["id"]);
    let (_, case) = scene.page(&path).await;
    check(&case, &["本登録のときに番号が付きます"], &["登録時に付番"]);
    scene.stage.cluster.stop().await.unwrap();
}

impl Scene {
    /// The page of the household.
    async fn household(&self) -> String {
        let page = self.person(0, "").await;
        let link = page
            .split("href=\"/first_city")
            .find(|at| at.starts_with("/rows/resident-record/household/"));
        let path = link.and_then(|at| at.split('"').next()).expect("a household");
        self.page(path).await.1
    }
}
