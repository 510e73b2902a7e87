//! The counter's pages as a clerk reads them, from a real organisation.

mod past;
mod reading;
mod scene;
mod start;
