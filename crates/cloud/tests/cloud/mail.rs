//! Mail through a real relay (PyPI aiosmtpd): once, to who asked for it, later when nobody listens.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cloud::mail::{Relay, Round, mail_round};
use jiff::Timestamp;
use store::cluster::{Cluster, ClusterOptions};
use store::control::watch::{Incident, incident_open};
use store::control::{control_open, organisation_register};
use store::organisation::Installer;
use store::testing::{Place, sample_organisation};

/// The relay's program, made the first time by the house's own script.
fn program() -> PathBuf {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let script =
        "set -euo pipefail; source xtask/packages.sh; smtp_ensure >&2; echo \"$KUMOI_SMTP\"";
    let made = Command::new("bash").args(["-c", script]).current_dir(root).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    PathBuf::from(String::from_utf8(made.stdout).unwrap().trim())
}

/// A relay that keeps what it takes in a folder; ends with the test.
struct Server(Child);

impl Server {
    async fn start(port: u16, mails: &Path) -> Server {
        let listen = format!("127.0.0.1:{port}");
        let child = Command::new(program())
            .args(["-n", "-l", &listen, "-c", "aiosmtpd.handlers.Mailbox"])
            .arg(mails)
            .spawn()
            .unwrap();
        let server = Server(child);
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(&listen).await.is_ok() {
                return server;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the relay does not listen");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What came: heading lines and the text.
fn came(mails: &Path) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(mails.join("new")).unwrap() {
        let mail = fs::read_to_string(entry.unwrap().path()).unwrap().replace("\r\n", "\n");
        let (head, body) = mail.split_once("\n\n").unwrap();
        let body = STANDARD.decode(body.replace('\n', "")).unwrap();
        all.push((head.to_owned(), String::from_utf8(body).unwrap()));
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_goes_out_once() {
    let place = Place::new();
    let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
    let client = control_open(&Installer::new(cluster.installer("postgres"))).await.unwrap();
    organisation_register(&client, &sample_organisation("kasumi")).await.unwrap();
    let sql = "insert into control.mail_address
            (organisation, address, added_by, digest, confirmed_at)
        values ('kasumi', 'kikaku@example.lg.jp', 'x', '', now()),
            ('kasumi', 'new@example.lg.jp', 'x', '', null);
        insert into control.mail (address, code) values (2, 'ABCD1234')";
    client.batch_execute(sql).await.unwrap();
    let incident = Incident {
        id: 0,
        organisation: None,
        service: "個人番号利用事務系".to_owned(),
        layer: "クラウド".to_owned(),
        title: "見本太郎さんの端末".to_owned(),
        began_at: Timestamp::now(),
        ended_at: None,
        by_watch: false,
        notes: Vec::new(),
    };
    incident_open(&client, &incident).await.unwrap();
    let round =
        async |relay: Option<&Relay>| mail_round(&client, relay, Timestamp::now()).await.unwrap();
    // Without a relay it is told, and waits.
    assert_eq!(round(None).await, Round { told: 1, sent: 0, failed: 0 });
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let relay = Relay::new(&format!("127.0.0.1:{free}"), "kumoi@example.jp").unwrap();
    // Nobody listens: later, and one look tells enough for a round.
    for _ in 0..2 {
        assert_eq!(round(Some(&relay)).await, Round { told: 0, sent: 0, failed: 1 });
    }
    assert_eq!(round(Some(&relay)).await, Round::default(), "tried again at once");
    let mails = place.path().join("mails");
    let _server = Server::start(free, &mails).await;
    client.batch_execute("update control.mail set next_at = now()").await.unwrap();
    assert_eq!(round(Some(&relay)).await, Round { told: 0, sent: 2, failed: 0 });
    client.batch_execute("update control.mail set next_at = now()").await.unwrap();
    assert_eq!(round(Some(&relay)).await, Round::default(), "sent twice");
    let came = came(&mails);
    assert_eq!(came.len(), 2, "{came:?}");
    let of = |to: &str| came.iter().find(|it| it.0.contains(&format!("To: <{to}>"))).unwrap();
    let (head, told) = of("kikaku@example.lg.jp");
    assert!(head.contains("From: <kumoi@example.jp>") && head.contains("Message-ID: <kumoi."));
    assert!(
        told.contains("個人番号利用事務系で障害が起きています（対応するのは: クラウド）"),
        "{told}"
    );
    // Free words of people stay on the page, and a code goes to its address only.
    assert!(!told.contains("見本太郎") && !told.contains("ABCD1234"), "{told}");
    assert!(of("new@example.lg.jp").1.contains("確認の番号: ABCD1234"));
}
