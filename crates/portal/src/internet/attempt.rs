//! One attempt to sign in: state, nonce and the PKCE verifier, all derived from one random value
//! that only the browser keeps (cookie). No server state, so any node can end the attempt.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use store::StoreError;
use store::front::seal::{SessionToken, to_text};

/// The cookie's name.
pub const COOKIE: &str = "kumoi_resident_attempt";
/// How long an attempt may take, in seconds.
pub const SECONDS: i32 = 600;

/// An attempt.
pub struct Attempt(SessionToken);

impl Attempt {
    /// A new one.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when the system has no randomness.
    pub fn new() -> Result<Attempt, StoreError> {
        SessionToken::new().map(Attempt)
    }

    /// From the cookie.
    pub fn parse(text: &str) -> Option<Attempt> {
        SessionToken::parse(text).ok().map(Attempt)
    }

    /// The cookie's value.
    pub fn text(&self) -> String {
        self.0.text()
    }

    /// Binds the answer to this browser.
    pub fn state(&self) -> String {
        self.0.derived("state")
    }

    /// Binds the identity token to this attempt.
    pub fn nonce(&self) -> String {
        self.0.derived("nonce")
    }

    /// The code verifier (RFC 7636): 43 characters.
    pub fn verifier(&self) -> String {
        self.0.derived("verifier")
    }

    /// The code challenge, by S256.
    pub fn challenge(&self) -> String {
        to_text(digest(&SHA256, self.verifier().as_bytes()).as_ref())
    }

    /// Whether an answer belongs to this attempt.
    pub fn fits(&self, state: &str) -> bool {
        same(state, &self.state())
    }
}

/// Compares in constant time.
pub fn same(a: &str, b: &str) -> bool {
    verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok()
}
