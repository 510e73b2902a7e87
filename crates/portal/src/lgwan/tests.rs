//! A municipality compares two offers, contracts one, has it in service and sees what it costs; on
//! a real server, with its own login to the control database, beside another municipality.

mod cost;
mod fit;
mod group;
mod quota;
mod training;
mod watched;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base::date::day_in_japan;
use cloud::{Documents, Executor, Keeper, Kept, Packages, contract_sign, offer_publish};
use definition::System;
use jiff::Timestamp;
use office::staff::{NewAccount, account_create, sample_codes};
use print::{Printer, WorkerCommand};
use serde_json::json;
use store::cluster::{Cluster, ClusterOptions};
use store::control::{
    Step, contract_list, contract_step, control_open, offer_report_set, offers_without_report,
    signed_listen,
};
use store::organisation::{Credentials, Installer, Organisation};
use store::testing::{Place, sample_organisation};
use tower::ServiceExt;

use super::{LgwanState, PAGES, router};
use crate::component::asset::ASSETS;
use crate::counter::api::tests::stage::{PASSWORD, system};
use crate::route::Access;

const CITIES: [&str; 2] = ["first_city", "second_city"];
const PEOPLE: [(&str, &str); 3] =
    [("kanri", "administrator"), ("kacho", "manager"), ("madoguchi", "counter")];

/// Credentials in memory.
#[derive(Default)]
struct Pocket(Mutex<BTreeMap<String, Kept>>);

impl Keeper for Pocket {
    fn load(&self, id: &str) -> io::Result<Option<Kept>> {
        Ok(self.0.lock().expect("no panic").get(id).cloned())
    }

    fn store(&self, id: &str, kept: &Kept) -> io::Result<()> {
        self.0.lock().expect("no panic").insert(id.to_owned(), kept.clone());
        Ok(())
    }
}

/// The zone with two municipalities that have contracted one system each.
struct Scene {
    cluster: Cluster,
    installer: Installer,
    keeper: Pocket,
    base: Vec<Arc<System>>,
    packages: Packages,
    router: Router,
    cookies: BTreeMap<(String, String), String>,
    _place: Place,
}

/// What a page answered; the operators' tests ask in the same way.
pub(super) struct Answer {
    pub status: StatusCode,
    pub location: String,
    pub text: String,
}

impl Scene {
    async fn build() -> Scene {
        let place = Place::new();
        let options = ClusterOptions::for_tests(place.folder());
        let cluster = Cluster::start(&options).await.expect("the cluster starts");
        let installer = Installer::new(cluster.installer("postgres"));
        let base = vec![system("resident-record")];
        let vendors = ["a", "b"]
            .map(|vendor| (vendor, system(&format!("../vendors/{vendor}/child-medical-subsidy"))));
        let mut scene = Scene {
            cluster,
            installer,
            keeper: Pocket::default(),
            base,
            packages: Packages::default(),
            router: Router::new(),
            cookies: BTreeMap::new(),
            _place: place,
        };
        let none = Documents::new();
        let offers =
            offer_publish(&scene.installer, ("kumoi", &none), &scene.base).await.expect("offers");
        for (vendor, system) in &vendors {
            let own = std::slice::from_ref(system);
            offer_publish(&scene.installer, (vendor, &none), own).await.expect("an offer");
        }
        let mut held: Vec<Credentials> = Vec::new();
        scene.reported().await;
        for city in CITIES {
            let organisation = municipality(city);
            let signed = contract_sign(&scene.installer, &organisation, &offers).await;
            held.push(scene.open(city, &signed.expect("contracts")).await);
        }
        let state = LgwanState::new(held.clone(), printer());
        scene.router = router(state.expect("a state"));
        for own in &held {
            scene.people(own).await;
        }
        scene
    }

    /// Every offer is found conforming.
    async fn reported(&self) {
        let control = control_open(&self.installer).await.expect("the control database");
        for (offer, _) in offers_without_report(&control).await.expect("offers") {
            let package = json!({"id": "x", "name": "x", "version": "1", "hash": null});
            let report = json!({"package": package, "standard": null, "official": false,
                "note": "", "findings": [], "passes": true});
            offer_report_set(&control, offer, &report).await.expect("it is kept");
        }
    }

