//! A resident's whole walk, with what must not be seen on the way.

use std::sync::Arc;

use office::front::{Clerk, Decision, Verdict, decide, pending};
use reqwest::cookie::{CookieStore, Jar};
use reqwest::redirect::Policy;
use serde_json::json;
use store::audit::{NewAudit, audit_append};
use store::case::{NewCase, case_open};

use super::stage::{Person, Stage};
use crate::authenticator::Card;
use crate::internet::session::COOKIE;

const ADDRESS: &str = "見本市見本町一丁目２番３号　見本荘５";

/// A browser: cookies, redirects followed.
struct Browser {
    client: reqwest::Client,
    jar: Arc<Jar>,
    site: String,
}

impl Browser {
    fn new(stage: &Stage) -> Browser {
        let jar = Arc::new(Jar::default());
        let client = reqwest::Client::builder()
            .cookie_provider(Arc::clone(&jar))
            .no_proxy()
            .redirect(Policy::limited(5))
            .build()
            .unwrap();
        Browser { client, jar, site: stage.site.clone() }
    }

    /// The session's token.
    fn token(&self) -> String {
        let url = format!("{}/sample_city/home", self.site).parse().unwrap();
        let cookies = self.jar.cookies(&url).unwrap();
        let prefix = format!("{COOKIE}=");
        let pairs = cookies.to_str().unwrap().split("; ");
        pairs.filter_map(|pair| pair.strip_prefix(&prefix)).next().unwrap().to_owned()
    }

    async fn get(&self, address: &str) -> reqwest::Response {
        self.client.get(format!("{}{address}", self.site)).send().await.unwrap()
    }

    async fn page(&self, address: &str) -> String {
        self.get(address).await.text().await.unwrap()
    }

    /// Signs in with a card; the page that follows is returned.
    async fn sign_in(&self, card: usize) -> reqwest::Response {
        let page = self.get("/sample_city/sign-in").await;
        let mut url = page.url().clone();
        url.set_query(None);
        let page = page.text().await.unwrap();
        assert!(page.contains("見本の認証アプリ"), "{page}");
        let id = field(&page, "csrf");
        let form = [("csrf", id.as_str()), ("card", &card.to_string()), ("pin", "1234")];
        self.client.post(url).form(&form).send().await.unwrap()
    }
}

fn field(page: &str, name: &str) -> String {
    let after = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
    after.split_once('"').unwrap().0.to_owned()
}

fn person(key: &'static str, name: &'static str, birth: &'static str) -> Person {
    Person { key, name, birth, household: "7", concealed: false }
}

fn card(name: &str, address: &str, birth: &str) -> Card {
    Card::new(name.to_owned(), address.to_owned(), birth.to_owned(), "1".to_owned()).unwrap()
}

fn people() -> Vec<Person> {
    vec![
        person("1001", "渡邉　一郎", "1980-04-01"),
        person("1002", "渡邉　花子", "1982-05-05"),
        Person { concealed: true, ..person("1003", "渡邉　秘子", "2010-06-06") },
        Person { household: "8", ..person("1004", "佐藤　次郎", "1990-01-01") },
    ]
}

fn cards() -> Vec<Card> {
    vec![
        card("渡辺一郎", ADDRESS, "1980-04-01"),
        card("佐藤　次郎", "見本市よそ町9", "1990-01-01"),
        card("山田　三郎", ADDRESS, "1970-12-31"),
        card("渡邉　秘子", ADDRESS, "2010-06-06"),
    ]
}

fn audit(subjects: &[&str], purpose: &str) -> NewAudit {
    NewAudit {
        actor: "tanaka".to_owned(),
        role: "counter".to_owned(),
        zone: "office".to_owned(),
        purpose: purpose.to_owned(),
        action: "person.show".to_owned(),
        subjects: subjects.iter().map(|key| (*key).to_owned()).collect(),
        detail: json!({}),
        request: "r".to_owned(),
    }
}

