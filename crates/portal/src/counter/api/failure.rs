//! Answers that are not the one asked for. Nothing but problems leaves the API: what the framework
//! refuses by itself (method, length, path) is turned into a problem here.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::problem::{MEDIA_TYPE, Problem};
use base::said::Said;
use office::OfficeError;
use office::plan::Finding;

use super::super::refusal::{self, Refusal};

/// Why a request is not answered.
#[derive(Debug)]
pub enum Failure {
    /// The office, the session or the address refused.
    Refused(Refusal),
    /// The request itself cannot be read.
    Unreadable(Box<Problem>),
}

impl<E: Into<Refusal>> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::Refused(error.into())
    }
}

impl Failure {
    /// There is no such thing.
    pub fn nothing() -> Failure {
        Failure::Refused(Refusal::NotFound)
    }

    /// One or more wrong fields of the body; places are dotted paths from its root.
    pub fn fields(findings: Vec<Finding>) -> Failure {
        Failure::Refused(OfficeError::Invalid(findings).into())
    }

    /// One wrong field of the body.
    pub fn field(at: &str, said: Said) -> Failure {
        Failure::fields(vec![Finding::at(at, said)])
    }

    /// A request that cannot be read.
    pub fn unreadable(status: StatusCode, title: &str, detail: &str) -> Failure {
        Failure::Unreadable(Box::new(Problem::new(status.as_u16(), title).with_detail(detail)))
    }

    /// What the office found in a case's form, with its places as places of the body.
    pub fn of_case(error: OfficeError) -> Failure {
        match error {
            OfficeError::Invalid(findings) => {
                Failure::fields(findings.into_iter().map(placed).collect())
            }
            other => other.into(),
        }
    }
}

/// A finding of the office with its place in the body of a case.
pub fn placed(finding: Finding) -> Finding {
    let at = match finding.at.as_deref() {
        None => "form".to_owned(),
        Some(at) => match at.strip_prefix("本人確認.") {
            Some(name) => format!("identity.{name}"),
            None => format!("form.{at}"),
        },
    };
    Finding { at: Some(at), ..finding }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Failure::Refused(refusal) => refusal::json(&refusal),
            Failure::Unreadable(problem) => problem_response(*problem),
        }
    }
}

fn problem_response(problem: Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], Json(problem)).into_response()
}

/// The answer for an address that nothing serves.
pub async fn nowhere() -> Failure {
    Failure::nothing()
}

/// Turns every refusal that is not a problem yet into one, and names the scheme of 401 (RFC 9110).
pub async fn only_problems(response: Response) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let kind = response.headers().get(header::CONTENT_TYPE);
    let mut response = match kind.is_some_and(|kind| kind == MEDIA_TYPE) {
        true => response,
        false => {
            let allow = response.headers().get(header::ALLOW).cloned();
            let mut made = problem_response(Problem::new(status.as_u16(), title(status)));
            if let Some(allow) = allow {
                made.headers_mut().insert(header::ALLOW, allow);
            }
            made
        }
    };
    if status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => "この方法では呼べません",
        StatusCode::PAYLOAD_TOO_LARGE => "送られた内容が大きすぎます",
        StatusCode::NOT_FOUND => "見つかりません",
        status if status.is_server_error() => "処理に失敗しました",
        _ => "要求を読めません",
    }
}
