//! Two municipalities and an operator: who asks, decides and grants what; what a full quota holds
//! up, and what it does not; and connections until the server refuses. Every refusal is the
//! database's own.

use tokio_postgres::Client;

use super::*;
use crate::Database;
use crate::cluster::{Cluster, ClusterOptions};
use crate::control::plane::{operator_admit, operator_register};
use crate::control::{
    Draft, Step, buyer_admit, contract_draft, contract_step, control_open, organisation_register,
    signed_listen,
};
use crate::copybook::{TRAININGS, copy_ask, copy_list, copy_note};
use crate::organisation::{CopyWish, Credentials, Installer, OPERATOR, Organisation};
use crate::testing::{Place, sample_organisation};

const CAPACITY: QuotaKind = QuotaKind::Capacity;
const CONNECTIONS: QuotaKind = QuotaKind::Connections;
const SYSTEMS: QuotaKind = QuotaKind::Systems;

struct Room {
    control: Client,
    installer: Installer,
    one: Database,
    two: Database,
    operator: Database,
    internet: Vec<Credentials>,
    cluster: Cluster,
    _place: Place,
}

fn body(id: &str, code: &str) -> Organisation {
    Organisation { code: code.to_owned(), ..sample_organisation(id) }
}

fn defaults() -> Vec<QuotaDefault> {
    let from = Date::constant(2026, 4, 1);
    let one = |kind, size: &str, residents, value| QuotaDefault {
        kind,
        size: (size.to_owned(), residents),
        from,
        value,
    };
    vec![
        one(CAPACITY, "小", 0, 20 * GB),
        one(CAPACITY, "大", 10_000, 100 * GB),
        one(CONNECTIONS, "小", 0, 30),
        one(SYSTEMS, "小", 0, 1),
    ]
}

