//! The vendors' part: strangers are turned away from every page, forms say what is wrong, and the
//! database lets a vendor see and do what is its own; on a real server.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base::date::day_in_japan;
use cloud::parcel::PublisherKey;
use jiff::Timestamp;
use office::staff::{NewAccount, account_create, sample_codes};
use serde_json::json;
use store::Connection;
use store::cluster::{Cluster, ClusterOptions};
use store::market::{
    ATTEMPTS, Judgement, Named, market_open, submission_begin, submission_give_up,
    submission_judge, submission_list, submission_withdraw, submissions_resume, vendor_admit,
    waiting_list,
};
use store::organisation::{Credentials, Installer, Organisation, VENDOR};
use store::testing::{Place, sample_organisation};
use tower::ServiceExt;

use super::PAGES;
use crate::counter::api::tests::stage::PASSWORD;
use crate::internet::{InternetState, router};
use crate::route::Access;

const VENDORS: [&str; 2] = ["first_vendor", "second_vendor"];
const PEOPLE: [(&str, &str); 2] = [("kokai", "publisher"), ("miru", "reader")];

struct Scene {
    cluster: Cluster,
    market: Connection,
    held: Vec<Credentials>,
    router: Router,
    cookies: Vec<(String, String)>,
    _place: Place,
}

struct Answer {
    status: StatusCode,
    location: String,
    text: String,
}

impl Scene {
    async fn build() -> Scene {
        let place = Place::new();
        let options = ClusterOptions::for_tests(place.folder());
        let cluster = Cluster::start(&options).await.expect("the cluster starts");
        let installer = Installer::new(cluster.installer("postgres"));
        let templates = installer.prepare(&[]).await.expect("templates");
        let market = market_open(&installer).await.expect("the market");
        let mut held = Vec::new();
        for id in VENDORS {
            let vendor = Organisation { kind: VENDOR.to_owned(), ..sample_organisation(id) };
            held.push(installer.vendor_create(&vendor, &templates).await.expect("a vendor"));
            vendor_admit(&market, &vendor).await.expect("it is let in");
        }
        let state = InternetState::new(held.clone(), "http://x".into(), "http://y".into());
        let router = router(state.expect("a state"));
        let mut scene = Scene { cluster, market, held, router, cookies: Vec::new(), _place: place };
        scene.people().await;
        scene
    }

    async fn people(&mut self) {
        for own in self.held.clone() {
            let key = own.staff_vault.as_deref();
            let staff = own.database(own.staff.as_ref(), key, 2).expect("staff");
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
                let who = format!("{}/{id}", own.organisation.id);
                let form = format!("id={id}&password={PASSWORD}&code={code}");
                let path = format!("/vendors/{}/sign-in", own.organisation.id);
                let request = plain("POST", &path, "", &form);
                let answer = self.router.clone().oneshot(request).await.expect("an answer");
                assert_eq!(answer.status(), StatusCode::SEE_OTHER);
                let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("a text");
                let cookie = cookie.split(';').next().expect("a pair").to_owned();
                self.cookies.push((who, cookie));
            }
        }
    }

    fn cookie(&self, who: &str) -> &str {
        &self.cookies.iter().find(|(name, _)| name == who).expect("somebody").1
    }

    async fn ask(&self, who: &str, path: &str, form: Option<&str>) -> Answer {
        let path = format!("/vendors/{}{path}", who.split('/').next().expect("a vendor"));
        let verb = if form.is_some() { "POST" } else { "GET" };
        let request = plain(verb, &path, self.cookie(who), form.unwrap_or_default());
        answer(&self.router, request).await
    }

    async fn token(&self, who: &str) -> String {
        let page = self.ask(who, "", None).await.text;
        let token = page.split("name=\"csrf\" value=\"").nth(1).expect("a token");
        token.split('"').next().expect("its end").to_owned()
    }

    async fn send(&self, who: &str, path: &str, fields: &str) -> Answer {
        let token = self.token(who).await;
        self.ask(who, path, Some(&format!("csrf={token}&{fields}"))).await
    }

    async fn upload(&self, who: &str, token: &str, file: &[u8]) -> Answer {
        let head = |name: &str, more: &str| {
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n")
        };
        let mut body = format!("{}{token}\r\n", head("csrf", "")).into_bytes();
        body.extend(head("file", "; filename=\"提出.parcel\"").bytes());
        body.extend(file);
        body.extend(b"\r\n--x--\r\n");
        let vendor = who.split('/').next().expect("a vendor");
        let request = Request::post(format!("/vendors/{vendor}/publish"))
            .header(header::COOKIE, self.cookie(who))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(Body::from(body))
            .expect("a request");
        answer(&self.router, request).await
    }
}

