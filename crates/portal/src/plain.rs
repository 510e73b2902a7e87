//! NUL is a character that no text in the database can hold. Every zone's routes are asked through
//! here: an address with it leads nowhere, and a form with it is refused at its field before
//! anybody reads it. Programs are told by their own reader (`counter/api/schema`).

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base::said;
use office::OfficeError;
use office::plan::Finding;

use crate::counter::desk::language;
use crate::counter::refusal::{Refusal, page};

/// NUL as an address or a form carries it.
const SENT: &str = "%00";
/// The media type of a form without files.
const FORM: &str = "application/x-www-form-urlencoded";

/// Lets through what has no NUL.
pub async fn check(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let language = language(&parts);
    if parts.uri.path().contains(SENT) {
        return page(&Refusal::NotFound, language, "/");
    }
    if let Some(field) = parts.uri.query().and_then(|query| holder(query.as_bytes())) {
        return page(&refusal(&field), language, "/");
    }
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with(FORM)) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    // The limit of the zone stands in the extensions of the request.
    let whole = Request::from_parts(parts.clone(), body);
    match Bytes::from_request(whole, &()).await {
        Err(rejection) => rejection.into_response(),
        Ok(bytes) => match holder(&bytes) {
            Some(field) => page(&refusal(&field), language, "/"),
            None => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        },
    }
}

/// The name of the first field with NUL, in its name or its value.
fn holder(form: &[u8]) -> Option<String> {
    let has = |pair: &&[u8]| {
        pair.contains(&0) || pair.windows(SENT.len()).any(|part| part == SENT.as_bytes())
    };
    let pair = form.split(|byte| *byte == b'&').find(has)?;
    let mut address = reqwest::Url::parse("http://form/").ok()?;
    address.set_query(Some(&String::from_utf8_lossy(pair)));
    let (name, _) = address.query_pairs().next()?;
    Some(name.chars().filter(|sign| !sign.is_control()).take(60).collect())
}

fn refusal(field: &str) -> Refusal {
    let said = said!(
        "「{field}」に、文字として使えない符号（NUL）があります。前の画面に戻り、その欄を入れ直してください",
        "“{field}” has a character (NUL) that no text can hold. Go back and enter that field again"
    );
    Refusal::Office(OfficeError::Invalid(vec![Finding::at(field, said)]))
}

#[cfg(test)]
mod tests {
    use super::holder;

    #[test]
    fn the_field_with_nul_is_named() {
        for (form, field) in [
            ("", None),
            ("a=1&b=2", None),
            ("a=%2500", None),
            ("a=1&reason=x%00y&c=%00", Some("reason")),
            ("a=1&b=x\0", Some("b")),
            ("%E5%90%8D=%00", Some("名")),
            ("a%00b=1", Some("ab")),
        ] {
            assert_eq!(holder(form.as_bytes()).as_deref(), field, "{form:?}");
        }
    }
}
