//! Passwords that were issued, changed and forgotten; lock-out; sessions that run out; limits.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base::date::day_in_japan;
use jiff::{SignedDuration, Timestamp};
use office::OfficeError;
use office::staff::{
    NewAccount, Opened, account_issue, code_confirm, code_reissue, code_secret, password_change,
    password_issue, renewal_actor, sample_codes, session_actor, setup_actor, sign_in, try_count,
};
use store::Database;

use crate::counter::api::tests::stage::{PASSWORD, Reply, Stage};
use crate::counter::desk::{COOKIE, ZONE};

const ID: &str = "shinjin";
const NEW: &str = "a-quite-new-one";

fn later(minutes: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_mins(minutes)
}

/// Signs in at a moment, with the code of that moment.
async fn enter(staff: &Database, password: &str, at: Timestamp) -> Result<Opened, OfficeError> {
    let codes = sample_codes(staff, at).await.expect("codes");
    let (.., code) = codes.into_iter().find(|(one, ..)| one == ID).expect("an account");
    sign_in(staff, (ID, password, &code), ZONE, at).await
}

async fn get(stage: &Stage, path: &str, token: &str) -> Reply {
    let request = Request::builder().uri(format!("/first_city{path}"));
    let request = request.header(header::COOKIE, format!("{COOKIE}={token}"));
    stage.answer(request.body(Body::empty()).expect("a request")).await
}

/// All of it, for one new member of staff.
pub async fn passwords_sessions_and_limits(stage: &Stage) {
    let staff = stage.state.place("first_city").expect("a place").staff.clone();
    let account = NewAccount {
        id: ID.to_owned(),
        name: "見本　新人".to_owned(),
        password: PASSWORD.to_owned(),
        totp_secret: vec![77; 20],
        roles: vec!["counter".to_owned()],
        valid_from: day_in_japan(Timestamp::now()),
    };
    account_issue(&staff, &account, Timestamp::now()).await.expect("an account");
    let again = account_issue(&staff, &account, Timestamp::now()).await;
    assert!(matches!(again, Err(OfficeError::Conflict(_))), "nobody is overwritten: {again:?}");
    issued_must_be_changed(stage, &staff).await;
    let token = device_lost(stage, &staff).await;
    forgotten(&staff, &token).await;
    locked_out(&staff).await;
    run_out(stage, &staff).await;
    limited(stage, &staff).await;
}

async fn issued_must_be_changed(stage: &Stage, staff: &Database) {
    let opened = enter(staff, PASSWORD, later(0)).await.expect("signed in");
    assert!(opened.renewal);
    for path in ["", "/search", "/documents"] {
        assert_eq!(get(stage, path, &opened.token).await.location, "/first_city/password");
    }
    assert_eq!(get(stage, "/password", &opened.token).await.status, StatusCode::OK);
    let ask = stage.send("GET", "first_city", "/queue", Some(&opened.token), None).await;
    assert_eq!(ask.status, StatusCode::UNAUTHORIZED, "programs get nowhere with it");
    let found = renewal_actor(staff, &opened.token, ZONE, String::new(), later(0)).await;
    let (actor, _, renewal) = found.expect("a session").expect("somebody");
    assert!(renewal);
    for (old, new, again) in
        [("wrong", NEW, NEW), (PASSWORD, NEW, "x"), (PASSWORD, "short", "short")]
    {
        let refused = password_change(staff, &actor, (old, new, again)).await;
        assert!(matches!(refused, Err(OfficeError::Invalid(_))), "{new}: {refused:?}");
    }
    let same = password_change(staff, &actor, (PASSWORD, PASSWORD, PASSWORD)).await;
    assert!(matches!(same, Err(OfficeError::Invalid(_))), "{same:?}");
    let changed = password_change(staff, &actor, (PASSWORD, NEW, NEW)).await.expect("changed");
    let old = renewal_actor(staff, &opened.token, ZONE, String::new(), later(0)).await;
    assert!(old.expect("an answer").is_none(), "the other sessions are over");
    assert_eq!(get(stage, "", &changed.token).await.status, StatusCode::OK);
}

