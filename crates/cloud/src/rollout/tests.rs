//! A roll-out against a real PostgreSQL: the vendor's own login asks, contracts are opened or
//! refused as the executor would, and the database holds the order of the stages.

use std::collections::BTreeMap;

use definition::{Package, System};
use jiff::ToSpan;
use serde_json::json;
use store::cluster::{Cluster, ClusterOptions};
use store::control::watch::{Incident, incident_end, incident_open};
use store::control::{
    Publication, contract_in_service, control_open, executor_act, offer_publish,
    organisation_register,
};
use store::market::{
    Judgement, Named, Sent, market_open, rollout_ask, rollout_read, rollout_wish, submission_add,
    submission_judge, vendor_admit,
};
use store::organisation::{Installer, Organisation, VENDOR};
use store::testing::{Place, sample_organisation};
use store::{Database, StoreError};

use super::*;

const BODIES: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

fn bodies() -> Vec<String> {
    BODIES.map(str::to_owned).to_vec()
}

fn today() -> Date {
    day_in_japan(Timestamp::now())
}

/// The stages of four bodies: first, percent, and what each body gets.
#[track_caller]
fn check_stages(first: &str, percent: &str, expected: &str) {
    let day = today().to_string();
    let entered = |field: &str| match field {
        "first" => first,
        "percent" => percent,
        "first_from" if first.is_empty() => "",
        "percent_from" if percent.is_empty() => "",
        _ => day.as_str(),
    };
    let assigned = match stages_check(entered, today()) {
        Ok(stages) => stages_assign(&stages, &bodies()),
        Err(wrong) => Err(format!("{}: {}", wrong[0].0, wrong[0].1)),
    };
    let shown = match assigned {
        Ok(all) => BODIES.map(|body| all[body].to_string()).concat(),
        Err(why) => why,
    };
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn stages_take_bodies_by_name_number_and_share() {
    check_stages("", "", "1111");
    check_stages("1", "", "1222");
    check_stages("2", "", "1122");
    check_stages("9", "", "1111");
    check_stages("gamma、alpha", "", "1212");
    // Shares count those before, and at least one body.
    check_stages("1", "50", "1233");
    check_stages("gamma", "1", "3313");
    check_stages("", "1", "1222");
    check_stages("nobody", "", "「nobody」は、前の版を使う団体では");
    check_stages("Alpha", "", "first: 団体の数");
    check_stages("0", "", "first: ");
    check_stages("1", "100", "percent: 1から99");
}

/// Who enters a day and forgets its share would have everybody upgraded at once.
#[test]
fn a_day_without_its_share_is_asked_about() {
    let day = today().to_string();
    for missing in ["first", "percent"] {
        let entered = |field: &str| match field {
            "rest_from" => day.as_str(),
            other if other == format!("{missing}_from") => day.as_str(),
            _ => "",
        };
        let wrong = stages_check(entered, today()).unwrap_err();
        assert_eq!(wrong.iter().map(|(field, _)| *field).collect::<Vec<_>>(), [missing]);
    }
}

#[test]
fn days_go_forward() {
    let (first, last) = (today().to_string(), today().saturating_add(3.days()).to_string());
    let past = today().saturating_sub(1.days()).to_string();
    for (first_from, rest_from, wrong) in [
        (&first, &last, ""),
        (&last, &first, "rest_from"),
        (&past, &last, "first_from"),
        (&String::new(), &last, "first_from"),
    ] {
        let entered = |field: &str| match field {
            "first" => "2",
            "first_from" => first_from.as_str(),
            "rest_from" => rest_from.as_str(),
            _ => "",
        };
        let found = stages_check(entered, today()).err().unwrap_or_default();
        assert_eq!(found.first().map_or("", |(field, _)| *field), wrong);
    }
}

struct World {
    market: Connection,
    control: Connection,
    vendor: Database,
    old: Vec<i64>,
    submission: i64,
    cluster: Cluster,
    _place: Place,
}

fn system(version: &str) -> System {
    let head = format!(
        "id: things\ncode: 周辺\nname: 物\nname_en: Things\nstatute: なし\nversion: {version}\n\
         bodies: [municipality]\n"
    );
    let package = Package { files: [("system.yaml".to_owned(), head)].into() };
    definition::load(&package).unwrap().0
}

async fn publish(control: &Connection, version: &str, yen: u32) -> i64 {
    let terms = BTreeMap::from([("terms.md".to_owned(), "# 条件\n".to_owned())]);
    let price = json!([{"from": "2026-04-01", "base_yen": yen, "resident_yen": 1}]);
    let publication = Publication {
        vendor: ("vendor_a", "見本"),
        code: None,
        price: Some(&price),
        report: Some(&json!({"passes": true})),
        documents: &terms,
        sent_at: None,
        part: false,
    };
    offer_publish(control, &publication, &system(version)).await.unwrap()
}

impl World {
    /// Four bodies with version 1 in service, and version 2 on offer.
    async fn new() -> World {
        let place = Place::new();
        let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
        let installer = Installer::new(cluster.installer("postgres"));
        let templates = installer.prepare(&[]).await.unwrap();
        let market = market_open(&installer).await.unwrap();
        let control = control_open(&installer).await.unwrap();
        let own = Organisation { kind: VENDOR.to_owned(), ..sample_organisation("vendor_a") };
        let held = installer.vendor_create(&own, &templates).await.unwrap();
        vendor_admit(&market, &own).await.unwrap();
        let vendor = held.database(held.market().as_ref(), None, 2).unwrap();
        let first = publish(&control, "1", 10).await;
        let mut old = Vec::new();
        for (place, id) in BODIES.iter().enumerate() {
            let code = format!("99999{place}");
            let body = Organisation { code, ..sample_organisation(id) };
            organisation_register(&control, &body).await.unwrap();
            old.push(store::control::contract_sign(&control, id, first).await.unwrap());
            contract_in_service(&control, old[place]).await.unwrap();
        }
        let submission = {
            let client = vendor.client().await.unwrap();
            let sent = Sent { purpose: "公開", file_name: "x", content: b"x", digest: "d" };
            submission_add(&**client, &sent, "kokai").await.unwrap()
        };
        World { market, control, vendor, old, submission, cluster, _place: place }
    }

    async fn offered(&self, yen: u32) {
        publish(&self.control, "2", yen).await;
        let system = system("2");
        let named = Named {
            system: system.id.clone(),
            name: system.name.clone(),
            version: system.version.clone(),
            hash: system.hash.clone(),
        };
        let report = json!({"passes": true});
        let found = Judgement { state: "公開", named: Some(&named), report: &report };
        submission_judge(&self.market, self.submission, &found).await.unwrap();
    }

    async fn ask(&self, first: &str, from: Date) -> Result<i64, StoreError> {
        let (day, later) = (today().to_string(), from.to_string());
        let entered = |field: &str| match field {
            "first" => first,
            "first_from" => day.as_str(),
            "rest_from" => later.as_str(),
            _ => "",
        };
        let stages = stages_check(entered, today()).unwrap();
        let stages = serde_json::to_value(stages).unwrap();
        let client = self.vendor.client().await.unwrap();
        rollout_ask(&**client, self.submission, (&stages, "kokai")).await
    }

    /// Takes it further `minutes` from now; the state of all, and of each body by its first sign.
    async fn go_on(&self, id: i64, minutes: i64) -> String {
        let now = Timestamp::now() + minutes.minutes();
        rollouts_go_on(&self.market, &self.control, now).await.unwrap();
        self.shown(id).await
    }

    async fn shown(&self, id: i64) -> String {
        let client = self.vendor.client().await.unwrap();
        let whole = rollout_read(&**client, id).await.unwrap().expect("the own one");
        let bodies = rollout_bodies(&**client, id).await.unwrap();
        let states: Vec<String> =
            bodies.iter().map(|one| format!("{}{}", one.organisation, one.state)).collect();
        format!("{} {} {}", whole.state, states.join(" "), whole.reason).trim().to_owned()
    }

    async fn contract(&self, id: i64, body: &str) -> i64 {
        let bodies = rollout_bodies(&self.market, id).await.unwrap();
        let own = bodies.iter().find(|one| one.organisation == body).expect("a body");
        let sql = "select max(id) from control.contract where replaces = $1";
        self.control.query_one(sql, &[&own.old_contract]).await.unwrap().get(0)
    }

    /// As the executor opens what is signed.
    async fn open(&self, id: i64, body: &str) {
        let contract = self.contract(id, body).await;
        contract_in_service(&self.control, contract).await.unwrap();
    }

    async fn end(self) {
        drop(self.vendor);
        self.cluster.stop().await.unwrap();
    }
}

#[tokio::test]
async fn stage_by_stage_and_it_stops_where_an_upgrade_fails() {
    let world = World::new().await;
    assert!(matches!(world.ask("2", today()).await, Err(StoreError::Conflict(_))), "not on offer");
    world.offered(10).await;
    let id = world.ask("2", today()).await.unwrap();
    assert!(matches!(world.ask("2", today()).await, Err(StoreError::Conflict(_))), "one at a time");
    assert_eq!(world.go_on(id, 0).await, "配信中 alpha待ち beta待ち gamma待ち delta待ち");
    assert_eq!(world.go_on(id, 0).await, "配信中 alpha更新中 beta待ち gamma待ち delta待ち");
    // Cut off and begun again, it makes no second contract, and nobody overtakes.
    assert_eq!(world.go_on(id, 0).await, "配信中 alpha更新中 beta待ち gamma待ち delta待ち");
    let sql = "select count(*) from control.contract where replaces is not null";
    assert_eq!(world.control.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 1);
    let early = "update market.rollout_body set state = '更新中' where organisation = 'gamma'";
    assert!(world.market.batch_execute(early).await.is_err(), "its turn has not come");
    world.open(id, "alpha").await;
    assert_eq!(world.go_on(id, 0).await, "配信中 alpha更新済 beta更新中 gamma待ち delta待ち");
    // Beta refuses: all stops, and its old contract stays in service.
    let refused = world.contract(id, "beta").await;
    executor_act(&world.control, refused, REFUSED, "項目がなくなります").await.unwrap();
    let halted = world.go_on(id, 0).await;
    assert!(halted.starts_with("中断 alpha更新済 beta失敗 gamma待ち delta待ち"), "{halted}");
    assert!(halted.ends_with("項目がなくなります"), "{halted}");
    let state = "select state from control.contract where id = $1";
    let state =
        async |id: i64| -> String { world.control.query_one(state, &[&id]).await.unwrap().get(0) };
    assert_eq!(
        (state(world.old[1]).await, state(refused).await),
        ("提供中".into(), "取下げ".into())
    );
    assert!(world.go_on(id, 60).await.starts_with("中断"), "it stands until somebody says so");
    // By hand it goes on, with the one that failed.
    let client = world.vendor.client().await.unwrap();
    rollout_wish(&**client, id, "再開").await.unwrap();
    world.go_on(id, 0).await;
    assert_eq!(world.go_on(id, 0).await, "配信中 alpha更新済 beta更新中 gamma待ち delta待ち");
    world.open(id, "beta").await;
    // The next stage waits until the watch could have spoken.
    assert_eq!(world.go_on(id, 1).await, "配信中 alpha更新済 beta更新済 gamma待ち delta待ち");
    assert_eq!(world.go_on(id, 11).await, "配信中 alpha更新済 beta更新済 gamma更新中 delta待ち");
    world.open(id, "gamma").await;
    world.go_on(id, 12).await;
    world.open(id, "delta").await;
    world.go_on(id, 12).await;
    assert_eq!(world.go_on(id, 12).await, "完了 alpha更新済 beta更新済 gamma更新済 delta更新済");
    for old in world.old.clone() {
        assert_eq!(state(old).await, "終了");
    }
    assert!(matches!(rollout_wish(&**client, id, "取りやめ").await, Err(StoreError::Conflict(_))));
    drop(client);
    world.end().await;
}

#[tokio::test]
async fn the_watch_and_the_vendor_stop_it() {
    let world = World::new().await;
    world.offered(10).await;
    let id = world.ask("alpha", today().saturating_add(2.days())).await.unwrap();
    world.go_on(id, 0).await;
    world.go_on(id, 0).await;
    world.open(id, "alpha").await;
    world.go_on(id, 0).await;
    // The next stage has its day, also for who goes around the page.
    assert_eq!(world.go_on(id, 60).await, "配信中 alpha更新済 beta待ち gamma待ち delta待ち");
    let early = "update market.rollout_body set state = '更新中' where organisation = 'beta'";
    assert!(world.market.batch_execute(early).await.is_err(), "its day has not come");
    let incident = Incident {
        id: 0,
        organisation: Some("alpha".to_owned()),
        service: "個人番号利用事務系".to_owned(),
        layer: "運用管理".to_owned(),
        title: "応答しません".to_owned(),
        began_at: Timestamp::now(),
        ended_at: None,
        by_watch: true,
        notes: Vec::new(),
    };
    let number = incident_open(&world.control, &incident).await.unwrap().unwrap();
    let halted = world.go_on(id, 0).await;
    assert!(halted.starts_with("中断") && halted.contains("応答しません"), "{halted}");
    let client = world.vendor.client().await.unwrap();
    rollout_wish(&**client, id, "再開").await.unwrap();
    world.go_on(id, 0).await;
    assert!(world.go_on(id, 0).await.starts_with("中断"), "it is not over");
    incident_end(&world.control, (number, jiff::Timestamp::now()), ("見張り", "戻りました"))
        .await
        .unwrap();
    rollout_wish(&**client, id, "取りやめ").await.unwrap();
    assert!(world.go_on(id, 0).await.starts_with("取りやめ alpha更新済 beta待ち"));
    // What is written is the platform's, and another's is nobody's.
    for sql in [
        "update market.rollout set state = '完了'",
        "update market.rollout_body set state = '更新済'",
        "insert into market.rollout (submission, asked_by, stages, state) values (1, '', '[]', '完了')",
    ] {
        assert!(client.batch_execute(sql).await.is_err(), "{sql}");
    }
    drop(client);
    world.end().await;
}

/// Cut off after the turn was noted, and stopped by the vendor then: nobody is upgraded any more.
#[tokio::test]
async fn a_turn_of_what_was_stopped_makes_no_contract() {
    let world = World::new().await;
    world.offered(10).await;
    let id = world.ask("2", today()).await.unwrap();
    world.go_on(id, 0).await;
    rollout_body_set(&world.market, (id, "alpha"), ("更新中", None, "")).await.unwrap();
    let rollout = rollout_list(&world.market).await.unwrap().remove(0);
    let client = world.vendor.client().await.unwrap();
    rollout_wish(&**client, id, "取りやめ").await.unwrap();
    // Who has read it before the stop makes nothing either, nor notes another turn.
    let (market, control) = (&world.market, &world.control);
    let turn = Turn { market, control, rollout: &rollout, now: Timestamp::now() };
    turn.go_on().await.unwrap();
    let other = "update market.rollout_body set state = '更新中' where organisation = 'beta'";
    assert!(world.market.batch_execute(other).await.is_err(), "it is stopped");
    assert!(world.go_on(id, 0).await.starts_with("取りやめ alpha待ち beta待ち"));
    let sql = "select count(*) from control.contract where replaces is not null";
    assert_eq!(world.control.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0);
    drop(client);
    world.end().await;
}

/// Nobody stops a roll-out between the look at it and the contract that is made of it.
#[tokio::test]
async fn whoever_stops_it_waits_for_the_contract_that_is_made() {
    let world = World::new().await;
    world.offered(10).await;
    let id = world.ask("2", today()).await.unwrap();
    world.go_on(id, 0).await;
    assert!(store::market::rollout_hold(&world.market, id).await.unwrap());
    let client = world.vendor.client().await.unwrap();
    client.batch_execute("set lock_timeout = '200ms'").await.unwrap();
    assert!(rollout_wish(&**client, id, "取りやめ").await.is_err(), "it is held");
    store::market::rollout_let_go(&world.market).await.unwrap();
    rollout_wish(&**client, id, "取りやめ").await.unwrap();
    assert!(!store::market::rollout_hold(&world.market, id).await.unwrap());
    store::market::rollout_let_go(&world.market).await.unwrap();
    drop(client);
    world.end().await;
}

#[tokio::test]
async fn a_version_that_is_withdrawn_leaves_nobody_half_way() {
    let world = World::new().await;
    world.offered(10).await;
    let id = world.ask("2", today()).await.unwrap();
    world.go_on(id, 0).await;
    world.go_on(id, 0).await;
    let made = world.contract(id, "alpha").await;
    let hash = system("2").hash.clone();
    let of = ("vendor_a", hash.as_str());
    store::control::offer_withdraw(&world.control, of, "見本").await.unwrap();
    let halted = world.go_on(id, 0).await;
    assert!(
        halted.starts_with("中断 alpha更新中") && halted.contains("取り下げられた"),
        "{halted}"
    );
    // The executor does not open it any more (`cloud::contract`), and it is taken back.
    executor_act(&world.control, made, REFUSED, "取り下げました").await.unwrap();
    assert!(world.go_on(id, 0).await.starts_with("中断 alpha失敗 beta待ち"));
    let sql = "select c.state, (select a.note from control.contract_act a where a.contract = c.id
                 order by a.id desc limit 1) from control.contract c where c.id = $1";
    let row = world.control.query_one(sql, &[&made]).await.unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), ("取下げ", "取り下げました"));
    let old = world.control.query_one(sql, &[&world.old[0]]).await.unwrap();
    assert_eq!(old.get::<_, &str>(0), "提供中");
    world.end().await;
}

#[tokio::test]
async fn what_a_body_has_not_agreed_to_is_left_to_it() {
    let world = World::new().await;
    world.offered(11).await;
    let id = world.ask("nobody", today()).await.unwrap();
    let shown = world.go_on(id, 0).await;
    assert!(shown.starts_with("不可") && shown.contains("「nobody」"), "{shown}");
    let id = world.ask("2", today()).await.unwrap();
    let expected = "alpha対象外 beta対象外 gamma対象外 delta対象外";
    assert_eq!(world.go_on(id, 0).await, format!("配信中 {expected}"));
    assert_eq!(world.go_on(id, 0).await, format!("完了 {expected}"));
    let bodies = rollout_bodies(&world.market, id).await.unwrap();
    assert!(bodies.iter().all(|one| one.note.contains("料金又は契約条件が変わる")));
    world.end().await;
}
