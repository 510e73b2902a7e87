//! 保管金 and subsidies against a real database: what balances, what it refuses, and who sees what.

use expect_test::expect;
use tokio_postgres::Client;

use super::*;
use crate::cluster::{Cluster, ClusterOptions};
use crate::control::subsidy::{Subsidy, subsidy_add, subsidy_list, subsidy_write};
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
        }
        Room { client, cluster, _place: place }
    }

    async fn add(&mut self, organisation: &str, kind: Kind, yen: i64) -> Result<i64, String> {
        let entry = Entry {
            day: "2026-06-30".parse().unwrap(),
            organisation: organisation.to_owned(),
            kind,
            provider: "見本クラウド".to_owned(),
            yen,
            note: "5月分".to_owned(),
            actor: "試験".to_owned(),
        };
        let transaction = self.client.transaction().await.unwrap();
        let id = entry_add(&transaction, &entry).await.map_err(|error| error.to_string())?;
        transaction.commit().await.map_err(|error| crate::error::Failure(error).to_string())?;
        Ok(id)
    }

    /// Hands on what was billed, on a day.
    async fn hand_on(&mut self, day: &str, yen: i64) -> Result<i64, String> {
        let entry = Entry {
            day: day.parse().unwrap(),
            organisation: "kumoi".to_owned(),
            kind: Kind::HandedOn,
            provider: "見本クラウド".to_owned(),
            yen,
            note: "5月分".to_owned(),
            actor: "試験".to_owned(),
        };
        let transaction = self.client.transaction().await.unwrap();
        let id = entry_add(&transaction, &entry).await.map_err(|error| error.to_string())?;
        transaction.commit().await.map_err(|error| crate::error::Failure(error).to_string())?;
        Ok(id)
    }

    async fn reverse(&mut self, id: i64) -> Result<i64, String> {
        let transaction = self.client.transaction().await.unwrap();
        let words = ("2026-07-01".parse().unwrap(), "誤り", "試験");
        let done = entry_reverse(&transaction, id, words).await.map_err(|it| it.to_string())?;
        transaction.commit().await.map_err(|error| crate::error::Failure(error).to_string())?;
        Ok(done)
    }

    async fn said(client: &Client) -> String {
        let mut text = String::new();
        for it in statement_list(client, "2026-12-31".parse().unwrap()).await.unwrap() {
            text += &format!(
                "{} 請求{} 受入{} 払渡{} 払戻{} 保管{} 未収{} 未払{}\n",
                it.organisation,
                it.billed,
                it.received,
                it.handed_on,
                it.returned,
                it.held,
                it.receivable,
                it.payable
            );
        }
        text
    }

    /// What the database says to a statement of its owner.
    async fn refused(&self, sql: &str) -> String {
        let error = self.client.batch_execute(sql).await.unwrap_err();
        crate::error::Failure(error).to_string()
    }
}

