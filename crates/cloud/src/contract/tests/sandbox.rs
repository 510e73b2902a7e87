//! 検証環境 against a real PostgreSQL: a vendor's package as it was sent in to be tried, its next
//! version, one that breaks, made anew, and closed without a trace.

use store::copybook::{SANDBOXES, copy_ask, copy_list, copy_note};
use store::market::{
    Judgement, Named, Sent, TRIAL, market_open, sandbox_of, submission_admit, submission_judge,
    vendor_admit, waiting_list,
};
use store::organisation::{CopyWish, VENDOR};
use tokio::sync::Semaphore;

use super::*;
use crate::parcel::{Parcel, PublisherKey};
use crate::sandbox_systems;

const MAKER: &str = "v4000000000005";

/// Sends a package in to be tried, and has it found fit for that.
async fn tried(market: &Connection, system: &System) {
    let key = PublisherKey::from_seed(MAKER, &[7; 32]).unwrap();
    let package = Package { files: (*system.files).clone() };
    let content = Parcel { package, documents: BTreeMap::new() }.pack(&key).unwrap();
    let sent = Sent {
        purpose: TRIAL,
        file_name: "x",
        content: &content,
        digest: &format!("{}{}", system.id, system.version),
    };
    submission_admit(market, MAKER, &sent).await.unwrap();
    let waits = waiting_list(market).await.unwrap().remove(0);
    let text = str::to_owned;
    let named = Named {
        system: text(&system.id),
        name: text(&system.name),
        version: text(&system.version),
        hash: text(&system.hash),
    };
    let report = json!({"passes": false});
    let found = Judgement { state: TRIAL, named: Some(&named), report: &report };
    submission_judge(market, waits.id, &found).await.unwrap();
}

/// A version of the tag that lacks what the one before had.
fn broken(version: &str) -> Arc<System> {
    let old = system("tag", "周辺", version);
    let mut package = Package { files: (*old.files).clone() };
    let register = package.files.remove("registers/card.yaml").unwrap();
    let register = register.replace("id: card", "id: other");
    package.files.insert("registers/other.yaml".to_owned(), register);
    Arc::new(definition::load(&package).unwrap_or_else(|found| panic!("{found:?}")).0)
}

async fn brought_up(world: &World, market: &Connection) -> Upgraded {
    let others = [system("reading-card", "900", "1")];
    let around = (others.as_slice(), &Arc::new(Semaphore::new(1)));
    let wanted = sandbox_systems(market, MAKER, around).await.unwrap();
    let copy = sandbox_of(market, MAKER).await.unwrap();
    world.executor().copy_open(&copy, &wanted).await.unwrap().upgraded
}

fn versions(upgraded: &Upgraded) -> Vec<(&str, &str)> {
    upgraded.systems.iter().map(|one| (one.id.as_str(), one.version.as_str())).collect()
}

#[tokio::test]
async fn a_vendor_tries_its_package_in_a_sandbox_of_its_own() {
    let world = World::new().await;
    let market = market_open(&world.installer).await.unwrap();
    let vendor = Organisation { kind: VENDOR.to_owned(), ..sample_organisation(MAKER) };
    world.installer.vendor_create(&vendor, &world.templates).await.unwrap();
    vendor_admit(&market, &vendor).await.unwrap();
    let copy = sandbox_of(&market, MAKER).await.unwrap();
    assert!(copy.sample && copy.name.ends_with("（検証）") && copy.kind == "municipality");
    assert!(copy_list(&market, &SANDBOXES).await.unwrap().is_empty());
    tried(&market, &system("tag", "周辺", "1")).await;
    let book = copy_list(&market, &SANDBOXES).await.unwrap().remove(0);
    assert_eq!((book.wish, book.organisation.as_str()), (CopyWish::Open, copy.id.as_str()));
    assert_eq!(versions(&brought_up(&world, &market).await), [("tag", "1")]);
    copy_note(&market, (&SANDBOXES, &book), "").await.unwrap();
    // Never in the books of bodies, never offered, and let in nowhere but to its own.
    let known = "select count(*) from control.organisation where id like 'v4%'";
    let known: i64 = world.control.query_one(known, &[]).await.unwrap().get(0);
    assert_eq!(known, 0);
    assert!(offer_list(&world.control).await.unwrap().iter().all(|one| one.system != "tag"));
    tried(&market, &system("tag", "周辺", "2")).await;
    let second = brought_up(&world, &market).await;
    assert_eq!((versions(&second), second.refused.len()), (vec![("tag", "2")], 0));
    // What breaks is said with its reasons, and comes in once it is made anew.
    tried(&market, &broken("3")).await;
    let third = brought_up(&world, &market).await;
    assert_eq!(versions(&third), [("tag", "2")]);
    assert!(third.refused.len() == 1 && !third.refused[0].reasons.is_empty(), "{third:?}");
    world.executor().copy_empty(&copy).await.unwrap();
    let anew = brought_up(&world, &market).await;
    assert_eq!((versions(&anew), anew.refused.len()), (vec![("tag", "3")], 0));
    let kept = "select count(*) from market.submission where octet_length(content) > 0";
    let kept: i64 = market.query_one(kept, &[]).await.unwrap().get(0);
    assert_eq!(kept, 1, "the file of an older version goes");
    let last = copy_list(&market, &SANDBOXES).await.unwrap().remove(0);
    let ask = (CopyWish::Close, "kokai");
    copy_ask(&market, (&SANDBOXES, MAKER), ask, Some(last.asked_at)).await.unwrap();
    world.executor().copy_close(&copy).await.unwrap();
    let left = "select (select count(*) from pg_database where datname like '%\\_kensho%')
                  + (select count(*) from pg_roles where rolname like '%\\_kensho%')";
    let left: i64 = world.control.query_one(left, &[]).await.unwrap().get(0);
    assert_eq!(left, 0);
    drop(market);
    world.stop().await;
}
