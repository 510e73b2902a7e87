//! A desk: one signed-in person at one organisation, in one language. Extracted from the request;
//! who is not signed in is sent to sign in, who has no such organisation gets 404, whom the route
//! does not let in is refused before anything is read.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Extension, FromRequestParts, Path};
use axum::http::HeaderMap;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use office::access::role;
use office::plan::Finding;
use office::staff::{renewal_actor, setup_actor};
use office::{Actor, OfficeError};
use print::Printer;

use super::refusal::Refusal;
use super::{CounterState, Place};
use crate::component::language::{Language, pick};
use crate::component::notice::Notice;
use crate::route::Access;
use crate::signed::{LANGUAGE_COOKIE, Signed};

/// The zone's name in sessions and audit.
pub const ZONE: &str = "office";
/// Its name on pages, in both languages.
pub const ZONE_NAME: (&str, &str) = ("個人番号利用事務系", "Office zone");
/// The session cookie.
pub const COOKIE: &str = "kumoi_counter";
/// A signed-in person at an organisation.
pub struct Desk {
    /// The organisation.
    pub place: Arc<Place>,
    /// The person.
    pub actor: Actor,
    serves: Serves,
    /// Token that forms carry.
    pub csrf: String,
    /// Language of pages.
    pub language: Language,
    /// The printer.
    pub printer: Printer,
    /// Address of this page, for the language switch.
    pub address: String,
    /// What else of the address the language switch keeps (`on=2024-04-01`); empty for nothing.
    pub query: String,
}

/// An item's name as a label: the standard writes 氏名_振り仮名, people read 氏名の振り仮名.
pub fn label(name: &str) -> String {
    name.replace('_', "の")
}

/// A cookie's value.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
        .map(str::to_owned)
}

/// The token that a request bears (RFC 6750): one header, the scheme in any case, one space.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let right = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty();
    (right && token.bytes().all(|byte| byte.is_ascii_graphic())).then_some(token)
}

/// Where a request comes from. Headers that anybody may write are not asked.
pub fn source(peer: Option<Extension<ConnectInfo<SocketAddr>>>) -> String {
    peer.map_or_else(|| "local".to_owned(), |Extension(ConnectInfo(peer))| peer.ip().to_string())
}

/// The language asked for: by the address, else remembered, else Japanese.
pub fn language(parts: &Parts) -> Language {
    let asked = parts
        .uri
        .query()
        .unwrap_or_default()
        .split('&')
        .find_map(|pair| Language::from_tag(pair.strip_prefix("lang=")?));
    asked.or_else(|| remembered(&parts.headers)).unwrap_or_default()
}

/// The language that this browser chose before.
pub fn remembered(headers: &HeaderMap) -> Option<Language> {
    cookie(headers, LANGUAGE_COOKIE).and_then(|tag| Language::from_tag(&tag))
}

impl FromRequestParts<CounterState> for Desk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &CounterState) -> Result<Desk, Response> {
        let path: Path<HashMap<String, String>> =
            Path::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let api = parts.uri.path().split('/').nth(2) == Some("api");
        let language = language(parts);
        let answer = |refusal: Refusal| match api {
            true => super::refusal::json(&refusal),
            false => super::refusal::page(&refusal, language, "/"),
        };
        let organisation = path.get("organisation").cloned().unwrap_or_default();
        let Some(place) = state.place(&organisation) else {
            return Err(answer(Refusal::NotFound));
        };
        let bearer = bearer(&parts.headers).map(str::to_owned);
        let token = match (api, bearer) {
            (true, Some(token)) => Some(token),
            (true, None) => None,
            (false, _) => cookie(&parts.headers, COOKIE),
        };
        let Some(token) = token else { return Err(answer(Refusal::SignIn { organisation })) };
        let request = format!("{} {}", parts.method, route_of(parts.uri.path()));
        let access = parts.extensions.get::<Access>().copied();
        let found = signed_in(&place, &token, request).await;
        let (actor, csrf, serves) = match found.map_err(|error| answer(error.into()))? {
            None => return Err(answer(Refusal::SignIn { organisation })),
            Some(found) => found,
        };
        match (serves, access) {
            (Serves::Work, _)
            | (_, Some(Access::Beginning))
            | (Serves::Password, Some(Access::Renewing)) => {}
            (Serves::Password, _) => return Err(answer(Refusal::Renew { organisation })),
            (Serves::Code, _) => return Err(answer(Refusal::SetUp { organisation })),
        }
        let desk = Desk {
            place,
            actor,
            serves,
            csrf,
            language,
            printer: state.printer.clone(),
            address: parts.uri.path().to_owned(),
            query: without_language(parts.uri.query().unwrap_or_default()),
        };
        if let Some(Access::Roles(roles)) = access {
            desk.actor.require(roles).map_err(|error| desk.refuse(error))?;
        }
        Ok(desk)
    }
}

/// What a session serves for: everything, or only what must be done first.
#[derive(Clone, Copy)]
pub(super) enum Serves {
    Work,
    Password,
    Code,
}

/// The person of a session, the token for forms, and what the session serves for.
pub(super) async fn signed_in(
    place: &Place,
    token: &str,
    request: String,
) -> Result<Option<(Actor, String, Serves)>, OfficeError> {
    let now = Timestamp::now();
    let found = renewal_actor(&place.staff, token, ZONE, request.clone(), now).await?;
    if let Some((actor, csrf, renewal)) = found {
        let serves = if renewal { Serves::Password } else { Serves::Work };
        return Ok(Some((actor, csrf, serves)));
    }
    let found = setup_actor(&place.staff, token, ZONE, (request, now)).await?;
    Ok(found.map(|(actor, csrf)| (actor, csrf, Serves::Code)))
}

