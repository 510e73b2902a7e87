//! Bodies that procure together: two municipalities join by two of their people each, the lead
//! plans, another drafts its own contract; an assistant, the own name as reference, an unknown
//! settled by hand; and the prefecture that looks on.

use axum::Router;
use axum::http::header;
use base::date::day_in_japan;
use jiff::Timestamp;
use office::staff::{NewAccount, account_create, sample_codes};
use store::control::prefecture::prefecture_admit;
use store::control::{control_open, organisation_register};
use store::organisation::{Organisation, PREFECTURE};
use store::testing::sample_organisation;
use tower::ServiceExt;

use super::fit::sent;
use super::{Answer, PASSWORD, Scene, answer, check, printer, quota, request};
use crate::lgwan::{LgwanState, prefecture, router};
use crate::route::Access;

const PLAN: &str =
    "system=child-medical-subsidy&method=随意契約&specification=共通の仕様&reason=比較";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_procure_together_and_contract_by_themselves() {
    let scene = Scene::build().await;
    let group = two_bodies_join(&scene).await;
    it_is_planned_and_drafted(&scene, &group).await;
    an_assistant_is_named(&scene).await;
    a_name_is_shown_only_with_consent(&scene).await;
    an_unknown_is_settled(&scene).await;
    a_prefecture_looks_on(&scene).await;
    quota::it_is_shown_asked_for_and_held(&scene).await;
    scene.cluster.stop().await.expect("it stops");
}

/// The path of a group that the first city leads and both have joined.
async fn two_bodies_join(scene: &Scene) -> String {
    let (kanri, kacho) = ("first_city/kanri", "first_city/kacho");
    let bare = scene.send(kanri, "/groups", "name=見本の会&pattern=X&purpose=").await;
    check(&bare, 422, &["型を選んでください", "何をするためかを", "見本の会"]);
    let form = "name=見本の会&pattern=B&purpose=共同で調達する";
    let made = scene.send(kanri, "/groups", form).await;
    check(&made, 303, &[]);
    let path = made.location.trim_start_matches("/first_city").to_owned();
    check(&scene.ask("second_city/kanri", &path, None).await, 404, &[]);
    let at = |step: &str| format!("{path}/{step}");
    check(&scene.send(kanri, &at("invite"), "organisation=").await, 422, &["招く団体を選んで"]);
    check(&scene.send(kanri, &at("invite"), "organisation=second_city").await, 303, &[]);
    for city in ["first_city", "second_city"] {
        let who = |id: &str| format!("{city}/{id}");
        check(&scene.send(&who("kanri"), &at("draft"), "").await, 303, &[]);
        let alone = scene.send(&who("kanri"), &at("decide"), "").await;
        check(&alone, 409, &["起案した人は決裁できません"]);
        check(&scene.send(&who("kacho"), &at("decide"), "").await, 303, &[]);
    }
    check(&scene.send(kacho, &at("leave"), "reason=").await, 422, &["脱退の理由を"]);
    let page = scene.ask(kanri, &path, None).await;
    check(&page, 200, &["見本の会", "参加", "案を作る", "団体を招く", "発足"]);
    let other = scene.ask("second_city/kanri", &path, None).await;
    assert!(!other.text.contains("団体を招く"), "only the lead invites");
    path
}

