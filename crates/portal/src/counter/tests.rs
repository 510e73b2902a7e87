//! Two walks of the counter beside the ordinary case, against a real organisation: a character is
//! identified and its certificate can be issued; a protected person is forwarded to former places
//! and no letter knows where the person lives now.

mod english;
mod entry;
mod passwords;
mod past;
mod reading;
mod scene;
mod start;
mod workers;

use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use office::OfficeError;
use office::case::CaseInput;
use office::certificate::{Job, RenderError, Rendered, certificate_issue};
use office::identification::{Choice, Hints, Standing, list, settle, sheet};
use office::{Actor, forward};
use serde_json::{Value, json};
use store::journal::journal_latest;

use self::scene::check;
use super::Place;
use super::api::tests::stage::Stage;
use super::api::tests::walk::move_in;
use super::desk::COOKIE;

const NAME: &str = "渡邉　一";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn characters_and_letters() {
    let stage = Stage::build().await;
    a_character_is_identified(&stage).await;
    a_protected_person_is_forwarded(&stage).await;
    passwords::passwords_sessions_and_limits(&stage).await;
    workers::the_background(&stage).await;
    workers::what_is_installed_is_taken_up(&stage).await;
    stage.cluster.stop().await.expect("it stops");
}

/// Enters, approves, and gives the key of the row with this name.
async fn registered(stage: &Stage, input: Value, name: &str) -> String {
    let case = stage.enter(input).await;
    approve(stage, &case).await;
    let asked = json!({"system": "resident-record", "register": "resident", "q": name});
    let reply = stage.first("madoguchi", ("POST", "/search"), Some(asked)).await;
    reply.body["rows"][0]["key"].as_str().expect("a row").to_owned()
}

async fn approve(stage: &Stage, case: &str) {
    let path = format!("/cases/{case}/approve");
    let reply = stage.first("kakari", ("POST", &path), Some(json!({"revision": 1}))).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
}

/// A printer whose fonts have no 邉.
async fn print(job: Job) -> Result<Rendered, RenderError> {
    let name = job.data["subjects"][0]["氏名"].as_str().unwrap_or_default().to_owned();
    if name.contains('邉') {
        let missing = ("/subjects/0/氏名".to_owned(), "邉".to_owned(), "U+9089".to_owned());
        return Err(RenderError::Glyphs(vec![missing]));
    }
    Ok(Rendered { pdf: name.into_bytes(), pages: 1 })
}

fn copy_of(key: &str) -> CaseInput {
    CaseInput {
        system: "resident-record".to_owned(),
        procedure: "residents-copy".to_owned(),
        form: json!({
            "対象者": [{"key": key}], "届出日": "2026-11-22", "請求者区分": "1",
            "請求者氏名": "渡邉　一", "手数料の扱い": "1", "使いみち": "公用",
        }),
        identity: json!({"方法": "運転免許証等"}),
        acknowledged: true,
    }
}

async fn a_character_is_identified(stage: &Stage) {
    let key = registered(stage, move_in(NAME, "1980-02-03"), NAME).await;
    let place: Arc<Place> = stage.state.place("first_city").expect("a place");
    let (office, clerk) = (&place.office, stage.actor("madoguchi").await);
    let issue = async || certificate_issue(office, &clerk, &copy_of(&key), print).await;
    for _ in 0..2 {
        let stopped = issue().await;
        assert!(matches!(stopped, Err(OfficeError::Glyphs(_))), "{stopped:?}");
    }
    let waiting = list(office, &clerk, false).await.expect("a list");
    let [one] = waiting.as_slice() else { panic!("once a place: {waiting:?}") };
    let at = &one.glyph.met.place;
    assert_eq!((at.subject.as_str(), at.item.as_str()), (key.as_str(), "氏名"));
    assert_eq!((one.standing, one.glyph.met.source.as_str()), (Standing::Waiting, "邉"));
    let id = one.glyph.id;
    let found = sheet(office, &clerk, (id, &Hints::default())).await.expect("a sheet");
    assert_eq!(found.text.as_deref(), Some(NAME));
    assert_eq!(found.correction.as_deref(), Some("職権修正"));
    assert!(found.candidates.iter().any(|one| one.text == "邊"), "{:?}", found.candidates);
    the_page_finds_what_is_known(stage, id).await;
    wrong_choices(office, &clerk, id, &stage.actor("kacho").await).await;
    let choice = Choice::Character("邊".to_owned());
    let case = settle(office, &clerk, (id, &choice), "届書の字形").await.expect("a decision");
    let case = case.expect("a case").to_string();
    let again = settle(office, &clerk, (id, &choice), "もう一度").await;
    assert!(matches!(again, Err(OfficeError::Conflict(_))), "{again:?}");
    assert!(matches!(issue().await, Err(OfficeError::Glyphs(_))), "nothing is decided yet");
    approve(stage, &case).await;
    assert!(list(office, &clerk, false).await.expect("a list").is_empty());
    let settled = list(office, &clerk, true).await.expect("a list");
    assert_eq!(settled[0].standing, Standing::Corrected);
    let (_, page) = issue().await.expect("the waiting certificate");
    assert_eq!(String::from_utf8(page.pdf).expect("a text"), "渡邊　一");
    let client = office.database.client().await.expect("a connection");
    let journal = journal_latest(&**client, None, 1).await.expect("entries");
    let entry = &journal[0].entry;
    assert_eq!((entry.reason.as_str(), entry.actor.as_str()), ("職権修正", "madoguchi"));
    assert_eq!(entry.approver.as_deref(), Some("kakari"));
}

