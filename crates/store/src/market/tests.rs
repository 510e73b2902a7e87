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
    // The same package in two files.
    let mut ids = Vec::new();
    for content in [b"a", b"b"] {
        let sent = Sent { file_name: "x", content, digest: "d" };
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
