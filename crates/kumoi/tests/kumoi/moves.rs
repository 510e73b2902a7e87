//! `kumoi move` as a process, killed with SIGKILL at random moments between three clusters: whoever
//! runs it again goes on, and at the end every row is there. Nobody writes meanwhile; moving under
//! writers is tested in `transfer`.
//!
//! How many kills: `killing`.

use std::path::{Path, PathBuf};
use std::process::Command;

use store::cluster::{Cluster, ClusterOptions};
use store::relocation::{Seat, TableSum, databases_of, watch};
use testkit::{VILLAGE, World};

use crate::PROGRAM;
use crate::killing::{Random, wanted};

/// The longest that a command is left alone before it is killed, in milliseconds.
const LONGEST: u64 = 9_000;
/// What a command says that was killed when all was done.
const DONE: &str = "引越しは始まっていません";

/// Runs a command again and again until it ends by itself.
fn run(var: &Path, words: &[&str], random: &mut Random) {
    random.run(LONGEST, DONE, || {
        let mut command = Command::new(PROGRAM);
        command.args(["move", "--organisation", VILLAGE, "--var"]).arg(var).args(words);
        command
    });
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
    drop(seat);
    cluster.leave().await.expect("it stops");
    all
}

/// Whether a database server runs there: one that was stopped has taken its mark away.
fn runs(cluster: &Path) -> bool {
    cluster.join("data/postmaster.pid").exists()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_a_move_loses_no_row() {
    let mut random = Random::new();
    let mut world = World::start(PROGRAM, "moves");
    let (status, _) = tokio::task::block_in_place(|| world.stop(libc::SIGINT));
    assert!(status.success(), "{status}");
    let var = world.var();
    let beside = |name: &str| var.with_file_name(name).join("postgres");
    let clusters: [PathBuf; 3] = [var.join("postgres"), beside("second"), beside("third")];
    let before = rows(&clusters[0]).await;
    let count: i64 = before.iter().map(TableSum::rows).sum();
    assert!(count > 1_000, "{count} rows are too few to lose one");
    let (mut at, mut moved) = (0, 0);
    while random.killed < wanted() {
        let to = (at + 1 + random.below(2) as usize) % 3;
        let target = clusters[to].to_str().expect("a path");
        let stays = random.below(3) == 0;
        let ends: &[&[&str]] =
            if stays { &[&["--back"], &["--give-up"]] } else { &[&["--finish"]] };
        tokio::task::block_in_place(|| {
            run(&var, &["--to", target], &mut random);
            ends.iter().for_each(|end| run(&var, end, &mut random));
        });
        at = if stays { at } else { to };
        moved += 1;
        let after = rows(&clusters[at]).await;
        let different = before.iter().zip(&after).filter(|(one, other)| one != other);
        let names: Vec<&str> = different.map(|(one, _)| one.table.as_str()).collect();
        assert!(names.is_empty() && before.len() == after.len(), "way {moved}: {names:?}");
    }
    let Random { started, killed, .. } = random;
    eprintln!(
        "figure: {moved} moves, {started} starts, {killed} killed while they ran, {count} rows \
         each, 0 lost, 0 different"
    );
    // Servers that a killed command left end with the next one.
    assert_eq!(clusters.map(|folder| runs(&folder)), [false; 3]);
}

/// Whoever started it: the server on which an organisation is ends with `kumoi up`, but not under
/// the hands of another process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_cluster_ends_with_the_last_that_uses_it() {
    let mut world = World::start(PROGRAM, "moved");
    let (home, second) =
        (world.var().join("postgres"), world.var().with_file_name("second").join("postgres"));
    let relocate = |var: &Path, words: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(["move", "--organisation", VILLAGE, "--var"]).arg(var).args(words);
        let output = command.output().expect("kumoi move starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let to = second.to_str().expect("a path");
    relocate(&world.var(), &["--to", to]);
    assert!(runs(&second), "the zones work with it");
    let stop = |world: &mut World| tokio::task::block_in_place(|| world.stop(libc::SIGINT)).0;
    assert!(stop(&mut world).success());
    assert_eq!([runs(&home), runs(&second)], [false, false], "nobody uses them");

    tokio::task::block_in_place(|| world.up());
    let other = Cluster::start(&ClusterOptions::new(&second)).await.expect("it runs");
    assert!(stop(&mut world).success());
    assert_eq!([runs(&home), runs(&second)], [false, true], "we use it");
    assert!(other.leave().await.expect("it stops") && !runs(&second));

    relocate(&world.var(), &["--finish"]);
    assert_eq!([runs(&home), runs(&second)], [false, false], "the command was alone");
    tokio::task::block_in_place(|| world.up());
    relocate(&world.var(), &["--to", home.to_str().expect("a path")]);
    relocate(&world.var(), &["--finish"]);
    assert!(runs(&second), "kumoi up started it");
    assert!(stop(&mut world).success());
    assert_eq!([runs(&home), runs(&second)], [false, false], "at its end, at home again");
}
