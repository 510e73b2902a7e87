//! PostgreSQL: clusters, organisations, registers, journal, audit, jobs. The only SQL of the house.
//!
//! One organisation is one database, and a connection *is* its organisation: no function takes an
//! organisation beside a connection. Nothing here knows what a procedure means.

pub mod activity;
pub mod audit;
pub mod bulk;
pub mod case;
pub mod cluster;
pub mod connect;
pub mod control;
pub mod copybook;
pub mod document;
mod error;
pub mod exchange;
pub mod forward;
pub mod front;
pub mod glyph;
pub mod idempotency;
pub mod identity;
pub mod install;
pub mod intake;
pub mod job;
pub mod journal;
pub mod listing;
pub mod market;
pub mod organisation;
pub mod parameter;
pub mod register;
pub mod relocation;
pub mod run;
pub mod schema;
pub mod seal;
pub mod search;
pub mod series;
mod session;
pub mod testing;
pub mod timeline;
pub mod trial;
pub mod undo;
pub mod value;
pub mod vault;

pub use connect::{Client, Database, Transaction};
pub use error::StoreError;
pub use session::GenericClient;
pub use tokio_postgres::{Client as Connection, Error as DatabaseError};
pub use value::{ItemValue, Row, RowMeta};