async fn it_is_planned_and_drafted(scene: &Scene, group: &str) {
    let (kanri, kacho) = ("first_city/kanri", "first_city/kacho");
    let plans = format!("{group}/plans");
    let page = scene.ask(kanri, &format!("{plans}?system=child-medical-subsidy"), None).await;
    check(&page, 200, &["合計", "＝", "案にする"]);
    let offer = page.text.split("name=\"offer\" value=\"").nth(1).expect("an offer");
    let offer = offer.split('"').next().expect("its end");
    check(&scene.send(kanri, &plans, PLAN).await, 422, &["申出を選んでください", "共通の仕様"]);
    let planned = scene.send(kanri, &plans, &format!("{PLAN}&offer={offer}")).await;
    check(&planned, 303, &[]);
    let path = planned.location.trim_start_matches("/first_city").to_owned();
    let at = |step: &str| format!("{path}/{step}");
    let early = scene.send("second_city/kanri", &at("draft"), "budget=民生費").await;
    check(&early, 409, &["この案は決定していないか"]);
    check(&scene.send(kanri, &at("decide"), "").await, 409, &["作った人は決定できず"]);
    check(&scene.send("second_city/kacho", &at("decide"), "").await, 409, &[]);
    check(&scene.send(kacho, &at("decide"), "").await, 303, &[]);
    let bare = scene.send("second_city/kanri", &at("draft"), "budget=").await;
    check(&bare, 422, &["予算のない契約はできません"]);
    // An offer that is withdrawn meanwhile takes no typed word with it.
    let control = control_open(&scene.installer).await.expect("the control database");
    let gone =
        |at: &str| format!("update control.offer set withdrawn_at = {at} where id = {offer}");
    control.batch_execute(&gone("now()")).await.expect("withdrawn");
    let late = scene.send("second_city/kanri", &at("draft"), "budget=見本の科目").await;
    check(&late, 422, &["新しい版に替えたため、起案できません", "見本の科目"]);
    control.batch_execute(&gone("null")).await.expect("on offer");
    let drafted = scene.send("second_city/kanri", &at("draft"), "budget=民生費").await;
    check(&drafted, 303, &[]);
    let compared = scene.ask("second_city/kanri", "/catalogue/child-medical-subsidy", None).await;
    check(&compared, 200, &["の契約を見る", "で起案する", "この団体の月額（"]);
    let aged = |days: i32| format!("update control.metered set day = day - {days}");
    control.batch_execute(&aged(100)).await.expect("long ago");
    let compared = scene.ask("second_city/kanri", "/catalogue/child-medical-subsidy", None).await;
    check(&compared, 200, &["数を入れると計算します"]);
    assert!(!compared.text.contains("この団体の月額（"), "reckoned for nobody");
    let path_of = "/catalogue/child-medical-subsidy?residents=1000";
    let sized = scene.ask("second_city/kanri", path_of, None).await;
    check(&sized, 200, &["入れた数の住民1,000人"]);
    let wrong = "/catalogue/child-medical-subsidy?residents=x";
    check(&scene.ask("second_city/kanri", wrong, None).await, 200, &["0から1兆までの整数"]);
    control.batch_execute(&aged(-100)).await.expect("today");
    let contract = drafted.location.trim_start_matches("/second_city").to_owned();
    let page = scene.ask("second_city/kanri", &contract, None).await;
    check(&page, 200, &["共同調達「見本の会」", "起案", "民生費"]);
    let seen = scene.ask(kanri, &path, None).await;
    check(&seen, 200, &["起案", "合計"]);
    check(&scene.ask(kanri, &contract, None).await, 404, &[]);
}

async fn an_assistant_is_named(scene: &Scene) {
    let (kanri, kacho) = ("first_city/kanri", "first_city/kacho");
    let bare = scene.send(kanri, "/assistants", "vendor=x&duties=&from=x&until=R20.3.31").await;
    check(&bare, 422, &["カタログに申出のある事業者から", "何をしてもらうかを", "R20.3.31"]);
    let form = "vendor=a&duties=見守り&from=R8.4.1&until=R11.3.31";
    check(&scene.send(kanri, "/assistants", form).await, 303, &[]);
    let own = scene.send(kanri, "/assistants/1/decide", "").await;
    check(&own, 409, &["指定を起案した人は決裁できず"]);
    check(&scene.send("second_city/kacho", "/assistants/1/decide", "").await, 404, &[]);
    check(&scene.send(kacho, "/assistants/1/decide", "").await, 303, &[]);
    check(&scene.ask(kanri, "/assistants", None).await, 200, &["指定（期間中）", "見守り"]);
    check(&scene.ask(kanri, "/status", None).await, 200, &["運用管理補助者: "]);
    let bare = scene.send(kanri, "/assistants/1/revoke", "assistant=1&reason=").await;
    check(&bare, 422, &["取消しの理由を"]);
    check(&scene.send(kanri, "/assistants/1/revoke", "reason=交代").await, 303, &[]);
    let gone = scene.ask(kanri, "/status", None).await;
    assert!(!gone.text.contains("運用管理補助者: "), "{}", gone.text);
}

