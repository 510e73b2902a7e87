//! Refusals of AWS are told apart by what follows from them; forms are encoded.

use super::*;

#[track_caller]
fn check(status: u16, text: &str, expected: &str) {
    assert_eq!(format!("{:?}", ProviderError::from(fault(status, text))), expected);
}

#[test]
fn faults_are_told_apart() {
    check(
        400,
        r#"{"__type":"com.x#ThrottlingException","message":"slow"}"#,
        r#"Throttled("400 ThrottlingException slow")"#,
    );
    check(
        400,
        r#"{"__type":"ConstraintViolationException","Message":"too many"}"#,
        r#"Quota("400 ConstraintViolationException too many")"#,
    );
    check(
        404,
        "<E><Error><Code>NoSuchEntity</Code><Message>m</Message></Error></E>",
        r#"NotYet("NoSuchEntity: m")"#,
    );
    check(
        403,
        "<Error><Code>AccessDenied</Code><Message>m</Message></Error>",
        r#"Refused("AccessDenied: m")"#,
    );
    check(500, "<html>", r#"Unreachable("500  ")"#);
    check(503, "", r#"Unreachable("503  ")"#);
    check(
        503,
        "<Error><Code>SlowDown</Code><Message>m</Message></Error>",
        r#"Throttled("503 SlowDown m")"#,
    );
    check(
        400,
        r#"{"__type":"ConstraintViolationException","Message":"m",
            "Reason":"ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED"}"#,
        r#"Throttled("400 ConstraintViolationException m ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED")"#,
    );
    check(
        400,
        r#"{"__type":"ConstraintViolationException","Message":"m",
            "Reason":"ACCOUNT_NUMBER_LIMIT_EXCEEDED"}"#,
        r#"Quota("400 ConstraintViolationException m ACCOUNT_NUMBER_LIMIT_EXCEEDED")"#,
    );
    check(
        400,
        r#"{"__type":"FinalizingOrganizationException","Message":"m"}"#,
        r#"NotYet("FinalizingOrganizationException: m")"#,
    );
    check(
        409,
        "<Error><Code>OperationAborted</Code><Message>m</Message></Error>",
        r#"NotYet("OperationAborted: m")"#,
    );
    check(
        403,
        "<Error><Code>ExpiredToken</Code><Message>m</Message></Error>",
        r#"NotYet("ExpiredToken: m")"#,
    );
    check(418, "tea", r#"Refused("418  ")"#);
}

#[test]
fn forms_are_encoded() {
    assert_eq!(percent("a b:/鍵~"), "a%20b%3A%2F%E9%8D%B5~");
}
