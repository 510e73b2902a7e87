//! What is written out comes back as it was, and what differs is found.

use std::sync::Arc;

use expect_test::expect;
use jiff::Timestamp;
use store::bulk::record::{Stored, snapshot};
use store::register::Table;
use transfer::{Layout, Manifest, TransferError, compare, export, import, round_trip};

use crate::folder::{standard, system, things};
use crate::world::World;

const AT: Timestamp = Timestamp::constant(1_775_000_000, 0);

/// The whole way for a system under its standard, with `count` rows a register.
async fn check_same(path: &str, business: &str, count: usize) -> Manifest {
    let system = Arc::new(system(path));
    let mut standard = standard(&format!("standards/{business}"));
    // What the standard does not have goes into a file of its own.
    standard.groups.iter_mut().for_each(|group| group.items.retain(|item| item.name != "備考"));
    let world = World::new(std::slice::from_ref(&system)).await;
    let (mut from, mut to) = (world.body("moto").await, world.body("saki").await);
    from.fill(&system, count).await;
    let layout = Layout::of(&system, Some(&standard));
    let folder = world.folder("csv");
    let done = round_trip(from.side(), to.side(), &layout, (&folder, AT)).await.unwrap();
    assert!(done.is_identical(), "{:?}", done.comparison);
    assert!(!folder.exists());
    assert_eq!(done.comparison.rows(), 2 * (count * system.registers.len()) as u64);
    done.manifest
}

#[tokio::test]
async fn the_resident_record_comes_back_as_it_was() {
    let manifest = check_same("systems/resident-record", "001", 300).await;
    let files: Vec<String> = manifest
        .files
        .iter()
        .filter(|file| !file.past)
        .map(|file| format!("{} {} {}", file.name, file.group, file.columns.len()))
        .collect();
    expect![[r#"
        001_household_1.csv 世帯 11
        001_household_2.csv 独自項目 3
        001_protection_1.csv 支援措置 16
        001_resident_1.csv 住民 47
        001_resident_2.csv 独自項目 3"#]]
    .assert_eq(&files.join("\n"));
}

#[tokio::test]
async fn the_seal_registration_comes_back_as_it_was() {
    check_same("systems/seal-registration", "002", 300).await;
}

#[tokio::test]
async fn every_kind_of_value_survives_and_a_difference_is_found() {
    let system = Arc::new(things("0.1.0"));
    let world = World::new(std::slice::from_ref(&system)).await;
    let (mut from, mut to) = (world.body("moto").await, world.body("saki").await);
    // The same keys on both sides, so that the indexes of secrets can be compared too.
    to.office = from.office.clone();
    from.fill(&system, 500).await;
    let table = Table::new(&system, "small-thing").unwrap();
    let moment = snapshot(&mut from.client).await.unwrap();
    let mut records = moment.records(table, true, from.office.vault().ok()).await.unwrap();
    let mut awkward = 0;
    while let Some(record) = records.next().await.unwrap() {
        awkward += usize::from(record.values.iter().any(|value| is_awkward(value.as_ref())));
    }
    drop((records, moment));
    assert!(awkward > 50, "{awkward}");

    let layout = Layout::of(&system, None);
    let folder = world.folder("csv");
    export(from.side(), &layout, &folder, AT).await.unwrap();
    let imported = import(to.side(), &layout, &folder, ("見本", AT)).await.unwrap();
    assert_eq!((imported.rows, imported.event_id), (1000, 21));
    assert_eq!(from.digest(&system).await, to.digest(&system).await);
    assert_eq!(to.text("select string_agg(next::text, ',') from core.series").await, "501");
    let again = world.folder("again");
    let manifest = export(to.side(), &layout, &again, AT).await.unwrap();
    let sums = |manifest: &Manifest| -> Vec<String> {
        manifest.files.iter().map(|file| file.sha256.clone()).collect()
    };
    assert_eq!(sums(&manifest), sums(&Manifest::read(&folder).unwrap()));

    let change = "set role kumoi_owner;
         update things.small_thing set kazu = 77, reason = '別' where bango like '%0007';
         delete from things.small_thing_history where bango like '%0100';
         insert into things.small_thing select * from things.small_thing_history
           where bango like '%0200' on conflict do nothing;
         update things.small_thing set bango = '9' where bango like '%0300'; reset role";
    to.client.batch_execute(change).await.unwrap();
    let found = compare(from.side(), to.side(), &layout).await.unwrap();
    let lines: Vec<String> = found
        .differences
        .iter()
        .map(|one| format!("{} {} {} {}", one.past, one.key, one.version_no, one.items.join("・")))
        .collect();
    expect![[r#"
        false 000000000000007 2 数・異動日・処理日時・異動番号・異動事由
        false 000000000000300 2 移行先にない行
        false 9 2 移行元にない行
        true 000000000000100 1 移行先にない行"#]]
    .assert_eq(&lines.join("\n"));
    assert_eq!(found.different, 4);
}

#[tokio::test]
async fn only_the_same_package_into_an_empty_place() {
    let (system, newer) = (Arc::new(things("0.1.0")), Arc::new(things("0.2.0")));
    let world = World::new(std::slice::from_ref(&system)).await;
    let mut from = world.body("moto").await;
    from.fill(&system, 3).await;
    let (layout, other) = (Layout::of(&system, None), Layout::of(&newer, None));
    let folder = world.folder("csv");
    let said = |outcome: Result<(), TransferError>| outcome.unwrap_err().to_string();
    let refused = export(from.side(), &other, &folder, AT).await.map(|_| ());
    assert!(said(refused).contains("別の版が入っています"));
    assert!(!folder.exists());
    export(from.side(), &layout, &folder, AT).await.unwrap();
    let refused = export(from.side(), &layout, &folder, AT).await.map(|_| ());
    assert!(said(refused).contains("空ではありません"));
    let mut to = world.body("saki").await;
    let refused = import(to.side(), &other, &folder, ("見本", AT)).await.map(|_| ());
    assert!(said(refused).contains("版0.1.0のものです"));
    import(to.side(), &layout, &folder, ("見本", AT)).await.unwrap();
    let refused = import(to.side(), &layout, &folder, ("見本", AT)).await.map(|_| ());
    assert!(said(refused).contains("もう行があります"));
    let mut busy = world.body("hoka").await;
    busy.fill(&system, 0).await;
    let refused = import(busy.side(), &layout, &folder, ("見本", AT)).await.map(|_| ());
    assert!(said(refused).contains("異動番号と重なります"));
}

/// Whether a stored text is one of the awkward ones.
fn is_awkward(value: Option<&Stored>) -> bool {
    matches!(value, Some(Stored::Text(text)) if text.is_empty() || text.contains(['"', '\n']))
}
