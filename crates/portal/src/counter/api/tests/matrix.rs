//! Every route × nobody, the wrong role, somebody of another organisation; and every route that
//! changes something × an audit row. A route that is added to the table is in the matrix; one that
//! changes something and has no act below fails.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::stage::Stage;
use super::walk::move_in;
use crate::counter::api::{Access, ROUTES, Route};

/// An address of the route; what it names need not be there.
fn address(route: &Route) -> String {
    let named = [
        ("{system}", "resident-record"),
        ("{register}", "resident"),
        ("{key}", "000000000000000"),
        ("{id}", "1"),
        ("{number}", "20260401-999999-x-000001"),
    ];
    named.iter().fold(route.path.to_owned(), |path, (name, value)| path.replace(name, value))
}

/// Somebody whom the route does not let in.
fn stranger(route: &Route) -> Option<&'static str> {
    let Access::Roles(roles) = route.access else { return None };
    let all = [("kanri", "administrator"), ("madoguchi", "counter"), ("kakari", "chief")];
    all.iter().find(|(_, role)| !roles.contains(role)).map(|(id, _)| *id)
}

fn route(operation: &str) -> &'static Route {
    ROUTES.iter().find(|route| route.operation == operation).expect("a route")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_let_in_and_what_is_audited() {
    let stage = Stage::build().await;
    for route in ROUTES {
        let (method, path) = (route.method.word().to_uppercase(), address(route));
        let body = route.body.map(|_| json!({}));
        let ask = async |city: &str, token: Option<&str>| {
            let reply = stage.send(&method, city, &path, token, body.as_ref()).await;
            assert_eq!(reply.kind, "application/problem+json", "{}", route.operation);
            reply.status
        };
        let name = route.operation;
        if route.access == Access::Open {
            assert_eq!(ask("first_city", None).await, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
            continue;
        }
        let own = stage.token("first_city", "kacho");
        assert_eq!(ask("third_city", Some(own)).await, StatusCode::NOT_FOUND, "{name}");
        let foreign = stage.token("second_city", "kacho");
        for token in [None, Some("made-up"), Some(foreign)] {
            let status = ask("first_city", token).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{name}: {token:?}");
        }
        assert_eq!(matches!(route.access, Access::Roles(_)), stranger(route).is_some(), "{name}");
        if let Some(id) = stranger(route) {
            let before = stage.audits(None).await;
            let status = ask("first_city", Some(stage.token("first_city", id))).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{name}: {id}");
            assert_eq!(stage.audits(None).await, before, "{name}: nothing was shown");
        }
    }
    every_look_is_audited(&stage).await;
    every_change_is_audited(&stage).await;
    stage.cluster.stop().await.unwrap();
}

/// A case entered now: its number and revision.
async fn entered(stage: &Stage, name: &str) -> (Value, Value) {
    let ask = ("POST", "/cases");
    let reply = stage.first("madoguchi", ask, Some(move_in(name, "1980-02-03"))).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
    (reply.body["id"].clone(), reply.body["revision"].clone())
}

/// What shows no personal data, and what needs the print worker (the office audits it before the
/// page is made).
const UNSEEN: &[&str] = &["system_list", "openapi_read", "document_pdf"];

async fn every_look_is_audited(stage: &Stage) {
    let (id, _) = entered(stage, "見本　〇").await;
    let number = "20260401-999999-madoguchi-000001";
    stage.issued(number).await;
    let case = format!("/cases/{id}");
    let approve = json!({"revision": entered_revision(stage, &case).await});
    changes(stage, "case_approve", "kakari", (&format!("{case}/approve"), Some(approve))).await;
    let found = json!({"system": "resident-record", "register": "resident", "q": "見本"});
    let reply = stage.first("kacho", ("POST", "/search"), Some(found.clone())).await;
    let key = reply.body["rows"][0]["key"].as_str().expect("a row").to_owned();
    let looks = [
        ("row_search", "/search".to_owned(), Some(found)),
        ("row_read", format!("/rows/resident-record/resident/{key}"), None),
        ("case_queue", "/queue".to_owned(), None),
        ("case_preview", "/cases/preview".to_owned(), Some(move_in("見本　九", "1980-02-03"))),
        ("case_read", case, None),
        ("document_list", "/documents".to_owned(), None),
        ("document_read", format!("/documents/{number}"), None),
        ("journal_list", "/journal".to_owned(), None),
        ("audit_list", "/audit".to_owned(), None),
    ];
    let mut done: BTreeSet<&str> = UNSEEN.iter().copied().collect();
    for (operation, path, body) in looks {
        let who = match operation {
            "journal_list" | "audit_list" => "kanri",
            _ => "madoguchi",
        };
        changes(stage, operation, who, (&path, body)).await;
        done.insert(operation);
    }
    let all: BTreeSet<&str> =
        ROUTES.iter().filter(|route| !route.mutates).map(|route| route.operation).collect();
    assert_eq!(done, all, "every route that shows something is looked at here");
}

async fn entered_revision(stage: &Stage, case: &str) -> Value {
    stage.first("kakari", ("GET", case), None).await.body["revision"].clone()
}

/// What needs the print worker: the office audits it in the transaction of the issue.
const PRINTED: &[&str] = &["certificate_issue"];

async fn every_change_is_audited(stage: &Stage) {
    let mut done: BTreeSet<&str> = PRINTED.iter().copied().collect();
    let (first, second) = (entered(stage, "見本　一").await, entered(stage, "見本　二").await);
    let input = move_in("見本　二", "1980-02-03");
    let course = [
        ("case_approve", "kakari", &first.0, json!({})),
        ("case_post_review", "kacho", &first.0, json!({})),
        ("case_review", "kakari", &second.0, json!({})),
        ("case_return", "kakari", &second.0, json!({"note": "理由"})),
        (
            "case_revise",
            "madoguchi",
            &second.0,
            json!({"form": input["form"], "identity": input["identity"], "acknowledged": true}),
        ),
        ("case_withdraw", "madoguchi", &second.0, json!({})),
    ];
    for (operation, who, id, mut body) in course {
        body["revision"] = entered_revision(stage, &format!("/cases/{id}")).await;
        let path = route(operation).path.replace("{id}", &id.to_string());
        changes(stage, operation, who, (&path, Some(body))).await;
        done.insert(operation);
    }
    let input = move_in("見本　三", "1980-02-03");
    changes(stage, "case_enter", "madoguchi", ("/cases", Some(input))).await;
    let number = "20260401-999999-madoguchi-000002";
    stage.issued(number).await;
    let path = format!("/documents/{number}/void");
    let reason = json!({"reason": "印刷の乱れ"});
    changes(stage, "document_void", "madoguchi", (&path, Some(reason))).await;
    let reason = json!({"reason": "端末をなくした。対面で確かめた"});
    let path = "/accounts/madoguchi/one-time-code";
    changes(stage, "account_code_reissue", "kanri", (path, Some(reason))).await;
    assert!(stage.audits(Some("session.open")).await >= 4, "each who signed in");
    changes(stage, "session_close", "kanri", ("/session", None)).await;
    let more = ["case_enter", "document_void", "session_open", "session_close"];
    done.extend(more);
    done.insert("account_code_reissue");
    let all: BTreeSet<&str> =
        ROUTES.iter().filter(|route| route.mutates).map(|route| route.operation).collect();
    assert_eq!(done, all, "every route that changes something has its act here");
    let reply = stage.first("kanri", ("GET", "/systems"), None).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "the session is over");
}

/// The request is answered as promised and leaves an audit row more.
async fn changes(stage: &Stage, operation: &str, who: &str, ask: (&str, Option<Value>)) {
    let route = route(operation);
    let before = stage.audits(None).await;
    let method = route.method.word().to_uppercase();
    let reply = stage.first(who, (&method, ask.0), ask.1).await;
    assert_eq!(reply.status.as_u16(), route.answer.0, "{operation}: {}", reply.body);
    assert!(stage.audits(None).await > before, "{operation} left no audit row");
}
