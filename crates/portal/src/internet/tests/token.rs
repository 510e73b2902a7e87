//! Nothing is believed of a token that is not signed by the issuer, for us, now, for this attempt.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Value, json};

use crate::authenticator::token::SigningKey;
use crate::internet::oidc::{Expected, Identity, SignInError, verify};

const ISSUER: &str = "http://issuer.example";

fn claims() -> Value {
    let now = Timestamp::now().as_second();
    json!({
        "iss": ISSUER, "aud": "sample_city", "sub": "Zt4nQ0v6H2mX8kLr1sYc7Q", "nonce": "n-1",
        "iat": now, "exp": now + 300, "name": "見本太郎", "address": { "formatted": "見本町1-1" },
        "birthdate": "1980-04-01", "gender": "1",
    })
}

fn read(key: &SigningKey, token: &str) -> Result<Identity, SignInError> {
    let keys = JwkSet { keys: vec![key.public.clone()] };
    verify(token, &keys, &Expected { issuer: ISSUER, audience: "sample_city", nonce: "n-1" })
}

#[track_caller]
fn refused(change: impl FnOnce(&mut Value)) {
    let key = SigningKey::new().unwrap();
    let mut claims = claims();
    change(&mut claims);
    let found = read(&key, &key.sign(&claims).unwrap());
    assert!(matches!(found, Err(SignInError::Token(_))), "{found:?}");
}

#[test]
fn a_good_token_tells_who_it_is() {
    let key = SigningKey::new().unwrap();
    let identity = read(&key, &key.sign(&claims()).unwrap()).unwrap();
    assert_eq!(identity.subject, "Zt4nQ0v6H2mX8kLr1sYc7Q");
    assert_eq!(identity.claims.address, "見本町1-1");
    let mut line = claims();
    line["address"] = json!("見本町1-1");
    assert_eq!(read(&key, &key.sign(&line).unwrap()).unwrap().claims.address, "見本町1-1");
}

#[test]
fn wrong_claims_are_refused() {
    let past = Timestamp::now().as_second() - 120;
    let future = Timestamp::now().as_second() + 120;
    refused(|claims| claims["nonce"] = json!("n-2"));
    refused(|claims| claims["aud"] = json!("other_city"));
    refused(|claims| claims["iss"] = json!("http://other.example"));
    refused(|claims| claims["exp"] = json!(past));
    refused(|claims| claims["nbf"] = json!(future));
    for missing in ["nonce", "aud", "iss", "exp", "sub", "name", "birthdate"] {
        refused(|claims| drop(claims.as_object_mut().unwrap().remove(missing)));
    }
}

#[test]
fn a_token_without_a_good_signature_is_refused() {
    let key = SigningKey::new().unwrap();
    let other = SigningKey::new().unwrap();
    assert!(read(&key, &other.sign(&claims()).unwrap()).is_err(), "another key");
    let body = URL_SAFE_NO_PAD.encode(claims().to_string());
    let kid = key.public.common.key_id.clone().unwrap();
    for alg in ["none", "None", "HS256", "ES384"] {
        let header = URL_SAFE_NO_PAD.encode(json!({ "alg": alg, "kid": kid }).to_string());
        assert!(read(&key, &format!("{header}.{body}.")).is_err(), "{alg}");
        assert!(read(&key, &format!("{header}.{body}.AAAA")).is_err(), "{alg}");
    }
    let token = key.sign(&claims()).unwrap();
    let (head, signature) = token.rsplit_once('.').unwrap();
    assert!(read(&key, &format!("{head}.")).is_err(), "cut");
    let header = head.split('.').next().unwrap();
    let altered = URL_SAFE_NO_PAD.encode(claims().to_string().replace("見本太郎", "見本次郎"));
    assert!(read(&key, &format!("{header}.{altered}.{signature}")).is_err(), "altered");
}
