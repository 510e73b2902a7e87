//! A start with another version of a business system upgrades what is installed, or keeps the old
//! one in service and says why.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::StatusCode;
use testkit::{Desk, VILLAGE, World, html, process};

use crate::PROGRAM;
use crate::crash::form;

const ITEM: &str =
    "  - { name: 連絡先, name_en: Contact, romaji: renrakusaki, type: Ｎ, length: 50 }\n";
const PROCEDURE: &str = "id: contact
name: 連絡先の記載
name_en: Contact
statute: 住民基本台帳法 第8条
kind: official
order: 99
select: one
register: resident
form:
  - group: 連絡先
    name_en: Contact
    fields:
      - { name: 異動日, name_en: On, type: date, required: true, default: 本日 }
      - { item: 連絡先, name: 新しい連絡先, name_en: New contact }
effects:
  - amend: resident
    set: { 連絡先: 新しい連絡先 }
";
/// Nobody can move in under this one.
const CHECK: &str = "checks:\n  - must: 異動日 = null\n    at: 異動日\n    message: 新しい版の検査です。\n    message_en: The newer check.\n";

/// The repository's systems, copied below `place`.
fn copy_of(place: &Path) -> PathBuf {
    let systems = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../systems");
    let copy = place.to_owned();
    let mut open = vec![systems.clone()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let target = copy.join(path.strip_prefix(&systems).expect("below"));
            if path.is_dir() {
                fs::create_dir_all(&target).expect("a folder");
                open.push(path);
            } else {
                fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
                fs::copy(&path, &target).expect("a copy");
            }
        }
    }
    copy
}

#[track_caller]
fn change(systems: &Path, file: &str, old: &str, new: &str) {
    let path = systems.join("resident-record").join(file);
    let text = fs::read_to_string(&path).unwrap_or_default();
    assert!(text.contains(old), "{file} has no «{old}»");
    fs::write(&path, text.replacen(old, new, 1)).expect("the file");
}

/// What the program said since the mark, once `words` are among it; the zones answer as soon as
/// they can, which may be before that is written.
fn said(world: &World, mark: usize, words: &str) -> String {
    let said = || fs::read_to_string(world.log()).expect("the log").split_off(mark);
    process::wait_until(Duration::from_secs(30), || said().contains(words));
    said()
}

fn mark(world: &World) -> usize {
    fs::metadata(world.log()).map_or(0, |file| usize::try_from(file.len()).expect("a size"))
}

#[tokio::test]
async fn a_start_with_another_version_upgrades_or_says_why_not() {
    let mut world = World::start(PROGRAM, "upgrade");
    let clerk = Desk::sign_in(&world, VILLAGE, "madoguchi").await;
    let chief = Desk::sign_in(&world, VILLAGE, "kakaricho").await;
    let administrator = Desk::sign_in(&world, VILLAGE, "kanri").await;
    let entered = clerk.post("/start/resident-record/move-in", &form("雲井　一")).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.words());
    let number = entered.location.rsplit('/').next().expect("a number").to_owned();
    world.stop(libc::SIGINT);

    // The second version: an item and a procedure more, and another check on moving in.
    let second = copy_of(&world.var().with_file_name("second"));
    change(&second, "system.yaml", "version: 0.1.0", "version: 0.2.0");
    change(&second, "registers/resident.yaml", "relations:\n", &format!("{ITEM}relations:\n"));
    change(&second, "procedures/contact.yaml", "", PROCEDURE);
    change(&second, "procedures/move-in.yaml", "checks:\n", CHECK);
    for entry in fs::read_dir(second.join("resident-record/examples")).expect("examples") {
        fs::remove_file(entry.expect("an entry").path()).expect("gone");
    }
    world.systems = Some(second);
    let begin = mark(&world);
    world.up();
    let updated = "版0.1.0から版0.2.0に更新しました";
    let words = said(&world, begin, updated);
    assert!(words.contains(updated), "{words}");
    let page = administrator.get("/administration").await.words();
    assert!(page.contains("0.2.0") && page.contains("以前の版"), "{page}");
    // The waiting case ends as it began; a new one is under the new check.
    let case = format!("/cases/{number}");
    let shown = clerk.get(&case).await.words();
    assert!(shown.contains("雲井　一") && !shown.contains("新しい版の検査"), "{shown}");
    let refused = clerk.post("/start/resident-record/move-in", &form("雲井　二")).await;
    assert!(refused.words().contains("新しい版の検査"), "{}", refused.words());
    let approved = chief.post(&format!("{case}/approve"), &[("revision", "1")]).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.words());
    let row = contact(&clerk, &chief, &case).await;
    assert!(clerk.get(&row).await.words().contains("見本電話"), "the new item is shown");
    world.stop(libc::SIGINT);

    // The version built in is older than the one installed: refused, and nothing is lost.
    world.systems = None;
    let begin = mark(&world);
    world.up();
    let words = said(&world, begin, "--against");
    for part in
        ["版0.1.0に更新できません", "版0.2.0のまま", "「連絡先」がなくなります", "--against"]
    {
        assert!(words.contains(part), "{part} is missing in: {words}");
    }
    assert!(clerk.get(&row).await.words().contains("見本電話"), "still served by 0.2.0");
    let page = administrator.get("/administration").await.words();
    assert!(page.contains("「連絡先」がなくなります"), "{page}");
}

/// Fills the new item of the case's person by the new procedure; the path of the row.
async fn contact(clerk: &Desk, chief: &Desk, case: &str) -> String {
    let page = clerk.get(case).await.text();
    let link = html::links(&page, "/rows/resident-record/resident/").remove(0);
    let key = link.rsplit('/').next().expect("a key").to_owned();
    let form = [
        ("start", key.as_str()),
        ("subject", key.as_str()),
        ("f.異動日", "2026-11-20"),
        ("f.新しい連絡先", "見本電話"),
        ("acknowledged", "yes"),
        ("act", "enter"),
    ];
    let entered = clerk.post("/start/resident-record/contact", &form).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.words());
    let own = entered.location.rsplit('/').next().expect("a number").to_owned();
    let approve = format!("/cases/{own}/approve");
    let approved = chief.post(&approve, &[("revision", "1")]).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.words());
    format!("/rows/resident-record/resident/{key}")
}
