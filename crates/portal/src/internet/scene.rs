//! What a request brings along: the language, the cookies and the organisation it is about.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::Markup;

use super::{InternetState, Place, page};
use crate::component::language::Language;

const LANGUAGE: &str = "kumoi_language";

/// Language and cookies of a request.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The language asked for, or remembered.
    pub language: Language,
    chosen: bool,
    cookies: HashMap<String, String>,
}

impl Visit {
    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// A page as the answer; a language that was chosen is remembered.
    pub fn reply(&self, status: StatusCode, page: Markup) -> Response {
        let mut response = (status, page).into_response();
        if self.chosen {
            let tag = self.language.tag();
            let cookie =
                format!("{LANGUAGE}={tag}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000");
            add_cookie(&mut response, &cookie);
        }
        response
    }
}

/// Adds a `Set-Cookie` header.
pub fn add_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Visit, Infallible> {
        let query = Query::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let asked = query.ok().and_then(|query| Language::from_tag(query.get("lang")?));
        let cookies: HashMap<String, String> = parts
            .headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let remembered = cookies.get(LANGUAGE).and_then(|tag| Language::from_tag(tag));
        let language = asked.or(remembered).unwrap_or_default();
        Ok(Visit { language, chosen: asked.is_some(), cookies })
    }
}

/// A request about one organisation of this zone; any other is answered with 404.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The zone.
    pub state: InternetState,
    /// The organisation.
    pub place: Arc<Place>,
    /// Language and cookies.
    pub visit: Visit,
}

impl FromRequestParts<InternetState> for Scene {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &InternetState,
    ) -> Result<Scene, Response> {
        let Ok(visit) = Visit::from_request_parts(parts, state).await;
        let path = Path::<String>::from_request_parts(parts, state).await;
        let place = path.ok().and_then(|Path(id)| state.place(&id).cloned());
        match place {
            Some(place) => Ok(Scene { state: state.clone(), place, visit }),
            None => {
                let page = page::not_found(visit.language, state.sample());
                Err(visit.reply(StatusCode::NOT_FOUND, page))
            }
        }
    }
}

impl Scene {
    /// Identifier of the organisation.
    pub fn id(&self) -> &str {
        &self.place.organisation.id
    }

    /// An address below the organisation's.
    pub fn address(&self, below: &str) -> String {
        format!("/{}/{below}", self.id())
    }

    /// A cookie of this organisation's pages; an age of 0 removes it.
    pub fn cookie(&self, name: &str, value: &str, seconds: i32) -> String {
        let secure = if self.state.secure_cookies() { "; Secure" } else { "" };
        let path = self.id();
        format!("{name}={value}; Path=/{path}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
    }
}
