//! The market against a real PostgreSQL, with a vendor's own login: keys, and a package that was
//! sent in twice.

use serde_json::json;

use super::*;
use crate::cluster::{Cluster, ClusterOptions};
use crate::organisation::VENDOR;
use crate::testing::{Place, sample_organisation};

fn named() -> Named {
    let text = str::to_owned;
    Named { system: text("tag"), name: text("札"), version: text("1"), hash: text("hash") }
}

#[tokio::test]
async fn a_vendor_keeps_its_keys_and_withdraws_what_it_sent_in_twice() {
    let place = Place::new();
    let options = ClusterOptions::for_tests(place.folder());
    let cluster = Cluster::start(&options).await.unwrap();
    let installer = Installer::new(cluster.installer("postgres"));
    let templates = installer.prepare(&[]).await.unwrap();
    let market = market_open(&installer).await.unwrap();
    let vendor = Organisation { kind: VENDOR.to_owned(), ..sample_organisation("vendor_a") };
    let held = installer.vendor_create(&vendor, &templates).await.unwrap();
    vendor_admit(&market, &vendor).await.unwrap();
    let own = held.database(held.market().as_ref(), None, 1).unwrap();
    let client = own.client().await.unwrap();
    // The first key needs nothing; every other needs a word for it, also a revoked one's successor.
    key_add(&**client, ("one", None), "kokai").await.unwrap();
    assert!(key_add(&**client, ("two", None), "kokai").await.is_err());
    assert!(key_add(&**client, ("two", Some("")), "kokai").await.is_err());
    key_add(&**client, ("two", Some("signed by one")), "kokai").await.unwrap();
    key_revoke(&**client, 1, "kokai").await.unwrap();
    for sql in [
        "update market.key set revoked_at = null, revoked_by = null where id = 1",
        "update market.key set revoked_at = now(), revoked_by = 'y' where id = 1",
    ] {
        assert_eq!(client.execute(sql, &[]).await.unwrap(), 0, "{sql}");
    }
    // When it was revoked is the server's word, and admitting is the platform's.
    let early = "update market.key set revoked_at = '2000-01-01', revoked_by = 'y'
                 where content = 'two'";
    assert_eq!(client.execute(early, &[]).await.unwrap(), 1);
    let sql = "select revoked_at > now() - interval '1 minute' from market.key
               where content = 'two'";
    assert!(client.query_one(sql, &[]).await.unwrap().get::<_, bool>(0));
    let forged = "insert into market.key (content, added_by, endorsement, admitted)
                  values ('x', '基盤', 'x', true)";
    assert!(client.execute(forged, &[]).await.is_err());
    assert!(key_add(&**client, ("three", None), "kokai").await.is_err());
    assert!(!key_admit(&market, "vendor_a", "one").await.unwrap(), "it stays revoked");
    assert!(key_admit(&market, "vendor_a", "three").await.unwrap());
    assert!(key_admit(&market, "nobody", "three").await.is_err());
    let kept = key_list(&**client, "vendor_a").await.unwrap();
    let shown: Vec<(&str, bool, bool)> =
        kept.iter().map(|key| (&*key.content, key.admitted, key.revoked.is_some())).collect();
    assert_eq!(shown, [("three", true, false), ("two", false, true), ("one", false, true)]);
    // The same package in two files.
    let mut ids = Vec::new();
    for content in [b"a", b"b"] {
        let sent = Sent { purpose: OFFER, file_name: "x", content, digest: "d" };
        ids.push(submission_add(&**client, &sent, "kokai").await.unwrap());
    }
    let judgement =
        Judgement { state: "公開", named: Some(&named()), report: &json!({"passes": true}) };
    for id in &ids {
        submission_judge(&market, *id, &judgement).await.unwrap();
    }
    let half = "update market.submission set withdrawal_reason = 'x'";
    assert!(client.execute(half, &[]).await.is_err(), "a reason without who and when");
    withdrawal_ask(&**client, ids[1], ("kokai", "やめる")).await.unwrap();
    submission_withdraw(&market, ids[1]).await.unwrap();
    for one in submission_list(&**client).await.unwrap() {
        assert_eq!(one.state, "取下げ", "{}", one.id);
        assert_eq!(one.withdrawal.unwrap().2, "やめる");
    }
    drop(client);
    cluster.stop().await.unwrap();
}

fn applicant(number: &str) -> Applicant {
    let text = str::to_owned;
    Applicant {
        corporate_number: text(number),
        name: text("見本製作所"),
        name_en: text("Sample Works"),
        contact: text("見本　太郎"),
        mail: text("mihon@example.jp"),
    }
}