    /// Carries contracts out; the credentials of this zone.
    async fn open(&self, city: &str, contracts: &[i64]) -> Credentials {
        let templates = self.installer.prepare(&self.base).await.expect("templates");
        let executor = Executor {
            installer: &self.installer,
            templates: &templates,
            packages: &self.packages,
            keeper: &self.keeper,
        };
        let opened = executor.contract_open(&municipality(city), contracts).await;
        let opened = opened.expect("it is opened");
        assert!(opened.upgraded.refused.is_empty(), "{:?}", opened.upgraded.refused);
        let today = day_in_japan(Timestamp::now());
        executor.meter(city, today).await.expect("it is metered");
        opened.kept.lgwan
    }

    async fn people(&mut self, own: &Credentials) {
        let city = &own.organisation.id;
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
        let codes = sample_codes(&staff, Timestamp::now()).await.expect("codes");
        for (id, .., code) in codes {
            let form = format!("id={id}&password={PASSWORD}&code={code}");
            let path = format!("/{city}/sign-in");
            let request = request("POST", &path, "", Some(&form));
            let answer = self.router.clone().oneshot(request).await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
            let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("a text");
            let cookie = cookie.split(';').next().expect("a pair").to_owned();
            self.cookies.insert((city.clone(), id), cookie);
        }
    }

    async fn ask(&self, who: &str, path: &str, form: Option<&str>) -> Answer {
        let (city, who) = who.split_once('/').expect("city/person");
        let cookie = &self.cookies[&(city.to_owned(), who.to_owned())];
        let path = format!("/{city}{path}");
        let verb = if form.is_some() { "POST" } else { "GET" };
        answer(self.router.clone(), request(verb, &path, cookie, form)).await
    }

    /// Sends a form with the token of its session.
    async fn send(&self, who: &str, path: &str, fields: &str) -> Answer {
        let page = self.ask(who, "", None).await.text;
        let token = page.split("name=\"csrf\" value=\"").nth(1).expect("a token");
        let token = token.split('"').next().expect("its end");
        self.ask(who, path, Some(&format!("csrf={token}&{fields}"))).await
    }
}

/// A printer whose worker is not there.
pub(super) fn printer() -> Printer {
    Printer::new(WorkerCommand::new("/nonexistent", &[]))
}

/// An invented municipality with a code of its own.
fn municipality(id: &str) -> Organisation {
    let code = if id == CITIES[0] { "999990" } else { "999991" };
    Organisation { code: code.to_owned(), ..sample_organisation(id) }
}

pub(super) fn request(verb: &str, path: &str, cookie: &str, form: Option<&str>) -> Request<Body> {
    Request::builder()
        .method(verb)
        .uri(path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.unwrap_or_default().to_owned()))
        .expect("a request")
}

pub(super) async fn answer(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.expect("an answer");
    let location = response.headers().get(header::LOCATION);
    let location = location.map(|value| value.to_str().expect("a text").to_owned());
    let status = response.status();
    let body = to_bytes(response.into_body(), 4 << 20).await.expect("a body");
    let text = String::from_utf8(body.to_vec()).expect("UTF-8");
    Answer { status, location: location.unwrap_or_default(), text }
}

#[track_caller]
pub(super) fn check(answer: &Answer, status: u16, words: &[&str]) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    for word in words {
        assert!(answer.text.contains(word), "{word} is missing in {}", answer.text);
    }
}

