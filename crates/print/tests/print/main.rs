//! The crate through its one door: a printer with a real worker process.

mod bundle;
mod coverage;
mod marks;
mod notices;
mod support;
mod worker;
