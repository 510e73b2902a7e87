//! Organisations that come to a running zone: their credentials appear in the zone's folder, and
//! they are served beside those of the start, whose sessions and work go on untouched. One whose
//! credentials go is served no more; with other ones it begins anew.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use store::organisation::credentials_read;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tower::ServiceExt;

use super::Making;

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_secs(3);
/// What stands before a vendor in addresses.
const VENDORS: &str = "vendors";

/// The organisations that came later, each with its own pages.
#[derive(Clone)]
pub(super) struct Newcomers {
    folder: PathBuf,
    /// Those of the start.
    known: Arc<BTreeSet<String>>,
    served: Arc<RwLock<HashMap<String, Served>>>,
}

/// One that came later.
struct Served {
    router: Router,
    /// Its credentials as they were when it came.
    credentials: Vec<u8>,
    /// Its work in the background, which ends with it.
    _working: JoinSet<()>,
}

impl Newcomers {
    pub(super) fn new(folder: PathBuf, known: BTreeSet<String>) -> Newcomers {
        Newcomers { folder, known: Arc::new(known), served: Arc::default() }
    }

    /// Looks for ever; what cannot be read yet is looked at again.
    pub(super) async fn watch(self, making: Making) {
        loop {
            sleep(LOOK).await;
            if let Err(error) = self.look(&making).await {
                tracing::warn!(%error, "credentials of a new organisation");
            }
        }
    }

    async fn look(&self, making: &Making) -> anyhow::Result<()> {
        let all = credentials_read(&self.folder)?;
        let there: BTreeSet<&str> = all.iter().map(|own| own.organisation.id.as_str()).collect();
        self.write().retain(|id, _| there.contains(id.as_str()));
        for own in &all {
            let id = own.organisation.id.clone();
            let credentials = serde_json::to_vec(own)?;
            let is_same = |one: &Served| one.credentials == credentials;
            if self.known.contains(&id) || self.read().get(&id).is_some_and(is_same) {
                continue;
            }
            let (router, _working) = making.router(vec![own.clone()]).await?;
            self.write().insert(id, Served { router, credentials, _working });
        }
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<String, Served>> {
        self.served.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<String, Served>> {
        self.served.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn router(&self, id: &str) -> Option<Router> {
        self.read().get(id).map(|one| one.router.clone())
    }

    /// Whose page an address is, where they came later.
    fn of(&self, path: &str) -> Option<Router> {
        self.router(organisation_of(path)?)
    }
}

/// The organisation in an address: its first part, or the one after the vendors' own.
fn organisation_of(path: &str) -> Option<&str> {
    let mut parts = path.split('/').skip(1);
    match parts.next() {
        Some(VENDORS) => parts.next(),
        first => first,
    }
}

/// Sends a request to the pages of an organisation that came later; every other goes on.
pub(super) async fn pass(
    State(newcomers): State<Newcomers>,
    request: Request,
    next: Next,
) -> Response {
    match newcomers.of(request.uri().path()) {
        Some(router) => router.oneshot(request).await.into_response(),
        None => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;

    use super::*;

    #[test]
    fn an_address_names_its_organisation() {
        for (path, whose) in [
            ("/mura", Some("mura")),
            ("/mura/cases/1", Some("mura")),
            ("/vendors/acme/keys", Some("acme")),
            ("/vendors", None),
            ("/", Some("")),
            ("", None),
        ] {
            assert_eq!(organisation_of(path), whose, "{path}");
        }
    }

    #[tokio::test]
    async fn who_came_later_is_served_and_the_others_go_on() {
        let folder = PathBuf::from("nowhere");
        let newcomers = Newcomers::new(folder, BTreeSet::from(["mura".to_owned()]));
        let own = Router::new().route("/{id}/x", get(|| async { "later" }));
        let served = Served { router: own, credentials: Vec::new(), _working: JoinSet::new() };
        newcomers.write().insert("machi".to_owned(), served);
        let first = Router::new().route("/{id}/x", get(|| async { "first" }));
        let all = Router::new().fallback_service(first).layer(from_fn_with_state(newcomers, pass));
        for (path, words) in [("/mura/x", "first"), ("/machi/x", "later"), ("/shi/x", "first")] {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            let answer = all.clone().oneshot(request).await.unwrap();
            let body = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
            assert_eq!(body, words, "{path}");
        }
    }
}
