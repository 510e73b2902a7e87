//! The sample authenticator (見本の認証アプリ): an OpenID Connect provider for the demo, in the shape of
//! デジタル認証アプリサービスAPI. It stands for the real one and never pretends to be it: every page says
//! 見本・非公式.
//!
//! It lists sample cards, asks for the PIN 1234 and issues codes bound to PKCE (S256) that work
//! once, within 60 seconds. The `sub` is pairwise: HMAC-SHA-256 of the relying party under the
//! card's own random key. Cards are invented; no real card can be used. The signing key lives as
//! long as the process.

mod authorize;
mod page;
mod pending;
pub(crate) mod token;

use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::Router;
use axum::middleware;
use axum::routing::{get, post};
use jsonwebtoken::jwk::JwkSet;
use serde::{Deserialize, Serialize};
use store::StoreError;
use store::front::seal::{from_text, random, to_text};

use crate::internet::response;
use pending::Pending;
use token::SigningKey;

/// The PIN of every sample card.
pub const SAMPLE_PIN: &str = "1234";

/// 見本カード: an invented card.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// 氏名.
    pub name: String,
    /// 住所, in one line.
    pub address: String,
    /// 生年月日, ISO 8601.
    pub birthdate: String,
    /// 性別: 1 male, 2 female, 3 unknown.
    pub gender: String,
    /// Random key of the card, base64url: makes the pairwise subjects. Keep it over restarts.
    pub key: String,
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Card(…)")
    }
}

impl Card {
    /// A card with a new random key.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when the system has no randomness.
    pub fn new(
        name: String,
        address: String,
        birthdate: String,
        gender: String,
    ) -> Result<Card, StoreError> {
        Ok(Card { name, address, birthdate, gender, key: to_text(&random()?) })
    }

    /// The name under which one relying party knows the holder: 43 characters.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when the card's key is none.
    pub fn subject(&self, client_id: &str) -> Result<String, StoreError> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &from_text(&self.key)?);
        Ok(to_text(hmac::sign(&key, client_id.as_bytes()).as_ref()))
    }
}

/// How the sample authenticator is set up.
#[derive(Clone, Debug)]
pub struct AuthenticatorConfig {
    /// Its own address as browsers and the internet zone reach it, without a slash at the end.
    pub issuer_url: String,
    /// The internet zone's address: a client `x` may be answered at `<relying_party>/x/callback`
    /// only.
    pub relying_party: String,
    /// The sample cards.
    pub cards: Vec<Card>,
}

/// What the routes share.
#[derive(Clone)]
pub(crate) struct Authenticator {
    config: Arc<AuthenticatorConfig>,
    signing: Arc<SigningKey>,
    pending: Arc<Pending>,
}

impl Authenticator {
    /// The only address that a client may be answered at.
    fn redirect_uri(&self, client_id: &str) -> String {
        format!("{}/{client_id}/callback", self.config.relying_party)
    }

    fn keys(&self) -> JwkSet {
        JwkSet { keys: vec![self.signing.public.clone()] }
    }
}

/// The routes of the sample authenticator.
///
/// # Errors
/// [`StoreError::Vault`] when no signing key can be made or a card's key is none.
pub fn router(mut config: AuthenticatorConfig) -> Result<Router, StoreError> {
    for url in [&mut config.issuer_url, &mut config.relying_party] {
        *url = url.trim_end_matches('/').to_owned();
    }
    for card in &config.cards {
        card.subject("check")?;
    }
    let state = Authenticator {
        config: Arc::new(config),
        signing: Arc::new(SigningKey::new()?),
        pending: Arc::new(Pending::default()),
    };
    Ok(Router::new()
        .route("/", get(page::about))
        .route("/health", get(|| async { "ok" }))
        .route("/assets/{file}", get(response::asset))
        .route("/.well-known/openid-configuration", get(token::discovery))
        .route("/jwks", get(token::jwks))
        .route("/authorize", get(authorize::ask).post(authorize::answer))
        .route("/token", post(token::token))
        .layer(middleware::map_response(response::secure))
        .with_state(state))
}

#[cfg(test)]
mod tests;
