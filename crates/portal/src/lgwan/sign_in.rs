//! Signing in to the LGWAN zone with the own staff account, and out of it. Passwords and one-time
//! codes are set up and changed at the counter's zone only.

use std::net::SocketAddr;

use axum::Form;
use axum::extract::{ConnectInfo, Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::said;
use jiff::Timestamp;
use office::OfficeError;
use office::staff::{self, Opened};
use serde::Deserialize;

use super::buyer::{Buyer, COOKIE, ZONE, ZONE_NAME};
use super::{Body, LgwanState};
use crate::counter::desk::{cookie, source};
use crate::counter::refusal::{Refusal, page, with_patience};
use crate::entrance::{Asked, Door, Entered, Spoken, organisations, sign_in_page};

/// The list of organisations of this node.
pub async fn entrance(State(state): State<LgwanState>, Query(asked): Query<Asked>) -> Response {
    let all: Vec<_> = state.bodies.values().map(|body| &body.organisation).collect();
    organisations(&asked, ZONE_NAME, &all)
}

fn door(body: &Body) -> Door<'_> {
    Door { organisation: &body.organisation, staff: &body.staff, zone: ZONE_NAME }
}

/// The sign-in page.
pub async fn form(
    State(state): State<LgwanState>,
    Path(organisation): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let spoken = Spoken::of(&asked, &headers);
    match state.body(&organisation) {
        Some(body) => sign_in_page(&door(&body), &spoken, "", None).await,
        None => page(&Refusal::NotFound, spoken.language, "/"),
    }
}

/// Signs in.
pub async fn submit(
    State(state): State<LgwanState>,
    Path(organisation): Path<String>,
    Query(asked): Query<Asked>,
    (headers, peer): (HeaderMap, Option<Extension<ConnectInfo<SocketAddr>>>),
    Form(entered): Form<Entered>,
) -> Response {
    let spoken = Spoken::of(&asked, &headers);
    let Some(body) = state.body(&organisation) else {
        return page(&Refusal::NotFound, spoken.language, "/");
    };
    match open(&body, &entered, &source(peer)).await {
        Ok(opened) => {
            let cookie = format!(
                "{COOKIE}={}; Path=/{organisation}; HttpOnly; SameSite=Strict; Max-Age=36000",
                opened.token
            );
            let to = format!("/{organisation}{}", spoken.kept);
            (StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie), (header::LOCATION, to)])
                .into_response()
        }
        Err(OfficeError::SignIn(said)) => {
            sign_in_page(&door(&body), &spoken, &entered.id, Some(&said)).await
        }
        Err(error @ OfficeError::TooMany(_)) => {
            let mut response =
                sign_in_page(&door(&body), &spoken, &entered.id, Some(&error.said())).await;
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            with_patience(&error.into(), response)
        }
        Err(error) => page(&error.into(), spoken.language, "/"),
    }
}

/// A session for work; one that would only change the password or set up codes is closed again.
async fn open(body: &Body, entered: &Entered, source: &str) -> Result<Opened, OfficeError> {
    let id = entered.id.trim();
    staff::try_count(&body.staff, source, id).await?;
    let given = (id, entered.password.as_str(), entered.code.as_str());
    let opened = staff::sign_in(&body.staff, given, ZONE, Timestamp::now()).await?;
    if opened.renewal || opened.setup {
        staff::sign_out(&body.staff, &opened.token).await?;
        return Err(OfficeError::SignIn(said!(
            "先に個人番号利用事務系の画面でサインインして、パスワードの変更かワンタイムパスワードの\
             登録を済ませてください",
            "Sign in to the office zone first, to change the password or set up one-time codes"
        )));
    }
    Ok(opened)
}

/// What signing out carries.
#[derive(Deserialize)]
pub struct Token {
    csrf: Option<String>,
}

/// Signs out.
pub async fn sign_out(buyer: Buyer, headers: HeaderMap, Form(token): Form<Token>) -> Response {
    let done = async {
        buyer.check(token.csrf.as_deref())?;
        let session = cookie(&headers, COOKIE).unwrap_or_default();
        staff::sign_out(&buyer.body.staff, &session).await?;
        let cookie = format!("{COOKIE}=; Path={}; HttpOnly; Max-Age=0", buyer.href(""));
        let to = buyer.href("/sign-in");
        let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, to)];
        Ok((StatusCode::SEE_OTHER, headers).into_response())
    };
    buyer.answer(done.await)
}
