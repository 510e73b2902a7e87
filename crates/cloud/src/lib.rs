//! The cloud: catalogue, contracts, and the executor that brings a contract into service.
//!
//! Every step first looks whether it is done, so that a broken-off opening is simply opened again.
//! Nothing here opens a register or holds an organisation's keys longer than one step.

mod contract;
mod copy;
pub mod cost;
mod ending;
mod error;
pub mod fit;
pub mod gate;
pub mod group;
pub mod guardrail;
pub mod lookout;
pub mod mail;
mod packages;
pub mod parcel;
pub mod part;
pub mod plane;
mod price;
pub mod provider;
pub mod publication;
pub mod quota;
pub mod registration;
pub mod rollout;
mod sandbox;
pub mod service_level;
mod sheet;
pub mod testing;
mod upgrade;
pub mod verification;
mod watch;

pub use contract::{
    Documents, Executor, Keeper, Kept, Offer, Opened, REFUSED, changes_settle, contract_sign,
    offer_publish, package_publish,
};
pub use ending::relying;
pub use error::CloudError;
pub use packages::Packages;
pub use price::{Charge, Price};
pub use sandbox::sandbox_systems;
pub use sheet::sheet;
pub use upgrade::{Change, Refused, Upgraded};
pub use watch::watched;
