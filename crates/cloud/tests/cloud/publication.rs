//! The life of a submission in a real database: begun a limited number of times, judged once,
//! offered once, whenever somebody is cut off in between.

use std::sync::Arc;

use cloud::parcel::{Parcel, PublisherKey, digest_text};
use cloud::part;
use cloud::publication::{Judge, Reading, submission_offer};
use definition::{Package, System};
use store::cluster::{Cluster, ClusterOptions};
use store::control::{control_open, offer_withdraw, part_list, tie_list};
use store::market::{
    ATTEMPTS, Judgement, Named, Sent, Submission, content_read, market_open, submission_add,
    submission_admit, submission_begin, submission_drop, submission_give_up, submission_judge,
    submission_read, submissions_resume, ties_tell, vendor_admit, waiting_list, waiting_until,
};
use store::organisation::{Installer, Organisation, VENDOR};
use store::testing::{Place, sample_organisation};
use store::{Connection, Database, StoreError};
use tokio::sync::Semaphore;

const VENDOR_A: &str = "vendor_a";

struct Scene {
    installer: Installer,
    market: Connection,
    control: Connection,
    vendor: Database,
    places: Arc<Semaphore>,
    _cluster: Cluster,
    _place: Place,
}

impl Scene {
    async fn new() -> Scene {
        let place = Place::new();
        let options = ClusterOptions::for_tests(place.folder());
        let cluster = Cluster::start(&options).await.unwrap();
        let installer = Installer::new(cluster.installer("postgres"));
        let templates = installer.prepare(&[]).await.unwrap();
        let market = market_open(&installer).await.unwrap();
        let own = Organisation { kind: VENDOR.to_owned(), ..sample_organisation(VENDOR_A) };
        let held = installer.vendor_create(&own, &templates).await.unwrap();
        vendor_admit(&market, &own).await.unwrap();
        let vendor = held.database(held.market().as_ref(), None, 4).unwrap();
        let control = control_open(&installer).await.unwrap();
        let places = Arc::new(Semaphore::new(1));
        Scene { installer, market, control, vendor, places, _cluster: cluster, _place: place }
    }

    async fn sent(&self, content: &[u8]) -> Result<i64, StoreError> {
        let digest = digest_text(content);
        let sent = Sent { purpose: "公開", file_name: "x.parcel", content, digest: &digest };
        submission_add(&**self.vendor.client().await?, &sent, "kokai").await
    }

    async fn read(&self, id: i64) -> Submission {
        submission_read(&self.market, id).await.unwrap().expect("it is there")
    }

    async fn judged(&self, id: i64, state: &str, system: Option<&System>) {
        let named = system.map(|system| Named {
            system: system.id.clone(),
            name: system.name.clone(),
            version: system.version.clone(),
            hash: system.hash.clone(),
        });
        let report = serde_json::json!({"passes": system.is_some()});
        let judgement = Judgement { state, named: named.as_ref(), report: &report };
        submission_judge(&self.market, id, &judgement).await.unwrap();
    }

