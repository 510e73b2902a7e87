//! The counter in English: refused forms, refusals, pages. Outside of elements marked as Japanese
//! (records, what somebody wrote, what a message quotes) nothing Japanese is left.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use jiff::Timestamp;
use office::staff::session_actor;

use super::scene::Scene;
use crate::counter::api::tests::stage::{PASSWORD, Stage};
use crate::counter::api::tests::walk::move_in;
use crate::counter::desk::{COOKIE, ZONE};
use crate::signed::LANGUAGE_COOKIE;

const CITY: &str = "first_city";
/// Elements that have no end.
const VOID: &[&str] = &["br", "hr", "img", "input", "link", "meta", "wbr"];

/// Who posts what where, the status of the answer and what it says.
type Posted<'p> = (&'p str, &'p str, &'p [(&'p str, &'p str)], u16, &'p str);

/// An English page.
struct Read {
    status: StatusCode,
    html: String,
}

/// What a page says outside of Japanese elements, labels for readers of the screen included.
fn english(html: &str) -> String {
    let (mut out, mut rest) = (String::new(), html);
    let mut open: Vec<(&str, bool)> = Vec::new();
    while let Some(at) = rest.find('<') {
        let japanese = open.last().is_some_and(|(_, japanese)| *japanese);
        if !japanese {
            out.push_str(&rest[..at]);
        }
        let end = at + rest[at..].find('>').expect("an end of the tag");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        let name = tag.split_whitespace().next().unwrap_or_default();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop().map(|(own, _)| own), Some(name), "{html}");
            continue;
        }
        let japanese = attribute(tag, "lang").map_or(japanese, |language| language == "ja");
        if let (false, Some(label)) = (japanese, attribute(tag, "aria-label")) {
            out.push_str(label);
        }
        if !name.starts_with('!') && !VOID.contains(&name) {
            open.push((name, japanese));
        }
    }
    out
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// Kana, kanji, and the signs that stand between them; not the wide space.
fn is_japanese(sign: char) -> bool {
    matches!(sign, '\u{3001}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF01}'..='\u{FFEF}')
}

#[track_caller]
fn check(read: &Read, status: u16, said: &[&str]) {
    let text = english(&read.html);
    assert_eq!(read.status.as_u16(), status, "{text}");
    for words in said {
        assert!(text.contains(words), "“{words}” is not said:\n{text}");
    }
    let left: Vec<&str> = text.lines().filter(|line| line.contains(is_japanese)).collect();
    assert!(left.is_empty(), "still Japanese: {left:?}");
}

#[test]
fn what_is_marked_is_left_out() {
    let html = "<p aria-label=\"a\">b<span lang=\"ja\">名<br>前</span>c<em lang=\"en\">d</em></p>";
    assert_eq!(english(html), "abcd");
    assert!(english("<p>氏名</p>").contains(is_japanese));
}

/// Asks in English; with fields it posts them, with the token of the session.
async fn ask(stage: &Stage, who: &str, path: &str, fields: Option<&[(&str, &str)]>) -> Read {
    let token = match who {
        "" => "",
        who => stage.token(CITY, who),
    };
    let mut url = reqwest::Url::parse("http://form/").expect("an address");
    if let (Some(fields), false) = (fields, who.is_empty()) {
        url.query_pairs_mut().extend_pairs(fields).append_pair("csrf", &csrf(stage, who).await);
    } else if let Some(fields) = fields {
        url.query_pairs_mut().extend_pairs(fields);
    }
    let cookies = format!("{COOKIE}={token}; {LANGUAGE_COOKIE}=en");
    let request = Request::builder()
        .method(if fields.is_some() { "POST" } else { "GET" })
        .uri(format!("/{CITY}{path}"))
        .header(header::COOKIE, cookies)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(url.query().unwrap_or_default().to_owned()));
    let response = stage.respond(request.expect("a request")).await;
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 8 << 20).await.expect("a body");
    Read { status, html: String::from_utf8(bytes.to_vec()).expect("a text") }
}

