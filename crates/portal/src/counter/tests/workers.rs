//! The work in the background of a real organisation: what it does without being called, what it
//! keeps open, and what it leaves alone.

use std::time::Duration;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::json;
use store::Database;
use store::job::job_enqueue;
use tokio::time::{Instant, sleep};

use super::super::Place;
use super::super::api::tests::stage::Stage;
use super::super::api::tests::walk::move_in;
use super::{approve, registered};

/// Jobs that are due and wait.
const WAITING: &str = "select count(*) from core.job where done_at is null and run_at <= now()";
/// Rows that say who looked at what.
const LOOKS: &str = "select count(*) from core.audit
     where action = '' or action like '%.view' or action like '%.search'";
/// Up to where the front database was told of them.
const MARK: &str = "select coalesce(max(value), '') from front.setting where name = 'office_mark'";

pub async fn the_background(stage: &Stage) {
    let place = stage.state.place("first_city").expect("a place");
    let (office, front) = (&place.office.database, place.front.as_ref().expect("a front"));
    assert!(one(office, WAITING).await > 0, "nobody has worked yet");
    let looks = one(office, LOOKS).await;
    close_all(&place);
    let background = stage.state.spawn_workers();
    assert!(soon(async || one(office, WAITING).await == 0).await, "what a crash left is done");
    assert!(soon(async || place.staff.connections() == 1 && front.connections() == 0).await);
    assert!(office.connections() >= 1, "a connection is ready");
    assert_eq!(one(office, LOOKS).await, looks, "readying it looks at nobody");
    an_event_is_worked_on(stage, &place).await;
    what_falls_due_later(office).await;
    what_is_read_waits(stage, &place).await;
    drop(background);
    the_last_connection_stays(office).await;
}

/// A system that is installed while the zone serves is there for whoever signs in next, and for
/// the one who stays after the next sweep; nobody is interrupted.
pub async fn what_is_installed_is_taken_up(stage: &Stage) {
    let asked = json!({"system": "seal-registration", "register": "seal", "q": "雲居"});
    let ask = || stage.first("madoguchi", ("POST", "/search"), Some(asked.clone()));
    assert_eq!(ask().await.status, StatusCode::NOT_FOUND, "not installed yet");
    stage.install("first_city", "seal-registration").await;
    assert_eq!(ask().await.status, StatusCode::NOT_FOUND, "not taken up yet");
    stage.state.refresh("first_city").await.expect("the systems are read").expect("a place");
    assert_eq!(ask().await.status, StatusCode::OK);
    let second = stage.state.place("second_city").expect("a place");
    assert_eq!(second.office.systems.len(), 1, "nobody else gets it");
    assert!(stage.state.refresh("nowhere").await.expect("no error").is_none());
}

/// Nobody calls after the decision: the job is done all the same, long before the next sweep.
async fn an_event_is_worked_on(stage: &Stage, place: &Place) {
    let office = &place.office.database;
    let case = stage.enter(move_in("雲居　速", "1970-01-02")).await;
    let before = one(office, "select count(*) from core.job where done_at is not null").await;
    approve(stage, &case).await;
    let begin = Instant::now();
    let done = "select count(*) from core.job where done_at is not null";
    assert!(soon(async || one(office, done).await > before).await, "{:?}", begin.elapsed());
}

/// Nobody calls when a job falls due: the last sweep knew of it.
async fn what_falls_due_later(office: &Database) {
    let event = one(office, "select max(event_id) from core.journal").await;
    let at = Timestamp::now() + Duration::from_secs(2);
    let client = office.client().await.expect("a connection");
    let content = json!({ "event": event });
    job_enqueue(&*client, "reaction", "later", &content, at).await.expect("a job");
    drop(client);
    office.work_left();
    let done = "select count(*) from core.job where unique_key = 'later' and done_at is not null";
    assert!(soon(async || one(office, done).await == 1).await, "it waits for the next sweep");
}

/// A look does not send anybody to the front database.
async fn what_is_read_waits(stage: &Stage, place: &Place) {
    let front = place.front.as_ref().expect("a front");
    let told = text(front, MARK).await;
    assert!(!told.is_empty(), "the first sweep told it");
    front.close_idle(Duration::ZERO, 0);
    // A look that still counted this connection may send somebody once more.
    sleep(Duration::from_secs(3)).await;
    registered(stage, move_in("雲居　読", "1971-02-03"), "雲居　読").await;
    for _ in 0..30 {
        sleep(Duration::from_millis(100)).await;
        assert_eq!(front.connections(), 0, "somebody went there");
    }
    assert_eq!(text(front, MARK).await, told);
}

async fn the_last_connection_stays(office: &Database) {
    let both = (office.client().await.expect("one"), office.client().await.expect("another"));
    drop(both);
    assert!(office.connections() >= 2);
    office.close_idle(Duration::from_secs(60), 1);
    assert!(office.connections() >= 2, "they were used just now");
    office.close_idle(Duration::ZERO, 1);
    assert_eq!(office.connections(), 1);
    let before = backend(office).await;
    assert_eq!(backend(office).await, before, "whoever comes gets the warm one");
    office.close_idle(Duration::ZERO, 0);
    assert_eq!(office.connections(), 0);
}

async fn backend(database: &Database) -> i64 {
    one(database, "select pg_backend_pid()::bigint").await
}

fn close_all(place: &Place) {
    for pool in [Some(&place.office.database), Some(&place.staff), place.front.as_ref()] {
        pool.into_iter().for_each(|pool| pool.close_idle(Duration::ZERO, 0));
    }
}

async fn one(database: &Database, sql: &str) -> i64 {
    let client = database.client().await.expect("a connection");
    client.query_one(sql, &[]).await.expect("a row").get(0)
}

async fn text(database: &Database, sql: &str) -> String {
    let client = database.client().await.expect("a connection");
    client.query_one(sql, &[]).await.expect("a row").get(0)
}

/// Within ten seconds, however busy the machine is: far sooner than any sweep without a reason.
async fn soon(mut holds: impl AsyncFnMut() -> bool) -> bool {
    let begin = Timestamp::now();
    while begin.duration_until(Timestamp::now()).as_secs() < 10 {
        if holds().await {
            return true;
        }
        sleep(Duration::from_millis(20)).await;
    }
    false
}
