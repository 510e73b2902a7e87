//! What cannot be done, said to people as a page and to programs as problem+json (RFC 9457).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::problem::{FieldProblem, MEDIA_TYPE, Problem};
use maud::{Markup, html};
use office::OfficeError;
use store::StoreError;

use crate::component::language::{Language, pick};
use crate::component::page::{Layout, Page};

/// An answer that is not the one asked for.
#[derive(Debug)]
pub enum Refusal {
    /// The office refused.
    Office(OfficeError),
    /// Somebody must sign in first.
    SignIn {
        /// Where.
        organisation: String,
    },
    /// The password must be changed first.
    Renew {
        /// Where.
        organisation: String,
    },
    /// One-time codes must be set up first.
    SetUp {
        /// Where.
        organisation: String,
    },
    /// The form does not belong to this session.
    Csrf,
    /// There is no such place.
    NotFound,
}

impl From<OfficeError> for Refusal {
    fn from(error: OfficeError) -> Refusal {
        Refusal::Office(error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        Refusal::Office(error.into())
    }
}

impl Refusal {
    /// The problem of this refusal; causes are logged here and never sent.
    pub fn problem(&self) -> Problem {
        match self {
            Refusal::Csrf => {
                let detail = "画面が古くなっています。開き直してから、もう一度送ってください";
                Problem::new(403, "送信の確認ができません").with_detail(detail)
            }
            Refusal::SignIn { .. } => Problem::new(401, "サインインが必要です"),
            Refusal::Renew { .. } => Problem::new(401, "パスワードの変更が必要です"),
            Refusal::SetUp { .. } => Problem::new(401, "ワンタイムパスワードの登録が必要です"),
            Refusal::NotFound => Problem::new(404, "見つかりません"),
            Refusal::Office(error) => office_problem(error),
        }
    }
}

fn office_problem(error: &OfficeError) -> Problem {
    let text = error.to_string();
    match error {
        OfficeError::NotFound(_) => Problem::new(404, "見つかりません").with_detail(text),
        OfficeError::Forbidden(_) => Problem::new(403, "この操作はできません").with_detail(text),
        OfficeError::Conflict(_) => Problem::new(409, "いまの状態ではできません").with_detail(text),
        OfficeError::TooMany(_) => Problem::new(429, "試みが多すぎます").with_detail(text),
        OfficeError::SignIn(_) => Problem::new(401, "サインインできません").with_detail(text),
        OfficeError::Glyphs(_) => {
            let next =
                "文字の同定の一覧に加えました。同定が済むまで発行できません。番号は使っていません";
            Problem::new(422, "印字できない文字があります").with_detail(format!("{text}。{next}"))
        }
        OfficeError::Invalid(findings) => findings.iter().fold(
            Problem::new(422, "入力を確かめてください"),
            |problem, finding| {
                let pointer = finding.at.as_deref().unwrap_or_default().replace('.', "/");
                let code = if finding.warning { "warning" } else { "error" };
                let field = FieldProblem::new(format!("/{pointer}"), code, &finding.message);
                problem.with_error(field)
            },
        ),
        OfficeError::Definition(_) => {
            tracing::error!(%text, "definition cannot be carried out");
            Problem::new(500, "業務定義の誤りです").with_detail(text)
        }
        OfficeError::Store(error) => store_problem(error),
    }
}

fn store_problem(error: &StoreError) -> Problem {
    tracing::error!(?error, "store failed");
    if error.is_disk_full() {
        let detail =
            "保存先の空きがありません。入力は保存されていません。システム管理者に知らせてください";
        return Problem::new(507, "保存できません").with_detail(detail);
    }
    if error.is_transient() {
        let detail = "しばらく待って、もう一度送ってください。入力は保存されていません";
        return Problem::new(503, "いまは処理できません").with_detail(detail);
    }
    Problem::new(500, "処理に失敗しました")
        .with_detail("入力は保存されていません。続くときはシステム管理者に知らせてください")
}

/// A page for people.
pub fn page(refusal: &Refusal, language: Language, home: &str) -> Response {
    if let Refusal::SignIn { organisation } = refusal {
        let to = format!("/{organisation}/sign-in");
        return (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    }
    if let Refusal::Renew { organisation } = refusal {
        let to = format!("/{organisation}/password");
        return (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    }
    if let Refusal::SetUp { organisation } = refusal {
        let to = format!("/{organisation}/one-time-code");
        return (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    }
    let (status, title, content) = words(refusal, language, home);
    let page = Page {
        layout: Layout::Entrance,
        home,
        ..Page::new(language, pick(language, "雲居", "Kumoi"), &title, content)
    };
    with_patience(refusal, (status, page.render()).into_response())
}

/// Status, title and content of a refusal's page.
pub fn words(refusal: &Refusal, language: Language, home: &str) -> (StatusCode, String, Markup) {
    let problem = refusal.problem();
    let content = html! {
        @if let Some(detail) = &problem.detail { p lang="ja" { (detail) } }
        @if !problem.errors.is_empty() {
            ul lang="ja" { @for error in &problem.errors { li { (error.message) } } }
        }
        p { a href=(home) { (pick(language, "一覧に戻る", "Back to the queue")) } }
    };
    let title = pick(language, &problem.title, english(problem.status)).to_owned();
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, title, content)
}

/// Says when to try again (RFC 9110 §10.2.3).
pub fn with_patience(refusal: &Refusal, mut response: Response) -> Response {
    if let Refusal::Office(OfficeError::TooMany(seconds)) = refusal {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
    response
}

/// The title of a refusal in English; its particulars come from the office in Japanese.
const fn english(status: u16) -> &'static str {
    match status {
        401 => "Sign in first",
        403 => "You may not do this",
        404 => "Not found",
        409 => "Not possible in the present state",
        422 => "Please check what you entered",
        503 => "Not possible right now",
        507 => "Cannot be saved: no space left",
        _ => "It did not work",
    }
}

/// A problem for programs.
pub fn json(refusal: &Refusal) -> Response {
    let problem = refusal.problem();
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let response = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], Json(problem)).into_response();
    with_patience(refusal, response)
}

/// The answer for an address that nothing serves.
pub async fn not_found() -> Response {
    page(&Refusal::NotFound, Language::Japanese, "/")
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        page(&self, Language::Japanese, "/")
    }
}
