//! `kumoi move` as a process, killed with SIGKILL at random moments between three clusters: whoever
//! runs it again goes on, and at the end every row is there. Nobody writes meanwhile; moving under
//! writers is tested in `transfer`.
//!
//! Three kills, or a hundred when `KUMOI_SOAK` is set.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use store::cluster::{Cluster, ClusterOptions};
use store::relocation::{Seat, TableSum, databases_of, watch};
use testkit::{VILLAGE, World};

use crate::PROGRAM;

/// So many times in a row a command is killed before it may end.
const IN_A_ROW: u32 = 6;
/// The longest that a command is left alone before it is killed, in milliseconds.
const LONGEST: u64 = 9_000;

/// Numbers that differ from run to run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Runs a command again and again until it ends by itself; how often it was killed.
fn run(var: &Path, words: &[&str], random: &mut Random) -> u32 {
    for killed in 0.. {
        let mut child = Command::new(PROGRAM)
            .args(["move", "--organisation", VILLAGE, "--var"])
            .arg(var)
            .args(words)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kumoi move starts");
        if killed < IN_A_ROW && random.below(5) > 0 {
            std::thread::sleep(Duration::from_millis(random.below(LONGEST)));
            // It may have ended just before.
            let _ = child.kill();
        }
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        // A command that was killed when all was done has nothing left to do.
        if output.status.success() || killed > 0 && said.contains("引越しは始まっていません")
        {
            return killed;
        }
        assert!(output.status.code().is_none(), "kumoi move {words:?}: {said}");
    }
    unreachable!("it is killed a number of times")
}

/// Digests of every row of the village on a cluster.
async fn rows(folder: &Path) -> Vec<TableSum> {
    let cluster = Cluster::start(&ClusterOptions::new(folder)).await.expect("the cluster");
    let seat = Seat::of(&cluster).expect("its secrets");
    let mut all = Vec::new();
    for database in databases_of(VILLAGE) {
        let moment = watch(&seat, &database).await.expect("a connection").moment().await;
        all.extend(moment.expect("a moment").sums().await.expect("digests"));
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_a_move_loses_no_row() {
    let wanted = if std::env::var_os("KUMOI_SOAK").is_some() { 100 } else { 3 };
    let mut random = Random(u64::from(std::process::id()));
    let mut world = World::start(PROGRAM, "moves");
    let (status, _) = tokio::task::block_in_place(|| world.stop(libc::SIGINT));
    assert!(status.success(), "{status}");
    let var = world.var();
    let beside = |name: &str| var.with_file_name(name).join("postgres");
    let clusters: [PathBuf; 3] = [var.join("postgres"), beside("second"), beside("third")];
    let before = rows(&clusters[0]).await;
    let count: i64 = before.iter().map(TableSum::rows).sum();
    assert!(count > 1_000, "{count} rows are too few to lose one");
    let (mut at, mut killed, mut moved) = (0, 0, 0);
    while killed < wanted {
        let to = (at + 1 + random.below(2) as usize) % 3;
        let target = clusters[to].to_str().expect("a path");
        let stays = random.below(3) == 0;
        let ends: &[&[&str]] =
            if stays { &[&["--back"], &["--give-up"]] } else { &[&["--finish"]] };
        killed += tokio::task::block_in_place(|| {
            let forth = run(&var, &["--to", target], &mut random);
            forth + ends.iter().map(|end| run(&var, end, &mut random)).sum::<u32>()
        });
        at = if stays { at } else { to };
        moved += 1;
        let after = rows(&clusters[at]).await;
        let different = before.iter().zip(&after).filter(|(one, other)| one != other);
        let names: Vec<&str> = different.map(|(one, _)| one.table.as_str()).collect();
        assert!(names.is_empty() && before.len() == after.len(), "way {moved}: {names:?}");
    }
    eprintln!("figure: {moved} moves killed {killed} times, {count} rows each, none different");
    for folder in clusters.iter().filter(|folder| folder.is_dir()) {
        let cluster = Cluster::start(&ClusterOptions::new(folder)).await.expect("the cluster");
        cluster.stop().await.expect("it stops");
    }
}
