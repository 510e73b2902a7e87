//! Every page of the internet zone × nobody, a made-up session, a resident, and an organisation
//! that is not there. A page without a line in [`answers`] fails.

use axum::body::Body;
use axum::http::{Request, header};
use tower::ServiceExt;

use super::stage::Stage;
use crate::component::asset::ASSETS;
use crate::internet::session::COOKIE;
use crate::internet::{InternetState, PAGES, router};
use crate::route::{Access, Page, Verb};

/// Status for nobody (and for a made-up session), for a resident, and where the organisation is
/// not there. Pages that name no organisation answer everybody alike.
fn answers(page: &Page<InternetState>) -> (u16, u16, u16) {
    match (page.verb, page.path) {
        (Verb::Get, "/" | "/health" | "/assets/{file}") => (200, 200, 200),
        (Verb::Get, "/{organisation}") => (308, 308, 404),
        (Verb::Get, "/{organisation}/") => (200, 303, 404),
        (Verb::Get, "/{organisation}/sign-in") => (303, 303, 404),
        (Verb::Get, "/{organisation}/callback") => (400, 400, 404),
        (Verb::Post, "/{organisation}/sign-out") => (303, 403, 404),
        (Verb::Get, "/{organisation}/home") => (303, 200, 404),
        (Verb::Get, "/{organisation}/notices") => (303, 200, 404),
        (Verb::Get, "/{organisation}/looks") => (303, 200, 404),
        (_, other) => panic!("{other} has no line in this matrix"),
    }
}

/// Asks every page as everybody; `token` is the session of a resident of the sample city.
pub async fn every_page(stage: &Stage, state: InternetState, token: &str) {
    let before = stage.front_dump().await.lines().count();
    for page in PAGES {
        let (nobody, resident, elsewhere) = answers(page);
        let at = async |organisation: &str, token: Option<&str>| {
            let path = page.path.replace("{organisation}", organisation);
            let path = path.replace("/assets/{file}", ASSETS[0].path);
            let method = page.verb.word().to_uppercase();
            let mut request = Request::builder().method(method.as_str()).uri(path);
            if let Some(token) = token {
                request = request.header(header::COOKIE, format!("{COOKIE}={token}"));
            }
            let kind = "application/x-www-form-urlencoded";
            let request = request.header(header::CONTENT_TYPE, kind).body(Body::from("csrf=x"));
            let answer = router(state.clone()).oneshot(request.expect("a request")).await;
            let answer = answer.expect("an answer");
            let to = answer.headers().get(header::LOCATION).cloned();
            (answer.status().as_u16(), to.map(|to| to.to_str().expect("a text").to_owned()))
        };
        let name = page.path;
        let door = Some("/sample_city/".to_owned());
        for token in [None, Some("made-up")] {
            let found = at("sample_city", token).await;
            assert_eq!(found.0, nobody, "{name}: {token:?}");
            assert!(page.access == Access::Open || found.1 == door, "{name}: {found:?}");
        }
        assert_eq!(at("sample_city", Some(token)).await.0, resident, "{name}: resident");
        assert_eq!(at("other_city", Some(token)).await.0, elsewhere, "{name}: no such place");
        if page.access == Access::Signed {
            let found = at("neighbour_city", Some(token)).await;
            assert_eq!(found.1.as_deref(), Some("/neighbour_city/"), "{name}: another place");
        }
    }
    let after = stage.front_dump().await.lines().count();
    assert_eq!(after, before, "asking leaves nothing in the front database");
}
