//! Who makes and approves, signed by the database itself; what an operator's login cannot do.

use serde_json::json;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::*;
use crate::Database;
use crate::cluster::{Cluster, ClusterOptions};
use crate::control::control_open;
use crate::organisation::{Installer, OPERATOR, Organisation};
use crate::testing::{Place, sample_organisation};

const COMMAND: &str = "基盤の運用（コマンド）";

pub(in crate::control) struct Room {
    /// As the installer: the command line and the executor.
    pub control: Client,
    /// As the operator's zone.
    pub zone: Database,
    installer: Installer,
    pub cluster: Cluster,
    _place: Place,
}

impl Room {
    pub async fn new() -> Room {
        let place = Place::new();
        let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
        let installer = Installer::new(cluster.installer("postgres"));
        let templates = installer.prepare(&[]).await.unwrap();
        let control = control_open(&installer).await.unwrap();
        let kind = OPERATOR.to_owned();
        let operator = Organisation { kind, ..sample_organisation("agency") };
        let own = installer.operator_create(&operator, &templates).await.unwrap();
        operator_admit(&control, &operator).await.unwrap();
        for person in ["one", "two"] {
            operator_register(&control, &operator, (person, "見本　運用")).await.unwrap();
        }
        let zone = own.database(own.control().as_ref(), None, 2).unwrap();
        Room { control, zone, installer, cluster, _place: place }
    }

    /// A draft of somebody in the zone.
    async fn draft(&self, person: &str) -> Result<i64, StoreError> {
        let mut client = self.zone.client().await.unwrap();
        blueprint_keep(&mut client, (0, "hash"), (person, ""), &[planned()]).await
    }

    async fn approve(&self, id: i64, person: &str) -> Result<Approved, StoreError> {
        let mut client = self.zone.client().await.unwrap();
        blueprint_approve(&mut client, id, (person, "hash")).await
    }

    async fn head(&self, id: i64) -> Head {
        head_read(&self.control, id).await.unwrap()
    }
}