const DRAFT: &str = "method=随意契約&reason=地方自治法施行令第167条の2&budget=民生費";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_municipality_compares_contracts_and_pays() {
    let scene = Scene::build().await;
    strangers_are_turned_away(&scene).await;
    let catalogue = scene.ask("first_city/kanri", "/catalogue", None).await;
    check(&catalogue, 200, &["住民基本台帳", "子ども医療費助成"]);
    let path = "/catalogue/child-medical-subsidy";
    let compared = scene.ask("first_city/kanri", path, None).await;
    check(&compared, 200, &["なし", "あり", "この団体の月額", "/first_city/offers/"]);
    check(&scene.ask("first_city/kanri", "/catalogue/nothing", None).await, 404, &[]);
    it_is_saved_for_a_spreadsheet(&scene, path).await;
    a_character_that_no_text_holds_is_refused(&scene).await;
    fit::it_is_found(&scene).await;
    fit::it_is_analysed(&scene).await;
    let (a, b) = (offer(&compared.text, 0), offer(&compared.text, 1));
    let id = it_is_drafted_and_decided(&scene, &a, &b).await;
    it_is_signed_and_served(&scene, id).await;
    it_is_confirmed_and_its_end_decided(&scene, id).await;
    another_vendor_takes_its_place(&scene, (&b, id)).await;
    no_login_reaches_further(&scene, id).await;
    scene.cluster.stop().await.expect("it stops");
}

async fn it_is_saved_for_a_spreadsheet(scene: &Scene, path: &str) {
    let kanri = "first_city/kanri";
    let saved = scene.ask(kanri, &format!("{path}/csv?residents=8000"), None).await;
    check(
        &saved,
        200,
        &["\u{FEFF}比べること,", "住民一人当たりの月額（円）,", "この団体の年額（円）,\""],
    );
    check(&scene.ask(kanri, "/catalogue/nothing/csv", None).await, 404, &[]);
    let report = scene.ask(kanri, "/verification/csv", None).await;
    check(&report, 200, &["\u{FEFF}区分,項目,測定,", ",未測定,"]);
}

/// NUL in a form, an address or a question leads to its field, never to an error of the platform.
async fn a_character_that_no_text_holds_is_refused(scene: &Scene) {
    let kanri = "first_city/kanri";
    for (path, form, field) in [
        ("/notices/add", "mail=a%00b", "mail"),
        ("/offers/1", "method=%E9%9A%8F&reason=x%00&budget=y", "reason"),
        ("/groups", "name=%00", "name"),
    ] {
        let refused = scene.send(kanri, path, form).await;
        check(&refused, 422, &[&format!("「{field}」に"), "NUL", "前の画面に戻り"]);
    }
    check(&scene.ask(kanri, "/catalogue?text=a%00", None).await, 422, &["「text」に"]);
    check(&scene.ask(kanri, "/catalogue/%00", None).await, 404, &[]);
    let list = fit::sent(scene, kanri, "child-medical-subsidy", "番号,業務\n1,\0\n").await;
    check(&list, 422, &["2行", "使えない文字（NUL）"]);
    check(&fit::sent(scene, kanri, "x\0", "番号\n").await, 422, &["業務を選んでください"]);
}

/// The path of the n-th offer that can be drafted on a page of comparison.
fn offer(page: &str, number: usize) -> String {
    let links = page.split("/first_city/offers/").skip(1);
    let ends = links.filter_map(|link| link.split('"').next());
    let mut drafts = ends.filter(|end| end.chars().all(|sign| sign.is_ascii_digit()));
    format!("/offers/{}", drafts.nth(number).expect("an offer"))
}

async fn strangers_are_turned_away(scene: &Scene) {
    for page in PAGES.iter().filter(|page| page.access != Access::Open) {
        let path = page.path.replace("{organisation}", "first_city");
        let path = path.replace("{offer}", "1").replace("{contract}", "1").replace("{file}", "x");
        let (path, verb) = (path.replace("{system}", "x"), page.verb.word().to_uppercase());
        for (cookie, case) in [("", "nobody"), ("kumoi_lgwan=nothing", "a wrong session")] {
            let asked = request(&verb, &path, cookie, Some("csrf=x"));
            let answered = answer(scene.router.clone(), asked).await;
            assert_eq!(answered.location, "/first_city/sign-in", "{case} at {path}");
        }
        let foreign = &scene.cookies[&("second_city".to_owned(), "kanri".to_owned())];
        let asked = request(&verb, &path, foreign, Some("csrf=x"));
        let answered = answer(scene.router.clone(), asked).await;
        assert_eq!(answered.location, "/first_city/sign-in", "a foreign session at {path}");
        if matches!(page.access, Access::Roles(_)) {
            let path = path.trim_start_matches("/first_city");
            let form = (verb == "POST").then_some("csrf=x");
            check(
                &scene.ask("first_city/madoguchi", path, form).await,
                403,
                &["この操作ができるのは"],
            );
        }
    }
    let asked = request("GET", ASSETS[0].path, "", None);
    check(&answer(scene.router.clone(), asked).await, 200, &[]);
    let asked = request("GET", "/nowhere/sign-in", "", None);
    check(&answer(scene.router.clone(), asked).await, 404, &[]);
}

