//! A past state: of that day and that belief, with nothing to start, and never less concealed than
//! today.

use axum::http::StatusCode;
use serde_json::json;

use super::scene::{ADDRESS, Scene, ago, check, day};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_past_state_is_of_that_day_and_belief() {
    let scene = Scene::build().await;
    let born = json!({
        "異動日": day(6).to_string(), "届出日": day(3).to_string(),
        "子": [{"氏名": "霞　実", "氏名_振り仮名": "カスミ　ミノル", "性別": "1", "続柄": "子"}],
    });
    scene.decided("birth", scene.first(born), ago(3)).await;
    let now = scene.person(0, "").await;
    check(&now, &["霞　花", "霞　実", "/start/"], &["の時点の状態です"]);

    // Before the birth.
    let on = base::era::japanese(day(8));
    let before = scene.person(0, &format!("?on={}", day(8))).await;
    let said = [&on as &str, "の時点の状態です", "霞　花", "（その時点）", "いまの状態に戻る"];
    check(&before, &said, &["霞　実", "/start/", "この人の事案"]);

    // After the birth, by what was known before it was notified.
    let query = format!("?on={}&at={}", day(5), day(5));
    let unknown = scene.person(0, &query).await;
    check(&unknown, &["までに処理した記録によります", "霞　花"], &["霞　実", "/start/"]);
    // The walk stays in that state.
    check(&unknown, &[&format!("{}?on={}&amp;at={}", scene.keys[1], day(5), day(5))], &[]);

    // The same day by what is known now.
    let known = scene.person(0, &format!("?on={}", day(5))).await;
    check(&known, &["いままでに処理した記録", "霞　実"], &["/start/"]);

    let path = format!("/rows/resident-record/resident/{}?on={}", scene.keys[0], day(30));
    let (status, nothing) = scene.page(&path).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    check(&nothing, &["見つかりません", "いまの状態を見る"], &["霞　健"]);
    scene.stage.cluster.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_protected_today_is_concealed_on_every_past_state() {
    let scene = Scene::build().await;
    let before = scene.person(0, &format!("?on={}", day(5))).await;
    check(&before, &[ADDRESS], &["取扱注意"]);
    let start = json!({
        "異動日": day(0).to_string(), "申出日": day(0).to_string(), "支援措置区分": "1",
        "支援措置の状態": "1",
    });
    scene.decided("protection-start", scene.first(start), ago(0)).await;
    let query = format!("?on={}&at={}", day(5), day(5));
    for query in ["", query.as_str()] {
        let own = scene.person(0, query).await;
        check(&own, &["取扱注意"], &[ADDRESS, "/start/", "支援措置の延長"]);
        // In the household of somebody else the mark stands beside the name.
        let other = scene.person(1, query).await;
        check(&other, &["取扱注意", ADDRESS], &[]);
    }
    scene.stage.cluster.stop().await.unwrap();
}