/// The one-time secret is replaced; the session that the new one opens is answered.
async fn device_lost(stage: &Stage, staff: &Database) -> String {
    let old = enter(staff, NEW, later(1)).await.expect("signed in").token;
    let unsaid = code_reissue(staff, (ID, " "), later(0)).await;
    assert!(matches!(unsaid, Err(OfficeError::Invalid(_))), "{unsaid:?}");
    let made = code_reissue(staff, (ID, "端末をなくした"), later(0)).await.expect("made");
    assert_ne!(get(stage, "", &old).await.status, StatusCode::OK, "every session is over");
    assert!(
        enter(staff, NEW, later(2)).await.is_err(),
        "no app gives entrance before it is set up"
    );
    let begin = async |password: &str, code: &str, at: Timestamp| {
        sign_in(staff, (ID, password, code), ZONE, at).await
    };
    assert!(begin("wrong", &made.code, later(0)).await.is_err(), "the password is asked for");
    let late = begin(NEW, &made.code, later(25 * 60)).await;
    let Err(OfficeError::SignIn(words)) = late else { panic!("{late:?}") };
    assert!(words.ja.contains("期限"), "{words}");
    let opened = begin(NEW, &made.code.to_lowercase(), later(0)).await.expect("begins");
    assert!(opened.setup);
    for path in ["", "/search", "/password"] {
        let to = get(stage, path, &opened.token).await.location;
        assert_eq!(to, "/first_city/one-time-code", "{path}");
    }
    let ask = stage.send("GET", "first_city", "/queue", Some(&opened.token), None).await;
    assert_eq!(ask.status, StatusCode::UNAUTHORIZED, "programs get nowhere with it");
    let found = setup_actor(staff, &opened.token, ZONE, (String::new(), later(0))).await;
    let (actor, _) = found.expect("a session").expect("somebody");
    let secret = code_secret(staff, &actor).await.expect("a secret");
    let page = get(stage, "/one-time-code", &opened.token).await.text;
    assert!(page.contains(&secret[..4]) && page.contains("鍵"), "{page}");
    let wrong = code_confirm(staff, &actor, "000000x").await;
    assert!(matches!(wrong, Err(OfficeError::Invalid(_))), "{wrong:?}");
    let codes = sample_codes(staff, actor.at).await.expect("codes");
    let (.., code) = codes.into_iter().find(|(one, ..)| one == ID).expect("an account");
    let confirmed = code_confirm(staff, &actor, &code).await.expect("set up");
    assert_eq!(get(stage, "", &confirmed.token).await.status, StatusCode::OK);
    assert!(begin(NEW, &made.code, later(0)).await.is_err(), "the registration code serves once");
    let again = code_secret(staff, &actor).await;
    assert!(matches!(again, Err(OfficeError::Conflict(_))), "never shown again: {again:?}");
    confirmed.token
}

async fn forgotten(staff: &Database, token: &str) {
    let issued = password_issue(staff, ID, later(0)).await.expect("issued");
    let over = session_actor(staff, token, ZONE, String::new(), later(0)).await;
    assert!(over.expect("an answer").is_none(), "every session is over");
    assert!(enter(staff, NEW, later(1)).await.is_err(), "the old one is gone");
    assert!(enter(staff, &issued, later(2)).await.expect("signed in").renewal);
    let late = enter(staff, &issued, later(25 * 60)).await;
    let Err(OfficeError::SignIn(words)) = late else { panic!("{late:?}") };
    assert!(words.ja.contains("期限"), "{words}");
    let nobody = password_issue(staff, "nobody", later(0)).await;
    assert!(matches!(nobody, Err(OfficeError::NotFound(_))), "{nobody:?}");
    let found = enter(staff, &issued, later(25)).await.expect("signed in");
    let found = renewal_actor(staff, &found.token, ZONE, String::new(), later(0)).await;
    let (actor, ..) = found.expect("a session").expect("somebody");
    password_change(staff, &actor, (&issued, NEW, NEW)).await.expect("changed");
}

async fn locked_out(staff: &Database) {
    for _ in 0..5 {
        assert!(enter(staff, "wrong", later(30)).await.is_err());
    }
    // The lock counts from now by the database; five minutes later it still holds.
    let locked = enter(staff, NEW, later(5)).await;
    let Err(OfficeError::SignIn(words)) = locked else { panic!("{locked:?}") };
    assert!(words.ja.contains("15分間"), "{words}");
    assert!(!enter(staff, NEW, later(40)).await.expect("signed in").renewal);
}

async fn run_out(stage: &Stage, staff: &Database) {
    let client = staff.client().await.expect("a connection");
    for (at, change) in [
        (50, "last_used_at = now() - interval '61 minutes'"),
        (60, "expires_at = now() - interval '1 second'"),
    ] {
        let opened = enter(staff, NEW, later(at)).await.expect("signed in");
        assert_eq!(get(stage, "", &opened.token).await.status, StatusCode::OK);
        let sql = format!("update staff.session set {change} where account = '{ID}'");
        client.batch_execute(&sql).await.expect("changed");
        assert_eq!(get(stage, "", &opened.token).await.location, "/first_city/sign-in");
    }
}

async fn limited(stage: &Stage, staff: &Database) {
    let tries = async |address: &str, name: &str| try_count(staff, address, name).await;
    for _ in 0..10 {
        tries("10.0.0.9", "dareka").await.expect("allowed");
    }
    let Err(OfficeError::TooMany(left)) = tries("10.0.0.8", "dareka").await else { panic!() };
    assert!((1..=60).contains(&left), "{left}");
    for one in 0..50 {
        tries("10.0.0.9", &format!("dareka{one}")).await.expect("allowed");
    }
    let refused = tries("10.0.0.9", "yet-another").await;
    assert!(matches!(refused, Err(OfficeError::TooMany(_))), "{refused:?}");
    tries("10.0.0.7", "yet-another").await.expect("another address");
    let request = Request::builder().method("POST").uri("/first_city/sign-in");
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let body = Body::from("id=dareka&password=x&code=000000");
    let reply = stage.answer(request.body(body).expect("a request")).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS, "{}", reply.text);
    assert!(reply.retry_after.parse::<u32>().is_ok_and(|left| left <= 60), "{}", reply.retry_after);
    assert!(reply.text.contains("秒待ってから"), "{}", reply.text);
}
