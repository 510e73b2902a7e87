//! What a route says of itself: method, path, who is let in, what it leaves in the audit. Every
//! zone's router is built from one table of these and from nothing else, so that a test that walks
//! the table walks everything that is served. A route decides nothing about content.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension};
use axum::middleware::from_fn;
use axum::routing::{MethodFilter, MethodRouter};

use crate::plain;

/// The HTTP method of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Does something, or asks with personal data, which never stand in an address.
    Post,
    /// Ends something.
    Delete,
}

impl Verb {
    /// Its word in OpenAPI, in small letters.
    pub fn word(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::Post => "post",
            Verb::Delete => "delete",
        }
    }

    /// Its filter in the router.
    pub fn filter(self) -> MethodFilter {
        match self {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
            Verb::Delete => MethodFilter::DELETE,
        }
    }
}

/// Who is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody: signing in.
    Open,
    /// Who is signed in.
    Signed,
    /// Who is signed in, be it only to change a password that was issued or ran out.
    Renewing,
    /// Who is signed in, be it only for that or to set up one-time codes.
    Beginning,
    /// Who is signed in and has one of the roles.
    Roles(&'static [&'static str]),
}

/// What a page leaves in the organisation's audit when it was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaves {
    /// Nothing: it shows nobody's data, or a resident's own.
    Nothing,
    /// One row with its purpose: it shows personal data.
    Look,
    /// A row of what was done; it is refused without the token of the session.
    Change,
    /// A row of what was done; nobody is signed in yet, so there is no token.
    Opening,
}

/// One page of a zone whose router has the state `S`.
pub struct Page<S: 'static> {
    /// Method.
    pub verb: Verb,
    /// The whole path of the router.
    pub path: &'static str,
    /// Who is let in.
    pub access: Access,
    /// What it leaves in the audit.
    pub leaves: Leaves,
    /// The most bytes that are taken in, where it is not the zone's own limit.
    pub largest: Option<usize>,
    /// Serves it.
    pub handler: fn(MethodFilter) -> MethodRouter<S>,
}

impl<S> Page<S> {
    /// A page that is read.
    pub const fn get(
        path: &'static str,
        access: Access,
        leaves: Leaves,
        handler: fn(MethodFilter) -> MethodRouter<S>,
    ) -> Page<S> {
        Page { verb: Verb::Get, path, access, leaves, largest: None, handler }
    }

    /// A form that is sent.
    pub const fn post(
        path: &'static str,
        access: Access,
        leaves: Leaves,
        handler: fn(MethodFilter) -> MethodRouter<S>,
    ) -> Page<S> {
        Page { verb: Verb::Post, path, access, leaves, largest: None, handler }
    }

    /// With a limit of its own for what is taken in.
    pub const fn largest(self, bytes: usize) -> Page<S> {
        Page { largest: Some(bytes), ..self }
    }
}

/// The router of a table. Each request carries the [`Access`] of its route, for whoever finds out
/// who asks, and has no character that no text can hold.
pub fn router<S: Clone + Send + Sync + 'static>(pages: &'static [Page<S>]) -> Router<S> {
    pages.iter().fold(Router::new(), |router, page| {
        let handler = (page.handler)(page.verb.filter()).route_layer(from_fn(plain::check));
        // Outside the check, which reads what is sent.
        let handler = match page.largest {
            Some(bytes) => handler.layer(DefaultBodyLimit::max(bytes)),
            None => handler,
        };
        router.route(page.path, handler.route_layer(Extension(page.access)))
    })
}