async fn csrf(stage: &Stage, who: &str) -> String {
    let place = stage.state.place(CITY).expect("a place");
    let token = stage.token(CITY, who);
    let found = session_actor(&place.staff, token, ZONE, String::new(), Timestamp::now()).await;
    found.expect("a session").expect("somebody").1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_counter_speaks_english() {
    let scene = Scene::build().await;
    let case = scene.stage.enter(move_in("霧　一", "1990-01-01")).await;
    scene.stage.unprintable(&scene.keys[0], "健").await;
    scene.stage.issued("20260401-999999-madoguchi-000001").await;
    pages(&scene, &case).await;
    forms(&scene).await;
    cases(&scene.stage, &case).await;
    records(&scene).await;
    administration(&scene.stage).await;
    accounts(&scene.stage).await;
    signing_in(&scene.stage).await;
    scene.stage.cluster.stop().await.expect("it stops");
}

async fn pages(scene: &Scene, case: &str) {
    let stage = &scene.stage;
    let row = format!("/rows/resident-record/resident/{}", scene.keys[0]);
    let case = format!("/cases/{case}");
    let past = format!("{row}?on={}", super::scene::day(5));
    let pages = [
        ("madoguchi", "", "Queue"),
        ("madoguchi", "/search", "Name, kana or number"),
        ("madoguchi", &row, "Not possible now"),
        ("madoguchi", &past, "As it stood on"),
        ("madoguchi", "/cases/1", "Case no. 1"),
        ("madoguchi", &case, "Approve"),
        ("madoguchi", "/documents", "Documents"),
        ("madoguchi", "/documents/20260401-999999-madoguchi-000001", "Void this document"),
        ("madoguchi", "/identification", "Characters that could not be printed"),
        ("madoguchi", "/identification/1", "Find candidates"),
        ("madoguchi", "/password", "New password again"),
        ("madoguchi", "/one-time-code", "One-time codes are set up already"),
        ("hogo", "/forwarding", "To be sent"),
        ("kanri", "/administration", "Versions in force"),
        ("", "/sign-in", "One-time code"),
    ];
    for (who, path, said) in pages {
        let who = if said == "Approve" { "kakari" } else { who };
        check(&ask(stage, who, path, None).await, 200, &[said]);
    }
    let found = [("register", "resident-record/resident"), ("q", "霞")];
    check(&ask(stage, "madoguchi", "/search", Some(&found)).await, 200, &["2 found"]);
}

/// A form with mistakes.
async fn filled(scene: &Scene, procedure: &str, fields: &[(&str, &str)]) -> Read {
    let path = format!("/start/resident-record/{procedure}");
    ask(&scene.stage, "madoguchi", &path, Some(fields)).await
}

async fn forms(scene: &Scene) {
    let empty = [("act", "check"), ("f.転入者.0.氏名", "")];
    check(
        &filled(scene, "move-in", &empty).await,
        200,
        &["mistakes in the form", "Choose how the person who came was identified", "Enter: Name"],
    );
    let wrong = [
        ("act", "check"),
        ("f.異動日", "令和8年13月1日"),
        ("f.届出日", "あした"),
        ("f.郵便番号", "12"),
        ("f.世帯の扱い", "九"),
        ("f.転入者.0.氏名", "霞\u{E000}"),
        ("f.転入者.0.氏名_振り仮名", "kasumi"),
        ("f.転入者.0.生年月日", "昭和65年"),
        ("f.転入者.0.続柄", "祖父"),
        ("f.転入者.0.個人番号", "12"),
    ];
    let said = [
        "There is no month 13",
        "cannot be read as a date",
        "A postal code has 7 digits",
        "Choose again",
        "is not of the standard set (U+E000)",
        "in katakana",
        "Enter “",
        "The Individual Number has 2 digits",
    ];
    check(&filled(scene, "move-in", &wrong).await, 200, &said);
    confirmed(scene).await;
    let subject = ("subject", scene.keys[0].as_str());
    let copy = [("act", "check"), ("start", scene.keys[0].as_str()), subject];
    check(&filled(scene, "residents-copy", &copy).await, 200, &["Enter: Name of the requester"]);
    let nobody = [("act", "check"), ("start", scene.keys[0].as_str())];
    check(
        &filled(scene, "move-out", &nobody).await,
        200,
        &["Choose at least one subject", "Persons concerned"],
    );
    let search = ("register", "resident-record/resident");
    for (name, value, said) in [
        ("q", "", "Enter a name, a number, a date of birth or an address"),
        ("date", "2026-02-30", "has no day 30"),
    ] {
        let read = ask(&scene.stage, "madoguchi", "/search", Some(&[search, (name, value)])).await;
        check(&read, 200, &["1 mistake", said]);
    }
}

/// A form without a mistake, before it is entered.
async fn confirmed(scene: &Scene) {
    let today = super::scene::day(0).to_string();
    let whole = [
        ("act", "check"),
        ("identity.方法", "運転免許証等"),
        ("f.異動日", &today),
        ("f.届出日", &today),
        ("f.住所", super::scene::ADDRESS),
        ("f.前住所", "霞県霞村大字霞1番地"),
        ("f.世帯の扱い", "1"),
        ("f.転入者.0.氏名", "霜　一"),
        ("f.転入者.0.氏名_振り仮名", "シモ　ハジメ"),
        ("f.転入者.0.生年月日", "1990-02-03"),
        ("f.転入者.0.性別", "1"),
        ("f.転入者.0.続柄", "世帯主"),
        ("f.転入者.0.本籍", "霞県霞村大字霞1番地"),
        ("f.転入者.0.筆頭者", "霜　一"),
        ("f.転入者.0.住民種別", "1"),
    ];
    check(
        &filled(scene, "move-in", &whole).await,
        200,
        &["Enter (to be approved)", "One photo document", "(number issued at registration)"],
    );
}

async fn cases(stage: &Stage, case: &str) {
    let act = |act: &str| format!("/cases/{case}/{act}");
    let (first, other) = (("revision", "1"), ("revision", "9"));
    let refused = [
        ("madoguchi", act("approve"), first, 403, "Who entered a case cannot decide it"),
        ("madoguchi", act("review"), first, 403, "Who entered a case cannot review it"),
        ("madoguchi", act("return"), first, 403, "Who may do this: Chief, Manager"),
        ("kakari", act("return"), first, 422, "Enter the reason for returning it"),
        ("kacho", act("approve"), first, 403, "Chief (decides, delegated)"),
        ("kacho", act("post-review"), first, 409, "waits for no post-review"),
        ("madoguchi", act("withdraw"), other, 409, "Somebody else handled case no."),
        ("kakari", "/cases/1/approve".into(), first, 409, "Registered”, so it cannot be decided"),
        ("kakari", "/cases/999/approve".into(), first, 404, "Case no. 999 was not found"),
    ];
    for (who, path, revision, status, said) in refused {
        check(&ask(stage, who, &path, Some(&[revision])).await, status, &[said]);
    }
}

async fn records(scene: &Scene) {
    let stage = &scene.stage;
    let row = format!("/rows/resident-record/resident/{}", scene.keys[0]);
    let reveal = format!("{row}/reveal");
    let (document, letter) = ("/documents/20260401-999999-madoguchi-000001", "/forwarding/sent");
    let posted: [Posted<'_>; 6] = [
        ("madoguchi", &reveal, &[("item", "個人番号")], 422, "Enter the purpose of showing it"),
        ("madoguchi", "/identification/1", &[("act", "choose")], 422, "Choose a candidate"),
        ("madoguchi", "/identification/1", &[("act", "keep")], 422, "Enter the reason for this"),
        ("hogo", letter, &[("note", "書留")], 422, "Choose which letter was sent"),
        ("hogo", letter, &[("id", "7")], 422, "Enter how it was sent"),
        ("hogo", letter, &[("id", "7"), ("note", "書留")], 409, "sent already, or there is none"),
    ];
    for (who, path, fields, status, said) in posted {
        check(&ask(stage, who, path, Some(fields)).await, status, &[said]);
    }
    let void = format!("{document}/void");
    let read = ask(stage, "madoguchi", &void, Some(&[])).await;
    check(&read, 422, &["Enter the reason why it is void"]);
    let asked: [(&str, &str, u16, &str); 8] = [
        ("madoguchi", "/rows/resident-record/resident/0?on=", 404, "Resident"),
        ("madoguchi", &format!("{row}?on=2026-13-01"), 422, "There is no month 13"),
        ("madoguchi", &format!("{row}?on=2026"), 422, "Enter year, month and day"),
        ("madoguchi", &format!("{row}?on=1950-01-01"), 404, "There is no record of that day"),
        ("madoguchi", "/documents/9", 404, "Document 9 was not found"),
        ("madoguchi", "/start/resident-record/nothing", 404, "nothing” was not found"),
        ("madoguchi", "/nowhere", 404, "Not found"),
        ("madoguchi", "/administration", 403, "Who may do this: Administrator"),
    ];
    for (who, path, status, said) in asked {
        check(&ask(stage, who, path, None).await, status, &[said]);
    }
}

async fn administration(stage: &Stage) {
    let account = [("id", "madoguchi"), ("name", "見本"), ("role", "counter")];
    let taken = [&account[..], &[("password", PASSWORD)]].concat();
    let weak = [("id", "atarashii"), ("name", "見本"), ("password", "short")];
    let rule = [("id", "-"), ("from", "いつか")];
    let refused: [Posted<'_>; 5] = [
        ("kanri", "account-create", &taken, 409, "is taken. Choose another"),
        ("kanri", "account-create", &weak, 422, "A password has 12 to 128 characters"),
        ("kanri", "code-reissue", &[("id", "madoguchi")], 422, "how the person was checked"),
        (
            "kanri",
            "password-issue",
            &[("id", "dareka")],
            404,
            "The staff ID “dareka” was not found",
        ),
        ("kanri", "rule-add", &rule, 422, "cannot be read as a date"),
    ];
    for (who, act, fields, status, said) in refused {
        let path = format!("/administration/{act}");
        check(&ask(stage, who, &path, Some(fields)).await, status, &[said]);
    }
}

async fn accounts(stage: &Stage) {
    let new = "a-quite-new-one";
    let changes: [(&[(&str, &str)], &str); 4] = [
        (&[("old", "wrong"), ("new", new), ("again", new)], "The present password is wrong"),
        (&[("old", PASSWORD), ("new", new), ("again", "x")], "its repetition differ"),
        (&[("old", PASSWORD), ("new", "x"), ("again", "x")], "12 to 128 characters"),
        (&[("old", PASSWORD), ("new", PASSWORD), ("again", PASSWORD)], "differs from the present"),
    ];
    for (fields, said) in changes {
        check(&ask(stage, "kacho", "/password", Some(fields)).await, 422, &[said]);
    }
    let request = Request::builder()
        .method("POST")
        .uri(format!("/{CITY}/password?lang=en"))
        .header(header::COOKIE, format!("{COOKIE}={}", stage.token(CITY, "kacho")))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let reply = stage.answer(request.body(Body::empty()).expect("a request")).await;
    let read = Read { status: reply.status, html: reply.text };
    check(&read, 403, &["This page is out of date"]);
}

async fn signing_in(stage: &Stage) {
    let code = stage.newcomer(CITY, "shinki").await;
    let wrong = [("id", "shinki"), ("password", "wrong"), ("code", code.as_str())];
    for _ in 0..5 {
        let read = ask(stage, "", "/sign-in", Some(&wrong)).await;
        check(&read, 401, &["The staff ID, the password or the one-time code is wrong"]);
    }
    let right = [("id", "shinki"), ("password", PASSWORD), ("code", code.as_str())];
    let read = ask(stage, "", "/sign-in", Some(&right)).await;
    check(&read, 401, &["cannot be used for 15 minutes", "An administrator can unlock it"]);
    for _ in 0..5 {
        ask(stage, "", "/sign-in", Some(&wrong)).await;
    }
    let read = ask(stage, "", "/sign-in", Some(&wrong)).await;
    check(&read, 429, &["Too many tries to sign in. Wait "]);
}