/// The sheet offers what the record suggests and what a person reads off the document.
async fn the_page_finds_what_is_known(stage: &Stage, id: i64) {
    let page = async |query: &str| {
        let token = stage.token("first_city", "madoguchi");
        let request = Request::builder()
            .uri(format!("/first_city/identification/{id}{query}"))
            .header(header::COOKIE, format!("{COOKIE}={token}"))
            .body(Body::empty())
            .expect("a request");
        let response = stage.respond(request).await;
        let bytes = to_bytes(response.into_body(), 8 << 20).await.expect("a body");
        String::from_utf8(bytes.to_vec()).expect("a text")
    };
    let offered =
        |sign: char| format!("id=\"field-candidate\" name=\"candidate\" value=\"{sign}\"");
    let plain = page("").await;
    check(&plain, &["候補を探す", "同じ字の異体", "部首 ⾡"], &["value=\"橋\""]);
    let found = page("?reading=%E3%81%AF%E3%81%97&strokes=%EF%BC%91%EF%BC%96").await;
    check(&found, &["value=\"橋\"", "部首 ⽊　16画　キョウ・コウ・ハシ"], &["value=\"箸\""]);
    let wrong = page("?strokes=many").await;
    check(&wrong, &["画数は1から84までの数字で入れてください"], &[]);
    let like = page("?like=%E6%A9%8B").await;
    check(&like, &[&offered('橋')], &[]);
}

async fn wrong_choices(office: &office::Office, clerk: &Actor, id: i64, manager: &Actor) {
    for (text, reason) in [("邊", " "), ("邉", "届書"), ("邊辺", "届書"), ("\u{E000}", "届書")]
    {
        let choice = Choice::Character(text.to_owned());
        let refused = settle(office, clerk, (id, &choice), reason).await;
        assert!(matches!(refused, Err(OfficeError::Invalid(_))), "{text}: {refused:?}");
    }
    let refused = settle(office, manager, (id, &Choice::Keep), "届書").await;
    assert!(matches!(refused, Err(OfficeError::Forbidden(_))), "{refused:?}");
}

async fn a_protected_person_is_forwarded(stage: &Stage) {
    let mut input = move_in("霞　花", "1990-05-06");
    let person = &mut input["form"]["転入者"][0];
    person["本籍"] = json!("広島県府中市府川町315番地");
    input["form"]["前住所"] = json!("東京都府中市宮西町二丁目24番地");
    let here = "雲居市東二丁目";
    assert!(input["form"]["住所"].as_str().expect("an address").contains(here));
    let key = registered(stage, input, "霞　花").await;
    let today = base::date::day_in_japan(jiff::Timestamp::now()).to_string();
    let protection = json!({
        "system": "resident-record", "procedure": "protection-start", "acknowledged": true,
        "identity": {"方法": "運転免許証等"},
        "form": {
            "対象者": [{"key": key}], "異動日": today, "申出日": today,
            "支援措置区分": "1", "支援措置の状態": "1",
        },
    });
    let case = stage.enter(protection).await;
    let place: Arc<Place> = stage.state.place("first_city").expect("a place");
    let (office, officer) = (&place.office, stage.actor("hogo").await);
    assert!(forward::list(office, &officer, false).await.expect("a list").is_empty());
    approve(stage, &case).await;
    let refused = forward::list(office, &stage.actor("madoguchi").await, false).await;
    assert!(matches!(refused, Err(OfficeError::Forbidden(_))), "{refused:?}");
    let codes = async || -> Vec<(String, Option<String>)> {
        let found = forward::list(office, &officer, false).await.expect("a list");
        let code = |one: &store::forward::Forward| one.new.municipality.clone().expect("known").0;
        found.iter().map(|one| (code(one), one.document.clone())).collect()
    };
    let before = codes().await;
    assert_eq!(before, [("132063".to_owned(), None), ("342084".to_owned(), None)]);
    let letters = Mutex::new(Vec::new());
    let write = async || {
        let keep = |job: Job| {
            letters.lock().expect("a list").push(job.data.clone());
            async { Ok(Rendered { pdf: Vec::new(), pages: 1 }) }
        };
        forward::write(office, &officer, keep).await.expect("letters")
    };
    assert_eq!((write().await, write().await), (2, 0), "each letter once");
    let letters = letters.lock().expect("a list").clone();
    says(&letters[0], &["東京都府中市宮西町", "霞　花"], &[here, "広島県"]);
    says(&letters[1], &["広島県府中市府川町", "霞　花"], &[here, "東京都"]);
    assert!(codes().await.iter().all(|(_, letter)| letter.is_some()));
    sending(office, &officer).await;
}

#[track_caller]
fn says(letter: &Value, present: &[&str], absent: &[&str]) {
    let text = letter.to_string();
    for word in present {
        assert!(text.contains(word), "{word} is missing in {text}");
    }
    for word in absent {
        assert!(!text.contains(word), "{word} must not be in {text}");
    }
}

async fn sending(office: &office::Office, officer: &Actor) {
    let id = forward::list(office, officer, false).await.expect("a list")[0].id;
    let unsaid = forward::sent(office, officer, id, " ").await;
    assert!(matches!(unsaid, Err(OfficeError::Invalid(_))), "{unsaid:?}");
    forward::sent(office, officer, id, "書留").await.expect("sent");
    let again = forward::sent(office, officer, id, "書留").await;
    assert!(matches!(again, Err(OfficeError::Conflict(_))), "{again:?}");
    let done = forward::list(office, officer, true).await.expect("a list");
    let [one] = done.as_slice() else { panic!("{done:?}") };
    assert_eq!(one.sent.as_ref().map(|(_, by)| by.as_str()), Some("hogo"));
    assert_eq!(forward::list(office, officer, false).await.expect("a list").len(), 1);
}
