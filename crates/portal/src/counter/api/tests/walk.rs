//! A move-in from the counter's entry to the row, spoken in JSON to a real organisation.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use super::stage::{Reply, Stage};
use crate::counter::api::{Answer, ROUTES, schema};

/// A move-in of one person today.
pub fn move_in(name: &str, born: &str) -> Value {
    let today = base::date::day_in_japan(jiff::Timestamp::now()).to_string();
    json!({
        "system": "resident-record", "procedure": "move-in", "acknowledged": true,
        "identity": {"方法": "運転免許証等"},
        "form": {
            "異動日": today, "届出日": today, "住所": "雲居県雲居市東二丁目5番6号",
            "前住所": "霞県霞村大字霞1番地", "世帯の扱い": "1",
            "転入者": [{
                "氏名": name, "氏名_振り仮名": "カスミ　ケン", "生年月日": born, "性別": "1",
                "続柄": "世帯主", "本籍": "霞県霞村大字霞1番地", "筆頭者": name,
                "住民種別": "1",
            }],
        },
    })
}

/// The answer is the one promised: status, and exactly the fields of its schema.
#[track_caller]
fn promised(operation: &str, reply: &Reply) {
    let route = ROUTES.iter().find(|route| route.operation == operation).unwrap();
    assert_eq!(reply.status.as_u16(), route.answer.0, "{operation}: {}", reply.body);
    if let Answer::Json(name) = route.answer.1 {
        let found = schema::check_named(name, &reply.body);
        assert!(found.is_empty(), "{operation}: {found:?}\n{}", reply.body);
    }
}

