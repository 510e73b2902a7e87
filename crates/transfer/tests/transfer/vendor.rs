//! From one vendor's package to another's within a body in service: what fits is there, what does
//! not is in the annex, nothing is lost or guessed, and exactly one of the two is in service.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use definition::System;
use expect_test::expect;
use jiff::Timestamp;
use store::bulk::record::{Record, snapshot};
use store::install::{VendorChange, upgrade_obstacle, vendor_change_after};
use store::register::Table;
use transfer::{
    ANNEX, ANNEX_MANIFEST, ChangeInService, Changed, Layout, Mapping, TIMERS, TransferError,
    vendor_change_back, vendor_change_finish, vendor_change_in_service, vendor_rehearse,
};

use crate::folder::{system, things, things_used, things_with, with_watch};
use crate::world::{Body, World};

const AT: Timestamp = Timestamp::constant(1_775_000_000, 0);
const BY: (&str, Timestamp) = ("見本", AT);

/// Another vendor's package: no 数, names of at most eight characters, 青 has another code, and no 赤.
const CHANGES: &[(&str, &str)] = &[
    ("  - { name: 数, name_en: Count, romaji: kazu, type: S9, length: 6 }\n", ""),
    ("romaji: namae, type: Ｎ, length: 50", "romaji: onamae, type: Ｎ, length: 8"),
    ("  \"1\": { name: 赤, name_en: Red }\n", ""),
    ("\"2\": { name: 青, name_en: Blue }", "\"7\": { name: 青, name_en: Blue }"),
    ("romaji: kigen, type: DATE", "romaji: kigen, type: DATE, uncertain: true"),
];

/// Takes every row: another register, another column, other codes.
const SMOOTH: &[(&str, &str)] = &[
    ("id: small-thing", "id: big-thing"),
    ("romaji: namae,", "romaji: onamae,"),
    ("  \"1\": { name: 赤, name_en: Red }\n", "  \"8\": { name: 赤, name_en: Red }\n"),
    ("romaji: kigen, type: DATE", "romaji: kigen, type: DATE, uncertain: true"),
];

/// A body in service.
struct Village {
    world: World,
    body: Body,
    folders: std::cell::Cell<u32>,
}

impl Village {
    async fn new(systems: &[Arc<System>], rows: usize) -> Village {
        let world = World::new(systems).await;
        let mut body = world.body("mura").await;
        for system in systems {
            body.fill(system, rows).await;
        }
        Village { world, body, folders: std::cell::Cell::new(0) }
    }

    /// A folder that is not there yet.
    fn folder(&self) -> PathBuf {
        self.folders.set(self.folders.get() + 1);
        self.world.folder(&format!("annex-{}", self.folders.get()))
    }

    /// Changes as a new process does, with connections of its own.
    async fn change(
        &self,
        (from, to): (&System, &System),
        hold: bool,
        annex: &PathBuf,
    ) -> Result<Changed, TransferError> {
        self.change_among(&[Arc::new(from.clone())], (from, to), hold, annex).await
    }

    async fn change_among(
        &self,
        systems: &[Arc<System>],
        (from, to): (&System, &System),
        hold: bool,
        annex: &PathBuf,
    ) -> Result<Changed, TransferError> {
        let mapping = Mapping::of(from, to)?;
        let layout = Layout::of(from, None);
        let (actor, at) = BY;
        let wish = ChangeInService { mapping: &mapping, systems, layout: &layout, hold, actor, at };
        let mut reader = self.world.installer.connect_owner("mura").await?;
        let mut client = self.world.installer.connect("mura").await?;
        let vault = self.body.office.vault()?;
        let office = transfer::Side { client: &mut client, vault };
        vendor_change_in_service(&mut reader, office, &wish, annex).await
    }

    async fn back(&self, now: &System) -> Result<Duration, TransferError> {
        let mut client = self.world.installer.connect("mura").await?;
        vendor_change_back(&mut client, now, &[Arc::new(now.clone())], BY).await
    }

