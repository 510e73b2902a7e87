//! Somebody of an organisation who is signed in to this zone, in one language. Extracted from the
//! request; whom the route does not let in is refused before anything is read.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::Markup;
use office::Actor;
use office::staff::session_actor;
use store::Client;

use super::{Body, LgwanState};
use crate::component::language::{Language, pick};
use crate::component::notice::Notice;
use crate::counter::desk::{cookie, language};
use crate::counter::refusal::{Refusal, page, words};
use crate::route::Access;
use crate::signed::Signed;

/// The zone's name in sessions.
pub const ZONE: &str = "lgwan";
/// Its name on pages, in both languages.
pub const ZONE_NAME: (&str, &str) = ("LGWAN接続系", "LGWAN zone");
/// The session cookie.
pub const COOKIE: &str = "kumoi_lgwan";

/// A signed-in person at an organisation.
pub struct Buyer {
    /// The organisation.
    pub body: Arc<Body>,
    /// The person.
    pub actor: Actor,
    /// Token that forms carry.
    pub csrf: String,
    /// Language of pages.
    pub language: Language,
    address: String,
    query: String,
}

impl FromRequestParts<LgwanState> for Buyer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &LgwanState) -> Result<Buyer, Response> {
        let path: Path<HashMap<String, String>> =
            Path::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let language = language(parts);
        let organisation = path.get("organisation").cloned().unwrap_or_default();
        let home = format!("/{organisation}");
        let answer = |refusal: Refusal| page(&refusal, language, &home);
        let Some(body) = state.body(&organisation) else {
            return Err(answer(Refusal::NotFound));
        };
        let token = cookie(&parts.headers, COOKIE).unwrap_or_default();
        let now = Timestamp::now();
        let found = session_actor(&body.staff, &token, ZONE, parts.method.to_string(), now).await;
        let Some((actor, csrf)) = found.map_err(|error| answer(error.into()))? else {
            return Err(answer(Refusal::SignIn { organisation }));
        };
        let query = parts.uri.query().unwrap_or_default().split('&');
        let query: Vec<&str> =
            query.filter(|pair| !pair.is_empty() && !pair.starts_with("lang=")).collect();
        let (address, query) = (parts.uri.path().to_owned(), query.join("&"));
        let buyer = Buyer { body, actor, csrf, language, address, query };
        if let Some(Access::Roles(roles)) = parts.extensions.get::<Access>() {
            buyer.actor.require(roles).map_err(|error| buyer.refuse(error))?;
        }
        Ok(buyer)
    }
}

impl Buyer {
    /// An address of this organisation.
    pub fn href(&self, rest: &str) -> String {
        format!("/{}{rest}", self.body.organisation.id)
    }

    /// One of two texts by language.
    pub fn say<'a>(&self, japanese: &'a str, english: &'a str) -> &'a str {
        pick(self.language, japanese, english)
    }

    /// A connection to the catalogue and the own contracts.
    pub async fn control(&self) -> Result<Client, Refusal> {
        Ok(self.body.control.client().await?)
    }

    /// Refuses a form that was not made for this session.
    pub fn check(&self, token: Option<&str>) -> Result<(), Refusal> {
        match token {
            Some(token) if token == self.csrf => Ok(()),
            _ => Err(Refusal::Csrf),
        }
    }

    /// A whole page with menu and user.
    pub fn page(&self, title: &str, notices: Vec<Notice<'_>>, content: Markup) -> Response {
        let kept = if self.query.is_empty() { "" } else { "&" };
        let other = self.language.other().tag();
        let switch = format!("{}?{}{kept}lang={other}", self.address, self.query);
        self.frame(title, (notices, content), &switch)
    }

    fn frame(&self, title: &str, content: (Vec<Notice<'_>>, Markup), switch: &str) -> Response {
        let signed = Signed {
            organisation: &self.body.organisation,
            actor: &self.actor,
            csrf: &self.csrf,
            language: self.language,
            zone: ZONE_NAME,
            address: &self.address,
        };
        let menu = [
            (self.href(""), self.say("契約", "Contracts").to_owned()),
            (self.href("/catalogue"), self.say("カタログ", "Catalogue").to_owned()),
            (self.href("/bill"), self.say("利用料", "Bill").to_owned()),
        ];
        signed.page(title, content, &menu, switch)
    }

    /// A refusal as a page in this person's language, with the menu and without a switch.
    pub fn refuse(&self, refusal: impl Into<Refusal>) -> Response {
        let (status, title, content) = words(&refusal.into(), self.language, &self.href(""));
        let mut response = self.frame(&title, (Vec::new(), content), "");
        *response.status_mut() = status;
        response
    }

    /// The page, or the refusal as one.
    pub fn answer(&self, made: Result<Response, Refusal>) -> Response {
        made.unwrap_or_else(|refusal| self.refuse(refusal))
    }
}
