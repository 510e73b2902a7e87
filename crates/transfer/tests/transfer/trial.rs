//! The trial of a package: what it causes is a finding, what the platform causes is an error, and
//! nothing of it is left.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use definition::System;
use transfer::trial::{Trial, package_try, trials_sweep};
use transfer::{TransferError, WHOLE_MANIFEST};

use crate::folder::{standard, system, things, things_with};
use crate::world::World;

async fn tried(world: &World, own: &System) -> Result<Trial, TransferError> {
    package_try(&world.installer, (own, &[]), None, ("s1", &var(world))).await
}

fn var(world: &World) -> std::path::PathBuf {
    let var = world.folder("var");
    fs::create_dir_all(&var).expect("a folder");
    var
}

/// Databases and folders of trials.
async fn left(world: &World) -> usize {
    let postgres = world.installer.connect("postgres").await.expect("the installer");
    let sql = "select datname from pg_database where datname like 'kumoi\\_trial%'";
    let databases = postgres.query(sql, &[]).await.expect("a list").len();
    databases + fs::read_dir(var(world)).expect("a folder").count()
}

#[tokio::test]
async fn every_kind_of_key_comes_back_and_nothing_is_left() {
    let world = World::new(&[]).await;
    // A trial that was cut off has left its folder.
    let folder = var(&world).join("trial-s1");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join(WHOLE_MANIFEST), "x").expect("a file");
    for (kind, rows) in [
        ("type: X, length: 15", 400),
        ("type: X, length: 20", 400),
        ("type: X, length: 2", 200),
        ("type: Ｎ, length: 3", 400),
        ("type: code, codes: 色", 4),
    ] {
        let own = things_with("0.1.0", &[("type: X, length: 15", kind)]);
        let trial = tried(&world, &own).await.expect("the platform works");
        assert_eq!(trial.installed, Ok(()), "{kind}");
        assert_eq!(trial.moved, Some(Ok((2, rows))), "{kind}");
        assert_eq!(left(&world).await, 0, "{kind}");
    }
}

#[tokio::test]
async fn the_systems_of_the_repository_come_back_by_their_standards() {
    let world = World::new(&[]).await;
    let resident = system("systems/resident-record");
    let seal = system("systems/seal-registration");
    for (own, other, id) in [(&resident, &seal, "001"), (&seal, &resident, "002")] {
        let standard = standard(&format!("standards/{id}"));
        let var = var(&world);
        let (beside, place) = ([other], ("s2", var.as_path()));
        let trial = package_try(&world.installer, (own, &beside), Some(&standard), place).await;
        let trial = trial.expect("the platform works");
        assert!(matches!(trial.moved, Some(Ok((_, rows))) if rows >= 400), "{id}: {trial:?}");
    }
    assert_eq!(left(&world).await, 0);
}

#[tokio::test]
async fn what_the_package_causes_is_a_finding() {
    let world = World::new(&[]).await;
    // A column that every register has already.
    let own = things_with("0.1.0", &[("romaji: kazu", "romaji: recorded_from")]);
    let trial = tried(&world, &own).await.expect("the platform works");
    let why = trial.installed.expect_err("it cannot be installed");
    assert!(why.contains("42701"), "{why}");
    assert!(trial.moved.is_none());
    assert_eq!(left(&world).await, 0);
}

#[tokio::test]
async fn what_the_platform_causes_is_none() {
    let world = World::new(&[]).await;
    let own = things("0.1.0");
    // What stands beside the package is not the package's doing, whatever the database says.
    let other = Arc::new(things("0.2.0"));
    let var = var(&world);
    let beside = [&*other, &*other];
    let failed = package_try(&world.installer, (&own, &beside), None, ("s3", &var)).await;
    assert!(matches!(failed, Err(TransferError::Store(_))), "{failed:?}");
    // Nor is a folder that cannot be written to.
    let file = var.join("file");
    fs::write(&file, "x").expect("a file");
    let failed = package_try(&world.installer, (&own, &[]), None, ("s3", &file)).await;
    assert!(matches!(failed, Err(TransferError::Files { .. })), "{failed:?}");
    fs::remove_file(&file).expect("the file");
    // Nor a session that the server ends.
    let ended = tokio::join!(tried(&world, &own), end_sessions(&world)).0;
    assert!(matches!(ended, Err(TransferError::Store(_))), "{ended:?}");
    let trial = tried(&world, &own).await.expect("the platform works again");
    assert!(matches!(trial.moved, Some(Ok(_))), "{trial:?}");
    assert_eq!(left(&world).await, 0);
}

/// Ends the first session that works in a database of a trial.
async fn end_sessions(world: &World) {
    let postgres = world.installer.connect("postgres").await.expect("the installer");
    let sql = "select count(pg_terminate_backend(pid)) from pg_stat_activity
               where datname like 'kumoi\\_trial%'";
    loop {
        let ended: i64 = postgres.query_one(sql, &[]).await.expect("a count").get(0);
        if ended > 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn what_a_killed_program_left_is_swept() {
    let world = World::new(&[]).await;
    let var = var(&world);
    let postgres = world.installer.connect("postgres").await.expect("the installer");
    for name in ["kumoi_trial_s9_from", "kumoi_trial_o7_to"] {
        postgres.batch_execute(&format!("create database {name}")).await.expect("a database");
    }
    fs::create_dir_all(var.join("trial-s9/x")).expect("a folder");
    fs::create_dir(var.join("places")).expect("a folder");
    trials_sweep(&world.installer, &var).await.expect("it is swept");
    assert_eq!(left(&world).await, 1);
    assert!(Path::new(&var.join("places")).exists());
}
