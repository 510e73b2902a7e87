//! The office zone: the counter of a municipality, its approvers and its administrator.

mod administration;
pub(crate) mod api;
mod assessed;
mod cancel_link;
mod case;
mod certificate;
pub(crate) mod desk;
mod entered;
mod form_input;
mod form_view;
mod forwarding;
mod identification;
mod inquiries;
mod intakes;
mod links;
mod one_time_code;
mod openapi;
mod pages;
mod password;
mod procedure;
mod queue;
pub(crate) mod refusal;
mod revisions;
mod row;
mod runs;
mod search;
mod sign_in;
#[cfg(test)]
mod tests;
mod words;
mod workers;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use definition::System;
use mesh::net::Door;
use mesh::statute::Statute;
use office::version::systems_in_force;
use office::{Office, OfficeError};
use print::Printer;
use store::organisation::Credentials;
use store::seal::SealKey;
use store::{Database, StoreError};
use tokio::task::JoinSet;

use crate::component::asset;
use crate::internet::oidc::Provider;

pub use desk::Desk;

/// Connections to one office database and to one staff database.
const POOL: usize = 8;
const STAFF_POOL: usize = 3;

/// One organisation as this zone serves it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The office.
    pub office: Office,
    /// Staff identities.
    pub staff: Database,
    /// The front database, reached outward.
    pub front: Option<Database>,
    /// Key that signs the organisation's log.
    pub seal: Arc<SealKey>,
    /// The way to other authorities; `None` where the organisation is no member of the mesh.
    pub gate: Option<Gate>,
}

/// The way to other authorities.
#[derive(Clone, Debug)]
pub struct Gate {
    /// To the organisation's own node.
    pub door: Arc<Door>,
    /// Who may ask whom for what.
    pub statute: Arc<Statute>,
}

/// What the office zone holds.
#[derive(Clone)]
pub struct CounterState {
    places: Arc<BTreeMap<String, RwLock<Arc<Place>>>>,
    /// What the program carries.
    systems: Arc<Vec<Arc<System>>>,
    printer: Printer,
    issuer: Option<Arc<Provider>>,
}

impl CounterState {
    /// The organisations of this zone. No connection is opened yet.
    ///
    /// # Errors
    /// [`StoreError`] when credentials of this zone are incomplete.
    pub fn new(
        credentials: Vec<Credentials>,
        systems: Arc<Vec<Arc<System>>>,
        printer: Printer,
    ) -> Result<CounterState, StoreError> {
        let mut places = BTreeMap::new();
        for own in credentials {
            let database = own.database(own.office.as_ref(), own.vault.as_deref(), POOL)?;
            let staff = own.database(own.staff.as_ref(), own.staff_vault.as_deref(), STAFF_POOL)?;
            let front = match &own.front {
                Some(login) => Some(own.database(Some(login), None, 2)?),
                None => None,
            };
            let organisation = own.organisation.clone();
            let systems = Arc::clone(&systems);
            let office = Office { organisation, database, systems, ended: Arc::default() };
            let seal = Arc::new(SealKey::from_credentials(&own)?);
            let place = Place { office, staff, front, seal, gate: None };
            places.insert(own.organisation.id.clone(), RwLock::new(Arc::new(place)));
        }
        Ok(CounterState { places: Arc::new(places), systems, printer, issuer: None })
    }

    /// The OIDC issuer whose tokens residents' applications carry. Without one they wait.
    ///
    /// # Errors
    /// [`StoreError`] when no HTTP client can be had.
    pub fn with_issuer(mut self, issuer: &str) -> Result<CounterState, StoreError> {
        let provider = Provider::new(issuer.trim_end_matches('/').to_owned());
        let provider = provider.map_err(|error| StoreError::Pool(error.to_string()))?;
        self.issuer = Some(Arc::new(provider));
        Ok(self)
    }

    /// The ways to other authorities, by organisation.
    pub fn with_gates(self, gates: HashMap<String, Gate>) -> CounterState {
        for (id, gate) in gates {
            if let Some(held) = self.places.get(&id) {
                let mut held = held.write().unwrap_or_else(PoisonError::into_inner);
                *held = Arc::new(Place { gate: Some(gate), ..Place::clone(&held) });
            }
        }
        self
    }

    /// The organisations of this zone, each with the systems in the versions that it has installed;
    /// `systems` are those that the program carries.
    ///
    /// # Errors
    /// As [`CounterState::new`], and [`OfficeError`] when an installed version cannot be read.
    pub async fn open(
        credentials: Vec<Credentials>,
        systems: Arc<Vec<Arc<System>>>,
        printer: Printer,
    ) -> Result<CounterState, OfficeError> {
        let state = CounterState::new(credentials, systems, printer)?;
        for id in state.places.keys() {
            state.refresh(id).await?;
        }
        Ok(state)
    }

    /// Takes up the systems that an organisation has installed by now, in their versions; who works
    /// there goes on. `None` for an organisation that is not of this zone.
    ///
    /// # Errors
    /// [`OfficeError`] when an installed version cannot be read; what was served stays.
    pub async fn refresh(&self, id: &str) -> Result<Option<Arc<Place>>, OfficeError> {
        let Some(place) = self.place(id) else { return Ok(None) };
        let (found, ended) = systems_in_force(&place.office.database, &self.systems).await?;
        if same(&found, &place.office.systems) && ended == place.office.ended {
            return Ok(Some(place));
        }
        let mut next = Place::clone(&place);
        next.office.ended = ended;
        // What the program carries unchanged stays shared among all.
        next.office.systems =
            if same(&found, &self.systems) { Arc::clone(&self.systems) } else { found };
        let next = Arc::new(next);
        if let Some(held) = self.places.get(id) {
            *held.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&next);
        }
        Ok(Some(next))
    }

    /// An organisation by its name in addresses.
    pub fn place(&self, id: &str) -> Option<Arc<Place>> {
        self.places.get(id).map(current)
    }

    /// All organisations.
    pub fn places(&self) -> impl Iterator<Item = Arc<Place>> {
        self.places.values().map(current)
    }

    /// Reactions, timers and the exchange with the front databases, in the background: they end
    /// with the tasks.
    pub fn spawn_workers(&self) -> JoinSet<()> {
        workers::spawn(self)
    }
}

fn current(held: &RwLock<Arc<Place>>) -> Arc<Place> {
    Arc::clone(&held.read().unwrap_or_else(PoisonError::into_inner))
}

/// Whether both are the same versions in the same order.
fn same(one: &[Arc<System>], other: &[Arc<System>]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| Arc::ptr_eq(a, b))
}

/// The routes of the office zone.
pub fn router(state: CounterState) -> Router {
    crate::route::router(pages::PAGES)
        .merge(api::routes())
        .fallback(refusal::not_found)
        .layer(DefaultBodyLimit::max(1 << 20))
        .layer(middleware::from_fn(headers))
        .with_state(state)
}

async fn asset_file(
    axum::extract::Path(file): axum::extract::Path<String>,
    parts: axum::http::request::Parts,
) -> Response {
    let path = format!("/assets/{file}");
    match asset::ASSETS.iter().find(|asset| asset.path == path) {
        Some(asset) => {
            let headers = [
                (header::CONTENT_TYPE, asset.content_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, asset.body).into_response()
        }
        None => refusal::not_found(parts).await,
    }
}

/// Headers of every answer: nothing is stored, framed, guessed or loaded from elsewhere.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
             frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
