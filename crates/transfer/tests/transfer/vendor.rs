//! From one vendor's package to another's: what fits arrives, what does not is in the annex, and
//! nothing is lost or guessed.

use std::fs;
use std::sync::Arc;

use definition::System;
use expect_test::expect;
use jiff::Timestamp;
use store::bulk::record::snapshot;
use store::register::Table;
use transfer::{ANNEX, Mapping, vendor_change, vendor_rehearse};

use crate::folder::{system, things, things_with};
use crate::world::{Body, World};

const AT: Timestamp = Timestamp::constant(1_775_000_000, 0);

/// Another vendor's package: no 数, names of at most eight characters, 青 has another code, and no 赤.
const CHANGES: &[(&str, &str)] = &[
    ("  - { name: 数, name_en: Count, romaji: kazu, type: S9, length: 6 }\n", ""),
    ("romaji: namae, type: Ｎ, length: 50", "romaji: onamae, type: Ｎ, length: 8"),
    ("  \"1\": { name: 赤, name_en: Red }\n", ""),
    ("\"2\": { name: 青, name_en: Blue }", "\"7\": { name: 青, name_en: Blue }"),
    ("romaji: kigen, type: DATE", "romaji: kigen, type: DATE, uncertain: true"),
];

#[tokio::test]
async fn a_vendor_is_changed_and_what_has_no_home_is_kept() {
    let (a, b) = (Arc::new(things("0.1.0")), Arc::new(things_with("5.0.0", CHANGES)));
    let old = World::new(std::slice::from_ref(&a)).await;
    let new = World::new(std::slice::from_ref(&b)).await;
    let (mut from, mut to) = (old.body("moto").await, new.body("saki").await);
    from.fill(&a, 56).await;
    let mapping = Mapping::of(&a, &b).unwrap();
    assert_eq!(mapping.unfilled(), []);

    let rehearsed = vendor_rehearse(from.side(), &mapping).await.unwrap();
    expect![[r#"
        ChangeReport {
            rows: 112,
            taken: 84,
            held: 28,
            homeless: 280,
            reasons: {
                "物・名前: 移行先では 8 文字までです": 28,
                "物・数: 移行先の台帳「物」に、この項目がありません": 56,
                "物・色: 移行先のコード一覧「色」に、同じ意味のコードがありません": 28,
            },
        }
    "#]]
    .assert_debug_eq(&rehearsed);
    let (folder, empty) = (old.folder("annex"), to.digest(&b).await);
    let refused =
        vendor_change(from.side(), to.side(), (&mapping, false), &folder, ("見本", AT)).await;
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("行が移行先に入りません"), "{said}");
    assert!(!folder.exists() && to.digest(&b).await == empty);

    let change = vendor_change(from.side(), to.side(), (&mapping, true), &folder, ("見本", AT));
    assert_eq!(change.await.unwrap(), rehearsed);
    let annex = fs::read_to_string(folder.join(ANNEX)).unwrap();
    for part in ["small-thing,0,", "small-thing,1,", "名前", "移行先では 8 文字まで", "青"]
    {
        assert_eq!(annex.contains(part), part != "青", "{part}");
    }
    // Every value of the package that is left is on the other side or in the annex.
    let (there, left) = (values(&mut to, &b).await, values(&mut from, &a).await);
    assert_eq!(there + rehearsed.homeless, left);
    let colours = "select string_agg(distinct iro, ',') from things.small_thing";
    to.client.batch_execute("set role kumoi_owner").await.unwrap();
    assert_eq!(to.text(colours).await, "7");
}

#[tokio::test]
async fn what_another_vendor_lacks_is_said_before_anything_is_moved() {
    let a = Arc::new(system("vendors/a/child-medical-subsidy"));
    let b = system("vendors/b/child-medical-subsidy");
    let old = World::new(std::slice::from_ref(&a)).await;
    let mut from = old.body("moto").await;
    from.fill(&a, 10).await;
    let mapping = Mapping::of(&a, &b).unwrap();
    let unfilled = mapping.unfilled();
    assert!(unfilled.contains(&("受給資格".to_owned(), "認定の契機".to_owned())), "{unfilled:?}");
    let homeless = mapping.items().into_iter().filter(|one| one.home.is_none()).count();
    assert!(homeless > 10, "{homeless}");
    let rehearsed = vendor_rehearse(from.side(), &mapping).await.unwrap();
    assert_eq!((rehearsed.rows, rehearsed.held), (60, 60));
    assert_eq!(rehearsed.homeless, values(&mut from, &a).await);
    let reason = "助成の保護者・助成の保護者: 台帳がありません";
    assert_eq!(rehearsed.reasons.get(reason), Some(&20));
}

#[tokio::test]
async fn the_same_package_takes_everything() {
    let (one, other) = (Arc::new(things("0.1.0")), Arc::new(things("0.2.0")));
    let old = World::new(std::slice::from_ref(&one)).await;
    let new = World::new(std::slice::from_ref(&other)).await;
    let (mut from, mut to) = (old.body("moto").await, new.body("saki").await);
    to.office = from.office.clone();
    from.fill(&one, 50).await;
    let mapping = Mapping::of(&one, &other).unwrap();
    let folder = old.folder("annex");
    let change = vendor_change(from.side(), to.side(), (&mapping, false), &folder, ("見本", AT));
    let report = change.await.unwrap();
    assert_eq!((report.taken, report.held, report.homeless), (100, 0, 0));
    assert_eq!(from.digest(&one).await, to.digest(&other).await);
    let seal = system("systems/seal-registration");
    let said = Mapping::of(&one, &seal).err().unwrap().to_string();
    assert!(said.contains("同じ業務の製品を"), "{said}");
}

/// How many values the registers of a system hold, current and past.
async fn values(body: &mut Body, system: &System) -> u64 {
    let moment = snapshot(&mut body.client).await.unwrap();
    let mut count = 0;
    for register in &system.registers {
        for past in [false, true] {
            let table = Table { system, register };
            let vault = body.office.vault().ok();
            let mut records = moment.records(table, past, vault).await.unwrap();
            while let Some(record) = records.next().await.unwrap() {
                count += record.values.iter().flatten().count() as u64;
            }
        }
    }
    count
}