async fn a_name_is_shown_only_with_consent(scene: &Scene) {
    let (kanri, compare) = ("first_city/kanri", "/catalogue/resident-record");
    let page = scene.ask("second_city/kanri", compare, None).await;
    check(&page, 200, &["利用実績", "1万人未満 2団体", "まだ測っていない"]);
    let list = scene.ask(kanri, "/references", None).await;
    check(&list, 200, &["数だけ", "出してよいことにする"]);
    let show = list.text.split("/first_city/references/").nth(1).expect("a form");
    let show = format!("/references/{}", show.split('"').next().expect("its end"));
    check(&scene.send("second_city/kanri", &show, "").await, 404, &[]);
    check(&scene.send(kanri, &show, "").await, 303, &[]);
    let page = scene.ask("second_city/kanri", compare, None).await;
    check(&page, 200, &["1万人未満 2団体（見本市）"]);
}

async fn an_unknown_is_settled(scene: &Scene) {
    let kanri = "first_city/kanri";
    let list = "番号,業務,作業,必要な機能,重要度\n1,子ども医療費助成,受ける,どこにもない機能,中\n";
    let path = sent(scene, kanri, "child-medical-subsidy", list).await.location;
    let path = path.trim_start_matches("/first_city").to_owned();
    let page = scene.ask(kanri, &path, None).await.text;
    let offers = format!("/first_city{path}/offers/");
    let offer = page.split(&offers).nth(1).and_then(|it| it.split('"').next()).expect("an offer");
    let at = format!("{path}/offers/{offer}");
    let bare = scene.send(kanri, &at, "number=9&verdict=適合&source=x&reason=").await;
    check(&bare, 422, &["機械が判定したものは変えられません", "何で確かめたかを", "理由を入れて"]);
    let form = "number=1&verdict=要調整&source=実機での確認&reason=様式を足す";
    check(&scene.send(kanri, &at, form).await, 303, &[]);
    let page = scene.ask(kanri, &at, None).await;
    check(&page, 200, &["様式を足す", "要調整 2 点", "不明（1）"]);
    check(&scene.ask(kanri, &path, None).await, 200, &["100～100 %（1）", "人の判断: "]);
    check(&scene.send("second_city/kanri", &at, form).await, 404, &[]);
}

/// As if operators had made and adopted them.
const WAVES: &str = "
    alter table control.wave_plan disable trigger sign;
    insert into control.wave_plan (frame, moves, hash, state, made_by, decided_by, decided_at)
        values ('f', 'm', 'h', '採用', 'a@x', 'b@x', now()),
               ('f', 'm', 'h', '交代', 'a@x', 'b@x', now());
    alter table control.wave_plan enable trigger sign;
    insert into control.wave_slot (plan, body, system, vendor, month) values
        (1, '990019', 'a', 'vendor-a', '2027-01'), (1, '990019', 'b', 'vendor-b', '2027-03'),
        (1, '131016', 'a', 'vendor-elsewhere', '2029-09'),
        (2, '990019', 'c', 'vendor-c', '2028-08')";

