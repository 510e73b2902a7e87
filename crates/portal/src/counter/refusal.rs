//! What cannot be done, said to people as a page and to programs as problem+json (RFC 9457).

use axum::Json;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::problem::{FieldProblem, MEDIA_TYPE, Problem};
use base::said;
use base::said::Said;
use maud::{Markup, html};
use office::OfficeError;
use office::plan::Finding;
use store::StoreError;

use crate::component::language::{Language, pick, quoted};
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

/// What a refusal says in both languages.
struct Words {
    status: u16,
    title: Said,
    detail: Option<Said>,
}

impl Words {
    fn new(status: u16, title: Said) -> Words {
        Words { status, title, detail: None }
    }

    fn with(self, detail: Said) -> Words {
        Words { detail: Some(detail), ..self }
    }
}

impl Refusal {
    /// The problem of this refusal; causes are logged here and never sent.
    pub fn problem(&self) -> Problem {
        let Words { status, title, detail } = self.spoken();
        let problem = Problem::new(status, &title.ja);
        let problem = match detail {
            Some(detail) => problem.with_detail(detail.ja),
            None => problem,
        };
        self.findings().iter().fold(problem, |problem, finding| {
            let pointer = finding.at.as_deref().unwrap_or_default().replace('.', "/");
            let code = if finding.warning { "warning" } else { "error" };
            problem.with_error(FieldProblem::new(format!("/{pointer}"), code, &finding.message))
        })
    }

    fn findings(&self) -> &[Finding] {
        match self {
            Refusal::Office(OfficeError::Invalid(findings)) => findings,
            _ => &[],
        }
    }

    fn spoken(&self) -> Words {
        match self {
            Refusal::Csrf => {
                Words::new(403, said!("送信の確認ができません", "The form could not be checked"))
                    .with(said!(
                        "画面が古くなっています。開き直してから、もう一度送ってください",
                        "This page is out of date. Open it again, then send once more"
                    ))
            }
            Refusal::SignIn { .. } => {
                Words::new(401, said!("サインインが必要です", "Sign in first"))
            }
            Refusal::Renew { .. } => {
                Words::new(401, said!("パスワードの変更が必要です", "Change the password first"))
            }
            Refusal::SetUp { .. } => Words::new(
                401,
                said!("ワンタイムパスワードの登録が必要です", "Set up one-time codes first"),
            ),
            Refusal::NotFound => Words::new(404, said!("見つかりません", "Not found")),
            Refusal::Office(error) => office_words(error),
        }
    }
}

fn office_words(error: &OfficeError) -> Words {
    let (status, title) = match error {
        OfficeError::NotFound(_) => (404, said!("見つかりません", "Not found")),
        OfficeError::Forbidden(_) => (403, said!("この操作はできません", "You may not do this")),
        OfficeError::Conflict(_) => {
            (409, said!("いまの状態ではできません", "Not possible in the present state"))
        }
        OfficeError::TooMany(_) => (429, said!("試みが多すぎます", "Too many tries")),
        OfficeError::SignIn(_) => (401, said!("サインインできません", "You cannot sign in")),
        OfficeError::Invalid(_) => {
            let title = said!("入力を確かめてください", "Check what you entered");
            return Words::new(422, title);
        }
        OfficeError::Glyphs(_) => {
            let title = said!("印字できない文字があります", "Some characters cannot be printed");
            return Words::new(422, title).with(glyph_words(&error.said()));
        }
        OfficeError::Definition(_) => {
            tracing::error!(text = %error, "definition cannot be carried out");
            (500, said!("業務定義の誤りです", "A definition has a fault"))
        }
        OfficeError::Store(error) => return store_words(error),
    };
    Words::new(status, title).with(error.said())
}

fn glyph_words(Said { ja, en }: &Said) -> Said {
    said!(
        "{ja}。文字の同定の一覧に加えました。同定が済むまで発行できません。番号は使っていません",
        "{en}. They were added to the list of characters to identify. Nothing can be issued until \
         they are identified. No number was used"
    )
}

fn store_words(error: &StoreError) -> Words {
    tracing::error!(?error, "store failed");
    if error.is_disk_full() {
        return Words::new(507, said!("保存できません", "Cannot be saved")).with(said!(
            "保存先の空きがありません。入力は保存されていません。システム管理者に知らせてください",
            "There is no space left. What you entered was not saved. Tell the administrator"
        ));
    }
    if error.is_transient() {
        return Words::new(503, said!("いまは処理できません", "Not possible right now")).with(
            said!(
                "しばらく待って、もう一度送ってください。入力は保存されていません",
                "Wait a while, then send it again. What you entered was not saved"
            ),
        );
    }
    Words::new(500, said!("処理に失敗しました", "It did not work")).with(said!(
        "入力は保存されていません。続くときはシステム管理者に知らせてください",
        "What you entered was not saved. Tell the administrator if it goes on"
    ))
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
    let Words { status, title, detail } = refusal.spoken();
    let findings = refusal.findings();
    let content = html! {
        @if let Some(detail) = &detail { p { (quoted(pick(language, &detail.ja, &detail.en))) } }
        @if !findings.is_empty() {
            ul {
                @for one in findings {
                    li { (quoted(pick(language, &one.message, &one.message_en))) }
                }
            }
        }
        p { a href=(home) { (pick(language, "一覧に戻る", "Back to the queue")) } }
    };
    let title = pick(language, &title.ja, &title.en).to_owned();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, title, content)
}

/// Says when to try again (RFC 9110 §10.2.3).
pub fn with_patience(refusal: &Refusal, mut response: Response) -> Response {
    if let Refusal::Office(OfficeError::TooMany(seconds)) = refusal {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
    response
}

/// A problem for programs.
pub fn json(refusal: &Refusal) -> Response {
    let problem = refusal.problem();
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let response = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], Json(problem)).into_response();
    with_patience(refusal, response)
}

/// The answer for an address that nothing serves.
pub async fn not_found(parts: Parts) -> Response {
    page(&Refusal::NotFound, super::desk::language(&parts), "/")
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        page(&self, Language::Japanese, "/")
    }
}
