//! The catalogue as a municipality's own login searches it, and its analyses, beside another
//! municipality's; on a real server.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::date::Date;
use cloud::{Documents, contract_sign, offer_publish};
use definition::{Package, System};
use serde_json::json;
use store::cluster::{Cluster, ClusterOptions};
use store::control::{
    Asked, Draft, NewFit, business_list, buyer_admit, contract_draft, control_open, fit_keep,
    fit_list, fit_read, offer_report_set, offer_search, offer_withdraw, offers_of,
};
use store::organisation::{Installer, Organisation};
use store::testing::{Place, sample_organisation};
use store::{Client, Database};

const DAY: Date = Date::constant(2026, 11, 22);
const CITIES: [&str; 2] = ["first_city", "second_city"];

struct Scene {
    installer: Installer,
    logins: Vec<Database>,
    cluster: Cluster,
    _place: Place,
}

/// A small system: id, name, price a month and an item of its own.
fn system(id: &str, name: &str, version: &str, (base, item): (u64, &str)) -> Arc<System> {
    let files = BTreeMap::from([
        (
            "system.yaml".to_owned(),
            format!(
                "id: {id}\ncode: \"900\"\nname: {name}\nname_en: Sample {id}\n\
                 statute: 見本条例\nversion: {version}\nbodies: [municipality]\n"
            ),
        ),
        (
            "registers/book.yaml".to_owned(),
            format!(
                "id: book\nname: {name}台帳\nname_en: Book\nsubject: thing\nkey: 番号\n\
                 title: 番号\nitems:\n\
                 \x20 - {{ name: 番号, name_en: Number, romaji: bango, type: X, length: 15, \
                 required: true, group: 基本, group_en: Basics }}\n\
                 \x20 - {{ no: \"{item}\", name: 独自の{item}, name_en: Own, romaji: dokuji, \
                 type: X, length: 15 }}\n"
            ),
        ),
        (
            "price.yaml".to_owned(),
            format!(
                "values:\n  2026-04-01: {{ base_yen: {base}, resident_yen: 3 }}\n\
                 \x20 2027-04-01: {{ base_yen: {}, resident_yen: 3 }}\n\
                 terms: 見本\ndata_owner: body\ndata_terms: 見本\n",
                base * 2
            ),
        ),
    ]);
    let loaded = definition::load(&Package { files });
    Arc::new(loaded.unwrap_or_else(|found| panic!("{found:?}")).0)
}

fn municipality(id: &str) -> Organisation {
    let code = if id == CITIES[0] { "999990" } else { "999991" };
    Organisation { code: code.to_owned(), ..sample_organisation(id) }
}

impl Scene {
    async fn build() -> Scene {
        let place = Place::new();
        let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
        let installer = Installer::new(cluster.installer("postgres"));
        let templates = installer.prepare(&[]).await.unwrap();
        let control = control_open(&installer).await.unwrap();
        let mut logins = Vec::new();
        for city in CITIES {
            let organisation = municipality(city);
            let zones = installer.organisation_create(&organisation, &templates).await.unwrap();
            contract_sign(&installer, &organisation, &[]).await.unwrap();
            buyer_admit(&control, &organisation).await.unwrap();
            let own = zones.lgwan;
            logins.push(own.database(own.control().as_ref(), None, 2).unwrap());
        }
        let scene = Scene { installer, logins, cluster, _place: place };
        scene
            .publish("見本ベンダーA", system("library", "図書館", "1.0", (10_000, "90000001")))
            .await;
        scene
            .publish("見本ベンダーB", system("library", "図書館", "2.0", (30_000, "90000002")))
            .await;
        scene
            .publish("見本ベンダーA", system("dog", "犬のとうろく", "1.0", (500, "90000003")))
            .await;
        scene
    }

    async fn publish(&self, vendor: &str, system: Arc<System>) -> i64 {
        let none = Documents::new();
        let offers = offer_publish(&self.installer, (vendor, &none), &[system]).await.unwrap();
        offers[0].id
    }

    async fn login(&self, city: usize) -> Client {
        self.logins[city].client().await.unwrap()
    }

    /// System, vendor and version of what the first municipality finds.
    async fn found(&self, asked: Asked<'_>) -> Vec<String> {
        let client = self.login(0).await;
        let (found, _) = offer_search(&*client, &asked, DAY).await.unwrap();
        let shown = |one: &store::control::Found| {
            format!(
                "{} {} {}",
                one.system,
                one.vendor.trim_start_matches("見本ベンダー"),
                one.version
            )
        };
        found.iter().map(shown).collect()
    }
}

#[tokio::test]
async fn a_municipality_searches_the_catalogue() {
    let scene = Scene::build().await;
    let all = ["dog A 1.0", "library A 1.0", "library B 2.0"];
    assert_eq!(scene.found(Asked::default()).await, all);
    by_words(&scene).await;
    by_price_and_state(&scene).await;
    what_is_newest_is_found(&scene).await;
    scene.cluster.stop().await.unwrap();
}

