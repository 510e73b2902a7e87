//! The relying party of OpenID Connect: authorization code with PKCE, ES256 identity tokens.
//!
//! The protocol is デジタル認証アプリサービスAPI's: scopes openid, name, address, birthdate and gender.
//! Nothing of a token is believed before its signature, issuer, audience, time and nonce are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jsonwebtoken::decode_header;
use jsonwebtoken::jwk::JwkSet;
use office::front::{Trust, token};
use serde::Deserialize;
use store::front::Claims;
use tokio::sync::RwLock;

use super::attempt::Attempt;

/// What is asked of the card.
pub const SCOPE: &str = "openid name address birthdate gender";
/// The office asks the issuer for its keys again after so long.
const KEYS_AGE: Duration = Duration::from_secs(60);
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why a sign-in failed.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The authenticator cannot be reached or does not speak the protocol.
    #[error("認証サービスに接続できません: {0}")]
    Provider(String),
    /// The authenticator did not accept the code.
    #[error("認証サービスが認可コードを受け付けません")]
    Code,
    /// The identity token is not to be believed.
    #[error("認証結果を確認できません: {0}")]
    Token(String),
}

impl From<reqwest::Error> for SignInError {
    fn from(error: reqwest::Error) -> SignInError {
        SignInError::Provider(error.without_url().to_string())
    }
}

/// What the discovery document says (OpenID Connect Discovery 1.0).
#[derive(Clone, Debug, Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    /// The sample authenticator says so of itself.
    #[serde(default)]
    kumoi_sample: bool,
}

#[derive(Debug)]
struct Known {
    discovery: Discovery,
    keys: JwkSet,
    fetched: Instant,
}

/// The identity that was proved.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Issuer.
    pub issuer: String,
    /// Pairwise name.
    pub subject: String,
    /// What the card says.
    pub claims: Claims,
    /// The token that proves it.
    pub token: String,
}

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Issuer.
    pub issuer: &'a str,
    /// Our client id.
    pub audience: &'a str,
    /// The attempt's nonce.
    pub nonce: &'a str,
}

#[derive(Deserialize)]
struct TokenResponse {
    id_token: String,
}

/// Verifies an identity token; nothing unverified comes out.
///
/// # Errors
/// [`SignInError::Token`].
pub fn verify(text: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Identity, SignInError> {
    let Expected { issuer, audience, nonce } = *expected;
    let expected = token::Expected { issuer, audience, nonce, at: Timestamp::now() };
    let proved = token::verify(text, keys, &expected);
    let proved = proved.map_err(|error| SignInError::Token(error.to_string()))?;
    Ok(Identity {
        issuer: issuer.to_owned(),
        subject: proved.subject,
        claims: proved.claims,
        token: text.to_owned(),
    })
}

/// The issuer, with its document and keys as last fetched.
#[derive(Debug)]
pub struct Provider {
    issuer: String,
    client: reqwest::Client,
    known: RwLock<Option<Arc<Known>>>,
}

impl Provider {
    /// A provider; nothing is fetched yet.
    ///
    /// # Errors
    /// [`SignInError::Provider`] when no HTTP client can be had.
    pub fn new(issuer: String) -> Result<Provider, SignInError> {
        let mut builder =
            reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none());
        if ["http://127.0.0.1", "http://localhost", "http://[::1]"]
            .iter()
            .any(|local| issuer.starts_with(local))
        {
            builder = builder.no_proxy();
        }
        Ok(Provider { issuer, client: builder.build()?, known: RwLock::new(None) })
    }

    async fn known(&self) -> Result<Arc<Known>, SignInError> {
        if let Some(known) = self.known.read().await.as_ref() {
            return Ok(known.clone());
        }
        self.fetch().await
    }

    async fn fetch(&self) -> Result<Arc<Known>, SignInError> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer);
        let answer = self.client.get(address).send().await?.error_for_status()?;
        let discovery: Discovery = answer.json().await?;
        if discovery.issuer != self.issuer {
            return Err(SignInError::Provider("issuer differs".to_owned()));
        }
        let answer = self.client.get(&discovery.jwks_uri).send().await?.error_for_status()?;
        let known =
            Arc::new(Known { keys: answer.json().await?, discovery, fetched: Instant::now() });
        *self.known.write().await = Some(known.clone());
        Ok(known)
    }

    /// Whether it is the sample authenticator, which no real organisation may believe.
    ///
    /// # Errors
    /// [`SignInError::Provider`].
    pub async fn is_sample(&self) -> Result<bool, SignInError> {
        Ok(self.known().await?.discovery.kumoi_sample)
    }

    /// What the office believes tokens for this client by; the keys are a minute old at most.
    ///
    /// # Errors
    /// [`SignInError::Provider`].
    pub async fn trust(&self, client_id: &str) -> Result<Trust, SignInError> {
        let known = match self.known().await? {
            old if old.fetched.elapsed() > KEYS_AGE => self.fetch().await?,
            known => known,
        };
        let (issuer, audience) = (self.issuer.clone(), client_id.to_owned());
        Ok(Trust { issuer, audience, keys: known.keys.clone() })
    }

    /// Where the browser goes to prove who it is.
    ///
    /// # Errors
    /// [`SignInError::Provider`].
    pub async fn authorization_url(
        &self,
        client_id: &str,
        redirect_uri: &str,
        attempt: &Attempt,
    ) -> Result<String, SignInError> {
        let known = self.known().await?;
        let refused = |_| SignInError::Provider("authorization endpoint".to_owned());
        let mut url: reqwest::Url =
            known.discovery.authorization_endpoint.parse().map_err(refused)?;
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", redirect_uri),
            ("scope", SCOPE),
            ("state", &attempt.state()),
            ("nonce", &attempt.nonce()),
            ("code_challenge", &attempt.challenge()),
            ("code_challenge_method", "S256"),
        ]);
        Ok(url.into())
    }

    /// Changes a code into a proved identity.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn identity(
        &self,
        client_id: &str,
        redirect_uri: &str,
        code: &str,
        attempt: &Attempt,
    ) -> Result<Identity, SignInError> {
        let known = self.known().await?;
        let verifier = attempt.verifier();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("client_id", client_id),
            ("code_verifier", &verifier),
        ];
        let answer = self.client.post(&known.discovery.token_endpoint).form(&form).send().await?;
        if answer.status().is_client_error() {
            return Err(SignInError::Code);
        }
        let answer: TokenResponse = answer.error_for_status()?.json().await?;
        let nonce = attempt.nonce();
        let expected = Expected { issuer: &self.issuer, audience: client_id, nonce: &nonce };
        let kid = decode_header(&answer.id_token).ok().and_then(|header| header.kid);
        let held = kid.is_some_and(|kid| known.keys.find(&kid).is_some());
        let known = if held { known } else { self.fetch().await? };
        verify(&answer.id_token, &known.keys, &expected)
    }
}