    async fn finish(&self, now: &System, annex: &PathBuf) -> Result<VendorChange, TransferError> {
        let mut client = self.world.installer.connect("mura").await?;
        vendor_change_finish(&mut client, now, annex, BY).await
    }

    /// Runs statements as the owner.
    async fn behind(&self, sql: &str) {
        let client = self.world.installer.connect_owner("mura").await.unwrap();
        client.batch_execute(sql).await.unwrap();
    }

    /// One text, seen by the owner.
    async fn text(&self, sql: &str) -> String {
        let client = self.world.installer.connect_owner("mura").await.unwrap();
        client.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// What the office may do.
    async fn office(&self, sql: &str) -> Result<(), store::DatabaseError> {
        let client = self.body.office.client().await.unwrap();
        client.batch_execute(sql).await
    }

    /// The package in service, and the schemas that are there.
    async fn in_service(&self) -> (String, String) {
        let schemas = "select string_agg(nspname, ' ' order by nspname) from pg_namespace
                       where nspname in ('things') or nspname like 'kumoi_aside%'";
        let hash = "select hash from core.system where id = 'things'";
        (self.text(hash).await, self.text(schemas).await)
    }
}

/// A case of a system as the office enters it.
fn case(system: &System, stage: &str) -> String {
    format!(
        "insert into core.cases (system, procedure, package, stage, origin, title, subjects,
           versions, form, identity, due_on, entered_by)
         values ('{}', 'apply', '{}', '{stage}', 'counter', '花子', '{{}}', '{{}}', '{{}}', '{{}}',
           now(), 'x')",
        system.id, system.hash
    )
}

/// An entry of a system as the office journals it.
fn entry(system: &System) -> String {
    format!(
        "insert into core.journal (recorded_at, system, procedure, reason, subjects, effective_on,
           actor, content, digest)
         values (now(), '{}', 'x', 'x', '{{}}', now(), 'x', '{{\"package\": \"{}\"}}', '')",
        system.id, system.hash
    )
}

