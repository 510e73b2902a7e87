//! The vendors' part: strangers are turned away from every page, forms say what is wrong, and the
//! database lets a vendor see and do what is its own; on a real server.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base::date::day_in_japan;
use cloud::parcel::PublisherKey;
use jiff::Timestamp;
use office::staff::{NewAccount, account_create, account_issue, code_reissue, sample_codes};
use serde_json::json;
use store::cluster::{Cluster, ClusterOptions};
use store::copybook::{Held, Holdings, SANDBOXES, copy_hold, copy_list, copy_note};
use store::market::{
    ATTEMPTS, Judgement, Named, RolloutBody, TRIAL, application_decide, application_list,
    application_opened, entrance_open, market_open, rollout_begin, rollout_state, submission_begin,
    submission_give_up, submission_judge, submission_list, submission_withdraw, submissions_resume,
    ties_tell, vendor_admit, waiting_list,
};
use store::organisation::{CopyWish, Credentials, Installer, Organisation, VENDOR};
use store::testing::{Place, sample_organisation};
use store::{Connection, Database};
use tower::ServiceExt;

use super::PAGES;
use crate::counter::api::tests::stage::PASSWORD;
use crate::internet::{InternetState, router};
use crate::route::Access;

const VENDORS: [&str; 2] = ["first_maker", "second_maker"];
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
        let mut known = held.clone();
        known.push(entrance_open(&installer, &market).await.expect("the entrance"));
        let state = InternetState::new(known, "http://x".into(), "http://y".into());
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
        self.upload_to((who, "/publish"), token, file).await
    }

    async fn upload_to(&self, (who, path): (&str, &str), token: &str, file: &[u8]) -> Answer {
        let head = |name: &str, more: &str| {
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n")
        };
        let mut body = format!("{}{token}\r\n", head("csrf", "")).into_bytes();
        body.extend(head("file", "; filename=\"提出.parcel\"").bytes());
        body.extend(file);
        body.extend(b"\r\n--x--\r\n");
        let vendor = who.split('/').next().expect("a vendor");
        let request = Request::post(format!("/vendors/{vendor}{path}"))
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
    it_is_rolled_out_in_stages(&scene, id).await;
    it_is_withdrawn_with_a_reason(&scene, id).await;
    it_is_tried_in_the_sandbox(&scene).await;
    somebody_applies(&scene).await;
    an_issued_password_is_changed_first(&scene).await;
    no_login_reaches_further(&scene, id).await;
    scene.cluster.stop().await.expect("it stops");
}

async fn strangers_are_turned_away(scene: &Scene) {
    for page in PAGES.iter().filter(|page| page.access != Access::Open) {
        let path = page.path.replace("{organisation}", VENDORS[0]);
        let path = path.replace("{submission}", "1").replace("{key}", "1");
        let path = path.replace("{rollout}", "1");
        let verb = page.verb.word().to_uppercase();
        let foreign = scene.cookie("second_maker/kokai");
        for cookie in ["", "kumoi_vendor=nothing", foreign] {
            let answered = answer(&scene.router, plain(&verb, &path, cookie, "csrf=x")).await;
            assert_eq!(answered.location, "/vendors/first_maker/sign-in", "{cookie} at {path}");
        }
        if let Access::Roles(_) = page.access {
            let cookie = scene.cookie("first_maker/miru");
            let answered = answer(&scene.router, plain(&verb, &path, cookie, "csrf=x")).await;
            check(&answered, 403, &["この操作ができるのは公開担当"]);
        }
    }
    for path in ["/vendors/nobody", "/vendors/nobody/sign-in"] {
        check(&answer(&scene.router, plain("GET", path, "", "")).await, 404, &[]);
    }
}

