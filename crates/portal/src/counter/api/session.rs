//! Signing in and out. The token is shown once, to who signed in; no CSRF token is asked for, since
//! no browser sends a bearer token by itself.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base::said;
use jiff::Timestamp;
use office::{OfficeError, staff};
use serde::Deserialize;
use serde_json::json;

use super::extract::{Body, Caller};
use super::failure::Failure;
use crate::counter::CounterState;
use crate::counter::desk::{ZONE, bearer, source};

/// What is entered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    id: String,
    password: String,
    code: String,
}

/// Signs in.
pub async fn open(
    State(state): State<CounterState>,
    Path(organisation): Path<String>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    Body(entered): Body<SignIn>,
) -> Result<Response, Failure> {
    let place = state.place(&organisation).ok_or_else(Failure::nothing)?;
    let given = (entered.id.trim(), entered.password.as_str(), entered.code.as_str());
    let now = Timestamp::now();
    staff::try_count(&place.staff, &source(peer), given.0).await?;
    let opened = staff::sign_in(&place.staff, given, ZONE, now).await?;
    if opened.renewal || opened.setup {
        staff::sign_out(&place.staff, &opened.token).await?;
        let message = match opened.setup {
            true => said!(
                "ワンタイムパスワードの登録が必要です。窓口の画面でサインインして登録してください",
                "Set up one-time codes first: sign in on the pages of the counter"
            ),
            false => said!(
                "パスワードの変更が必要です。窓口の画面でサインインして変更してください",
                "Change the password first: sign in on the pages of the counter"
            ),
        };
        return Err(OfficeError::Forbidden(message).into());
    }
    state.refresh(&organisation).await?;
    let request = "POST api/session".to_owned();
    let found = staff::session_actor(&place.staff, &opened.token, ZONE, request, now).await?;
    let (actor, csrf) = found.ok_or_else(Failure::nothing)?;
    let client = place.office.database.client().await?;
    actor.audit(&**client, "session.open", "APIのサインイン", Vec::new(), json!({})).await?;
    let session = json!({
        "token": opened.token, "csrf": csrf, "id": actor.id, "name": actor.name,
        "roles": actor.roles,
    });
    Ok((StatusCode::CREATED, Json(session)).into_response())
}

/// Signs out.
pub async fn close(Caller(desk): Caller, headers: HeaderMap) -> Result<StatusCode, Failure> {
    let token = bearer(&headers).ok_or_else(Failure::nothing)?;
    let client = desk.place.office.database.client().await?;
    let purpose = "APIのサインアウト";
    desk.actor.audit(&**client, "session.close", purpose, Vec::new(), json!({})).await?;
    staff::sign_out(&desk.place.staff, token).await?;
    Ok(StatusCode::NO_CONTENT)
}
