//! 請求の明細: reads a provider's cost and usage files (FOCUS; CSV, also gzip, and Parquet) into raw
//! columnar files and daily sums.
//!
//! Bounded memory whatever the size: pieces of files go to one thread a core. The first fault
//! stops everything and is said with file, line and column; what was written is the caller's to
//! throw away.

mod batch;
mod columnar;
mod daily;
mod fault;
mod raw;
mod read;
mod source;
#[cfg(test)]
mod tests;
mod typed;

pub use daily::{Daily, Key};
pub use fault::{Fault, Noted};
pub use read::{Bill, ReadOptions, Scope, bill_read};
pub use source::lines_before;
