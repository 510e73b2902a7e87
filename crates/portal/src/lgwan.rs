//! The LGWAN zone: contracts, cost and the agency. For now it shows what an organisation has
//! contracted; it holds no credential for an office or front database.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use definition::System;
use maud::html;
use store::organisation::{Credentials, Organisation};

use crate::component::asset;
use crate::component::language::Language;
use crate::component::page::Page as Whole;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::route::{Access, Leaves, Page};

/// What the zone holds.
#[derive(Clone)]
pub struct LgwanState {
    organisations: Arc<Vec<Organisation>>,
    systems: Arc<Vec<Arc<System>>>,
}

impl LgwanState {
    /// The organisations of this zone and the systems on offer.
    pub fn new(credentials: Vec<Credentials>, systems: Arc<Vec<Arc<System>>>) -> LgwanState {
        let organisations = credentials.into_iter().map(|own| own.organisation).collect();
        LgwanState { organisations: Arc::new(organisations), systems }
    }
}

/// The routes of the LGWAN zone.
pub fn router(state: LgwanState) -> Router {
    crate::route::router(PAGES).with_state(state)
}

/// Every page. Nobody signs in here yet, so all are open and none shows anybody's data.
pub static PAGES: &[Page<LgwanState>] = &[
    Page::get("/", Access::Open, Leaves::Nothing, |f| on(f, catalogue)),
    Page::get("/health", Access::Open, Leaves::Nothing, |f| on(f, || async { "ok" })),
    Page::get("/assets/{file}", Access::Open, Leaves::Nothing, |f| on(f, asset_file)),
];

async fn asset_file(axum::extract::Path(file): axum::extract::Path<String>) -> Response {
    let path = format!("/assets/{file}");
    match asset::ASSETS.iter().find(|asset| asset.path == path) {
        Some(asset) => {
            ([(axum::http::header::CONTENT_TYPE, asset.content_type)], asset.body).into_response()
        }
        None => axum::http::StatusCode::NOT_FOUND.into_response(),
    }
}

async fn catalogue(State(state): State<LgwanState>) -> Response {
    let rows = state
        .systems
        .iter()
        .map(|system| Row {
            href: None,
            cells: vec![
                Cell::Text(&system.name),
                Cell::Text(&system.version),
                Cell::Text(&system.statute),
                Cell::Text(&system.hash[..12]),
            ],
        })
        .collect();
    let content = html! {
        (table(&Table {
            caption: "公開されている業務システム",
            columns: ["名称", "版", "根拠", "ハッシュ"].map(Column::text).to_vec(),
            rows,
            empty: "公開されている業務システムはありません。",
            stacked: false,
        }))
        h2 { "契約している団体" }
        ul { @for organisation in state.organisations.iter() {
            li { (organisation.name) "（" (organisation.code) "）" }
        } }
    };
    let page = Whole {
        zone: "LGWAN接続系",
        sample: state.organisations.iter().all(|organisation| organisation.sample),
        ..Whole::new(Language::Japanese, "雲居", "カタログ", content)
    };
    page.render().into_response()
}

#[cfg(test)]
mod tests;