async fn keys_are_registered(scene: &Scene) {
    let (who, key) = ("first_maker/kokai", PublisherKey::generate(VENDORS[0]).expect("a key"));
    let escaped = |text: &str| text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let field = |text: &str| format!("key={}", escaped(text));
    let refused = scene.send(who, "/keys", &field(key.secret_text())).await;
    check(&refused, 422, &["登録しないでください"]);
    assert!(!refused.text.contains(key.secret_text()), "a secret is not sent back");
    let other = PublisherKey::generate(VENDORS[1]).expect("a key");
    let refused = scene.send(who, "/keys", &field(other.public_text())).await;
    check(&refused, 422, &["ほかの事業者の名の鍵です", other.public_text()]);
    check(&scene.send(who, "/keys", &field(key.public_text())).await, 303, &[]);
    let refused = scene.send(who, "/keys", "key=a%00").await;
    check(&refused, 422, &["「key」に", "NUL"]);
    let kept = scene.ask(who, "/keys", None).await;
    check(&kept, 200, &[key.public_text(), "失効させる"]);
    let elsewhere = scene.ask("second_maker/kokai", "/keys", None).await;
    assert!(!elsewhere.text.contains(key.public_text()));
    check(&scene.send("second_maker/kokai", "/keys/1/revoke", "").await, 404, &[]);
    // A key in force speaks for the next one; once none is in force, nobody does.
    let next = PublisherKey::generate(VENDORS[0]).expect("a key");
    let unspoken = scene.send(who, "/keys", &field(next.public_text())).await;
    check(&unspoken, 422, &["使える検証鍵の署名がありません", "kumoi parcel endorse"]);
    let spoken = key.endorse(next.public_text()).expect("a signature").replace('\n', "%0D%0A");
    let form = format!("{}&endorsement={}", field(next.public_text()), escaped(&spoken));
    check(&scene.send(who, "/keys", &form).await, 303, &[]);
    check(&scene.ask(who, "/keys", None).await, 200, &[next.public_text()]);
    check(&scene.send(who, "/keys/2/revoke", "").await, 303, &[]);
    check(&scene.ask(who, "/keys", None).await, 200, &["使える検証鍵は一つです"]);
    check(&scene.send(who, "/keys/1/revoke", "").await, 303, &[]);
    let late = PublisherKey::generate(VENDORS[0]).expect("a key");
    check(&scene.ask(who, "/keys", None).await, 200, &["使える検証鍵がありません"]);
    let late = scene.send(who, "/keys", &field(late.public_text())).await;
    check(&late, 422, &["デジタル庁に、新しい検証鍵の登録を"]);
    let kept = scene.ask(who, "/keys", None).await;
    assert!(!kept.text.contains("失効させる"), "{}", kept.text);
    check(&scene.send(who, "/keys/1/revoke", "").await, 404, &[]);
}

async fn a_package_is_sent(scene: &Scene) -> i64 {
    let who = "first_maker/kokai";
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
    assert_eq!(sent.location, format!("/vendors/first_maker{path}"));
    check(&scene.ask(who, &path, None).await, 200, &["審査しています", "提出.parcel"]);
    check(&scene.ask("second_maker/kokai", &path, None).await, 404, &[]);
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
    // A part shows who builds it in, a system what it builds in.
    for (is_part, words) in [
        (true, ["部品です。ほかの業務システムに", "この部品を組み込む業務システム"]),
        (false, ["組み込んだ部品", "取下げ。次の版では組み込めません"]),
    ] {
        let tied = json!([{"vendor": "見本の丙社", "name": "共通の語", "version": "3",
            "withdrawn": !is_part}]);
        let ties = [("first_maker".to_owned(), "h".to_owned(), is_part, tied)];
        ties_tell(&scene.market, &ties).await.expect("it is told");
        let page = scene.ask(who, &path, None).await;
        check(&page, 200, &["共通の語", "見本の丙社", words[0], words[1]]);
        assert_eq!(page.text.contains("段階的に配信する"), !is_part);
    }
    id
}