async fn by_words(scene: &Scene) {
    for (text, expected) in [
        ("図書", vec!["library A 1.0", "library B 2.0"]),
        ("図書館　ベンダーＢ", vec!["library B 2.0"]),
        ("イヌ", vec![]),
        ("犬ノトウロク", vec!["dog A 1.0"]),
        ("SAMPLE DOG", vec!["dog A 1.0"]),
        ("犬", vec!["dog A 1.0"]),
        ("%", vec![]),
        ("dog_", vec![]),
        ("館図", vec![]),
    ] {
        assert_eq!(scene.found(Asked { text, ..Asked::default() }).await, expected, "{text}");
    }
    for (item, expected) in [
        ("90000002", vec!["library B 2.0"]),
        ("独自", vec!["dog A 1.0", "library A 1.0", "library B 2.0"]),
        ("独自ノ９００００００３", vec!["dog A 1.0"]),
        ("どこにもない", vec![]),
    ] {
        assert_eq!(scene.found(Asked { item, ..Asked::default() }).await, expected, "{item}");
    }
    let both = Asked { text: "図書", item: "独自", ..Asked::default() };
    assert_eq!(scene.found(both).await, ["library A 1.0", "library B 2.0"]);
    let client = scene.login(0).await;
    let businesses: Vec<String> =
        business_list(&*client).await.unwrap().into_iter().map(|(id, ..)| id).collect();
    assert_eq!(businesses, ["dog", "library"]);
}

async fn by_price_and_state(scene: &Scene) {
    // 10,000 + 3 × 1,000 and 30,000 + 3 × 1,000; the prices from April on are not yet in force.
    for (yen, residents, expected) in [
        ((Some(13_000), Some(33_000)), 1_000, vec!["library A 1.0", "library B 2.0"]),
        ((Some(13_001), None), 1_000, vec!["library B 2.0"]),
        ((None, Some(500)), 0, vec!["dog A 1.0"]),
        ((Some(i64::MAX), None), i64::MAX, vec!["dog A 1.0", "library A 1.0", "library B 2.0"]),
    ] {
        let asked = Asked { yen, residents, ..Asked::default() };
        assert_eq!(scene.found(asked).await, expected, "{yen:?}");
    }
    let control = control_open(&scene.installer).await.unwrap();
    let client = scene.login(0).await;
    let libraries = offers_of(&*client, "library", 20).await.unwrap();
    offer_report_set(&control, libraries[0].id, &json!({"passes": true})).await.unwrap();
    offer_report_set(&control, libraries[1].id, &json!({"passes": false})).await.unwrap();
    let of = |conforms| Asked { conforms: Some(conforms), ..Asked::default() };
    assert_eq!(scene.found(of(Some(true))).await, ["library A 1.0"]);
    assert_eq!(scene.found(of(Some(false))).await, ["library B 2.0"]);
    assert_eq!(scene.found(of(None)).await, ["dog A 1.0"]);
    let draft = Draft {
        method: "随意契約".to_owned(),
        reason: "見積の比較".to_owned(),
        budget: "見本".to_owned(),
        ..Draft::default()
    };
    contract_draft(&*client, libraries[0].id, &draft, "kanri").await.unwrap();
    let own = |contracted| Asked { contracted: Some(contracted), ..Asked::default() };
    assert_eq!(scene.found(own(true)).await, ["library A 1.0", "library B 2.0"]);
    assert_eq!(scene.found(own(false)).await, ["dog A 1.0"]);
    let found = offer_search(&*client, &own(true), DAY).await.unwrap().0;
    let states: Vec<Option<&str>> = found.iter().map(|one| one.contract.as_deref()).collect();
    assert_eq!(states, [Some("起案"), None]);
    // Nobody else sees that contract.
    let other = scene.login(1).await;
    let seen = offer_search(&*other, &own(true), DAY).await.unwrap().0;
    assert!(seen.is_empty(), "{seen:?}");
}

async fn what_is_newest_is_found(scene: &Scene) {
    let newer = system("library", "図書館", "1.1", (9_000, "90000004"));
    let hash = newer.hash.clone();
    scene.publish("見本ベンダーA", newer).await;
    let library = || Asked { system: "library", ..Asked::default() };
    assert_eq!(scene.found(library()).await, ["library A 1.1", "library B 2.0"]);
    let control = control_open(&scene.installer).await.unwrap();
    offer_withdraw(&control, ("見本ベンダーA", &hash), "見本").await.unwrap();
    assert_eq!(scene.found(library()).await, ["library B 2.0"], "what was replaced stays so");
    // A login reads the table and writes nothing of it.
    let client = scene.login(0).await;
    for sql in [
        "update control.offer_entry set vendor = 'x'",
        "delete from control.word",
        "insert into control.word (word) values ('x')",
        "update control.package_word set words = '{}'",
    ] {
        assert!(client.execute(sql, &[]).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn an_analysis_is_its_own_municipality_s() {
    let scene = Scene::build().await;
    let client = scene.login(0).await;
    let requirements = json!([{"number": "1"}]);
    let offers = [1, 2];
    let new = NewFit {
        system: "library",
        file_name: "list.csv",
        requirements: &requirements,
        offers: &offers,
    };
    let id = fit_keep(&*client, &new, "kanri").await.unwrap();
    let kept = fit_read(&*client, id).await.unwrap().unwrap();
    assert_eq!(
        (kept.requirements.clone(), kept.offers.clone()),
        (requirements.clone(), vec![1, 2])
    );
    assert_eq!(fit_list(&*client, 10).await.unwrap(), [kept]);
    let other = scene.login(1).await;
    assert_eq!(fit_read(&*other, id).await.unwrap(), None);
    assert_eq!(fit_list(&*other, 10).await.unwrap(), []);
    for sql in [
        "insert into control.fit (organisation, made_by, system, file_name, requirements, offers)
         values ('second_city', 'x', 'x', 'x', '[1]', '{1}')",
        "update control.fit set made_by = 'x'",
        "delete from control.fit",
        "insert into control.fit (made_by, system, file_name, requirements, offers)
         values ('x', 'x', 'x', '[]', '{1}')",
    ] {
        assert!(client.execute(sql, &[]).await.is_err(), "{sql}");
    }
    scene.cluster.stop().await.unwrap();
}
