//! The pages of a signed-in resident: own record, notices, who looked at it.

use axum::http::StatusCode;
use axum::http::header::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use store::StoreError;
use store::front::view::View;
use store::front::{LinkState, application_waits, link_answer, view_read};

use super::page::{self, Shown};
use super::scene::Scene;
use super::session::{self, Resident};
use super::sign_in::{InternetError, failure};

/// Seconds after which a waiting page asks again.
const WAIT_SECONDS: &str = "3";

/// How things stand between the resident and the organisation.
pub enum Standing {
    /// The office has not answered yet.
    Waiting,
    /// 照合中: a clerk is looking.
    Matching,
    /// 不一致.
    Mismatch,
    /// 終了.
    Ended,
    /// 連携済: the view and when it was published.
    Linked(Box<View>, Timestamp),
}

/// Own record.
pub async fn record(scene: Scene) -> Response {
    show(&scene, Shown::Record).await
}

/// Cases and documents.
pub async fn notices(scene: Scene) -> Response {
    show(&scene, Shown::Notices).await
}

/// Who looked.
pub async fn looks(scene: Scene) -> Response {
    show(&scene, Shown::Looks).await
}

async fn show(scene: &Scene, shown: Shown) -> Response {
    let found = async {
        let Some(resident) = session::current(scene).await? else { return Ok(None) };
        let standing = standing(scene, &resident).await?;
        Ok::<_, StoreError>(Some((resident, standing)))
    };
    let (resident, standing) = match found.await {
        Ok(Some(found)) => found,
        Ok(None) => return Redirect::to(&scene.address("")).into_response(),
        Err(error) => return failure(scene, &InternetError::Store(error)),
    };
    let page = page::home(scene, &resident, &standing, shown);
    let mut response = scene.visit.reply(StatusCode::OK, page);
    if matches!(standing, Standing::Waiting) {
        let refresh = HeaderName::from_static("refresh");
        response.headers_mut().insert(refresh, HeaderValue::from_static(WAIT_SECONDS));
    }
    response
}

/// Opens what the office published for this resident.
async fn standing(scene: &Scene, resident: &Resident) -> Result<Standing, StoreError> {
    let keys = resident.keys()?;
    let handle = keys.handle();
    let client = scene.place.front.client().await?;
    if application_waits(&**client, &handle).await? {
        return Ok(Standing::Waiting);
    }
    let Some((state, answer)) = link_answer(&**client, &handle).await? else {
        return Ok(Standing::Waiting);
    };
    match state {
        LinkState::Matching => return Ok(Standing::Matching),
        LinkState::Mismatch => return Ok(Standing::Mismatch),
        LinkState::Ended => return Ok(Standing::Ended),
        LinkState::Linked => {}
    }
    let view = view_read(&**client, &handle).await?;
    let (Some(answer), Some((sealed, published_at))) = (answer, view) else {
        return Ok(Standing::Waiting);
    };
    let secret = keys.answer_open(&answer)?;
    // Between the two reads the office may have published anew under another secret.
    let Ok(plain) = keys.view_open(&secret, &sealed) else { return Ok(Standing::Waiting) };
    let view = serde_json::from_slice(&plain).map_err(|_| StoreError::Vault("公開ビューの形"))?;
    Ok(Standing::Linked(Box::new(view), published_at))
}
