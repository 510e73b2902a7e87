//! Files of a system → a checked model, with diagnostics.
//!
//! A system is a folder of data: registers, codes, procedures, rules, parameters, notices and
//! examples. This crate turns its texts into a [`System`] or into diagnostics that say file, line,
//! what is wrong and what would be right. It reads no files itself and knows no clock.

pub mod compile;
pub mod examples;
mod keys;
pub mod limits;
mod link;
mod load;
pub mod model;
pub mod page;
mod plain;
mod reader;
pub mod schema;
pub mod standard;
mod yaml;

pub use base::diagnostic::{Diagnostic, Severity};
pub use link::link;
pub use load::{Package, load, load_installed};
pub use model::System;
pub use plain::plain_read;
