//! Signing in to such a zone with the own staff account, and out of it. Passwords and one-time
//! codes are set up and changed elsewhere.

use std::net::SocketAddr;

use axum::Form;
use axum::extract::{ConnectInfo, Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use office::OfficeError;
use office::staff::{self, Opened};
use serde::Deserialize;

use super::{Body, Member, Zone};
use crate::counter::desk::{cookie, source};
use crate::counter::refusal::{Refusal, page, with_patience};
use crate::entrance::{Asked, Door, Entered, Spoken, organisations, sign_in_page};

/// The list of organisations of this node.
pub async fn entrance<Z: Zone>(State(state): State<Z>, Query(asked): Query<Asked>) -> Response {
    let bodies = state.bodies();
    let all: Vec<_> = bodies.iter().map(|body| &body.organisation).collect();
    organisations(&asked, (Z::TITLE, Z::BASE, Z::PEOPLE), &all)
}

fn door<Z: Zone>(body: &Body) -> Door<'_> {
    let (organisation, staff) = (&body.organisation, &body.staff);
    Door { organisation, staff, zone: Z::TITLE, base: Z::BASE, people: Z::PEOPLE }
}

/// The sign-in page.
pub async fn form<Z: Zone>(
    State(state): State<Z>,
    Path(organisation): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let spoken = Spoken::of(&asked, &headers);
    match state.body(&organisation) {
        Some(body) => sign_in_page(&door::<Z>(&body), &spoken, "", None).await,
        None => page(&Refusal::NotFound, spoken.language, "/"),
    }
}

/// Signs in.
pub async fn submit<Z: Zone>(
    State(state): State<Z>,
    Path(organisation): Path<String>,
    Query(asked): Query<Asked>,
    (headers, peer): (HeaderMap, Option<Extension<ConnectInfo<SocketAddr>>>),
    Form(entered): Form<Entered>,
) -> Response {
    let spoken = Spoken::of(&asked, &headers);
    let Some(body) = state.body(&organisation) else {
        return page(&Refusal::NotFound, spoken.language, "/");
    };
    match open::<Z>(&body, &entered, &source(peer)).await {
        Ok(opened) => {
            let cookie = session_cookie(&state, &organisation, &opened.token);
            let first = first_page(&opened);
            let to = format!("{}/{organisation}{first}{}", Z::BASE, spoken.kept);
            (StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie), (header::LOCATION, to)])
                .into_response()
        }
        Err(OfficeError::SignIn(said)) => {
            sign_in_page(&door::<Z>(&body), &spoken, &entered.id, Some(&said)).await
        }
        Err(error @ OfficeError::TooMany(_)) => {
            let mut response =
                sign_in_page(&door::<Z>(&body), &spoken, &entered.id, Some(&error.said())).await;
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            with_patience(&error.into(), response)
        }
        Err(error) => page(&error.into(), spoken.language, "/"),
    }
}

/// Where a session leads first, below the organisation's address.
pub fn first_page(opened: &Opened) -> &'static str {
    match (opened.setup, opened.renewal) {
        (true, _) => "/one-time-code",
        (false, true) => "/password",
        (false, false) => "",
    }
}

/// The cookie of a session.
pub fn session_cookie<Z: Zone>(state: &Z, organisation: &str, token: &str) -> String {
    let secure = if state.secure() { "; Secure" } else { "" };
    let path = format!("{}/{organisation}", Z::BASE);
    format!("{}={token}; Path={path}; HttpOnly; SameSite=Strict; Max-Age=36000{secure}", Z::COOKIE)
}

/// A session for work, or for the own password where that is changed here; one that would only do
/// what is done elsewhere is closed again.
async fn open<Z: Zone>(
    body: &Body,
    entered: &Entered,
    source: &str,
) -> Result<Opened, OfficeError> {
    let id = entered.id.trim();
    staff::try_count(&body.staff, source, id).await?;
    let given = (id, entered.password.as_str(), entered.code.as_str());
    let opened = staff::sign_in(&body.staff, given, Z::NAME, Timestamp::now()).await?;
    if (opened.setup || opened.renewal) && !Z::RENEWS {
        staff::sign_out(&body.staff, &opened.token).await?;
        return Err(OfficeError::SignIn(Z::elsewhere()));
    }
    Ok(opened)
}

/// What signing out carries.
#[derive(Deserialize)]
pub struct Token {
    csrf: Option<String>,
}

/// Signs out.
pub async fn sign_out<Z: Zone>(
    member: Member<Z>,
    headers: HeaderMap,
    Form(token): Form<Token>,
) -> Response {
    let done = async {
        member.check(token.csrf.as_deref())?;
        let session = cookie(&headers, Z::COOKIE).unwrap_or_default();
        staff::sign_out(&member.body.staff, &session).await?;
        let cookie = format!("{}=; Path={}; HttpOnly; Max-Age=0", Z::COOKIE, member.href(""));
        let to = member.href("/sign-in");
        let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, to)];
        Ok((StatusCode::SEE_OTHER, headers).into_response())
    };
    member.answer(done.await)
}