/// What the database says of an application through its own function, and of what goes around it.
#[tokio::test]
async fn an_application_is_left_at_the_entrance_and_decided_by_the_platform() {
    let place = Place::new();
    let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
    let installer = Installer::new(cluster.installer("postgres"));
    let market = market_open(&installer).await.unwrap();
    let held = entrance_open(&installer, &market).await.unwrap();
    let door = held.database(held.staff.as_ref(), None, 1).unwrap();
    let door = door.client().await.unwrap();
    let (own, word) = (applicant("4000000000005"), [7_u8; 32]);
    // The check digit is the database's own matter, too.
    let bad = applicant("5000000000005");
    assert!(application_add(&**door, &bad, (&word, "x")).await.is_err());
    assert!(application_add(&**door, &applicant("400000000000５"), (&word, "x")).await.is_err());
    let id = application_add(&**door, &own, (&word, "x")).await.unwrap();
    let twice = application_add(&**door, &own, (&word, "x")).await;
    assert!(matches!(twice, Err(StoreError::Conflict(said)) if said.ja.contains("もう")));
    // Who knows the word sees how it stands; nobody reads what was entered.
    let standing = async |word: &[u8]| application_standing(&**door, id, word).await.unwrap();
    assert_eq!(standing(&[8; 32]).await, None);
    let stands = standing(&word).await.unwrap();
    assert_eq!((stands.state.as_str(), stands.vendor.as_str()), ("受付", "v4000000000005"));
    for sql in [
        "select name from market.application",
        "update market.application set state = '承認'",
        "insert into market.application (name) values ('x')",
        "select content from market.key",
        "select content from market.submission",
        "select name from market.vendor",
        "select market.drop_stuck(1)",
    ] {
        let error = door.batch_execute(sql).await.expect_err(sql);
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{sql}");
    }
    // Refused with a reason, it may be left again; decided once, it stays.
    application_decide(&market, id, ("基盤", Some("登記がない"))).await.unwrap();
    assert!(application_decide(&market, id, ("基盤", None)).await.is_err());
    assert_eq!(standing(&word).await.unwrap().reason.as_deref(), Some("登記がない"));
    application_opened(&market, id).await.unwrap();
    assert_eq!(standing(&word).await.unwrap().state, "却下", "what was refused is not opened");
    let again = application_add(&**door, &own, (&word, "x")).await.unwrap();
    application_decide(&market, again, ("基盤", None)).await.unwrap();
    let changed = "update market.application set name = 'x', state = '登録', opened_at = now()
                   where state = '承認'";
    assert!(market.batch_execute(changed).await.is_err(), "what was applied for stays");
    assert!(vendors_admitted(&market).await.unwrap().is_empty());
    application_opened(&market, again).await.unwrap();
    assert_eq!(vendors_admitted(&market).await.unwrap(), [own.vendor()]);
    let places = "select count(*) from market.application where source is not null";
    assert_eq!(market.query_one(places, &[]).await.unwrap().get::<_, i64>(0), 0);
    flood(&market, &**door).await;
    drop(door);
    cluster.stop().await.unwrap();
}

/// Ten a day from one place; two hundred that wait, from wherever.
async fn flood(market: &Client, door: &impl GenericClient) {
    let numbers = "select array_agg(found) from (
        select (select d::text || lpad(n::text, 12, '0') from generate_series(1, 9) d
            where market.is_corporate_number(d::text || lpad(n::text, 12, '0'))) as found
        from generate_series(100, 320) n) all_of_them";
    let numbers: Vec<String> = market.query_one(numbers, &[]).await.unwrap().get(0);
    let (mut taken, mut refused) = (0, 0);
    for (at, number) in numbers.iter().enumerate() {
        let from = if at < 12 { "one".to_owned() } else { format!("place {at}") };
        match application_add(door, &applicant(number), (&[0; 32], &from)).await {
            Ok(_) => taken += 1,
            Err(StoreError::Conflict(said)) if said.ja.contains("多すぎる") => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
        if at == 11 {
            assert_eq!((taken, refused), (10, 2));
        }
    }
    assert_eq!((taken, refused), (200, 21));
}

