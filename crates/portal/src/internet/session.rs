//! The session of a resident: a token in a cookie, its content sealed under the token.

use serde::{Deserialize, Serialize};
use store::StoreError;
use store::front::seal::{ResidentKeys, SessionToken};
use store::front::session::{session_delete, session_put, session_read};

use super::scene::Scene;

/// The cookie's name.
pub const COOKIE: &str = "kumoi_resident";
/// How long a session lasts, in seconds.
pub const SECONDS: i32 = 1800;

/// Who is signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Content {
    /// The issuer.
    pub issuer: String,
    /// Its name of the resident.
    pub subject: String,
    /// 氏名, for the head of the page.
    pub name: String,
}

/// A signed-in resident.
pub struct Resident {
    /// The token.
    pub token: SessionToken,
    /// Who it is.
    pub content: Content,
}

impl Resident {
    /// The anti-forgery token of the session.
    pub fn csrf(&self) -> String {
        self.token.derived("csrf")
    }

    /// The keys of the resident's view.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the subject could be guessed.
    pub fn keys(&self) -> Result<ResidentKeys<'_>, StoreError> {
        ResidentKeys::new(&self.content.issuer, &self.content.subject)
    }
}

/// Opens a session.
///
/// # Errors
/// [`StoreError`].
pub async fn open(scene: &Scene, content: Content) -> Result<Resident, StoreError> {
    let resident = Resident { token: SessionToken::new()?, content };
    let plain = serde_json::to_vec(&resident.content).map_err(std::io::Error::other)?;
    let sealed = resident.token.seal(&plain)?;
    let handle = resident.keys()?.handle();
    let client = scene.place.front.client().await?;
    session_put(&**client, &resident.token.digest(), &handle, &sealed, SECONDS).await?;
    Ok(resident)
}

/// The resident who is signed in, if one is.
///
/// # Errors
/// [`StoreError`].
pub async fn current(scene: &Scene) -> Result<Option<Resident>, StoreError> {
    let token = scene.visit.cookie(COOKIE).and_then(|text| SessionToken::parse(text).ok());
    let Some(token) = token else { return Ok(None) };
    let client = scene.place.front.client().await?;
    let Some(sealed) = session_read(&**client, &token.digest()).await? else { return Ok(None) };
    let content = token.open(&sealed)?;
    let content = serde_json::from_slice(&content).map_err(|_| StoreError::Vault("セッション"))?;
    Ok(Some(Resident { token, content }))
}

/// Ends a session.
///
/// # Errors
/// [`StoreError`].
pub async fn close(scene: &Scene, resident: &Resident) -> Result<(), StoreError> {
    let client = scene.place.front.client().await?;
    session_delete(&**client, &resident.token.digest()).await
}