/// A query without its language.
fn without_language(query: &str) -> String {
    let others = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang="));
    others.collect::<Vec<_>>().join("&")
}

/// The first parts of a path: enough for the audit, no more.
fn route_of(path: &str) -> String {
    path.split('/').skip(2).take(3).collect::<Vec<_>>().join("/")
}

impl Desk {
    /// Refuses a form that was not made for this session.
    pub fn check(&self, token: Option<&str>) -> Result<(), Refusal> {
        match token {
            Some(token) if token == self.csrf => Ok(()),
            _ => Err(Refusal::Csrf),
        }
    }

    /// An address of this organisation.
    pub fn href(&self, rest: &str) -> String {
        format!("/{}{rest}", self.place.office.organisation.id)
    }

    /// One of two texts by language.
    pub fn say<'a>(&self, japanese: &'a str, english: &'a str) -> &'a str {
        pick(self.language, japanese, english)
    }

    /// A text of a definition, empty where it has none, and the language in which it stands: a
    /// definition without English is shown in Japanese.
    pub fn text<'a>(
        &self,
        japanese: &'a Option<String>,
        english: &'a Option<String>,
    ) -> (&'a str, Language) {
        match (self.language, english) {
            (Language::English, Some(english)) => (english, Language::English),
            _ => (japanese.as_deref().unwrap_or_default(), Language::Japanese),
        }
    }

    /// A message of the office in the reader's language.
    pub fn message<'f>(&self, finding: &'f Finding) -> &'f str {
        pick(self.language, &finding.message, &finding.message_en)
    }

    /// A whole page with menu and user.
    pub fn page(&self, title: &str, notices: Vec<Notice<'_>>, content: Markup) -> Response {
        let kept = if self.query.is_empty() { "" } else { "&" };
        let other = self.language.other().tag();
        let switch = format!("{}?{}{kept}lang={other}", self.address, self.query);
        self.frame(title, notices, content, &switch)
    }

    /// The page with this language switch; an empty one shows none.
    fn frame(
        &self,
        title: &str,
        notices: Vec<Notice<'_>>,
        content: Markup,
        switch: &str,
    ) -> Response {
        let home = self.href("");
        let signed = Signed {
            organisation: &self.place.office.organisation,
            home: &home,
            actor: &self.actor,
            csrf: &self.csrf,
            language: self.language,
            zone: ZONE_NAME,
            address: &self.address,
        };
        signed.page(title, (notices, content), &self.menu(), switch)
    }

    /// Nothing for who must first do something else.
    fn menu(&self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        if !matches!(self.serves, Serves::Work) {
            return out;
        }
        let works = [role::COUNTER, role::PROTECTION, role::CHIEF, role::MANAGER];
        if works.iter().any(|role| self.actor.has(role)) {
            out.push((self.href(""), self.say("事案の一覧", "Queue").to_owned()));
            out.push((self.href("/search"), self.say("検索", "Search").to_owned()));
            out.push((self.href("/documents"), self.say("発行した証明", "Documents").to_owned()));
            let glyphs = self.say("文字の同定", "Characters").to_owned();
            out.push((self.href("/identification"), glyphs));
        }
        let masses = [role::COUNTER, role::CHIEF, role::MANAGER];
        let has_runs = self.place.office.systems.iter().any(|system| !system.runs.is_empty());
        if has_runs && masses.iter().any(|role| self.actor.has(role)) {
            out.push((self.href("/runs"), self.say("一括処理", "Bulk runs").to_owned()));
        }
        if super::intakes::is_for(self) {
            out.push((self.href("/intakes"), self.say("取込", "Intakes").to_owned()));
        }
        if super::inquiries::is_for(self) && works.iter().any(|role| self.actor.has(role)) {
            out.push((self.href("/inquiries"), self.say("情報連携", "Exchanges").to_owned()));
        }
        if self.actor.has(role::PROTECTION) {
            out.push((self.href("/forwarding"), self.say("転送", "Forwarding").to_owned()));
        }
        if self.actor.has(role::COUNTER) {
            out.push((self.href("/links"), self.say("住民ページの照合", "Matching").to_owned()));
        }
        if self.actor.has(role::ADMINISTRATOR) {
            out.push((self.href("/administration"), self.say("管理", "Administration").to_owned()));
        }
        out
    }

    /// A refusal as a page in this person's language, with the menu. It has no language switch:
    /// it may be the answer to a form, whose address cannot be read again.
    pub fn refuse(&self, refusal: impl Into<Refusal>) -> Response {
        let refusal = refusal.into();
        if matches!(refusal, Refusal::SignIn { .. } | Refusal::Renew { .. } | Refusal::SetUp { .. })
        {
            return super::refusal::page(&refusal, self.language, &self.href(""));
        }
        let home = self.href("");
        let (status, title, mut content) = super::refusal::words(&refusal, self.language, &home);
        if matches!(refusal, Refusal::Office(OfficeError::Glyphs(_))) {
            let list = self.href("/identification");
            let label = self.say("文字の同定の一覧へ", "To the characters to identify");
            content = html! { (content) p { a href=(list) { (label) } } };
        }
        let mut response = self.frame(&title, Vec::new(), content, "");
        *response.status_mut() = status;
        super::refusal::with_patience(&refusal, response)
    }
}