/// The vendor hears that the platform has trouble, and that the package has none.
async fn trouble_is_said(scene: &Scene, id: i64) {
    let (who, path) = ("first_maker/kokai", format!("/submissions/{id}"));
    for _ in 0..ATTEMPTS {
        assert!(submission_begin(&scene.market, id).await.expect("it is begun"));
    }
    check(&scene.ask(who, &path, None).await, 200, &["自動で試し直します"]);
    submission_give_up(&scene.market, id).await.expect("it is given up");
    let page = scene.ask(who, &path, None).await;
    check(&page, 200, &["判定不能", "基盤の不具合で判定できません", "取りやめる"]);
    // Another one that is not waited for any more.
    let other = scene.upload(who, &scene.token(who).await, b"another").await.location;
    let other = other.trim_start_matches("/vendors/first_maker").to_owned();
    check(&scene.send(who, &format!("{other}/drop"), "").await, 409, &["判定不能のものでは"]);
    let sql = "update market.submission set state = '判定不能' where state = '受付'";
    assert_eq!(scene.market.execute(sql, &[]).await.expect("it stands"), 1);
    check(&scene.send("second_maker/kokai", &format!("{other}/drop"), "").await, 404, &[]);
    check(&scene.send(who, &format!("{other}/drop"), "").await, 303, &[]);
    let page = scene.ask(who, &other, None).await;
    check(&page, 200, &["取りやめ"]);
    assert!(!page.text.contains("取りやめる"), "{}", page.text);
    assert_eq!(submissions_resume(&scene.market).await.expect("it is begun anew"), 1);
}

async fn it_is_rolled_out_in_stages(scene: &Scene, id: i64) {
    let (who, path) = ("first_maker/kokai", format!("/submissions/{id}/rollout"));
    let link = format!("/vendors/first_maker{path}");
    check(&scene.ask(who, &format!("/submissions/{id}"), None).await, 200, &[&link]);
    check(&scene.ask(who, &path, None).await, 200, &["段階的に配信する", "初めの団体"]);
    check(&scene.ask("second_maker/kokai", &path, None).await, 404, &[]);
    let today = day_in_japan(Timestamp::now()).to_string();
    let wrong = format!("first=Kasumi&first_from={today}&percent=101&rest_from=x");
    let wrong = scene.send(who, &path, &wrong).await;
    check(&wrong, 422, &["団体の数（例 2）", "1から99まで", "value=\"Kasumi\"", "value=\"101\""]);
    let sound = format!("first=kasumi&first_from={today}&rest_from={today}");
    check(&scene.send("second_maker/kokai", &path, &sound).await, 404, &[]);
    let begun = scene.send(who, &path, &sound).await;
    check(&begun, 303, &[]);
    check(&scene.send(who, &path, &sound).await, 422, &["まだ終わっていません"]);
    let own = begun.location.trim_start_matches("/vendors/first_maker").to_owned();
    check(&scene.ask(who, &own, None).await, 200, &["見本業務", "申出", "段階 1", "kasumi"]);
    check(&scene.ask("second_maker/kokai", &own, None).await, 404, &[]);
    check(&scene.send("second_maker/kokai", &format!("{own}/stop"), "").await, 404, &[]);
    check(&scene.send(who, &format!("{own}/stop"), "").await, 409, &["いまの状態では"]);
    let rollout: i64 = own.rsplit('/').next().expect("a number").parse().expect("a number");
    let body = RolloutBody {
        organisation: "kasumi".to_owned(),
        name: "霞村".to_owned(),
        stage: 1,
        state: "待ち".to_owned(),
        old_contract: 7,
        contract: None,
        at: Timestamp::now(),
        note: String::new(),
    };
    rollout_begin(&scene.market, rollout, &[body]).await.expect("it begins");
    let halted = ("中断", "霞村を更新できませんでした: 項目がなくなります");
    rollout_state(&scene.market, rollout, halted).await.expect("it halts");
    let page = scene.ask(who, &own, None).await;
    check(&page, 200, &["霞村", "待ち", "項目がなくなります", "再開する", "取りやめる"]);
    let looking = scene.ask("first_maker/miru", &own, None).await;
    check(&looking, 200, &["霞村"]);
    assert!(!looking.text.contains("再開する"), "{}", looking.text);
    check(&scene.send(who, &format!("{own}/resume"), "").await, 303, &[]);
    check(&scene.ask(who, &own, None).await, 200, &["再開を申し出ました"]);
    rollout_state(&scene.market, rollout, ("取りやめ", "")).await.expect("it is over");
    check(&scene.ask(who, "/rollouts", None).await, 200, &["見本業務", "取りやめ"]);
    let english = scene.ask(who, &format!("{own}?lang=en"), None).await;
    check(&english, 200, &["Stopped", "Stage 1"]);
}

