//! 三層の対策: what each zone's process really holds opens its own databases and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use store::market::ENTRANCE;
use store::organisation::{Credentials, Login, VENDOR, credentials_read};
use testkit::{VILLAGE, World};

use crate::world;

const ZONES: [&str; 3] = ["office", "lgwan", "internet"];

/// The credentials folder that a zone's process was started with.
fn folder(world: &World, zone: &str) -> PathBuf {
    let words = world.zone(zone).words;
    let at = words.iter().position(|word| word == "--credentials").expect("--credentials");
    PathBuf::from(&words[at + 1])
}

/// Whether `login` opens `database`.
async fn opens(credentials: &Credentials, login: &Login, database: &str) -> bool {
    let login = Login { database: database.to_owned(), ..login.clone() };
    let one = credentials.database(Some(&login), None, 1).expect("a pool");
    one.client().await.is_ok()
}

/// Every database of the cluster that takes connections.
async fn databases(credentials: &Credentials) -> Vec<String> {
    let own = credentials.database(credentials.office.as_ref(), None, 1).expect("a pool");
    let client = own.client().await.expect("the office database");
    let sql = "select datname::text from pg_database where datallowconn order by 1";
    let rows = client.query(sql, &[]).await.expect("the list of databases");
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_zone_opens_its_own_databases_only() {
    let world = world();
    let office = credentials_read(&folder(world, "office")).expect("the office's credentials");
    let all = databases(&office[0]).await;
    assert!(all.len() >= 6, "{all:?}");
    let mut opened: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for zone in ZONES {
        for one in credentials_read(&folder(world, zone)).expect("credentials") {
            let (control, market) = (one.control(), one.market());
            let logins = [&one.office, &one.front, &one.staff, &control, &market];
            for login in logins.into_iter().flatten() {
                for database in &all {
                    if opens(&one, login, database).await {
                        opened.entry(zone).or_default().insert(database.clone());
                    }
                }
                let wrong = Login { password: "wrong".to_owned(), ..login.clone() };
                assert!(!opens(&one, &wrong, &login.database).await, "no password needed");
            }
        }
    }
    let set = |suffixes: &[&str]| -> BTreeSet<String> {
        suffixes.iter().map(|suffix| format!("{VILLAGE}{suffix}")).collect()
    };
    let own = [
        ("office", set(&["", "_front", "_staff"])),
        ("lgwan", {
            // The operators' people sign in there, too, and the prefectures'.
            let nation =
                ["agency_staff", "mihon_ken_staff", "kumoi_control"].map(str::to_owned).into_iter();
            set(&["_staff"]).into_iter().chain(nation).collect()
        }),
        ("internet", {
            let vendors = ["vendor_a_staff", "vendor_b_staff", "kumoi_market"];
            let vendors = vendors.map(str::to_owned).into_iter();
            set(&["_front"]).into_iter().chain(vendors).collect()
        }),
    ];
    assert_eq!(opened, BTreeMap::from(own), "of {all:?}");
}

#[tokio::test]
async fn only_the_office_zone_holds_the_keys() {
    let world = world();
    for zone in ZONES {
        for one in credentials_read(&folder(world, zone)).expect("credentials") {
            let holds = [
                one.vault.is_some(),
                one.office.is_some(),
                one.front.is_some(),
                one.staff.is_some(),
                one.staff_vault.is_some(),
            ];
            let expected = match zone {
                "office" => [true; 5],
                "lgwan" => [false, false, false, true, true],
                // A vendor's people sign in here; nothing of a body's own staff is.
                _ if one.organisation.kind == VENDOR => [false, false, false, true, true],
                // The door at which a company applies: two functions, nobody's rows.
                _ if one.organisation.kind == ENTRANCE => [false, false, false, true, false],
                _ => [false, false, true, false, false],
            };
            assert_eq!(holds, expected, "{zone}: vault, office, front, staff, staff_vault");
        }
    }
}

#[test]
fn the_environment_of_a_zone_holds_no_secret() {
    let world = world();
    for zone in ZONES {
        let path = format!("/proc/{}/environ", world.zone(zone).id);
        let text = fs::read_to_string(path).expect("the environment of our own process");
        let pairs = text.split('\0').filter(|pair| !pair.is_empty());
        let names: BTreeSet<&str> = pairs.filter_map(|pair| pair.split('=').next()).collect();
        assert_eq!(names, BTreeSet::from(["LANG", "PATH"]), "{zone}");
    }
}

/// As root every zone is a user of its own that cannot read what belongs to the others.
#[test]
fn credentials_are_closed_to_the_other_zones() {
    let world = world();
    let is_root = fs::metadata("/proc/self").expect("proc").uid() == 0;
    let mut users = BTreeMap::new();
    for zone in ZONES {
        let own = folder(world, zone);
        let mode = fs::metadata(&own).expect("the folder").permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{}", own.display());
        for file in files(&own) {
            let found = fs::metadata(&file).expect("a credential");
            assert_eq!(found.permissions().mode() & 0o077, 0, "{}", file.display());
            users.insert(zone, found.uid());
        }
        let process = format!("/proc/{}", world.zone(zone).id);
        assert_eq!(fs::metadata(process).expect("the process").uid(), users[zone], "{zone}");
    }
    if !is_root {
        return;
    }
    assert_eq!(users.values().collect::<BTreeSet<_>>().len(), 3, "{users:?}");
    for (zone, user) in &users {
        for other in ZONES {
            for file in files(&folder(world, other)) {
                assert_eq!(reads(*user, &file), *zone == other, "{zone} of {}", file.display());
            }
        }
        let secrets = world.var().join("secrets");
        assert!(!lists(*user, &secrets), "{zone} lists {}", secrets.display());
        assert!(!lists(*user, &world.var().join("postgres/data")), "{zone} lists the cluster");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of credentials");
    let out: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    assert!(!out.is_empty(), "{}", folder.display());
    out
}

fn reads(user: u32, file: &Path) -> bool {
    let done = Command::new("cat").arg(file).uid(user).gid(user).output().expect("cat");
    done.status.success() && !done.stdout.is_empty()
}

fn lists(user: u32, folder: &Path) -> bool {
    let done = Command::new("ls").arg(folder).uid(user).gid(user).output().expect("ls");
    done.status.success()
}
