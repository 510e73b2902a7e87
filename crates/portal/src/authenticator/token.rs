//! The token endpoint, the discovery document and the keys.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use jiff::Timestamp;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Deserialize;
use serde_json::{Value, json};
use store::StoreError;
use store::front::seal::{random, to_text};

use super::pending::Grant;
use super::{Authenticator, Card};
use crate::internet::attempt::same;

/// How long an identity token holds, in seconds.
const TOKEN_SECONDS: i64 = 300;

/// The key that signs identity tokens: ES256.
pub struct SigningKey {
    private: EncodingKey,
    /// The public half.
    pub public: Jwk,
    id: String,
}

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// [`StoreError::Vault`].
    pub fn new() -> Result<SigningKey, StoreError> {
        let failed = || StoreError::Vault("署名の鍵");
        let pair =
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| failed())?;
        let document = pair.to_pkcs8v1().map_err(|_| failed())?;
        let private = EncodingKey::from_ec_der(document.as_ref());
        let mut public =
            Jwk::from_encoding_key(&private, Algorithm::ES256).map_err(|_| failed())?;
        let id = to_text(&random()?[..12]);
        public.common.key_id = Some(id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(SigningKey { private, public, id })
    }

    /// Signs claims.
    ///
    /// # Errors
    /// [`StoreError::Vault`].
    pub fn sign(&self, claims: &Value) -> Result<String, StoreError> {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.id.clone());
        encode(&header, claims, &self.private).map_err(|_| StoreError::Vault("署名"))
    }
}

/// The discovery document.
pub async fn discovery(State(state): State<Authenticator>) -> Json<Value> {
    let issuer = &state.config.issuer_url;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "scopes_supported": ["openid", "name", "address", "birthdate", "gender"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "claims_supported": ["sub", "name", "address", "birthdate", "gender"],
        "kumoi_sample": true,
    }))
}

/// The public keys.
pub async fn jwks(State(state): State<Authenticator>) -> Response {
    Json(state.keys()).into_response()
}

/// The token request (RFC 6749 §4.1.3, RFC 7636 §4.5).
#[derive(Debug, Deserialize)]
pub struct TokenRequest {
    grant_type: String,
    code: String,
    redirect_uri: String,
    client_id: String,
    code_verifier: String,
}

/// Changes a code into an identity token.
pub async fn token(
    State(state): State<Authenticator>,
    Form(request): Form<TokenRequest>,
) -> Response {
    let refused =
        |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    if request.grant_type != "authorization_code" {
        return refused("unsupported_grant_type");
    }
    let Some(grant) = state.pending.take(&request.code) else { return refused("invalid_grant") };
    let bound = grant.request.client_id == request.client_id
        && grant.request.redirect_uri == request.redirect_uri
        && verifier_fits(&request.code_verifier, &grant.request.challenge);
    if !bound {
        return refused("invalid_grant");
    }
    match issue(&state, &grant) {
        Ok(answer) => Json(answer).into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": "server_error" })))
            .into_response(),
    }
}

/// RFC 7636 §4.1 and §4.6, S256.
fn verifier_fits(verifier: &str, challenge: &str) -> bool {
    let unreserved = |c: u8| c.is_ascii_alphanumeric() || b"-._~".contains(&c);
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(unreserved)
        && same(&to_text(digest(&SHA256, verifier.as_bytes()).as_ref()), challenge)
}

fn issue(state: &Authenticator, grant: &Grant) -> Result<Value, StoreError> {
    let card = state.config.cards.get(grant.card).ok_or(StoreError::Vault("見本カード"))?;
    let token = state.signing.sign(&claims(state, grant, card)?)?;
    Ok(json!({
        "access_token": to_text(&random()?),
        "token_type": "Bearer",
        "expires_in": TOKEN_SECONDS,
        "id_token": token,
    }))
}

fn claims(state: &Authenticator, grant: &Grant, card: &Card) -> Result<Value, StoreError> {
    let now = Timestamp::now().as_second();
    let mut claims = json!({
        "iss": state.config.issuer_url,
        "aud": grant.request.client_id,
        "sub": card.subject(&grant.request.client_id)?,
        "nonce": grant.request.nonce,
        "iat": now,
        "auth_time": now,
        "exp": now + TOKEN_SECONDS,
    });
    let offered = [
        ("name", json!(card.name)),
        ("address", json!({ "formatted": card.address })),
        ("birthdate", json!(card.birthdate)),
        ("gender", json!(card.gender)),
    ];
    for (scope, value) in offered {
        if grant.request.scopes.iter().any(|asked| asked == scope) {
            claims[scope] = value;
        }
    }
    Ok(claims)
}