async fn it_is_withdrawn_with_a_reason(scene: &Scene, id: i64) {
    let (who, path) = ("first_maker/kokai", format!("/submissions/{id}/withdraw"));
    check(&scene.send(who, &path, "reason=　").await, 422, &["理由を入れてください"]);
    check(&scene.send("second_maker/kokai", &path, "reason=x").await, 404, &[]);
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

/// The word of an application that was received.
fn word_of(page: &Answer) -> String {
    let parts = page.text.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '-');
    let is_word = |part: &&str| part.len() == 24 && part.matches('-').count() == 4;
    parts.into_iter().find(is_word).expect("a word").to_owned()
}

async fn somebody_applies(scene: &Scene) {
    let door = async |path: &str, form: Option<&str>| {
        let verb = if form.is_some() { "POST" } else { "GET" };
        answer(&scene.router, plain(verb, path, "", form.unwrap_or_default())).await
    };
    let (path, state) = ("/vendors/register", "/vendors/register/state");
    check(&door("/vendors", None).await, 200, &["事業者の登録を申請する"]);
    check(&door(path, None).await, 200, &["事業者の登録の申請", "法人番号（13桁）"]);
    check(&door(&format!("{path}?lang=en"), None).await, 200, &["Corporate number"]);
    let form = "name=見本製作所&name_en=Sample&contact=見本&mail=mihon%40example.jp";
    let wrong = door(path, Some(&format!("corporate_number=5000000000005&{form}"))).await;
    check(&wrong, 422, &["検査数字", "見本製作所", "mihon@example.jp", "5000000000005"]);
    let sound = format!("corporate_number=4000000000005&{form}");
    let taken = door(path, Some(&sound)).await;
    check(&taken, 200, &["申請を受け付けました", "照会の語"]);
    let word = word_of(&taken);
    check(&door(path, Some(&sound)).await, 422, &["この法人番号の申請を、もう"]);
    let ask = |number: i64, word: &str| format!("number={number}&word={word}");
    for form in ["number=x&word=x".to_owned(), ask(1, "ABCD"), ask(99, &word)] {
        check(&door(state, Some(&form)).await, 422, &["照会の語の申請はありません"]);
    }
    let id = application_list(&scene.market).await.expect("a list")[0].id;
    let own = ask(id, &word.to_lowercase());
    check(&door(state, Some(&own)).await, 200, &["デジタル庁が確かめています"]);
    let refusal = Some("登記を確かめられない");
    application_decide(&scene.market, id, ("基盤", refusal)).await.expect("it is refused");
    check(&door(state, Some(&own)).await, 200, &["却下", "登記を確かめられない"]);
    let word = word_of(&door(path, Some(&sound)).await);
    let id = application_list(&scene.market).await.expect("a list")[0].id;
    application_decide(&scene.market, id, ("基盤", None)).await.expect("it is admitted");
    let own = ask(id, &word);
    check(&door(state, Some(&own)).await, 200, &["サインインの用意をしています"]);
    application_opened(&scene.market, id).await.expect("it is opened");
    check(&door(state, Some(&own)).await, 200, &["/vendors/v4000000000005/sign-in"]);
}