    async fn offers(&self) -> Vec<(String, serde_json::Value)> {
        let sql = "select hash, report from control.offer order by id";
        let rows = self.control.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// As if the pause were over.
    async fn pass(&self) {
        self.market.execute("update market.submission set next_at = now()", &[]).await.unwrap();
    }
}

/// A small sound system, signed by the vendor.
fn parcel(version: &str) -> (Vec<u8>, System) {
    parcel_of("things", version, None)
}

/// The same under another name; with a part that it names in its 部品表, a system with a register.
fn parcel_of(id: &str, version: &str, part: Option<&System>) -> (Vec<u8>, System) {
    let head = format!(
        "id: {id}\ncode: 周辺\nname: 物\nname_en: Things\nstatute: なし\nversion: {version}\n\
         bodies: [municipality]\n"
    );
    let mut package = Package { files: [("system.yaml".to_owned(), head)].into() };
    if part.is_some() {
        // Without a register it would be a part itself.
        let register = "id: card\nname: card\nname_en: R\nkey: key\ntitle: key\nitems:\n  \
            - { name: key, name_en: I, romaji: key, type: X, length: 9, required: true }\n";
        package.files.insert("registers/card.yaml".to_owned(), register.to_owned());
    }
    let system = definition::load(&package).unwrap().0;
    let parts: Vec<part::Named> = part
        .map(|part| part::Named {
            vendor: VENDOR_A.to_owned(),
            id: part.id.clone(),
            version: part.version.clone(),
            hash: part.hash.clone(),
        })
        .into_iter()
        .collect();
    let bill = part::parts_name("{\"components\": []}", &parts).unwrap();
    let documents = [("manual.md", "# 手引き\n"), ("sbom.json", &*bill)];
    let documents = documents.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let key = PublisherKey::from_seed(VENDOR_A, &[1; 32]).unwrap();
    (Parcel { package, documents }.pack(&key).unwrap(), system)
}

#[tokio::test]
async fn a_kill_between_judgement_and_offer_neither_loses_nor_doubles() {
    let scene = Scene::new().await;
    let (content, system) = parcel("1");
    let id = scene.sent(&content).await.unwrap();
    // An offer before a judgement is none.
    let connections = (&scene.market, &scene.control);
    submission_offer(connections, &scene.places, id).await.unwrap();
    assert!(scene.offers().await.is_empty());

    // Killed after the judgement: it is not judged again, and the file is still there.
    scene.judged(id, "公開待ち", Some(&system)).await;
    let waiting = waiting_list(&scene.market).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].state.as_str()), (1, "公開待ち"));
    assert_eq!(content_read(&scene.market, id).await.unwrap(), content);
    scene.judged(id, "不適合", None).await;
    assert_eq!(scene.read(id).await.state, "公開待ち");

    // Killed after the offer and before the mark: offered again, which changes nothing.
    submission_offer(connections, &scene.places, id).await.unwrap();
    let offered = scene.offers().await;
    let sql = "update market.submission set state = '公開待ち', content = $2 where id = $1";
    scene.market.execute(sql, &[&id, &content]).await.unwrap();
    submission_offer(connections, &scene.places, id).await.unwrap();
    assert_eq!(scene.offers().await, offered);
    assert_eq!((offered.len(), offered[0].0.as_str()), (1, system.hash.as_str()));

    // The file is needed no more.
    let done = scene.read(id).await;
    assert_eq!((done.state.as_str(), done.attempts), ("公開", 0));
    assert!(content_read(&scene.market, id).await.unwrap().is_empty());
    assert!(waiting_list(&scene.market).await.unwrap().is_empty());
    // Nor is one that does not conform; the same file is known by its digest.
    let second = scene.sent(b"x").await.unwrap();
    scene.judged(second, "不適合", None).await;
    assert!(content_read(&scene.market, second).await.unwrap().is_empty());
    let digest = digest_text(b"x");
    let sent = Sent { purpose: "公開", file_name: "x.parcel", content: b"x", digest: &digest };
    submission_admit(&scene.market, VENDOR_A, &sent).await.unwrap();
    assert_eq!(waiting_list(&scene.market).await.unwrap().len(), 0);
}

#[tokio::test]
async fn what_was_sent_in_last_stands_whatever_the_order_of_judgement() {
    let scene = Scene::new().await;
    let connections = (&scene.market, &scene.control);
    let [(first, old), (second, new)] = ["1", "2"].map(parcel);
    let (late, early) = (scene.sent(&first).await.unwrap(), scene.sent(&second).await.unwrap());
    for (id, system) in [(late, &old), (early, &new)] {
        scene.judged(id, "公開待ち", Some(system)).await;
    }
    let standing = async || {
        let sql = "select version from control.offer
                   where replaced_at is null and withdrawn_at is null";
        let rows = scene.control.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect::<Vec<String>>().concat()
    };
    submission_offer(connections, &scene.places, early).await.unwrap();
    assert_eq!(standing().await, "2");
    // The older one comes late, is in the catalogue, and takes nobody's place.
    submission_offer(connections, &scene.places, late).await.unwrap();
    assert_eq!((standing().await, scene.read(late).await.state), ("2".into(), "公開".into()));
    // Sent in again, it is the last one.
    let again = scene.sent(&first).await.unwrap();
    scene.judged(again, "公開待ち", Some(&old)).await;
    submission_offer(connections, &scene.places, again).await.unwrap();
    assert_eq!(standing().await, "1");
    // What was sent in before a withdrawal does not end it; what is sent in after it does.
    let before = scene.sent(&first).await.unwrap();
    offer_withdraw(&scene.control, (VENDOR_A, &old.hash), "やめる").await.unwrap();
    let after = scene.sent(&first).await.unwrap();
    for (id, expected) in [(before, ""), (after, "1")] {
        scene.judged(id, "公開待ち", Some(&old)).await;
        submission_offer(connections, &scene.places, id).await.unwrap();
        assert_eq!(standing().await, expected);
    }
}

