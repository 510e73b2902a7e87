//! An organisation moves between two servers while it works, and is broken off at random moments.
//! What was acknowledged is there at the end, once, whatever happened.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use definition::System;
use store::Database;
use store::cluster::{Cluster, ClusterOptions};
use store::control::{
    RelocationState, control_open, organisation_register, relocation_begin, relocation_end,
    relocation_last, relocation_seat, relocation_step,
};
use store::organisation::Installer;
use store::register::{Table, open_many};
use store::relocation::{Seat, databases_of};
use store::testing::{Place, sample_organisation};
use tokio::task::JoinHandle;
use transfer::{Mover, PlaceFolder, Places, Remaining};

use crate::folder::system;
use transfer::trial::row;

const NAME: &str = "mura";
/// The signal at which a server reads its settings again.
const HANG_UP: i32 = 1;

/// Two servers, an organisation on the first, and somebody who writes all the time.
struct World {
    home: Installer,
    clusters: [Option<Cluster>; 2],
    places: PlaceFolder,
    folders: [Place; 2],
}

impl World {
    async fn new(systems: &[Arc<System>], rows: usize) -> (World, Database) {
        let folders = [Place::new(), Place::new()];
        let mut clusters = Vec::new();
        for folder in &folders {
            let cluster = Cluster::start(&ClusterOptions::for_tests(folder.folder())).await;
            clusters.push(Some(cluster.expect("the cluster starts")));
        }
        let Ok(clusters) = <[_; 2]>::try_from(clusters) else { panic!("two servers") };
        let first = clusters[0].as_ref().expect("a server");
        let home = Installer::new(first.installer("postgres"));
        let templates = home.prepare(systems).await.expect("templates");
        let organisation = sample_organisation(NAME);
        let zones = home.organisation_create(&organisation, &templates).await.expect("a body");
        let control = control_open(&home).await.expect("the control database");
        organisation_register(&control, &organisation).await.expect("registered");
        let places = PlaceFolder::open(&folders[0].path().join("places")).expect("a folder");
        places.point(NAME, &first.socket().display().to_string()).expect("a place");
        let mut office = zones.office.clone();
        office.host = places.host(NAME).display().to_string();
        let (login, vault) = (office.office.clone(), office.vault.clone());
        let database = office.database(login.as_ref(), vault.as_deref(), 2).expect("a pool");
        let client = database.client().await.expect("a connection");
        for system in systems {
            for register in &system.registers {
                let rows: Vec<_> = (0..rows).map(|number| row(system, register, number)).collect();
                let table = Table { system, register };
                open_many(&**client, table, &rows, database.vault().ok()).await.expect("rows");
            }
        }
        drop(client);
        (World { home, clusters, places, folders: folders }, database)
    }

    /// A server with connections of its own, as a new process has them.
    fn seat(&self, at: usize) -> Seat {
        Seat::of(self.clusters[at].as_ref().expect("a server")).expect("its secrets")
    }

    /// The other server is gone.
    fn remaining(&self, at: usize) -> Remaining<'_> {
        let here = (["first", "second"][at], self.seat(at));
        Remaining { organisation: NAME, here, home: &self.home, places: &self.places }
    }

    /// Stops a server; its folder stays.
    async fn stop(&mut self, at: usize) {
        self.clusters[at].take().expect("a server").stop().await.expect("it stops");
    }

    /// From the server of this number to the other.
    fn mover(&self, from: usize) -> Mover<'_> {
        let names = ["first", "second"];
        Mover {
            organisation: NAME,
            source: (names[from], self.seat(from)),
            target: (names[1 - from], self.seat(1 - from)),
            home: &self.home,
            places: &self.places,
        }
    }

    /// On which server it is found.
    fn found(&self) -> usize {
        let now = self.places.current(NAME).expect("a link").expect("a place");
        usize::from(now != Path::new(self.seat(0).socket()))
    }

    /// What moving leaves on the servers: slots, roles, publications, triggers, subscriptions.
    async fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        for at in [0, 1].into_iter().filter(|at| self.clusters[*at].is_some()) {
            let installer = self.seat(at).installer().clone();
            let client = installer.connect("postgres").await.expect("the installer");
            let sql = "select 'slot ' || slot_name from pg_replication_slots
                 union all select 'role ' || rolname from pg_roles where rolname = 'mura_move'";
            let mut rows = client.query(sql, &[]).await.expect("rows");
            if self.seat(at).holds(NAME).await.expect("an answer") {
                let client = installer.connect(NAME).await.expect("the installer");
                let sql = "select 'publication ' || pubname from pg_publication
                     union all select 'trigger ' || evtname from pg_event_trigger
                     union all select 'subscription ' || subname from pg_stat_subscription
                       where subname is not null";
                rows.extend(client.query(sql, &[]).await.expect("rows"));
            }
            left.extend(rows.iter().map(|row| format!("{at}: {}", row.get::<_, String>(0))));
        }
        left
    }
}