#[tokio::test]
async fn a_vendor_is_changed_and_what_has_no_home_is_kept() {
    let (a, b) = (Arc::new(things("0.1.0")), Arc::new(things_with("5.0.0", CHANGES)));
    let mut village = Village::new(std::slice::from_ref(&a), 56).await;
    let mapping = Mapping::of(&a, &b).unwrap();
    assert_eq!(mapping.unfilled(), []);
    village.body.client.batch_execute("set role kumoi_owner").await.unwrap();
    let rehearsed = vendor_rehearse(village.body.side(), &mapping).await.unwrap();
    expect![[r#"
        ChangeReport {
            rows: 112,
            taken: 84,
            held: 28,
            homeless: 336,
            homeless_why: {
                "物・数: 移行先の台帳「物」に、この項目がありません": 56,
                "物・色: 移行先のコード一覧「色」に、同じ意味のコードがありません": 28,
            },
            held_why: {
                "物・名前: 移行先では 8 文字までです": 28,
            },
        }
    "#]]
    .assert_debug_eq(&rehearsed);
    let (folder, before) = (village.folder(), village.body.digest(&a).await);
    let values_before = values(&mut village.body, &a).await;

    let said = village.change((&a, &b), false, &folder).await.unwrap_err().to_string();
    expect![[r#"
        28 行と期日の仕事 0 件が移行先に入りません。移行元で値を補うか、--hold で別紙に残すことを認めてから、もう一度実行してください
          物・名前: 移行先では 8 文字までです … 28 行"#]]
    .assert_eq(&said);
    assert!(!folder.exists() && village.body.digest(&a).await == before);
    assert_eq!(village.in_service().await, (a.hash.clone(), "things".to_owned()));

    let changed = village.change((&a, &b), true, &folder).await.unwrap();
    assert_eq!(changed.report, rehearsed);
    let annex = fs::read_to_string(folder.join(ANNEX)).unwrap();
    for part in ["small-thing,0,", "small-thing,1,", "名前", "移行先では 8 文字まで", "青"]
    {
        assert_eq!(annex.contains(part), part != "青", "{part}");
    }
    let (hash, schemas) = village.in_service().await;
    assert_eq!((hash, schemas), (b.hash.clone(), format!("{} things", changed.change.aside)));
    // Every value of the package that is left is in service or in the annex.
    let there = values(&mut village.body, &b).await;
    assert_eq!(there + rehearsed.homeless, values_before);
    let colours = "select string_agg(distinct iro, ',') from things.small_thing";
    assert_eq!(village.text(colours).await, "7");
    // The office uses the new tables, and the old ones are closed to it.
    village.office("select onamae from things.small_thing").await.unwrap();
    let aside = format!("select 1 from {}.small_thing", changed.change.aside);
    let said = village.office(&aside).await.unwrap_err().to_string();
    assert!(said.contains("permission") || said.contains("error"), "{said}");
    let noted = "select count(*)::text || (select count(*) from core.audit where action =
                   'system.vendor-change') from core.journal where procedure = 'vendor-change'";
    assert_eq!(village.text(noted).await, "11");
}

#[tokio::test]
async fn who_has_not_heard_of_the_change_writes_nothing() {
    let (a, b) = (Arc::new(things("0.1.0")), Arc::new(things_with("5.0.0", SMOOTH)));
    let village = Village::new(std::slice::from_ref(&a), 20).await;
    village.office(&entry(&a)).await.unwrap();
    village.office(&case(&a, "登録済")).await.unwrap();
    let changed = village.change((&a, &b), false, &village.folder()).await.unwrap();
    for late in [entry(&a), case(&a, "仮登録")] {
        let said = village.office(&late).await.unwrap_err();
        let said = said.as_db_error().unwrap().message().to_owned();
        assert_eq!(said, "事業者が替わりました。画面を開き直してください");
    }
    let client = village.world.installer.connect_owner("mura").await.unwrap();
    let before = changed.change.event_id - 1;
    assert!(vendor_change_after(&client, "things", before).await.unwrap());
    assert!(!vendor_change_after(&client, "things", changed.change.event_id).await.unwrap());
    let obstacle = upgrade_obstacle(&client, "things", &a.hash).await.unwrap();
    assert!(obstacle.unwrap().contains("事業者の変更の途中です"));
    // Back again, the other one is late.
    village.back(&b).await.unwrap();
    village.office(&entry(&a)).await.unwrap();
    let said = village.office(&entry(&b)).await.unwrap_err();
    assert!(said.as_db_error().unwrap().message().contains("事業者が替わりました"));
    assert_eq!(upgrade_obstacle(&client, "things", &b.hash).await.unwrap(), None);
}

#[tokio::test]
async fn the_way_there_and_back_again_keeps_every_row() {
    let (a, b) = (Arc::new(things("0.1.0")), Arc::new(things_with("5.0.0", SMOOTH)));
    let village = Village::new(std::slice::from_ref(&a), 50).await;
    village.behind("insert into core.series values ('things.small-thing', 78)").await;
    let (before, first) = (village.body.digest(&a).await, village.folder());
    let changed = village.change((&a, &b), false, &first).await.unwrap();
    assert_eq!((changed.report.taken, changed.report.held, changed.report.homeless), (100, 0, 0));
    let next = "select next::text from core.series where name = 'things.big-thing'";
    assert_eq!(village.text(next).await, "78", "a number would be given again");
    // Not a second time before the first has ended, and not without its annex.
    let said = village.change((&b, &a), false, &village.folder()).await.unwrap_err().to_string();
    assert!(said.contains("前の事業者の変更が終わっていません"), "{said}");
    let text = fs::read_to_string(first.join(ANNEX)).unwrap();
    fs::write(first.join(ANNEX), format!("{text} ")).unwrap();
    let said = village.finish(&b, &first).await.unwrap_err().to_string();
    assert!(said.contains(ANNEX) && said.contains("違うか、ありません"), "{said}");
    fs::write(first.join(ANNEX), text).unwrap();
    let registers = first.join("registers");
    let csv = fs::read_dir(&registers).unwrap().map(|one| one.unwrap().path());
    let csv = csv.filter(|path| path.extension().is_some_and(|end| end == "csv")).min().unwrap();
    let kept = fs::read(&csv).unwrap();
    fs::write(&csv, &kept[1..]).unwrap();
    assert!(village.finish(&b, &first).await.is_err());
    fs::write(&csv, kept).unwrap();
    village.finish(&b, &first).await.unwrap();
    assert_eq!(village.in_service().await, (b.hash.clone(), "things".to_owned()));
    let said = village.back(&b).await.unwrap_err().to_string();
    assert!(said.contains("終わっていない事業者の変更はありません"), "{said}");
    let client = village.world.installer.connect_owner("mura").await.unwrap();
    let obstacle = upgrade_obstacle(&client, "things", &a.hash).await.unwrap();
    assert!(obstacle.unwrap().contains("離れた製品の版です"));

    let second = village.folder();
    village.change((&b, &a), false, &second).await.unwrap();
    assert_eq!(village.body.digest(&a).await, before);
    village.finish(&a, &second).await.unwrap();
    let next = "select next::text from core.series where name = 'things.small-thing'";
    assert_eq!(village.text(next).await, "78");
}

/// 印鑑登録 of two vendors: what both have by the standard's numbers comes back as it was.
#[tokio::test]
async fn a_village_keeps_the_items_of_the_standard() {
    let a = Arc::new(system("systems/seal-registration"));
    let b = Arc::new(system("vendors/a/seal-registration"));
    let mut village = Village::new(std::slice::from_ref(&a), 60).await;
    let before = standard_items(&mut village.body, &a).await;
    let first = village.folder();
    let changed = village.change((&a, &b), true, &first).await.unwrap();
    let there = standard_items(&mut village.body, &b).await;
    village.finish(&b, &first).await.unwrap();
    let second = village.folder();
    let again = village.change((&b, &a), true, &second).await.unwrap();
    let after = standard_items(&mut village.body, &a).await;
    assert_eq!((changed.report.rows, changed.report.held), (120, 0), "{changed:?}");
    assert_eq!((again.report.rows, again.report.held), (120, 0), "{again:?}");
    assert!(before.len() == 120 && before[0].len() > 10);
    assert_eq!(there, before);
    assert_eq!(after, before);
}

#[tokio::test]
async fn the_way_back_is_open_until_something_is_written() {
    let (a, b) = (Arc::new(things("0.1.0")), Arc::new(things_with("5.0.0", CHANGES)));
    let village = Village::new(std::slice::from_ref(&a), 56).await;
    let timer = format!(
        "insert into core.job (kind, unique_key, content, run_at) values ('timer', '1/x/1',
           jsonb_build_object('system', 'things', 'package', '{}', 'procedure', 'watch',
             'key', '1'), '2099-01-01')",
        a.hash
    );
    village.behind(&timer).await;
    let before = village.body.digest(&a).await;
    let said = village.change((&a, &b), false, &village.folder()).await.unwrap_err().to_string();
    assert!(said.contains("期日の仕事「watch」 … 1 件"), "{said}");
    let folder = village.folder();
    let changed = village.change((&a, &b), true, &folder).await.unwrap();
    let waiting = "select count(*)::text from core.job where kind = 'timer' and done_at is null";
    assert_eq!((changed.timers_held, village.text(waiting).await.as_str()), (1, "0"));
    assert!(fs::read_to_string(folder.join(TIMERS)).unwrap().contains("watch,1,2099-01-01T"));
    village.back(&b).await.unwrap();
    assert_eq!(
        (village.body.digest(&a).await, village.text(waiting).await.as_str()),
        (before, "1")
    );
    assert_eq!(village.in_service().await, (a.hash.clone(), "things".to_owned()));
    assert!(village.office("select namae from things.small_thing").await.is_ok());

    village.change((&a, &b), true, &village.folder()).await.unwrap();
    village.office(&entry(&b)).await.unwrap();
    let said = village.back(&b).await.unwrap_err().to_string();
    assert!(said.contains("異動 1 件") && said.contains("もう一度"), "{said}");
    assert_eq!(village.in_service().await.0, b.hash);
}

#[tokio::test]
async fn what_is_open_stands_in_the_way() {
    let (a, b) = (Arc::new(things("0.1.0")), Arc::new(things_with("5.0.0", SMOOTH)));
    let village = Village::new(std::slice::from_ref(&a), 10).await;
    village.office(&case(&a, "登録済")).await.unwrap();
    village.office(&case(&a, "審査済")).await.unwrap();
    let said = village.change((&a, &b), true, &village.folder()).await.unwrap_err().to_string();
    expect![[r#"
        物に、終わっていない事案が 1 件あります。登録するか取り下げてから、もう一度実行してください
          受付番号 2（apply、審査済）"#]]
    .assert_eq(&said);
    village.behind("update core.cases set stage = '取下げ' where id = 2").await;
    village.behind("update core.cases set post_review_due = true where id = 1").await;
    let said = village.change((&a, &b), true, &village.folder()).await.unwrap_err().to_string();
    assert!(said.contains("受付番号 1（apply、登録済・後閲待ち）"), "{said}");
    village.behind("update core.cases set post_review_due = false").await;
    village.change((&a, &b), true, &village.folder()).await.unwrap();
}

#[tokio::test]
async fn what_others_read_is_still_there_or_nothing_changes() {
    let (a, smooth) = (Arc::new(things("0.1.0")), things_with("5.0.0", &SMOOTH[1..]));
    let reader = Arc::new(things_used());
    let village = Village::new(&[Arc::clone(&a), Arc::clone(&reader)], 30).await;
    let all = [Arc::clone(&a), Arc::clone(&reader)];
    let lacking = things_with("5.0.0", CHANGES);
    for other in [&lacking, &things_with("5.0.0", SMOOTH)] {
        let wish = (&*a, other);
        let said = village.change_among(&all, wish, true, &village.folder()).await.unwrap_err();
        assert!(said.to_string().contains("つながらなくなります"), "{said}");
        assert_eq!(village.in_service().await.0, a.hash);
    }
    village.change_among(&all, (&a, &smooth), false, &village.folder()).await.unwrap();
    let used = &reader.uses[0];
    let table = Table::new(&smooth, &used.register).unwrap();
    let client = village.body.office.client().await.unwrap();
    let keys: Vec<String> = (0..30).map(key).collect();
    let found = store::register::rows(&**client, table, &keys).await.unwrap();
    assert_eq!(found.len(), 30);
    let named = |name: &str| table.register.items.iter().position(|item| item.name == name);
    let at = named(&used.items[0].name).unwrap();
    assert!(found.iter().any(|row| row.values[at].is_some()));
}

/// Held, a record goes into the annex with its present and its past, and with its timers.
#[tokio::test]
async fn a_record_is_held_whole_with_its_timers() {
    let shorter = [SMOOTH, &[("type: Ｎ, length: 50, required", "type: Ｎ, length: 8, required")]];
    let (a, b) = (things("0.1.0"), things_with("5.0.0", &shorter.concat()));
    let (a, b) = (Arc::new(with_watch(&a)), Arc::new(with_watch(&b)));
    let village = Village::new(std::slice::from_ref(&a), 10).await;
    // Only what was is too long for the other package.
    let long = format!(
        "update things.small_thing set namae = '短い'; update things.small_thing_history
           set namae = case when bango = '{}' then '長い名前を持つ物であった' else '短い' end",
        key(4)
    );
    village.behind(&long).await;
    for number in [4, 5] {
        let timer = format!(
            "insert into core.job (kind, unique_key, content, run_at) values ('timer',
               '{number}/watch', jsonb_build_object('system', 'things', 'package', '{}',
                 'procedure', 'watch', 'key', '{}'), '2099-01-01')",
            a.hash,
            key(number)
        );
        village.behind(&timer).await;
    }
    let folder = village.folder();
    let changed = village.change((&a, &b), true, &folder).await.unwrap();
    assert_eq!((changed.report.taken, changed.report.held, changed.timers_held), (18, 2, 1));
    let rows = format!("select count(*)::text from things.big_thing where bango = '{}'", key(4));
    assert_eq!(village.text(&rows).await, "0");
    let annex = fs::read_to_string(folder.join(ANNEX)).unwrap();
    for past in [0, 1] {
        assert!(annex.contains(&format!("small-thing,{past},{}", key(4))), "{annex}");
    }
    let timers = fs::read_to_string(folder.join(TIMERS)).unwrap();
    assert!(timers.contains(&key(4)) && !timers.contains(&key(5)), "{timers}");
    village.back(&b).await.unwrap();
}

/// The key of a row of the trial in the register of things.
fn key(number: usize) -> String {
    format!("{number:015}")
}

/// Who is writing when it begins is waited for; who comes while it goes on is refused whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_is_waited_for() {
    let (a, b) = (Arc::new(things("0.1.0")), Arc::new(things_with("5.0.0", SMOOTH)));
    let village = Village::new(std::slice::from_ref(&a), 20).await;
    let mut client = village.body.office.client().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    let sql = "update things.small_thing set kazu = 777 where bango = $1";
    transaction.execute(sql, &[&key(3)]).await.unwrap();
    let folder = village.folder();
    let change = village.change((&a, &b), false, &folder);
    let writing = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        transaction.batch_execute(&entry(&a)).await.unwrap();
        transaction.commit().await.unwrap();
    };
    let (changed, ()) = tokio::join!(change, writing);
    assert!(changed.unwrap().read_only < Duration::from_secs(5));
    let kept = "select kazu::text from things.big_thing where kazu = 777";
    assert_eq!(village.text(kept).await, "777");
}

/// Three rounds, or a hundred when `KUMOI_SOAK` is set.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_off_at_random_one_is_in_service_whole() {
    let rounds = if std::env::var_os("KUMOI_SOAK").is_some() { 100 } else { 3 };
    let (a, b) = (Arc::new(things("0.1.0")), Arc::new(things_with("5.0.0", SMOOTH)));
    let village = Village::new(std::slice::from_ref(&a), 400).await;
    village.behind("update things.small_thing set kazu = 0 where bango like '%7'").await;
    let mut random = u64::from(std::process::id());
    let mut next = |below: u64| {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let (mut broken, mut written) = (0, 0);
    for round in 0..rounds {
        let stop = AtomicBool::new(false);
        let attempts = async {
            for _ in 0..4 + next(4) {
                let most = [120, 2000][usize::from(next(2) == 0)];
                let patience = Duration::from_millis(2 + next(most));
                let outcome = match (village.in_service().await.0 == a.hash, next(3)) {
                    (true, _) => {
                        let folder = village.folder();
                        let change = village.change((&a, &b), false, &folder);
                        tokio::time::timeout(patience, change).await.map(|it| it.map(|_| ()))
                    }
                    (false, 0) => Ok(Ok(())),
                    (false, _) => {
                        let back = village.back(&b);
                        tokio::time::timeout(patience, back).await.map(|it| it.map(|_| ()))
                    }
                };
                match outcome {
                    Ok(done) => done.unwrap(),
                    Err(_) => broken += 1,
                }
            }
            stop.store(true, Ordering::Relaxed);
        };
        let (written_now, ()) = tokio::join!(write(&village, &a, &stop), attempts);
        written += written_now;
        // A change that was cut off may still be in the server's hands for a moment.
        tokio::time::sleep(Duration::from_millis(100)).await;
        if village.in_service().await.0 == a.hash {
            village.change((&a, &b), false, &village.folder()).await.unwrap();
        }
        assert_eq!(village.text(&sum("big_thing")).await, written.to_string(), "{round}");
        village.back(&b).await.unwrap();
        assert_eq!(village.in_service().await, (a.hash.clone(), "things".to_owned()), "{round}");
        assert_eq!(village.text(&sum("small_thing")).await, written.to_string(), "{round}");
        let rows = "select (select count(*) from things.small_thing) || ' '
                      || (select count(*) from things.small_thing_history)";
        assert_eq!(village.text(rows).await, "400 400", "{round}");
        println!("round {round}: {broken} broken off, {written} written");
    }
    assert!(broken > 0 && written > 20, "{broken} {written}");
}

fn sum(table: &str) -> String {
    format!("select coalesce(sum(kazu), 0)::text from things.{table} where bango like '%7'")
}

/// Writes as the office does under a package, until told to stop; how often it was acknowledged.
async fn write(village: &Village, system: &System, stop: &AtomicBool) -> i64 {
    let mut acknowledged = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut client = village.body.office.client().await.unwrap();
        let written = async {
            let transaction = client.transaction().await?;
            let sql = "update things.small_thing set kazu = coalesce(kazu, 0) + 1
                       where bango = '000000000000007'";
            transaction.batch_execute(sql).await?;
            transaction.batch_execute(&entry(system)).await?;
            transaction.commit().await
        };
        acknowledged += i64::from(written.await.is_ok());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    acknowledged
}

#[tokio::test]
async fn what_another_vendor_lacks_is_said_before_anything_is_moved() {
    let a = Arc::new(system("vendors/a/child-medical-subsidy"));
    let b = system("vendors/b/child-medical-subsidy");
    let old = World::new(std::slice::from_ref(&a)).await;
    let mut from = old.body("moto").await;
    from.fill(&a, 10).await;
    from.client.batch_execute("set role kumoi_owner").await.unwrap();
    let mapping = Mapping::of(&a, &b).unwrap();
    let unfilled = mapping.unfilled();
    assert!(unfilled.contains(&("受給資格".to_owned(), "認定の契機".to_owned())), "{unfilled:?}");
    let homeless = mapping.items().into_iter().filter(|one| one.home.is_none()).count();
    assert!(homeless > 10, "{homeless}");
    let rehearsed = vendor_rehearse(from.side(), &mapping).await.unwrap();
    assert_eq!((rehearsed.rows, rehearsed.held), (60, 60));
    assert_eq!(rehearsed.homeless, values(&mut from, &a).await);
    let reason = "助成の保護者・助成の保護者: 台帳がありません";
    assert_eq!(rehearsed.held_why.get(reason), Some(&20));
    let seal = system("systems/seal-registration");
    let said = Mapping::of(&a, &seal).err().unwrap().to_string();
    assert!(said.contains("同じ業務の製品を"), "{said}");
    assert!(!old.folder("annex").join(ANNEX_MANIFEST).exists());
}

/// Every row of a system, current and past.
async fn records(body: &mut Body, system: &System) -> Vec<Vec<Record>> {
    body.client.batch_execute("set role kumoi_owner").await.unwrap();
    let moment = snapshot(&mut body.client).await.unwrap();
    let mut out = Vec::new();
    for register in &system.registers {
        for past in [false, true] {
            let table = Table { system, register };
            let vault = body.office.vault().ok();
            let mut records = moment.records(table, past, vault).await.unwrap();
            let mut all = Vec::new();
            while let Some(record) = records.next().await.unwrap() {
                all.push(record);
            }
            out.push(all);
        }
    }
    out
}

/// How many values the registers of a system hold, current and past.
async fn values(body: &mut Body, system: &System) -> u64 {
    let all = records(body, system).await;
    all.iter().flatten().map(|record| record.values.iter().flatten().count() as u64).sum()
}

/// The rows by the numbers of the standard: codes by what they mean, with both times.
async fn standard_items(body: &mut Body, system: &System) -> Vec<Vec<String>> {
    let tables = records(body, system).await;
    let mut out = Vec::new();
    for (at, rows) in tables.iter().enumerate() {
        let register = &system.registers[at / 2];
        for record in rows {
            let mut line = vec![format!("{} {:?}", at % 2, record.meta)];
            for (item, value) in register.items.iter().zip(&record.values) {
                let (Some(number), Some(value)) = (&item.number, value) else { continue };
                let value = match (value, item.codes(system)) {
                    (store::bulk::record::Stored::Text(code), Some(list)) => {
                        list.name_of(code).unwrap_or_default().to_owned()
                    }
                    _ => format!("{value:?}"),
                };
                line.push(format!("{number} {value}"));
            }
            line[1..].sort();
            if line.len() > 1 {
                out.push(line);
            }
        }
    }
    out
}
