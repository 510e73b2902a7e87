//! What the watch heard while the database could take nothing is counted afterwards, with its
//! times.

use std::time::Duration;

use cloud::lookout::Lookout;
use jiff::{Span, Timestamp};
use store::cluster::{Cluster, ClusterOptions};
use store::control::watch::{incident_end, incident_list, watched_bodies, watched_list};
use store::control::{control_open, organisation_register};
use store::organisation::Installer;
use store::testing::{Place, sample_organisation};

const SERVICE: &str = "住民接続系";
const CITY: (&str, &str) = ("city", SERVICE);

fn at(minute: i64) -> Timestamp {
    let begin: Timestamp = "2026-11-22T03:00:00Z".parse().unwrap();
    begin + Span::new().minutes(minute)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_database_itself_is_counted() {
    let place = Place::new();
    std::fs::create_dir_all(place.path()).unwrap();
    let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
    let installer = Installer::new(cluster.installer("postgres"));
    let mut control = control_open(&installer).await.unwrap();
    organisation_register(&control, &sample_organisation("city")).await.unwrap();
    assert!(watched_bodies(&control).await.unwrap().is_empty(), "it is not open yet");
    let mut lookout = Lookout::default();
    lookout.hear(CITY, at(0), Some(20));
    // Nobody knows of this one, and that keeps nothing from being written.
    lookout.hear(("stranger", SERVICE), at(0), None);
    lookout.hear(("stranger", SERVICE), at(0), None);
    lookout.book(&mut control).await.unwrap();
    // The connection is gone and with it whatever is tried on it.
    let end = "select pg_terminate_backend(pg_backend_pid())";
    assert!(control.batch_execute(end).await.is_err());
    for minute in 1..=4 {
        lookout.hear(CITY, at(minute), None);
        assert!(lookout.book(&mut control).await.is_err());
    }
    lookout.hear(CITY, at(5), Some(900));
    let mut control = control_open(&installer).await.unwrap();
    lookout.book(&mut control).await.unwrap();
    let days = watched_list(&control, "2026-11-01".parse().unwrap()).await.unwrap();
    let count = |it: &store::control::watch::Watched| (it.checks, it.failures, it.slowest_ms);
    assert_eq!(days.iter().map(count).collect::<Vec<_>>(), [(6, 4, 900)]);
    assert_eq!(days[0].last_at, at(5));
    let incidents = incident_list(&control, at(0)).await.unwrap();
    let times: Vec<_> = incidents.iter().map(|it| (it.began_at, it.ended_at)).collect();
    assert_eq!(times, [(at(1), Some(at(5)))]);
    assert_eq!(incidents[0].notes.len(), 2);
    // Nothing is written twice.
    lookout.book(&mut control).await.unwrap();
    let again = watched_list(&control, "2026-11-01".parse().unwrap()).await.unwrap();
    assert_eq!(again.iter().map(count).collect::<Vec<_>>(), [(6, 4, 900)]);
    ended_too_early_it_is_opened_again(&mut control, lookout).await;
    cluster.stop().await.unwrap();
}

async fn ended_too_early_it_is_opened_again(control: &mut store::Connection, mut lookout: Lookout) {
    for minute in 10..=11 {
        lookout.hear(CITY, at(minute), None);
    }
    lookout.book(control).await.unwrap();
    let open = incident_list(control, at(10)).await.unwrap();
    assert_eq!((open.len(), open[0].ended_at), (1, None));
    incident_end(control, (open[0].id, at(12)), ("人", "直したつもり")).await.unwrap();
    lookout.hear(CITY, at(13), None);
    lookout.book(control).await.unwrap();
    // It goes on from where it was said to be over, and ends when somebody answers.
    lookout.hear(CITY, at(14), None);
    lookout.hear(CITY, at(15), Some(5));
    lookout.book(control).await.unwrap();
    let all = incident_list(control, at(10)).await.unwrap();
    let times: Vec<_> = all.iter().map(|it| (it.began_at, it.ended_at)).collect();
    assert_eq!(times, [(at(12), Some(at(15))), (at(10), Some(at(12)))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_booked_without_an_answer_is_not_booked_again() {
    let place = Place::new();
    std::fs::create_dir_all(place.path()).unwrap();
    let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
    let installer = Installer::new(cluster.installer("postgres"));
    let mut control = control_open(&installer).await.unwrap();
    organisation_register(&control, &sample_organisation("city")).await.unwrap();
    let mut lookout = Lookout::default();
    lookout.hear(CITY, at(0), Some(20));
    lookout.book(&mut control).await.unwrap();
    // The commit takes long; whoever waits for it gives up, and it comes about all the same.
    let slow = "create function slow() returns trigger language plpgsql as
                  $$ begin perform pg_sleep(2); return null; end $$;
                create constraint trigger slow after insert or update on control.watched
                  deferrable initially deferred for each row execute function slow()";
    control.batch_execute(slow).await.unwrap();
    for minute in [1, 2, 3] {
        lookout.hear(CITY, at(minute), (minute == 3).then_some(30));
    }
    let given_up = Duration::from_millis(700);
    assert!(tokio::time::timeout(given_up, lookout.book(&mut control)).await.is_err());
    lookout.hear(CITY, at(4), Some(40));
    let mut control = control_open(&installer).await.unwrap();
    lookout.book(&mut control).await.unwrap();
    let days = watched_list(&control, "2026-11-01".parse().unwrap()).await.unwrap();
    let count = |it: &store::control::watch::Watched| (it.checks, it.failures, it.slowest_ms);
    assert_eq!(days.iter().map(count).collect::<Vec<_>>(), [(5, 2, 40)]);
    // The outage that was over by then is one incident.
    let incidents = incident_list(&control, at(0)).await.unwrap();
    let times: Vec<_> = incidents.iter().map(|it| (it.began_at, it.ended_at)).collect();
    assert_eq!(times, [(at(1), Some(at(3)))]);
    cluster.stop().await.unwrap();
}
