//! 利用枠: what is in force is shown, two people ask, a foreign body sees nothing of it, and what is
//! full is said at the draft and refused at the signature.

use store::control::control_open;
use store::control::quota::{GB, QuotaKind, quota_measured};

use super::{DRAFT, Scene, check, offer};

pub(super) async fn it_is_shown_asked_for_and_held(scene: &Scene) {
    let (kanri, kacho) = ("first_city/kanri", "first_city/kacho");
    let page = scene.ask(kanri, "/quotas", None).await;
    check(&page, 200, &["20 GB", "30本", "40件", "既定（1万人未満）", "申込みはまだありません"]);
    check(&scene.ask(kanri, "/quotas?lang=en", None).await, 200, &["Quotas in force", "default"]);
    let looks = scene.ask("first_city/madoguchi", "/quotas", None).await;
    assert!(!looks.text.contains("起案する"), "who may not ask sees no form");
    let bare = scene.send(kanri, "/quotas", "kind=x&value=50&reason=").await;
    check(&bare, 422, &["どの枠かを選んでください", "なぜ要るかを入れてください", "value=\"50\""]);
    for (value, words) in [
        ("たくさん", "整数で入れてください（例：50 GB）"),
        ("1.5", "整数で入れてください"),
        ("50円", "整数で入れてください"),
        ("0", "1 GBから100,000 GBまで"),
        ("20", "いまの枠と同じです"),
    ] {
        let form = format!("kind=容量&value={value}&reason=写真が増える");
        check(&scene.send(kanri, "/quotas", &form).await, 422, &[words, "写真が増える"]);
    }
    let form = "kind=容量&value=１，０００ＧＢ&reason=写真が増える";
    check(&scene.send(kanri, "/quotas", form).await, 303, &[]);
    let own = scene.ask(kanri, "/quotas", None).await;
    check(&own, 200, &["1,000 GB", "別の人がします", "起案"]);
    let at = own.text.split("/first_city/quotas/").nth(1).expect("a form");
    let at = format!("/quotas/{}", at.split('/').next().expect("a number"));
    let step = |name: &str| format!("{at}/{name}");
    check(&scene.send(kanri, &step("decide"), "").await, 409, &["起案した人は決裁できません"]);
    check(&scene.send(kacho, &step("dream"), "").await, 404, &[]);
    check(&scene.send("second_city/kacho", &step("decide"), "").await, 404, &[]);
    let foreign = scene.ask("second_city/kanri", "/quotas", None).await;
    assert!(!foreign.text.contains("写真が増える"), "{}", foreign.text);
    check(&scene.send(kacho, &step("decide"), "").await, 303, &[]);
    check(&scene.ask(kanri, "/quotas", None).await, 200, &["国の運用担当の決定を待っています"]);
    let again = scene.send(kanri, "/quotas", "kind=容量&value=60&reason=もっと").await;
    check(&again, 422, &["申込みがもうあります", "もっと"]);
    check(&scene.send(kacho, &step("withdraw"), "").await, 303, &[]);
    check(&scene.ask(kanri, "/quotas", None).await, 200, &["取下げ"]);
    full_is_said_sooner_and_refused(scene).await;
}

async fn full_is_said_sooner_and_refused(scene: &Scene) {
    let (kanri, kacho) = ("first_city/kanri", "first_city/kacho");
    let compared = scene.ask(kanri, "/catalogue/child-medical-subsidy", None).await;
    let path = offer(&compared.text, 0);
    let free = scene.ask(kanri, &path, None).await;
    assert!(!free.text.contains("空きがない"), "{}", free.text);
    let control = control_open(&scene.installer).await.expect("the control database");
    let measured = async |used| {
        let what = ("first_city", QuotaKind::Capacity);
        quota_measured(&control, what, used).await.expect("it is noted");
    };
    measured(21 * GB).await;
    let words = ["105％", "窓口の仕事は続けられますが"];
    check(&scene.ask(kanri, "/quotas", None).await, 200, &words);
    let words = ["容量の利用枠（20 GB）に空きがない", "/first_city/quotas"];
    check(&scene.ask(kanri, &path, None).await, 200, &words);
    let drafted = scene.send(kanri, &path, DRAFT).await;
    check(&drafted, 303, &[]);
    let path = drafted.location.trim_start_matches("/first_city").to_owned();
    check(&scene.send(kacho, &format!("{path}/decide"), "").await, 303, &[]);
    let sign = format!("{path}/sign");
    let refused = scene.send(kanri, &sign, "").await;
    check(&refused, 409, &["容量の利用枠（20 GB）を使い切っています（いま21 GB）"]);
    check(&scene.ask(kanri, &path, None).await, 200, &["決裁済"]);
    measured(GB).await;
    check(&scene.send(kanri, &sign, "").await, 303, &[]);
}
