//! The components of every page, one typed function each.
//!
//! They turn plain values into HTML and never read a store, a clock or a request. They write no
//! script, no `style` attribute and no `data:` address, so that the pages live under a content
//! security policy of `default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'`.

pub mod asset;
pub mod bar;
pub mod chart;
pub mod day;
pub mod form;
pub mod language;
pub mod notice;
pub mod page;
pub mod record;
pub mod table;
pub mod writing;

#[cfg(test)]
mod tests;
