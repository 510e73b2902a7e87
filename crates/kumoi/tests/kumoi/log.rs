//! The log is verified and copied by a command, also against the copy that was taken before.

use std::process::{Command, Output};

use testkit::{Desk, VILLAGE, World};

use crate::{PROGRAM, world};

fn log(world: &World, archive: &str) -> (bool, String) {
    let var = world.var();
    let Output { status, stdout, stderr } = Command::new(PROGRAM)
        .args(["log", VILLAGE, "--archive", archive, "--var"])
        .arg(&var)
        .output()
        .expect("kumoi log");
    let words = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    (status.success(), words)
}

#[tokio::test]
async fn the_log_is_verified_and_its_copy_continued() {
    let world = world();
    let folder = world.var().with_file_name("archive");
    let archive = folder.to_str().expect("a path");
    let desk = Desk::sign_in(world, VILLAGE, "madoguchi").await;
    let (intact, words) = log(world, archive);
    assert!(intact && words.contains("見つかりませんでした"), "{words}");
    // The first sweep of a new world seals; it may not have come so far.
    for _ in 0..120 {
        if folder.join("tile/0").is_dir() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        assert!(log(world, archive).0);
    }
    assert!(folder.join("tile/0").is_dir() && folder.join("tile/entries").is_dir());

    // What is read at the counter is sealed within seconds; the copy goes on from where it was.
    let before = std::fs::read(folder.join("checkpoint")).expect("a checkpoint");
    let mut last = before.clone();
    for _ in 0..120 {
        let (intact, words) = log(world, archive);
        assert!(intact, "{words}");
        last = std::fs::read(folder.join("checkpoint")).expect("a checkpoint");
        if last != before {
            break;
        }
        desk.search(&[("q", "雲")]).await;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    assert_ne!(last, before, "nothing was sealed");

    let text = String::from_utf8(last).expect("a note");
    let size = text.lines().nth(1).expect("the size");
    let forged = text.replacen(size, &format!("{size}0"), 1);
    std::fs::write(folder.join("checkpoint"), forged).expect("written");
    let (intact, words) = log(world, archive);
    assert!(!intact && words.contains("チェックポイント"), "{words}");
}