#[tokio::test]
async fn a_vendor_is_told_of_those_that_named_it_and_of_nobody_else() {
    let place = Place::new();
    let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
    let installer = Installer::new(cluster.installer("postgres"));
    let templates = installer.prepare(&[]).await.unwrap();
    let mut market = market_open(&installer).await.unwrap();
    let mut logins = Vec::new();
    for id in ["vendor_a", "vendor_b"] {
        let vendor = Organisation { kind: VENDOR.to_owned(), ..sample_organisation(id) };
        let held = installer.vendor_create(&vendor, &templates).await.unwrap();
        vendor_admit(&market, &vendor).await.unwrap();
        logins.push(held.database(held.market().as_ref(), None, 1).unwrap());
    }
    let told = |assistant, vendor: &str, until: &str| crate::control::assistant::Told {
        assistant,
        vendor: vendor.to_owned(),
        body: format!("見本市{assistant}"),
        duties: "見守り".to_owned(),
        until: until.parse().unwrap(),
        state: json!({"systems": [], "incidents": []}),
    };
    let all = [
        told(1, "vendor_a", "2999-03-31"),
        told(2, "vendor_b", "2999-03-31"),
        told(3, "vendor_a", "2020-03-31"),
        told(4, "kumoi", "2999-03-31"),
    ];
    let seen = async |own: &crate::Database| {
        let client = own.client().await.unwrap();
        let list = assisted_list(&**client).await.unwrap();
        assert!(client.execute("delete from market.assisted", &[]).await.is_err());
        list.into_iter().map(|one| one.body).collect::<Vec<_>>()
    };
    assisted_tell(&mut market, &all).await.unwrap();
    assert_eq!(seen(&logins[0]).await, ["見本市1"], "its own, in time");
    assert_eq!(seen(&logins[1]).await, ["見本市2"]);
    assisted_tell(&mut market, &all[1..2]).await.unwrap();
    assert!(seen(&logins[0]).await.is_empty(), "taken back");
    assert_eq!(seen(&logins[1]).await, ["見本市2"]);
    cluster.stop().await.unwrap();
}

/// What a sandbox holds is bounded, in whatever order it was judged, and a closed one stays closed.
#[tokio::test]
async fn a_sandbox_holds_what_was_sent_in_last_and_opens_when_somebody_sends() {
    let place = Place::new();
    let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
    let installer = Installer::new(cluster.installer("postgres"));
    let templates = installer.prepare(&[]).await.unwrap();
    let market = market_open(&installer).await.unwrap();
    let maker = Organisation { kind: VENDOR.to_owned(), ..sample_organisation("maker") };
    installer.vendor_create(&maker, &templates).await.unwrap();
    vendor_admit(&market, &maker).await.unwrap();
    let sent = async |number: usize| -> i64 {
        let sql = "insert into market.submission
                     (vendor, sent_by, file_name, content, digest, purpose)
                   values ('maker', '甲', 'f', '\\x01', $1, '検証') returning id";
        market.query_one(sql, &[&format!("d{number}")]).await.unwrap().get(0)
    };
    let judged = async |id: i64, system: String| {
        let sql = "update market.submission set state = '検証', system = $2, name = 'n',
                     version = '1', hash = id::text, report = '{}', judged_at = now()
                   where id = $1";
        assert_eq!(market.execute(sql, &[&id, &system]).await.unwrap(), 1);
    };
    let mut ids = vec![sent(0).await, sent(1).await];
    // The second version of a system is judged before the first; eleven other systems follow.
    judged(ids[1], "tag".to_owned()).await;
    judged(ids[0], "tag".to_owned()).await;
    assert_eq!(sandbox_packages(&market, "maker").await.unwrap(), [ids[1]]);
    for number in 2..13 {
        ids.push(sent(number).await);
        judged(ids[number], format!("s{number:02}")).await;
    }
    assert_eq!(sandbox_packages(&market, "maker").await.unwrap(), ids[3..13]);
    let wish = async || -> (String, bool) {
        let sql = "select wish, done_at is null from market.sandbox where of = 'maker'";
        let row = market.query_one(sql, &[]).await.unwrap();
        (row.get(0), row.get(1))
    };
    assert_eq!(wish().await, ("開く".to_owned(), true));
    let before = sent(13).await;
    let closed = "update market.sandbox set wish = '閉じる', asked_at = clock_timestamp()";
    market.batch_execute(closed).await.unwrap();
    market.batch_execute("update market.sandbox set done_at = now()").await.unwrap();
    judged(before, "s99".to_owned()).await;
    assert_eq!(wish().await, ("閉じる".to_owned(), false), "it was sent in before");
    let later = sent(99).await;
    judged(later, "s99".to_owned()).await;
    assert_eq!(wish().await, ("開く".to_owned(), true));
}
