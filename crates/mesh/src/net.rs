//! Nodes and how they speak: HTTP/2 over mutual TLS 1.3, the signing of messages, the ledger.

mod body;
mod door;
mod inbound;
mod ledger;
mod link;
mod moment;
mod node;
mod outbound;
mod register;
mod service;
#[cfg(test)]
mod tests;
mod tls;

pub use body::BODY_LARGEST;
pub use door::{Ask, Contact, Contacts, Door, Given, OfficeKey, pin_text};
pub use ledger::Ledger;
pub use node::{Hosted, Node, Running};
pub use register::RegisterService;
pub use service::{
    Asked, IdentityService, LINKAGES_MOST, Reply, Service, code_body, linkages_body,
};
pub use tls::{Identity, fingerprint, server_name};
