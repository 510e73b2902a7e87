//! Addresses and notices against a real database: who may do what, codes that only go by mail, and
//! mail that is due once.

use tokio_postgres::{Client, NoTls};

use super::*;
use crate::cluster::{Cluster, ClusterOptions};
use crate::control::{control_open, organisation_register};
use crate::organisation::{Installer, Organisation};
use crate::testing::{Place, sample_organisation};

struct Room {
    client: Client,
    cluster: Cluster,
    _place: Place,
}

impl Room {
    async fn new() -> Room {
        let place = Place::new();
        let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
        let client = control_open(&Installer::new(cluster.installer("postgres"))).await.unwrap();
        for (id, code) in [("kasumi", "999991"), ("kumoi", "999992")] {
            let code = code.to_owned();
            let organisation = Organisation { code, ..sample_organisation(id) };
            organisation_register(&client, &organisation).await.unwrap();
            let sql = format!(
                "create role {id}_lgwan login password 'test' in role kumoi_buyer;
                 grant connect on database kumoi_control to {id}_lgwan"
            );
            client.batch_execute(&sql).await.unwrap();
        }
        Room { client, cluster, _place: place }
    }

    async fn buyer(&self, id: &str) -> Client {
        let mut config = self.cluster.installer(crate::control::DATABASE);
        config.user(format!("{id}_lgwan")).password("test");
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// The code that is on its way to an address.
    async fn code(&self) -> String {
        mail_due(&self.client).await.unwrap().into_iter().find_map(|it| it.code).expect("a code")
    }
}

fn notice(organisation: &str, key: &str) -> Notice {
    let (organisation, key) = (organisation.to_owned(), key.to_owned());
    Notice {
        organisation, key, subject: "見本".to_owned(), words: "見本の知らせ".to_owned()
    }
}

#[tokio::test]
async fn an_address_is_confirmed_by_its_code_and_gets_a_notice_once() {
    let room = Room::new().await;
    let kasumi = room.buyer("kasumi").await;
    assert!(notice_tell(&room.client, &notice("kasumi", "before")).await.unwrap());
    address_ask(&kasumi, "a@example.lg.jp", "kanri").await.unwrap();
    let id = address_list(&kasumi).await.unwrap()[0].id;
    let code = room.code().await;
    assert_eq!(code.len(), 8);
    // Not by another code, nor by another body; and what is said before goes nowhere.
    assert!(!address_confirm(&kasumi, id, "00000000").await.unwrap());
    assert!(!address_confirm(&room.buyer("kumoi").await, id, &code).await.unwrap());
    assert!(notice_tell(&room.client, &notice("kasumi", "unconfirmed")).await.unwrap());
    assert!(address_confirm(&kasumi, id, &format!(" {} ", code.to_lowercase())).await.unwrap());
    assert!(!address_confirm(&kasumi, id, &code).await.unwrap(), "confirmed twice");
    let first = mail_due(&room.client).await.unwrap();
    assert_eq!(first.len(), 1, "{first:?}");
    mail_sent(&room.client, first[0].id).await.unwrap();
    let sql = "select count(*) from control.mail where code is not null";
    let kept: i64 = room.client.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(kept, 0, "the code stays");
    assert!(notice_tell(&room.client, &notice("kasumi", "x")).await.unwrap());
    assert!(!notice_tell(&room.client, &notice("kasumi", "x")).await.unwrap(), "told twice");
    assert!(notice_tell(&room.client, &notice("kumoi", "x")).await.unwrap());
    let due = mail_due(&room.client).await.unwrap();
    assert_eq!(due.len(), 1, "{due:?}");
    assert_eq!((due[0].address.as_str(), due[0].code.as_deref()), ("a@example.lg.jp", None));
    mail_failed(&room.client, due[0].id, ("応答 451", false)).await.unwrap();
    assert!(mail_due(&room.client).await.unwrap().is_empty(), "tried again at once");
    let told = notice_list(&kasumi, 9).await.unwrap();
    let said: Vec<_> = told.iter().map(|it| (it.addresses, it.sent, it.fault.as_str())).collect();
    assert_eq!(said, [(1, 0, "応答 451"), (0, 0, ""), (0, 0, "")]);
    for _ in 0..9 {
        mail_failed(&room.client, due[0].id, ("応答 451", false)).await.unwrap();
    }
    room.client.batch_execute("update control.mail set next_at = now()").await.unwrap();
    assert!(mail_due(&room.client).await.unwrap().is_empty(), "tried for ever");
    assert!(address_remove(&kasumi, id).await.unwrap());
    assert!(!address_remove(&kasumi, id).await.unwrap());
    // Who is being deleted is forgotten.
    address_ask(&kasumi, "b@example.lg.jp", "kanri").await.unwrap();
    let sql = "insert into control.deletion
            (organisation, requested_by, approved_by, state, export, journal_last, audit_last)
        values ('kasumi', 'a', 'b', '書出し済', repeat('0', 64), 0, 0);
        update control.deletion set state = '消去中'";
    room.client.batch_execute(sql).await.unwrap();
    assert!(address_list(&kasumi).await.unwrap().is_empty());
    assert!(mail_due(&room.client).await.unwrap().is_empty(), "written to who has left");
}

/// Who cannot confirm an address cannot have it written to without end, also not by removing it.
#[tokio::test]
async fn a_stranger_is_written_to_three_times_a_day_and_no_more() {
    let room = Room::new().await;
    let (kasumi, kumoi) = (room.buyer("kasumi").await, room.buyer("kumoi").await);
    let ask = async |number: i32| address_ask(&kasumi, &format!("a{number}@x.jp"), "kanri").await;
    for round in 0..3 {
        ask(0).await.unwrap();
        let id = address_list(&kasumi).await.unwrap()[0].id;
        match round {
            0 => assert!(address_remove(&kasumi, id).await.unwrap()),
            _ => {
                let later = "update control.mail_address set added_at = now() - interval '1 hour'";
                room.client.batch_execute(later).await.unwrap();
            }
        }
    }
    for again in ["a0@x.jp", "A0@X.jp"] {
        let said = address_ask(&kasumi, again, "kanri").await.unwrap_err().to_string();
        assert!(said.contains("一日三回"), "{said}");
    }
    assert_eq!(mail_due(&room.client).await.unwrap().len(), 1);
    // Another body's day is its own; so is tomorrow.
    address_ask(&kumoi, "a0@x.jp", "kanri").await.unwrap();
    room.client.batch_execute("update control.mail_asked set day = day - 1").await.unwrap();
    ask(0).await.unwrap();
    // Nor many strangers by one body.
    let mut asked = 1;
    let said = loop {
        let id = address_list(&kasumi).await.unwrap()[0].id;
        address_remove(&kasumi, id).await.unwrap();
        match ask(asked).await {
            Ok(()) => asked += 1,
            Err(error) => break error.to_string(),
        }
    };
    assert!(asked == 10 && said.contains("一日十回"), "{asked} {said}");
}

#[tokio::test]
async fn a_body_reaches_its_own_addresses_and_no_code() {
    let room = Room::new().await;
    let (kasumi, kumoi) = (room.buyer("kasumi").await, room.buyer("kumoi").await);
    for wrong in ["", "a", "a@b", "a@b c.jp", "a@example.jp\r\nRCPT TO:<b@x.jp>", "<a@b.jp>"] {
        let said = address_ask(&kasumi, wrong, "kanri").await.unwrap_err().to_string();
        assert!(said.contains("メールアドレスとして読めません"), "{wrong}: {said}");
    }
    for number in 0..5 {
        address_ask(&kasumi, &format!("a{number}@example.jp"), "kanri").await.unwrap();
    }
    let said = address_ask(&kasumi, "a9@example.jp", "kanri").await.unwrap_err().to_string();
    assert!(said.contains("五つまで"), "{said}");
    let code = room.code().await;
    let id = address_list(&kasumi).await.unwrap()[0].id;
    for _ in 0..5 {
        assert!(!address_confirm(&kasumi, id, "00000000").await.unwrap());
    }
    assert!(!address_confirm(&kasumi, id, &code).await.unwrap(), "tried without end");
    assert!(address_list(&kumoi).await.unwrap().is_empty());
    assert!(!address_remove(&kumoi, id).await.unwrap());
    for sql in [
        "select code from control.mail",
        "select digest from control.mail_address",
        "update control.mail_address set confirmed_at = now()",
        "insert into control.notice (organisation, key, subject, words)
           values ('kasumi', 'x', 'x', 'x')",
        "delete from control.mail",
    ] {
        assert!(kasumi.execute(sql, &[]).await.is_err(), "{sql}");
    }
    assert!(!relay_known(&kasumi).await.unwrap());
    relay_put(&room.client, Some("localhost:25")).await.unwrap();
    assert!(relay_known(&kasumi).await.unwrap());
    relay_put(&room.client, None).await.unwrap();
    assert!(!relay_known(&kasumi).await.unwrap());
}