impl Room {
    async fn new() -> Room {
        let place = Place::new();
        let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
        let installer = Installer::new(cluster.installer("postgres"));
        let templates = installer.prepare(&[]).await.unwrap();
        let control = control_open(&installer).await.unwrap();
        let (mut pools, mut internet) = (Vec::new(), Vec::new());
        for one in [body("one", "992011"), body("two", "993018")] {
            organisation_register(&control, &one).await.unwrap();
            let own = installer.organisation_create(&one, &templates).await.unwrap();
            buyer_admit(&control, &one).await.unwrap();
            pools.push(own.lgwan.database(own.lgwan.control().as_ref(), None, 2).unwrap());
            internet.push(own.internet);
        }
        let agency = Organisation { kind: OPERATOR.to_owned(), ..sample_organisation("agency") };
        let own = installer.operator_create(&agency, &templates).await.unwrap();
        operator_admit(&control, &agency).await.unwrap();
        operator_register(&control, &agency, ("unyo", "見本　運用")).await.unwrap();
        let operator = own.database(own.control().as_ref(), None, 2).unwrap();
        let (two, one) = (pools.pop().unwrap(), pools.pop().unwrap());
        quota_defaults_put(&control, &defaults()).await.unwrap();
        let sql = "insert into control.offer (vendor, vendor_id, system, code, name, version, hash,
                     report, price)
                   select '見本ベンダー', 'a', s, null, s, '1', s, '{\"passes\": true}', '[]'
                   from unnest(array['tax', 'seal', 'care']) s";
        control.execute(sql, &[]).await.unwrap();
        Room { control, installer, one, two, operator, internet, cluster, _place: place }
    }

    async fn ask(&self, kind: QuotaKind, value: i64) -> Result<i64, StoreError> {
        let client = self.one.client().await.unwrap();
        quota_ask(&*client, (kind, value), ("a", "足りない")).await
    }

    async fn grant(&self, request: i64, value: Option<i64>, why: &str) -> Result<(), StoreError> {
        let mut client = self.operator.client().await.unwrap();
        quota_decide(&mut client, (request, value), ("unyo", why)).await
    }

    /// Asked, decided and granted.
    async fn raise(&self, kind: QuotaKind, value: i64) {
        let request = self.ask(kind, value).await.unwrap();
        let client = self.one.client().await.unwrap();
        quota_step(&*client, (request, QuotaStep::Decide), "b").await.unwrap();
        self.grant(request, Some(value), "").await.unwrap();
    }

    async fn of(&self, organisation: &str, kind: QuotaKind) -> Quota {
        let all = quotas_of(&self.control, organisation).await.unwrap();
        all.into_iter().find(|one| one.kind == kind).unwrap()
    }

    /// Asks for a training copy, and has it done.
    async fn training(&self, wish: CopyWish) -> Result<(), StoreError> {
        let last = copy_list(&self.control, &TRAININGS).await?.pop().map(|last| last.asked_at);
        copy_ask(&self.control, (&TRAININGS, "one"), (wish, "見本"), last).await?;
        let book = copy_list(&self.control, &TRAININGS).await?.pop().unwrap();
        copy_note(&self.control, (&TRAININGS, &book), "").await
    }

    async fn measured(&self, used: i64) {
        quota_measured(&self.control, ("one", CAPACITY), used).await.unwrap();
    }

    /// A contract drafted by one and decided by another, to be signed.
    async fn decided(&self, offer: i64) -> i64 {
        let client = self.one.client().await.unwrap();
        let draft = Draft {
            method: "随意契約".to_owned(),
            reason: "比較".to_owned(),
            budget: "総務費".to_owned(),
            ..Draft::default()
        };
        let id = contract_draft(&*client, offer, &draft, "a").await.unwrap();
        contract_step(&*client, (id, Step::Decide), ("b", "")).await.unwrap();
        id
    }

    async fn sign(&self, id: i64) -> Result<(), StoreError> {
        contract_step(&*self.one.client().await.unwrap(), (id, Step::Sign), ("a", "")).await
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(done: Result<T, StoreError>, words: &str) {
    let error = done.expect_err(words);
    assert!(error.to_string().contains(words), "{error}");
}

#[tokio::test]
async fn two_of_the_body_ask_and_an_operator_grants() {
    let room = Room::new().await;
    let quota = room.of("one", CAPACITY).await;
    assert_eq!((quota.value, quota.size.as_deref()), (Some(20 * GB), Some("小")));
    assert_eq!(quota.given, Some(("既定".to_owned(), Date::constant(2026, 4, 1))));
    refused(room.ask(CAPACITY, 200_000 * GB).await, "1 GBから100,000 GBまで");
    refused(room.ask(CAPACITY, 20 * GB).await, "いまの枠と同じ");
    room.measured(15 * GB).await;
    refused(room.ask(CAPACITY, 14 * GB).await, "いま15 GBを使っている");
    let request = room.ask(CAPACITY, 50 * GB).await.unwrap();
    refused(room.ask(CAPACITY, 60 * GB).await, "申込みがもうあります");
    let (one, two) = (room.one.client().await.unwrap(), room.two.client().await.unwrap());
    refused(room.grant(request, Some(50 * GB), "").await, "もう決まったか");
    refused(quota_step(&*one, (request, QuotaStep::Decide), "a").await, "起案した人は決裁");
    refused(quota_step(&*two, (request, QuotaStep::Decide), "b").await, "いまの状態では");
    assert!(quota_acts(&*two).await.unwrap().is_empty(), "another body's");
    assert_eq!(quota_list(&*two).await.unwrap().len(), 3, "its own three only");
    quota_step(&*one, (request, QuotaStep::Decide), "b").await.unwrap();
    // What the page would not send, the database refuses.
    for sql in [
        "insert into control.quota_act (request, act, value, reason, actor)
           values (1, '承認', 1, '', 'x@agency')",
        "insert into control.quota_act (request, kind, act, value, actor)
           values (1, '容量', '決裁', 1, 'c')",
        "update control.quota_act set value = 1",
        "delete from control.quota_act",
        "insert into control.quota_used (organisation, kind, day, used)
           values ('one', '容量', '2026-01-01', 0)",
        "insert into control.quota_default values ('容量', 0, '2026-05-01', 'x', 1)",
        "select control.quota_hold('two', 1)",
    ] {
        assert!(one.batch_execute(sql).await.is_err(), "{sql}");
    }
    let own = "insert into control.quota_act (kind, act, value, reason, actor, organisation)
               values ('容量', '起案', 30000000000, 'x', 'a', 'two')";
    assert!(one.batch_execute(own).await.is_err(), "for another body");
    // Nobody grants by command, and no operator that was not admitted.
    let sql = "insert into control.quota_act (request, act, value) values (1, '承認', 5)";
    assert!(room.control.batch_execute(sql).await.is_err());
    let mut stranger = room.operator.client().await.unwrap();
    let done = quota_decide(&mut stranger, (request, Some(50 * GB)), ("nobody", "")).await;
    refused(done, "運用担当として登録されていません");
    drop(stranger);
    refused(room.grant(request, Some(14 * GB), "").await, "いま15 GBを使っている");
    room.grant(request, Some(40 * GB), "まず40").await.unwrap();
    refused(room.grant(request, Some(50 * GB), "").await, "もう決まったか");
    let quota = room.of("one", CAPACITY).await;
    assert_eq!((quota.value, quota.default), (Some(40 * GB), Some(20 * GB)));
    assert_eq!(quota.given.unwrap().0, "承認");
    assert_eq!(room.of("two", CAPACITY).await.value, Some(20 * GB));
    let acts = quota_acts(&*one).await.unwrap();
    let course: Vec<&str> = acts.iter().map(|act| act.act.as_str()).collect();
    assert_eq!(course, ["起案", "決裁", "承認"]);
    assert_eq!(acts[2].actor, "unyo@agency");
    // A refusal needs its reason, and what was refused may be asked for anew.
    let request = room.ask(CAPACITY, 90 * GB).await.unwrap();
    quota_step(&*one, (request, QuotaStep::Decide), "b").await.unwrap();
    assert!(room.grant(request, None, "").await.is_err(), "no reason");
    room.grant(request, None, "使い方を先に見直す").await.unwrap();
    let request = room.ask(CAPACITY, 90 * GB).await.unwrap();
    quota_step(&*one, (request, QuotaStep::Withdraw), "a").await.unwrap();
    assert_eq!(room.of("one", CAPACITY).await.value, Some(40 * GB));
    drop((one, two));
    room.cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_full_quota_holds_up_a_new_contract_and_no_work() {
    let room = Room::new().await;
    let (first, second) = (room.decided(1).await, room.decided(2).await);
    room.sign(first).await.unwrap();
    refused(room.sign(second).await, "業務システムの利用枠（1件）に達しています（いま1件）");
    room.raise(SYSTEMS, 3).await;
    let sql = "update control.contract set state = '提供中', opened_at = now() where id = $1";
    room.control.execute(sql, &[&first]).await.unwrap();
    // 容量: what is full holds up a signature and a training copy that is not there yet.
    room.measured(20 * GB).await;
    refused(room.sign(second).await, "容量の利用枠（20 GB）を使い切っています");
    refused(room.training(CopyWish::Open).await, "研修環境はできません");
    room.measured(19 * GB).await;
    room.training(CopyWish::Open).await.unwrap();
    room.measured(21 * GB).await;
    room.training(CopyWish::Open).await.unwrap();
    room.training(CopyWish::Renew).await.unwrap();
    // A contract that takes another's place is none more.
    let sql = "insert into control.offer (vendor, vendor_id, system, name, version, hash, report,
                 price) values ('見本ベンダー', 'a', 'tax', 'tax', '2', 'tax2',
                 '{\"passes\": true}', '[]') returning id";
    let newer: i64 = room.control.query_one(sql, &[]).await.unwrap().get(0);
    let client = room.one.client().await.unwrap();
    let draft = Draft {
        method: "随意契約".to_owned(),
        reason: "版を上げる".to_owned(),
        budget: "総務費".to_owned(),
        replaces: Some(first),
        ..Draft::default()
    };
    let id = contract_draft(&*client, newer, &draft, "a").await.unwrap();
    contract_step(&*client, (id, Step::Decide), ("b", "")).await.unwrap();
    contract_step(&*client, (id, Step::Sign), ("a", "")).await.unwrap();
    assert_eq!(room.of("one", SYSTEMS).await.used.unwrap().0, 1, "counted once");
    drop(client);
    room.measured(GB).await;
    room.sign(second).await.unwrap();
    room.cluster.stop().await.unwrap();
}

#[tokio::test]
async fn one_body_that_floods_takes_no_connection_of_another() {
    let room = Room::new().await;
    room.installer.connections_limit("one", 5).await.unwrap();
    assert_eq!(room.installer.connections_limit("one", 5).await.unwrap(), 0, "done already");
    // The zone's own login, as whoever holds its credentials could use it.
    let flood = &room.internet[0];
    let pool = flood.database(flood.front.as_ref(), None, 50).unwrap();
    let mut held = Vec::new();
    let refusal = loop {
        match pool.client().await {
            Ok(client) if held.len() < 40 => held.push(client),
            Ok(_) => panic!("no end of connections"),
            Err(error) => break error.to_string(),
        }
    };
    assert_eq!(held.len(), 5, "{refusal}");
    assert_eq!(room.installer.connections_used("one").await.unwrap(), 5);
    let other = &room.internet[1];
    let pool = other.database(other.front.as_ref(), None, 2).unwrap();
    pool.client().await.unwrap().batch_execute("select 1").await.unwrap();
    // The executor works as before, and a raise lets the next one in.
    room.installer.connections_limit("one", 6).await.unwrap();
    let again = flood.database(flood.front.as_ref(), None, 2).unwrap();
    again.client().await.unwrap().batch_execute("select 1").await.unwrap();
    assert!(room.installer.bytes_used("one").await.unwrap() > 1_000_000);
    drop(held);
    room.cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_raise_is_told_and_stays_within_the_cluster() {
    let room = Room::new().await;
    let (_listening, mut told) = signed_listen(&room.installer).await.unwrap();
    room.raise(CONNECTIONS, 50).await;
    assert_eq!(told.recv().await.as_deref(), Some("one"));
    // Two bodies, four logins each: 50 and 30 come to 320 of 600; 200 and 30 would to 920.
    let client = room.operator.client().await.unwrap();
    assert_eq!(quota_connections(&*client).await.unwrap(), (320, 600, 560));
    drop(client);
    let request = room.ask(CONNECTIONS, 200).await.unwrap();
    let client = room.one.client().await.unwrap();
    quota_step(&*client, (request, QuotaStep::Decide), "b").await.unwrap();
    refused(room.grant(request, Some(200), "").await, "合計が 920（許せるのは 560）");
    room.grant(request, Some(110), "").await.unwrap();
    refused(room.ask(CONNECTIONS, 10).await, "20本から200本まで");
    for (value, words) in [(20 * GB, "20 GB"), (1_234_500_000_000, "1,234.5 GB"), (0, "0 GB")] {
        assert_eq!(CAPACITY.amount(value), words);
    }
    assert_eq!(CAPACITY.amount(123_999_999), "0.12 GB");
    drop(client);
    room.cluster.stop().await.unwrap();
}
