//! Moving data against real PostgreSQL servers.

mod bad_input;
mod folder;
mod leaving;
mod relocation;
mod rows;
mod same;
mod vendor;
mod world;
