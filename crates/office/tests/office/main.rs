//! The office against the examples of the systems, and against a real PostgreSQL.

mod certificates;
mod conflicts;
mod examples;
mod folder;
mod generated;
mod world;
