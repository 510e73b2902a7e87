//! The LGWAN zone: the catalogue, contracts and what they cost. It signs staff in with their own
//! accounts and reaches the cluster's control database as its organisation, which sees its own
//! contracts only; it holds no credential for an office or front database.

mod bill;
mod buyer;
mod catalogue;
mod contract;
mod sign_in;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use definition::System;
use office::access::role;
use store::organisation::{Credentials, Organisation};
use store::{Database, StoreError};

use crate::component::asset;
use crate::counter::{headers, refusal};
use crate::route::{Access, Leaves, Page};

/// Who may draft, decide and sign.
const BUYERS: Access = Access::Roles(&[role::ADMINISTRATOR, role::MANAGER, role::CHIEF]);

/// One organisation as this zone serves it.
#[derive(Clone, Debug)]
pub struct Body {
    /// The organisation.
    pub organisation: Organisation,
    /// Staff identities.
    pub staff: Database,
    /// The catalogue and the own contracts.
    pub control: Database,
}

/// What the zone holds.
#[derive(Clone)]
pub struct LgwanState {
    bodies: Arc<BTreeMap<String, Arc<Body>>>,
    systems: Arc<Vec<Arc<System>>>,
}

impl LgwanState {
    /// The organisations of this zone and the packages of the catalogue.
    ///
    /// # Errors
    /// [`StoreError`] when credentials of this zone are incomplete.
    pub fn new(
        credentials: Vec<Credentials>,
        systems: Arc<Vec<Arc<System>>>,
    ) -> Result<LgwanState, StoreError> {
        let mut bodies = BTreeMap::new();
        for own in credentials {
            let staff = own.database(own.staff.as_ref(), own.staff_vault.as_deref(), 2)?;
            let control = own.database(own.control().as_ref(), None, 2)?;
            let body = Body { organisation: own.organisation.clone(), staff, control };
            bodies.insert(own.organisation.id, Arc::new(body));
        }
        Ok(LgwanState { bodies: Arc::new(bodies), systems })
    }

    /// An organisation by its name in addresses.
    fn body(&self, id: &str) -> Option<Arc<Body>> {
        self.bodies.get(id).cloned()
    }

    /// The package with this hash.
    fn system(&self, hash: &str) -> Option<&Arc<System>> {
        self.systems.iter().find(|system| system.hash == hash)
    }
}

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
    Page::get("/", Access::Open, Leaves::Nothing, |f| on(f, sign_in::entrance)),
    Page::get("/health", Access::Open, Leaves::Nothing, |f| on(f, || async { "ok" })),
    Page::get("/assets/{file}", Access::Open, Leaves::Nothing, |f| on(f, asset_file)),
    Page::get("/{organisation}/sign-in", Access::Open, Leaves::Nothing, |f| on(f, sign_in::form)),
    Page::post("/{organisation}/sign-in", Access::Open, Leaves::Opening, |f| {
        on(f, sign_in::submit)
    }),
    Page::post("/{organisation}/sign-out", Access::Signed, Leaves::Change, |f| {
        on(f, sign_in::sign_out)
    }),
    Page::get("/{organisation}", Access::Signed, Leaves::Nothing, |f| on(f, contract::all)),
    Page::get("/{organisation}/catalogue", Access::Signed, Leaves::Nothing, |f| {
        on(f, catalogue::all)
    }),
    Page::get("/{organisation}/catalogue/{system}", Access::Signed, Leaves::Nothing, |f| {
        on(f, catalogue::compare)
    }),
    Page::get("/{organisation}/offers/{offer}", BUYERS, Leaves::Nothing, |f| {
        on(f, contract::draft_form)
    }),
    Page::post("/{organisation}/offers/{offer}", BUYERS, Leaves::Change, |f| {
        on(f, contract::draft)
    }),
    Page::get("/{organisation}/contracts/{contract}", Access::Signed, Leaves::Nothing, |f| {
        on(f, contract::one)
    }),
    Page::post("/{organisation}/contracts/{contract}/{step}", BUYERS, Leaves::Change, |f| {
        on(f, contract::step)
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
