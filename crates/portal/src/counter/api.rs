//! The JSON API of the office zone: what the counter pages do, for programs, under
//! `/{organisation}/api`.
//!
//! [`ROUTES`] is the only source: the served routes, the roles that are let in, the bodies that
//! are taken and the OpenAPI text all come from it. A handler never decides who may do what; it
//! reads, makes one call into the office, and writes. Every answer that is not the one asked for
//! is a problem (RFC 9457).

mod account;
mod case;
mod document;
mod extract;
mod failure;
mod idempotent;
mod office;
mod register;
pub mod schema;
mod session;
mod strict;
#[cfg(test)]
pub(crate) mod tests;
mod view;

use ::office::access::role;
use axum::Router;
use axum::extract::Extension;
use axum::middleware;
use axum::routing::{MethodFilter, MethodRouter, any, on};

use super::CounterState;
pub use crate::route::{Access, Verb};

/// What a route answers when it did what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// JSON of the named schema.
    Json(&'static str),
    /// A PDF.
    Pdf,
    /// Nothing.
    Empty,
}

/// One route.
#[derive(Clone, Copy)]
pub struct Route {
    /// Method.
    pub method: Verb,
    /// Path below `/{organisation}/api`.
    pub path: &'static str,
    /// `operationId`, noun first.
    pub operation: &'static str,
    /// Who is let in.
    pub access: Access,
    /// Whether it changes anything.
    pub mutates: bool,
    /// One Japanese line.
    pub summary: &'static str,
    /// Schema of the body.
    pub body: Option<&'static str>,
    /// Parameters of the query with a Japanese line each.
    pub query: &'static [(&'static str, &'static str)],
    /// Status and content of the answer.
    pub answer: (u16, Answer),
    handler: fn(MethodFilter) -> MethodRouter<CounterState>,
}

/// Who works on cases.
const WORKS: Access = Access::Roles(&[role::COUNTER, role::PROTECTION, role::CHIEF, role::MANAGER]);
/// Who enters cases and issues certificates.
const ENTERS: Access = Access::Roles(&[role::COUNTER, role::PROTECTION]);
/// Who returns a case.
const RETURNS: Access = Access::Roles(&[role::CHIEF, role::MANAGER]);
/// Who looks a case through.
const REVIEWS: Access = Access::Roles(&[role::COUNTER, role::CHIEF, role::MANAGER]);
/// Who looks at a decision afterwards.
const LOOKS_BACK: Access = Access::Roles(&[role::MANAGER]);
/// Who runs the system, and handles no cases.
const RUNS: Access = Access::Roles(&[role::ADMINISTRATOR]);

type Handler = fn(MethodFilter) -> MethodRouter<CounterState>;

