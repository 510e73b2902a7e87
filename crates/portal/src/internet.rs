//! The internet zone: residents sign in with their card and see the published view of their own
//! record, notices about them and who looked at it.
//!
//! This process holds credentials for front databases only. It never reaches an office database,
//! never sees an individual number, and can open a view only while its resident is signed in.

pub(crate) mod attempt;
mod home;
pub(crate) mod oidc;
mod page;
pub mod response;
pub(crate) mod scene;
mod session;
mod sign_in;
mod vendor;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::Response;
use axum::routing::on;
use store::StoreError;
use store::connect::Database;
use store::market::ENTRANCE;
use store::organisation::{Credentials, Organisation, VENDOR};

use crate::member::Body;
use crate::route::{Access, Leaves, Page};
use oidc::Provider;
use scene::Visit;

/// Connections to one front database.
const POOL_SIZE: usize = 6;

/// One organisation as the internet zone knows it.
#[derive(Debug)]
pub struct Place {
    /// Who it is.
    pub organisation: Organisation,
    /// Its front database.
    pub front: Database,
}

/// Everything that the zone holds.
#[derive(Clone, Debug)]
pub struct InternetState {
    places: Arc<BTreeMap<String, Arc<Place>>>,
    vendors: Arc<BTreeMap<String, Arc<Body>>>,
    /// Where applications of vendors are left, if they are taken in here.
    entrance: Option<Arc<Database>>,
    provider: Arc<Provider>,
    public_url: Arc<str>,
}

impl InternetState {
    /// The state for these organisations. `issuer` is the OIDC issuer, `public_url` how browsers
    /// reach this zone, both without a slash at the end. Nothing is connected yet.
    ///
    /// # Errors
    /// [`StoreError`] when credentials hold no front database, or no HTTP client can be had.
    pub fn new(
        credentials: Vec<Credentials>,
        issuer: String,
        public_url: String,
    ) -> Result<InternetState, StoreError> {
        let (mut places, mut vendors) = (BTreeMap::new(), BTreeMap::new());
        let mut entrance = None;
        for one in credentials {
            if one.organisation.kind == ENTRANCE {
                entrance = Some(Arc::new(one.database(one.staff.as_ref(), None, 2)?));
                continue;
            }
            if one.organisation.kind == VENDOR {
                let body = Body::new(&one, one.market().as_ref())?;
                vendors.insert(one.organisation.id, Arc::new(body));
                continue;
            }
            let front = one.database(one.front.as_ref(), None, POOL_SIZE)?;
            let place = Place { organisation: one.organisation, front };
            places.insert(place.organisation.id.clone(), Arc::new(place));
        }
        let issuer = issuer.trim_end_matches('/').to_owned();
        let provider =
            Provider::new(issuer).map_err(|error| StoreError::Pool(error.to_string()))?;
        Ok(InternetState {
            places: Arc::new(places),
            vendors: Arc::new(vendors),
            entrance,
            provider: Arc::new(provider),
            public_url: public_url.trim_end_matches('/').into(),
        })
    }

    /// Closes connections that were idle for longer than `idle`; to be called now and then.
    pub fn close_idle(&self, idle: Duration) {
        for place in self.places.values() {
            place.front.close_idle(idle, 0);
        }
        if let Some(entrance) = &self.entrance {
            entrance.close_idle(idle, 0);
        }
        for vendor in self.vendors.values() {
            vendor.cloud.close_idle(idle, 0);
            vendor.staff.close_idle(idle, 0);
        }
    }

    /// An organisation of this zone.
    fn place(&self, id: &str) -> Option<&Arc<Place>> {
        self.places.get(id)
    }

    /// Whether everything here is invented.
    fn sample(&self) -> bool {
        self.places.values().all(|place| place.organisation.sample)
    }

    /// Cookies go over TLS only wherever the zone is reached by it.
    fn secure_cookies(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Where the issuer sends the resident back to.
    fn redirect_uri(&self, organisation: &str) -> String {
        format!("{}/{organisation}/callback", self.public_url)
    }
}

/// The routes of the zone.
pub fn router(state: InternetState) -> Router {
    crate::route::router(PAGES)
        .merge(crate::route::router(vendor::PAGES))
        .fallback(not_found)
        .layer(middleware::map_response(response::secure))
        .with_state(state)
}

use Access::{Open, Signed};
use Leaves::{Change, Nothing};

/// Every page. A resident sees the own record only, which the office published and audited; this
/// zone cannot write the office's audit.
pub static PAGES: &[Page<InternetState>] = &[
    Page::get("/", Open, Nothing, |f| on(f, entrance)),
    Page::get("/health", Open, Nothing, |f| on(f, || async { "ok" })),
    Page::get("/assets/{file}", Open, Nothing, |f| on(f, response::asset)),
    Page::get("/{organisation}", Open, Nothing, |f| on(f, sign_in::with_slash)),
    Page::get("/{organisation}/", Open, Nothing, |f| on(f, sign_in::door)),
    Page::get("/{organisation}/sign-in", Open, Nothing, |f| on(f, sign_in::sign_in)),
    Page::get("/{organisation}/callback", Open, Nothing, |f| on(f, sign_in::callback)),
    Page::post("/{organisation}/sign-out", Signed, Change, |f| on(f, sign_in::sign_out)),
    Page::get("/{organisation}/home", Signed, Nothing, |f| on(f, home::record)),
    Page::get("/{organisation}/notices", Signed, Nothing, |f| on(f, home::notices)),
    Page::get("/{organisation}/looks", Signed, Nothing, |f| on(f, home::looks)),
];

async fn entrance(State(state): State<InternetState>, visit: Visit) -> Response {
    let places: Vec<&Organisation> =
        state.places.values().map(|place| &place.organisation).collect();
    let page = page::entrance(visit.language, state.sample(), &places);
    visit.reply(StatusCode::OK, page)
}

async fn not_found(State(state): State<InternetState>, visit: Visit) -> Response {
    visit.reply(StatusCode::NOT_FOUND, page::not_found(visit.language, state.sample()))
}

#[cfg(test)]
mod tests;