/// A tender needs its result, shows it, and is not decided without a winner, whoever asks.
async fn it_is_tendered(scene: &Scene, a: &str) {
    let tender = "method=競争入札&reason=総合評価&budget=民生費&budget_yen=９９,999,999円";
    let bare = scene.send("first_city/kanri", a, tender).await;
    check(&bare, 422, &["落札した者がいません", "９９,999,999円"]);
    let lost =
        scene.send("first_city/kanri", a, &format!("{tender}&bids=見本情報、百円、落札")).await;
    check(&lost, 422, &["1行目: 「百円」は金額として", "見本情報、百円、落札"]);
    let bids = "見本情報、1,200,000、落札%0A見本電算、、辞退";
    let drafted = scene.send("first_city/kanri", a, &format!("{tender}&bids={bids}")).await;
    check(&drafted, 303, &[]);
    let path = drafted.location.trim_start_matches("/first_city").to_owned();
    let words = ["入札の結果", "見本電算", "1,200,000", "99,999,999"];
    check(&scene.ask("first_city/kacho", &path, None).await, 200, &words);
    let control = control_open(&scene.installer).await.expect("the control database");
    control.execute("delete from control.bid where result = '落札'", &[]).await.expect("gone");
    let refused = scene.send("first_city/kacho", &format!("{path}/decide"), "").await;
    check(&refused, 409, &["落札した者", "起案し直して"]);
    check(&scene.send("first_city/kanri", &format!("{path}/withdraw"), "").await, 303, &[]);
}

/// What was typed stays on the page when the vendor was faster.
async fn it_is_withdrawn_meanwhile(scene: &Scene, offer: &str) {
    let id: i64 = offer.rsplit('/').next().and_then(|id| id.parse().ok()).expect("a number");
    let control = control_open(&scene.installer).await.expect("the control database");
    for (since, status, words) in [
        ("now()", 422, ["いま契約できません", "地方自治法施行令第167条の2"]),
        ("null", 422, ["予算額を円の整数で", "地方自治法施行令第167条の2"]),
    ] {
        let sql = format!("update control.offer set withdrawn_at = {since} where id = {id}");
        control.batch_execute(&sql).await.expect("it is written");
        let draft = format!("{DRAFT}&budget_yen={}", if since == "null" { "百" } else { "" });
        check(&scene.send("first_city/kanri", offer, &draft).await, status, &words);
    }
}