fn plain(verb: &str, path: &str, cookie: &str, form: &str) -> Request<Body> {
    Request::builder()
        .method(verb)
        .uri(path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .expect("a request")
}

async fn answer(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("an answer");
    let location = response.headers().get(header::LOCATION);
    let location = location.map(|value| value.to_str().expect("a text").to_owned());
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    let text = String::from_utf8(body.to_vec()).expect("UTF-8");
    Answer { status, location: location.unwrap_or_default(), text }
}

#[track_caller]
fn check(answer: &Answer, status: u16, words: &[&str]) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    for word in words {
        assert!(answer.text.contains(word), "{word} is missing in {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vendors_publish_what_is_their_own() {
    let scene = Scene::build().await;
    strangers_are_turned_away(&scene).await;
    keys_are_registered(&scene).await;
    let id = a_package_is_sent(&scene).await;
    it_is_withdrawn_with_a_reason(&scene, id).await;
    no_login_reaches_further(&scene, id).await;
    scene.cluster.stop().await.expect("it stops");
}

async fn strangers_are_turned_away(scene: &Scene) {
    for page in PAGES.iter().filter(|page| page.access != Access::Open) {
        let path = page.path.replace("{organisation}", VENDORS[0]);
        let path = path.replace("{submission}", "1").replace("{key}", "1");
        let verb = page.verb.word().to_uppercase();
        let foreign = scene.cookie("second_vendor/kokai");
        for cookie in ["", "kumoi_vendor=nothing", foreign] {
            let answered = answer(&scene.router, plain(&verb, &path, cookie, "csrf=x")).await;
            assert_eq!(answered.location, "/vendors/first_vendor/sign-in", "{cookie} at {path}");
        }
        if let Access::Roles(_) = page.access {
            let cookie = scene.cookie("first_vendor/miru");
            let answered = answer(&scene.router, plain(&verb, &path, cookie, "csrf=x")).await;
            check(&answered, 403, &["この操作ができるのは公開担当"]);
        }
    }
    for path in ["/vendors/nobody", "/vendors/nobody/sign-in"] {
        check(&answer(&scene.router, plain("GET", path, "", "")).await, 404, &[]);
    }
}

async fn keys_are_registered(scene: &Scene) {
    let (who, key) = ("first_vendor/kokai", PublisherKey::generate(VENDORS[0]).expect("a key"));
    let escaped = |text: &str| text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let field = |text: &str| format!("key={}", escaped(text));
    let refused = scene.send(who, "/keys", &field(key.secret_text())).await;
    check(&refused, 422, &["登録しないでください"]);
    assert!(!refused.text.contains(key.secret_text()), "a secret is not sent back");
    let other = PublisherKey::generate(VENDORS[1]).expect("a key");
    let refused = scene.send(who, "/keys", &field(other.public_text())).await;
    check(&refused, 422, &["ほかの事業者の名の鍵です", other.public_text()]);
    check(&scene.send(who, "/keys", &field(key.public_text())).await, 303, &[]);
    let kept = scene.ask(who, "/keys", None).await;
    check(&kept, 200, &[key.public_text(), "失効させる"]);
    let elsewhere = scene.ask("second_vendor/kokai", "/keys", None).await;
    assert!(!elsewhere.text.contains(key.public_text()));
    check(&scene.send("second_vendor/kokai", "/keys/1/revoke", "").await, 404, &[]);
    // A key in force speaks for the next one; once none is in force, nobody does.
    let next = PublisherKey::generate(VENDORS[0]).expect("a key");
    let unspoken = scene.send(who, "/keys", &field(next.public_text())).await;
    check(&unspoken, 422, &["使える検証鍵の署名がありません", "kumoi parcel endorse"]);
    let spoken = key.endorse(next.public_text()).expect("a signature").replace('\n', "%0D%0A");
    let form = format!("{}&endorsement={}", field(next.public_text()), escaped(&spoken));
    check(&scene.send(who, "/keys", &form).await, 303, &[]);
    check(&scene.ask(who, "/keys", None).await, 200, &[next.public_text()]);
    check(&scene.send(who, "/keys/2/revoke", "").await, 303, &[]);
    check(&scene.send(who, "/keys/1/revoke", "").await, 303, &[]);
    let late = PublisherKey::generate(VENDORS[0]).expect("a key");
    let late = scene.send(who, "/keys", &field(late.public_text())).await;
    check(&late, 422, &["デジタル庁に、新しい検証鍵の登録を"]);
    let kept = scene.ask(who, "/keys", None).await;
    assert!(!kept.text.contains("失効させる"), "{}", kept.text);
    check(&scene.send(who, "/keys/1/revoke", "").await, 404, &[]);
}

async fn a_package_is_sent(scene: &Scene) -> i64 {
    let who = "first_vendor/kokai";
    let token = scene.token(who).await;
    check(&scene.upload(who, "wrong", b"x").await, 403, &[]);
    check(&scene.upload(who, &token, b"").await, 422, &["ファイルを選んでください"]);
    let large = vec![b'x'; (8 << 20) + (1 << 17)];
    check(&scene.upload(who, &token, &large).await, 422, &["8メガバイトまで"]);
    // A little too large for the database, and small enough for the form.
    let large = vec![b'x'; (8 << 20) + (1 << 12)];
    check(&scene.upload(who, &token, &large).await, 422, &["8メガバイトまで"]);
    assert!(waiting_list(&scene.market).await.expect("a list").is_empty());
    let sent = scene.upload(who, &token, b"a package").await;
    check(&sent, 303, &[]);
    let waiting = waiting_list(&scene.market).await.expect("a list");
    assert_eq!((waiting.len(), waiting[0].file_name.as_str()), (1, "提出.parcel"));
    let id = waiting[0].id;
    let path = format!("/submissions/{id}");
    assert_eq!(sent.location, format!("/vendors/first_vendor{path}"));
    check(&scene.ask(who, &path, None).await, 200, &["審査しています", "提出.parcel"]);
    check(&scene.ask("second_vendor/kokai", &path, None).await, 404, &[]);
    trouble_is_said(scene, id).await;
    let named = Named {
        system: "x".into(),
        name: "見本業務".into(),
        version: "1.0.0".into(),
        hash: "h".into(),
    };
    let report = json!({"passes": true});
    let found = Judgement { state: "公開", named: Some(&named), report: &report };
    submission_judge(&scene.market, id, &found).await.expect("it is judged");
    check(&scene.ask(who, "", None).await, 200, &["見本業務", "公開"]);
    id
}

/// The vendor hears that the platform has trouble, and that the package has none.
async fn trouble_is_said(scene: &Scene, id: i64) {
    let (who, path) = ("first_vendor/kokai", format!("/submissions/{id}"));
    for _ in 0..ATTEMPTS {
        assert!(submission_begin(&scene.market, id).await.expect("it is begun"));
    }
    check(&scene.ask(who, &path, None).await, 200, &["自動で試し直します"]);
    submission_give_up(&scene.market, id).await.expect("it is given up");
    let page = scene.ask(who, &path, None).await;
    check(&page, 200, &["判定不能", "基盤の不具合で判定できません"]);
    assert_eq!(submissions_resume(&scene.market).await.expect("it is begun anew"), 1);
}

async fn it_is_withdrawn_with_a_reason(scene: &Scene, id: i64) {
    let (who, path) = ("first_vendor/kokai", format!("/submissions/{id}/withdraw"));
    check(&scene.send(who, &path, "reason=　").await, 422, &["理由を入れてください"]);
    check(&scene.send("second_vendor/kokai", &path, "reason=x").await, 404, &[]);
    check(&scene.send(who, &path, "reason=新しい版に替える").await, 303, &[]);
    check(&scene.send(who, &path, "reason=もう一度").await, 409, &["もう申し出ています"]);
    let waiting = waiting_list(&scene.market).await.expect("a list");
    assert_eq!(waiting.len(), 1, "the executor is to withdraw it");
    submission_withdraw(&scene.market, id).await.expect("it is withdrawn");
    let page = scene.ask(who, &format!("/submissions/{id}"), None).await;
    check(&page, 200, &["取下げ", "新しい版に替える"]);
    let english = scene.ask(who, &format!("/submissions/{id}?lang=en"), None).await;
    check(&english, 200, &["Withdrawn"]);
}

/// The database itself lets a vendor see its own rows only, and leaves judging to the executor.
async fn no_login_reaches_further(scene: &Scene, id: i64) {
    let login = |own: &Credentials| own.database(own.market().as_ref(), None, 1).expect("a pool");
    let other = login(&scene.held[1]);
    let client = other.client().await.expect("it is let in");
    assert!(submission_list(&*client).await.expect("a list").is_empty());
    let own = Arc::new(login(&scene.held[0]));
    let client = own.client().await.expect("it is let in");
    let insert = "insert into market.submission";
    for sql in [
        format!("update market.submission set state = '公開' where id = {id}"),
        format!("update market.submission set report = '{{}}' where id = {id}"),
        format!(
            "{insert} (sent_by, file_name, content, digest, state) values ('','','','','公開')"
        ),
        format!(
            "{insert} (vendor, sent_by, file_name, content, digest)
             values ('second_vendor', '', '', '', '')"
        ),
        "delete from market.submission".to_owned(),
        "update market.key set content = 'x'".to_owned(),
        "insert into market.key (content, added_by) values ('x', 'x')".to_owned(),
        "insert into market.key (vendor, content, added_by) values ('second_vendor', 'x', '')"
            .to_owned(),
        "insert into market.vendor values ('x', 'x', 'x', true)".to_owned(),
    ] {
        assert!(client.execute(&sql, &[]).await.is_err(), "{sql}");
    }
    // Neither the catalogue nor any body's database is open to a vendor.
    for database in ["kumoi_control", "second_vendor_staff", "postgres"] {
        let login = scene.held[0].market().expect("a login");
        let login = store::organisation::Login { database: database.to_owned(), ..login };
        let closed = scene.held[0].database(Some(&login), None, 1).expect("a pool");
        assert!(closed.client().await.is_err(), "{database}");
    }
}