const fn reads(
    path: &'static str,
    (operation, access): (&'static str, Access),
    answer: Answer,
    summary: &'static str,
    handler: Handler,
) -> Route {
    Route {
        method: Verb::Get,
        path,
        operation,
        access,
        mutates: false,
        summary,
        body: None,
        query: &[],
        answer: (200, answer),
        handler,
    }
}

const fn does(
    path: &'static str,
    (operation, access): (&'static str, Access),
    (body, answer): (&'static str, (u16, Answer)),
    summary: &'static str,
    handler: Handler,
) -> Route {
    Route {
        method: Verb::Post,
        path,
        operation,
        access,
        mutates: true,
        summary,
        body: Some(body),
        query: &[],
        answer,
        handler,
    }
}

impl Route {
    /// The whole path of the router.
    pub fn full_path(&self) -> String {
        format!("/{{organisation}}/api{}", self.path)
    }

    const fn asks(mut self) -> Route {
        self.mutates = false;
        self
    }

    const fn query(mut self, query: &'static [(&'static str, &'static str)]) -> Route {
        self.query = query;
        self
    }

    const fn ends(mut self) -> Route {
        self.method = Verb::Delete;
        self.mutates = true;
        self.answer = (204, Answer::Empty);
        self
    }
}

const STATE: (u16, Answer) = (200, Answer::Json("CaseState"));
const LATEST: &[(&str, &str)] =
    &[("subject", "この宛名番号に関するものだけ"), ("limit", "件数。1から200まで")];
const AS_OF: &[(&str, &str)] = &[
    ("on", "異動日の時点（2026-04-01、令和8年4月1日など）"),
    ("at", "処理日の時点。この日までの処理による状態"),
];

/// Every route.
pub static ROUTES: &[Route] = &[
    does(
        "/session",
        ("session_open", Access::Open),
        ("SignIn", (201, Answer::Json("Session"))),
        "職員ID、パスワード、ワンタイムコードでサインインする",
        |f| on(f, session::open),
    ),
    reads(
        "/session",
        ("session_close", Access::Signed),
        Answer::Empty,
        "サインアウトする",
        |f| on(f, session::close),
    )
    .ends(),
    does(
        "/search",
        ("row_search", WORKS),
        ("SearchInput", (200, Answer::Json("Found"))),
        "台帳を検索する",
        |f| on(f, register::search_rows),
    )
    .asks(),
    reads(
        "/rows/{system}/{register}/{key}",
        ("row_read", WORKS),
        Answer::Json("Row"),
        "一件の記録、関係する記録、履歴、事案、発行した証明",
        |f| on(f, register::read),
    )
    .query(AS_OF),
    reads(
        "/queue",
        ("case_queue", WORKS),
        Answer::Json("Queue"),
        "処理を待つ事案の一覧",
        |f| on(f, case::queue),
    ),
    does(
        "/cases/preview",
        ("case_preview", ENTERS),
        ("PreviewInput", (200, Answer::Json("Preview"))),
        "届出の内容を確かめる（保存しない）",
        |f| on(f, case::preview),
    )
    .asks(),
    does(
        "/cases",
        ("case_enter", ENTERS),
        ("CaseInput", (201, Answer::Json("CaseState"))),
        "仮登録する",
        |f| on(f, case::enter),
    ),
    reads(
        "/cases/{id}",
        ("case_read", WORKS),
        Answer::Json("Case"),
        "事案の内容と経過",
        |f| on(f, case::read),
    ),
    does(
        "/cases/{id}/revise",
        ("case_revise", ENTERS),
        ("ReviseInput", STATE),
        "差戻し・要処理の事案を入力し直す",
        |f| on(f, case::revise),
    ),
    does(
        "/cases/{id}/approve",
        ("case_approve", WORKS),
        ("ActInput", STATE),
        "決裁して本登録する。決裁できる職員は事務決裁規程による",
        |f| on(f, case::approve),
    ),
    does(
        "/cases/{id}/review",
        ("case_review", REVIEWS),
        ("ActInput", STATE),
        "審査済みにする",
        |f| on(f, case::review),
    ),
    does(
        "/cases/{id}/return",
        ("case_return", RETURNS),
        ("ReturnInput", STATE),
        "差し戻す",
        |f| on(f, case::send_back),
    ),
    does(
        "/cases/{id}/withdraw",
        ("case_withdraw", WORKS),
        ("ActInput", STATE),
        "取り下げる",
        |f| on(f, case::withdraw),
    ),
    does(
        "/cases/{id}/post-review",
        ("case_post_review", LOOKS_BACK),
        ("ActInput", STATE),
        "後閲する",
        |f| on(f, case::post_review),
    ),
    does(
        "/certificates",
        ("certificate_issue", ENTERS),
        ("CertificateInput", (201, Answer::Json("Issued"))),
        "証明を発行する",
        |f| on(f, document::issue),
    ),
    reads(
        "/documents",
        ("document_list", WORKS),
        Answer::Json("Documents"),
        "発行した証明の一覧",
        |f| on(f, document::list),
    )
    .query(LATEST),
    reads(
        "/documents/{number}",
        ("document_read", WORKS),
        Answer::Json("Document"),
        "発行した証明",
        |f| on(f, document::read),
    ),
    reads(
        "/documents/{number}/pdf",
        ("document_pdf", WORKS),
        Answer::Pdf,
        "発行した証明のPDF",
        |f| on(f, document::pdf),
    ),
    does(
        "/documents/{number}/void",
        ("document_void", ENTERS),
        ("VoidInput", (200, Answer::Json("Document"))),
        "書損にする",
        |f| on(f, document::void),
    ),
    reads(
        "/journal",
        ("journal_list", RUNS),
        Answer::Json("Journal"),
        "異動の記録（新しい順）",
        |f| on(f, office::journal),
    )
    .query(LATEST),
    reads(
        "/audit",
        ("audit_list", RUNS),
        Answer::Json("Audit"),
        "監査の記録（新しい順）",
        |f| on(f, office::audit),
    )
    .query(LATEST),
    does(
        "/accounts/{id}/one-time-code",
        ("account_code_reissue", RUNS),
        ("CodeReissueInput", (201, Answer::Json("Registration"))),
        "職員のワンタイムパスワードを再登録させる。登録用コードはこの答えだけに載る",
        |f| on(f, account::code_reissue),
    ),
    reads(
        "/systems",
        ("system_list", Access::Signed),
        Answer::Json("Systems"),
        "使える業務システム、台帳、手続",
        |f| on(f, office::systems),
    ),
    reads(
        "/openapi.json",
        ("openapi_read", Access::Signed),
        Answer::Json("OpenApi"),
        "この記述",
        |f| on(f, office::openapi),
    ),
];

/// The routes of [`ROUTES`], and a problem for every other address below `/{organisation}/api`.
pub fn routes() -> Router<CounterState> {
    let mut router = Router::new();
    for route in ROUTES {
        let handler = (route.handler)(route.method.filter());
        router = router.route(&route.full_path(), handler.route_layer(Extension(route)));
    }
    router
        .route("/{organisation}/api", any(failure::nowhere))
        .route("/{organisation}/api/", any(failure::nowhere))
        .route("/{organisation}/api/{*rest}", any(failure::nowhere))
        .layer(middleware::map_response(failure::only_problems))
}
