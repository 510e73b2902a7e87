//! The provider's promises: codes work once, with their verifier, for their client; answers go to
//! the client's one address; three wrong PINs end an attempt.

use axum::body::Body;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use axum::http::{Request, Response, StatusCode};
use serde_json::Value;
use tower::ServiceExt;

use super::*;
use crate::internet::attempt::Attempt;

const CLIENT: &str = "sample_city";
const CALLBACK: &str = "http://127.0.0.1:9/sample_city/callback";

fn provider() -> Router {
    let text = |text: &str| text.to_owned();
    let card =
        Card::new(text("見本太郎"), text("見本町1-1"), text("1980-04-01"), text("1")).unwrap();
    router(AuthenticatorConfig {
        issuer_url: text("http://127.0.0.1:8"),
        relying_party: text("http://127.0.0.1:9/"),
        cards: vec![card],
    })
    .unwrap()
}

fn form(pairs: &[(&str, &str)]) -> String {
    let mut url: reqwest::Url = "http://x.example".parse().unwrap();
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap().to_owned()
}

async fn get(router: &Router, address: &str) -> Response<Body> {
    router.clone().oneshot(Request::get(address).body(Body::empty()).unwrap()).await.unwrap()
}

async fn post(router: &Router, address: &str, pairs: &[(&str, &str)]) -> Response<Body> {
    let request = Request::post(address)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form(pairs)))
        .unwrap();
    router.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn asking(attempt: &Attempt, redirect: &str) -> String {
    let query = form(&[
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", redirect),
        ("scope", "openid name"),
        ("state", &attempt.state()),
        ("nonce", &attempt.nonce()),
        ("code_challenge", &attempt.challenge()),
        ("code_challenge_method", "S256"),
    ]);
    format!("/authorize?{query}")
}

/// The id of the request that a page of cards carries.
fn request_id(page: &str) -> String {
    let after = page.split_once("name=\"csrf\" value=\"").unwrap().1;
    after.split_once('"').unwrap().0.to_owned()
}

async fn code(router: &Router, attempt: &Attempt) -> String {
    let page = get(router, &asking(attempt, CALLBACK)).await;
    let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("form-action 'self' http://127.0.0.1:9;"), "{policy}");
    let page = text(page).await;
    assert!(page.contains("見本・非公式") && page.contains("見本太郎"), "{page}");
    let id = request_id(&page);
    let answer = post(router, "/authorize", &[("csrf", &id), ("card", "0"), ("pin", "1234")]).await;
    let location = answer.headers()[LOCATION].to_str().unwrap().to_owned();
    assert!(location.starts_with(&format!("{CALLBACK}?code=")), "{location}");
    let again = post(router, "/authorize", &[("csrf", &id), ("card", "0"), ("pin", "1234")]).await;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST, "a request is answered once");
    let url: reqwest::Url = location.parse().unwrap();
    let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.to_string();
    assert_eq!(value("state"), attempt.state());
    value("code")
}

async fn token(router: &Router, code: &str, verifier: &str, client: &str) -> (StatusCode, Value) {
    let response = post(
        router,
        "/token",
        &[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("client_id", client),
            ("code_verifier", verifier),
        ],
    )
    .await;
    (response.status(), serde_json::from_str(&text(response).await).unwrap())
}

#[tokio::test]
async fn a_code_works_once_with_its_verifier_and_client() {
    let router = provider();
    let attempt = Attempt::new().unwrap();
    let good = code(&router, &attempt).await;
    let (status, body) = token(&router, &good, &attempt.verifier(), CLIENT).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert!(body["id_token"].is_string());
    let (status, body) = token(&router, &good, &attempt.verifier(), CLIENT).await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &"invalid_grant".into()));

    let stolen = code(&router, &attempt).await;
    let other = Attempt::new().unwrap();
    let (status, _) = token(&router, &stolen, &other.verifier(), CLIENT).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "another verifier");
    let (status, _) = token(&router, &stolen, &attempt.verifier(), CLIENT).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "a code that was tried is spent");

    let code = code(&router, &attempt).await;
    let (status, _) = token(&router, &code, &attempt.verifier(), "other_city").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "another client");
}

#[tokio::test]
async fn answers_go_to_the_client_only() {
    let router = provider();
    let attempt = Attempt::new().unwrap();
    for redirect in [
        "http://evil.example/sample_city/callback",
        "http://127.0.0.1:9/other_city/callback",
        "http://127.0.0.1:9/sample_city/callback/../x",
    ] {
        let response = get(&router, &asking(&attempt, redirect)).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{redirect}");
        assert!(response.headers().get(LOCATION).is_none());
    }
    let plain = asking(&attempt, CALLBACK).replace("S256", "plain");
    let response = get(&router, &plain).await;
    let location = response.headers()[LOCATION].to_str().unwrap();
    assert!(location.contains("error=invalid_request"), "{location}");
}

#[tokio::test]
async fn three_wrong_pins_end_an_attempt() {
    let router = provider();
    let page = text(get(&router, &asking(&Attempt::new().unwrap(), CALLBACK)).await).await;
    let id = request_id(&page);
    for left in ["あと2回", "あと1回"] {
        let wrong = [("csrf", id.as_str()), ("card", "0"), ("pin", "4321")];
        let page = text(post(&router, "/authorize", &wrong).await).await;
        assert!(page.contains(left) && !page.contains("4321"), "{page}");
    }
    let wrong = [("csrf", id.as_str()), ("card", "0"), ("pin", "4321")];
    let response = post(&router, "/authorize", &wrong).await;
    assert!(response.headers()[LOCATION].to_str().unwrap().contains("error=access_denied"));
    let right = [("csrf", id.as_str()), ("card", "0"), ("pin", "1234")];
    assert_eq!(post(&router, "/authorize", &right).await.status(), StatusCode::BAD_REQUEST);
}

#[test]
fn subjects_are_pairwise_and_stable() {
    let card = Card::new("a".into(), "b".into(), "2000-01-01".into(), "1".into()).unwrap();
    let again: Card = serde_json::from_str(&serde_json::to_string(&card).unwrap()).unwrap();
    assert_eq!(card.subject("one").unwrap(), again.subject("one").unwrap());
    assert_ne!(card.subject("one").unwrap(), card.subject("two").unwrap());
}
