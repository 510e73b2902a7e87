//! The authorization endpoint: checks the request, shows the cards, asks for the PIN, answers with
//! a code. An answer goes to the client's one address only.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::page::{self, Asked};
use super::pending::{Grant, PIN_LIMIT, Request};
use super::{Authenticator, SAMPLE_PIN};
use crate::component::form::FieldError;
use crate::internet::scene::Visit;

/// The request (OpenID Connect Core §3.1.2.1 with RFC 7636).
#[derive(Debug, Deserialize)]
pub struct Asking {
    client_id: Option<String>,
    redirect_uri: Option<String>,
    response_type: Option<String>,
    scope: Option<String>,
    state: Option<String>,
    nonce: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// Shows the cards.
pub async fn ask(
    State(state): State<Authenticator>,
    visit: Visit,
    Query(asking): Query<Asking>,
) -> Response {
    let client_id = asking.client_id.clone().unwrap_or_default();
    let redirect_uri = state.redirect_uri(&client_id);
    if !is_client(&client_id) || asking.redirect_uri.as_deref() != Some(&redirect_uri) {
        return visit.reply(StatusCode::BAD_REQUEST, page::refused(visit.language));
    }
    let given = asking.state.clone().unwrap_or_default();
    let Some(request) = check(asking, client_id, redirect_uri.clone()) else {
        return back(&redirect_uri, &[("error", "invalid_request"), ("state", &given)]);
    };
    match state.pending.ask(request) {
        Ok(id) => show(&state, &visit, &redirect_uri, Asked { id: &id, card: "", error: None }),
        Err(_) => back(&redirect_uri, &[("error", "temporarily_unavailable"), ("state", &given)]),
    }
}

/// Identifiers of clients are those of organisations.
fn is_client(id: &str) -> bool {
    !id.is_empty() && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn check(asking: Asking, client_id: String, redirect_uri: String) -> Option<Request> {
    let challenge = asking.code_challenge?;
    let scopes: Vec<String> =
        asking.scope?.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    let fits = asking.response_type.as_deref() == Some("code")
        && asking.code_challenge_method.as_deref() == Some("S256")
        && challenge.len() == 43
        && scopes.iter().any(|scope| scope == "openid");
    let state = asking.state.filter(|state| !state.is_empty() && state.len() <= 255)?;
    let nonce = asking.nonce.filter(|nonce| !nonce.is_empty() && nonce.len() <= 255)?;
    let wrong_pins = 0;
    fits.then_some(Request { client_id, redirect_uri, scopes, state, nonce, challenge, wrong_pins })
}

fn show(state: &Authenticator, visit: &Visit, redirect_uri: &str, asked: Asked<'_>) -> Response {
    let page = page::cards(visit.language, &state.config.cards, &asked);
    let mut response = visit.reply(StatusCode::OK, page);
    page::allow_answer(&mut response, redirect_uri);
    response
}

/// What the holder chose.
#[derive(Debug, Deserialize)]
pub struct Choice {
    csrf: String,
    #[serde(default)]
    card: String,
    #[serde(default)]
    pin: String,
    #[serde(default)]
    act: String,
}

/// Takes card and PIN.
pub async fn answer(
    State(state): State<Authenticator>,
    visit: Visit,
    Form(choice): Form<Choice>,
) -> Response {
    let id = choice.csrf.as_str();
    let Some(request) = state.pending.request(id) else {
        return visit.reply(StatusCode::BAD_REQUEST, page::expired(visit.language));
    };
    if choice.act == "cancel" {
        state.pending.end(id);
        return denied(&request);
    }
    let card = choice.card.parse().ok().filter(|card| *card < state.config.cards.len());
    let Some(card) = card else {
        let message = page::no_card(visit.language);
        let error = Some(FieldError { field: "card", message });
        return show(&state, &visit, &request.redirect_uri, Asked { id, card: "", error });
    };
    if choice.pin != SAMPLE_PIN {
        if !state.pending.wrong_pin(id) {
            return denied(&request);
        }
        let left = PIN_LIMIT.saturating_sub(request.wrong_pins + 1);
        let message = page::wrong_pin(visit.language, left);
        let error = Some(FieldError { field: "pin", message: &message });
        let asked = Asked { id, card: &choice.card, error };
        return show(&state, &visit, &request.redirect_uri, asked);
    }
    // Taken once: two answers to one request get one code.
    let Some(request) = state.pending.end(id) else {
        return visit.reply(StatusCode::BAD_REQUEST, page::expired(visit.language));
    };
    match state.pending.grant(Grant { request: request.clone(), card }) {
        Ok(code) => back(&request.redirect_uri, &[("code", &code), ("state", &request.state)]),
        Err(_) => denied(&request),
    }
}

fn denied(request: &Request) -> Response {
    back(&request.redirect_uri, &[("error", "access_denied"), ("state", &request.state)])
}

/// Sends the browser back to the client.
fn back(redirect_uri: &str, pairs: &[(&str, &str)]) -> Response {
    let Ok(mut url) = redirect_uri.parse::<reqwest::Url>() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    url.query_pairs_mut().extend_pairs(pairs);
    Redirect::to(url.as_str()).into_response()
}
