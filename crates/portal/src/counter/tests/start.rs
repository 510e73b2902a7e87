//! What can be started follows the state of the row: on the page, in the API and on entry.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::scene::{Scene, ago, check, day};

impl Scene {
    /// The procedures that the API says can be started on the first person.
    async fn startable(&self) -> Vec<String> {
        let path = format!("/rows/resident-record/resident/{}", self.keys[0]);
        let reply = self.stage.first("madoguchi", ("GET", &path), None).await;
        let list = reply.body["startable"].as_array().cloned().unwrap_or_default();
        list.iter().map(|one| one["procedure"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The page has a button for each of these, and says of the others why not.
    async fn offers(&self, said: &[&str], unsaid: &[&str]) {
        let page = self.person(0, "").await;
        let api = self.startable().await;
        let button = |id: &str| format!("/start/resident-record/{id}?subject={}", self.keys[0]);
        for id in said {
            assert!(page.contains(&button(id)), "{id} is not offered");
            assert!(api.iter().any(|one| one == id), "{id} is not in {api:?}");
        }
        for id in unsaid {
            assert!(!page.contains(&button(id)), "{id} is offered");
            assert!(!api.iter().any(|one| one == id), "{id} is in {api:?}");
        }
    }

    async fn refused(&self, procedure: &str, form: Value, reason: &str) {
        let path = format!("/start/resident-record/{procedure}?subject={}", self.keys[0]);
        let (status, page) = self.page(&path).await;
        assert_eq!(status, StatusCode::CONFLICT, "{page}");
        check(&page, &[reason], &[]);
        let case = json!({
            "system": "resident-record", "procedure": procedure, "acknowledged": true,
            "identity": {"方法": "運転免許証等"}, "form": self.first(form),
        });
        let reply = self.stage.first("madoguchi", ("POST", "/cases"), Some(case)).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", reply.body);
        let errors = reply.body["errors"].to_string();
        assert!(errors.contains(reason), "{errors}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_started_follows_the_row() {
    let scene = Scene::build().await;
    let planned = ["move-out-confirm", "move-out-certificate"];
    let protected = ["protection-extend", "protection-end"];
    let plain = ["move-out", "move-within", "residents-copy", "protection-start", "cancel"];
    scene.offers(&plain, &[&planned[..], &protected[..]].concat()).await;
    let page = scene.person(0, "").await;
    check(&page, &["いまは始められない手続", "転出届が出ていません"], &[]);
    let confirm = json!({"異動日": day(0).to_string()});
    scene.refused("move-out-confirm", confirm, "転出届が出ていません").await;
    let end = json!({"異動日": day(0).to_string(), "終了の理由": "申出"});
    scene.refused("protection-end", end, "支援措置を受けていない人です").await;

    let out = json!({
        "転出日": day(0).to_string(), "届出日": day(0).to_string(), "異動日": day(0).to_string(),
        "転出先": "霞県霞村大字霞1番地",
    });
    scene.decided("move-out", scene.first(out), ago(0)).await;
    scene.offers(&planned, &["move-out", "protection-end"]).await;

    let confirm = json!({"異動日": day(0).to_string()});
    scene.decided("move-out-confirm", scene.first(confirm), ago(0)).await;
    let mut left = scene.startable().await;
    left.sort();
    assert_eq!(left, ["cancel", "item-certificate", "official-correction", "residents-copy"]);
    scene.stage.cluster.stop().await.unwrap();
}
