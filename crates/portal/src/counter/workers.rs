//! Work in the background of the office zone: reactions and timers of every organisation, sealing
//! of journal and audit, and the exchange with the front databases. A hint would only make it
//! faster; the sweep is the truth.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use office::front::{LinkItems, Trust, tick};

use super::{CounterState, Place};
use crate::internet::oidc::{Provider, SignInError};

const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Starts one task an organisation.
pub fn spawn(state: &CounterState) {
    for place in state.places() {
        tokio::spawn(serve(Arc::clone(place), state.issuer.clone()));
    }
}

/// Fetches sealed applications from the front database and publishes what residents may see.
async fn exchange(place: &Place, issuer: Option<&Provider>) {
    let Some(front) = &place.front else { return };
    let trust = match issuer {
        Some(issuer) => trust(place, issuer).await,
        None => None,
    };
    for system in place.office.systems.iter() {
        for register in &system.registers {
            let Some(published) = &register.published else { continue };
            let items = LinkItems::from(published);
            let database = &place.office.database;
            let both = (front, database);
            let register = (&**system, register.id.as_str());
            if let Err(error) = tick(both, register, &items, trust.as_ref()).await {
                let organisation = &place.office.organisation.id;
                tracing::warn!(%organisation, %error, "exchange with the front failed");
            }
        }
    }
    front.close_idle(Duration::from_secs(60));
}

/// The issuer's keys. A real organisation never believes the sample authenticator; while the issuer
/// cannot be reached, applications wait.
async fn trust(place: &Place, issuer: &Provider) -> Option<Trust> {
    let organisation = &place.office.organisation;
    let found = async {
        let sample = issuer.is_sample().await?;
        Ok::<_, SignInError>((sample, issuer.trust(&organisation.id).await?))
    };
    match found.await {
        Ok((sample, _)) if sample && !organisation.sample => None,
        Ok((_, trust)) => Some(trust),
        Err(error) => {
            tracing::debug!(organisation = %organisation.id, %error, "the issuer's keys");
            None
        }
    }
}

/// Sweeps again at once while there is work, and more rarely while there is none.
async fn serve(place: Arc<Place>, issuer: Option<Arc<Provider>>) {
    let mut pause = PAUSE;
    loop {
        match office::reaction::work(&place.office, Timestamp::now()).await {
            Ok(0) => pause = (pause * 2).min(LONGEST_PAUSE),
            Ok(_) => pause = Duration::ZERO,
            Err(error) => {
                let organisation = &place.office.organisation.id;
                tracing::warn!(%organisation, %error, "sweep failed");
                pause = LONGEST_PAUSE;
            }
        }
        exchange(&place, issuer.as_deref()).await;
        if let Err(error) = store::seal::seal_all(&place.office.database, &place.seal).await {
            let organisation = &place.office.organisation.id;
            tracing::warn!(%organisation, %error, "sealing failed");
        }
        place.office.database.close_idle(Duration::from_secs(60));
        place.staff.close_idle(Duration::from_secs(60));
        tokio::time::sleep(pause.max(Duration::from_millis(20))).await;
    }
}
