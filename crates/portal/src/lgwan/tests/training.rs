//! A municipality's people ask for its training copy on the page, see how it stands and what it
//! holds, and are told when somebody else asked meanwhile; another municipality sees nothing of it.

use store::control::control_open;
use store::copybook::{
    Held, HeldAccount, HeldBack, Holdings, TRAININGS, copy_hold, copy_list, copy_note,
};
use store::organisation::CopyWish;

use super::{Answer, Scene, check};

/// What the forms of a page carry as the last thing asked for.
fn seen(page: &Answer) -> String {
    let seen = page.text.split("name=\"seen\" value=\"").nth(1).expect("a form");
    format!("seen={}", seen.split('"').next().expect("its end"))
}

fn held() -> Holdings {
    let text = str::to_owned;
    Holdings {
        systems: vec![Held {
            id: text("resident-record"),
            name: text("住民基本台帳"),
            name_en: text("Resident record"),
            version: text("7.7"),
            hash: "ab".repeat(32),
        }],
        refused: vec![HeldBack {
            name: text("児童手当"),
            installed: text("1"),
            version: text("2"),
            reasons: vec![text("項目がなくなる")],
        }],
        people: vec![HeldAccount { id: text("hayashi"), name: text("林　見本") }],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_training_copy_is_asked_for_and_seen() {
    let scene = Scene::build().await;
    let control = control_open(&scene.installer).await.expect("control");
    let page = scene.ask("first_city/kanri", "/training", None).await;
    check(&page, 200, &["まだ開いていません", "研修環境を開く", "住民の記録は一件も入りません"]);
    let reader = scene.ask("first_city/madoguchi", "/training", None).await;
    check(&reader, 200, &["求められるのは、管理者、課長、係長です"]);
    assert!(!reader.text.contains("研修環境を開く"));
    check(&scene.ask("first_city/kanri", "/training/close", None).await, 404, &[]);
    check(&scene.send("first_city/kanri", "/training/dream", "").await, 404, &[]);
    check(
        &scene.send("first_city/kanri", "/training/renew", "seen=").await,
        409,
        &["研修環境は開いていません", "まだ開いていません"],
    );
    // Pressed twice it is asked for once.
    for _ in 0..2 {
        let asked = scene.send("first_city/kanri", "/training/open", &seen(&page)).await;
        assert_eq!((asked.status.as_u16(), &*asked.location), (303, "/first_city/training"));
    }
    let late = scene.send("first_city/kacho", "/training/open", &seen(&page)).await;
    check(&late, 409, &["ほかの人が求めたか", "用意しています", "kanri"]);
    let all = copy_list(&control, &TRAININGS).await.expect("a list");
    assert_eq!((all.len(), all[0].wish, &*all[0].asked_by), (1, CopyWish::Open, "kanri"));
    copy_note(&control, (&TRAININGS, &all[0]), "基盤の側で誤り").await.expect("noted");
    let failed = scene.ask("first_city/kanri", "/training", None).await;
    check(&failed, 200, &["できていません: 基盤の側で誤り"]);
    copy_hold(&control, (&TRAININGS, "first_city"), &held()).await.expect("held");
    copy_note(&control, (&TRAININGS, &all[0]), "").await.expect("noted");
    let open = scene.ask("first_city/kacho", "/training", None).await;
    check(
        &open,
        200,
        &[
            "使えます",
            "/first_city_kenshu/sign-in",
            "7.7",
            "abababababab",
            "項目がなくなる",
            "hayashi",
            "作り直す（中身は消えます）",
            "できない",
        ],
    );
    let english = scene.ask("first_city/kacho", "/training?lang=en", None).await;
    check(&english, 200, &["It can be used", "Resident record", "Could not be done"]);
    let renewing = scene.ask("first_city/kacho", "/training/renew", None).await;
    check(&renewing, 200, &["元に戻せません"]);
    let closing = scene.ask("first_city/kanri", "/training/close?lang=en", None).await;
    check(&closing, 200, &["lost for good"]);
    two_ask_at_once(&scene, (&renewing, &closing)).await;
    it_is_closed_and_not_opened_without_a_contract(&scene).await;
    scene.cluster.stop().await.expect("it stops");
}

fn seen_of(at: &jiff::Timestamp) -> String {
    format!("seen={at}")
}

async fn two_ask_at_once(scene: &Scene, (renewing, closing): (&Answer, &Answer)) {
    // Two had the same page before them: the second is told, and sees how it stands now.
    check(&scene.send("first_city/kacho", "/training/renew", &seen(renewing)).await, 303, &[]);
    let second = scene.send("first_city/kanri", "/training/close", &seen(closing)).await;
    check(&second, 409, &["ほかの人が求めたか", "用意しています"]);
    // Nobody else's.
    let other = scene.ask("second_city/kanri", "/training", None).await;
    check(&other, 200, &["まだ開いていません"]);
}

async fn it_is_closed_and_not_opened_without_a_contract(scene: &Scene) {
    let control = control_open(&scene.installer).await.expect("control");
    let given_up = scene.ask("first_city/kanri", "/training/close", None).await;
    check(&scene.send("first_city/kanri", "/training/close", &seen(&given_up)).await, 303, &[]);
    let last = copy_list(&control, &TRAININGS).await.expect("a list").remove(0);
    copy_note(&control, (&TRAININGS, &last), "").await.expect("noted");
    let closed = scene.ask("first_city/kanri", "/training", None).await;
    check(&closed, 200, &["閉じています", "研修環境を開く"]);
    let sql = "update control.contract set state = '終了', ended_at = now()
               where organisation = 'first_city'";
    control.batch_execute(sql).await.expect("it ends");
    let unserved = scene.ask("first_city/kanri", "/training", None).await;
    check(&unserved, 200, &["提供中の契約がないため"]);
    let refused = scene.send("first_city/kanri", "/training/open", &seen_of(&last.asked_at)).await;
    check(&refused, 409, &["提供中の契約がないため"]);
}
