//! Every page of the zone is open, is read only, and sets no cookie.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use tower::ServiceExt;

use super::{LgwanState, PAGES, router};
use crate::component::asset::ASSETS;
use crate::route::{Access, Verb};

#[tokio::test]
async fn every_page_is_open_and_only_read() {
    let served = router(LgwanState::new(Vec::new(), Default::default()));
    let ask = async |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path).body(Body::empty());
        served.clone().oneshot(request.expect("a request")).await.expect("an answer")
    };
    for page in PAGES {
        assert_eq!((page.verb, page.access), (Verb::Get, Access::Open), "{}", page.path);
        let path = match page.path {
            "/assets/{file}" => ASSETS[0].path,
            path => path,
        };
        let answer = ask("GET", path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert!(answer.headers().get(header::SET_COOKIE).is_none(), "{path}");
        assert_eq!(ask("POST", path).await.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(ask("GET", "/other").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(ask("GET", "/assets/other").await.status(), StatusCode::NOT_FOUND);
}
