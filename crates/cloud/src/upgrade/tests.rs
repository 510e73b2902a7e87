//! The executor against a real PostgreSQL: upgrades, refusals, a power cut in the middle, and a
//! database whose own tables are older than the program.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use definition::Package;
use store::cluster::{Cluster, ClusterOptions};
use store::organisation::{Installer, Templates};
use store::schema::catalogue;
use store::testing::{Place, sample_organisation};

use super::*;
use crate::{Documents, Keeper, Kept, Packages, contract_sign, offer_publish};

const ID: &str = "sakura";

/// A system of one register, in `version`, with items of these names beside the key.
fn system(version: &str, registers: &[(&str, &[&str])]) -> Arc<System> {
    let head = format!(
        "id: reading-card\ncode: '900'\nname: 利用券\nname_en: Card\nstatute: 図書館条例\n\
         version: '{version}'\nbodies: [municipality]\n"
    );
    let mut package = Package::default();
    package.files.insert("system.yaml".to_owned(), head);
    for (register, items) in registers {
        let item = |name: &str, end: &str| {
            format!("  - {{ name: {name}, name_en: I, romaji: {name}, type: X, length: 9{end} }}\n")
        };
        let items: String = items.iter().map(|name| item(name, "")).collect();
        let text = format!(
            "id: {register}\nname: {register}\nname_en: R\nkey: key\ntitle: key\nitems:\n{}{items}",
            item("key", ", required: true")
        );
        package.files.insert(format!("registers/{register}.yaml"), text);
    }
    let found = definition::load(&package);
    Arc::new(found.unwrap_or_else(|errors| panic!("{errors:?}")).0)
}

/// Keeps nothing outside the test.
struct Pocket(PathBuf);

impl Keeper for Pocket {
    fn load(&self, id: &str) -> std::io::Result<Option<Kept>> {
        match std::fs::read(self.0.join(id)) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(_) => Ok(None),
        }
    }

    fn store(&self, id: &str, kept: &Kept) -> std::io::Result<()> {
        std::fs::write(self.0.join(id), serde_json::to_vec(kept)?)
    }
}

/// A cluster with one organisation; gone at the end of the test.
struct World {
    place: Place,
    cluster: Cluster,
    installer: Installer,
}

impl World {
    async fn new() -> World {
        let place = Place::new();
        let cluster = World::start(&place).await;
        let installer = Installer::new(cluster.installer("postgres"));
        World { place, cluster, installer }
    }

    async fn start(place: &Place) -> Cluster {
        let options = ClusterOptions::for_tests(place.folder());
        Cluster::start(&options).await.expect("the cluster starts")
    }

    /// Opens the organisation with these systems, as a start of the cloud does.
    async fn open(&self, systems: &[Arc<System>]) -> Result<Upgraded, CloudError> {
        let templates: Templates = self.installer.prepare(systems).await?;
        let keeper = Pocket(self.place.path().to_path_buf());
        let (installer, templates) = (&self.installer, &templates);
        let packages = Packages::default();
        let executor = Executor { installer, templates, packages: &packages, keeper: &keeper };
        let organisation = sample_organisation(ID);
        let offers = offer_publish(installer, ("kumoi", &Documents::new()), systems).await?;
        let contracts = contract_sign(installer, &organisation, &offers).await?;
        Ok(executor.contract_open(&organisation, &contracts).await?.upgraded)
    }

    /// Runs statements as the owner of the tables.
    async fn behind(&self, sql: &str) {
        let client = self.installer.connect(ID).await.unwrap();
        client.batch_execute(&format!("set role kumoi_owner; {sql}")).await.unwrap();
    }

