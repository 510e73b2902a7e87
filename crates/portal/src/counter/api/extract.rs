//! What a handler takes out of a request: the signed-in caller whom the route lets in, the query,
//! and a JSON body that has exactly the shape that the OpenAPI text promises.

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use super::failure::Failure;
use super::strict::Strict;
use super::{Access, Route, schema};
use crate::counter::CounterState;
use crate::counter::desk::Desk;

/// The signed-in person, let in by the roles of the route.
pub struct Caller(pub Desk);

fn route_of(parts: &Parts) -> Result<&'static Route, Failure> {
    let found = parts.extensions.get::<&'static Route>();
    found.copied().ok_or_else(Failure::nothing)
}

impl FromRequestParts<CounterState> for Caller {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &CounterState,
    ) -> Result<Caller, Response> {
        let route = route_of(parts).map_err(IntoResponse::into_response)?;
        if parts.uri.path().contains("%00") {
            return Err(Failure::nothing().into_response());
        }
        let desk = Desk::from_request_parts(parts, state).await?;
        if let Access::Roles(roles) = route.access {
            let allowed = desk.actor.require(roles).map_err(Failure::from);
            allowed.map_err(IntoResponse::into_response)?;
        }
        Ok(Caller(desk))
    }
}

/// The parameters of a query; unknown ones are refused.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<CounterState> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &CounterState,
    ) -> Result<Asked<T>, Failure> {
        let known = route_of(parts)?.query.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        let refuse = |_| {
            let names = known.join("、");
            let detail = format!("使える引数は {names} です。値の形も確かめてください");
            Failure::unreadable(StatusCode::BAD_REQUEST, "引数を読めません", &detail)
        };
        let plain = parts.uri.query().is_none_or(|query| !query.contains("%00"));
        let Query(asked) = match plain {
            true => Query::<T>::from_request_parts(parts, state).await.map_err(refuse)?,
            false => {
                let detail = "引数に使えない文字（NUL）があります";
                let status = StatusCode::BAD_REQUEST;
                return Err(Failure::unreadable(status, "引数を読めません", detail));
            }
        };
        Ok(Asked(asked))
    }
}

/// A JSON body of the shape of the route.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<CounterState> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &CounterState) -> Result<Body<T>, Failure> {
        Sent::from_request(request, state).await.map(|sent| Body(sent.body))
    }
}

/// A JSON body of the shape of the route, with the bytes that were sent.
pub struct Sent<T> {
    /// The body.
    pub body: T,
    /// SHA-256 of its bytes.
    pub digest: Vec<u8>,
}

impl<T: DeserializeOwned> FromRequest<CounterState> for Sent<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &CounterState) -> Result<Sent<T>, Failure> {
        let route = request.extensions().get::<&'static Route>().copied();
        let name = route.and_then(|route| route.body).ok_or_else(Failure::nothing)?;
        if !is_json(request.headers()) {
            let detail = "Content-Type を application/json にしてください";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Failure::unreadable(status, "この形式は受け取れません", detail));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            Failure::unreadable(rejection.status(), "本文を読めません", "本文は1MiBまでです")
        })?;
        let Strict(value) = serde_json::from_slice(&bytes).map_err(|error| unread(&error))?;
        let findings = schema::check_named(name, &value);
        if !findings.is_empty() {
            return Err(Failure::fields(findings));
        }
        let body = serde_json::from_value(value).map_err(|_| {
            let detail = "値の範囲を確かめてください。形は openapi.json にあります";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Failure::unreadable(status, "入力を確かめてください", detail)
        })?;
        Ok(Sent { body, digest: digest(&SHA256, &bytes).as_ref().to_vec() })
    }
}

fn unread(error: &serde_json::Error) -> Failure {
    let (line, column) = (error.line(), error.column());
    let detail = match error.is_data() {
        true => format!("{error}"),
        false => format!("{line}行{column}文字目が JSON として読めません"),
    };
    Failure::unreadable(StatusCode::BAD_REQUEST, "本文を読めません", &detail)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|value| value.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}
