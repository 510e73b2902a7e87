//! HTTP: pages for people, a JSON API with its OpenAPI, problem+json. Three zones, three routers.
//!
//! Pages are rendered on the server and work without script. Every route stands in exactly one
//! zone's router; no page decides anything itself: parse, one call into the office, view.

mod attached;
pub mod authenticator;
pub mod component;
mod copy_page;
mod copy_view;
pub mod counter;
mod entrance;
pub mod internet;
pub mod invoice;
pub mod lgwan;
mod member;
mod plain;
mod report_view;
pub mod route;
mod signed;