/// Who signs in with an issued password gets no further than its change.
async fn an_issued_password_is_changed_first(scene: &Scene) {
    let own = &scene.held[1];
    let staff = own.database(own.staff.as_ref(), own.staff_vault.as_deref(), 2).expect("staff");
    let account = NewAccount {
        id: "hajime".to_owned(),
        name: "公開担当".to_owned(),
        password: "issued-for-a-week-only".to_owned(),
        totp_secret: vec![9; 20],
        roles: vec!["publisher".to_owned()],
        valid_from: day_in_japan(Timestamp::now()),
    };
    account_issue(&staff, &account, Timestamp::now()).await.expect("an account");
    let codes = sample_codes(&staff, Timestamp::now()).await.expect("codes");
    let code = &codes.iter().find(|one| one.0 == "hajime").expect("a code").3;
    let form = format!("id=hajime&password={}&code={code}", account.password);
    let request = plain("POST", "/vendors/second_maker/sign-in", "", &form);
    let opened = scene.router.clone().oneshot(request).await.expect("an answer");
    let header = |name| opened.headers()[name].to_str().expect("a text").to_owned();
    let cookie = header(header::SET_COOKIE).split(';').next().expect("a pair").to_owned();
    assert_eq!(header(header::LOCATION), "/vendors/second_maker/password");
    let ask = async |verb: &str, path: &str, form: &str| {
        let path = format!("/vendors/second_maker{path}");
        answer(&scene.router, plain(verb, &path, &cookie, form)).await
    };
    assert_eq!(ask("GET", "", "").await.location, "/vendors/second_maker/sign-in");
    let page = ask("GET", "/password", "").await;
    check(&page, 200, &["いまのパスワード"]);
    let token = page.text.split("name=\"csrf\" value=\"").nth(1).expect("a token");
    let token = token.split('"').next().expect("its end");
    let change = async |new: &str, again: &str| {
        let old = &account.password;
        let form = format!("csrf={token}&old={old}&new={new}&again={again}");
        ask("POST", "/password", &form).await
    };
    check(&change("short", "short").await, 422, &["12"]);
    check(&change("a-long-one-of-its-own", "another").await, 422, &["確認の入力が違います"]);
    let done = change("a-long-one-of-its-own", "a-long-one-of-its-own").await;
    assert_eq!((done.status.as_u16(), done.location.as_str()), (303, "/vendors/second_maker"));
    lost_codes_are_set_up_anew(scene, &staff, "a-long-one-of-its-own").await;
}

/// A registration code leads to the new secret only, and a code of that to work.
async fn lost_codes_are_set_up_anew(scene: &Scene, staff: &Database, password: &str) {
    let told = code_reissue(staff, ("hajime", "電話で確かめた"), Timestamp::now()).await;
    let code = told.expect("a registration code").code;
    let form = format!("id=hajime&password={password}&code={code}");
    let request = plain("POST", "/vendors/second_maker/sign-in", "", &form);
    let opened = scene.router.clone().oneshot(request).await.expect("an answer");
    let header = |name| opened.headers()[name].to_str().expect("a text").to_owned();
    let cookie = header(header::SET_COOKIE).split(';').next().expect("a pair").to_owned();
    assert_eq!(header(header::LOCATION), "/vendors/second_maker/one-time-code");
    let ask = async |verb: &str, path: &str, form: &str| {
        let path = format!("/vendors/second_maker{path}");
        answer(&scene.router, plain(verb, &path, &cookie, form)).await
    };
    for path in ["", "/password"] {
        assert_eq!(ask("GET", path, "").await.location, "/vendors/second_maker/sign-in");
    }
    let page = ask("GET", "/one-time-code", "").await;
    check(&page, 200, &["認証アプリに次の鍵を登録し"]);
    let token = page.text.split("name=\"csrf\" value=\"").nth(1).expect("a token");
    let token = token.split('"').next().expect("its end");
    let wrong = ask("POST", "/one-time-code", &format!("csrf={token}&code=abcdef")).await;
    check(&wrong, 422, &["コードが合いません"]);
    let codes = sample_codes(staff, Timestamp::now()).await.expect("codes");
    let code = &codes.iter().find(|one| one.0 == "hajime").expect("a code").3;
    let done = ask("POST", "/one-time-code", &format!("csrf={token}&code={code}")).await;
    assert_eq!((done.status.as_u16(), done.location.as_str()), (303, "/vendors/second_maker"));
}

