//! Moving data against real PostgreSQL servers.

mod bad_input;
mod folder;
mod leaving;
mod relocation;
mod same;
mod trial;
mod vendor;
mod world;
