//! The boxes open with their own key and context only, and never after a change.

use super::*;

const ISSUER: &str = "https://issuer.example";
const SUBJECT: &str = "Zt4nQ0v6H2mX8kLr1sYc7Q";

fn office(byte: u8) -> OfficeKey {
    OfficeKey::from_vault(&Vault::from_master(&[byte; KEY_LENGTH]).unwrap()).unwrap()
}

#[test]
fn a_box_opens_with_the_office_key_only() {
    let sealed = seal_for_office(office(1).public(), b"here", "見本太郎".as_bytes()).unwrap();
    assert_eq!(office(1).open(b"here", &sealed).unwrap(), "見本太郎".as_bytes());
    assert!(office(2).open(b"here", &sealed).is_err(), "another office");
    assert!(office(1).open(b"there", &sealed).is_err(), "another context");
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert!(office(1).open(b"here", &altered).is_err(), "byte {at} altered");
    }
    assert!(office(1).open(b"here", &sealed[..31]).is_err(), "cut");
    assert!(!sealed.windows(12).any(|part| part == "見本太郎".as_bytes()));
}

#[test]
fn the_office_key_is_stable_and_its_public_key_is_checked() {
    assert_eq!(office(3).public(), office(3).public());
    assert!(seal_for_office(&[1; 31], b"", b"").is_err());
    assert!(seal_for_office(&[0; 32], b"", b"").is_err(), "a point of small order");
}

#[test]
fn a_view_needs_subject_and_secret() {
    let keys = ResidentKeys::new(ISSUER, SUBJECT).unwrap();
    let secret = random().unwrap();
    let answer = keys.answer_seal(&secret).unwrap();
    assert_eq!(keys.answer_open(&answer).unwrap(), secret);
    let view = keys.view_seal(&secret, b"view").unwrap();
    assert_eq!(keys.view_open(&secret, &view).unwrap(), b"view");
    assert!(keys.view_open(&[0; 32], &view).is_err(), "another secret");
    let other = ResidentKeys::new(ISSUER, "Zt4nQ0v6H2mX8kLr1sYc7R").unwrap();
    assert!(other.answer_open(&answer).is_err(), "another subject");
    assert!(other.view_open(&secret, &view).is_err(), "another subject");
    assert!(keys.answer_open(&view).is_err(), "another use");
}

#[test]
fn a_subject_that_could_be_guessed_is_refused() {
    assert!(ResidentKeys::new(ISSUER, "000123").is_err());
}

#[test]
fn handles_do_not_run_into_each_other() {
    assert_ne!(subject_handle("a", "bc"), subject_handle("ab", "c"));
}

#[test]
fn a_session_opens_with_its_token_only() {
    let token = SessionToken::new().unwrap();
    let sealed = token.seal(b"content").unwrap();
    let again = SessionToken::parse(&token.text()).unwrap();
    assert_eq!(again.open(&sealed).unwrap(), b"content");
    assert_eq!(again.digest(), token.digest());
    assert!(SessionToken::new().unwrap().open(&sealed).is_err());
    assert!(SessionToken::parse("short").is_err());
    assert_ne!(token.derived("csrf"), token.derived("state"));
}