async fn it_is_drafted_and_decided(scene: &Scene, a: &str, b: &str) -> i64 {
    check(&scene.ask("first_city/kanri", a, None).await, 200, &["随意契約", "競争入札"]);
    check(&scene.ask("first_city/kanri", a, Some("csrf=x")).await, 403, &[]);
    let bare = scene.send("first_city/kanri", a, "method=x&reason=見積の比較").await;
    check(&bare, 422, &["契約の方法を選んでください", "予算のない契約はできません", "見積の比較"]);
    for (more, said) in [
        ("&bids=x", "入札の結果は、契約の方法が競争入札のときに"),
        ("&budget_yen=1", "予算額を超えます"),
        ("&budget_yen=百", "予算額を円の整数で"),
    ] {
        let refused = scene.send("first_city/kanri", a, &format!("{DRAFT}{more}")).await;
        check(&refused, 422, &[said, "地方自治法施行令第167条の2"]);
    }
    it_is_withdrawn_meanwhile(scene, b).await;
    it_is_tendered(scene, a).await;
    let drafted = scene.send("first_city/kanri", a, DRAFT).await;
    check(&drafted, 303, &[]);
    let path = drafted.location.trim_start_matches("/first_city").to_owned();
    check(&scene.ask("first_city/kanri", &path, None).await, 200, &["起案", "別の人がします"]);
    let words = ["この業務の契約がもうあります", "地方自治法施行令第167条の2"];
    check(&scene.send("first_city/kanri", b, DRAFT).await, 409, &words);
    let step = |name: &str| format!("{path}/{name}");
    for (who, name) in [("kanri", "decide"), ("kacho", "sign")] {
        let refused = scene.send(&format!("first_city/{who}"), &step(name), "").await;
        check(&refused, 409, &["起案した人は決裁できず"]);
    }
    check(&scene.send("first_city/kacho", &step("dream"), "").await, 404, &[]);
    check(&scene.ask("second_city/kanri", &path, None).await, 404, &[]);
    check(&scene.send("second_city/kacho", &step("decide"), "").await, 404, &[]);
    // Withdrawn, drafted anew as a contract of its own, and decided by somebody else.
    check(&scene.send("first_city/kanri", &step("withdraw"), "").await, 303, &[]);
    let again = scene.send("first_city/kanri", a, DRAFT).await.location;
    assert_ne!(again, drafted.location);
    let path = again.trim_start_matches("/first_city").to_owned();
    check(&scene.send("first_city/kacho", &format!("{path}/decide"), "").await, 303, &[]);
    path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("a number")
}

async fn it_is_signed_and_served(scene: &Scene, id: i64) {
    let (_listening, mut signed) = signed_listen(&scene.installer).await.expect("it listens");
    let path = format!("/contracts/{id}");
    check(&scene.send("first_city/kanri", &format!("{path}/sign"), "").await, 303, &[]);
    check(&scene.ask("first_city/kanri", &path, None).await, 200, &["環境を開いています"]);
    assert_eq!(signed.recv().await.as_deref(), Some("first_city"));
    scene.open("first_city", &[id]).await;
    check(&scene.ask("first_city/kanri", &path, None).await, 200, &["提供中", "提供開始"]);
    let client = scene.installer.connect("first_city").await.expect("a connection");
    let sql = "select count(*) from core.system where id = 'child-medical-subsidy'";
    let count: i64 = client.query_one(sql, &[]).await.expect("a row").get(0);
    assert_eq!(count, 1, "it is installed");
    let bill = scene.ask("first_city/kanri", "/bill", None).await;
    check(&bill, 200, &["住民基本台帳", "子ども医療費助成", "合計", "÷"]);
    let empty = scene.ask("first_city/kanri", "/bill?month=2020-01", None).await;
    check(&empty, 200, &["この月に計ったものはありません"]);
    let english = scene.ask("first_city/kanri", "/bill?lang=en", None).await;
    check(&english, 200, &["Child medical expense subsidy", "Days metered"]);
}

async fn it_is_confirmed_and_its_end_decided(scene: &Scene, id: i64) {
    let path = format!("/contracts/{id}");
    let step = |name: &str| format!("{path}/{name}");
    let page = scene.ask("first_city/kanri", &path, None).await;
    check(&page, 200, &["SHA-256", "適合を確認する", "契約を終える", "終了日"]);
    let digest = page.text.split("name=\"digest\" value=\"").nth(1).expect("a digest");
    let digest = format!("digest={}", digest.split('"').next().expect("its end"));
    let stale = scene.send("first_city/kanri", &step("confirm"), "digest=00").await;
    check(&stale, 409, &["読んだ報告と、いまの報告が違う"]);
    check(&scene.send("first_city/kanri", &step("confirm"), &digest).await, 303, &[]);
    let bare = scene.send("first_city/kanri", &step("end"), "on=x&reason=").await;
    check(&bare, 422, &["理由を入れてください", "日付として読めません"]);
    let past = scene.send("first_city/kanri", &step("end"), "on=R2.4.1&reason=統合").await;
    check(&past, 422, &["今日以後の日", "統合"]);
    let asked = "on=2099-03-31&reason=システムの統合";
    check(&scene.send("first_city/kanri", &step("end"), asked).await, 303, &[]);
    check(&scene.ask("first_city/kanri", &path, None).await, 200, &["決裁を待っています"]);
    let own = scene.send("first_city/kanri", &step("end-decide"), "").await;
    check(&own, 409, &["申し出た人は決裁できません"]);
    check(&scene.send("first_city/kacho", &step("end-decide"), "").await, 303, &[]);
    check(&scene.ask("first_city/kanri", &path, None).await, 200, &["まで提供します", "取り消す"]);
    check(&scene.ask("first_city/kanri", "", None).await, 200, &["まで）"]);
    check(&scene.send("first_city/kanri", &step("end-call-off"), "").await, 422, &["理由を"]);
    let off = scene.send("first_city/kanri", &step("end-call-off"), "reason=続ける").await;
    check(&off, 303, &[]);
    check(&scene.ask("first_city/kanri", &path, None).await, 200, &["終了の取消", "契約を終える"]);
}