/// A part is offered and contracted by nobody; who builds it in is told, on both sides.
#[tokio::test]
async fn a_part_is_built_in_and_never_contracted() {
    let scene = Scene::new().await;
    let connections = (&scene.market, &scene.control);
    let (content, part) = parcel("1");
    let id = scene.sent(&content).await.unwrap();
    scene.judged(id, "公開待ち", Some(&part)).await;
    submission_offer(connections, &scene.places, id).await.unwrap();
    let known = part_list(&scene.control).await.unwrap();
    assert_eq!(known.iter().map(|one| one.hash.as_str()).collect::<Vec<_>>(), [&part.hash]);
    assert_eq!(Package { files: known[0].files.clone() }.hash(), part.hash);
    let sql = "select control.is_on_offer(id, false) or exists (
                 select from control.offer_entry e where e.offer = id and newest)
               from control.offer";
    assert!(!scene.control.query_one(sql, &[]).await.unwrap().get::<_, bool>(0));
    assert!(store::control::offer_list(&scene.control).await.unwrap().is_empty());
    let ties = async || {
        ties_tell(&scene.market, &tie_list(&scene.control).await.unwrap()).await.unwrap();
        scene.read(id).await.ties
    };
    assert_eq!(ties().await, (true, serde_json::json!([])));
    // Another package that names it.
    let (content, other) = parcel_of("other", "1", Some(&part));
    let second = scene.sent(&content).await.unwrap();
    scene.judged(second, "公開待ち", Some(&other)).await;
    submission_offer(connections, &scene.places, second).await.unwrap();
    let (is_part, told) = ties().await;
    assert!(is_part);
    assert_eq!(
        (told[0]["name"].as_str(), told[0]["withdrawn"].as_bool()),
        (Some("物"), Some(false))
    );
    // It is withdrawn while it is in use: those who build it in hear of it.
    offer_withdraw(&scene.control, (VENDOR_A, &part.hash), "誤りがある").await.unwrap();
    ties().await;
    assert!(part_list(&scene.control).await.unwrap()[0].withdrawn);
    let told = scene.read(second).await.ties.1;
    assert_eq!(told[0]["withdrawn"].as_bool(), Some(true), "{told}");
}

#[tokio::test]
async fn another_file_is_never_offered_in_the_place_of_the_judged_one() {
    let scene = Scene::new().await;
    let (content, _) = parcel("1");
    let (_, other) = parcel("2");
    let id = scene.sent(&content).await.unwrap();
    scene.judged(id, "公開待ち", Some(&other)).await;
    let failed = submission_offer((&scene.market, &scene.control), &scene.places, id).await;
    assert!(failed.is_err_and(|error| error.to_string().contains("判定したものと違う")));
    assert!(scene.offers().await.is_empty());
}

#[tokio::test]
async fn trouble_of_the_platform_is_tried_again_and_never_booked_on_the_vendor() {
    let scene = Scene::new().await;
    let id = scene.sent(b"x").await.unwrap();
    let mut last = 0;
    for attempt in 1..=ATTEMPTS {
        assert_eq!(waiting_list(&scene.market).await.unwrap().len(), 1, "{attempt}");
        // Killed in the middle or refused by the platform: either way it has begun.
        assert!(submission_begin(&scene.market, id).await.unwrap());
        assert!(waiting_list(&scene.market).await.unwrap().is_empty(), "it is not tried at once");
        let pause = waiting_until(&scene.market).await.unwrap().expect("it waits").as_secs();
        assert!(pause > 2 * last && pause < 3_600, "{attempt}: {pause} after {last}");
        last = pause;
        if attempt < ATTEMPTS {
            submission_give_up(&scene.market, id).await.unwrap();
            assert_eq!(scene.read(id).await.state, "受付");
        }
        scene.pass().await;
    }
    // A kill in the last attempt comes to the same.
    assert!(!submission_begin(&scene.market, id).await.unwrap());
    let stands = scene.read(id).await;
    assert_eq!((stands.state.as_str(), stands.report), ("判定不能", None));
    assert!(waiting_list(&scene.market).await.unwrap().is_empty());
    assert_eq!(waiting_until(&scene.market).await.unwrap(), None);
    // The next start begins anew, with the file that was kept.
    assert_eq!(submissions_resume(&scene.market).await.unwrap(), 1);
    assert_eq!(waiting_list(&scene.market).await.unwrap()[0].attempts, 0);
    assert_eq!(content_read(&scene.market, id).await.unwrap(), b"x");
}

