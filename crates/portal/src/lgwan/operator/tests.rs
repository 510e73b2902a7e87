//! Two operators and an auditor at the plane: strangers are turned away, one plans and another
//! approves, nobody approves alone, what is held is shown with the provider's words; on a real
//! server, with the operator's own login.

mod pages;

use std::collections::BTreeMap;

use axum::Router;
use axum::http::{StatusCode, header};
use base::date::day_in_japan;
use jiff::Timestamp;
use office::staff::{NewAccount, account_create, sample_codes};
use store::Connection;
use store::cluster::{Cluster, ClusterOptions};
use store::control::control_open;
use store::control::plane::{
    Begun, Journal, Mark, blueprint_approve_in_emergency, blueprint_begin, blueprint_cut,
    head_read, operator_admit, operator_register, request_answer, request_list, step_list,
};
use store::organisation::{Credentials, Installer, OPERATOR, Organisation};
use store::testing::{Place, sample_organisation};
use tower::ServiceExt;

use super::{PAGES, ago};
use crate::component::language::Language;
use crate::counter::api::tests::stage::PASSWORD;
use crate::lgwan::tests::{Answer, answer, check, printer, request};
use crate::lgwan::{LgwanState, router};
use crate::route::Access;

const OPERATORS: [&str; 2] = ["first_agency", "second_agency"];
const PEOPLE: [(&str, &str); 4] =
    [("one", "operator"), ("two", "operator"), ("looks", "auditor"), ("left", "operator")];

struct Scene {
    cluster: Cluster,
    installer: Installer,
    control: Connection,
    router: Router,
    cookies: BTreeMap<String, String>,
    _place: Place,
}

impl Scene {
    async fn build() -> Scene {
        let place = Place::new();
        let options = ClusterOptions::for_tests(place.folder());
        let cluster = Cluster::start(&options).await.expect("the cluster starts");
        let installer = Installer::new(cluster.installer("postgres"));
        let templates = installer.prepare(&[]).await.expect("templates");
        let control = control_open(&installer).await.expect("the control database");
        let mut held = Vec::new();
        for id in OPERATORS {
            let operator = Organisation { kind: OPERATOR.to_owned(), ..sample_organisation(id) };
            held.push(installer.operator_create(&operator, &templates).await.expect("an operator"));
            operator_admit(&control, &operator).await.expect("it is let in");
            for (person, _) in PEOPLE.iter().filter(|(person, _)| *person != "left") {
                let named = (*person, "見本　運用");
                operator_register(&control, &operator, named).await.expect("a person");
            }
        }
        let router = router(LgwanState::new(held.clone(), printer()).expect("a state"));
        let cookies = BTreeMap::new();
        let mut scene = Scene { cluster, installer, control, router, cookies, _place: place };
        for own in &held {
            scene.people(own).await;
        }
        scene
    }

    async fn people(&mut self, own: &Credentials) {
        let agency = &own.organisation.id;
        let staff = own.database(own.staff.as_ref(), own.staff_vault.as_deref(), 2).expect("staff");
        for (number, (id, role)) in PEOPLE.iter().enumerate() {
            let account = NewAccount {
                id: (*id).to_owned(),
                name: format!("見本　{id}"),
                password: PASSWORD.to_owned(),
                totp_secret: vec![u8::try_from(number).expect("few") + 1; 20],
                roles: vec![(*role).to_owned()],
                valid_from: day_in_japan(Timestamp::now()),
            };
            account_create(&staff, &account).await.expect("an account");
        }
        for (id, .., code) in sample_codes(&staff, Timestamp::now()).await.expect("codes") {
            let form = format!("id={id}&password={PASSWORD}&code={code}");
            let path = format!("/operators/{agency}/sign-in");
            let asked = request("POST", &path, "", Some(&form));
            let answer = self.router.clone().oneshot(asked).await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
            let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("a text");
            let cookie = cookie.split(';').next().expect("a pair").to_owned();
            self.cookies.insert(format!("{agency}/{id}"), cookie);
        }
    }

    /// Asks as somebody of the first operator.
    async fn ask(&self, person: &str, path: &str, form: Option<&str>) -> Answer {
        let cookie = &self.cookies[&format!("first_agency/{person}")];
        let path = format!("/operators/first_agency{path}");
        let verb = if form.is_some() { "POST" } else { "GET" };
        answer(self.router.clone(), request(verb, &path, cookie, form)).await
    }

