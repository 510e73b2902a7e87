//! `kumoi vendor-change` as a process, killed with SIGKILL at random moments while the zones run,
//! from one vendor's package of a business to another's, back, to its end, and the way again:
//! exactly one package is in service, with every row of today and of the past.
//!
//! How many kills: `killing`. Changing under writers is tested in `transfer`.

use std::path::{Path, PathBuf};
use std::process::Command;

use store::Connection;
use store::cluster::{Cluster, ClusterOptions};
use store::organisation::Installer;
use store::relocation::{Seat, TableSum, watch};
use testkit::{VILLAGE, World};

use crate::PROGRAM;
use crate::killing::{Random, wanted};

/// The business, and the two packages of it.
const SYSTEM: &str = "seal-registration";
const PACKAGES: [&str; 2] = ["systems/seal-registration", "vendors/b/seal-registration"];
/// Registers of businesses that are compared: the one that is changed, and one that must not be.
const SCHEMAS: [&str; 2] = ["seal_registration.", "resident_record."];
/// The longest that a command is left alone before it is killed, in milliseconds: carrying out and
/// going back take half a second to one, and wait for the zones for two and a half; ending half a
/// second.
const LONGEST: [u64; 2] = [1_200, 4_000];
const LONGEST_FINISH: u64 = 600;
/// A past: some seals were put right the day after they were registered.
const PAST: &str = "
    insert into seal_registration.seal_history
      select * from seal_registration.seal where toroku_bango ~ '[02468]$';
    update seal_registration.seal_history set recorded_to = recorded_from + interval '1 day';
    update seal_registration.seal set version_no = version_no + 1, biko = '訂正済み',
        recorded_from = recorded_from + interval '1 day'
      where toroku_bango ~ '[02468]$'";

/// The village of a running world.
struct Village<'w> {
    world: &'w World,
    cluster: Cluster,
    annexes: u32,
}

impl Village<'_> {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(["vendor-change", "--organisation", VILLAGE, "--var"]).arg(self.world.var());
        command.args(words);
        command
    }

    /// To a package; every start writes an annex of its own.
    fn carry_out(&mut self, package: &str, random: &mut Random) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(package);
        let package = root.to_str().expect("a path").to_owned();
        let longest = LONGEST[random.below(2) as usize];
        random.run(longest, "もうこの製品です", || {
            self.annexes += 1;
            let annex = self.world.var().with_file_name(format!("annex-{}", self.annexes));
            let words = ["--package", &package, "--carry-out", "--annex"];
            let mut command = self.command(&words);
            command.arg(annex);
            command
        });
    }

    fn back(&self, random: &mut Random) {
        let longest = LONGEST[random.below(2) as usize];
        let done = "終わっていない事業者の変更はありません";
        random.run(longest, done, || self.command(&["--system", SYSTEM, "--back"]));
    }

    fn finish(&self, annex: &Path, random: &mut Random) {
        // Said again, it ends well by itself.
        random.run(LONGEST_FINISH, "もう終えています", || {
            let mut command = self.command(&["--system", SYSTEM, "--finish", "--annex"]);
            command.arg(annex);
            command
        });
    }

    async fn owner(&self) -> Connection {
        let installer = Installer::new(self.cluster.installer("postgres"));
        installer.connect_owner(VILLAGE).await.expect("a connection")
    }

    /// Where the annex of the open change is; `None` when none is open. What is noted of all
    /// changes, what is journalled of them and what waits aside agree.
    async fn open(&self) -> Option<PathBuf> {
        let owner = self.owner().await;
        let sql = "select
            (select string_agg(annex, '') from core.vendor_change where ended_at is null),
            (select count(*) from core.vendor_change),
            (select count(*) from core.vendor_change where ended_at is not null),
            (select count(*) from core.journal where procedure = 'vendor-change'),
            (select count(*) from core.journal
               where procedure in ('vendor-change-back', 'vendor-change-finish')),
            (select count(*) from pg_namespace where nspname ~ '^kumoi_aside')";
        let row = owner.query_one(sql, &[]).await.expect("an answer");
        let annex: Option<String> = row.get(0);
        let counts: [i64; 5] = std::array::from_fn(|at| row.get(at + 1));
        let [changes, ended, begun, ends, aside] = counts;
        assert_eq!((changes, ended), (begun, ends), "what is noted and what is journalled");
        assert_eq!(changes - ended, i64::from(annex.is_some()), "one change at a time");
        assert_eq!(aside, changes - ended, "what waits aside");
        annex.map(PathBuf::from)
    }

    /// Digests of the registers.
    async fn rows(&self) -> Vec<TableSum> {
        let seat = Seat::of(&self.cluster).expect("its secrets");
        let moment = watch(&seat, VILLAGE).await.expect("a connection").moment().await;
        let all = moment.expect("a moment").sums().await.expect("digests");
        let is_register = |sum: &TableSum| SCHEMAS.iter().any(|it| sum.table.starts_with(it));
        all.into_iter().filter(is_register).collect()
    }
}

/// The tables that are not the same.
fn different(before: &[TableSum], after: &[TableSum]) -> Vec<String> {
    let only = |one: &[TableSum], other: &[TableSum]| -> Vec<String> {
        let alone = one.iter().filter(|sum| !other.contains(sum));
        alone.map(|sum| format!("{}: {}", sum.table, sum.rows())).collect()
    };
    [only(before, after), only(after, before)].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_a_change_of_vendor_loses_no_row() {
    let mut random = Random::new();
    let world = World::start(PROGRAM, "vendor-changes");
    let cluster = Cluster::start(&ClusterOptions::new(world.var().join("postgres"))).await;
    let mut village = Village { world: &world, cluster: cluster.expect("its cluster"), annexes: 0 };
    village.owner().await.batch_execute(PAST).await.expect("a past");
    // What each package holds of the same rows: as found, and as first carried over.
    let mut known = [Some(village.rows().await), None];
    let count: i64 = known[0].iter().flatten().map(TableSum::rows).sum();
    assert!(count > 1_000, "{count} rows are too few to lose one");
    let (mut at, mut changed, mut finished) = (0, 0, 0);
    while random.killed < wanted() || finished < 2 {
        let to = 1 - at;
        tokio::task::block_in_place(|| village.carry_out(PACKAGES[to], &mut random));
        changed += 1;
        let now = village.rows().await;
        let rows: i64 = now.iter().map(TableSum::rows).sum();
        assert_eq!(rows, count, "change {changed}, there");
        let over = different(known[to].get_or_insert_with(|| now.clone()), &now);
        assert!(over.is_empty(), "change {changed}, there: {over:?}");
        let annex = village.open().await.expect("it is open");
        match random.below(2) {
            0 => tokio::task::block_in_place(|| village.back(&mut random)),
            _ => {
                tokio::task::block_in_place(|| village.finish(&annex, &mut random));
                (at, finished) = (to, finished + 1);
            }
        }
        assert_eq!(village.open().await, None, "change {changed}");
        let known = known[at].as_ref().expect("it was looked at");
        let after = different(known, &village.rows().await);
        assert!(after.is_empty(), "change {changed}, ended: {after:?}");
    }
    let Random { started, killed, .. } = random;
    eprintln!(
        "figure: {changed} changes of vendor ({finished} ended for good), {started} starts, \
         {killed} killed while they ran, {count} rows each, 0 lost, 0 different"
    );
}