fn planned() -> Planned {
    Planned {
        id: "s".to_owned(),
        environment: "131016.production.local".to_owned(),
        sequence: 1,
        act: "作成".to_owned(),
        part: "account".to_owned(),
        value: json!({"kind": "account"}),
        before: None,
        seen: 0,
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(done: Result<T, StoreError>, words: &str) {
    let error = done.expect_err(words);
    assert!(error.to_string().contains(words), "{error}");
}

#[track_caller]
fn forbidden(done: Result<(), tokio_postgres::Error>, sql: &str) {
    let error = done.expect_err(sql);
    assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{sql}: {error:?}");
}

#[tokio::test]
async fn the_database_signs_for_whoever_acts() {
    let mut room = Room::new().await;
    refused(room.draft("nobody").await, "運用担当として登録されていません");
    let id = room.draft("one").await.unwrap();
    assert_eq!(room.head(id).await.made_by, "one@agency");
    refused(room.approve(id, "one").await, "ほかの人が承認してください");
    refused(room.approve(id, "nobody").await, "登録されていません");
    assert_eq!(room.approve(id, "two").await.unwrap(), Approved::Yes);
    let head = room.head(id).await;
    assert_eq!(head.approved_by.as_deref(), Some("two@agency"));
    assert_eq!((head.state.as_str(), head.emergency), ("承認済", None));
    refused(room.approve(id, "two").await, "承認を待つ案ではない");
    // The command line cannot lend itself a person's name, and does not approve.
    let said = ("two@agency", "");
    let own = blueprint_keep(&mut room.control, (0, "hash"), said, &[planned()]).await.unwrap();
    assert_eq!(room.head(own).await.made_by, COMMAND);
    let done = blueprint_approve(&mut room.control, own, ("one@agency", "hash")).await;
    refused(done, "コマンドは承認しません");
    for sql in [
        "update control.blueprint set state = '承認済', approved_by = 'one@agency' where id = $1",
        "update control.blueprint set approved_by = 'one@agency' where id = $1",
        "update control.blueprint set state = '適用中', approved_by = 'one@agency',
           approved_at = now(), generation = 1 where id = $1",
    ] {
        assert!(room.control.execute(sql, &[&own]).await.is_err(), "{sql}");
    }
    let acts = act_list(&room.control, own).await.unwrap();
    assert_eq!(acts.iter().map(|it| it.actor.as_str()).collect::<Vec<_>>(), [COMMAND]);
    two_operators_approve_what_a_command_made(&room, own).await;
    room.cluster.stop().await.unwrap();
}

async fn two_operators_approve_what_a_command_made(room: &Room, id: i64) {
    assert_eq!(room.approve(id, "one").await.unwrap(), Approved::First);
    let head = room.head(id).await;
    assert_eq!((head.state.as_str(), head.approved_by), ("案", None));
    assert_eq!(head.checked_by.as_deref(), Some("one@agency"));
    let mut zone = room.zone.client().await.unwrap();
    refused(blueprint_request(&mut zone, id, "one").await, "承認されていない");
    refused(room.approve(id, "one").await, "もう一人の運用担当");
    // Nor by the database's own words.
    for (person, sql) in [
        ("one", "update control.blueprint set state = '承認済' where id = $1"),
        ("one", "update control.blueprint set state = '適用中' where id = $1"),
    ] {
        let transaction = zone.transaction().await.unwrap();
        approval::acting(&transaction, person).await.unwrap();
        assert!(transaction.execute(sql, &[&id]).await.is_err(), "{sql}");
    }
    assert_eq!(room.approve(id, "two").await.unwrap(), Approved::Yes);
    let head = room.head(id).await;
    assert_eq!((head.state.as_str(), head.approved_by.as_deref()), ("承認済", Some("two@agency")));
    let transaction = zone.transaction().await.unwrap();
    approval::acting(&transaction, "one").await.unwrap();
    let back = "update control.blueprint set state = '案' where id = $1";
    assert!(transaction.execute(back, &[&id]).await.is_err(), "back to a draft");
    drop(transaction);
    let acts = act_list(&room.control, id).await.unwrap();
    let acts: Vec<_> = acts.iter().map(|it| (it.act.as_str(), it.actor.as_str())).collect();
    let both = [("一人目の承認", "one@agency"), ("承認", "two@agency")];
    assert_eq!(acts[1..], both);
}

#[tokio::test]
async fn an_emergency_is_written_down() {
    let mut room = Room::new().await;
    let id = room.draft("one").await.unwrap();
    let control = &mut room.control;
    let done = blueprint_approve_in_emergency(control, id, ("hash", " ")).await;
    refused(done, "理由が要ります");
    let done = blueprint_approve_in_emergency(control, id, ("other", "停電")).await;
    refused(done, "見た内容と違います");
    blueprint_approve_in_emergency(control, id, ("hash", "停電")).await.unwrap();
    let head = room.head(id).await;
    assert_eq!(head.approved_by.as_deref(), Some("緊急の承認（コマンド）"));
    assert_eq!(head.emergency.as_deref(), Some("停電"));
    let acts = act_list(&room.control, id).await.unwrap();
    let last = acts.last().map(|it| (it.actor.as_str(), it.act.as_str(), it.note.as_str()));
    assert_eq!(last, Some((COMMAND, "緊急の承認", "停電")));
    // Nobody takes the mark away again.
    let sql = "update control.blueprint set emergency = null where id = $1";
    assert!(room.control.execute(sql, &[&id]).await.is_err());
    room.cluster.stop().await.unwrap();
}

#[tokio::test]
async fn an_application_is_asked_for_and_answered() {
    let room = Room::new().await;
    let (_listening, mut told) = requested_listen(&room.installer).await.unwrap();
    let mut client = room.zone.client().await.unwrap();
    let id = room.draft("one").await.unwrap();
    let early = blueprint_request(&mut client, id, "one").await;
    refused(early, "承認されていないか");
    let rejected = room.draft("one").await.unwrap();
    blueprint_reject(&mut client, rejected, ("two", "hash"), "早い").await.unwrap();
    assert_eq!(room.head(rejected).await.state, "却下");
    refused(room.approve(rejected, "two").await, "承認を待つ案ではない");
    room.approve(id, "two").await.unwrap();
    blueprint_request(&mut client, id, "one").await.unwrap();
    assert_eq!(told.recv().await, Some(id.to_string()));
    refused(blueprint_request(&mut client, id, "two").await, "もう求められています");
    let asked = Requested { blueprint: id, by: "one@agency".to_owned(), cut: None };
    assert_eq!(request_list(&room.control).await.unwrap(), [asked]);
    request_answer(&room.control, id, "済み 1").await.unwrap();
    assert_eq!(request_list(&room.control).await.unwrap(), []);
    refused(blueprint_request_cut(&mut client, id, ("two", "理由")).await, "適用中ではない");
    let sql = "update control.blueprint set state = '適用中', generation = 1 where id = $1";
    room.control.execute(sql, &[&id]).await.unwrap();
    blueprint_request_cut(&mut client, id, ("two", "予算が足りない")).await.unwrap();
    refused(blueprint_request(&mut client, id, "two").await, "もう求められています");
    let cut = request_list(&room.control).await.unwrap();
    assert_eq!(cut[0].cut.as_deref(), Some("予算が足りない"));
    request_answer(&room.control, id, "取り止めた").await.unwrap();
    blueprint_request(&mut client, id, "two").await.unwrap();
    room.cluster.stop().await.unwrap();
}

#[tokio::test]
async fn an_operators_login_reaches_no_further() {
    let room = Room::new().await;
    let mut zone = room.zone.client().await.unwrap();
    let id = room.draft("one").await.unwrap();
    body_list(&*zone).await.unwrap();
    assert_eq!(lane_list(&*zone, id).await.unwrap()[0].steps, 1);
    assert_eq!(stuck_list(&*zone, 0.0, 9).await.unwrap(), (Vec::new(), 0));
    assert_eq!(part_list(&*zone, "131016").await.unwrap(), []);
    parts_read(&*zone).await.unwrap();
    let step = "insert into control.blueprint_step
                  (blueprint, id, environment, sequence, act, part, value, seen)
                values (1, 'x', 'x.y.z', 9, '作成', 'x', '{}', 0)";
    for sql in [
        // Nothing of contracts, packages and money.
        "select from control.contract",
        "select from control.metered",
        "select from control.organisation",
        "select from control.offer",
        "select from control.package",
        "select from control.seed",
        "select from control.cost_daily",
        "select from control.cost_share",
        "select from control.deposit_line",
        // Of the watch it reads, and writes nothing.
        "update control.incident set layer = '国'",
        "insert into control.incident_note (incident, actor, words) values (1, 'x', 'x')",
        "delete from control.watched",
        // Nothing of what the executor alone writes.
        "update control.plane set generation = 9",
        "update control.blueprint_step set state = '済み'",
        "insert into control.part values ('a', 'b', '{}', null, 1, 'c')",
        "delete from control.alarm",
        "insert into control.plane_act (blueprint, actor, act, note) values (1, '', '適用の結果', '')",
        // Nobody admits, signs for another, or changes what was planned.
        "insert into control.operator (organisation, id, name) values ('agency', 'me', '')",
        "update control.operator set ended_at = null",
        "update control.blueprint set approved_by = 'two@agency'",
        "update control.blueprint set emergency = 'x'",
        "update control.blueprint set hash = 'x'",
        "update control.blueprint set state = '適用中', generation = 1",
        "insert into control.blueprint (hash, base, made_by) values ('h', 0, 'two@agency')",
        "update control.plane_act set note = ''",
        "delete from control.blueprint",
    ] {
        let transaction = zone.transaction().await.unwrap();
        approval::acting(&transaction, "one").await.unwrap();
        forbidden(transaction.batch_execute(sql).await, sql);
    }
    // Into another's draft goes nothing; into one's own it does.
    let transaction = zone.transaction().await.unwrap();
    approval::acting(&transaction, "two").await.unwrap();
    forbidden(transaction.batch_execute(step).await, step);
    drop(transaction);
    let transaction = zone.transaction().await.unwrap();
    approval::acting(&transaction, "one").await.unwrap();
    transaction.batch_execute(step).await.unwrap();
    drop(transaction);
    // Whoever left does not act any more.
    let sql = "update control.operator set ended_at = now() where id = 'two'";
    room.control.batch_execute(sql).await.unwrap();
    refused(room.approve(id, "two").await, "登録されていません");
    drop(zone);
    room.cluster.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_held_is_named_before_what_is_slow() {
    let room = Room::new().await;
    let sql = "
        insert into control.blueprint (hash, base) values ('h', 0);
        update control.blueprint set state = '承認済', emergency = '試験';
        update control.blueprint set state = '適用中', generation = 1;
        insert into control.blueprint_step (blueprint, id, environment, sequence, act, part, value,
            seen, state, started_at)
          select 1, 's' || n, 'e' || n || '.production.local', 1, '作成', 'account', '{}', 0,
            case n when 61 then '保留' else '実行中' end, now() - make_interval(secs => 100 - n)
          from generate_series(1, 61) n";
    room.control.batch_execute(sql).await.unwrap();
    let health = health_read(&room.control).await.unwrap();
    assert_eq!((health.stuck.len(), health.begun), (50, 61));
    assert_eq!(health.places, [(1, 61)]);
    assert_eq!(health.stuck[0].environment, "e61.production.local");
    assert_eq!(health.stuck[1].environment, "e1.production.local");
    room.cluster.stop().await.unwrap();
}

#[tokio::test]
async fn one_whose_rest_was_given_up_is_not_done() {
    let mut room = Room::new().await;
    for (states, ended) in [("済み,取止", "取止め"), ("済み,済み", "完了")] {
        let sql = format!(
            "truncate control.blueprint restart identity cascade;
             insert into control.blueprint (hash, base) values ('h', 0);
             update control.blueprint set state = '承認済', emergency = '試験';
             update control.blueprint set state = '適用中', generation = 1;
             insert into control.blueprint_step (blueprint, id, environment, sequence, act, part,
                 value, seen, state)
               select 1, 's' || n, 'e.production.local', n, '作成', 'account', '{{}}', 0, state
               from unnest(string_to_array('{states}', ',')) with ordinality as t(state, n)"
        );
        room.control.batch_execute(&sql).await.unwrap();
        assert!(blueprint_end(&mut room.control, 1).await.unwrap());
        assert_eq!(room.head(1).await.state, ended);
    }
    room.cluster.stop().await.unwrap();
}

#[tokio::test]
async fn what_a_check_found_stays_until_the_next() {
    let room = Room::new().await;
    let found = |place: &str, rule: &str| Found {
        body: Some("131016".to_owned()),
        place: place.to_owned(),
        what: "what".to_owned(),
        remedy: "remedy".to_owned(),
        rule: rule.to_owned(),
    };
    let zone = room.zone.client().await.unwrap();
    assert_eq!(check_last(&**zone, 9).await.unwrap(), None);
    let all = [found("a", "books"), found("b", "domestic-regions"), found("c", "no-orphans")];
    check_book(&room.control, 7, &all).await.unwrap();
    let last = check_last(&**zone, 2).await.unwrap().unwrap();
    assert_eq!((last.environments, last.findings), (7, 3));
    assert_eq!(last.shown, [all[1].clone(), all[0].clone()], "what breaks a rule stands first");
    for sql in [
        "update control.finding set what = 'nothing'",
        "delete from control.finding",
        "update control.plane_check set findings = 0",
        "delete from control.plane_check",
    ] {
        assert!(room.control.batch_execute(sql).await.is_err(), "{sql}");
        assert!(zone.batch_execute(sql).await.is_err(), "{sql}");
    }
    let sql = "insert into control.plane_check (environments, findings) values (1, 0)";
    assert!(zone.batch_execute(sql).await.is_err(), "only who runs the check writes it");
    check_book(&room.control, 7, &[]).await.unwrap();
    let last = check_last(&**zone, 9).await.unwrap().unwrap();
    assert_eq!((last.findings, last.shown.len()), (0, 0));
    let count: i64 =
        room.control.query_one("select count(*) from control.finding", &[]).await.unwrap().get(0);
    assert_eq!(count, 0);
}
