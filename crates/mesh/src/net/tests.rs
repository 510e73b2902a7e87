//! Two members on two nodes over real TLS, each with its own database on a real PostgreSQL.

mod abuse;
mod inquiry;
mod world;
