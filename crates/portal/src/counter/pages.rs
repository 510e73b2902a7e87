//! Every page of the office zone, with who is let in and what it leaves in the audit. The router
//! is built from this table only; the matrix of its tests walks it, so a page without a line here
//! is not served and a line without an act in the matrix fails.

use axum::routing::on;
use office::access::role;

use super::{
    CounterState, administration, case, certificate, forwarding, identification, inquiries, intakes,
};
use super::{
    links, one_time_code, password, procedure, queue, revisions, row, runs, search, sign_in,
};
use crate::route::{Access, Leaves, Page};

/// Who works on cases.
const WORKS: Access = Access::Roles(&[role::COUNTER, role::PROTECTION, role::CHIEF, role::MANAGER]);
/// Who enters cases and issues certificates.
const ENTERS: Access = Access::Roles(&[role::COUNTER, role::PROTECTION]);
/// Who does something for everybody at once.
const MASSES: Access = Access::Roles(&[role::COUNTER, role::CHIEF, role::MANAGER]);
/// Who works with protected people.
const PROTECTS: Access = Access::Roles(&[role::PROTECTION]);
/// Who runs the system, and handles no cases.
const RUNS: Access = Access::Roles(&[role::ADMINISTRATOR]);

use Access::{Beginning, Open, Renewing, Signed};
use Leaves::{Change, Look, Nothing, Opening};

/// Every page.
pub static PAGES: &[Page<CounterState>] = &[
    Page::get("/", Open, Nothing, |f| on(f, sign_in::entrance)),
    Page::get("/health", Open, Nothing, |f| on(f, || async { "ok" })),
    Page::get("/assets/{file}", Open, Nothing, |f| on(f, super::asset_file)),
    Page::get("/{organisation}", Signed, Look, |f| on(f, queue::page)),
    Page::get("/{organisation}/", Signed, Look, |f| on(f, queue::page)),
    Page::get("/{organisation}/sign-in", Open, Nothing, |f| on(f, sign_in::form)),
    Page::post("/{organisation}/sign-in", Open, Opening, |f| on(f, sign_in::submit)),
    Page::get("/{organisation}/password", Renewing, Nothing, |f| on(f, password::form)),
    Page::post("/{organisation}/password", Renewing, Change, |f| on(f, password::submit)),
    Page::get("/{organisation}/one-time-code", Beginning, Nothing, |f| on(f, one_time_code::form)),
    Page::post("/{organisation}/one-time-code", Beginning, Change, |f| {
        on(f, one_time_code::submit)
    }),
    Page::post("/{organisation}/sign-out", Beginning, Change, |f| on(f, sign_in::sign_out)),
    Page::get("/{organisation}/search", WORKS, Nothing, |f| on(f, search::form)),
    Page::post("/{organisation}/search", WORKS, Change, |f| on(f, search::results)),
    Page::get("/{organisation}/rows/{system}/{register}/{key}", WORKS, Look, |f| on(f, row::page)),
    Page::post("/{organisation}/rows/{system}/{register}/{key}/reveal", WORKS, Change, |f| {
        on(f, row::reveal)
    }),
    Page::get("/{organisation}/start/{system}/{procedure}", ENTERS, Nothing, |f| {
        on(f, procedure::form)
    }),
    Page::post("/{organisation}/start/{system}/{procedure}", ENTERS, Change, |f| {
        on(f, procedure::submit)
    }),
    Page::get("/{organisation}/cases/{id}", WORKS, Look, |f| on(f, case::page)),
    Page::post("/{organisation}/cases/{id}/{act}", WORKS, Change, |f| on(f, case::act)),
    Page::get("/{organisation}/links", ENTERS, Look, |f| on(f, links::page)),
    Page::post("/{organisation}/links", ENTERS, Change, |f| on(f, links::submit)),
    Page::get("/{organisation}/documents", WORKS, Look, |f| on(f, certificate::list)),
    Page::get("/{organisation}/documents/{number}", WORKS, Look, |f| on(f, certificate::page)),
    Page::get("/{organisation}/documents/{number}/pdf", WORKS, Look, |f| on(f, certificate::pdf)),
    Page::post("/{organisation}/documents/{number}/void", ENTERS, Change, |f| {
        on(f, certificate::void)
    }),
    Page::get("/{organisation}/identification", WORKS, Look, |f| on(f, identification::page)),
    Page::get("/{organisation}/identification/{id}", WORKS, Look, |f| on(f, identification::one)),
    Page::post("/{organisation}/identification/{id}", ENTERS, Change, |f| {
        on(f, identification::submit)
    }),
    Page::get("/{organisation}/runs", MASSES, Nothing, |f| on(f, runs::page)),
    Page::post("/{organisation}/runs/{id}/{act}", MASSES, Change, |f| on(f, runs::act)),
    Page::get("/{organisation}/runs/{id}", MASSES, Look, |f| on(f, runs::one)),
    Page::get("/{organisation}/runs/{id}/subjects/{key}", MASSES, Look, |f| on(f, runs::subject)),
    Page::post("/{organisation}/start-run/{system}/{run}", MASSES, Change, |f| on(f, runs::start)),
    Page::get("/{organisation}/revisions/{system}/{run}", MASSES, Nothing, |f| {
        on(f, revisions::form)
    }),
    Page::post("/{organisation}/revisions/{system}/{run}", MASSES, Change, |f| {
        on(f, revisions::start)
    }),
    Page::get("/{organisation}/intakes", MASSES, Nothing, |f| on(f, intakes::page)),
    Page::get("/{organisation}/start-intake/{system}/{intake}", MASSES, Nothing, |f| {
        on(f, intakes::headings)
    }),
    Page::post("/{organisation}/start-intake/{system}/{intake}", MASSES, Change, |f| {
        on(f, intakes::start)
    })
    .largest(intakes::LARGEST),
    Page::get("/{organisation}/intakes/{id}", MASSES, Look, |f| on(f, intakes::one)),
    Page::post("/{organisation}/intakes/{id}/resume", MASSES, Change, |f| on(f, intakes::resume)),
    Page::get("/{organisation}/intakes/{id}/lines/{line}", MASSES, Look, |f| on(f, intakes::line)),
    Page::post("/{organisation}/intakes/{id}/lines/{line}", MASSES, Change, |f| {
        on(f, intakes::settle)
    }),
    Page::get("/{organisation}/inquiries", WORKS, Look, |f| on(f, inquiries::page)),
    Page::get("/{organisation}/inquiries/{request}", WORKS, Look, |f| on(f, inquiries::one)),
    Page::get("/{organisation}/inquiries/{request}/evidence", WORKS, Look, |f| {
        on(f, inquiries::evidence)
    }),
    Page::get("/{organisation}/start-inquiry/{system}/{register}/{key}", ENTERS, Look, |f| {
        on(f, inquiries::form)
    }),
    Page::post("/{organisation}/start-inquiry/{system}/{register}/{key}", ENTERS, Change, |f| {
        on(f, inquiries::ask)
    }),
    Page::get("/{organisation}/forwarding", PROTECTS, Look, |f| on(f, forwarding::page)),
    Page::post("/{organisation}/forwarding/{act}", PROTECTS, Change, |f| on(f, forwarding::act)),
    Page::get("/{organisation}/administration", RUNS, Look, |f| on(f, administration::page)),
    Page::post("/{organisation}/administration/{act}", RUNS, Change, |f| {
        on(f, administration::act)
    }),
];

#[cfg(test)]
mod tests;
