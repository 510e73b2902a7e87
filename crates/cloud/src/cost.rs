//! 費用: bills of clouds and systems in the open format FOCUS, whose money they are, and what
//! becomes of it.
//!
//! Every amount is derived from metered rows and says how; a missing input is an open question
//! and never a guess. Reading and allocating are pure or work on files; only `store` knows the
//! database.

pub mod allocate;
pub mod amount;
pub mod bill;
pub mod books;
pub mod charge;
pub mod column;
pub mod export;
pub mod focus;
pub mod forecast;
pub mod goal;
pub mod import;
pub mod instant;
pub mod invoice;
pub mod metered;
pub mod parameter;
pub mod rate;
pub mod share;
pub mod subsidy;
pub mod what_if;
