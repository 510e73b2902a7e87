//! Requests that wait for the holder, and codes that wait for the relying party: in memory, few,
//! short-lived, each used once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use store::StoreError;
use store::front::seal::{random, to_text};

/// Time the holder has.
const REQUEST_TIME: Duration = Duration::from_secs(600);
/// Time the relying party has.
const CODE_TIME: Duration = Duration::from_secs(60);
/// Most entries of each kind; more are refused.
const LIMIT: usize = 10_000;
/// Wrong PINs after which a request ends.
pub const PIN_LIMIT: u32 = 3;

/// An authorization request that was checked.
#[derive(Clone, Debug)]
pub struct Request {
    /// The client.
    pub client_id: String,
    /// Where it is answered.
    pub redirect_uri: String,
    /// Scopes.
    pub scopes: Vec<String>,
    /// Given back as it is.
    pub state: String,
    /// Goes into the token.
    pub nonce: String,
    /// PKCE challenge.
    pub challenge: String,
    /// Wrong PINs so far.
    pub wrong_pins: u32,
}

/// A code's grant.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The request it answers.
    pub request: Request,
    /// Index of the card.
    pub card: usize,
}

/// What waits.
#[derive(Debug, Default)]
pub struct Pending {
    requests: Mutex<HashMap<String, (Instant, Request)>>,
    codes: Mutex<HashMap<String, (Instant, Grant)>>,
}

/// A panic elsewhere leaves the map whole: every change is one call.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep<T>(
    map: &Mutex<HashMap<String, (Instant, T)>>,
    value: T,
    time: Duration,
) -> Result<String, StoreError> {
    let id = to_text(&random()?);
    let mut map = held(map);
    map.retain(|_, (since, _)| since.elapsed() < time);
    if map.len() >= LIMIT {
        return Err(StoreError::Refused("認証の要求が多すぎます".to_owned()));
    }
    map.insert(id.clone(), (Instant::now(), value));
    Ok(id)
}

impl Pending {
    /// Keeps a request; its id is returned.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when too many wait.
    pub fn ask(&self, request: Request) -> Result<String, StoreError> {
        keep(&self.requests, request, REQUEST_TIME)
    }

    /// A request that still waits.
    pub fn request(&self, id: &str) -> Option<Request> {
        let map = held(&self.requests);
        let (since, request) = map.get(id)?;
        (since.elapsed() < REQUEST_TIME).then(|| request.clone())
    }

    /// Counts a wrong PIN; false when it was the last one allowed and the request is over.
    pub fn wrong_pin(&self, id: &str) -> bool {
        let mut map = held(&self.requests);
        let Some((_, request)) = map.get_mut(id) else { return false };
        request.wrong_pins += 1;
        if request.wrong_pins < PIN_LIMIT {
            return true;
        }
        map.remove(id);
        false
    }

    /// Ends a request.
    pub fn end(&self, id: &str) -> Option<Request> {
        held(&self.requests).remove(id).map(|(_, request)| request)
    }

    /// Issues a code.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when too many wait.
    pub fn grant(&self, grant: Grant) -> Result<String, StoreError> {
        keep(&self.codes, grant, CODE_TIME)
    }

    /// Takes a code: it works once, even when what follows fails.
    pub fn take(&self, code: &str) -> Option<Grant> {
        let (since, grant) = held(&self.codes).remove(code)?;
        (since.elapsed() < CODE_TIME).then_some(grant)
    }
}