/// The answer is a problem with these pointers.
#[track_caller]
fn refused(reply: &Reply, status: u16, pointers: &[&str]) {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.body);
    assert_eq!(reply.kind, "application/problem+json");
    assert_eq!(schema::check_named("Problem", &reply.body), []);
    let errors = reply.body["errors"].as_array().cloned().unwrap_or_default();
    let found: Vec<&str> = errors.iter().map(|one| one["pointer"].as_str().unwrap()).collect();
    assert_eq!(found, pointers, "{}", reply.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_from_entry_to_the_row() {
    let stage = Stage::build().await;
    entry_is_checked(&stage).await;
    let key = decided_by_another(&stage).await;
    the_row_is_there(&stage, &key).await;
    returned_and_revised(&stage).await;
    sent_again(&stage).await;
    read_strictly(&stage).await;
    nothing_but_problems(&stage).await;
    stage.cluster.stop().await.unwrap();
}

async fn entry_is_checked(stage: &Stage) {
    let ask = ("POST", "/cases/preview");
    let reply = stage.first("madoguchi", ask, Some(move_in("霞　健", "1985-06-01"))).await;
    promised("case_preview", &reply);
    assert_eq!(reply.body["findings"], json!([]));
    assert_eq!(reply.body["changes"].as_array().unwrap().len(), 2, "{}", reply.body);
    let mut late = move_in("霞　健", "1985-06-01");
    late["form"]["転入者"][0]["氏名_振り仮名"] = Value::Null;
    late.as_object_mut().unwrap().remove("identity");
    let reply = stage.first("madoguchi", ("POST", "/cases"), Some(late)).await;
    refused(&reply, 422, &["/form/転入者/0/氏名_振り仮名", "/identity/方法"]);
    let mut unknown = move_in("霞　健", "1985-06-01");
    unknown["form"]["転入者"][0]["電話"] = json!("0");
    let reply = stage.first("madoguchi", ("POST", "/cases"), Some(unknown)).await;
    refused(&reply, 422, &["/form/転入者/0/電話"]);
    let mut certificate = move_in("霞　健", "1985-06-01");
    certificate["procedure"] = json!("residents-copy");
    let reply = stage.first("madoguchi", ("POST", "/cases"), Some(certificate)).await;
    refused(&reply, 422, &["/procedure"]);
}

async fn decided_by_another(stage: &Stage) -> String {
    let input = Some(move_in("霞　健", "1985-06-01"));
    let reply = stage.first("madoguchi", ("POST", "/cases"), input).await;
    promised("case_enter", &reply);
    let (id, revision) = (reply.body["id"].clone(), reply.body["revision"].clone());
    let reply = stage.first("madoguchi", ("GET", "/queue"), None).await;
    promised("case_queue", &reply);
    assert_eq!(reply.body["cases"][0]["id"], id);
    let case = format!("/cases/{id}");
    let reply = stage.first("kakari", ("GET", &case), None).await;
    promised("case_read", &reply);
    assert_eq!(reply.body["plan"]["changes"].as_array().unwrap().len(), 2);
    assert_eq!(reply.body["form"]["世帯の扱い"], "1");
    let approve = format!("{case}/approve");
    let act = Some(json!({"revision": revision}));
    refused(&stage.first("madoguchi", ("POST", &approve), act.clone()).await, 403, &[]);
    let stale = Some(json!({"revision": 99}));
    refused(&stage.first("kakari", ("POST", &approve), stale).await, 409, &[]);
    let reply = stage.first("kakari", ("POST", &approve), act.clone()).await;
    promised("case_approve", &reply);
    assert_eq!(reply.body["stage"], "登録済");
    refused(&stage.first("kakari", ("POST", &approve), act).await, 409, &[]);
    let seen = Some(json!({"revision": reply.body["revision"]}));
    let reply = stage.first("kacho", ("POST", &format!("{case}/post-review")), seen).await;
    promised("case_post_review", &reply);
    assert_eq!(reply.body["post_review_due"], false);
    let asked = Some(json!({
        "system": "resident-record", "register": "resident", "q": "霞", "purpose": "転入の確認",
    }));
    let reply = stage.first("madoguchi", ("POST", "/search"), asked).await;
    promised("row_search", &reply);
    assert_eq!(reply.body["rows"].as_array().unwrap().len(), 1, "{}", reply.body);
    reply.body["rows"][0]["key"].as_str().unwrap().to_owned()
}

async fn the_row_is_there(stage: &Stage, key: &str) {
    let path = format!("/rows/resident-record/resident/{key}");
    let reply = stage.first("madoguchi", ("GET", &path), None).await;
    promised("row_read", &reply);
    assert_eq!(reply.body["title"], "霞　健");
    assert_eq!(reply.body["history"].as_array().unwrap().len(), 1);
    assert_eq!(reply.body["cases"].as_array().unwrap().len(), 1);
    let today = base::date::day_in_japan(jiff::Timestamp::now()).to_string();
    let now = format!("{path}?on={today}&at={today}");
    promised("row_read", &stage.first("madoguchi", ("GET", &now), None).await);
    let before = format!("{path}?on=2020-04-01");
    refused(&stage.first("madoguchi", ("GET", &before), None).await, 404, &[]);
    let wrong = format!("{path}?on=yesterday");
    refused(&stage.first("madoguchi", ("GET", &wrong), None).await, 422, &["/on"]);
    let unknown = format!("{path}?of=2020-04-01");
    refused(&stage.first("madoguchi", ("GET", &unknown), None).await, 400, &[]);
    let second = stage.token("second_city", "madoguchi");
    refused(&stage.send("GET", "second_city", &path, Some(second), None).await, 404, &[]);
    let of_one = format!("/audit?subject={key}&limit=1");
    let reply = stage.first("kanri", ("GET", &of_one), None).await;
    promised("audit_list", &reply);
    assert_eq!(reply.body["rows"].as_array().unwrap().len(), 1);
    let reply = stage.first("kanri", ("GET", "/journal"), None).await;
    promised("journal_list", &reply);
    assert_eq!(reply.body["entries"][0]["procedure"], "move-in");
    promised("document_list", &stage.first("kacho", ("GET", "/documents"), None).await);
    promised("system_list", &stage.first("kanri", ("GET", "/systems"), None).await);
    promised("openapi_read", &stage.first("kanri", ("GET", "/openapi.json"), None).await);
}

async fn returned_and_revised(stage: &Stage) {
    let input = move_in("雲居　花", "1990-01-02");
    let reply = stage.first("madoguchi", ("POST", "/cases"), Some(input.clone())).await;
    promised("case_enter", &reply);
    let case = format!("/cases/{}", reply.body["id"]);
    let act = |reply: &Reply| json!({"revision": reply.body["revision"]});
    let empty = Some(json!({"revision": reply.body["revision"], "note": " "}));
    let back = format!("{case}/return");
    refused(&stage.first("kakari", ("POST", &back), empty).await, 422, &["/note"]);
    let review = format!("{case}/review");
    let reply = stage.first("kakari", ("POST", &review), Some(act(&reply))).await;
    promised("case_review", &reply);
    let reason = json!({"revision": reply.body["revision"], "note": "住所を確かめる"});
    let reply = stage.first("kakari", ("POST", &back), Some(reason)).await;
    promised("case_return", &reply);
    let revised = json!({
        "revision": reply.body["revision"], "form": input["form"],
        "identity": input["identity"], "acknowledged": true,
    });
    let path = format!("{case}/revise");
    let reply = stage.first("madoguchi", ("POST", &path), Some(revised)).await;
    promised("case_revise", &reply);
    assert_eq!(reply.body["stage"], "仮登録");
    let path = format!("{case}/withdraw");
    let reply = stage.first("madoguchi", ("POST", &path), Some(act(&reply))).await;
    promised("case_withdraw", &reply);
    assert_eq!(reply.body["stage"], "取下げ");
}

async fn nothing_but_problems(stage: &Stage) {
    let token = stage.token("first_city", "madoguchi");
    let raw = |kind: &str, body: &str| {
        Request::post("/first_city/api/search")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body.to_owned()))
            .unwrap()
    };
    let kind = "application/json";
    refused(&stage.answer(raw(kind, "{\"system\": ")).await, 400, &[]);
    refused(&stage.answer(raw("text/plain", "{}")).await, 415, &[]);
    refused(&stage.answer(raw(kind, &" ".repeat((1 << 20) + 1))).await, 413, &[]);
    let text = "{\"system\":\"resident-record\",\"register\":\"resident\"}";
    refused(&stage.answer(raw(kind, text)).await, 422, &["/q"]);
    for path in
        ["", "/", "/nowhere", "/cases/1/burn", "/cases/one", "/cases/99999", "/documents/%00"]
    {
        let reply = stage.first("madoguchi", ("GET", path), None).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
        refused(&reply, 404, &[]);
    }
    refused(&stage.first("madoguchi", ("DELETE", "/queue"), None).await, 405, &[]);
    refused(&stage.first("madoguchi", ("GET", "/documents?limit=ten"), None).await, 400, &[]);
    let many = ("GET", "/documents?limit=201");
    refused(&stage.first("madoguchi", many, None).await, 422, &["/limit"]);
    let wrong = json!({"id": "madoguchi", "password": "no", "code": "000000"});
    let reply = stage.send("POST", "first_city", "/session", None, Some(&wrong)).await;
    refused(&reply, 401, &[]);
}

