//! The LGWAN zone: the catalogue, contracts and what they cost. It signs staff in with their own
//! accounts and reaches the cluster's control database as its organisation, which sees its own
//! contracts only; it holds no credential for an office or front database.

mod bill;
mod catalogue;
mod contract;
mod offer;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use base::said;
use base::said::Said;
use cloud::Packages;
use office::access::role;
use store::StoreError;
use store::organisation::Credentials;

use crate::component::asset;
use crate::counter::{headers, refusal};
use crate::member::{Body, Member, Zone, sign_in};
use crate::route::{Access, Leaves, Page};

/// Who may draft, decide and sign.
const BUYERS: Access = Access::Roles(&[role::ADMINISTRATOR, role::MANAGER, role::CHIEF]);

/// What the zone holds.
#[derive(Clone)]
pub struct LgwanState {
    bodies: Arc<BTreeMap<String, Arc<Body>>>,
    packages: Arc<Packages>,
}

impl LgwanState {
    /// The organisations of this zone.
    ///
    /// # Errors
    /// [`StoreError`] when credentials of this zone are incomplete.
    pub fn new(credentials: Vec<Credentials>) -> Result<LgwanState, StoreError> {
        let mut bodies = BTreeMap::new();
        for own in credentials {
            let body = Body::new(&own, own.control().as_ref())?;
            bodies.insert(own.organisation.id, Arc::new(body));
        }
        Ok(LgwanState { bodies: Arc::new(bodies), packages: Arc::default() })
    }
}

impl Zone for LgwanState {
    const NAME: &'static str = "lgwan";
    const TITLE: (&'static str, &'static str) = ("LGWAN接続系", "LGWAN zone");
    const COOKIE: &'static str = "kumoi_lgwan";
    const BASE: &'static str = "";
    const MENU: &'static [(&'static str, &'static str, &'static str)] = &[
        ("", "契約", "Contracts"),
        ("/catalogue", "カタログ", "Catalogue"),
        ("/bill", "利用料", "Bill"),
    ];

    fn body(&self, id: &str) -> Option<Arc<Body>> {
        self.bodies.get(id).cloned()
    }

    fn bodies(&self) -> Vec<Arc<Body>> {
        self.bodies.values().cloned().collect()
    }

    fn elsewhere() -> Said {
        said!(
            "先に個人番号利用事務系の画面でサインインして、パスワードの変更かワンタイムパスワードの\
             登録を済ませてください",
            "Sign in to the office zone first, to change the password or set up one-time codes"
        )
    }
}

/// Somebody of a municipality in this zone.
type Buyer = Member<LgwanState>;

/// The routes of the LGWAN zone.
pub fn router(state: LgwanState) -> Router {
    crate::route::router(PAGES)
        .fallback(refusal::not_found)
        .layer(DefaultBodyLimit::max(1 << 18))
        .layer(middleware::from_fn(headers))
        .with_state(state)
}

/// Every page. What is done about a contract leaves a row beside the contract.
pub static PAGES: &[Page<LgwanState>] = &[
    Page::get("/", Access::Open, Leaves::Nothing, |f| on(f, sign_in::entrance::<LgwanState>)),
    Page::get("/health", Access::Open, Leaves::Nothing, |f| on(f, || async { "ok" })),
    Page::get("/assets/{file}", Access::Open, Leaves::Nothing, |f| on(f, asset_file)),
    Page::get("/{organisation}/sign-in", Access::Open, Leaves::Nothing, |f| {
        on(f, sign_in::form::<LgwanState>)
    }),
    Page::post("/{organisation}/sign-in", Access::Open, Leaves::Opening, |f| {
        on(f, sign_in::submit::<LgwanState>)
    }),
    Page::post("/{organisation}/sign-out", Access::Signed, Leaves::Change, |f| {
        on(f, sign_in::sign_out::<LgwanState>)
    }),
    Page::get("/{organisation}", Access::Signed, Leaves::Nothing, |f| on(f, contract::all)),
    Page::get("/{organisation}/catalogue", Access::Signed, Leaves::Nothing, |f| {
        on(f, catalogue::all)
    }),
    Page::get("/{organisation}/catalogue/{system}", Access::Signed, Leaves::Nothing, |f| {
        on(f, catalogue::compare)
    }),
    Page::get("/{organisation}/offers/{offer}", BUYERS, Leaves::Nothing, |f| {
        on(f, contract::draft::form)
    }),
    Page::post("/{organisation}/offers/{offer}", BUYERS, Leaves::Change, |f| {
        on(f, contract::draft::enter)
    }),
    Page::get("/{organisation}/offers/{offer}/report", Access::Signed, Leaves::Nothing, |f| {
        on(f, offer::report)
    }),
    Page::get(
        "/{organisation}/offers/{offer}/documents/{file}",
        Access::Signed,
        Leaves::Nothing,
        |f| on(f, offer::document),
    ),
    Page::get("/{organisation}/contracts/{contract}", Access::Signed, Leaves::Nothing, |f| {
        on(f, contract::one)
    }),
    Page::post("/{organisation}/contracts/{contract}/{step}", BUYERS, Leaves::Change, |f| {
        on(f, contract::step::take)
    }),
    Page::get("/{organisation}/bill", Access::Signed, Leaves::Nothing, |f| on(f, bill::month)),
];

async fn asset_file(axum::extract::Path(file): axum::extract::Path<String>) -> Response {
    let path = format!("/assets/{file}");
    match asset::ASSETS.iter().find(|asset| asset.path == path) {
        Some(asset) => {
            ([(axum::http::header::CONTENT_TYPE, asset.content_type)], asset.body).into_response()
        }
        None => axum::http::StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests;
