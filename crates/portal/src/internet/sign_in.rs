//! The door of an organisation: signing in by the card's authenticator, and out.

use axum::Form;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::StoreError;
use store::front::seal::{self, ResidentKeys, application_context, seal_for_office};
use store::front::{
    LINK_REQUEST, LinkRequest, LinkState, OFFICE_KEY, application_leave, link_answer, setting_read,
};

use super::attempt::{self, Attempt, same};
use super::oidc::{Identity, SignInError};
use super::page::{self, Trouble};
use super::scene::{Scene, add_cookie};
use super::session::{self, Content};

/// Why a request of this zone was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum InternetError {
    /// The authenticator, or what it said.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The answer belongs to no attempt of this browser.
    #[error("no attempt")]
    Attempt,
    /// The resident gave up, or the authenticator refused.
    #[error("cancelled")]
    Cancelled,
    /// The form was not sent from a page of this session.
    #[error("forged")]
    Forged,
    /// The office has not opened the counter yet.
    #[error("office not ready")]
    NotReady,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The page for a failure; its cause goes to the log, never to the page.
pub fn failure(scene: &Scene, error: &InternetError) -> Response {
    let (status, trouble) = match error {
        InternetError::SignIn(SignInError::Provider(_)) => {
            (StatusCode::BAD_GATEWAY, Trouble::Authenticator)
        }
        InternetError::SignIn(_) => (StatusCode::BAD_REQUEST, Trouble::Identity),
        InternetError::Attempt => (StatusCode::BAD_REQUEST, Trouble::Attempt),
        InternetError::Cancelled => (StatusCode::OK, Trouble::Cancelled),
        InternetError::Forged => (StatusCode::FORBIDDEN, Trouble::Forged),
        InternetError::Store(StoreError::Refused(_)) => {
            (StatusCode::BAD_REQUEST, Trouble::Identity)
        }
        InternetError::NotReady | InternetError::Store(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, Trouble::Service)
        }
    };
    if status.is_server_error() {
        tracing::error!(%error, organisation = scene.id(), "internet zone");
    } else {
        tracing::info!(%error, organisation = scene.id(), "internet zone");
    }
    scene.visit.reply(status, page::trouble(scene, trouble))
}

/// `/organisation` → `/organisation/`.
pub async fn with_slash(scene: Scene) -> Redirect {
    Redirect::permanent(&scene.address(""))
}

/// The page with the button; who is signed in goes on to the own record.
pub async fn door(scene: Scene) -> Response {
    match session::current(&scene).await {
        Ok(Some(_)) => Redirect::to(&scene.address("home")).into_response(),
        Ok(None) => scene.visit.reply(StatusCode::OK, page::door(&scene)),
        Err(error) => failure(&scene, &error.into()),
    }
}

/// Starts an attempt and sends the browser to the authenticator.
pub async fn sign_in(scene: Scene) -> Response {
    match begin(&scene).await {
        Ok(response) => response,
        Err(error) => failure(&scene, &error),
    }
}

/// A real organisation never believes the sample authenticator.
async fn guard(scene: &Scene) -> Result<(), InternetError> {
    if !scene.place.organisation.sample && scene.state.provider.is_sample().await? {
        let words = "the sample authenticator for a real organisation".to_owned();
        return Err(SignInError::Provider(words).into());
    }
    Ok(())
}

async fn begin(scene: &Scene) -> Result<Response, InternetError> {
    guard(scene).await?;
    let attempt = Attempt::new()?;
    let redirect = scene.state.redirect_uri(scene.id());
    let provider = &scene.state.provider;
    let url = provider.authorization_url(scene.id(), &redirect, &attempt).await?;
    let mut response = Redirect::to(&url).into_response();
    let cookie = scene.cookie(attempt::COOKIE, &attempt.text(), attempt::SECONDS);
    add_cookie(&mut response, &cookie);
    Ok(response)
}

/// What the authenticator sends back through the browser.
#[derive(Debug, Deserialize)]
pub struct Answer {
    code: Option<String>,
    state: Option<String>,
}

/// The way back from the authenticator. The attempt ends here, whatever happens.
pub async fn callback(scene: Scene, Query(answer): Query<Answer>) -> Response {
    let mut response = match end(&scene, &answer).await {
        Ok(response) => response,
        Err(error) => failure(&scene, &error),
    };
    add_cookie(&mut response, &scene.cookie(attempt::COOKIE, "", 0));
    response
}

async fn end(scene: &Scene, answer: &Answer) -> Result<Response, InternetError> {
    let attempt = scene.visit.cookie(attempt::COOKIE).and_then(Attempt::parse);
    let attempt = attempt
        .filter(|attempt| answer.state.as_deref().is_some_and(|state| attempt.fits(state)))
        .ok_or(InternetError::Attempt)?;
    let code = answer.code.as_deref().ok_or(InternetError::Cancelled)?;
    guard(scene).await?;
    let redirect = scene.state.redirect_uri(scene.id());
    let provider = &scene.state.provider;
    let identity = provider.identity(scene.id(), &redirect, code, &attempt).await?;
    apply(scene, &identity, &attempt).await?;
    let name = identity.claims.name;
    let content = Content { issuer: identity.issuer, subject: identity.subject, name };
    let resident = session::open(scene, content).await?;
    let mut response = Redirect::to(&scene.address("home")).into_response();
    let cookie = scene.cookie(session::COOKIE, &resident.token.text(), session::SECONDS);
    add_cookie(&mut response, &cookie);
    Ok(response)
}

/// Leaves a sealed link request, unless the resident is linked or a clerk is already looking.
async fn apply(scene: &Scene, identity: &Identity, attempt: &Attempt) -> Result<(), InternetError> {
    let keys = ResidentKeys::new(&identity.issuer, &identity.subject)?;
    let handle = keys.handle();
    let client = scene.place.front.client().await?;
    let known = link_answer(&**client, &handle).await?;
    if known.is_some_and(|(state, _)| matches!(state, LinkState::Linked | LinkState::Matching)) {
        return Ok(());
    }
    let key = setting_read(&**client, OFFICE_KEY).await?.ok_or(InternetError::NotReady)?;
    let request = LinkRequest { token: identity.token.clone(), nonce: attempt.nonce() };
    let plain = serde_json::to_vec(&request).map_err(|error| StoreError::Files(error.into()))?;
    let context = application_context(LINK_REQUEST, &handle);
    let sealed = seal_for_office(&seal::from_text(&key)?, &context, &plain)?;
    application_leave(&**client, LINK_REQUEST, &handle, &sealed).await?;
    Ok(())
}

/// The form of the sign-out button.
#[derive(Debug, Deserialize)]
pub struct SignOut {
    csrf: String,
}

/// Ends the session.
pub async fn sign_out(scene: Scene, Form(form): Form<SignOut>) -> Response {
    let result = async {
        let Some(resident) = session::current(&scene).await? else { return Ok(()) };
        if !same(&form.csrf, &resident.csrf()) {
            return Err(InternetError::Forged);
        }
        Ok(session::close(&scene, &resident).await?)
    };
    if let Err(error) = result.await {
        return failure(&scene, &error);
    }
    let mut response = Redirect::to(&scene.address("")).into_response();
    add_cookie(&mut response, &scene.cookie(session::COOKIE, "", 0));
    response
}