/// A package that is only to be tried opens the sandbox, never comes near the catalogue, and what
/// became of it is on the page; another vendor sees nothing of it.
async fn it_is_tried_in_the_sandbox(scene: &Scene) {
    let who = "first_maker/kokai";
    let page = scene.ask(who, "/sandbox", None).await;
    check(&page, 200, &["まだ開いていません", "検証環境を開く", "公共サービスメッシュ", "未提供"]);
    let reader = scene.ask("first_maker/miru", "/sandbox", None).await;
    check(&reader, 200, &["求められるのは、公開担当です"]);
    check(&scene.send(who, "/sandbox/close", "seen=").await, 409, &["検証環境は開いていません"]);
    check(&scene.send(who, "/sandbox/dream", "").await, 404, &[]);
    let form = scene.ask(who, "/sandbox/package", None).await;
    check(&form, 200, &["業務システムを検証用に送る", "公開はしません"]);
    let place = (who, "/sandbox/package");
    let token = scene.token(who).await;
    check(&scene.upload_to(place, "wrong", b"x").await, 403, &[]);
    check(&scene.upload_to(place, &token, b"").await, 422, &["ファイルを選んでください"]);
    let sent = scene.upload_to(place, &token, b"a trial").await;
    check(&sent, 303, &[]);
    let waiting = waiting_list(&scene.market).await.expect("a list");
    let one = waiting.iter().find(|one| one.purpose == TRIAL).expect("it waits");
    let path = format!("/submissions/{}", one.id);
    check(&scene.ask(who, &path, None).await, 200, &["検証（公開しない）", "審査しています"]);
    let offered = "update market.submission set state = '公開' where purpose = '検証'";
    assert!(scene.market.execute(offered, &[]).await.is_err(), "what is tried is never offered");
    let named = Named {
        system: "x".into(),
        name: "試しの業務".into(),
        version: "0.1".into(),
        hash: "h2".into(),
    };
    let report = json!({"passes": false});
    let found = Judgement { state: TRIAL, named: Some(&named), report: &report };
    submission_judge(&scene.market, one.id, &found).await.expect("it is judged");
    check(&scene.ask(who, &path, None).await, 200, &["検証環境に入れます"]);
    let waits = scene.ask(who, "/sandbox", None).await;
    check(&waits, 200, &["用意しています", "first_maker_kensho", "試しの業務", "kokai"]);
    let book = copy_list(&scene.market, &SANDBOXES).await.expect("a list").remove(0);
    assert_eq!((book.wish, &*book.of), (CopyWish::Open, "first_maker"));
    let held = Held { name: "試しの業務".into(), version: "0.1".into(), ..Held::default() };
    let holds = Holdings { systems: vec![held], ..Holdings::default() };
    copy_hold(&scene.market, (&SANDBOXES, &book.of), &holds).await.expect("held");
    copy_note(&scene.market, (&SANDBOXES, &book), "").await.expect("noted");
    let open = scene.ask(who, "/sandbox", None).await;
    check(&open, 200, &["使えます", "/first_maker_kensho/sign-in", "0.1", "作り直す"]);
    let english = scene.ask(who, "/sandbox?lang=en", None).await;
    check(&english, 200, &["It can be used", "Public service mesh", "Not offered yet"]);
    let renew = scene.ask(who, "/sandbox/renew", None).await;
    check(&renew, 200, &["検証環境を作り直す", "元に戻せません"]);
    let other = scene.ask("second_maker/kokai", "/sandbox", None).await;
    check(&other, 200, &["まだ開いていません"]);
    assert!(!other.text.contains("試しの業務"));
    let own = scene.held[1].database(scene.held[1].market().as_ref(), None, 1).expect("a pool");
    let client = own.client().await.expect("it is let in");
    assert!(copy_list(&*client, &SANDBOXES).await.expect("a list").is_empty());
    for sql in [
        "update market.sandbox set done_at = now()",
        "insert into market.sandbox (of, organisation, wish, asked_by)
         values ('second_maker', 'second_maker_kensho', '開く', 'x')",
        "insert into market.sandbox_act (of, actor, act) values ('first_maker', 'x', '開く')",
        "select market.sandbox_wish('first_maker', '閉じる', 'x', null)",
    ] {
        assert!(client.execute(sql, &[]).await.is_err(), "{sql}");
    }
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
             values ('second_maker', '', '', '', '')"
        ),
        "delete from market.submission".to_owned(),
        "update market.key set content = 'x'".to_owned(),
        "insert into market.key (content, added_by) values ('x', 'x')".to_owned(),
        "insert into market.key (vendor, content, added_by) values ('second_maker', 'x', '')"
            .to_owned(),
        "insert into market.vendor values ('x', 'x', 'x', true)".to_owned(),
    ] {
        assert!(client.execute(&sql, &[]).await.is_err(), "{sql}");
    }
    // Neither the catalogue nor any body's database is open to a vendor.
    for database in ["kumoi_control", "second_maker_staff", "postgres"] {
        let login = scene.held[0].market().expect("a login");
        let login = store::organisation::Login { database: database.to_owned(), ..login };
        let closed = scene.held[0].database(Some(&login), None, 1).expect("a pool");
        assert!(closed.client().await.is_err(), "{database}");
    }
}
