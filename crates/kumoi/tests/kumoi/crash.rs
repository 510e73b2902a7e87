//! A power cut at any moment loses nothing that was acknowledged, and the sealed log still agrees.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::StatusCode;
use store::case::case_read;
use store::organisation::{Credentials, credentials_read};
use store::seal::{SealKey, verify};
use testkit::{Desk, VILLAGE, World};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::breakable;

const WRITERS: u64 = 4;
/// Signs that every character set has: names are numbers written in them.
const SIGNS: [char; 10] = ['一', '二', '三', '四', '五', '六', '七', '八', '九', '十'];

/// A case that was acknowledged: its number and the name in it.
type Acknowledged = (i64, String);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_power_cut() {
    let rounds = if std::env::var_os("KUMOI_SOAK").is_some() { 50 } else { 3 };
    let mut world = breakable().await;
    let names = Arc::new(AtomicU64::new(0));
    let (mut all, mut slowest) = (0, Duration::ZERO);
    for round in 0..rounds {
        let acknowledged = one_round(&mut world, &names).await;
        let took = world.up();
        eprintln!("figure: start after a power cut {:.2} s", took.as_secs_f64());
        slowest = slowest.max(took);
        check(&world, &acknowledged, round).await;
        all += acknowledged.len();
    }
    eprintln!(
        "figure: {rounds} power cuts, {all} acknowledged cases, none lost, slowest start after \
         one {:.2} s",
        slowest.as_secs_f64()
    );
}

/// Writers enter cases until everything is killed.
async fn one_round(world: &mut World, names: &Arc<AtomicU64>) -> Vec<Acknowledged> {
    let desk = Desk::sign_in(world, VILLAGE, "madoguchi").await;
    let first = Arc::new(Notify::new());
    let write = || tokio::spawn(write(desk.clone(), Arc::clone(names), Arc::clone(&first)));
    let writers: Vec<JoinHandle<Vec<Acknowledged>>> = (0..WRITERS).map(|_| write()).collect();
    // Not before the first case is there, and at another moment every time.
    let patience = timeout(Duration::from_secs(60), first.notified()).await;
    patience.expect("a case is acknowledged within a minute");
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").subsec_nanos();
    sleep(Duration::from_millis(u64::from(nanoseconds) % 1500)).await;
    tokio::task::block_in_place(|| world.kill());
    let mut all = Vec::new();
    for writer in writers {
        all.extend(writer.await.expect("a writer"));
    }
    assert!(!all.is_empty(), "no case was acknowledged before the cut");
    all
}

/// Enters cases one after the other until nothing answers any more.
async fn write(desk: Desk, names: Arc<AtomicU64>, first: Arc<Notify>) -> Vec<Acknowledged> {
    let mut acknowledged = Vec::new();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(90) {
        let name = name(names.fetch_add(1, Ordering::Relaxed));
        match desk.post_try("/start/resident-record/move-in", &form(&name)).await {
            Ok(answer) if answer.status == StatusCode::SEE_OTHER => {
                let number = answer.location.rsplit('/').next().and_then(|it| it.parse().ok());
                acknowledged.push((number.expect("the case's number"), name));
                first.notify_one();
            }
            // The database is gone a moment before the zone.
            Ok(answer) if answer.status.is_server_error() => {}
            Ok(answer) => panic!("{}: {}", answer.status, answer.words()),
            Err(_) => break,
        }
    }
    acknowledged
}

fn name(number: u64) -> String {
    let digits: String =
        number.to_string().bytes().map(|digit| SIGNS[usize::from(digit - b'0')]).collect();
    format!("雲井　{digits}")
}

/// The form of somebody who moves in.
pub fn form(name: &str) -> Vec<(&str, &str)> {
    vec![
        ("identity.方法", "運転免許証等"),
        ("f.異動日", "2026-11-10"),
        ("f.届出日", "2026-11-12"),
        ("f.届出期間経過の理由", "見本のため"),
        ("f.住所", "見本県霞郡霞村大字霞原１番地"),
        ("f.前住所", "和歌山県伊都郡九度山町九度山１２３番地"),
        ("f.世帯の扱い", "1"),
        ("f.転入者.0.氏名", name),
        ("f.転入者.0.氏名_振り仮名", "くもい みほん"),
        ("f.転入者.0.生年月日", "1985-04-02"),
        ("f.転入者.0.性別", "1"),
        ("f.転入者.0.続柄", "世帯主"),
        ("f.転入者.0.本籍", "和歌山県伊都郡九度山町九度山１２３番地"),
        ("f.転入者.0.住民種別", "1"),
        ("acknowledged", "yes"),
        ("act", "enter"),
    ]
}

/// Every acknowledged case is there with its name, and the log agrees with every row.
async fn check(world: &World, acknowledged: &[Acknowledged], round: usize) {
    let folder = world.var().join("credentials/office");
    let office: Credentials = credentials_read(&folder).expect("credentials").remove(0);
    let login = office.office.as_ref();
    let database = office.database(login, office.vault.as_deref(), 2).expect("a pool");
    let client = database.client().await.expect("the office database");
    for (number, name) in acknowledged {
        let case = case_read(&**client, *number, false).await;
        let case = case.unwrap_or_else(|error| panic!("round {round}: case {number}: {error}"));
        let form = case.entered.form.to_string();
        assert!(form.contains(name), "round {round}: case {number} is another: {form}");
    }
    let key = SealKey::from_credentials(&office).expect("the key of the log");
    let begin = Instant::now();
    loop {
        let report = verify(&database, &key.verifier().expect("the public key")).await;
        let report = report.expect("the log can be read");
        assert!(report.is_intact(), "round {round}: {report}");
        if report.size > 0 {
            return;
        }
        // The first sweep after a start seals; it may not have come so far.
        let late = begin.elapsed() > Duration::from_secs(60);
        assert!(!late, "round {round}: nothing is sealed: {report}");
        sleep(Duration::from_millis(200)).await;
    }
}
