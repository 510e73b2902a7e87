//! The identity token of a resident's card (OpenID Connect Core §3.1.3.7), ES256.
//!
//! Both zones verify it by this one function: the internet zone before it opens a session, the
//! office before it believes an application. Nothing unverified comes out.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jiff::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use store::front::Claims;

/// Difference of clocks allowed, in seconds.
const LEEWAY: i64 = 30;

/// Why a token is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No key of the issuer has its name: the issuer may have changed keys.
    #[error("unknown key")]
    Key,
    /// It is not to be believed.
    #[error("{0}")]
    Refused(String),
}

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Issuer.
    pub issuer: &'a str,
    /// The organisation's name as a client.
    pub audience: &'a str,
    /// The attempt's nonce.
    pub nonce: &'a str,
    /// The moment at which it must hold.
    pub at: Timestamp,
}

/// What the office believes tokens by.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Issuer.
    pub issuer: String,
    /// The organisation's name as a client.
    pub audience: String,
    /// The issuer's public keys, fetched from the issuer itself.
    pub keys: JwkSet,
}

/// Who was proved, and what the card says.
#[derive(Clone, Debug)]
pub struct Proved {
    /// The issuer's pairwise name of the resident.
    pub subject: String,
    /// What the card says.
    pub claims: Claims,
}

#[derive(Deserialize)]
struct TokenClaims {
    sub: String,
    nonce: String,
    exp: i64,
    #[serde(default)]
    iat: Option<i64>,
    #[serde(default)]
    nbf: Option<i64>,
    name: String,
    address: Address,
    birthdate: String,
    gender: String,
}

/// OpenID Connect Core §5.1.1 has an object, some issuers write the line alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Address {
    Line(String),
    Object { formatted: String },
}

/// Verifies an identity token: signature, issuer, audience, times, nonce.
///
/// # Errors
/// [`TokenError`].
pub fn verify(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Proved, TokenError> {
    let refused = |why: jsonwebtoken::errors::Error| TokenError::Refused(why.to_string());
    let header = decode_header(token).map_err(refused)?;
    if header.alg != Algorithm::ES256 {
        return Err(TokenError::Refused("algorithm".to_owned()));
    }
    let known = header.kid.as_deref().and_then(|kid| keys.find(kid)).ok_or(TokenError::Key)?;
    let key = DecodingKey::from_jwk(known).map_err(refused)?;
    let mut validation = Validation::new(Algorithm::ES256);
    // Times are compared below, with the moment that is asked about.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let claims = decode::<TokenClaims>(token, &key, &validation).map_err(refused)?.claims;
    let at = expected.at.as_second();
    if claims.exp.saturating_add(LEEWAY) < at {
        return Err(TokenError::Refused("expired".to_owned()));
    }
    let begins = claims.iat.into_iter().chain(claims.nbf).max();
    if begins.is_some_and(|begins| begins.saturating_sub(LEEWAY) > at) {
        return Err(TokenError::Refused("not yet".to_owned()));
    }
    let same = verify_slices_are_equal(claims.nonce.as_bytes(), expected.nonce.as_bytes()).is_ok();
    if !same || expected.nonce.is_empty() {
        return Err(TokenError::Refused("nonce".to_owned()));
    }
    let address = match claims.address {
        Address::Line(formatted) | Address::Object { formatted } => formatted,
    };
    let (name, birthdate, gender) = (claims.name, claims.birthdate, claims.gender);
    Ok(Proved { subject: claims.sub, claims: Claims { name, address, birthdate, gender } })
}
