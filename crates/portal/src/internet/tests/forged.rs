//! An internet zone that lies: applications that it makes up are refused by the office.

use jiff::Timestamp;
use office::front::Trust;
use serde_json::{Value, json};
use store::front::seal::{self, ResidentKeys, application_context, seal_for_office};
use store::front::{
    LINK_REQUEST, LinkRequest, OFFICE_KEY, application_leave, link_answer, setting_read,
};

use super::stage::Stage;
use crate::authenticator::token::SigningKey;

const SUBJECT: &str = "Zt4nQ0v6H2mX8kLr1sYc7Q";

fn claims(issuer: &str) -> Value {
    let now = Timestamp::now().as_second();
    json!({
        "iss": issuer, "aud": "sample_city", "sub": SUBJECT, "nonce": "n-1",
        "iat": now, "exp": now + 300, "name": "佐藤　次郎",
        "address": { "formatted": "見本市見本町一丁目２番３号　見本荘５" },
        "birthdate": "1990-01-01", "gender": "1",
    })
}

/// Leaves an application as the internet zone can, for a handle of its choice.
async fn leave(stage: &Stage, issuer: &str, subject: &str, request: &Value) -> Vec<u8> {
    let front = stage.zones.internet.database(stage.zones.internet.front.as_ref(), None, 1);
    let front = front.expect("a pool");
    let client = front.client().await.expect("a connection");
    let handle = ResidentKeys::new(issuer, subject).expect("keys").handle();
    let key = setting_read(&**client, OFFICE_KEY).await.expect("a setting").expect("a key");
    let context = application_context(LINK_REQUEST, &handle);
    let plain = serde_json::to_vec(request).expect("a text");
    let key = seal::from_text(&key).expect("a key");
    let sealed = seal_for_office(&key, &context, &plain).expect("sealed");
    application_leave(&**client, LINK_REQUEST, &handle, &sealed).await.expect("left");
    handle.to_vec()
}

fn request(key: &SigningKey, claims: &Value, nonce: &str) -> Value {
    let token = key.sign(claims).expect("a token");
    json!(LinkRequest { token, nonce: nonce.to_owned() })
}

/// Every lie is refused; the same with nothing wrong is believed.
pub async fn nothing_is_believed_of_the_zone(stage: &Stage) {
    let real = stage.trust().await;
    let key = SigningKey::new().expect("a key");
    let mut trust = Trust { ..real.clone() };
    trust.keys.keys.push(key.public.clone());
    let issuer = trust.issuer.as_str();
    let good = claims(issuer);
    let with = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed[name] = value;
        changed
    };
    let past = Timestamp::now().as_second() - 120;
    let future = Timestamp::now().as_second() + 120;
    let mut forged = request(&key, &good, "n-1");
    let token = forged["token"].as_str().expect("a token");
    let other = SigningKey::new().expect("a key").sign(&good).expect("a token");
    let cut = |token: &str| token.rsplit_once('.').expect("three parts").1.to_owned();
    forged["token"] = json!(token.replace(&cut(token), &cut(&other)));
    let lies = [
        ("made up", json!({"issuer": issuer, "subject": SUBJECT, "claims": {}})),
        ("another signature", forged),
        ("another nonce", request(&key, &good, "n-2")),
        ("an empty nonce", request(&key, &with("nonce", json!("")), "")),
        ("expired", request(&key, &with("exp", json!(past)), "n-1")),
        ("not yet", request(&key, &with("nbf", json!(future)), "n-1")),
        ("another issuer", request(&key, &with("iss", json!("http://x.example")), "n-1")),
        ("another organisation", request(&key, &with("aud", json!("neighbour_city")), "n-1")),
        ("another resident", request(&key, &with("sub", json!("Aa4nQ0v6H2mX8kLr1sYc7Q")), "n-1")),
    ];
    for (lie, request) in &lies {
        let handle = leave(stage, issuer, SUBJECT, request).await;
        let report = stage.tick_with(Some(&trust)).await;
        assert_eq!((report.fetched, report.refused, report.linked), (1, 1, 0), "{lie}");
        let client = stage.front.client().await.expect("a connection");
        assert!(link_answer(&**client, &handle).await.expect("an answer").is_none(), "{lie}");
    }
    leave(stage, issuer, SUBJECT, &request(&key, &good, "n-1")).await;
    let report = stage.tick_with(Some(&trust)).await;
    assert_eq!((report.fetched, report.linked), (1, 1), "{report:?}");
}