fn case(subjects: &[&str], stage: &str) -> NewCase {
    NewCase {
        system: "people".to_owned(),
        procedure: "none".to_owned(),
        package: String::new(),
        stage: stage.to_owned(),
        origin: "counter".to_owned(),
        origin_event: None,
        title: "題名には渡邉　秘子の名がある".to_owned(),
        subjects: subjects.iter().map(|key| (*key).to_owned()).collect(),
        versions: Vec::new(),
        form: json!({}),
        identity: json!({}),
        acknowledged: false,
        filed_on: None,
        effective_on: None,
        due_on: "2026-12-24".parse().unwrap(),
        entered_by: "tanaka".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_sees_the_own_record_and_nothing_else_is_seen() {
    let stage = Stage::build(&people(), cards()).await;
    let browser = Browser::new(&stage);
    strangers_are_kept_out(&stage, &browser).await;
    assert_eq!(browser.sign_in(0).await.status(), 503, "before the office has opened the counter");
    stage.tick().await;
    matched_and_published(&stage, &browser).await;
    super::matrix::every_page(&stage, stage.state.clone(), &browser.token()).await;
    news_are_followed(&stage, &browser).await;
    a_copy_of_the_front_shows_nobody(&stage).await;
    the_internet_role_reaches_nothing_else(&stage).await;
    signing_out(&browser).await;
    doubts_are_for_a_clerk(&stage).await;
    nobody_is_linked_without_a_record(&stage).await;
    super::forged::nothing_is_believed_of_the_zone(&stage).await;
    whereabouts_of_the_protected_stay_inside(&stage).await;
    a_closed_record_is_withdrawn(&stage, &browser).await;
    stage.cluster.stop().await.unwrap();
}

async fn strangers_are_kept_out(stage: &Stage, browser: &Browser) {
    assert_eq!(browser.page("/health").await, "ok");
    let unknown = browser.get("/other_city/").await;
    assert_eq!(unknown.status(), 404);
    let policy = unknown.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(unknown.headers()["cache-control"], "no-store");
    for below in ["home", "notices", "looks"] {
        let page = browser.get(&format!("/sample_city/{below}")).await;
        assert_eq!(page.url().path(), "/sample_city/", "{below} without a session");
    }
    let real = browser.get("/real_city/sign-in").await;
    assert_eq!(real.status(), 502, "the sample authenticator is not for a real organisation");
    let forged = browser.get("/sample_city/callback?code=x&state=y").await;
    assert_eq!(forged.status(), 400);
    assert!(browser.page("/?lang=en").await.contains("lang=\"en\""));
    assert!(browser.page("/sample_city/").await.contains("Sign in with your card"));
    browser.page("/?lang=ja").await;
    assert!(stage.front_dump().await.is_empty());
}

async fn matched_and_published(stage: &Stage, browser: &Browser) {
    let waiting = browser.sign_in(0).await;
    assert_eq!(waiting.url().path(), "/sample_city/home");
    assert_eq!(waiting.headers()["refresh"], "3");
    let dump = stage.front_dump().await;
    for hidden in ["渡辺一郎", ADDRESS, "1980-04-01"] {
        assert!(!dump.contains(hidden) && !dump.contains(&hexadecimal(hidden)), "{hidden}");
    }
    assert_eq!(stage.tick_with(None).await.fetched, 0, "without the issuer's keys it waits");
    let mut changed = stage.trust().await;
    changed.keys.keys.clear();
    assert_eq!(stage.tick_with(Some(&changed)).await.fetched, 0, "keys that may have changed");
    let report = stage.tick().await;
    assert_eq!((report.fetched, report.linked, report.published), (1, 1, 1), "{report:?}");
    let home = browser.get("/sample_city/home").await;
    assert!(home.headers().get("refresh").is_none());
    let page = home.text().await.unwrap();
    for shown in ["渡邉　一郎", "見本市見本町一丁目2番3号", "男", "渡邉　花子"]
    {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    for hidden in ["123456789018", "渡邉　秘子", "かくすべき備え", "保護"] {
        assert!(!page.contains(hidden), "{hidden} in {page}");
    }
}

async fn news_are_followed(stage: &Stage, browser: &Browser) {
    assert_eq!(stage.tick().await.published, 0, "nothing new");
    let client = stage.office.client().await.unwrap();
    case_open(&**client, &case(&["1001", "1002"], "受付")).await.unwrap();
    case_open(&**client, &case(&["1001", "1003"], "保護審査")).await.unwrap();
    audit_append(&**client, &audit(&["1002"], "別人の照会")).await.unwrap();
    assert_eq!(stage.tick().await.published, 0, "somebody else's news");
    audit_append(&**client, &audit(&["1001", "1003"], "転居の審査")).await.unwrap();
    assert_eq!(stage.tick().await.published, 1);
    let looks = browser.page("/sample_city/looks").await;
    assert!(looks.contains("転居の審査") && looks.contains("窓口"), "{looks}");
    assert!(looks.contains("本人との連携"), "{looks}");
    assert!(!looks.contains("tanaka") && !looks.contains("別人の照会"), "{looks}");
    let notices = browser.page("/sample_city/notices").await;
    assert!(notices.contains("受付") && notices.contains("令和8年12月24日"), "{notices}");
    assert!(!notices.contains("秘子"), "a title that names others: {notices}");
    assert!(!notices.contains("保護審査"), "a case about a concealed person: {notices}");
}

fn hexadecimal(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

async fn a_copy_of_the_front_shows_nobody(stage: &Stage) {
    let dump = stage.front_dump().await;
    assert!(dump.contains("連携済") && dump.len() > 1000);
    for hidden in ["渡邉", "渡辺", "花子", "見本町", "1980", "1001", "転居の審査", "123456789018"]
    {
        let number = hidden.len() < 10 && hidden.is_ascii(); // may stand in a time or a digest
        assert!(number || !dump.contains(hidden), "{hidden} in the dump");
        assert!(!dump.contains(&hexadecimal(hidden)), "{hidden} in bytes of the dump");
    }
}

async fn the_internet_role_reaches_nothing_else(stage: &Stage) {
    let held = &stage.zones.internet;
    assert!(held.office.is_none() && held.vault.is_none() && held.staff.is_none());
    let front = held.database(held.front.as_ref(), None, 1).unwrap();
    let client = front.client().await.unwrap();
    for refused in [
        "select office_sealed from front.link",
        "select sealed from front.inbox",
        "update front.link set state = '連携済'",
        "insert into front.view (subject_handle, sealed) values ('', '')",
        "delete from front.inbox",
        "update front.setting set value = ''",
    ] {
        assert!(client.batch_execute(refused).await.is_err(), "{refused}");
    }
    let mut login = held.front.clone().unwrap();
    login.database = "sample_city".to_owned();
    let office = held.database(Some(&login), None, 1).unwrap();
    assert!(office.client().await.is_err(), "the office's database");
}

async fn signing_out(browser: &Browser) {
    let page = browser.page("/sample_city/home").await;
    let url = format!("{}/sample_city/sign-out", browser.site);
    let forged = browser.client.post(&url).form(&[("csrf", "wrong")]).send().await.unwrap();
    assert_eq!(forged.status(), 403);
    let csrf = field(&page, "csrf");
    let left = browser.client.post(&url).form(&[("csrf", &csrf)]).send().await.unwrap();
    assert_eq!(left.url().path(), "/sample_city/");
    assert_eq!(browser.get("/sample_city/home").await.url().path(), "/sample_city/");
    let back = browser.sign_in(0).await.text().await.unwrap();
    assert!(back.contains("渡邉　一郎"), "a linked resident sees the view at once");
}

async fn doubts_are_for_a_clerk(stage: &Stage) {
    let browser = Browser::new(stage);
    browser.sign_in(1).await;
    let report = stage.tick().await;
    assert_eq!((report.linked, report.pending), (0, 1), "{report:?}");
    assert!(browser.page("/sample_city/home").await.contains("職員が照合しています"));
    let (front, office) = (&stage.front, &stage.office);
    let waiting = pending(front, office, &stage.system, "person", &stage.items).await.unwrap();
    let [one] = waiting.as_slice() else { panic!("{waiting:?}") };
    let found = &one.candidates[0];
    assert_eq!((found.key.as_str(), found.agreement.address), ("1004", false));
    let clerk = Clerk { id: "tanaka", role: "counter" };
    let verdict = |key: &str| Verdict {
        handle: &one.handle,
        decision: Decision::Link(key.to_owned()),
        clerk,
    };
    let register = (&*stage.system, "person");
    let wrong = decide((front, office), register, &stage.items, verdict("9999")).await;
    assert!(wrong.is_err(), "no such record");
    decide((front, office), register, &stage.items, verdict("1004")).await.unwrap();
    assert!(decide((front, office), register, &stage.items, verdict("1004")).await.is_err());
    assert!(browser.page("/sample_city/home").await.contains("佐藤　次郎"));
}

async fn nobody_is_linked_without_a_record(stage: &Stage) {
    let browser = Browser::new(stage);
    browser.sign_in(2).await;
    stage.tick().await;
    assert!(browser.page("/sample_city/home").await.contains("一致する記録がありません"));
}

async fn whereabouts_of_the_protected_stay_inside(stage: &Stage) {
    let browser = Browser::new(stage);
    browser.sign_in(3).await;
    assert_eq!(stage.tick().await.linked, 1);
    let page = browser.page("/sample_city/home").await;
    assert!(page.contains("渡邉　秘子") && page.contains("平成22年6月6日"), "{page}");
    assert!(!page.contains("見本町") && !page.contains("見本荘"), "{page}");
}

async fn a_closed_record_is_withdrawn(stage: &Stage, browser: &Browser) {
    let client = stage.office.client().await.unwrap();
    let close = "update people.person set closed_on = '2026-10-01' where bango = '1001'";
    client.batch_execute(close).await.unwrap();
    audit_append(&**client, &audit(&["1001"], "転出")).await.unwrap();
    assert_eq!(stage.tick().await.published, 1);
    let page = browser.page("/sample_city/home").await;
    assert!(page.contains("記録は終了しています") && !page.contains("見本市見本町"), "{page}");
}