    async fn text(&self, sql: &str) -> String {
        let client = self.installer.connect(ID).await.unwrap();
        client.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// The whole catalogue.
    async fn catalogue(&self) -> Vec<String> {
        let client = self.installer.connect(ID).await.unwrap();
        catalogue(&client, &["core", "reading_card"]).await.unwrap()
    }
}

/// A contract that was not changed brings no package back that gave way to another's.
#[tokio::test]
async fn a_start_brings_no_package_back_whose_vendor_was_left() {
    let world = World::new().await;
    let (left, taken) = (system("1", &[("card", &["a", "b"])]), system("2", &[("card", &["a"])]));
    world.open(std::slice::from_ref(&taken)).await.unwrap();
    let changed = format!(
        "insert into core.system_version (system, hash, name, version, files)
           values ('reading-card', '{}', '', '1', '{{}}');
         insert into core.journal (recorded_at, system, procedure, reason, subjects, effective_on,
             actor, content, digest) values (now(), '', '', '', '{{}}', now(), '', '{{}}', '');
         insert into core.vendor_change (system, from_hash, to_hash, aside, event_id, annex,
             annex_sha256, changed_by)
           select 'reading-card', '{}', '{}', '', max(event_id), '', '', '' from core.journal",
        left.hash, left.hash, taken.hash
    );
    world.behind(&changed).await;
    for (state, reason) in [
        ("", "事業者の変更の途中です"),
        ("set ended_at = now(), ended_by = '', ended_as = '終えた'", "離れた製品の版です"),
    ] {
        if !state.is_empty() {
            world.behind(&format!("update core.vendor_change {state}")).await;
        }
        let opened = world.open(std::slice::from_ref(&left)).await.unwrap();
        assert!(opened.refused[0].reasons[0].contains(reason), "{:?}", opened.refused);
        assert_eq!(world.text(INSTALLED).await, format!("2 {}", taken.hash));
    }
    let back = "update core.vendor_change set ended_as = '戻した'";
    world.behind(back).await;
    world.open(std::slice::from_ref(&left)).await.unwrap();
    assert_eq!(world.text(INSTALLED).await, format!("1 {}", left.hash));
}

const INSTALLED: &str = "select version || ' ' || hash from core.system";

#[tokio::test]
async fn an_upgrade_is_written_down_and_a_later_clone_has_it() {
    let world = World::new().await;
    let (one, two) = (system("1", &[("card", &["a"])]), system("2", &[("card", &["a", "b"])]));
    let opened = world.open(std::slice::from_ref(&one)).await.unwrap();
    assert_eq!((opened.changed, opened.refused), (Vec::new(), Vec::new()));
    let opened = world.open(std::slice::from_ref(&two)).await.unwrap();
    let change =
        Change { system: "利用券".to_owned(), from: Some("1".to_owned()), to: "2".to_owned() };
    assert_eq!(opened.changed, [change]);
    assert_eq!(opened.systems[0].hash, two.hash);
    assert_eq!(world.text(INSTALLED).await, format!("2 {}", two.hash));
    let journal = "select reason || ' ' || (content ->> 'from') || ' ' || (content ->> 'to')
        from core.journal";
    let words = format!("業務システムの更新 {} {}", one.hash, two.hash);
    assert_eq!(world.text(journal).await, words);
    assert_eq!(
        world.text("select string_agg(action, ' ') from core.audit").await,
        "system.upgrade"
    );
    // Again: nothing is left to do.
    let again = world.open(std::slice::from_ref(&two)).await.unwrap();
    assert_eq!((again.changed, again.refused), (Vec::new(), Vec::new()));
    assert_eq!(world.text("select count(*)::text from core.journal").await, "1");
    let control = store::control::control_open(&world.installer).await.unwrap();
    let contracts = store::control::contract_list(&control).await.unwrap();
    let states: Vec<&str> = contracts.iter().map(|one| one.state.as_str()).collect();
    assert_eq!(states, ["終了", "提供中"]);
}

#[tokio::test]
async fn what_would_break_is_refused_and_the_old_version_is_served() {
    let world = World::new().await;
    let (one, two) = (system("1", &[("card", &["a"])]), system("2", &[("card", &["b"])]));
    world.open(std::slice::from_ref(&one)).await.unwrap();
    let before = world.catalogue().await;
    for _ in 0..2 {
        let opened = world.open(std::slice::from_ref(&two)).await.unwrap();
        assert_eq!(opened.refused[0].reasons, ["台帳「card」の項目「a」がなくなります"]);
        assert_eq!(opened.systems[0].hash, one.hash);
    }
    assert_eq!(world.catalogue().await, before);
    assert_eq!(world.text(INSTALLED).await, format!("1 {}", one.hash));
    assert_eq!(world.text("select version from core.system_refusal").await, "2");
    // The refusal is audited once, not at every start.
    let audit = "select string_agg(action, ' ') from core.audit";
    assert_eq!(world.text(audit).await, "system.upgrade.refused");
    // A version that fits settles it; a system that is new is installed beside.
    let three = system("3", &[("card", &["a", "b"])]);
    let opened = world.open(std::slice::from_ref(&three)).await.unwrap();
    assert_eq!(opened.changed.len(), 1);
    assert_eq!(world.text("select count(*)::text from core.system_refusal").await, "0");
}

/// Kills a server with everything below it and waits until all are gone. The server goes first, so
/// that it can neither follow up on the end of a child nor start another; a child that has ended by
/// itself in the meantime is none's loss, and one that came in between ends with the server.
fn power_cut(server: i32) {
    let script = "children=$(cat /proc/$1/task/$1/children)
        kill -9 $1 || exit 1
        for child in $children; do kill -9 $child 2>/dev/null; done
        for one in $1 $children; do
          while grep -q '^State:[[:space:]]*[A-WY]' /proc/$one/status 2>/dev/null
          do sleep 0.02; done
        done
        exit 0";
    let killed = Command::new("sh").args(["-c", script, "sh", &server.to_string()]).status();
    assert!(killed.unwrap().success(), "the server was not there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_in_the_middle_leaves_the_old_version_whole() {
    let mut world = World::new().await;
    let one = system("1", &[("card", &["a"])]);
    let two = system("2", &[("album", &["a"]), ("card", &["a", "b"])]);
    world.open(std::slice::from_ref(&one)).await.unwrap();
    world.installer.prepare(std::slice::from_ref(&two)).await.unwrap();
    let before = world.catalogue().await;
    // A reader holds the table that is changed after the first register was made.
    let reader = world.installer.connect(ID).await.unwrap();
    let sql = "begin; lock table reading_card.card in access share mode";
    reader.batch_execute(sql).await.unwrap();
    let cut = async {
        let watcher = world.installer.connect(ID).await.unwrap();
        let sql = "select count(*) from pg_locks l join pg_class c on c.oid = l.relation
            where not l.granted and c.relname = 'card'";
        loop {
            let waiting: i64 = watcher.query_one(sql, &[]).await.unwrap().get(0);
            if waiting > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        power_cut(world.cluster.pid());
    };
    let wanted = [Arc::clone(&two)];
    let both = async { tokio::join!(world.open(&wanted), cut) };
    let both = tokio::time::timeout(Duration::from_secs(120), both).await;
    let (opened, ()) = both.expect("the upgrade comes to the table that is held");
    assert!(opened.is_err());
    world.cluster = World::start(&world.place).await;
    world.installer = Installer::new(world.cluster.installer("postgres"));
    assert_eq!(world.catalogue().await, before);
    assert_eq!(world.text(INSTALLED).await, format!("1 {}", one.hash));
    assert_eq!(world.text("select count(*)::text from core.journal").await, "0");
    // The next start does it.
    let opened = world.open(&wanted).await.unwrap();
    assert_eq!(opened.systems[0].hash, two.hash);
}

#[tokio::test]
async fn a_database_from_before_the_steps_is_brought_up() {
    let world = World::new().await;
    let one = system("1", &[("card", &["a"])]);
    world.open(std::slice::from_ref(&one)).await.unwrap();
    let now = world.catalogue().await;
    // As it was before: no steps, no kept versions, files beside the system.
    let older = "drop table core.step, core.vendor_change, core.system_version,
            core.system_refusal, core.system_ended, core.run, core.run_waiting,
            core.intake, core.intake_row, core.exchange, core.linkage;
        alter table core.log_mark drop column exchange_floor, drop column exchange_seen;
        drop function core.package_is_in_force cascade;
        alter table core.system add column files jsonb not null default '{}';
        drop index core.cases_origin;
        create unique index on core.cases (origin_event, system, procedure)
            where origin_event is not null";
    world.behind(older).await;
    let opened = world.open(std::slice::from_ref(&one)).await.unwrap();
    assert_eq!(opened.systems[0].hash, one.hash);
    assert_eq!(world.catalogue().await, now);
    assert_eq!(world.text("select max(number)::text from core.step").await, "8");
    let kept = "select version from core.system_version where files ? 'system.yaml'";
    assert_eq!(world.text(kept).await, "1");
    // Its version is kept now, so that the next one can be compared with it.
    let two = system("2", &[("card", &["a", "b"])]);
    assert_eq!(world.open(&[two]).await.unwrap().changed.len(), 1);
}

#[tokio::test]
async fn what_no_step_leads_to_is_refused_with_what_to_do() {
    let world = World::new().await;
    let one = system("1", &[("card", &["a"])]);
    world.open(std::slice::from_ref(&one)).await.unwrap();
    world.behind("alter table core.cases drop column acknowledged").await;
    let said = world.open(std::slice::from_ref(&one)).await.unwrap_err().to_string();
    assert!(said.contains("core.cases acknowledged") && said.contains("--fresh"), "{said}");
    let older = "alter table core.cases add column acknowledged boolean not null default false;
        insert into core.step (number, name) values (99, 'later')";
    world.behind(older).await;
    let said = world.open(std::slice::from_ref(&one)).await.unwrap_err().to_string();
    assert!(said.contains("段階 99"), "{said}");
    // A version that was never kept cannot be compared with another.
    world.behind("delete from core.step where number = 99; delete from core.system_version").await;
    let said = world.open(&[system("2", &[("card", &["a"])])]).await.unwrap_err().to_string();
    assert!(said.contains("版1") && said.contains("--fresh"), "{said}");
}