/// Writes as the office does, through whatever place is in force; keeps what was acknowledged.
struct Writer {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Written>,
}

struct Written {
    acknowledged: Vec<(i64, String)>,
    longest: Duration,
}

impl Writer {
    /// A stubborn one says with each transaction that it writes, whatever its session's default is.
    fn start(database: Database, label: String, stubborn: bool) -> Writer {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let task = tokio::spawn(async move {
            let mut written = Written { acknowledged: Vec::new(), longest: Duration::ZERO };
            let (mut number, mut last) = (0, Instant::now());
            while !asked.load(Ordering::Relaxed) {
                number += 1;
                let token = format!("{label}-{number}");
                if let Some(id) = write(&database, &token, (number, stubborn)).await {
                    written.acknowledged.push((id, token));
                    written.longest = written.longest.max(last.elapsed());
                    last = Instant::now();
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            written
        });
        Writer { stop, task }
    }

    async fn end(self) -> Written {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.expect("the writer")
    }
}

/// One change of a row with its audit row; its number once it is acknowledged.
async fn write(database: &Database, token: &str, (number, stubborn): (usize, bool)) -> Option<i64> {
    let mut client = database.client().await.ok()?;
    let begin = client.build_transaction();
    let begin = if stubborn { begin.read_only(false) } else { begin };
    let transaction = begin.start().await.ok()?;
    let sql = "insert into core.audit (actor, role, zone, purpose, action, subjects, detail,
         request) values ('', '', '', '', '', '{}', '{}', $1) returning id";
    let id = transaction.query_one(sql, &[&token]).await.ok()?.get(0);
    let sql = "update resident_record.resident set biko = $1, version_no = version_no + 1
         where atena_bango = $2";
    transaction.execute(sql, &[&token, &format!("{:015}", number % 50)]).await.ok()?;
    transaction.commit().await.ok()?;
    Some(id)
}

/// Every acknowledged write is there, once, under its number.
async fn check_written(world: &World, written: &Written) {
    let client = world.seat(world.found()).installer().connect(NAME).await.expect("connected");
    client.batch_execute("set role kumoi_owner").await.expect("the owner");
    let rows = client.query("select id, request from core.audit", &[]).await.expect("rows");
    let there: BTreeSet<(i64, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let lost: Vec<_> = written.acknowledged.iter().filter(|one| !there.contains(one)).collect();
    assert!(lost.is_empty(), "{} of {} lost", lost.len(), written.acknowledged.len());
    assert!(written.acknowledged.len() > 20, "{}", written.acknowledged.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_moves_there_and_back_while_it_works() {
    let systems = [Arc::new(system("systems/resident-record"))];
    let (world, office) = World::new(&systems, 300).await;
    let writer = Writer::start(office.clone(), "a".to_owned(), true);
    let mover = world.mover(0);
    let moved = mover.forth().await.unwrap();
    assert_eq!((moved.on_target, moved.state), (true, RelocationState::Switched));
    assert_eq!((moved.different, world.found()), (Some(0), 1));
    assert!(moved.rows.unwrap() > 900 && moved.read_only_ms.unwrap() < 5000, "{moved:?}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let client = world.home.connect(NAME).await.unwrap();
    let refused = client.batch_execute("set role kumoi_owner; create table core.x (a int)").await;
    let said = refused.unwrap_err().as_db_error().unwrap().message().to_owned();
    assert_eq!(said, "引越しの途中のため、表の形を変えられません");
    let back = mover.back().await.unwrap();
    assert_eq!((back.on_target, back.different, world.found()), (false, Some(0), 0));
    tokio::time::sleep(Duration::from_millis(300)).await;
    mover.forth().await.unwrap();
    mover.finish().await.unwrap();
    let written = writer.end().await;
    check_written(&world, &written).await;
    assert!(written.longest < Duration::from_secs(5), "{:?}", written.longest);
    assert!(!world.seat(0).holds(NAME).await.unwrap());
    assert_eq!(world.left().await, [""; 0]);
    assert!(write(&office, "last", (1, false)).await.is_some());
}

#[tokio::test]
async fn a_place_that_is_taken_is_refused() {
    let systems = [Arc::new(system("systems/seal-registration"))];
    let (world, _) = World::new(&systems, 3).await;
    let seat = world.seat(1);
    let other = seat.installer();
    let templates = other.prepare(&systems).await.unwrap();
    other.organisation_create(&sample_organisation(NAME), &templates).await.unwrap();
    let said = world.mover(0).forth().await.unwrap_err().to_string();
    assert!(said.contains("移行先には「mura」がもうあります"), "{said}");
    let said = world.mover(0).back().await.unwrap_err().to_string();
    assert!(said.contains("引越しは始まっていません"), "{said}");
}

/// As the mover that was cut off in the middle of a switch leaves the journal.
async fn switching(world: &World, main: &str) {
    let control = control_open(&world.home).await.unwrap();
    let sql = "update control.relocation set state = '切替', main = $1, different = null";
    control.execute(sql, &[&main]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_after_which_a_row_differs_is_taken_back() {
    let systems = [Arc::new(system("systems/seal-registration"))];
    let (world, _) = World::new(&systems, 30).await;
    let mover = world.mover(0);
    mover.forth().await.unwrap();
    mover.back().await.unwrap();
    let count = "select count(*)::text from seal_registration.seal";
    let rows = async |at: usize| {
        let client = world.seat(at).installer().connect_owner(NAME).await.unwrap();
        client.query_one(count, &[]).await.unwrap().get::<_, String>(0)
    };
    // A row is lost on the side that follows, and a mover was cut off before it looked.
    let lost = "delete from seal_registration.seal
        where ctid = (select min(ctid) from seal_registration.seal)";
    world.seat(1).installer().connect_owner(NAME).await.unwrap().batch_execute(lost).await.unwrap();
    assert_eq!((rows(0).await.as_str(), rows(1).await.as_str()), ("30", "29"));
    switching(&world, "source").await;
    let said = mover.forth().await.unwrap_err().to_string();
    assert!(said.contains("移行元に戻しました"), "{said}");
    assert_eq!((world.found(), rows(0).await.as_str()), (0, "30"));
    let said = mover.forth().await.unwrap_err().to_string();
    assert!(said.contains("両側で違います。切り替えていません"), "{said}");
    let ended = mover.finish().await.unwrap();
    assert!(!ended.on_target && world.found() == 0 && rows(0).await == "30");
    assert_eq!(world.left().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_not_given_up_while_rows_differ() {
    let systems = [Arc::new(system("systems/seal-registration"))];
    let (world, _) = World::new(&systems, 30).await;
    let mover = world.mover(0);
    mover.forth().await.unwrap();
    let control = control_open(&world.home).await.unwrap();
    let sql = "update control.relocation set different = 2, returns = true";
    control.batch_execute(sql).await.unwrap();
    let said = mover.finish().await.unwrap_err().to_string();
    assert!(said.contains("違う行があった"), "{said}");
    assert!(world.seat(0).holds(NAME).await.unwrap(), "the other copy is gone");
    // Where nothing differs any more, the way back is open.
    let back = mover.back().await.unwrap();
    assert_eq!((back.on_target, back.different, back.returns), (false, Some(0), false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_cut_off_while_following_ends_goes_on() {
    let systems = [Arc::new(system("systems/seal-registration"))];
    let (world, _) = World::new(&systems, 30).await;
    let mover = world.mover(0);
    mover.forth().await.unwrap();
    let seat = world.seat(0);
    for database in databases_of(NAME) {
        seat.slot_make(&database).await.unwrap();
        seat.slot_advance(&database).await.unwrap();
    }
    // Not one statement more of what ends following came through.
    seat.follow_pause(NAME).await.unwrap();
    assert!(!seat.follows(NAME).await.unwrap());
    switching(&world, "target").await;
    let back = mover.back().await.unwrap();
    assert_eq!((back.on_target, back.different, world.found()), (false, Some(0), 0));
    mover.finish().await.unwrap();
    assert_eq!(world.left().await, [""; 0]);
}

/// As a mover leaves it that was cut off after it made the first side read only for a switch.
async fn cut_off(world: &World) {
    let mover = world.mover(0);
    mover.forth().await.unwrap();
    mover.back().await.unwrap();
    switching(world, "source").await;
    world.seat(0).read_only(NAME, true).await.unwrap();
    world.seat(0).sessions_end(NAME, Duration::ZERO).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_side_that_is_lost_in_the_middle_of_a_switch_is_given_up() {
    let systems = [Arc::new(system("systems/resident-record"))];
    let (mut world, office) = World::new(&systems, 30).await;
    cut_off(&world).await;
    world.stop(1).await;
    assert!(write(&office, "before", (1, false)).await.is_none(), "it is written in a switch");
    // Who was led to the other side may have written there: then nothing is opened here.
    let here = world.seat(0).socket().to_owned();
    world.places.point(NAME, "/nowhere").unwrap();
    let said = world.remaining(0).end().await.unwrap_err().to_string();
    assert!(said.contains("行き先が first を向いていません"), "{said}");
    assert!(write(&office, "between", (1, false)).await.is_none(), "opened all the same");
    world.places.point(NAME, &here).unwrap();
    let ended = world.remaining(0).end().await.unwrap();
    assert_eq!((ended.on_target, ended.state), (false, RelocationState::Ended));
    assert!(write(&office, "after", (1, false)).await.is_some(), "it stays read only");
    assert_eq!(world.left().await, [""; 0]);
    let said = world.remaining(0).end().await.unwrap_err().to_string();
    assert!(said.contains("始まっていません"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_on_the_lost_side_is_not_given_up() {
    let systems = [Arc::new(system("systems/seal-registration"))];
    let (mut world, _) = World::new(&systems, 3).await;
    world.mover(0).forth().await.unwrap();
    switching(&world, "target").await;
    world.stop(1).await;
    let said = world.remaining(0).end().await.unwrap_err().to_string();
    assert!(said.contains("失われた second で書かれていました"), "{said}");
    let control = control_open(&world.home).await.unwrap();
    let way = relocation_last(&control, NAME).await.unwrap().unwrap();
    assert_eq!((way.on_target, way.state), (true, RelocationState::Switching));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_was_away_for_too_long_is_told_so() {
    let systems = [Arc::new(system("systems/seal-registration"))];
    let (mut world, _) = World::new(&systems, 3).await;
    // As an operator sets it, only smaller, so that little has to be written.
    let local = world.folders[0].folder().join("data/local.conf");
    let small = "max_slot_wal_keep_size = 1MB\nmin_wal_size = 32MB\nmax_wal_size = 32MB\n";
    std::fs::write(&local, small).unwrap();
    let mover = world.mover(0);
    mover.forth().await.unwrap();
    mover.back().await.unwrap();
    drop(mover);
    let options = world.clusters[1].as_ref().unwrap().options().clone();
    world.stop(1).await;
    store::cluster::system::send_signal(world.clusters[0].as_ref().unwrap().pid(), HANG_UP)
        .unwrap();
    let client = world.home.connect(NAME).await.unwrap();
    let kept = "select count(*) filter (where wal_status <> 'lost') from pg_replication_slots";
    let mut rounds = 0;
    while client.query_one(kept, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        let fill = "select pg_logical_emit_message(false, 'test', repeat('x', 1000000))
            from generate_series(1, 20)";
        client.batch_execute(fill).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        rounds += 1;
        assert!(rounds < 100, "what was written is kept for ever");
    }
    drop(client);
    world.clusters[1] = Some(Cluster::start(&options).await.unwrap());
    let begun = Instant::now();
    let said = world.mover(0).forth().await.unwrap_err().to_string();
    assert!(said.contains("max_slot_wal_keep_size"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    // And the way can be ended.
    world.mover(0).finish().await.unwrap();
    assert_eq!(world.left().await, [""; 0]);
}

#[tokio::test]
async fn an_organisation_is_where_its_last_way_left_it() {
    let systems = [Arc::new(system("systems/seal-registration"))];
    let (world, _) = World::new(&systems, 1).await;
    let mut control = control_open(&world.home).await.unwrap();
    let moves = [
        ("/a", "/b", true, "/b"),
        // Given up: it stays on the second, not where it once began.
        ("/b", "/c", false, "/b"),
        ("/b", "/c", true, "/c"),
        ("/c", "/a", true, "/now/a"),
    ];
    assert_eq!(relocation_seat(&control, NAME, "/now/a").await.unwrap(), "/now/a");
    for (source, target, moved, expect) in moves {
        let mut way = relocation_begin(&mut control, NAME, (source, target)).await.unwrap();
        let state = RelocationState::Switched;
        relocation_step(&control, &mut way, state, (moved, "見本")).await.unwrap();
        relocation_end(&control, &mut way).await.unwrap();
        let seat = relocation_seat(&control, NAME, "/now/a").await.unwrap();
        assert_eq!(seat, expect, "after {source} → {target}");
    }
    let last = relocation_last(&control, NAME).await.unwrap().unwrap();
    assert_eq!((last.state, last.on_target), (RelocationState::Ended, true));
    let changed = control.batch_execute("delete from control.relocation_act").await.unwrap_err();
    assert!(changed.as_db_error().unwrap().message().contains("never changed"), "{changed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_mover_at_a_time() {
    let systems = [Arc::new(system("systems/seal-registration"))];
    let (world, _) = World::new(&systems, 300).await;
    let (one, other) = (world.mover(0), world.mover(0));
    let (first, second) = tokio::join!(one.forth(), other.forth());
    // Whoever comes second waits, and finds all done, or is told so when it takes long.
    let mut moved = 0;
    for way in [first, second] {
        match way {
            Ok(way) => {
                assert!(way.on_target && way.different == Some(0), "{way:?}");
                moved += 1;
            }
            Err(said) => assert!(said.to_string().contains("ほかで動いています"), "{said}"),
        }
    }
    assert!(moved > 0);
    let again = one.forth().await.unwrap();
    assert!(again.on_target && again.different == Some(0), "{again:?}");
}

/// Three rounds, or a hundred when `KUMOI_SOAK` is set; a number above one says how many.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_off_at_random_it_loses_nothing() {
    let soak = std::env::var("KUMOI_SOAK").ok();
    let rounds = soak.map_or(3, |it| it.parse().ok().filter(|it| *it > 1).unwrap_or(100));
    let systems = [Arc::new(system("systems/resident-record"))];
    let (world, office) = World::new(&systems, 60).await;
    let mut random = std::process::id() as u64;
    let mut next = |below: u64| {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut broken = 0;
    for round in 0..rounds {
        let writer = Writer::start(office.clone(), format!("round-{round}"), false);
        let from = world.found();
        let mover = world.mover(from);
        for _ in 0..4 + next(4) {
            let patience = Duration::from_millis(5 + next(1200) * (1 + next(6)));
            let mover = world.mover(from);
            let outcome = match next(6) {
                0 => tokio::time::timeout(patience, mover.back()).await.map(|_| ()),
                _ => tokio::time::timeout(patience, mover.forth()).await.map(|it| {
                    it.unwrap();
                }),
            };
            broken += u32::from(outcome.is_err());
        }
        let stays = next(3) == 0;
        let ended = if stays { mover.back().await.map(|_| ()) } else { Ok(()) };
        let moves = !stays || ended.is_err();
        if moves {
            mover.forth().await.unwrap();
        }
        for _ in 0..3 {
            let patience = Duration::from_millis(next(150));
            broken += u32::from(tokio::time::timeout(patience, mover.finish()).await.is_err());
        }
        // All is done when the one before had come to the end before it was broken off.
        if let Err(said) = mover.finish().await {
            assert!(said.to_string().contains("始まっていません"), "round {round}: {said:?}");
        }
        let written = writer.end().await;
        check_written(&world, &written).await;
        assert_eq!(world.found(), if moves { 1 - from } else { from }, "round {round}");
        assert!(!world.seat(1 - world.found()).holds(NAME).await.unwrap(), "round {round}");

        assert_eq!(world.left().await, [""; 0], "round {round}");
        println!("round {round}: {} written, {:?}", written.acknowledged.len(), written.longest);
    }
    assert!(broken > rounds, "{broken}");
}