#[tokio::test]
async fn deposits_balance_and_never_fall_below_nothing() {
    let mut room = Room::new().await;
    let billed = room.add("kasumi", Kind::Billed, 1_000).await.unwrap();
    let short = room.add("kasumi", Kind::HandedOn, 1).await.unwrap_err();
    expect!["23514 the deposit of kasumi would be below nothing "].assert_eq(&short);
    room.add("kasumi", Kind::Received, 1_200).await.unwrap();
    room.add("kumoi", Kind::Received, 50).await.unwrap();
    room.add("kasumi", Kind::HandedOn, 1_000).await.unwrap();
    room.add("kasumi", Kind::Returned, 150).await.unwrap();
    // What came on the 30th was not there the day before.
    assert!(room.hand_on("2026-06-29", 1).await.unwrap_err().contains("below nothing"));
    let handed = room.hand_on("2026-07-02", 50).await.unwrap();
    room.reverse(handed).await.unwrap();
    // Another body's money is not there to be handed on.
    assert!(room.add("kasumi", Kind::HandedOn, 51).await.unwrap_err().contains("below nothing"));
    assert!(room.add("kasumi", Kind::Billed, 0).await.unwrap_err().contains("1 円以上"));
    expect![[r#"
        kasumi 請求1000 受入1200 払渡1000 払戻150 保管50 未収-50 未払0
        kumoi 請求0 受入50 払渡0 払戻0 保管50 未収-50 未払0
    "#]]
    .assert_eq(&Room::said(&room.client).await);
    let reversal = room.reverse(billed).await.unwrap();
    assert!(room.reverse(billed).await.unwrap_err().contains("もう取り消されている"));
    assert!(room.reverse(reversal).await.unwrap_err().contains("取消そのもの"));
    assert!(room.reverse(999).await.unwrap_err().contains("見つかりません"));
    expect![[r#"
        kasumi 請求0 受入1200 払渡1000 払戻150 保管50 未収-1050 未払-1000
        kumoi 請求0 受入50 払渡0 払戻0 保管50 未収-50 未払0
    "#]]
    .assert_eq(&Room::said(&room.client).await);
}

#[tokio::test]
async fn the_database_itself_keeps_the_books_straight() {
    let mut room = Room::new().await;
    room.add("kasumi", Kind::Billed, 1_000).await.unwrap();
    let entry = "insert into control.deposit_entry (day, organisation, kind, provider, note, actor)
                 values ('2026-06-30', 'kasumi', '請求', 'x', 'x', 'x')";
    let line = |debit, credit| {
        format!(
            "insert into control.deposit_line (entry, account, debit_yen, credit_yen) values
             (currval('control.deposit_entry_id_seq'), '未収利用料', {debit}, 0),
             (currval('control.deposit_entry_id_seq'), '未払利用料', 0, {credit})"
        )
    };
    assert!(
        room.refused(&format!("begin; {entry}; {}; commit", line(5, 4))).await.contains("balance")
    );
    room.client.batch_execute("rollback").await.unwrap();
    assert!(room.refused(entry).await.contains("does not balance"));
    for sql in [
        "update control.deposit_line set debit_yen = 1",
        "delete from control.deposit_line",
        "update control.deposit_entry set note = ''",
        "truncate control.invoice, control.deposit_line, control.deposit_entry",
    ] {
        assert!(room.refused(sql).await.contains("is never changed"), "{sql}");
    }
    room.client.batch_execute(&format!("begin; {entry}; {}; commit", line(5, 5))).await.unwrap();
}

#[tokio::test]
async fn a_municipality_sees_its_own_deposits_only() {
    let mut room = Room::new().await;
    room.add("kasumi", Kind::Received, 700).await.unwrap();
    room.add("kumoi", Kind::Received, 50).await.unwrap();
    let transaction = room.client.transaction().await.unwrap();
    for organisation in ["kasumi", "kumoi"] {
        subsidy_add(&transaction, &subsidy(organisation), ("試験", "")).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let sql = "create role kasumi_lgwan login password 'test' in role kumoi_buyer;
               grant connect on database kumoi_control to kasumi_lgwan";
    room.client.batch_execute(sql).await.unwrap();
    let mut config = room.cluster.installer(crate::control::DATABASE);
    config.user("kasumi_lgwan").password("test");
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let said = Room::said(&client).await;
    expect![["kasumi 請求0 受入700 払渡0 払戻0 保管700 未収-700 未払0\n"]].assert_eq(&said);
    let until = "2026-12-31".parse().unwrap();
    let booked = entry_list(&client, until, 9).await.unwrap();
    assert_eq!(booked.len(), 1, "{booked:?}");
    let one = &booked[0];
    assert_eq!((one.debit.as_str(), one.credit.as_str(), one.yen), ("保管金", "未収利用料", 700));
    assert!(entry_list(&client, "2026-01-01".parse().unwrap(), 9).await.unwrap().is_empty());
    let own: Vec<String> =
        subsidy_list(&client).await.unwrap().into_iter().map(|it| it.organisation).collect();
    assert_eq!(own, ["kasumi"]);
    // The runs that it has a share in, without the sums of all.
    let run = "insert into control.cost_run (actor, month, total_yen, unassigned_yen, basis)
        values ('x', '2026-05-01', 9, 0, '{}'), ('x', '2026-06-01', 9, 0, '{}');
        insert into control.cost_share (run, method, organisation, system, yen, trace, working)
        values (1, '均等', 'kasumi', 's', 4, '', ''), (2, '均等', 'kumoi', 's', 5, '', '')";
    room.client.batch_execute(run).await.unwrap();
    let runs = client.query("select id, month from control.cost_run", &[]).await.unwrap();
    assert_eq!(runs.iter().map(|row| row.get::<_, i64>(0)).collect::<Vec<_>>(), [1]);
    assert!(room.refused("update control.cost_share set yen = 0").await.contains("never changed"));
    for sql in [
        "insert into control.deposit_entry (day, organisation, kind, provider, note, actor)
         values ('2026-06-30', 'kasumi', '受入', 'x', 'x', 'x')",
        "select from control.cost_daily",
        "select account from control.cost_owner",
        "select total_yen, basis from control.cost_run",
        "update control.subsidy set state = '精算'",
    ] {
        let error = crate::error::Failure(client.batch_execute(sql).await.unwrap_err()).to_string();
        assert!(error.starts_with("42501"), "{sql}: {error}");
    }
}

fn subsidy(organisation: &str) -> Subsidy {
    Subsidy {
        id: 0,
        organisation: organisation.to_owned(),
        programme: "補助率・全額".to_owned(),
        fiscal_year: 2026,
        state: "申請".to_owned(),
        applied_yen: 5_000,
        decided_yen: None,
        advanced_yen: 0,
        actual_yen: None,
        settled_yen: None,
        trace: "見本".to_owned(),
    }
}

#[tokio::test]
async fn a_subsidy_takes_one_step_at_a_time() {
    let mut room = Room::new().await;
    let transaction = room.client.transaction().await.unwrap();
    let id = subsidy_add(&transaction, &subsidy("kasumi"), ("試験", "")).await.unwrap();
    let decided =
        Subsidy { id, state: "交付決定".into(), decided_yen: Some(4_000), ..subsidy("kasumi") };
    let applied = Subsidy { id, ..subsidy("kasumi") };
    let step = (&decided, &applied, Some(4_000));
    subsidy_write(&transaction, step, ("試験", "")).await.unwrap();
    let again = subsidy_write(&transaction, step, ("試験", "")).await.unwrap_err();
    assert!(again.to_string().contains("先に進めました"));
    transaction.commit().await.unwrap();
    assert_eq!(subsidy_list(&room.client).await.unwrap(), [decided]);
    // More than was applied for, and a state without its amount.
    for sql in ["set decided_yen = 5001", "set state = '精算'"] {
        let refused = room.refused(&format!("update control.subsidy {sql}")).await;
        assert!(refused.starts_with("23514"), "{refused}");
    }
    assert!(room.refused("delete from control.subsidy_act").await.contains("is never changed"));
}