/// A prefecture of the two cities, signed in.
async fn officer(scene: &Scene) -> (Router, String) {
    let control = control_open(&scene.installer).await.expect("the control database");
    let ken = Organisation {
        code: "990001".to_owned(),
        kind: PREFECTURE.to_owned(),
        ..sample_organisation("ken")
    };
    organisation_register(&control, &ken).await.expect("it is registered");
    let templates = scene.installer.prepare(&[]).await.expect("templates");
    let own = scene.installer.prefecture_create(&ken, &templates).await.expect("a prefecture");
    prefecture_admit(&control, &ken).await.expect("it is let in");
    let staff = own.database(own.staff.as_ref(), own.staff_vault.as_deref(), 2).expect("staff");
    let account = NewAccount {
        id: "kikaku".to_owned(),
        name: "見本　企画".to_owned(),
        password: PASSWORD.to_owned(),
        totp_secret: vec![1; 20],
        roles: vec!["chief".to_owned()],
        valid_from: day_in_japan(Timestamp::now()),
    };
    account_create(&staff, &account).await.expect("an account");
    let codes = sample_codes(&staff, Timestamp::now()).await.expect("codes");
    let (id, .., code) = codes.into_iter().next().expect("a code");
    let router = router(LgwanState::new(vec![own], printer()).expect("a state"));
    let form = format!("id={id}&password={PASSWORD}&code={code}");
    let asked = request("POST", "/prefectures/ken/sign-in", "", Some(&form));
    let signed = router.clone().oneshot(asked).await.expect("an answer");
    let cookie = signed.headers()[header::SET_COOKIE].to_str().expect("a text");
    (router, cookie.split(';').next().expect("a pair").to_owned())
}

async fn a_prefecture_looks_on(scene: &Scene) {
    let (router, cookie) = officer(scene).await;
    for page in prefecture::PAGES.iter().filter(|page| page.access != Access::Open) {
        let path = page.path.replace("{organisation}", "ken");
        let asked = request(&page.verb.word().to_uppercase(), &path, "", Some("csrf=x"));
        let answered = answer(router.clone(), asked).await;
        assert_eq!(answered.location, "/prefectures/ken/sign-in", "nobody at {path}");
    }
    let ask = async |path: &str, form: Option<&str>| -> Answer {
        let verb = if form.is_some() { "POST" } else { "GET" };
        let path = format!("/prefectures/ken{path}");
        answer(router.clone(), request(verb, &path, &cookie, form)).await
    };
    let page = ask("", None).await;
    check(
        &page,
        200,
        &["市区町村の進み", "見本市", "住民基本台帳", "2 / 2", "効力のある計画に、この"],
    );
    let control = control_open(&scene.installer).await.expect("the control database");
    control.batch_execute(WAVES).await.expect("a plan in force, and one that is not");
    let page = ask("", None).await;
    check(&page, 200, &["2027-03", "2027-01 a（vendor-a）、2027-03 b（vendor-b）"]);
    for hidden in ["2029-09", "2028-08", "vendor-elsewhere"] {
        assert!(!page.text.contains(hidden), "{hidden} is not for this prefecture");
    }
    assert!(!page.text.contains("民生費"), "no budget");
    check(&ask("/bodies/first_city", None).await, 200, &["提供中"]);
    check(&ask("/bodies/nowhere", None).await, 404, &[]);
    check(&ask("/groups/1", None).await, 404, &[]);
    check(&ask("/groups", Some("csrf=x&name=x")).await, 403, &[]);
    let token = page.text.split("name=\"csrf\" value=\"").nth(1).expect("a token");
    let token = token.split('"').next().expect("its end");
    let form = format!("csrf={token}&name=県の会&pattern=A&purpose=県が代表する");
    let made = ask("/groups", Some(&form)).await;
    check(&made, 303, &[]);
    let path = made.location.trim_start_matches("/prefectures/ken").to_owned();
    let form = format!("csrf={token}&organisation=second_city");
    check(&ask(&format!("{path}/invite"), Some(&form)).await, 303, &[]);
    let invited = scene.ask("second_city/kanri", &path, None).await;
    check(&invited, 200, &["県の会", "参加を起案する"]);
}