#[tokio::test]
async fn a_vendor_waits_for_what_it_has_sent() {
    let scene = Arc::new(Scene::new().await);
    // At the same time, so that nobody is counted too late.
    let sending = (0..16_u8).map(|at| {
        let scene = Arc::clone(&scene);
        tokio::spawn(async move { scene.sent(&[at]).await })
    });
    let mut ids = Vec::new();
    for sent in sending.collect::<Vec<_>>() {
        match sent.await.unwrap() {
            Ok(id) => ids.push(id),
            Err(StoreError::Conflict(said)) => assert!(said.ja.contains("10 件"), "{said}"),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(ids.len(), 10);
    scene.judged(ids[0], "不適合", None).await;
    scene.sent(b"x").await.unwrap();
    // A vendor says nothing about how often or when it is tried, and floods nobody with hints.
    let client = scene.vendor.client().await.unwrap();
    for change in ["attempts = 0", "next_at = now()", "state = '公開待ち'", "content = 'x'"] {
        let sql = format!("update market.submission set {change}");
        let error = client.batch_execute(&sql).await.expect_err(change);
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{change}");
    }
    let (_listening, mut told) = store::market::submitted_listen(&scene.installer).await.unwrap();
    let flood = "select pg_notify('kumoi_submitted', n::text) from generate_series(1, 5000) n";
    client.query(flood, &[]).await.unwrap();
    told.recv().await.expect("a hint");
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let mut kept = 1;
    while told.try_recv().is_ok() {
        kept += 1;
    }
    assert!(kept <= 65, "{kept}");
    scene.sent(b"y").await.expect_err("ten wait again");
}

#[tokio::test]
async fn what_cannot_be_judged_stands_in_nobodys_way() {
    let scene = Scene::new().await;
    let stuck = "update market.submission set state = '判定不能', attempts = 5
                 where state = '受付'";
    let client = scene.vendor.client().await.unwrap();
    for _ in 0..2 {
        for at in 0..10_u8 {
            scene.sent(&[at]).await.expect("what could not be judged is in nobody's way");
        }
        scene.market.execute(stuck, &[]).await.unwrap();
    }
    match scene.sent(b"x").await {
        Err(StoreError::Conflict(said)) => assert!(said.ja.contains("取りやめ"), "{said}"),
        other => panic!("{other:?}"),
    }
    // The vendor takes one back: its file goes, and there is room.
    submission_drop(&**client, 1).await.unwrap();
    assert!(content_read(&scene.market, 1).await.unwrap().is_empty());
    assert_eq!(scene.read(1).await.state, "取りやめ");
    let id = scene.sent(b"x").await.unwrap();
    // Only what could not be judged, once, and its own.
    for id in [1, id, 999] {
        assert!(matches!(submission_drop(&**client, id).await, Err(StoreError::Conflict(_))));
    }
    let foreign = "update market.submission set vendor = 'vendor_b' where id = 2";
    let sql = "insert into market.vendor values ('vendor_b', 'b', 'b', true)";
    scene.market.batch_execute(&format!("{sql}; {foreign}")).await.unwrap();
    assert!(submission_drop(&**client, 2).await.is_err());
    assert_eq!(submissions_resume(&scene.market).await.unwrap(), 19);
}

/// A reading of the judge never depends on who asks, so that a report can be made again.
#[test]
fn a_small_package_says_what_it_lacks() {
    let (content, _) = parcel("1");
    let key = PublisherKey::from_seed(VENDOR_A, &[1; 32]).unwrap();
    let keys = [key.public_text().to_owned()];
    let reading = Reading::of("x.parcel", &content, (VENDOR_A, &keys));
    let judge = Judge {
        standards: Arc::default(),
        others: Arc::default(),
        parts: Arc::default(),
        offered: Arc::default(),
    };
    let report = judge.report(&reading);
    assert!(!report.passes());
    assert_eq!(report, judge.report(&reading));
}
