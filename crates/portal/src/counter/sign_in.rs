//! Signing in at the counter and out of it, each with its audit row.

use std::net::SocketAddr;

use axum::Form;
use axum::extract::{ConnectInfo, Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use office::staff::Opened;
use office::{OfficeError, staff};
use serde::Deserialize;
use serde_json::json;

use super::desk::{COOKIE, Desk, ZONE, ZONE_NAME, source};
use super::refusal::{Refusal, page, with_patience};
use super::{CounterState, Place};
use crate::entrance::{Asked, Door, Entered, STAFF, Spoken, organisations, sign_in_page};

/// The list of organisations of this node.
pub async fn entrance(State(state): State<CounterState>, Query(asked): Query<Asked>) -> Response {
    let places: Vec<_> = state.places().collect();
    let all: Vec<_> = places.iter().map(|place| &place.office.organisation).collect();
    organisations(&asked, (ZONE_NAME, "", &STAFF), &all)
}

fn door(place: &Place) -> Door<'_> {
    let (organisation, staff) = (&place.office.organisation, &place.staff);
    Door { organisation, staff, zone: ZONE_NAME, base: "", people: &STAFF }
}

/// The sign-in page.
pub async fn form(
    State(state): State<CounterState>,
    Path(organisation): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let spoken = Spoken::of(&asked, &headers);
    match state.place(&organisation) {
        Some(place) => sign_in_page(&door(&place), &spoken, "", None).await,
        None => page(&Refusal::NotFound, spoken.language, "/"),
    }
}

/// Signs in.
pub async fn submit(
    State(state): State<CounterState>,
    Path(organisation): Path<String>,
    Query(asked): Query<Asked>,
    (headers, peer): (HeaderMap, Option<Extension<ConnectInfo<SocketAddr>>>),
    Form(entered): Form<Entered>,
) -> Response {
    let spoken = Spoken::of(&asked, &headers);
    let Some(place) = state.place(&organisation) else {
        return page(&Refusal::NotFound, spoken.language, "/");
    };
    let given = (entered.id.trim(), entered.password.as_str(), entered.code.as_str());
    if let Err(error) = staff::try_count(&place.staff, &source(peer), given.0).await {
        let mut response =
            sign_in_page(&door(&place), &spoken, &entered.id, Some(&error.said())).await;
        if matches!(error, OfficeError::TooMany(_)) {
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        }
        return with_patience(&error.into(), response);
    }
    match staff::sign_in(&place.staff, given, ZONE, Timestamp::now()).await {
        Ok(opened) => {
            // What was contracted a moment ago is there when its first user comes.
            let taken_up = state.refresh(&organisation).await.map(|_| ());
            let noted = signed_in(&place, &opened.token).await;
            if let Err(error) = taken_up.and(noted) {
                return page(&error.into(), spoken.language, "/");
            }
            let cookie = session_cookie(&organisation, &opened.token);
            let to = format!("{}{}", first_page(&organisation, &opened), spoken.kept);
            let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, to)];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Err(OfficeError::SignIn(said)) => {
            sign_in_page(&door(&place), &spoken, &entered.id, Some(&said)).await
        }
        Err(error) => page(&error.into(), spoken.language, "/"),
    }
}

/// Where a session leads first.
pub fn first_page(organisation: &str, opened: &Opened) -> String {
    match (opened.setup, opened.renewal) {
        (true, _) => format!("/{organisation}/one-time-code"),
        (false, true) => format!("/{organisation}/password"),
        (false, false) => format!("/{organisation}"),
    }
}

/// The cookie of a session.
pub fn session_cookie(organisation: &str, token: &str) -> String {
    format!("{COOKIE}={token}; Path=/{organisation}; HttpOnly; SameSite=Strict; Max-Age=36000")
}

/// The audit row of a sign-in.
async fn signed_in(place: &Place, token: &str) -> Result<(), OfficeError> {
    let request = "POST sign-in".to_owned();
    let Some((actor, ..)) = super::desk::signed_in(place, token, request).await? else {
        return Ok(());
    };
    let client = place.office.database.client().await?;
    actor.audit(&**client, "session.open", "サインイン", Vec::new(), json!({})).await
}

/// What signing out carries.
#[derive(Deserialize)]
pub struct Token {
    csrf: Option<String>,
}

/// Signs out.
pub async fn sign_out(desk: Desk, headers: HeaderMap, Form(token): Form<Token>) -> Response {
    if let Err(refusal) = desk.check(token.csrf.as_deref()) {
        return desk.refuse(refusal);
    }
    let token = super::desk::cookie(&headers, COOKIE).unwrap_or_default();
    if let Err(error) = leave(&desk, &token).await {
        return desk.refuse(error);
    }
    let cookie = format!("{COOKIE}=; Path={}; HttpOnly; Max-Age=0", desk.href(""));
    let to = desk.href("/sign-in");
    (StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie), (header::LOCATION, to)]).into_response()
}

async fn leave(desk: &Desk, token: &str) -> Result<(), OfficeError> {
    let client = desk.place.office.database.client().await?;
    desk.actor.audit(&**client, "session.close", "サインアウト", Vec::new(), json!({})).await?;
    staff::sign_out(&desk.place.staff, token).await
}