async fn another_vendor_takes_its_place(scene: &Scene, (offer, old): (&str, i64)) {
    let form = scene.ask("first_city/kanri", offer, None).await;
    check(&form, 200, &["いまの契約", "事業者の変更です", "に替える"]);
    let unsaid = scene.send("first_city/kanri", offer, DRAFT).await;
    check(&unsaid, 422, &["替えることを確かめて"]);
    let meant = format!("{DRAFT}&replaces={old}");
    let drafted = scene.send("first_city/kanri", offer, &meant).await;
    check(&drafted, 303, &[]);
    let path = drafted.location.trim_start_matches("/first_city").to_owned();
    for (who, step) in [("kacho", "decide"), ("kanri", "sign")] {
        let who = format!("first_city/{who}");
        check(&scene.send(&who, &format!("{path}/{step}"), "").await, 303, &[]);
    }
    let id: i64 = path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("a number");
    scene.open("first_city", &[id]).await;
    let page = scene.ask("first_city/kanri", &path, None).await;
    check(&page, 200, &["移行待ち", "事業者の変更を待っています", "取り下げる"]);
    let present = scene.ask("first_city/kanri", &format!("/contracts/{old}"), None).await;
    check(&present, 200, &["提供中", "替わるのを待っています"]);
    let bare = scene.send("first_city/kanri", &format!("{path}/withdraw"), "").await;
    check(&bare, 422, &["理由を入れてください"]);
    let given = scene.send("first_city/kanri", &format!("{path}/withdraw"), "reason=やめる").await;
    check(&given, 303, &[]);
}

/// The database itself lets a login see and change its own contracts only, and only as far as it
/// is theirs to do.
async fn no_login_reaches_further(scene: &Scene, id: i64) {
    let kept = scene.keeper.load("second_city").expect("kept").expect("credentials").lgwan;
    let control = kept.database(kept.control().as_ref(), None, 1).expect("a pool");
    let client = control.client().await.expect("it is let in");
    let seen = contract_list(&*client).await.expect("contracts");
    assert!(seen.iter().all(|one| one.organisation == "second_city") && seen.len() == 1);
    assert!(contract_step(&*client, (id, Step::Withdraw), ("kanri", "")).await.is_err());
    for sql in [
        "update control.contract set state = '終了'",
        "update control.contract set opened_at = now()",
        "update control.contract set state = '起案', ends_on = null",
        "insert into control.contract (organisation, offer, state, drafted_by)
         values ('first_city', 1, '起案', 'x')",
        "insert into control.contract (organisation, offer, state, reason, budget, drafted_by)
         select 'second_city', id, '起案', '理由', ' ', 'x' from control.offer",
        "insert into control.contract_act (contract, actor, act, note) values (1, 'x', 'x', '')",
        "insert into control.contract_act (contract, actor, act, note) values (2, '基盤', '決裁', '')",
        "insert into control.metered values (2, '2026-01-01', 1)",
        "update control.offer set price = null",
        "delete from control.contract",
        "select * from control.seed",
    ] {
        let done = client.execute(sql, &[]).await;
        assert!(done.is_err() || done.is_ok_and(|rows| rows == 0), "{sql}");
    }
}
