//! The cluster against real server programs: made, used, killed, adopted, refused, stopped.
//!
//! Each test has a folder of its own and leaves no server behind. They run as root and as an
//! ordinary user alike.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use tokio_postgres::{Client, Config, NoTls};

use super::folder::Folder;
use super::{Cluster, ClusterError, ClusterOptions, stop_leftover, stop_unused, system};
use crate::organisation::database_drop;
use crate::testing::Place;

impl Place {
    fn options(&self) -> ClusterOptions {
        ClusterOptions { shared_buffers_mib: 16, ..ClusterOptions::for_tests(self.folder()) }
    }

    async fn start(&self) -> Cluster {
        Cluster::start(&self.options()).await.expect("the cluster starts")
    }
}

async fn connect(config: Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn number(client: &Client, query: &str) -> i32 {
    client.query_one(query, &[]).await.expect("the query runs").get(0)
}

#[test]
fn memory_for_pages_follows_the_machine() {
    let of = |memory| super::shared_buffers(memory);
    assert_eq!([None, Some(1_000), Some(24_105), Some(400_000)].map(of), [256, 256, 6_026, 16_384]);
    assert!(super::memory_mib().is_some_and(|memory| memory > 100));
}

#[tokio::test]
async fn a_cluster_is_made_used_stopped_and_started_quickly() {
    let place = Place::new();
    let cluster = place.start().await;
    assert!(!cluster.adopted());
    assert!(cluster.version().unwrap() >= 15);
    let client = connect(cluster.installer("postgres")).await.unwrap();
    client.batch_execute("CREATE DATABASE sample").await.unwrap();
    let sample = connect(cluster.installer("sample")).await.unwrap();
    sample.batch_execute("CREATE TABLE kept AS SELECT 7 AS number").await.unwrap();
    let pid = cluster.pid();
    cluster.stop().await.unwrap();
    assert!(!system::is_alive(pid));

    // Whatever else the machine does, one of three starts is quick.
    let mut quickest = Duration::MAX;
    for _ in 0..3 {
        let begin = Instant::now();
        let cluster = place.start().await;
        quickest = quickest.min(begin.elapsed());
        let sample = connect(cluster.installer("sample")).await.unwrap();
        assert_eq!(number(&sample, "SELECT number FROM kept").await, 7);
        cluster.stop().await.unwrap();
        if quickest < Duration::from_secs(3) {
            return;
        }
    }
    panic!("the quickest later start took {quickest:?}");
}

#[tokio::test]
async fn a_server_left_behind_is_adopted_and_can_be_stopped() {
    let place = Place::new();
    let first = place.start().await;
    let pid = first.pid();
    drop(first);
    assert!(system::is_alive(pid), "dropping leaves the server running");
    let second = place.start().await;
    assert!(second.adopted());
    assert_eq!(second.pid(), pid);
    second.stop().await.unwrap();
    assert!(!system::is_alive(pid));
    assert!(!stop_leftover(&place.folder()).await.unwrap());
}

#[tokio::test]
async fn a_leftover_is_stopped_without_being_started() {
    let place = Place::new();
    let pid = place.start().await.pid();
    assert!(stop_leftover(&place.folder()).await.unwrap());
    assert!(!system::is_alive(pid));
}

#[tokio::test]
async fn the_last_one_who_uses_a_cluster_ends_it() {
    let place = Place::new();
    let (first, second) = (place.start().await, place.start().await);
    let pid = first.pid();
    assert!(!first.leave().await.unwrap(), "another one uses it");
    assert!(system::is_alive(pid));
    let begin = Instant::now();
    let patience = Duration::from_millis(200);
    assert!(!stop_unused(&place.folder(), patience).await.unwrap());
    assert!(begin.elapsed() >= patience);
    let folder = place.folder();
    let (ended, ()) = tokio::join!(stop_unused(&folder, Duration::from_secs(60)), async {
        tokio::time::sleep(patience).await;
        drop(second);
    });
    assert!(ended.unwrap());
    assert!(!system::is_alive(pid));
    assert!(stop_unused(&place.folder().join("nowhere"), patience).await.unwrap());
}

/// As PostgreSQL's own vacuum is, whose sessions only a superuser may end.
#[tokio::test]
async fn a_database_goes_although_a_stranger_is_still_in_it() {
    let place = Place::new();
    let cluster = place.start().await;
    let client = connect(cluster.installer("postgres")).await.unwrap();
    client.batch_execute("create database sample").await.unwrap();
    client.batch_execute("create role stranger login password 'invented'").await.unwrap();
    let mut config = cluster.installer("sample");
    config.user("stranger").password("invented");
    let stranger = connect(config).await.unwrap();
    let (dropped, ()) = tokio::join!(database_drop(&client, "sample"), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(stranger);
    });
    dropped.unwrap();
    let left = number(&client, "select count(*)::int from pg_database where datname = 'sample'");
    assert_eq!(left.await, 0);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_server_is_noticed_and_started_again() {
    let place = Place::new();
    let mut first = place.start().await;
    system::send_signal(first.pid(), libc::SIGKILL).unwrap();
    first.ended().await;
    let second = place.start().await;
    assert!(!second.adopted());
    connect(second.installer("postgres")).await.unwrap();
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_recorded_id_of_a_foreign_process_is_ignored() {
    let place = Place::new();
    place.start().await.stop().await.unwrap();
    let mut stranger = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let record = place.folder().join("data/postmaster.pid");
    let data = fs::canonicalize(place.folder().join("data")).unwrap();
    let text = format!("{}\n{}\n1\n5432\n/nowhere\n\n1 1\nready\n", stranger.id(), data.display());
    fs::write(&record, text).unwrap();
    let cluster = place.start().await;
    assert!(!cluster.adopted());
    cluster.stop().await.unwrap();
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger lives");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test]
async fn simultaneous_starts_share_one_server() {
    let place = Place::new();
    let (one, two) = (place.options(), place.options());
    let (first, second) = tokio::join!(Cluster::start(&one), Cluster::start(&two));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.pid(), second.pid());
    assert_ne!(first.adopted(), second.adopted());
    let child = if first.adopted() { second } else { first };
    child.stop().await.unwrap();
}

#[tokio::test]
async fn a_long_path_gets_a_short_socket() {
    let place = Place::new();
    let folder =
        place.path().join("長い名前のフォルダ".repeat(4)).join("x".repeat(60)).join("postgres");
    let options = ClusterOptions { folder, ..place.options() };
    let cluster = Cluster::start(&options).await.unwrap();
    assert!(!cluster.socket().starts_with(place.path()));
    connect(cluster.installer("postgres")).await.unwrap();
    let socket = cluster.socket().to_owned();
    cluster.stop().await.unwrap();
    fs::remove_dir_all(socket).unwrap();
}

#[tokio::test]
async fn nobody_gets_in_without_the_password() {
    let place = Place::new();
    let cluster = place.start().await;
    for (user, password) in
        [("kumoi_installer", "wrong"), ("kumoi_superuser", ""), ("postgres", "postgres")]
    {
        let mut config = cluster.installer("postgres");
        config.user(user).password(password);
        assert!(connect(config).await.is_err(), "{user}");
    }
    let client = connect(cluster.installer("postgres")).await.unwrap();
    let row =
        client.query_one("SELECT rolsuper FROM pg_roles WHERE rolname = $1", &[&"kumoi_installer"]);
    assert!(!row.await.unwrap().get::<_, bool>(0));
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn secrets_are_the_supervisors_alone() {
    let place = Place::new();
    let cluster = place.start().await;
    let secrets = place.path().join("secrets");
    for path in [secrets.clone(), secrets.join("postgres-superuser")] {
        let found = fs::metadata(&path).unwrap();
        assert_eq!(found.mode() & 0o077, 0, "{}", path.display());
        assert_eq!(found.uid(), system::user_id());
    }
    let password = fs::read_to_string(secrets.join("postgres-installer")).unwrap();
    assert!(!format!("{cluster:?}{:?}", cluster.installer("x")).contains(password.trim()));
    let left: Vec<_> = fs::read_dir(place.folder()).unwrap().flatten().collect();
    assert!(left.iter().all(|it| !it.file_name().to_string_lossy().contains("unfinished")));
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn values_never_reach_the_log() {
    let place = Place::new();
    let cluster = place.start().await;
    let client = connect(cluster.installer("postgres")).await.unwrap();
    client.batch_execute("CREATE TEMP TABLE t (a text PRIMARY KEY, b int)").await.unwrap();
    let insert = "INSERT INTO t VALUES ($1, 1)";
    client.execute(insert, &[&"雲居花子"]).await.unwrap();
    client.execute(insert, &[&"雲居花子"]).await.unwrap_err();
    client.batch_execute("INSERT INTO t VALUES ('x', '雲居太郎')").await.unwrap_err();
    let password = fs::read_to_string(place.path().join("secrets/postgres-installer")).unwrap();
    let log = fs::read_to_string(cluster.log()).unwrap();
    cluster.stop().await.unwrap();
    assert!(log.contains("ready to accept connections"), "{log}");
    assert!(!log.contains("雲居") && !log.contains(password.trim()), "{log}");
}

#[tokio::test]
async fn a_lost_installer_password_is_made_anew() {
    let place = Place::new();
    place.start().await.stop().await.unwrap();
    fs::remove_file(place.path().join("secrets/postgres-installer")).unwrap();
    let cluster = place.start().await;
    connect(cluster.installer("postgres")).await.unwrap();
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_broken_off_initdb_is_done_again() {
    let place = Place::new();
    let work = place.folder().join("data.unfinished");
    fs::create_dir_all(&work).unwrap();
    fs::write(work.join("PG_VERSION"), "15").unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    place.start().await.stop().await.unwrap();
    assert!(!work.exists());
}

#[track_caller]
fn check_refusal(result: Result<Cluster, ClusterError>, expect: &[&str]) {
    let text = result.err().map_or_else(|| "it started".to_owned(), |error| error.to_string());
    for part in expect {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
}

fn fill(path: &Path, name: &str, text: &str) {
    fs::create_dir_all(path).unwrap();
    fs::write(path.join(name), text).unwrap();
    if system::user_id() == 0 {
        std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
    }
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let place = Place::new();
    let data = place.folder().join("data");
    fill(&data, "notes.txt", "mine");
    check_refusal(Cluster::start(&place.options()).await, &["空でなく", "別の場所"]);
    fill(&data, "PG_VERSION", "9\n");
    check_refusal(Cluster::start(&place.options()).await, &["PostgreSQL 9 ", "postgresql-9"]);
    fill(&data, "PG_VERSION", "99\n");
    check_refusal(Cluster::start(&place.options()).await, &["PostgreSQL 99 ", "--fresh"]);
    let nowhere = ClusterOptions { programs: Some("/nowhere".into()), ..place.options() };
    check_refusal(Cluster::start(&nowhere).await, &["/nowhere", "apt-get", "KUMOI_PG_BIN"]);
}

#[tokio::test]
async fn a_missing_superuser_password_is_refused() {
    let place = Place::new();
    place.start().await.stop().await.unwrap();
    fs::remove_file(place.path().join("secrets/postgres-superuser")).unwrap();
    check_refusal(Cluster::start(&place.options()).await, &["postgres-superuser", "控え"]);
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let place = Place::new();
    place.start().await.stop().await.unwrap();
    fs::write(place.folder().join("data/local.conf"), "shared_buffers = many\n").unwrap();
    check_refusal(
        Cluster::start(&place.options()).await,
        &["起動しませんでした", "shared_buffers"],
    );
}

#[tokio::test]
async fn root_needs_passable_parents() {
    if system::user_id() != 0 {
        return;
    }
    let place = Place::new();
    fs::create_dir_all(place.path()).unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o700)).unwrap();
    check_refusal(Cluster::start(&place.options()).await, &["chmod o+x", "/srv"]);
}

#[test]
fn a_nearly_full_disk_is_refused() {
    let folder = Folder::at(Path::new("/srv/kumoi/postgres")).unwrap();
    assert!(folder.judge_space(512).is_ok());
    let text = folder.judge_space(511).unwrap_err().to_string();
    assert!(text.contains("511 MiB") && text.contains("/srv/kumoi/postgres"), "{text}");
}