/// A request of a clerk with headers and a body as they are.
async fn raw(stage: &Stage, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut request = Request::builder().method("POST").uri("/first_city/api/cases");
    request = request.header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    stage.answer(request.body(Body::from(body.to_owned())).expect("a request")).await
}

async fn sent_again(stage: &Stage) {
    let token = format!("Bearer {}", stage.token("first_city", "madoguchi"));
    let body = move_in("霞　再", "1991-07-08").to_string();
    let keyed = async |key: &str, body: &str| {
        raw(stage, &[("authorization", &token), ("idempotency-key", key)], body).await
    };
    let first = keyed("k-1", &body).await;
    promised("case_enter", &first);
    let before = stage.audits(Some("case.enter")).await;
    let again = keyed("k-1", &body).await;
    promised("case_enter", &again);
    assert_eq!((&again.body, &again.location), (&first.body, &first.location));
    assert_eq!(stage.audits(Some("case.enter")).await, before, "nothing was entered");
    let other = move_in("霞　別", "1991-07-08").to_string();
    refused(&keyed("k-1", &other).await, 422, &[]);
    let elsewhere = keyed("k-2", &other).await;
    assert_ne!(elsewhere.body["id"], first.body["id"]);
    let wrong = move_in("霞　誤", "2999-01-01").to_string();
    for _ in 0..2 {
        let reply = keyed("k-3", &wrong).await;
        assert_eq!(reply.status.as_u16(), 422, "a refusal holds no key: {}", reply.body);
    }
    refused(&keyed("a key", &body).await, 400, &[]);
    refused(&keyed("", &body).await, 400, &[]);
}

async fn read_strictly(stage: &Stage) {
    let token = stage.token("first_city", "madoguchi");
    let twice = r#"{"system":"resident-record","system":"resident-record"}"#;
    let bears = async |value: &str| raw(stage, &[("authorization", value)], twice).await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let reply = bears(&format!("{scheme} {token}")).await;
        refused(&reply, 400, &[]);
        assert!(reply.text.contains("「system」") && reply.text.contains("二度"), "{}", reply.text);
    }
    for wrong in ["Bearers", "Basic", "Bearer ", ""] {
        refused(&bears(&format!("{wrong} {token}")).await, 401, &[]);
    }
    refused(&bears(&format!("Bearer\t{token}")).await, 401, &[]);
    let both = [("authorization", "Bearer made-up"), ("authorization", token)];
    refused(&raw(stage, &both, twice).await, 401, &[]);
}
