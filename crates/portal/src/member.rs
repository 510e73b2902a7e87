//! Somebody of an organisation who is signed in to a zone of pages beside the counter: LGWAN for
//! municipalities, the vendors' part of the internet zone. Extracted from the request; whom the
//! route does not let in is refused before anything is read.

pub mod sign_in;

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use base::said;
use base::said::Said;
use jiff::Timestamp;
use maud::Markup;
use office::Actor;
use office::staff::{renewal_actor, session_actor, setup_actor};
use store::organisation::{Credentials, Login, Organisation};
use store::{Client, Database, StoreError};

use crate::component::language::{Language, pick};
use crate::component::notice::Notice;
use crate::counter::desk::{cookie, language};
use crate::counter::refusal::{Refusal, page, words};
use crate::entrance::People;
use crate::route::Access;
use crate::signed::Signed;

/// One organisation as such a zone serves it.
#[derive(Clone, Debug)]
pub struct Body {
    /// The organisation.
    pub organisation: Organisation,
    /// Its staff identities.
    pub staff: Database,
    /// What its login sees of the cloud.
    pub cloud: Database,
}

impl Body {
    /// Of an organisation's credentials, with its login to the cloud's database.
    ///
    /// # Errors
    /// [`StoreError`] when the credentials are incomplete.
    pub fn new(own: &Credentials, cloud: Option<&Login>) -> Result<Body, StoreError> {
        let staff = own.database(own.staff.as_ref(), own.staff_vault.as_deref(), 2)?;
        let cloud = own.database(cloud, None, 2)?;
        Ok(Body { organisation: own.organisation.clone(), staff, cloud })
    }
}

/// A zone whose pages show each organisation what is its own.
pub trait Zone: Clone + Send + Sync + 'static {
    /// The zone's name in sessions.
    const NAME: &'static str;
    /// Its name on pages, in both languages.
    const TITLE: (&'static str, &'static str);
    /// The session cookie.
    const COOKIE: &'static str;
    /// What stands before an organisation in addresses.
    const BASE: &'static str;
    /// How those who come in are spoken of.
    const PEOPLE: &'static People;
    /// The menu: address below the organisation's, and both names.
    const MENU: &'static [(&'static str, &'static str, &'static str)];

    /// An organisation by its name in addresses.
    fn body(&self, id: &str) -> Option<Arc<Body>>;

    /// Whether passwords that were issued or ran out are changed here, at the organisation's
    /// `/password`, and one-time codes are set up, at `/one-time-code`; where not,
    /// [`Zone::elsewhere`] says where.
    const RENEWS: bool = false;

    /// Whether browsers reach the zone over TLS, so that cookies go no other way.
    fn secure(&self) -> bool {
        false
    }

    /// All of them.
    fn bodies(&self) -> Vec<Arc<Body>>;

    /// Where a password is changed and one-time codes are set up: by the platform, if a zone says
    /// nothing else.
    fn elsewhere() -> Said {
        said!(
            "パスワードかワンタイムパスワードの登録が切れています。基盤の管理者に再登録を申し出てください",
            "Your password or one-time codes must be set up anew: ask the platform's administrator"
        )
    }
}

/// A signed-in person at an organisation.
pub struct Member<Z> {
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
    zone: PhantomData<fn() -> Z>,
}

impl<Z: Zone> FromRequestParts<Z> for Member<Z> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &Z) -> Result<Member<Z>, Response> {
        let path: Path<HashMap<String, String>> =
            Path::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let language = language(parts);
        let organisation = path.get("organisation").cloned().unwrap_or_default();
        let home = format!("{}/{organisation}", Z::BASE);
        let answer = |refusal: Refusal| page(&refusal, language, &home);
        let Some(body) = state.body(&organisation) else {
            return Err(answer(Refusal::NotFound));
        };
        let token = cookie(&parts.headers, Z::COOKIE).unwrap_or_default();
        let now = Timestamp::now();
        let (access, request) = (parts.extensions.get::<Access>(), parts.method.to_string());
        let found = match access {
            Some(Access::Renewing) => renewal_actor(&body.staff, &token, Z::NAME, request, now)
                .await
                .map(|found| found.map(|(actor, csrf, _)| (actor, csrf))),
            Some(Access::Beginning) => {
                setup_actor(&body.staff, &token, Z::NAME, (request, now)).await
            }
            _ => session_actor(&body.staff, &token, Z::NAME, request, now).await,
        };
        let Some((actor, csrf)) = found.map_err(|error| answer(error.into()))? else {
            let organisation = home.trim_start_matches('/').to_owned();
            return Err(answer(Refusal::SignIn { organisation }));
        };
        let query = parts.uri.query().unwrap_or_default().split('&');
        let query: Vec<&str> =
            query.filter(|pair| !pair.is_empty() && !pair.starts_with("lang=")).collect();
        let (address, query) = (parts.uri.path().to_owned(), query.join("&"));
        let zone = PhantomData;
        let member = Member { body, actor, csrf, language, address, query, zone };
        if let Some(Access::Roles(roles)) = access {
            member.actor.require(roles).map_err(|error| member.refuse(error))?;
        }
        Ok(member)
    }
}

impl<Z: Zone> Member<Z> {
    /// An address of this organisation.
    pub fn href(&self, rest: &str) -> String {
        format!("{}/{}{rest}", Z::BASE, self.body.organisation.id)
    }

    /// One of two texts by language.
    pub fn say<'a>(&self, japanese: &'a str, english: &'a str) -> &'a str {
        pick(self.language, japanese, english)
    }

    /// A connection to what the organisation sees of the cloud.
    pub async fn cloud(&self) -> Result<Client, Refusal> {
        Ok(self.body.cloud.client().await?)
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
        let home = self.href("");
        let signed = Signed {
            organisation: &self.body.organisation,
            home: &home,
            actor: &self.actor,
            csrf: &self.csrf,
            language: self.language,
            zone: Z::TITLE,
            address: &self.address,
        };
        let menu: Vec<(String, String)> = Z::MENU
            .iter()
            .map(|(below, ja, en)| (self.href(below), self.say(ja, en).to_owned()))
            .collect();
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
