//! NUL is a character that no text in the database can hold. Every zone's routes are asked through
//! here: an address with it leads nowhere, and a form with it is refused at its field before
//! anybody reads it. Programs are told by their own reader (`counter/api/schema`).

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use base::said;
use futures_util::StreamExt;
use office::OfficeError;
use office::plan::Finding;

use crate::counter::desk::language;
use crate::counter::refusal::{Refusal, page};

/// NUL as an address or a form carries it.
const SENT: &str = "%00";
/// The media type of a form without files.
const FORM: &str = "application/x-www-form-urlencoded";

/// Lets through what has no NUL. A form is looked at while whoever takes it reads it, behind the
/// sign-in and within the limit of its page: nothing of it is kept here.
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
    let found: Arc<OnceLock<String>> = Arc::default();
    let (told, mut scan) = (Arc::clone(&found), Scan::default());
    let watched = body.into_data_stream().map(move |chunk| {
        let chunk = chunk?;
        match scan.field_with_nul(&chunk) {
            None => Ok(chunk),
            Some(field) => {
                let _ = told.set(field);
                Err(axum::Error::new(std::io::Error::other("NUL")))
            }
        }
    });
    let answer = next.run(Request::from_parts(parts, Body::from_stream(watched))).await;
    match found.get() {
        Some(field) => page(&refusal(field), language, "/"),
        None if answer.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let mut answer = page(&too_long(), language, "/");
            *answer.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            answer
        }
        None => answer,
    }
}

/// A form as it goes by: the name of the field that is being read, and the last signs.
#[derive(Default)]
struct Scan {
    name: Vec<u8>,
    is_value: bool,
    /// How much of `%00` was seen just now.
    seen: usize,
}

impl Scan {
    /// The longest name that is told, as sent.
    const LONGEST: usize = 540;

    /// The first field with NUL in this part, in its name or its value.
    fn field_with_nul(&mut self, part: &[u8]) -> Option<String> {
        for byte in part {
            self.seen = match (byte, self.seen) {
                (b'%', _) => 1,
                (b'0', 1 | 2) => self.seen + 1,
                _ => 0,
            };
            if *byte == 0 || self.seen == SENT.len() {
                return Some(self.name());
            }
            match byte {
                b'&' => (self.is_value, self.name) = (false, Vec::new()),
                b'=' => self.is_value = true,
                _ if !self.is_value && self.name.len() < Self::LONGEST => self.name.push(*byte),
                _ => {}
            }
        }
        None
    }

    /// The name of the field as people read it.
    fn name(&self) -> String {
        let mut address = String::from_utf8_lossy(&self.name).into_owned();
        // What is left of a NUL in the name itself.
        if !self.is_value {
            address.truncate(address.trim_end_matches("%0").len());
        }
        let mut whole = reqwest::Url::parse("http://form/").ok();
        if let Some(whole) = &mut whole {
            whole.set_query(Some(&address));
        }
        let name = whole.and_then(|whole| Some(whole.query_pairs().next()?.0.into_owned()));
        name.unwrap_or_default().chars().filter(|sign| !sign.is_control()).take(60).collect()
    }
}

/// The name of the first field with NUL, in its name or its value.
fn holder(form: &[u8]) -> Option<String> {
    Scan::default().field_with_nul(form)
}

fn too_long() -> Refusal {
    let said = said!(
        "送られた内容が長すぎるため、受け取れません。前の画面に戻り、短くして（ファイルなら分けて）もう一度送ってください",
        "What was sent is too long. Go back, shorten it (or send a file in parts) and send it again"
    );
    Refusal::Office(OfficeError::Invalid(vec![Finding::error(None, said)]))
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
            ("x=1&a%00b=1", Some("a")),
            ("a=%000", Some("a")),
            ("a=%%00", Some("a")),
            ("a=%0%30", None),
        ] {
            assert_eq!(holder(form.as_bytes()).as_deref(), field, "{form:?}");
            // In whatever parts it comes.
            let mut scan = super::Scan::default();
            let found = form.as_bytes().chunks(1).find_map(|part| scan.field_with_nul(part));
            assert_eq!(found.as_deref(), field, "{form:?}");
        }
    }
}
