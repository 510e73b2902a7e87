//! A file that a page hands over.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// CSV to be saved under a name.
pub fn csv(name: &str, text: String) -> Response {
    let kind = "text/csv; charset=utf-8".to_owned();
    let saved = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, saved)], text).into_response()
}
