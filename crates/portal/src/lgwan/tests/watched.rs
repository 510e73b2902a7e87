//! Cost, availability, incidents and the report of the trial: each municipality sees its own, and
//! what concerns all.

use base::date::day_in_japan;
use cloud::cost::books::books_open;
use cloud::mail::mail_round;
use jiff::{Span, Timestamp};
use store::control::control_open;
use store::control::cost::transaction_commit;
use store::control::cost::{Budget, Run, Share, budget_put, run_add, transaction_begin};
use store::control::watch::{
    Heard, Incident, Watched, incident_end, incident_layer, incident_list, incident_note,
    incident_open, watch_book,
};

use super::{Scene, check};

/// An incident that goes on.
fn incident(organisation: Option<&str>, title: &str, by_watch: bool) -> Incident {
    Incident {
        id: 0,
        organisation: organisation.map(str::to_owned),
        service: "個人番号利用事務系".to_owned(),
        layer: "運用管理".to_owned(),
        title: title.to_owned(),
        began_at: Timestamp::now(),
        ended_at: None,
        by_watch,
        notes: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_costs_and_whether_it_answers() {
    let scene = Scene::build().await;
    let nothing = scene.ask("first_city/madoguchi", "/cost", None).await;
    check(&nothing, 200, &["請求がまだ按分されていません", "予算は登録されていません"]);
    let nothing = scene.ask("first_city/madoguchi", "/status", None).await;
    check(
        &nothing,
        200,
        &["いま分かっている障害はありません", "まだ確かめていません", "クラウドの提供者"],
    );
    let gaps = scene.ask("first_city/madoguchi", "/verification", None).await;
    check(&gaps, 200, &["クラウドの請求がまだない", "見張りの記録がまだありません", "未測定"]);
    costs(&scene).await;
    incidents(&scene).await;
    notices(&scene).await;
    no_login_writes(&scene).await;
    scene.cluster.stop().await.expect("it stops");
}

async fn costs(scene: &Scene) {
    let mut control = control_open(&scene.installer).await.expect("control");
    let month = day_in_japan(Timestamp::now()).first_of_month();
    assert!(books_open(&control, month).await.expect("books").allocate().is_err(), "no bill");
    let share = |method: &str, organisation: &str, yen| Share {
        method: method.to_owned(),
        organisation: organisation.to_owned(),
        system: "resident-record".to_owned(),
        yen,
        residents: Some(1_000),
        trace: format!("見本の計算 {yen}"),
        working: format!("国全体の計算 {yen}"),
    };
    let shares = [
        share("利用量", "first_city", 123_456),
        share("均等", "first_city", 222_222),
        share("利用量", "second_city", 777_777),
    ];
    let run = Run {
        id: 0,
        actor: "見本".to_owned(),
        month,
        total_yen: 901_233,
        unassigned_yen: 0,
        basis: serde_json::json!({}),
    };
    let transaction = transaction_begin(&mut control).await.expect("a transaction");
    run_add(&transaction, &run, &shares).await.expect("a run");
    transaction_commit(transaction).await.expect("it commits");
    let year = if month.month() >= 4 { month.year() } else { month.year() - 1 };
    let budget = Budget {
        organisation: Some("first_city".to_owned()),
        fiscal_year: i32::from(year),
        yen: 100_000,
        source: "議決の見本".to_owned(),
    };
    budget_put(&control, &budget).await.expect("a budget");
    let page = scene.ask("first_city/madoguchi", "/cost", None).await;
    let words =
        ["123,456", "222,222", "123.5", "見本の計算 123456", "議決の見本", "100％", "住民基本台帳"];
    check(&page, 200, &words);
    check(&page, 200, &["<svg", "月ごとの費用の図", "12.3万", "予算の一か月分 8,333円"]);
    assert!(!page.text.contains("国全体の計算"), "the sums of all are shown");
    assert!(!page.text.contains("777,777"), "another municipality's share is shown");
    let before = month.saturating_sub(Span::new().months(1)).strftime("%Y-%m").to_string();
    let page = scene.ask("first_city/madoguchi", &format!("/cost?month={before}"), None).await;
    check(&page, 200, &["123,456"]);
}

async fn incidents(scene: &Scene) {
    let control = control_open(&scene.installer).await.expect("control");
    let today = day_in_japan(Timestamp::now());
    let heard = |last_at| Heard {
        organisation: "first_city".to_owned(),
        watched: Watched {
            service: "個人番号利用事務系".to_owned(),
            day: today,
            checks: 2,
            failures: i32::from(last_at == Timestamp::UNIX_EPOCH),
            slowest_ms: 70,
            last_at,
        },
    };
    watch_book(&control, &[heard(Timestamp::UNIX_EPOCH)]).await.expect("booked");
    // What was asked long ago says nothing of now.
    let page = scene.ask("first_city/madoguchi", "/status", None).await;
    check(&page, 200, &["見張りが止まっています", "notice warning"]);
    watch_book(&control, &[heard(Timestamp::now())]).await.expect("booked");
    let page = scene.ask("first_city/madoguchi", "/status", None).await;
    check(&page, 200, &["notice success"]);
    let own = incident(Some("first_city"), "窓口が応答しません", true);
    let id = incident_open(&control, &own).await.expect("opened").expect("a number");
    assert_eq!(incident_open(&control, &own).await.expect("found again"), None);
    let all = incident(None, "東のセンターの工事", false);
    incident_open(&control, &all).await.expect("opened");
    let foreign = incident(Some("second_city"), "よその障害", false);
    incident_open(&control, &foreign).await.expect("opened");
    incident_note(&control, id, ("基盤", "調べています")).await.expect("noted");
    incident_layer(&control, id, "クラウド").await.expect("known");
    assert!(incident_layer(&control, id, "そら").await.is_err());
    let page = scene.ask("first_city/madoguchi", "/status", None).await;
    let words = ["75.00％", "届いていない", "1 / 4", "70", "窓口が応答しません", "調べています"];
    check(&page, 200, &words);
    check(
        &page,
        200,
        &["対応するのはクラウドの提供者", "東のセンターの工事", "標準の水準: 99.5％（"],
    );
    assert!(!page.text.contains("よその障害"));
    let now = (id, Timestamp::now());
    incident_end(&control, now, ("基盤", "部品を替えた")).await.expect("ended");
    assert!(incident_end(&control, now, ("基盤", "二度")).await.is_err());
    assert!(incident_note(&control, 999, ("基盤", "ない")).await.is_err());
    let page = scene.ask("first_city/madoguchi", "/status", None).await;
    check(&page, 200, &["部品を替えた"]);
    let report = scene.ask("first_city/madoguchi", "/verification", None).await;
    let words =
        ["稼働率 75.00％", "利用量による按分で", "クラウド（クラウドの提供者） 1", "測った"];
    check(&report, 200, &words);
}

/// What is told is on the page; an address is confirmed by its code, by the administrator alone.
async fn notices(scene: &Scene) {
    let control = control_open(&scene.installer).await.expect("control");
    let page = scene.ask("first_city/madoguchi", "/notices", None).await;
    let words =
        ["送信先のメールサーバが設定されていません", "通知はまだありません", "団体の管理者です"];
    check(&page, 200, &words);
    mail_round(&control, None, Timestamp::now()).await.expect("a round");
    let page = scene.ask("first_city/madoguchi", "/notices", None).await;
    check(&page, 200, &["予算の 100％に実績で達しました", "障害", "宛先なし"]);
    let wrong = scene.send("first_city/kanri", "/notices/add", "mail=kikaku").await;
    check(&wrong, 422, &["メールアドレスとして読めません", "value=\"kikaku\""]);
    let added = scene.send("first_city/kanri", "/notices/add", "mail=kikaku%40example.jp").await;
    check(&added, 303, &[]);
    let page = scene.ask("first_city/kanri", "/notices", None).await;
    check(&page, 200, &["kikaku@example.jp", "確認の番号の送信待ち", "確認する"]);
    let sql = "select a.id, m.code from control.mail m
               join control.mail_address a on a.id = m.address where m.code is not null";
    let row = control.query_one(sql, &[]).await.expect("a code");
    let (id, code): (i64, String) = (row.get(0), row.get(1));
    assert!(!page.text.contains(&code), "the code is on the page");
    let confirm = async |who: &str, code: &str| {
        scene.send(who, "/notices/confirm", &format!("address={id}&code={code}")).await
    };
    check(&confirm("first_city/kanri", "00000000").await, 422, &["番号が違うか"]);
    check(&confirm("second_city/kanri", &code).await, 422, &["番号が違うか"]);
    check(&confirm("first_city/kanri", &code).await, 303, &[]);
    check(&scene.ask("first_city/kanri", "/notices", None).await, 200, &["確認済"]);
    let removed = scene.send("first_city/kanri", "/notices/remove", &format!("address={id}")).await;
    check(&removed, 303, &[]);
    check(&scene.ask("first_city/kanri", "/notices", None).await, 200, &["宛先はありません"]);
    check(&scene.send("first_city/kanri", "/notices/dream", "").await, 404, &[]);
}

/// The login of a municipality reads its own and writes nothing.
async fn no_login_writes(scene: &Scene) {
    use cloud::Keeper;
    let kept = scene.keeper.load("second_city").expect("kept").expect("credentials").lgwan;
    let control = kept.database(kept.control().as_ref(), None, 1).expect("a pool");
    let client = control.client().await.expect("it is let in");
    let since = Timestamp::UNIX_EPOCH;
    let seen: Vec<String> = incident_list(&*client, since)
        .await
        .expect("incidents")
        .into_iter()
        .map(|one| one.title)
        .collect();
    assert_eq!(seen, ["よその障害", "東のセンターの工事"]);
    for sql in [
        "insert into control.incident (service, layer, title, found_by) values ('x', '国', 'x', '人')",
        "update control.incident set ended_at = now()",
        "insert into control.incident_note (incident, actor, words) values (1, 'x', 'x')",
        "delete from control.watched",
        "update control.cost_share set yen = 0",
        "select * from control.cost_run",
        "select working from control.cost_share",
    ] {
        assert!(client.execute(sql, &[]).await.is_err(), "{sql}");
    }
}