    /// Sends a form with the token of its session.
    async fn send(&self, person: &str, path: &str, fields: &str) -> Answer {
        let page = self.ask(person, "", None).await.text;
        let token = page.split("name=\"csrf\" value=\"").nth(1).expect("a token");
        let token = token.split('"').next().expect("its end");
        self.ask(person, path, Some(&format!("csrf={token}&{fields}"))).await
    }

    /// A draft of somebody: its number and hash.
    async fn draft(&self, person: &str, body: &str) -> (i64, String) {
        let wish = format!("wish={}&note=試し", wish(body));
        let made = self.send(person, "/plan", &wish).await;
        check(&made, 303, &[]);
        let id = made.location.rsplit('/').next().and_then(|it| it.parse().ok()).expect("a number");
        (id, head_read(&self.control, id).await.expect("a head").hash)
    }
}

fn wish(body: &str) -> String {
    let text = format!(
        "environments:\n  - {{body: '{body}', kind: production, provider: aws, regions: [east], \
         budget_yen: 1200000, systems: {{seal-registration: '1.0'}}}}\n"
    );
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_plans_another_approves_and_all_see_how_far_it_is() {
    let mut scene = Scene::build().await;
    strangers_are_turned_away(&scene).await;
    the_nation_is_shown(&scene).await;
    let id = it_is_planned_and_approved(&scene).await;
    it_is_asked_for_held_and_taken_up(&mut scene, id).await;
    pages::health_is_worst_first(&scene).await;
    pages::what_a_check_found_is_shown(&scene).await;
    pages::a_plan_of_waves_comes_into_force(&scene).await;
    pages::a_quota_is_granted(&scene).await;
    pages::a_body_that_left_is_not_missed(&scene).await;
    what_was_given_up_is_not_done(&mut scene, id).await;
    an_emergency_is_red(&mut scene).await;
    scene.cluster.stop().await.expect("it stops");
}

async fn strangers_are_turned_away(scene: &Scene) {
    for page in PAGES.iter().filter(|page| page.access != Access::Open) {
        let path = page.path.replace("{organisation}", "first_agency").replace("{step}", "approve");
        let path = path.replace("{blueprint}", "1").replace("{prefecture}", "13");
        let path = path.replace("{wave}", "1");
        let (path, verb) = (path.replace("{body}", "131016"), page.verb.word().to_uppercase());
        let foreign = scene.cookies["second_agency/one"].as_str();
        for cookie in ["", "kumoi_operator=nothing", foreign] {
            let asked = request(&verb, &path, cookie, Some("csrf=x"));
            let answered = answer(scene.router.clone(), asked).await;
            assert_eq!(answered.location, "/operators/first_agency/sign-in", "{path}");
        }
        if matches!(page.access, Access::Roles(_)) {
            let path = path.trim_start_matches("/operators/first_agency");
            let form = (verb == "POST").then_some("csrf=x");
            let refused = scene.ask("looks", path, form).await;
            check(&refused, 403, &["この操作ができるのは運用担当です"]);
        }
    }
    // An operator is no municipality of this zone, and the other way round.
    let asked = request("GET", "/first_agency/sign-in", "", None);
    check(&answer(scene.router.clone(), asked).await, 404, &[]);
    let asked = request("GET", "/operators", "", None);
    check(&answer(scene.router.clone(), asked).await, 200, &["/operators/first_agency/sign-in"]);
}

async fn the_nation_is_shown(scene: &Scene) {
    let page = scene.ask("looks", "", None).await;
    check(&page, 200, &["1,741", "府省庁（見本）", "止まっている手順はありません", "承認を待つ"]);
    let page = scene.ask("looks", "?lang=en", None).await;
    check(&page, 200, &["Municipalities", "1,741", "Nothing is stuck"]);
    check(&scene.ask("looks", "/tree", None).await, 200, &["東京都", "/tree/13", "見本庁"]);
    let path = "/tree?q=%E5%8D%83%E4%BB%A3%E7%94%B0";
    check(&scene.ask("looks", path, None).await, 200, &["東京都千代田区", "/bodies/131016"]);
    check(&scene.ask("looks", "/tree/13", None).await, 200, &["市区町村 62", "131016"]);
    check(&scene.ask("looks", "/tree/48", None).await, 404, &[]);
    let page = scene.ask("looks", "/bodies/131016", None).await;
    check(&page, 200, &["台帳に何もありません"]);
    check(&scene.ask("looks", "/bodies/999999", None).await, 404, &[]);
    check(&scene.ask("one", "/plan", None).await, 200, &["要望（YAML）"]);
}

async fn it_is_planned_and_approved(scene: &Scene) -> i64 {
    check(&scene.ask("one", "/plan", Some("csrf=x&wish=x")).await, 403, &[]);
    let broken = scene.send("one", "/plan", &format!("wish={}", wish("999999"))).await;
    check(&broken, 422, &["団体「999999」は木にありません"]);
    let unknown = scene.send("left", "/plan", &format!("wish={}", wish("131016"))).await;
    // What was written stays on the page.
    check(&unknown, 422, &["運用担当として登録されていません", "budget_yen: 1200000"]);
    let (id, hash) = scene.draft("one", "131016").await;
    let path = format!("/blueprints/{id}");
    let words = ["東京都千代田区", "区画", "業務システム", "少なくとも", "1,200,000"];
    let own = scene.ask("one", &path, None).await;
    check(&own, 200, &words);
    check(&own, 200, &["one@first_agency", &hash, "作った人とは別の人", "&quot;NotAction&quot;"]);
    assert!(!own.text.contains("この内容を承認する"));
    let other = scene.ask("two", &path, None).await;
    check(&other, 200, &["この内容を承認する", "却下する理由"]);
    assert!(!scene.ask("looks", &path, None).await.text.contains("この内容を承認する"));
    let page = format!("{path}?kind=system");
    check(&scene.ask("two", &page, None).await, 200, &["すべての種類を見る", "seal-registration"]);
    check(&scene.ask("two", &format!("{path}?lang=en"), None).await, 200, &["Accounts", "Reject"]);
    let step = |name: &str| format!("{path}/{name}");
    let fields = format!("hash={hash}");
    let alone = scene.send("one", &step("approve"), &fields).await;
    check(&alone, 409, &["ほかの人が承認してください"]);
    check(&scene.send("two", &step("approve"), "hash=0000").await, 409, &["見た内容と違います"]);
    check(&scene.send("left", &step("approve"), &fields).await, 409, &["登録されていません"]);
    check(&scene.send("two", &step("reject"), &fields).await, 422, &["却下する理由を入れて"]);
    check(&scene.send("two", &step("dream"), &fields).await, 404, &[]);
    check(&scene.send("two", &step("apply"), &fields).await, 409, &["承認されていない"]);
    check(&scene.send("two", &step("approve"), &fields).await, 303, &[]);
    let head = head_read(&scene.control, id).await.expect("a head");
    assert_eq!(head.approved_by.as_deref(), Some("two@first_agency"));
    let (other, hash) = scene.draft("two", "011002").await;
    let reject = format!("/blueprints/{other}/reject");
    check(&scene.send("one", &reject, &format!("hash={hash}&reason=予算前")).await, 303, &[]);
    let page = scene.ask("one", &format!("/blueprints/{other}"), None).await;
    check(&page, 200, &["却下", "予算前"]);
    id
}

async fn it_is_asked_for_held_and_taken_up(scene: &mut Scene, id: i64) {
    let (apply, path) =
        (format!("/blueprints/{id}/apply"), format!("/blueprints/{id}/application"));
    check(&scene.send("one", &apply, "").await, 303, &[]);
    check(&scene.send("two", &apply, "").await, 409, &["もう求められています"]);
    check(&scene.ask("one", &path, None).await, 200, &["適用しています", "0 / "]);
    assert_eq!(request_list(&scene.control).await.expect("requests").len(), 1);
    let begun = blueprint_begin(&mut scene.control, id).await.expect("begun");
    let Begun::Yes(generation) = begun else { panic!("{begun:?}") };
    let journal = Journal::open(&scene.installer, (id, generation)).await.expect("a journal");
    let steps = step_list(&scene.control, id).await.expect("steps");
    let own: Vec<_> = steps.iter().filter(|it| it.planned.environment.starts_with("13")).collect();
    let mark = |at: usize, mark| (own[at].planned.id.clone(), mark);
    journal.mark(&[mark(0, Mark::Started)]).await.expect("a mark");
    journal.mark(&[mark(0, Mark::Done(Some("111122223333".to_owned())))]).await.expect("a mark");
    journal.mark(&[mark(1, Mark::Started)]).await.expect("a mark");
    let held = Mark::Held("断られました（AccessDenied: 見本の言葉）".to_owned());
    journal.mark(&[mark(1, held)]).await.expect("a mark");
    drop(journal);
    let sql = "update control.blueprint_step set started_at = now() - interval '3 hours 5 minutes'
               where state = '保留'";
    scene.control.batch_execute(sql).await.expect("time passes");
    request_answer(&scene.control, id, "済んだ手順 1、保留 1").await.expect("an answer");
    let page = scene.ask("looks", &path, None).await;
    check(
        &page,
        200,
        &["保留：作成 placement（1）", "AccessDenied: 見本の言葉", "3時間5分", "1 / "],
    );
    let page = scene.ask("looks", "", None).await;
    check(&page, 200, &["15分たっても済んでいない手順があります", "AccessDenied", "3時間5分"]);
    let page = scene.ask("looks", "/bodies/131016", None).await;
    check(&page, 200, &["111122223333", "区画"]);
    check(
        &scene.ask("looks", "/tree/13", None).await,
        200,
        &["適合環境あり 0", "作りかけ 1", "保留 1"],
    );
    let blueprint = format!("/blueprints/{id}");
    let page = scene.ask("two", &blueprint, None).await;
    check(
        &page,
        200,
        &["続きから適用する", "適用の結果： 済んだ手順 1、保留 1", "残りを取り止める"],
    );
    let cut = format!("/blueprints/{id}/cut");
    check(&scene.send("two", &cut, "reason=").await, 422, &["取り止める理由を入れてください"]);
    check(&scene.send("two", &apply, "").await, 303, &[]);
}

async fn what_was_given_up_is_not_done(scene: &mut Scene, id: i64) {
    request_answer(&scene.control, id, "済んだ手順 0、保留 1").await.expect("an answer");
    blueprint_cut(&mut scene.control, id, ("", "もう要らない")).await.expect("given up");
    let page = scene.ask("looks", &format!("/blueprints/{id}/application"), None).await;
    check(&page, 200, &["残りを取り止めました。済んだ手順 1、取り止めた手順 "]);
    assert!(!page.text.contains("完了しました"), "{}", page.text);
    let page = scene.ask("looks", &format!("/blueprints/{id}"), None).await;
    check(&page, 200, &["取止め", "済み 1、取止め ", "適用の進み具合"]);
}

async fn an_emergency_is_red(scene: &mut Scene) {
    let (id, hash) = scene.draft("one", "270008").await;
    let why = (hash.as_str(), "運用担当の鍵を失った");
    blueprint_approve_in_emergency(&mut scene.control, id, why).await.expect("approved");
    let page = scene.ask("looks", &format!("/blueprints/{id}"), None).await;
    let words = ["緊急の承認", "運用担当の鍵を失った", "class=\"error\"", "notice danger"];
    check(&page, 200, &words);
    // What was approved in the hash's name is not what somebody changed behind it.
    let sql = "alter table control.blueprint_step disable trigger keep_says;
               update control.blueprint_step set value = '{\"kind\": \"root\"}'";
    scene.control.batch_execute(sql).await.expect("somebody with all rights");
    let page = scene.ask("looks", &format!("/blueprints/{id}"), None).await;
    check(&page, 409, &["監査に知らせてください"]);
}

#[test]
fn times_are_said_in_two_units() {
    let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    for (since, japanese, english) in [
        ("2026-11-22T11:40:10Z", "19分", "19 min"),
        ("2026-11-22T08:55:00Z", "3時間5分", "3 h 5 min"),
        ("2026-11-20T09:00:00Z", "2日3時間", "2 d 3 h"),
        ("2026-11-22T12:00:01Z", "0分", "0 min"),
    ] {
        let since = since.parse().unwrap();
        assert_eq!(ago(Language::Japanese, since, now), japanese);
        assert_eq!(ago(Language::English, since, now), english);
    }
}
